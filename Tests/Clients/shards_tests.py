#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long lists in shares: `facet embed --shard i/n --resume` and `facet catalog import --shard i/n`, killed and gone on with."""
import fcntl, json, os, pathlib, shutil, signal, struct, subprocess, sys, tempfile, time, traceback, zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Postgres"))
import postgres_server  # noqa: E402

FACET = pathlib.Path(os.environ.get("FACET_PROGRAM", ROOT / ".build/release/facet"))
MODEL = ["--models", ROOT / "models", "--model", "facet-small"]
COUNT = 600


def painted(number):
    """A small PNG that no other number has."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = (b"\0" + bytes([number & 255, number >> 8 & 255, 60] * 8)) * 8
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pictures(folder, count=COUNT):
    for number in range(count):
        path = folder / f"images/{number % 7}/{number:04} é.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(painted(number))
    return folder / "images"


def facet(*words, code=0, text=None):
    done = subprocess.run([FACET, *words], capture_output=True, text=True, timeout=300, input=text)
    assert done.returncode == code, (words, done.returncode, done.stdout[-500:], done.stderr[-500:])
    return done


def lines(path):
    """Lines by their paths; each is whole and no path has two."""
    text = path.read_text()
    assert text.endswith("\n")
    found = [(json.loads(line)["path"], line) for line in text.splitlines()]
    assert len(dict(found)) == len(found), "a file has two lines"
    return dict(found)


def kill_at(process, reached, seconds=60):
    deadline = time.monotonic() + seconds
    while not reached():
        assert process.poll() is None, "it was done before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    process.wait()


# --- embed ------------------------------------------------------------------------------------------------------------

def test_the_shares_of_a_folder_are_the_whole_and_have_nothing_in_common(folder):
    images = pictures(folder)
    facet("embed", *MODEL, "--output", folder / "whole.jsonl", images)
    whole, found = lines(folder / "whole.jsonl"), {}
    for share in range(4):
        out = folder / f"{share}.jsonl"
        done = facet("embed", *MODEL, "--shard", f"{share}/4", "--output", out, images)
        assert "images" in done.stderr, "no progress in the log"
        part = lines(out)
        assert COUNT / 8 < len(part) < COUNT / 2 and not part.keys() & found.keys()
        found |= part
    assert found == whole
    # A folder in another place, and a list of the same names, are shared alike.
    other = folder / "elsewhere"
    shutil.copytree(images, other)
    moved = facet("embed", *MODEL, "--shard", "2/4", other).stdout.splitlines()
    assert {json.loads(line)["path"].removeprefix(f"{other}/") for line in moved} == {path.removeprefix(f"{images}/") for path in lines(folder / "2.jsonl")}
    listed = "".join(f"{path}\n" for path in whole)
    parts = [facet("embed", *MODEL, "--list", "-", "--shard", f"{share}/3", text=listed + listed).stdout.splitlines() for share in range(3)]
    assert sorted(sum(parts, [])) == sorted(whole.values())
    # More shares than files: some have none, and that is no error.
    one = folder / "one"
    one.mkdir()
    (one / "a.png").write_bytes(painted(1))
    assert sum(len(facet("embed", *MODEL, "--shard", f"{share}/3", one).stdout.splitlines()) for share in range(3)) == 1


def test_a_killed_share_goes_on_without_losing_or_repeating_a_line(folder):
    images, out = pictures(folder, 2_000), folder / "part.jsonl"
    clean = folder / "clean.jsonl"
    facet("embed", *MODEL, "--shard", "1/2", "--output", clean, images)
    words = ["embed", *MODEL, "--shard", "1/2", "--resume", "--output", out, images]
    wanted, kept = lines(clean), []
    for kill in range(4):
        size = out.stat().st_size if out.exists() else 0
        kill_at(subprocess.Popen([FACET, *words], stderr=subprocess.DEVNULL), lambda: out.exists() and out.stat().st_size > size)
        # The system wrote a part of a line, as a full disk or a lost machine leaves it.
        torn = out.read_bytes()
        out.write_bytes(torn + list(wanted.values())[-1].encode()[: (7, 60, 300, 0)[kill]])
        kept.append(torn[: torn.rfind(b"\n") + 1])
    assert 0 < len(kept[-1].splitlines()) < len(wanted), "nothing was left to do"
    facet(*words)
    assert lines(out) == wanted
    # What was there is as it was, and another run changes nothing.
    for earlier in kept:
        assert out.read_bytes().startswith(earlier)
    before = out.read_bytes()
    facet(*words)
    assert out.read_bytes() == before


def test_what_failed_is_tried_again_and_has_one_line(folder):
    images, out = pictures(folder, 40), folder / "v.jsonl"
    good = images / "0/0007 é.png"
    right = good.read_bytes()
    good.write_bytes(b"no picture")
    words = ["embed", *MODEL, "--resume", "--output", out, images]
    assert "1 of 40 files failed" in facet(*words, code=1).stderr and '"error"' in lines(out)[str(good)]
    assert "1 of 40 files failed" in facet(*words, code=1).stderr and len(lines(out)) == 40
    good.write_bytes(right)
    facet(*words)
    found = lines(out)
    assert len(found) == 40 and not any('"error"' in line for line in found.values())
    facet("embed", *MODEL, "--output", folder / "clean.jsonl", images)
    assert found == lines(folder / "clean.jsonl") and not list(folder.glob("*.partial"))


def test_a_file_that_is_not_its_own_is_left_alone(folder):
    images, out = pictures(folder, 3), folder / "v.jsonl"
    words = ["embed", *MODEL, "--resume", "--output", out, images]
    for text in ("a letter\nand more\n", '{"path":"x"}\n', '{"path":"x","digest":"sha256:00","embeddings":{"color":[1]}}\n', '{"id":"x","digest":"sha256:00"}\n'):
        out.write_text(text)
        assert facet(*words, code=1).stderr and out.read_text() == text
    out.unlink()
    facet(*words)
    before = out.read_bytes()
    assert "--spaces" in facet(*words, "--spaces", "color", code=1).stderr and out.read_bytes() == before
    with out.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another process" in facet(*words, code=1).stderr
    for more in (["--format", "npy"], ["--format", "csv"]):
        assert "jsonl" in facet(*words, *more, code=64).stderr
    assert "--output" in facet("embed", *MODEL, "--resume", images, code=64).stderr
    for wrong in ("8/8", "1", "x/2"):
        assert "--shard" in facet("embed", *MODEL, "--shard", wrong, images, code=64).stderr


# --- import -----------------------------------------------------------------------------------------------------------

def exported(folder, store, name):
    """Vectors' bytes and line of each item by its id."""
    out = folder / name
    facet("catalog", "export", "shop", out, "--store", store)
    items = [json.loads(line) for line in (out / "items.jsonl").read_text().splitlines()]
    rows = (out / "vectors.npy").read_bytes()
    width = 4 * json.loads((out / "spaces.json").read_text())["dimensions"]
    rows = rows[len(rows) - width * len(items):]
    return {item["id"]: (item, rows[place * width:(place + 1) * width]) for place, item in enumerate(items)}


def test_the_shares_of_an_import_fill_one_collection(folder):
    count = 1_500
    images = pictures(folder, count)
    facet("catalog", "import", "shop", images, *MODEL, "--store", f"sqlite:{folder}/whole.sqlite")
    whole = exported(folder, f"sqlite:{folder}/whole.sqlite", "whole")
    parts = f"sqlite:{folder}/parts.sqlite"
    for share in range(3):
        done = facet("catalog", "import", "shop", images, *MODEL, "--store", parts, "--shard", f"{share}/3")
        assert " 0 skipped, 0 failed" in done.stdout, done.stdout
    assert exported(folder, parts, "parts") == whole
    assert "shop: 0 embedded" in facet("catalog", "import", "shop", images, *MODEL, "--store", parts, "--shard", "1/3").stdout
    some = sorted(whole)[:5]
    done = facet("catalog", "import", "some", images, *MODEL, "--store", parts, "--list", "-", text="\n".join(some))
    assert "some: 5 embedded, 0 skipped, 0 failed" in done.stdout
    if postgres_server.binaries() is None:
        return print("   PostgreSQL left out, there is none")
    server = postgres_server.Server().start()
    try:
        def start(share):
            return subprocess.Popen([FACET, "catalog", "import", "shop", images, *MODEL, "--threads", "1", "--store", server.url, "--shard", f"{share}/3"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running = [start(share) for share in range(3)]
        def held():
            found = subprocess.run([f"{server.binaries}/psql", "-X", "-A", "-t", "-h", server.folder, "-U", "facet", "postgres", "-c", "SELECT count(*) FROM facet_items"],
                                   capture_output=True, text=True).stdout.strip()
            return int(found or 0)
        kill_at(running[1], lambda: held() > 0)
        running[1] = start(1)
        for process in running:
            output, errors = process.communicate(timeout=300)
            assert process.returncode == 0, (output, errors)
        facet("catalog", "migrate", "--from", server.url, "--to", f"sqlite:{folder}/back.sqlite")
        assert exported(folder, f"sqlite:{folder}/back.sqlite", "back") == whole
        again = facet("catalog", "import", "shop", images, *MODEL, "--store", server.url)
        assert f"shop: 0 embedded, {count} skipped" in again.stdout
    finally:
        server.stop()


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_") and all(word in name for word in sys.argv[1:])]
    failed = 0
    for name, test in tests:
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="facet-shards-") as folder:
            try:
                test(pathlib.Path(folder))
                print(f"ok {name} {time.monotonic() - start:.1f} s", flush=True)
            except Exception as wrong:  # noqa: BLE001
                failed += 1
                traceback.print_exc()
                print(f"FAILED {name}: {wrong}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
