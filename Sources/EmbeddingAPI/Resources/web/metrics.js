// SPDX-License-Identifier: Apache-2.0
// Prometheus's text format 0.0.4, and what two readings of it say of the time between.

/** `Map` of a name to `[{labels, value}]`; lines that cannot be read are passed over. */
export function parseMetrics(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    if (!line || line.startsWith("#")) continue;
    const match = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line);
    if (!match) continue;
    const labels = {};
    for (const [, name, value] of (match[2] ?? "").matchAll(/([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"/g)) {
      labels[name] = value.replace(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character));
    }
    const value = match[3] === "+Inf" ? Infinity : match[3] === "-Inf" ? -Infinity : Number(match[3]);
    if (!found.has(match[1])) found.set(match[1], []);
    found.get(match[1]).push({labels, value});
  }
  return found;
}

/** The sum over a family's samples; null when there are none. */
export function total(metrics, name, where = () => true) {
  const samples = metrics?.get(name)?.filter((sample) => where(sample.labels));
  return samples?.length ? samples.reduce((sum, sample) => sum + sample.value, 0) : null;
}

/** How much a counter grew a second between two readings; null without both. */
export function rate(before, now, name, seconds, where) {
  const [a, b] = [total(before, name, where), total(now, name, where)];
  return b === null || before === null || seconds <= 0 ? null : Math.max(0, b - (a ?? 0)) / seconds;
}

/** A quantile of a histogram's values between two readings, linear within a bucket; null when there were none. */
export function quantile(before, now, name, share) {
  const counts = new Map();
  for (const [metrics, sign] of [[now, 1], [before, -1]]) {
    for (const {labels, value} of metrics?.get(`${name}_bucket`) ?? []) {
      const bound = labels.le === "+Inf" ? Infinity : Number(labels.le);
      counts.set(bound, (counts.get(bound) ?? 0) + sign * value);
    }
  }
  const buckets = [...counts].sort((a, b) => a[0] - b[0]);
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all <= 0) return null;
  let [low, below] = [0, 0];
  for (const [bound, cumulative] of buckets) {
    if (cumulative >= share * all) {
      if (!Number.isFinite(bound)) return low;
      return low + (bound - low) * ((share * all - below) / Math.max(1e-12, cumulative - below));
    }
    [low, below] = [bound, cumulative];
  }
  return low;
}

/** The mean of a histogram's values between two readings; null when there were none. */
export function mean(before, now, name) {
  const samples = (total(now, `${name}_count`) ?? 0) - (total(before, `${name}_count`) ?? 0);
  if (samples <= 0) return null;
  return ((total(now, `${name}_sum`) ?? 0) - (total(before, `${name}_sum`) ?? 0)) / samples;
}
