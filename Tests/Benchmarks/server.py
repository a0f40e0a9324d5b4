# SPDX-License-Identifier: Apache-2.0
"""Servers under load from this machine: starting them, wrk against them, their processor time and memory. Standard library only."""
import contextlib, http.client, json, os, pathlib, shutil, socket, subprocess, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FACET_BUILD", ROOT / ".build/release"))
FACET, BENCH = BUILD / "facet", BUILD / "facet-bench"
PATH = "/v1/embeddings?encoding_format=base64"
BINARY = {"Content-Type": "application/octet-stream"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port, path):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0


def wait(port, path, begin, expected=(200,)):
    """Seconds from `begin` until `path` answers."""
    while answers(port, path) not in expected:
        assert time.perf_counter() - begin < 30, f"{path} does not answer"
        time.sleep(0.001)
    return time.perf_counter() - begin


class Server:
    """A process that listens on `port`; `live` and `ready` are seconds from its start."""

    def __init__(self, command, port, live="/", ready=None, expected=(200,), environment=None):
        self.port = port
        begin = self.begin = time.perf_counter()
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        try:
            self.live = wait(port, live, begin, expected)
            self.ready = wait(port, ready or live, begin, expected)
        except BaseException:
            self.stop()
            raise

    def family(self):
        """The process and its children."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def processor_seconds(self):
        fields = [pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self.family()]
        return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")

    def memory(self, name="VmRSS"):
        """Megabytes (2^20)."""
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024

    def post(self, body, path=PATH):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("POST", path, body, BINARY)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return text

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path)
        return connection.getresponse().read()

    def stop(self):
        self.process.terminate()
        return self.process.wait(30)


@contextlib.contextmanager
def facet(*flags, environment=None):
    """`facet serve` on a free port with a store of its own."""
    with tempfile.TemporaryDirectory(prefix="facet-bench-") as folder:
        port = free_port()
        if "--store" not in flags:
            flags = [*flags, "--store", f"sqlite:{folder}/catalog.sqlite"]
        command = [FACET, "serve", "--listen", f"127.0.0.1:{port}", *map(str, flags)]
        server = Server(command, port, "/health/live", "/health/ready", environment=environment)
        try:
            yield server
        finally:
            assert server.stop() == 0, "the server did not stop cleanly"


NGINX = """daemon off; worker_processes 2; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 1000000000; open_file_cache max=10;
  tcp_nodelay on; client_body_buffer_size 128k;
  server {{ listen 127.0.0.1:{port}; root {folder}; default_type application/json;
    location / {{ error_page 405 =200 /v1/embeddings; }} }}
}}"""


@contextlib.contextmanager
def nginx(answer):
    """nginx, which discards the body and answers a file: an upper bound."""
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    with tempfile.TemporaryDirectory(prefix="facet-nginx-") as name:
        folder, port = pathlib.Path(name), free_port()
        os.chmod(folder, 0o755)
        (folder / "v1").mkdir()
        (folder / "v1/embeddings").write_bytes(answer)
        (folder / "conf").write_text(NGINX.format(folder=folder, port=port))
        server = Server([program, "-p", folder, "-e", "stderr", "-c", folder / "conf"], port, PATH)
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def hummingbird(program, answer):
    """Hummingbird reading the body and answering the same bytes (peers-http)."""
    with tempfile.TemporaryDirectory(prefix="facet-hummingbird-") as folder:
        file, port = pathlib.Path(folder) / "answer", free_port()
        file.write_bytes(answer)
        server = Server([program, str(port), file], port, "/", expected=(404,))
        try:
            yield server
        finally:
            server.stop()


WRK = """
local bodies = {}
for path in string.gmatch(os.getenv("FACET_WRK_BODIES"), "[^\\n]+") do
  local file = assert(io.open(path, "rb")); bodies[#bodies + 1] = file:read("*a"); file:close()
end
local unique = tonumber(os.getenv("FACET_WRK_UNIQUE") or "0")
local thread, sent = 0, 0
local headers = { ["Content-Type"] = "application/octet-stream" }
local ready = {}
for i, body in ipairs(bodies) do ready[i] = wrk.format("POST", nil, headers, body) end
function setup(t) t:set("number", thread); thread = thread + 1 end
function init() for i, body in ipairs(bodies) do ready[i] = wrk.format("POST", nil, headers, body) end end
function request()
  sent = sent + 1
  if unique > 0 and sent % unique == 0 then
    -- A JPEG comment makes an image that no cache has seen.
    local body = bodies[1]
    local text = string.format("%04d%012d", number or 0, sent)
    return wrk.format("POST", nil, headers, body:sub(1, 2) .. "\\255\\254\\0\\18" .. text .. body:sub(3))
  end
  return ready[sent % #bodies + 1]
end
function done(summary, latency, requests)
  local e = summary.errors
  io.stderr:write(string.format('{"requests":%d,"us":%d,"failed":%d,"p50_ms":%f,"p99_ms":%f,"max_ms":%f}\\n', summary.requests,
    summary.duration, e.status + e.connect + e.read + e.write + e.timeout, latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
"""


def wrk(server, bodies, connections, seconds, path=PATH, unique=0):
    """A closed loop of `connections` posting files in turn: requests a second, latencies, and server processor microseconds each."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK)
        script.flush()
        environment = dict(os.environ, FACET_WRK_BODIES="\n".join(map(str, bodies)), FACET_WRK_UNIQUE=str(unique))
        before = server.processor_seconds()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", script.name, f"http://127.0.0.1:{server.port}{path}"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        spent = server.processor_seconds() - before
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stderr.strip().splitlines()[-1])
    found["rate"] = found["requests"] / found["us"] * 1e6
    found["processor_us"] = spent / max(1, found["requests"]) * 1e6
    assert found["failed"] == 0, f"{found['failed']} of {found['requests']} requests failed"
    return found
