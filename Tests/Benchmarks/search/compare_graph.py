# SPDX-License-Identifier: Apache-2.0
"""Times approximate search in facet-bench and in peers, in turn, over the same vectors and one thread a search: for each
engine the curve of recall@k against time, and the ratio of medians at the effort where recall first reaches the target; there
also the queries a second when all are asked in one call on one and on two threads.

Rows are four unit segments; the peers search the whole rows by inner product, which is Facet's score with equal weights. With
--weights, Facet is also asked with those: recall and time beside its exact search, which no peer offers without another index.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
SEGMENTS = 4
EFFORTS = [10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 384, 512, 768, 1024, 1536, 2048]


def vectors(kind, rows, queries, dimensions, seed=1):
    """`clustered`: a row belongs to one of rows/100 centres. `spaces`: every segment has clusters of its own, some of them
    large, and a few directions in which rows vary inside a cluster."""
    random = np.random.default_rng(seed)
    count = rows + queries
    if kind == "clustered":
        every = random.standard_normal((count, dimensions), dtype=np.float32) * np.float32(0.5)
        centres = random.standard_normal((max(1, rows // 100), dimensions), dtype=np.float32)
        for start in range(0, count, 65536):
            part = every[start:start + 65536]
            part += centres[random.integers(0, len(centres), len(part))]
    else:
        width = dimensions // SEGMENTS
        inner = max(4, width // 8)
        every = np.empty((count, dimensions), np.float32)
        for segment, clusters in enumerate([2000, 300, 1000, 100]):
            centres = random.standard_normal((clusters, width), dtype=np.float32)
            ways = random.standard_normal((inner, width), dtype=np.float32) / np.float32(np.sqrt(inner))
            share = np.sort(random.pareto(1.5, clusters)) + 0.05
            for start in range(0, count, 65536):
                size = min(65536, count - start)
                part = centres[random.choice(clusters, size, p=share / share.sum())]
                part = part + random.standard_normal((size, inner), dtype=np.float32) @ ways
                part += random.standard_normal((size, width), dtype=np.float32) * np.float32(0.1)
                every[start:start + size, segment * width:(segment + 1) * width] = part
    parts = every.reshape(count, SEGMENTS, -1)
    for start in range(0, count, 65536):
        parts[start:start + 65536] /= np.linalg.norm(parts[start:start + 65536], axis=2, keepdims=True)
    every *= np.float32(1 / np.sqrt(SEGMENTS))
    return every[:rows], every[rows:]


def kth_best(data, queries, k):
    best = np.full((len(queries), k), -np.inf, np.float32)
    for start in range(0, len(data), 65536):
        both = np.concatenate([best, queries @ data[start:start + 65536].T], axis=1)
        best = np.partition(both, -k, axis=1)[:, -k:]
    return best.min(axis=1)


def recall_of(data, queries, hits, least, k):
    good = 0
    for query, keys, limit in zip(queries, hits, least):
        keys = np.unique(np.asarray(keys[:k], dtype=np.int64))
        good += int((data[keys[keys >= 0]] @ query >= limit - 1e-5).sum())
    return good / (len(queries) * k)


def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()


def faiss_hnsw(data, args, path):
    import faiss
    faiss.omp_set_num_threads(args.build_threads)
    if path.exists():
        index = faiss.read_index(str(path))
    else:
        index = faiss.IndexHNSWFlat(data.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = args.build_effort
        index.add(data)
        faiss.write_index(index, str(path))
    faiss.omp_set_num_threads(1)

    def search(query, effort):
        index.hnsw.efSearch = effort
        return index.search(query[None], args.k)[1][0]

    def many(queries, effort, threads):
        index.hnsw.efSearch = effort
        faiss.omp_set_num_threads(threads)
        index.search(queries, args.k)
        faiss.omp_set_num_threads(1)

    return search, many


def hnswlib_graph(links):
    def make(data, args, path):
        import hnswlib
        index = hnswlib.Index(space="ip", dim=data.shape[1])
        if path.exists():
            index.load_index(str(path), max_elements=len(data))
        else:
            index.init_index(max_elements=len(data), M=links, ef_construction=args.build_effort)
            index.add_items(data, num_threads=args.build_threads)
            index.save_index(str(path))
        index.set_num_threads(1)

        def search(query, effort):
            index.set_ef(effort)
            return index.knn_query(query[None], k=args.k)[0][0]

        def many(queries, effort, threads):
            index.set_ef(effort)
            index.knn_query(queries, k=args.k, num_threads=threads)

        return search, many
    return make


def usearch_graph(precision):
    def make(data, args, path):
        from usearch.index import Index
        index = Index(ndim=data.shape[1], metric="ip", dtype=precision, connectivity=16, expansion_add=args.build_effort)
        if path.exists():
            index.load(str(path))
        else:
            index.add(np.arange(len(data)), data, threads=args.build_threads)
            index.save(str(path))

        def search(query, effort):
            index.expansion_search = effort
            return index.search(query, args.k, threads=1).keys

        def many(queries, effort, threads):
            index.expansion_search = effort
            index.search(queries, args.k, threads=threads)

        return search, many
    return make


PEERS = {"faiss-hnsw32": faiss_hnsw, "hnswlib-16": hnswlib_graph(16), "hnswlib-32": hnswlib_graph(32), "usearch-f32": usearch_graph("f32"),
         "usearch-f16": usearch_graph("f16")}


class Facet:
    def __init__(self, folder, args):
        command = [args.bench, "graph", "--input", folder / "data", "--queries", folder / "queries", "--k", args.k, "--segments",
                   ",".join([str(args.dimensions // SEGMENTS)] * SEGMENTS), "--build-threads", args.build_threads] + args.facet.split()
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.built = json.loads(self.process.stdout.readline())

    def many(self, effort, threads):
        return self.ask("many", [effort, threads])["queries_per_second"]

    def ask(self, effort, weights=()):
        self.process.stdin.write(" ".join(map(str, [effort, *weights])) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def rate(ask, count):
    """Queries a second of the fastest of five calls."""
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        ask()
        best = min(best, time.perf_counter() - start)
    return count / best


def flat_ratio(data, queries, facet, args):
    """Exact scans of one query at a time on two threads, in turn with FAISS's flat index."""
    import faiss
    index = faiss.IndexFlatIP(data.shape[1])
    index.add(data)
    faiss.omp_set_num_threads(2)
    pairs = []
    for _ in range(args.rounds):
        mine = facet.ask("exact")["median_us"]
        pairs.append((peer_times(lambda query, _: index.search(query[None], args.k)[1][0], queries, 0)[0], mine))
    faiss.omp_set_num_threads(1)
    ratios = [other / mine for other, mine in pairs]
    print(f"  exact, 2 threads: FAISS flat {statistics.median(p[0] for p in pairs):.0f} us, Facet {statistics.median(p[1] for p in pairs):.0f} us: "
          f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); load {os.getloadavg()[0]:.1f}", flush=True)


def peer_times(search, queries, effort):
    times, hits = [], []
    for query in queries:
        start = time.perf_counter()
        found = search(query, effort)
        times.append((time.perf_counter() - start) * 1e6)
        hits.append(found)
    return statistics.median(times), hits


def curve(ask, recall, target):
    """(effort, recall, microseconds) up to the first effort that reaches the target; None for it when none does."""
    points = []
    for effort in EFFORTS:
        median, hits = ask(effort)
        points.append((effort, recall(hits), median))
        if points[-1][1] >= target:
            return points, effort
    return points, None


def shown(points):
    return "  ".join(f"{effort}:{recall:.3f}/{median:.0f}us" for effort, recall, median in points)


def measure(kind, args):
    data, queries = vectors(kind, args.rows, args.queries, args.dimensions)
    least = kth_best(data, queries, args.k)
    recall = lambda hits: recall_of(data, queries, hits, least, args.k)
    folder = pathlib.Path(args.folder) / f"{kind}-{args.rows}-{args.dimensions}"
    folder.mkdir(parents=True, exist_ok=True)
    data.tofile(folder / "data")
    queries.tofile(folder / "queries")
    title = f"{kind} {args.rows} x {args.dimensions}"
    facet = Facet(folder, args)
    print(f"{title} Facet: graph built in {facet.built['build_seconds']:.0f} s with {args.build_threads} threads, measured after "
          f"{facet.built['ready_seconds']:.0f} s; memory {facet.built['bytes_per_float_byte']:.3f} times the floats, of which the graph "
          f"{facet.built['graph_per_float_byte']:.3f}; load {os.getloadavg()[0]:.1f}", flush=True)
    for line in facet.built["measured"]:
        print(f"    {line}")

    def ours(effort):
        answer = facet.ask(effort)
        return answer["median_us"], answer["hits"]

    own, effort = curve(ours, recall, args.target)
    print(f"  {'facet':13} {shown(own)}", flush=True)
    auto, exact = facet.ask("auto"), facet.ask("exact")
    print(f"  {'':13} auto: recall {recall(auto['hits']):.4f} (expected {auto['expected_recall']:.4f}), {auto['median_us']:.0f} us, "
          f"{auto['exact']} of {len(queries)} scanned; exact: recall {recall(exact['hits']):.4f}, {exact['median_us']:.0f} us", flush=True)
    if args.peers:
        flat_ratio(data, queries, facet, args)
    for peer in args.peers.split(",") if args.peers else []:
        before, start = resident(), time.perf_counter()
        search, many = PEERS[peer](data, args, folder / f"{peer}-{args.build_effort}")
        took, grown = time.perf_counter() - start, (resident() - before) / data.nbytes
        search(queries[0], 16)
        theirs, level = curve(lambda effort: peer_times(search, queries, effort), recall, args.target)
        print(f"  {peer:13} {shown(theirs)}", flush=True)
        if effort and level:
            pairs = []
            for _ in range(args.rounds):
                mine, other = facet.ask(effort)["median_us"], peer_times(search, queries, level)[0]
                pairs.append((other / mine, mine, other))
            ratios = [pair[0] for pair in pairs]
            print(f"  {peer:13} at recall {args.target}: {statistics.median(p[2] for p in pairs):.0f} us, Facet "
                  f"{statistics.median(p[1] for p in pairs):.0f} us: ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); "
                  f"built or read in {took:.0f} s, memory {grown:.2f} times the floats; load {os.getloadavg()[0]:.1f}", flush=True)
            for threads in (1, 2):
                mine, other = facet.many(effort, threads), rate(lambda: many(queries, level, threads), len(queries))
                print(f"  {'':13} all at once, {threads} thread{'s' if threads > 1 else ''}: {other:.0f} queries/s, Facet {mine:.0f}: ratio {mine / other:.2f}", flush=True)
        del search, many
    for weights in args.weights:
        values = [float(part) for part in weights.split(",")]
        scale = np.repeat(np.array(values, np.float32) / sum(map(abs, values)), args.dimensions // SEGMENTS)
        line = []
        limit = kth_best(data, queries * scale, args.k)
        for way in ["auto", "exact"]:
            answer = facet.ask(way, values)
            share = recall_of(data, queries * scale, answer["hits"], limit, args.k)
            line.append(f"{way} recall {share:.4f}, {answer['median_us']:.0f} us, {answer['exact']} scanned")
        print(f"  weights {weights}: {'; '.join(line)}", flush=True)
    facet.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--target", type=float, default=0.99)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--build-threads", type=int, default=os.cpu_count())
    parser.add_argument("--build-effort", type=int, default=100, help="of the peers; Facet's own default is the same")
    parser.add_argument("--kinds", default="clustered,spaces")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--weights", nargs="*", default=["1,0,0,0", "0,0,0,1", "-1,0,0,0", "1,0.3,0.1,0.6", "1,-0.5,1,0"])
    parser.add_argument("--facet", default="", help="more options of facet-bench graph")
    parser.add_argument("--folder", default=str(ROOT / ".build/search-graphs"), help="vectors and the peers' graphs, kept from one run to the next")
    parser.add_argument("--bench", type=pathlib.Path, default=ROOT / ".build/release/facet-bench")
    args = parser.parse_args()
    for kind in args.kinds.split(","):
        measure(kind, args)


if __name__ == "__main__":
    main()
