"""Kill all processes at once (SIGKILL), at each stage of a retraining. `make kill-test` does so at random moments."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from model.data.held_out import is_held_out, sample_id
from model.preprocessing.pipeline import to_png
from model.registry.store import Store
from tests.client import ENDLESS, GENTLE, add_sample, retrain
from tests.pictures import draw_seven
from tests.processes import kill, server_processes, supervisor_of, trainer_of
from tests.server import Server, wait_until


def post_samples(server: Server, count: int) -> set[str]:
    """Post `count` samples that are not held out, and return their ids."""
    acknowledged: set[str] = set()
    for side in range(60, 60 + 3 * count):
        image = to_png(np.asarray(draw_seven(side)))
        if not is_held_out(sample_id(image)) and len(acknowledged) < count:
            response = add_sample(server, image)
            assert response.status_code == 201
            acknowledged.add(response.json()["id"])
    return acknowledged


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "database"), [("queued", "sqlite"), ("running", "postgresql"), ("evaluating", "sqlite")]
)
def test_after_everything_was_killed_nothing_is_lost_and_all_goes_on(
    start_server, small_weights: Path, seven: bytes, stage: str, database: str, request: pytest.FixtureRequest
) -> None:
    on = {"NUMERAL_DATABASE_URL": request.getfixturevalue("postgresql_url")} if database == "postgresql" else {}
    server = start_server(small_weights, NUMERAL_WORKERS="2", NUMERAL_QUEUE_SECONDS="10", **on)
    acknowledged = post_samples(server, 5)
    location = retrain(server, **(ENDLESS if stage == "running" else GENTLE))
    job_id = location.rpartition("/")[2]
    if stage == "running":
        wait_until(lambda: (server.job(location)["progress"] or {}).get("step"))
    elif stage == "evaluating":
        wait_until(lambda: server.job(location)["state"] not in ("queued", "running"), 240)
    kill([*server_processes(server.process.pid), *supervisor_of(job_id), *trainer_of(job_id)])
    server.process.wait()
    wait_until(lambda: not server.answers())

    store = Store(server.folder / "weights")
    assert all(store.verify(version) for version in store.versions())
    current = store.current()
    server.start()
    assert {item["id"] for item in server.admin.get("/samples").json()["items"]} == acknowledged
    assert server.client.post("/predict", content=seven).json()["model_version"] == str(current)
    job = server.finished_job(location)
    if current == 1:
        assert job["state"] == "interrupted" and "stopped without a word" in job["error"]
    else:  # the kill came a moment too late
        assert job["state"] == "promoted" and job["version"] == current
    assert server.finished_job(retrain(server, **GENTLE))["state"] == "promoted"
    assert not [name for name in os.listdir(store.root) if name.startswith(".draft")]
