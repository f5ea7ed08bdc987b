"""The table of samples: labelled images, each stored once with the network's input that was read from it."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from app.database import audit
from app.database.database import Database
from app.database.tables import samples
from app.http.errors import Problem
from app.schemas.samples import Outcome
from model.classifier import Classifier
from model.data.digits import Labelled
from model.data.held_out import is_held_out, sample_id
from model.preprocessing.pipeline import Reading

SURE = 0.9  # a label is suspect when the model reads another digit with at least this confidence
SUMMARY = [column for column in samples.c if column.name not in ("image", "reading")]
REFRESHED_TOGETHER = 500
FILE_TYPES = {  # suffix and media type of formats where they differ from the format's name
    "HEIF": ("heic", "image/heic"),
    "JPEG2000": ("jp2", "image/jp2"),
    "PPM": ("pnm", "image/x-portable-anymap"),
    "pixels": ("png", "image/png"),
}
SAMPLE_ID = re.compile(r"[0-9a-f]{64}")


class SampleNotFound(Problem):
    status, slug, title = 404, "sample-not-found", "There is no such sample"
    remedy = "GET /samples lists them."


class Added(NamedTuple):
    """A sample's id, and what storing it did."""

    id: str
    outcome: Outcome


def file_type(format: str) -> tuple[str, str]:
    """Suffix and media type of an image. format: as a `Reading` names it."""
    name = format.lower()
    return FILE_TYPES.get(format, (name, f"image/{name}"))


def add(
    connection: Connection, actor: str, image: bytes, reading: Reading, label: int, classifier: Classifier | None
) -> Added:
    """Store a labelled image; when it is stored already, correct its label. Writes the audit."""
    identity, now = sample_id(image), time.time()
    earlier = connection.execute(select(samples.c.label).where(samples.c.id == identity)).scalar()
    if earlier == label:
        return Added(identity, "unchanged")
    predicted = predictions(classifier, [reading], [label])[0] if classifier else {"suspect": False}
    if earlier is not None:
        values = {"label": label, "updated_at": now, **predicted}
        connection.execute(update(samples).where(samples.c.id == identity).values(values))
        audit.record(connection, actor, "sample-corrected", identity, before=earlier, label=label)
        return Added(identity, "corrected")
    row = {
        "id": identity, "label": label, "image": image, "reading": reading.pixels.tobytes(),
        "format": reading.format, "stray": reading.stray, "box": reading.box, "held_out": is_held_out(identity),
        "created_at": now, "updated_at": now, **predicted,
    }  # fmt: skip
    try:
        with connection.begin_nested():
            connection.execute(insert(samples).values(row))
    except IntegrityError:  # another request stored it at the same time
        return add(connection, actor, image, reading, label, classifier)
    audit.record(connection, actor, "sample-added", identity, label=label)
    return Added(identity, "created")


def predictions(classifier: Classifier, readings: Sequence[Reading], labels: Sequence[int]) -> list[dict[str, Any]]:
    """The columns `predicted`, `confidence`, `predicted_by` and `suspect` for each reading and its label.

    A label is suspect when the classifier accepts its own reading, reads another digit, and is SURE of it.
    """
    return [
        {
            "predicted": verdict.digit,
            "confidence": verdict.confidence,
            "predicted_by": classifier.version,
            "suspect": verdict.accepted and verdict.digit != label and verdict.confidence >= SURE,
        }
        for verdict, label in zip(classifier.judge(readings), labels, strict=True)
    ]


def refresh_predictions(database: Database, classifier: Classifier) -> None:
    """Predict again, with the version in use, each sample whose prediction is from another version."""
    outdated = samples.c.predicted_by.is_distinct_from(classifier.version)
    columns = (samples.c.id, samples.c.label, samples.c.reading, samples.c.format, samples.c.stray)
    query = select(*columns).where(outdated).limit(REFRESHED_TOGETHER)
    while True:
        with database.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        readings = [Reading(as_pixels(row.reading), row.format, row.stray or 0.0) for row in rows]
        values = predictions(classifier, readings, [row.label for row in rows])
        with database.begin() as connection:
            for row, predicted in zip(rows, values, strict=True):
                unchanged = (samples.c.id == row.id) & (samples.c.label == row.label)
                connection.execute(update(samples).where(unchanged).values(predicted))


def as_pixels(reading: bytes) -> NDArray[np.uint8]:
    """The stored reading (1024 bytes) as uint8 (32, 32)."""
    return np.frombuffer(reading, np.uint8).reshape(32, 32)


def get(database: Database, identity: str, with_image: bool = False) -> RowMapping:
    """The sample's row. Raises SampleNotFound."""
    if not SAMPLE_ID.fullmatch(identity):
        raise SampleNotFound("A sample's id is the SHA-256 of its image, 64 lower-case hexadecimal digits.")
    with database.read() as connection:
        query = select(*(samples.c if with_image else SUMMARY)).where(samples.c.id == identity)
        row = connection.execute(query).mappings().first()
    if row is None:
        raise SampleNotFound(f"There is no sample {identity}.")
    return row


def remove(database: Database, actor: str, identity: str) -> None:
    """Delete the sample. Raises SampleNotFound."""
    get(database, identity)
    with database.begin() as connection:
        if connection.execute(delete(samples).where(samples.c.id == identity).returning(samples.c.id)).first() is None:
            raise SampleNotFound(f"There is no sample {identity}.")
        audit.record(connection, actor, "sample-removed", identity)


def page(
    database: Database, after: int, limit: int, label: int | None, suspect: bool | None
) -> tuple[Sequence[RowMapping], int]:
    """At most `limit` samples with a number above `after`, oldest first, and the count of all that pass the filters."""
    conditions: list[ColumnElement[bool]] = []
    if label is not None:
        conditions.append(samples.c.label == label)
    if suspect is not None:
        conditions.append(samples.c.suspect == suspect)
    query = select(*SUMMARY).where(samples.c.number > after, *conditions).order_by(samples.c.number).limit(limit)
    with database.read() as connection:
        total = connection.execute(select(func.count()).select_from(samples).where(*conditions)).scalar_one()
        return connection.execute(query).mappings().all(), total


def count_by_label(connection: Connection) -> list[int]:
    """How many samples of each digit there are."""
    rows = connection.execute(select(samples.c.label, func.count()).group_by(samples.c.label))
    counts = {label: count for label, count in rows}
    return [counts.get(digit, 0) for digit in range(10)]


def for_training(database: Database) -> tuple[Labelled, Labelled]:
    """The samples for training, and the held-out ones, both sorted by id, so that trainings are repeatable."""
    query = select(samples.c.reading, samples.c.label, samples.c.held_out).order_by(samples.c.id)
    with database.read() as connection:
        rows = connection.execute(query).all()
    pixels = np.frombuffer(b"".join(row.reading for row in rows), np.uint8).reshape(-1, 32, 32)
    labels = np.array([row.label for row in rows], np.int64)
    held_out = np.array([row.held_out for row in rows], bool)
    everything = Labelled(pixels, labels, "samples")
    part = everything[held_out]
    return everything[~held_out], Labelled(part.images, part.labels, "held-out samples")
