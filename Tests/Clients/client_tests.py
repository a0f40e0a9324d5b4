#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server as its users meet it: the real program, the stock openai client, and answers held against openapi.yaml."""
import base64, http.client, io, json, os, pathlib, random, re, shutil, signal, subprocess, sys, tempfile, threading, time
import httpx, numpy as np, openai, yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate as validate_contract
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACET = ROOT / ".build/release/facet"
IMAGES = ROOT / "Tests/Fixtures/golden/images"
CONTRACT = yaml.safe_load((ROOT / "openapi.yaml").read_text())


class Server:
    """`facet serve` on a free port, from the repository's root as a user would start it."""

    def __init__(self, *flags):
        if "--store" not in flags:
            self.folder = tempfile.TemporaryDirectory(prefix="facet-store-")
            flags = [*flags, "--store", f"sqlite:{self.folder.name}/catalog.sqlite"]
        self.process = subprocess.Popen([FACET, "serve", "--listen", "127.0.0.1:0", *flags], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        self.log = []
        while True:
            line = self.process.stderr.readline()
            assert line, "the server ended: " + "".join(self.log)
            self.log.append(line)
            if " ready " in line or '"message":"ready"' in line:
                break
        self.address = re.search(r'address"?[=:]"?([^\s"]+)', "".join(self.log)).group(1)
        self.http = httpx.Client(base_url=f"http://{self.address}", timeout=60)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0, "the server did not stop cleanly"


def schema_errors(value, schema):
    validator = Draft202012Validator({"$defs_root": CONTRACT, **rooted(schema), "components": CONTRACT["components"]})
    return [f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validator.iter_errors(value)]


def rooted(schema):
    return json.loads(json.dumps(schema))


def check_contract(response, method, path):
    """The status is documented, the media type too, and the body fits its schema."""
    operation = CONTRACT["paths"][path][method]
    documented = operation["responses"].get(str(response.status_code), operation["responses"].get("default"))
    assert documented, f"{method} {path}: status {response.status_code} is not documented"
    if "$ref" in documented:
        documented = CONTRACT["components"]["responses"][documented["$ref"].rsplit("/", 1)[1]]
    media = response.headers["content-type"].split(";")[0]
    assert media in documented["content"], f"{method} {path}: {media} is not documented for {response.status_code}"
    assert response.headers.get("x-request-id")
    if media == "application/json":
        errors = schema_errors(response.json(), documented["content"][media]["schema"])
        assert not errors, f"{method} {path}: {errors}"
    return response


def vectors(response):
    return [item["embeddings"] for item in response.json()["data"]]


def post(server, content, kind, **more):
    headers = {"Content-Type": kind, **more.pop("headers", {})}
    return check_contract(server.http.post("/v1/embeddings", content=content, headers=headers, **more), "post", "/v1/embeddings")


def picture(name):
    return (IMAGES / name).read_bytes()


def data_uri(name):
    return "data:image/png;base64," + base64.b64encode(picture(name)).decode()


# --- tests ------------------------------------------------------------------------------------------------------------

def test_contract_is_valid_and_served(server):
    validate_contract(CONTRACT)
    assert server.http.get("/openapi.yaml").text == (ROOT / "openapi.yaml").read_text()


def test_every_get_route_fits_the_contract(server):
    for path in ["/v1/models", "/health/live", "/health/ready", "/metrics", "/openapi.yaml"]:
        assert check_contract(server.http.get(path), "get", path).status_code == 200
    model = server.http.get("/v1/models").json()["data"][0]["id"]
    assert check_contract(server.http.get(f"/v1/models/{model}"), "get", "/v1/models/{model}").status_code == 200
    assert check_contract(server.http.get("/v1/models/none"), "get", "/v1/models/{model}").status_code == 404


def test_every_golden_image_in_every_form_fits_the_contract(server):
    kinds = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
    for file in sorted(IMAGES.iterdir()):
        body = file.read_bytes()
        raw = post(server, body, kinds[file.suffix], params={"spaces": "color,backbone"})
        assert raw.status_code == 200, (file, raw.text)
        request = {"input": [base64.b64encode(body).decode()], "spaces": ["color", "backbone"]}
        assert not schema_errors(request, CONTRACT["components"]["schemas"]["EmbeddingRequest"])
        coded = post(server, json.dumps(request), "application/json")
        assert vectors(coded) == vectors(raw)
        assert coded.json()["data"][0]["cached"], "the same bytes were decoded twice"
        form = server.http.post("/v1/embeddings", params={"spaces": "color,backbone"}, files=[("image", (file.name, body))])
        assert vectors(check_contract(form, "post", "/v1/embeddings")) == vectors(raw)


def test_errors_fit_the_contract(server):
    cases = [
        (b"", "image/png", {}, 422, "image_empty"), (b"GIF89a", "image/gif", {}, 415, "image_format_unsupported"),
        (picture("rgba.png")[:300], "image/png", {}, 422, "image_truncated"), (b"{", "application/json", {}, 400, "invalid_json"),
        (b"{}", "application/json", {}, 400, "missing_input"), (b"x", "text/plain", {}, 415, "unsupported_media_type"),
        (b"x", "image/png", {"params": {"spaces": "nope"}}, 400, "unknown_space"),
        (b"x", "image/png", {"headers": {"Accept": "text/html"}}, 406, "not_acceptable"),
        (b"x" * (33 << 20), "image/png", {}, 413, "body_too_large"),
    ]
    for content, kind, more, status, code in cases:
        reply = post(server, content, kind, **more)
        assert (reply.status_code, reply.json()["error"]["code"]) == (status, code), reply.text


def test_collections_fit_the_contract_and_find_what_they_should(server):
    def call(method, path, template, **more):
        return check_contract(server.http.request(method, path, **more), method.lower(), "/v1/collections" + template)
    c, item = "/{collection}", "/{collection}/items/{id}"
    assert call("PUT", "/v1/collections/shop", c, json={}).status_code == 201
    assert call("PUT", "/v1/collections/shop", c, json={"spaces": ["color"]}).status_code == 409
    files = sorted(file for file in IMAGES.iterdir() if file.suffix == ".png")
    for number, file in enumerate(files):
        headers = {"Content-Type": "image/png", "X-Facet-Metadata": json.dumps({"n": number, "name": file.name})}
        kept = call("PUT", f"/v1/collections/shop/items/{file.stem}", item, params={"keep": "true"}, content=file.read_bytes(), headers=headers)
        assert kept.status_code == 201, kept.text
    image = call("GET", f"/v1/collections/shop/items/{files[0].stem}/image", item + "/image")
    assert image.content == files[0].read_bytes()
    lines = "".join(json.dumps({"id": f"line-{n}", "image": base64.b64encode(file.read_bytes()).decode(), "metadata": {"n": n}}) + "\n" for n, file in enumerate(files[:5]))
    batch = call("POST", "/v1/collections/shop/items", c + "/items", content=lines + "{}\n", headers={"Content-Type": "application/x-ndjson"}).json()["data"]
    assert [entry.get("id") for entry in batch] == [f"line-{n}" for n in range(5)] + [None] and batch[5]["error"]["code"] == "missing_input"
    assert call("GET", "/v1/collections/shop", c).json()["items"] == len(files) + 5
    listed = call("GET", "/v1/collections/shop/items", c + "/items", params={"limit": 3, "filter": json.dumps({"n": {"$lt": 5}})}).json()
    assert len(listed["data"]) == 3 and listed["next"]

    # A naive search over the vectors that the service itself gives must agree, for any weights.
    spaces = [space["name"] for space in call("GET", "/v1/collections/shop", c).json()["spaces"]]
    table = {file.stem: post(server, file.read_bytes(), "image/png", params={"spaces": ",".join(spaces)}).json()["data"][0]["embeddings"] for file in files}
    for weights in [{"color": 1}, {"rotation": 1, "color": -0.5}, {"invariant": 0.2, "texture": 2, "color": 0}]:
        query = files[3].stem
        request = {"id": query, "weights": weights, "k": 5, "filter": {"name": {"$exists": True}}}
        hits = call("POST", "/v1/collections/shop/search", c + "/search", json=request).json()["hits"]
        total = sum(abs(weight) for weight in weights.values())
        naive = {name: sum(weight * float(np.dot(table[query][space], vectors[space])) for space, weight in weights.items()) / total
                 for name, vectors in table.items() if name != query}
        best = sorted(naive, key=lambda name: -naive[name])[:5]
        assert np.allclose([hit["score"] for hit in hits], [naive[name] for name in best], atol=1e-5), (hits, best)
    upload = call("POST", "/v1/collections/shop/search", c + "/search", params={"weights": "color:1", "k": 1}, content=files[2].read_bytes(), headers={"Content-Type": "image/png"})
    assert upload.json()["hits"][0]["score"] > 0.9999
    advice = call("POST", "/v1/collections/shop/advise", c + "/advise", json={"examples": [{"id": file.stem, "label": n % 2} for n, file in enumerate(files)]})
    assert advice.status_code == 200 and advice.json()["sentence"]
    assert call("GET", "/v1/collections/none", c).status_code == 404
    assert call("POST", "/v1/collections/shop/search", c + "/search", json={"id": "none"}).status_code == 404
    assert call("DELETE", f"/v1/collections/shop/items/{files[0].stem}", item).status_code == 200
    assert call("DELETE", "/v1/collections/shop", c).status_code == 200
    assert call("GET", "/v1/collections", "").json()["data"] == []
    metrics = server.http.get("/metrics").text
    assert re.search(r"^facet_cache_hits_total [1-9]", metrics, re.M) and "facet_catalog_vectors 0" in metrics


def every_item(http, collection):
    items, cursor = [], None
    while True:
        page = http.get(f"/v1/collections/{collection}/items", params={"limit": 1000, **({"cursor": cursor} if cursor else {})}).json()
        items, cursor = items + page["data"], page["next"]
        if not cursor:
            return items


def test_acknowledged_items_survive_kill_9_and_no_half_ones_do(folder=None):
    body = picture("rgba.png")
    with tempfile.TemporaryDirectory(prefix="facet-kill-") as name:
        store, acknowledged, chance = f"sqlite:{name}/c.sqlite", set(), random.Random(3)
        for round in range(12):
            server = Server("--store", store)
            http = server.http
            if round == 0:
                assert http.put("/v1/collections/shop", json={}).status_code == 201
            listed = every_item(http, "shop")
            missing = acknowledged - {item["id"] for item in listed}
            assert not missing, f"lost after kill {round}: {sorted(missing)[:5]}"
            assert http.get("/v1/collections/shop").json()["items"] == len(listed)
            for item in listed[-3:]:
                found = http.post("/v1/collections/shop/search", json={"id": item["id"], "k": 1000}).json()["hits"]
                assert len(found) == min(1000, len(listed) - 1)

            def write(worker):
                with httpx.Client(base_url=http.base_url, timeout=10) as own:
                    for number in range(10_000):
                        id = f"{round}-{worker}-{number}"
                        try:
                            answer = own.put(f"/v1/collections/shop/items/{id}", content=body, headers={"Content-Type": "image/png"})
                        except httpx.HTTPError:
                            return
                        if answer.status_code == 201:
                            acknowledged.add(id)

            writers = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
            for writer in writers:
                writer.start()
            time.sleep(chance.uniform(0.05, 0.4))
            server.process.kill()
            server.process.wait()
            for writer in writers:
                writer.join()
        assert len(acknowledged) > 20, f"only {len(acknowledged)} writes: too few to tell"


def test_openai_client_with_its_default_base64_and_with_floats(server):
    client = openai.OpenAI(base_url=f"http://{server.address}/v1", api_key="none")
    default = client.embeddings.create(model="facet-small", input=data_uri("rgba.png"))
    floats = client.embeddings.create(model="facet-small", input=[data_uri("rgba.png"), base64.b64encode(picture("rgb.png")).decode()], encoding_format="float")
    assert len(default.data[0].embedding) == 256 and len(floats.data) == 2
    assert np.array_equal(np.float32(default.data[0].embedding), np.float32(floats.data[0].embedding))
    color = client.embeddings.create(model="facet-small", input=data_uri("rgba.png"), extra_body={"spaces": ["color"]})
    assert abs(np.linalg.norm(color.data[0].embedding) - 1) < 1e-5
    assert [m.id for m in client.models.list()] == ["facet-small"]
    try:
        client.embeddings.create(model="other", input=data_uri("rgba.png"))
        raise AssertionError("an unknown model was accepted")
    except openai.NotFoundError as error:
        assert error.code == "model_not_found"


def test_binary_answers_load_in_numpy(server):
    raw = post(server, picture("rgba.png"), "image/png", params={"spaces": "color,concat"})
    expected = np.float32(raw.json()["data"][0]["embeddings"]["color"] + raw.json()["data"][0]["embeddings"]["concat"])
    headers = {"Accept": "application/x-npy"}
    npy = server.http.post("/v1/embeddings", params={"spaces": "color,concat"}, headers=headers, files=[("image", picture("rgba.png"))] * 3)
    array = np.load(io.BytesIO(npy.content))
    assert array.shape == (3, 640) and array.dtype == np.float32 and np.array_equal(array[1], expected)
    flat = post(server, picture("rgba.png"), "image/png", params={"spaces": "color,concat"}, headers={"Accept": "application/octet-stream"})
    assert np.array_equal(np.frombuffer(flat.content, "<f4"), expected)


def test_huge_and_truncated_images_cost_milliseconds(server):
    out = io.BytesIO()
    Image.new("1", (14000, 12000)).save(out, "PNG")
    jpeg = picture("baseline.jpg")
    for content, kind, status in [(out.getvalue(), "image/png", 413), (jpeg[: len(jpeg) // 2], "image/jpeg", 422)]:
        post(server, content, kind)
        begin = time.perf_counter()
        reply = post(server, content, kind)
        print(f"     {len(content)} bytes refused with {reply.status_code} in {(time.perf_counter() - begin) * 1000:.1f} ms")
        assert reply.status_code == status, reply.text


def test_requests_in_flight_are_answered_when_the_server_stops(server):
    other = Server()
    part = b"--B\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\n" + picture("progressive.jpg") + b"\r\n"
    connections = [http.client.HTTPConnection(other.address, timeout=60) for _ in range(3)]
    for connection in connections:
        connection.request("POST", "/v1/embeddings", part * 64 + b"--B--\r\n", {"Content-Type": "multipart/form-data; boundary=B"})
    number = lambda name, text: int(re.search(rf"^{name} (\d+)$", text, re.M).group(1))
    while True:
        page = other.http.get("/metrics").text
        waiting = number("facet_queue_images", page)
        if waiting + number("facet_images_embedded_total", page) >= 3 * 64:
            break
    other.stop()
    print(f"     stopped with {waiting} images in flight")
    answers = [connection.getresponse() for connection in connections]
    assert [a.status for a in answers] == [200] * 3 and all(len(json.loads(a.read())["data"]) == 64 for a in answers)


def test_keys_let_in_whom_they_should_and_are_read_again(_):
    def make(name, *words):
        return subprocess.run([FACET, "keys", "new", name, "--file", keys, *words], capture_output=True, text=True, check=True).stdout.strip()

    with tempfile.TemporaryDirectory() as folder:
        keys = pathlib.Path(folder) / "keys"
        reader, owner = make("web", "--rate", "100/hour"), make("ops", "--role", "admin")
        assert keys.stat().st_mode & 0o777 == 0o600 and reader not in keys.read_text()
        assert "web" in subprocess.run([FACET, "keys", "check", keys], capture_output=True, text=True, check=True).stdout
        again = subprocess.run([FACET, "keys", "new", "web", "--file", keys], capture_output=True, text=True)
        assert again.returncode != 0 and "already" in again.stderr
        server = Server("--keys", str(keys))
        try:
            def ask(method, path, key=None, **more):
                headers = {"Authorization": f"Bearer {key}"} if key else {}
                return server.http.request(method, path, headers={**headers, **more.pop("headers", {})}, **more)

            assert ask("GET", "/health/ready").status_code == 200
            assert check_contract(ask("GET", "/v1/models"), "get", "/v1/models").json()["error"]["code"] == "key_missing"
            assert check_contract(ask("GET", "/v1/models", "facet_x"), "get", "/v1/models").status_code == 401
            assert ask("GET", "/v1/models", reader).status_code == 200
            assert check_contract(ask("PUT", "/v1/collections/shop", reader), "put", "/v1/collections/{collection}").status_code == 403
            assert ask("PUT", "/v1/collections/shop", owner).status_code == 201
            client = openai.OpenAI(base_url=f"http://{server.address}/v1", api_key=reader)
            assert len(client.embeddings.create(model="facet-small", input=[data_uri("rgb.png")]).data) == 1
            late = make("late")
            assert ask("GET", "/v1/models", late).status_code == 401
            for text, expected in ((keys.read_text(), 200), (keys.read_text() + "half a line\n", 200), ("", 401)):
                keys.write_text(text)
                server.process.send_signal(signal.SIGHUP)
                line = server.process.stderr.readline()
                while "keys" not in line:
                    line = server.process.stderr.readline()
                assert ("stay as they were" in line) == ("half" in text), line
                assert reader not in line and late not in line
                assert ask("GET", "/v1/models", late).status_code == expected, text
        finally:
            server.stop()


def test_a_model_is_replaced_under_load_without_a_failed_request(_):
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "facet-small"
        shutil.copytree(ROOT / "models/facet-small", model)
        server = Server("--models", folder, "--log-requests", "all", "--log-format", "json")
        lines, answers, done = [], [], threading.Event()
        drain = threading.Thread(target=lambda: lines.extend(server.process.stderr), daemon=True)
        drain.start()

        def load(number):
            with httpx.Client(base_url=f"http://{server.address}", timeout=60) as http:
                while not done.is_set():
                    answers.append(http.post("/v1/embeddings", content=picture("rgb.png"), headers={
                        "Content-Type": "image/png", "traceparent": f"00-{number:032x}-{7:016x}-01"}))

        threads = [threading.Thread(target=load, args=(number,)) for number in (1, 2)]
        for thread in threads:
            thread.start()
        try:
            digests = [server.http.get("/v1/models/facet-small").json()["digest"]]
            weights = bytearray((model / "model.safetensors").read_bytes())
            for step in range(3):
                weights[-2] ^= 1 << step
                for content, works in ((bytes(weights[:1000]), False), (bytes(weights), True)):
                    (model / "new").write_bytes(content)
                    (model / "new").rename(model / "model.safetensors")
                    if step == 1 or not works:
                        reply = check_contract(server.http.post("/v1/models/facet-small/load"), "post", "/v1/models/{model}/load")
                        assert reply.status_code == (200 if works else 422), reply.text
                    else:
                        server.process.send_signal(signal.SIGHUP)
                        deadline = time.monotonic() + 20
                        while server.http.get("/v1/models/facet-small").json()["digest"] == digests[-1]:
                            assert time.monotonic() < deadline, "SIGHUP did not load the model again"
                            time.sleep(0.02)
                digests.append(server.http.get("/v1/models/facet-small").json()["digest"])
            assert len(set(digests)) == 4, digests
            check_contract(server.http.get("/v1/info"), "get", "/v1/info")
        finally:
            done.set()
            for thread in threads:
                thread.join()
            server.stop()
        drain.join(10)
        assert len(answers) > 20 and all(answer.status_code == 200 for answer in answers), [a.text for a in answers if a.status_code != 200][:3]
        traced = [record for record in map(json.loads, lines) if record.get("route") == "/v1/embeddings"]
        assert len(traced) == len(answers) and {record["trace_id"][-1] for record in traced} == {"1", "2"}, len(traced)
        bad = [record for record in traced if not (record["status"] == "200" and float(record["ms"]) > 0 and record["parent_id"])]
        assert not bad, bad[:3]


def test_command_line(server):
    folder = str(IMAGES)
    lines = subprocess.run([FACET, "embed", "--spaces", "color,concat", folder], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == len(list(IMAGES.iterdir()))
    served = post(server, picture("baseline.jpg"), "image/jpeg", params={"spaces": "color,concat"}).json()["data"][0]
    printed = next(json.loads(line) for line in lines if "baseline" in line)
    assert printed["embeddings"] == served["embeddings"] and printed["digest"] == served["digest"]
    bad = subprocess.run([FACET, "embed", "--spaces", "color", folder + "/rgb.png", "/nonexistent.png", str(ROOT / "Package.swift")], cwd=ROOT, capture_output=True, text=True)
    parsed = [json.loads(line) for line in bad.stdout.splitlines()]
    assert bad.returncode == 1 and ["error" in p for p in parsed] == [False, True, True], bad
    out = ROOT / ".build/vectors.npy"
    subprocess.run([FACET, "embed", "--spaces", "color", "--format", "npy", "--output", out, folder], cwd=ROOT, check=True, capture_output=True)
    array = np.load(out)
    assert array.shape == (len(lines), 128) and np.array_equal(array[0], np.float32(json.loads(lines[0])["embeddings"]["color"]))
    table = subprocess.run([FACET, "embed", "--spaces", "color", "--format", "csv", folder], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(table) == len(lines) + 1 and all(len(row.split(",")) == 3 + 128 for row in table)
    inspected = json.loads(subprocess.run([FACET, "inspect", "--json", "models/facet-small"], cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert inspected["heads"] == 4 and inspected["backbone"] == "resnet18"
    for command in [[], ["serve"], ["embed"], ["inspect"], ["convert"]]:
        text = subprocess.run([FACET, *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert "facet" in text and len(text) > 400


def test_a_packed_model_is_half_the_size_and_gives_the_same_vectors(_):
    with tempfile.TemporaryDirectory() as folder:
        whole = pathlib.Path(folder) / "whole"
        done = subprocess.run([FACET, "convert", ROOT / "Tests/Fixtures/golden/looc-r50w8/model.safetensors", whole, "--preprocessing",
                               ROOT / "Tests/Fixtures/golden/looc-r50w8/preprocessing.json"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        half = pathlib.Path(folder) / "half"
        done = subprocess.run([FACET, "pack", whole, half], capture_output=True, text=True)
        assert done.returncode == 0 and "cosine" in done.stdout, done.stderr
        sizes = [(path / "model.safetensors").stat().st_size for path in (whole, half)]
        assert sizes[1] < 0.6 * sizes[0], sizes
        both = [np.array(json.loads(subprocess.run([FACET, "embed", "--model", path, "--spaces", "backbone", IMAGES / "baseline.jpg"], capture_output=True, text=True,
                                                   check=True).stdout)["embeddings"]["backbone"]) for path in (whole, half)]
        assert both[0] @ both[1] / np.linalg.norm(both[0]) / np.linalg.norm(both[1]) > 0.9999 and (both[0] != both[1]).any()
        assert json.loads((half / "model.json").read_text())["training"]["packed_from"].startswith("sha256:")
        again = subprocess.run([FACET, "pack", whole, half], capture_output=True, text=True)
        assert again.returncode != 0 and "already" in again.stderr


def test_doctor_finds_what_is_wrong_and_changes_nothing(server):
    def doctor(*words, **more):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([FACET, "doctor", "--models", ROOT / "models", *words], capture_output=True, text=True, cwd=folder, **more)
            assert not os.listdir(folder), os.listdir(folder)
            return done.returncode, done.stdout + done.stderr

    code, text = doctor("--listen", "127.0.0.1:0")
    assert code == 0 and "facet-small loads and runs" in text and "Everything is in order" in text, text
    code, text = doctor("--listen", server.address, "--model", "nope", "--store", "sqlite:/nowhere/c.sqlite", "--keys", __file__)
    assert code == 1 and text.count("FAIL") == 4 and "facet-small" in text and "is in use" in text, text
    assert server.http.get("/health/ready").status_code == 200


def test_many_large_files_are_embedded(server):
    with tempfile.TemporaryDirectory() as folder:
        large = pathlib.Path(folder) / "0.png"
        Image.fromarray(np.random.default_rng(1).integers(0, 256, (2600, 2600, 3), np.uint8)).save(large, compress_level=0)
        for i in range(1, 64):
            os.link(large, large.with_name(f"{i}.png"))
        assert large.stat().st_size * 64 > 256 << 20
        done = subprocess.run([FACET, "embed", "--threads", "1", "--spaces", "color", folder], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0 and len(set(json.loads(x)["digest"] for x in done.stdout.splitlines())) == 1, done.stderr


def test_a_taken_port_and_a_missing_model_say_what_to_do(server):
    taken = subprocess.run([FACET, "serve", "--listen", server.address], cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert taken.returncode != 0 and "in use" in taken.stderr and "--listen" in taken.stderr, taken.stderr
    def missing(models):
        command = [FACET, "serve", "--listen", "127.0.0.1:0", "--store", "none", "--model", "none", "--models", models]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
        assert done.returncode != 0, done.stderr
        return done.stderr

    others = missing("models")
    assert "beside it there are" in others and "facet-small" in others, others
    with tempfile.TemporaryDirectory() as empty:
        nothing = missing(empty)
        assert "facet train" in nothing and "facet convert" in nothing, nothing


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    server = Server()
    tests = [test for test in tests if len(sys.argv) < 2 or sys.argv[1] in test.__name__]
    failed = 0
    for test in tests:
        try:
            test(server)
            print("ok", test.__name__)
        except Exception as error:
            failed += 1
            print("FAILED", test.__name__, type(error).__name__, str(error)[:2000])
    server.stop()
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
