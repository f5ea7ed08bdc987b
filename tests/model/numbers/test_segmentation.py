"""Cuts separate touching digits, leave clear ones whole, and give a bounded number of pieces."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from model.numbers.seams import SIDEWAYS, cheapest, followed, minima, seams_of
from model.numbers.segmentation import MAX_JOINED, PIECE_WIDTH, box_on_page, pieces_of, primitives_of
from model.numbers.text_lines import TextLine
from model.preprocessing.errors import CrowdedPage

HEIGHT = 32.0


def line_of(ink: NDArray[np.float32]) -> TextLine:
    """A line with this ink, float32 (h, w), 0–255, upright and not scaled."""
    return TextLine(ink, ink > 127, HEIGHT, 0, 0, 1.0, np.zeros(len(ink)))


def rings(*lefts: int, width: int = 24) -> NDArray[np.float32]:
    """Zeros that are `width` pixels wide, with strokes of 3, and begin at these columns."""
    rows, columns = np.mgrid[0:36, 0 : max(lefts) + width + 4].astype(np.float32)
    ink = np.zeros(rows.shape, np.float32)
    for left in lefts:
        radius = np.hypot((rows - 18) / 16, (columns - left - 2 - width / 2) / (width / 2))
        ink[(radius <= 1) & (radius >= 0.75)] = 255
    return ink


def test_apart_digits_are_components() -> None:
    primitives = primitives_of(line_of(rings(0, 30)), lambda digits: np.ones(len(digits), bool))
    assert len(primitives.boxes) == 2
    assert primitives.cut.tolist() == [0, 0]


def test_touching_digits_are_cut_where_they_touch() -> None:
    primitives = primitives_of(line_of(rings(0, 23)))
    lefts = primitives.boxes[1:, 0]
    assert any(abs(left - 25) <= 2 for left in lefts.tolist())
    assert (primitives.cut[1:] > 0).all()


def test_every_pixel_of_ink_belongs_to_one_primitive() -> None:
    line = line_of(rings(0, 23, 46))
    primitives = primitives_of(line)
    assert ((primitives.labels > 0) == line.mask).all()
    assert sorted(set(primitives.labels[line.mask].tolist())) == list(range(1, len(primitives.boxes) + 1))


def test_a_clear_digit_is_not_cut_unless_it_is_too_wide() -> None:
    narrow, wide = line_of(rings(0)), line_of(rings(0, width=60))
    assert len(primitives_of(narrow, lambda digits: np.ones(len(digits), bool)).boxes) == 1
    assert len(primitives_of(narrow).boxes) > 1
    assert len(primitives_of(wide, lambda digits: np.ones(len(digits), bool)).boxes) > 1


def test_a_dash_is_not_cut() -> None:
    ink = np.zeros((36, 60), np.float32)
    ink[16:19, 5:55] = 255
    assert len(primitives_of(line_of(ink)).boxes) == 1


def test_pieces_are_runs_of_neighbours_and_not_too_wide() -> None:
    line = line_of(rings(0, 23, 46, 69))
    primitives = primitives_of(line)
    pieces = pieces_of(line, primitives)
    singles = {piece.first for piece in pieces if piece.last == piece.first + 1}
    assert singles == set(range(len(primitives.boxes)))
    assert all(piece.last - piece.first <= MAX_JOINED for piece in pieces)
    joined = [piece for piece in pieces if piece.last > piece.first + 1]
    assert joined and all(piece.box[2] - piece.box[0] <= PIECE_WIDTH * HEIGHT for piece in joined)
    assert {piece.pixels.shape for piece in pieces} == {(32, 32)}


def test_a_piece_shows_only_its_own_ink() -> None:
    line = line_of(rings(0, 30))
    primitives = primitives_of(line, lambda digits: np.ones(len(digits), bool))
    first, second = (piece for piece in pieces_of(line, primitives) if piece.last == piece.first + 1)
    assert first.pixels.sum() == pytest.approx(second.pixels.sum(), rel=0.01)


def test_too_many_pieces_are_a_crowded_page() -> None:
    line = line_of(rings(0, 23, 46))
    with pytest.raises(CrowdedPage):
        pieces_of(line, primitives_of(line), most=3)


def test_a_line_without_ink_has_no_pieces() -> None:
    line = line_of(np.zeros((36, 40), np.float32))
    assert pieces_of(line, primitives_of(line)) == []


def test_a_seam_between_digits_costs_nothing_and_crosses_none() -> None:
    ink = np.zeros((30, 21), np.float32)
    ink[:, :8] = ink[:, 13:] = 1
    (seams,) = seams_of([ink], HEIGHT)
    assert seams and all(seam.cost == 0 and set(seam.path.tolist()) <= set(range(8, 14)) for seam in seams)


def test_components_side_by_side_have_the_seams_that_they_have_alone() -> None:
    one, other = rings(0, 23) / 255, rings(0, 22, width=28)[4:] / 255
    together = seams_of([one, other], HEIGHT)
    for ink, seams in zip((one, other), together, strict=True):
        (alone,) = seams_of([ink], HEIGHT)
        assert [seam.path.tolist() for seam in seams] == [seam.path.tolist() for seam in alone]


def test_the_cheapest_path_is_the_cheapest() -> None:
    random = np.random.default_rng(0)
    strip = np.pad(random.random((5, 4)).astype(np.float32), ((0, 0), (1, 1)), constant_values=1e6)
    costs, steps = cheapest(strip)
    for way, sideways in enumerate(SIDEWAYS):
        expected = strip[0].copy()
        for row in strip[1:]:
            expected = row + np.array(
                [
                    min(
                        expected[column],
                        expected[column - 1] + sideways if column else np.inf,
                        expected[column + 1] + sideways if column < 5 else np.inf,
                    )
                    for column in range(6)
                ]
            )
        np.testing.assert_allclose(costs[0, way, -1, 1:5], expected[1:5], rtol=1e-5)
        path = followed(steps[0, way], 4, 2)
        assert np.abs(np.diff(path)).max() <= 1 and path[0] == 2


def test_minima_are_least_around_and_apart() -> None:
    assert minima(np.array([3, 1, 2, 5, 0, 0, 0, 4], np.float32), 2) == [1, 4, 6]


def test_the_box_on_the_page_undoes_scale_slant_and_place() -> None:
    ink = np.zeros((36, 40), np.float32)
    ink[10:20, 20:30] = 255
    line = line_of(ink)._replace(top=100, left=50, scale=2.0, shifts=np.full(36, 4.0))
    primitives = primitives_of(line)
    (piece,) = pieces_of(line, primitives)
    assert box_on_page(line, primitives, piece) == (50 + 8, 100 + 5, 50 + 13, 100 + 10)
