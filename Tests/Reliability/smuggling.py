# SPDX-License-Identifier: Apache-2.0
"""Requests that two programs may read differently: each must get its status, and what hides in it must reach no handler.

A case is the bytes of a request with a second one, to a path of its own, hidden where a lenient reader would find it. What
reached a handler is read from the log, which has a line for every answer.
"""
from common import Report, Server, raw, statuses

POST = b"POST /v1/embeddings HTTP/1.1\r\nHost: h\r\nContent-Type: image/png\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: h\r\n"
# Where the hidden request goes: a route that nothing else asks for.
HIDDEN = b"GET /v1/info HTTP/1.1\r\nHost: h\r\n\r\n"


def with_lines(start, *lines):
    return start + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(*lines, body=HIDDEN):
    return with_lines(POST, *lines) + body


def get(*lines, body=HIDDEN):
    return with_lines(GET, *lines) + body


def chunked(body):
    return with_lines(POST, b"Transfer-Encoding: chunked") + body


LENGTH = b"Content-Length: %d" % len(HIDDEN)
CHUNKED = b"Transfer-Encoding: chunked"

# Name, bytes, status of the first answer. After every one of these the server must close and read nothing more.
REFUSED = [
    ("CL.TE: a length of all and chunked", post(b"Content-Length: %d" % (5 + len(HIDDEN)), CHUNKED, body=b"0\r\n\r\n" + HIDDEN), 400),
    ("CL.TE: a length of 0 and chunked", post(b"Content-Length: 0", CHUNKED, body=b"0\r\n\r\n" + HIDDEN), 400),
    ("TE.CL: chunked and a short length", post(CHUNKED, b"Content-Length: 4", body=b"%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n0\r\n\r\n"), 400),
    ("TE.CL on GET", get(CHUNKED, b"Content-Length: 0", body=b"0\r\n\r\n" + HIDDEN), 400),
    ("TE.TE: chunked twice", post(CHUNKED, CHUNKED, body=b"0\r\n\r\n" + HIDDEN), 400),
    ("TE.TE: chunked, then identity", post(CHUNKED, b"Transfer-Encoding: identity", body=b"0\r\n\r\n" + HIDDEN), 400),
    ("TE.TE: identity, then chunked", post(b"Transfer-Encoding: identity", CHUNKED, body=b"0\r\n\r\n" + HIDDEN), 400),
    ("TE: chunked, chunked", post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n" + HIDDEN), 400),
    ("TE: chunked, identity", post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + HIDDEN), 400),
    ("TE: identity", post(b"Transfer-Encoding: identity", LENGTH), 400),
    ("TE: identity alone", post(b"Transfer-Encoding: identity"), 501),
    ("TE: gzip, chunked", post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n" + HIDDEN), 501),
    ("TE: xchunked", post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + HIDDEN), 501),
    ("TE: chunked;q=1", post(b"Transfer-Encoding: chunked;q=1", body=b"0\r\n\r\n" + HIDDEN), 501),
    ("TE: \"chunked\" in quotes", post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n" + HIDDEN), 501),
    ("TE: chunked with a vertical tab", post(b"Transfer-Encoding: \x0bchunked", LENGTH), 400),
    ("TE: chunked with a NUL", post(b"Transfer-Encoding: chunked\x00", LENGTH), 400),
    ("TE: empty", post(b"Transfer-Encoding:", LENGTH), 400),
    ("TE: a space before the colon", post(b"Transfer-Encoding : chunked", LENGTH), 400),
    ("TE: a space before the name", post(b" Transfer-Encoding: chunked", LENGTH), 400),
    ("TE: folded", post(b"Transfer-Encoding:\r\n chunked", LENGTH), 400),
    ("TE: behind a bare LF", post(b"X: a\nTransfer-Encoding: chunked", LENGTH), 400),
    ("TE: behind a bare CR", post(b"X: a\rTransfer-Encoding: chunked", LENGTH), 400),
    ("TE in HTTP/1.0", b"POST /v1/embeddings HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN, 400),
    ("two lengths that differ", post(b"Content-Length: 0", LENGTH), 400),
    ("two lengths alike", post(LENGTH, LENGTH), 400),
    ("two lengths in one line", post(b"Content-Length: 5, 5"), 400),
    ("two lengths with a comma and no space", post(b"Content-Length: 0,%d" % len(HIDDEN)), 400),
    ("a length with +", post(b"Content-Length: +5"), 400),
    ("a length with -", post(b"Content-Length: -1"), 400),
    ("a length in hex", post(b"Content-Length: 0x10"), 400),
    ("a length with an underscore", post(b"Content-Length: 1_0"), 400),
    ("a length with a dot", post(b"Content-Length: 5.0"), 400),
    ("a length with an exponent", post(b"Content-Length: 1e1"), 400),
    ("a length with a space within", post(b"Content-Length: 1 0"), 400),
    ("a length with a NUL", post(b"Content-Length: 5\x00"), 400),
    ("an empty length", post(b"Content-Length:"), 400),
    ("a length over 2^63", post(b"Content-Length: 9223372036854775808"), 400),
    ("a length over 2^64", post(b"Content-Length: 18446744073709551621"), 400),
    ("a length in other digits", post("Content-Length: \u0665".encode()), 400),
    ("a length of 2^62", post(b"Content-Length: 4611686018427387904"), 413),
    ("a length, space before the colon", post(b"Content-Length : 0"), 400),
    ("a folded length", post(b"Content-Length:\r\n 0"), 400),
    ("a folded header", get(b"X: a\r\n b"), 400),
    ("a header folded with a tab", get(b"X: a\r\n\tb"), 400),
    ("a fold as the first line", GET[:GET.index(b"Host")] + b" X: a\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("a bare LF ends the request line", b"GET /health/live HTTP/1.1\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("a bare LF ends a header", b"GET /health/live HTTP/1.1\r\nHost: h\n\r\n" + HIDDEN, 400),
    ("bare LFs throughout", b"GET /health/live HTTP/1.1\nHost: h\n\n" + HIDDEN, 400),
    ("a bare CR ends a header", b"GET /health/live HTTP/1.1\r\nHost: h\rX: y\r\n\r\n" + HIDDEN, 400),
    ("CR CR LF", b"GET /health/live HTTP/1.1\r\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("a NUL in a header's value", get(b"X: a\x00b"), 400),
    ("a NUL in a header's name", get(b"X\x00: a"), 400),
    ("a NUL in the target", b"GET /health/live\x00 HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("a NUL before the method", b"\x00GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("a header without a colon", get(b"X"), 400),
    ("a header without a name", get(b": a"), 400),
    ("a name in UTF-8", get("X\u00e9: a".encode()), 400),
    ("no Host", b"GET /health/live HTTP/1.1\r\n\r\n" + HIDDEN, 400),
    ("two Hosts", get(b"Host: h"), 400),
    ("two Hosts that differ", get(b"host: other"), 400),
    ("a Host with a user", b"GET /health/live HTTP/1.1\r\nHost: u@h\r\n\r\n" + HIDDEN, 400),
    ("a Host with a path", b"GET /health/live HTTP/1.1\r\nHost: h/x\r\n\r\n" + HIDDEN, 400),
    ("a Host with a space", b"GET /health/live HTTP/1.1\r\nHost: h x\r\n\r\n" + HIDDEN, 400),
    ("a Host with a comma-separated second", b"GET /health/live HTTP/1.1\r\nHost: h, i\r\n\r\n" + HIDDEN, 400),
    ("a Host with a bad port", b"GET /health/live HTTP/1.1\r\nHost: h:80x\r\n\r\n" + HIDDEN, 400),
    ("a Host with a broken bracket", b"GET /health/live HTTP/1.1\r\nHost: [::1\r\n\r\n" + HIDDEN, 400),
    ("a target with a user", b"GET http://u@h/health/live HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("a target of another scheme", b"GET ftp://h/health/live HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("a target with a space", b"GET /health/live x HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("a target with a tab", b"GET /health/live\tHTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("a target with a fragment", b"GET /health/live#x HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("a target with half an escape", b"GET /health/%6 HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("CONNECT", b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 501),
    ("HTTP/0.9", b"GET /health/live\r\n\r\n" + HIDDEN, 400),
    ("HTTP/1.2 as a word", b"GET /health/live HTTP/1.20\r\nHost: h\r\n\r\n" + HIDDEN, 400),
    ("HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN, 505),
    ("TLS", bytes.fromhex("160301020001000001fc0303") + HIDDEN, 400),
    ("an empty line and another", b"\r\n\r\n" + get(), 400),
    ("a header of 40 KiB", get(b"X: " + b"a" * 40_960), 431),
    ("150 headers", get(*[b"X: a"] * 150), 431),
    ("a target of 9 KiB", b"GET /" + b"a" * 9_216 + b" HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 414),
    ("Expect: something else", post(b"Expect: 200-ok", LENGTH), 417),
    ("a chunk size of 17 digits", chunked(b"0000000000000000A\r\n" + HIDDEN), 400),
    ("a chunk size of 2^64 - 1", chunked(b"FFFFFFFFFFFFFFFF\r\n" + HIDDEN), 413),
    ("a chunk size of 2^63", chunked(b"8000000000000000\r\n" + HIDDEN), 413),
    ("a chunk size that wraps to 10", chunked(b"1000000000000000A\r\n" + HIDDEN), 400),
    ("a chunk size with +", chunked(b"+1\r\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("a chunk size with -", chunked(b"-1\r\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("a chunk size with 0x", chunked(b"0x1\r\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("a chunk size with a space before", chunked(b" 1\r\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("a chunk size with a comma", chunked(b"1,0\r\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("no chunk size", chunked(b"\r\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("a chunk size ended by a bare LF", chunked(b"1\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("a chunk ended by a bare LF", chunked(b"1\r\nx\n0\r\n\r\n" + HIDDEN), 400),
    ("a chunk longer than its size", chunked(b"1\r\nxy\r\n0\r\n\r\n" + HIDDEN), 400),
    ("an extension with a bare LF", chunked(b"1;a\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("an extension with a bare CR", chunked(b"1;a\rb\r\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("an extension with a NUL", chunked(b"1;\x00\r\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("an extension of 300 bytes", chunked(b"1;" + b"a" * 300 + b"\r\nx\r\n0\r\n\r\n" + HIDDEN), 400),
    ("extensions of 64 KiB together", chunked((b"1;" + b"a" * 200 + b"\r\nx\r\n") * 320 + b"0\r\n\r\n" + HIDDEN), 400),
    ("a last chunk ended by a bare LF", chunked(b"0\n\n" + HIDDEN), 400),
    ("a trailer that is no header", chunked(b"0\r\nX\r\n\r\n" + HIDDEN), 400),
    ("a folded trailer", chunked(b"0\r\nX: a\r\n b\r\n\r\n" + HIDDEN), 400),
    ("a trailer of 40 KiB", chunked(b"0\r\nX: " + b"a" * 40_960 + b"\r\n\r\n" + HIDDEN), 431),
]

# Name, bytes, every status in order, whether the second request is meant to be read: what looks odd and is right.
READ = [
    ("a length and its body", post(LENGTH), [415], False),
    ("chunked in other letters", with_lines(POST, b"tRANSFER-eNCODING: ChUnKeD") + b"%X\r\n" % len(HIDDEN) + HIDDEN + b"\r\n0\r\n\r\n", [415], False),
    ("a chunk with an extension", chunked(b'%x;a="b"\r\n' % len(HIDDEN) + HIDDEN + b"\r\n0;c\r\n\r\n"), [415], False),
    ("a chunk size with zeroes before", chunked(b"00%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n0\r\n\r\n"), [415], False),
    ("trailers that would be framing", chunked(b"%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\n\r\n"), [415], False),
    ("a length with zeroes before", post(b"Content-Length: 000%d" % len(HIDDEN)), [415], False),
    ("a length with spaces around", post(b"Content-Length:  \t %d \t " % len(HIDDEN)), [415], False),
    ("a body on GET is its body", get(LENGTH), [413], False),
    ("a body on a path that is not there", b"POST /nothing HTTP/1.1\r\nHost: h\r\n" + LENGTH + b"\r\n\r\n" + HIDDEN, [404], False),
    ("a body on a method that is not taken", b"PUT /health/live HTTP/1.1\r\nHost: h\r\n" + LENGTH + b"\r\n\r\n" + HIDDEN, [405], False),
    ("HTTP/1.0 keeps nothing", b"GET /health/live HTTP/1.0\r\n\r\n" + HIDDEN, [200], False),
    ("Connection: close ends it", get(b"Connection: close"), [200], False),
    ("two requests are two", get(), [200, 200], True),
    ("an absolute target", b"GET http://h/health/live HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, [200, 200], True),
]


def run(short, options):
    report = Report("smuggling")
    with Server("--log-requests", "all") as server:
        reached = lambda: server.log().count("route=/v1/info")
        for name, data, status in REFUSED:
            before = reached()
            answer, closed = raw(server, data, 3, finish=False)
            found = statuses(answer)
            # The server has closed: what it was going to do with the rest is done.
            held = found == [status] and closed and reached() == before and b"\r\nconnection: close" in answer.lower()
            report.check(held, f"{status} and closed: {name}" + ("" if held else f"; got {found}, closed {closed}, reached {reached() - before}"), quiet=True)
        for name, data, expected, second in READ:
            before = reached()
            # Empty or not a picture is the handler's business: any of its statuses will do, the count of answers will not.
            answer, closed = raw(server, data, 0.4)
            found = statuses(answer)
            right = len(found) == len(expected) and (found == expected or expected == [415] and found[0] in (415, 422))
            held = right and (reached() - before == 1) == second
            report.check(held, f"{expected}: {name}" + ("" if held else f"; got {found}, closed {closed}, reached {reached() - before}"), quiet=True)
        by_status = {}
        for _, _, status in REFUSED:
            by_status[status] = by_status.get(status, 0) + 1
        report.say(f"{len(REFUSED)} refused forms {dict(sorted(by_status.items()))}, {len(READ)} odd but right ones")
        report.check(server.alive() and server.call("GET", "/health/ready")[0] == 200, "the server is alive and ready")
        state = server.metrics()
        report.check(state["facet_http_connections_open"] <= 1, "no connection stayed open")
        refused = sum(value for name, value in state.items() if name.startswith("facet_http_protocol_errors_total"))
        report.say(f"refusals counted by the server: {refused:.0f}")
    return report.end()
