"""Outliers made from digits: parts of them, digits crossed out, in a ring or a box, or drawn as an outline only.

Each function takes digits float32 (N, 1, 32, 32), 0–1, white on black, and returns as many pictures of that form. The
caller chooses the labels: half of an 8 may be a 0, and a 7 with one stroke through it is a 7.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from model.preprocessing.layout import NETWORK_SIDE
from model.training.drawings import FAR, MIDDLE, POINTS, drawn_with_a_pen

LINES = 5  # most lines that cross a digit out


def halved(digits: Tensor, turn: Tensor, generator: Generator) -> Tensor:
    """Keep what lies on one side of a line through about the middle: (N, 1, 32, 32).

    turn: (N,), in which direction the kept half lies, radians clockwise from the top.
    """
    axis = torch.arange(NETWORK_SIDE) - MIDDLE
    offset = (torch.rand(len(digits), 1, 1, generator=generator) - 0.5) * 5
    across = -axis.view(-1, 1) * turn.cos().view(-1, 1, 1) + axis.view(1, -1) * turn.sin().view(-1, 1, 1)
    return digits * (across - offset).clamp(0, 1).unsqueeze(1)


def crossed_out(digits: Tensor, lines: Tensor, generator: Generator) -> Tensor:
    """Strike digits out by lines: (N, 1, 32, 32).

    lines: int64 (N,), how many, 1 to LINES. Two form a cross or are parallel, more are parallel or a zigzag.
    """
    count = len(digits)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    kind = uniform(count)  # of a third the lines are about level, of most others askew
    turn = torch.where(kind < 0.75, 0.35 + 0.9 * uniform(count), 2 * math.pi * uniform(count))
    turn = torch.where(kind < 0.35, 0.25 * uniform(count), turn)
    turn = torch.where(uniform(count) < 0.5, turn, -turn)
    along = torch.stack([turn.sin(), turn.cos()], dim=1)[:, None]  # (N, 1, 2): row, column
    beside = along.flip(2) * torch.tensor([1.0, -1.0])
    reach = 9 + 5 * uniform(count, LINES, 1)
    is_cross = (uniform(count, 1) < 0.5) & (lines.view(-1, 1) == 2)
    span = 7 + 11 * uniform(count, 1, 1)  # pixels from the first line to the last
    between = (lines.view(-1, 1, 1) - 1).clamp(min=1)
    gap = span * (torch.arange(LINES).view(1, -1, 1) / between - 0.5) * (lines.view(-1, 1, 1) > 1)
    gap = gap + (uniform(count, LINES, 1) - 0.5) * 3
    is_second = is_cross[:, :, None] & (torch.arange(LINES) == 1).view(1, -1, 1)
    gap = torch.where(is_cross[:, :, None], gap * 0.1, gap)
    direction = torch.where(is_second, beside, along)
    first, last = (MIDDLE + gap * beside + sign * reach * direction for sign in (-1, 1))
    is_zigzag = (lines.view(-1, 1, 1) > 2) & (uniform(count, 1, 1) < 0.5)
    first[:, 1:] = torch.where(is_zigzag, last[:, :-1], first[:, 1:])
    last[:, 1::2] = torch.where(is_zigzag, last[:, 1::2] - 2 * reach[:, 1::2] * along, last[:, 1::2])
    t = torch.linspace(0, 1, POINTS).view(1, 1, POINTS, 1)
    points = first[:, :, None] * (1 - t) + last[:, :, None] * t
    is_drawn = (torch.arange(LINES) < lines.view(-1, 1))[:, :, None, None]
    points = torch.where(is_drawn, points, FAR).flatten(1, 2)
    ink = drawn_with_a_pen(points, 0.4 + uniform(count, 1) * 1.4) * (0.5 + 0.5 * uniform(count, 1, 1, 1))
    return torch.maximum(digits, ink)


def enclosed(digits: Tensor, generator: Generator) -> Tensor:
    """Put digits, a little smaller, into a ring or a box: (N, 1, 32, 32)."""
    count = len(digits)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    high, wide = 11 + 3.5 * uniform(2, count, 1)
    angle = torch.linspace(0, 2 * math.pi, 6 * POINTS).view(1, -1) + uniform(count, 1)
    wave = 1 + 0.06 * torch.sin(2 * angle + 6 * uniform(count, 1)) * uniform(count, 1)
    row, column = angle.sin(), angle.cos()
    is_box = uniform(count, 1) < 0.4
    square = torch.maximum(row.abs(), column.abs())
    size = torch.where(is_box, 1 / square, wave)
    middle = MIDDLE + (uniform(count, 1, 2) - 0.5) * 3
    ring = middle + torch.stack([row * size * high, column * size * wide], dim=2)
    smaller = 1.2 + 0.5 * uniform(count)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = smaller
    inner = F.grid_sample(digits, F.affine_grid(theta, list(digits.shape), align_corners=False), align_corners=False)
    return torch.maximum(inner, drawn_with_a_pen(ring, 0.5 + uniform(count, 1)))


def hollow(digits: Tensor, generator: Generator) -> Tensor:
    """The outline of digits' strokes, made bolder: (N, 1, 64, 64)."""
    large = F.interpolate(digits, scale_factor=2, mode="bilinear", align_corners=False)
    grown = F.max_pool2d(large, 3, 1, 1)
    wide = F.max_pool2d(grown, 5, 1, 2)
    is_wide = torch.rand(len(digits), 1, 1, 1, generator=generator) < 0.5
    inner = torch.where(is_wide, grown, large)
    return (torch.where(is_wide, F.max_pool2d(wide, 3, 1, 1), wide) - inner).clamp(0, 1)
