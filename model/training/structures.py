"""Outliers that are what a page leaves when it shows no digit: blots, dashes, pieces of frames, segments of displays.

Each function returns float32 (N, 1, 32, 32), 0–1, white on black. An upright bar is no outlier, since a 1 is written
so; nor is a ring, which is a 0.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from model.preprocessing.layout import NETWORK_SIDE
from model.training.drawings import FAR, MIDDLE, POINTS, drawn_with_a_pen

LOW, HIGH = 7.0, 24.0  # between which rows and columns frames and segments lie
# The lines of a frame: first and last end as (row, column), in shares from LOW to HIGH.
FRAME = torch.tensor([[0, 0, 0, 1], [1, 0, 1, 1], [0, 0, 1, 0], [0, 1, 1, 1], [0.5, 0, 0.5, 1], [0, 0.5, 1, 0.5]])
# Which of FRAME's lines make a corner, a T, a cross, parallels, three sides or a level line. Left out: the upper right
# corner, which is a 7, and an upright line on a level one, which is a 1 with its base.
PIECES = torch.tensor(
    [[1, 0, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0, 1, 0, 1, 0, 0], [1, 0, 0, 0, 0, 1], [0, 0, 1, 0, 1, 0],
     [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1], [1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0],
     [1, 1, 0, 1, 0, 0], [1, 0, 1, 1, 0, 0], [0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 0]]
)  # fmt: skip
# The seven segments of a display in that form, a to g, on a field twice as high as wide.
SEGMENTS = torch.tensor(
    [[0, 0.25, 0, 0.75], [0, 0.75, 0.5, 0.75], [0.5, 0.75, 1, 0.75], [1, 0.25, 1, 0.75],
     [0.5, 0.25, 1, 0.25], [0, 0.25, 0.5, 0.25], [0.5, 0.25, 0.5, 0.75]]
)  # fmt: skip
LIKE_ONE = (0b0000110, 0b0110000, 0b0000111)  # segments lit, bit 0 for a: these are a 1 or a 7 to any reader
GAP = 0.14  # share of a segment that is dark at each end


def blots(count: int, generator: Generator) -> Tensor:
    """Discs, dots, filled rectangles and level dashes, with a smooth or rough edge: (N, 1, 32, 32)."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    axis = torch.arange(NETWORK_SIDE) - MIDDLE
    turn = (uniform(count, 1, 1) - 0.5) * 0.8
    row, column = axis.view(1, -1, 1), axis.view(1, 1, -1)
    y, x = row * turn.cos() - column * turn.sin(), row * turn.sin() + column * turn.cos()
    wide = 5 + 5 * uniform(count, 1, 1)
    high = wide * torch.where(
        uniform(count, 1, 1) < 0.4, 0.12 + 0.4 * uniform(count, 1, 1), 0.6 + 0.7 * uniform(count, 1, 1)
    )
    wave = 1 + 0.25 * uniform(count, 1, 1) * torch.sin(
        torch.atan2(y, x) * torch.randint(2, 7, (count, 1, 1), generator=generator)
    )
    disc = 1 - (y / high).square().add((x / wide).square()).sqrt() / wave
    box = torch.minimum(1 - y.abs() / high, 1 - x.abs() / wide)
    depth = torch.where(uniform(count, 1, 1) < 0.6, disc, box) * torch.minimum(high, wide)
    return (depth + 0.5).clamp(0, 1).unsqueeze(1)


def frames(count: int, generator: Generator) -> Tensor:
    """Pieces of a frame or of ruled paper, turned by up to 4°: (N, 1, 32, 32)."""
    which = PIECES[torch.randint(len(PIECES), (count,), generator=generator)]
    stretch = 0.5 + 0.5 * torch.rand(count, 1, 1, 2, generator=generator)
    ends = FRAME.view(1, -1, 2, 2) + (torch.rand(count, len(FRAME), 2, 2, generator=generator) - 0.5) * 0.2
    turn = (torch.rand(count, 1, 1, 1, generator=generator) - 0.5) * math.radians(8)
    centered = (ends - 0.5) * stretch
    turned = centered + turn * centered.flip(3) * torch.tensor([1.0, -1.0])
    return drawn_lines(turned + 0.5, which, 0.4 + 0.9 * torch.rand(count, 1, generator=generator))


def segments(count: int, generator: Generator) -> Tensor:
    """Displays with some of their seven segments lit, whatever these show but a 1 or a 7: (N, 1, 32, 32)."""
    patterns = [lit for lit in range(128) if lit.bit_count() >= 3 and lit not in LIKE_ONE]
    lit = torch.tensor(patterns)[torch.randint(len(patterns), (count,), generator=generator)]
    which = (lit.view(-1, 1) >> torch.arange(7)) & 1
    first, last = SEGMENTS[:, :2], SEGMENTS[:, 2:]
    ends = torch.stack([first + (last - first) * GAP, last + (first - last) * GAP], dim=1).expand(count, -1, -1, -1)
    slant = (0.5 - ends[..., :1]) * 0.25 * torch.rand(count, 1, 1, 1, generator=generator)
    ends = torch.cat([ends[..., :1], ends[..., 1:] + slant], dim=3)
    return drawn_lines(ends, which, 0.7 + 0.8 * torch.rand(count, 1, generator=generator))


def drawn_lines(ends: Tensor, which: Tensor, radius: Tensor) -> Tensor:
    """Draw those lines (N, L, 2, 2), in shares from LOW to HIGH, for which `which` (N, L) is not 0: (N, 1, 32, 32)."""
    t = torch.linspace(0, 1, POINTS).view(1, 1, -1, 1)
    points = LOW + (HIGH - LOW) * (ends[:, :, :1] * (1 - t) + ends[:, :, 1:] * t)
    points = torch.where(which[:, :, None, None] > 0, points, FAR)
    return drawn_with_a_pen(points.flatten(1, 2), radius)
