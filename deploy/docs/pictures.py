#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the picture of spaces.md: one free picture changed in one way at a time, and how near each space says it still is.

    deploy/docs/pictures.py                              # prints the cosines
    deploy/docs/pictures.py deploy/pictures/spaces.webp  # and draws them

Needs Pillow and .build/release/facet. The picture is of the sample catalog, from Open Clip Art, in the public domain.
"""
import colorsys
import json
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw, ImageFont

ROOT = pathlib.Path(__file__).resolve().parents[2]
FISH = "deploy/sample/images/animals/fish/yellow_gourami_01.webp"
OTHER = "deploy/sample/images/tools/weapons/bullet_hole_linda_kim_y.webp"
SPACES = ["invariant", "color", "rotation", "texture"]


def on_white(path):
    picture = Image.open(ROOT / path).convert("RGBA")
    side = max(picture.size)
    sheet = Image.new("RGBA", (side, side), "white")
    sheet.alpha_composite(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return sheet.convert("RGB")


def another_hue(picture):
    """Every hue turned by 150 degrees; white and black stay."""
    turned = picture.copy()
    pixels = turned.load()
    for x in range(turned.width):
        for y in range(turned.height):
            hue, saturation, value = colorsys.rgb_to_hsv(*(c / 255 for c in pixels[x, y]))
            pixels[x, y] = tuple(round(255 * c) for c in colorsys.hsv_to_rgb((hue + 150 / 360) % 1, saturation, value))
    return turned


def rough(picture):
    """A checked pattern of 3 pixels over everything that is not white."""
    out = picture.copy()
    for x in range(out.width):
        for y in range(out.height):
            pixel = out.getpixel((x, y))
            if min(pixel) < 240 and (x // 3 + y // 3) % 2:
                out.putpixel((x, y), tuple(c * 2 // 5 for c in pixel))
    return out


def variants():
    fish = on_white(FISH)
    return [("the picture", fish), ("another colour", another_hue(fish)), ("turned by 90 degrees", fish.rotate(90)),
            ("another texture", rough(fish)), ("another thing", on_white(OTHER))]


def measure(pictures):
    """The cosine of each picture with the first one, in every space."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (_, picture) in enumerate(pictures):
            paths.append(f"{folder}/{number}.png")
            picture.save(paths[-1])
        done = subprocess.run([ROOT / ".build/release/facet", "embed", "--model", ROOT / "models/facet-small", "--spaces", ",".join(SPACES), *paths],
                              capture_output=True, text=True, check=True)
    rows = [json.loads(line)["embeddings"] for line in done.stdout.splitlines()]
    return [[sum(a * b for a, b in zip(row[space], rows[0][space])) for space in SPACES] for row in rows]


def draw(pictures, cosines, path):
    tile, left, bar, line = 112, 24, 150, 128
    sheet = Image.new("RGB", (left + tile + 180 + len(SPACES) * (bar + 24), 44 + line * len(pictures)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(17)
    for column, space in enumerate(SPACES):
        pen.text((left + tile + 190 + column * (bar + 24), 14), space, fill="#1c1f24", font=font)
    for row, ((name, picture), values) in enumerate(zip(pictures, cosines)):
        top = 44 + row * line
        small = picture.resize((tile, tile), Image.LANCZOS)
        sheet.paste(small, (left, top))
        pen.rectangle((left, top, left + tile, top + tile), outline="#d9dce0")
        pen.text((left + tile + 14, top + tile // 2 - 10), name, fill="#1c1f24", font=font)
        for column, value in enumerate(values):
            x, y = left + tile + 190 + column * (bar + 24), top + tile // 2
            pen.rectangle((x, y - 9, x + bar, y + 9), fill="#eceef1")
            pen.rectangle((x, y - 9, x + max(1, round(bar * max(0, value))), y + 9), fill="#3a6ea5")
            pen.text((x, y + 13), f"{value:.2f}", fill="#5b6470", font=font)
    sheet.save(path, quality=90)


def main():
    pictures = variants()
    cosines = measure(pictures)
    for (name, _), values in zip(pictures, cosines):
        print(f"{name:22}" + "".join(f"  {space} {value:5.2f}" for space, value in zip(SPACES, values)))
    if len(sys.argv) > 1:
        draw(pictures, cosines, sys.argv[1])


if __name__ == "__main__":
    main()
