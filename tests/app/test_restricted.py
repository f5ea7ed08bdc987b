"""Where little may be written: what is shipped is served, and what can't be done is said."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app import jobs
from app.db import Database
from tests.app.test_bad_input import check_problem
from tests.app.test_db import full_disk
from tests.app.test_retrain import ENDLESS, GENTLE, retrain
from tests.conftest import Server, wait_until
from tests.processes import server_processes, trainer_of

NOBODY = 65534
POWERLESS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown")
UNSHARE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


def can(*command: str) -> bool:
    """Whether the command works here."""
    return (
        shutil.which(command[0]) is not None and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    )


as_root = pytest.mark.skipif(os.geteuid() != 0 or not can(*POWERLESS), reason="needs root and setpriv(1)")


def of_somebody_else(folder: Path) -> Path:
    """The folder, which a root without its powers may read, but not write."""
    folder.mkdir(mode=0o755)
    os.chown(folder, NOBODY, NOBODY)
    return folder


@as_root
def test_where_the_folder_of_versions_can_not_be_written_the_shipped_one_is_served(
    start_server: Callable[..., Server], tmp_path: Path, seven: bytes
) -> None:
    weights = of_somebody_else(tmp_path / "weights")
    server = start_server(wrapper=POWERLESS, HOME="/nowhere")
    assert server.client.post("/predict", content=seven).json()["digit"] == 7
    assert "as it was shipped" in server.client.get("/readyz").json()["warning"]
    problem = check_problem(server.admin.post("/admin/retrain"), 503, "weights-unwritable")
    assert "Permission denied" in problem["detail"] and str(weights) in problem["detail"]
    assert server.admin.get("/admin/jobs").json()["total"] == 0
    check_problem(server.admin.post("/admin/versions/1/activate"), 404, "version-not-found")
    assert server.admin.post("/samples", files={"file": seven}, data={"label": "7"}).status_code == 201


@as_root
def test_without_a_folder_for_temporary_files_an_import_is_a_problem_and_a_retraining_goes_on(
    start_server: Callable[..., Server], small_weights: Path, tmp_path: Path, seven: bytes
) -> None:
    nowhere = of_somebody_else(tmp_path / "nowhere")
    no_folders = f"import tempfile; tempfile._candidate_tempdir_list = lambda: [{str(nowhere)!r}]"
    (tmp_path / "sitecustomize.py").write_text(no_folders)
    path = f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"
    server = start_server(small_weights, wrapper=POWERLESS, PYTHONPATH=path)
    problem = check_problem(server.admin.post("/samples/import", content=b"PK"), 503, "no-temporary-space")
    assert "temporary" in problem["detail"]
    check_problem(server.admin.get("/samples/export"), 503, "no-temporary-space")
    assert server.client.post("/predict", content=seven).status_code == 200
    job = server.finished_job(retrain(server, **GENTLE))
    assert job["state"] in ("promoted", "kept") or "temporary" in job["error"], job


def test_a_full_disk_during_an_import_is_a_problem(server: Server) -> None:
    with full_disk(server):
        answer = server.admin.post("/samples/import", content=bytes(1_000_000))
    check_problem(answer, 503, "no-temporary-space")


@pytest.mark.skipif(os.geteuid() != 0 or not can(*UNSHARE), reason="needs root and unshare(1)")
def test_sigterm_to_a_containers_first_process_interrupts_its_retraining_and_says_so(
    start_server: Callable[..., Server], small_weights: Path
) -> None:
    server = start_server(small_weights, wrapper=UNSHARE, NUMERAL_WORKERS="2")
    location = retrain(server, **ENDLESS)
    wait_until(lambda: (server.job(location)["progress"] or {}).get("step"))
    (init,) = children_of(server.process.pid)
    os.kill(init, signal.SIGTERM)
    server.process.wait(20)
    job_id = location.rpartition("/")[2]
    assert not trainer_of(job_id)
    database = Database(server.environment["NUMERAL_DATABASE_URL"])
    job = jobs.get(database, job_id)
    database.close()
    assert job["state"] == "interrupted" and "service was stopped" in job["error"]


def children_of(pid: int) -> list[int]:
    """The processes whose parent it is."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_retraining_that_would_not_outlive_the_server_is_interrupted_with_it(
    start_server: Callable[..., Server], small_weights: Path
) -> None:
    server = start_server(small_weights, NUMERAL_RETRAIN_OUTLIVES="false")
    location = retrain(server, **ENDLESS)
    assert len(server_processes(server.process.pid)) == 1
    server.stop()
    server.start()
    job = server.job(location)
    assert job["state"] == "interrupted" and "service was stopped" in job["error"]


def test_a_trainer_that_stands_still_is_ended_and_the_job_says_so(
    start_server: Callable[..., Server], small_weights: Path
) -> None:
    server = start_server(small_weights, NUMERAL_RETRAIN_STALL_SECONDS="8")
    location = retrain(server, **ENDLESS)
    wait_until(lambda: (server.job(location)["progress"] or {}).get("step"))
    (trainer,) = trainer_of(location.rpartition("/")[2])
    os.kill(trainer, signal.SIGSTOP)
    job = server.finished_job(location, 60)
    assert job["state"] == "failed" and "no progress for 8 seconds" in job["error"]
    assert not Path(f"/proc/{trainer}").exists()
