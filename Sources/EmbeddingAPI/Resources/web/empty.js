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
  fill(element,
    h("h2", {}, current ? `The collection “${current.name}” is empty` : "There is no collection yet"),
    h("p", {}, "Import a folder of images. Folders become labels, and the pictures are kept so that they can be shown here:"),
    h("pre", {}, `facet catalog import ${name} path/to/images --keep`),
    h("p", {}, "Then reload this page. To send images from a program instead, see ", h("a", {href: "/docs"}, "the API"), "."));
  const sample = await get("/v1/sample").catch(() => null);
  if (sample && sample.state !== "none") offer(element, sample);
}

function offer(element, sample) {
  const text = h("p", {}, `Or start with ${sample.title}: ${plural(sample.items, "image")}, loaded into “${sample.collection}”.`);
  const button = h("button.primary", {type: "button", id: "load-sample"}, "Load the sample catalog");
  const bar = h("i");
  const progress = h("div.progress", {role: "progressbar", "aria-label": "Loading the sample catalog", "aria-valuemin": "0", "aria-valuemax": "100", hidden: true}, bar);
  const message = h("p", {role: "status"});
  element.append(h("div", {}, text, button, progress, message));
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
