#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What 10^6, 10^8 and 10^10 items cost: the tables and the plot of deploy/docs/scale.md, from the figures in scale.json.

    Tests/Benchmarks/arithmetic.py                           prints the tables
    Tests/Benchmarks/arithmetic.py --write                   puts them into the page, and draws the plot
    Tests/Benchmarks/arithmetic.py --check                   fails where page or plot are not those of scale.json
    Tests/Benchmarks/arithmetic.py --bench FILE --write      first takes what Tests/Benchmarks/replicas measured

Standard library only. Decimal units: a GB is 10^9 bytes.
"""
import argparse, html, json, math, pathlib, re, sys

HERE = pathlib.Path(__file__).resolve().parent
FIGURES = HERE / "scale.json"
PAGE = HERE.parents[1] / "deploy/docs/scale.md"
PLOT = HERE.parents[1] / "deploy/pictures/scale.svg"
COUNTS = [10**6, 10**8, 10**10]
COLOURS = ["#1f5fa8", "#c2541b", "#2c7a3f"]


def size(value):
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5:
            return f"{value:.3g} {unit}" if value < 100 else f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.3g} PB"


def span(seconds):
    for unit, length in (("years", 365 * 86400), ("days", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if seconds >= 2 * length:
            value = seconds / length
            return f"{value:,.0f} {unit}" if value >= 20 else f"{value:.2g} {unit}"
    return f"{seconds * 1000:.2g} ms" if seconds < 0.2 else f"{seconds:.2g} s"


def power(count):
    return "10" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(round(math.log10(count))))


def round_count(value):
    """Two digits and a word."""
    for unit, length in (("thousand million", 10**9), ("million", 10**6)):
        if value >= length:
            return f"{float(f'{value / length:.2g}'):g} {unit}"
    return f"{value:,.0f}"


class Costs:
    def __init__(self, figures):
        self.f = {name: entry["value"] for name, entry in figures.items()}
        floats = 4 * self.f["components"]
        self.process = floats * self.f["memory times floats, with a graph"]
        self.table = {"float32": self.f["PostgreSQL table, float32"], "float16": self.f["PostgreSQL table, float16"]}
        self.keys, self.graph = self.f["PostgreSQL keys"], self.f["PostgreSQL graph"]
        self.usable = self.f["memory of a machine"] * self.f["share of it that may be used"]

    def designs(self):
        """Each design's memory and disk of an item, without pictures."""
        server = {f"PostgreSQL, {name}": (self.graph, table + self.keys + self.graph) for name, table in self.table.items()}
        return {"one process, SQLite": (self.process, self.f["SQLite file"]), **server}

    def table_of_items(self):
        rows = [f"| {name} | {memory:,.0f} | {disk:,.0f} |" for name, (memory, disk) in self.designs().items()]
        rows.append(f"| its small picture (160 pixels), SQLite | 0 | {self.f['SQLite picture']:,.0f} |")
        rows.append(f"| its small picture, PostgreSQL | 0 | {self.f['PostgreSQL picture']:,.0f} |")
        return ["| bytes an item | memory | disk |", "|---|--:|--:|", *rows]

    def table_of_counts(self):
        heads = ["| | " + " | ".join(f"{power(count)} items" for count in COUNTS) + " |", "|---" + "|--:" * len(COUNTS) + "|"]
        def row(name, tell):
            return f"| {name} | " + " | ".join(tell(count) for count in COUNTS) + " |"
        f, rows = self.f, []
        for model in ("facet-small", "ResNet-50"):
            rate = f[f"images a second and core, {model}"]
            rows.append(row(f"embed with `{model}`: core hours" if model == "facet-small" else f"embed with {model}: core hours", lambda n: f"{float(f'{n / rate / 3600:.2g}'):,g}"))
        for name, (memory, disk) in self.designs().items():
            picture = f["SQLite picture" if "SQLite" in name else "PostgreSQL picture"]
            rows.append(row(f"**{name}**: memory", lambda n: size(n * memory)))
            rows.append(row("disk, without and with pictures", lambda n: f"{size(n * disk)}, {size(n * (disk + picture))}"))
            machines = lambda n: math.ceil(n * memory / self.usable)
            if "SQLite" in name:
                rows.append(row("fits one machine", lambda n: "yes" if machines(n) == 1 else "no"))
                rows.append(row("start: reading the vectors", lambda n: span(n * f["seconds to load an item"]) if machines(n) == 1 else "-"))
                rows.append(row("exact search, one thread", lambda n: span(n * f["seconds to score an item, one thread"]) if machines(n) == 1 else "-"))
            else:
                rows.append(row("machines for the graph", lambda n: f"{machines(n):,}"))
        rows.append(row("**writing**, one PostgreSQL as measured", lambda n: span(n / f["items a second into PostgreSQL"])))
        rows.append(row("exact search in PostgreSQL, core time", lambda n: span(n * f["core seconds to score an item in PostgreSQL"])))
        return heads + rows

    def table_of_ends(self):
        f = self.f
        lines = ["| what ends first | at about |", "|---|---|"]
        for memory in (64e9, 256e9, 1e12):
            usable = memory * f["share of it that may be used"]
            lines.append(f"| one process with SQLite: {size(memory)} of memory | {round_count(usable / self.process)} items |")
        for memory in (64e9, 256e9, 1e12):
            usable = memory * f["share of it that may be used"]
            lines.append(f"| one PostgreSQL: its graph in {size(memory)} of memory | {round_count(usable / self.graph)} items |")
        # PostgreSQL manual, appendix K: 2^32 - 1 blocks a table.
        most = (2**32 - 1) * 8192
        for name, table in self.table.items():
            lines.append(f"| one table of {size(most)}, {name} | {round_count(most / table)} items |")
        lines.append(f"| one table of {size(most)}, pictures | {round_count(most / (f['PostgreSQL picture']))} items |")
        return lines

    def table_of_replicas(self, bench):
        counts = list(bench["figures"]["uncached"])
        names = {"uncached": "embed a new picture", "cached": "embed a known picture", "exact": "search, exact", "graph": "search, graph", "put": "put an item"}
        lines = ["| calls/s | " + " | ".join(f"{count} replica{'s' * (count != '1')}" for count in counts) + " | " + " | ".join(f"{count} : {counts[0]}" for count in counts[1:]) + " |",
                 "|---" + "|--:" * (2 * len(counts) - 1) + "|"]
        for kind, found in bench["figures"].items():
            ratios = [f"{found[count] / found[counts[0]]:.2f}" for count in counts[1:]]
            lines.append(f"| {names[kind]} | " + " | ".join([f"{found[count]:,.0f}" for count in counts] + ratios) + " |")
        return lines + ["", f"({bench['cores']} cores, {bench['clients']} clients, {bench['items']:,} items, medians of {bench['rounds']} round{'s' * (bench['rounds'] > 1)}; "
                        + (f"the machine's load was {bench['load']} before.)" if bench["load"] is not None else "the machine did other work, too.)")]

    def text(self, sources, bench):
        lines = ["| figure | value | from |", "|---|--:|---|"]
        lines += [f"| {name} | {entry['value']:,.9g} | {entry['from']} |" for name, entry in sources.items()]
        return {"items": self.table_of_items(), "counts": self.table_of_counts(), "ends": self.table_of_ends(), "replicas": self.table_of_replicas(bench), "figures": lines}

    def plot(self):
        """Memory over items, both in powers of ten, with machines as level lines."""
        left, right, top, bottom = 70, 560, 16, 300
        low, high, ends = 8, 14.5, (5, 10.3)
        x = lambda count: left + (math.log10(count) - ends[0]) / (ends[1] - ends[0]) * (right - left)
        y = lambda value: bottom - (math.log10(value) - low) / (high - low) * (bottom - top)
        out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 350" font-family="system-ui,sans-serif" font-size="12" role="img">',
               '<title>Memory that a catalog needs, by its number of items</title><rect width="720" height="350" fill="#fff"/>']
        for exponent in range(8, 15):
            value = 10.0**exponent
            out.append(f'<line x1="{left}" x2="{right}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#e4e4e4"/><text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end" fill="#333">{size(value)}</text>')
        for exponent in range(5, 11):
            place = x(10.0**exponent)
            out.append(f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{bottom}" y2="{bottom + 5}" stroke="#888"/><text x="{place:.1f}" y="{bottom + 19}" text-anchor="middle" fill="#333">10<tspan dy="-5" font-size="9">{exponent}</tspan></text>')
        out.append(f'<line x1="{left}" x2="{right}" y1="{bottom}" y2="{bottom}" stroke="#888"/><text x="{(left + right) / 2}" y="{bottom + 40}" text-anchor="middle" fill="#333">items of four times 128 numbers</text>')
        for memory in (64e9, 1e12):
            out.append(f'<line x1="{left}" x2="{right}" y1="{y(memory):.1f}" y2="{y(memory):.1f}" stroke="#666" stroke-dasharray="5 4"/><text x="{left + 8}" y="{y(memory) - 5:.1f}" fill="#444">a machine with {size(memory)}</text>')
        lines = {"one process: vectors, graph": self.process, "PostgreSQL: its graph": self.graph}
        for colour, (name, each) in zip(COLOURS, lines.items()):
            first, last = 10**5, 10**10.3
            last = min(last, 10**high / each)
            out.append(f'<line x1="{x(first):.1f}" y1="{y(first * each):.1f}" x2="{x(last):.1f}" y2="{y(last * each):.1f}" stroke="{colour}" stroke-width="2.5"/>')
            for count in COUNTS:
                out.append(f'<circle cx="{x(count):.1f}" cy="{y(count * each):.1f}" r="4" fill="{colour}"><title>{html.escape(name)}: {size(count * each)}</title></circle>')
        for number, (colour, (name, each)) in enumerate(zip(COLOURS, lines.items())):
            out.append(f'<rect x="{right - 230}" y="{bottom - 52 + 20 * number}" width="12" height="12" fill="{colour}"/><text x="{right - 212}" y="{bottom - 42 + 20 * number}" fill="#222">{html.escape(name)}, {each:,.0f} bytes an item</text>')
        return "\n".join(out + ["</svg>"]) + "\n"


def take(figures, path):
    """What Tests/Benchmarks/replicas measured, into the figures; returns its rates."""
    bench = json.loads(path.read_text())
    name = f"`Tests/Benchmarks/replicas`, {bench['items']:,} items"
    def put(key, value):
        figures[key] = {"value": float(f"{value:.4g}"), "from": name}
    put("PostgreSQL table, float32", bench["bytes"]["table"])
    put("PostgreSQL keys", bench["bytes"]["keys"])
    if bench["bytes"]["graph"] > 100:
        put("PostgreSQL graph", bench["bytes"]["graph"])
    most = {kind: max(entry["per_second"] for entry in found["median"].values()) for kind, found in bench["figures"].items()}
    put("core seconds to score an item in PostgreSQL", bench["cores"] / most["exact"] / bench["items"])
    rates = {kind: {count: float(f"{entry['per_second']:.4g}") for count, entry in found["median"].items()} for kind, found in bench["figures"].items()}
    rounds = len(next(iter(bench["figures"]["put"]["rounds"].values())))
    return {name: bench[name] for name in ("cores", "load", "clients", "items")} | {"rounds": rounds, "figures": rates}


def filled(page, tables):
    for name, lines in tables.items():
        marks = f"<!-- {name}: Tests/Benchmarks/arithmetic.py -->\n", f"<!-- end of {name} -->"
        assert marks[0] in page and marks[1] in page, f"the page has no place for {name}"
        head, rest = page.split(marks[0])
        page = head + marks[0] + "\n".join(lines) + "\n" + marks[1] + rest.split(marks[1], 1)[1]
    return page


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--write", action="store_true", help="put the tables into the page and draw the plot")
    ap.add_argument("--check", action="store_true", help="fail where page or plot are others")
    ap.add_argument("--bench", type=pathlib.Path, help="a bench-replicas.json whose figures are taken over first")
    words = ap.parse_args()
    known = json.loads(FIGURES.read_text())
    figures = known["figures"]
    if words.bench:
        known["replicas"] = take(figures, words.bench)
        FIGURES.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    costs = Costs(figures)
    tables = costs.text(figures, known["replicas"])
    if not (words.write or words.check):
        return print("\n\n".join("\n".join(lines) for lines in tables.values()))
    page = PAGE.read_text()
    if words.write:
        PAGE.write_text(filled(page, tables))
        PLOT.write_text(costs.plot())
        return
    if page != filled(page, tables) or PLOT.read_text() != costs.plot():
        sys.exit(f"{PAGE.name} or {PLOT.name} is not what scale.json gives: run {sys.argv[0]} --write")
    print("the page is what scale.json gives")


if __name__ == "__main__":
    main()
