"""Find and kill the processes of a service."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def command_lines() -> dict[int, str]:
    """The command line of every process, by its id (proc_pid_cmdline(5))."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return {pid: line for pid, line in found.items() if line}


def trainer_of(job_id: str) -> list[int]:
    """The trainer of the job, if there is one."""
    return [pid for pid, line in command_lines().items() if f"app.jobs.trainer {job_id}" in line]


def supervisor_of(job_id: str) -> list[int]:
    """The supervisor of the job, if there is one."""
    return [pid for pid, line in command_lines().items() if f"app.jobs.supervisor {job_id}" in line]


def server_processes(main: int) -> list[int]:
    """The server's main process, then its workers."""
    children = []
    for pid, line in command_lines().items():
        with suppress(OSError):
            parent = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == main and "spawn_main" in line:
                children.append(pid)
    return [main, *children]


def kill(pids: Iterable[int]) -> None:
    """Send SIGKILL to each process that still runs."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
