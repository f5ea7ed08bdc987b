"""Slanted digits become upright, others stay as they are, and the ONNX graph agrees with torch."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model.data.digits import Splits
from model.deslant import Deslanted, deslant, measure_slant
from model.net import Net
from model.registry.export import to_onnx


def image(**ink: tuple[slice | int, slice | int]) -> Tensor:
    """An image float32 (1, 1, 32, 32) with ink at the given places."""
    page = torch.zeros(1, 1, 32, 32)
    for place in ink.values():
        page[0, 0][place] = 1
    return page


ODD = {
    "blank": image(),
    "one pixel": image(dot=(3, 20)),
    "one row": image(line=(10, slice(2, 30))),
    "one column": image(line=(slice(2, 30), 10)),
    "all ink": image(page=(slice(None), slice(None))),
    "the margin": image(top=(0, slice(None)), left=(slice(None), 0), right=(slice(None), 31)),
    "faint": image(dot=(3, 20), other=(9, 9)) / 255,
}


@pytest.fixture
def digits(embedded: Splits) -> Tensor:
    return torch.from_numpy(embedded.test.images[:200]).unsqueeze(1).float() / 255


def leaning(images: Tensor, slope: float) -> Tensor:
    """Slant the images: each row moves `slope` pixels to the left of the row above it."""
    shear = torch.tensor([[1, slope, 0], [0, 1, 0]]).expand(len(images), 2, 3)
    return F.grid_sample(images, F.affine_grid(shear, list(images.shape), align_corners=False), align_corners=False)


@pytest.mark.parametrize("slope", [-0.4, -0.2, 0.3])
def test_a_digit_that_leans_looks_as_if_it_did_not(digits: Tensor, slope: float) -> None:
    before, after = deslant(digits), deslant(leaning(digits, slope))
    assert measure_slant(leaning(digits, slope))[1].abs().mean() > 0.15
    assert (after - before).abs().mean() < 0.25 * (leaning(digits, slope) - digits).abs().mean()


@pytest.mark.parametrize("side", [32, 16])
def test_what_was_set_upright_leans_no_more_and_lost_no_ink(digits: Tensor, side: int) -> None:
    digits = F.avg_pool2d(digits, 32 // side)
    made = deslant(digits)
    assert measure_slant(made)[1].abs().max() < 1e-3
    torch.testing.assert_close(made.sum(dim=(1, 2, 3)), digits.sum(dim=(1, 2, 3)))
    assert made.min() >= 0 and made.max() <= 1


@pytest.mark.parametrize("name", ["blank", "one pixel", "one row", "one column", "all ink"])
def test_what_leans_to_no_side_is_left_as_it_is(name: str) -> None:
    torch.testing.assert_close(deslant(ODD[name]), ODD[name], rtol=0, atol=1e-4)


def test_a_diagonal_is_set_upright_and_what_is_flatter_no_further() -> None:
    page = torch.eye(32).flip(0).view(1, 1, 32, 32)
    assert measure_slant(page)[1].item() == pytest.approx(-1)
    assert deslant(page)[0, 0].sum(dim=0)[14:18].tolist() == [0, 16, 16, 0]  # the middle lies between two columns
    flat = image(left=(15, slice(2, 16)), right=(16, slice(16, 30)))
    assert measure_slant(flat)[1].item() == 1


def test_the_graph_does_as_torch_does_one_by_one_and_together(digits: Tensor) -> None:
    torch.manual_seed(1)
    net = Net().eval()
    session = onnxruntime.InferenceSession(to_onnx(net, temperature=1.0))
    images = torch.cat([*ODD.values(), digits])
    with torch.inference_mode():
        expected = Deslanted(net)(images).numpy()
    together = session.run(["logits"], {"image": images.numpy()})[0]
    np.testing.assert_allclose(together, expected, atol=1e-5)
    alone = np.concatenate([session.run(["logits"], {"image": one[None]})[0] for one in images.numpy()])
    np.testing.assert_allclose(alone, together, atol=1e-6)
