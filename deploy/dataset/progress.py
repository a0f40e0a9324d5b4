# SPDX-License-Identifier: Apache-2.0
"""A progress bar with the time left, on a terminal only."""
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

Item = TypeVar("Item")


def clock(seconds: float) -> str:
    """Minutes and seconds, as in 2:05."""
    whole = int(seconds + 0.5)
    return f"{whole // 60}:{whole % 60:02d}"


def line(title: str, done: int, total: int, elapsed: float) -> str:
    """One state of the bar; the time left assumes that the rest goes as fast as what is done."""
    share = done / total if total else 1.0
    filled = int(share * 24)
    left = f"{clock(elapsed / done * (total - done))} left" if done else ""
    return f"{title:<10}[{'=' * filled}{' ' * (24 - filled)}] {done}/{total} {share:4.0%} {left}"


def progress(items: Iterable[Item], title: str, total: int, stream: TextIO | None = None) -> Iterator[Item]:
    """Passes `items` through and draws how many have passed, ten times a second at most; one plain line at the end."""
    out = stream if stream is not None else sys.stderr
    live = out.isatty()
    began = shown = time.monotonic()
    done = 0
    for item in items:
        yield item
        done += 1
        now = time.monotonic()
        if live and now - shown >= 0.1:
            out.write("\r\033[K" + line(title, done, total, now - began))
            out.flush()
            shown = now
    clear = "\r\033[K" if live else ""
    out.write(f"{clear}{title:<10}{done} in {clock(time.monotonic() - began)}\n")
    out.flush()
