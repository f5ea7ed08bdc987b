"""The folder in which the workers of one server share their metrics: prometheus-client's multiprocess mode.

Each worker writes files that carry its process id, and holds a lock while it lives. When it is dead its gauges are
removed, and its counters are added to one file, so that they never decrease and a worker that dies again and again
leaves no pile of files.
"""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import mark_process_dead

from model.files import locked

log = logging.getLogger("numeral")

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # the name is prometheus-client's
DEAD = "0"  # in the place of a process id: the counts of all workers that are dead
RESERVED_BYTES = {"histogram": 1 << 20, "counter": 1 << 18, "gauge_livesum": 1 << 16}  # more than they need


@contextmanager
def shared_folder(workers: int) -> Iterator[bool]:
    """Give the workers, which are started within the block, a fresh folder; it is removed afterwards.

    One worker needs none, and counts faster without. Yields whether metrics can be counted: False when several workers
    can't have a folder, for the counts of one of them alone would be wrong.
    """
    parent = os.environ.pop(VARIABLE, None) or None
    if workers == 1:
        yield True
        return
    try:
        folder = tempfile.TemporaryDirectory(prefix="numeral-metrics-", dir=parent)
    except OSError as error:
        log.error("there are no metrics: several workers need a folder for temporary files, and %s", error)
        yield False
        return
    with folder:
        os.environ[VARIABLE] = folder.name
        yield True
    del os.environ[VARIABLE]


def folder_of_workers() -> Path | None:
    """The folder that this worker shares with others; None when it counts alone."""
    return Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


def join(folder: Path) -> None:
    """Make this process a worker of the folder, before its first metric. Raises OSError, as on a full disk.

    The files get their whole size at once: on a full disk, a write to a mapped page without space kills the process.
    """
    own = str(os.getpid())
    with locked(folder):
        remove_dead_workers(folder)
        lock = os.open(folder / f"{own}.lock", os.O_CREAT | os.O_RDWR, 0o600)  # kept open until the process ends
        fcntl.flock(lock, fcntl.LOCK_EX)
        for kind in RESERVED_BYTES:
            reserve(folder, kind, own)


def reserve(folder: Path, kind: str, worker: str) -> Path:
    """Create a worker's file with its whole size, unless it is there. Raises OSError."""
    path = folder / f"{kind}_{worker}.db"
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        os.posix_fallocate(handle, 0, RESERVED_BYTES[kind])
    finally:
        os.close(handle)
    return path


def remove_dead_workers(folder: Path) -> None:
    """Remove the gauges of dead workers, and add their counters up. Call it with the folder locked.

    Where the disk is too full to add them up, they stay in their own files, which count as well.
    """
    for lock in folder.glob("*.lock"):
        if is_held(lock):
            continue
        mark_process_dead(lock.stem, str(folder))  # type: ignore[no-untyped-call]
        with suppress(OSError):
            for kind in ("counter", "histogram"):
                add_up(folder / f"{kind}_{lock.stem}.db", reserve(folder, kind, DEAD))
            lock.unlink()


def is_held(lock: Path) -> bool:
    """Whether the process that holds the lock lives."""
    with lock.open() as file, suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    return True


def add_up(dead: Path, total: Path) -> None:
    """Add the counts in the dead worker's file to those in the other, and remove the file. Nothing if it is gone."""
    if not dead.exists():
        return
    sums = MmapedDict(str(total))  # type: ignore[no-untyped-call]
    for key, value, _, _ in MmapedDict.read_all_values_from_file(str(dead)):  # type: ignore[no-untyped-call]
        sums.write_value(key, sums.read_value(key)[0] + value, 0.0)  # type: ignore[no-untyped-call]
    sums.close()  # type: ignore[no-untyped-call]
    dead.unlink()
