// SPDX-License-Identifier: Apache-2.0
// The Models page: spaces, what each keeps, provenance and training curves.
import {$, bytes, count, fill, h, plural} from "./dom.js";
import {get} from "./api.js";
import {copy, fail} from "./shell.js";
import {lineChart} from "./charts.js";

/** A head's colour, the same as on the explorer; heads that the model does not name come after its own. */
const colourOf = (model, name, place) => {
  const heads = model.spaces.filter((space) => space.kind === "head").map((space) => space.name);
  return `c${(heads.includes(name) ? heads.indexOf(name) : heads.length + place) % 8}`;
};

/** Factors that have a head of their own first, in the heads' order. */
function sorted(model, factors) {
  const heads = model.spaces.map((space) => space.name);
  const rank = (factor) => (heads.includes(factor) ? heads.indexOf(factor) : heads.length);
  return [...factors].sort((a, b) => rank(a) - rank(b));
}

/** Rows of spaces, columns of factors: measured invariance, else what was told apart on held-out images in training. */
function profile(model) {
  const measured = model.spaces.filter((space) => space.invariance);
  if (measured.length) {
    const factors = sorted(model, new Set(measured.flatMap((space) => Object.keys(space.invariance))));
    return {factors, rows: measured.map((space) => ({name: space.name, values: factors.map((factor) => space.invariance[factor] ?? null)})),
      title: "Invariance: how little a space moves when one factor changes", low: 0.5, high: 1,
      note: "1: the vector stays where it is, the space ignores the factor. 0: it moves as far as to another image, the space keeps the factor. The colour begins at 0.5."};
  }
  const held = Object.entries(model.training ?? {}).map(([key, value]) => [key.split("."), value]).filter(([parts]) => parts.length === 3 && parts[0] === "held_out");
  if (!held.length) return null;
  const names = [...new Set(held.map(([parts]) => parts[1]))];
  const order = model.spaces.map((space) => space.name).filter((name) => names.includes(name));
  const factors = sorted(model, new Set(held.map(([parts]) => parts[2])));
  const value = (space, factor) => held.find(([parts]) => parts[1] === space && parts[2] === factor)?.[1] ?? null;
  return {factors, rows: order.map((name) => ({name, values: factors.map((factor) => value(name, factor))})),
    title: "What each space keeps", low: 0.5, high: 1,
    note: "On images held out from training: how often a space sees that a factor changed. 0.5 is guessing, so the space ignores it; 1 is always."};
}

function heatMap(model) {
  const found = profile(model);
  if (!found) {
    return h("div", {}, h("h3", {}, "Invariance profile"), h("p.soft", {}, "Not measured yet. ", h("code", {}, `facet evaluate --models ${model.id} --data FOLDER --quick --write-profile`), " measures what each space keeps and ignores."));
  }
  return h("div", {}, h("h3", {}, found.title), h("div.scroll", {tabindex: "0", role: "group", "aria-label": found.title}, h("table.heat", {"aria-label": found.title},
    h("thead", {}, h("tr", {}, h("th", {scope: "col"}, "space"), found.factors.map((factor) => h("th", {scope: "col"}, factor)))),
    h("tbody", {}, found.rows.map((row) => h("tr", {}, h("th", {scope: "row"}, row.name), row.values.map((value) => {
      if (value === null) return h("td", {}, "–");
      const share = Math.max(0, Math.min(1, (value - found.low) / (found.high - found.low)));
      return h("td", {style: {"--share": String(share)}}, value.toFixed(2));
    })))))), h("p.soft.small", {}, found.note));
}

function spacesTable(model) {
  return h("div.scroll", {tabindex: "0", role: "group", "aria-label": `Spaces of ${model.id}`}, h("table", {}, h("caption", {}, "Spaces"),
    h("thead", {}, h("tr", {}, ["name", "kind", "dimensions", "keeps"].map((name) => h("th", {scope: "col"}, name)))),
    h("tbody", {}, model.spaces.map((space) => h("tr", {}, h("th", {scope: "row"}, h("code", {}, space.name)), h("td", {}, space.kind), h("td.number", {}, count(space.dimensions)),
      h("td", {}, space.sensitive_to === null ? "not said" : space.sensitive_to.length ? space.sensitive_to.join(", ") : "no factor: blind to all")))))); 
}

function facts(pairs) {
  return h("dl.facts", {}, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function provenance(model) {
  const training = Object.entries(model.training ?? {}).filter(([key]) => !key.startsWith("held_out.") && key !== "configuration");
  const shown = ([key, value]) => [key.replaceAll("_", " "), typeof value === "number" ? (Number.isInteger(value) ? count(value) : value.toFixed(value < 10 ? 3 : 1)) : String(value)];
  let configuration = null;
  try {
    configuration = model.training?.configuration ? JSON.stringify(JSON.parse(model.training.configuration), null, 2) : null;
  } catch {
    configuration = String(model.training.configuration);
  }
  return h("div", {}, h("h3", {}, "Where it comes from"),
    training.length ? facts(training.map(shown)) : h("p.soft", {}, "The model's folder does not say."),
    configuration ? h("details", {}, h("summary", {}, "Settings of the training"), h("pre", {tabindex: "0"}, configuration)) : null);
}

function curves(model) {
  const all = model.curves ?? {};
  const epochs = all.epoch;
  if (!epochs || epochs.length < 2) return null;
  const group = (prefix) => Object.entries(all).filter(([name, values]) => name.startsWith(`${prefix}.`) && values.length === epochs.length)
    .map(([name, values]) => [name.slice(prefix.length + 1), values])
    .map(([name, values], place) => ({name, colour: colourOf(model, name, place), x: epochs, y: values}))
    .sort((a, b) => a.colour.localeCompare(b.colour));
  const charts = [["loss", "Loss of each head"], ["accuracy", "Right key first, of each head"]]
    .map(([prefix, title]) => [title, group(prefix)]).filter(([, series]) => series.length);
  if (!charts.length && all.loss) charts.push(["Loss", [{name: "loss", colour: "c0", x: epochs, y: all.loss}]]);
  return h("div", {}, h("h3", {}, "Training curves"), h("div.two", {}, charts.map(([title, series]) => lineChart({title, xLabel: "epoch", series}))));
}

function card(model) {
  const {architecture, preprocessing, limits} = model;
  const digest = h("button.small-button", {type: "button", onclick: () => copy(model.digest, "The digest")}, "Copy digest");
  return h("article.card.stack.model", {"aria-labelledby": `model-${model.id}`},
    h("div.spread", {}, h("div", {}, h("h2", {id: `model-${model.id}`}, model.id), h("code.soft", {class: "digest"}, model.digest.slice(0, 23), "…")), digest),
    facts([["backbone", `${architecture.backbone}, width ${architecture.width}`], ["family", architecture.family], ["heads", String(architecture.heads)],
      ["parameters", count(architecture.parameters)], ["licence", model.licence], ["input", `${preprocessing.size} × ${preprocessing.size}, ${preprocessing.resize}`],
      ["largest image", `${count(limits.max_image_pixels / 1e6)} megapixels, ${bytes(limits.max_image_bytes)}`], ["images in a request", plural(limits.max_images_per_request, "image")]]),
    h("div.two", {}, spacesTable(model), heatMap(model)), curves(model), provenance(model));
}

async function start() {
  const box = $("#models");
  const list = (await get("/v1/models")).data;
  const models = await Promise.all(list.map((one) => get(`/v1/models/${encodeURIComponent(one.id)}`)));
  box.setAttribute("aria-busy", "false");
  fill(box, models.length ? models.map(card) : h("div.card.empty", {}, h("h2", {}, "No model is loaded yet"),
    h("p", {}, "A model is loading, or none could be loaded; the server's log says which. Reload in a moment.")));
}

start().catch((error) => {
  $("#models").setAttribute("aria-busy", "false");
  fail($("#notice"), error);
});
