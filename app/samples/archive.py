"""Import samples from a ZIP, item by item and within limits, and export them to one. Nothing is unpacked to the disk.

`archive_labels.py` finds the label of each file. An image whose name ends in `.pixels.png` holds the network's input
itself; every other image is a picture in which the digit must be found.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, NamedTuple

from sqlalchemy import select

from app.database.database import Database
from app.database.tables import samples as table
from app.http.errors import Problem, UnsupportedMediaType
from app.http.media_types import URLENCODED, media_type
from app.inference.predictor import problem_of
from app.samples import samples
from app.samples.archive_labels import UNREADABLE, BrokenArchive, Item, labelled_files, opened, why
from app.schemas.samples import ImportOutcome
from model import faults
from model.classifier import Classifier
from model.faults import result_or_error
from model.preprocessing.decoding.decode import decode
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.pipeline import Reading, read_digit, read_pixels

PIXELS = "pixels.png"  # end of the file name of a sample that was sent as pixels
CHUNK = 100  # items in one transaction
NO_LABEL = "It is in no folder 0–9 and no labels.csv names it."
CHUNK_BYTES = 10_000_000  # of images in one transaction, and in memory
ZIP_TYPES = (
    "",
    "application/zip",
    "application/x-zip-compressed",
    "application/octet-stream",
    URLENCODED,  # the default of `curl --data-binary`
)

log = logging.getLogger(__name__)


class Result(NamedTuple):
    """The outcome for one file; `detail` says why it was refused."""

    name: str
    outcome: ImportOutcome
    id: str | None = None
    detail: str | None = None


class Prepared(NamedTuple):
    """One file, ready to be stored."""

    name: str
    image: bytes
    reading: Reading
    label: int


def add_all(
    database: Database, actor: str, file: IO[bytes], classifier: Classifier | None, limits: Limits, max_items: int
) -> list[Result]:
    """Store every labelled image of the ZIP, and return a result for each file.

    Can be repeated: an image that is already stored with the same label is "unchanged".
    Raises BrokenArchive, BatchTooLarge or InvalidField before anything is stored. Raises DatabaseUnavailable between
    two chunks, after the ones before were stored.
    """
    with opened(file, max_items) as archive:
        items, unlabelled = labelled_files(archive, limits, max_items)
        results = [Result(name, "refused", detail=NO_LABEL) for name in unlabelled]
        for chunk in chunked(prepare(archive, items, limits, results)):
            results.extend(store(database, actor, chunk, classifier))
        return results


def store(database: Database, actor: str, chunk: Sequence[Prepared], classifier: Classifier | None) -> list[Result]:
    """Store the images in one transaction. When a bug makes that fail, store each in its own. Raises Problem."""

    def add(items: Sequence[Prepared]) -> list[samples.Added]:
        with database.begin() as connection:  # short: the pictures were read before it
            return [samples.add(connection, actor, one.image, one.reading, one.label, classifier) for one in items]

    results = []
    for one, added in zip(chunk, faults.each(add, chunk, log, "storing pictures", expected=(Problem,)), strict=True):
        if isinstance(added, Problem):
            raise added
        if isinstance(added, Exception):
            results.append(Result(one.name, "refused", detail=problem_of(added).detail))
        else:
            results.append(Result(one.name, added.outcome, added.id))
    return results


def prepare(
    archive: zipfile.ZipFile, items: Iterable[Item], limits: Limits, results: list[Result]
) -> Iterator[Prepared]:
    """Unpack and read the files. One that fails is appended to `results` as refused."""
    for info, label in items:
        prepared = result_or_error(prepare_one, archive, info, label, limits)
        if isinstance(prepared, Prepared):
            yield prepared
        else:
            results.append(Result(info.filename, "refused", detail=problem_of(prepared).detail))


def prepare_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, label: int, limits: Limits) -> Prepared:
    """Unpack and read one file. Raises BrokenArchive, ImageError."""
    try:
        image = unpack(archive, info, limits)
    except UNREADABLE as error:
        raise BrokenArchive(f"It can't be unpacked: {why(error, info)}.") from None
    return Prepared(info.filename, image, reading_of(info.filename, image, limits), label)


def reading_of(name: str, image: bytes, limits: Limits) -> Reading:
    """Convert the image to the network's input; a `.pixels.png` is taken as it is. Raises ImageError."""
    if name.endswith(f".{PIXELS}"):
        return read_pixels(decode(image, limits).gray)
    return read_digit(image, limits)


def chunked(items: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    """Split the items into lists of at most CHUNK items and about CHUNK_BYTES of images."""
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


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> bytes:
    """The file's content, cut one byte above the limit, since the size that the ZIP states may be wrong."""
    with archive.open(info) as file:
        return file.read(limits.max_bytes + 1)


def write_all(database: Database, file: IO[bytes]) -> None:
    """Write every sample into a ZIP that `add_all` reads back: LABEL/ID.EXTENSION, or LABEL/ID.pixels.png."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for row in every_sample(database):
            suffix = PIXELS if row.format == "pixels" else samples.file_type(row.format)[0]
            archive.writestr(zipfile.ZipInfo(f"{row.label}/{row.id}.{suffix}"), row.image)


def every_sample(database: Database) -> Iterator[Any]:
    """All samples in the order of arrival, with one chunk at a time in memory."""
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
    """Raise UnsupportedMediaType for a Content-Type that is not in ZIP_TYPES."""
    kind = media_type(content_type)
    if kind not in ZIP_TYPES:
        raise UnsupportedMediaType(f"Send the ZIP itself as the body, as application/zip, not {kind}.")
