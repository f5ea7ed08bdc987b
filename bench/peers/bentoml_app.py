"""BentoML: an image as the raw body, which BentoML passes on as a Pillow image (its "root input").

https://docs.bentoml.com/en/latest/build-with-bentoml/iotypes.html
"""

from __future__ import annotations

import bentoml
from PIL.Image import Image

from bench.peers.reader import Reader


@bentoml.service(workers=1, logging={"access": {"enabled": False}}, metrics={"enabled": False})
class Digits:
    def __init__(self) -> None:
        self.reader = Reader()

    @bentoml.api(route="/predict")
    def predict(self, image: Image, /) -> dict[str, int]:
        """The digit of an image."""
        return {"digit": self.reader.read_image(image)}
