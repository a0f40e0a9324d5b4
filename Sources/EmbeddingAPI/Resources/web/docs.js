// SPDX-License-Identifier: Apache-2.0
// The API page: openapi.yaml for people, with a form on every operation that only reads.
import {$, debounced, fill, h} from "./dom.js";
import {Refusal, call, storedKey} from "./api.js";
import {copy, fail} from "./shell.js";
import {parseYAML} from "./yaml.js";
import {shellWord} from "./snippets.js";

let contract = null;
const methods = ["get", "put", "post", "delete", "patch"];

/** The value that a `$ref` names. */
function resolve(value) {
  let found = value;
  for (let depth = 0; found?.$ref && depth < 10; depth += 1) {
    found = found.$ref.slice(2).split("/").reduce((at, part) => at?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], contract);
  }
  return found ?? {};
}

const refName = (value) => value?.$ref?.split("/").at(-1) ?? "";

/** Backquoted words, bold words and lists of a description; nothing else of Markdown is used there. */
function prose(text) {
  return (text ?? "").trim().split(/\n\s*\n/).map((paragraph) => {
    const lines = paragraph.split("\n");
    if (lines.every((line) => /^\s*(- |\S.*$)/.test(line)) && lines[0].startsWith("- ")) {
      return h("ul", {}, paragraph.split(/\n(?=- )/).map((line) => h("li", {}, inline(line.slice(2)))));
    }
    return h("p", {}, inline(paragraph.replaceAll("\n", " ")));
  });
}

const inline = (text) => text.split(/(`[^`]*`|\*\*[^*]*\*\*)/).map((part) => {
  if (part.startsWith("`")) return h("code", {}, part.slice(1, -1));
  if (part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
  return part;
});

// --- Schemas -----------------------------------------------------------------------------------------------------

/** A type in a few words: "array of string, 1 to 64". */
function typeOf(schema) {
  if (schema?.$ref) return h("a", {href: `#schema-${refName(schema)}`}, refName(schema));
  if (!schema) return "";
  if (schema.const !== undefined) return h("code", {}, JSON.stringify(schema.const));
  if (schema.enum && schema.enum.length <= 6) return schema.enum.map((value, place) => [place ? " | " : "", h("code", {}, JSON.stringify(value))]);
  if (schema.oneOf || schema.anyOf) return (schema.oneOf ?? schema.anyOf).map((one, place) => [place ? " or " : "", typeOf(one)]);
  const type = [schema.type ?? "any"].flat().join(" or ");
  if (schema.items) return ["array of ", typeOf(schema.items)];
  if (schema.contentEncoding === "binary" || schema.contentMediaType) return "bytes";
  const range = [schema.minimum !== undefined ? `from ${schema.minimum}` : "", schema.maximum !== undefined ? `to ${schema.maximum}` : "", schema.default !== undefined ? `default ${JSON.stringify(schema.default)}` : ""].filter(Boolean);
  return range.length ? `${type}, ${range.join(" ")}` : type;
}

function properties(schema) {
  const known = resolve(schema);
  if (!known.properties) return null;
  const required = new Set(known.required ?? []);
  return h("div.scroll", {tabindex: "0", role: "group", "aria-label": "Fields"}, h("table.fields", {}, h("thead", {}, h("tr", {}, ["field", "type", ""].map((name) => h("th", {scope: "col"}, name || h("span.hidden-text", {}, "description"))))),
    h("tbody", {}, Object.entries(known.properties).map(([name, value]) => h("tr", {}, h("th", {scope: "row"}, h("code", {}, name), required.has(name) ? h("span.needed", {title: "required"}, " *") : null),
      h("td", {}, typeOf(value)), h("td", {}, inline((value.description ?? "").trim().replaceAll("\n", " "))))))));
}

function example(media) {
  if (!media) return null;
  if (media.example !== undefined) return media.example;
  const first = Object.values(media.examples ?? {})[0];
  if (first) return first.value;
  const schema = resolve(media.schema);
  return schema.example ?? schema.examples?.[0] ?? null;
}

const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

function codeBox(text, name) {
  const button = h("button.small-button.copy", {type: "button", onclick: () => copy(text, name)}, "Copy");
  return h("div.code-box", {}, h("pre", {tabindex: "0", "aria-label": name}, text), button);
}

// --- Operations --------------------------------------------------------------------------------------------------

function parameterList(parameters) {
  if (!parameters.length) return null;
  return h("div.scroll", {tabindex: "0", role: "group", "aria-label": "Parameters"}, h("table.fields", {}, h("caption", {}, "Parameters"), h("tbody", {}, parameters.map((one) => h("tr", {},
    h("th", {scope: "row"}, h("code", {}, one.name), one.required ? h("span.needed", {title: "required"}, " *") : null), h("td.soft", {}, one.in), h("td", {}, typeOf(one.schema)), h("td", {}, inline((one.description ?? "").trim().replaceAll("\n", " "))))))));
}

function curlOf(method, path, operation, parameters) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(parameters.find((one) => one.name === name && one.in === "path")?.example ?? name));
  const contents = resolve(operation.requestBody).content ?? {};
  const type = contents["application/json"] ? "application/json" : Object.keys(contents)[0];
  const parts = ["curl -s"];
  if (method !== "get") parts.push(`-X ${method.toUpperCase()}`);
  parts.push(shellWord(location.origin + filled));
  if (type) {
    const value = type.endsWith("json") ? example(contents[type]) : null;
    parts.push(`-H ${shellWord(`Content-Type: ${type.replace("image/*", "image/jpeg")}`)}`, value !== null ? `-d ${shellWord(typeof value === "string" ? value : JSON.stringify(value))}` : "--data-binary @photo.jpg");
  }
  return parts.join(" ");
}

function requestBox(operation) {
  const body = resolve(operation.requestBody);
  if (!body.content) return null;
  return h("div", {}, h("h4", {}, "Body"), Object.entries(body.content).map(([type, media]) => {
    const value = example(media);
    const fields = properties(media.schema);
    return h("details", {open: type === "application/json"}, h("summary", {}, h("code", {}, type), media.schema?.$ref ? ` ${refName(media.schema)}` : ""), media.schema?.$ref ? h("p.small", {}, "Schema: ", typeOf(media.schema)) : null, fields, value !== null ? codeBox(pretty(value), `Example of ${type}`) : null);
  }));
}

function answers(operation) {
  const all = Object.entries(operation.responses ?? {});
  const good = all.filter(([status]) => status < 400);
  const bad = all.filter(([status]) => status >= 400);
  const show = ([status, given]) => {
    const response = resolve(given);
    const media = Object.entries(response.content ?? {});
    const value = media.length ? example(media[0][1]) : null;
    return h("div.answer", {}, h("p", {}, h("span.status", {class: `status s${status[0]}`}, status), " ", inline((response.description ?? "").trim().replaceAll("\n", " "))),
      status < 400 && media.length ? h("p.small.soft", {}, media.map(([type, one], place) => [place ? ", " : "", h("code", {}, type), one.schema?.$ref ? [" ", typeOf(one.schema)] : null])) : null,
      status < 400 && value !== null ? codeBox(pretty(value), `Example of a ${status}`) : null);
  };
  return h("div", {}, h("h4", {}, "Answers"), good.map(show), bad.length ? h("details", {}, h("summary", {}, `${bad.length} errors`), bad.map(show)) : null);
}

function operationCard(path, method, operation, shared) {
  const parameters = [...(shared ?? []), ...(operation.parameters ?? [])].map(resolve);
  const id = operation.operationId;
  const triable = method === "get" || id === "search" || id === "advise";
  const command = curlOf(method, path, operation, parameters);
  return h("section.card.operation", {id, "aria-labelledby": `${id}-title`},
    h("h3", {id: `${id}-title`}, h("span.method", {class: `method ${method}`}, method.toUpperCase()), " ", h("code.path", {}, path)),
    h("p.summary", {}, operation.summary ?? ""), prose(operation.description), parameterList(parameters.filter((one) => one.name !== "X-Request-Id")), requestBox(operation), answers(operation),
    h("h4", {}, "As a command"), codeBox(command, "The curl command"), triable ? tryBox(path, method, operation, parameters) : null);
}

// --- Trying ------------------------------------------------------------------------------------------------------

function tryBox(path, method, operation, parameters) {
  const id = operation.operationId;
  const fields = parameters.filter((one) => (one.in === "path" || one.in === "query") && (method === "get" || one.in === "path")).map((one) => {
    const input = h("input.code", {id: `try-${id}-${one.name}`, value: one.in === "path" ? known(one.name) ?? one.example ?? "" : "", placeholder: one.in === "query" ? String(one.example ?? one.schema?.default ?? "") : "", autocomplete: "off", spellcheck: "false"});
    return {one, input};
  });
  const json = resolve(operation.requestBody).content?.["application/json"];
  const body = json ? h("textarea.code", {id: `try-${id}-body`, rows: "6", spellcheck: "false"}) : null;
  if (body) body.value = pretty(example(json) ?? {});
  const output = h("div", {"aria-live": "polite"});
  const run = async (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    let target = path;
    for (const {one, input} of fields) {
      if (one.in === "path") target = target.replace(`{${one.name}}`, encodeURIComponent(input.value));
      else if (input.value !== "") query.set(one.name, input.value);
    }
    if (`${query}`) target += `?${query}`;
    await attempt(method, target, body?.value, output);
  };
  return h("details.try", {}, h("summary", {}, "Try it"), h("form.stack", {onsubmit: run},
    h("div.try-fields", {}, fields.map(({one, input}) => h("div", {}, h("label", {for: input.id}, one.name, one.required ? " *" : ""), input))),
    body ? h("div", {}, h("label", {for: body.id}, "Body"), body) : null, h("button.primary", {type: "submit"}, "Send"), output));
}

/** What the reader is likely to mean by a parameter here. */
function known(name) {
  try {
    return name === "collection" ? localStorage.getItem("facet.collection") : null;
  } catch {
    return null;
  }
}

async function attempt(method, target, body, output) {
  fill(output, h("p.soft", {}, h("span.spinner"), " Sending …"));
  const start = performance.now();
  try {
    const response = await call(method.toUpperCase(), target, body === undefined ? {} : {body, type: "application/json"});
    const took = `${Math.round(performance.now() - start)} ms`;
    const type = response.headers.get("content-type") ?? "";
    if (type.startsWith("image/")) {
      const image = h("img.tried", {alt: "The answer", src: URL.createObjectURL(await response.blob())});
      return fill(output, statusLine(response.status, `${type}, ${took}`), image);
    }
    const text = await response.text();
    const shown = type.includes("json") ? JSON.stringify(JSON.parse(text), shorten, 2) : text;
    fill(output, statusLine(response.status, `${type.split(";")[0]}, ${took}`), codeBox(shown.length > 20000 ? `${shown.slice(0, 20000)}\n…` : shown, "The answer"));
  } catch (error) {
    if (error instanceof Refusal) fill(output, statusLine(error.status, error.code), h("p", {}, error.message));
    else fill(output, h("p.notice.error", {}, error.message));
  }
}

const statusLine = (status, text) => h("p", {}, h("span.status", {class: `status s${String(status)[0]}`}, String(status)), " ", text);

/** Long vectors are cut for reading. */
function shorten(key, value) {
  if (Array.isArray(value) && value.length > 12 && typeof value[0] === "number") return [...value.slice(0, 8), `… ${value.length - 8} more`];
  return value;
}

// --- Start -------------------------------------------------------------------------------------------------------

function groups() {
  const found = new Map((contract.tags ?? []).map((tag) => [tag.name, {tag, operations: []}]));
  for (const [path, entry] of Object.entries(contract.paths)) {
    for (const method of methods) {
      const operation = entry[method];
      if (!operation) continue;
      const name = operation.tags?.[0] ?? "other";
      if (!found.has(name)) found.set(name, {tag: {name, description: ""}, operations: []});
      found.get(name).operations.push({path, method, operation, shared: entry.parameters});
    }
  }
  return [...found.values()].filter((group) => group.operations.length);
}

function schemas() {
  const all = Object.entries(contract.components?.schemas ?? {});
  return [h("h2", {id: "schemas"}, "Schemas"), all.map(([name, schema]) => h("details.card.schema", {id: `schema-${name}`}, h("summary", {}, h("code", {}, name)), prose(schema.description), properties(schema) ?? h("p", {}, typeOf(schema)),
    schema.example !== undefined ? codeBox(pretty(schema.example), `Example of ${name}`) : null))];
}

/** Shows what the address names, inside closed parts too. */
function follow() {
  const target = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  if (!target) return;
  if (target instanceof HTMLDetailsElement) target.open = true;
  target.scrollIntoView();
}

function contents(all) {
  const filter = h("input", {type: "search", id: "find", placeholder: "Find", "aria-label": "Find an operation"});
  const list = h("div");
  const show = () => fill(list, all.map((group) => {
    const hits = group.operations.filter(({path, method, operation}) => `${method} ${path} ${operation.summary}`.toLowerCase().includes(filter.value.toLowerCase()));
    return hits.length ? [h("h2", {}, group.tag.name), h("ul", {}, hits.map(({path, method, operation}) => h("li", {}, h("a", {href: `#${operation.operationId}`, title: operation.summary}, h("span.method", {class: `method ${method}`}, method), h("span.path", {}, path.replace("/v1/collections/{collection}", "…/{c}"))))))] : null;
  }));
  filter.addEventListener("input", debounced(80, show));
  show();
  fill($("#contents"), filter, list, h("p", {}, h("a", {href: "#schemas"}, "Schemas")));
}

async function start() {
  const response = await call("GET", "/openapi.yaml");
  contract = parseYAML(await response.text());
  const all = groups();
  contents(all);
  $("#reference").setAttribute("aria-busy", "false");
  $("#reference").append(h("p.lead", {}, contract.info.summary, " Version ", contract.info.version, ". The whole contract: ", h("a", {href: "/openapi.yaml"}, "openapi.yaml"), storedKey() ? "" : ". Calls below go to this server."),
    h("div.card.intro", {}, prose(contract.info.description)),
    ...all.flatMap((group) => [h("h2.group", {}, group.tag.name), h("p.soft", {}, group.tag.description ?? ""), ...group.operations.map((one) => operationCard(one.path, one.method, one.operation, one.shared))]),
    h("div", {}, schemas()));
  addEventListener("hashchange", follow);
  follow();
}

start().catch((error) => {
  $("#reference").setAttribute("aria-busy", "false");
  fail($("#notice"), error);
});
