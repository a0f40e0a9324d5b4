// SPDX-License-Identifier: Apache-2.0
// What a page says when there is nothing to show yet, and what to do about it.
import {announce, fill, h, plural} from "./dom.js";
import {call, explain, get} from "./api.js";

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Fills `element` for a service without a catalog, without collections, or with an empty one. */
export async function showEmpty(element, {hasCatalog, current}) {
  element.hidden = false;
  element.className = "card empty";
  if (!hasCatalog) {
    fill(element, h("h2", {}, "This service runs without a catalog"),
      h("p", {}, "It embeds images, but keeps none to search. Start it with a file for the catalog:"),
      h("pre", {}, "facet serve --store sqlite:catalog.sqlite"));
    return;
  }
  const name = current?.name ?? "pictures";
  const sample = await get("/v1/sample").catch(() => null);
  const start = h("div");
  const offers = sample && sample.state !== "none";
  if (offers) offer(start, sample);
  fill(element,
    h("h2", {}, current ? `The collection “${current.name}” is empty` : "There is no collection yet"), start,
    h("p", {}, `${offers ? "Or import" : "Import"} a folder of images of your own; the names of its folders become labels. Stop the server, run this where you started it, and start it again:`),
    h("pre", {tabindex: "0"}, `.build/release/facet catalog import ${name} path/to/images`),
    h("p", {}, "A server that is to go on running takes images from a program: see ", h("a", {href: "/docs"}, "the API"), "."));
}

function offer(element, sample) {
  const text = h("p", {}, `Start with ${plural(sample.items, "picture")} that are here already (${sample.title}), as the collection “${sample.collection}”.`);
  const button = h("button.primary", {type: "button", id: "load-sample"}, "Load the sample catalog");
  const bar = h("i");
  const progress = h("div.progress", {role: "progressbar", "aria-label": "Loading the sample catalog", "aria-valuemin": "0", "aria-valuemax": "100", hidden: true}, bar);
  const message = h("p", {role: "status"});
  element.append(text, button, progress, message);
  const run = async () => {
    button.disabled = true;
    progress.hidden = false;
    try {
      let status = await (await call("POST", "/v1/sample")).json();
      while (status.state === "loading") {
        const share = (status.done + status.failed) / Math.max(1, status.items);
        bar.style.setProperty("--share", String(share));
        progress.setAttribute("aria-valuenow", String(Math.round(share * 100)));
        message.textContent = `${status.done} of ${status.items} images`;
        await wait(300);
        status = await get("/v1/sample");
      }
      if (status.state === "failed") throw new Error(status.message);
      announce("The sample catalog is loaded.");
      location.search = `?c=${encodeURIComponent(status.collection)}`;
    } catch (error) {
      message.textContent = explain(error);
      button.disabled = false;
    }
  };
  button.addEventListener("click", run);
  if (sample.state === "loading") run();
}
