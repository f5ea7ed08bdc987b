"""Pixels: the accepted shapes and ranges, and the errors for all others."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from app.http.errors import InvalidField
from app.inference.pictures import many_pictures, one_picture
from app.schemas.pixels import JSON_SCHEMA

GRAY = np.arange(784).reshape(28, 28) % 256
UNIT = GRAY / 255
INK = (GRAY > 128).astype(int)


def read(pixels: Any) -> np.ndarray:
    picture = one_picture(json.dumps({"pixels": pixels}).encode(), "application/json")
    assert isinstance(picture, list)
    return np.array([list(row) for row in picture])


def refused(pixels: Any) -> str:
    with pytest.raises(InvalidField) as caught:
        read(pixels)
    (error,) = caught.value.extra["errors"]
    assert error["field"] == "pixels"
    return error["message"]


@pytest.mark.parametrize("shape", [(28, 28), (784,), (28, 28, 1), (1, 28, 28), (1, 28, 28, 1), (1, 784), (784, 1)])
@pytest.mark.parametrize("values", [GRAY, GRAY.astype(float), UNIT], ids=["integers", "floats", "floats 0-1"])
def test_pixels_are_the_same_in_every_shape_and_range(shape: tuple[int, ...], values: np.ndarray) -> None:
    assert (read(values.reshape(shape).tolist()) == GRAY).all()


def test_32_by_32_pixels_may_be_flat_too() -> None:
    wide = np.arange(1024).reshape(32, 32) % 256
    assert (read(wide.tolist()) == wide).all()
    assert (read(wide.ravel().tolist()) == wide).all()


@pytest.mark.parametrize("values", [INK, INK.astype(float)], ids=["integers", "floats"])
def test_zeros_and_ones_are_paper_and_ink(values: np.ndarray) -> None:
    assert (read(values.tolist()) == INK * 255).all()


def test_a_single_2_makes_the_range_0_to_255() -> None:
    values = INK.copy()
    values[3, 3] = 2
    assert (read(values.tolist()) == values).all()


def test_fractions_are_rounded_and_half_a_unit_is_half_of_255() -> None:
    values = np.zeros((28, 28))
    values[0, :4] = [254.6, 1.4, 0.6, 255]
    assert read(values.tolist())[0, :4].tolist() == [255, 1, 1, 255]
    values[0, :4] = [0.5, 1, 0.25, 0]
    assert read(values.tolist())[0, :4].tolist() == [128, 255, 64, 0]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (256, "row 2, column 3 is 256"),
        (255.001, "row 2, column 3 is 255.001"),
        (-1, "row 2, column 3 is -1"),
        (-0.4242, "undo a normalisation"),
        (math.nan, "row 2, column 3 is nan"),
        (math.inf, "row 2, column 3 is inf"),
        (10**400, "hundreds of digits"),
        (True, "row 2, column 3 is true or false"),
        (False, "row 2, column 3 is true or false"),
        ("7", "row 2, column 3 is text"),
        (None, "row 2, column 3 is null"),
        ({}, "row 2, column 3 is an object"),
        ([], "row 2, column 3 is a list"),
        ([0, 0, 0], "must have one channel; row 2, column 3 is a list of 3: send its grey value"),
    ],
    ids=str,
)
@pytest.mark.parametrize("flat", [False, True], ids=["rows", "flat"])
def test_a_pixel_that_is_no_number_of_the_range_is_named(value: object, said: str, flat: bool) -> None:
    rows: list[Any] = (GRAY // 2).tolist()
    rows[1][2] = value
    assert said in refused([pixel for row in rows for pixel in row] if flat else rows)


def test_colours_are_refused_by_the_first_pixel() -> None:
    assert "one channel; row 1, column 1 is a list of 3" in refused(np.zeros((28, 28, 3), int).tolist())


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        ([], "a list of 0"),
        ([1, 2, 3], "a list of 3"),
        ([28] * 28, "a list of 28"),
        ([10**12] * 28, "a list of 28"),
        ([[0] * 28] * 27, "a list of 27"),
        ([[0] * 28] * 27 + [[0] * 27], "row 28 has 27 values, not 28"),
        ([[0] * 28] * 27 + [5], "row 28 is no list"),
        ([[0] * 28] * 32, "row 1 has 28 values, not 32"),
        ([[0] * 30] * 30, "a list of 30"),
        ("0" * 784, "no list"),
        ({"0": [0] * 28}, "no list"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_another_shape_is_refused_by_what_it_is(pixels: object, said: str) -> None:
    assert said in refused(pixels)


def test_booleans_are_seen_in_a_batch_whose_other_items_have_none() -> None:
    items = [{"pixels": INK.tolist()}, {"pixels": (INK > 0).tolist()}]
    first, second = many_pictures(json.dumps(items).encode(), "application/json", 2)
    assert isinstance(first, list) and isinstance(second, InvalidField)


def test_the_schema_names_both_sides_in_all_four_layouts() -> None:
    layouts = JSON_SCHEMA["anyOf"]
    counts = [(layout["minItems"], layout["maxItems"]) for layout in layouts]
    assert counts == [(28, 28), (784, 784), (28, 28), (1, 1), (32, 32), (1024, 1024), (32, 32), (1, 1)]
