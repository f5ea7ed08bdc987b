"""The bodies that benches post: each form that a prediction accepts, and a photo like a phone's."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from bench.load import Body
from model.preprocessing.pipeline import read_digit

IMAGE = Path(__file__).with_name("seven.png")  # 28×28, drawn for this purpose
PHOTO = Path("var/bench/photo.jpg")
WIDTH, HEIGHT = 4000, 3000  # pixels of the photo: 12 megapixels
SEVEN = [(1500, 900), (2500, 900), (1900, 2200)]
PEN = 110  # pixels
PAPER, INK = 225.0, 50.0  # gray levels
DARKEST = 0.45  # share of the light in the corner that is farthest from the lamp
SENSOR_NOISE = 3.0  # gray levels, standard deviation
BOUNDARY = "numeral-bench"


def multipart(image: bytes, count: int = 1, path: str = "/predict", field: str = "file") -> Body:
    """The image `count` times as files of a form."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="7.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode()
    data = (head + image + b"\r\n") * count + f"--{BOUNDARY}--\r\n".encode()
    return Body(data, f"multipart/form-data; boundary={BOUNDARY}", path, count)


def raw() -> Body:
    """The image file as the body, which most benches post."""
    return Body(IMAGE.read_bytes(), "image/png")


def bodies() -> dict[str, Body]:
    """Name → body, for each form that a prediction accepts."""
    image = IMAGE.read_bytes()
    pixels = json.dumps({"pixels": read_digit(image).pixels[2:30, 2:30].tolist()}).encode()
    return {
        "raw body": raw(),
        "multipart": multipart(image),
        "JSON pixels": Body(pixels, "application/json"),
        "batch of 64": multipart(image, 64, "/predict/batch"),
    }


def photo() -> Body:
    """The photo as a request. It is drawn once and kept in PHOTO."""
    if not PHOTO.exists():
        PHOTO.parent.mkdir(parents=True, exist_ok=True)
        draft = PHOTO.with_suffix(".draft")
        draft.write_bytes(draw_photo())
        draft.replace(PHOTO)
    return Body(PHOTO.read_bytes(), "image/jpeg")


def draw_photo() -> bytes:
    """A JPEG of a sheet with a seven on it, lit by a lamp to one side, with a sensor's noise."""
    sheet = Image.new("L", (WIDTH, HEIGHT), 0)
    ImageDraw.Draw(sheet).line(SEVEN, fill=255, width=PEN, joint="curve")
    ink = np.asarray(sheet, np.float32) / 255
    along = np.linspace(0, 1, WIDTH, dtype=np.float32) + np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None]
    light = 1 - (1 - DARKEST) * along / 2
    noise = np.random.default_rng(7).normal(0, SENSOR_NOISE, ink.shape).astype(np.float32)
    gray = (PAPER + (INK - PAPER) * ink) * light + noise
    warm = gray[..., None] * np.array((1.0, 0.97, 0.9), np.float32)
    file = io.BytesIO()
    Image.fromarray(warm.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()
