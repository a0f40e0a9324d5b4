# SPDX-License-Identifier: Apache-2.0
"""What the reliability programs share: a server of their own, raw sockets, pictures, and figures."""
import http.client, json, os, pathlib, random, re, resource, shutil, signal, socket, struct, subprocess, tempfile, time, zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACET = os.environ.get("FACET", str(ROOT / ".build/release/facet"))
GOLDEN = ROOT / "Tests/Fixtures/golden/images"


class Server:
    """`facet serve` on a free port of the loopback, with a catalog in a folder of its own; a context that cleans up."""

    def __init__(self, *flags, store=None, files=None, file_bytes=None, wait=True, program=None, environment=None, nice=0):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="facet-reliability-"))
        self.log_path = self.folder / "log"
        store = store or f"sqlite:{self.folder}/catalog.sqlite"

        def limits():
            if files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
            if file_bytes:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
            if nice:
                os.nice(nice)

        listen = [] if "--listen" in flags else ["--listen", "127.0.0.1:0"]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*(program or [FACET]), "serve", *listen, "--store", store, *flags], cwd=ROOT, stderr=log, stdout=log,
                stdin=subprocess.DEVNULL, preexec_fn=limits, restore_signals=False,
                env={**os.environ, **(environment or {}), "SWIFT_BACKTRACE": "enable=no"})
        self.pid = self.process.pid
        self.host, self.port = "127.0.0.1", None
        if wait:
            self.wait_ready()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_listening(self, seconds=60):
        self._await(r"listening address=127\.0\.0\.1:(\d+)", seconds)
        return self

    def wait_ready(self, seconds=60):
        self.wait_listening(seconds)
        self._await(r"( )ready ", seconds)
        return self

    def _await(self, pattern, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := re.search(pattern, self.log()):
                if found.group(1).isdigit():
                    self.port = int(found.group(1))
                return
            assert self.process.poll() is None, "the server ended: " + self.log()
            time.sleep(0.005)
        raise AssertionError("no " + pattern + " in: " + self.log())

    def alive(self):
        return self.process.poll() is None

    def call(self, method, path, body=None, headers=None, timeout=30):
        """One request on a connection of its own: status, headers in lower case, body."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def json(self, method, path, value=None, timeout=30):
        body = None if value is None else json.dumps(value).encode()
        status, _, text = self.call(method, path, body, {"Content-Type": "application/json"}, timeout)
        return status, json.loads(text) if text else None

    def metrics(self):
        return metrics_of(self.call("GET", "/metrics")[2].decode())

    def status_of_process(self):
        """Bytes resident now and at most, threads, descriptors."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        number = lambda name: int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1))
        return {"rss": number("VmRSS") * 1024, "peak": number("VmHWM") * 1024, "threads": number("Threads"),
                "files": len(os.listdir(f"/proc/{self.pid}/fd"))}

    def reset_peak(self):
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def stop(self, seconds=30):
        """SIGTERM; the exit status, with the seconds it took."""
        start = time.monotonic()
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        return code, time.monotonic() - start

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.alive():
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def metrics_of(text):
    return {name: float(value) for name, value in re.findall(r"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", text, re.M)}


def raw(server, data, seconds=3.0, finish=False):
    """Sends bytes as they are; gives what came back, and whether the server closed within `seconds`."""
    with socket.create_connection((server.host, server.port), timeout=seconds) as link:
        try:
            link.sendall(data)
            if finish:
                link.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        answer, end = b"", time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            link.settimeout(left)
            try:
                part = link.recv(65536)
            except TimeoutError:
                return answer, False
            except OSError:
                return answer, True
            if not part:
                return answer, True
            answer += part
        return answer, False


def statuses(answer):
    """The status of every response in a stream of them."""
    found, rest = [], answer
    while rest.startswith(b"HTTP/1.1 "):
        head, _, rest = rest.partition(b"\r\n\r\n")
        found.append(int(head[9:12]))
        length = re.search(rb"(?i)content-length: (\d+)", head)
        rest = rest[int(length.group(1)) if length else 0:]
    return found


def chunk(kind, body, crc=None):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) if crc is None else crc)


PNG = b"\x89PNG\r\n\x1a\n"


def header(width, height, depth=8, colour=2, interlace=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(seed, side=64):
    """A picture that no other seed has: some rectangles on a ground."""
    chance = random.Random(seed)
    ground = bytes(chance.randrange(256) for _ in range(3))
    rows = [bytearray(ground * side) for _ in range(side)]
    for _ in range(6):
        x, y, w, h = (chance.randrange(side) for _ in range(4))
        colour = bytes(chance.randrange(256) for _ in range(3))
        for row in rows[y:y + h]:
            row[3 * x:3 * min(side, x + w)] = colour * (min(side, x + w) - x)
    rows[0][:8] = struct.pack(">Q", seed & (1 << 64) - 1)
    return PNG + header(side, side) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 1)) + chunk(b"IEND", b"")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def milliseconds(values):
    return f"p50 {1000 * percentile(values, .5):.1f} ms, p99 {1000 * percentile(values, .99):.1f} ms, n {len(values)}"


def raise_file_limit(wanted):
    """Lets this process open `wanted` descriptors; gives how many it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, wanted), hard), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Report:
    """Counts what held and what did not; prints a line for each."""

    def __init__(self, name):
        self.name, self.held, self.failures, self.start = name, 0, [], time.monotonic()

    def check(self, fact, about, quiet=False):
        if fact:
            self.held += 1
            if not quiet:
                print(f"  ok    {about}", flush=True)
        else:
            self.failures.append(about)
            print(f"  FAIL  {about}", flush=True)
        return bool(fact)

    def say(self, text):
        print(f"  {text}", flush=True)

    def add(self, other):
        """What another report counted, too."""
        self.held += other.held
        self.failures += other.failures

    def end(self):
        print(f"{self.name}: {self.held} checks held, {len(self.failures)} failed, {time.monotonic() - self.start:.1f} s", flush=True)
        return not self.failures
