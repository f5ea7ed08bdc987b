"""What a training sees at each step: digits, users' samples among them, and some that are no digit."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from model.data import Labelled
from model.outliers import make_outliers
from model.recipe import Recipe

NO_DIGIT = 10  # the label of an outlier
OUTLIERS = 20_000  # made at most, once for a training; each is distorted anew whenever it is seen


class Batches:
    """Shuffled batches of the training digits, a bounded share of each drawn from the users' samples.

    Iterating gives images float32 (B, 1, 32, 32), 0–1, and labels int64 (B,). Few samples are repeated, so that they
    count, but neither above `sample_repeats` times an epoch nor above `sample_share` of a batch.
    """

    def __init__(
        self, train: Labelled, extra: Labelled | None, recipe: Recipe, device: torch.device, generator: Generator
    ) -> None:
        self.images = torch.from_numpy(train.images).to(device)
        self.labels = torch.from_numpy(train.labels).to(device)
        self.generator = generator
        self.from_extra = 0
        if extra is not None and len(extra):
            self.extra_images = torch.from_numpy(extra.images).to(device)
            self.extra_labels = torch.from_numpy(extra.labels).to(device)
            wanted = recipe.sample_repeats * len(extra) * recipe.batch_size / len(train)
            self.from_extra = max(1, min(int(recipe.batch_size * recipe.sample_share), math.ceil(wanted)))
        self.from_train = min(recipe.batch_size - self.from_extra, len(train))

    def __len__(self) -> int:
        return len(self.labels) // self.from_train

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.labels), generator=self.generator, device=self.labels.device)
        for which in order[: len(self) * self.from_train].view(len(self), self.from_train):
            images, labels = self.images[which], self.labels[which]
            if self.from_extra:
                some = torch.randint(
                    len(self.extra_labels), (self.from_extra,), generator=self.generator, device=labels.device
                )
                images = torch.cat([images, self.extra_images[some]])
                labels = torch.cat([labels, self.extra_labels[some]])
            yield images.unsqueeze(1).float() / 255, labels


class WithOutliers:
    """The batches, with outliers added to each, whose label is NO_DIGIT.

    Iterating gives images float32 (B + round(B · outlier_share), 1, 32, 32), 0–1, and as many labels int64.
    """

    def __init__(
        self, batches: Batches, digits: Labelled, recipe: Recipe, device: torch.device, generator: Generator
    ) -> None:
        self.batches = batches
        self.generator = generator
        self.count = round(recipe.batch_size * recipe.outlier_share)
        if self.count:
            self.outliers = make_outliers(digits, min(OUTLIERS, len(digits)), recipe.seed).to(device)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for images, labels in self.batches:
            if self.count:
                which = torch.randint(len(self.outliers), (self.count,), generator=self.generator, device=images.device)
                images = torch.cat([images, self.outliers[which].unsqueeze(1).float() / 255])
                labels = torch.cat([labels, labels.new_full((self.count,), NO_DIGIT)])
            yield images, labels
