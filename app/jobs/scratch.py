"""A temporary folder for a training, even when /tmp can't be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from model.files import locked
from model.registry.store import DRAFT_PREFIX


@contextmanager
def scratch_folder(others: Iterable[Path]) -> Iterator[Path]:
    """A folder that is removed afterwards: in the system's temporary folder, or else in the first writable of `others`.

    It is locked and named like a store's draft. So when a killed process leaves one in the store, the next publishing
    removes it. Raises OSError that names every folder that can't be written.
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
