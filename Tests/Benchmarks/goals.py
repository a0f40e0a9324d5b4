#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every goal of speed and memory, measured beside peers in turn: one line each with the ratio reached and the goal.

    facet-bench peers                                     everything
    facet-bench peers --sections start memory cached --rounds 1 --seconds 2

wrk and nginx come from Debian (apt-get install wrk nginx-light); Hummingbird is built once from peers-http with
--build-hummingbird. What is missing is named and its line left out.
"""
import argparse, json, os, pathlib, shutil, subprocess, sys, tempfile, time
import numpy as np
import server
from server import BENCH, FACET, ROOT

RESNET50 = ROOT / ".build/bench-models/resnet50"
HUMMINGBIRD = pathlib.Path(os.environ.get("FACET_HUMMINGBIRD", ROOT / ".build/bench-hummingbird/release/server"))
ROWS = []


def row(what, found, ratio, goal, met, unit="times"):
    ROWS.append({"what": what, "found": found, "ratio": round(ratio, 4), "unit": unit, "goal": goal, "met": bool(met)})
    print(f"  {what}: {found}; {ratio:.2f} {unit}, goal {goal}: {'reached' if met else 'MISSED'}", flush=True)


def median(values):
    return float(np.median(values))


def run_json(*words):
    return json.loads(subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, cwd=ROOT).stdout)


def engine_rate(folder, batch, threads, seconds):
    found = run_json(BENCH, "inference", "--model", folder, "--batch", batch, "--threads", threads, "--seconds", seconds, "--json")
    return found["images_per_second"][str(batch)]


def engines(args):
    import compare_peers

    for threads in sorted({args.threads, 1}, reverse=True):
        args.threads, saved = threads, args.threads
        for network, batch, precision, ratio, figures in compare_peers.compare_all(args):
            goal = 1.25 if "ResNet-50" in network else 1.5
            row(f"{network}, {precision} precision, batch {batch}, {threads} threads", figures, ratio, f">= {goal} times the best peer", ratio >= goal)
        args.threads = saved


def start(args):
    for name, flags, goal in [("facet-small", ["--models", "models"], 0.2), ("ResNet-50", ["--models", RESNET50.parent, "--model", "resnet50"], 0.5)]:
        times = []
        for _ in range(max(3, args.rounds)):
            with server.facet(*flags) as s:
                times.append(s.ready)
        found = median(times)
        row(f"process start to ready, {name}", f"{found * 1000:.0f} ms", found, f"< {goal} s", found < goal, "s")


def bodies(folder, count=8):
    import pictures

    paths = []
    for index in range(count):
        path = pathlib.Path(folder) / f"{index}.jpg"
        path.write_bytes(pictures.jpeg_of(50_000, seed=index + 1))
        paths.append(path)
    return paths


def load(args):
    """JPEG uploads with the cache off, the engine alone in turn, and ResNet-50's memory after it served them."""
    networks = [("ResNet-50", RESNET50, ["--models", RESNET50.parent, "--model", "resnet50"]), ("facet-small", ROOT / "models/facet-small", [])]
    with tempfile.TemporaryDirectory() as folder:
        files = bodies(folder)
        for name, model, flags in networks:
            shares, ratios, figures = [], [], []
            with server.facet(*flags, "--cache-bytes", 0, "--threads", args.threads) as s:
                for _ in range(args.rounds):
                    own = engine_rate(model, 8, args.threads, args.seconds)
                    single = server.wrk(s, files, 1, args.seconds)
                    many = server.wrk(s, files, 8, args.seconds)
                    shares.append(many["rate"] / own)
                    ratios.append(many["p99_ms"] / single["p50_ms"])
                    figures.append((many["rate"], own, many["p99_ms"], single["p50_ms"]))
                weights, resident, peak = (model / "model.safetensors").stat().st_size / 2**20, s.memory(), s.memory("VmHWM")
            rate, own, p99, single = np.median(figures, axis=0)
            row(f"{name} over HTTP, 8 clients", f"{rate:.1f} of {own:.1f} images/s", median(shares), ">= 0.95 of the engine", median(shares) >= 0.95)
            row(f"{name} over HTTP, p99 of 8 clients", f"{p99:.1f} ms over {single:.1f} ms alone", median(ratios), "< 3 times one request's", median(ratios) < 3)
            if name == "ResNet-50":
                over = (resident - 100) / weights
                row("resident serving ResNet-50", f"{resident:.0f} MB, peak {peak:.0f}, weights {weights:.0f}", over, "< 2.0 times the weights plus 100 MB", over < 2, "times the weights after 100 MB")


def cached(args):
    """A cached image, keep-alive, beside nginx and Hummingbird answering the same bytes in turn."""
    with tempfile.TemporaryDirectory() as folder, server.facet() as own:
        files = bodies(folder, 1)
        answer = own.post(files[0].read_bytes())
        stack = [("Facet", own)]
        with server.nginx(answer) as upper:
            stack.append(("nginx", upper))
            if HUMMINGBIRD.exists():
                with server.hummingbird(HUMMINGBIRD, answer) as peer:
                    race(args, files, stack + [("Hummingbird", peer)], len(answer))
            else:
                print(f"  no {HUMMINGBIRD}: run with --build-hummingbird (some minutes)")
                race(args, files, stack, len(answer))


def race(args, files, stack, size):
    for connections in (1, 16, 256):
        found = {name: [] for name, _ in stack}
        for _ in range(args.rounds):
            for name, s in stack:
                found[name].append(server.wrk(s, files, connections, args.seconds))
        rate = {name: median([r["rate"] for r in list]) for name, list in found.items()}
        p99 = {name: median([r["p99_ms"] for r in list]) for name, list in found.items()}
        cost = {name: median([r["processor_us"] for r in list]) for name, list in found.items()}
        figures = ", ".join(f"{name} {rate[name]:.0f}/s p99 {p99[name]:.2f} ms {cost[name]:.0f} us processor" for name in rate)
        what = f"cached POST of {files[0].stat().st_size // 1000} KB, answer of {size} bytes, {connections} connections"
        print(f"  {what}: {figures}")
        upper = rate["Facet"] / rate["nginx"]
        row(what, "rate beside nginx", upper, "towards 1", upper >= 1)
        if "Hummingbird" in rate:
            ratio = rate["Facet"] / rate["Hummingbird"]
            row(what, "rate beside Hummingbird", ratio, ">= 1.2", ratio >= 1.2)
        if connections == 16:
            row(what, f"p99 {p99['Facet']:.2f} ms", p99["Facet"], "< 3 ms", p99["Facet"] < 3, "ms")


def images(args):
    """JPEG photos to 224x224 on one thread: Pillow in draft mode, libvips' thumbnail of one thread."""
    import pictures, pyvips
    from PIL import Image

    pyvips.cache_set_max(0)

    def pillow(path):
        with Image.open(path) as image:
            image.draft("RGB", (448, 448))
            image = image.convert("RGB")
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            return np.asarray(image.resize((224, 224), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)))

    def vips(path):
        return pyvips.Image.thumbnail(str(path), 224, height=224, crop="centre").numpy()

    def clock(function, path):
        begin = time.perf_counter()
        shape = function(path).shape
        assert shape == (224, 224, 3), shape
        return (time.perf_counter() - begin) * 1000

    with tempfile.TemporaryDirectory() as folder:
        for megapixels, (width, height) in {1: (1152, 864), 4: (2304, 1728), 8: (3264, 2448)}.items():
            photo = pictures.photo(width, height)
            for progressive in (False, True):
                path = pathlib.Path(folder) / f"{megapixels}-{progressive}.jpg"
                path.write_bytes(pictures.jpeg(photo, progressive=progressive))
                found = {"Facet": [], "Pillow draft": [], "libvips": []}
                for _ in range(max(3, args.rounds)):
                    found["Facet"] += run_json(BENCH, "images", "--repeats", 5, "--json", path).values()
                    found["Pillow draft"] += [clock(pillow, path) for _ in range(5)]
                    found["libvips"] += [clock(vips, path) for _ in range(5)]
                own, *others = (median(values) for values in found.values())
                figures = ", ".join(f"{name} {median(values):.1f} ms" for name, values in found.items())
                ratio = min(others) / own
                kind = "progressive" if progressive else "baseline"
                row(f"{kind} JPEG of {megapixels} megapixels ({path.stat().st_size / 1e6:.1f} MB) to 224", figures, ratio, "> 1 times the faster peer", ratio > 1)


def training(args):
    command = [sys.executable, ROOT / "Tests/Benchmarks/training/compare_step.py", "--rounds", str(args.rounds), "--threads", str(args.threads), "--seconds", str(max(4, args.seconds)), "--bench", BENCH]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.strip().splitlines()
    for line in lines: print("  " + line)
    import re

    ratios = re.findall(r"ratio[^0-9]*([0-9.]+)", done.stdout)
    ratio = float(ratios[-1].rstrip("."))
    row("training step", lines[-1].strip(), ratio, ">= 1.5 times PyTorch", ratio >= 1.5)


def memory(args):
    """Resident memory over many requests, five of six cached, the cache small enough to be full early."""
    requests, points = 0, []
    with tempfile.TemporaryDirectory() as folder, server.facet("--cache-bytes", 4 << 20) as s:
        files = bodies(folder, 4)
        while requests < args.requests:
            requests += server.wrk(s, files, 8, 5, unique=6)["requests"]
            points.append((requests, s.memory()))
    late = np.array([p for p in points if p[0] > requests / 2])
    slope = float(np.polyfit(late[:, 0] / 1e5, late[:, 1], 1)[0])
    whole = ", ".join(f"{memory:.1f} MB at {count}" for count, memory in points[:: max(1, len(points) // 8)])
    row(f"resident over {requests} requests, a sixth not cached", whole, slope, "flat: < 1 MB more in 100,000", slope < 1, "MB more in 100,000")


SECTIONS = {"engines": engines, "start": start, "load": load, "cached": cached, "images": images, "memory": memory, "training": training}
NEEDS = {"load": ["wrk"], "cached": ["wrk", "nginx"], "memory": ["wrk"]}


def main():
    ap = argparse.ArgumentParser(prog="facet-bench peers")
    ap.add_argument("--sections", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--threads", type=int, default=os.cpu_count())
    ap.add_argument("--seconds", type=int, default=4, help="of each measurement")
    ap.add_argument("--requests", type=int, default=350_000, help="of the memory section")
    ap.add_argument("--peers", nargs="+", default=None, help="of the engines section: 'ONNX Runtime' OpenVINO PyTorch")
    ap.add_argument("--build-hummingbird", action="store_true", help="build peers-http first")
    ap.add_argument("--json", type=pathlib.Path, help="also write the rows there")
    args = ap.parse_args()
    if args.build_hummingbird:
        package, out = ROOT / "Tests/Benchmarks/peers-http", ROOT / ".build/bench-hummingbird"
        subprocess.run(["swift", "build", "-c", "release", "--package-path", package, "--scratch-path", out], check=True)
    if {"engines", "start", "load"} & set(args.sections) and not (RESNET50 / "model.json").exists():
        import compare_peers

        compare_peers.make_resnet50(RESNET50)
    model = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    print(f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {args.threads} threads, medians of {args.rounds} rounds in turn")
    for name in args.sections:
        missing = [tool for tool in NEEDS.get(name, []) if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin")]
        print(name + (f": left out, not installed: {', '.join(missing)}" if missing else ""), flush=True)
        if not missing:
            SECTIONS[name](args)
    if args.json:
        args.json.write_text(json.dumps(ROWS, indent=1) + "\n")
    print(f"\n{sum(r['met'] for r in ROWS)} of {len(ROWS)} reached")
    for r in ROWS:
        print(f"  {'ok    ' if r['met'] else 'MISSED'} {r['ratio']:8.2f} {r['unit']} ({r['goal']})  {r['what']}")


if __name__ == "__main__":
    main()
