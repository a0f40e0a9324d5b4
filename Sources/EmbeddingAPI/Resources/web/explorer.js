// SPDX-License-Identifier: Apache-2.0
// The Explorer: an image or an item, its neighbours in every space, and all spaces weighted together.
import {$, announce, debounced, fill, h, plural} from "./dom.js";
import {Refusal, call, collectionPath, explain, get, isAbort, post} from "./api.js";
import {captionOf, picture, shortName} from "./pictures.js";
import {copy, fail, learnPictures, loadCollections, meaningOf, notice, parameters, setUpPicker, spacesOf} from "./shell.js";
import {showEmpty} from "./empty.js";
import {colourOf, hitTile} from "./hits.js";
import {snippets} from "./snippets.js";

const state = {
  collection: null, spaces: [], sampleItems: [],
  /** `{kind: "item", id}`, `{kind: "image", key}` or null. */
  query: null,
  like: [], unlike: [], weights: {}, k: 16, filter: null, filterText: "",
};
/** Images of this visit, by the number in the history's state. */
const images = new Map();
const running = {columns: null, combined: null};
/** The last request for everything together, as it was sent. */
let lastFields = null;

// --- Address -----------------------------------------------------------------------------------------------------

function addressOf(overrides = {}) {
  const now = {...state, ...overrides};
  const query = new URLSearchParams({c: state.collection.name});
  if (now.query?.kind === "item") query.set("id", now.query.id);
  if (now.query?.kind === "image") query.set("image", String(now.query.key));
  for (const name of ["like", "unlike"]) for (const id of now[name]) query.append(name, id);
  const weights = state.spaces.filter((space) => now.weights[space.name] !== 1);
  if (weights.length) query.set("w", state.spaces.map((space) => `${space.name}:${now.weights[space.name]}`).join(","));
  if (now.k !== 16) query.set("k", String(now.k));
  if (now.filterText) query.set("f", now.filterText);
  return `/?${query}`;
}

function readAddress() {
  const query = parameters();
  state.query = null;
  if (query.has("id")) state.query = {kind: "item", id: query.get("id")};
  else if (query.has("image") && images.has(Number(query.get("image")))) state.query = {kind: "image", key: Number(query.get("image"))};
  state.like = query.getAll("like");
  state.unlike = query.getAll("unlike");
  state.weights = Object.fromEntries(state.spaces.map((space) => [space.name, 1]));
  for (const part of (query.get("w") ?? "").split(",")) {
    const [name, value] = part.split(":");
    const weight = Number(value);
    if (name in state.weights && Number.isFinite(weight)) state.weights[name] = Math.max(-1, Math.min(1, weight));
  }
  if (query.has("w")) for (const name in state.weights) if (!query.get("w").includes(`${name}:`)) state.weights[name] = 0;
  state.k = [8, 12, 16, 24, 48].includes(Number(query.get("k"))) ? Number(query.get("k")) : 16;
  state.filterText = query.get("f") ?? "";
  readFilter();
  return query.has("image") && !state.query;
}

function go(change, {push = true} = {}) {
  Object.assign(state, change);
  const address = addressOf();
  if (push) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  show();
}

// --- Searching ---------------------------------------------------------------------------------------------------

/** What is looked for, as the API's fields; null when there is nothing. */
async function source(signal) {
  const like = state.query?.kind === "item" ? [state.query.id, ...state.like] : state.like;
  if (state.like.length || state.unlike.length) return {like: [...new Set(like)], unlike: state.unlike};
  if (state.query?.kind === "item") return {id: state.query.id};
  if (state.query?.kind === "image") return {vectors: await vectorsOf(images.get(state.query.key), signal)};
  return null;
}

/** An image is embedded once; every weighting after that is a search by its vectors. */
async function vectorsOf(image, signal) {
  const key = `${state.collection.digest} ${state.spaces.map((space) => space.name)}`;
  if (image.vectors?.key === key) return image.vectors.value;
  const query = new URLSearchParams({model: state.collection.model, spaces: state.spaces.map((space) => space.name).join(",")});
  const response = await call("POST", `/v1/embeddings?${query}`, {body: image.blob, type: image.type || "application/octet-stream", signal});
  image.vectors = {key, value: (await response.json()).data[0].embeddings};
  return image.vectors.value;
}

function begin(kind) {
  running[kind]?.abort();
  running[kind] = new AbortController();
  return running[kind].signal;
}

const search = (fields, signal) => post(`${collectionPath(state.collection.name)}/search`, fields, {signal});

/** Everything together: after each move of a slider; the last request wins. */
async function searchCombined() {
  const signal = begin("combined");
  const list = $("#combined");
  const weights = Object.fromEntries(Object.entries(state.weights).filter(([, weight]) => weight !== 0));
  if (Object.keys(weights).length === 0) {
    fill(list);
    $("#summary").textContent = "All weights are 0: move one slider away from the middle.";
    return;
  }
  list.setAttribute("aria-busy", "true");
  try {
    const target = await source(signal);
    if (!target) return;
    const fields = {...target, weights, k: state.k, ...(state.filter ? {filter: state.filter} : {})};
    const start = performance.now();
    const answer = await search(fields, signal);
    lastFields = fields;
    fill(list, answer.hits.map((hit) => tile(hit, hit.score)));
    $("#summary").textContent = answer.hits.length
      ? `${plural(answer.hits.length, "hit")} in ${Math.max(1, Math.round(performance.now() - start))} ms${answer.exact ? ", exact" : ""}`
      : "Nothing is found: loosen the metadata filter.";
    announce($("#summary").textContent);
    showRequest();
    notice($("#notice"), "info");
  } catch (error) {
    report(error);
  } finally {
    if (running.combined?.signal === signal) list.setAttribute("aria-busy", "false");
  }
}

/** One search a space; they do not depend on the weights. */
async function searchColumns() {
  const signal = begin("columns");
  const columns = $("#columns");
  columns.setAttribute("aria-busy", "true");
  try {
    const target = await source(signal);
    if (!target) return;
    const k = Math.min(state.k, 12);
    const answers = await Promise.all(state.spaces.map((space) =>
      search({...target, weights: {[space.name]: 1}, k, ...(state.filter ? {filter: state.filter} : {})}, signal)));
    fill(columns, state.spaces.map((space, place) => column(space, answers[place].hits)));
  } catch (error) {
    report(error);
  } finally {
    if (running.columns?.signal === signal) columns.setAttribute("aria-busy", "false");
  }
}

function report(error) {
  if (isAbort(error)) return;
  if (error instanceof Refusal && (error.code === "invalid_filter" || error.param === "filter")) return showFilterError(error.message);
  fill($("#combined"));
  fill($("#columns"));
  $("#summary").textContent = "";
  const place = state.query?.kind === "image" && error instanceof Refusal && error.code.startsWith("image_");
  notice($("#notice"), "error", place ? `${explain(error)} Choose another image.` : explain(error));
}

// --- Showing -----------------------------------------------------------------------------------------------------

function tile(hit, shown, only = null) {
  return hitTile(hit, {
    collection: state.collection.name, spaces: state.spaces, shown, only, marks: state, onMark: mark,
    go: (id) => go({query: {kind: "item", id}, like: [], unlike: []}),
    href: (id) => addressOf({query: {kind: "item", id}, like: [], unlike: []}),
  });
}

function column(space, hits) {
  const id = `space-${space.index}`;
  return h("section.column.card", {"aria-labelledby": id, class: `column card ${colourOf(space)}`},
    h("h3", {id}, h("span.swatch", {"aria-hidden": "true"}), space.name),
    h("p.soft.small", {}, meaningOf(space) || `${space.dimensions} dimensions`),
    hits.length ? h("ul.hits", {}, hits.map((hit) => tile(hit, hit.scores[space.name] ?? hit.score, space.name)))
      : h("p.soft", {}, "Nothing is found."));
}

function mark(kind, id) {
  const other = kind === "like" ? "unlike" : "like";
  const has = state[kind].includes(id);
  go({[kind]: has ? state[kind].filter((one) => one !== id) : [...state[kind], id], [other]: state[other].filter((one) => one !== id)});
}

function showMarks() {
  const box = $("#marks");
  box.hidden = state.like.length + state.unlike.length === 0;
  if (box.hidden) return fill(box);
  const chip = (kind, id) => h(`button.chip.${kind}`, {type: "button", "aria-label": `Take away: ${kind === "like" ? "more" : "less"} like ${shortName(id)}`, onclick: () => mark(kind, id)},
    picture(state.collection.name, id), h("span", {"aria-hidden": "true"}, kind === "like" ? "+" : "−"));
  fill(box, h("span.label", {}, "More like, less like"),
    h("div.row", {}, state.like.map((id) => chip("like", id)), state.unlike.map((id) => chip("unlike", id)),
      h("button.small-button", {type: "button", onclick: () => go({like: [], unlike: []})}, "Forget the marks")),
    state.query?.kind === "image" ? h("p.soft.small", {}, "While there are marks, they are searched with and the image is set aside.") : null);
}

function showQuery() {
  const box = $("#query");
  const image = state.query?.kind === "image" ? images.get(state.query.key) : null;
  $("#drop").classList.toggle("filled", state.query !== null);
  $("#file-label").textContent = state.query ? "Choose another image" : "Choose an image";
  if (image) {
    const preview = h("img", {alt: `Your image, ${image.name}`, src: image.url});
    preview.addEventListener("error", () => preview.replaceWith(h("span.tile-drawn", {}, image.name)), {once: true});
    fill(box, h("figure.query", {}, h("span.picture", {}, preview), h("figcaption", {}, image.name)));
  } else if (state.query) {
    const name = shortName(state.query.id);
    fill(box, h("figure.query", {}, picture(state.collection.name, state.query.id), h("figcaption", {title: state.query.id}, name)));
    const known = state.query.id;
    get(`${collectionPath(state.collection.name)}/items/${encodeURIComponent(known)}`).then((item) => {
      if (state.query?.id !== known) return;
      const facts = Object.entries(item.metadata).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value) && value !== known).slice(0, 5);
      $("figcaption", box).replaceChildren(h("strong", {}, captionOf(item.metadata, known)),
        ...facts.map(([field, value]) => h("button.fact", {type: "button", title: `Only items with this ${field}`, onclick: () => setFilter(JSON.stringify({[field]: value}))}, `${field}: ${value}`)));
    }, () => {});
  } else fill(box);
}

function showWelcome() {
  const box = $("#welcome");
  const hasSource = state.query !== null || state.like.length + state.unlike.length > 0;
  box.hidden = hasSource;
  $("#combined-section").hidden = !hasSource;
  $("#columns-section").hidden = !hasSource;
  if (hasSource) return;
  const items = shuffled(state.sampleItems).slice(0, 24);
  fill(box, h("div.card.hello", {}, h("h2", {}, "What is it like, and in which way?"),
    h("p", {}, "Drop an image anywhere, paste one, or start from one of these. Each space answers in a column of its own, so that “same shape, any colour” and “same colour, any shape” stand side by side.")),
    h("ul.start", {"aria-label": "Items to start from"}, items.map((item) => {
      const name = captionOf(item.metadata, item.id);
      return h("li", {}, h("a.hit-link", {href: addressOf({query: {kind: "item", id: item.id}}), "aria-label": `Search from ${name}`, title: item.id,
        onclick: (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          go({query: {kind: "item", id: item.id}, like: [], unlike: []});
        }}, picture(state.collection.name, item.id, {hasImage: item.has_image || item.has_thumbnail}), h("span.caption", {"aria-hidden": "true"}, name)));
    })));
}

function showRequest() {
  if (!lastFields) return;
  $("#request").textContent = currentSnippets().curl;
}

function currentSnippets() {
  const image = lastFields.vectors ? images.get(state.query.key) : null;
  return snippets(state.collection.name, lastFields, image);
}

function shuffled(items) {
  const copyOf = [...items];
  for (let place = copyOf.length - 1; place > 0; place -= 1) {
    const other = Math.floor(Math.random() * (place + 1));
    [copyOf[place], copyOf[other]] = [copyOf[other], copyOf[place]];
  }
  return copyOf;
}

function show() {
  showQuery();
  showMarks();
  showWeights();
  showWelcome();
  $("#k").value = String(state.k);
  if (document.activeElement !== $("#filter")) $("#filter").value = state.filterText;
  if (state.query || state.like.length || state.unlike.length) {
    searchCombined();
    searchColumns();
  }
}

// --- Weights and filter ------------------------------------------------------------------------------------------

const weightText = (weight) => (weight < 0 ? `−${(-weight).toFixed(2)}` : weight.toFixed(2));
const instantly = debounced(40, searchCombined);
const noted = debounced(300, () => history.replaceState(null, "", addressOf()));

function setUpWeights() {
  fill($("#weights"), state.spaces.map((space) => {
    const id = `weight-${space.index}`;
    const value = h("output.number", {for: id, id: `${id}-value`});
    const slider = h("input", {type: "range", id, min: "-1", max: "1", step: "0.05", "aria-describedby": `${id}-means`, oninput: () => {
      state.weights[space.name] = Number(slider.value);
      showWeights();
      instantly();
      noted();
    }});
    return h("div.weight", {class: `weight ${colourOf(space)}`}, h("label", {for: id}, h("span.swatch", {"aria-hidden": "true"}), space.name), value, slider,
      h("span.soft.small.means", {id: `${id}-means`}, meaningOf(space)));
  }));
}

function showWeights() {
  for (const space of state.spaces) {
    const weight = state.weights[space.name];
    const slider = $(`#weight-${space.index}`);
    if (Number(slider.value) !== weight) slider.value = String(weight);
    slider.setAttribute("aria-valuetext", weight === 0 ? "not counted" : weightText(weight));
    $(`#weight-${space.index}-value`).textContent = weightText(weight);
  }
}

/** Takes the text as a filter; false when it is none. */
function readFilter() {
  state.filter = null;
  showFilterError("");
  if (!state.filterText.trim()) return true;
  try {
    const value = JSON.parse(state.filterText);
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new SyntaxError("it is not an object");
    state.filter = value;
    return true;
  } catch (error) {
    showFilterError(`This is not a filter yet: write JSON such as {"category": "shoes"}. (${error.message})`);
    return false;
  }
}

function showFilterError(message) {
  const box = $("#filter-error");
  box.hidden = !message;
  box.textContent = message;
  if (message) $("#filter").setAttribute("aria-invalid", "true");
  else $("#filter").removeAttribute("aria-invalid");
}

function setFilter(text) {
  state.filterText = text;
  $("#filter").value = text;
  if (!readFilter()) return;
  history.replaceState(null, "", addressOf());
  if (state.query || state.like.length || state.unlike.length) {
    searchCombined();
    searchColumns();
  }
}

function showFilterHelp() {
  const metadata = state.sampleItems.find((item) => Object.keys(item.metadata).length)?.metadata ?? {};
  const [name, value] = Object.entries(metadata).find(([key, one]) => key !== "path" && ["string", "number"].includes(typeof one)) ?? ["category", "shoes"];
  $("#filter").placeholder = JSON.stringify({[name]: value});
  fill($("#filter-help"), "JSON: ", h("code", {}, JSON.stringify({[name]: value})), ", ", h("code", {}, '{"price":{"$lt":50}}'), ", $in, $or, $not …");
}

// --- Images ------------------------------------------------------------------------------------------------------

function takeImage(file) {
  if (!file) return;
  const key = Date.now();
  images.set(key, {blob: file, name: file.name || "pasted.png", type: file.type, url: URL.createObjectURL(file)});
  go({query: {kind: "image", key}, like: [], unlike: []});
  announce(`Searching with ${file.name || "the pasted image"}.`);
}

function setUpImages() {
  $("#file").addEventListener("change", (event) => {
    takeImage(event.target.files[0]);
    event.target.value = "";
  });
  const drop = $("#drop");
  let depth = 0;
  const shade = (change) => {
    depth = Math.max(0, depth + change);
    drop.classList.toggle("over", depth > 0);
  };
  addEventListener("dragenter", () => shade(1));
  addEventListener("dragleave", () => shade(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    shade(0);
    takeImage(event.dataTransfer.files[0]);
  });
  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (file) takeImage(file);
  });
}

// --- Start -------------------------------------------------------------------------------------------------------

async function useCollection(collection) {
  state.collection = collection;
  state.spaces = await spacesOf(collection);
  await learnPictures(collection.name);
  state.sampleItems = collection.items ? (await get(`${collectionPath(collection.name)}/items?limit=500`)).data : [];
  const isEmpty = collection.items === 0;
  $("#empty").hidden = !isEmpty;
  if (isEmpty) await showEmpty($("#empty"), {hasCatalog: true, current: collection});
  setUpWeights();
  showFilterHelp();
  lastFields = null;
}

function setUpControls() {
  setUpImages();
  $("#random").addEventListener("click", () => {
    const item = shuffled(state.sampleItems)[0];
    if (item) go({query: {kind: "item", id: item.id}, like: [], unlike: []});
  });
  $("#reset").addEventListener("click", () => {
    for (const name in state.weights) state.weights[name] = 1;
    go({}, {push: false});
  });
  $("#k").addEventListener("change", (event) => go({k: Number(event.target.value)}, {push: false}));
  const typed = debounced(350, () => setFilter($("#filter").value));
  $("#filter").addEventListener("input", typed);
  for (const [id, name] of [["#copy-curl", "curl"], ["#copy-python", "python"]]) {
    $(id).addEventListener("click", async (event) => {
      if (!lastFields) return announce("Search for something first.");
      const button = event.currentTarget;
      const text = button.textContent;
      const done = await copy(currentSnippets()[name], name === "curl" ? "The curl command" : "The Python program");
      button.textContent = done ? "Copied" : "Not copied";
      setTimeout(() => { button.textContent = text; }, 1500);
    });
  }
  addEventListener("popstate", () => {
    readAddress();
    show();
  });
}

async function start() {
  const found = await loadCollections();
  if (!found.current) return showEmpty($("#empty"), found);
  setUpPicker($("#collection"), found, async (collection) => {
    try {
      await useCollection(collection);
      state.query = null;
      Object.assign(state, {like: [], unlike: [], filterText: "", filter: null, weights: Object.fromEntries(state.spaces.map((space) => [space.name, 1]))});
      go({});
    } catch (error) {
      fail($("#notice"), error);
    }
  });
  setUpControls();
  await useCollection(found.current);
  const imageIsGone = readAddress();
  $("#explorer").hidden = false;
  show();
  if (imageIsGone) notice($("#notice"), "info", "The image of this search was not kept, only this tab had it. Drop it again.");
}

start().catch((error) => fail($("#notice"), error));
