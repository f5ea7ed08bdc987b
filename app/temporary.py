"""Temporary files for what is too large for memory, and the problem that there is no room for one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from app.errors import Problem


class NoTemporarySpace(Problem):
    status, slug, title = 503, "no-temporary-space", "There is no room for a temporary file"
    remedy = "The operator should look at the space and permissions of /tmp, or set TMPDIR to another folder."


@contextmanager
def told() -> Iterator[None]:
    """Raise NoTemporarySpace for what the system can't do with a temporary file."""
    try:
        yield
    except OSError as error:
        raise NoTemporarySpace(f"A temporary file can't be written: {error.strerror or error}.") from error


def temporary_file() -> IO[bytes]:
    """A file that is gone when it is closed. Raises NoTemporarySpace."""
    with told():
        return tempfile.TemporaryFile()
