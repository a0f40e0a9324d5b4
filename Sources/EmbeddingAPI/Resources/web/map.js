// SPDX-License-Identifier: Apache-2.0
// The Map: a collection in the plane of one space, with pictures, colours by metadata, and a list for those who do not see it.
import {$, announce, count, debounced, fill, h, plural} from "./dom.js";
import {call, collectionPath, isAbort} from "./api.js";
import {bitmap, picture, shortName} from "./pictures.js";
import {fail, learnPictures, loadCollections, meaningOf, notice, parameters, setUpPicker, spacesOf} from "./shell.js";
import {showEmpty} from "./empty.js";
import {Plane} from "./plane.js";

const state = {collection: null, spaces: [], map: null, colours: [], hovered: -1};
const thumbs = new Map();
const waiting = [];
let loading = 0;
let plane = null;
let fetching = null;
let frame = 0;

const explorerAddress = (id) => `/?${new URLSearchParams({c: state.collection.name, id})}`;

// --- Loading -----------------------------------------------------------------------------------------------------

/** Fetches the map, again and again while the server is still arranging it. */
async function load() {
  fetching?.abort();
  fetching = new AbortController();
  const {signal} = fetching;
  const query = new URLSearchParams({method: $("#method").value});
  if ($("#space").value) query.set("space", $("#space").value);
  noteAddress();
  try {
    for (;;) {
      const response = await call("GET", `${collectionPath(state.collection.name)}/map?${query}`, {signal});
      const map = await response.json();
      take(map, signal);
      if (map.state === "ready") break;
      await new Promise((resolve) => setTimeout(resolve, 400));
      if (signal.aborted) return;
    }
    notice($("#notice"), "info");
    announce(`${plural(state.map.shown, "item")} on the map.`);
  } catch (error) {
    if (!isAbort(error)) fail($("#notice"), error);
  }
}

function take(map, signal) {
  if (signal.aborted) return;
  state.map = map;
  const box = $("#computing");
  box.hidden = map.state === "ready";
  box.textContent = `Arranging the items: ${Math.round(map.progress * 100)} %`;
  plane.frame(map.x, map.y);
  showFields();
  $("#facts").textContent = map.shown
    ? `${count(map.shown)} of ${plural(map.items, "item")}${map.shown < map.items ? ", a fixed sample" : ""}; ${map.method === "neighbours" ? "items that are neighbours in the space are neighbours here; distances between far groups mean little" : "the plane of largest variation, distances as they are"}. Arranged in ${map.seconds.toFixed(1)} s.`
    : "";
  redraw();
}

function noteAddress() {
  const query = new URLSearchParams({c: state.collection.name});
  for (const name of ["space", "colour"]) if ($(`#${name}`).value) query.set(name, $(`#${name}`).value);
  if ($("#method").value !== "neighbours") query.set("method", $("#method").value);
  history.replaceState(null, "", `/map?${query}`);
}

// --- Colours -----------------------------------------------------------------------------------------------------

function showFields() {
  const select = $("#colour");
  const names = state.map.fields.map((field) => field.name);
  if ([...select.options].slice(1).map((option) => option.value).join("\n") !== names.join("\n")) {
    const wanted = select.value || parameters().get("colour") || names.find((name) => name === "category") || names[0] || "";
    fill(select, h("option", {value: ""}, "nothing"), names.map((name) => h("option", {value: name}, name)));
    select.value = names.includes(wanted) ? wanted : "";
    select.disabled = names.length === 0;
  }
  colour();
}

const palette = () => {
  const style = getComputedStyle(document.documentElement);
  return [0, 1, 2, 3, 4, 5, 6, 7].map((place) => style.getPropertyValue(`--s${place}`).trim());
};

/** A colour for each item, and what they mean. */
function colour() {
  const field = state.map.fields.find((one) => one.name === $("#colour").value);
  const colours = palette();
  const plain = colours[0];
  const legend = $("#legend");
  if (!field) {
    state.colours = state.map.ids.map(() => plain);
    fill(legend);
  } else if (field.kind === "number") {
    const numbers = field.values.filter((value) => value !== null);
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    state.colours = field.values.map((value) => (value === null ? "#888888" : `hsl(${250 - 215 * ((value - low) / (high - low || 1))} 70% 48%)`));
    fill(legend, h("li", {}, `${field.name}: ${low} (blue) to ${high} (orange)`));
  } else {
    const order = field.labels.map((label, place) => ({label, place, size: field.values.filter((value) => value === place).length}))
      .sort((a, b) => b.size - a.size);
    const tone = new Map(order.map((one, rank) => [one.place, rank < colours.length ? colours[rank] : "#8a929c"]));
    state.colours = field.values.map((value) => tone.get(value) ?? "#8a929c");
    fill(legend, order.slice(0, 8).map((one, rank) => h("li", {class: `c${rank}`}, h("span.swatch"), `${one.label} (${one.size})`)),
      order.length > 8 ? h("li", {}, h("span.swatch.rest"), `${order.length - 8} more`) : null);
  }
  redraw();
}

// --- Drawing -----------------------------------------------------------------------------------------------------

function redraw() {
  if (frame) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    draw();
    listView();
  });
}

/** Items in view, with their places on the screen. */
function visible(margin = 40) {
  const {ids, x, y} = state.map;
  const found = [];
  for (let place = 0; place < ids.length; place += 1) {
    const [left, top] = plane.toScreen(x[place], y[place]);
    if (left > -margin && top > -margin && left < plane.width + margin && top < plane.height + margin) found.push({place, left, top});
  }
  return found;
}

function draw() {
  if (!state.map) return;
  const canvas = $("#canvas");
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(plane.width * ratio);
  canvas.height = Math.round(plane.height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const items = visible();
  const radius = items.length > 1500 ? 2.5 : items.length > 300 ? 3.5 : 5;
  for (const {place, left, top} of items) {
    pen.fillStyle = state.colours[place];
    pen.globalAlpha = 0.85;
    pen.beginPath();
    pen.arc(left, top, radius, 0, 2 * Math.PI);
    pen.fill();
  }
  pen.globalAlpha = 1;
  if ($("#pictures").checked) drawPictures(pen, items);
  if (state.hovered >= 0) mark(pen);
}

/** Which items have a picture at this zoom: in their order, as many as do not cover each other. Panning changes nothing. */
function pictured(side) {
  const key = `${plane.scale} ${side}`;
  if (state.pictured?.key === key && state.pictured.map === state.map) return state.pictured.places;
  const {ids, x, y} = state.map;
  const cells = new Map();
  const places = new Set();
  for (let place = 0; place < ids.length; place += 1) {
    if (!state.map.has_image[place]) continue;
    const [left, top] = [(x[place] * plane.scale) / side, (y[place] * plane.scale) / side];
    const [column, row] = [Math.floor(left), Math.floor(top)];
    let isFree = true;
    for (let cell = 0; cell < 9 && isFree; cell += 1) {
      const other = cells.get(`${column - 1 + (cell % 3)} ${row - 1 + Math.floor(cell / 3)}`);
      isFree = !other || Math.abs(other[0] - left) >= 1 || Math.abs(other[1] - top) >= 1;
    }
    if (!isFree) continue;
    cells.set(`${column} ${row}`, [left, top]);
    places.add(place);
  }
  state.pictured = {key, map: state.map, places};
  return places;
}

function drawPictures(pen, items) {
  const side = plane.zoom < 2 ? 40 : plane.zoom < 6 ? 54 : 76;
  const places = pictured(side + 4);
  for (const {place, left, top} of items) {
    if (!places.has(place)) continue;
    const image = thumb(place);
    if (!image) continue;
    const inner = side - 6;
    const share = inner / Math.max(image.naturalWidth, image.naturalHeight, 1);
    const [width, height] = [image.naturalWidth * share, image.naturalHeight * share];
    pen.fillStyle = "#ffffff";
    pen.strokeStyle = state.colours[place];
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.roundRect(left - side / 2, top - side / 2, side, side, 6);
    pen.fill();
    pen.stroke();
    pen.drawImage(image, left - width / 2, top - height / 2, width, height);
  }
}

function mark(pen) {
  const [left, top] = plane.toScreen(state.map.x[state.hovered], state.map.y[state.hovered]);
  pen.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--ink");
  pen.lineWidth = 2.5;
  pen.beginPath();
  pen.arc(left, top, 9, 0, 2 * Math.PI);
  pen.stroke();
}

/** The picture of an item, if it is here; else it is asked for, a few at a time, the latest first. */
function thumb(place) {
  const id = state.map.ids[place];
  const key = `${state.collection.name} ${id}`;
  if (thumbs.has(key)) return thumbs.get(key);
  thumbs.set(key, null);
  waiting.push(async () => {
    thumbs.set(key, await bitmap(state.collection.name, id));
    redraw();
  });
  pump();
  return null;
}

function pump() {
  while (loading < 6 && waiting.length) {
    loading += 1;
    waiting.pop()().finally(() => {
      loading -= 1;
      pump();
    });
  }
}

// --- Hovering and the list ---------------------------------------------------------------------------------------

function nearest(left, top) {
  let best = {place: -1, distance: 24};
  for (const item of visible(0)) {
    const distance = Math.hypot(item.left - left, item.top - top);
    if (distance < best.distance) best = {place: item.place, distance};
  }
  return best.place;
}

function labelOf(place) {
  const field = state.map.fields.find((one) => one.name === $("#colour").value);
  const value = field?.values[place];
  if (value === undefined || value === null || (field.kind === "label" && value < 0)) return "";
  return `${field.name}: ${field.kind === "label" ? field.labels[value] : value}`;
}

function hover(place, left, top) {
  const tip = $("#tip");
  if (place !== state.hovered) {
    state.hovered = place;
    $("#canvas").classList.toggle("pointing", place >= 0);
    tip.hidden = place < 0;
    if (place >= 0) {
      const id = state.map.ids[place];
      fill(tip, picture(state.collection.name, id, {hasImage: Boolean(state.map.has_image[place])}), h("strong", {}, shortName(id)), h("span.soft.small", {}, labelOf(place)));
    }
    redraw();
  }
  if (place < 0) return;
  const [width, height] = [tip.offsetWidth, tip.offsetHeight];
  tip.style.setProperty("left", `${Math.max(4, Math.min(plane.width - width - 4, left + 16))}px`);
  tip.style.setProperty("top", `${top + height + 20 > plane.height ? Math.max(4, top - height - 14) : top + 16}px`);
}

const listView = debounced(120, () => {
  if (!state.map) return;
  const items = visible(0).map((item) => ({...item, away: Math.hypot(item.left - plane.width / 2, item.top - plane.height / 2)}))
    .sort((a, b) => a.away - b.away || a.place - b.place);
  $("#view-title").textContent = `In view: ${plural(items.length, "item")}`;
  fill($("#in-view"), items.slice(0, 30).map(({place}) => {
    const id = state.map.ids[place];
    return h("li", {}, h("a", {href: explorerAddress(id), title: id}, picture(state.collection.name, id, {hasImage: Boolean(state.map.has_image[place])}),
      h("span.caption", {}, shortName(id)), h("span.soft.small", {}, labelOf(place))));
  }), items.length > 30 ? h("li.soft.small", {}, `and ${items.length - 30} more; zoom in to list them`) : null);
});

// --- Start -------------------------------------------------------------------------------------------------------

function setUpCanvas() {
  const canvas = $("#canvas");
  plane = new Plane(canvas, redraw);
  canvas.addEventListener("pointermove", (event) => {
    if (state.map && !plane.pointers.size) hover(nearest(event.offsetX, event.offsetY), event.offsetX, event.offsetY);
  });
  canvas.addEventListener("pointerleave", () => hover(-1));
  canvas.addEventListener("click", (event) => {
    if (plane.moved > 6 || !state.map) return;
    const place = nearest(event.offsetX, event.offsetY);
    if (place >= 0) location.href = explorerAddress(state.map.ids[place]);
  });
  canvas.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !state.map) return;
    const place = nearest(plane.width / 2, plane.height / 2);
    if (place >= 0) location.href = explorerAddress(state.map.ids[place]);
  });
  $("#zoom-in").addEventListener("click", () => plane.enlarge(1.6));
  $("#zoom-out").addEventListener("click", () => plane.enlarge(1 / 1.6));
  $("#zoom-all").addEventListener("click", () => plane.showAll());
  new ResizeObserver(() => plane.resize(canvas.clientWidth, canvas.clientHeight)).observe(canvas);
}

async function useCollection(collection) {
  state.collection = collection;
  state.map = null;
  const isEmpty = collection.items === 0;
  $("#empty").hidden = !isEmpty;
  $("#map").hidden = isEmpty;
  if (isEmpty) return showEmpty($("#empty"), {hasCatalog: true, current: collection});
  state.spaces = await spacesOf(collection);
  await learnPictures(collection.name);
  const wanted = parameters().get("space") ?? state.spaces[0].name;
  fill($("#space"), state.spaces.map((space) => {
    const meaning = meaningOf(space);
    return h("option", {value: space.name}, meaning ? `${space.name}: ${meaning}` : space.name);
  }), h("option", {value: ""}, "all spaces together"));
  $("#space").value = state.spaces.some((space) => space.name === wanted) || wanted === "" ? wanted : state.spaces[0].name;
  await load();
}

async function start() {
  const found = await loadCollections();
  if (!found.current) return showEmpty($("#empty"), found);
  $("#controls").hidden = false;
  const guarded = (collection) => useCollection(collection).catch((error) => fail($("#notice"), error));
  setUpPicker($("#collection"), found, guarded);
  if (parameters().has("method")) $("#method").value = parameters().get("method") === "principal" ? "principal" : "neighbours";
  for (const id of ["#space", "#method"]) $(id).addEventListener("change", () => load());
  $("#colour").addEventListener("change", () => {
    noteAddress();
    colour();
  });
  $("#pictures").addEventListener("change", redraw);
  addEventListener("facet:theme", () => state.map && colour());
  $("#map").hidden = false;
  setUpCanvas();
  await guarded(found.current);
}

start().catch((error) => fail($("#notice"), error));
