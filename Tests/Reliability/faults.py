# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around a server: killed, stopped, out of disk, out of time, given a broken model, stuck. Nothing acknowledged is lost."""
import ctypes, http.client, json, os, pathlib, random, resource, shutil, signal, subprocess, tempfile, threading, time
from common import FACET, ROOT, Report, Server, png

JSON = {"Content-Type": "application/json"}
PICTURE = {"Content-Type": "image/png"}


class Load:
    """Clients that put, delete, search and embed, and remember what they were told; each has items of its own."""

    def __init__(self, server, truth, clients=4, pace=0.0, kinds=(50, 15, 25, 10)):
        self.server, self.truth, self.pace, self.kinds = server, truth, pace, kinds
        self.done, self.counts, self.failed, self.lock = threading.Event(), {"answered": 0, "cut": 0}, [], threading.Lock()
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        chance = random.Random(f"{number} {time.monotonic_ns()}")
        link = None
        while not self.done.is_set():
            kind = chance.choices(["put", "delete", "search", "embed"], self.kinds)[0]
            name, version = f"{number}-{chance.randrange(60)}", chance.getrandbits(48)
            path = f"/v1/collections/shop/items/{name}"
            # Until the answer is there either state is right.
            if kind in ("put", "delete"):
                wanted = version if kind == "put" else None
                self.truth[name] = {*self.truth.get(name, {None}), wanted}
            try:
                link = link or http.client.HTTPConnection(self.server.host, self.server.port, timeout=30)
                if kind == "put":
                    link.request("PUT", path + "?keep=true", png(version, 24), {**PICTURE, "X-Facet-Metadata": json.dumps({"v": version})})
                elif kind == "delete":
                    link.request("DELETE", path)
                elif kind == "search":
                    link.request("POST", "/v1/collections/shop/search", json.dumps({"id": name, "k": 5}), JSON)
                else:
                    link.request("POST", "/v1/embeddings?spaces=color", png(version, 24), PICTURE)
                reply = link.getresponse()
                reply.read()
                if kind in ("put", "delete") and reply.status in (200, 201, 404):
                    self.truth[name] = {wanted}
                with self.lock:
                    self.counts["answered"] += 1
                    if reply.status not in (200, 201, 404):
                        self.failed.append((kind, reply.status))
                if reply.headers.get("connection") == "close":
                    link = None
            except (OSError, http.client.HTTPException) as error:
                with self.lock:
                    self.counts["cut"] += 1
                    self.failed.append((kind, repr(error)))
                link = None
                if self.done.wait(0.005):
                    return
            if self.pace:
                time.sleep(self.pace)

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join()


def items(server, collection="shop"):
    found, cursor = {}, ""
    while True:
        _, page = server.json("GET", f"/v1/collections/{collection}/items?limit=1000" + (f"&cursor={cursor}" if cursor else ""))
        found.update({item["id"]: (item.get("metadata") or {}).get("v") for item in page["data"]})
        cursor = page["next"]
        if not cursor:
            return found


def compare(report, server, truth, about):
    """Every item is in a state that its client may expect, whole: its picture is the one of its metadata, its vectors find it."""
    there = items(server)
    wrong = [(name, there.get(name), states) for name, states in truth.items() if there.get(name) not in states]
    halves = []
    for name, version in random.sample(sorted(there.items()), min(5, len(there))):
        status, _, image = server.call("GET", f"/v1/collections/shop/items/{name}/image")
        # Pictures differ in a corner only by their version: the same one must come back, and be its own nearest.
        _, hits = server.json("POST", "/v1/collections/shop/search", {"id": name, "k": 1000})
        if status != 200 or image != png(version, 24) or len(hits["hits"]) != min(1000, len(there) - 1):
            halves.append(name)
    counted = server.json("GET", "/v1/collections/shop")[1]["items"]
    ok = report.check(not wrong and not halves and counted == len(there), f"{about}: lost or wrong {wrong[:3]}, half {halves}, counted {counted} of {len(there)}", quiet=True)
    for name, version in there.items():
        truth[name] = {version}
    for name in truth.keys() - there.keys():
        truth[name] = {None}
    return ok


def facet(*words):
    return subprocess.run([FACET, *map(str, words)], capture_output=True, text=True, cwd=ROOT, timeout=120)


def sound(path):
    done = facet("catalog", "verify", "--store", f"sqlite:{path}")
    return done.returncode == 0 and "is sound" in done.stdout, done.stdout + done.stderr


def kills(report, short, options):
    """kill -9 at random moments under mixed load."""
    rounds = 4 if short else options.kills
    chance, truth, answered = random.Random(options.seed), {}, 0
    with tempfile.TemporaryDirectory(prefix="facet-kills-") as folder:
        held = 0
        for number in range(rounds + 1):
            with Server("--models", "models", store=f"sqlite:{folder}/catalog.sqlite") as server:
                if number == 0:
                    server.json("PUT", "/v1/collections/shop", {})
                held += compare(report, server, truth, f"after kill {number}")
                if number == rounds:
                    server.stop()
                    break
                load = Load(server, truth)
                time.sleep(chance.uniform(.02, .6))
                server.process.kill()
                server.process.wait()
                load.stop()
                answered += load.counts["answered"]
        ok, text = sound(f"{folder}/catalog.sqlite")
        report.check(ok, f"the file is sound in the end: {text.strip()[-80:]}")
    report.check(held == rounds + 1, f"{rounds} kills, {answered} requests answered before them: every acknowledged write was there, none half")


def stops(report, short, options):
    """SIGTERM under load: what is in flight is answered, the process ends in time."""
    rounds, slowest, answered = 3 if short else 20, 0, 0
    for number in range(rounds):
        with Server("--log-requests", "all") as server:
            server.json("PUT", "/v1/collections/shop", {})
            lock, failed, count, stopping = threading.Lock(), [], [0], threading.Event()

            def work():
                """Requests on connections of their own: one that was sent before the signal must be answered."""
                while not stopping.is_set():
                    sent = False
                    try:
                        link = http.client.HTTPConnection(server.host, server.port, timeout=30)
                        link.connect()
                        link.request("POST", "/v1/embeddings?spaces=color", png(random.getrandbits(40), 200), PICTURE)
                        sent = not stopping.is_set()
                        reply = link.getresponse()
                        reply.read()
                        with lock:
                            count[0] += 1
                            if reply.status != 200:
                                failed.append(reply.status)
                        link.close()
                    except (OSError, http.client.HTTPException) as error:
                        if sent:
                            failed.append(repr(error))
            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads:
                thread.start()
            time.sleep(.4)
            stopping.set()
            code, seconds = server.stop()
            for thread in threads:
                thread.join()
            slowest, answered = max(slowest, seconds), answered + count[0]
            report.check(code == 0 and not failed, f"stop {number}: exit {code} after {seconds:.2f} s, failed {failed[:3]}", quiet=True)
    report.check(slowest < 10, f"{rounds} times SIGTERM with 8 clients at work: {answered} requests, none failed, the slowest exit {slowest:.2f} s")


def busy_stop(report, short, options):
    """SIGTERM while every decoder has more to do than the deadline allows."""
    from images import idat, picture, zeros
    import socket
    heavy = picture(idat(zeros(64_001 * 8_000)), width=8_000, height=8_000, depth=16, colour=6)
    with Server("--cache-bytes", "0", "--drain-seconds", "2") as server:
        head = b"POST /v1/embeddings HTTP/1.1\r\nHost: h\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n" % len(heavy)
        links = [socket.create_connection((server.host, server.port)) for _ in range(16)]
        for link in links:
            link.sendall(head + heavy)
        time.sleep(.5)
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        while "stopping: " not in server.log() and time.monotonic() - start < 20:
            time.sleep(.005)
        heard = time.monotonic() - start
        report.check(heard < 1, f"the signal is heard after {1000 * heard:.0f} ms while both decoders are busy")
        code = server.process.wait(30)
        seconds = time.monotonic() - start
        report.check(code == 0 and seconds < 8, f"it ends with {code} after {seconds:.1f} s at a deadline of 2 s, what is left cut off")
        for link in links:
            link.close()


def early_stops(report, short, options):
    """SIGTERM at any moment of the start, the model's loading included."""
    rounds, codes, slowest = 15 if short else 150, {}, 0
    chance = random.Random(options.seed)
    for number in range(rounds):
        with Server(wait=False) as server:
            time.sleep(chance.uniform(0, .35))
            code, seconds = None, 0
            try:
                code, seconds = server.stop(10)
            except subprocess.TimeoutExpired:
                report.check(False, f"start {number}: not stopped after 10 s: {server.log()[-300:]}")
            key = code if code != 0 else "0 while loading" if "stopped while loading" in server.log() else "0"
            codes[key] = codes.get(key, 0) + 1
            slowest = max(slowest, seconds)
    # Before the first line of the program's own it dies of the signal, as every program does.
    report.check(set(codes) <= {"0", "0 while loading", -15}, f"{rounds} times SIGTERM within 350 ms of the start: exits {codes}, slowest {slowest:.2f} s")


def full_disk(report, short, options):
    """A disk that fills up under a running server."""
    folder = tempfile.mkdtemp(prefix="facet-disk-")
    size = 8 if short else 24
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", folder], capture_output=True).returncode == 0
    report.say(f"a tmpfs of {size} MiB" if mounted else f"no mount allowed here: files of {size} MiB at most")
    try:
        with Server("--cache-bytes", "0", store=f"sqlite:{folder}/catalog.sqlite", file_bytes=None if mounted else size << 20) as server:
            def put(number, collection="shop"):
                headers = {**PICTURE, "X-Facet-Metadata": json.dumps({"v": number})}
                return server.call("PUT", f"/v1/collections/{collection}/items/{number}?keep=true", png(number, 200), headers)

            for name in ("shop", "old"):
                server.json("PUT", f"/v1/collections/{name}", {})
            for number in range(40):
                put(number, "old")
            kept, refused = {}, []
            for number in range(4000):
                status, _, body = put(number)
                if status == 201:
                    kept[str(number)] = number
                else:
                    refused.append((status, json.loads(body)["error"]["code"]))
                    if len(refused) >= 20:
                        break
            report.check(kept and refused and set(refused) == {(507, "disk_full")}, f"{len(kept)} items kept, then {sorted(set(refused))}")
            report.check(items(server) == kept, "every acknowledged item is there, none else")
            report.check(server.call("POST", "/v1/embeddings", png(1), PICTURE)[0] == 200, "embeddings go on")
            report.check(server.json("POST", "/v1/collections/shop/search", {"id": "0", "k": 3})[0] == 200, "searches go on")
            # Deletions need no room, and make some.
            gone = sorted(kept, key=int)[:len(kept) // 2]
            answers = [server.call("DELETE", f"/v1/collections/shop/items/{name}")[0] for name in gone]
            report.check(set(answers) == {200}, f"{len(gone)} items deleted on the full disk: {sorted(set(answers))}")
            kept = {name: version for name, version in kept.items() if name not in gone}
            report.check(items(server) == kept, "those are gone and no others")
            status = server.call("DELETE", "/v1/collections/old")[0]
            report.check(status == 200 and server.call("GET", "/v1/collections/old")[0] == 404, f"a collection deleted: {status}")
            again = 10 * len(gone) // 11
            taken = [put(10_000 + number)[0] for number in range(again)]
            report.check(set(taken) == {201}, f"{again} new items in the room that they made: {sorted(set(taken))}")
            kept |= {str(10_000 + number): 10_000 + number for number in range(again) if taken[number] == 201}
            if mounted:
                subprocess.run(["mount", "-o", "remount,size=48m", folder], check=True)
            else:
                resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (48 << 20, 48 << 20))
            status = server.call("PUT", "/v1/collections/shop/items/again?keep=true", png(5000, 200), {**PICTURE, "X-Facet-Metadata": json.dumps({"v": 5000})})[0]
            report.check(status == 201, f"with more room the next write is taken, without a restart: {status}")
            server.kill()
        with Server("--cache-bytes", "0", store=f"sqlite:{folder}/catalog.sqlite") as server:
            wanted = kept | {"again": 5000}
            report.check(items(server) == wanted, "after kill -9 the file holds just that")
            server.stop()
        ok, text = sound(f"{folder}/catalog.sqlite")
        report.check(ok, "the file is sound" if ok else text)
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def read_only(report, short, options):
    """A catalog in a place that cannot be written."""
    folder = tempfile.mkdtemp(prefix="facet-ro-")
    mounted = False
    try:
        with Server(store=f"sqlite:{folder}/catalog.sqlite") as server:
            server.json("PUT", "/v1/collections/shop", {})
            server.call("PUT", "/v1/collections/shop/items/a", png(1), PICTURE)
            server.stop()
        mounted = subprocess.run(f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}", shell=True, capture_output=True).returncode == 0
        if not mounted:
            return report.say("no mount allowed here: left out")
        server = Server(store=f"sqlite:{folder}/catalog.sqlite", wait=False)
        with server:
            try:
                code = server.process.wait(20)
            except subprocess.TimeoutExpired:
                code = None
            text = server.log().strip()
            report.check(code not in (None, 0) and code > 0, f"a start is refused with {code}: {text.splitlines()[-1] if text else ''}")
        with Server(store="none") as server:
            report.check(server.call("POST", "/v1/embeddings", png(1), PICTURE)[0] == 200, "without a catalog it serves")
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def clock_jumps(report, short, options):
    """The wall clock jumps years ahead and back under a running server."""
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        return report.say("no C compiler on this machine: left out")
    with tempfile.TemporaryDirectory(prefix="facet-clock-") as folder:
        library, offset_file = pathlib.Path(folder) / "clock.so", pathlib.Path(folder) / "offset"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, pathlib.Path(__file__).parent / "clock.c"], check=True)
        offset_file.write_text("0")
        environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(offset_file)}
        with Server("--cache-bytes", "0", environment=environment) as server:
            server.json("PUT", "/v1/collections/shop", {})
            slowest, dates = 0, []
            for number, offset in enumerate(["0", "315360000", "-315360000", "86400", "-3600", "0"][:3 if short else 6]):
                offset_file.write_text(offset)
                time.sleep(1.1)
                for again in range(10):
                    start = time.monotonic()
                    status, head, _ = server.call("PUT", f"/v1/collections/shop/items/{number}-{again}", png(100 * number + again), PICTURE)
                    slowest = max(slowest, time.monotonic() - start)
                    report.check(status == 201, f"a put at {offset} s: {status}", quiet=True)
                dates.append(head["date"][8:16])
                report.check(server.call("GET", "/health/ready")[0] == 200, f"ready at {offset} s", quiet=True)
            report.check(len(set(dates)) == 3, f"the server's dates jumped: {', '.join(dates)}")
            _, listed = server.json("GET", "/v1/collections/shop/items?limit=1000")
            report.check(len(listed["data"]) == 10 * len(dates), f"{10 * len(dates)} puts over {len(dates) - 1} jumps, all there, the slowest {1000 * slowest:.0f} ms")
            code, seconds = server.stop()
            report.check(code == 0 and seconds < 5, f"it stops with {code} after {seconds:.2f} s")


def broken_model(report, short, options):
    """A checkpoint that is damaged on disk while its model serves."""
    with tempfile.TemporaryDirectory(prefix="facet-models-") as folder:
        name = "facet-small"
        shutil.copytree(ROOT / "models" / name, pathlib.Path(folder) / name)
        weights = pathlib.Path(folder) / name / "model.safetensors"
        good = weights.read_bytes()
        with Server("--models", folder, "--cache-bytes", "0") as server:
            before = server.call("POST", "/v1/embeddings", png(7), PICTURE)[2]
            digest = server.json("GET", "/health/ready")[1]["digest"]
            damages = [("cut in half", good[:len(good) // 2]), ("empty", b""), ("random bytes", random.Random(1).randbytes(4096)),
                       ("a header of 2^60 bytes", (1 << 60).to_bytes(8, "little") + good[8:]), ("offsets beyond the end", good[:len(good) - 1000]),
                       ("no numbers", good[:-40000] + b"\xff\xff\xff\x7f" * 10000)]
            load = Load(server, {}, clients=2, kinds=(0, 0, 0, 100))
            for what, data in damages:
                # As a deployment would: a new file in the place of the old one.
                other = weights.with_suffix(".new")
                other.write_bytes(data)
                os.replace(other, weights)
                status, answer = server.json("POST", f"/v1/models/{name}/load")
                same = server.json("GET", "/health/ready")[1].get("digest") == digest
                report.check(status in (409, 422, 500) and same, f"{what}: {status} {(answer or {}).get('error', {}).get('code')}, the old one serves: {same}")
                server.process.send_signal(signal.SIGHUP)
                time.sleep(.3)
                report.check(server.json("GET", "/health/ready")[1].get("digest") == digest, f"{what}: so after SIGHUP", quiet=True)
            weights.write_bytes(good)
            status, _ = server.json("POST", f"/v1/models/{name}/load")
            load.stop()
            report.check(status == 200 and not load.failed, f"the good file loads again; {load.counts['answered']} requests meanwhile, failed {load.failed[:3]}")
            after = server.call("POST", "/v1/embeddings", png(7), PICTURE)[2]
            report.check(json.loads(before)["data"][0]["embedding"] == json.loads(after)["data"][0]["embedding"], "and gives the same vectors")


def backups(report, short, options):
    """Backups taken while clients write."""
    rounds = 2 if short else 20
    with tempfile.TemporaryDirectory(prefix="facet-backup-") as folder, Server(store=f"sqlite:{folder}/catalog.sqlite") as server:
        server.json("PUT", "/v1/collections/shop", {})
        log, lock, done = [], threading.Lock(), threading.Event()

        def write(number):
            """One item after the other, each noted before it is asked for and after it was acknowledged."""
            count = 0
            while not done.is_set():
                name = f"{number}-{count:06}"
                status = server.call("PUT", f"/v1/collections/shop/items/{name}?keep=true", png(number << 32 | count, 24), {**PICTURE, "X-Facet-Metadata": json.dumps({"v": number << 32 | count})})[0]
                with lock:
                    log.append((number, count, status))
                count += 1
        threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        held, sizes = 0, []
        for number in range(rounds):
            time.sleep(.3)
            with lock:
                acknowledged = {f"{writer}-{count:06}" for writer, count, status in log if status == 201}
            copy = pathlib.Path(folder) / f"copy{number}.sqlite"
            done_copy = facet("catalog", "backup", "--store", f"sqlite:{folder}/catalog.sqlite", copy)
            ok, text = sound(copy)
            with Server(store=f"sqlite:{copy}") as restored:
                there = items(restored)
                # Each writer's items without a gap, everything acknowledged before the backup began, every picture whole.
                gaps = [writer for writer in range(3) if sorted(int(name[2:]) for name in there if name[0] == str(writer)) != list(range(sum(name[0] == str(writer) for name in there)))]
                name, version = random.choice(sorted(there.items()))
                image = restored.call("GET", f"/v1/collections/shop/items/{name}/image")[2]
                held += report.check(done_copy.returncode == 0 and ok and acknowledged <= there.keys() and not gaps and image == png(version, 24),
                                     f"backup {number}: {done_copy.stderr} {text if not ok else ''} missing {len(acknowledged - there.keys())}, gaps {gaps}", quiet=True)
                sizes.append(len(there))
            copy.unlink()
        done.set()
        for thread in threads:
            thread.join()
        report.check(held == rounds and {status for *_, status in log} == {201}, f"{rounds} backups beside {len(log)} writes: each sound, with all that was acknowledged before it, without gaps ({sizes[0]} to {sizes[-1]} items)")


def wedged(report, short, options):
    """A computing thread that stops for ever: held by ptrace, as a deadlock or a broken core would."""
    limit = 30
    if short:
        return report.say(f"needs {limit} s: left to the long form and to a test with a clock turned by hand")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    with Server("--cache-bytes", "0", "--threads", "2") as server:
        tasks = pathlib.Path(f"/proc/{server.pid}/task")
        workers = [int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().startswith("facet.compute")]
        # A seized thread must be held from the thread that asked for it; stopped in the midst of a pass it keeps an item.
        waiting, stuck, answered = [], False, []

        def ask():
            try:
                answered.append(server.call("POST", "/v1/embeddings", png(time.monotonic_ns()), PICTURE, 90)[0])
            except OSError as error:
                answered.append(repr(error))
        chance = random.Random(options.seed)
        for attempt in range(300):
            # One picture at a time: nothing may be needed behind it for the stop to be noticed.
            waiting.append(threading.Thread(target=ask, daemon=True))
            waiting[-1].start()
            time.sleep(chance.uniform(.0005, .005))
            if any(libc.ptrace(0x4206, worker, None, None) or libc.ptrace(0x4207, worker, None, None) for worker in workers):
                return report.say(f"ptrace is not allowed here (errno {ctypes.get_errno()}): left out")
            for worker in workers:
                os.waitpid(worker, 0x40000000)
            time.sleep(.1)
            if server.metrics()["facet_queue_images"] > 0:
                stuck = True
                break
            for worker in workers:
                libc.ptrace(17, worker, None, None)
            time.sleep(.01)
        if not report.check(stuck, f"a pass is stuck, at attempt {attempt + 1}"):
            return
        try:
            start = time.monotonic()
            while server.call("GET", "/health/ready")[0] == 200 and time.monotonic() - start < limit + 10:
                time.sleep(.2)
            seconds = time.monotonic() - start
            status, _, body = server.call("GET", "/health/ready")
            report.check(status == 503 and seconds < limit + 5, f"readiness says {status} after {seconds:.1f} s: {body.decode()[:160]}")
            report.check(server.call("GET", "/health/live")[0] == 200, "liveness and everything without pictures still answer")
        finally:
            # A thread that is held cannot even be killed.
            for worker in workers:
                libc.ptrace(17, worker, None, None)
        start = time.monotonic()
        while server.call("GET", "/health/ready")[0] != 200 and time.monotonic() - start < 10:
            time.sleep(.02)
        report.check(server.call("GET", "/health/ready")[0] == 200, f"once the thread goes on it is ready again, {time.monotonic() - start:.2f} s later")
        for thread in waiting:
            thread.join(10)
        report.check(set(answered) == {200}, f"and everyone who waited has an answer: {len(answered)}")


def stalled(report, short, options):
    """A decoder and a disk that do not go on, then do."""
    limit = 30
    if short:
        return report.say(f"needs {limit} s twice: left to the long form and to tests that say how long is too long")
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        return report.say("no compiler here: left out")
    with tempfile.TemporaryDirectory(prefix="facet-stall-") as name:
        folder = pathlib.Path(name)
        library = folder / "stall.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, pathlib.Path(__file__).parent / "stall.c"], check=True)
        with Server("--cache-bytes", "0", "--threads", "2", environment={"LD_PRELOAD": str(library), "FACET_STALL": name}) as server:
            server.json("PUT", "/v1/collections/shop", {})
            embed = ("POST", "/v1/embeddings?spaces=color", PICTURE)
            put = ("PUT", "/v1/collections/shop/items/a", PICTURE)
            jpeg = (ROOT / "Tests/Fixtures/golden/images/baseline.jpg").read_bytes()
            for file, (method, path, headers), reason in [("picture", embed, "a decoder is stuck"), ("disk", put, "its disk or thread is stuck")]:
                answered = []
                (folder / file).touch()
                thread = threading.Thread(target=lambda: answered.append(server.call(method, path, png(7), headers, 90)[0]), daemon=True)
                start = time.monotonic()
                thread.start()
                while server.call("GET", "/health/ready")[0] == 200 and time.monotonic() - start < limit + 10:
                    time.sleep(.1)
                seconds, (status, _, body) = time.monotonic() - start, server.call("GET", "/health/ready")
                report.check(status == 503 and reason in body.decode() and limit - 1 < seconds < limit + 5, f"{file}: readiness says {status} after {seconds:.1f} s: {body.decode()[:150]}")
                # The other decoder, and all that asks for no disk, goes on.
                others = server.call("POST", "/v1/embeddings?spaces=color", jpeg, {"Content-Type": "image/jpeg"})[0], server.call("GET", "/health/live")[0]
                report.check(others == (200, 200) and not answered, f"{file}: a picture of another kind and liveness meanwhile: {others}")
                (folder / file).unlink()
                start = time.monotonic()
                while server.call("GET", "/health/ready")[0] != 200 and time.monotonic() - start < 10:
                    time.sleep(.01)
                thread.join(10)
                report.check(server.call("GET", "/health/ready")[0] == 200 and answered in ([200], [201]), f"{file}: ready {time.monotonic() - start:.2f} s after it goes on, who waited has {answered}")
            server.stop()


PARTS = (kills, stops, busy_stop, early_stops, full_disk, read_only, clock_jumps, broken_model, backups, wedged, stalled)


def run(short, options):
    report = Report("faults")
    for part in PARTS:
        if options.only and part.__name__ != options.only:
            continue
        print(f" {part.__doc__.splitlines()[0]}", flush=True)
        part(report, short, options)
    return report.end()
