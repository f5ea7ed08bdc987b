"""Samples as a ZIP: in, item by item within limits, and out again. Nothing is ever unpacked to the disk.

A ZIP holds folders named 0–9 with images in them, or images and beside them a `labels.csv` with lines of name and
label; both at the top or in other folders. A name that ends in `.pixels.png` says that the image is no picture of a
digit but the pixels that the model is to be given.
"""

from __future__ import annotations

import csv
import io
import logging
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import IO, Any, NamedTuple

from sqlalchemy import select

from app import samples
from app.db import Database
from app.errors import BatchTooLarge, InvalidField, Problem, UnsupportedMediaType
from app.predict import problem_of
from app.tables import samples as table
from model import faults
from model.classifier import Classifier
from model.decode import decode
from model.image import Limits, Reading, attempt, read_digit, read_pixels

LABELS = "labels.csv"
PIXELS = "pixels.png"  # how the name of a sample ends that was sent as pixels
CHUNK = 100  # items a transaction
CHUNK_BYTES = 10_000_000  # of images a transaction, and in memory
UNPACKED_FACTOR = 4  # images hardly shrink: a ZIP that unpacks to more than this is a bomb
MAX_CSV_BYTES = 20_000_000
ZIP_TYPES = (
    "",
    "application/zip",
    "application/x-zip-compressed",
    "application/octet-stream",
    "application/x-www-form-urlencoded",  # what `curl --data-binary` says of anything
)
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    OSError, EOFError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip

log = logging.getLogger(__name__)


class BrokenArchive(Problem):
    status, slug, title = 422, "broken-archive", "The file is no ZIP that can be read"
    remedy = "Send a ZIP with folders 0–9, or with images and a labels.csv of names and labels."


class Item(NamedTuple):
    """One file of the ZIP, with the label that its folder or the CSV gives it."""

    info: zipfile.ZipInfo
    label: int


class Prepared(NamedTuple):
    """One file, ready to be stored."""

    name: str
    image: bytes
    reading: Reading
    label: int


class Result(NamedTuple):
    """What became of one file: "created", "corrected", "unchanged", or "refused" with a detail."""

    name: str
    outcome: str
    id: str | None = None
    detail: str | None = None


def add_all(
    database: Database, actor: str, file: IO[bytes], judge: Classifier | None, limits: Limits, max_items: int
) -> list[Result]:
    """Store every labelled image of the ZIP; a result for each. Can be repeated: what is there is left alone.

    Raises BrokenArchive, BatchTooLarge or InvalidField before anything is stored, DatabaseUnavailable after whole
    chunks.
    """
    try:
        archive = zipfile.ZipFile(file)
    except UNREADABLE as error:
        raise BrokenArchive(f"The body is no ZIP: {error}.") from None
    with archive:
        results: list[Result] = []
        items = labelled(archive, limits, max_items, results)
        for chunk in chunked(prepare(archive, items, limits, results)):
            results.extend(store(database, actor, chunk, judge))
        return results


def store(database: Database, actor: str, chunk: Sequence[Prepared], judge: Classifier | None) -> list[Result]:
    """Store the images in one transaction; where one breaks it by a bug of ours, each in its own. Raises Problem."""
    try:
        with database.begin() as connection:  # short: the pictures were read before it
            added = [samples.add(connection, actor, one.image, one.reading, one.label, judge) for one in chunk]
        return [Result(one.name, done.outcome, done.id) for one, done in zip(chunk, added, strict=True)]
    except Problem:
        raise
    except Exception as error:
        if len(chunk) == 1:
            return [Result(chunk[0].name, "refused", detail=problem_of(error).detail)]
        faults.report(log, f"storing {len(chunk)} pictures together", error)
        return [result for one in chunk for result in store(database, actor, [one], judge)]


def prepare(
    archive: zipfile.ZipFile, items: Iterable[Item], limits: Limits, results: list[Result]
) -> Iterator[Prepared]:
    """Unpack and read the files; those that can't be are noted in `results`."""
    for info, label in items:
        prepared = attempt(prepare_one, archive, info, label, limits)
        if isinstance(prepared, Prepared):
            yield prepared
        else:
            results.append(Result(info.filename, "refused", detail=problem_of(prepared).detail))


def prepare_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, label: int, limits: Limits) -> Prepared:
    """Unpack and read one file. Raises BrokenArchive, ImageError."""
    try:
        image = unpack(archive, info, limits)
    except UNREADABLE as error:
        raise BrokenArchive(f"It can't be unpacked: {error}.") from None
    return Prepared(info.filename, image, reading_of(info.filename, image, limits), label)


def reading_of(name: str, image: bytes, limits: Limits) -> Reading:
    """The image as the network will see it; pixels are taken as they are. Raises ImageError."""
    if name.endswith(f".{PIXELS}"):
        return read_pixels(decode(image, limits).gray)
    return read_digit(image, limits)


def chunked(items: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    """Runs of items, each small enough for one transaction and for the memory."""
    chunk: list[Prepared] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += len(item.image)
        if len(chunk) == CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def labelled(archive: zipfile.ZipFile, limits: Limits, max_items: int, results: list[Result]) -> list[Item]:
    """The files that have a label; what has none is noted in `results`. Raises Problem."""
    files = [info for info in archive.infolist() if not info.is_dir() and not is_litter(info.filename)]
    if len(files) > max_items:
        raise BatchTooLarge(f"The ZIP has {len(files):,} files, more than {max_items:,}.")
    packed = sum(info.compress_size for info in files)
    unpacked = sum(info.file_size for info in files)
    if unpacked > UNPACKED_FACTOR * packed + limits.max_bytes:
        raise BrokenArchive(f"The ZIP would unpack from {packed:,} to {unpacked:,} bytes: that is no set of images.")
    labels = read_labels(archive, files)
    items = []
    for info in files:
        path = PurePosixPath(info.filename)
        if is_csv(path):
            continue
        label = label_of(path, labels)
        if label is not None:
            items.append(Item(info, label))
        else:
            detail = "It is in no folder 0–9 and no labels.csv names it."
            results.append(Result(info.filename, "refused", detail=detail))
    return items


def is_litter(name: str) -> bool:
    """Whether it is what file managers leave behind."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")


def is_csv(path: PurePosixPath) -> bool:
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
            if len(row) == 2 and row[1].strip() in set("0123456789"):
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
    return int(folder) if len(folder) == 1 and folder in "0123456789" else None


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> bytes:
    """The file's content, read no further than the limit, whatever the ZIP claims of its size."""
    with archive.open(info) as file:
        return file.read(limits.max_bytes + 1)


def write_all(database: Database, file: IO[bytes]) -> None:
    """Write every sample into a ZIP that `add_all` reads back: LABEL/ID.EXTENSION, or LABEL/ID.pixels.png."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for row in every_sample(database):
            kind = PIXELS if row.format == "pixels" else row.format.lower()
            archive.writestr(zipfile.ZipInfo(f"{row.label}/{row.id}.{kind}"), row.image)


def every_sample(database: Database) -> Iterator[Any]:
    """All samples in the order of arrival, a chunk in memory at a time."""
    last = 0
    while True:
        query = select(table).where(table.c.number > last).order_by(table.c.number).limit(CHUNK)
        with database.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].number


def check_media_type(content_type: str) -> None:
    """Raise UnsupportedMediaType for what claims to be something else than a ZIP."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ZIP_TYPES:
        raise UnsupportedMediaType(f"Send the ZIP itself as the body, as application/zip, not {kind}.")
