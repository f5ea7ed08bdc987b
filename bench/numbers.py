"""Measure what reading numbers costs on one core, and how much it slows predictions beside it.

python -m bench.numbers            (a minute)
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import numpy as np

from bench.forms import raw
from bench.load import press
from bench.retrain import middle, show
from bench.servers import BOTH_CORES, WEIGHTS, numeral
from model.classifier import Classifier
from model.data.handwriting.drawn import drawn_digits
from model.data.numbers import on_paper
from model.data.strings import Spacing, compose
from model.numbers.reader import read_numbers
from model.preprocessing.pipeline import to_png

SEED = 2026
AMOUNTS, PAGES = 40, 10
AMOUNT_DIGITS, HEIGHT = 5, 28  # of an amount, and of its digits in pixels
LINES, LINE_DIGITS = 10, 6  # of a page
AMOUNT_BOUND, PAGE_BOUND = 0.015, 0.150  # seconds
BOUND = 3.0  # times the p99 of predictions without reading beside them
READERS = 2  # clients that send pages without a pause


def main() -> int:
    """Print the figures. Returns exit status 1 when one exceeds its bound."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=6, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind")
    options = parser.parse_args()
    random = np.random.default_rng(SEED)
    amounts, pages = [amount(random) for _ in range(AMOUNTS)], [page(random) for _ in range(PAGES)]
    classifier = Classifier.load(WEIGHTS / "1")
    everything = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everything)})
    one, many = median_seconds(amounts, classifier), median_seconds(pages, classifier)
    os.sched_setaffinity(0, everything)
    print(f"an amount of {AMOUNT_DIGITS} digits {one * 1e3:6.1f} ms, the bound is {AMOUNT_BOUND * 1e3:.0f}")
    print(f"a page of {LINES * LINE_DIGITS} digits   {many * 1e3:6.1f} ms, the bound is {PAGE_BOUND * 1e3:.0f}")
    body, rounds = raw(), range(options.rounds)
    with numeral(BOTH_CORES) as (url, _):
        quiet = [press(url, body, 4, options.seconds) for _ in rounds]
        with reading(url, pages):
            busy = [press(url, body, 4, options.seconds) for _ in rounds]
    show("predictions alone", quiet)
    show("with pages beside", busy)
    ratio = middle(busy) / middle(quiet)
    print(f"p99 ratio {ratio:.2f}, the bound is {BOUND}")
    return int(one > AMOUNT_BOUND or many > PAGE_BOUND or ratio > BOUND)


def amount(random: np.random.Generator) -> bytes:
    """A scan of an amount, as PNG."""
    digits = drawn_digits(AMOUNT_DIGITS, int(random.integers(2**31)))
    return to_png(on_paper(compose(digits.images, random, Spacing.CLOSE, HEIGHT).ink, HEIGHT, random).gray)


def page(random: np.random.Generator) -> bytes:
    """A scan of a page of several lines, as PNG."""
    seeds = random.integers(2**31, size=LINES).tolist()
    rows = [compose(drawn_digits(LINE_DIGITS, seed).images, random, height=HEIGHT).ink for seed in seeds]
    width, pitch = max(row.shape[1] for row in rows), 2 * HEIGHT
    ink = np.zeros((pitch * LINES, width), np.uint8)
    for number, row in enumerate(rows):
        ink[pitch * number : pitch * number + len(row), : row.shape[1]] = row
    return to_png(on_paper(ink, HEIGHT, random).gray)


def median_seconds(files: list[bytes], classifier: Classifier) -> float:
    """The median time of reading one of the files."""
    times = []
    for file in (files[0], *files):
        begin = time.perf_counter()
        read_numbers(file, classifier)
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])


@contextmanager
def reading(url: str, pages: list[bytes]) -> Iterator[None]:
    """Send pages to `/read` without a pause, from READERS clients."""
    ended = threading.Event()

    def send() -> None:
        with httpx.Client(base_url=url, timeout=60) as client:
            while not ended.is_set():
                for file in pages:
                    client.post("/read", content=file).raise_for_status()

    clients = [threading.Thread(target=send) for _ in range(READERS)]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        ended.set()
        for client in clients:
            client.join()


if __name__ == "__main__":
    sys.exit(main())
