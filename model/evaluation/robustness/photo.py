"""Simulate a photo of a sheet with digits: perspective, uneven light, a shadow's edge, blur, and sensor noise."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

HEIGHT, WIDTH = 480, 640  # pixels of the photo
TILT = 0.08  # each corner of the sheet moves by at most this share of a side
SENSOR_NOISE = 3.0  # gray levels, standard deviation


def photographed(share: NDArray[np.float32], random: Generator) -> NDArray[np.uint8]:
    """A photo uint8 (HEIGHT, WIDTH, 3) of a share of ink float32 (S, S), 0–1, somewhere on a sheet."""
    sheet = np.zeros((HEIGHT, WIDTH), np.float32)
    side = int(random.integers(200, 400))
    small = Image.fromarray(share).resize((side, side), Image.Resampling.BICUBIC)
    top, left = random.integers(0, HEIGHT - side), random.integers(0, WIDTH - side)
    sheet[top : top + side, left : left + side] = np.asarray(small)
    return taken(sheet, random)


def taken(sheet: NDArray[np.float32], random: Generator) -> NDArray[np.uint8]:
    """A photo uint8 (HEIGHT, WIDTH, 3) in warm light, of a share of ink float32 (HEIGHT, WIDTH), 0–1."""
    seen = np.clip(tilted(sheet, random), 0, 1)
    paper, ink = random.uniform(200, 240), random.uniform(20, 70)
    lit = (paper + (ink - paper) * seen) * light(random) * shadow(random)
    soft = Image.fromarray(lit.astype(np.float32).clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    warm = np.asarray(soft, np.float32)[..., None] * random.uniform((0.96, 0.92, 0.82), (1.0, 0.98, 0.95))
    return np.clip(warm + random.normal(0, SENSOR_NOISE, warm.shape), 0, 255).astype(np.uint8)


def tilted(sheet: NDArray[np.float32], random: Generator) -> NDArray[np.float32]:
    """The sheet float32 (H, W) in perspective: each corner moves by up to TILT of a side."""
    height, width = sheet.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    seen = corners + random.uniform(-TILT, TILT, (4, 2)) * (width, height)
    coefficients = perspective(seen, corners)
    picture = Image.fromarray(sheet).transform(
        (width, height), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC
    )
    return np.asarray(picture, np.float32)


def perspective(seen: NDArray[np.float64], corners: NDArray[np.float64]) -> list[float]:
    """Pillow's eight coefficients of the transform that moves the four `corners` (4, 2), x and y, to `seen` (4, 2)."""
    rows, values = [], []
    for (x, y), (u, v) in zip(seen, corners, strict=True):  # u = (a x + b y + c) / (g x + h y + 1)
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    coefficients: list[float] = np.linalg.solve(np.array(rows), np.array(values)).tolist()
    return coefficients


def across(random: Generator) -> NDArray[np.float64]:
    """Each pixel's position along a random direction, float64 (HEIGHT, WIDTH), within −1 to 1."""
    angle = random.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    along: NDArray[np.float64] = x * np.cos(angle) + y * np.sin(angle)
    along /= np.abs(along).max()
    return along


def light(random: Generator) -> NDArray[np.float64]:
    """Brightness (HEIGHT, WIDTH), 0–1, of a lamp on one side: 50 to 90 % remain on the other."""
    dark = random.uniform(0.5, 0.9)
    return dark + (1 - dark) * (across(random) + 1) / 2


def shadow(random: Generator) -> NDArray[np.float64]:
    """Brightness (HEIGHT, WIDTH), 0–1, with a shadow on one part that takes up to 40 % of the light."""
    depth = random.uniform(0.0, 0.4)
    edge = (across(random) - random.uniform(-0.6, 0.6)) / random.uniform(0.02, 0.15)
    return 1 - depth / (1 + np.exp(-np.clip(edge, -50, 50)))
