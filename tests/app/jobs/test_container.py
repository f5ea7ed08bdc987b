"""A retraining in a container ends with its server, and the next start says so."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.jobs import container
from app.jobs.container import ends_with
from tests.client import ENDLESS, retrain
from tests.processes import trainer_of
from tests.server import Server, wait_until


@pytest.mark.parametrize(
    ("main", "parent", "first", "ends"),
    [
        (1, 0, "numeral", True),  # docker run numeral
        (7, 1, "docker-init", True),  # docker run --init numeral
        (7, 1, "tini", True),
        (700, 1, "systemd", False),  # a service of a machine
        (700, 650, "systemd", False),  # from a terminal
        (700, 650, "docker-init", False),  # docker exec: the container goes on
        (700, 1, "bash", False),
    ],
)
def test_what_ends_with_the_server(main: int, parent: int, first: str, ends: bool) -> None:
    assert ends_with(main, parent, first) is ends


def can_unshare() -> bool:
    """Whether this user may create a PID namespace."""
    command = ["unshare", "--pid", "--fork", "--mount-proc", "true"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


class Contained(Server):
    """A server that is the first process of its own PID namespace, as in a container."""

    wrapper = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")

    def first(self) -> int:
        """The server's process id, as seen from outside the namespace."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])


def test_a_worker_asks_after_the_main_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(container, "ends_with", lambda main, parent, _: not asked.append((main, parent)))
    assert container.ends_with_server()
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: SimpleNamespace(pid=os.getppid()))
    assert container.ends_with_server()
    assert asked == [(os.getpid(), os.getppid()), (os.getppid(), container.parent_of(os.getppid()))]


@pytest.mark.slow
def test_a_container_that_stops_interrupts_its_retraining_and_its_next_start_says_so(
    tmp_path: Path, small_weights: Path
) -> None:
    if not can_unshare():
        pytest.skip("needs unshare(1) and the right to make a namespace of processes")
    shutil.copytree(small_weights, tmp_path / "weights", ignore=shutil.ignore_patterns("CURRENT", ".*"))
    server = Contained(tmp_path)
    try:
        location = retrain(server, **ENDLESS)
        job_id = location.rpartition("/")[2]
        wait_until(lambda: server.job(location)["state"] == "running" and trainer_of(job_id))
        os.kill(server.first(), signal.SIGTERM)
        server.process.wait(10)
        server.start()
        job = server.job(location)
        assert job["state"] == "interrupted" and "service was stopped" in job["error"]
        log = (tmp_path / "log").read_text()
        assert "was interrupted" in log and "POST /admin/retrain" in log
    finally:
        if server.process.poll() is None:
            os.kill(server.first(), signal.SIGKILL)
            server.process.wait(10)
        server.client.close()
        server.admin.close()
