"""The end of a job and the activation of its version agree, whatever happens between them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from app.database.database import Database
from app.jobs import records, reporting
from app.jobs.states import State
from app.jobs.trainer import settle
from model.evaluation.gate import Decision
from model.registry.publish import Published
from model.registry.store import Store
from tests.jobs import QUEUE_SECONDS, actions, make_old, new_job
from tests.server import REPOSITORY

DYING = """
import os, signal, sys
from pathlib import Path
from app.jobs import reporting
from app.database.database import Database
from model.registry.store import Store

class Dying(Store):
    def promote(self, version, instead_of):
        if sys.argv[4] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().promote(version, instead_of)
        os.kill(os.getpid(), signal.SIGKILL)

database, store = Database(sys.argv[1]), Dying(Path(sys.argv[2]))
assert reporting.note_version(database, sys.argv[3], 2, {}, ["It reads better."])
reporting.promote(database, sys.argv[3], store, 2, 1)
"""


@pytest.mark.parametrize(("moment", "state", "current"), [("before", "interrupted", 1), ("after", "promoted", 2)])
def test_a_trainer_killed_around_the_activation_leaves_a_job_that_says_what_became_of_it(
    database: Database, database_url: str, two_versions: Store, moment: str, state: str, current: int
) -> None:
    job_id = new_job(database, State.RUNNING, State.EVALUATING)
    command = [sys.executable, "-c", DYING, database_url, str(two_versions.root), job_id, moment]
    assert subprocess.run(command, cwd=REPOSITORY, timeout=60).returncode == -signal.SIGKILL
    assert records.get(database, job_id)["state"] == "evaluating" and two_versions.current() == current
    make_old(database, job_id)
    records.sweep(database, two_versions, QUEUE_SECONDS)
    row = records.get(database, job_id)
    assert row["state"] == state and row["version"] == 2
    assert (row["error"] is None) == (state == "promoted")
    if row["error"]:
        assert "Version 2 is whole, but was not activated" in row["error"]
    assert two_versions.verify(2) and actions(database)[0] == state
    assert not [name for name in os.listdir(two_versions.root) if name.startswith(".draft")]
    new_job(database)


def test_an_activation_that_fails_leaves_the_job_as_it_was(database: Database, two_versions: Store) -> None:
    job_id = new_job(database, State.RUNNING, State.EVALUATING)
    (two_versions.folder(2) / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(Exception, match="damaged"):
        reporting.promote(database, job_id, two_versions, 2, 1)
    assert records.get(database, job_id)["state"] == "evaluating" and two_versions.current() == 1


def test_a_version_activated_during_the_training_stays_and_the_job_says_so(
    database: Database, two_versions: Store
) -> None:
    gate = {"promote": True, "reasons": ["It reads better."], "compared_with": 1}
    with two_versions.publish(two_versions.manifest(2) | {"version": 3, "gate": gate}):
        pass
    job_id = new_job(database, State.RUNNING, State.EVALUATING)
    two_versions.activate(2)
    settle(database, two_versions, records.get(database, job_id), Published(3, Decision(True, gate["reasons"]), 1, {}))
    row = records.get(database, job_id)
    assert row["state"] == "kept" and row["version"] == 3 and two_versions.current() == 2
    assert row["reasons"][0] == "It reads better." and "version 2 became the current one" in row["reasons"][1]
