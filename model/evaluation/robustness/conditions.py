"""Named conditions: each turns one of MNIST's digits into the bytes of a picture file as users send them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.random import Generator
from PIL import ExifTags, Image, ImageFilter

from model.evaluation.robustness.paint import Ink, Share, enlarge, jpeg, paint, png
from model.evaluation.robustness.photo import photographed
from model.evaluation.robustness.redraw import redraw

Build = Callable[[Ink, Generator], bytes]

PAGE_SIDE = 280  # pixels, like a drawing canvas; ten for each of MNIST's
STORED_BY = {  # EXIF orientation → how the upright picture is transposed to store it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


class Kind(StrEnum):
    """What kind of change a condition makes, and so what is expected of the model."""

    ENCODING = "encoding"  # the same pixels, encoded otherwise; must not cost accuracy
    PICTURE = "picture"  # geometric and photographic changes that a person hardly notices
    HARD = "hard"  # changes that a person does notice
    WRITERS = "other writers"  # digits of another data set
    PAGE = "page"  # a digit among what else is on paper: frames, lines, edges, specks
    HANDS = "hands"  # digits in forms that are rare or missing in MNIST
    NO_DIGIT = "no digit"  # must be refused


@dataclass(frozen=True)
class Condition:
    """build: uint8 (28, 28), white ink on black, and a random generator → the bytes of a picture file.

    labels: which digits it is made from.
    """

    name: str
    kind: Kind
    build: Build
    labels: tuple[int, ...] = tuple(range(10))


def low_contrast(ink: Ink, random: Generator) -> bytes:
    """Pencil: 40 to 80 gray levels between paper and ink."""
    paper = random.uniform(150, 230)
    return png(paint(enlarge(ink, 28), paper, paper - random.uniform(40, 80)))


def inverted(ink: Ink, random: Generator) -> bytes:
    """Chalk on a board."""
    return png(paint(enlarge(ink, 28), random.uniform(15, 70), random.uniform(190, 250)))


def colored(ink: Ink, random: Generator) -> bytes:
    """Saturated ink of any hue on tinted paper."""
    pen = random.uniform(0, 110, 3)
    pen[random.integers(3)] = random.uniform(100, 200)
    return png(paint(enlarge(ink, 28), random.uniform(195, 255, 3), pen))


def transparent(ink: Ink, random: Generator) -> bytes:
    """A canvas saved without its background: the drawing is in the alpha channel."""
    page = np.zeros((28, 28, 4), np.uint8)
    page[..., :3] = random.choice([0, 255]) if random.random() < 0.7 else random.integers(0, 90, 3)
    page[..., 3] = ink
    return png(page)


def exif_rotated(ink: Ink, random: Generator) -> bytes:
    """A camera's JPEG: stored in the sensor's orientation, with an EXIF tag that says which way is up."""
    orientation = int(random.integers(2, 9))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = io.BytesIO()
    Image.fromarray(255 - ink).transpose(STORED_BY[orientation]).save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()


def sized(side: int) -> Build:
    """The whole page at `side` pixels."""
    return lambda ink, random: png(paint(enlarge(ink, side)))


def far_away(ink: Ink, random: Generator) -> bytes:
    """A digit of 30 to 90 pixels anywhere on a page of 600×800 pixels."""
    page = np.zeros((800, 600), np.float32)
    side = round(random.uniform(30, 90) * 28 / 20)
    top, left = random.integers(0, 800 - side), random.integers(0, 600 - side)
    page[top : top + side, left : left + side] = enlarge(ink, side)
    return png(paint(page))


def thick(ink: Ink, random: Generator) -> bytes:
    """A marker: 0.5 to 1 of MNIST's pixels more on each side of the stroke."""
    page = Image.fromarray(paint(enlarge(ink, PAGE_SIDE), 0.0, 255.0))
    bold = page.filter(ImageFilter.MaxFilter(2 * int(random.integers(5, 11)) + 1))
    return png(255 - np.asarray(bold))


def pen(low: float, high: float) -> Build:
    """Redrawn along its center line by a pen of low to high pixels' width, on a page of PAGE_SIDE."""
    return lambda ink, random: png(paint(redraw(ink, PAGE_SIDE, random.uniform(low, high) / 2)))


def transformed(page: Share, matrix: tuple[float, ...]) -> Share:
    """The page float32 (H, W), 0–1, transformed by the affine matrix (a, b, d, e) about its center."""
    a, b, d, e = matrix
    middle = (len(page) - 1) / 2
    data = (a, b, middle - a * middle - b * middle, d, e, middle - d * middle - e * middle)
    moved = Image.fromarray(page).transform(page.shape[::-1], Image.Transform.AFFINE, data, Image.Resampling.BICUBIC)
    return np.clip(np.asarray(moved, np.float32), 0, 1)


def rotated(ink: Ink, random: Generator) -> bytes:
    """Rotated by up to 15° either way."""
    angle = np.radians(random.uniform(-15, 15))
    matrix = (np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle))
    return png(paint(transformed(enlarge(ink, PAGE_SIDE), tuple(map(float, matrix)))))


def slanted(ink: Ink, random: Generator) -> bytes:
    """Sheared sideways by up to 0.3 of its height either way."""
    return png(paint(transformed(enlarge(ink, PAGE_SIDE), (1.0, float(random.uniform(-0.3, 0.3)), 0.0, 1.0))))


def blurred(ink: Ink, random: Generator) -> bytes:
    """Out of focus by up to one of MNIST's pixels (standard deviation)."""
    page = Image.fromarray(paint(enlarge(ink, PAGE_SIDE)))
    return png(np.asarray(page.filter(ImageFilter.GaussianBlur(float(random.uniform(4, 10))))))


def noisy(ink: Ink, random: Generator) -> bytes:
    """A photo in a dark room: normal noise of 10 to 30 gray levels on every pixel."""
    page = paint(enlarge(ink, 140), 225.0, 40.0)
    grain = random.normal(0, random.uniform(10, 30), page.shape)
    return png(np.clip(page + grain, 0, 255).astype(np.uint8))


def ruled(ink: Ink, random: Generator) -> bytes:
    """Dark ink on ruled paper, with the lines through the digit."""
    page = np.full((420, 420, 3), random.uniform(240, 255), np.float32)
    spacing, width = random.integers(40, 90), int(random.integers(1, 4))
    for top in range(int(random.integers(spacing)), 420, spacing):
        page[top : top + width] = random.uniform((140, 170, 205), (190, 210, 235))
    share = np.zeros((420, 420), np.float32)
    top, left = random.integers(0, 420 - PAGE_SIDE, 2)
    share[top : top + PAGE_SIDE, left : left + PAGE_SIDE] = enlarge(ink, PAGE_SIDE)
    return png(paint(share, page, random.uniform((10, 10, 30), (50, 50, 130))))


def photo(ink: Ink, random: Generator) -> bytes:
    """A phone's photo of a sheet."""
    return jpeg(photographed(enlarge(ink, PAGE_SIDE), random), 80)


CONDITIONS = (
    Condition("as MNIST has it", Kind.ENCODING, lambda ink, random: png(ink)),
    Condition("black on white", Kind.ENCODING, lambda ink, random: png(255 - ink)),
    Condition("low contrast", Kind.ENCODING, low_contrast),
    Condition("inverted", Kind.ENCODING, inverted),
    Condition("coloured", Kind.ENCODING, colored),
    Condition("transparent", Kind.ENCODING, transparent),
    Condition("EXIF-rotated", Kind.ENCODING, exif_rotated),
    Condition("8×8", Kind.HARD, sized(8)),
    Condition("14×14", Kind.PICTURE, sized(14)),
    Condition("56×56", Kind.PICTURE, sized(56)),
    Condition("280×280", Kind.PICTURE, sized(280)),
    Condition("1500×1500", Kind.PICTURE, sized(1500)),
    Condition("small in a large page", Kind.PICTURE, far_away),
    Condition("thick strokes", Kind.HARD, thick),
    Condition("thin strokes", Kind.HARD, pen(5, 9)),
    Condition("mouse-drawn", Kind.PICTURE, pen(18, 30)),
    Condition("rotated ±15°", Kind.PICTURE, rotated),
    Condition("slanted", Kind.PICTURE, slanted),
    Condition("blurred", Kind.PICTURE, blurred),
    Condition("noisy", Kind.PICTURE, noisy),
    Condition("JPEG quality 20", Kind.PICTURE, lambda ink, random: jpeg(paint(enlarge(ink, 112)), 20)),
    Condition("photo", Kind.PICTURE, photo),
    Condition("ruled paper", Kind.HARD, ruled),
)
