"""Examples for OpenAPI, which can be sent unchanged: a seven, as pixels and as a PNG, and a page with the number 77."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from model.preprocessing.pipeline import to_png

DIGIT = 7
INKS = ".-+*#@"  # gray levels from paper (0) to full ink (255), in equal steps
DRAWN = """
............................
............................
............................
............................
............................
............................
............................
.....+++****########........
.....@@@@@@@@@@@@@@#........
.....++++-------.#@+........
................-@#.........
................#@+.........
...............-@#..........
...............*@+..........
..............-@#...........
..............#@+...........
.............-@@............
.............*@*............
.............@@-............
............+@#.............
............#@+.............
...........-@#..............
...........#@+..............
..........-@@...............
..........*@*...............
..........@@-...............
..........**................
............................
"""

PIXELS = [[INKS.index(ink) * 255 // (len(INKS) - 1) for ink in row] for row in DRAWN.split()]
PNG = base64.b64encode(to_png(np.array(PIXELS, np.uint8))).decode()

IMAGE: dict[str, Any] = {"image": PNG}
IMAGES: dict[str, dict[str, Any]] = {
    "image": {"summary": "an image file, as base64", "value": IMAGE},
    "pixels": {"summary": "28×28 pixels", "value": {"pixels": PIXELS}},
}
BATCHES: dict[str, dict[str, Any]] = {
    "images": {"summary": "two image files", "value": [IMAGE, {"image": f"data:image/png;base64,{PNG}"}]},
    "pixels": {"summary": "an image file and 28×28 pixels", "value": [IMAGE, {"pixels": PIXELS}]},
}
TEXT = "77"
NUMBER_PNG = base64.b64encode(to_png(np.tile(np.array(PIXELS, np.uint8)[:, 2:22], len(TEXT)))).decode()
NUMBER: dict[str, Any] = {"image": NUMBER_PNG}
NUMBERS: dict[str, dict[str, Any]] = {
    "image": {"summary": "an image file, as base64", "value": NUMBER},
    "pixels": {"summary": "28×28 pixels, with a number of one digit", "value": {"pixels": PIXELS}},
}
NUMBER_BATCHES: dict[str, dict[str, Any]] = {
    "images": {"summary": "two image files", "value": [NUMBER, {"image": f"data:image/png;base64,{NUMBER_PNG}"}]},
}
SAMPLES: dict[str, dict[str, Any]] = {
    name: {"summary": example["summary"], "value": {**example["value"], "label": DIGIT}}
    for name, example in IMAGES.items()
}
SAMPLES["number"] = {"summary": "an image of a number, as base64", "value": {**NUMBER, "text": TEXT}}
SAMPLE_FORMS: dict[str, dict[str, Any]] = {"image": {**IMAGE, "label": DIGIT}, "number": {**NUMBER, "text": TEXT}}
RETRAININGS: dict[str, dict[str, Any]] = {
    "default": {"summary": "as the recipe says", "value": {}},
    "short": {"summary": "three epochs, left for a person to activate", "value": {"epochs": 3, "promote": "manual"}},
}


def inference(*values: object, datatype: str, shape: list[int]) -> dict[str, Any]:
    """A request by the Open Inference Protocol V2."""
    return {"inputs": [{"name": "image", "shape": shape, "datatype": datatype, "data": list(values)}]}


NETWORK_PIXELS = np.pad(np.array(PIXELS), 2).ravel().tolist()  # 32×32
INFERENCES: dict[str, dict[str, Any]] = {  # by the name of the model
    "digits": {
        "summary": "digits: an array of 32×32",
        "value": inference(*NETWORK_PIXELS, datatype="UINT8", shape=[1, 1, 32, 32]),
    },
    "digits-image": {
        "summary": "digits-image: two image files, as base64",
        "value": inference(PNG, PNG, datatype="BYTES", shape=[2]),
    },
    "numbers-image": {
        "summary": "numbers-image: a page with a number",
        "value": inference(NUMBER_PNG, datatype="BYTES", shape=[1]) | {"parameters": {"digits": len(TEXT)}},
    },
}
