// SPDX-License-Identifier: Apache-2.0
// Calls to this server. The key, where one is asked for, stays in this tab's session.

const keyName = "facet.key";

/** What the server refused, in its own words. */
export class Refusal extends Error {
  constructor(status, error) {
    super(error?.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = error?.code ?? "";
    this.param = error?.param ?? null;
  }
}

export function storedKey() {
  try {
    return sessionStorage.getItem(keyName) ?? "";
  } catch {
    return "";
  }
}

export function storeKey(key) {
  try {
    if (key) sessionStorage.setItem(keyName, key);
    else sessionStorage.removeItem(keyName);
  } catch {
    // Without storage the key is asked for again.
  }
}

let askForKey = null;

/** Who asks the reader for a key when the server wants one; gives a promise of it. */
export function onKeyWanted(ask) {
  askForKey = ask;
}

/** Calls the server; throws `Refusal`, or `TypeError` when it cannot be reached. */
export async function call(method, path, {body, type, signal, accept, headers = {}} = {}) {
  for (let attempt = 0; ; attempt += 1) {
    const fields = {...headers};
    if (type) fields["Content-Type"] = type;
    if (accept) fields.Accept = accept;
    const key = storedKey();
    if (key) fields.Authorization = `Bearer ${key}`;
    const response = await fetch(path, {method, body, signal, headers: fields, credentials: "omit", cache: "no-cache"});
    if (response.ok) return response;
    const text = await response.text();
    let error = null;
    try {
      error = JSON.parse(text).error;
    } catch {
      error = null;
    }
    if (response.status === 401 && askForKey && attempt < 3) {
      storeKey(await askForKey(error?.message ?? "", attempt > 0 || key !== ""));
      continue;
    }
    throw new Refusal(response.status, error);
  }
}

export async function get(path, options) {
  return (await call("GET", path, options)).json();
}

export async function post(path, value, options = {}) {
  const response = await call("POST", path, {body: JSON.stringify(value), type: "application/json", ...options});
  return response.json();
}

/** One segment of a path. */
export const segment = (text) => encodeURIComponent(text);

export const collectionPath = (name) => `/v1/collections/${segment(name)}`;
export const itemPath = (collection, id) => `${collectionPath(collection)}/items/${segment(id)}`;

/** One sentence for a reader, and what to do about it. */
export function explain(error) {
  if (error instanceof Refusal) {
    if (error.status === 429) return `${error.message} The server is busy; this is tried again when you change something.`;
    return error.message;
  }
  if (error?.name === "TimeoutError") return "The server took too long to answer. Try again.";
  if (error instanceof TypeError) return "The server cannot be reached. Check that it runs, then reload this page.";
  return String(error?.message ?? error);
}

export const isAbort = (error) => error?.name === "AbortError";
