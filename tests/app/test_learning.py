"""The teaching loop, on both databases: the model learns from right labels, and the gate stops wrong ones."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from model.data.digits import Splits
from model.preprocessing.pipeline import to_png
from tests.client import add_sample, retrain
from tests.server import Server, wait_until
from tests.sevens import odd_seven

TAUGHT, ASKED = range(100), range(100, 200)


def right(server: Server, numbers: range) -> int:
    """The number of the unusual sevens that the service reads as sevens."""
    answers = (server.client.post("/predict", content=odd_seven(number)).json() for number in numbers)
    return sum(answer["digit"] == 7 for answer in answers)


@pytest.mark.slow
def test_a_style_of_seven_that_was_misread_is_read_after_it_was_taught(
    start_server, mnist: Splits, postgresql_url: str
) -> None:
    server = start_server(NUMERAL_DATA_DIR=os.environ["NUMERAL_DATA_DIR"], NUMERAL_DATABASE_URL=postgresql_url)
    assert right(server, ASKED) < 50
    for number in TAUGHT:
        add_sample(server, odd_seven(number)).raise_for_status()
    assert server.admin.get("/samples?suspect=true").json()["total"] > 20
    before = server.admin.get("/admin/versions/1").json()["metrics"]["test"]["accuracy"]
    job = server.finished_job(retrain(server, epochs=2), 280)
    assert job["state"] == "promoted", job
    wait_until(lambda: server.client.get("/readyz").json()["model_version"] == "2", 30)
    assert right(server, ASKED) >= 95
    assert job["metrics"]["test"]["accuracy"] > before - 0.003


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["10 % at random", "30 % at random", "every four called a nine"])
def test_wrong_labels_get_no_worse_version_promoted(
    start_server, small_weights: Path, embedded: Splits, wrong: str
) -> None:
    server = start_server(small_weights)
    random = np.random.default_rng(3)
    for pixels, label in zip(embedded.train.images[:100], embedded.train.labels[:100], strict=True):
        if wrong.startswith("every"):
            told = 9 if label == 4 else int(label)
        else:
            told = int(random.integers(10)) if random.random() < int(wrong[:2]) / 100 else int(label)
        image = to_png(255 - np.kron(pixels, np.ones((4, 4), np.uint8)))
        add_sample(server, image, told).raise_for_status()
    before = server.admin.get("/admin/versions/1").json()["metrics"]["validation"]
    job = server.finished_job(retrain(server, epochs=3), 120)
    assert job["state"] in ("promoted", "kept") and job["reasons"]
    if job["state"] == "promoted":
        after = job["metrics"]["validation"]
        assert after["accuracy"] >= before["accuracy"] - 0.003
    else:
        assert server.client.get("/readyz").json()["model_version"] == "1"
