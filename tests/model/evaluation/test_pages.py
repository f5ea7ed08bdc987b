"""The conditions of pages, hands and near digits show what they say."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from model.data.digits import Splits
from model.data.handwriting.digits import FORMS
from model.data.handwriting.pen import Style
from model.evaluation.robustness.conditions import Build, Condition, Kind
from model.evaluation.robustness.frames import line_at_the_edge
from model.evaluation.robustness.hands import HANDS, UNSEEN, many_hands
from model.evaluation.robustness.near_digits import NEAR_DIGITS, NOTHING, half
from model.evaluation.robustness.pages import PAGES
from model.evaluation.robustness.papers import dark_sides, desk

SEEDS = range(8)


def picture(build: Build, ink: NDArray[np.uint8], seed: int) -> NDArray[np.float64]:
    """The condition's picture in gray, (H, W), 0–255."""
    return np.asarray(Image.open(io.BytesIO(build(ink, np.random.default_rng(seed)))).convert("L"), np.float64)


@pytest.fixture
def ink(embedded: Splits) -> NDArray[np.uint8]:
    """A digit, uint8 (28, 28), white on black."""
    return embedded.test.images[0][2:30, 2:30]


@pytest.mark.parametrize("condition", PAGES, ids=lambda condition: condition.name)
def test_a_page_has_the_digit_on_it_and_something_else(condition: Condition, ink: NDArray[np.uint8]) -> None:
    assert condition.kind == Kind.PAGE
    contrast = 12 if condition.name == "faint pencil" else 40
    for seed in SEEDS:
        full, empty = (picture(condition.build, each, seed) for each in (ink, NOTHING))
        share = (np.abs(full - empty) > contrast).mean()
        assert 0.004 < share < 0.4, "the digit makes the difference"


@pytest.mark.parametrize("condition", PAGES, ids=lambda condition: condition.name)
def test_no_two_pages_are_alike(condition: Condition, ink: NDArray[np.uint8]) -> None:
    assert len({picture(condition.build, ink, seed).tobytes() for seed in SEEDS}) == len(SEEDS)


def test_a_line_at_the_edge_is_there_in_both_polarities() -> None:
    pictures = [picture(line_at_the_edge, NOTHING, seed) for seed in range(30)]
    light = [float(np.median(page)) > 127 for page in pictures]
    assert 5 < sum(light) < 25
    for page in pictures:
        assert page.shape == (28, 28)
        line = np.abs(page - np.median(page)) > 60
        assert line.any() and not line[8:-8, 8:-8].any()


def test_a_desk_is_darker_than_its_sheet_and_dark_sides_than_their_page() -> None:
    for seed in SEEDS:
        page = picture(desk, NOTHING, seed)
        corners = page[[0, 0, -1, -1], [0, -1, 0, -1]]
        middle = page[page.shape[0] // 2, page.shape[1] // 2]
        assert np.median(corners) < middle - 40
    for seed in SEEDS:
        page = picture(dark_sides, NOTHING, seed)
        middle = np.median(page)
        sides = [np.median(side) for side in (page[0], page[-1], page[:, 0], page[:, -1])]
        assert sum(side < middle - 30 for side in sides) >= 3


def test_the_hands_go_beyond_those_of_training() -> None:
    seen, unseen = asdict(Style()), asdict(UNSEEN)
    for name, range_ in unseen.items():
        if name != "gaps":
            assert range_[0] < seen[name][0] or range_[1] > seen[name][1], name


def test_hands_have_the_labels_of_what_they_write() -> None:
    assert {condition.name: condition.labels for condition in HANDS} == {
        "slashed zeros": (0,),
        "ones with upstroke": (1,),
        "barred sevens": (7,),
    }
    pairs = many_hands(np.random.default_rng(1))
    drawn = [next(pairs) for _ in range(60)]
    assert {label for label, _ in drawn} == set(FORMS) and all(data[:2] == b"\xff\xd8" for _, data in drawn)


@pytest.mark.parametrize("condition", NEAR_DIGITS, ids=lambda condition: condition.name)
def test_what_is_near_a_digit_must_be_refused(condition: Condition, ink: NDArray[np.uint8]) -> None:
    assert condition.kind == Kind.NO_DIGIT
    assert len({picture(condition.build, ink, seed).tobytes() for seed in SEEDS}) > 1


def test_what_is_empty_has_no_digit(ink: NDArray[np.uint8]) -> None:
    for condition in NEAR_DIGITS[-2:]:
        for seed in SEEDS:
            assert (picture(condition.build, ink, seed) == picture(condition.build, NOTHING, seed)).all()


def test_a_half_is_a_part_of_the_digit(ink: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[float] = []
    whole: list[float] = []
    name = "model.evaluation.robustness.near_digits."

    def noting(notes: list[float], function: Callable[..., NDArray[np.float32]]) -> Callable[..., NDArray[np.float32]]:
        def call(*arguments: object) -> NDArray[np.float32]:
            result = function(*arguments)
            notes.append(float(result.sum()))
            return result

        return call

    from model.data.written import written
    from model.evaluation.robustness import canvas

    monkeypatch.setattr(name + "written", noting(whole, written))
    monkeypatch.setattr(name + "placed", noting(placed, canvas.placed))
    for seed in range(20):
        half(ink, np.random.default_rng(seed))
    shares = np.array(placed) / np.array(whole)
    assert len(shares) == 20 and shares.min() > 0.2 and shares.max() < 0.8
