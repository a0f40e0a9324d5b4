# SPDX-License-Identifier: Apache-2.0
"""Writes resampling.txt: for images of pseudo-random bytes, the FNV-1a of what Pillow 13 makes of them.

    pip install numpy pillow && python make_fixtures.py

A line: width height size resize hash. The pixels are the bytes of SplitMix64 with seed width * 65536 + height, thresholded to
0 and 255 when width + height is odd; the hash is of the size * size * 3 samples before they are normalised.
"""
import os
import numpy as np
from PIL import Image

M = (1 << 64) - 1

def pixels(width, height):
    state, out = width * 65536 + height, bytearray()
    while len(out) < 3 * width * height:
        state = state + 0x9E3779B97F4A7C15 & M; z = state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M; z = (z ^ z >> 27) * 0x94D049BB133111EB & M
        out += (z ^ z >> 31).to_bytes(8, "little")
    a = np.frombuffer(bytes(out[:3 * width * height]), np.uint8).reshape(height, width, 3)
    return ((a > 127) * np.uint8(255)) if (width + height) % 2 else a

def prepare(im, size, how):
    if how == "crop":
        s = round(size * 256 / 224); k = s / min(im.size); im = im.resize((max(s, round(im.width * k)), max(s, round(im.height * k))), Image.BILINEAR)
        l, t = (im.width - size) // 2, (im.height - size) // 2; return im.crop((l, t, l + size, t + size))
    k = size / max(im.size); w, h = max(1, round(im.width * k)), max(1, round(im.height * k)); w, h = min(w, size), min(h, size)
    bg = Image.new("RGB", (size, size), "white"); bg.paste(im.resize((w, h), Image.BILINEAR), ((size - w) // 2, (size - h) // 2)); return bg

def fnv(data):
    value = 0xcbf29ce484222325
    for byte in data: value = (value ^ byte) * 0x100000001b3 & M
    return value

shapes = [(1, 1), (2, 3), (7, 5), (400, 13), (13, 400), (1, 50), (50, 1), (109, 110), (110, 109), (64, 64), (65, 63), (150, 100), (90, 140), (109, 331), (331, 109),
          (9, 229), (28, 288), (222, 111), (111, 222), (111, 223), (640, 48)]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "resampling.txt"), "w") as out:
    for width, height in shapes:
        for size, how in ((8, "crop"), (96, "crop"), (33, "letterbox"), (64, "letterbox")):
            out.write(f"{width} {height} {size} {how} {fnv(np.asarray(prepare(Image.fromarray(pixels(width, height)), size, how)).tobytes()):016x}\n")
    for width, height in ((16384, 1), (1, 16384), (5000, 2)):
        out.write(f"{width} {height} 8 crop {fnv(np.asarray(prepare(Image.fromarray(pixels(width, height)), 8, 'crop')).tobytes()):016x}\n")
        out.write(f"{width} {height} 224 letterbox {fnv(np.asarray(prepare(Image.fromarray(pixels(width, height)), 224, 'letterbox')).tobytes()):016x}\n")
