"""Whether this server's end is the end of everything around it, as that of a container's first process is."""

from __future__ import annotations

import multiprocessing
import os
from contextlib import suppress
from pathlib import Path

SMALL_INITS = {"docker-init", "tini", "dumb-init", "catatonit"}  # which end when their child does
FIRST = 1  # the process whose end is the container's


def ends_with_server() -> bool:
    """Whether every process here ends with this server."""
    parent = multiprocessing.parent_process()
    main = os.getpid() if parent is None or parent.pid is None else parent.pid
    return ends_with(main, parent_of(main), name_of(FIRST))


def ends_with(main: int, parent: int, first: str) -> bool:
    """The same, of the server's main process, its parent, and the name of the first process."""
    return main == FIRST or (parent == FIRST and first in SMALL_INITS)


def parent_of(pid: int) -> int:
    """The parent of a process, 0 where the system does not say (proc_pid_stat(5))."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def name_of(pid: int) -> str:
    """The name of a process's program."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""
