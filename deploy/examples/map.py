#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a collection in the plane, as the server places it: an SVG with the pictures, or a PNG with points (needs Pillow).

    deploy/examples/map.py sample --space color --out color.svg
    deploy/examples/map.py shop --label category --out shop.png
"""
import argparse
import base64
import colorsys
import html
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

SIDE, EDGE, TILE = 1200, 60, 34


def fetch(url):
    """Status and body; an error of the server ends the script with its message."""
    request = urllib.request.Request(url)
    if os.environ.get("FACET_KEY"):
        request.add_header("Authorization", "Bearer " + os.environ["FACET_KEY"])
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        if error.code == 404 and url.endswith("/thumbnail"):
            return 404, b""
        raise SystemExit(f"{error.code}: {json.load(error)['error']['message']}")
    except urllib.error.URLError as error:
        raise SystemExit(f"the server does not answer ({error.reason}): start it with deploy/serve")


def read_map(base, space):
    """The map of the collection; waits until the server has made it."""
    query = "?" + urllib.parse.urlencode({"space": space}) if space else ""
    while True:
        status, body = fetch(base + "/map" + query)
        if status == 200:
            return json.loads(body)
        time.sleep(1)


def read_labels(found, name):
    """{id: label} by a field of the metadata that the server found worth colouring by."""
    for field in found["fields"]:
        if field["name"] == name and field["kind"] == "label":
            return {id: field["labels"][int(place)] if place >= 0 else "" for id, place in zip(found["ids"], field["values"])}
    known = ", ".join(field["name"] for field in found["fields"] if field["kind"] == "label") or "none"
    raise SystemExit(f"the collection has no labels in '{name}'; fields with labels: {known}")


def place(found):
    """Pixels of every item; the server's places are -1 to 1, upwards."""
    reach = SIDE / 2 - EDGE
    return [(id, SIDE / 2 + x * reach, SIDE / 2 - y * reach) for id, x, y in zip(found["ids"], found["x"], found["y"])]


def palette(labels):
    names = sorted(set(labels.values()))
    return {n: "#%02x%02x%02x" % tuple(round(255 * c) for c in colorsys.hsv_to_rgb(i / len(names), 0.75, 0.8)) for i, n in enumerate(names)}


def svg(base, spots, labels, colours):
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}"><rect width="100%" height="100%" fill="#fff"/>']
    for name, x, y in spots:
        picture = fetch(f"{base}/items/{urllib.parse.quote(name, safe='')}/thumbnail")[1]
        title = f"<title>{html.escape(name)}</title>"
        colour = colours.get(labels.get(name), "#3366aa")
        if picture:
            data = base64.b64encode(picture).decode()
            out.append(f'<g>{title}<image x="{x - TILE / 2:.1f}" y="{y - TILE / 2:.1f}" width="{TILE}" height="{TILE}" href="data:image/jpeg;base64,{data}"/></g>')
        else:
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}">{title}</circle>')
    return "\n".join(out) + "\n</svg>\n"


def png(path, spots, labels, colours):
    from PIL import Image, ImageDraw
    sheet = Image.new("RGB", (SIDE, SIDE), "white")
    draw = ImageDraw.Draw(sheet)
    for name, x, y in spots:
        draw.ellipse((x - 6, y - 6, x + 6, y + 6), fill=colours.get(labels.get(name), "#3366aa"), outline="white")
    for row, (name, colour) in enumerate(sorted(colours.items())):
        draw.rectangle((10, 10 + 16 * row, 20, 20 + 16 * row), fill=colour)
        draw.text((26, 8 + 16 * row), name or "(none)", fill="black")
    sheet.save(path)


def main():
    parser = argparse.ArgumentParser(description="A map of a collection as SVG or PNG.")
    parser.add_argument("collection")
    parser.add_argument("--url", default=os.environ.get("FACET_URL", "http://127.0.0.1:8080"))
    parser.add_argument("--space", help="one space; all of the collection's without it")
    parser.add_argument("--label", help="a field of the metadata that colours the points")
    parser.add_argument("--out", default="map.svg")
    wanted = parser.parse_args()
    base = f"{wanted.url.rstrip('/')}/v1/collections/{urllib.parse.quote(wanted.collection, safe='')}"
    found = read_map(base, wanted.space)
    spots = place(found)
    labels = read_labels(found, wanted.label) if wanted.label else {}
    if wanted.out.endswith(".png"):
        png(wanted.out, spots, labels, palette(labels))
    else:
        with open(wanted.out, "w", encoding="utf-8") as file:
            file.write(svg(base, spots, labels, palette(labels)))
    print(f"{wanted.out}: {len(spots)} items")


if __name__ == "__main__":
    main()
