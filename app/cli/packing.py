"""A folder as the ZIP that `POST /samples/import` takes: folders 0–9 with images, or images and a labels.csv."""

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

MAX_FILES: int = Settings.model_fields["max_import_items"].default  # what a service takes unless it is told otherwise
MAX_BYTES: int = Settings.model_fields["max_import_bytes"].default


def pack(folder: Path, file: IO[bytes]) -> list[OSError]:
    """Write the ZIP; answers with what could not be read. A folder that is itself named 0–9 is a label, too.

    Raises Refused for a folder with nothing to import, and for one that is too large.
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
    """Images, lists of labels, and whatever lies in a folder that is a label."""
    return (path for path in files if is_image(path) or is_csv(path) or path.resolve().parent.name in DIGITS)


def name_in_zip(path: Path, root: Path) -> str:
    """The file's name below the root; of what is no Unicode something is left."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")


def add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    """Copy one file, whose time, which may be before 1980, does not matter. Raises OSError."""
    with path.open("rb") as source, archive.open(zipfile.ZipInfo(name), "w") as target:
        shutil.copyfileobj(source, target)
