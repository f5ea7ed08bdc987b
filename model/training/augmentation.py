"""Data augmentation: random distortions of a batch of digits, as hands, pens, cameras and scanners cause them.

Each image gets its own random distortions, drawn on its device from one generator. So a seed fixes them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from model.preprocessing.centering import NETWORK_SIDE
from model.recipe import Strength

GRID = 5  # control points a side of the elastic distortion


def augment(images: Tensor, strength: Strength, generator: Generator) -> Tensor:
    """Distort images float32 (N, 1, 32, 32), 0–1, white ink on black; the result has the same form."""
    images = warp(images, strength, generator)
    images = change_some(images, change_thickness, strength.thickness, generator)
    images = change_some(images, take_line_away, strength.ruled, generator)
    images = change_some(images, harden, strength.harden, generator)
    images = change_some(images, soften, strength.soften, generator)
    images = change_some(images, coarsen, strength.coarse, generator)
    images = change_some(images, change_contrast, strength.contrast, generator)
    return change_some(images, add_noise, strength.noise, generator)


def warp(images: Tensor, strength: Strength, generator: Generator) -> Tensor:
    """Rotate, scale, shift and bend by one bilinear resampling. No shear: deslanting would undo it.

    Bending is an elastic distortion: a smooth random displacement field, here drawn on a coarse grid; cf. Simard,
    Steinkraus and Platt, "Best Practices for Convolutional Neural Networks Applied to Visual Document Analysis",
    ICDAR 2003.
    """
    count = len(images)

    def uniform(limit: float) -> Tensor:
        return (torch.rand(count, generator=generator, device=images.device) * 2 - 1) * limit

    angle = uniform(math.radians(strength.rotation))
    wide, high = torch.exp(uniform(strength.scale)), torch.exp(uniform(strength.scale))
    cos, sin = torch.cos(angle), torch.sin(angle)
    pixel = 2 / NETWORK_SIDE  # in grid_sample's coordinates, which span −1 … 1
    affine = torch.stack(
        [
            torch.stack([cos * wide, -sin * high, uniform(strength.shift) * pixel], dim=1),
            torch.stack([sin * wide, cos * high, uniform(strength.shift) * pixel], dim=1),
        ],
        dim=1,
    )  # (N, 2, 3)
    bend = torch.randn(count, 2, GRID * GRID, generator=generator, device=images.device) * (strength.elastic * pixel)
    field = torch.cat([affine, bend], dim=2) @ basis(images.device)  # (N, 2, 1024)
    field = field.view(count, 2, NETWORK_SIDE, NETWORK_SIDE).permute(0, 2, 3, 1)
    return F.grid_sample(images, field, mode="bilinear", padding_mode="zeros", align_corners=False)


@cache
def basis(device: torch.device) -> Tensor:
    """float32 (3 + GRID², 1024): for each pixel x, y and 1, and its weight for each control point (bicubic)."""
    identity = F.affine_grid(torch.eye(2, 3).unsqueeze(0), [1, 1, NETWORK_SIDE, NETWORK_SIDE], align_corners=False)
    points = torch.eye(GRID * GRID).view(GRID * GRID, 1, GRID, GRID)
    weights = F.interpolate(points, NETWORK_SIDE, mode="bicubic", align_corners=True)
    flat = [identity.view(-1, 2).t(), torch.ones(1, NETWORK_SIDE * NETWORK_SIDE), weights.view(GRID * GRID, -1)]
    return torch.cat(flat).to(device)


def change_some(
    images: Tensor, change: Callable[[Tensor, Generator], Tensor], share: float, generator: Generator
) -> Tensor:
    """Change a random `share` of the images: always the same number, so that all steps have equal shapes."""
    draws = torch.rand(len(images), generator=generator, device=images.device)
    which = draws.topk(round(share * len(images))).indices
    return images.index_copy(0, which, change(images[which], generator)) if len(which) else images


def one_each(images: Tensor, generator: Generator) -> Tensor:
    """A random number for each image, 0–1: float32 (N, 1, 1, 1)."""
    return torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device)


def change_thickness(images: Tensor, generator: Generator) -> Tensor:
    """Thicken strokes by up to two pixels on each side, or thin them by up to 0.8: 3×3 maxima and minima, blended."""
    pixels = one_each(images, generator) * 2
    grow = one_each(images, generator) < 0.5
    bold = largest_around(images)
    bolder = torch.lerp(torch.lerp(images, bold, pixels.clamp(max=1)), largest_around(bold), (pixels - 1).clamp(min=0))
    thin = torch.lerp(images, -largest_around(-images), pixels * 0.4)
    return torch.where(grow, bolder, thin)


def largest_around(images: Tensor) -> Tensor:
    """The 3×3 maximum, first across and then down: takes a fifth of the time of `max_pool2d` on a CPU."""
    across = F.pad(images, (1, 1, 1, 1), value=-1.0)
    across = torch.maximum(torch.maximum(across[..., :-2], across[..., 2:]), across[..., 1:-1])
    return torch.maximum(torch.maximum(across[..., :-2, :], across[..., 2:, :]), across[..., 1:-1, :])


def take_line_away(images: Tensor, generator: Generator) -> Tensor:
    """Treat each image as one from whose page a straight line was removed: it left a gap, or a short piece of it stays.

    The line is up to 2.5 pixels wide, level or upright, and up to 10° off that.
    """
    angle = (one_each(images, generator) - 0.5) * math.radians(20)
    is_level = one_each(images, generator) < 0.7
    axis = torch.arange(NETWORK_SIDE, device=images.device) - (NETWORK_SIDE - 1) / 2
    row, column = axis.view(-1, 1), axis.view(1, -1)
    along = torch.where(is_level, column, row) * angle.cos() + torch.where(is_level, row, column) * angle.sin()
    across = torch.where(is_level, row, column) * angle.cos() - torch.where(is_level, column, row) * angle.sin()
    half_width = 0.2 + one_each(images, generator)
    line = (half_width + 0.5 - (across - (one_each(images, generator) - 0.5) * 20).abs()).clamp(0, 1)
    gap = images * (1 - line * (0.5 + 0.5 * one_each(images, generator)))
    half_length = 1 + 3 * one_each(images, generator)
    piece = line * (half_length + 0.5 - (along - (one_each(images, generator) - 0.5) * 20).abs()).clamp(0, 1)
    remains = torch.maximum(images, piece * (0.3 + 0.5 * one_each(images, generator)))
    return torch.where(one_each(images, generator) < 0.6, gap, remains)


def soften(images: Tensor, generator: Generator) -> Tensor:
    """Blur by two passes of a 3×3 mean, blended with the original, like low resolution or a moving camera."""
    blurred = F.avg_pool2d(F.avg_pool2d(images, 3, 1, 1), 3, 1, 1)
    return torch.lerp(images, blurred, one_each(images, generator))


def coarsen(images: Tensor, generator: Generator) -> Tensor:
    """Shrink to between 8 and 16 pixels a side, and enlarge again."""
    resized = few_pixels(images.device)
    resized = resized[torch.randint(len(resized), (len(images),), generator=generator, device=images.device)]
    small = resized.transpose(1, 2) @ images[:, 0] @ resized
    return small.unsqueeze(1).clamp(0, 1)


@cache
def few_pixels(device: torch.device) -> Tensor:
    """float32 (9, 32, 32): the matrices that shrink a row to 8 … 16 pixels (mean) and enlarge it again (bicubic)."""
    row = torch.eye(NETWORK_SIDE).view(1, NETWORK_SIDE, 1, NETWORK_SIDE)
    small = [F.interpolate(row, (1, side), mode="area") for side in range(8, 17)]
    enlarged = [F.interpolate(one, (1, NETWORK_SIDE), mode="bicubic", align_corners=False) for one in small]
    return torch.cat(enlarged).squeeze(2).to(device)


def harden(images: Tensor, generator: Generator) -> Tensor:
    """Steepen the step from paper to ink at a random level, so that strokes have one tone and sharp edges."""
    level = 0.25 + 0.5 * one_each(images, generator)
    return ((images - level) * 5 + 0.5).clamp(0, 1)


def change_contrast(images: Tensor, generator: Generator) -> Tensor:
    """Darken or lighten the half-tones by a random power (gamma): pens, scanners and cameras differ in it."""
    power = torch.exp(torch.randn(len(images), 1, 1, 1, generator=generator, device=images.device) * 0.5)
    return images.clamp(1e-6, 1.0) ** power


def add_noise(images: Tensor, generator: Generator) -> Tensor:
    """Add normal noise, whose standard deviation is up to 0.12 of full ink."""
    deviation = one_each(images, generator) * 0.12
    noise = torch.randn(images.shape, generator=generator, device=images.device) * deviation
    return (images + noise).clamp(0, 1)
