"""Measure a server at half of its maximum load, beside clients that send photos, and under overload."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from bench.footprint import Facts
from bench.forms import photo, raw
from bench.load import CONNECTIONS, Body, digit, finished, overload, press, wrk
from bench.paced import pace, percentile
from bench.servers import numeral, resident_megabytes

CROWD = 256  # connections without pause, for the overload
SENDERS = 4  # connections that send photos without pause
SMALL_RATE = 100  # requests/s with small images beside the photos
PROBE_RATE = 20  # requests/s to /livez under overload
ALIVE = Body(b"", "text/plain", "/livez")


def half_load(seconds: int) -> Facts:
    """Latencies at half of the maximum rate measured just before, with evenly spaced and with random moments."""
    body = raw()
    facts: Facts = {}
    with numeral() as (url, _):
        press(url, body, CONNECTIONS, 1)
        rate = press(url, body, CONNECTIONS, seconds).rate / 2
        for name, scattered in (("evenly spaced", False), ("at random moments", True)):
            latencies = pace(url, body, rate, seconds, CONNECTIONS, scattered)
            facts[f"half load, {name}, p50 ms"] = percentile(latencies, 0.5) * 1000
            facts[f"half load, {name}, p99 ms"] = percentile(latencies, 0.99) * 1000
    return facts


def photos(seconds: int) -> Facts:
    """Latency of a 12-megapixel photo alone, and of small images with and without SENDERS of photos beside them."""
    large, small = photo(), raw()
    with numeral() as (url, _):
        if digit(url, large) != 7:
            raise RuntimeError("the photo is not read as a 7")
        pace(url, small, SMALL_RATE, 0.5)
        quiet = pace(url, small, SMALL_RATE, seconds)
        alone = press(url, large, 1, seconds)
        with wrk(url, large, SENDERS, seconds + 1) as senders:
            busy = pace(url, small, SMALL_RATE, seconds)
            many = finished(senders)
    return {
        "photo of 12 megapixels, p50 ms": alone.p50 * 1000,
        "four senders of photos, photos/s": many.goodput,
        "small images, quiet, p50 ms": percentile(quiet, 0.5) * 1000,
        "small images, quiet, p99 ms": percentile(quiet, 0.99) * 1000,
        "small images under photos, p50 ms": percentile(busy, 0.5) * 1000,
        "small images under photos, p99 ms": percentile(busy, 0.99) * 1000,
    }


def crowd(seconds: int) -> Facts:
    """Overload: 256 connections that send again as soon as they are answered, even with 503; /livez is measured, too.

    32 connections already use all of the server's capacity. The maximum to compare with is their rate, measured right
    before and after.
    """
    body = raw()
    with numeral() as (url, pid), ThreadPoolExecutor(1) as prober:
        press(url, body, CONNECTIONS, 1)
        before = press(url, body, CONNECTIONS, seconds)
        probes = prober.submit(pace, url, ALIVE, PROBE_RATE, seconds, 4)
        load = overload(url, body, CROWD, seconds)
        health = probes.result()
        resident = resident_megabytes(pid)
        after = press(url, body, CONNECTIONS, seconds)
    told = {"overload, 503s with Retry-After, %": load.told / load.refused * 100} if load.refused else {}
    return {
        "overload, maximum before and after, requests/s": (before.rate + after.rate) / 2,
        "overload, goodput, requests/s": load.goodput,
        "overload, p99 ms": load.p99 * 1000,
        "overload, answered 503, %": load.refused / load.requests * 100,
        **told,
        "overload, other failures": load.errors - load.refused,
        "overload, memory, MB": resident,
        "overload, /livez p50 ms": percentile(health, 0.5) * 1000,
        "overload, /livez slowest ms": health[-1] * 1000,
    }
