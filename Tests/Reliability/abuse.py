# SPDX-License-Identifier: Apache-2.0
"""Clients that mean harm, or have bugs, while honest ones go on: slow, many, greedy, gone, deaf."""
import http.client, json, pathlib, select, socket, subprocess, sys, threading, time
from images import idat, picture, zeros
from common import Report, Server, milliseconds, percentile, png, raise_file_limit, raw, statuses

HERE = pathlib.Path(__file__).resolve().parent


def honest(host, port, seconds, stream=sys.stdout):
    """What a well-behaved client sees: pictures on one connection, a liveness probe on new ones. A process of its own."""
    embeds, probes, failures, number = [], [], [], 0
    end = time.monotonic() + seconds
    link = http.client.HTTPConnection(host, port, timeout=60)
    while time.monotonic() < end:
        number += 1
        try:
            start = time.monotonic()
            link.request("POST", "/v1/embeddings?spaces=color", png(time.monotonic_ns()), {"Content-Type": "image/png"})
            reply = link.getresponse()
            reply.read()
            embeds.append(time.monotonic() - start)
            if reply.status != 200:
                failures.append(reply.status)
            if number % 4 == 0:
                start = time.monotonic()
                other = http.client.HTTPConnection(host, port, timeout=60)
                other.request("GET", "/health/live")
                status = other.getresponse().status
                other.close()
                probes.append(time.monotonic() - start)
                if status != 200:
                    failures.append(status)
        except (OSError, http.client.HTTPException) as error:
            failures.append(repr(error))
            link = http.client.HTTPConnection(host, port, timeout=60)
        time.sleep(0.02)
    json.dump({"embeds": embeds, "probes": probes, "failures": failures}, stream)


class Honest:
    def __init__(self, server, seconds):
        self.process = subprocess.Popen([sys.executable, HERE / "abuse.py", server.host, str(server.port), str(seconds)], stdout=subprocess.PIPE, text=True)

    def result(self):
        return json.loads(self.process.communicate(timeout=120)[0])


def compare(report, what, before, during, most):
    report.say(f"honest before: embeddings {milliseconds(before['embeds'])}; new connections {milliseconds(before['probes'])}")
    report.say(f"honest during: embeddings {milliseconds(during['embeds'])}; new connections {milliseconds(during['probes'])}")
    report.check(not during["failures"], f"{what}: no honest request failed {during['failures'][:3]}")
    slower = percentile(during["embeds"], .5) / percentile(before["embeds"], .5)
    report.check(slower < most, f"{what}: the honest median is {slower:.2f} times what it was")


def connect(server, count, start=b""):
    links = []
    for _ in range(count):
        link = socket.socket()
        link.settimeout(10)
        link.connect((server.host, server.port))
        if start:
            link.sendall(start)
        link.setblocking(False)
        links.append(link)
    return links


def close(links):
    for link in links:
        link.close()


def ended(links):
    """Of these connections the ones the server has closed, and the statuses they were sent."""
    poll, found, gone = select.poll(), {}, 0
    by = {link.fileno(): link for link in links}
    for number in by:
        poll.register(number, select.POLLIN)
    for number, _ in poll.poll(0):
        try:
            data = by[number].recv(65536)
            for status in statuses(data):
                found[status] = found.get(status, 0) + 1
            if not data or by[number].recv(1) == b"":
                gone += 1
        except BlockingIOError:
            pass
        except OSError:
            gone += 1
    return gone, found


def processor_seconds(server):
    fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def slow(report, short):
    """Heads and bodies that trickle in, from thousands of connections at once."""
    count, seconds = (600, 12) if short else (5_000, 40)
    with Server("--max-connections", "8192", "--cache-bytes", "0") as server:
        before = Honest(server, 2 if short else 10).result()
        heads = connect(server, count // 2, b"GET /health/live HTTP/1.1\r\nHost: h\r\nX: ")
        bodies = connect(server, count - count // 2, b"POST /v1/embeddings HTTP/1.1\r\nHost: h\r\nContent-Type: image/png\r\nContent-Length: 20000000\r\n\r\n\x89PNG")
        opened = time.monotonic()
        report.say(f"{count} slow connections, half of them heads, half bodies; the server has {server.metrics()['facet_http_connections_open']:.0f} open")
        state = server.status_of_process()
        report.check(state["rss"] < 600 << 20, f"{state['rss'] >> 20} MiB resident with them")
        client = Honest(server, seconds - 4)
        while time.monotonic() - opened < seconds:
            for link in heads + bodies:
                try:
                    link.send(b"a")
                except OSError:
                    pass
            time.sleep(1)
        compare(report, f"{count} slow connections", before, client.result(), 3)
        gone, found = ended(heads)
        report.check(gone == len(heads) and found.get(408, 0) == len(heads), f"slow heads told 408 and closed after 10 s: {found.get(408, 0)} of {len(heads)}, {gone} closed")
        if not short:
            gone, found = ended(bodies)
            report.check(gone == len(bodies) and found.get(408, 0) == len(bodies), f"slow bodies told 408 and closed after 30 s: {found.get(408, 0)} of {len(bodies)}, {gone} closed")
        close(heads + bodies)


def crowd(report, short):
    """More connections than there are places, and connections that come and go as fast as they can."""
    with Server("--cache-bytes", "0") as server:
        old = http.client.HTTPConnection(server.host, server.port, timeout=10)
        old.request("GET", "/health/live")
        old.getresponse().read()
        links = connect(server, 2_600)
        time.sleep(1)
        gone, found = ended(links)
        report.check(found.get(503, 0) > 0 and gone > 500, f"2600 idle connections for 2048 places: {found.get(503, 0)} were told 503, {gone} were closed")
        start = time.monotonic()
        old.request("GET", "/health/live")
        report.check(old.getresponse().read() and time.monotonic() - start < 1, f"a client that has a place is served in {1000 * (time.monotonic() - start):.1f} ms")
        close(links)
        start = time.monotonic()
        while time.monotonic() - start < 5:
            try:
                if server.call("GET", "/health/live")[0] == 200:
                    break
            except (OSError, http.client.HTTPException):
                pass
        report.check(time.monotonic() - start < 2, f"a new client is served {1000 * (time.monotonic() - start):.0f} ms after they left")

        seconds = 2 if short else 8
        before = Honest(server, seconds).result()
        client, count, end = Honest(server, seconds), 0, time.monotonic() + seconds
        while time.monotonic() < end:
            link = socket.socket()
            try:
                link.connect((server.host, server.port))
                count += 1
            except OSError:
                pass
            link.close()
        during = client.result()
        report.say(f"{count} connections opened and closed in {seconds} s")
        compare(report, "a flood of connections", before, during, 6)
        report.check(server.metrics()["facet_http_connections_open"] <= 2, "none of them stayed open")


def pipelines(report, short):
    """Thousands of requests in one go, read and not read."""
    request = b"GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n"
    with Server("--cache-bytes", "0") as server:
        each, links = (1_000, 20) if short else (5_000, 50)
        totals, start = [], time.monotonic()

        def flood():
            with socket.create_connection((server.host, server.port), timeout=30) as link:
                sender = threading.Thread(target=lambda: link.sendall(request * each + b"GET /health/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
                sender.start()
                answer = b""
                while part := link.recv(1 << 20):
                    answer += part
                sender.join()
                totals.append(answer.count(b"HTTP/1.1 200 OK\r\n"))
        threads = [threading.Thread(target=flood) for _ in range(links)]
        client = Honest(server, 3)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - start
        report.check(totals == [each + 1] * links, f"{links} connections with {each + 1} requests in one go: every one answered, {links * each / seconds:.0f} a second")
        during = client.result()
        report.check(not during["failures"], f"honest clients beside them: {milliseconds(during['embeds'])}")

        # The contract's page is large: asked for a thousand times and never read it would be a hundred megabytes each.
        server.reset_peak()
        before = server.status_of_process()["rss"]
        deaf = connect(server, 50 if short else 300)
        page = b"GET /openapi.yaml HTTP/1.1\r\nHost: h\r\n\r\n" * 1_000
        for link in deaf:
            try:
                link.send(page)
            except OSError:
                pass
        time.sleep(2)
        grown = server.status_of_process()["peak"] - before
        report.check(grown < (len(deaf) * 2 << 20), f"{len(deaf)} clients that ask for 1000 pages each and never read: {grown / 2**20:.0f} MiB more")
        report.check(server.call("GET", "/health/ready")[0] == 200, "the others are served meanwhile")
        if not short:
            time.sleep(34)
            open_now = server.metrics()["facet_http_connections_open"]
            report.check(open_now <= 2, f"they are closed after 30 s: {open_now:.0f} connections open")
        close(deaf)


def gone(report, short):
    """Requests whose client has left: their work is dropped."""
    # On two threads, so that a machine of many cores has not done it all before they leave.
    with Server("--cache-bytes", "0", "--queue-images", "4000", "--max-images", "64", "--threads", "2") as server:
        images = [png(number, 900) for number in range(64)]
        boundary = b"--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"
        body = b"".join(boundary + image + b"\r\n" for image in images) + b"--x--\r\n"
        head = b"POST /v1/embeddings?spaces=color HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n" % len(body)
        start = time.monotonic()
        status = statuses(raw(server, head[:-2] + b"Connection: close\r\n\r\n" + body, 60)[0])
        alone = time.monotonic() - start
        report.check(status == [200], f"one request of 64 pictures takes {alone:.2f} s when its client waits")
        before, count = server.metrics(), 8 if short else 40
        links = []
        for _ in range(count):
            link = socket.create_connection((server.host, server.port), timeout=10)
            link.sendall(head + body)
            links.append(link)
        time.sleep(0.3)
        answered = len(select.select(links, [], [], 0)[0])
        close(links)
        start = time.monotonic()
        while server.metrics()["facet_queue_images"] > 0 and time.monotonic() - start < 60:
            time.sleep(0.01)
        seconds, after = time.monotonic() - start, server.metrics()
        embedded = after["facet_images_embedded_total"] - before["facet_images_embedded_total"]
        abandoned = after["facet_http_requests_abandoned_total"] - before["facet_http_requests_abandoned_total"]
        left = count - answered
        # One may be answered between the look and the leaving.
        report.check(left > 1 and left - 1 <= abandoned <= left, f"{left} clients left unanswered, {abandoned:.0f} counted as gone")
        report.check(embedded < count * 64 / 2, f"of {count * 64} pictures {embedded:.0f} were embedded")
        report.check(seconds < alone * count / 2, f"the queue was empty after {seconds:.2f} s, not after {alone * count:.1f} s")


def full(report, short):
    """A queue at its limit: refused at once, taken again at once."""
    # A few hundred kilobytes that take a second or two to decode.
    heavy = picture(idat(zeros(64_001 * 8_000)), width=8_000, height=8_000, depth=16, colour=6)
    small = png(2)
    ask = lambda body: b"POST /v1/embeddings?spaces=color HTTP/1.1\r\nHost: h\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    # Two decoders on any machine, so that the eight places are taken for seconds.
    with Server("--cache-bytes", "0", "--queue-images", "8", "--threads", "2") as server:
        links = [socket.create_connection((server.host, server.port), timeout=60) for _ in range(8)]
        for link in links:
            link.sendall(ask(heavy))
        time.sleep(.3)
        times, wrong, others = [], [], {}
        end = time.monotonic() + 2
        with socket.create_connection((server.host, server.port), timeout=30) as one:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.monotonic() < end:
                start = time.monotonic()
                one.sendall(ask(small))
                answer = one.recv(65536)
                if answer.startswith(b"HTTP/1.1 200 "):
                    break  # One of the eight is done: its place was free.
                times.append(time.monotonic() - start)
                if not answer.startswith(b"HTTP/1.1 429 ") or b"\r\nretry-after: " not in answer.lower():
                    wrong.append(answer[:40])
                time.sleep(.002)
        report.check(len(times) > 100 and not wrong, f"8 places taken: {len(times)} times 429 with Retry-After {wrong}")
        report.say(f"429 in {milliseconds(times)}, seen by a client in Python on the same cores")
        # In the short form other programs may have the processors meanwhile: then the quick ones say what it can do.
        share = .1 if short else .5
        report.check(percentile(times, share) < .001, f"the {'median' if share == .5 else 'quickest tenth of'} refusals takes less than a millisecond")
        for path in ["/health/live", "/health/ready", "/metrics", "/v1/info", "/v1/collections", "/v1/models"]:
            start = time.monotonic()
            server.call("GET", path)
            others[path] = time.monotonic() - start
        report.check(max(others.values()) < 2, "meanwhile " + ", ".join(f"{path} takes {1000 * seconds:.0f} ms" for path, seconds in others.items()))
        found = [statuses(link.recv(65536)) for link in links]
        report.check(found == [[200]] * 8, "those who had a place all get their vectors")
        start = time.monotonic()
        status = server.call("POST", "/v1/embeddings?spaces=color", small, {"Content-Type": "image/png"})[0]
        report.check(status == 200, f"the first request after them is taken, {1000 * (time.monotonic() - start):.1f} ms")
        close(links)


def descriptors(report, short):
    """A process that may open few descriptors."""
    with Server("--cache-bytes", "0", files=90) as server:
        old = http.client.HTTPConnection(server.host, server.port, timeout=10)
        old.request("GET", "/health/live")
        old.getresponse().read()
        links = connect(server, 300)
        time.sleep(1)
        spent = processor_seconds(server)
        time.sleep(2)
        spent = processor_seconds(server) - spent
        report.check("errno 24" in server.log() or server.status_of_process()["files"] >= 85, f"ulimit -n 90 and 300 connections: {server.status_of_process()['files']} descriptors open, accepting rests: {'errno 24' in server.log()}")
        report.check(spent < .5, f"it does not spin: {spent:.2f} s of processor time in 2 s")
        old.request("POST", "/v1/embeddings?spaces=color", png(5), {"Content-Type": "image/png"})
        reply = old.getresponse()
        reply.read()
        report.check(reply.status == 200, "a client that has a place gets its vectors")
        close(links)
        start, status = time.monotonic(), 0
        while status != 200 and time.monotonic() - start < 10:
            try:
                status = server.call("GET", "/health/ready")[0]
            except (OSError, http.client.HTTPException):
                time.sleep(.01)
        report.check(status == 200, f"a new client is served {time.monotonic() - start:.2f} s after they left")


PARTS = (slow, crowd, pipelines, gone, full, descriptors)


def run(short, options):
    report = Report("abuse")
    raise_file_limit(12_000)
    parts = [part for part in PARTS if options.only in (None, part.__name__)]
    beside = None
    if short and not options.only:
        # Both do little but wait.
        parts.remove(descriptors)
        beside = Report("beside"), threading.Thread(target=lambda: descriptors(beside[0], short))
        print(f" {descriptors.__doc__} Meanwhile:", flush=True)
        beside[1].start()
    for part in parts:
        print(f" {part.__doc__.splitlines()[0]}", flush=True)
        part(report, short)
        if beside:
            beside[1].join()
            report.add(beside[0])
            beside = None
    return report.end()


if __name__ == "__main__":
    honest(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
