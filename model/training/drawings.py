"""Draw pictures that show no digit: strokes, shapes, outlines, printed characters, textures, clutter.

Each function returns float32 (N, 1, S, S), 0–1, white on black. All draw from one generator, so that a seed fixes them.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Generator, Tensor

from model.data.fonts import LETTERS, font
from model.preprocessing.layout import NETWORK_SIDE

LATTICE = 20 / 3  # pixels between the points of the 4×4 lattice on which strokes begin and end
STROKES = 6
POINTS = 20  # along each stroke
MIDDLE = (NETWORK_SIDE - 1) / 2
FAR = 1e3  # where a point is put that is not drawn
FONTS = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10", "cmb10")  # matplotlib's
SIGNS = "+=#%@*"  # ASCII signs that look like no digit and exist in all FONTS


def strokes(count: int, generator: Generator) -> Tensor:
    """Three to six straight or bent lines on a 4×4 lattice, most beginning where another ended: (N, 1, 32, 32)."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    lattice = torch.randint(4, (count, STROKES, 2, 2), generator=generator) * LATTICE + 6.0
    ends = lattice + (uniform(*lattice.shape) - 0.5) * 3
    chained = uniform(count, STROKES) < 0.6
    drawn = torch.arange(STROKES) < torch.randint(3, STROKES + 1, (count, 1), generator=generator)
    for i in range(1, STROKES):
        ends[:, i, 0] = torch.where(chained[:, i, None], ends[:, i - 1, 1], ends[:, i, 0])
    first, last = ends[:, :, 0], ends[:, :, 1]
    bent = (uniform(count, STROKES, 1) < 0.4) * (uniform(count, STROKES, 2) - 0.5) * 24
    control = (first + last) / 2 + bent
    t = torch.linspace(0, 1, POINTS).view(1, 1, POINTS, 1)
    curve = first[:, :, None] * (1 - t) ** 2 + control[:, :, None] * 2 * t * (1 - t) + last[:, :, None] * t**2
    curve = torch.where(drawn[:, :, None, None], curve, FAR).view(count, STROKES * POINTS, 2)
    return drawn_with_a_pen(curve, 0.6 + uniform(count, 1) * 1.4)


def shapes(count: int, generator: Generator) -> Tensor:
    """One to three overlapping convex polygons, filled or outlined; a later one may cut the first: (N, 1, 32, 32)."""
    axis = torch.linspace(-1, 1, NETWORK_SIDE)
    y, x = axis.view(1, 1, NETWORK_SIDE, 1), axis.view(1, 1, 1, NETWORK_SIDE)
    canvas = torch.zeros(count, NETWORK_SIDE, NETWORK_SIDE)
    for layer in range(3):
        angle = torch.rand(count, 5, 1, 1, generator=generator) * 2 * math.pi
        center = (torch.rand(count, 2, 1, 1, 1, generator=generator) - 0.5) * min(1, layer)
        reach = 0.25 + 0.6 * torch.rand(count, 5, 1, 1, generator=generator)
        inside = reach - ((x - center[:, 0]) * angle.cos() + (y - center[:, 1]) * angle.sin())
        depth = torch.minimum(inside.amin(dim=1), 0.9 - torch.maximum(x.abs(), y.abs())[0])
        filled = (depth * 8 + 0.5).clamp(0, 1)
        outline = ((0.12 - (depth - 0.12).abs()) * 12).clamp(0, 1)
        kind = torch.rand(count, 1, 1, generator=generator)
        drawn = torch.where(kind < 0.6, filled, outline)
        canvas = torch.where(kind < 0.3 * layer, (canvas - drawn).abs(), torch.maximum(canvas, drawn * (kind < 0.8)))
    return canvas.unsqueeze(1)


def outlines(count: int, generator: Generator) -> Tensor:
    """Closed polygons with three to six corners, a third of them with strokes or a spot inside: (N, 1, 32, 32)."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    corners = torch.randint(3, 7, (count, 1), generator=generator)
    index = torch.arange(6) % corners  # the first corners are repeated, so that every polygon is closed
    angle = (index + (uniform(count, 6) - 0.5).gather(1, index) * 0.6) / corners * 2 * math.pi + uniform(count, 1) * 7
    radius = 4 + 6 * uniform(count, 6).gather(1, index)
    points = MIDDLE + radius[..., None] * torch.stack([angle.cos(), angle.sin()], dim=2)  # (N, 6, 2)
    t = torch.linspace(0, 1, POINTS).view(1, 1, POINTS, 1)
    sides = points[:, :, None] * (1 - t) + points.roll(-1, 1)[:, :, None] * t
    inner = MIDDLE + (uniform(count, 2, 1, 2) - 0.5) * 8 + (uniform(count, 2, 1, 2) - 0.5) * 8 * t
    inner = torch.where(uniform(count, 1, 1, 1) < 0.35, inner, FAR)
    line = torch.cat([sides.flatten(1, 2), inner.flatten(1, 2)], dim=1)
    return drawn_with_a_pen(line, 0.6 + uniform(count, 1) * 1.4)


def drawn_with_a_pen(line: Tensor, radius: Tensor) -> Tensor:
    """Ink (N, 1, 32, 32), 0–1, within `radius` (N, 1) pixels of any of a line's points (N, P, 2)."""
    pixels = torch.cartesian_prod(torch.arange(NETWORK_SIDE), torch.arange(NETWORK_SIDE)).float()
    # Without matrix products, whose rounding sometimes differs between runs on a busy machine.
    exact = "donot_use_mm_for_euclid_dist"
    distance = torch.cdist(pixels.expand(len(line), -1, -1), line, compute_mode=exact).amin(dim=2)
    return (radius + 0.5 - distance).clamp(0, 1).view(-1, 1, NETWORK_SIDE, NETWORK_SIDE)


def characters(count: int, generator: Generator) -> Tensor:
    """Printed letters and signs that look like no digit, in random FONTS: (N, 1, 64, 64)."""
    pages = glyphs()
    return pages[torch.randint(len(pages), (count,), generator=generator)]


@cache
def glyphs() -> Tensor:
    """All C characters of LETTERS and SIGNS in all F fonts: (F · C, 1, 64, 64)."""
    pages = []
    for name in FONTS:
        for character in LETTERS + SIGNS:
            page = Image.new("L", (64, 64))
            ImageDraw.Draw(page).text((32, 32), character, fill=255, font=font(name, 44), anchor="mm")
            pages.append(torch.from_numpy(np.array(page)).float() / 255)
    return torch.stack(pages).unsqueeze(1)


def textures(count: int, generator: Generator) -> Tensor:
    """Noise of any grain, with or without half-tones, or stripes, within a rectangle: (N, 1, 32, 32)."""
    canvas = torch.zeros(count, 1, NETWORK_SIDE, NETWORK_SIDE)
    ramp = torch.arange(NETWORK_SIDE).float()
    for i in range(count):
        kind, density, height, width = torch.rand(4, generator=generator).tolist()
        if kind < 0.75:
            grain = int(torch.randint(2, NETWORK_SIDE + 1, (1,), generator=generator))
            noise = torch.randn(1, 1, grain, grain, generator=generator)
            grown = F.interpolate(noise, NETWORK_SIDE, mode="bilinear", align_corners=False)
            picture = grown * (1 if kind < 0.35 else 20) + (density - 0.5) * 2
        else:
            angle, period = density * math.pi, 3 + 9 * height
            phase = ramp.view(-1, 1) * math.sin(angle) + ramp.view(1, -1) * math.cos(angle)
            picture = torch.sin(phase * 2 * math.pi / period).view(1, 1, NETWORK_SIDE, NETWORK_SIDE) * 4
        half_high, half_wide = int(4 + height * 12), int(4 + width * 12)
        window = (slice(None), slice(16 - half_high, 16 + half_high), slice(16 - half_wide, 16 + half_wide))
        canvas[i][window] = picture[0].clamp(0, 1)[window]
    return canvas


def clutter(count: int, generator: Generator) -> Tensor:
    """Pictures without a shape: specks, pixel noise, or plain gray all over: (N, 1, 32, 32)."""
    level = torch.rand(count, 1, 1, 1, generator=generator)
    noise = torch.rand(count, 1, NETWORK_SIDE, NETWORK_SIDE, generator=generator)
    kind = torch.rand(count, 1, 1, 1, generator=generator)
    return torch.where(kind < 0.4, (noise < level * 0.3).float(), torch.where(kind < 0.8, noise, 1.0) * level)
