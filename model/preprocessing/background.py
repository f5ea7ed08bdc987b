"""Estimate a page's background: its brightness, uneven light, its noise, and the ink's polarity and strength."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

ILLUMINATION_SIDE = 48  # pixels to which the page is shrunk for estimating its light
WINDOW = 15  # pixels of that; strokes are narrower
MARGIN = 3  # pixels of that
OUTER = 0.7  # from the middle, 0, to the border, 1: beyond it, most of a page is paper
BLOT = 0.5  # times as bright as the paper around, or less: no shadow is so dark
TINY_PAGE_SIDE = 20  # pixels; a smaller page is filled by its digit, and most of its border is paper
SMALL_PAGE_SIDE = 40  # pixels; on pages up to this size, uneven light is not looked for
FLAT_SPREAD = 6  # gray levels between the 10th and 90th percentile of the light near the border; above it is uneven
SAMPLED = 128
STRONG = 0.3  # of the strongest ink; weaker pixels do not count for the strength of full ink


def border_of(page: NDArray[Any]) -> NDArray[Any]:
    """The outermost pixels of a page (H, W), in a frame a fiftieth of its shorter side wide: a flat array."""
    width = max(1, min(page.shape) // 50)
    return np.concatenate(
        [page[:width].ravel(), page[-width:].ravel(), page[:, :width].ravel(), page[:, -width:].ravel()]
    )


class Background(NamedTuple):
    """A page's paper.

    level: float32, 0–255, (H, W) in uneven light, else a single number, (1, 1); is_uneven: which of these;
    is_light: whether the paper is lighter than the ink.
    """

    level: NDArray[np.float32]
    is_uneven: bool
    is_light: bool


def background_of(gray: NDArray[np.uint8]) -> Background:
    """The background of a page uint8 (H, W)."""
    if min(gray.shape) <= SMALL_PAGE_SIDE:
        return flat_background(gray, float(np.median(gray if min(gray.shape) >= TINY_PAGE_SIDE else border_of(gray))))
    small = shrunk(gray)
    light = cv2.medianBlur(small, WINDOW)
    inner = light[MARGIN:-MARGIN, MARGIN:-MARGIN]  # in whose windows a frame on the border is the smaller part
    low, middle, high = (float(value) for value in np.percentile(border_of(inner), (10, 50, 90)))
    if high - low <= FLAT_SPREAD:
        return flat_background(gray, middle)
    surface = smooth_surface(small)
    return uneven_background(gray, small, surface, is_paper_light(small, light, surface))


def flat_background(gray: NDArray[np.uint8], level: float) -> Background:
    """The background of a page uint8 (H, W) in even light."""
    return Background(np.array([[level]], np.float32), False, has_dark_ink(gray - np.float32(level)))


def uneven_background(
    gray: NDArray[np.uint8], small: NDArray[np.uint8], surface: NDArray[np.float32], is_light: bool
) -> Background:
    """The background of a page uint8 (H, W) in uneven light. small: the same, shrunk; is_light: the paper.

    Light paper is a morphological closing, dark paper an opening: strokes that are narrower than the window vanish.
    They are taken of what differs from a smooth surface, so that light may fall as far as the page's border.
    What is much darker or lighter than that surface, and yet wider than the window, is a blot of ink and no shadow.
    """
    operation = cv2.MORPH_CLOSE if is_light else cv2.MORPH_OPEN
    window = np.ones((WINDOW, WINDOW), np.uint8)
    light = cv2.morphologyEx(small - surface, operation, window) + surface
    is_blot = light < BLOT * surface if is_light else 255 - light < BLOT * (255 - surface)
    light = cv2.GaussianBlur(np.where(is_blot, surface, light), (0, 0), 2)
    level = cv2.resize(light, gray.shape[::-1], interpolation=cv2.INTER_CUBIC)
    level += np.median(sampled(gray - level))  # noise raises a closing and lowers an opening
    return Background(level, True, is_light)


def of_other_polarity(gray: NDArray[np.uint8], background: Background) -> Background:
    """The background of a page uint8 (H, W) in uneven light if its paper is dark where it was taken for light, or not.

    Dense writing all over a page looks like gray paper once it is shrunk.
    """
    small = shrunk(gray)
    return uneven_background(gray, small, smooth_surface(small), not background.is_light)


def is_paper_light(small: NDArray[np.uint8], light: NDArray[np.uint8], surface: NDArray[np.float32]) -> bool:
    """Whether the paper of a shrunk page (H, W) in uneven light is lighter than its ink. light: its median.

    The median takes a thick digit for paper, a smooth surface takes a shadow for ink: the more decided of both decides.
    """
    sums = []
    for paper in (light.astype(np.float32), surface):
        cubes = (small - paper) ** 3
        sums.append(float(cubes.sum() / (np.abs(cubes).sum() or 1)))
    return max(sums, key=abs) < 0


def smooth_surface(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The quadratic surface (H, W) nearest to most of the brightness uint8 (H, W), by least squares.

    It is fitted first to what lies near the border, where ink is rare, then to all that is near the surface so far.
    """
    y, x = np.mgrid[-1 : 1 : small.shape[0] * 1j, -1 : 1 : small.shape[1] * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).reshape(6, -1).T
    values = small.reshape(-1).astype(np.float32)
    near = np.maximum(np.abs(x), np.abs(y)).reshape(-1) > OUTER
    for _ in range(4):
        surface = terms @ np.linalg.lstsq(terms[near], values[near], rcond=None)[0]
        far = np.abs(values - surface)
        near = far <= 2 * np.median(far)
    fitted: NDArray[np.float32] = surface.reshape(small.shape)
    return fitted


def shrunk(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A page uint8 (H, W), its longer side shrunk to ILLUMINATION_SIDE."""
    scale = ILLUMINATION_SIDE / max(gray.shape)
    height, width = (max(8, round(side * scale)) for side in gray.shape)
    small: NDArray[np.uint8] = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA)
    return small


def has_dark_ink(difference: NDArray[Any]) -> bool:
    """The polarity: whether the ink is darker than the background. difference: page minus background, in gray levels.

    Cubes give large differences the most weight, and ink differs more than noise: so their sum has the ink's sign.
    """
    values = difference.astype(np.float32)
    return bool((values * values * values).sum() < 0)


def ink_of(difference: NDArray[np.float32], is_light: bool) -> NDArray[np.float32]:
    """How much darker a page is than light paper, or lighter than dark paper, in gray levels: float32 (H, W), 0–255.

    difference: page minus background.
    """
    ink: NDArray[np.float32] = np.maximum(-difference if is_light else difference, 0).astype(np.float32)
    return ink


def noise_of(difference: NDArray[Any]) -> float:
    """The standard deviation of the paper's noise in gray levels. difference: page minus background (H, W).

    It is estimated by the median absolute deviation, since most of the page, or at least of its border, is paper.
    """
    values = np.abs(difference.astype(np.float32))
    return 1.4826 * min(float(np.median(sampled(values))), float(np.median(border_of(values))))


def sampled(page: NDArray[Any]) -> NDArray[Any]:
    """Evenly spaced pixels of a page (H, W), about SAMPLED a side: enough for a median."""
    step = max(1, min(page.shape) // SAMPLED)
    return page[::step, ::step]


def full_strength(ink: NDArray[np.float32]) -> float:
    """The strength of full ink, in gray levels, 0 if there is none.

    A high percentile of the strong pixels, so that a single bright pixel of a large page does not decide.
    """
    if ink.size <= SMALL_PAGE_SIDE * SMALL_PAGE_SIDE:
        return float(ink.max())
    inked = ink[ink > STRONG * ink.max()]
    return float(np.percentile(inked, 90)) if inked.size else 0.0
