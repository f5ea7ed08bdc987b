"""Temporary files for archives, and the problem (507) for a disk without space for them."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from app.http.errors import Problem

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NoScratchSpace(Problem):
    status, slug, title = 507, "no-scratch-space", "There is no space for temporary files"
    remedy = "The operator should give the service a temporary folder with free space; TMPDIR names it."


@contextmanager
def temporary_file() -> Iterator[IO[bytes]]:
    """A file that is deleted afterwards. Raises NoScratchSpace when it can't be created or can't grow."""
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115  # errors at its creation are handled apart from later ones
    except OSError as error:
        raise NoScratchSpace(f"The service can't write any temporary folder: {error}.") from error
    try:
        with file:
            yield file
    except OSError as error:
        if error.errno in FULL:
            raise NoScratchSpace(f"The temporary folder is full: {error.strerror}.") from error
        raise
