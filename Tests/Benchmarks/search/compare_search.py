# SPDX-License-Identifier: Apache-2.0
"""Times exact search in facet-bench and in peers, in turn, over the same vectors, and prints the ratios of medians.

A row is four segments of equal length, each normalised; the score is the mean of their cosines, which for the peers is the
inner product of the whole rows. Every engine's hits are held against the same float64 reference. hnswlib is measured with its
brute-force index, and with --graph also with its approximate one.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
SEGMENTS = 4


def vectors(kind, rows, queries, dimensions, seed=1):
    """Rows and queries with unit segments: uniform directions, or about 100 rows around each centre."""
    random = np.random.default_rng(seed)
    every = random.standard_normal((rows + queries, dimensions), dtype=np.float32)
    if kind == "clustered":
        centres = random.standard_normal((max(1, rows // 100), dimensions), dtype=np.float32)
        for start in range(0, len(every), 65536):
            part = every[start:start + 65536]
            part *= 0.5
            part += centres[random.integers(0, len(centres), len(part))]
    parts = every.reshape(len(every), SEGMENTS, -1)
    for start in range(0, len(every), 65536):
        part = parts[start:start + 65536]
        part /= np.linalg.norm(part, axis=2, keepdims=True)
    return every[:rows], every[rows:]


def reference(data, queries, k):
    """Scores of each query's k best rows in float64."""
    found = []
    for start in range(0, len(data), 65536):
        scores = queries.astype(np.float64) @ data[start:start + 65536].astype(np.float64).T
        found.append(np.partition(scores, -min(k, scores.shape[1]), axis=1)[:, -k:])
    return -np.sort(-np.concatenate(found, axis=1), axis=1)[:, :k]


def recall_of(data, queries, hits, best, k):
    """The share of hits that score at least as well as the k-th best, to 1e-5."""
    good = 0
    for query, keys, scores in zip(queries, hits, best):
        own = data[np.asarray(keys[:k], dtype=np.int64)].astype(np.float64) @ query.astype(np.float64)
        good += int((own >= scores[-1] - 1e-5).sum())
    return good / (len(queries) * k)


def timed(search, queries):
    times, hits = [], []
    for query in queries:
        start = time.perf_counter()
        found = search(query)
        times.append((time.perf_counter() - start) * 1e3)
        hits.append(found)
    return statistics.median(times), hits


def faiss_flat(data, args, precision=None):
    import faiss
    faiss.omp_set_num_threads(args.threads)
    if precision is None:
        index = faiss.IndexFlatIP(data.shape[1])
    else:
        index = faiss.IndexScalarQuantizer(data.shape[1], precision, faiss.METRIC_INNER_PRODUCT)
        index.train(data[:100000])
    index.add(data)
    single = lambda query: index.search(query[None], args.k)[1][0]
    return single, lambda batch: index.search(batch, args.k)


def faiss_half(data, args):
    import faiss
    return faiss_flat(data, args, faiss.ScalarQuantizer.QT_fp16)


def faiss_int8(data, args):
    import faiss
    return faiss_flat(data, args, faiss.ScalarQuantizer.QT_8bit)


def hnswlib_flat(data, args):
    import hnswlib
    index = hnswlib.BFIndex(space="ip", dim=data.shape[1])
    index.init_index(max_elements=len(data))
    index.set_num_threads(args.threads)
    index.add_items(data)
    find = lambda batch: index.knn_query(batch, k=args.k)
    return lambda query: find(query[None])[0][0], find


def hnswlib_graph(data, args):
    import hnswlib
    index = hnswlib.Index(space="ip", dim=data.shape[1])
    index.init_index(max_elements=len(data), M=16, ef_construction=200)
    index.set_num_threads(args.threads)
    index.add_items(data)
    index.set_ef(args.graph)
    find = lambda batch: index.knn_query(batch, k=args.k)
    return lambda query: find(query[None])[0][0], find


def usearch_exact(data, args):
    from usearch.index import MetricKind, search

    def find(batch):
        return search(data, batch, args.k, MetricKind.IP, exact=True, threads=args.threads)

    return lambda query: find(query[None]).keys.reshape(-1), find


def sqlite_vec(data, args):
    import apsw  # Python's own sqlite3 is often built without extensions
    import sqlite_vec as extension
    base = apsw.Connection(":memory:")
    base.enable_load_extension(True)
    base.load_extension(extension.loadable_path())
    base.execute(f"create virtual table v using vec0(e float[{data.shape[1]}])")
    with base:
        base.executemany("insert into v(rowid, e) values (?, ?)", ((i, row.tobytes()) for i, row in enumerate(data)))
    # Rows are of equal length: the order by distance is the order by inner product.
    ask = "select rowid from v where e match ? and k = ?"
    return lambda query: [row[0] for row in base.execute(ask, (query.tobytes(), args.k))], None


PEERS = {"faiss": faiss_flat, "faiss-fp16": faiss_half, "faiss-int8": faiss_int8, "hnswlib": hnswlib_flat, "usearch": usearch_exact,
         "sqlite-vec": sqlite_vec, "hnswlib-graph": hnswlib_graph}


def facet(folder, data, args):
    command = [args.bench, "search", "--input", folder / "data", "--queries", folder / "queries", "--threads", args.threads, "--k", args.k,
               "--batch", args.batch, "--segments", ",".join([str(data.shape[1] // SEGMENTS)] * SEGMENTS), "--check", 0, "--hits"]
    if args.instructions:
        command += ["--instructions", args.instructions]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"facet-bench failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(kind, args):
    data, queries = vectors(kind, args.rows, args.queries, args.dimensions)
    best = reference(data, queries, args.k)
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = pathlib.Path(name)
        data.tofile(folder / "data")
        queries.tofile(folder / "queries")
        for peer in args.peers.split(","):
            single, batched = PEERS[peer](data, args)
            single(queries[0])
            theirs, together, ours, ratios, batch_ratios = [], [], [], [], []
            for _ in range(args.rounds):
                own = facet(folder, data, args)
                if recall_of(data, queries, own["hits"], best, args.k) != 1:
                    sys.exit("Facet's hits are not the best rows")
                median, hits = timed(single, queries)
                ours.append(own["median_ms"])
                theirs.append(median)
                ratios.append(median / own["median_ms"])
                if batched:
                    start = time.perf_counter()
                    batched(queries[:args.batch])
                    together.append((time.perf_counter() - start) * 1e3 / min(args.batch, len(queries)))
                    batch_ratios.append(together[-1] / own["batch_ms_per_query"])
            recall = recall_of(data, queries, hits, best, args.k)
            batch = f"; batch of {args.batch}: {statistics.median(together):.2f} ms, {statistics.median(batch_ratios):.2f} times ours" if together else ""
            print(f"{kind:9} {args.rows} x {args.dimensions}, {args.threads} threads, {peer:13}: {statistics.median(theirs):7.2f} ms a query, "
                  f"recall {recall:.4f}; Facet {statistics.median(ours):6.2f} ms; ratio {statistics.median(ratios):.2f} "
                  f"({min(ratios):.2f} to {max(ratios):.2f}){batch}; load {os.getloadavg()[0]:.1f}", flush=True)
            del single, batched
    print(f"{kind:9} Facet: {own['instructions']}, loaded in {own['load_seconds']:.2f} s, memory {own['bytes_per_float_byte']:.3f} times the floats, "
          f"{own['rescored']} rows scored exactly, batch {own['batch_ms_per_query']:.2f} ms a query", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", default="uniform,clustered")
    parser.add_argument("--peers", default="faiss,faiss-fp16,faiss-int8,hnswlib,usearch,sqlite-vec")
    parser.add_argument("--graph", type=int, default=100, help="ef of hnswlib-graph")
    parser.add_argument("--instructions", default="", help="of facet-bench; its best without")
    parser.add_argument("--folder", default=None, help="for the vectors; the system's temporary folder without")
    parser.add_argument("--bench", type=pathlib.Path, default=ROOT / ".build/release/facet-bench")
    args = parser.parse_args()
    for kind in args.kinds.split(","):
        measure(kind, args)


main()
