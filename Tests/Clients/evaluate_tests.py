#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`facet evaluate` as its users meet it: one command from a model and a folder of pictures to a report."""
import json, pathlib, random, re, signal, struct, subprocess, sys, tempfile, time, zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACET = ROOT / ".build/release/facet"
SIDE = 48


def png(pixels):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\0" + pixels[y * SIDE * 3:(y + 1) * SIDE * 3] for y in range(SIDE))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def paint(folder):
    """Discs and bars, large and small, red and green, 35 of each shape and size."""
    chance = random.Random(1)
    for shape in ("bar", "disc"):
        for size, reach in (("large", 15), ("small", 7)):
            (folder / shape / size).mkdir(parents=True)
            for number in range(35):
                cx, cy, ink = chance.randrange(18, 30), chance.randrange(18, 30), ((220, 30, 40), (30, 170, 60))[number % 2]
                pixels = bytearray()
                for y in range(SIDE):
                    for x in range(SIDE):
                        dx, dy = x - cx, y - cy
                        inside = dx * dx + dy * dy <= reach * reach if shape == "disc" else abs(dx) <= reach and abs(dy) <= reach // 3
                        pixels += bytes(ink if inside and not (dx > 0 and abs(dy) <= 1) else (255, 255, 255))
                (folder / shape / size / f"{number}.png").write_bytes(png(bytes(pixels)))


def prepare(folder):
    paint(folder / "images")
    trained = subprocess.run([FACET, "train", "--data", folder / "images", "--recipe", "looc", "--width", "8", "--size", "32", "--batch", "16", "--groups", "2", "--queue", "32",
                              "--epochs", "2", "--out", folder / "mine"], capture_output=True, text=True, timeout=120)
    assert trained.returncode == 0, trained.stderr


def evaluate(folder, *flags, models="mine"):
    return subprocess.run([FACET, "evaluate", "--models", folder / models, "--data", folder / "images", "--profile-images", "20", *flags], capture_output=True, text=True, timeout=300)


def test_one_command_makes_a_report_that_fetches_nothing(folder):
    done = evaluate(folder, "--report", folder / "report.html", "--json", folder / "all.json", "--draws", "2", "--write-profile")
    assert done.returncode == 0, done.stderr
    assert "| mine backbone |" in done.stdout and "| random backbone |" in done.stdout, done.stdout
    page = (folder / "report.html").read_text()
    assert not re.search(r'(src|href|action)="?https?:|url\((?!#)|@import', page), "the report fetches something"
    for word in ("Invariance profile", "gaussian_noise", "5-shot", "frost", "facet evaluate --models"):
        assert word in page or word in page.replace(str(FACET), "facet"), word
    results = json.loads((folder / "all.json").read_text())
    shapes = [s for s in results["scores"] if (s["subject"], s["task"], s["measure"]) == ("pixels", "coarse", "linear probe")]
    assert shapes and shapes[0]["estimate"]["value"] > 0.9, shapes
    spaces = {s["name"]: s for s in json.loads((folder / "mine/model.json").read_text())["spaces"]}
    assert set(spaces["color"]["invariance"]) == {"color", "rotation", "texture", "crop", "flip", "blur"}, spaces["color"]


def test_threads_change_nothing_and_seeds_do(folder):
    def numbers(*flags):
        done = evaluate(folder, "--quick", "--report", folder / "r.html", "--json", folder / "r.json", *flags)
        assert done.returncode == 0, done.stderr
        results = json.loads((folder / "r.json").read_text())
        del results["conditions"]
        return results
    assert numbers("--threads", "1") == numbers("--threads", "2")
    assert numbers("--seed", "7")["profiles"] != numbers()["profiles"]


def test_an_interrupt_leaves_nothing_behind(folder):
    process = subprocess.Popen([FACET, "evaluate", "--models", folder / "mine", "--data", folder / "images", "--report", folder / "no.html"], stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130 and "nothing was written" in errors, (process.returncode, errors)
    assert not (folder / "no.html").exists()


def test_what_cannot_start_says_what_to_do(folder):
    for flags, words in [({"models": "absent"}, "model.json"), ({"models": "mine", "data": "nowhere"}, "nowhere")]:
        done = subprocess.run([FACET, "evaluate", "--models", folder / flags["models"], "--data", folder / flags.get("data", "images"), "--report", folder / "x.html"], capture_output=True, text=True, timeout=60)
        assert done.returncode not in (0, -4, -5, -6, -11) and words in done.stderr, (done.returncode, done.stderr)


def main():
    with tempfile.TemporaryDirectory(prefix="facet-evaluate-") as name:
        folder = pathlib.Path(name)
        prepare(folder)
        for name, test in list(globals().items()):
            if name.startswith("test_") and (len(sys.argv) < 2 or sys.argv[1] in name):
                test(folder)
                print("ok", name, flush=True)


main()
