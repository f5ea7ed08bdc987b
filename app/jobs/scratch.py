"""Temporary files and folders, also where /tmp can't be written."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from app.http.errors import Problem
from model.files import locked
from model.registry.store import DRAFT_PREFIX

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NoScratchSpace(Problem):
    status, slug, title = 507, "no-scratch-space", "There is no room for what is needed for a while"
    remedy = "The operator should give the service a temporary folder with free space; TMPDIR names it."


@contextmanager
def temporary_file() -> Iterator[IO[bytes]]:
    """A file that is gone afterwards. Raises NoScratchSpace when it can't be made or grow."""
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115  # an error of its making is another one than of its use
    except OSError as error:
        raise NoScratchSpace(f"The service can't write any temporary folder: {error}.") from error
    try:
        with file:
            yield file
    except OSError as error:
        if error.errno in FULL:
            raise NoScratchSpace(f"The temporary folder is full: {error.strerror}.") from error
        raise


@contextmanager
def scratch_folder(others: Iterable[Path]) -> Iterator[Path]:
    """A folder that is gone afterwards: in the system's temporary folder, else in the first other one that works.

    It is locked and named as a store's draft, so whoever publishes next removes one that was left behind there.
    Raises OSError that names every folder that can't be written.
    """
    places: list[Path] = []
    with suppress(OSError):
        places.append(Path(tempfile.gettempdir()))
    refused = []
    for place in [*places, *others]:
        try:
            place.mkdir(parents=True, exist_ok=True)
            made = tempfile.TemporaryDirectory(prefix=f"{DRAFT_PREFIX}numeral-", dir=place, ignore_cleanup_errors=True)
        except OSError as error:
            refused.append(f"{place} ({error.strerror})")
            continue
        with made as name, locked(Path(name)):
            yield Path(name)
        return
    raise OSError(f"no folder can be written by user {os.geteuid()}: {', '.join(refused)}")
