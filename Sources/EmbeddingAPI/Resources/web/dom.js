// SPDX-License-Identifier: Apache-2.0
// Elements from code. Nothing on these pages is ever parsed as markup, so nothing that comes from a catalog can be.

const svgNames = new Set(["svg", "path", "line", "rect", "circle", "text", "g", "polyline", "polygon", "title"]);

/**
 * Makes an element: `h("button.primary", {type: "button", onclick}, "Save")`.
 * Properties that start with "on" are listeners; `class`, `style` (an object), `dataset` and attributes are as named.
 */
export function h(selector, ...rest) {
  const [tag, ...classes] = selector.split(".");
  const element = svgNames.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  const first = rest[0];
  const hasProperties = first !== null && typeof first === "object" && !(first instanceof Node) && !Array.isArray(first);
  if (hasProperties) for (const [name, value] of Object.entries(rest.shift())) assign(element, name, value);
  append(element, rest);
  return element;
}

function assign(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style") for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** Replaces everything inside `element`. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Calls `action` once `wait` milliseconds have passed without another call. */
export function debounced(wait, action) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), wait);
  };
}

/** Says something to screen readers without showing it. */
export function announce(text) {
  const region = $("#announcer");
  if (region) region.textContent = text;
}

const thin = "\u202f";

/** 12345 as "12 345" with thin spaces. */
export function count(number) {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, thin);
}

/** "1 item", "2 items". */
export function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

export function bytes(number) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (number >= 1024 && unit < units.length - 1) {
    number /= 1024;
    unit += 1;
  }
  return `${number >= 100 || unit === 0 ? Math.round(number) : number.toFixed(1)}${thin}${units[unit]}`;
}

/** "a", "a and b", "a, b and c". */
export function list(words, joint = "and") {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${joint} ${words.at(-1)}`;
}
