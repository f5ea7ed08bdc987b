"""Detect whether all processes end with this server, as they do in a container whose first process it is."""

from __future__ import annotations

import multiprocessing
import os
from contextlib import suppress
from pathlib import Path

SMALL_INITS = {"docker-init", "tini", "dumb-init", "catatonit"}  # init processes that end with their child
FIRST = 1  # process id of a container's first process; the container ends with it


def ends_with_server() -> bool:
    """Whether every process in this container ends with this server."""
    parent = multiprocessing.parent_process()
    main = os.getpid() if parent is None or parent.pid is None else parent.pid
    return ends_with(main, parent_of(main), name_of(FIRST))


def ends_with(main: int, parent: int, first: str) -> bool:
    """The same for given values: ids of the server's main process and its parent, and the first process's name."""
    return main == FIRST or (parent == FIRST and first in SMALL_INITS)


def parent_of(pid: int) -> int:
    """The id of a process's parent; 0 where there is no /proc (proc_pid_stat(5))."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def name_of(pid: int) -> str:
    """The name of a process's program; empty where there is no /proc (proc_pid_comm(5))."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""
