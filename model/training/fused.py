"""A faster form of `Net` for training: same weights, same logits, less work; optionally with batch normalization.

To know what is computed, read `Net.forward`; this module only computes it faster. For each pooled pixel, a convolution
followed by 2×2 max-pooling is the largest product of the kernel with four windows, which overlap almost entirely. Here
their union is read once and multiplied by four shifted copies of the kernel. So a convolution and its pooling become
one matrix product and one maximum.

What it gains: forward and backward pass over 136 images take 5.1 ms on two threads; `Net.forward` in its fastest memory
format takes 7.8 ms, and `torch.compile` of `Net` 10.3 ms (two idle cores of a Xeon with AMX). On one thread of a busy
machine, 128 images take 8.3 ms here; `Net.forward` takes 10.0 ms, or 12.7 ms in the usual memory format. Validation
takes half to two thirds of the time. It is kept: in `make bench-train` the quick recipe is 10 × as fast as the
tutorials' loop; with only validation in the usual form it would be 9.3 ×. For other forms that were tried, see
`model/LOG.md`.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from model.net import Net

NORMALIZED = ("conv2", "fc1", "fc2")  # not conv1, where it took a third of a step and gained nothing
POSITIONS = 4  # of a 5×5 window in a 2×2 pool


class FusedNet(nn.Module):
    """`Net` with each convolution and its max-pooling computed in one.

    With `normalize`, batch normalization (Ioffe and Szegedy, 2015) comes between each hidden layer but the first and
    its ReLU. Its gain stays at 1; so it can come after max-pooling, where only a fourth of the values are left. After
    training it is a constant product and sum, which `folded` merges into the weights.
    """

    def __init__(self, net: Net, normalize: bool) -> None:
        super().__init__()
        self.net = net
        widths = {name: len(getattr(net, name).weight) for name in NORMALIZED}
        self.norms = nn.ModuleDict(
            {name: nn.BatchNorm1d(width) if normalize else nn.Identity() for name, width in widths.items()}
        )
        for parameter in (norm.weight for norm in self.norms.values() if isinstance(norm, nn.BatchNorm1d)):
            parameter.requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """Logits float32 (N, 10) of images float32 (N, 1, 32, 32), 0–1, white ink on black."""
        net, count = self.net, len(images)
        biases = [cast(Tensor, layer.bias) for layer in (net.conv1, net.conv2)]
        # conv1: a cell is 4×4 pixels, which become 2×2 pooled pixels of 6 channels. A window is 2×2 cells, 8×8 pixels.
        cells = images.view(count, 8, 4, 8, 4).transpose(2, 3).reshape(count, 8, 8, 16)
        kernels = shifted(shifted(net.conv1.weight, 1), 2).transpose(0, 1)  # (4, 4, 6, 1, 8, 8)
        kernels = kernels.reshape(POSITIONS, 24, 2, 4, 2, 4).transpose(3, 4).reshape(POSITIONS * 24, 64)
        x = largest_product(windows(cells, 2), kernels) + biases[0].repeat(4)  # (N · 49, 4 · 6)
        x = F.relu(x)
        # conv2: a cell is 2×2 pixels, which become one pooled pixel of 16 channels. A window is 3×3 cells, 6×6 pixels.
        kernels = shifted(net.conv2.weight, 1).view(POSITIONS, 16, 6, 3, 2, 3, 2)
        kernels = kernels.permute(0, 1, 3, 5, 4, 6, 2).reshape(POSITIONS * 16, 216)
        x = largest_product(windows(x.view(count, 7, 7, 24), 3), kernels) + biases[1]  # (N · 25, 16)
        x = F.relu(self.norms["conv2"](x))
        # Here the channels come last; in the tutorial's fc1 they come first.
        weight = net.fc1.weight.view(120, 16, 25).transpose(1, 2).reshape(120, 400)
        x = F.relu(self.norms["fc1"](F.linear(x.view(count, 400), weight, net.fc1.bias)))  # (N, 120)
        x = F.relu(self.norms["fc2"](net.fc2(x)))  # (N, 84)
        logits: Tensor = net.fc3(x)
        return logits

    def folded(self) -> Net:
        """The tutorial's network in `eval` mode, with the same logits as this one in `eval` mode, up to rounding."""
        made = deepcopy(self).eval()
        for name, norm in made.norms.items():
            if isinstance(norm, nn.BatchNorm1d):
                layer = getattr(made.net, name)
                fuse = fuse_conv_bn_eval if isinstance(layer, nn.Conv2d) else fuse_linear_bn_eval
                setattr(made.net, name, fuse(layer, norm))
        return made.net


def shifted(kernels: Tensor, step: int) -> Tensor:
    """(..., K, K) → (4, ..., K + step, K + step): kernels moved by 0 or `step` pixels down and right, padded with 0."""
    moves = [(y, x) for y in (0, step) for x in (0, step)]
    return torch.stack([F.pad(kernels, (x, step - x, y, step - y)) for y, x in moves])


def windows(cells: Tensor, size: int) -> Tensor:
    """All `size`×`size` windows of cells (N, S, S, C), row by row: (N · (S − size + 1)², size² · C)."""
    made: Tensor = Windows.apply(cells, size)  # type: ignore[no-untyped-call]
    return made


def largest_product(rows: Tensor, kernels: Tensor) -> Tensor:
    """The product of rows (M, K) and kernels (4 · C, K)ᵀ, and its maximum over the four positions: (M, C)."""
    made: Tensor = LargestProduct.apply(rows, kernels)  # type: ignore[no-untyped-call]
    return made


class Windows(Function):
    """`unfold` in both directions, with a backward pass that adds whole slices instead of scattering elements."""

    @staticmethod
    def forward(ctx: Any, cells: Tensor, size: int) -> Tensor:
        """See `windows`."""
        ctx.shape, ctx.size = cells.shape, size
        made = cells.unfold(1, size, 1).unfold(2, size, 1).permute(0, 1, 2, 4, 5, 3)
        return made.reshape(-1, size * size * cells.shape[3])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """A cell's gradient is the sum over the windows that contain it: first down the rows, then across them."""
        count, side, _, channels = ctx.shape
        size, starts = ctx.size, side - ctx.size + 1
        gradient = gradients[0].view(count, starts, starts, size, size * channels)
        strips = gradient.new_zeros(count, side, starts, size * channels)
        for y in range(size):
            strips[:, y : y + starts] += gradient[:, :, :, y]
        cells = gradient.new_zeros(ctx.shape)
        for x in range(size):
            cells[:, :, x : x + starts] += strips[..., x * channels : (x + 1) * channels]
        return cells, None


class LargestProduct(Function):
    """Product and maximum in one, to save memory: the product's gradient overwrites the product."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, kernels: Tensor) -> Tensor:
        """See `largest_product`."""
        products = (rows @ kernels.t()).view(len(rows), POSITIONS, -1)
        largest = torch.maximum(products[:, 0], products[:, 1])
        for position in range(2, POSITIONS):
            torch.maximum(largest, products[:, position], out=largest)
        ctx.save_for_backward(rows, kernels, largest)
        ctx.products = products
        return largest

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor]:
        """The gradient goes to the position with the maximum; if several have it, as on blank paper, in equal parts."""
        rows, kernels, largest = ctx.saved_tensors
        holds = ctx.products.eq_(largest.unsqueeze(1))
        shares = gradients[0] / holds[:, 0].add(holds[:, 1]).add_(holds[:, 2]).add_(holds[:, 3])
        products = holds.mul_(shares.unsqueeze(1)).view(len(rows), -1)
        ctx.products = None  # overwritten by its gradient
        to_rows = products @ kernels if ctx.needs_input_grad[0] else None
        return to_rows, products.t() @ rows
