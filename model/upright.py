"""Digits are set upright and enlarged before the network sees them, which then need not learn every slant.

Rows are moved sideways, in proportion to their height, until the ink's columns no longer go with its rows: a shear by
the covariance of column and row over the variance of the row. The same resampling enlarges: a digit fills 20 of the 32
pixels of a side, and 25 show more of it to the network's windows. It is part of the exported graph
(`model/export.py`), so that each version keeps what it was trained with. Source: "deslanting" in LeCun, Bottou, Bengio
and Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 86, 1998.
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
MIDDLE = (SIDE - 1) / 2
MARGIN = 1  # column without ink on both sides of the image, from which what lies outside of it is taken
ENLARGEMENT = 1.25  # about the middle of the image
MAX_SLOPE = 1.0  # columns that a row is moved for each row above the centre: 45°
LEAST = 1e-6  # ink, and variance of its rows in square pixels, below which nothing leans


class Upright(nn.Module):
    """A network that is shown every digit upright and enlarged, which is what the exported graph computes."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Logits float32 (N, 10) of images float32 (N, 1, 32, 32), 0–1, white ink on black."""
        logits: Tensor = self.net(upright(images))
        return logits


def upright(images: Tensor) -> Tensor:
    """Float32 (N, 1, 32, 32), 0–1, white ink on black, enlarged and not leaning, of images in the same form."""
    row, slope = lean(images)
    places = positions(images.device) / ENLARGEMENT  # (32,): where a pixel that is made lies in the image
    shift = slope.unsqueeze(1) * (places - row.unsqueeze(1))  # (N, 32): columns to the right of there, row by row
    columns = (shift.unsqueeze(2) + (places + MIDDLE + MARGIN)).clamp(0, SIDE + 1).unsqueeze(1)  # (N, 1, 32, 32)
    whole = columns.floor().clamp(max=SIDE)
    rows = F.pad(between_rows(images.device) @ images, (MARGIN, MARGIN))
    left, right = (rows.gather(3, which) for which in (whole.long(), whole.long() + 1))
    return left + (right - left) * (columns - whole)


def lean(images: Tensor) -> tuple[Tensor, Tensor]:
    """Row of the ink's centre, in pixels from the middle, and columns per row that it leans: float32 (N,) each."""
    total, *sums = (images.flatten(1) @ moments(images.device)).unbind(dim=1)
    column, row, product, square = (value / total.clamp(min=LEAST) for value in sums)
    slope = (product - column * row) / (square - row * row).clamp(min=LEAST)
    return row, slope.clamp(-MAX_SLOPE, MAX_SLOPE)


@cache
def moments(device: torch.device) -> Tensor:
    """(1024, 5): for each pixel 1, its column x, its row y, x · y and y²."""
    row, column = torch.meshgrid(positions(device), positions(device), indexing="ij")
    return torch.stack([torch.ones_like(row), column, row, column * row, row * row], dim=2).view(SIDE * SIDE, 5)


@cache
def between_rows(device: torch.device) -> Tensor:
    """(32, 32): what each row that is made takes of each row of the image, interpolated."""
    distance = positions(device).unsqueeze(1) / ENLARGEMENT - positions(device)
    return (1 - distance.abs()).clamp(min=0)


def positions(device: torch.device) -> Tensor:
    """(32,): where the pixels of a row or a column lie, in pixels from its middle."""
    return torch.arange(SIDE, device=device) - MIDDLE


def upright_nodes() -> list[onnx.NodeProto]:
    """`image` → `upright`, as `upright` does."""
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
        # Where each pixel's ink is taken from.
        node("Sub", ["places", "row"], ["below_centre"]),
        node("Mul", ["below_centre", "slope"], ["shifts"]),
        node("Unsqueeze", ["shifts", "channel_and_column"], ["shift"]),  # [N, 1, 32, 1]
        node("Add", ["shift", "columns"], ["unbounded"]),
        node("Clip", ["unbounded", "first", "last"], ["bounded"]),
        node("Floor", ["bounded"], ["floor"]),
        node("Min", ["floor", "last_left"], ["whole"]),
        node("Sub", ["bounded", "whole"], ["part"]),
        node("Cast", ["whole"], ["left_of"], to=TensorProto.INT32),
        node("Add", ["left_of", "one"], ["right_of"]),
        # That ink, interpolated.
        node("MatMul", ["between_rows", "image"], ["rows"]),
        node("Pad", ["rows", "margin"], ["framed"]),
        node("GatherElements", ["framed", "left_of"], ["left"], axis=3),
        node("GatherElements", ["framed", "right_of"], ["right"], axis=3),
        node("Sub", ["right", "left"], ["step"]),
        node("Mul", ["step", "part"], ["partial_step"]),
        node("Add", ["left", "partial_step"], ["upright"]),
    ]


def upright_constants() -> dict[str, NDArray[Any]]:
    """What `upright_nodes` names."""
    cpu = torch.device("cpu")
    places = positions(cpu).numpy() / ENLARGEMENT
    return {
        "moments": moments(cpu).numpy(),
        "places": places[None],  # (1, 32)
        "columns": places + np.float32(MIDDLE + MARGIN),
        "between_rows": between_rows(cpu).numpy(),
        "total_and_means": np.array([1, 4]),
        "four": np.array([1, 1, 1, 1]),
        "least": np.array(LEAST, np.float32),
        "max_slope": np.array(MAX_SLOPE, np.float32),
        "min_slope": np.array(-MAX_SLOPE, np.float32),
        "first": np.array(0, np.float32),
        "last": np.array(SIDE + 1, np.float32),
        "last_left": np.array(SIDE, np.float32),
        "one": np.array(1, np.int32),
        "margin": np.array([0, 0, 0, MARGIN, 0, 0, 0, MARGIN]),
        "channel_and_column": np.array([1, 3]),
    }
