"""Verdicts follow from the graph's outputs and the thresholds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from model.classifier import (
    BATCH,
    LOW_CONFIDENCE,
    NOT_A_DIGIT,
    OTHER_INK,
    SEVERAL_DIGITS,
    Classifier,
    Scores,
    session_options,
)
from model.errors import DamagedVersion
from model.preprocessing.pipeline import Reading, read_digit
from tests.server import SHIPPED


@pytest.fixture
def shipped() -> Classifier:
    """The shipped version."""
    return Classifier.load(SHIPPED / "1")


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch, shipped: Classifier) -> Callable[[float, float], Classifier]:
    """A classifier with thresholds 0.5 and 2.0, whose graph answers 3 with this confidence and score for any image."""

    def made(confidence: float, score: float) -> Classifier:
        probabilities = np.full(10, (1 - confidence) / 9, np.float32)
        probabilities[3] = confidence
        shipped.min_confidence, shipped.min_score = 0.5, 2.0

        def scores(images: np.ndarray) -> Scores:
            count = len(images)
            return Scores(np.log([probabilities] * count), np.array([probabilities] * count), np.full(count, score))

        monkeypatch.setattr(shipped, "scores", scores)
        return shipped

    return made


@pytest.mark.parametrize(
    ("confidence", "score", "reason"),
    [
        (0.5, 2.0, None),  # at both thresholds
        (0.75, 3.0, None),
        (0.49, 2.0, LOW_CONFIDENCE),
        (0.5, 1.9, NOT_A_DIGIT),
        (0.49, 1.9, NOT_A_DIGIT),  # what is no digit has no right confidence either
    ],
)
def test_what_is_below_a_threshold_is_not_accepted_and_why(
    fixed: Callable[[float, float], Classifier], confidence: float, score: float, reason: str | None
) -> None:
    (verdict,) = fixed(confidence, score).predict(np.zeros((1, 1, 32, 32), np.float32))
    assert (verdict.accepted, verdict.reason) == (reason is None, reason)
    assert verdict.digit == 3 and verdict.confidence == pytest.approx(confidence)
    assert len(verdict.probabilities) == 10 and verdict.probabilities[3] == verdict.confidence


def test_a_digit_beside_other_ink_is_not_accepted_however_sure_the_graph_is(
    fixed: Callable[[float, float], Classifier],
) -> None:
    clean = Reading(np.zeros((32, 32), np.uint8), "PNG")
    verdicts = fixed(0.9, 9.0).judge([clean, clean._replace(stray=0.5), clean])
    assert [verdict.reason for verdict in verdicts] == [None, OTHER_INK, None]
    assert [verdict.accepted for verdict in verdicts] == [True, False, True]
    assert {verdict.digit for verdict in verdicts} == {3}


@pytest.mark.parametrize(("confidence", "score", "reason"), [(0.4, 9.0, LOW_CONFIDENCE), (0.9, 1.0, NOT_A_DIGIT)])
def test_what_the_graph_refuses_beside_other_ink_has_the_graph_s_reason(
    fixed: Callable[[float, float], Classifier], confidence: float, score: float, reason: str
) -> None:
    (verdict,) = fixed(confidence, score).judge([Reading(np.zeros((32, 32), np.uint8), "PNG", stray=0.5)])
    assert (verdict.accepted, verdict.reason) == (False, reason)


@pytest.mark.parametrize(
    ("confidence", "score", "stray", "reason"),
    [
        (0.9, 9.0, 0.0, None),  # the network's word counts
        (0.9, 9.0, 0.5, SEVERAL_DIGITS),
        (0.9, 1.0, 0.0, SEVERAL_DIGITS),
        (0.4, 9.0, 0.0, LOW_CONFIDENCE),
        (0.4, 9.0, 0.5, LOW_CONFIDENCE),
    ],
)
def test_what_seems_to_show_several_digits_is_that_if_it_is_refused(
    fixed: Callable[[float, float], Classifier], confidence: float, score: float, stray: float, reason: str | None
) -> None:
    page = Reading(np.zeros((32, 32), np.uint8), "PNG", stray, shows_several=True)
    (verdict,) = fixed(confidence, score).judge([page])
    assert (verdict.accepted, verdict.reason) == (reason is None, reason)


def test_readings_are_judged_by_their_shares_of_full_ink(shipped: Classifier, seven: bytes) -> None:
    reading = read_digit(seven)
    (verdict,) = shipped.judge([reading])
    assert verdict.digit == 7
    assert verdict == shipped.predict(reading.pixels[None, None].astype(np.float32) / 255)[0]


def test_a_graph_that_answers_for_fewer_images_than_it_got_is_no_answer_for_the_rest(
    shipped: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = [Reading(np.zeros((32, 32), np.uint8), "PNG")] * 2
    verdict = shipped.judge(readings[:1])[0]
    with monkeypatch.context() as patch, pytest.raises(ValueError, match="argument 2 is"):
        patch.setattr(shipped, "predict", lambda images: [verdict])
        shipped.judge(readings)
    rows = np.full((2, 10), 0.1, np.float32)
    monkeypatch.setattr(shipped, "scores", lambda images: Scores(rows, rows, np.zeros(1, np.float32)))
    with pytest.raises(ValueError, match="argument 2 is"):
        shipped.judge(readings)


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH + 1, 2 * BATCH + 5])
def test_each_of_many_readings_is_judged_once_in_its_place_and_never_too_many_at_once(
    shipped: Classifier, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    readings = [Reading(random.integers(0, 256, (32, 32), np.uint8), "pixels") for _ in range(count)]
    alone = [shipped.judge([reading])[0] for reading in readings]
    sizes: list[int] = []
    predict = shipped.predict
    monkeypatch.setattr(shipped, "predict", lambda images: sizes.append(len(images)) or predict(images))
    together = shipped.judge(readings)
    assert [verdict.digit for verdict in together] == [verdict.digit for verdict in alone]
    assert [v.confidence for v in together] == pytest.approx([v.confidence for v in alone], abs=1e-5)
    assert sum(sizes) == count and max(sizes, default=0) <= BATCH == 16


def test_a_version_is_loaded_with_its_own_number_and_thresholds(shipped: Classifier) -> None:
    manifest = json.loads((SHIPPED / "1" / "manifest.json").read_text())
    assert shipped.version == manifest["version"] == 1
    assert shipped.min_confidence == manifest["acceptance"]["min_confidence"]
    assert shipped.min_score == manifest["acceptance"]["min_score"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("manifest.json", None),
        ("manifest.json", b"{"),
        ("manifest.json", b"{}"),
        ("manifest.json", b"[]"),
        ("model.onnx", None),
        ("model.onnx", b"no graph"),
    ],
)
def test_a_version_that_can_not_be_loaded_is_damaged(tmp_path: Path, file: str, content: bytes | None) -> None:
    folder = tmp_path / "1"
    shutil.copytree(SHIPPED / "1", folder)
    (folder / file).unlink() if content is None else (folder / file).write_bytes(content)
    with pytest.raises(DamagedVersion, match="can't be loaded") as caught:
        Classifier.load(folder)
    assert ("model.onnx can't" in str(caught.value)) is (content == b"no graph")


def test_a_session_takes_one_thread_that_does_not_spin() -> None:
    options = session_options()
    assert options.intra_op_num_threads == options.inter_op_num_threads == 1
    assert options.execution_mode == onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.log_severity_level == 3  # errors only
