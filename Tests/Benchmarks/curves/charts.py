# SPDX-License-Identifier: Apache-2.0
"""Line charts as SVG, and the one page that holds them. Standard library only."""
import html, math

COLOURS = ["#1f5fa8", "#c2541b", "#2c7a3f", "#7b3fa0"]
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:1080px;margin:24px auto;padding:0 16px;color:#1b1b1b;background:#fff}
main{display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:28px}figure{margin:0}figcaption{font-weight:600;margin-bottom:4px}
p.note{color:#444;margin:2px 0 0}svg{width:100%;height:auto}svg text{font-size:12px;fill:#333}table{border-collapse:collapse}td,th{padding:2px 12px 2px 0;text-align:right}
td:first-child,th:first-child{text-align:left}"""


def nice(low, high, count=5):
    """Round numbers between low and high."""
    raw = (high - low or 1) / count
    unit = 10 ** math.floor(math.log10(raw))
    step = next(unit * m for m in (1, 2, 5, 10) if unit * m >= raw)
    first = math.ceil(low / step - 1e-9)
    return [first * step + i * step for i in range(int((high - first * step) / step + 1e-9) + 1)]


def label(value):
    if value >= 1e6: return f"{value / 1e6:g}M"
    return f"{value / 1000:g}k" if value >= 10_000 else f"{value:.4g}"


class Axis:
    """Values to places between two ends, linear from zero or logarithmic."""

    def __init__(self, values, begin, end, log):
        self.log, self.begin, self.end = log, begin, end
        change = math.log10 if log else float
        self.low, self.high = (change(min(values)), change(max(values))) if log else (0, max(values) * 1.06 or 1)
        if self.high <= self.low: self.high = self.low + 1
        if log:
            powers = range(math.floor(self.low), math.ceil(self.high) + 1)
            close = self.high - self.low < 2.2
            self.ticks = [m * 10.0**p for p in powers for m in ((1, 2, 5) if close else (1,)) if self.low - 1e-6 <= math.log10(m * 10.0**p) <= self.high + 1e-6]
        else:
            self.ticks = nice(self.low, self.high)

    def at(self, value):
        value = math.log10(max(value, 1e-12)) if self.log else value
        return self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)


def chart(title, x_name, y_name, series, note="", log_x=False, log_y=False, mark=None):
    """One figure; `series` is {name: [(x, y), ...]}, `mark` (x, text) an upright line."""
    points = [point for line in series.values() for point in line]
    x, y = Axis([p[0] for p in points], 62, 470, log_x), Axis([p[1] for p in points], 236, 14, log_y)
    out = [f'<svg viewBox="0 0 500 284" role="img" aria-label="{html.escape(title)}">']
    for tick in y.ticks:
        out.append(f'<line x1="62" x2="478" y1="{y.at(tick):.1f}" y2="{y.at(tick):.1f}" stroke="#e2e2e2"/><text x="56" y="{y.at(tick) + 4:.1f}" text-anchor="end">{label(tick)}</text>')
    for tick in x.ticks:
        out.append(f'<line x1="{x.at(tick):.1f}" x2="{x.at(tick):.1f}" y1="236" y2="241" stroke="#888"/><text x="{x.at(tick):.1f}" y="254" text-anchor="middle">{label(tick)}</text>')
    out.append(f'<line x1="62" x2="478" y1="236" y2="236" stroke="#888"/><text x="270" y="274" text-anchor="middle">{html.escape(x_name)}</text>')
    out.append(f'<text transform="translate(13 125) rotate(-90)" text-anchor="middle">{html.escape(y_name)}</text>')
    if mark:
        out.append(f'<line x1="{x.at(mark[0]):.1f}" x2="{x.at(mark[0]):.1f}" y1="14" y2="236" stroke="#999" stroke-dasharray="4 3"/><text x="{x.at(mark[0]) + 4:.1f}" y="24">{html.escape(mark[1])}</text>')
    for colour, (name, line) in zip(COLOURS, series.items()):
        path = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x.at(a):.1f}" cy="{y.at(b):.1f}" r="3.2" fill="{colour}"><title>{html.escape(name)}: {label(a)}, {b:.4g}</title></circle>' for a, b in line]
    legend = " ".join(f'<span style="color:{colour}">&#9632;</span> {html.escape(name)}&ensp;' for colour, name in zip(COLOURS, series)) if len(series) > 1 else ""
    return f'<figure><figcaption>{html.escape(title)}</figcaption>{legend}{"".join(out)}</svg><p class="note">{html.escape(note)}</p></figure>'


def table(title, rows):
    cells = "".join(f"<tr><td>{html.escape(name)}</td><td>{value:,}</td></tr>" for name, value in rows.items())
    return f"<figure><figcaption>{html.escape(title)}</figcaption><table>{cells}</table></figure>"


def page(machine, figures):
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>How cost grows</title><style>{STYLE}</style>'
            f"<h1>How cost grows</h1><p>{html.escape(machine)}. Times are this machine's at that minute; counts are everyone's.</p><main>{''.join(figures)}</main></html>\n")
