"""How commands speak: one line on standard error for what went wrong, and which files a folder holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

IMAGE_SUFFIXES = {
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif", ".pgm", ".jp2"
}  # fmt: skip


def fail(error: Exception) -> int:
    """One line on standard error; exit status 1."""
    print(f"numeral: {said(error)}", file=sys.stderr)
    return 1


def said(error: Exception) -> str:
    """The error in one line; the operating system's without number and quotes: FILE: what is wrong with it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def is_image(path: Path) -> bool:
    """Whether its name says so."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def files_below(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[Path]:
    """The files in the folder and those below it, sorted; hidden ones and what file managers leave behind are not.

    `on_error` is told of folders that can't be read.
    """
    for place, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(names):
            if not name.startswith(".") and (path := Path(place, name)).is_file():
                yield path
