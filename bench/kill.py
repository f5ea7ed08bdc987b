"""Kill processes at random moments (SIGKILL), and check that nothing acknowledged is lost: `make kill-test`

python -m bench.kill --times 200               (a quarter of an hour)
python -m bench.kill --times 4 --lanes 1       (a minute: only checks that it works)

Each lane has its own server with two workers. In each round a client posts samples without pause, a retraining runs,
and at a random moment one of VICTIMS is killed. Then these must hold: every acknowledged sample is stored, every
visible version is complete, the server uses the version that CURRENT names, the job's record says how it ended, and
the next round's retraining is accepted.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray

from model.data.held_out import is_held_out, sample_id
from model.preprocessing.pipeline import to_png
from model.registry.store import Store
from tests.postgres import private_postgresql
from tests.processes import kill, server_processes, supervisor_of, trainer_of
from tests.server import Server, clean_environment, wait_until

GENTLE = {"epochs": 1, "learning_rate": 1e-7}
VICTIMS = ("trainer", "supervisor", "trainer and supervisor", "worker", "server", "everything")
ENDS = {"promoted", "kept", "interrupted"}
FIRST_DELAY = 10.0  # longest time from a job's start to the kill, in seconds; in later rounds, the time a job takes
JOB_SECONDS = 300.0
START_SECONDS = 10.0  # between the starts of two lanes
POST_SECONDS = 0.1  # between two samples


class Poster:
    """Posts samples until `close` is called, and remembers the ids of those acknowledged."""

    def __init__(self, url: str, headers: httpx.Headers, seed: int) -> None:
        self.url, self.headers = url, dict(headers)
        self.acknowledged: set[str] = set()
        self.ended = threading.Event()
        self.random = np.random.default_rng(seed)
        self.thread = threading.Thread(target=self.post, daemon=True)
        self.thread.start()

    def post(self) -> None:
        """Post one sample after the other. A broken connection counts as not acknowledged."""
        with httpx.Client(base_url=self.url, headers=self.headers, timeout=30) as client:
            while not self.ended.wait(POST_SECONDS):
                pixels = self.draw()
                sample = {"pixels": pixels.tolist(), "label": int(self.random.integers(10))}
                with suppress(httpx.TransportError):
                    response = client.post("/samples", json=sample)
                    if response.status_code == 201:
                        self.acknowledged.add(response.json()["id"])

    def draw(self) -> NDArray[np.uint8]:
        """Random pixels that are not held out. Held-out ones would influence the gate, and most jobs would be kept."""
        while True:
            pixels = np.zeros((32, 32), np.uint8)
            pixels[6:26, 12:20] = self.random.integers(0, 256, (20, 8))
            if not is_held_out(sample_id(to_png(pixels))):
                return pixels

    def close(self) -> None:
        """Stop posting."""
        self.ended.set()
        self.thread.join()


def strike(server: Server, victim: str, job_id: str) -> bool:
    """Kill the victim, and restart the server if it was killed. Returns False when the victim has no process."""
    main, *workers = server_processes(server.process.pid)
    targets = {
        "trainer": trainer_of(job_id),
        "supervisor": supervisor_of(job_id),
        "trainer and supervisor": supervisor_of(job_id) + trainer_of(job_id),
        "worker": workers[:1],
        "server": [main, *workers],
        "everything": [main, *workers, *supervisor_of(job_id), *trainer_of(job_id)],
    }[victim]
    kill(targets)
    if main in targets:
        server.process.wait()
        wait_until(lambda: not server.answers())
        server.start()
    return bool(targets)


def check(server: Server, poster: Poster, location: str, victim: str, before: int) -> dict:
    """Wait for the job's end, check that nothing is lost or partial, and return the job. Raises AssertionError."""
    job = wait_until(lambda: (found := patient_job(server, location))["finished_at"] and found, JOB_SECONDS)
    assert job["state"] in ENDS, job
    if victim in ("worker", "server"):
        assert job["state"] != "interrupted", job
    store = Store(server.folder / "weights")
    for version in store.versions():
        store.verify(version)
    current = store.current()
    if job["state"] == "interrupted":
        assert job["error"], job
        assert current == before, (current, before, job)
    if job["state"] == "promoted":
        assert current == job["version"], (current, job)
    wait_until(lambda: server.client.get("/readyz").json()["model_version"] == str(current), 10)
    acknowledged = set(poster.acknowledged)
    assert acknowledged <= (there := all_samples(server)), f"{len(acknowledged - there)} samples lost"
    return job


def told(job: dict) -> str:
    """The job's final state, and the stage in which it was interrupted, if any."""
    words = str(job["error"] or "")
    stage = next((stage for stage in ("queued", "running", "evaluating") if f"was {stage}" in words), "")
    return f"{job['state']} {stage}".strip()


def seconds_between(start: str, end: str) -> float:
    """Seconds from one RFC 3339 time to another."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def patient_job(server: Server, location: str) -> dict:
    """The job. Asks again when a killed worker breaks the connection."""
    while True:
        time.sleep(0.2)
        with suppress(httpx.TransportError):
            return server.job(location)


def all_samples(server: Server) -> set[str]:
    """The ids of all samples, page by page."""
    found: set[str] = set()
    cursor = "0"
    while cursor:
        page = server.admin.get("/samples", params={"limit": 200, "cursor": cursor}).raise_for_status().json()
        found |= {item["id"] for item in page["items"]}
        cursor = page["next"]
    return found


def lane(number: int, times: int, seed: int, shipped: Path, database: str | None) -> Counter[tuple[str, str]]:
    """Run `times` kills on its own server. Returns the count of each (victim, final state)."""
    dice = random.Random(f"{seed}-{number}")
    time.sleep(number * START_SECONDS)
    ends: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory(prefix="numeral-kill-") as folder:
        settings = {"NUMERAL_DATABASE_URL": database} if database else {}
        server = Server(
            Path(folder), NUMERAL_WORKERS="2", NUMERAL_SHIPPED_WEIGHTS_DIR=str(shipped),
            NUMERAL_KEEP_VERSIONS="4", NUMERAL_QUEUE_SECONDS="10", **settings,
        )  # fmt: skip
        poster = Poster(server.url, server.admin.headers, seed * 1000 + number)
        try:
            longest = FIRST_DELAY
            while ends.total() < times:
                before = Store(server.folder / "weights").current()
                location = server.admin.post("/admin/retrain", json=GENTLE).raise_for_status().headers["Location"]
                victim, delay = dice.choice(VICTIMS), dice.uniform(0, longest)
                time.sleep(delay)
                hit = strike(server, victim, location.rpartition("/")[2])
                job = check(server, poster, location, victim, before)
                if job["state"] == "promoted":
                    longest = seconds_between(job["created_at"], job["finished_at"])
                if hit:
                    ends[victim, job["state"]] += 1
                    print(
                        f"lane {number}, {ends.total()}/{times}: {victim} after {delay:.1f} s: {told(job)}", flush=True
                    )
        finally:
            poster.close()
            server.close()
    print(f"lane {number}: {len(poster.acknowledged):,} samples acknowledged, none lost", flush=True)
    return ends


def main() -> int:
    """Run the lanes and print the counts. An AssertionError ends it when anything is lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=200, help="kills in all")
    parser.add_argument("--lanes", type=int, default=4, help="servers at a time; the last one on PostgreSQL, if any")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.monotonic()
    shares = [options.times // options.lanes + (i < options.times % options.lanes) for i in range(options.lanes)]
    with tempfile.TemporaryDirectory(prefix="numeral-kill-") as folder, private_postgresql() as postgresql:
        command = [sys.executable, "-m", "model.train", "--epochs", "12", "--weights", f"{folder}/weights"]
        subprocess.run(command, env=clean_environment(), cwd=folder, check=True, stdout=subprocess.DEVNULL)
        urls = [None] * options.lanes
        if postgresql is not None and options.lanes > 1:
            urls[-1] = postgresql.url
        with ThreadPoolExecutor(options.lanes) as pool:
            running = [
                pool.submit(lane, i, share, options.seed, Path(folder) / "weights", urls[i])
                for i, share in enumerate(shares)
            ]
            ends = sum((each.result() for each in running), Counter())
    for (victim, end), count in sorted(ends.items()):
        print(f"{victim:<24}{end:<14}{count:>4}")
    print(f"{ends.total()} kills in {time.monotonic() - started:.0f} s: nothing acknowledged was lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
