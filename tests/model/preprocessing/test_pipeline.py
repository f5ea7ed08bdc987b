"""The network's input: MNIST passes unchanged, and so do pixels that are sent as an array."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.digits import Splits
from model.preprocessing.errors import InvalidPixels
from model.preprocessing.pipeline import read_digit, read_pixels, to_input, to_png


@pytest.mark.parametrize("inverted", [False, True])
def test_mnist_passes_unchanged(mnist: Splits, inverted: bool) -> None:
    for image in mnist.test.images[:500]:
        inner = image[2:30, 2:30]
        assert (read_digit(to_png(255 - inner if inverted else inner)).pixels == image).all()


def test_pixels_are_taken_as_they_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    assert (read_pixels(pixels).pixels[2:30, 2:30] == pixels).all()
    assert (read_pixels(np.pad(pixels, 2)).pixels == np.pad(pixels, 2)).all()


def test_the_network_s_input_is_the_same_from_numpy_and_from_torch() -> None:
    import torch  # slow to import

    from model.training.batches import to_input as to_tensor_input

    images = np.arange(3 * 32 * 32, dtype=np.uint32).astype(np.uint8).reshape(3, 32, 32)
    made = to_input(images)
    assert made.dtype == np.float32 and made.shape == (3, 1, 32, 32)
    assert (made.min(), made[0, 0, 0, 1], made.max()) == (0, np.float32(1 / 255), 1)
    assert (made == to_input(list(images))).all()
    assert (made == to_tensor_input(torch.from_numpy(images)).numpy()).all()


@pytest.mark.parametrize("shape", [(27, 27), (28, 32), (32,), (1, 28, 28)])
def test_other_shapes_of_pixels_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidPixels):
        read_pixels(np.ones(shape, np.uint8))
