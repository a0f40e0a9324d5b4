#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several `facet serve` over one PostgreSQL: kill -9 of each and of the server during writes, read-only spells, the same
answers as from a file. Left out, with a line, where Tests/Postgres/setup has not been run. FACET_ROUNDS sets the kills."""
import base64, collections, contextlib, hashlib, http.client, json, os, pathlib, random, re, shutil, signal, socket, sqlite3, struct, subprocess, sys, tempfile, threading, time, traceback, zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Postgres"))
import postgres_server  # noqa: E402

FACET = pathlib.Path(os.environ.get("FACET_PROGRAM", ROOT / ".build/release/facet"))
ROUNDS = int(os.environ.get("FACET_ROUNDS", "12"))
PICTURES = [p for p in sorted((ROOT / "Tests/Fixtures/golden/images").iterdir()) if p.suffix in (".png", ".jpg", ".webp")]


def painted(number):
    """A small PNG that no other number has."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = (b"\0" + bytes([number & 255, number >> 8 & 255, number >> 16 & 255] * 8)) * 8
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Facet:
    """One serving process on a port of its own, which it keeps over restarts."""

    def __init__(self, store, folder, *flags):
        self.store, self.folder, self.flags = store, folder, flags
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    def start(self):
        log = open(self.folder / f"facet-{self.port}.log", "ab")
        self.process = subprocess.Popen(
            [FACET, "serve", "--listen", f"127.0.0.1:{self.port}", "--models", ROOT / "models", "--model", "facet-small",
             "--store", self.store, "--threads", "1", *self.flags], stdout=log, stderr=log, cwd=self.folder)
        return self

    def call(self, method, path, body=None, kind="application/json", timeout=30):
        """Status, headers and body; raises OSError where the connection breaks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body).encode()
            connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except http.client.HTTPException as broken:
            raise ConnectionError(str(broken)) from broken
        finally:
            connection.close()

    def get(self, path):
        status, _, body = self.call("GET", path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def ready(self):
        try:
            return self.call("GET", "/health/ready", timeout=5)[0] == 200
        except OSError:
            return False

    def await_ready(self, seconds=90):
        start = time.monotonic()
        while not self.ready():
            assert self.process.poll() is None, (self.folder / f"facet-{self.port}.log").read_text()[-3000:]
            assert time.monotonic() - start < seconds, (self.folder / f"facet-{self.port}.log").read_text()[-3000:]
            time.sleep(0.05)
        return time.monotonic() - start

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.kill()


@contextlib.contextmanager
def cluster(count, settings=()):
    """A server with syncs as in earnest, and some processes over it."""
    server = postgres_server.Server(settings).start()
    with tempfile.TemporaryDirectory() as name:
        replicas = [Facet(server.url, pathlib.Path(name)).start() for _ in range(count)]
        try:
            for replica in replicas:
                replica.await_ready()
            yield server, replicas
        finally:
            for replica in replicas:
                replica.stop()
            server.stop()


def sql(server, text, options=""):
    done = subprocess.run([f"{server.binaries}/psql", "-X", "-A", "-t", "-h", server.folder, "-U", "facet", "postgres", "-c", text],
                          capture_output=True, text=True, timeout=60, env={**os.environ, "PGOPTIONS": options})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def refused_well(status, headers, body):
    """503 with the stable word and the time to come back after."""
    assert status == 503 and headers["Retry-After"] and json.loads(body)["error"]["code"] in ("catalog_unavailable", "not_ready"), (status, dict(headers), body)


# --- tests ------------------------------------------------------------------------------------------------------------

def test_both_stores_answer_alike():
    """The README's search, and others, over the same pictures in a file and on a server."""
    with cluster(2) as (_, replicas), tempfile.TemporaryDirectory() as name:
        alone = Facet(f"sqlite:{name}/catalog.sqlite", pathlib.Path(name)).start()
        try:
            alone.await_ready()
            for target in (alone, replicas[0]):
                assert target.call("PUT", "/v1/collections/shop", {})[0] == 201
            for number, picture in enumerate(PICTURES):
                metadata = json.dumps({"number": number, "kind": picture.suffix[1:]})
                for target in (alone, replicas[number % 2]):
                    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)
                    connection.request("PUT", f"/v1/collections/shop/items/{picture.name}", picture.read_bytes(),
                                       {"Content-Type": "image/png", "X-Facet-Metadata": metadata})
                    answer = connection.getresponse()
                    assert answer.status == 201, (picture, answer.status, answer.read())
                    answer.read()
            spaces = [space["name"] for space in alone.get("/v1/collections/shop")["spaces"]]
            questions = [{"id": PICTURES[0].name, "k": 5}, {"like": [p.name for p in PICTURES[:3]], "unlike": [PICTURES[4].name], "k": 50},
                         {"id": PICTURES[1].name, "weights": {spaces[0]: 1}, "k": 50},
                         {"id": PICTURES[1].name, "weights": {spaces[0]: 1, spaces[-1]: -0.5}, "k": 7, "offset": 2},
                         {"id": PICTURES[2].name, "filter": {"number": {"$gte": 3}, "kind": {"$in": ["png", "jpg"]}}, "k": 9},
                         {"id": PICTURES[2].name, "min_score": 0.2, "k": 50, "exact": True}]
            for question in questions:
                answers = [target.call("POST", "/v1/collections/shop/search", question) for target in (alone, *replicas)]
                assert answers[0][0] == 200 and json.loads(answers[0][2])["hits"], answers[0]
                assert answers[0][2] == answers[1][2] == answers[2][2], (question, answers)
            picture = PICTURES[3].read_bytes()
            answers = [target.call("POST", f"/v1/collections/shop/search?weights={spaces[0]}:1&k=5", picture, "image/png")[2] for target in (alone, *replicas)]
            assert answers[0] == answers[1] == answers[2], answers
        finally:
            alone.stop()


def test_the_readmes_own_search_is_answered_alike():
    """README's block as it stands there, but for the port: the answers of its searches are the same bytes from both stores."""
    block, = [text for text in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S) if "/shop/search" in text]
    with cluster(1) as (_, replicas), tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "Tests").symlink_to(ROOT / "Tests")
        shutil.copy(ROOT / "Tests/Fixtures/golden/images/baseline.jpg", folder / "photo.jpg")
        alone = Facet(f"sqlite:{name}/catalog.sqlite", folder).start()
        answers = []
        try:
            alone.await_ready()
            for target in (alone, replicas[0]):
                text = block.replace("127.0.0.1:8080", f"127.0.0.1:{target.port}").replace("curl ", "curl -sS ")
                done = subprocess.run(["bash", "-ec", text], cwd=folder, capture_output=True, text=True, timeout=60)
                assert done.returncode == 0, done.stderr
                answers.append(re.findall(r'\{"hits":.*?"exact":\w+[^}]*\}', done.stdout))
        finally:
            alone.stop()
        assert answers[0] == answers[1] and [len(json.loads(answer)["hits"]) for answer in answers[0]] == [3, 3], answers


def test_replicas_that_start_together_make_the_tables_once():
    with cluster(4) as (server, replicas):
        assert sql(server, "SELECT count(*), max(version) FROM facet_schema") == "1|1"
        assert [replica.call("PUT", "/v1/collections/shop", {})[0] for replica in replicas] == [201, 200, 200, 200]
        # Names and ids are compared by their bytes, whatever language the database has: batches are sorted so here.
        plain = "SELECT count(*) FROM information_schema.columns WHERE table_name LIKE 'facet_%' AND column_name IN ('id', 'name') AND collation_name IS DISTINCT FROM 'C'"
        assert sql(server, plain) == "0"


def test_batches_of_the_same_items_in_any_order_never_wait_for_each_other():
    with cluster(2) as (server, replicas):
        assert replicas[0].call("PUT", "/v1/collections/shop", {})[0] == 201
        image = base64.b64encode(painted(1)).decode()
        lines = [json.dumps({"id": f"i{number:02}", "image": image}) for number in range(40)]
        bodies = ["\n".join(lines).encode(), "\n".join(reversed(lines)).encode()]
        outcomes = collections.Counter()
        def write(number):
            for turn in range(12):
                outcomes[replicas[number % 2].call("POST", "/v1/collections/shop/items", bodies[number // 2], "application/x-ndjson")[0]] += 1
        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(outcomes) <= {200, 201} and sum(outcomes.values()) == 48, outcomes
        # The server counts them some time after they happened; a process that found one is told, and tries again.
        time.sleep(2)
        assert sql(server, "SELECT sum(deadlocks) FROM pg_stat_database") == "0"
        assert sql(server, "SELECT count(*) FROM facet_items") == "40"


def test_half_precision_is_kept_once():
    """What rounding does to a vector's length is no reason to keep the vector as it came beside the one that is searched."""
    with cluster(1) as (server, replicas):
        assert replicas[0].call("PUT", "/v1/collections/shop", {"element": "float16"})[0] == 201
        for number in range(20):
            assert replicas[0].call("PUT", f"/v1/collections/shop/items/i{number}", painted(number * 7919), "image/png")[0] == 201
        assert sql(server, "SELECT count(*) FILTER (WHERE half IS NOT NULL), count(raw) FROM facet_items") == "20|0"


def test_a_full_disk_is_said_to_be_full_and_leaves_nothing():
    """The server's own error for it, raised where an item's picture would be written: after the item."""
    with cluster(2) as (server, replicas):
        assert replicas[0].call("PUT", "/v1/collections/shop", {})[0] == 201
        sql(server, "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END$$")
        sql(server, "CREATE TRIGGER full_disk BEFORE INSERT ON facet_thumbnails FOR EACH ROW EXECUTE FUNCTION full_disk()")
        for replica in replicas:
            status, _, body = replica.call("PUT", "/v1/collections/shop/items/a", painted(1), "image/png")
            assert status == 507 and json.loads(body)["error"]["code"] == "disk_full", (status, body)
            assert replica.call("GET", "/v1/collections/shop/items/a")[0] == 404 and replica.get("/v1/collections/shop")["items"] == 0
        assert sql(server, "SELECT count(*) FROM facet_items") == "0"
        sql(server, "DROP TRIGGER full_disk ON facet_thumbnails")
        assert replicas[0].call("PUT", "/v1/collections/shop/items/a", painted(1), "image/png")[0] == 201


def test_a_process_takes_no_more_connections_than_it_may():
    with cluster(1) as (server, replicas):
        # What the watcher itself opened may still be ending.
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'facet'"
        replicas[0].stop()
        began = time.monotonic()
        while sql(server, count) != "0":
            assert time.monotonic() - began < 10, "a process that ended keeps its connections"
        few = Facet(server.url, replicas[0].folder, "--store-connections", "3").start()
        try:
            few.await_ready()
            assert few.get("/v1/info")["settings"]["store-connections"] in (3, "3")
            assert few.call("PUT", "/v1/collections/shop", {})[0] == 201
            # One connection is seen at a time: the writers of two more, and what watches them.
            most, ended = [0], threading.Event()
            def watch():
                while not ended.is_set():
                    most[0] = max(most[0], int(sql(server, count)))
            watcher = threading.Thread(target=watch)
            watcher.start()
            writers = Writers([few], threads=8)
            time.sleep(2)
            writers.stop()
            ended.set()
            watcher.join()
            assert not writers.bad and len(writers.acknowledged) > 20 and 2 <= most[0] <= 3, (writers.bad[:2], most)
        finally:
            few.stop()


def test_a_server_that_takes_no_writes_is_waited_for():
    with cluster(2) as (server, replicas):
        assert replicas[0].call("PUT", "/v1/collections/shop", {})[0] == 201
        sql(server, "ALTER SYSTEM SET default_transaction_read_only = on")
        sql(server, "SELECT pg_reload_conf()")
        time.sleep(0.5)
        for replica in replicas:
            refused_well(*replica.call("PUT", "/v1/collections/shop/items/a", painted(1), "image/png"))
        deadline = time.monotonic() + 20
        while any(replica.ready() for replica in replicas):
            assert time.monotonic() < deadline, "still said to be ready"
            time.sleep(0.1)
        sql(server, "ALTER SYSTEM RESET default_transaction_read_only", "-c default_transaction_read_only=off")
        sql(server, "SELECT pg_reload_conf()")
        for replica in replicas:
            replica.await_ready(30)
            assert replica.call("PUT", "/v1/collections/shop/items/a", painted(1), "image/png")[0] in (200, 201)


def test_a_standby_takes_over_with_everything_acknowledged():
    """Two servers, one following the other in step: the first is killed during writes and the second promoted."""
    first = postgres_server.Server().start()
    second = postgres_server.Server(primary=first).start()
    with tempfile.TemporaryDirectory() as name:
        hosts = ",".join(server.url.split("@")[1].rsplit("/", 1)[0] for server in (first, second))
        url = f"postgres://facet@{hosts}/postgres"
        replicas = [Facet(url, pathlib.Path(name)).start() for _ in range(2)]
        try:
            for replica in replicas:
                replica.await_ready()
            sql(first, "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            sql(first, "SELECT pg_reload_conf()")
            time.sleep(0.5)
            assert sql(first, "SELECT sync_state FROM pg_stat_replication") == "sync"
            assert replicas[0].call("PUT", "/v1/collections/shop", {})[0] == 201
            writers = Writers(replicas)
            try:
                time.sleep(3)
                first.kill()
                time.sleep(1)
                for replica in replicas:
                    refused_well(*replica.call("GET", "/v1/collections/shop"))
                second.promote()
                start = time.monotonic()
                for replica in replicas:
                    replica.await_ready()
                took = time.monotonic() - start
                before = len(writers.acknowledged)
                time.sleep(2)
            finally:
                writers.stop()
            assert not writers.bad, writers.bad[:3]
            assert len(writers.acknowledged) > before > 50, (before, len(writers.acknowledged))
            check_whole(second, replicas, writers)
            print(f"  taken over after {took:.1f} s; {len(writers.acknowledged)} items acknowledged and whole, {before} of them before")
        finally:
            for replica in replicas:
                replica.stop()
            second.stop()
            first.stop()


def facet(*words, code=0):
    done = subprocess.run([FACET, *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def test_a_collection_moves_to_a_server_and_back():
    """From a file, killed half way, again, back into another file: every vector, line and picture is the same."""
    server = postgres_server.Server().start()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "images").mkdir()
            for number in range(900):
                (folder / f"images/{number:04}.png").write_bytes(painted(number))
            model = ["--models", ROOT / "models", "--model", "facet-small"]
            facet("catalog", "import", "shop", folder / "images", "--store", f"sqlite:{folder}/old.sqlite", "--keep", *model)
            there = ["catalog", "migrate", "--from", f"sqlite:{folder}/old.sqlite", "--to", server.url]
            cut = subprocess.Popen([FACET, *there], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while not (sql(server, "SELECT to_regclass('facet_items') IS NOT NULL") == "t" and int(sql(server, "SELECT count(*) FROM facet_items")) >= 200):
                assert cut.poll() is None, "it was done before it was cut off"
            cut.kill()
            cut.wait()
            first = facet(*there)
            skipped = int(first.split(" copied, ")[1].split(" there already")[0])
            assert 200 <= skipped < 900 and f"shop: {900 - skipped} copied" in first and "the same on both sides" in first, first
            assert "shop: 0 copied, 900 there already" in facet(*there)
            assert "shop" in facet("catalog", "list", "--store", server.url)
            back = facet("catalog", "migrate", "shop", "--from", server.url, "--to", f"sqlite:{folder}/new.sqlite")
            assert back.split("digest ")[1] == first.split("digest ")[1], (first, back)
            for side in ("old", "new"):
                facet("catalog", "export", "shop", folder / side, "--store", f"sqlite:{folder}/{side}.sqlite")
            # When items were made, which the export does not say, comes along both ways.
            made = [sqlite3.connect(folder / f"{side}.sqlite").execute("SELECT id, created, updated FROM items ORDER BY id").fetchall() for side in ("old", "new")]
            assert made[0] == made[1] and len(made[0]) == 900
            sql(server, "UPDATE facet_items SET updated = updated + 1 WHERE id = '0005.png'")
            assert "shop: 1 copied, 899 there already" in facet(*there)
            # What only a file has says what to use instead.
            for words, instead in ((["catalog", "export", "shop", folder / "x"], "facet catalog migrate shop"), (["catalog", "backup", folder / "x"], "pg_dump"),
                                   (["catalog", "compact"], "VACUUM"), (["search", folder / "images/0001.png", "--collection", "shop"], "POST /v1/collections/shop/search"),
                                   (["advise", "shop", "--label-field", "category"], "POST /v1/collections/shop/advise")):
                refusal = facet(*words, "--store", server.url, code=1)
                assert instead in refusal and "is a server" in refusal and "facet@" not in refusal, refusal
            for file in ("vectors.npy", "items.jsonl", "spaces.json"):
                assert (folder / "old" / file).read_bytes() == (folder / "new" / file).read_bytes(), file
            assert "is sound" in facet("catalog", "verify", "--store", server.url)
            # What differs is found, and said.
            sql(server, "UPDATE facet_thumbnails SET bytes = set_byte(bytes, 0, 9) WHERE id = '0007.png'")
            assert "'shop' differs" in facet(*there, code=1)
            sql(server, "UPDATE facet_counts SET items = items + 1; UPDATE facet_items SET thumbnail = 7 WHERE id = '0008.png'")
            damage = facet("catalog", "verify", "--store", server.url, code=1)
            assert damage.count("problem: ") == 2 and "has 900 of" in damage and "facet_thumbnails" in damage, damage
    finally:
        server.stop()


class Writers:
    """Threads that upload to both processes and remember what became of each item."""

    def __init__(self, replicas, threads=4):
        self.replicas, self.lock, self.next = replicas, threading.Lock(), 0
        self.acknowledged, self.open, self.outcomes, self.bad = {}, set(), collections.Counter(), []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        generator = random.Random(number)
        while not self.ended.is_set():
            with self.lock:
                self.next += 1
                item = self.next
            data = painted(item)
            try:
                replica = generator.choice(self.replicas)
                if item % 3 == 0:
                    # A batch of three, in one transaction.
                    lines = [json.dumps({"id": f"i{item}-{part}", "image": base64.b64encode(painted(item)).decode()}) for part in range(3)]
                    names = [f"i{item}-{part}" for part in range(3)]
                    status, headers, body = replica.call("POST", "/v1/collections/shop/items", "\n".join(lines).encode(), "application/x-ndjson")
                else:
                    names = [f"i{item}"]
                    status, headers, body = replica.call("PUT", f"/v1/collections/shop/items/i{item}", data, "image/png")
            except OSError:
                with self.lock:
                    self.outcomes["connection"] += 1
                    self.open.update(names)
                time.sleep(0.02)
                continue
            with self.lock:
                self.outcomes[status] += 1
                good = status in (200, 201) and not (item % 3 == 0 and b'"error"' in body)
                if good:
                    self.acknowledged.update({name: digest(data) for name in names})
                else:
                    self.open.update(names)
                    try:
                        refused_well(status, headers, body)
                    except AssertionError as wrong:
                        self.bad.append(str(wrong))
            if status == 503:
                time.sleep(0.05)

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def test_nothing_acknowledged_is_lost_whoever_is_killed():
    generator = random.Random(9)
    recoveries = {"facet": [], "postgres": []}
    with cluster(2) as (server, replicas):
        assert replicas[0].call("PUT", "/v1/collections/shop", {})[0] == 201
        writers = Writers(replicas)
        try:
            for number in range(ROUNDS):
                time.sleep(generator.uniform(0.3, 1.5))
                victim = ("postgres", "first", "second")[number % 3]
                if victim == "postgres":
                    server.kill()
                    time.sleep(generator.uniform(0.1, 1.0))
                    for replica in replicas:
                        refused_well(*replica.call("GET", "/v1/collections/shop"))
                    server.start()
                    recoveries["postgres"].append(max(replica.await_ready() for replica in replicas))
                else:
                    replica = replicas[victim == "second"]
                    replica.kill()
                    other = replicas[victim != "second"]
                    assert other.call("GET", "/v1/collections/shop")[0] == 200
                    replica.start()
                    recoveries["facet"].append(replica.await_ready())
                assert all(replica.process.poll() is None for replica in replicas)
        finally:
            writers.stop()
        assert not writers.bad, writers.bad[:3]
        check_whole(server, replicas, writers)
        assert writers.outcomes[201] > 10 * ROUNDS and len(writers.acknowledged) > 10 * ROUNDS, writers.outcomes
        print(f"  {ROUNDS} kills: {len(writers.acknowledged)} items acknowledged and whole, {len(writers.open)} in doubt; answers "
              f"{dict(writers.outcomes)}; ready again after {max(recoveries['postgres'], default=0):.1f} s (PostgreSQL) and "
              f"{max(recoveries['facet'], default=0):.1f} s (a process) at most")


def check_whole(server, replicas, writers):
    """Every acknowledged item is there on both processes, and what is there is whole, acknowledged or not."""
    listed = []
    for replica in replicas:
        items, cursor = {}, ""
        while cursor is not None:
            page = replica.get(f"/v1/collections/shop/items?limit=1000{cursor and '&cursor=' + cursor}")
            items.update({item["id"]: item for item in page["data"]})
            cursor = page["next"]
        listed.append(items)
    assert listed[0] == listed[1]
    items = listed[0]
    missing = [name for name in writers.acknowledged if name not in items]
    assert not missing, missing[:5]
    for name, wanted in writers.acknowledged.items():
        assert items[name]["digest"] == wanted, name
    for name in items:
        assert name in writers.acknowledged or name in writers.open, name
        number = int(name[1:].split("-")[0])
        assert items[name]["digest"] == digest(painted(number)) and items[name]["has_thumbnail"], items[name]
    batches = collections.Counter(name.split("-")[0] for name in items if "-" in name)
    assert set(batches.values()) <= {3}, [name for name, count in batches.items() if count != 3][:5]
    record = replicas[1].get("/v1/collections/shop")
    assert record["items"] == len(items), (record["items"], len(items))
    assert sql(server, "SELECT count(*) FROM facet_items WHERE single IS NULL OR vector_dims(single) <> "
               f"{sum(space['dimensions'] for space in record['spaces'])}") == "0"
    assert sql(server, "SELECT count(*) FROM facet_items i LEFT JOIN facet_thumbnails t USING (collection, id) WHERE "
               "i.thumbnail <> coalesce(octet_length(t.bytes), -1)") == "0"
    assert sql(server, "SELECT (SELECT sum(bytes) FROM facet_counts) = (SELECT sum(bytes) FROM facet_items)") == "t"


def main():
    if postgres_server.binaries() is None:
        print("replicas: left out, there is no PostgreSQL in .build/postgres (Tests/Postgres/setup fetches one)")
        return
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_") and all(word in name for word in sys.argv[1:])]
    failed = 0
    for name, test in tests:
        start = time.monotonic()
        try:
            test()
            print(f"ok {name} {time.monotonic() - start:.1f} s", flush=True)
        except Exception as wrong:  # noqa: BLE001
            failed += 1
            traceback.print_exc()
            print(f"FAILED {name}: {wrong}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
