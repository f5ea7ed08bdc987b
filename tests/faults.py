"""Faults that tests cause: a full disk, a database that is locked or damaged, a bug for one argument."""

from __future__ import annotations

import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server import Server, wait_until


@contextmanager
def files_limited_to(size: int, pid: int = 0) -> Iterator[None]:
    """Within this context, writing more than `size` bytes into a file raises OSError, as on a full disk (prlimit(2)).

    pid: the process, 0 for this one.
    """
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def full_disk(server: Server) -> Iterator[None]:
    """Let no file of the server grow."""
    with files_limited_to(0, server.process.pid):
        yield


@contextmanager
def locked_database(server: Server) -> Iterator[None]:
    """Hold SQLite's write lock from another connection."""
    connection = sqlite3.connect(server.folder / "numeral.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


def database_at_rest(server: Server) -> Path:
    """The database's file, once no connection is open: until then its write-ahead log may hold all that is in it."""
    path = server.folder / "numeral.db"
    wait_until(lambda: not path.with_name("numeral.db-wal").exists())
    return path


@contextmanager
def damaged_database(server: Server) -> Iterator[None]:
    """Replace the file's content by garbage; restore it from a copy afterwards."""
    path = database_at_rest(server)
    shutil.copy(path, server.folder / "copy")
    path.write_bytes(b"garbage " * 4096)
    try:
        yield
    finally:
        for name in ("numeral.db-wal", "numeral.db-shm"):
            (server.folder / name).unlink(missing_ok=True)
        shutil.copy(server.folder / "copy", path)


def poisoned(function: Callable[..., object], is_poison: Callable[..., bool]) -> Callable[..., object]:
    """Wrap the function, so that it raises for the arguments that `is_poison` picks."""

    def buggy(*arguments: object) -> object:
        if is_poison(*arguments):
            raise ZeroDivisionError("a bug of ours")
        return function(*arguments)

    return buggy
