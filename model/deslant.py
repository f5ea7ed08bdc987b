"""Deslanting: a digit that leans is set upright before the network sees it, which then need not learn every slant.

Rows are moved sideways, in proportion to their height, until the ink's columns no longer go with its rows: a shear by
the covariance of column and row over the variance of the row. The exported graph holds it (`registry/export.py`), so
that each version keeps what it was trained with. Source: "deslanting" in LeCun, Bottou, Bengio and Haffner,
"Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 86, 1998.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 32  # pixels
MAX_SLOPE = 1.0  # columns that a row is moved for each row above the centre: 45°
EPSILON = 1e-6  # ink, and variance of its rows in square pixels, below which nothing leans


class Deslanted(nn.Module):
    """A network that is shown every digit upright, which is what the exported graph computes."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Logits float32 (N, 10) of images float32 (N, 1, 32, 32), 0–1, white ink on black."""
        logits: Tensor = self.net(deslant(images))
        return logits


def deslant(images: Tensor) -> Tensor:
    """Float32 (N, 1, S, S), 0–1, white ink on black, that doesn't lean, of images in the same form."""
    side = images.shape[-1]
    row, slope = lean(images)
    below_centre = positions(side, images.device) - row.unsqueeze(1)
    shift = slope.unsqueeze(1) * below_centre  # (N, S): pixels to the right that each row's ink is taken from
    whole = shift.floor()
    columns = torch.arange(1, side + 2, device=images.device) + whole.long().unsqueeze(2)
    columns = columns.clamp(0, side + 1).unsqueeze(1)  # (N, 1, S, S + 1), where 0 and S + 1 are a margin without ink
    near = F.pad(images, (1, 1)).gather(3, columns)
    left, right = near[..., :-1], near[..., 1:]
    return left + (right - left) * (shift - whole).view(-1, 1, side, 1)


def lean(images: Tensor) -> tuple[Tensor, Tensor]:
    """Row of the ink's centre, in pixels from the middle, and columns per row that it leans: float32 (N,) each."""
    total, *sums = (images.flatten(1) @ monomials(images.shape[-1], images.device)).unbind(dim=1)
    column, row, product, square = (value / total.clamp(min=EPSILON) for value in sums)
    slope = (product - column * row) / (square - row * row).clamp(min=EPSILON)
    return row, slope.clamp(-MAX_SLOPE, MAX_SLOPE)


@cache
def monomials(side: int, device: torch.device) -> Tensor:
    """(side², 5): for each pixel 1, its column x, its row y, x · y and y²."""
    row, column = torch.meshgrid(positions(side, device), positions(side, device), indexing="ij")
    return torch.stack([torch.ones_like(row), column, row, column * row, row * row], dim=2).view(side * side, 5)


def positions(side: int, device: torch.device) -> Tensor:
    """(side,): where the pixels of a row or a column lie, in pixels from its middle."""
    return torch.arange(side, device=device) - (side - 1) / 2
