// SPDX-License-Identifier: Apache-2.0
// The Advisor: a few labelled tiles in, the weights that suit the task out.
import {$, $$, announce, fill, h, plural} from "./dom.js";
import {collectionPath, explain, get, post} from "./api.js";
import {captionOf, picture} from "./pictures.js";
import {fail, learnPictures, loadCollections, notice, setUpPicker, spacesOf} from "./shell.js";
import {showEmpty} from "./empty.js";
import {intervalChart} from "./charts.js";

const state = {collection: null, spaces: [], items: [], shown: [], classes: [], current: 0, labels: new Map(), names: new Map()};
const most = 9;

function reset() {
  state.labels.clear();
  state.classes = ["A", "B"];
  state.current = 0;
  fill($("#advice"));
}

// --- Classes -----------------------------------------------------------------------------------------------------

function showClasses() {
  fill($("#classes"), state.classes.map((name, place) => h("span.class-pair", {class: `class-pair c${place % 8}`},
    h("button.class-button", {type: "button", "aria-pressed": String(place === state.current), "aria-label": `Label tiles as ${name}`, onclick: () => {
      state.current = place;
      showClasses();
    }}, h("span.swatch"), h("kbd", {}, String(place + 1))),
    h("input.class-name", {value: name, "aria-label": `Name of class ${place + 1}`, maxlength: "40", onchange: (event) => rename(place, event.target)}))),
    state.classes.length < most ? h("button.small-button", {type: "button", onclick: () => {
      let letter = state.classes.length;
      while (state.classes.includes(String.fromCharCode(65 + letter))) letter += 1;
      state.classes.push(String.fromCharCode(65 + letter));
      state.current = state.classes.length - 1;
      showClasses();
    }}, "Another class") : null);
}

function rename(place, field) {
  const name = field.value.trim();
  if (!name || state.classes.some((one, other) => one === name && other !== place)) {
    field.value = state.classes[place];
    announce("Every class needs a name of its own.");
    return;
  }
  state.classes[place] = name;
  showClasses();
  showLabels();
}

// --- Tiles -------------------------------------------------------------------------------------------------------

function assign(id, place) {
  if (place === null || state.labels.get(id) === place) state.labels.delete(id);
  else state.labels.set(id, place);
  showLabels();
  const label = state.labels.get(id);
  announce(label === undefined ? "No label" : `Labelled ${state.classes[label]}`);
}

function showTiles() {
  fill($("#tiles"), state.shown.map((item, index) => {
    const name = captionOf(item.metadata, item.id);
    state.names.set(item.id, name);
    return h("li", {}, h("button.tile", {type: "button", tabindex: index === 0 ? "0" : "-1", dataset: {id: item.id}, title: item.id, onclick: () => assign(item.id, state.current), onkeydown: (event) => keyOnTile(event, item.id)},
      picture(state.collection.name, item.id, {hasImage: item.has_image || item.has_thumbnail}), h("span.tile-label", {"aria-hidden": "true"})));
  }));
  showLabels();
}

function showLabels() {
  for (const tile of $$("#tiles .tile")) {
    const label = state.labels.get(tile.dataset.id);
    tile.className = label === undefined ? "tile" : `tile labelled c${label % 8}`;
    tile.setAttribute("aria-pressed", String(label !== undefined));
    tile.setAttribute("aria-label", `${state.names.get(tile.dataset.id)}${label === undefined ? ", no label" : `, labelled ${state.classes[label]}`}`);
    $(".tile-label", tile).textContent = label === undefined ? "" : state.classes[label];
  }
  const counts = state.classes.map((name, place) => `${name}: ${[...state.labels.values()].filter((one) => one === place).length}`);
  $("#tally").textContent = state.labels.size ? `${plural(state.labels.size, "label")} (${counts.join(", ")}).${state.labels.size < 8 ? " A few more make the advice firmer: 5 of each class are a good start." : ""}` : "No labels yet.";
  $("#ask").disabled = state.labels.size < 2;
}

function keyOnTile(event, id) {
  const tiles = $$("#tiles .tile");
  const place = tiles.indexOf(event.currentTarget);
  const across = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
  const steps = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, Home: -place, End: tiles.length - 1 - place};
  if (event.key in steps) {
    const next = tiles[place + steps[event.key]];
    if (next) {
      for (const tile of tiles) tile.tabIndex = tile === next ? 0 : -1;
      next.focus();
    }
  } else if (/^[0-9]$/.test(event.key) && Number(event.key) <= state.classes.length) {
    const wanted = event.key === "0" ? null : Number(event.key) - 1;
    if (wanted === null || state.labels.get(id) !== wanted) assign(id, wanted);
  } else return;
  event.preventDefault();
}

/** Other tiles than those shown; labelled ones stay. */
function deal() {
  const kept = state.items.filter((item) => state.labels.has(item.id));
  const others = state.items.filter((item) => !state.labels.has(item.id));
  for (let place = others.length - 1; place > 0; place -= 1) {
    const other = Math.floor(Math.random() * (place + 1));
    [others[place], others[other]] = [others[other], others[place]];
  }
  state.shown = [...kept, ...others].slice(0, Math.max(40, kept.length + 16));
  showTiles();
}

// --- Advice ------------------------------------------------------------------------------------------------------

const trusts = {good: ["good", "Firm"], too_few_labels: ["info", "Too few labels to be sure"], no_signal: ["error", "No space tells these apart"]};

async function ask(request) {
  const box = $("#advice");
  $("#ask").disabled = true;
  fill(box, h("p.soft", {}, h("span.spinner"), " Trying every space on examples it has not seen …"));
  try {
    const advice = await post(`${collectionPath(state.collection.name)}/advise`, request);
    fill(box, shown(advice));
  } catch (error) {
    fill(box, h("p.notice.error", {}, explain(error)));
  } finally {
    showLabels();
  }
}

function shown(advice) {
  const [kind, word] = trusts[advice.trust] ?? ["info", advice.trust];
  const weights = Object.entries(advice.weights);
  const query = new URLSearchParams({c: state.collection.name, w: weights.map(([name, weight]) => `${name}:${Number(weight.toFixed(3))}`).join(",")});
  const largest = Math.max(...weights.map(([, weight]) => Math.abs(weight)), 1e-9);
  const scaled = new URLSearchParams({c: state.collection.name, w: weights.map(([name, weight]) => `${name}:${Number((weight / largest).toFixed(3))}`).join(",")});
  const colour = (name) => `c${Math.max(0, state.spaces.findIndex((space) => space.name === name)) % 8}`;
  const rows = [...advice.ranking, ...advice.blends].sort((a, b) => b.score - a.score).map((one) => ({
    name: {equal: "all alike", fitted: "fitted blend"}[one.name] ?? one.name, value: one.score, low: one.interval[0], high: one.interval[1],
    colour: state.spaces.some((space) => space.name === one.name) ? colour(one.name) : "c6", strong: one.name === advice.recommended.name,
  }));
  return h("div.stack.advice-result", {}, h("p.sentence", {}, advice.sentence),
    h("p", {}, h("span.badge", {class: `badge ${kind}`}, word), h("span.soft.small", {}, ` from ${plural(advice.examples, "example")} in ${advice.classes} ${advice.classes === 1 ? "class" : "classes"}`)),
    h("div", {}, h("h3", {}, "Weights"), weights.some(([, weight]) => weight < 0) ? h("p.soft.small", {}, "A hollow bar counts against: items alike in that space come later.") : null, h("ul.weight-bars", {}, weights.map(([name, weight]) => h("li", {class: colour(name)}, h("span", {}, name),
      h("span.weight-bar", {"aria-hidden": "true", class: weight < 0 ? "weight-bar negative" : "weight-bar"}, h("i", {style: {"--share": String(Math.abs(weight) / largest)}})), h("span.number", {}, `${weight < 0 ? "−" : ""}${Math.abs(weight).toFixed(2)}`))))),
    h("div.row", {}, h("a.button.primary", {href: `/?${Math.max(...weights.map(([, weight]) => Math.abs(weight))) > 1 ? scaled : query}`, id: "use"}, "Use these weights")),
    intervalChart({title: "Share of comparisons each gets right", rows, width: 370, reference: 0.5, low: Math.min(0.4, ...rows.map((row) => row.low)), high: 1}),
    h("p.soft.small", {}, "The dot is the estimate on held-out examples, the line its 95 % interval; 0.5 is guessing."));
}

/** Where the metadata has labels already, there is no need to click. */
function showFieldChoice() {
  const counts = new Map();
  for (const item of state.items) {
    for (const [name, value] of Object.entries(item.metadata)) {
      if (!["string", "boolean"].includes(typeof value)) continue;
      if (!counts.has(name)) counts.set(name, new Map());
      counts.get(name).set(value, (counts.get(name).get(value) ?? 0) + 1);
    }
  }
  const fields = [...counts].filter(([, values]) => values.size > 1 && values.size <= state.items.length / 2).map(([name]) => name);
  if (!fields.length) return fill($("#field-choice"));
  const select = h("select.auto", {id: "field"}, fields.map((name) => h("option", {value: name}, name)));
  fill($("#field-choice"), h("div.row", {}, h("label.inline", {for: "field"}, "Or take the labels from"), select,
    h("button.small-button", {type: "button", id: "ask-field", onclick: () => ask({label_field: select.value})}, "Ask")));
}

// --- Start -------------------------------------------------------------------------------------------------------

async function useCollection(collection) {
  state.collection = collection;
  const isEmpty = collection.items === 0;
  $("#empty").hidden = !isEmpty;
  $("#advisor").hidden = isEmpty;
  if (isEmpty) return showEmpty($("#empty"), {hasCatalog: true, current: collection});
  state.spaces = await spacesOf(collection);
  await learnPictures(collection.name);
  state.items = (await get(`${collectionPath(collection.name)}/items?limit=1000`)).data;
  reset();
  showClasses();
  deal();
  showFieldChoice();
}

async function start() {
  const found = await loadCollections();
  if (!found.current) return showEmpty($("#empty"), found);
  const guarded = (collection) => useCollection(collection).then(() => notice($("#notice"), "info"), (error) => fail($("#notice"), error));
  setUpPicker($("#collection"), found, guarded);
  $("#more").addEventListener("click", deal);
  $("#clear").addEventListener("click", () => {
    reset();
    showClasses();
    deal();
  });
  $("#ask").addEventListener("click", () => ask({examples: [...state.labels].map(([id, place]) => ({id, label: state.classes[place]}))}));
  await guarded(found.current);
}

start().catch((error) => fail($("#notice"), error));
