"""Pictures that are no digit, made from digits and from lines, for the network to learn that there are such.

Outlier exposure: beside the digits, each batch of a training holds some of these. Source: Hendrycks, Mazeika and
Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR 2019. They take no part in the loss that tells digits
apart. A second loss, logistic, makes the score log Σ exp(logit) the log odds that a picture shows a digit; cf. Du et
al., "VOS: Learning What You Don't Know by Virtual Outlier Synthesis", ICLR 2022. All but clutter are placed as the
image pipeline places a digit, so that only their shape tells them apart.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Generator, Tensor

from model.data.digits import Labelled
from model.data.fonts import LETTERS, font_folder

SIDE = 32  # pixels
BOX = 20  # pixels, longer side of the ink
INK = 0.2  # what counts as ink, 0–1
KINDS = 10  # parts of a chunk; `strokes` are two
CHUNK = 500  # images drawn at a time
STROKES = 6
POINTS = 20  # along each stroke
FONTS = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10", "cmb10")  # matplotlib's
SIGNS = "+=#%@*"  # those of ASCII that have a shape of their own and are in each of FONTS
MIRRORED = (3, 4, 6, 7, 9)  # labels that are no digit when seen in a mirror
TRANSPOSED = (2, 3, 4, 5, 7)  # labels that are no digit when rows and columns change places


def make_outliers(digits: Labelled, count: int, seed: int) -> Tensor:
    """uint8 (count, 32, 32), white on black: equal parts of each kind, in no order.

    digits: training images of every label, which some kinds are pieced together from.
    """
    generator = Generator().manual_seed(seed)
    source = torch.from_numpy(digits.images)
    labels = torch.from_numpy(digits.labels)

    def some(n: int, among: tuple[int, ...] = tuple(range(10))) -> Tensor:
        fitting = torch.nonzero(torch.isin(labels, torch.tensor(among))).flatten()
        which = fitting[torch.randint(len(fitting), (n,), generator=generator)]
        return source[which].unsqueeze(1).float() / 255

    made = []
    for start in range(0, count, CHUNK):
        part = -(-min(CHUNK, count - start) // KINDS)
        made += [
            place(side_by_side(some(part), some(part), generator)),
            place(scrambled(some(part), some(part), generator)),
            place(torch.cat([some(part // 2, MIRRORED).flip(3), some(part - part // 2, TRANSPOSED).transpose(2, 3)])),
            place(strokes(2 * part, generator)),
            place(shapes(part, generator)),
            place(outlines(part, generator)),
            place(characters(part, generator)),
            place(textures(part, generator)),
            clutter(part, generator),
        ]
    pool = torch.cat(made)
    order = torch.randperm(len(pool), generator=generator)[:count]
    return (pool[order].squeeze(1) * 255).round().to(torch.uint8)


def place(pictures: Tensor) -> Tensor:
    """Scale the ink of (N, 1, H, W) to 20 pixels and put its centre of mass in the middle of (N, 1, 32, 32)."""
    count, _, height, width = pictures.shape
    ink = pictures[:, 0] > INK
    extents, centres = [], []
    mass = pictures.sum(dim=(1, 2, 3)).clamp_min(1e-6)
    for axis, length in ((1, width), (2, height)):
        index = torch.arange(length)
        seen = ink.any(dim=axis)
        first = torch.where(seen, index, length).amin(dim=1)
        last = torch.where(seen, index, -1).amax(dim=1)
        extents.append((last - first + 1).clamp_min(1))
        centres.append((pictures[:, 0].sum(dim=axis) * index).sum(dim=1) / mass)
    scale = torch.maximum(*extents) / BOX
    theta = torch.zeros(count, 2, 3)
    for row, length in ((0, width), (1, height)):
        theta[:, row, row] = scale * SIDE / length
        theta[:, row, 2] = (2 * centres[row] + 1) / length - 1
    field = F.affine_grid(theta, [count, 1, SIDE, SIDE], align_corners=False)
    return F.grid_sample(pictures, field, align_corners=False)


def side_by_side(left: Tensor, right: Tensor, generator: Generator) -> Tensor:
    """Two digits in one picture, beside or above each other: (N, 1, 64, 64)."""
    canvas = torch.zeros(len(left), 1, 64, 64)
    gaps = torch.randint(15, 25, (len(left),), generator=generator).tolist()
    drops = torch.randint(-5, 6, (len(left),), generator=generator).tolist()
    for i, (gap, drop) in enumerate(zip(gaps, drops, strict=True)):
        canvas[i, :, 16:48, 4:36] = left[i]
        second = canvas[i, :, 16 + drop : 48 + drop, 4 + gap : 36 + gap]
        second.copy_(torch.maximum(second, right[i]))
    beside = torch.rand(len(left), 1, 1, 1, generator=generator) < 0.8
    stacked = torch.zeros_like(canvas)
    stacked[:, :, 2:34, 16:48] = left
    stacked[:, :, 25:57, 16:48] = torch.maximum(stacked[:, :, 25:57, 16:48], right)
    return torch.where(beside, canvas, stacked)


def scrambled(digits: Tensor, others: Tensor, generator: Generator) -> Tensor:
    """Quarters of two digits in a new order, turned by 0–270°, each place by its own angle: (N, 1, 24, 24)."""
    quarters = []
    for images in (digits, others):
        middle = images[:, :, 4:28, 4:28].reshape(-1, 2, 12, 2, 12).transpose(2, 3)
        quarters.append(middle.reshape(-1, 4, 12, 12))
    pieces = torch.cat(quarters, dim=1)  # (N, 8, 12, 12)
    order = torch.rand(pieces.shape[:2], generator=generator).argsort(dim=1)[:, :4]
    pieces = pieces.gather(1, order[:, :, None, None].expand(-1, -1, 12, 12))
    turns = torch.randint(4, (4,), generator=generator).tolist()
    pieces = torch.stack([pieces[:, i].rot90(turn, (1, 2)) for i, turn in enumerate(turns)], dim=1)
    return pieces.reshape(-1, 2, 2, 12, 12).transpose(2, 3).reshape(-1, 1, 24, 24)


def strokes(count: int, generator: Generator) -> Tensor:
    """Three to six straight or bent lines on a 4×4 lattice, most going on where one ended: (N, 1, 32, 32)."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    lattice = torch.randint(4, (count, STROKES, 2, 2), generator=generator) * (BOX / 3) + 6.0
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
    curve = torch.where(drawn[:, :, None, None], curve, 1e3).view(count, STROKES * POINTS, 2)
    return drawn_with_a_pen(curve, 0.6 + uniform(count, 1) * 1.4)


def shapes(count: int, generator: Generator) -> Tensor:
    """One to three overlapping convex polygons, filled or outlined, a later one cutting the first: (N, 1, 32, 32)."""
    axis = torch.linspace(-1, 1, SIDE)
    y, x = axis.view(1, 1, SIDE, 1), axis.view(1, 1, 1, SIDE)
    canvas = torch.zeros(count, SIDE, SIDE)
    for layer in range(3):
        angle = torch.rand(count, 5, 1, 1, generator=generator) * 2 * math.pi
        centre = (torch.rand(count, 2, 1, 1, 1, generator=generator) - 0.5) * min(1, layer)
        reach = 0.25 + 0.6 * torch.rand(count, 5, 1, 1, generator=generator)
        inside = reach - ((x - centre[:, 0]) * angle.cos() + (y - centre[:, 1]) * angle.sin())
        depth = torch.minimum(inside.amin(dim=1), 0.9 - torch.maximum(x.abs(), y.abs())[0])
        filled = (depth * 8 + 0.5).clamp(0, 1)
        outline = ((0.12 - (depth - 0.12).abs()) * 12).clamp(0, 1)
        kind = torch.rand(count, 1, 1, generator=generator)
        drawn = torch.where(kind < 0.6, filled, outline)
        canvas = torch.where(kind < 0.3 * layer, (canvas - drawn).abs(), torch.maximum(canvas, drawn * (kind < 0.8)))
    return canvas.unsqueeze(1)


def outlines(count: int, generator: Generator) -> Tensor:
    """Closed lines with three to six corners, every third with strokes or a spot inside: (N, 1, 32, 32)."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    corners = torch.randint(3, 7, (count, 1), generator=generator)
    index = torch.arange(6) % corners  # the first corners come again, so that every line is closed
    angle = (index + (uniform(count, 6) - 0.5).gather(1, index) * 0.6) / corners * 2 * math.pi + uniform(count, 1) * 7
    radius = 4 + 6 * uniform(count, 6).gather(1, index)
    points = 15.5 + radius[..., None] * torch.stack([angle.cos(), angle.sin()], dim=2)  # (N, 6, 2)
    t = torch.linspace(0, 1, POINTS).view(1, 1, POINTS, 1)
    sides = points[:, :, None] * (1 - t) + points.roll(-1, 1)[:, :, None] * t
    inner = 15.5 + (uniform(count, 2, 1, 2) - 0.5) * 8 + (uniform(count, 2, 1, 2) - 0.5) * 8 * t
    inner = torch.where(uniform(count, 1, 1, 1) < 0.35, inner, 1e3)
    line = torch.cat([sides.flatten(1, 2), inner.flatten(1, 2)], dim=1)
    return drawn_with_a_pen(line, 0.6 + uniform(count, 1) * 1.4)


def drawn_with_a_pen(line: Tensor, radius: Tensor) -> Tensor:
    """Ink (N, 1, 32, 32), 0–1, within `radius` (N, 1) pixels of the points (N, P, 2) of a line."""
    pixels = torch.cartesian_prod(torch.arange(SIDE), torch.arange(SIDE)).float()
    # Not by products of matrices, which now and then, on a busy machine, are rounded in another way.
    exact = "donot_use_mm_for_euclid_dist"
    distance = torch.cdist(pixels.expand(len(line), -1, -1), line, compute_mode=exact).amin(dim=2)
    return (radius + 0.5 - distance).clamp(0, 1).view(-1, 1, SIDE, SIDE)


def characters(count: int, generator: Generator) -> Tensor:
    """Printed letters and signs that look like no digit, in any of FONTS: (N, 1, 64, 64)."""
    pages = glyphs()
    return pages[torch.randint(len(pages), (count,), generator=generator)]


@cache
def glyphs() -> Tensor:
    """All LETTERS and SIGNS in all FONTS, (F · C, 1, 64, 64)."""
    folder = font_folder()
    pages = []
    for name in FONTS:
        font = ImageFont.truetype(folder / f"{name}.ttf", 44)
        for character in LETTERS + SIGNS:
            page = Image.new("L", (64, 64))
            ImageDraw.Draw(page).text((32, 32), character, fill=255, font=font, anchor="mm")
            pages.append(torch.from_numpy(np.array(page)).float() / 255)
    return torch.stack(pages).unsqueeze(1)


def textures(count: int, generator: Generator) -> Tensor:
    """Noise of any grain, with or without half-tones, or stripes, in a rectangle: (N, 1, 32, 32)."""
    canvas = torch.zeros(count, 1, SIDE, SIDE)
    ramp = torch.arange(SIDE).float()
    for i in range(count):
        kind, density, height, width = torch.rand(4, generator=generator).tolist()
        if kind < 0.75:
            grain = int(torch.randint(2, SIDE + 1, (1,), generator=generator))
            noise = torch.randn(1, 1, grain, grain, generator=generator)
            grown = F.interpolate(noise, SIDE, mode="bilinear", align_corners=False)
            picture = grown * (1 if kind < 0.35 else 20) + (density - 0.5) * 2
        else:
            angle, period = density * math.pi, 3 + 9 * height
            phase = ramp.view(-1, 1) * math.sin(angle) + ramp.view(1, -1) * math.cos(angle)
            picture = torch.sin(phase * 2 * math.pi / period).view(1, 1, SIDE, SIDE) * 4
        half_high, half_wide = int(4 + height * 12), int(4 + width * 12)
        window = (slice(None), slice(16 - half_high, 16 + half_high), slice(16 - half_wide, 16 + half_wide))
        canvas[i][window] = picture[0].clamp(0, 1)[window]
    return canvas


def clutter(count: int, generator: Generator) -> Tensor:
    """What fills the whole field: specks, pixel noise, plain grey: (N, 1, 32, 32)."""
    level = torch.rand(count, 1, 1, 1, generator=generator)
    noise = torch.rand(count, 1, SIDE, SIDE, generator=generator)
    kind = torch.rand(count, 1, 1, 1, generator=generator)
    return torch.where(kind < 0.4, (noise < level * 0.3).float(), torch.where(kind < 0.8, noise, 1.0) * level)
