"""List the files in a folder, tell images by their names, and read them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

IMAGE_SUFFIXES = {  # of every format in `model.preprocessing.decoding.limits.FORMATS`, and of HEIC
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif",
    ".jp2", ".j2k", ".jpx", ".pgm", ".ppm", ".pbm", ".pnm",
}  # fmt: skip


def is_image(path: Path) -> bool:
    """Whether the file's name ends like an image's."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def files_below(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[Path]:
    """Yield the files in the folder and its subfolders, sorted, without hidden ones and macOS's `__MACOSX` folders.

    `on_error` is called with the error of each folder that can't be read.
    """
    for place, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(names):
            if not name.startswith(".") and (path := Path(place, name)).is_file():
                yield path


def image_bytes(path: Path, max_bytes: int) -> bytes:
    """The file's bytes, read up to one byte beyond the limit: enough to refuse it. Raises OSError."""
    with path.open("rb") as file:
        return file.read(max_bytes + 1)
