"""Outliers: pictures that show no digit, from which the network learns to refuse such.

Each batch of a training holds some of them beside its digits: outlier exposure (Hendrycks, Mazeika and Dietterich,
"Deep Anomaly Detection with Outlier Exposure", ICLR 2019). They take no part in the loss that tells digits apart. A
second, logistic loss makes the score log Σ exp(logit) the log odds that a picture shows a digit; cf. Du et al., "VOS:
Learning What You Don't Know by Virtual Outlier Synthesis", ICLR 2022. All kinds but clutter are centered and scaled as
the image pipeline does with a digit, so that only their shape differs from a digit's. Where pieces of digits would be
digits themselves, their labels are left out.

What they gain (`model/LOG.md`): with a few kinds and six outliers to a hundred digits, a network accepts 6 % of letters
in many hands, 16 % of signs and 31 % of halves of digits; with all these kinds and 25 to a hundred, 0.8, 3 and 11 %,
while it accepts as many digits. The kinds were measured in groups, not one by one.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from model.data.digits import Labelled
from model.data.handwriting.drawn import TRAINING as HANDS
from model.data.handwriting.drawn import placed
from model.data.handwriting.letters import LETTERS
from model.data.handwriting.signs import SIGNS
from model.data.handwriting.strokes import Form
from model.preprocessing.layout import BOX_SIDE, NETWORK_SIDE
from model.preprocessing.pipeline import to_input
from model.training.defaced import crossed_out, enclosed, halved, hollow
from model.training.drawings import characters, clutter, outlines, shapes, strokes, textures
from model.training.pieces import pieces_without_digit
from model.training.structures import blots, frames, segments

INK = 0.2  # level from which a pixel counts as ink, 0–1
PART = 20  # pictures of each part of a chunk
MIRRORED = (2, 3, 4, 6, 7, 9)  # labels that are no digit when seen in a mirror
TRANSPOSED = (2, 3, 4, 5, 7)  # labels that are no digit when rows and columns are swapped
# Labels whose halves are no digit; elsewhere they are rings, which are zeros, or plain strokes, which are ones.
HALVES = {"upper": (0, 2, 3, 4, 5), "right": (0, 2, 3, 5, 6), "lower": (0, 2, 3, 5), "left": (0, 2, 3, 4, 5, 8, 9)}
STRUCK = (2, 3, 5, 6, 8, 9)  # labels that one stroke makes illegible; a 0, 4 or 7 with a stroke is read
NOT_ONE = (0, 2, 3, 4, 5, 6, 7, 8, 9)  # a ring around a 1 is a slashed 0, and its outline a narrow 0
ALL = tuple(range(10))


def make_outliers(digits: Labelled, count: int, seed: int) -> Tensor:
    """Make outliers uint8 (count, 32, 32), white on black, in random order.

    digits: training images of every label; some kinds are made from pieces of them.
    """
    generator = Generator().manual_seed(seed)
    source = Source(digits, generator)
    chunks = [chunk(source, generator)]
    while len(chunks) * len(chunks[0]) < count:
        chunks.append(chunk(source, generator))
    pool = torch.cat(chunks)
    order = torch.randperm(len(pool), generator=generator)[:count]
    return (pool[order].squeeze(1) * 255).round().to(torch.uint8)


class Source:
    """Draws training digits at random: `source(n, among)` is float32 (n, 1, 32, 32) with labels among those given."""

    def __init__(self, digits: Labelled, generator: Generator) -> None:
        self.digits, self.generator = digits, generator
        labels = torch.from_numpy(digits.labels)
        self.by_label = [torch.nonzero(labels == label).flatten() for label in range(10)]

    def __call__(self, n: int, among: tuple[int, ...] = ALL) -> Tensor:
        """Draw `n` digits with one of these labels."""
        fitting = torch.cat([self.by_label[label] for label in among])
        which = fitting[torch.randint(len(fitting), (n,), generator=self.generator)]
        return torch.from_numpy(to_input(self.digits.images[which.numpy()]))


def chunk(some: Source, generator: Generator) -> Tensor:
    """720 outliers, float32 (720, 1, 32, 32): PART of some kinds, a multiple of PART of others."""
    numbers = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
    made = [
        place(side_by_side(some(PART), some(PART), generator)),
        place(scrambled(some(PART), some(PART), generator)),
        place(torch.cat([some(PART // 2, MIRRORED).flip(3), some(PART // 2, TRANSPOSED).transpose(2, 3)])),
        place(halves(some, 3 * PART, generator)),
        place(struck(some, 3 * PART, generator)),
        pieces_without_digit(some.digits, 6 * PART, numbers),
        place(enclosed(some(PART, NOT_ONE), generator)),
        place(hollow(some(PART, NOT_ONE), generator)),
        place(strokes(2 * PART, generator)),
        place(shapes(PART, generator)),
        place(outlines(PART, generator)),
        place(characters(PART, generator)),
        written(tuple(form for forms in LETTERS.values() for form in forms), 4 * PART, numbers),
        written(tuple(SIGNS.values()), 4 * PART, numbers),
        place(blots(PART, generator)),
        place(frames(2 * PART, generator)),
        place(segments(PART, generator)),
        place(textures(PART, generator)),
        clutter(PART, generator),
    ]
    return torch.cat(made)


def halves(some: Source, count: int, generator: Generator) -> Tensor:
    """Halves of digits that are no digits themselves, and pieces cut off at any angle: (count, 1, 32, 32)."""
    made = []
    for quarter, labels in enumerate(HALVES.values()):
        turn = torch.full((count // 4,), quarter * math.pi / 2)
        is_askew = torch.rand(count // 4, generator=generator) < 0.3
        turn = turn + is_askew * (torch.rand(count // 4, generator=generator) - 0.5) * math.pi / 2
        made.append(halved(some(count // 4, labels), turn, generator))
    return torch.cat(made)


def struck(some: Source, count: int, generator: Generator) -> Tensor:
    """Crossed-out digits: half by one line, half by two, four or five: (count, 1, 32, 32)."""
    half = count // 2
    more = torch.randint(2, 6, (half,), generator=generator)
    return torch.cat([
        crossed_out(some(half, STRUCK), torch.ones(half, dtype=torch.int64), generator),
        crossed_out(some(half, NOT_ONE), torch.where(more == 3, 2, more), generator),
    ])  # fmt: skip


def written(forms: tuple[Form, ...], count: int, random: np.random.Generator) -> Tensor:
    """Handwritten characters, each in a random one of the forms, placed like drawn digits: (count, 1, 32, 32)."""
    which = random.integers(len(forms), size=count).tolist()
    return torch.from_numpy(to_input([placed(forms[i], random, HANDS) for i in which]))


def place(pictures: Tensor) -> Tensor:
    """Scale the ink of (N, 1, H, W) to 20 pixels, and put its center of mass in the middle of (N, 1, 32, 32).

    `model/preprocessing/centering.py` does the same for one page, but rounds to whole gray levels and pixels. This is
    a batch form with bilinear interpolation. The other would give slightly other outliers, and so other weights.
    """
    count, _, height, width = pictures.shape
    ink = pictures[:, 0] > INK
    extents, centers = [], []
    mass = pictures.sum(dim=(1, 2, 3)).clamp_min(1e-6)
    for axis, length in ((1, width), (2, height)):
        index = torch.arange(length)
        seen = ink.any(dim=axis)
        first = torch.where(seen, index, length).amin(dim=1)
        last = torch.where(seen, index, -1).amax(dim=1)
        extents.append((last - first + 1).clamp_min(1))
        centers.append((pictures[:, 0].sum(dim=axis) * index).sum(dim=1) / mass)
    scale = torch.maximum(*extents) / BOX_SIDE
    theta = torch.zeros(count, 2, 3)
    for row, length in ((0, width), (1, height)):
        theta[:, row, row] = scale * NETWORK_SIDE / length
        theta[:, row, 2] = (2 * centers[row] + 1) / length - 1
    field = F.affine_grid(theta, [count, 1, NETWORK_SIDE, NETWORK_SIDE], align_corners=False)
    return F.grid_sample(pictures, field, align_corners=False)


def side_by_side(left: Tensor, right: Tensor, generator: Generator) -> Tensor:
    """Two digits in one picture, side by side or one above the other: (N, 1, 64, 64)."""
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
    """Four random quarters of two digits, each place rotated by its own multiple of 90°: (N, 1, 24, 24)."""
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
