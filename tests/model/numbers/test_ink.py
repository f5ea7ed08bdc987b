"""The ink of a page is found without printed lines; pages that can't be read are a clear error."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model.numbers.ink import LARGE, NO_CONTRAST, find_ink
from model.preprocessing.errors import BlankImage, CrowdedPage
from tests.number_pages import number_page


def test_light_ink_on_dark_paper_is_found_alike() -> None:
    page = number_page("123")
    assert (find_ink(page).mask == find_ink(255 - page).mask).mean() > 0.99


def test_the_height_of_the_writing_is_found_among_marks() -> None:
    page = number_page("1234")
    cv2.circle(page, (30, 30), 4, 30.0, -1)
    assert 45 <= find_ink(page).height <= 65


@pytest.mark.parametrize("row", [60, 112, 130])
def test_a_ruled_line_is_erased_and_the_digits_stay(row: int) -> None:
    page = number_page("2345")
    plain = find_ink(page).mask
    ruled = page.copy()
    ruled[row : row + 2] = np.minimum(ruled[row : row + 2], 90)
    mask = find_ink(ruled).mask
    assert (mask & plain).sum() > 0.9 * plain.sum()
    assert (mask & ~plain).sum() < 0.05 * plain.sum()


def test_printed_boxes_are_erased() -> None:
    page = number_page("234", gap=40)
    plain = find_ink(page).mask
    boxed = page.copy()
    for left in range(38, 300, 96):
        cv2.rectangle(boxed, (left, 38), (left + 90, 122), 60.0, 2)
    mask = find_ink(boxed).mask
    assert (mask & ~plain).sum() < 0.1 * plain.sum()
    assert (mask & plain).sum() > 0.85 * plain.sum()


def test_large_writing_is_shrunk() -> None:
    page = cv2.resize(number_page("12"), None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    ink = find_ink(page)
    assert ink.height <= LARGE
    assert ink.scale == pytest.approx(len(page) / len(ink.ink))
    assert ink.on_page(0, 0, ink.ink.shape[1], len(ink.ink))[3] == pytest.approx(len(page))


@pytest.mark.parametrize("page", [np.full((200, 300), 240, np.uint8), np.zeros((64, 64), np.uint8)])
def test_a_page_without_ink_is_blank(page: np.ndarray) -> None:
    with pytest.raises(BlankImage):
        find_ink(page)


def test_a_page_of_lines_is_blank() -> None:
    page = np.full((400, 400), 240, np.uint8)
    page[::40] = 100
    page[:, ::40] = 100
    with pytest.raises(BlankImage):
        find_ink(page)


def test_noise_and_a_million_specks_are_refused() -> None:
    random = np.random.default_rng(0)
    with pytest.raises(CrowdedPage):
        find_ink(random.integers(0, 256, (1500, 1500)).astype(np.uint8))
    specks = np.full((1500, 1500), 255, np.uint8)
    specks[random.random(specks.shape) < 0.2] = 0
    with pytest.raises(BlankImage, match="no ink stands out"):
        find_ink(specks)


def test_a_page_that_is_full_of_writing_is_not_empty() -> None:
    page = np.vstack([number_page("8888888888", gap=4)[50:115]] * 10)
    page = np.pad(page[:, 50:-50], 10, constant_values=245)
    for one in (page, 255 - page):
        assert 50 <= find_ink(one).height <= 65
    boxes = np.full((1500, 1500), 255, np.uint8)
    for place in range(900):
        corner = np.array((10 + 50 * (place % 29), 10 + 50 * (place // 29)))
        cv2.rectangle(boxes, corner.tolist(), (corner + 40).tolist(), 0.0, 2)
    with pytest.raises(CrowdedPage):
        find_ink(boxes)


def test_light_that_falls_off_is_no_ink() -> None:
    with pytest.raises(BlankImage, match=NO_CONTRAST):
        find_ink(np.tile(np.linspace(0, 255, 1500).astype(np.uint8), (600, 1)))
