// SPDX-License-Identifier: Apache-2.0
// Hits of a search as tiles.
import {h} from "./dom.js";
import {captionOf, picture} from "./pictures.js";

const thumbUp = "M7 10v10H3V10zM7 10l4-7a2 2 0 0 1 2 2v4h6a2 2 0 0 1 2 2.300l-1.300 7A2 2 0 0 1 17.700 20H7";

/** The colour class of a space by its place in the collection. */
export const colourOf = (space) => `c${space.index % 8}`;

const signed = (value) => (value < 0 ? "−" : "") + Math.abs(value).toFixed(2);

/** A bar for each space: its length is the cosine, one below 0 is hollow. */
export function bars(scores, spaces, only = null) {
  const words = spaces.filter((space) => space.name in scores).map((space) => `${space.name} ${signed(scores[space.name])}`);
  return h("div.bars", {role: "img", "aria-label": `Scores: ${words.join(", ")}`, title: words.join("\n")},
    spaces.map((space) => {
      const value = scores[space.name] ?? 0;
      return h("span.bar", {
        class: `bar ${colourOf(space)}${value < 0 ? " negative" : ""}${only && only !== space.name ? " pale" : ""}`,
        style: {"--share": String(Math.min(1, Math.abs(value)))},
      }, h("i"));
    }));
}

function markButton(kind, id, name, marks, onMark) {
  const pressed = marks[kind].includes(id);
  return h(`button.mark.${kind}`, {
    type: "button", "aria-pressed": String(pressed), "aria-label": `${kind === "like" ? "More like" : "Less like"} ${name}`,
    title: kind === "like" ? "More like this" : "Less like this", onclick: () => onMark(kind, id),
  }, h("svg", {viewBox: "0 0 24 24", "aria-hidden": "true"}, h("path", {d: thumbUp})));
}

/**
 * One hit. `shown` is the number at its corner; `go` is called with the id when it is followed.
 */
export function hitTile(hit, {collection, spaces, shown, only = null, marks, onMark, go, href}) {
  const name = captionOf(hit.metadata, hit.id);
  const link = h("a.hit-link", {href: href(hit.id), "aria-label": `Search from ${name}, score ${signed(shown)}`, title: hit.id,
    onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      go(hit.id);
    }}, picture(collection, hit.id), h("span.score", {"aria-hidden": "true"}, signed(shown)));
  return h("li.hit", {dataset: {id: hit.id}}, link, bars(hit.scores, spaces, only),
    h("div.hit-foot", {}, h("span.caption", {title: hit.id}, name),
      h("span.mark-pair", {}, markButton("like", hit.id, name, marks, onMark), markButton("unlike", hit.id, name, marks, onMark))));
}
