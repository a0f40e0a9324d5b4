// SPDX-License-Identifier: Apache-2.0
// The Status page: /metrics every two seconds while the page is in view, as numbers and lines.
import {$, bytes, count, fill, h} from "./dom.js";
import {Refusal, call, get} from "./api.js";
import {fail, notice} from "./shell.js";
import {sparkline} from "./charts.js";
import {mean, parseMetrics, quantile, rate, total} from "./metrics.js";

const period = 2000;
const kept = 90;
let timer = 0;
let paused = false;
let last = null;

/** Not a fault: what /health/ready answers while the model loads or the server stops. */
const isNotReady = (labels) => labels.route === "/health/ready" && Number(labels.status) === 503;

const milliseconds = (seconds) => (seconds === null ? "–" : seconds < 0.01 ? `${(seconds * 1000).toFixed(2)} ms` : `${(seconds * 1000).toFixed(1)} ms`);
const perSecond = (value) => (value === null ? "–" : `${value < 10 ? value.toFixed(1) : count(value)}/s`);

/** What is shown: each meter reads two readings and gives a number, a text and a detail. */
const meters = [
  {id: "throughput", name: "Images", read: (a, b, s) => {
    const value = rate(a, b, "facet_images_embedded_total", s);
    return {value, text: perSecond(value), detail: `${count(total(b, "facet_images_embedded_total") ?? 0)} embedded, ${count(total(b, "facet_images_failed_total") ?? 0)} failed`};
  }},
  {id: "requests", name: "Answers", read: (a, b, s) => {
    const other = (labels) => labels.route !== "/metrics" && labels.route !== "/web/{file}";
    const value = rate(a, b, "facet_http_responses_total", s, other);
    const errors = total(b, "facet_http_responses_total", (labels) => Number(labels.status) >= 500 && !isNotReady(labels)) ?? 0;
    return {value, text: perSecond(value), detail: `${count(errors)} with status 5xx; ${count(total(b, "facet_http_connections_open") ?? 0)} connections open`};
  }},
  {id: "latency", name: "Forward pass", read: (a, b) => {
    const value = mean(a, b, "facet_inference_seconds");
    const high = quantile(a, b, "facet_inference_seconds", 0.95);
    const decode = mean(a, b, "facet_decode_seconds");
    return {value, text: milliseconds(value), detail: value === null ? "no image in the last seconds" : `95 % within ${milliseconds(high)}; decoding ${milliseconds(decode)}`};
  }},
  {id: "queue", name: "Queue", read: (a, b) => {
    const value = total(b, "facet_queue_images");
    return {value, text: value === null ? "–" : count(value), detail: `${count(total(b, "facet_requests_refused_total") ?? 0)} requests refused since the start`};
  }},
  {id: "cache", name: "Cache hits", most: 1, read: (a, b) => {
    const [hits, misses] = [total(b, "facet_cache_hits_total"), total(b, "facet_cache_misses_total")];
    if (hits === null) return {value: null, text: "–", detail: "no cache: the server runs without a catalog"};
    const value = hits + misses > 0 ? hits / (hits + misses) : null;
    return {value, text: value === null ? "–" : `${(value * 100).toFixed(0)} %`, detail: `${count(total(b, "facet_cache_entries") ?? 0)} entries, ${bytes(total(b, "facet_cache_bytes") ?? 0)}`};
  }},
  {id: "memory", name: "Memory", read: (a, b) => {
    const resident = total(b, "process_resident_memory_bytes");
    const vectors = total(b, "facet_catalog_vector_bytes") ?? 0;
    const value = resident ?? vectors + (total(b, "facet_cache_bytes") ?? 0);
    return {value, text: bytes(value), detail: `${resident === null ? "vectors and cache; " : ""}${count(total(b, "facet_catalog_vectors") ?? 0)} vectors, ${bytes(vectors)}`};
  }},
];

const history = new Map(meters.map((meter) => [meter.id, []]));

function setUp() {
  fill($("#meters"), meters.map((meter) => h("section.card.meter", {id: meter.id, "aria-label": meter.name},
    h("h2", {}, meter.name), h("p.value", {}, "–"), h("div.line"), h("p.soft.small.detail", {}, "…"))));
}

function show(before, now, seconds) {
  for (const meter of meters) {
    const reading = meter.read(before, now, seconds);
    const values = history.get(meter.id);
    values.push(reading.value ?? NaN);
    if (values.length > kept) values.shift();
    const box = $(`#${meter.id}`);
    $(".value", box).textContent = reading.text;
    $(".detail", box).textContent = reading.detail;
    const padded = [...Array(Math.max(0, kept - values.length)).fill(NaN), ...values];
    fill($(".line", box), sparkline(padded, {most: meter.most ?? 0, label: `${meter.name} over the last ${Math.round((values.length * period) / 1000)} seconds, now ${reading.text}`}));
  }
  showRoutes(now);
  showFacts(now);
}

function showRoutes(now) {
  const routes = new Map();
  for (const {labels, value} of now.get("facet_http_responses_total") ?? []) {
    const row = routes.get(labels.route) ?? {good: 0, caller: 0, server: 0, notReady: 0};
    if (isNotReady(labels)) row.notReady += value;
    row[labels.status >= 500 ? "server" : labels.status >= 400 ? "caller" : "good"] += value;
    routes.set(labels.route, row);
  }
  fill($("#routes"), h("table", {}, h("thead", {}, h("tr", {}, ["route", "2xx, 3xx", "4xx", "5xx"].map((name, place) => h("th", {scope: "col", class: place ? "number" : ""}, name)))),
    h("tbody", {}, [...routes].sort().map(([route, row]) => h("tr", {}, h("th", {scope: "row"}, h("code", {}, route)),
      ["good", "caller", "server"].map((kind) => h("td.number", {class: `number${kind !== "good" && row[kind] > (kind === "server" ? row.notReady : 0) ? " some" : ""}`}, count(row[kind]))))))));
}

function showFacts(now) {
  const rows = [["Collections", count(total(now, "facet_catalog_collections") ?? 0)], ["Vectors in memory", count(total(now, "facet_catalog_vectors") ?? 0)],
    ["Transactions", count(total(now, "facet_catalog_transactions_total") ?? 0)], ["Writes", count(total(now, "facet_catalog_writes_total") ?? 0)],
    ["Connections accepted", count(total(now, "facet_http_connections_accepted_total") ?? 0)], ["Connections refused", count(total(now, "facet_http_connections_refused_total") ?? 0)],
    ["Mean batch", (mean(null, now, "facet_batch_images") ?? 0).toFixed(1)], ["Mean forward pass", milliseconds(mean(null, now, "facet_inference_seconds"))]];
  fill($("#facts"), rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

async function health() {
  const badge = $("#health");
  try {
    const answer = await get("/v1/models");
    badge.textContent = answer.data.length ? `ready: ${answer.data.map((one) => one.id).join(", ")}` : "no model yet";
    badge.className = answer.data.length ? "badge good" : "badge";
  } catch (error) {
    badge.textContent = error instanceof Refusal ? "refused" : "not reached";
    badge.className = "badge error";
  }
}

async function tick() {
  clearTimeout(timer);
  if (paused || document.hidden) return;
  try {
    const response = await call("GET", "/metrics");
    const now = {metrics: parseMetrics(await response.text()), at: performance.now()};
    show(last?.metrics ?? null, now.metrics, last ? (now.at - last.at) / 1000 : 0);
    last = now;
    notice($("#notice"), "info");
    await health();
  } catch (error) {
    fail($("#notice"), error);
    $("#health").textContent = "not reached";
    $("#health").className = "badge error";
  }
  clearTimeout(timer);
  timer = setTimeout(tick, period);
}

setUp();
$("#pause").addEventListener("click", (event) => {
  paused = !paused;
  event.currentTarget.setAttribute("aria-pressed", String(paused));
  event.currentTarget.textContent = paused ? "Go on" : "Pause";
  if (!paused) {
    last = null;
    tick();
  }
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else {
    last = null;
    tick();
  }
});
tick();
