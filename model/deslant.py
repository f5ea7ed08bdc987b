"""Deslanting: shear a slanted digit upright before the network sees it, so that the network need not learn every slant.

The shear moves each row sideways in proportion to its height. Its slope, 45° at most, is the covariance of the ink's
column and row divided by the variance of the row; after the shear the two are uncorrelated. The exported graph includes
it (`model/registry/export.py`), so that each version keeps the deslanting that it was trained with. Source: LeCun,
Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 86, 1998.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MAX_SLOPE = 1.0  # pixels that a row moves sideways for each row of distance from the center: 45°
EPSILON = 1e-6  # least divisor, of ink and of row variance (pixels²): a blank page or a flat line has no slant


class Deslanted(nn.Module):
    """A network behind deslanting: what the exported graph computes."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Logits float32 (N, 10) of images float32 (N, 1, 32, 32), 0–1, white ink on black."""
        logits: Tensor = self.net(deslant(images))
        return logits


def deslant(images: Tensor) -> Tensor:
    """Deslant images float32 (N, 1, S, S), 0–1, white ink on black; the result has the same form."""
    side = images.shape[-1]
    row, slope = measure_slant(images)
    below_center = positions(side, images.device) - row.unsqueeze(1)
    shift = slope.unsqueeze(1) * below_center  # (N, S): each row reads its ink from this many pixels to the right
    whole = shift.floor()
    columns = torch.arange(1, side + 2, device=images.device) + whole.long().unsqueeze(2)
    columns = columns.clamp(0, side + 1).unsqueeze(1)  # (N, 1, S, S + 1); columns 0 and S + 1 are a blank margin
    near = F.pad(images, (1, 1)).gather(3, columns)
    left, right = near[..., :-1], near[..., 1:]
    return left + (right - left) * (shift - whole).view(-1, 1, side, 1)


def measure_slant(images: Tensor) -> tuple[Tensor, Tensor]:
    """Measure the slant of images (N, 1, S, S): the ink's mean row, in pixels from the middle, and its slope.

    The slope is in columns per row, −MAX_SLOPE to MAX_SLOPE; both are float32 (N,).
    """
    total, *sums = (images.flatten(1) @ monomials(images.shape[-1], images.device)).unbind(dim=1)
    column, row, product, square = (value / total.clamp(min=EPSILON) for value in sums)
    slope = (product - column * row) / (square - row * row).clamp(min=EPSILON)
    return row, slope.clamp(-MAX_SLOPE, MAX_SLOPE)


@cache
def monomials(side: int, device: torch.device) -> Tensor:
    """float32 (side², 5): for each pixel 1, x, y, x · y and y², with column x and row y counted from the middle."""
    row, column = torch.meshgrid(positions(side, device), positions(side, device), indexing="ij")
    return torch.stack([torch.ones_like(row), column, row, column * row, row * row], dim=2).view(side * side, 5)


def positions(side: int, device: torch.device) -> Tensor:
    """float32 (side,): the position of each pixel of a row or column, in pixels from its middle."""
    return torch.arange(side, device=device) - (side - 1) / 2
