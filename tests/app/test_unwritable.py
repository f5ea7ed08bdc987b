"""Folders that can't be written: the shipped version is served, and other requests get an error that says why."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs import scratch
from app.jobs.scratch import scratch_folder
from tests.client import GENTLE, check_problem, retrain
from tests.faults import full_disk
from tests.pictures import zipped
from tests.server import Server, wait_until

NOBODY = 65534
TEMPORARY = ("/tmp", "/var/tmp", "/usr/tmp")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


class Foreign(Server):
    """A server that runs as a user who owns no folder and has no home."""

    wrapper = ("env", "-u", "HOME", "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv(1)")
def test_a_foreign_user_serves_what_is_shipped_and_says_what_can_not_be_written(folder: Path, seven: bytes) -> None:
    for name in ("weights", "var"):
        (folder / name).mkdir()
    server = Foreign(folder, NUMERAL_DATABASE_URL=f"sqlite:///{folder}/var/numeral.db")
    try:
        assert server.client.post("/predict", content=seven).json()["digit"] == 7
        wait_until(lambda: str(folder / "var") in server.client.get("/readyz").json()["warning"])
        health = server.client.get("/readyz").json()
        assert health["status"] == "ok" and health["model_version"] == "1"
        assert "shipped version 1" in health["warning"] and str(folder / "weights") in health["warning"]
        for path in ("/samples", "/admin/jobs", "/admin/audit"):
            problem = check_problem(server.admin.get(path), 503, "database-unavailable")
            assert f"{folder / 'var'} can't be written by user {NOBODY}" in problem["detail"]
        (folder / "var").chmod(0o777)
        assert server.admin.get("/samples").json()["total"] == 0
        problem = check_problem(server.admin.post("/admin/retrain"), 503, "weights-unwritable")
        assert str(folder / "weights") in problem["detail"]
        assert server.admin.get("/admin/jobs").json()["total"] == 0
        wait_until(lambda: str(folder / "var") not in server.client.get("/readyz").json()["warning"])
    finally:
        server.close()


def can_mount() -> bool:
    """Whether this user may create a mount namespace and change its mounts."""
    command = ["unshare", "--mount", "mount", "-o", "remount,bind,ro", "/"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


class ReadOnly(Server):
    """A server that can write to its two volumes and nowhere else, not even to /tmp."""

    @property
    def wrapper(self) -> tuple[str, ...]:
        volumes = " ".join(f"mount --bind {path} {path};" for path in (self.folder / "weights", self.folder / "var"))
        rest = " ".join(f"mount -o remount,bind,ro {path} 2>/dev/null;" for path in ("/", *TEMPORARY))
        return ("unshare", "--mount", "env", "-u", "HOME", "sh", "-c", f'{volumes} {rest} exec "$@"', "sh")


@pytest.mark.slow
def test_without_a_temporary_folder_retrainings_work_and_imports_say_what_is_missing(
    folder: Path, small_weights: Path, seven: bytes
) -> None:
    if not can_mount():
        pytest.skip("needs unshare(1) and the right to make a namespace of mounts")
    shutil.copytree(small_weights, folder / "weights", ignore=shutil.ignore_patterns("CURRENT", ".*"))
    (folder / "var").mkdir()
    server = ReadOnly(
        folder,
        NUMERAL_DATABASE_URL=f"sqlite:///{folder}/var/numeral.db",
        NUMERAL_CACHE_DIR=str(folder / "var" / "mnist"),
        MPLCONFIGDIR="/tmp/matplotlib-that-is-not-there",
    )
    try:
        location = retrain(server, **GENTLE)
        problem = check_problem(
            server.admin.post("/samples/import", content=zipped({"7/a.png": seven})), 507, "no-scratch-space"
        )
        assert "TMPDIR" in server.client.get(problem["type"]).text
        check_problem(server.admin.get("/samples/export"), 507, "no-scratch-space")
        job = server.finished_job(location)
        assert job["state"] == "promoted", job
        wait_until(lambda: sorted(os.listdir(folder / "weights")) == ["1", "2", "CURRENT"])
    finally:
        server.close()


def test_a_full_temporary_folder_is_a_clear_problem(start_server, seven: bytes) -> None:
    server = start_server()
    with full_disk(server):
        problem = check_problem(
            server.admin.post("/samples/import", content=zipped({"7/a.png": seven})), 507, "no-scratch-space"
        )
    assert "full" in problem["detail"]
    assert server.admin.post("/samples/import", content=zipped({"7/a.png": seven})).json()["counts"] == {"created": 1}


def test_a_training_without_any_folder_says_which_ones_it_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_text("where a folder should be")

    def nowhere() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(scratch.tempfile, "gettempdir", nowhere)
    with pytest.raises(OSError, match="a file"), scratch_folder([tmp_path / "a file"]):
        pass
    with scratch_folder([tmp_path / "a file", tmp_path / "var"]) as made:
        assert made.parent == tmp_path / "var"
    assert not made.exists()


@pytest.mark.parametrize("obstacle", ["a file where a folder should be", "nothing can be made there"])
def test_a_database_that_can_not_be_made_leaves_predictions_and_says_so(
    start_server, tmp_path: Path, seven: bytes, obstacle: str
) -> None:
    url = "sqlite:////proc/numeral.db"
    if obstacle.startswith("a file"):
        (tmp_path / "var").write_text(obstacle)
        url = f"sqlite:///{tmp_path}/var/numeral.db"
    server = start_server(NUMERAL_DATABASE_URL=url)
    assert server.client.post("/predict", content=seven).json()["digit"] == 7
    where = url.removeprefix("sqlite:///").removesuffix("/numeral.db")
    assert where in check_problem(server.admin.get("/samples"), 503, "database-unavailable")["detail"]
    wait_until(lambda: where in (server.client.get("/readyz").json()["warning"] or ""))
    assert where in (tmp_path / "log").read_text()
