// SPDX-License-Identifier: Apache-2.0
// What all pages share: the theme, the key, the collection that is looked at, notices.
import {$, announce, fill, h, plural} from "./dom.js";
import {Refusal, explain, get, onKeyWanted} from "./api.js";
import {offerPictures} from "./pictures.js";

const themes = ["system", "light", "dark"];

function currentTheme() {
  return document.documentElement.dataset.theme ?? "system";
}

function setUpTheme() {
  const button = $("#theme");
  if (!button) return;
  const show = () => {
    const theme = currentTheme();
    button.dataset.theme = theme;
    button.setAttribute("aria-label", `Colours: ${theme === "system" ? "as the system has them" : theme}. Change.`);
    button.title = `Colours: ${theme}`;
  };
  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(currentTheme()) + 1) % themes.length];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      if (next === "system") localStorage.removeItem("facet.theme");
      else localStorage.setItem("facet.theme", next);
    } catch {
      // The choice lasts for this page.
    }
    show();
    announce(`Colours: ${next}`);
    dispatchEvent(new Event("facet:theme"));
  });
  show();
}

let asking = null;

/** Asks for a key once, however many calls wait for it. */
function askForKey(message, wasWrong) {
  asking ??= new Promise((resolve) => {
    const field = h("input", {type: "password", id: "key-field", autocomplete: "off", required: true});
    const dialog = h("dialog.card", {"aria-labelledby": "key-title"},
      h("form", {onsubmit: (event) => done(event)},
        h("h2", {id: "key-title"}, "This service asks for a key"),
        h("p", {}, wasWrong ? "That key was not accepted. " : "", message),
        h("label", {for: "key-field"}, "Key"), field,
        h("p.soft", {}, "It stays in this tab until you close it."),
        h("div.row", {}, h("button.primary", {type: "submit"}, "Use this key"))));
    const done = (event) => {
      event.preventDefault();
      asking = null;
      dialog.close();
      dialog.remove();
      resolve(field.value.trim());
    };
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

/** Parameters of the page's address. */
export const parameters = () => new URLSearchParams(location.search);

/** Notes the collection in the links to the other pages. */
function carryCollection(name) {
  for (const link of document.querySelectorAll("nav.pages a")) {
    const target = new URL(link.getAttribute("href"), location.origin);
    if (["/", "/map", "/advisor"].includes(target.pathname)) {
      if (name) target.searchParams.set("c", name);
      link.setAttribute("href", target.pathname + target.search);
    }
  }
}

/** The collections, and the one the address or the last visit names. */
export async function loadCollections() {
  let collections;
  try {
    collections = (await get("/v1/collections")).data;
  } catch (error) {
    if (error instanceof Refusal && error.code === "no_catalog") return {collections: [], current: null, hasCatalog: false};
    throw error;
  }
  const wanted = parameters().get("c") ?? remembered();
  const current = collections.find((one) => one.name === wanted) ?? collections.find((one) => one.items > 0) ?? collections[0] ?? null;
  const asked = parameters().get("c");
  if (current && asked && asked !== current.name) {
    $("#notice").before(h("p", {class: "notice", role: "status", id: "other-collection"}, `There is no collection “${asked}” here. This is “${current.name}”.`));
  }
  if (current) remember(current.name);
  carryCollection(current?.name);
  return {collections, current, hasCatalog: true};
}

export function remember(name) {
  try {
    localStorage.setItem("facet.collection", name);
  } catch {
    // The address has it too.
  }
  carryCollection(name);
}

function remembered() {
  try {
    return localStorage.getItem("facet.collection");
  } catch {
    return null;
  }
}

/** Fills the collection picker; `choose` is called with the collection taken. */
export function setUpPicker(select, {collections, current}, choose) {
  fill(select, collections.map((one) => h("option", {value: one.name}, `${one.name} (${plural(one.items, "item")})`)));
  select.value = current?.name ?? "";
  select.disabled = collections.length === 0;
  select.addEventListener("change", () => {
    const chosen = collections.find((one) => one.name === select.value);
    if (!chosen) return;
    remember(chosen.name);
    choose(chosen);
  });
}

/** The spaces of a collection with what its model says of them; the model may be another by now. */
export async function spacesOf(collection) {
  let model = null;
  try {
    model = await get(`/v1/models/${encodeURIComponent(collection.model)}`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  const factors = [...new Set((model?.spaces ?? []).flatMap((space) => space.sensitive_to ?? []))];
  return collection.spaces.map((space, index) => {
    const known = model?.spaces.find((one) => one.name === space.name);
    return {...space, index, sensitive: known?.sensitive_to ?? null, factors};
  });
}

/** "same colour, any rotation or texture", as far as the model says. */
export function meaningOf(space) {
  if (!space.sensitive || space.factors.length === 0) return "";
  const ignored = space.factors.filter((factor) => !space.sensitive.includes(factor));
  const kept = space.sensitive.length ? `same ${space.sensitive.map(spoken).join(" and ")}` : "same shape";
  return ignored.length ? `${kept}, any ${joined(ignored.map(spoken))}` : kept;
}

const joined = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);

const spoken = (factor) => factor.replaceAll("_", " ");

/** Learns which pictures the server can give, from its own description. */
export async function learnPictures(collection) {
  const response = await fetch("/openapi.yaml", {credentials: "omit"});
  const text = response.ok ? await response.text() : "";
  const kinds = ["thumbnail", "image"].filter((kind) => text.includes(`/items/{id}/${kind}:`));
  offerPictures(collection, kinds.length ? kinds : ["image"]);
}

/** A message in the page's own place for it; `kind` is "error", "info" or "good". */
export function notice(element, kind, ...content) {
  element.className = `notice ${kind}`;
  element.hidden = content.length === 0;
  fill(element, content);
}

export function fail(element, error) {
  notice(element, "error", explain(error));
}

/** Copies text; says whether it worked. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    announce(`${what} copied.`);
    return true;
  } catch {
    announce(`${what} could not be copied; select it by hand.`);
    return false;
  }
}

onKeyWanted(askForKey);
setUpTheme();
