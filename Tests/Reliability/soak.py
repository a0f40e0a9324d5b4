# SPDX-License-Identifier: Apache-2.0
"""Mixed traffic for a long time: memory, descriptors, threads and latency into a CSV file and an SVG plot, with their slopes."""
import http.client, json, math, random, threading, time
from common import Report, Server, percentile, png, raw

KINDS = ("embed", "cached", "put", "search", "look", "delete")
# Weights of the kinds and the odd ones: maps, wrong requests, clients that vanish.
MIX = [("embed", 20), ("cached", 20), ("put", 14), ("search", 24), ("look", 14), ("delete", 5), ("map", 1), ("wrong", 2), ("vanish", 1)]
SLOTS = 400


class Traffic:
    def __init__(self, server, pace):
        self.server, self.pace = server, pace
        self.lock, self.times, self.odd, self.done = threading.Lock(), {kind: [] for kind in KINDS}, {}, threading.Event()
        self.requests = 0
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(4)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        chance = random.Random(number)
        link = None
        names, weights = zip(*MIX)
        count = 0
        while not self.done.is_set():
            kind = chance.choices(names, weights)[0]
            count += 1
            try:
                if kind == "wrong":
                    raw(self.server, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 2)
                    continue
                if kind == "vanish":
                    self.vanish(png(chance.getrandbits(60)))
                    continue
                if link is None or count % 200 == 0:
                    link = http.client.HTTPConnection(self.server.host, self.server.port, timeout=30)
                start = time.monotonic()
                link.request(*self.request(kind, chance))
                reply = link.getresponse()
                reply.read()
                self.note(kind, reply.status, time.monotonic() - start)
            except (OSError, http.client.HTTPException) as error:
                self.note(kind, type(error).__name__, 0)
                link = None
            time.sleep(chance.random() * 2 * self.pace)

    def vanish(self, body):
        import socket
        with socket.create_connection((self.server.host, self.server.port), timeout=5) as link:
            link.sendall(b"POST /v1/embeddings HTTP/1.1\r\nHost: h\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def request(self, kind, chance):
        image, item = {"Content-Type": "image/png"}, f"/v1/collections/soak/items/{chance.randrange(SLOTS)}"
        if kind == "embed":
            return "POST", "/v1/embeddings?spaces=color", png(chance.getrandbits(60)), image
        if kind == "cached":
            return "POST", "/v1/embeddings?spaces=color", png(chance.randrange(50)), image
        if kind == "put":
            return "PUT", item, png(chance.getrandbits(60)), image
        if kind == "search":
            question = {"vectors": {"color": [chance.gauss(0, 1) for _ in range(128)]}}
            if chance.random() < .7:
                question = {"id": str(chance.randrange(SLOTS))}
            return "POST", "/v1/collections/soak/search", json.dumps({**question, "k": 10}), {"Content-Type": "application/json"}
        if kind == "look":
            return "GET", chance.choice([item, "/v1/collections/soak/items?limit=50", "/v1/info", "/metrics", item + "/thumbnail", "/"]), None, {}
        if kind == "delete":
            return "DELETE", item, None, {}
        return "GET", "/v1/collections/soak/map?space=color&method=principal", None, {}

    def note(self, kind, status, seconds):
        with self.lock:
            self.requests += 1
            if kind in self.times and isinstance(status, int) and status < 400:
                self.times[kind].append(seconds)
            if not isinstance(status, int) or status >= 500 or status == 400:
                self.odd[(kind, status)] = self.odd.get((kind, status), 0) + 1

    def take(self):
        with self.lock:
            taken, self.times = self.times, {kind: [] for kind in KINDS}
            return taken

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join()


def slope(points):
    """Least squares: change of the second value in an hour."""
    n = len(points)
    if n < 3:
        return 0.0
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    below = sum((x - mx) ** 2 for x, _ in points)
    return 3600 * sum((x - mx) * (y - my) for x, y in points) / below if below else 0.0


def plot(rows, path):
    """Four panels over the time: memory, descriptors, threads, and latency, whose scale is logarithmic."""
    panels = [("resident memory, MiB", ["rss_mib"], False), ("descriptors", ["files"], False), ("threads", ["threads"], False),
              ("latency p50 and p99, ms (logarithmic)", ["embed_p50", "embed_p99", "search_p50", "search_p99"], True)]
    colours = ["#0b5fa5", "#9cc7e8", "#b5400b", "#f0bda0"]
    width, height, left, step = 900, 190, 60, 215
    inner, right = height - 40, width - 120
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {step * len(panels) + 25}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="#fff"/>']
    last = max(rows[-1]["seconds"], 1)
    for number, (title, names, logarithmic) in enumerate(panels):
        top = number * step + 25
        values = [row[name] for row in rows for name in names if row[name] == row[name]]
        most = max(values) * 1.1 or 1
        least = 10 ** math.floor(math.log10(max(min(values), 0.01))) if logarithmic else 0
        ticks = [least * 10 ** n for n in range(9) if least * 10 ** n <= most] if logarithmic else [0, most / 2, most]

        def y(value):
            share = math.log(max(value, least) / least) / math.log(most / least) if logarithmic else value / most
            return top + inner - share * inner
        out.append(f'<text x="{left}" y="{top - 7}" font-weight="bold">{title}</text>')
        for tick in ticks:
            out.append(f'<line x1="{left}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#ddd"/><text x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.4g}</text>')
        for share in range(0, 6):
            x = left + share / 5 * (right - left)
            out.append(f'<text x="{x:.1f}" y="{top + height - 24}" text-anchor="middle">{share * last / 300:.1f} min</text>')
        # The 99th percentiles first, so that the medians lie on top.
        for place, (name, colour) in reversed(list(enumerate(zip(names, colours)))):
            points = " ".join(f"{left + row['seconds'] / last * (right - left):.1f},{y(row[name]):.1f}" for row in rows if row[name] == row[name])
            out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
            out.append(f'<text x="{width - 112}" y="{top + 15 + 16 * place}" fill="{colour}">{name.replace("_", " ")}</text>')
    path.write_text("\n".join(out + ["</svg>"]) + "\n")


def run(short, options):
    report = Report("soak")
    minutes, interval, pace = (0.1, 1, 0.005) if short else (options.minutes, 5, options.pace)
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    with Server(nice=options.nice) as server:
        assert server.json("PUT", "/v1/collections/soak", {})[0] == 201
        traffic = Traffic(server, pace)
        start = time.monotonic()
        columns = ["seconds", "rss_mib", "files", "threads", "requests"] + [f"{kind}_{part}" for kind in KINDS for part in ("p50", "p99")]
        with open(options.out / "soak.csv", "w") as table:
            print(",".join(columns), file=table)
            while time.monotonic() - start < minutes * 60 and server.alive():
                time.sleep(interval)
                state, times = server.status_of_process(), traffic.take()
                row = {"seconds": round(time.monotonic() - start, 1), "rss_mib": round(state["rss"] / 2**20, 2), "files": state["files"],
                       "threads": state["threads"], "requests": traffic.requests}
                for kind in KINDS:
                    row[f"{kind}_p50"], row[f"{kind}_p99"] = (round(1000 * percentile(times[kind], share), 2) for share in (.5, .99))
                rows.append(row)
                print(",".join(str(row[name]) for name in columns), file=table, flush=True)
                if len(rows) % 24 == 0:
                    plot(rows, options.out / "soak.svg")
        traffic.stop()
        report.check(server.alive(), "the server is alive")
        code, seconds = server.stop()
        report.check(code == 0, f"it stopped with {code} after {seconds:.1f} s")
    plot(rows, options.out / "soak.svg")
    later = rows[len(rows) // 4:]
    report.say(f"{minutes:g} min, {traffic.requests} requests, {len(rows)} samples in {options.out}/soak.csv")
    report.check(not traffic.odd, f"no answer of 400 or 500 and more, no broken connection: {traffic.odd}")
    for name, unit, most in [("rss_mib", "MiB", 0.1), ("files", "descriptors", 0.1), ("threads", "threads", 0.25), ("embed_p50", "ms", 1), ("search_p50", "ms", 1)]:
        points = [(row["seconds"], row[name]) for row in later if row[name] == row[name]]
        mean, change = sum(y for _, y in points) / len(points), slope(points)
        text = f"{name}: first {rows[0][name]:g}, mean {mean:.1f}, least {min(y for _, y in points):g}, most {max(y for _, y in points):g}, slope {change:+.2f} {unit}/h"
        # Too short a time says nothing about an hour.
        if short or minutes < 10:
            report.say(text)
        else:
            report.check(abs(change) <= most * mean, text + f" (flat: within {most:.0%} of the mean an hour)")
    return report.end()
