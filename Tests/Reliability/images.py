# SPDX-License-Identifier: Apache-2.0
"""Broken and bomb-like picture files, made here: each gets a picture's vectors or a typed error, in bounded time and memory."""
import json, struct, time, zlib
from common import GOLDEN, PNG, Report, Server, chunk, header, png

# What one upload may cost. Decoded pixels are 3 bytes each of 64 million at most; a progressive JPEG holds its coefficients too.
MOST_SECONDS = 10
MOST_BYTES = 900 << 20
# Bytes that a bomb unpacks to: 1 GiB, less in the short form.
BOMB = 1 << 30
IEND = chunk(b"IEND", b"")
ERRORS, ANY = "an error", "an error or vectors"


def picture(*middle, width=16, height=16, depth=8, colour=2, interlace=0, end=IEND):
    return PNG + header(width, height, depth, colour, interlace) + b"".join(middle) + end


def zeros(count, level=9):
    """`count` zero bytes, deflated without having them in memory."""
    packer, out, block = zlib.compressobj(level), [], bytes(1 << 20)
    while count > 0:
        out.append(packer.compress(block[:count]))
        count -= len(block)
    return b"".join(out) + packer.flush()


def packed(count):
    """`count` zero bytes as raw deflate blocks that others may follow."""
    packer, out, block = zlib.compressobj(9, zlib.DEFLATED, -15), [], bytes(1 << 20)
    while count > 0:
        out.append(packer.compress(block[:count]))
        count -= len(block)
    return b"".join(out) + packer.flush(zlib.Z_FULL_FLUSH)


def idat(data):
    return chunk(b"IDAT", data)


def chunks_of(data):
    """Kind, start and end of each chunk of a PNG."""
    place, found = 8, []
    while place < len(data):
        length = struct.unpack(">I", data[place:place + 4])[0]
        found.append((data[place + 4:place + 8], place, place + 12 + length))
        place += 12 + length
    return found


def png_cases():
    good = png(1, 32)
    sound = idat(zlib.compress((b"\0" + b"\x40\x80\xc0" * 16) * 16))
    for kind, start, end in chunks_of(good):
        for place in {start, start + 4, start + 8, start + 9, end - 4, end - 1}:
            # Only the end mark, which carries nothing, may be missing.
            yield f"png: cut at {place}, in {kind.decode()}", good[:place], ANY if kind == b"IEND" else ERRORS
        flipped = bytearray(good)
        flipped[end - 1] ^= 1
        yield f"png: wrong check of {kind.decode()}", bytes(flipped), ANY if kind in (b"IEND", b"IDAT") else ERRORS
        for length in (0xFFFFFFFF, 0x7FFFFFFF, 0x80000000):
            yield f"png: {kind.decode()} of {length} bytes", good[:start] + struct.pack(">I", length) + good[start + 4:], ANY if kind == b"IEND" else ERRORS
    for width, height in [(0, 1), (1, 0), (0, 0), (1 << 31, 1), (0xFFFFFFFF, 0xFFFFFFFF)]:
        yield f"png: {width} x {height}", picture(sound, width=width, height=height), ERRORS
    for width, height in [(16_385, 1), (1, 16_385), (16_384, 16_384), (0x7FFFFFFF, 0x7FFFFFFF), (8_001, 8_000)]:
        yield f"png: {width} x {height}", picture(sound, width=width, height=height), ERRORS
    for depth, colour in [(3, 0), (0, 2), (16, 3), (4, 2), (8, 1), (8, 5), (8, 7), (32, 2), (255, 255)]:
        yield f"png: depth {depth}, colour {colour}", picture(sound, depth=depth, colour=colour), ERRORS
    yield "png: interlacing of no known kind", picture(sound, interlace=2), ERRORS
    yield "png: no header", PNG + sound + IEND, ERRORS
    yield "png: two headers", picture(header(16, 16), sound), ANY
    yield "png: no data", picture(), ERRORS
    yield "png: empty data", picture(idat(b"")), ERRORS
    yield "png: data that is not zlib", picture(idat(b"x" * 100)), ERRORS
    yield "png: zlib with a dictionary", picture(idat(b"\x78\xbb" + bytes(20))), ERRORS
    yield "png: zlib that ends early", picture(idat(zlib.compress((b"\0" + b"\x40" * 48) * 8))), ERRORS
    yield "png: zlib cut in half", picture(idat(zlib.compress((b"\0" + bytes(range(48))) * 16)[:25])), ERRORS
    yield "png: a filter of no known kind", picture(idat(zlib.compress((b"\x09" + b"\x40" * 48) * 16))), ERRORS
    yield "png: wrong Adler sum", picture(idat(zlib.compress((b"\0" + b"\x40" * 48) * 16)[:-1] + b"\0")), ANY
    yield "png: palette without one", picture(idat(zlib.compress((b"\0" + bytes(16)) * 16)), colour=3), ERRORS
    yield "png: palette of 257", picture(chunk(b"PLTE", bytes(257 * 3)), idat(zlib.compress((b"\0" + bytes(16)) * 16)), colour=3), ERRORS
    yield "png: palette of 1 with indexes of 255", picture(chunk(b"PLTE", bytes(3)), idat(zlib.compress((b"\0" + b"\xff" * 16) * 16)), colour=3), ANY
    yield "png: transparency longer than the palette", picture(chunk(b"PLTE", bytes(6)), chunk(b"tRNS", bytes(256)), idat(zlib.compress((b"\0" + bytes(16)) * 16)), colour=3), ANY
    yield "png: a critical chunk nobody knows", picture(chunk(b"BOOM", b"x"), sound), ERRORS
    yield "png: something after the end", picture(sound) + b"PK\x03\x04" * 1000, ANY
    yield "png: animated", picture(chunk(b"acTL", struct.pack(">II", 1 << 30, 0)), chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 16, 16, 0, 0, 1, 1, 0, 0)), sound), ANY
    bomb = zeros(BOMB)
    yield f"png: {BOMB >> 20} MiB of zeroes as 16 x 16 pixels", picture(idat(bomb)), ANY
    part = packed(BOMB)
    yield f"png: 19 times {BOMB >> 20} MiB of zeroes as 16 x 16 pixels", picture(idat(b"\x78\x9c" + part * 19 + b"\x03\0\0\0\0\1")), ANY
    yield f"png: 8000 x 8000 and 18 times {BOMB >> 20} MiB behind them", picture(idat(b"\x78\x9c" + packed(24_001 * 8_000) + part * 18 + b"\x03\0\0\0\0\1"), width=8000, height=8000), ANY
    for kind, start in [(b"iCCP", b"x\0\0"), (b"zTXt", b"x\0\0"), (b"iTXt", b"x\0\1\0\0\0")]:
        yield f"png: {BOMB >> 20} MiB of zeroes in {kind.decode()}", picture(chunk(kind, start + bomb), sound), ANY
    yield "png: forty zTXt of 100 MiB", picture(*[chunk(b"zTXt", b"x\0\0" + zeros(100 << 20))] * 40, sound), ANY
    yield "png: 200,000 empty data chunks", picture(*[idat(b"")] * 200_000, sound), ANY
    yield "png: a data chunk for each byte", picture(*[idat(bytes([byte])) for byte in zlib.compress((b"\0" + bytes(range(48))) * 16)]), ANY
    yield "png: 100,000 tEXt chunks", picture(*[chunk(b"tEXt", b"k\0v")] * 100_000, sound), ANY
    for name, depth, colour, interlace, row in [("", 8, 2, 0, 3 * 8000), (", 16 bits and alpha", 16, 6, 0, 8 * 8000), (", 1 bit", 1, 0, 0, 1000)]:
        yield f"png: 8000 x 8000 of zeroes{name}", picture(idat(zeros((row + 1) * 8000)), width=8000, height=8000, depth=depth, colour=colour), ANY
    passes = [(1000, 1000), (1000, 1000), (2000, 1000), (2000, 2000), (4000, 2000), (4000, 4000), (8000, 4000)]
    yield "png: 8000 x 8000 of zeroes, interlaced", picture(idat(zeros(sum((3 * w + 1) * h for w, h in passes))), width=8000, height=8000, interlace=1), ANY
    yield "png: 8000 x 8000 that ends after a row", picture(idat(zeros(24_001)), width=8000, height=8000), ERRORS


def segment(marker, body):
    return struct.pack(">BBH", 255, marker, len(body) + 2) + body


def frame(width, height, marker=0xC0, precision=8, components=((1, 0x11, 0),)):
    return segment(marker, struct.pack(">BHHB", precision, height, width, len(components)) + b"".join(struct.pack("BBB", *c) for c in components))


def codes(kind, symbol):
    """A Huffman table with one symbol, written as the bit 0."""
    return segment(0xC4, bytes([kind]) + bytes([1] + [0] * 15) + bytes([symbol]))


def scan(start, stop, data, high=0, low=0, components=((1, 0),)):
    return segment(0xDA, bytes([len(components)]) + b"".join(bytes(c) for c in components) + bytes([start, stop, high << 4 | low])) + data


def progressive(side, scans):
    """A grey progressive JPEG whose every scan says in a few bytes that there is nothing to say."""
    blocks = (side // 8) ** 2
    run = "0" + "1" * 14  # an end of band for 32,767 blocks
    bits = run * -(-blocks // 32_767)
    bits += "1" * (-len(bits) % 8)
    data = b"".join(bytes([byte]) + (b"\0" if byte == 255 else b"") for byte in (int(bits[n:n + 8], 2) for n in range(0, len(bits), 8)))
    out = [b"\xff\xd8", segment(0xDB, b"\0" + bytes([1] * 64)), frame(side, side, 0xC2), codes(0, 0), codes(0x10, 0xE0), scan(0, 0, bytes(-(-blocks // 8)))]
    return b"".join(out + [scan(1 + n % 63, 1 + n % 63, data) for n in range(scans)] + [b"\xff\xd9"])


def exif(*entries, following=0, order=b"II"):
    pack = "<" if order == b"II" else ">"
    body = order + struct.pack(pack + "HI", 42, 8) + struct.pack(pack + "H", len(entries))
    body += b"".join(struct.pack(pack + "HHII", *entry) for entry in entries) + struct.pack(pack + "I", following)
    return segment(0xE1, b"Exif\0\0" + body)


def markers_of(data):
    place, found = 2, []
    while place + 4 <= len(data) and data[place] == 255:
        length = struct.unpack(">H", data[place + 2:place + 4])[0]
        found.append((data[place + 1], place, place + 2 + length))
        place += 2 + length
        if found[-1][0] == 0xDA:
            break
    return found


def jpeg_cases():
    for name in ("baseline.jpg", "progressive.jpg"):
        good = (GOLDEN / name).read_bytes()
        for marker, start, end in markers_of(good):
            for place in {start, start + 1, start + 3, start + 5, end - 1}:
                yield f"{name}: cut at {place}, in {marker:02X}", good[:place], ERRORS
            # Without its Huffman tables a picture is decoded with the usual ones, as motion JPEG is.
            for length in (0, 1, 2, 3, 0xFFFF):
                yield f"{name}: {marker:02X} of {length} bytes", good[:start + 2] + struct.pack(">H", length) + good[start + 4:], ANY if 0xE0 <= marker < 0xF0 or marker == 0xC4 else ERRORS
            if marker not in (0xE0, 0xDA):
                yield f"{name}: without {marker:02X}", good[:start] + good[end:], ANY
        for share in (.2, .5, .9):
            yield f"{name}: cut after {share:.0%}", good[:int(len(good) * share)], ERRORS
        body = markers_of(good)[-1][2]
        yield f"{name}: no data", good[:body] + b"\xff\xd9", ANY
        yield f"{name}: data of FF", good[:body] + b"\xff" * 5000, ANY
        yield f"{name}: 100,000 restarts", good[:body] + b"".join(bytes([255, 0xD0 + n % 8]) for n in range(100_000)) + b"\xff\xd9", ANY
        yield f"{name}: restarts every unit", good[:2] + segment(0xDD, b"\0\1") + good[2:], ANY
        yield f"{name}: two pictures", good + good, ANY
        yield f"{name}: 5,000 comments of 64 KiB less one", good[:2] + segment(0xFE, bytes(3_000)) * 5_000 + good[2:], ANY
        yield f"{name}: 250,000 empty APP15", good[:2] + segment(0xEF, b"") * 250_000 + good[2:], ANY
        yield f"{name}: a profile in 255 parts, most missing", good[:2] + segment(0xE2, b"ICC_PROFILE\0\1\xff" + bytes(60_000)) * 3 + good[2:], ANY
        start = good.index(b"\xff\xc0" if name[0] == "b" else b"\xff\xc2")
        for width, height in [(0, 9), (9, 0), (0, 0), (65_535, 65_535), (16_385, 8), (8, 16_385), (9_000, 8_000)]:
            yield f"{name}: {width} x {height}", good[:start + 5] + struct.pack(">HH", height, width) + good[start + 9:], ERRORS
        for marker in (0xC1, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF):
            yield f"{name}: as SOF{marker - 0xC0}", good[:start + 1] + bytes([marker]) + good[start + 2:], ANY
        yield f"{name}: 12 bits", good[:start + 4] + b"\x0c" + good[start + 5:], ERRORS
        yield f"{name}: 255 components", good[:start + 9] + b"\xff" + good[start + 10:], ERRORS
        yield f"{name}: sampling 15 x 15", good[:start + 11] + b"\xff" + good[start + 12:], ERRORS
        yield f"{name}: sampling 0", good[:start + 11] + b"\0" + good[start + 12:], ERRORS
        yield f"{name}: two frames", good[:start] + frame(16, 16) + good[start:], ERRORS
    plain = (GOLDEN / "baseline.jpg").read_bytes()
    turned = [("the next directory is itself", exif((0x112, 3, 1, 6), following=8)), ("the orientation is 0", exif((0x112, 3, 1, 0))),
              ("the orientation is 65535", exif((0x112, 3, 1, 65535))), ("the orientation twice", exif((0x112, 3, 1, 6), (0x112, 3, 1, 3))),
              ("a count of 2^32 - 1", exif((0x112, 3, 0xFFFFFFFF, 0xFFFFFFF0))), ("a sub-directory that is itself", exif((0x8769, 4, 1, 8), (0x112, 3, 1, 8))),
              ("offsets beyond the end", exif((0x112, 4, 1, 0xFFFFFFFF), order=b"MM")), ("the next directory beyond the end", exif(following=0xFFFFFFFF)),
              ("a directory beyond the end", segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")), ("65,535 entries", segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(60_000))),
              ("nothing", segment(0xE1, b"Exif\0\0")), ("2,000 blocks", exif((0x112, 3, 1, 6), following=8) * 2_000)]
    for name, block in turned:
        yield f"exif: {name}", plain[:2] + block + plain[2:], ANY
    for side, scans in [(512, 2_000), (2_048, 5_000), (8_000, 60), (8_000, 1_000), (8_000, 8_000)]:
        yield f"jpeg: progressive, {side} x {side} in {scans} scans", progressive(side, scans), ANY
    head = b"\xff\xd8" + segment(0xDB, b"\0" + bytes([1] * 64))
    blocks = 1000 * 1000
    yield "jpeg: 8000 x 8000 of nothing", head + frame(8000, 8000) + codes(0, 0) + codes(0x10, 0) + scan(0, 63, bytes(blocks // 4)) + b"\xff\xd9", ANY
    yield "jpeg: 8000 x 8000 and no data", head + frame(8000, 8000) + codes(0, 0) + codes(0x10, 0) + scan(0, 63, b"") + b"\xff\xd9", ANY
    yield "jpeg: a Huffman table with 256 codes of a bit", head + frame(16, 16) + segment(0xC4, b"\0" + bytes([255] * 16) + bytes(4080)) + scan(0, 63, bytes(99)), ERRORS
    yield "jpeg: quantised by 0", b"\xff\xd8" + segment(0xDB, bytes(65)) + frame(16, 16) + codes(0, 0) + codes(0x10, 0) + scan(0, 63, bytes(99)) + b"\xff\xd9", ANY
    yield "jpeg: tables 15", head + frame(16, 16) + codes(0x0F, 0) + scan(0, 63, bytes(99), components=((1, 0xFF),)), ERRORS
    yield "jpeg: the start and nothing", b"\xff\xd8", ERRORS
    yield "jpeg: 100,000 starts", b"\xff\xd8" * 100_000, ERRORS
    yield "jpeg: 1 MiB of fill bytes", b"\xff\xd8" + b"\xff" * (1 << 20), ERRORS


def riff(*parts, size=None):
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def part(kind, body, size=None):
    return kind + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def lossless(width, height, codes=True, tail=b""):
    """A VP8L stream of one colour: every code has a single symbol, so a pixel takes no bits at all."""
    bits = "".join(reversed(f"{width - 1:014b}")) + "".join(reversed(f"{height - 1:014b}")) + "0" + "000"
    if codes:
        bits += "0" + "0" + "0" + ("1" + "0" + "1" + "00000000") * 4 + "1" + "0" + "0" + "0"
    bits += "0" * (-len(bits) % 8)
    return b"\x2f" + bytes(int(bits[n:n + 8][::-1], 2) for n in range(0, len(bits), 8)) + tail


def extended(width, height, flags=0):
    return part(b"VP8X", struct.pack("<I", flags) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3])


def webp_cases():
    for name in ("lossy.webp", "lossless_alpha.webp"):
        good = (GOLDEN / name).read_bytes()
        for place in [4, 8, 11, 12, 15, 16, 19, 20, 21, 24, 26, 29, 30, 40, len(good) // 2, len(good) - 20, len(good) - 2]:
            yield f"{name}: cut at {place}", good[:place], ERRORS
        for size in (0, 1, 4, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF):
            yield f"{name}: a file of {size} bytes", good[:4] + struct.pack("<I", size) + good[8:], ANY
            yield f"{name}: a part of {size} bytes", good[:16] + struct.pack("<I", size) + good[20:], ANY
        yield f"{name}: something after the end", good + b"<script>" * 1000, ANY
        yield f"{name}: 100,000 unknown parts", riff(*[part(b"JUNK", b"")] * 100_000, good[12:]), ANY
    for width, height in [(1, 1), (8_000, 8_000), (16_383, 3_906), (16_384, 16_384), (8_001, 8_000), (16_384, 1)]:
        yield f"webp: lossless {width} x {height} in 20 bytes", riff(part(b"VP8L", lossless(width, height))), ANY if width * height <= 64_000_000 else ERRORS
    yield "webp: lossless, the header alone", riff(part(b"VP8L", lossless(8_000, 8_000, codes=False))), ERRORS
    yield "webp: lossless without its mark", riff(part(b"VP8L", b"\0" + lossless(9, 9)[1:])), ERRORS
    yield "webp: lossy with a huge size", riff(part(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 0x3FFF, 0x3FFF) + bytes(50))), ERRORS
    yield "webp: lossy of no size", riff(part(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + bytes(60))), ERRORS
    yield "webp: a canvas of 2^24 x 2^24", riff(extended(1 << 24, 1 << 24), part(b"VP8L", lossless(9, 9))), ERRORS
    yield "webp: a canvas larger than its picture", riff(extended(4_000, 4_000), part(b"VP8L", lossless(9, 9))), ANY
    yield "webp: a canvas and no picture", riff(extended(9, 9)), ERRORS
    yield "webp: nothing", riff(), ERRORS
    anim = part(b"ANIM", bytes(6))
    def shown(w, h):
        return part(b"ANMF", bytes(6) + struct.pack("<I", w - 1)[:3] + struct.pack("<I", h - 1)[:3] + bytes(4) + part(b"VP8L", lossless(w, h)))
    yield "webp: animated", riff(extended(64, 64, 2), anim, shown(64, 64), shown(64, 64)), ANY
    yield "webp: 20,000 frames of 4000 x 4000", riff(extended(4_000, 4_000, 2), anim, *[shown(4_000, 4_000)] * 20_000), ANY
    yield "webp: a frame larger than the canvas", riff(extended(9, 9, 2), anim, shown(8_000, 8_000)), ANY
    yield "webp: animated without frames", riff(extended(9, 9, 2), anim), ERRORS
    yield "webp: alpha of 8000 x 8000 before a small picture", riff(extended(8_000, 8_000, 16), part(b"ALPH", b"\x01" + lossless(8_000, 8_000)[5:]), part(b"VP8L", lossless(9, 9))), ANY


def other_cases():
    good = png(1, 32)
    yield "nothing", b"", ERRORS
    yield "a byte", b"\x89", ERRORS
    for name, start in [("gif", b"GIF89a\xff\xff\xff\xff"), ("bmp", b"BM" + b"\xff" * 60), ("tiff", b"II*\0"), ("heic", b"\0\0\0\x18ftypheic"), ("avif", b"\0\0\0\x18ftypavif"),
                        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"), ("xml bomb", b"<!DOCTYPE x [<!ENTITY a 'b'>]>"),
                        ("pdf", b"%PDF-1.7"), ("zip", b"PK\x03\x04"), ("html", b"<html>"), ("elf", b"\x7fELF"), ("script", b"#!/bin/sh\nreboot"), ("ico", b"\0\0\1\0")]:
        yield f"{name}", start + bytes(200), ERRORS
        yield f"{name}, then a png", start + good, ERRORS
    yield "a png in a jpeg", b"\xff\xd8" + good, ERRORS
    yield "a jpeg in a png", PNG + (GOLDEN / "baseline.jpg").read_bytes(), ERRORS
    yield "a png's mark alone", PNG, ERRORS
    yield "20 MiB and a byte", good + bytes((20 << 20) + 1 - len(good)), ERRORS


def run(short, options):
    global BOMB
    report = Report("images")
    BOMB = 1 << 26 if short else 1 << 30
    cases = [*png_cases(), *jpeg_cases(), *webp_cases(), *other_cases()]
    if short:
        # Every kind stays but the longest of the progressive ones; of the cuts and lengths every fourth.
        cases = [case for number, case in enumerate(cases) if "000 scans" not in case[0] and ( number % 4 == 0 or not any(word in case[0] for word in (": cut", " bytes", "without", ": as SOF")))]
    slowest, largest, answers = (0, ""), (0, ""), {}
    with Server("--cache-bytes", "0") as server:
        server.call("POST", "/v1/embeddings", png(9), {"Content-Type": "image/png"})
        for name, data, expected in cases:
            server.reset_peak()
            before = server.status_of_process()["rss"]
            start = time.monotonic()
            try:
                status, _, body = server.call("POST", "/v1/embeddings?spaces=color", data, {"Content-Type": "image/png"}, timeout=120)
                code = json.loads(body)["error"]["code"] if status >= 400 else "vectors"
            except Exception as error:
                status, code = 0, repr(error)
            seconds = time.monotonic() - start
            if not report.check(server.alive(), f"{name}: the server is alive", quiet=True):
                report.say(server.log()[-2000:])
                return report.end()
            grown = server.status_of_process()["peak"] - before
            slowest, largest = max(slowest, (seconds, name)), max(largest, (grown, name))
            answers[status, code] = answers.get((status, code), 0) + 1
            right = status in (413, 415, 422) and code.startswith("image_") or status == 200 and expected == ANY
            report.check(right, f"{name} ({len(data)} bytes): {expected}, got {status} {code}", quiet=True)
            report.check(seconds < MOST_SECONDS, f"{name} ({len(data)} bytes): {seconds:.1f} s", quiet=True)
            report.check(grown < MOST_BYTES, f"{name} ({len(data)} bytes): {grown >> 20} MiB more", quiet=True)
        report.say(f"{len(cases)} files: " + ", ".join(f"{count} x {status} {code}" for (status, code), count in sorted(answers.items())))
        report.say(f"slowest {slowest[0]:.2f} s: {slowest[1]}")
        report.say(f"most memory {largest[0] / 2**20:.0f} MiB: {largest[1]}")
        status, _, _ = server.call("POST", "/v1/embeddings?spaces=color", png(3), {"Content-Type": "image/png"})
        report.check(status == 200 and server.call("GET", "/health/ready")[0] == 200, "a sound picture still gets its vectors")
        report.check(server.status_of_process()["rss"] < 400 << 20, f"{server.status_of_process()['rss'] >> 20} MiB resident in the end")
    return report.end()
