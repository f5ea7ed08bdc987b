"""Which files of a ZIP have a label, and which: what their folder says, or a CSV.

A ZIP holds folders named 0–9 with images in them, or images and beside them a `labels.csv` with lines of name and
label; both at the top or in other folders.
"""

from __future__ import annotations

import csv
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import PurePath, PurePosixPath
from typing import NamedTuple

from app.errors import BatchTooLarge, InvalidField, Problem
from model.image import Limits

LABELS = "labels.csv"
DIGITS = frozenset("0123456789")  # names of folders, and labels
UNPACKED_FACTOR = 4  # images hardly shrink: a ZIP that unpacks to more than this is a bomb
MAX_CSV_BYTES = 20_000_000
UNREADABLE = (  # what zipfile raises for a file that it can't read
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    OSError, EOFError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip


class BrokenArchive(Problem):
    status, slug, title = 422, "broken-archive", "The file is no ZIP that can be read"
    remedy = "Send a ZIP with folders 0–9, or with images and a labels.csv of names and labels."


class Item(NamedTuple):
    """One file of the ZIP, with the label that its folder or the CSV gives it."""

    info: zipfile.ZipInfo
    label: int


def labelled(archive: zipfile.ZipFile, limits: Limits, max_items: int) -> tuple[list[Item], list[str]]:
    """The files that have a label, and the names of those that have none.

    Raises BatchTooLarge, BrokenArchive or InvalidField.
    """
    files = [info for info in archive.infolist() if not info.is_dir() and not is_litter(info.filename)]
    if len(files) > max_items:
        raise BatchTooLarge(f"The ZIP has {len(files):,} files, more than {max_items:,}.")
    packed = sum(info.compress_size for info in files)
    unpacked = sum(info.file_size for info in files)
    if unpacked > UNPACKED_FACTOR * packed + limits.max_bytes:
        raise BrokenArchive(f"The ZIP would unpack from {packed:,} to {unpacked:,} bytes: that is no set of images.")
    labels = read_labels(archive, files)
    items: list[Item] = []
    without: list[str] = []
    for info in files:
        path = PurePosixPath(info.filename)
        if is_csv(path):
            continue
        label = label_of(path, labels)
        if label is None:
            without.append(info.filename)
        else:
            items.append(Item(info, label))
    return items, without


def is_litter(name: str) -> bool:
    """Whether it is what file managers leave behind."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")


def is_csv(path: PurePath) -> bool:
    """Whether the file gives labels to those beside it."""
    return path.name.lower() == LABELS


def read_labels(archive: zipfile.ZipFile, files: Sequence[zipfile.ZipInfo]) -> dict[PurePosixPath, int]:
    """The labels that each labels.csv gives to files in and below its folder. Raises BrokenArchive, InvalidField."""
    there = {PurePosixPath(info.filename): info for info in files}
    labels = {}
    for path, info in there.items():
        if is_csv(path):
            for name, label in read_csv(archive, info):
                if (named := path.parent / name) in there:
                    labels[named] = label
    return labels


def read_csv(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[tuple[str, int]]:
    """The names and labels of one CSV; a header line is passed over. Raises BrokenArchive, InvalidField."""
    try:
        with archive.open(info) as file:
            text = file.read(MAX_CSV_BYTES).decode("utf-8-sig")
    except UNREADABLE as error:
        raise BrokenArchive(f"{info.filename} can't be read: {error}.") from None
    rows = csv.reader(io.StringIO(text, newline=None))  # lines may end in LF, CR LF or CR
    try:
        for row in rows:
            if len(row) == 2 and row[1].strip() in DIGITS:
                yield row[0].strip(), int(row[1])
            elif row and rows.line_num > 1:
                raise csv.Error("must be a name and one digit")
    except csv.Error as error:
        raise InvalidField((f"{info.filename}, line {rows.line_num}", str(error))) from None


def label_of(path: PurePosixPath, labels: dict[PurePosixPath, int]) -> int | None:
    """The label that the CSV or the nearest folder gives the file."""
    if path in labels:
        return labels[path]
    folder = path.parent.name
    return int(folder) if folder in DIGITS else None
