"""The benches work; how fast things are is for `make bench` to say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.load import parse

ROOT = Path(__file__).parents[1]
REPORT = """  Latency Distribution
     50%    8.30ms
     75%    8.90ms
     90%  900.00us
     99%    1.10s
  2000 requests in 1.00s, 1.00MB read
  Non-2xx or 3xx responses: 3
Requests/sec:   1999.50
"""


def test_the_report_of_wrk_is_read_in_seconds() -> None:
    load = parse(REPORT)
    assert (load.rate, load.errors) == (1999.5, 3)
    assert (load.p50, load.p99) == pytest.approx((0.0083, 1.1))


@pytest.mark.skipif(shutil.which("wrk") is None, reason="needs the load generator `wrk`")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="pins server and client to cores 0 and 1")
def test_the_smoke_run_prints_every_row_and_no_request_fails() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench.serve", "--smoke"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for row in ("Numeral, raw body", "Numeral, batch of 64", "empty FastAPI route", "FastAPI tutorial style"):
        assert row in run.stdout
