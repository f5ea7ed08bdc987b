"""Pages as people, programs and cameras make them, and their readings when these were last accepted.

python -m tests.pages     writes tests/images/readings.png anew, a row for each kind of page: look at it first
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from model.preprocessing.errors import BlankImage
from model.preprocessing.pipeline import read_digit
from tests.pictures import draw_seven, encoded, painted

ACCEPTED = Path(__file__).with_name("images") / "readings.png"
A_ROW = 12  # pages of each kind
SIDE = 32  # pixels of a reading
BLANK = np.full((SIDE, SIDE), 90, np.uint8)  # stands for a page that is refused as blank


def seven(side: int, ink: int = 0, paper: int = 255) -> np.ndarray:
    """A seven, uint8 (side, side)."""
    return np.asarray(draw_seven(side, ink, paper))


def small() -> Iterator[bytes]:
    """Sevens of few pixels."""
    for side in (9, 10, 12, 14, 16, 18, 20, 22, 24, 28, 31, 40):
        yield encoded(seven(side))


def bars() -> Iterator[bytes]:
    """Bars on MNIST's field: at its edges, off its middle, too small and too large, faint and without contrast."""
    for height, width, top, left, ink in (
        (20, 4, 4, 12, 255), (20, 4, 0, 12, 255), (20, 4, 8, 0, 255), (19, 5, 7, 24, 255), (19, 1, 2, 11, 255),
        (28, 3, 0, 3, 255), (3, 26, 25, 1, 255), (5, 5, 1, 1, 255), (1, 1, 13, 13, 255), (16, 3, 6, 12, 230),
        (18, 6, 5, 11, 229), (12, 12, 15, 15, 60),
    ):  # fmt: skip
        page = np.zeros((28, 28), np.uint8)
        page[top : top + height, left : left + width] = ink
        page[top, left] //= 2
        yield encoded(page)


def large() -> Iterator[bytes]:
    """Sevens on large pages, higher than wide and wider than high."""
    for side in (41, 42, 56, 64, 90, 113, 128, 200, 300, 513):
        yield encoded(seven(side))
    yield encoded(np.pad(seven(60), ((5, 90), (3, 0)), constant_values=255))
    yield encoded(np.pad(seven(38), ((0, 0), (30, 60)), constant_values=255))


def strokes() -> Iterator[bytes]:
    """Strokes of a pixel to a third of the page."""
    for side, width in (
        (100, 1), (100, 2), (100, 3), (100, 5), (300, 1), (300, 4), (300, 9), (300, 15), (300, 40), (300, 90),
        (900, 3), (900, 20),
    ):  # fmt: skip
        image = Image.new("L", (side, side), 255)
        points = [(0.3, 0.15), (0.7, 0.3), (0.35, 0.55), (0.6, 0.9)]
        ImageDraw.Draw(image).line([(x * side, y * side) for x, y in points], fill=0, width=width)
        yield encoded(image)


def grays() -> Iterator[bytes]:
    """Ink and paper of many grays, on small pages and on others."""
    for side, ink, paper in (
        (36, 26, 255), (36, 25, 255), (36, 24, 255), (36, 229, 0), (36, 231, 0), (40, 100, 140), (41, 100, 140),
        (60, 84, 100), (60, 85, 100), (60, 160, 100), (60, 20, 251), (90, 255, 200),
    ):  # fmt: skip
        yield encoded(seven(side, ink, paper))


def grain() -> Iterator[bytes]:
    """Noise of increasing strength, on pages below and above the size that is averaged."""
    for number, (side, deviation, ink) in enumerate((
        (100, 2, 50), (100, 4, 50), (100, 6, 50), (100, 9, 90), (111, 9, 50), (112, 7, 60), (113, 9, 50),
        (224, 5, 90), (224, 9, 100), (224, 14, 100), (230, 6, 60), (448, 20, 90),
    )):  # fmt: skip
        noise = np.random.default_rng(number).normal(0, deviation, (side, side))
        yield encoded((seven(side, ink, 150) + noise).clip(0, 255).astype(np.uint8))


def light() -> Iterator[bytes]:
    """Light that falls off to one side, with dark ink and with light ink."""
    for side, ink, paper, darkest in (
        (200, 40, 230, 200), (200, 40, 230, 190), (200, 40, 230, 120), (200, 40, 230, 60), (200, 10, 120, 20),
        (200, 250, 90, 30), (200, 250, 90, 66), (200, 250, 60, 30), (41, 40, 230, 120), (40, 40, 230, 120),
        (60, 30, 200, 20), (300, 60, 240, 140),
    ):  # fmt: skip
        share = np.linspace(1, darkest / paper, side)[None, :] * np.linspace(1, 0.97, side)[:, None]
        yield encoded(np.rint(seven(side, ink, paper) * share).astype(np.uint8))


def beside() -> Iterator[bytes]:
    """Ruled lines, dust, spots, shadows and frames beside the digit."""
    marks: list[tuple[slice, slice, int]] = [
        (np.s_[::30], np.s_[:], 150), (np.s_[::30], np.s_[:], 60), (np.s_[:], np.s_[::45], 170),
        (np.s_[150:156], np.s_[:], 20), (np.s_[20:24], np.s_[20:24], 0), (np.s_[20:34], np.s_[20:34], 0),
        (np.s_[20:60], np.s_[20:60], 0), (np.s_[:], np.s_[:9], 90), (np.s_[:6], np.s_[:], 30),
        (np.s_[10:290], np.s_[10:13], 0), (np.s_[250:260], np.s_[100:160], 120), (np.s_[100:101], np.s_[:], 200),
    ]  # fmt: skip
    for rows, columns, level in marks:
        page = seven(300).copy()
        page[rows, columns] = np.minimum(page[rows, columns], level)
        yield encoded(page)


def colours() -> Iterator[bytes]:
    """Ink and paper that differ in brightness, in one channel, or in all."""
    for ink, paper in (
        ((255, 0, 0), (0, 130, 0)), ((0, 130, 0), (255, 0, 0)), ((0, 0, 255), (29, 29, 29)),
        ((29, 29, 29), (0, 0, 255)), ((255, 255, 0), (255, 255, 255)), ((130, 76, 76), (76, 104, 76)),
        ((20, 40, 160), (240, 240, 230)), ((200, 60, 60), (250, 200, 200)), ((90, 90, 90), (150, 60, 200)),
        ((255, 120, 0), (255, 220, 180)), ((60, 180, 60), (180, 60, 180)), ((0, 0, 0), (120, 255, 255)),
    ):  # fmt: skip
        page = np.asarray(painted(ink, paper, 90)).copy()
        page[60:80, 20:40, 2] //= 2  # a stain that only blue shows
        yield encoded(page)


def transparent() -> Iterator[bytes]:
    """Canvases that are transparent around the ink, within it, or nowhere."""
    for ink, paper in (
        ((0, 0, 0, 255), (0, 0, 0, 0)), ((255, 255, 255, 255), (255, 255, 255, 0)), ((0, 0, 0, 128), (0, 0, 0, 0)),
        ((0, 0, 0, 127), (0, 0, 0, 0)), ((90, 90, 90, 200), (0, 0, 0, 60)), ((127, 127, 127, 255), (0, 0, 0, 0)),
        ((128, 128, 128, 255), (0, 0, 0, 0)), ((0, 0, 0, 0), (255, 255, 255, 255)), ((0, 0, 0, 64), (9, 9, 9, 0)),
        ((20, 20, 20, 255), (240, 240, 240, 254)), ((20, 20, 20, 100), (200, 200, 200, 130)),
        ((200, 200, 200, 255), (10, 10, 10, 128)),
    ):  # fmt: skip
        image = painted(ink, paper, 90)
        image.paste((128, 128, 128, 0), (0, 0, 90, 12))
        yield encoded(image)


def modes() -> Iterator[bytes]:
    """Every mode that a picture file may have, and samples wider than a byte."""
    gray = draw_seven(80, 10, 240)
    canvas = Image.merge("LA", (gray, Image.fromarray(np.where(seven(80) < 128, 255, 40).astype(np.uint8))))
    wide = np.asarray(gray)
    palette = gray.convert("P")
    yield encoded(gray.convert("1"))
    yield encoded(canvas)
    yield encoded(palette, transparency=240)
    yield encoded(gray, transparency=10)
    yield encoded(gray.convert("CMYK"), "TIFF")
    yield encoded(gray.convert("YCbCr"), "TIFF")
    for samples in (wide.astype(np.uint16), wide.astype(np.uint16) * 257, wide.astype(np.uint16) * 9):
        yield encoded(samples, "TIFF")
    for shares in (wide / np.float32(255), wide.astype(np.float32) / 100, np.where(wide < 128, np.nan, np.float32(2))):
        yield encoded(shares.astype(np.float32), "TIFF")


def heavy() -> Iterator[bytes]:
    """Shapes with their ink at one end: at the field's edge they can't be centered by mass."""
    for number in range(A_ROW):
        random = np.random.default_rng(number)
        page = np.full((150, 150), 255, np.uint8)
        page[20:128, 20:24] = 0
        top, left = random.integers(20, 90, 2)
        page[top : top + 38, left : left + 38] = random.integers(0, 120)
        page[20:23, 20:120] = random.integers(0, 200)
        yield encoded(np.rot90(page, number % 4))


KINDS: list[Callable[[], Iterator[bytes]]] = [
    small, bars, large, strokes, grays, grain, light, beside, colours, transparent, modes, heavy,
]  # fmt: skip


def readings(pages: Iterator[bytes]) -> np.ndarray:
    """The readings of a row of pages, side by side: uint8 (32, 32 · A_ROW)."""
    return np.hstack([reading(page) for page in pages])


def reading(page: bytes) -> np.ndarray:
    """The page's reading, or BLANK."""
    try:
        return read_digit(page).pixels
    except BlankImage:
        return BLANK


if __name__ == "__main__":
    Image.fromarray(np.vstack([readings(pages()) for pages in KINDS])).save(ACCEPTED, optimize=True)
