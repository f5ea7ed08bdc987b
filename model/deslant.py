"""Digits that lean are set upright before the network sees them, which then need not learn every slant.

Rows are moved sideways, in proportion to their height, until the ink's columns no longer go with its rows: a shear by
the covariance of column and row over the variance of the row. The exported graph holds it (`registry/export.py`), so
that each version keeps what it was trained with. Source: "deslanting" in LeCun, Bottou, Bengio and Haffner,
"Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 86, 1998.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from onnx import TensorProto, helper
from torch import Tensor, nn

SIDE = 32  # pixels
MAX_SLOPE = 1.0  # columns that a row is moved for each row above the centre: 45°
LEAST = 1e-6  # ink, and variance of its rows in square pixels, below which nothing leans


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
    total, *sums = (images.flatten(1) @ moments(images.shape[-1], images.device)).unbind(dim=1)
    column, row, product, square = (value / total.clamp(min=LEAST) for value in sums)
    slope = (product - column * row) / (square - row * row).clamp(min=LEAST)
    return row, slope.clamp(-MAX_SLOPE, MAX_SLOPE)


@cache
def moments(side: int, device: torch.device) -> Tensor:
    """(side², 5): for each pixel 1, its column x, its row y, x · y and y²."""
    row, column = torch.meshgrid(positions(side, device), positions(side, device), indexing="ij")
    return torch.stack([torch.ones_like(row), column, row, column * row, row * row], dim=2).view(side * side, 5)


def positions(side: int, device: torch.device) -> Tensor:
    """(side,): where the pixels of a row or a column lie, in pixels from its middle."""
    return torch.arange(side, device=device) - (side - 1) / 2


def deslant_nodes() -> list[onnx.NodeProto]:
    """`image` → `deslanted`, as `deslanted` does."""
    node = helper.make_node
    return [
        # How much the ink leans.
        node("Flatten", ["image"], ["pixels"], axis=1),
        node("MatMul", ["pixels", "moments"], ["sums"]),
        node("Split", ["sums", "total_and_means"], ["ink", "moment_sums"], axis=1),
        node("Max", ["ink", "least"], ["total"]),
        node("Div", ["moment_sums", "total"], ["means"]),
        node("Split", ["means", "four"], ["column", "row", "product", "square"], axis=1),
        node("Mul", ["column", "row"], ["product_of_means"]),
        node("Sub", ["product", "product_of_means"], ["covariance"]),
        node("Mul", ["row", "row"], ["square_of_mean"]),
        node("Sub", ["square", "square_of_mean"], ["row_variance"]),
        node("Max", ["row_variance", "least"], ["variance"]),
        node("Div", ["covariance", "variance"], ["lean"]),
        node("Clip", ["lean", "min_slope", "max_slope"], ["slope"]),
        # Which pixels each row is taken from.
        node("Sub", ["rows", "row"], ["below_centre"]),
        node("Mul", ["below_centre", "slope"], ["shifts"]),
        node("Unsqueeze", ["shifts", "channel_and_column"], ["shift"]),  # [N, 1, 32, 1]
        node("Floor", ["shift"], ["whole"]),
        node("Sub", ["shift", "whole"], ["part"]),
        node("Add", ["whole", "columns"], ["unbounded"]),
        node("Clip", ["unbounded", "first", "last"], ["bounded"]),
        node("Cast", ["bounded"], ["taken"], to=TensorProto.INT32),
        # Those pixels, interpolated.
        node("Pad", ["image", "margin"], ["framed"]),
        node("GatherElements", ["framed", "taken"], ["near"], axis=3),
        node("Slice", ["near", "start", "side", "column_axis"], ["left"]),
        node("Slice", ["near", "next", "end", "column_axis"], ["right"]),
        node("Sub", ["right", "left"], ["step"]),
        node("Mul", ["step", "part"], ["partial_step"]),
        node("Add", ["left", "partial_step"], ["deslanted"]),
    ]


def deslant_constants() -> dict[str, NDArray[Any]]:
    """What `deslant_nodes` names."""
    cpu = torch.device("cpu")
    return {
        "moments": moments(SIDE, cpu).numpy(),
        "rows": positions(SIDE, cpu).numpy()[None],  # (1, 32)
        "columns": np.arange(1, SIDE + 2, dtype=np.float32),  # of 33 pixels, between which 32 are taken
        "total_and_means": np.array([1, 4]),
        "four": np.array([1, 1, 1, 1]),
        "least": np.array(LEAST, np.float32),
        "max_slope": np.array(MAX_SLOPE, np.float32),
        "min_slope": np.array(-MAX_SLOPE, np.float32),
        "first": np.array(0, np.float32),
        "last": np.array(SIDE + 1, np.float32),
        "margin": np.array([0, 0, 0, 1, 0, 0, 0, 1]),
        "channel_and_column": np.array([1, 3]),
        "column_axis": np.array([3]),
        "start": np.array([0]),
        "next": np.array([1]),
        "side": np.array([SIDE]),
        "end": np.array([SIDE + 1]),
    }
