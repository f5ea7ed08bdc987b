"""What counts as ink on a page: its polarity, its strength, and ink that is not part of the digit."""

from __future__ import annotations

import numpy as np
import pytest

from model.classifier import Classifier
from model.preprocessing import foreground
from model.preprocessing.errors import BlankImage
from model.preprocessing.pipeline import MAX_STRAY, read_digit, to_png
from tests.pictures import NEAR, draw_seven

SIDE = 180  # pixels of a page: components are found at full resolution


def with_spots(count: int, side: int) -> np.ndarray:
    """A digit of 2,000 pixels, and square spots far beside it."""
    page = np.full((SIDE, SIDE), 255, np.uint8)
    page[40:140, 100:120] = 0
    for number in range(count):
        page[15 + 19 * number : 15 + 19 * number + side, 40 : 40 + side] = 0
    return page


@pytest.mark.parametrize(("spots", "cluttered"), [(0, False), (1, False), (5, False), (6, True), (8, True)])
def test_a_page_is_cluttered_where_more_than_three_tenths_of_its_ink_lie_beside_the_digit(
    spots: int, cluttered: bool
) -> None:
    reading = read_digit(to_png(with_spots(spots, 12)))
    share = 144 * spots / (2000 + 144 * spots)
    assert reading.stray == pytest.approx(share)
    assert reading.is_cluttered is cluttered is (share > 0.3)


def test_exactly_as_much_as_is_allowed_is_no_clutter() -> None:
    reading = read_digit(to_png(with_spots(0, 1)))
    assert not reading._replace(stray=MAX_STRAY).is_cluttered
    assert reading._replace(stray=np.nextafter(MAX_STRAY, 1)).is_cluttered


@pytest.mark.parametrize("side", [1, 5, 10])
def test_specks_of_less_than_six_hundredths_of_the_digit_count_for_nothing_however_many(side: int) -> None:
    plain, specked = read_digit(to_png(with_spots(0, 1))), read_digit(to_png(with_spots(8, side)))
    assert (specked.pixels == plain.pixels).all() and specked.stray == 0


@pytest.mark.parametrize("side", [28, 36, 100, 300])
@pytest.mark.parametrize("paper", [0, 255, 128, 40, 200])
def test_ink_is_what_differs_from_the_border_in_either_direction(side: int, paper: int) -> None:
    reference = read_digit(to_png(np.asarray(draw_seven(side)))).pixels.astype(int)
    for ink in (0, 255):
        if abs(ink - paper) >= 100:
            seen = read_digit(to_png(np.asarray(draw_seven(side, ink, paper)))).pixels
            assert np.abs(seen - reference).mean() < 4, (ink, paper)


@pytest.mark.parametrize("side", [30, 100, 300])
@pytest.mark.parametrize("paper", [255, 0, 130])
def test_ink_needs_sixteen_gray_levels_of_contrast(side: int, paper: int) -> None:
    towards = -1 if paper else 1
    assert read_digit(to_png(np.asarray(draw_seven(side, paper + 16 * towards, paper)))).pixels.max() == 255
    with pytest.raises(BlankImage, match="looks empty"):
        read_digit(to_png(np.asarray(draw_seven(side, paper + 15 * towards, paper))))


def noisy(deviation: float, contrast: int, side: int = 100) -> bytes:
    """A seven on noisy paper; the page is too small to be averaged."""
    grain = np.random.default_rng(5).normal(0, deviation, (side, side))
    page = np.asarray(draw_seven(side, 150 - contrast, 150)).astype(float) + grain
    return to_png(page.clip(0, 255).astype(np.uint8))


def test_ink_has_to_stand_out_of_the_grain() -> None:
    assert read_digit(noisy(6, 40)).pixels.any()
    with pytest.raises(BlankImage):
        read_digit(noisy(6, 10))


def test_grain_on_the_paper_is_no_ink() -> None:
    pixels = read_digit(noisy(8, 140)).pixels
    assert (pixels == 0).mean() > 0.6


def test_a_page_large_enough_is_averaged_until_its_grain_is_gone() -> None:
    plain = read_digit(to_png(np.asarray(draw_seven(224, 50, 150)))).pixels.astype(int)
    assert np.abs(read_digit(noisy(14, 100, side=224)).pixels - plain).mean() < 12
    assert np.abs(read_digit(noisy(22, 100, side=448)).pixels - plain).mean() < 12


@pytest.mark.parametrize("side", [28, 48, 120, 340])
def test_a_faint_pencil_that_takes_16_percent_of_the_light_is_read(side: int, classifier: Classifier) -> None:
    for paper in (255, 180):
        reading = read_digit(to_png(np.asarray(draw_seven(side, round(0.84 * paper), paper))))
        assert reading.pixels.max() == 255 and classifier.judge([reading])[0].digit == 7


def test_faint_ink_is_made_as_strong_as_any_other() -> None:
    for paper, ink in ((200, 150), (255, 100), (60, 130)):
        assert read_digit(to_png(np.asarray(draw_seven(120, ink, paper)))).pixels.max() == 255


def test_the_noise_is_the_paper_s_and_not_what_the_border_happens_to_show() -> None:
    plain = np.asarray(draw_seven(120, 214, 255))
    framed = plain.copy()
    random = np.random.default_rng(0)
    for edge in (np.s_[:4], np.s_[-4:], np.s_[:, :4], np.s_[:, -4:]):
        framed[edge] = random.integers(0, 256, framed[edge].shape)
    seen = read_digit(to_png(framed)).pixels.astype(int)
    assert np.abs(seen - read_digit(to_png(plain)).pixels).mean() < NEAR


def test_the_shadow_on_a_photo_makes_no_ink() -> None:
    light = np.linspace(1.0, 0.45, 200)[None, :].repeat(200, axis=0)
    page = (np.asarray(draw_seven(200)).astype(float) * 0.8 + 30) * light
    plain = read_digit(to_png(np.asarray(draw_seven(200)))).pixels.astype(int)
    assert np.abs(read_digit(to_png(page.astype(np.uint8))).pixels - plain).mean() < 6
    empty = (np.full((200, 200), 230.0) * light).astype(np.uint8)
    with pytest.raises(BlankImage):
        read_digit(to_png(empty))


def test_ruled_lines_are_no_ink_even_where_all_that_is_left_is_the_digit() -> None:
    page = np.asarray(draw_seven(300)).copy()
    plain = read_digit(to_png(page)).pixels.astype(int)
    page[::40] = np.minimum(page[::40], 150)
    assert np.abs(read_digit(to_png(page)).pixels - plain).mean() < 6


@pytest.mark.parametrize("paper", [0, 255])
def test_a_small_page_whose_ink_touches_the_border_is_read_as_well(paper: int) -> None:
    page = np.full((28, 28), paper, np.uint8)
    page[0:20, 12:15] = 255 - paper
    pixels = read_digit(to_png(page)).pixels
    rows, columns = np.nonzero(pixels > 127)
    assert np.ptp(rows) == 19 and np.ptp(columns) == 2


def clean(side: int, paper: int, ink: int) -> np.ndarray:
    """A page of pure white or black with a block of ink in the middle, fainter at its edges."""
    page = np.full((side, side), paper, np.uint8)
    page[side // 2 - 4 : side // 2 + 4, side // 2 - 3 : side // 2 + 3] = ink
    return page


def inked(page: np.ndarray, row: int, column: int, level: int = 120) -> np.ndarray:
    """The page with one more pixel of ink."""
    page = page.copy()
    page[row, column] = level
    return page


BLACK, WHITE = clean(28, 0, 255), clean(28, 255, 0)
QUICK = {
    "white on black": BLACK, "black on white": WHITE, "40 pixels": clean(40, 0, 255),
    "ink just strong enough": clean(28, 0, 230), "or dark enough": clean(28, 255, 25),
    "ink beside the border": inked(inked(BLACK, 1, 26), 26, 1),
}  # fmt: skip
SLOW = {
    "41 pixels": clean(41, 0, 255), "41 pixels one way": np.pad(BLACK, ((0, 0), (0, 13))),
    "gray paper": clean(28, 1, 255), "gray paper of a lighter kind": clean(28, 254, 0),
    "ink too faint": clean(28, 0, 229), "or too light": clean(28, 255, 26),
    "ink at the top": inked(BLACK, 0, 14), "at the bottom": inked(BLACK, 27, 14), "at the left": inked(BLACK, 14, 0),
    "at the right": inked(BLACK, 14, 27), "at the bottom of white": inked(WHITE, 27, 14),
    "in the first corner": inked(BLACK, 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", [*QUICK, *SLOW])
def test_a_small_page_of_pure_paper_and_strong_ink_inside_is_all_that_needs_no_estimates(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (QUICK | SLOW)[name]
    estimated: list[int] = []
    general = foreground.ink_of_any_page
    monkeypatch.setattr(foreground, "ink_of_any_page", lambda gray: estimated.append(1) or general(gray))
    found = foreground.find_foreground(page)
    assert bool(estimated) is (name in SLOW)
    ink, beside = general(page)
    assert found.stray == beside.stray == 0
    assert (found.pixels == ink).all() and found.pixels.dtype == np.float32
    assert (found.rows == found.pixels.max(axis=1)).all() and (found.columns == found.pixels.max(axis=0)).all()


def test_dust_on_a_long_narrow_page_is_no_ink() -> None:
    page = np.full((30, 200), 255, np.uint8)
    page[5:25, 90:96] = 0
    plain = read_digit(to_png(page)).pixels
    page[14:16, 180:182] = 0
    assert (read_digit(to_png(page)).pixels == plain).all()
