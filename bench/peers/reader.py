"""Read an image as every peer does: Pillow, the network, the digit. Needs Pillow, NumPy, torch and safetensors."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from model.net import Net


class Reader:
    """The network with the weights of the version in NUMERAL_BENCH_VERSION, on one thread."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self.net = Net().eval()
        self.net.load_state_dict(load_file(Path(os.environ["NUMERAL_BENCH_VERSION"]) / "weights.safetensors"))

    def read(self, encoded: bytes) -> int:
        """The digit of an encoded 28×28 image."""
        return self.read_image(Image.open(io.BytesIO(encoded)))

    def read_image(self, image: Image.Image) -> int:
        """The digit of a 28×28 image."""
        pixels = torch.from_numpy(np.pad(np.asarray(image.convert("L"), np.float32) / 255, 2))
        with torch.inference_mode():
            return int(self.net(pixels[None, None]).argmax())
