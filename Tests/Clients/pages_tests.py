#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web pages in a real browser: upload, sliders, map, advisor and error paths, without one console error.

Usage: pages_tests.py [NAME...]   runs the tests whose names contain one of the words; all without any.
Environment: CHROMIUM the browser, FACET the program, SCREENSHOTS a folder for pictures of every page (default .build/screenshots).
"""
import contextlib, json, math, os, pathlib, random, re, shutil, signal, subprocess, sys, tempfile, time, urllib.parse, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACET = pathlib.Path(os.environ.get("FACET", ROOT / ".build/release/facet"))
SCREENSHOTS = pathlib.Path(os.environ.get("SCREENSHOTS", ROOT / ".build/screenshots"))
PAGES = {"explorer": "/", "map": "/map", "advisor": "/advisor", "models": "/models", "status": "/status", "docs": "/docs"}
WIDTHS = [390, 820, 1440]
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


def skip(reason):
    print(f"skipped: the pages were not tested, {reason}")
    sys.exit(0)


try:
    import yaml
    from PIL import Image, ImageDraw
    from playwright.sync_api import Error as BrowserError, expect, sync_playwright
except ImportError as missing:
    skip(f"{missing.name} is not installed (Tests/Clients/setup installs it)")


# --- A server with sixty shapes ---------------------------------------------------------------------------------------

def draw(kind, colour, turn, size, seed):
    """One shape on white; a little noise so that no two files are alike."""
    image = Image.new("RGB", (96, 96), "white")
    pen, middle, reach = ImageDraw.Draw(image), 48, size
    corners = {"triangle": 3, "square": 4, "hexagon": 6, "star": 10}[kind]
    points = []
    for corner in range(corners):
        radius = reach if kind != "star" or corner % 2 == 0 else reach * 0.45
        angle = turn + 2 * math.pi * corner / corners
        points.append((middle + radius * math.cos(angle), middle + radius * math.sin(angle)))
    pen.polygon(points, fill=colour)
    image.putpixel((seed % 96, 95), (seed % 256, 0, 0))
    return image


def make_shapes(folder):
    chance = random.Random(1)
    colours = {"red": "#d02020", "blue": "#2040d0", "green": "#209040", "yellow": "#e0c020", "black": "#181818"}
    for number in range(60):
        kind = ["triangle", "square", "hexagon", "star"][number % 4]
        colour = list(colours)[number // 4 % 5]
        path = folder / kind / f"{colour}-{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(kind, colours[colour], chance.uniform(0, 6), chance.uniform(26, 42), number).save(path)


def import_shapes(shapes, file):
    """The store of a new catalog of the shapes."""
    store = f"sqlite:{file}"
    subprocess.run([FACET, "catalog", "import", "shapes", shapes, "--keep", "--store", store], cwd=ROOT, check=True, capture_output=True)
    return store


class Server:
    """`facet serve` on a free port."""

    def __init__(self, store, *flags):
        command = [FACET, "serve", "--listen", "127.0.0.1:0", "--store", store, *flags]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        log = []
        while " ready " not in (log[-1] if log else ""):
            log.append(self.process.stderr.readline())
            assert log[-1], "the server ended: " + "".join(log)
        self.url = "http://" + re.search(r"address=(\S+)", "".join(log)).group(1)

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def post(self, path, value):
        request = urllib.request.Request(self.url + path, data=json.dumps(value).encode(), headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(30) == 0, "the server did not stop cleanly"


class Watch:
    """Everything a page says that it should not; `allowed` are the statuses that the test provokes."""

    def __init__(self):
        self.allowed, self.faults = set(), []

    def attach(self, page):
        page.on("console", self.heard)
        page.on("pageerror", lambda error: self.faults.append(f"uncaught {error}"))
        page.on("requestfailed", self.failed)

    def heard(self, message):
        status = re.search(r"status of (\d+)", message.text)
        if message.type not in ("error", "warning") or (status and int(status.group(1)) in self.allowed):
            return
        if "/thumbnail" in message.location.get("url", "") and status and status.group(1) == "404":
            return  # an item that was written without a thumbnail; the kept image is shown
        if "net::ERR" in message.text and "offline" in self.allowed:
            return
        self.faults.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def failed(self, request):
        if "ERR_ABORTED" not in (request.failure or "") and "offline" not in self.allowed:
            self.faults.append(f"failed {request.url}: {request.failure}")


class Visit:
    def __init__(self, browser, server, **settings):
        self.server, self.watch = server, Watch()
        settings = {"viewport": {"width": 1280, "height": 900}, **settings}
        self.context = browser.new_context(base_url=server.url, **settings)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.context.new_page()
        self.watch.attach(self.page)

    def open(self, path):
        self.page.goto(path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def hits(self, where="#combined"):
        return self.page.locator(f"{where} .hit").evaluate_all("list => list.map(one => one.dataset.id)")

    def settled(self):
        self.page.wait_for_timeout(120)
        self.page.wait_for_load_state("networkidle")
        expect(self.page.locator("#combined")).to_have_attribute("aria-busy", "false")


# --- Explorer ---------------------------------------------------------------------------------------------------------

def upload(visit, name="star/blue-07.png"):
    page = visit.open("/")
    page.set_input_files("#file", visit.shapes / name)
    expect(page.locator("#columns .column")).to_have_count(4)
    visit.settled()
    return page


def test_upload_finds_itself_in_every_space(visit):
    page = upload(visit)
    spaces = [space["name"] for space in visit.server.get("/v1/collections/shapes")["spaces"]]
    assert page.locator("#columns h3").all_inner_texts() == spaces
    for place in range(len(spaces)):
        first = page.locator(f"#columns .column:nth-child({place + 1}) .hit").first
        assert first.get_attribute("data-id") == "star/blue-07.png"
        assert first.locator(".score").inner_text() == "1.00" and first.locator(".bar").count() == len(spaces)
    assert visit.hits()[0] == "star/blue-07.png" and len(visit.hits()) == 16
    assert "same color, any rotation or texture" in page.locator("#columns").inner_text()
    assert page.locator(".query img").get_attribute("alt") == "Your image, blue-07.png"


def test_sliders_search_at_once_and_the_last_request_wins(visit):
    page = upload(visit)
    searches = []
    page.on("request", lambda request: searches.append(request) if request.url.endswith("/search") else None)
    embeddings = []
    page.on("request", lambda request: embeddings.append(request) if "/v1/embeddings" in request.url else None)
    slow = iter([0.8, 0, 0, 0, 0, 0])

    def late(route):
        time.sleep(next(slow, 0))
        with contextlib.suppress(BrowserError):
            route.continue_()

    page.route("**/search", late)
    page.locator("#weight-1").focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(90)
    page.keyboard.press("End")
    for space in (0, 2, 3):
        page.locator(f"#weight-{space}").evaluate("slider => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    page.wait_for_timeout(1200)
    visit.settled()
    columns = page.locator("#columns .column:nth-child(2) .hit").evaluate_all("list => list.map(one => one.dataset.id)")
    assert visit.hits()[:12] == columns, "weight on colour alone is the colour column"
    assert not embeddings, "moving a slider embedded the image again"
    assert "w=" in page.url and page.locator("#weight-1-value").inner_text() == "1.00"
    for space in (1,):
        page.locator(f"#weight-{space}").evaluate("slider => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    expect(page.locator("#summary")).to_contain_text("All weights are 0")
    page.click("#reset")
    visit.settled()
    assert len(visit.hits()) == 16


def test_negative_weights_turn_the_order(visit):
    page = upload(visit)
    weights = {"color": -1, "invariant": 0.5, "rotation": 0, "texture": 0}
    page.goto("/?c=shapes&id=star%2Fblue-07.png&w=" + ",".join(f"{name}:{value}" for name, value in weights.items()))
    visit.settled()
    wanted = visit.server.post("/v1/collections/shapes/search", {"id": "star/blue-07.png", "k": 16, "weights": {name: value for name, value in weights.items() if value}})
    assert visit.hits() == [hit["id"] for hit in wanted["hits"]]
    assert page.locator("#weight-1-value").inner_text().replace("\u2212", "-") == "-1.00"


def test_a_hit_is_searched_from_and_back_returns(visit):
    page = upload(visit)
    before = visit.hits()
    page.locator("#combined .hit").nth(3).locator("a").click()
    visit.settled()
    assert f"id={urllib.parse.quote(before[3], safe='')}" in page.url and visit.hits() != before
    assert before[3] not in visit.hits(), "the item itself is not found"
    page.go_back()
    visit.settled()
    assert visit.hits() == before and "image=" in page.url
    page.go_forward()
    visit.settled()
    address, hits = page.url, visit.hits()
    page.goto(address)
    visit.settled()
    assert visit.hits() == hits, "the address alone gives the same page"


def test_marks_search_by_like_and_unlike(visit):
    page = visit.open("/?c=shapes&id=star%2Fblue-07.png")
    visit.settled()
    like, unlike = visit.hits()[2], visit.hits()[5]
    page.locator(f"#combined .hit[data-id='{like}'] .like").click()
    visit.settled()
    page.locator(f"#combined .hit[data-id='{unlike}'] .unlike").click()
    visit.settled()
    wanted = visit.server.post("/v1/collections/shapes/search", {"like": ["star/blue-07.png", like], "unlike": [unlike], "k": 16})
    assert visit.hits() == [hit["id"] for hit in wanted["hits"]]
    expect(page.locator("#marks .chip")).to_have_count(2)
    page.get_by_role("button", name="Forget the marks").click()
    visit.settled()
    assert like in visit.hits()


def test_the_copied_curl_and_python_find_the_same(visit):
    page = upload(visit)
    page.fill("#filter", '{"category": {"$in": ["star", "square"]}}')
    page.wait_for_timeout(450)
    visit.settled()
    shown = visit.hits()
    assert all(one.startswith(("star/", "square/")) for one in shown)

    def copied(button):
        page.click(button)
        expect(page.locator(button)).to_have_text("Copied")
        page.wait_for_timeout(1600)
        return page.evaluate("navigator.clipboard.readText()")

    def ran(command):
        return subprocess.run(command, capture_output=True, text=True, cwd=visit.shapes / "star", timeout=60, check=True).stdout

    def ids_of(python):
        return [re.match(r"\S+ (\S+) ", line).group(1) for line in python.splitlines()]

    if shutil.which("curl"):
        assert [hit["id"] for hit in json.loads(ran(["bash", "-c", copied("#copy-curl")]))["hits"]] == shown
    assert ids_of(ran([sys.executable, "-c", copied("#copy-python")])) == shown
    page.locator("#combined .hit a").first.click()
    visit.settled()
    shown = visit.hits()
    if shutil.which("curl"):
        assert [hit["id"] for hit in json.loads(ran(["bash", "-c", copied("#copy-curl")]))["hits"]] == shown
    assert ids_of(ran([sys.executable, "-c", copied("#copy-python")])) == shown


def test_a_filter_is_checked_while_it_is_typed(visit):
    page = visit.open("/?c=shapes&id=star%2Fblue-07.png")
    visit.watch.allowed.add(400)
    page.fill("#filter", '{"category": ')
    expect(page.locator("#filter-error")).to_contain_text("not a filter yet")
    assert page.locator("#filter").get_attribute("aria-invalid") == "true"
    page.fill("#filter", '{"category": {"$nonsense": 1}}')
    expect(page.locator("#filter-error")).to_be_visible()
    visit.settled()
    page.fill("#filter", '{"category": "square"}')
    expect(page.locator("#filter-error")).to_be_hidden()
    page.wait_for_timeout(450)
    visit.settled()
    assert visit.hits() and all(one.startswith("square/") for one in visit.hits())
    page.fill("#filter", '{"category": "nothing"}')
    expect(page.locator("#summary")).to_contain_text("Nothing is found")


def test_an_image_may_be_pasted_or_dropped(visit):
    page = visit.open("/")
    give = """async ([kind, name]) => {
        const bytes = await (await fetch('/v1/collections/shapes/items/' + encodeURIComponent(name) + '/image')).blob();
        const data = new DataTransfer();
        data.items.add(new File([bytes], name.split('/')[1], {type: 'image/png'}));
        if (kind === 'paste') dispatchEvent(new ClipboardEvent('paste', {clipboardData: data}));
        else document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
    }"""
    for kind, name in [("paste", "square/red-01.png"), ("drop", "hexagon/red-02.png")]:
        page.evaluate(give, [kind, name])
        expect(page.locator("#combined .hit").first).to_have_attribute("data-id", name)


def test_what_is_no_image_is_refused_in_words(visit):
    page = visit.open("/")
    visit.watch.allowed |= {415, 422}
    for content, words in [(b"not a picture at all", "not PNG, JPEG or WebP"), ((visit.shapes / "star/blue-07.png").read_bytes()[:200], "ends before")]:
        bad = visit.shapes.parent / "bad.png"
        bad.write_bytes(content)
        page.set_input_files("#file", bad)
        expect(page.locator("#notice")).to_be_visible()
        text = page.locator("#notice").inner_text()
        assert "Choose another image" in text, text
    page.set_input_files("#file", visit.shapes / "star/blue-07.png")
    visit.settled()
    expect(page.locator("#notice")).to_be_hidden()
    assert len(visit.hits()) == 16


def test_what_is_not_there_is_said(visit):
    visit.watch.allowed.add(404)
    page = visit.open("/?c=shapes&id=gone.png")
    expect(page.locator("#notice")).to_contain_text("not in the collection")
    for path in ("/", "/map", "/advisor"):
        expect(visit.open(f"{path}?c=gone").locator("#other-collection")).to_contain_text("There is no collection “gone” here. This is “shapes”.")
    assert visit.open("/?c=shapes").locator("#other-collection").count() == 0


# --- Map, advisor, models, status, API --------------------------------------------------------------------------------

def painted(page):
    """The share of the canvas that is not empty."""
    return page.locator("#canvas").evaluate("""canvas => {
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let count = 0;
        for (let place = 3; place < data.length; place += 4) if (data[place]) count += 1;
        return count / (data.length / 4);
    }""")


def test_map_is_drawn_zoomed_and_followed(visit):
    page = visit.open("/map?c=shapes&space=color")
    page.wait_for_timeout(500)
    assert painted(page) > 0.01
    expect(page.locator("#view-title")).to_have_text("In view: 60 items")
    expect(page.locator("#legend li")).to_have_count(4)
    canvas = page.locator("#canvas")
    canvas.focus()
    for _ in range(6):
        page.keyboard.press("+")
    expect(page.locator("#view-title")).not_to_have_text("In view: 60 items")
    page.keyboard.press("0")
    expect(page.locator("#view-title")).to_have_text("In view: 60 items")
    map = visit.server.get("/v1/collections/shapes/map?space=color")
    box = canvas.bounding_box()
    middle = {axis: (min(map[axis]) + max(map[axis])) / 2 for axis in "xy"}
    scale = min((box[side] / 2 - 34) / ((max(map[axis]) - min(map[axis])) / 2) for side, axis in (("width", "x"), ("height", "y")))
    left = box["x"] + box["width"] / 2 + (map["x"][9] - middle["x"]) * scale
    top = box["y"] + box["height"] / 2 - (map["y"][9] - middle["y"]) * scale
    page.mouse.move(left, top)
    expect(page.locator("#tip")).to_be_visible()
    page.mouse.wheel(0, -600)
    page.wait_for_timeout(300)
    page.click("#zoom-all")
    page.mouse.click(left, top)
    page.wait_for_url("**/?c=shapes&id=*")
    page.go_back()
    page.wait_for_load_state("networkidle")
    page.select_option("#space", "")
    page.select_option("#method", "principal")
    page.wait_for_load_state("networkidle")
    assert "method=principal" in page.url
    page.locator("#in-view a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/?c=shapes&id=*")


def test_map_is_the_same_after_a_reload_and_a_restart(visit):
    first = visit.server.get("/v1/collections/shapes/map?space=rotation")
    assert (first["state"], first["shown"]) == ("ready", 60)
    other = Server(import_shapes(visit.shapes, visit.shapes.parent / "again.sqlite"))
    try:
        again = other.get("/v1/collections/shapes/map?space=rotation")
    finally:
        other.stop()
    assert (again["x"], again["y"], again["ids"]) == (first["x"], first["y"], first["ids"])


def test_advisor_gives_weights_that_the_explorer_takes(visit):
    page = visit.open("/advisor?c=shapes")
    expect(page.locator("#ask")).to_be_disabled()
    tiles = page.locator("#tiles .tile")
    names = tiles.evaluate_all("list => list.map(one => one.dataset.id)")
    tiles.first.focus()
    labelled = 0
    for name in names[:24]:
        colour = name.split("/")[1].split("-")[0]
        page.locator(f"#tiles .tile[data-id='{name}']").focus()
        if colour in ("red", "blue"):
            page.keyboard.press("1" if colour == "red" else "2")
            labelled += 1
    page.keyboard.press("ArrowLeft")
    assert labelled > 3 and f"{labelled} labels" in page.locator("#tally").inner_text()
    page.locator("#classes input").first.fill("red ones")
    page.keyboard.press("Enter")
    page.locator("#classes input").first.blur()
    expect(page.locator("#tally")).to_contain_text("red ones")
    page.click("#ask")
    expect(page.locator("#use")).to_be_visible(timeout=20000)
    assert page.locator("#advice .sentence").inner_text()
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#use")).to_be_visible(timeout=20000)
    assert page.locator("#advice svg .dot").count() >= 4
    page.click("#use")
    page.wait_for_url("**/?c=shapes&w=*")
    visit.page.wait_for_load_state("networkidle")
    weights = page.locator("#weights output").all_inner_texts()
    assert any(weight != "1.00" for weight in weights), weights
    page.click("#random")
    visit.settled()
    assert visit.hits()


def test_models_show_spaces_and_provenance(visit):
    page = visit.open("/models")
    model = visit.server.get("/v1/models")["data"][0]["id"]
    expect(page.locator("h2").first).to_have_text(model)
    rows = page.locator("table").first.locator("tbody tr")
    assert rows.count() == len(visit.server.get(f"/v1/models/{model}")["spaces"])
    text = page.locator("#models").inner_text()
    assert "keeps" in text.lower() and ("Not measured yet" in text or page.locator("table.heat td").count() > 0)
    columns = page.locator("table.heat").first.locator("thead th").all_inner_texts()
    assert columns[1:4] == ["color", "rotation", "texture"], columns
    legend = page.locator(".legend").first.locator("li").all_inner_texts()
    assert legend == ["invariant", "color", "rotation", "texture"], "the order and so the colours of the explorer"
    wide = page.locator(".scroll").evaluate_all("list => list.filter(one => one.scrollWidth > one.clientWidth + 1).length")
    assert wide == 0, "a table of the models page is cut off"


def test_status_counts_and_pauses(visit):
    page = visit.open("/status")
    page.wait_for_timeout(2300)
    image = (visit.shapes / "star/blue-07.png").read_bytes()
    for number in range(20):
        request = urllib.request.Request(visit.server.url + "/v1/embeddings", data=image + bytes([number]), headers={"Content-Type": "image/png"})
        urllib.request.urlopen(request).read()
    expect(page.locator("#throughput .value")).not_to_have_text(re.compile(r"^(–|0\.0/s)$"), timeout=8000)
    expect(page.locator("#requests .value")).to_contain_text("/s")
    expect(page.locator("#health")).to_contain_text("ready")
    assert page.locator("#routes").inner_text().count("/v1/") >= 2
    page.click("#pause")
    page.wait_for_timeout(300)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2600)
    assert not asked, asked
    page.click("#pause")
    page.wait_for_timeout(500)
    assert any("/metrics" in url for url in asked)
    urllib.request.urlopen(visit.server.url + "/v1/collections/shapes/items/star%2Fblue-07.png/thumbnail").read()
    page.set_viewport_size({"width": 390, "height": 844})
    visit.open("/status")
    expect(page.locator("#routes")).to_contain_text("/thumbnail")
    assert page.locator("#routes").evaluate("box => box.scrollWidth <= box.clientWidth + 1"), "on a phone the counts are cut off"


def test_api_page_reads_the_contract_as_yaml_does(visit):
    page = visit.open("/docs")
    read = page.evaluate("async () => (await import('/web/yaml.js')).parseYAML(await (await fetch('/openapi.yaml')).text())")
    with urllib.request.urlopen(visit.server.url + "/openapi.yaml") as answer:
        wanted = json.loads(json.dumps(yaml.safe_load(answer.read()), default=str))
    assert read == wanted
    operations = sum(len([m for m in path if m in ("get", "put", "post", "delete")]) for path in wanted["paths"].values())
    expect(page.locator(".operation")).to_have_count(operations)
    card = page.locator("#listModels")
    card.locator(".try summary").click()
    card.get_by_role("button", name="Send").click()
    expect(card.locator(".try .status")).to_have_text("200")
    search = page.locator("#search")
    search.locator(".try summary").click()
    search.locator("textarea").fill('{"id": "star/blue-07.png", "k": 2}')
    search.locator("#try-search-collection").fill("shapes")
    search.get_by_role("button", name="Send").click()
    expect(search.locator(".try .status")).to_have_text("200")
    visit.watch.allowed.add(400)
    search.locator("textarea").fill("{")
    search.get_by_role("button", name="Send").click()
    expect(search.locator(".try")).to_contain_text("invalid_json")
    page.fill("#find", "advise")
    expect(page.locator("#contents li")).to_have_count(1)


# --- Empty, locked and gone -------------------------------------------------------------------------------------------

def test_empty_states_say_what_to_do(visit):
    with tempfile.TemporaryDirectory() as folder:
        for store, words in [("none", "--store sqlite:"), (f"sqlite:{folder}/new.sqlite", "facet catalog import")]:
            server = Server(store)
            try:
                for path in ["/", "/map", "/advisor"]:
                    other = Visit(visit.browser, server)
                    other.watch.allowed.add(404)
                    page = other.open(path)
                    expect(page.locator("#empty")).to_contain_text(words)
                    assert page.locator("#load-sample").count() == 0 or server.get("/v1/sample")["state"] != "none"
                    assert not other.watch.faults, other.watch.faults
                    other.context.close()
            finally:
                server.stop()


def test_the_first_visit_loads_the_sample_catalog(visit):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(f"sqlite:{folder}/new.sqlite", "--sample", str(ROOT / "deploy/sample"))
        try:
            other = Visit(visit.browser, server)
            other.watch.allowed.add(404)
            page = other.open("/")
            page.click("#load-sample")
            page.wait_for_url("**/?c=sample*", timeout=60_000)
            page.wait_for_load_state("networkidle")
            page.set_input_files("#file", ROOT / "deploy/sample/images/animals/fish/yellow_gourami_01.webp")
            expect(page.locator("#columns .column")).to_have_count(4)
            other.settled()
            assert other.hits()[0] == "images/animals/fish/yellow_gourami_01.webp", other.hits()[:3]
            page.goto("/map?c=sample")
            expect(page.locator("#view-title")).to_have_text("In view: 298 items")
            page.wait_for_timeout(1500)
            top, bottom = page.locator("#canvas").evaluate("""canvas => {
                const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                const rows = [];
                for (let place = 3; place < data.length; place += 4) if (data[place]) rows.push(Math.floor(place / 4 / canvas.width));
                return [rows[0] / canvas.height, 1 - rows.at(-1) / canvas.height];
            }""")
            assert max(top, bottom) < 0.1, f"the map leaves {top:.2f} of its height free above and {bottom:.2f} below"
            assert not other.watch.faults, other.watch.faults
            other.context.close()
        finally:
            server.stop()


def test_an_empty_collection_says_what_to_do(visit):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(f"sqlite:{folder}/new.sqlite")
        try:
            request = urllib.request.Request(server.url + "/v1/collections/bare", data=b"{}", method="PUT", headers={"Content-Type": "application/json"})
            urllib.request.urlopen(request).read()
            for path in ["/", "/map", "/advisor"]:
                other = Visit(visit.browser, server)
                expect(other.open(path).locator("#empty")).to_contain_text("facet catalog import bare")
                assert not other.watch.faults, other.watch.faults
                other.context.close()
        finally:
            server.stop()


def test_a_key_is_asked_for_and_used_for_pictures_too(visit):
    keys = visit.shapes.parent / "keys"
    made = subprocess.run([FACET, "keys", "new", "reader", "--role", "read", "--file", keys], capture_output=True, text=True, check=True).stdout
    key = max(made.split(), key=len)
    server = Server(import_shapes(visit.shapes, visit.shapes.parent / "locked.sqlite"), "--keys", str(keys))
    other = Visit(visit.browser, server)
    other.watch.allowed |= {401}
    try:
        page = other.page
        page.goto("/?c=shapes&id=star%2Fblue-07.png")
        for given in ["wrong", key]:
            page.locator("#key-field").fill(given)
            page.get_by_role("button", name="Use this key").click()
            page.wait_for_timeout(400)
        other.settled()
        assert len(other.hits()) == 16
        expect(page.locator("#combined img").first).to_have_js_property("complete", True)
        assert page.locator("#combined img").first.evaluate("image => image.naturalWidth") > 0
        page.click("#copy-curl")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert "$FACET_KEY" in copied and key not in copied
        assert not other.watch.faults, other.watch.faults
    finally:
        other.context.close()
        server.stop()


def test_a_server_that_is_gone_is_named(visit):
    server = Server(import_shapes(visit.shapes, visit.shapes.parent / "gone.sqlite"))
    other = Visit(visit.browser, server)
    page = other.open("/?c=shapes&id=star%2Fblue-07.png")
    other.watch.allowed.add("offline")
    server.stop()
    page.locator("#weight-1").focus()
    page.keyboard.press("Home")
    expect(page.locator("#notice")).to_contain_text("cannot be reached")
    other.context.close()


def test_the_theme_is_kept(visit):
    page = visit.open("/")
    page.click("#theme")
    page.click("#theme")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    visit.open("/status")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.click("#theme")
    assert page.locator("html").get_attribute("data-theme") is None


# --- Looks and access -------------------------------------------------------------------------------------------------

def views(visit, theme, width, **settings):
    """Every page as it is when used, one after the other."""
    height = 844 if width < 500 else 1000
    other = Visit(visit.browser, visit.server, viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce", **settings)
    for name, path in PAGES.items():
        path = {"explorer": "/?c=shapes&id=star%2Fblue-07.png", "map": "/map?c=shapes&space=color"}.get(name, path)
        page = other.open(path)
        if name == "advisor":
            for number in range(6):
                page.locator("#tiles .tile").nth(number).click()
            page.get_by_role("button", name="Ask").click()
            page.locator("#use").wait_for()
        page.wait_for_timeout(400)
        yield name, page
    welcome = other.open("/?c=shapes")
    yield "welcome", welcome
    assert not other.watch.faults, other.watch.faults
    other.context.close()


def test_screenshots_at_three_widths_in_both_themes(visit):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        for width in WIDTHS:
            for name, page in views(visit, theme, width):
                page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{theme}.png")
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, f"{name} at {width} is {wide} pixels too wide"


def test_axe_finds_nothing(visit):
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        print("     (axe-playwright-python is not installed; the plain checks stand alone)")
        return
    found = []
    for theme, width in [("light", 1440), ("dark", 390)]:
        for name, page in views(visit, theme, width, bypass_csp=True):
            result = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
            for violation in result.response["violations"]:
                for node in violation["nodes"][:3]:
                    found.append(f"{name} {theme} {width}: {violation['id']}: {node['html'][:110]} {node.get('failureSummary', '')[:160]}")
    assert not found, "\n".join(found)


def test_everything_has_a_name_and_can_be_reached_by_key(visit):
    nameless = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, canvas[tabindex]')]
        .filter(one => one.offsetParent !== null)
        .filter(one => !(one.getAttribute('aria-label') || one.labels?.length || one.textContent.trim() || one.title))
        .map(one => one.outerHTML.slice(0, 120))"""
    for name, page in views(visit, "light", 1440):
        assert page.evaluate(nameless) == [], name
        assert page.locator("main").count() == 1 and page.locator("h1").count() == 1
        page.reload()
        page.wait_for_load_state("networkidle")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip", f"{name}: the first stop is the way to the content"
        seen = set()
        for _ in range(12):
            page.keyboard.press("Tab")
            state = page.evaluate("""() => { const one = document.activeElement; const style = getComputedStyle(one);
                return [one.outerHTML.slice(0, 200), style.outlineStyle !== 'none' || one.type === 'file']; }""")
            if state[0].startswith("<body"):
                break  # past the last stop
            assert state[1], f"{name}: no focus to be seen on {state[0]}"
            seen.add(state[0])
        assert len(seen) >= 7, f"{name}: the keyboard is stuck"


# --- Running ----------------------------------------------------------------------------------------------------------

def find_browser(playwright):
    candidates = [os.environ.get("CHROMIUM")] + [shutil.which(name) for name in BROWSERS]
    for path in [one for one in candidates if one] + [None]:
        try:
            return playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--force-prefers-reduced-motion"])
        except BrowserError:
            continue
    skip("no Chromium was found; install one or name it in CHROMIUM")


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    wanted = sys.argv[1:]
    tests = [(name, test) for name, test in tests if not wanted or any(word in name for word in wanted)]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="facet-pages-") as folder, sync_playwright() as playwright:
        browser = find_browser(playwright)
        shapes = pathlib.Path(folder) / "shapes"
        make_shapes(shapes)
        server = Server(import_shapes(shapes, pathlib.Path(folder) / "catalog.sqlite"))
        try:
            for name, test in tests:
                visit = Visit(browser, server)
                visit.browser, visit.shapes = browser, shapes
                try:
                    start = time.monotonic()
                    test(visit)
                    assert not visit.watch.faults, "the page complained:\n" + "\n".join(visit.watch.faults)
                    print(f"ok {name} ({time.monotonic() - start:.1f} s)")
                except Exception as error:
                    failed += 1
                    print(f"FAILED {name}: {error}")
                sys.stdout.flush()
                visit.context.close()
        finally:
            server.stop()
            browser.close()
    print(f"pages: {len(tests) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
