"""Cuts separate touching digits, leave clear ones whole, and give a bounded number of pieces."""

from __future__ import annotations

import contextlib
import itertools
import tracemalloc

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model.numbers.cuts import MAX_CUTS, Cuts, cuts_of
from model.numbers.pieces import MAX_APART, WIDEST, box_on_page, pieces_of
from model.numbers.seams import COARSE, MAX_CUT, SIDEWAYS, cheapest, followed, minima, seams_of, waists_of
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


def all_clear(digits: list[NDArray[np.uint8]]) -> NDArray[np.bool_]:
    """Every component is so clear that it is not cut."""
    return np.ones(len(digits), bool)


def slashed(first: float, last: float) -> NDArray[np.float32]:
    """Three strokes side by side that lean like a backslash, upright, and like a slash, and a bar that joins them."""
    rows, columns = np.mgrid[0:36, 0:60].astype(np.float32)
    middles = 18 + (rows - 18) * first, np.full(rows.shape, 30), 42 + (rows - 18) * last
    strokes = np.logical_or.reduce([np.abs(columns - middle) <= 1.5 for middle in middles])
    bar = (np.abs(rows - 18) <= 1) & (columns > 16) & (columns < 44)
    return np.where((strokes | bar) & (rows > 1) & (rows < 34), 255, 0).astype(np.float32)


def corridors() -> NDArray[np.float32]:
    """A block of ink with two narrow corridors through it, which cross, and a bar that joins its parts."""
    rows, columns = np.mgrid[0:36, 0:40]
    ink = (columns >= 2) & (columns < 38) & (np.abs(columns - rows - 2) > 1) & (np.abs(columns + rows - 37) > 1)
    return np.where(ink | (rows == 8) | (rows == 27), 255, 0).astype(np.float32)


def cross(cuts: Cuts, one: int, other: int) -> bool:
    """Whether of two cuts each has ink to its left that is to the other's right."""
    left = cuts.left[[one, other]]
    return bool((left[0] & ~left[1]).any() and (left[1] & ~left[0]).any())


def test_apart_digits_are_components() -> None:
    cuts = cuts_of(line_of(rings(0, 30)), all_clear)
    assert cuts.left.tolist() == [[False, False], [True, False], [True, True]]
    assert not cuts.is_seam.any() and not cuts.ink.any()


def test_touching_digits_are_cut_where_they_touch() -> None:
    line = line_of(rings(0, 23))
    cuts = cuts_of(line)
    assert cuts.is_seam[1:-1].all() and (cuts.ink[1:-1] > 0).all()
    lefts = {piece.box[0] for piece in pieces_of(line, cuts) if piece.last == len(cuts.ink) - 1}
    assert any(abs(left - 25) <= 2 for left in lefts)


def test_every_pixel_of_ink_belongs_to_one_fragment() -> None:
    line = line_of(rings(0, 23, 46))
    cuts = cuts_of(line)
    assert ((cuts.labels > 0) == line.mask).all()
    assert sorted(set(cuts.labels[line.mask].tolist())) == list(range(1, len(cuts.boxes) + 1))
    for fragment, (left, top, right, bottom) in enumerate(cuts.boxes.tolist(), start=1):
        rows, columns = np.nonzero(cuts.labels == fragment)
        assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (left, top, right, bottom)


def test_no_two_cuts_part_the_ink_alike() -> None:
    line = line_of(rings(0, 23, 46))
    cuts = cuts_of(line)
    areas = np.bincount(cuts.labels.ravel())[1:]
    for one, other in itertools.combinations(range(1, len(cuts.ink) - 1), 2):
        assert (cuts.left[one] ^ cuts.left[other]) @ areas >= COARSE.same * HEIGHT**2


def test_cuts_may_cross_each_other_and_no_piece_lies_between_such() -> None:
    line = line_of(corridors())
    cuts = cuts_of(line)
    pairs = itertools.combinations(range(len(cuts.ink)), 2)
    crossing = {(one, other) for one, other in pairs if cross(cuts, one, other)}
    pieces = pieces_of(line, cuts)
    assert crossing and not crossing & {(piece.first, piece.last) for piece in pieces}
    for piece in pieces:
        rows, columns = np.nonzero(cuts.between(piece.first, piece.last)[cuts.labels])
        assert piece.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_strokes_that_lean_apart_are_pieces_each() -> None:
    line = line_of(slashed(0.35, -0.35))
    inked = np.flatnonzero(line.mask.any(axis=0))
    high = [piece.box for piece in pieces_of(line, cuts_of(line)) if piece.box[3] - piece.box[1] >= 30]
    narrow = [(left, right) for left, _, right, _ in high if right - left <= 18]
    assert any(abs(left - inked[0]) <= 1 for left, _ in narrow)
    assert any(abs(right - inked[-1] - 1) <= 1 for _, right in narrow)


@pytest.mark.parametrize("ink", [rings(0), rings(0, 23, 46), slashed(0.35, -0.35), slashed(-0.3, -0.3)])
def test_a_path_of_marks_and_one_of_components_lead_through_every_line(ink: NDArray[np.float32]) -> None:
    line = line_of(ink)
    cuts = cuts_of(line)
    marks = [piece for piece in pieces_of(line, cuts) if piece.may_be_mark]
    whole = np.flatnonzero(~cuts.is_seam).tolist()
    assert set(itertools.pairwise(whole)) <= {(piece.first, piece.last) for piece in marks}
    reached = {0}
    for piece in sorted(marks, key=lambda piece: piece.last):
        if piece.first in reached:
            reached.add(piece.last)
    assert reached == set(range(len(cuts.ink)))


def test_a_clear_digit_is_not_cut_unless_it_is_too_wide() -> None:
    narrow, wide = line_of(rings(0)), line_of(rings(0, width=60))
    assert len(cuts_of(narrow, all_clear).ink) == 2
    assert len(cuts_of(narrow).ink) > 2
    assert len(cuts_of(wide, all_clear).ink) > 2


def test_a_dash_is_not_cut() -> None:
    ink = np.zeros((36, 60), np.float32)
    ink[16:19, 5:55] = 255
    assert len(cuts_of(line_of(ink)).ink) == 2


def test_a_bar_above_another_component_lies_on_one_side_of_each_of_its_seams() -> None:
    ink = np.pad(rings(0, 23), ((8, 0), (0, 0)))
    ink[2:5, 34:46] = 255
    line = line_of(ink)
    cuts = cuts_of(line)
    (bar,) = set(cuts.labels[2:5, 34:46].ravel().tolist())
    seams = np.flatnonzero(cuts.is_seam)
    assert cuts.left[seams, bar - 1].any() and not cuts.left[seams, bar - 1].all()
    both = [piece for piece in pieces_of(line, cuts) if piece.box[1] == 2 and piece.box[3] >= 40]
    assert any(piece.box[0] >= 22 for piece in both)


def test_pieces_are_not_too_wide() -> None:
    line = line_of(rings(0, 23, 46, 69))
    pieces = pieces_of(line, cuts_of(line))
    joined = [piece for piece in pieces if not piece.may_be_mark]
    assert joined and all(piece.box[2] - piece.box[0] <= WIDEST * HEIGHT for piece in joined)
    assert {piece.pixels.shape for piece in pieces} == {(32, 32)}


def test_a_piece_shows_only_its_own_ink() -> None:
    line = line_of(rings(0, 30))
    first, second = (piece for piece in pieces_of(line, cuts_of(line, all_clear)) if piece.may_be_mark)
    assert first.pixels.sum() == pytest.approx(second.pixels.sum(), rel=0.01)


def test_a_piece_has_the_soft_edges_of_its_strokes() -> None:
    ink = rings(0, 30)
    soft = cv2.GaussianBlur(ink, (0, 0), 0.8)
    blurred, hard = (
        TextLine(gray, soft > 127, HEIGHT, 0, 0, 1.0, np.zeros(len(ink))) for gray in (soft, soft * (soft > 127))
    )
    for one, other in zip(*(pieces_of(line, cuts_of(line, all_clear)) for line in (blurred, hard)), strict=True):
        assert np.count_nonzero(one.pixels) > np.count_nonzero(other.pixels)


def test_the_gap_within_a_piece_is_its_widest() -> None:
    line = line_of(rings(0, 22, width=16))
    (both,) = (piece for piece in pieces_of(line, cuts_of(line, all_clear)) if not piece.may_be_mark)
    solid = np.flatnonzero(line.mask.any(axis=0))
    assert both.gap * HEIGHT == np.diff(solid).max() - 1


def test_a_long_component_with_many_seams_needs_little_memory() -> None:
    """One bit for each pixel and seam would be hundreds of megabytes."""
    columns = np.arange(5, 30_000)
    ink = np.zeros((36, 30_005), np.float32)
    for down in range(4):
        ink[np.abs(columns % 40 - 20) + 6 + down, columns] = 255
    tracemalloc.start()
    try:
        with contextlib.suppress(CrowdedPage):
            pieces_of(line_of(ink), cuts_of(line_of(ink)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 400e6


def test_the_last_cut_is_reached_past_a_component_with_very_many_seams() -> None:
    rows, columns = np.mgrid[0:36, 0:400]
    comb = ((columns % 4 < 2) | (rows > 30)) & (rows > 1) & (columns > 2)
    line = line_of(np.where(comb, 255, 0).astype(np.float32))
    cuts = cuts_of(line)
    assert len(cuts.ink) > MAX_APART + 2
    assert (0, len(cuts.ink) - 1) in {(piece.first, piece.last) for piece in pieces_of(line, cuts) if piece.may_be_mark}


def test_components_are_in_the_order_of_their_middles() -> None:
    ink = np.zeros((40, 60), np.float32)
    ink[2:30, 40:46] = ink[10:38, 5:11] = 255  # the right one begins higher
    line = line_of(ink)
    first, second = (piece for piece in pieces_of(line, cuts_of(line)) if piece.may_be_mark)
    assert (first.first, first.last, first.box[0]) == (0, 1, 5) and (second.first, second.box[0]) == (1, 40)


def test_dust_is_no_ink() -> None:
    ink = rings(0)
    ink[0:2, 0:2] = 255
    assert len(cuts_of(line_of(ink), all_clear).ink) == 2


def test_a_wide_gap_is_within_no_piece() -> None:
    ink = np.zeros((36, 40), np.float32)
    ink[2:34, 2:5] = ink[2:34, 22:25] = 255
    line = line_of(ink)
    assert all(piece.may_be_mark for piece in pieces_of(line, cuts_of(line)))
    ink[2:34, 10:13] = 255
    assert not all(piece.may_be_mark for piece in pieces_of(line_of(ink), cuts_of(line_of(ink))))


def test_rounded_digits_that_share_a_stroke_are_cut_at_its_waist() -> None:
    rows, columns = np.mgrid[0:36, 0:52].astype(np.float32)
    discs = [np.hypot((rows - 18) / 15, (columns - middle) / 12) <= 1 for middle in (14, 36)]
    line = line_of(np.where(discs[0] | discs[1], 255, 0).astype(np.float32))
    lefts = [piece.box[2] for piece in pieces_of(line, cuts_of(line)) if piece.first == 0]
    assert any(abs(right - 25) <= 2 for right in lefts)


def test_a_waist_is_where_ink_is_lower_than_on_both_sides() -> None:
    rows, columns = np.mgrid[0:36, 0:52].astype(np.float32)
    discs = [np.hypot((rows - 18) / 15, (columns - middle) / 12) <= 1 for middle in (14, 36)]
    paths = waists_of((discs[0] | discs[1]).astype(np.float32), HEIGHT)
    assert any(set(path.tolist()) <= {24, 25, 26} for path in paths) and (np.diff(paths, axis=1) == 0).all()
    assert not len(waists_of(discs[0].astype(np.float32)[:, 4:24], HEIGHT))


def test_a_seam_crosses_little_ink() -> None:
    (seams,) = seams_of([np.ones((36, 60), np.float32)], HEIGHT)
    assert not len(seams.costs)
    (seams,) = seams_of([rings(0, 23) / 255], HEIGHT)
    assert seams.costs.max() <= MAX_CUT * HEIGHT


def test_too_many_pieces_are_a_crowded_page() -> None:
    line = line_of(rings(0, 23, 46))
    with pytest.raises(CrowdedPage):
        pieces_of(line, cuts_of(line), most=3)


def test_too_many_cuts_are_a_crowded_page() -> None:
    ink = np.zeros((36, 9 * MAX_CUTS + 9), np.float32)
    ink[:, ::9] = ink[:, 1::9] = 255
    with pytest.raises(CrowdedPage):
        cuts_of(line_of(ink))


def test_a_line_without_ink_has_no_pieces() -> None:
    line = line_of(np.zeros((36, 40), np.float32))
    assert pieces_of(line, cuts_of(line)) == []


def test_a_seam_between_digits_costs_nothing_and_crosses_none() -> None:
    ink = np.zeros((30, 21), np.float32)
    ink[:, :8] = ink[:, 13:] = 1
    (seams,) = seams_of([ink], HEIGHT)
    free = seams.paths[seams.costs == 0]
    assert len(free) == 1 and set(free.ravel().tolist()) <= set(range(8, 14))


def test_components_side_by_side_have_the_seams_that_they_have_alone() -> None:
    one, other = rings(0, 23) / 255, rings(0, 22, width=28)[4:] / 255
    together = seams_of([one, other], HEIGHT)
    for ink, seams in zip((one, other), together, strict=True):
        (alone,) = seams_of([ink], HEIGHT)
        np.testing.assert_array_equal(seams.paths, alone.paths)


def test_a_seam_leads_from_row_to_row_by_one_column_at_most() -> None:
    for ink in (rings(0, 23), slashed(0.35, -0.35)):
        (seams,) = seams_of([ink / 255], HEIGHT)
        assert len(seams.paths) and np.abs(np.diff(seams.paths, axis=1)).max() <= 1
        assert seams.paths.min() >= 0 and seams.paths.max() < ink.shape[1]
        np.testing.assert_allclose(seams.costs, (ink / 255)[np.arange(len(ink)), seams.paths].sum(axis=1))


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
        places = np.array([2, 1, 3], np.int32)
        paths = followed(steps[0], np.full(3, way, np.int32), np.array([4, 2, 4], np.int32), places)
        assert np.abs(np.diff(paths[[0, 2]], axis=1)).max() <= 1 and paths[[0, 1, 2], [4, 2, 4]].tolist() == [2, 1, 3]
        rows = np.arange(5)
        np.testing.assert_allclose(
            strip[rows, paths[0]].sum() + sideways * np.abs(np.diff(paths[0])).sum(), costs[0, way, 4, 2], rtol=1e-5
        )


def test_minima_are_least_around_and_apart() -> None:
    assert minima(np.array([3, 1, 2, 5, 0, 0, 0, 4], np.float32), 2).tolist() == [1, 4, 6]


def test_the_box_on_the_page_undoes_scale_slant_and_place() -> None:
    ink = np.zeros((36, 40), np.float32)
    ink[10:20, 20:30] = 255
    line = line_of(ink)._replace(top=100, left=50, scale=2.0, shifts=np.full(36, 4.0))
    cuts = cuts_of(line)
    (piece,) = pieces_of(line, cuts)
    assert box_on_page(line, cuts, piece) == (50 + 8, 100 + 5, 50 + 13, 100 + 10)
