"""Data pruning: train only on the digits that a simple classifier finds hard, since these teach the network more.

Most of MNIST is easy, and a step spent on easy digits teaches little: cf. Sorscher, Geirhos, Shekhar, Ganguli and
Morcos, "Beyond neural scaling laws: beating power law scaling via data pruning", NeurIPS 2022. The classifier is ridge
regression on the pixels, at half resolution and deslanted, and on random features of them (Rahimi and Recht, "Random
Features for Large-Scale Kernel Machines", NIPS 2007). It has a closed form and is fitted in a moment.

What it gains: two passes over the hardest 12,500 digits read 99.28 % of validation; over 12,500 random ones, 98.82 %.
One pass over all 55,000 reads 99.26 % in twice the time. In `make bench-train` the quick recipe is 10 × as fast as the
tutorials' loop; without pruning, 5.6 × (`model/LOG.md`). It is kept for the quick recipe only: the full one gains
nothing by it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from model.data.digits import Labelled
from model.deslant import deslant

FITTED = 5_000  # the classifier is fitted to at most this many digits
PIXELS = 256  # 16×16: a digit at half resolution
FEATURES = 200  # random features, beside the pixels
GAIN = 6.0  # root mean square norm of a random feature's weights
OFFSET = 0.5  # standard deviation of a random feature's offset
RIDGE = 1e-3  # ridge penalty, in units of the features' mean square
CHUNK = 1_000  # digits that are classified at a time


def prune(digits: Labelled, count: int, device: torch.device) -> Labelled:
    """Keep the hardest digits, the same share of each class, in their order; all if there are no more than `count`.

    Rounding up in each class may keep up to nine more than `count`.
    """
    if len(digits) <= count:
        return digits
    labels = torch.from_numpy(digits.labels).to(device)
    by_margin = margins(torch.from_numpy(digits.images).to(device), labels).argsort(stable=True)
    classes = [by_margin[labels[by_margin] == label] for label in torch.unique(labels)]
    kept = torch.cat([members[: math.ceil(len(members) * count / len(digits))] for members in classes])
    return digits[kept.sort().values.cpu().numpy()]


def margins(images: Tensor, labels: Tensor) -> Tensor:
    """The classifier's margin on each digit: its output for the label minus its largest other output, float32 (N,).

    A small margin is a hard digit; one below 0 is misread. images: uint8 (N, 32, 32), white ink on black; labels: int64
    (N,), 0–9.
    """
    generator = Generator().manual_seed(0)
    weights = torch.randn(PIXELS, FEATURES, generator=generator).to(images.device) * (GAIN / PIXELS**0.5)
    offsets = torch.randn(FEATURES, generator=generator).to(images.device) * OFFSET
    fitted = torch.randperm(len(labels), generator=generator)[:FITTED].to(images.device)
    features = features_of(images[fitted], weights, offsets)
    products = features.t() @ features
    products += RIDGE * products.diagonal().mean() * torch.eye(len(products), device=images.device)
    is_label = F.one_hot(labels, 10).bool()
    solution = torch.linalg.solve(products, features.t() @ is_label[fitted].float())
    answers = torch.cat([features_of(part, weights, offsets) @ solution for part in torch.split(images, CHUNK)])
    return answers[is_label] - answers.masked_fill(is_label, float("-inf")).amax(dim=1)


def features_of(images: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
    """The regression's inputs: pixels, random features and a constant 1, float32 (N, 257 + FEATURES).

    images: uint8 (N, 32, 32); weights: (PIXELS, FEATURES); offsets: (FEATURES,).
    """
    pixels = deslant(F.avg_pool2d(images.unsqueeze(1).float(), 2) / 255).flatten(1)
    return torch.cat([pixels, F.relu(pixels @ weights + offsets), torch.ones_like(pixels[:, :1])], dim=1)
