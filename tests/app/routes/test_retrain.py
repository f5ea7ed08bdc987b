"""Retraining: a real trainer process, a change of version without a lost request, and records that survive restarts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path

import httpx
import pytest

from tests.client import ENDLESS, GENTLE, events, retrain
from tests.processes import supervisor_of, trainer_of
from tests.server import ADMIN_KEY, Server, clean_environment, wait_until


@pytest.fixture
def small_server(start_server, small_weights: Path) -> Server:
    """A server whose current version was trained on the embedded digits, like its retrainings."""
    return start_server(small_weights, NUMERAL_WORKERS="2")


class Load:
    """Clients that send requests without pause and record every answer."""

    def __init__(self, server: Server, image: bytes, clients: int = 3) -> None:
        self.server, self.image = server, image
        self.answers: dict[str, set[str]] = defaultdict(set)
        self.failures: list[str] = []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.ask) for _ in range(clients)]

    def ask(self) -> None:
        with httpx.Client(base_url=self.server.url, timeout=30) as client:
            while not self.ended.is_set():
                response = client.post("/predict", content=self.image)
                if response.status_code != 200:
                    self.failures.append(response.text)
                    continue
                answer = response.json()
                self.answers[answer["model_version"]].add(str(answer["probabilities"]))

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()


def test_a_retraining_is_promoted_and_swapped_without_a_lost_request(small_server: Server, seven: bytes) -> None:
    with Load(small_server, seven) as load:
        job = small_server.finished_job(retrain(small_server, **GENTLE))
        assert job["state"] == "promoted", job
        wait_until(lambda: "2" in load.answers, 30)
        small_server.admin.post("/admin/versions/1/activate").raise_for_status()
        before = len(load.answers)
        wait_until(lambda: small_server.client.get("/readyz").json()["model_version"] == "1", 30)
        assert before == 2
    assert not load.failures
    assert {version: len(given) for version, given in load.answers.items()} == {"1": 1, "2": 1}
    assert job["version"] == 2 and job["reasons"] and job["metrics"]["test"]["accuracy"] > 0.5
    listed = small_server.admin.get("/admin/versions").json()["items"]
    assert [(item["version"], item["current"], item["parent"]) for item in listed] == [(2, False, 1), (1, True, None)]
    actions = [record["action"] for record in small_server.admin.get("/admin/audit").json()["items"]]
    assert actions == ["roll-back", "promoted", "retrain"]


@pytest.mark.slow
def test_a_manual_promotion_waits_for_a_person(small_server: Server) -> None:
    job = small_server.finished_job(retrain(small_server, **GENTLE, promote="manual"))
    assert job["state"] == "kept" and "activate" in job["reasons"][-1]
    assert small_server.client.get("/readyz").json()["model_version"] == "1"
    small_server.admin.post(f"/admin/versions/{job['version']}/activate").raise_for_status()
    wait_until(lambda: small_server.client.get("/readyz").json()["model_version"] == "2", 30)


def test_one_at_a_time_and_cancel(small_server: Server) -> None:
    location = retrain(small_server, **ENDLESS)
    second = small_server.admin.post("/admin/retrain")
    assert second.status_code == 409 and second.headers["Location"] == location
    assert second.json()["type"] == "/problems/job-running"
    assert small_server.admin.post(f"{location}/cancel").status_code == 202
    assert small_server.finished_job(location)["state"] == "cancelled"
    again = small_server.admin.post(f"{location}/cancel")
    assert again.status_code == 409 and again.json()["type"] == "/problems/job-finished"
    assert small_server.admin.get("/admin/versions").json()["total"] == 1


@pytest.mark.slow
def test_progress_is_live_and_survives_a_restart_of_the_server(small_server: Server) -> None:
    location = retrain(small_server, **ENDLESS)
    wait_until(lambda: (small_server.job(location)["progress"] or {}).get("step"))
    small_server.stop(signal.SIGKILL)
    wait_until(lambda: not small_server.answers())
    small_server.start()
    before = small_server.job(location)
    assert before["state"] == "running"
    wait_until(lambda: small_server.job(location)["progress"]["step"] > before["progress"]["step"])
    assert "samples to train on" in small_server.job(location)["log"]
    small_server.admin.post(f"{location}/cancel")
    assert small_server.finished_job(location)["state"] == "cancelled"


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["trainer", "supervisor"])
def test_a_killed_trainer_leaves_an_interrupted_job_and_a_new_one_works(small_server: Server, victim: str) -> None:
    location = retrain(small_server, **ENDLESS)
    job_id = location.rpartition("/")[2]
    wait_until(lambda: (small_server.job(location)["progress"] or {}).get("step"))
    (killed,) = trainer_of(job_id) if victim == "trainer" else supervisor_of(job_id)
    os.kill(killed, signal.SIGKILL)
    job = small_server.finished_job(location)
    assert job["state"] == "interrupted" and "killed" in job["error"]
    wait_until(lambda: not trainer_of(job_id) and not supervisor_of(job_id))
    assert small_server.finished_job(retrain(small_server, **GENTLE))["state"] == "promoted"


@pytest.mark.slow
def test_ctrl_c_leaves_a_job_that_goes_on_and_says_so(small_server: Server) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "retrain", "--follow", "--epochs", "1000", "--patience", "0"],
        env=clean_environment(NUMERAL_URL=small_server.url, NUMERAL_ADMIN_KEY=ADMIN_KEY),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    location = process.stdout.readline().strip()
    wait_until(lambda: (small_server.job(location)["progress"] or {}).get("step"))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    address = f"{small_server.url}{location}/cancel"
    assert process.returncode == 130 and errors == f"numeral: the job goes on; POST {address} ends it\n"
    small_server.admin.post(address).raise_for_status()
    assert small_server.finished_job(location)["state"] == "cancelled"


def test_an_idempotency_key_starts_one_job_only(small_server: Server) -> None:
    headers = {"Idempotency-Key": "tuesday"}
    first = small_server.admin.post("/admin/retrain", json=ENDLESS, headers=headers)
    again = small_server.admin.post("/admin/retrain", json=ENDLESS, headers=headers)
    assert first.status_code == again.status_code == 202
    assert first.headers["Location"] == again.headers["Location"]
    other = small_server.admin.post("/admin/retrain", json=GENTLE, headers=headers)
    assert other.status_code == 422 and other.json()["type"] == "/problems/idempotency-conflict"
    small_server.admin.post(f"{first.headers['Location']}/cancel")
    small_server.finished_job(first.headers["Location"])


@pytest.mark.slow
def test_events_tell_the_whole_story_and_go_on_where_a_client_left(small_server: Server) -> None:
    location = retrain(small_server, **GENTLE)
    story = events(small_server, location)  # follows until the job ends
    states = [data["state"] for _, kind, data in story if kind == "state"]
    assert states == ["queued", "running", "evaluating", "promoted"]
    assert any(kind == "progress" and data["loss"] > 0 for _, kind, data in story)
    numbers = [number for number, _, _ in story]
    assert numbers == sorted(set(numbers))
    middle = len(story) // 2
    assert events(small_server, location, last=str(numbers[middle])) == story[middle + 1 :]


@pytest.mark.parametrize(
    ("setting", "reason"), [("RETRAIN_SECONDS", "time limit"), ("RETRAIN_MEGABYTES", "memory limit")]
)
def test_a_trainer_past_a_limit_is_ended(start_server, small_weights: Path, setting: str, reason: str) -> None:
    server = start_server(small_weights, **{f"NUMERAL_{setting}": "4" if setting == "RETRAIN_SECONDS" else "256"})
    job = server.finished_job(retrain(server, **ENDLESS))
    assert job["state"] == "failed" and reason in job["error"]


@pytest.mark.slow
def test_without_mnist_a_version_promoted_on_mnist_is_never_replaced_by_itself(start_server) -> None:
    server = start_server()
    job = server.finished_job(retrain(server, **GENTLE))
    assert job["state"] == "kept"
    assert any("MNIST" in reason for reason in job["reasons"])
