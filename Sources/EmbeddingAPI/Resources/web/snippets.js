// SPDX-License-Identifier: Apache-2.0
// The search on the page as a command and as a program, to the letter.
import {collectionPath, storedKey} from "./api.js";

/** A word for a POSIX shell. */
export const shellWord = (text) => (/^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** A JSON value as a Python literal. */
export function pythonLiteral(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value).map(([key, part]) => `${pythonLiteral(key)}: ${pythonLiteral(part)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** The query of a search by upload: weights, k and filter as parameters. */
export function uploadQuery(fields) {
  const query = new URLSearchParams();
  if (fields.weights) query.set("weights", Object.entries(fields.weights).map(([name, weight]) => `${name}:${weight}`).join(","));
  query.set("k", String(fields.k));
  if (fields.filter) query.set("filter", JSON.stringify(fields.filter));
  return query.toString();
}

/** `{curl, python}` for a search: `fields` as JSON, or `image` with `fields` as parameters. */
export function snippets(collection, fields, image) {
  const base = `${location.origin}${collectionPath(collection)}/search`;
  const key = storedKey() !== "";
  const curlKey = key ? ' -H "Authorization: Bearer $FACET_KEY"' : "";
  const type = image ? image.type || "application/octet-stream" : "application/json";
  const url = image ? `${base}?${uploadQuery(fields)}` : base;
  const data = image ? `--data-binary ${shellWord(`@${image.name}`)}` : `-d ${shellWord(JSON.stringify(fields))}`;
  const imports = ["json", ...(key ? ["os"] : []), "urllib.request"].join(", ");
  const headers = `{"Content-Type": ${pythonLiteral(type)}${key ? ', "Authorization": "Bearer " + os.environ["FACET_KEY"]' : ""}}`;
  const body = image ? `open(${pythonLiteral(image.name)}, "rb").read()` : `json.dumps(${pythonLiteral(fields)}).encode()`;
  return {
    curl: `curl -s ${shellWord(url)} \\\n  -H ${shellWord(`Content-Type: ${type}`)}${curlKey} \\\n  ${data}`,
    python: `import ${imports}\n\nrequest = urllib.request.Request(\n    ${pythonLiteral(url)},\n    data=${body},\n    headers=${headers})\nfor hit in json.load(urllib.request.urlopen(request))["hits"]:\n    print(round(hit["score"], 4), hit["id"], hit["scores"])\n`,
  };
}
