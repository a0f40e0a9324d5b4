#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What operators use: metrics, alerts, the dashboard, proxies with TLS, the unit, containers, and clients of other makes."""
import base64, concurrent.futures, contextlib, importlib, io, json, os, pathlib, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, threading, time, traceback
import httpx, numpy as np, yaml
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FACET = pathlib.Path(os.environ.get("FACET_PROGRAM", ROOT / ".build/release/facet"))
IMAGES = ROOT / "Tests/Fixtures/golden/images"
TOOLS = ROOT / ".build/tools"
PATH = f"{TOOLS}/usr/bin:{TOOLS}/usr/sbin:{ROOT}/.build/venv/bin:{os.environ['PATH']}:/usr/sbin"
os.environ["PATH"] = PATH


STARTED = []


class Server:
    """`facet serve` on a free port, with its log kept; ended at the latest when the tests are."""

    def __init__(self, *flags, port=0):
        self.folder = tempfile.TemporaryDirectory(prefix="facet-operations-")
        self.log_file = pathlib.Path(self.folder.name) / "log"
        if "--store" not in flags:
            flags = [*flags, "--store", f"sqlite:{self.folder.name}/catalog.sqlite"]
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                [FACET, "serve", "--listen", f"127.0.0.1:{port}", "--log-format", "json", "--log-requests", "all", *flags], cwd=ROOT, stderr=log)
        STARTED.append(self.process)
        until(lambda: self.lines("ready"), f"no server: {self.log_file.read_text()}")
        self.address = self.lines("listening")[0]["address"]
        self.http = httpx.Client(base_url=f"http://{self.address}", timeout=60)

    def lines(self, message):
        lines = [json.loads(line) for line in self.log_file.read_text().splitlines() if line.endswith("}")]
        return [line for line in lines if line["message"] == message]

    def metric(self, name, **labels):
        return sum(value for found, its, value in samples(self.http.get("/metrics").text) if found == name and labels.items() <= its.items())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40) == 0, "the server did not stop cleanly"


def until(check, message, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return
        time.sleep(0.02)
    raise AssertionError(message)


def tool(*words, code=0, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120, **more)
    assert code is None or done.returncode == code, (words[0], done.returncode, done.stdout[-1500:], done.stderr[-1500:])
    return done


def samples(page):
    """(name, labels, value) of each line of a metrics page."""
    for line in page.splitlines():
        if found := re.fullmatch(r'([a-z_]+)(?:\{(.*)\})? ([-+.\dea]+|inf|nan)', line):
            yield found[1], dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found[2] or "")), float(found[3])


def picture(name):
    return (IMAGES / name).read_bytes()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def some_traffic(server):
    """Every kind of call, so that every metric has been touched."""
    http = server.http
    for name in ("rgb.png", "rgb.png", "rgba.png"):
        assert http.post("/v1/embeddings?spaces=color", content=picture(name), headers={"Content-Type": "image/png"}).status_code == 200
    assert http.post("/v1/embeddings", content=b"x", headers={"Content-Type": "image/png"}).status_code == 415
    assert http.get("/nothing").status_code == 404
    assert http.put("/v1/collections/shop").status_code in (200, 201)
    assert http.put("/v1/collections/shop/items/a", content=picture("rgb.png"), headers={"Content-Type": "image/png"}).status_code in (200, 201)
    assert http.post("/v1/collections/shop/search", json={"id": "a"}).status_code == 200
    model = http.get("/v1/models").json()["data"][0]["id"]
    assert http.post(f"/v2/models/{model}/infer", content=picture("rgb.png"), headers={"Inference-Header-Content-Length": "0"}).status_code == 200
    with socket.create_connection(server.address.split(":")) as raw:
        raw.sendall(b"rubbish\r\n\r\n")
        assert b" 400 " in raw.recv(4096)


def metric_names(expression):
    """The metrics that a PromQL expression reads."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    return {re.sub(r"_(bucket|sum|count)$", "", name) if name.startswith("facet_") and not name.endswith("_total") else name
            for name in re.findall(r"\b(?:facet|process)_[a-z_]+\b", bare)}


def families(page):
    return set(re.findall(r"^# TYPE (\w+) ", page, re.M))


# --- metrics ----------------------------------------------------------------------------------------------------------

def test_the_metrics_page_passes_promtool(server):
    some_traffic(server)
    page = server.http.get("/metrics").text
    done = tool("promtool", "check", "metrics", input=page)
    assert not done.stdout and not done.stderr, done.stdout + done.stderr
    found = families(page)
    for name in ["facet_http_responses_total", "facet_queue_images", "facet_batch_images", "facet_decode_seconds", "facet_queue_seconds",
                 "facet_inference_seconds", "facet_catalog_seconds", "facet_catalog_commit_seconds", "facet_http_request_seconds", "facet_cache_hits_total",
                 "facet_catalog_vectors", "facet_catalog_collections", "process_resident_memory_bytes", "process_open_fds", "facet_http_connections_open"]:
        assert name in found, name
    own = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{server.process.pid}/status").read_text())[1]) * 1024
    assert abs(server.metric("process_resident_memory_bytes") - own) < 32 << 20
    assert abs(server.metric("process_open_fds") - len(os.listdir(f"/proc/{server.process.pid}/fd"))) <= 3
    started = time.time() - server.metric("process_start_time_seconds")
    assert 0 < started < 600, started
    for name, labels, value in samples(page):
        assert not (name.endswith("_count") and name.startswith("facet_catalog_commit")) or value >= 1


def test_every_alert_is_sound_and_tested(server):
    folder = DEPLOY / "prometheus"
    tool("promtool", "check", "config", folder / "prometheus.yml")
    tool("promtool", "check", "rules", "--lint-fatal", folder / "alerts.yml")
    tool("promtool", "test", "rules", "alerts.test.yml", cwd=folder)
    rules = {rule["alert"]: rule for group in yaml.safe_load((folder / "alerts.yml").read_text())["groups"] for rule in group["rules"]}
    cases = [case for test in yaml.safe_load((folder / "alerts.test.yml").read_text())["tests"] for case in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == set(rules)
    some_traffic(server)
    known = families(server.http.get("/metrics").text) | {"up"}
    for name, rule in rules.items():
        assert metric_names(rule["expr"]) <= known, (name, metric_names(rule["expr"]) - known)
        assert rule["annotations"]["summary"] and rule["annotations"]["description"] and rule["labels"]["severity"] in ("page", "ticket")
    # The unit tests of the rules can fail: with any one rule's bound made far too large its alert is missed.
    text = (folder / "alerts.yml").read_text()
    bounds = list(re.finditer(r"> ([\d.]+)$", text, re.M))
    with tempfile.TemporaryDirectory() as copy:
        shutil.copy(folder / "alerts.test.yml", copy)
        for bound in bounds[:: max(1, len(bounds) // 4)]:
            (pathlib.Path(copy) / "alerts.yml").write_text(text[: bound.start(1)] + "1e12" + text[bound.end(1):])
            assert tool("promtool", "test", "rules", "alerts.test.yml", cwd=copy, code=None).returncode == 1, text[bound.start() - 80: bound.end()]


def test_the_dashboard_asks_for_metrics_that_exist(server):
    some_traffic(server)
    page = server.http.get("/metrics").text
    known, labels = families(page), {}
    for name, its, _ in samples(page):
        labels.setdefault(re.sub(r"_(bucket|sum|count)$", "", name), set()).update(its)
        labels.setdefault(name, set()).update(its)
    board = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(asked) > 40
    for expression in asked:
        assert metric_names(expression) and metric_names(expression) <= known, (expression, metric_names(expression) - known)
        for name, selector in re.findall(r"\b((?:facet|process)_[a-z_]+)\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)=", selector)) <= labels[name] | {"instance"}, expression
    shown = set().union(*map(metric_names, asked))
    left_out = known - shown - {"facet_build_info", "facet_draining", "process_virtual_memory_bytes", "process_threads", "process_start_time_seconds"}
    assert left_out <= {"facet_http_requests_total", "facet_http_response_bytes_total", "facet_http_connections_accepted_total", "facet_catalog_collections"}, left_out
    # Prometheus's own parser has read each of them.
    rules = [{"record": f"check:{n}", "expr": e.replace("$__rate_interval", "5m").replace("$instance", ".*")} for n, e in enumerate(asked)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "check", "rules": rules}]}, file)
        file.flush()
        tool("promtool", "check", "rules", file.name)


# --- proxies ----------------------------------------------------------------------------------------------------------

def certificate(folder):
    tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem")
    return folder / "cert.pem"


@contextlib.contextmanager
def running(words, port, log, env=None):
    with log.open("w") as output:
        process = subprocess.Popen([str(word) for word in words], stdout=output, stderr=output, env={**os.environ, **(env or {})})
    try:
        def answers():
            assert process.poll() is None, log.read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
        until(answers, "the proxy does not listen")
        yield process
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def nginx(upstreams):
    """deploy/proxy/nginx.conf with other ports and folders, as an ordinary user would run it."""
    with tempfile.TemporaryDirectory(prefix="facet-nginx-") as name:
        folder, port = pathlib.Path(name), free_port()
        roots = certificate(folder)
        text = (DEPLOY / "proxy/nginx.conf").read_text()
        servers = "\n".join(f"    server {upstream} max_fails=1 fail_timeout=1s;" for upstream in upstreams)
        for old, new in [("    server 127.0.0.1:8080 max_fails=1 fail_timeout=1s;", servers), ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
                         ("/etc/facet/tls/fullchain.pem", str(roots)), ("/etc/facet/tls/privkey.pem", str(folder / "key.pem")),
                         ("/var/log/nginx/facet.log", str(folder / "access.log"))]:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (folder / "facet.conf").write_text(text)
        temporary = "".join(f"  {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        main = f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n{'user root;' if os.getuid() == 0 else ''}\nevents {{}}\nhttp {{\n{temporary}  include {folder}/facet.conf;\n}}\n"
        (folder / "main.conf").write_text(main)
        words = ["nginx", "-p", folder, "-e", folder / "error.log", "-c", folder / "main.conf"]
        tool(*words, "-t")
        with running(words, port, folder / "out"):
            yield f"https://localhost:{port}", roots, lambda: (folder / "access.log").read_text()


@contextlib.contextmanager
def caddy(upstreams):
    """deploy/proxy/Caddyfile, whose certificate for localhost comes from a root of Caddy's own."""
    with tempfile.TemporaryDirectory(prefix="facet-caddy-") as name:
        folder, port = pathlib.Path(name), free_port()
        own = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"
        text = (DEPLOY / "proxy/Caddyfile").read_text()
        (folder / "Caddyfile").write_text(own + text)
        env = {"FACET_SITE": f"https://localhost:{port}", "FACET_UPSTREAMS": " ".join(upstreams), "HOME": name, "XDG_DATA_HOME": name, "XDG_CONFIG_HOME": name}
        words = ["caddy", "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]
        with running(words, port, folder / "out", env):
            root = folder / "caddy/pki/authorities/local/root.crt"
            until(root.exists, "Caddy makes no certificate")
            yield f"https://localhost:{port}", root, lambda: (folder / "out").read_text()


PROXIES = {"nginx": nginx, "caddy": caddy}


def client_of(url, roots):
    http = httpx.Client(base_url=url, verify=ssl.create_default_context(cafile=str(roots)), timeout=60)
    def ready():
        with contextlib.suppress(httpx.HTTPError):
            return http.get("/health/ready").status_code == 200
    until(ready, "nothing is ready behind the proxy")
    return contextlib.closing(http)


def slowly(body, pieces=20, seconds=1.0):
    size = -(-len(body) // pieces)
    for start in range(0, len(body), size):
        yield body[start:start + size]
        time.sleep(seconds / pieces)


def padded(size):
    """A picture of exactly that many bytes: what follows a PNG's end is not looked at."""
    body = picture("rgb.png")
    return body + bytes(size - len(body))


def passes_everything(proxy):
    server = Server()
    contract = server.http.get("/openapi.yaml").content
    with proxy([server.address]) as (url, roots, log), client_of(url, roots) as http:
        def post(body, kind="image/png", **headers):
            return http.post("/v1/embeddings?spaces=color", content=body, headers={"Content-Type": kind, **headers})
        # One image of 20 MiB, a form of 32 MiB and not a byte less, and one byte more, which Facet itself refuses.
        assert post(padded(20 << 20)).status_code == 200
        head, tail = b'--X\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n', b"\r\n--X--\r\n"
        room = (32 << 20) - 2 * len(head) - len(tail) - 2
        form = head + padded(room // 2) + b"\r\n" + head + padded(room - room // 2) + tail
        assert len(form) == 32 << 20
        kind = "multipart/form-data; boundary=X"
        assert post(form, kind).status_code == 200
        over = post(form + b"x", kind)
        assert (over.status_code, over.json()["error"]["code"]) == (413, "body_too_large"), over.text
        # In pieces and slowly, of unknown length (chunked).
        assert post(slowly(padded(5 << 20))).status_code == 200
        # The proxy keeps its connections to Facet.
        before = server.metric("facet_http_connections_accepted_total")
        for _ in range(100):
            assert post(picture("rgb.png")).status_code == 200
        made = server.metric("facet_http_connections_accepted_total") - before
        assert made <= 5, f"{made} connections for 100 requests"
        # Names and traces arrive and come back.
        trace = "0af7651916cd43dd8448eb211c80319c"
        named = post(picture("rgb.png"), **{"X-Request-Id": "order-7", "traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        assert named.headers["x-request-id"] == "order-7" and "total;dur=" in named.headers["server-timing"]
        until(lambda: [line for line in server.lines("answered") if line["request"] == "order-7"], "the request is not in the log")
        line = [line for line in server.lines("answered") if line["request"] == "order-7"][0]
        assert line["trace_id"] == trace and line["route"] == "/v1/embeddings" and line["status"] == "200", line
        nameless = post(picture("rgb.png")).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f-]{32,36}", nameless), nameless
        if proxy is nginx:
            assert nameless in log() and "order-7" in log()
        # A large answer, both versions of HTTP, what is for the inside only.
        assert http.get("/openapi.yaml").content == contract
        for flag, version in (("--http1.1", "1.1"), ("--http2", "2")):
            done = tool("curl", "-sS", flag, "--cacert", roots, "-o", "/dev/null", "-w", "%{http_version} %{http_code}", f"{url}/v1/models")
            assert done.stdout == f"{version} 200", done.stdout
        assert [http.get(path).status_code for path in ("/metrics", "/v1/info", "/health/live")] == [404, 404, 200]
        assert "max-age" in http.get("/v1/models").headers["strict-transport-security"]
        server.stop()
        gone = http.get("/v1/models")
        assert (gone.status_code, gone.json()["error"]["code"]) == (503, "not_ready"), gone.text


def test_nginx_passes_everything(server):
    passes_everything(nginx)


def test_caddy_passes_everything(server):
    passes_everything(caddy)


class Load:
    """Clients that embed in a closed loop until they are told to stop; every answer counts."""

    def __init__(self, http, clients=6):
        self.http, self.stopping, self.answers, self.lock = http, threading.Event(), [], threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=[n]) for n in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        # Large enough that a stop finds some of them half way.
        bodies = [picture("rgb.png"), padded(1 << 20)]
        turn = number
        while not self.stopping.is_set():
            turn += 1
            try:
                status = self.http.post("/v1/embeddings", content=bodies[turn % 2] + turn.to_bytes(8, "big"), headers={"Content-Type": "image/png"}).status_code
            except httpx.HTTPError as error:
                status = repr(error)
            with self.lock:
                self.answers.append(status)

    def end(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        return self.answers


def replaces_without_loss(proxy, *flags):
    """Each of two replicas is stopped and started again under load: nobody notices."""
    ports = [free_port(), free_port()]
    servers = [Server("--store", "none", *flags, port=port) for port in ports]
    with proxy([server.address for server in servers]) as (url, roots, log), client_of(url, roots) as http:
        load = Load(http)
        for turn in (0, 1, 0, 1):
            before = len(load.answers)
            until(lambda: len(load.answers) > before + 50, "the load does not move")
            servers[turn].stop()
            stopped = len(load.answers)
            until(lambda: len(load.answers) > stopped + 50, "one replica alone does not serve")
            servers[turn] = Server("--store", "none", *flags, port=ports[turn])
            # The proxy looks every second or two whether a replica is back.
            until(lambda: servers[turn].metric("facet_images_embedded_total") > 0, "the new replica gets nothing")
        answers = load.end()
        bad = [answer for answer in answers if answer != 200]
        print(f"   {len(answers)} requests while four replicas stopped, {len(bad)} failed")
        assert not bad, (bad[:5], [line for line in log().splitlines() if "error" in line][:3])
    for server in servers:
        server.stop()


def test_nginx_loses_nothing_when_replicas_are_replaced(server):
    replaces_without_loss(nginx)


def test_caddy_loses_nothing_when_replicas_are_replaced(server):
    # As the Caddyfile says.
    assert "FACET_DRAIN_DELAY=4" in (DEPLOY / "proxy/Caddyfile").read_text()
    replaces_without_loss(caddy, "--drain-delay", "4")


def test_a_server_that_will_stop_says_so_and_serves_on(server):
    one = Server("--store", "none", "--drain-delay", "2")
    def embeds():
        # A connection of its own each time: new ones are taken too.
        return httpx.post(f"http://{one.address}/v1/embeddings?spaces=color", content=picture("rgb.png"), headers={"Content-Type": "image/png"}).status_code
    assert one.http.get("/health/ready").status_code == 200
    one.process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    until(lambda: one.http.get("/health/ready").status_code == 503, "readiness does not change")
    assert one.http.get("/health/ready").json()["error"]["code"] == "not_ready" and one.http.get("/health/live").status_code == 200
    served = 0
    while not one.lines("stopping: answering what is in flight"):
        with contextlib.suppress(httpx.HTTPError):
            served += embeds() == 200
    assert time.monotonic() - started >= 2 and served > 2, (time.monotonic() - started, served)
    assert one.process.wait(30) == 0


def finishes_what_is_in_flight(proxy):
    server = Server("--store", "none", "--threads", "1")
    files = []
    for number in range(24):
        file = io.BytesIO()
        Image.linear_gradient("L").resize((1200 + number, 1200)).convert("RGB").save(file, "PNG", compress_level=1)
        files.append(("image", (f"{number}.png", file.getvalue())))
    with proxy([server.address]) as (url, roots, _), client_of(url, roots) as http, concurrent.futures.ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(http.post, "/v1/embeddings", params={"spaces": "color"}, files=files) for _ in range(4)]
        # All four have arrived whole: three of them have no more images than that.
        until(lambda: server.metric("facet_queue_images") > 3 * 24 or any(future.done() for future in waiting), "nothing is in flight", 30)
        assert not any(future.done() for future in waiting), [future.result().text[:200] for future in waiting if future.done()]
        server.process.send_signal(signal.SIGTERM)
        answers = [future.result() for future in waiting]
        assert [(a.status_code, len(a.json()["data"])) for a in answers] == [(200, 24)] * 4, [a.text[:100] for a in answers]
        assert server.process.wait(30) == 0
        assert http.get("/v1/models").status_code == 503


def test_nginx_gets_what_was_in_flight_when_the_only_replica_stops(server):
    finishes_what_is_in_flight(nginx)


def test_caddy_gets_what_was_in_flight_when_the_only_replica_stops(server):
    finishes_what_is_in_flight(caddy)


# --- the unit and containers ------------------------------------------------------------------------------------------

def drain_seconds(server):
    return int(server.http.get("/v1/info").json()["settings"]["drain-seconds"])


def test_the_unit_is_hardened(server):
    if not shutil.which("systemd-analyze"):
        print("   left out, there is no systemd here")
        return
    with tempfile.TemporaryDirectory() as folder:
        unit = pathlib.Path(folder) / "facet.service"
        text = (DEPLOY / "facet.service").read_text()
        pause, limit = (int(re.search(rf"^{name}=(\d+)$", text, re.M)[1]) for name in ("Environment=FACET_DRAIN_DELAY", "TimeoutStopSec"))
        assert limit > pause + drain_seconds(server)
        unit.write_text(text.replace("/opt/facet/facet", str(FACET)))
        tool("systemd-analyze", "verify", unit)
        done = tool("systemd-analyze", "security", "--offline=true", "--threshold=11", unit)
        print("  ", done.stdout.strip().splitlines()[-1].lstrip("→ "))
        loose = re.sub(r"^(SystemCall|Protect|Private|Restrict).*\n", "", text, flags=re.M)
        unit.write_text(loose)
        assert tool("systemd-analyze", "security", "--offline=true", "--threshold=11", unit, code=None).returncode != 0


def test_the_unit_runs_under_systemd(server):
    if not os.environ.get("FACET_TEST_SYSTEMD"):
        print("   left out: it starts a systemd in namespaces; ask for it with FACET_TEST_SYSTEMD=1")
        return
    port = free_port()
    check = ["curl", "-sS", "--fail", "-m", "10", "-H", "Content-Type: image/png", "--data-binary", f"@{IMAGES / 'rgb.png'}", f"http://127.0.0.1:{port}/v1/embeddings"]
    before = sorted(os.listdir("/"))
    done = tool(ROOT / "Tests/Clients/under-systemd", port, *check, code=None)
    if done.returncode == 3:
        print("   left out,", done.stdout.strip().splitlines()[-1])
        return
    assert done.returncode == 0 and '"embedding":[' in done.stdout and "Result=success" in done.stdout, done.stdout + done.stderr
    assert "kept: facet 640" in done.stdout and "no warnings" in done.stdout and sorted(os.listdir("/")) == before, done.stdout


def test_the_image_holds_what_the_program_needs(server):
    text = (DEPLOY / "Dockerfile").read_text()
    tool("hadolint", DEPLOY / "Dockerfile")
    # The libraries that the program is linked with, but Swift's and the C library's own, are installed in the image.
    installed = set(re.findall(r"\blib[a-z0-9.+-]+\b", text.split("-bookworm-slim")[1].split("useradd")[0]))
    needed = set(re.findall(r"\(NEEDED\).*\[(.+?)\]", tool("readelf", "-d", FACET).stdout))
    foreign = {name for name in needed if not re.match(r"lib(swift|Foundation|_?Foundation|dispatch|Blocks|c\.|m\.|gcc_s|stdc|pthread)|ld-", name)}
    stems = {"libopenblas.so.0": "libopenblas0-pthread", "libpng16.so.16": "libpng16-16", "libsqlite3.so.0": "libsqlite3-0", "libpq.so.5": "libpq5", "libcrypto.so.3": "libssl3",
             "libturbojpeg.so.0": "libturbojpeg0", "libjpeg.so.62": "libjpeg62-turbo", "libwebp.so.7": "libwebp7", "libwebpdemux.so.2": "libwebpdemux2"}
    assert {stems[name] for name in foreign} <= installed, (foreign, installed)
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M):
        for path in source.split():
            assert (ROOT / path).exists() and (tool("git", "ls-files", path, cwd=ROOT).stdout or not (ROOT / ".git").exists()), path
            kept = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
            assert f"!{path}" in kept, path
    assert "USER 10001" in text and re.search(r"^FROM .* AS build", text, re.M)
    # The health check is what it says: yes for a server that is ready, no where there is none.
    check = json.loads(re.search(r"HEALTHCHECK[^\[]*(\[.*\])", text, re.S)[1].splitlines()[0])
    port = server.address.rsplit(":", 1)[1]
    ask = lambda port: tool(*[word.replace("8080", str(port)) for word in check], code=None).returncode
    assert ask(port) == 0 and ask(free_port()) != 0


def test_the_compose_file_is_sound(server):
    done = tool("docker-compose", "-f", DEPLOY / "compose.yaml", "config", "--format", "json", cwd=ROOT)
    services = json.loads(done.stdout)["services"]
    for name, service in services.items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"], name
        assert service["mem_limit"] and service["pids_limit"] and service["restart"] == "unless-stopped", name
    facet = services["facet"]
    pause = int(facet["environment"]["FACET_DRAIN_DELAY"])
    # Longer than Caddy takes to notice, and less than it is given.
    assert pause > 2 and float(facet["stop_grace_period"].rstrip("s")) > pause + drain_seconds(server), facet
    assert facet["user"] == "10001:10001" and not facet.get("ports") and services["proxy"]["depends_on"]["facet"]["condition"] == "service_healthy"
    done = tool("docker-compose", "-f", DEPLOY / "compose.replicas.yaml", "config", "--format", "json", cwd=ROOT, env=os.environ | {"FACET_DB_PASSWORD": "secret"})
    many = json.loads(done.stdout)["services"]
    replicas = {name: service for name, service in many.items() if name.startswith("facet")}
    assert [f"{name}:8080" for name in sorted(replicas)] == many["proxy"]["environment"]["FACET_UPSTREAMS"].split() and set(many["proxy"]["depends_on"]) == set(replicas)
    for name, service in many.items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"] and service["mem_limit"], name
    for name, service in replicas.items():
        assert service["environment"] == facet["environment"] | {"FACET_STORE": "postgres://facet:secret@db/facet"} and not service.get("volumes"), service
        assert service["depends_on"]["db"]["condition"] == "service_healthy" and service["stop_grace_period"] == facet["stop_grace_period"]
    assert many["db"]["environment"]["POSTGRES_PASSWORD"] == "secret" and not many["db"].get("ports") and list(many["db"]["networks"]) == ["inside"]
    assert "FACET_DB_PASSWORD is missing" in tool("docker-compose", "-f", DEPLOY / "compose.replicas.yaml", "config", "-q", code=None).stderr
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as wrong:
        wrong.write((DEPLOY / "compose.yaml").read_text().replace("read_only: true", "read_onli: true"))
        wrong.flush()
        assert "'read_onli' not allowed" in tool("docker-compose", "-f", wrong.name, "config", "-q", code=None).stderr


def checks_the_job(job, box):
    """Each share is run by one index, as the program reads it, over the store that the replicas have."""
    spec = job["spec"]
    assert spec["completionMode"] == "Indexed" and spec["template"]["spec"]["restartPolicy"] == "Never" and spec["backoffLimitPerIndex"] > 0
    shard = box["args"][box["args"].index("--shard") + 1]
    assert shard == f"$(JOB_COMPLETION_INDEX)/{spec['completions']}" and box["envFrom"] == [{"secretRef": {"name": "facet-store"}}]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shutil.copytree(IMAGES, folder / "pictures", ignore=lambda _, names: [n for n in names if n not in ("rgb.png", "baseline.jpg", "lossy.webp", "rgba.png")])
        for index in range(spec["completions"]):
            words = [word.replace("$(JOB_COMPLETION_INDEX)", str(index)).replace("/pictures", str(folder / "pictures")) for word in box["args"]]
            done = tool(FACET, *words, cwd=ROOT, env=os.environ | {"FACET_STORE": f"sqlite:{folder}/catalog.sqlite", "FACET_THREADS": "2"})
            assert " 0 failed" in done.stdout, done.stdout
        listed = tool(FACET, "catalog", "list", "--store", f"sqlite:{folder}/catalog.sqlite").stdout
        assert re.search(r"^shop +4 ", listed, re.M), listed


def test_the_autoscaler_finds_the_queue(server):
    """What it asks for is what the adapter's rule makes of a metric that the server has."""
    rule, = yaml.safe_load((DEPLOY / "prometheus/adapter.yml").read_text())["rules"]
    wanted = [metric["pods"]["metric"]["name"] for path in (DEPLOY / "kubernetes").rglob("autoscaler.yaml")
              for metric in yaml.safe_load(path.read_text())["spec"]["metrics"] if metric["type"] == "Pods"]
    assert wanted == [rule["name"]["as"]] == ["facet_queue_images"] and "facet_queue_images" in families(server.http.get("/metrics").text)
    assert re.match(rule["name"]["matches"], metric_names(rule["seriesQuery"]).pop())
    words = {"<<.Series>>": "facet_queue_images", "<<.LabelMatchers>>": 'namespace="facet",pod=~"a|b"', "<<.GroupBy>>": "pod"}
    query = rule["metricsQuery"]
    for word, value in words.items():
        assert word in query
        query = query.replace(word, value)
    series = [{"series": f'facet_queue_images{{namespace="facet",pod="{pod}",instance="{pod}:8080"}}', "values": values}
              for pod, values in (("a", "10 30 10 30 10"), ("b", "0 0 0 0 0"), ("c", "9 9 9 9 9"))]
    found = [{"labels": f'{{pod="{pod}"}}', "value": value} for pod, value in (("a", 20), ("b", 0))]
    case = {"rule_files": [], "evaluation_interval": "15s", "tests": [{"interval": "15s", "input_series": series, "promql_expr_test": [{"expr": query, "eval_time": "59s", "exp_samples": found}]}]}
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump(case, file)
        file.flush()
        tool("promtool", "test", "rules", file.name)


def test_the_kubernetes_manifests_are_sound(server):
    import kubernetes_validate
    kinds = {}
    for path in sorted((DEPLOY / "kubernetes").rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] == "Kustomization":
                assert all((path.parent / name).exists() for name in document["resources"]), path
                continue
            for version in ("1.29", "1.33"):
                kubernetes_validate.validate(document, version, strict=True)
            kinds.setdefault(document["kind"], []).append(document)
    assert set(kinds) == {"Deployment", "StatefulSet", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler", "NetworkPolicy", "ConfigMap", "Job"}
    paths = yaml.safe_load((ROOT / "openapi.yaml").read_text())["paths"]
    for owner in kinds["Deployment"] + kinds["StatefulSet"] + kinds["Job"]:
        pod = owner["spec"]["template"]["spec"]
        box = pod["containers"][0]
        secure, inner = pod["securityContext"], box["securityContext"]
        assert secure["runAsNonRoot"] and secure["seccompProfile"]["type"] == "RuntimeDefault" and inner["readOnlyRootFilesystem"]
        assert inner["capabilities"]["drop"] == ["ALL"] and not inner["allowPrivilegeEscalation"] and not pod["automountServiceAccountToken"]
        assert box["resources"]["requests"] and box["resources"]["limits"]["memory"]
        if owner["kind"] == "Job":
            checks_the_job(owner, box)
            continue
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert box[probe]["httpGet"]["path"] in paths
        drain = drain_seconds(server)
        environment = {entry["name"]: entry["value"] for entry in box["env"]}
        # Longer than two probes that fail.
        pause, probe = int(environment["FACET_DRAIN_DELAY"]), box["readinessProbe"]
        assert pod["terminationGracePeriodSeconds"] > pause + drain and pause > probe["periodSeconds"] * probe["failureThreshold"]
        assert environment["FACET_THREADS"] == box["resources"]["limits"]["cpu"] and owner["spec"]["selector"]["matchLabels"] == owner["spec"]["template"]["metadata"]["labels"]
        help_text = tool(FACET, "serve", "--help").stdout
        sources = [next(iter(source.values()))["name"] for source in box.get("envFrom", [])]
        if sources:
            assert sources == ["facet", "facet-store"] and kinds["ConfigMap"][0]["data"] == {"FACET_STORE": "none"} and "FACET_STORE" not in environment
        for name in environment:
            assert "--" + name.removeprefix("FACET_").lower().replace("_", "-") in help_text, name
    broken = json.loads(json.dumps(kinds["Deployment"][0]))
    broken["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    try:
        kubernetes_validate.validate(broken, "1.33", strict=True)
        raise SystemExit("the schema lets anything pass")
    except kubernetes_validate.ValidationError:
        pass


# --- clients of other makes -------------------------------------------------------------------------------------------

def test_the_triton_client_works(server):
    import tritonclient.http as triton
    from tritonclient.utils import InferenceServerException
    model = server.http.get("/v1/models").json()["data"][0]["id"]
    client = triton.InferenceServerClient(server.address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model) and not client.is_model_ready("none")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    about = client.get_model_metadata(model)
    assert {entry["name"] for entry in about["inputs"]} == {"image", "pixels"}
    bodies = [picture("rgb.png"), picture("baseline.jpg")]
    expected = [server.http.post("/v1/embeddings", params={"spaces": "color,concat"}, content=body, headers={"Content-Type": "image/png"}).json()["data"][0]["embeddings"] for body in bodies]
    for binary in (True, False):
        image = triton.InferInput("image", [2], "BYTES")
        values = bodies if binary else [base64.b64encode(body) for body in bodies]
        image.set_data_from_numpy(np.array(values, dtype=object), binary_data=binary)
        wishes = [triton.InferRequestedOutput("color", binary_data=binary), triton.InferRequestedOutput("concat", binary_data=binary)]
        for version in ("", about["versions"][0]):
            answer = client.infer(model, [image], outputs=wishes, request_id="7", model_version=version)
            assert answer.get_response()["id"] == "7" and answer.get_response()["model_version"] == about["versions"][0]
            for space in ("color", "concat"):
                assert np.array_equal(answer.as_numpy(space), np.array([entry[space] for entry in expected], np.float32)), (binary, space)
    # The whole answer in binary, outputs left out; and pixels that were prepared here.
    image = triton.InferInput("image", [1, 1], "BYTES")
    image.set_data_from_numpy(np.array([[bodies[0]]], dtype=object))
    assert client.infer(model, [image]).as_numpy("backbone").shape[0] == 1
    side = next(entry["shape"][2] for entry in about["inputs"] if entry["name"] == "pixels")
    pixels = triton.InferInput("pixels", [3, 3, side, side], "FP32")
    pixels.set_data_from_numpy(np.random.default_rng(5).normal(size=(3, 3, side, side)).astype(np.float32))
    vectors = client.infer(model, [pixels], outputs=[triton.InferRequestedOutput("color")]).as_numpy("color")
    assert vectors.shape == (3, 128) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for wrong, code in ((lambda: client.infer("none", [image]), "model_not_found"), (lambda: client.infer(model, [image], model_version="1"), "model_not_found"),
                        (lambda: client.infer(model, [image], outputs=[triton.InferRequestedOutput("nope")]), "unknown_space")):
        try:
            wrong()
            raise AssertionError(f"{code} was not raised")
        except InferenceServerException as error:
            assert code in str(error), error
    client.close()


def test_a_client_generated_from_the_contract_works(server):
    with tempfile.TemporaryDirectory() as folder:
        tool("openapi-python-client", "generate", "--path", ROOT / "openapi.yaml", "--meta", "none", "--output-path", f"{folder}/generated_facet")
        sys.path.insert(0, folder)
        part = lambda name: importlib.import_module(f"generated_facet.{name}")
        with part("client").Client(base_url=f"http://{server.address}", raise_on_unexpected_status=True) as client:
            models, types = part("models"), part("types")
            image = base64.b64encode(picture("rgb.png")).decode()
            request = models.EmbeddingRequest(input_=[image], spaces=["color", "concat"])
            answer = part("api.embeddings.create_embeddings").sync(client=client, body=request)
            assert isinstance(answer, models.EmbeddingList), answer
            vector = answer.data[0].embeddings["color"]
            assert len(vector) == 128 and abs(np.linalg.norm(vector) - 1) < 1e-5
            model = part("api.models.get_model").sync("facet-small", client=client)
            assert [space.name for space in model.spaces][0] == "backbone"
            made = part("api.collections.create_collection").sync_detailed("generated", client=client, body=models.NewCollection(spaces=["color"]))
            assert made.status_code in (200, 201), made
            for number, name in enumerate(("rgb.png", "rgba.png")):
                done = server.http.put(f"/v1/collections/generated/items/{number}", content=picture(name), headers={"Content-Type": "image/png"})
                assert done.status_code == 201
            found = part("api.collections.search").sync("generated", client=client, body=models.SearchRequest(vectors=models.SearchRequestVectors.from_dict({"color": vector}), k=2))
            assert isinstance(found, models.SearchAnswer) and found.hits[0].id == "0" and abs(found.hits[0].score - 1) < 1e-5, found
            wrong = part("api.embeddings.create_embeddings").sync(client=client, body=models.EmbeddingRequest(input_=[image], spaces=["nope"]))
            assert isinstance(wrong, models.ErrorResponse) and wrong.error.code == models.ErrorCode.UNKNOWN_SPACE, wrong
            about = part("api.inference.get_inference_model").sync("facet-small", client=client)
            assert about.outputs[0].name == "backbone"


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    tests = [test for test in tests if len(sys.argv) < 2 or sys.argv[1] in test.__name__]
    server = Server()
    failed = 0
    for test in tests:
        start = time.monotonic()
        try:
            test(server)
            print("ok", test.__name__, f"{time.monotonic() - start:.1f} s", flush=True)
        except Exception as error:
            failed += 1
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__]
            print("FAILED", test.__name__, type(error).__name__, f"lines {lines}", str(error)[:2000], flush=True)
    server.stop()
    for process in STARTED:
        process.kill()
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
