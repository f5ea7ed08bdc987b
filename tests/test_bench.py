"""The benchmarks run; `make bench` itself measures speed."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from bench.chart import draw, rates
from bench.forms import draw_photo
from bench.goals import EMPTY, GOALS, TUTORIAL, compare_with_goals, rate
from bench.load import Body, Load, digit_of, parse
from bench.paced import moments, pace, percentile
from bench.peers.__main__ import PEERS, version
from bench.peers.environments import is_current
from bench.report import fact_table, goal_table, keep, rate_table, read, row_record
from bench.soak import Soak, soak
from model.preprocessing.pipeline import read_digit
from tests.server import REPOSITORY

REPORT = """  Latency Distribution
     50%    8.30ms
     75%    8.90ms
     90%  900.00us
     99%    1.10s
  2000 requests in 1.00s, 1.00MB read
  Socket errors: connect 0, read 4, write 0, timeout 1
  Non-2xx or 3xx responses: 300
Requests/sec:   1999.50
Refused: 200, told when to return: 150
"""
ROWS = {
    "Numeral, raw body": [Load(12_000, 0.001, 0.002, 0), Load(10_000, 0.003, 0.2, 0), Load(11_000, 0.002, 0.1, 0)],
    EMPTY: [Load(22_000, 0.001, 0.002, 0)],
    TUTORIAL: [Load(1_000, 0.001, 0.002, 0)],
}


def test_the_report_of_wrk_is_read_in_seconds() -> None:
    load = parse(REPORT)
    assert (load.rate, load.requests) == (1999.5, 2000)
    assert (load.p50, load.p99) == pytest.approx((0.0083, 1.1))


def test_broken_connections_are_errors_and_refusals_are_counted_apart() -> None:
    load = parse(REPORT)
    assert (load.errors, load.refused, load.told) == (305, 200, 150)
    assert load.goodput == pytest.approx(1999.5 * 0.8475)


def test_what_is_no_report_is_not_taken_for_one() -> None:
    with pytest.raises(RuntimeError, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:1")


def test_moments_are_evenly_spaced_or_scattered_at_the_same_rate() -> None:
    assert moments(10, 0.5, scattered=False) == [0, 0.1, 0.2, 0.3, 0.4]
    scattered = moments(1000, 10, scattered=True)
    assert scattered == sorted(scattered)
    assert len(scattered) == pytest.approx(10_000, rel=0.05)
    assert np.diff(scattered).std() == pytest.approx(0.001, rel=0.1)


def test_a_percentile_counts_what_was_never_answered() -> None:
    latencies = [0.1] * 98 + [math.inf] * 2
    assert (percentile(latencies, 0.5), percentile(latencies, 0.99)) == (0.1, math.inf)


class EverySecond(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = 0

    def do_POST(self) -> None:
        EverySecond.asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if EverySecond.asked % 2 else 503)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def test_the_open_loop_asks_at_its_rate_and_takes_refusals_for_endless() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), EverySecond) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        latencies = pace(f"http://127.0.0.1:{server.server_port}", Body(b"7", "image/png"), 100, 0.2, 1)
        server.shutdown()
    assert EverySecond.asked == len(latencies) == 20
    assert [math.isinf(latency) for latency in latencies] == [False] * 10 + [True] * 10


def test_goals_are_judged_by_their_ratio_or_value_and_the_unmeasured_are_left_out() -> None:
    values = {rate("Numeral, raw body"): 3000.0, rate(EMPTY): 4000.0, rate(TUTORIAL): 601.0, "ready, s": 1.0}
    judged = {goal["name"]: (goal["measured"], goal["met"]) for goal in compare_with_goals(values)}
    assert judged == {
        "raw body, of the empty route": (0.75, True),
        "raw body, of tutorial style": (pytest.approx(4.99, abs=0.01), False),
        "ready after": (1.0, True),
    }


def test_every_table_fits_into_eighty_columns() -> None:
    goals = [{"name": goal.name, "bound": "≤ 1.05 MB", "measured": 1234.5, "unit": "MB", "met": True} for goal in GOALS]
    facts = {"overload, maximum before and after, requests/s": 12345.0}
    console = Console(width=300, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    with console.file:
        console.print(rate_table(ROWS, dict.fromkeys(ROWS, 64), EMPTY, "× empty"), fact_table(facts), goal_table(goals))
    lines = console.export_text().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    assert any(line.split()[:6] == ["Numeral,", "raw", "body", "11,000", "10,000–12,000", "704,000"] for line in lines)


def test_benches_keep_what_others_wrote_into_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.json"
    keep(path, "serve", {"rows": {}})
    keep(path, "peers", {"rows": {"Other": row_record(ROWS[EMPTY])}})
    kept = json.loads(path.read_bytes())
    assert kept == read(path)
    assert set(kept) == {"serve", "peers"}
    assert kept["peers"]["rows"]["Other"]["requests_per_second"] == 22_000


def test_the_chart_shows_everybody_fastest_first_and_is_not_blank(tmp_path: Path) -> None:
    peers = {"Numeral": row_record([Load(9, 1, 1, 0)]), "Other": row_record([Load(500, 1, 1, 0)])}
    results = {
        "serve": {"rows": {name: row_record(loads) for name, loads in ROWS.items()}},
        "peers": {"rows": peers},
    }
    assert list(rates(results).values()) == [22_000, 11_000, 1_000, 500]
    draw(results, tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as chart:
        assert chart.width == 900
        assert len(chart.convert("RGB").getcolors(1 << 24) or []) > 10


def test_the_photo_has_twelve_megapixels_and_a_digit() -> None:
    photo = draw_photo()
    assert photo[:2] == b"\xff\xd8"
    assert read_digit(photo).pixels.any()


def test_a_digit_is_found_in_plain_answers_and_in_those_of_the_v2_protocol() -> None:
    assert digit_of({"digit": 7}) == digit_of({"outputs": [{"name": "digit", "data": [7]}]}) == 7


@pytest.mark.parametrize("peer", PEERS)
def test_every_peer_is_pinned_beside_the_same_torch(peer: str) -> None:
    pins = (REPOSITORY / "bench" / "peers" / f"{peer}.txt").read_text().splitlines()
    assert version(peer)
    assert "torch==2.13.0" in pins
    assert all("==" in pin for pin in pins)


def test_an_environment_is_current_only_for_the_pins_it_was_made_from(tmp_path: Path) -> None:
    pins, folder = tmp_path / "peer.txt", tmp_path / "peer"
    pins.write_text("peer==1")
    assert not is_current(pins, folder)
    folder.mkdir()
    (folder / "installed.txt").write_text("peer==1")
    assert is_current(pins, folder)
    pins.write_text("peer==2")
    assert not is_current(pins, folder)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("wrk") is None, reason="needs the load generator `wrk`")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="pins server and client to cores 0 and 1")
def test_the_smoke_run_prints_every_row_and_no_request_fails(tmp_path: Path) -> None:
    results, chart = tmp_path / "results.json", tmp_path / "chart.png"
    run = subprocess.run(
        [sys.executable, "-m", "bench.serve", "--smoke", "--json", str(results), "--chart", str(chart)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for row in ("Numeral, raw body", "Numeral, batch of 64", EMPTY, TUTORIAL, "two workers, requests/s", "overload"):
        assert row in run.stdout
    judged = {goal["name"] for goal in read(results)["serve"]["goals"]}
    assert {goal.name for goal in GOALS if not goal.name.startswith("memory")} == judged
    assert chart.stat().st_size > 1000


def test_the_smoke_run_of_the_training_bench_prints_both_loops() -> None:
    command = [sys.executable, "-m", "bench.train", "--smoke"]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "tutorial to" in run.stdout and "--quick" in run.stdout


@pytest.mark.slow
def test_a_short_soak_of_good_and_bad_traffic_finds_no_fault() -> None:
    result = soak(seconds=6)
    kinds = Counter(kind for kind, _ in result.outcomes.elements())
    assert min(kinds.values()) > 0 and len(kinds) == 7 and sum(kinds.values()) > 50
    slow = {fault for fault in result.faults() if fault.startswith(("/livez", "memory"))}  # the machine is busy
    assert not set(result.faults()) - slow
    assert result.slowest < 5


def test_a_soak_says_what_is_wrong() -> None:
    outcomes = Counter({("small", "200"): 9, ("hostile", "422"): 9, ("hostile", "ReadError"): 3})
    fine = Soak(outcomes, 0.02, [100, 130, 131, 132, 131, 130], [20, 40, 40, 40, 40, 40])
    assert fine.faults() == []
    assert fine._replace(outcomes=outcomes + Counter({("hostile", "500"): 2})).faults() == ["hostile: 2 × 500"]
    for outcome in ("429", "422", "ConnectError"):
        bad = Counter({("small", outcome): 2})
        assert fine._replace(outcomes=outcomes + bad).faults() == [f"small: 2 × {outcome}"]
    assert fine._replace(slowest=0.11).faults() == ["/livez took 110 ms"]
    assert "memory grew" in fine._replace(megabytes=[100, 200, 200, 205, 210, 230]).faults()[0]
    assert "descriptors" in fine._replace(descriptors=[20, 40, 60, 80, 100, 120]).faults()[0]
