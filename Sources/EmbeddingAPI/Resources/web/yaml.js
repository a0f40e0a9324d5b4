// SPDX-License-Identifier: Apache-2.0
// The part of YAML that openapi.yaml is written in: block and flow collections, quoted, plain and literal scalars, comments.
// Anchors, tags, folded and multi-line plain scalars are refused, so that a page never shows something else than the file.

class Fault extends Error {
  constructor(line, message) {
    super(`openapi.yaml, line ${line + 1}: ${message}`);
  }
}

/** Reads a document; throws an error that names the line. */
export function parseYAML(text) {
  const lines = text.split("\n").map((raw, number) => ({raw, number, indent: raw.search(/\S/)}));
  const reader = {lines, place: 0};
  skip(reader);
  const value = reader.place < lines.length ? block(reader, lines[reader.place].indent) : null;
  skip(reader);
  if (reader.place < lines.length) throw new Fault(lines[reader.place].number, "this is indented in a way that does not fit");
  return value;
}

const isBlank = (line) => line.indent < 0 || line.raw[line.indent] === "#";

function skip(reader) {
  while (reader.place < reader.lines.length && isBlank(reader.lines[reader.place])) reader.place += 1;
}

/** A collection or scalar whose lines start at `indent`. */
function block(reader, indent) {
  const line = reader.lines[reader.place];
  const text = line.raw.slice(indent);
  if (text.startsWith("- ") || text.trimEnd() === "-") return sequence(reader, indent);
  if (keyEnd(text, line.number) >= 0) return mapping(reader, indent);
  reader.place += 1;
  return scalar(withoutComment(text), line.number);
}

function sequence(reader, indent) {
  const items = [];
  for (skip(reader); reader.place < reader.lines.length; skip(reader)) {
    const line = reader.lines[reader.place];
    const text = line.raw.slice(line.indent);
    if (line.indent !== indent || !(text.startsWith("- ") || text.trimEnd() === "-")) break;
    const rest = text.slice(1).search(/\S/);
    if (rest < 0) {
      reader.place += 1;
      items.push(below(reader, indent));
      continue;
    }
    // The item's first line stands behind the dash: read it as if it were indented by it.
    const inner = indent + 1 + rest;
    reader.lines[reader.place] = {...line, indent: inner, raw: " ".repeat(inner) + line.raw.slice(inner)};
    items.push(block(reader, inner));
  }
  return items;
}

function mapping(reader, indent) {
  const entries = {};
  for (skip(reader); reader.place < reader.lines.length; skip(reader)) {
    const line = reader.lines[reader.place];
    if (line.indent !== indent) {
      if (line.indent > indent) throw new Fault(line.number, "this is indented too far");
      break;
    }
    const text = line.raw.slice(indent);
    const end = keyEnd(text, line.number);
    if (end < 0) break;
    const key = String(scalar(text.slice(0, end).trim(), line.number));
    const rest = withoutComment(text.slice(end + 1)).trim();
    if (Object.hasOwn(entries, key)) throw new Fault(line.number, `the key ${key} stands here twice`);
    reader.place += 1;
    let value;
    if (rest === "") value = below(reader, indent);
    else if (rest === "|" || rest === "|-") value = literal(reader, indent, rest === "|-");
    else value = scalar(rest, line.number);
    Object.defineProperty(entries, key, {value, enumerable: true, writable: true, configurable: true});
  }
  return entries;
}

/** What is indented further than `indent`; a sequence may stand at the same column as its key. */
function below(reader, indent) {
  skip(reader);
  const line = reader.lines[reader.place];
  if (!line) return null;
  if (line.indent > indent) return block(reader, line.indent);
  return line.indent === indent && line.raw.slice(indent).startsWith("- ") ? sequence(reader, indent) : null;
}

function literal(reader, indent, strips) {
  const found = [];
  let own = -1;
  for (; reader.place < reader.lines.length; reader.place += 1) {
    const line = reader.lines[reader.place];
    if (line.indent >= 0 && line.indent <= indent) break;
    if (own < 0 && line.indent >= 0) own = line.indent;
    found.push(line.indent < 0 ? "" : line.raw.slice(own));
  }
  while (found.length && found.at(-1) === "") found.pop();
  return found.join("\n") + (strips ? "" : "\n");
}

/** Where a line's key ends: its colon outside of quotes and brackets; -1 without one. */
function keyEnd(text, number) {
  let quote = "";
  if (text[0] === "{" || text[0] === "[") return -1;
  for (let place = 0; place < text.length; place += 1) {
    const character = text[place];
    if (quote) {
      if (character === "\\" && quote === '"') place += 1;
      else if (character === quote) quote = "";
    } else if ((character === '"' || character === "'") && place === 0) quote = character;
    else if (character === "#" && text[place - 1] === " ") return -1;
    else if (character === ":" && (place + 1 === text.length || text[place + 1] === " ")) return place;
  }
  if (quote) throw new Fault(number, "a quote is not closed");
  return -1;
}

function withoutComment(text) {
  let quote = "";
  for (let place = 0; place < text.length; place += 1) {
    const character = text[place];
    if (quote) {
      if (character === "\\" && quote === '"') place += 1;
      else if (character === quote) quote = "";
    } else if ((character === '"' || character === "'") && (place === 0 || " [{,:".includes(text[place - 1]))) quote = character;
    else if (character === "#" && (place === 0 || text[place - 1] === " ")) return text.slice(0, place);
  }
  return text;
}

// --- Scalars and flow collections --------------------------------------------------------------------------------

function scalar(text, number) {
  const reader = {text: text.trim(), place: 0, number};
  const value = flow(reader, "");
  space(reader);
  if (reader.place < reader.text.length) throw new Fault(number, "there is something behind the value");
  return value;
}

function space(reader) {
  while (reader.text[reader.place] === " ") reader.place += 1;
}

/** A value up to one of the characters in `ends`. */
function flow(reader, ends) {
  space(reader);
  const first = reader.text[reader.place];
  if (first === "{") return flowMapping(reader);
  if (first === "[") return flowSequence(reader);
  if (first === '"' || first === "'") return quoted(reader, first);
  if (first !== undefined && "&*!>|%@`".includes(first)) throw new Fault(reader.number, `values that begin with ${first} are not read`);
  const start = reader.place;
  while (reader.place < reader.text.length && !ends.includes(reader.text[reader.place])) {
    if (ends && reader.text[reader.place] === ":" && [" ", undefined].includes(reader.text[reader.place + 1])) break;
    reader.place += 1;
  }
  return plain(reader.text.slice(start, reader.place).trim());
}

function flowMapping(reader) {
  const entries = {};
  reader.place += 1;
  for (;;) {
    space(reader);
    if (reader.text[reader.place] === "}") break;
    const key = String(flow(reader, ",}"));
    space(reader);
    if (reader.text[reader.place] !== ":") throw new Fault(reader.number, "a key in braces has no value");
    reader.place += 1;
    Object.defineProperty(entries, key, {value: flow(reader, ",}"), enumerable: true, writable: true, configurable: true});
    space(reader);
    if (reader.text[reader.place] === ",") reader.place += 1;
    else if (reader.text[reader.place] !== "}") throw new Fault(reader.number, "a brace is not closed on its line");
  }
  reader.place += 1;
  return entries;
}

function flowSequence(reader) {
  const items = [];
  reader.place += 1;
  for (;;) {
    space(reader);
    if (reader.text[reader.place] === "]") break;
    items.push(flow(reader, ",]"));
    space(reader);
    if (reader.text[reader.place] === ",") reader.place += 1;
    else if (reader.text[reader.place] !== "]") throw new Fault(reader.number, "a bracket is not closed on its line");
  }
  reader.place += 1;
  return items;
}

function quoted(reader, quote) {
  let value = "";
  for (reader.place += 1; reader.place < reader.text.length; reader.place += 1) {
    const character = reader.text[reader.place];
    if (character === quote && quote === "'" && reader.text[reader.place + 1] === "'") {
      value += "'";
      reader.place += 1;
    } else if (character === quote) {
      reader.place += 1;
      return value;
    } else if (character === "\\" && quote === '"') {
      reader.place += 1;
      const escape = reader.text[reader.place];
      const known = {n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "/": "/", 0: "\0"};
      if (escape === "u") {
        value += String.fromCharCode(parseInt(reader.text.slice(reader.place + 1, reader.place + 5), 16));
        reader.place += 4;
      } else if (escape in known) value += known[escape];
      else throw new Fault(reader.number, "this escape is not read");
    } else value += character;
  }
  throw new Fault(reader.number, "a quote is not closed");
}

function plain(text) {
  if (text === "" || text === "~" || text === "null") return null;
  if (text === "true") return true;
  if (text === "false") return false;
  if (/^[-+]?[0-9]+$/.test(text) || /^[-+]?([0-9]+\.[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?$/i.test(text)) return Number(text);
  return text;
}
