"""Pages with a digit and what else may be on paper: lines, frames, rings, dots. All is drawn alike at every run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.data.handwriting.digits import FORMS
from model.data.handwriting.pen import Style, write
from model.evaluation.robustness.canvas import Place, line, outline, placed
from model.preprocessing.errors import BlankImage
from model.preprocessing.pipeline import Reading, read_digit, to_png
from tests.pictures import NEAR

Share = NDArray[np.float32]  # (H, W) of a page: the share of ink, 0–1
SHAPE = (200, 200)
NEAT = replace(
    Style(), slant=(0.08, 0.08), aspect=(0.62, 0.62), rotation=(0, 0), jitter=(0.004, 0.004), bend=(0, 0),
    tremor=(0, 0), haste=(1, 1), width=(0.1, 0.1), pressure=(0, 0), overshoot=(0, 0), gaps=0,
)  # fmt: skip


def digit(number: int, form: str = "", height: int = 110, width: float = 0.1, middle: Place = (100, 100)) -> Share:
    """A neat digit, its longer side `height` pixels, on a page of SHAPE; width: of the pen, in heights."""
    style, forms = replace(NEAT, width=(width, width)), FORMS[number]
    chosen = forms[form] if form else next(iter(forms.values()))
    ink = write(chosen, np.random.default_rng(number), style, round(height / 0.8)) / np.float32(255)
    rows, columns = np.flatnonzero(ink.max(axis=1)), np.flatnonzero(ink.max(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return placed(ink, SHAPE, middle[0] - ink.shape[1] / 2, middle[1] - ink.shape[0] / 2)


def page(*marks: Share, paper: float = 245, ink: float = 30) -> NDArray[np.uint8]:
    """The page with these marks in one ink."""
    share = np.maximum.reduce(marks)
    return np.rint(paper + (ink - paper) * share).astype(np.uint8)


def ruled(angle: float, spacing: float = 37, width: float = 2, shape: tuple[int, int] = SHAPE) -> Share:
    """Parallel lines over the whole page, `angle` degrees from level."""
    middle, reach = (shape[1] / 2, shape[0] / 2), sum(shape)
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    across = np.array([-along[1], along[0]])
    lines = []
    for offset in np.arange(-reach, reach, spacing) + spacing / 3:
        start, end = (middle + offset * across + way * reach * along for way in (-1, 1))
        lines.append(line(shape, tuple(start), tuple(end), width))
    return np.maximum.reduce(lines)


def squared(angle: float, spacing: float = 37, width: float = 2) -> Share:
    """Squared paper."""
    return np.maximum(ruled(angle, spacing, width), ruled(angle + 90, spacing, width))


def box(margin: float = 20, width: float = 2, radius: float = 0) -> Share:
    """A closed box, `margin` pixels inside the page."""
    return outline(SHAPE, (margin, margin, SHAPE[1] - margin, SHAPE[0] - margin), radius, width)


def ring(radius: float, width: float, gap: float = 0) -> Share:
    """A ring in the middle of the page, with an opening of twice `gap` degrees."""
    around = outline(SHAPE, (100 - radius, 100 - radius, 100 + radius, 100 + radius), radius, width)
    y, x = np.indices(SHAPE) - 100
    return around * (np.abs(np.arctan2(y, x) - 0.5) >= np.radians(gap))


def reading(gray: NDArray[np.uint8]) -> Reading:
    """The page's reading."""
    return read_digit(to_png(gray))


def difference(gray: NDArray[np.uint8], plain: NDArray[np.uint8]) -> float:
    """How far two pages are read apart: the mean difference in gray levels, 255 if the first is blank."""
    try:
        return float(np.abs(reading(gray).pixels.astype(int) - reading(plain).pixels).mean())
    except BlankImage:
        return 255.0


def is_read_as(gray: NDArray[np.uint8], plain: NDArray[np.uint8]) -> bool:
    """Whether a page with more on it is read as the plain page is, and nothing stands against accepting it."""
    return difference(gray, plain) < NEAR and not reading(gray).is_cluttered
