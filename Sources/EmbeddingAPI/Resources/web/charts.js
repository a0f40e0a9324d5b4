// SPDX-License-Identifier: Apache-2.0
// Small charts as SVG: lines over time or epochs, and estimates with their intervals.
import {h} from "./dom.js";

const short = (value) => (Math.abs(value) >= 1000 ? `${(value / 1000).toPrecision(3)}k` : String(Number(value.toPrecision(3))));

/** Steps of 1, 2 or 5 that cover low to high. */
export function ticks(low, high, wanted = 4) {
  if (!(high > low)) return [low];
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= raw);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) found.push(Number(value.toFixed(10)));
  return found;
}

/** `series`: `[{name, colour: "c0", x: [...], y: [...]}]`. */
export function lineChart({title, xLabel, series, width = 460, height = 220}) {
  const frame = {left: 42, right: 12, top: 10, bottom: 34};
  const xs = series.flatMap((one) => one.x);
  const ys = series.flatMap((one) => one.y);
  const [lowX, highX] = [Math.min(...xs), Math.max(...xs)];
  const spread = Math.max(...ys) - Math.min(...ys) || 1;
  const [lowY, highY] = [Math.min(...ys) - spread * 0.05, Math.max(...ys) + spread * 0.05];
  const px = (x) => frame.left + ((x - lowX) / (highX - lowX || 1)) * (width - frame.left - frame.right);
  const py = (y) => height - frame.bottom - ((y - lowY) / (highY - lowY)) * (height - frame.top - frame.bottom);
  const last = series.map((one) => `${one.name} ${short(one.y.at(-1))}`).join(", ");
  return h("figure.chart-box", {}, h("h4", {}, title),
    h("svg", {class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}; at the end ${last}`},
      ticks(lowY, highY).map((value) => [
        h("line", {class: "grid", x1: frame.left, x2: width - frame.right, y1: py(value), y2: py(value)}),
        h("text", {x: frame.left - 6, y: py(value) + 4, "text-anchor": "end"}, short(value))]),
      ticks(lowX, highX, 5).map((value) => h("text", {x: px(value), y: height - frame.bottom + 16, "text-anchor": "middle"}, short(value))),
      h("text", {x: (width + frame.left) / 2, y: height - 3, "text-anchor": "middle"}, xLabel),
      series.map((one) => h("polyline", {class: `line ${one.colour}`, points: one.x.map((x, place) => `${px(x).toFixed(1)},${py(one.y[place]).toFixed(1)}`).join(" ")}))),
    series.length > 1 ? h("ul.legend", {}, series.map((one) => h("li", {class: one.colour}, h("span.swatch"), one.name))) : null);
}

/** Estimates with intervals, best first; `rows`: `[{name, value, low, high, colour, strong}]`, all over `low` to `high`. */
export function intervalChart({title, rows, low = 0.4, high = 1, reference = null, width = 460}) {
  const line = 30;
  const frame = {left: 96, right: 44, top: 6, bottom: 26};
  const height = frame.top + frame.bottom + rows.length * line;
  const px = (value) => frame.left + ((Math.max(low, Math.min(high, value)) - low) / (high - low)) * (width - frame.left - frame.right);
  const spoken = rows.map((row) => `${row.name} ${row.value.toFixed(2)}, between ${row.low.toFixed(2)} and ${row.high.toFixed(2)}`).join("; ");
  return h("figure.chart-box", {}, h("h4", {}, title),
    h("svg", {class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: ${spoken}`},
      ticks(low, high, 5).map((value) => [
        h("line", {class: "grid", x1: px(value), x2: px(value), y1: frame.top, y2: height - frame.bottom}),
        h("text", {x: px(value), y: height - 8, "text-anchor": "middle"}, short(value))]),
      reference !== null && reference >= low ? h("line", {class: "reference", x1: px(reference), x2: px(reference), y1: frame.top, y2: height - frame.bottom}) : null,
      rows.map((row, place) => {
        const y = frame.top + line * (place + 0.5);
        return h("g", {class: row.colour},
          h("text", {class: row.strong ? "strong" : "", x: frame.left - 10, y: y + 4, "text-anchor": "end"}, row.name.length > 14 ? `${row.name.slice(0, 13)}…` : row.name),
          h("line", {class: "whisker", x1: px(row.low), x2: px(row.high), y1: y, y2: y}),
          h("circle", {class: "dot", cx: px(row.value), cy: y, r: row.strong ? 6 : 4.5}),
          h("text", {class: row.strong ? "strong" : "", x: width - frame.right + 10, y: y + 4}, row.value.toFixed(2)));
      })));
}

/** A line of the last values without axes; `most` fixes the top of the scale. */
export function sparkline(values, {width = 240, height = 48, most = 0, label = ""} = {}) {
  const known = values.filter((value) => Number.isFinite(value));
  const top = Math.max(most, ...known, 1e-9);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map((value, place) => (Number.isFinite(value) ? `${(place * step).toFixed(1)},${(height - 3 - (value / top) * (height - 8)).toFixed(1)}` : null)).filter(Boolean);
  return h("svg", {class: "chart spark c0", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label},
    h("line", {class: "grid", x1: 0, x2: width, y1: height - 2, y2: height - 2}),
    points.length > 1 ? h("polyline", {class: "line", points: points.join(" ")}) : null);
}
