"""How fast Numeral serves, against reference servers started by the same command: `make bench`.

python -m bench.serve            (about two minutes)
python -m bench.serve --smoke    (a few seconds: checks that it works, not how fast)
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.load import NUMERAL, Body, Load, cpu_seconds, digit, multipart, press, reference, resident_megabytes, serving
from model.image import read_digit
from model.store import Store

IMAGE = Path(__file__).with_name("seven.png")  # 28×28, drawn for this purpose
WEIGHTS = Path("weights")
CONNECTIONS = 32


@contextmanager
def numeral(**environment: str) -> Iterator[tuple[str, int]]:
    """A Numeral with its state in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "NUMERAL_WEIGHTS_DIR": f"{folder}/weights",
            "NUMERAL_SHIPPED_WEIGHTS_DIR": str(WEIGHTS.resolve()),
            "NUMERAL_DATABASE_URL": f"sqlite:///{folder}/numeral.db",
            **environment,
        }
        with serving(NUMERAL, "/readyz", **settings) as server:
            yield server


def bodies() -> dict[str, Body]:
    """The forms that a prediction takes."""
    image = IMAGE.read_bytes()
    pixels = json.dumps({"pixels": read_digit(image).pixels[2:30, 2:30].tolist()}).encode()
    return {
        "raw body": Body(image, "image/png"),
        "multipart": multipart(image),
        "JSON pixels": Body(pixels, "application/json"),
        "batch of 64": multipart(image, 64, "/predict/batch"),
    }


def measure(rounds: int, seconds: int) -> tuple[dict[str, list[Load]], dict[str, float]]:
    """Alternate between the servers and forms `rounds` times; loads by name, and facts of Numeral's process."""
    forms = bodies()
    version = Store(WEIGHTS).usable()[0]
    results: dict[str, list[Load]] = {}
    with ExitStack() as stack:
        url, pid = stack.enter_context(numeral())
        empty, _ = stack.enter_context(serving(reference("empty"), "/docs"))
        folder = str((WEIGHTS / str(version)).resolve())
        tutorial, _ = stack.enter_context(serving(reference("tutorial"), "/docs", NUMERAL_BENCH_VERSION=folder))
        targets = {f"Numeral, {name}": (url, body) for name, body in forms.items()}
        targets["empty FastAPI route"] = (empty, forms["raw body"])
        targets["FastAPI tutorial style"] = (tutorial, forms["multipart"])
        for name, (address, body) in targets.items():
            if body.images == 1 and digit(address, body) != 7:
                raise SystemExit(f"{name} does not read a 7")
            press(address, body, CONNECTIONS, 1)
        used, requests = 0.0, 0.0
        for _ in range(rounds):
            for name, (address, body) in targets.items():
                before = cpu_seconds(pid)
                load = press(address, body, CONNECTIONS, seconds)
                results.setdefault(name, []).append(load)
                if name == "Numeral, raw body":
                    used += cpu_seconds(pid) - before
                    requests += load.rate * seconds
        facts = {
            "resident memory of the worker, MB": resident_megabytes(pid),
            "CPU seconds for 1,000 raw requests": used / requests * 1000,
        }
    return results, facts


def table(results: dict[str, list[Load]]) -> Table:
    """Medians, ranges, and ratios to the empty route."""
    made = Table(title=f"{CONNECTIONS} connections, one worker on one core")
    for heading in ("", "requests/s", "range", "p50 ms", "p99 ms", "× empty route", "errors"):
        made.add_column(heading, justify="right")
    rates = {name: statistics.median(load.rate for load in loads) for name, loads in results.items()}
    for name, loads in results.items():
        values = [load.rate for load in loads]
        made.add_row(
            name,
            f"{rates[name]:,.0f}",
            f"{min(values):,.0f}–{max(values):,.0f}",
            f"{statistics.median(load.p50 for load in loads) * 1000:.2f}",
            f"{statistics.median(load.p99 for load in loads) * 1000:.2f}",
            f"{rates[name] / rates['empty FastAPI route']:.2f}",
            str(sum(load.errors for load in loads)),
        )
    return made


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.serve")
    parser.add_argument("--smoke", action="store_true", help="a few seconds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("bench: wrk is missing; install the package `wrk`", file=sys.stderr)
        return 1
    results, facts = measure(1, 1) if options.smoke else measure(options.rounds, options.seconds)
    console = Console()
    console.print(table(results))
    for name, value in facts.items():
        console.print(f"{name}: {value:.3g}", highlight=False)
    return int(any(load.errors for loads in results.values() for load in loads))


if __name__ == "__main__":
    sys.exit(main())
