"""Pack a folder into the ZIP that `POST /samples/import` takes: folders 0–9 with images, or images and a labels.csv."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from app.cli.remote import Refused
from app.samples.archive_labels import DIGITS, LABELS, is_csv
from app.settings import Settings
from model.data.folders import files_below, is_image

MAX_FILES: int = Settings.model_fields["max_import_items"].default  # the limits of a service with default settings
MAX_BYTES: int = Settings.model_fields["max_import_bytes"].default


def pack(folder: Path, file: IO[bytes]) -> list[OSError]:
    """Write the ZIP and return an error for each file or folder that could not be read.

    The name of `folder` itself is a label, too, when it is one of 0–9.
    Raises Refused when the folder has nothing to import, or is too large.
    """
    left_out: list[OSError] = []
    found = list(wanted(files_below(folder, left_out.append)))
    if not any(is_csv(path) or path.resolve().parent.name in DIGITS for path in found):
        raise Refused(f"{folder} has nothing to import: put images into folders 0-9 in it, or a {LABELS} beside them")
    size = sum(path.stat().st_size for path in found)
    if len(found) > MAX_FILES or size > MAX_BYTES:
        much = f"{len(found):,} files of {size:,} bytes, more than {MAX_FILES:,} of {MAX_BYTES:,}"
        raise Refused(f"{folder} has {much}: import its folders one by one")
    root = folder.parent if folder.resolve().name in DIGITS else folder
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for path in found:
            try:
                add(archive, path, name_in_zip(path, root))
            except OSError as error:
                left_out.append(error)
    return left_out


def wanted(files: Iterable[Path]) -> Iterator[Path]:
    """Keep images, every labels.csv, and all files in a folder named 0–9."""
    return (path for path in files if is_image(path) or is_csv(path) or path.resolve().parent.name in DIGITS)


def name_in_zip(path: Path, root: Path) -> str:
    """The file's path relative to the root, with "/" between folders; bytes that are not UTF-8 become U+FFFD."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")


def add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    """Copy one file, without its time: a ZIP can't hold one before 1980. Raises OSError."""
    with path.open("rb") as source, archive.open(zipfile.ZipInfo(name), "w") as target:
        shutil.copyfileobj(source, target)
