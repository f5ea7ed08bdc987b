"""Find the label of each file of a ZIP: from the name of its folder, or from a `labels.csv`.

A ZIP has folders named 0–9 with images in them, or images with a `labels.csv` beside them, whose lines are name and
label. Both may be at the top or within other folders.
"""

from __future__ import annotations

import codecs
import csv
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import PurePath, PurePosixPath
from typing import IO, NamedTuple

from app.http.errors import BatchTooLarge, InvalidField, Problem
from model.preprocessing.decoding.limits import Limits

LABELS = "labels.csv"
DIGITS = frozenset("0123456789")  # names of folders, and labels
UNPACKED_FACTOR = 4  # unpacked over packed bytes; image files hardly shrink, so a larger factor means a ZIP bomb
MAX_CSV_BYTES = 20_000_000
ENTRY_START = b"PK\x01\x02"  # of a file's entry in the directory (APPNOTE.TXT, 4.3.12)
ENTRIES_PER_ITEM = 3  # macOS adds an entry for each file, and folders have entries, too
SCAN_BYTES = 1 << 20
ENCRYPTED = 1  # bit of an entry's flags
DELIMITERS = ",;\t"  # between two columns, as spreadsheets write them
UNREADABLE = (  # exceptions of zipfile for a file that it can't read
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


def opened(file: IO[bytes], max_items: int) -> zipfile.ZipFile:
    """Open the ZIP, after a check that its directory is small enough. Raises BrokenArchive or BatchTooLarge."""
    most = ENTRIES_PER_ITEM * max_items
    if count_entries(file) > most:
        raise BatchTooLarge(f"The ZIP has more than {most:,} entries.")
    try:
        return zipfile.ZipFile(file)
    except UnicodeError:
        raise BrokenArchive("The name of a file in the ZIP is no UTF-8, as it says.") from None
    except UNREADABLE as error:
        raise BrokenArchive(f"The body is no ZIP: {why(error)}.") from None


def count_entries(file: IO[bytes]) -> int:
    """An upper bound for the ZIP's number of entries: how often ENTRY_START occurs anywhere in it."""
    file.seek(0)
    count, rest = 0, b""
    while piece := file.read(SCAN_BYTES):
        piece = rest + piece
        count += piece.count(ENTRY_START)
        rest = piece[1 - len(ENTRY_START) :]
    return count


def why(error: Exception, info: zipfile.ZipInfo | None = None) -> str:
    """Why a ZIP, or the file `info` in it, can't be read, as a clause."""
    if info is not None and info.flag_bits & ENCRYPTED:
        return "it is encrypted with a password"
    said = str(error).rstrip(".")
    return said if said and isinstance(error, zipfile.BadZipFile | NotImplementedError) else "it is damaged"


def labelled_files(archive: zipfile.ZipFile, limits: Limits, max_items: int) -> tuple[list[Item], list[str]]:
    """The files that have a label, and the names of those that have none.

    Raises BatchTooLarge, BrokenArchive or InvalidField.
    """
    files = [info for info in archive.infolist() if not info.is_dir() and not is_litter(info.filename)]
    if len(files) > max_items:
        raise BatchTooLarge(f"The ZIP has {len(files):,} files, more than {max_items:,}.")
    if len({info.header_offset for info in files}) < len(files):
        raise BrokenArchive("Some files of the ZIP lie in the same place: each is to have its own.")
    packed = sum(info.compress_size for info in files)
    unpacked = sum(info.file_size for info in files)
    if unpacked > UNPACKED_FACTOR * packed + limits.max_bytes:
        raise BrokenArchive(f"The ZIP would unpack from {packed:,} to {unpacked:,} bytes: that is no set of images.")
    labels = read_labels(archive, files, max_items)
    items: list[Item] = []
    unlabelled: list[str] = []
    for info in files:
        path = PurePosixPath(info.filename)
        if is_csv(path):
            continue
        label = label_of(path, labels)
        if label is None:
            unlabelled.append(info.filename)
        else:
            items.append(Item(info, label))
    return items, unlabelled


def is_litter(name: str) -> bool:
    """Whether the file was added by a file manager, such as macOS's metadata, and is no image of the user's."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")


def is_csv(path: PurePath) -> bool:
    """Whether the file is a labels.csv."""
    return path.name.lower() == LABELS


def read_labels(archive: zipfile.ZipFile, files: Sequence[zipfile.ZipInfo], max_items: int) -> dict[PurePosixPath, int]:
    """Path → label, for the files in the ZIP that a labels.csv in their folder or a folder above names.

    Raises BatchTooLarge, BrokenArchive, InvalidField.
    """
    there = {PurePosixPath(info.filename): info for info in files}
    labels = {}
    for path, info in there.items():
        if is_csv(path):
            for number, (name, label) in enumerate(read_csv(archive, info)):
                if number > max_items:
                    raise BatchTooLarge(f"{info.filename} has more than {max_items:,} lines.")
                if (named := path.parent / name) in there:
                    labels[named] = label
    return labels


def read_csv(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[tuple[str, int]]:
    """Yield the (name, label) lines of one CSV, without its header. Raises BrokenArchive, InvalidField."""
    try:
        with archive.open(info) as file:
            text = as_text(file.read(MAX_CSV_BYTES))
    except UnicodeError:
        raise BrokenArchive(f"{info.filename} is no text in UTF-8.") from None
    except UNREADABLE as error:
        raise BrokenArchive(f"{info.filename} can't be read: {why(error, info)}.") from None
    first_line = text[: text.find("\n")]
    delimiter = next((each for each in DELIMITERS if each in first_line), DELIMITERS[0])
    rows = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter, strict=True)  # lines end in LF, CR LF or CR
    try:
        for row in rows:
            if len(row) == 2 and row[1].strip() in DIGITS:
                yield row[0].strip(), int(row[1])
            elif row and rows.line_num > 1:
                raise csv.Error("must be a name and one digit")
    except csv.Error as error:
        raise InvalidField((f"{info.filename}, line {rows.line_num}", str(error))) from None


def as_text(data: bytes) -> str:
    """Decode UTF-8, or UTF-16 as Excel's "Unicode Text" has it. Raises UnicodeError."""
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if is_utf16 else "utf-8-sig")


def label_of(path: PurePosixPath, labels: dict[PurePosixPath, int]) -> int | None:
    """The file's label from a CSV, or else from its folder's name; None when it has none."""
    if path in labels:
        return labels[path]
    folder = path.parent.name
    return int(folder) if folder in DIGITS else None
