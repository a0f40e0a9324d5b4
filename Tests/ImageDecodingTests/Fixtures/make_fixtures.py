# SPDX-License-Identifier: Apache-2.0
"""Draws the small image files beside this script and writes expected.txt: the FNV-1a of the pixels Pillow 13 reads.

    pip install numpy pillow && python make_fixtures.py

The same rules as the golden data: EXIF orientation, alpha over white, high byte of 16 bits. Where Pillow misreads tRNS
(it compares unscaled 2- and 4-bit values, and low bytes of 16-bit colour), the PNG specification is followed instead.
"""
import os, struct, zlib
import numpy as np
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(1)
by_specification = {}

def path(name): return os.path.join(HERE, name)
def noise(*shape): return random.randint(0, 256, shape).astype(np.uint8)
def chunk(kind, data): return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

def png(name, size, bits, colour, rows, before=b"", after=b"", interlace=0):
    raw = rows if interlace else b"".join(b"\0" + row for row in rows)
    header = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, interlace)
    with open(path(name), "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(raw, 9)) + after + chunk(b"IEND", b""))

def exif(order, orientation):
    o = ">" if order == "MM" else "<"
    return order.encode() + struct.pack(o + "HIHHHIHHI", 42, 8, 1, 274, 3, 1, orientation, 0, 0)

def adam7(pixels):
    """The seven passes of 8-bit pixels, each row with filter 0."""
    out = b""
    for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        part = pixels[y::dy, x::dx]
        if part.size: out += b"".join(b"\0" + row.tobytes() for row in part)
    return out

def pngs():
    w, h = 37, 11
    for bits in (1, 2, 4, 8, 16):
        rows = [noise((w * bits + 7) // 8).tobytes() for _ in range(h)]
        png(f"gray{bits}.png", (w, h), bits, 0, rows)
        png(f"gray{bits}_transparent.png", (w, h), bits, 0, rows, chunk(b"tRNS", struct.pack(">H", 1)))
        if bits in (2, 4):
            samples = np.array([[int(v) for v in "".join(f"{byte:08b}" for byte in row)[:w * bits]] for row in rows])
            value = samples.reshape(h, w, bits) @ (1 << np.arange(bits)[::-1])
            gray = np.where(value == 1, 255, value * 255 // ((1 << bits) - 1)).astype(np.uint8)
            by_specification[f"gray{bits}_transparent.png"] = np.dstack([gray] * 3)
        if bits < 16:
            palette = noise(3 << bits).tobytes()
            png(f"palette{bits}.png", (w, h), bits, 3, rows, chunk(b"PLTE", palette))
            png(f"palette{bits}_transparent.png", (w, h), bits, 3, rows, chunk(b"PLTE", palette) + chunk(b"tRNS", noise((1 << bits) - 1).tobytes()))
    for bits in (8, 16):
        for colour, channels in ((2, 3), (4, 2), (6, 4)):
            rows = [noise(w * channels * bits // 8).tobytes() for _ in range(h)]
            png(f"colour{colour}_{bits}.png", (w, h), bits, colour, rows)
            if colour == 2:
                clear = struct.unpack(">HHH", rows[0][:6]) if bits == 16 else rows[0][:3]
                png(f"rgb{bits}_transparent.png", (w, h), bits, 2, rows, chunk(b"tRNS", struct.pack(">HHH", *clear)))
                if bits == 16:
                    wide = np.frombuffer(b"".join(rows), ">u2").reshape(h, w, 3)
                    high = (wide >> 8).astype(np.uint8)
                    high[(wide == np.array(clear)).all(2)] = 255
                    by_specification["rgb16_transparent.png"] = high
    for name, colour, channels in (("rgb", 2, 3), ("rgba", 6, 4)):
        png(f"{name}_interlaced.png", (w, h), 8, colour, adam7(noise(h, w, channels)), interlace=1)
    png("rgba_interlaced_turned.png", (w, h), 8, 6, adam7(noise(h, w, 4)), chunk(b"eXIf", exif("MM", 6)), interlace=1)
    for o in range(1, 10):
        rows = [row.tobytes() for row in noise(7, 19, 4)]
        png(f"orientation{o}.png", (19, 7), 8, 6, rows, *((chunk(b"eXIf", exif("MM", o)), b"") if o % 2 else (b"", chunk(b"eXIf", exif("II", o)))))
    value, alpha = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    Image.fromarray(np.dstack([value, alpha]), "LA").save(path("every_alpha.png"), optimize=True)
    frames = [Image.fromarray(noise(9, 12, 4), "RGBA") for _ in range(2)]
    frames[0].save(path("animated.png"), save_all=True, append_images=frames[1:], default_image=True)

def jpegs():
    y, x = np.mgrid[0:45, 0:67]
    picture = np.dstack([127 + 120 * np.sin(x / 9 + y / 14), x * 3.5, 250 - 5 * y]).clip(0, 255).astype(np.uint8)
    picture[10:30, 20:40] = noise(20, 20, 3)
    im = Image.fromarray(picture)
    for sampling in (0, 1, 2):
        im.save(path(f"sampling{sampling}.jpg"), subsampling=sampling, quality=80)
        im.save(path(f"sampling{sampling}_progressive.jpg"), subsampling=sampling, quality=80, progressive=True)
    im.save(path("rgb.jpg"), keep_rgb=True, quality=70)
    im.save(path("restarts.jpg"), restart_marker_blocks=3)
    im.convert("CMYK").save(path("cmyk_progressive.jpg"), progressive=True, quality=80)
    im.convert("CMYK").save(path("cmyk.jpg"), quality=80)
    data = bytearray(open(path("cmyk.jpg"), "rb").read())
    adobe = data.find(b"Adobe")
    plain = data[:adobe - 4] + data[adobe - 2 + struct.unpack(">H", data[adobe - 2:adobe])[0]:]
    open(path("cmyk_without_adobe.jpg"), "wb").write(plain)
    data[adobe + 11] = 2
    open(path("ycck.jpg"), "wb").write(data)
    y, x = np.mgrid[0:201, 0:251]
    smooth = np.dstack([127 + 120 * np.sin(x / 19 + y / 34), 255 * x / 250, 127 + 120 * np.cos(x / 50 - y / 25)]).clip(0, 255).astype(np.uint8)
    for o in range(1, 9):
        tag = Image.Exif(); tag[274] = o
        Image.fromarray(smooth).save(path(f"smooth{o}.jpg"), quality=90, exif=tag)

    # Rows that the file holds but its header hides, as a lossless crop leaves them: 7 black ones in the last block.
    tall = np.full((208, 256, 3), 230, np.uint8); tall[193:] = 0
    for o in (1, 3):
        tag = Image.Exif(); tag[274] = o
        Image.fromarray(tall).save(path(f"hidden{o}.jpg"), quality=95, subsampling=0, exif=tag)
        data = bytearray(open(path(f"hidden{o}.jpg"), "rb").read())
        frame = data.find(b"\xff\xc0")
        data[frame + 5:frame + 7] = struct.pack(">H", 193)
        open(path(f"hidden{o}.jpg"), "wb").write(data)

def webps():
    for o in range(1, 9):
        tag = Image.Exif(); tag[274] = o
        Image.fromarray(noise(7, 19, 3)).save(path(f"orientation{o}.webp"), lossless=True, exif=tag)
    Image.fromarray(noise(7, 19, 4), "RGBA").save(path("alpha_turned.webp"), lossless=True, exact=True, exif=tag)
    Image.fromarray(noise(20, 30, 4), "RGBA").save(path("lossy_alpha.webp"), quality=70)
    frames = [Image.fromarray(noise(16, 20, 4), "RGBA") for _ in range(2)]
    frames[0].save(path("animated.webp"), save_all=True, append_images=frames[1:], lossless=True)
    small = Image.new("RGBA", (20, 16), (0, 0, 0, 0)); small.paste(frames[1].crop((0, 0, 7, 5)), (8, 6))
    small.save(path("animated_offset.webp"), save_all=True, append_images=frames[:1], lossless=True)

def read(name):
    im = ImageOps.exif_transpose(Image.open(path(name)))
    if im.mode.startswith("I;16"): im = Image.fromarray((np.asarray(im) >> 8).astype(np.uint8))
    if im.mode in ("RGBA", "LA", "PA") or "transparency" in im.info:
        im = im.convert("RGBA"); im = Image.alpha_composite(Image.new("RGBA", im.size, "white"), im)
    return np.asarray(im.convert("RGB"))

def fnv(data):
    value = 0xcbf29ce484222325
    for byte in data: value = (value ^ byte) * 0x100000001b3 & (1 << 64) - 1
    return value

pngs(); jpegs(); webps()
with open(path("expected.txt"), "w") as out:
    for name in sorted(os.listdir(HERE)):
        if name.endswith((".png", ".jpg", ".webp")):
            pixels = by_specification.get(name, read(name))
            out.write(f"{name} {pixels.shape[1]} {pixels.shape[0]} {fnv(pixels.tobytes()):016x}\n")
