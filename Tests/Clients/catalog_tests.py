#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`facet catalog` as its users meet it: folders in, vectors out, killed half way, backed up, damaged, brought to another checkpoint."""
import contextlib, hashlib, http.client, json, os, pathlib, re, shutil, signal, struct, subprocess, sys, tempfile, time, zlib
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACET = pathlib.Path(os.environ.get("FACET_PROGRAM", ROOT / ".build/release/facet"))
GOLDEN = ROOT / "Tests/Fixtures/golden"
PICTURES = [p for p in sorted((GOLDEN / "images").iterdir()) if p.suffix in (".png", ".jpg", ".webp")]


def facet(*words, code=0):
    done = subprocess.run([FACET, *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def catalog(folder, *words, code=0):
    return facet("catalog", words[0], "--store", f"sqlite:{folder / 'catalog.sqlite'}", *words[1:], code=code)


def load(folder, *words, code=0, model="first"):
    return catalog(folder, "import", "shop", folder / "images", "--model", folder / model, *words, code=code).stdout


def export(folder, name="shop"):
    out = folder / "out"
    catalog(folder, "export", name, out)
    lines = [json.loads(line) for line in (out / "items.jsonl").read_text().splitlines()]
    assert sorted(p.name for p in out.iterdir()) == ["items.jsonl", "spaces.json", "vectors.npy"]
    return np.load(out / "vectors.npy"), lines, json.loads((out / "spaces.json").read_text())


def painted(number):
    """A small PNG that no other number has."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = (b"\0" + bytes([number & 255, number >> 8, 90] * 8)) * 8
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def digest(path):
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def fresh(folder):
    """An empty catalog and the golden images, some in folders that name them."""
    for path in folder.glob("catalog.sqlite*"):
        path.unlink()
    for name in ("images", "out"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for number, picture in enumerate(PICTURES):
        target = folder / "images" / ("", "photo", "photo/odd", "photo/odd/deep")[number % 4] / picture.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, target)


# --- tests ------------------------------------------------------------------------------------------------------------

def test_an_import_can_be_listed_verified_and_read_with_numpy(folder):
    count = len(PICTURES)
    assert f"{count} embedded, 0 skipped, 0 failed" in load(folder)
    assert re.search(rf"^shop +{count} +\d+ +first +\S+ +sha256:[0-9a-f]{{64}}$", catalog(folder, "list").stdout, re.M)
    sound = catalog(folder, "verify").stdout
    assert f"{count} items" in sound and "is sound" in sound, sound
    vectors, items, spaces = export(folder)
    assert vectors.shape == (count, spaces["dimensions"]) and vectors.dtype == np.float32 and spaces["items"] == count
    for space in spaces["spaces"]:
        part = vectors[:, space["offset"]:space["offset"] + space["dimensions"]]
        assert np.allclose(np.linalg.norm(part, axis=1), 1, atol=1e-5), space
    names = ",".join(space["name"] for space in spaces["spaces"])
    lines = facet("embed", "--model", folder / "first", "--spaces", names, folder / "images").stdout.splitlines()
    direct = {str(pathlib.Path(line["path"]).relative_to(folder / "images")): line for line in map(json.loads, lines)}
    assert sorted(direct) == sorted(item["id"] for item in items)
    for row, item in zip(vectors, items):
        line = direct[item["id"]]
        assert item["digest"] == line["digest"]
        assert np.allclose(row, np.concatenate([line["embeddings"][s["name"]] for s in spaces["spaces"]]), atol=1e-5), item["id"]
        folders = item["id"].split("/")[:-1]
        assert item["metadata"] == {"path": item["id"], **dict(zip(("category", "subcategory"), folders))}, item


def test_what_is_there_is_skipped_and_what_changed_is_not(folder):
    count = len(PICTURES)
    load(folder)
    assert f"0 embedded, {count} skipped, 0 failed" in load(folder)
    changed = next((folder / "images").glob("*.png"))
    changed.write_bytes(painted(7))
    (folder / "images/broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    (folder / "images/empty.jpg").write_bytes(b"")
    done = catalog(folder, "import", "shop", folder / "images", "--model", folder / "first", code=1)
    assert f"1 embedded, {count - 1} skipped, 2 failed" in done.stdout, done.stdout
    assert re.search(r"^broken\.png: \S+", done.stderr, re.M) and re.search(r"^empty\.jpg: \S+", done.stderr, re.M), done.stderr


def test_labels_are_as_deep_as_asked(folder):
    load(folder, "--label-depth", "1")
    for item in export(folder)[1]:
        assert "subcategory" not in item["metadata"] and ("category" in item["metadata"]) == ("/" in item["id"]), item


def many(folder, count):
    shutil.rmtree(folder / "images")
    (folder / "images").mkdir()
    for number in range(count):
        (folder / f"images/{number:05}.png").write_bytes(painted(number))


def start(folder, verb, *words):
    return subprocess.Popen([FACET, "catalog", verb, "--store", f"sqlite:{folder / 'catalog.sqlite'}", *words],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def held(folder, name="shop"):
    """Items of the collection now, beside whoever writes it."""
    done = subprocess.run([FACET, "catalog", "list", "--store", f"sqlite:{folder / 'catalog.sqlite'}"], capture_output=True, text=True)
    found = re.search(rf"^{name} +(\d+)", done.stdout, re.M)
    return int(found.group(1)) if found else 0


def interrupt(folder, number, process=None, name="shop"):
    """Imports, or waits for `process`, until some items are there, then sends the signal."""
    process = process or start(folder, "import", "shop", folder / "images", "--model", folder / "first")
    deadline = time.monotonic() + 120
    while held(folder, name) == 0:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.02)
    process.send_signal(number)
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


def test_a_killed_import_goes_on_where_it_was(folder):
    many(folder, 2400)
    code, _, _ = interrupt(folder, signal.SIGKILL)
    assert code == -signal.SIGKILL
    catalog(folder, "verify")
    before = held(folder)
    assert 0 < before < 2400, before
    assert f"{2400 - before} embedded, {before} skipped, 0 failed" in load(folder)
    vectors, items, _ = export(folder)
    assert len(items) == 2400 and np.isfinite(vectors).all()
    catalog(folder, "verify")


def test_an_interrupt_ends_with_130_and_says_how_to_go_on(folder):
    many(folder, 2400)
    code, output, errors = interrupt(folder, signal.SIGINT)
    assert code == 130 and "again to go on" in errors, (code, output, errors)
    embedded = int(re.search(r"(\d+) embedded", output).group(1))
    assert 0 < embedded < 2400 and held(folder) == embedded
    assert f"{2400 - embedded} embedded, {embedded} skipped, 0 failed" in load(folder)


@contextlib.contextmanager
def serving(folder):
    """`facet serve` on the catalog and a free port; gives a function that sends a request and returns its status."""
    process = subprocess.Popen([FACET, "serve", "--listen", "127.0.0.1:0", "--models", folder, "--model", "first", "--store", f"sqlite:{folder / 'catalog.sqlite'}"],
                               stderr=subprocess.PIPE, text=True)
    log = ""
    while " ready " not in log:
        line = process.stderr.readline()
        assert line, log
        log += line
    address = re.search(r"address=(\S+)", log).group(1)

    def ask(method, path, body=None, kind="image/png", **headers):
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request(method, path, body, {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body

    def send(method, path, body=None, kind="image/png"):
        return ask(method, path, body, kind)[0]
    send.ask = ask
    try:
        yield send
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0, process.returncode


def test_reading_works_beside_a_server_and_writing_does_not(folder):
    load(folder)
    count = len(PICTURES) + 1
    with serving(folder) as send:
        assert send("PUT", "/v1/collections/shop/items/uploaded", painted(1)) == 201
        catalog(folder, "backup", folder / "beside.sqlite")
        assert "is sound" in catalog(folder, "verify").stdout
        assert held(folder) == count and len(export(folder)[1]) == count
        for words in (["compact"], ["import", "shop", folder / "images"], ["reindex", "shop"]):
            assert "Another process" in catalog(folder, *words, code=1).stderr, words
    assert f" {count} items" in facet("catalog", "verify", "--store", f"sqlite:{folder / 'beside.sqlite'}").stdout


def form(parts):
    """A multipart body of (name, file name or None, type, bytes), and its content type."""
    edge = "facet-form-edge"
    body = b""
    for name, file, kind, content in parts:
        place = f'; filename="{file}"' if file else ""
        body += f'--{edge}\r\nContent-Disposition: form-data; name="{name}"{place}\r\nContent-Type: {kind}\r\n\r\n'.encode() + content + b"\r\n"
    return body + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


def test_a_search_over_http_is_exact_when_asked_and_says_so(folder):
    load(folder)
    first = export(folder)[1][0]["id"]
    with serving(folder) as send:
        for wanted in (None, False, True):
            query = {"id": first, "k": 3, **({} if wanted is None else {"exact": wanted})}
            status, _, body = send.ask("POST", "/v1/collections/shop/search", json.dumps(query), "application/json")
            answer = json.loads(body)
            assert status == 200 and len(answer["hits"]) == 3 and answer["exact"] is True and answer["recall"] == 1, (status, body)
        image = (folder / "images" / first).read_bytes()
        status, _, body = send.ask("POST", "/v1/collections/shop/search?k=1&exact=true", image)
        assert status == 200 and json.loads(body)["hits"][0]["id"] == first, body
        assert send("POST", "/v1/collections/shop/search?exact=perhaps", image) == 400
        assert send("POST", "/v1/collections/shop/search", json.dumps({"id": first, "exact": "yes"}), "application/json") == 400
        graph = json.loads(send.ask("GET", "/v1/collections/shop")[2])["approximation"]
        assert graph == {"state": "off", "linked": 0, "pending": 0, "bytes": 0, "recall": None, "measured": []}, graph


def test_thumbnails_are_served_and_known_by_their_tag(folder):
    import io
    from PIL import Image
    load(folder, "--thumbnails", "48")
    items = export(folder)[1]
    with serving(folder) as send:
        for item in items:
            path = f"/v1/collections/shop/items/{item['id'].replace('/', '%2F')}/thumbnail"
            status, headers, body = send.ask("GET", path)
            assert status == 200 and headers["Content-Type"] == "image/jpeg" and max(Image.open(io.BytesIO(body)).size) <= 48, item
            status, _, body = send.ask("GET", path, If_None_Match=headers["ETag"])
            assert status == 304 and body == b"", item
        assert send("GET", "/v1/collections/shop/items/nobody/thumbnail") == 404
        assert send("PUT", "/v1/collections/bare", '{"thumbnails":"none"}', "application/json") == 201
        assert send("PUT", "/v1/collections/bare/items/a", painted(3)) == 201
        assert send("GET", "/v1/collections/bare/items/a/thumbnail") == 404


def test_images_arrive_in_forms_and_bad_ones_do_not_stop_the_others(folder):
    with serving(folder) as send:
        assert send("PUT", "/v1/collections/shop", "{}", "application/json") == 201
        body, kind = form([("image", f"{n}.png", "image/png", painted(n)) for n in range(5)] + [("image", "broken.png", "image/png", b"nothing")])
        status, _, body = send.ask("POST", "/v1/collections/shop/items", body, kind)
        entries = json.loads(body)["data"]
        assert status == 200 and [entry["index"] for entry in entries] == list(range(6)), body
        assert all(entry["new"] for entry in entries[:5]) and "error" in entries[5] and not any("error" in entry for entry in entries[:5]), entries
        for entry in entries[:5]:
            item = json.loads(send.ask("GET", f"/v1/collections/shop/items/{entry['id']}")[2])
            assert item["digest"] == entry["digest"], (item, entry)
        assert json.loads(send.ask("GET", "/v1/collections/shop")[2])["items"] == 5
        assert send("POST", "/v1/collections/shop/items", b"--none\r\n", kind) == 400


def test_a_killed_reindex_changes_nothing_and_goes_on_with_what_is_there_then(folder):
    many(folder, 2400)
    load(folder, "--keep")
    before = export(folder)
    temporary = r"shop\.reindex-\S+"
    interrupt(folder, signal.SIGKILL, start(folder, "reindex", "shop", "--model", folder / "second"), temporary)
    catalog(folder, "verify")
    assert 0 < held(folder, temporary) < 2400
    now = export(folder)
    assert np.array_equal(before[0], now[0]) and before[1:] == now[1:], "a reindex that was killed changed the collection"
    (folder / "images/00001.png").write_bytes(painted(5000))
    assert "1 embedded" in load(folder, "--keep")
    with serving(folder) as send:
        assert send("DELETE", "/v1/collections/shop/items/00000.png") == 200
    assert "2399 items" in catalog(folder, "reindex", "shop", "--model", folder / "second").stdout
    vectors, items, spaces = export(folder)
    assert {i["id"]: i["digest"] for i in items} == {p.name: digest(p) for p in (folder / "images").iterdir() if p.name != "00000.png"}
    assert spaces["model"] == "second" and len(vectors) == 2399 and held(folder, temporary) == 0
    catalog(folder, "verify")


def test_a_backup_opens_and_verifies_and_replaces_nothing(folder):
    load(folder, "--keep")
    copy = folder / "copy.sqlite"
    catalog(folder, "backup", copy)
    assert "is sound" in facet("catalog", "verify", "--store", f"sqlite:{copy}").stdout
    assert facet("catalog", "list", "--store", f"sqlite:{copy}").stdout == catalog(folder, "list").stdout
    assert "exists already" in catalog(folder, "backup", copy, code=1).stderr
    assert not list(folder.glob("*-partial*"))


def test_advice_comes_from_a_metadata_field_or_a_file_of_labels(folder):
    load(folder)
    items = export(folder)[1]
    (folder / "labels.tsv").write_text("".join(f"{item['id']}\t{number % 2}\n" for number, item in enumerate(items)))
    by_file = facet("advise", "shop", "--labels", folder / "labels.tsv", "--store", f"sqlite:{folder}/catalog.sqlite").stdout
    assert f"{len(items)} examples of 2 labels" in by_file and '{"weights": {' in by_file, by_file
    by_field = facet("advise", "shop", "--label-field", "none", "--store", f"sqlite:{folder}/catalog.sqlite", code=64)
    assert "label at least two items" in by_field.stderr, by_field.stderr


def test_compacting_gives_room_back(folder):
    load(folder, "--keep")
    assert "became" in catalog(folder, "compact").stdout
    assert "is sound" in catalog(folder, "verify").stdout


def test_a_damaged_file_is_named(folder):
    load(folder)
    path = folder / "catalog.sqlite"
    whole = path.read_bytes()
    vector = export(folder)[0][3].tobytes()[:64]
    place = whole.find(vector)
    assert place > 0
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
    done = catalog(folder, "verify", code=1)
    assert re.search(r"problem: row \d+ of vectors does not match its check", done.stdout), done.stdout
    assert "damaged" in catalog(folder, "export", "shop", folder / "lost", code=1).stderr
    assert not list((folder / "lost").iterdir()), "half an export was left"
    path.write_bytes(whole[:len(whole) // 2])
    broken = catalog(folder, "verify", code=1)
    assert "damaged" in (broken.stdout + broken.stderr).lower()


def test_what_is_no_catalog_is_refused(folder):
    (folder / "other.sqlite").write_bytes(b"nothing of the kind" * 100)
    for words in (["list"], ["verify"], ["compact"], ["backup", folder / "x.sqlite"], ["export", "shop", folder / "x"]):
        for name, says in (("other.sqlite", "not a catalog"), ("absent.sqlite", "cannot be opened")):
            done = facet("catalog", words[0], "--store", f"sqlite:{folder / name}", *words[1:], code=1)
            assert says in done.stderr, (words, done.stderr)
    assert not (folder / "absent.sqlite").exists()
    load(folder)
    refused = catalog(folder, "export", "none", folder / "x", code=1).stderr
    assert "has no collection 'none'" in refused and "shop" in refused, refused


def test_another_checkpoint_is_refused_and_reindexed(folder):
    count = len(PICTURES)
    load(folder, "--keep")
    spaces = ",".join(space["name"] for space in export(folder)[2]["spaces"])
    refused = catalog(folder, "import", "shop", folder / "images", "--model", folder / "second", code=1)
    assert "facet catalog reindex shop" in refused.stderr, refused.stderr
    before, old, description = export(folder)
    done = catalog(folder, "reindex", "shop", "--model", folder / "second")
    assert f"{count} items" in done.stdout, done.stdout
    after, new, changed = export(folder)
    assert [(i["id"], i["digest"], i["metadata"]) for i in old] == [(i["id"], i["digest"], i["metadata"]) for i in new]
    assert changed["digest"] != description["digest"] and changed["model"] == "second"
    lines = facet("embed", "--model", folder / "second", "--spaces", spaces, folder / "images").stdout.splitlines()
    direct = {str(pathlib.Path(line["path"]).relative_to(folder / "images")): line for line in map(json.loads, lines)}
    for row, item in zip(after, new):
        vector = np.concatenate([direct[item["id"]]["embeddings"][s["name"]] for s in changed["spaces"]])
        assert np.allclose(row, vector, atol=1e-5), item["id"]
    assert catalog(folder, "list").stdout.count("\n") == 2, "something was left behind"
    assert "already" in catalog(folder, "reindex", "shop", "--model", folder / "second").stdout
    catalog(folder, "verify")


def test_items_without_their_images_are_left_out_only_when_asked(folder):
    count = len(PICTURES)
    load(folder)
    (folder / "images/more").mkdir()
    (folder / "images/more/new.png").write_bytes(painted(5))
    load(folder, "--keep")
    bare = export(folder)
    assert len(bare[1]) == count + 1
    done = catalog(folder, "reindex", "shop", "--model", folder / "second")
    assert f"{count + 1} items" in done.stdout, "skipped files should have been kept, too: " + done.stdout
    (folder / "images/more/newer.png").write_bytes(painted(6))
    load(folder, model="second")
    refused = catalog(folder, "reindex", "shop", "--model", folder / "first", code=1)
    assert f"1 of {count + 2} items" in refused.stderr and "--drop-missing" in refused.stderr, refused.stderr
    assert len(export(folder)[1]) == count + 2
    dropped = catalog(folder, "reindex", "shop", "--model", folder / "first", "--drop-missing")
    assert f"{count + 1} items" in dropped.stdout, dropped.stdout


def thumbnails(folder, name="shop"):
    """Item id to the sides of its thumbnail, read from the file itself."""
    import io, sqlite3
    from PIL import Image
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'catalog.sqlite'}?mode=ro", uri=True)) as file:
        rows = file.execute("SELECT id, thumbnails.bytes FROM items JOIN thumbnails USING (row) JOIN collections ON collection = key WHERE name = ?", (name,)).fetchall()
    return {id: Image.open(io.BytesIO(bytes)).size for id, bytes in rows}


def test_thumbnails_are_made_as_asked_and_added_to_what_is_there(folder):
    count = len(PICTURES)
    load(folder, "--thumbnails", "none")
    assert thumbnails(folder) == {}
    assert f"0 embedded, {count} skipped" in load(folder, "--thumbnails", "48")
    small = thumbnails(folder)
    assert len(small) == count and max(max(size) for size in small.values()) == 48, small
    wide = next(size for id, size in small.items() if id.endswith("wide.png"))
    assert wide[0] > wide[1], wide
    (folder / "images/later.png").write_bytes(painted(9))
    load(folder)
    assert thumbnails(folder)["later.png"] == (8, 8), "a smaller image keeps its size, and the collection its rule"
    refused = catalog(folder, "import", "shop", folder / "images", "--thumbnails", "5", code=64)
    assert "16 to 1024" in refused.stderr, refused.stderr
    catalog(folder, "verify")


def test_a_reindex_makes_do_with_thumbnails_only_when_asked(folder):
    count = len(PICTURES)
    load(folder, "--thumbnails", "64")
    (folder / "images/more").mkdir()
    (folder / "images/more/kept.png").write_bytes(painted(5))
    before = export(folder)
    refused = catalog(folder, "reindex", "shop", "--model", folder / "second", code=1)
    assert f"{count} of {count} items" in refused.stderr and "--from-thumbnails" in refused.stderr, refused.stderr
    assert np.array_equal(before[0], export(folder)[0])
    made = catalog(folder, "reindex", "shop", "--model", folder / "second", "--from-thumbnails")
    assert f"{count} items" in made.stdout and "only a thumbnail" in made.stderr and "64 pixels" in made.stderr, made
    after = export(folder)
    assert [(i["id"], i["digest"], i["metadata"]) for i in after[1]] == [(i["id"], i["digest"], i["metadata"]) for i in before[1]]
    assert after[2]["model"] == "second" and len(thumbnails(folder)) == count
    # The vectors are near those of the images, and not theirs.
    spaces = ",".join(space["name"] for space in after[2]["spaces"])
    lines = facet("embed", "--model", folder / "second", "--spaces", spaces, folder / "images").stdout.splitlines()
    direct = {str(pathlib.Path(line["path"]).relative_to(folder / "images")): line for line in map(json.loads, lines)}
    whole = np.array([np.concatenate([direct[i["id"]]["embeddings"][s["name"]] for s in after[2]["spaces"]]) for i in after[1]])
    cosines = (whole * after[0]).sum(1) / np.linalg.norm(whole, axis=1) / np.linalg.norm(after[0], axis=1)
    assert 0.9 < np.median(cosines) < 0.999999, cosines
    catalog(folder, "verify")


def test_a_collection_is_deleted_only_with_yes_and_its_room_comes_back(folder):
    load(folder, "--keep")
    path = folder / "catalog.sqlite"
    many(folder, 1500)
    catalog(folder, "import", "other", folder / "images", "--model", folder / "first", "--keep")
    size = path.stat().st_size
    refused = catalog(folder, "delete", "other", code=1)
    assert "1500 items" in refused.stderr and "--yes" in refused.stderr and held(folder, "other") == 1500
    done = catalog(folder, "delete", "other", "--yes")
    assert "1500 items deleted" in done.stdout, done.stdout
    assert held(folder, "other") == 0 and held(folder) == len(PICTURES)
    assert path.stat().st_size < size - 1_000_000, (size, path.stat().st_size)
    refused = catalog(folder, "delete", "other", "--yes", code=1).stderr
    assert "has no collection 'other'" in refused and "shop" in refused, refused
    catalog(folder, "verify")


def on_a_terminal(folder, *words):
    """What the command writes to a terminal, and its exit status."""
    import pty
    mine, theirs = pty.openpty()
    process = subprocess.Popen([FACET, "catalog", words[0], "--store", f"sqlite:{folder / 'catalog.sqlite'}", *words[1:]], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):
        while part := os.read(mine, 65536):
            text += part
    os.close(mine)
    return process.wait(timeout=120), text.decode()


def test_long_work_shows_a_bar_with_rate_and_time_left_on_a_terminal_only(folder):
    many(folder, 300)
    work = {"import": ["shop", folder / "images", "--model", folder / "first", "--keep"], "verify": [], "compact": [], "backup": [folder / "bars.sqlite"],
            "export": ["shop", folder / "out"], "reindex": ["shop", "--model", folder / "second"], "delete": ["shop", "--yes"]}
    for verb, words in work.items():
        code, text = on_a_terminal(folder, verb, *words)
        last = text.rstrip().split("\r")[-1]
        assert code == 0 and "100%" in last and re.search(r"\d/s", last), (verb, code, text)
        assert "ETA" not in last
    load(folder)
    for verb, words in list(work.items())[1:3]:
        assert catalog(folder, verb, *words).stderr == "", verb


def test_a_collection_of_another_preparation_is_refused_and_reindexed(folder):
    load(folder, "--keep")
    other = folder / "prepared"
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(folder / "first", other)
    manifest = json.loads((other / "model.json").read_text())
    manifest["preprocessing"]["mean"] = [0.4, 0.4, 0.4]
    (other / "model.json").write_text(json.dumps(manifest))
    refused = catalog(folder, "import", "shop", folder / "images", "--model", other, code=1)
    assert "prepared as" in refused.stderr and "reindex" in refused.stderr, refused.stderr
    before = export(folder)[0]
    assert f"{len(PICTURES)} items" in catalog(folder, "reindex", "shop", "--model", other).stdout
    assert not np.allclose(before, export(folder)[0], atol=1e-4)
    assert f"{len(PICTURES)} skipped" in load(folder, model="prepared")


def main():
    with tempfile.TemporaryDirectory(prefix="facet-catalog-") as name:
        folder = pathlib.Path(name)
        (folder / "small.json").write_text('{"size": 64, "resize": "letterbox", "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}')
        for model, golden in (("first", "looc-r50w8"), ("second", "loocpp-r18w8")):
            facet("convert", GOLDEN / golden / "model.safetensors", folder / model, "--preprocessing", folder / "small.json")
        for name, test in list(globals().items()):
            if name.startswith("test_") and (len(sys.argv) < 2 or sys.argv[1] in name):
                fresh(folder)
                test(folder)
                print("ok", name, flush=True)


main()
