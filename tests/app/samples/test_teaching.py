"""The digits of a number: stored in one transaction, and then samples like any others."""

from __future__ import annotations

import zipfile
from io import BytesIO

import numpy as np
import pytest

from app.database.database import Database
from app.samples import archive, samples, teaching
from model.classifier import Classifier
from model.numbers.alignment import AlignedDigit, Alignment
from model.preprocessing.decoding.page import Box
from model.preprocessing.pipeline import DEFAULT_LIMITS
from tests.faults import poisoned


@pytest.fixture(scope="module")
def alignment() -> Alignment:
    """Two digits, 3 and 4, whose pictures are not alike."""
    seen = [np.full((32, 32), level, np.uint8) for level in (3, 4)]
    return Alignment([AlignedDigit(int(one[0, 0]), Box(8, 9, 10, 11), one) for one in seen], 0.9)


def add(database: Database, alignment: Alignment, classifier: Classifier) -> None:
    """Store the digits as a request does."""
    with database.begin() as connection:
        teaching.add_digits(connection, "tester", alignment, classifier)


def test_they_are_trained_on_as_other_samples_are(
    database: Database, alignment: Alignment, classifier: Classifier
) -> None:
    add(database, alignment, classifier)
    found = [digit for part in samples.for_training(database) for digit in zip(part.images, part.labels, strict=True)]
    assert sorted((int(label), int(image[0, 0])) for image, label in found) == [(3, 3), (4, 4)]
    rows, _ = samples.page(database, 0, 10, None, None)
    assert [row["box"] for row in rows] == [[8, 9, 10, 11]] * 2


def test_all_are_stored_or_none(
    database: Database, alignment: Alignment, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaching.samples, "add", poisoned(samples.add, lambda *given: given[4] == 4))
    with pytest.raises(ZeroDivisionError):
        add(database, alignment, classifier)
    assert samples.page(database, 0, 10, None, None) == ([], 0)


def test_their_box_is_not_in_the_archive(database: Database, alignment: Alignment, classifier: Classifier) -> None:
    add(database, alignment, classifier)
    file = BytesIO()
    archive.write_all(database, file)
    for row in samples.page(database, 0, 10, None, None)[0]:
        samples.remove(database, "tester", row["id"])
    archive.add_all(database, "tester", file, classifier, DEFAULT_LIMITS, 10)
    with zipfile.ZipFile(file) as packed:
        assert len(packed.namelist()) == 2
    rows, _ = samples.page(database, 0, 10, None, None)
    assert [row["box"] for row in rows] == [[0, 0, 32, 32]] * 2  # of the 32×32 that it holds
