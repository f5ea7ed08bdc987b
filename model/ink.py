"""From a gray page to the ink on it, and from the ink to MNIST's placing.

The paper is what the border shows, or, where light is uneven, a smooth estimate of it; ink is what differs from it
in the direction that differs more. MNIST's placing: the longer side of the ink's box scaled to 20 pixels, its centre of
mass in the middle of 28×28 (LeCun, Cortes and Burges, "The MNIST database of handwritten digits").
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from model.components import main_component
from model.decode import ImageError
from model.paper import SMALL_SIDE, Floats, border_of, light_of, polarity, strongest, without_rules

BOX_SIDE = 20  # pixels of the digit's longer side
FIELD_SIDE = 28
MARGIN = 2  # from MNIST's 28 to the network's 32
FLAT_SPREAD = 24  # gray levels between the border's 10th and 90th percentile; above it the light is uneven
MIN_CONTRAST = 16  # gray levels between paper and ink
FULL_CONTRAST = 230  # from here on the ink's strength is left as it is
NOISE_FACTOR = 4.0  # ink starts at this many deviations of the paper
MAX_NOISE = 0.06  # of the ink's strength; a page with more is averaged
NOISY_SIDE = 56  # pixels; averaging leaves this much
SOLID_INK = 127  # of 255; a page that without its ruled lines has none so strong was all digit
MIN_STROKE = 2.0  # pixels at the digit's final size; thinner strokes are thickened before they are shrunk


class BlankImage(ImageError):
    """There is no ink on the page."""

    status, slug, title = 422, "blank-image", "The image shows no ink"
    remedy = "Draw one digit, with more contrast to the paper."


def find_ink(gray: NDArray[np.uint8]) -> tuple[Floats, dict[str, Any]]:
    """Ink float32 (H, W), 0 paper to 255 full ink, of a page uint8 (H, W), and notes. Raises BlankImage."""
    if max(gray.shape) <= SMALL_SIDE and (ink := ink_on_pure_paper(gray)) is not None:
        return ink, {"dark_ink": bool(gray[0, 0]), "uneven_light": False, "contrast": round(float(ink.max()))}
    border = border_of(gray)
    low, middle, high = (float(value) for value in np.percentile(border, (10, 50, 90)))
    uneven = high - low > FLAT_SPREAD and min(gray.shape) > SMALL_SIDE
    paper = light_of(gray) if uneven else np.float32(middle)
    difference = gray - paper
    dark_ink = polarity(difference)
    ink = np.maximum(-difference if dark_ink else difference, 0).astype(np.float32)
    if uneven and dark_ink:
        ink *= 255 / np.maximum(paper, 32)  # reflectance: the same ink is fainter in the shadow
    noise = 1.4826 * float(np.median(np.abs(border_of(difference))))  # deviation from the median, if it is normal
    strength = strongest(ink)
    if noise > MAX_NOISE * strength and min(gray.shape) >= 2 * NOISY_SIDE:
        return find_ink(np.asarray(Image.fromarray(gray).reduce(2)))  # a mean of four has half the noise
    if strength < max(MIN_CONTRAST, 2 * NOISE_FACTOR * noise):
        raise BlankImage(f"The darkest and the lightest part differ by {strength:.0f} of 255 only: there is no ink.")
    if noise:
        ink[ink < NOISE_FACTOR * noise] = 0
    if strength < FULL_CONTRAST:
        ink *= 255 / strength
    np.minimum(ink, 255, out=ink)
    if max(ink.shape) > SMALL_SIDE:
        bare = without_rules(ink.copy())
        ink = main_component(bare if bare.max() > SOLID_INK else ink)
    return ink, {"dark_ink": dark_ink, "uneven_light": uneven, "contrast": round(strength)}


def ink_on_pure_paper(gray: NDArray[np.uint8]) -> Floats | None:
    """The ink of a small page with a border of pure black or white and full contrast, None for any other page.

    What the general way comes to where there is nothing to estimate, at a tenth of its cost.
    """
    paper = gray[0, 0]
    if paper == 0:
        ink = gray
    elif paper == 255:
        ink = ~gray
    else:
        return None
    if ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any() or ink.max() < FULL_CONTRAST:
        return None
    return ink.astype(np.float32)


def place(ink: Floats) -> NDArray[np.uint8]:
    """uint8 (32, 32) with the ink placed as MNIST's digits are; ink that already is stays unchanged."""
    columns = ink.max(axis=0)
    faint = 0.1 * float(columns.max())
    top, bottom = extent(ink.max(axis=1), faint)
    left, right = extent(columns, faint)
    height, width = bottom - top, right - left
    if ink.shape == (FIELD_SIDE, FIELD_SIDE) and is_placed(ink, height, width):
        field = empty_field()
        np.rint(ink, out=field[MARGIN:-MARGIN, MARGIN:-MARGIN], casting="unsafe")
        return field
    scale = BOX_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    crop = Image.fromarray(thicken(ink[top:bottom, left:right], scale))
    box = np.asarray(crop.resize(size, Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BICUBIC), np.float32)
    box = np.clip(box * (255 / float(box.max())), 0, 255)
    return centred(np.rint(box).astype(np.uint8))


def extent(profile: Floats, faint: float) -> tuple[int, int]:
    """First and one past the last place where the ink is not fainter."""
    places = (profile >= faint).nonzero()[0]
    return int(places[0]), int(places[-1]) + 1


def is_placed(ink: Floats, height: int, width: int) -> bool:
    """Whether a 28×28 page already holds the digit as MNIST would: resampling it would only blur it."""
    row, column = centre_of_mass(ink)
    middle = (FIELD_SIDE - 1) / 2
    centred_already = abs(row - middle) <= 1.5 and abs(column - middle) <= 1.5
    return centred_already and BOX_SIDE - 3 <= max(height, width) <= BOX_SIDE + 1


def centre_of_mass(ink: NDArray[Any]) -> tuple[float, float]:
    """Row and column of the ink's centre."""
    rows, columns = ink.sum(axis=1, dtype=np.float64), ink.sum(axis=0, dtype=np.float64)
    total = rows.sum()
    return float(rows @ places(len(rows)) / total), float(columns @ places(len(columns)) / total)


@functools.lru_cache(64)
def places(count: int) -> NDArray[np.float64]:
    """0 … count − 1."""
    return np.arange(count, dtype=np.float64)


def thicken(ink: Floats, scale: float) -> Floats:
    """Widen strokes that shrinking by `scale` would fade below MIN_STROKE pixels."""
    solid = ink > SOLID_INK
    edges = int(np.count_nonzero(solid[:, 1:] != solid[:, :-1]) + np.count_nonzero(solid[1:] != solid[:-1]))
    stroke = 2.5 * np.count_nonzero(solid) / max(edges, 1)  # area over half the outline; diagonals count twice
    missing = MIN_STROKE / scale - stroke
    if missing < 1 or scale > 0.5:
        return ink
    radius = min(round(missing / 2), 12)
    if radius < 1:
        return ink
    page = Image.fromarray(np.pad(ink, radius).astype(np.uint8)).filter(ImageFilter.MaxFilter(2 * radius + 1))
    return np.asarray(page, np.float32)


def empty_field() -> NDArray[np.uint8]:
    """A black uint8 (32, 32)."""
    return np.zeros((FIELD_SIDE + 2 * MARGIN, FIELD_SIDE + 2 * MARGIN), np.uint8)


def centred(box: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The box in a black 32×32, its centre of mass in the middle as far as it fits into the inner 28×28."""
    row, column = centre_of_mass(box)
    height, width = box.shape
    field = empty_field()
    middle = (FIELD_SIDE - 1) / 2
    top = MARGIN + min(max(round(middle - row), 0), FIELD_SIDE - height)
    left = MARGIN + min(max(round(middle - column), 0), FIELD_SIDE - width)
    field[top : top + height, left : left + width] = box
    return field
