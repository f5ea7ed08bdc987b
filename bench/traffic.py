"""The requests of a soak: valid ones, and those whose pictures, JSON, forms, headers or keys are cut, huge or wrong."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable

import httpx
import numpy as np
from PIL import Image

from model.preprocessing.pipeline import to_png
from tests.pictures import draw_seven, encoded, zipped
from tests.server import ADMIN_KEY

SAMPLES = 50  # different samples, posted repeatedly
JSON = {"Content-Type": "application/json"}
ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
Ask = Callable[[httpx.Client, random.Random], httpx.Response]


def colour(side: int) -> Image.Image:
    """A seven with three channels."""
    return draw_seven(side).convert("RGB")


def archive() -> bytes:
    """A ZIP with sevens and damaged images."""
    whole = {f"7/{number}.png": to_png(np.asarray(draw_seven(100 + number))) for number in range(20)}
    cut = {f"7/cut{number}.png": to_png(np.asarray(draw_seven()))[: 30 + number] for number in range(20)}
    return zipped(whole | cut)


def posts(path: str, *bodies: bytes, **headers: str) -> Ask:
    """A request that posts one of the bodies."""
    return lambda client, dice: client.post(path, content=dice.choice(bodies), headers=headers)


def requests() -> dict[str, list[Ask]]:
    """Kind of client → the requests that it sends."""
    seven = to_png(np.asarray(draw_seven(28)))
    formats = [encoded(colour(300), name) for name in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")]
    cut = [file[: random.Random(number).randrange(1, len(file))] for number, file in enumerate(formats * 5)]
    as_json = b'{"pixels": %s}' % str((255 - np.asarray(draw_seven(28))).tolist()).encode()
    samples = [to_png(np.asarray(draw_seven(60 + number))) for number in range(SAMPLES)]
    bomb = gzip.compress(bytes(100_000_000), 1)
    return {
        "small": [posts("/predict", seven), posts("/predict", as_json, **JSON)],
        "pictures": [posts("/predict", *formats), posts("/predict?seen=true", *formats)],
        "pages": [posts("/read", seven, samples[0]), posts("/read?seen=true&digits=1", seven)],
        "batches": [lambda client, dice: client.post("/predict/batch", files=[("f", ("7.png", seven))] * 32)],
        "cut": [
            posts("/predict", *(seven[:length] for length in range(1, len(seven)))),
            posts("/predict", *cut),
            lambda client, dice: client.post("/predict/batch", files=[("f", ("7", dice.choice(cut)))] * 16),
        ],
        "hostile": [
            posts("/predict", encoded(colour(2000), "JPEG", progressive=True), encoded(colour(1000), "JPEG2000")),
            posts("/predict", b"\xff\xfe" + b"\x00\xd8" * 1_000_000, b"image=a&" + b"\xff" * 2_000_000),
            posts("/predict/batch", b"[" + b"1," * 500_000 + b"1]", **JSON),
            posts("/predict", b"[" * 1_000_000, b'{"a":' * 100_000, b'{"pixels": [%s]}' % (b"1," * 99_999), **JSON),
            posts("/predict", bomb, **{"Content-Encoding": "gzip"}),
            lambda client, dice: client.get("/livez", headers={"X-Long": "x" * 100_000}),
            lambda client, dice: client.get("/samples", headers={"Authorization": f"Bearer {dice.random()}"}),
            lambda client, dice: client.post("/predict", content=dice.randbytes(100_000)),
            lambda client, dice: client.get(f"/{dice.random()}"),
        ],
        "teachers": [
            lambda client, dice: client.post(
                "/samples", files={"file": dice.choice(samples)}, data={"label": str(dice.randrange(10))}, headers=ADMIN
            ),
            lambda client, dice: client.get("/samples", headers=ADMIN),
            lambda client, dice: client.get("/samples/export", headers=ADMIN),
            posts("/samples/import", archive(), **ADMIN),
        ],
    }
