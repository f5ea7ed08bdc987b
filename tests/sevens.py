"""A style of seven that the shipped version mostly misreads: with a pointed roof and a long foot.

python -m tests.sevens FOLDER    (200 drawings, 000.png … 199.png)
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from model.preprocessing.pipeline import to_png

SIDE = 120  # pixels
STROKES = [[(0.2, 0.35), (0.4, 0.15), (0.75, 0.25), (0.45, 0.85)], [(0.25, 0.85), (0.7, 0.85)]]


def odd_seven(number: int) -> bytes:
    """A PNG of the drawing with this number. Each has its own slant, size, pen width and tremor."""
    random = np.random.default_rng([7, number])
    turn = random.uniform(-0.15, 0.15)
    wide, high = random.uniform(0.85, 1.1, 2)
    image = Image.new("L", (SIDE, SIDE), 255)
    pen = ImageDraw.Draw(image)
    width = int(random.integers(6, 12))
    for stroke in STROKES:
        points = np.array(stroke) - 0.5 + random.normal(0, 0.02, (len(stroke), 2))
        x = wide * (points[:, 0] * math.cos(turn) - points[:, 1] * math.sin(turn))
        y = high * (points[:, 0] * math.sin(turn) + points[:, 1] * math.cos(turn))
        line = [((float(a) + 0.5) * SIDE, (float(b) + 0.5) * SIDE) for a, b in zip(x, y, strict=True)]
        pen.line(line, fill=0, width=width, joint="curve")
    return to_png(np.asarray(image))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(200):
        (folder / f"{number:03}.png").write_bytes(odd_seven(number))
