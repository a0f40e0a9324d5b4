// SPDX-License-Identifier: Apache-2.0
// Pictures of items: the thumbnail where the server makes them, else the kept image, else a drawn tile.
import {h} from "./dom.js";
import {call, itemPath, storedKey} from "./api.js";

/** What the last answers said of each kind of picture, so that a catalog without pictures is not asked for each. */
const known = new Map();
const objects = new Map();

function sources(collection, id) {
  const path = itemPath(collection, id);
  const kinds = known.get(collection) ?? ["thumbnail", "image"];
  return kinds.map((kind) => ({kind, url: `${path}/${kind}`}));
}

/** Tells which kinds of picture the server has paths for: `["thumbnail", "image"]` or fewer. */
export function offerPictures(collection, kinds) {
  known.set(collection, kinds);
}

/** A stable hue for a text. */
export function hueOf(text) {
  let hash = 2166136261;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 16777619);
  return (hash >>> 0) % 360;
}

/** The last part of an id, without its ending. */
export function shortName(id) {
  return id.split("/").at(-1).replace(/\.(png|jpe?g|webp)$/i, "") || id;
}

function placeholder(id) {
  const tile = h("span.tile-drawn", {"aria-hidden": "true"}, shortName(id).slice(0, 24));
  tile.style.setProperty("--hue", String(hueOf(id)));
  return tile;
}

/**
 * An element that shows an item. `hasImage` false skips asking for one.
 * The picture is decoration: whoever shows it names the item beside it.
 */
export function picture(collection, id, {hasImage = true, size = ""} = {}) {
  const frame = h("span.picture", size ? {class: `picture ${size}`} : {});
  const queue = hasImage ? sources(collection, id) : [];
  const next = () => {
    const source = queue.shift();
    if (!source) {
      frame.replaceChildren(placeholder(id));
      return;
    }
    const image = h("img", {alt: "", loading: "lazy", decoding: "async", draggable: "false"});
    image.addEventListener("error", next, {once: true});
    frame.replaceChildren(image);
    if (storedKey()) load(source.url).then((url) => { image.src = url; }, next);
    else image.src = source.url;
  };
  next();
  return frame;
}

/** A picture behind a key cannot be an address in an img, so its bytes are fetched. */
async function load(url) {
  if (!objects.has(url)) {
    const response = await call("GET", url, {accept: "image/*"});
    objects.set(url, URL.createObjectURL(await response.blob()));
  }
  return objects.get(url);
}

/** A decoded picture for drawing on a canvas; null when there is none. */
export async function bitmap(collection, id) {
  for (const {url} of sources(collection, id)) {
    const image = new Image();
    image.decoding = "async";
    try {
      image.src = storedKey() ? await load(url) : url;
      await image.decode();
      return image;
    } catch {
      continue;
    }
  }
  return null;
}

/** The bytes of an item's kept image, for a search by it. */
export function captionOf(metadata, id) {
  for (const name of ["title", "name", "label", "caption"]) {
    if (typeof metadata?.[name] === "string" && metadata[name]) return metadata[name];
  }
  return shortName(id);
}
