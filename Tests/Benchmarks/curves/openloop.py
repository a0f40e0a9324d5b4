# SPDX-License-Identifier: Apache-2.0
"""Requests at moments drawn beforehand, whether or not earlier ones were answered: what a server sees from many strangers."""
import asyncio, random, time


async def one(port, request, due, begin, found):
    await asyncio.sleep(max(0, begin + due - time.perf_counter()))
    status = 0
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.read()
        status = int(head.split()[1])
        writer.close()
    except (OSError, asyncio.IncompleteReadError):
        pass
    # From the moment it was due, so that waiting to be sent counts too.
    found.append((status, time.perf_counter() - begin - due, due))


async def offer(port, bodies, path, rate, seconds, seed=1):
    """`rate` requests a second for `seconds`: {offered, goodput, refused, failed, p50_ms, p99_ms}; latencies of answers with 200."""
    rng, dues, due = random.Random(seed), [], 0.0
    while (due := due + rng.expovariate(rate)) < seconds:
        dues.append(due)
    heads = [b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n%s" % (path.encode(), len(b), b) for b in bodies]
    found, begin = [], time.perf_counter() + 0.05
    await asyncio.gather(*(one(port, heads[i % len(heads)], due, begin, found) for i, due in enumerate(dues)))
    good = sorted(took for status, took, _ in found if status == 200)
    within = sum(1 for status, took, due in found if status == 200 and took + due <= seconds)
    percentile = lambda share: good[min(len(good) - 1, int(len(good) * share))] * 1000 if good else None
    return {
        "offered": len(dues) / seconds, "goodput": within / seconds, "refused": sum(s == 429 for s, _, _ in found) / seconds,
        "failed": sum(s not in (200, 429, 503) for s, _, _ in found), "p50_ms": percentile(0.5), "p99_ms": percentile(0.99)}


def curve(port, bodies, path, rates, seconds):
    return [asyncio.run(offer(port, bodies, path, rate, seconds)) for rate in rates]
