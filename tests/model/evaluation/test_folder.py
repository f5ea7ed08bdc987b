"""Labels come from names, and the figures of a folder are counts of its pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.classifier import Classifier, Verdict
from model.data.labelled_folder import Picture, find_pictures, label_of, name_below
from model.errors import DataError
from model.evaluation.folder import Answer, answer_folder
from model.evaluation.folder_metrics import digit_metrics, failures, other_metrics
from model.preprocessing.pipeline import Reading

READING = Reading(np.zeros((32, 32), np.uint8), "png")


def answer(label: int | None, digit: int | None, confidence: float = 0.9, reason: str | None = None) -> Answer:
    """An answer; digit: None for a page that was taken for blank."""
    picture = Picture(Path("p.png"), f"{label}/{digit}-{confidence}-{reason}", label)
    if digit is None:
        return Answer(picture, None, None)
    rest = (1 - confidence) / 9
    probabilities = [confidence if index == digit else rest for index in range(10)]
    return Answer(picture, READING, Verdict(digit, confidence, reason is None, reason, probabilities))


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("7/a.png", "7"),
        ("0_a.png", "0"),
        ("9_a.png", "9"),
        ("set/7/a/b.png", "7"),
        ("2/7/a.png", "7"),
        ("7/2_a.png", "7"),
        ("NONE/a.png", "none"),
        ("none_a_7.png", "none"),
        ("7.png", None),
        ("none.png", None),
        ("77/a.png", None),
        ("a_7.png", None),
        ("7a_b.png", None),
    ],
)
def test_the_label_is_the_inmost_folder_s_name_or_else_the_beginning_of_the_file_s(path: str, label: str) -> None:
    assert label_of(Path(path)) == label


def test_a_name_that_is_no_text_can_be_printed() -> None:
    assert name_below(Path("set"), Path("set/7/\udcff.png")) == "7/\ufffd.png"


def test_what_an_answer_is() -> None:
    assert answer(3, 3).is_right and not answer(3, 3).is_failure and answer(3, 3).reason is None
    assert not answer(3, 5).is_right and answer(3, 5).is_failure
    refused = answer(3, 3, reason="low-confidence")
    assert refused.is_right and refused.is_failure and not refused.accepted and refused.reason == "low-confidence"
    blank = answer(3, None)
    assert (blank.digit, blank.confidence, blank.accepted, blank.reason) == (None, 0, False, "blank-image")
    assert not blank.is_right and blank.is_failure
    assert answer(None, 3).is_failure and not answer(None, 3).is_right and not answer(None, None).is_right
    assert not answer(None, 3, reason="not-a-digit").is_failure and not answer(None, None).is_failure


def test_digits_and_others_are_measured_apart() -> None:
    answers = [
        *[answer(3, 3, 0.8)] * 3,
        answer(3, 5, 0.8),
        answer(5, 5, 0.8, "low-confidence"),
        answer(5, None),
        answer(None, 3),
        answer(None, 3, 0.9, "not-a-digit"),
        answer(None, None),
        answer(None, None),
    ]
    digits, others = digit_metrics(answers), other_metrics(answers)
    assert digits is not None and others is not None
    assert (digits.count, digits.accuracy, digits.accepted, digits.accuracy_when_accepted) == (6, 4 / 6, 4 / 6, 3 / 4)
    assert digits.blank == pytest.approx(1 / 6) and digits.calibration_error == pytest.approx(0, abs=1e-9)
    assert digits.recall == [None, None, None, 0.75, None, 0.5, None, None, None, None]
    assert (digits.confusion[3][3], digits.confusion[3][5], digits.confusion[5][5]) == (3, 1, 1)
    assert digits.refused == {"low-confidence": 1, "blank-image": 1}
    assert (others.count, others.accepted, others.refused) == (4, 0.25, {"blank-image": 2, "not-a-digit": 1})
    assert list(others.refused) == ["blank-image", "not-a-digit"], "the most frequent first"


def test_of_no_pictures_and_of_blank_ones_there_is_nothing_to_say() -> None:
    assert digit_metrics([answer(None, 3)]) is None and other_metrics([answer(3, 3)]) is None
    blank = digit_metrics([answer(3, None)])
    assert blank is not None and (blank.calibration_error, blank.accuracy_when_accepted, blank.blank) == (None, None, 1)


def test_failures_come_in_the_order_of_how_bad_they_are() -> None:
    ordered = [
        answer(None, 3, 0.99),
        answer(3, 5, 0.95),
        answer(3, 5, 0.9, "not-a-digit"),
        answer(3, 5, 0.6, "not-a-digit"),
        answer(3, None),
        answer(3, 3, 0.97, "not-a-digit"),
        answer(3, 3, 0.7, "low-confidence"),
    ]
    good = [answer(3, 3), answer(None, None), answer(None, 3, 0.9, "not-a-digit")]
    assert failures([*good, *ordered[::-1]]) == ordered


def test_progress_counts_every_picture_also_those_that_can_not_be_read(
    classifier: Classifier, tmp_path: Path, seven: bytes
) -> None:
    for name, content in (("7_a.png", seven), ("7_b.png", b""), ("none_c.png", seven)):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "7_d.png").symlink_to("/proc/self/mem")  # whose first byte can't be read
    steps: list[tuple[int, int]] = []
    answers = answer_folder(classifier, tmp_path, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [each.picture.name for each in answers.answers] == ["7_a.png", "none_c.png"]
    assert answers.unreadable == {"7_b.png": "The image is empty.", "7_d.png": "Input/output error"}


def test_a_folder_without_labelled_pictures_says_how_to_label(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no picture in it; put pictures into folders named 0–9 or none"):
        find_pictures(tmp_path)
    (tmp_path / "a.png").touch()
    with pytest.raises(DataError, match="none of its 1 pictures has a label; put pictures into"):
        find_pictures(tmp_path)
    with pytest.raises(DataError, match=r"a\.png is a file: name a folder"):
        find_pictures(tmp_path / "a.png")
    with pytest.raises(DataError, match="nothing is not there: name a folder"):
        find_pictures(tmp_path / "nothing")
