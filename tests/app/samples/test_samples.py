"""Suspect labels: judged by the version in use when a sample is stored, and again by each newer version."""

from __future__ import annotations

import numpy as np
from sqlalchemy import update

from app.database.database import Database
from app.database.tables import samples as table
from app.samples import samples
from model.classifier import Classifier
from model.preprocessing.pipeline import Reading, read_digit, to_png
from tests.pictures import draw_seven
from tests.server import SHIPPED

WRONG = 2


def page(blots: int) -> bytes:
    """A seven with `blots` blots beside it."""
    pixels = np.asarray(draw_seven(300)).copy()
    for number in range(blots):
        pixels[20 + 40 * number : 44 + 40 * number, 20:44] = 0
    return to_png(pixels)


def stored(database: Database, image: bytes, classifier: Classifier | None) -> str:
    """The id of the image, stored as a two."""
    with database.begin() as connection:
        return samples.add(connection, "tester", image, read_digit(image), WRONG, classifier).id


def suspects(database: Database) -> list[str]:
    return [row["id"] for row in samples.page(database, 0, 10, None, True)[0]]


def test_a_page_with_other_ink_proves_no_label_wrong(database: Database, classifier: Classifier) -> None:
    cluttered = read_digit(page(7))
    (alone,) = classifier.judge([Reading(cluttered.pixels, "PNG")])
    assert alone.digit == 7 and alone.accepted and cluttered.is_cluttered  # nothing but the other ink speaks against it
    stored(database, page(7), classifier)
    clean = stored(database, page(0), classifier)
    assert suspects(database) == [clean]


def test_another_version_judges_a_page_with_other_ink_by_the_same_rule(
    database: Database, classifier: Classifier
) -> None:
    stored(database, page(7), None)
    clean = stored(database, page(0), None)
    assert suspects(database) == []
    samples.refresh_predictions(database, classifier)
    assert suspects(database) == [clean]


def test_a_sample_stored_before_its_other_ink_was_counted_is_read_as_a_clean_one(
    database: Database, classifier: Classifier
) -> None:
    old = stored(database, page(0), None)
    with database.begin() as connection:
        connection.execute(update(table).values(stray=None))
    samples.refresh_predictions(database, classifier)
    assert suspects(database) == [old]


def test_what_is_no_digit_proves_no_label_wrong(database: Database, classifier: Classifier) -> None:
    strict = Classifier((SHIPPED / "1" / "model.onnx").read_bytes(), 1, classifier.min_confidence, min_score=1e9)
    stored(database, page(0), strict)
    assert suspects(database) == []
