"""Draw the picture at the top of the README: twelve pictures as users send them, with a running service's answers.

python -m bench.gallery                    (writes bench/gallery.png)
python -m bench.gallery var/gallery.png    (elsewhere)

MNIST's test digits are taken from NUMERAL_DATA_DIR, or are downloaded.
"""

from __future__ import annotations

import io
import math
import os
import sys
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np
from PIL import Image, ImageDraw, ImageOps

from bench.servers import numeral
from model.data.digits import Labelled
from model.data.fonts import font
from model.data.load import load_digits
from model.evaluation.reports.figure import BLUE, LINE, MUTED, ORANGE
from model.evaluation.robustness.conditions import CONDITIONS
from model.evaluation.robustness.nondigits import NON_DIGITS

PATH = Path("bench/gallery.png")
BUILDS = {condition.name: condition.build for condition in (*CONDITIONS, *NON_DIGITS)}
# The label, the index among MNIST's test digits with this label, and the condition under which it is sent.
SHOWN = (
    (0, 3, "as MNIST has it"),
    (1, 4, "photo"),
    (2, 2, "ruled paper"),
    (3, 5, "inverted"),
    (4, 8, "mouse-drawn"),
    (5, 6, "coloured"),
    (6, 4, "thin strokes"),
    (7, 9, "slanted"),
    (8, 3, "thick strokes"),
    (9, 7, "blurred"),
    (4, 3, "two digits"),
    (0, 0, "letters"),
)
SEED = 19
COLUMNS = 6
TILE, GAP, TEXT = 140, 18, 52  # pixels: a picture's side, the space around it, the height of the two lines below it
WIDE = 1.5  # a picture with a larger ratio of width to height is shown whole
COLORS = 96  # size of the palette, for a small file


class Tile(NamedTuple):
    """A picture that was sent, the name of its condition, and the service's answer."""

    picture: bytes
    condition: str
    answer: dict[str, object]


def pictures(test: Labelled) -> list[tuple[bytes, str]]:
    """The picture files of SHOWN with the names of their conditions."""
    random = np.random.default_rng(SEED)
    made = []
    for label, number, condition in SHOWN:
        ink = test.images[np.flatnonzero(test.labels == label)[number], 2:-2, 2:-2]  # (28, 28), as conditions take it
        made.append((BUILDS[condition](ink, random), condition))
    return made


def ask(url: str, picture: bytes, condition: str) -> Tile:
    """Send the picture to the service. Returns it with the answer. Raises httpx.HTTPStatusError."""
    answer = httpx.post(f"{url}/predict", content=picture).raise_for_status().json()
    return Tile(picture, condition, answer)


def draw(tiles: list[Tile]) -> Image.Image:
    """Draw the tiles in rows of COLUMNS, with the answer and the condition below each."""
    rows = -(-len(tiles) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * (TILE + GAP) + GAP, rows * (TILE + TEXT + GAP) + GAP), "white")
    pen = ImageDraw.Draw(page)
    bold = font("DejaVuSans-Bold", 17)
    small = font("DejaVuSans", 12)
    for number, (picture, condition, answer) in enumerate(tiles):
        left = GAP + number % COLUMNS * (TILE + GAP)
        top = GAP + number // COLUMNS * (TILE + TEXT + GAP)
        page.paste(thumbnail(picture), (left, top))
        pen.rectangle((left, top, left + TILE - 1, top + TILE - 1), outline=LINE)
        middle = left + TILE / 2
        pen.text((middle, top + TILE + 18), words(answer), BLUE if answer["accepted"] else ORANGE, bold, anchor="mm")
        pen.text((middle, top + TILE + 38), condition, MUTED, small, anchor="mm")
    return page.quantize(COLORS, dither=Image.Dither.NONE)


def words(answer: dict[str, object]) -> str:
    """The answer in a few words: the digit and the confidence, or that the service refuses, and why."""
    if answer["accepted"]:
        tenths = math.floor(1000 * float(str(answer["confidence"])))  # rounded down: no answer is 100 % sure
        return f"{answer['digit']}   {tenths / 10:.1f} %"
    return str(answer["reason"]).replace("-", " ")


def thumbnail(picture: bytes) -> Image.Image:
    """The picture as TILE × TILE pixels: cut to a square, or padded when it is much wider than high."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(picture))).convert("RGB")
    how = Image.Resampling.NEAREST if image.width < TILE else Image.Resampling.LANCZOS
    if image.width > WIDE * image.height:
        return ImageOps.pad(image, (TILE, TILE), how, color=image.getpixel((0, 0)))
    return ImageOps.fit(image, (TILE, TILE), how)


def main(path: Path) -> None:
    """Start a server, send it the pictures, and write the drawing to the path."""
    data_dir = os.environ.get("NUMERAL_DATA_DIR")
    test = load_digits(Path(data_dir) if data_dir else None).test
    with numeral() as (url, _):
        tiles = [ask(url, picture, condition) for picture, condition in pictures(test)]
    path.parent.mkdir(parents=True, exist_ok=True)
    draw(tiles).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PATH)
