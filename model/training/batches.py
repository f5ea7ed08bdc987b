"""The batches of a training: digits, users' samples among them, and outliers, which show no digit."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from model.data.digits import Labelled, joined
from model.recipe import Recipe
from model.training.out_of_distribution import make_outliers
from model.training.pieces import cut_digits
from model.training.pruning import prune

NO_DIGIT = 10  # the label of an outlier
OUTLIERS = 24_000  # most that are made, once for a training; augmentation distorts each anew in each batch


def batches_of(
    train: Labelled, samples: Labelled, recipe: Recipe, device: torch.device, generator: Generator
) -> WithOutliers:
    """The recipe's batches: all digits of `train`, or the hardest, with users' samples and with outliers.

    Some of `train` are repeated as the reader of numbers cuts them out of a line.
    """
    digits = prune(train, recipe.pruned_to, device) if recipe.pruned_to else train
    if recipe.cut_share:
        digits = joined(digits, cut_digits(train, round(recipe.cut_share * len(train)), recipe.seed))
    return WithOutliers(Batches(digits, samples, recipe, device, generator), train, recipe, device, generator)


def to_input(images: Tensor) -> Tensor:
    """Convert images uint8 (N, 32, 32) to the network's input, float32 (N, 1, 32, 32), 0–1, on the same device."""
    return images.unsqueeze(1).float() / 255


class Batches:
    """Shuffled batches of the training digits, with users' samples mixed in.

    Iterating yields images float32 (B, 1, 32, 32), 0–1, and labels int64 (B,). Each batch reserves the same number of
    places for samples, at most `sample_share` of it. Samples are repeated to fill these, at most `sample_repeats` times
    an epoch each; training digits fill the rest.
    """

    def __init__(
        self, train: Labelled, samples: Labelled, recipe: Recipe, device: torch.device, generator: Generator
    ) -> None:
        self.generator = generator
        self.digit_count = len(train)
        self.sample_count = len(samples)
        self.repeats = recipe.sample_repeats
        # Places for samples in a batch, if all repeats of all samples are spread over the batches of an epoch.
        places = self.sample_count * self.repeats * recipe.batch_size / (len(train) + self.sample_count * self.repeats)
        self.from_samples = min(math.ceil(places), max(1, int(recipe.batch_size * recipe.sample_share)))
        self.from_train = min(recipe.batch_size - self.from_samples, len(train))
        self.images = torch.cat([torch.from_numpy(source.images) for source in (train, samples)]).to(device)
        self.labels = torch.cat([torch.from_numpy(source.labels) for source in (train, samples)]).to(device)

    def __len__(self) -> int:
        return self.digit_count // self.from_train

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = self.shuffled(self.digit_count)[: len(self) * self.from_train].view(len(self), self.from_train)
        if self.from_samples:
            order = torch.cat([order, self.places()], dim=1)
        for which in order:
            yield to_input(self.images[which]), self.labels[which]

    def places(self) -> Tensor:
        """Indices of the images in the places for samples, for one epoch: int64 (len(self), from_samples)."""
        count = len(self) * self.from_samples
        samples = self.digit_count + self.shuffled(self.sample_count * self.repeats)[:count] % self.sample_count
        fill = self.shuffled(self.digit_count)[: count - len(samples)]
        places = torch.cat([samples, fill])
        return places[self.shuffled(count)].view(len(self), self.from_samples)

    def shuffled(self, count: int) -> Tensor:
        """0 to count − 1 in random order, int64 (count,)."""
        return torch.randperm(count, generator=self.generator, device=self.labels.device)


class WithOutliers:
    """The batches with outliers added to each, labelled NO_DIGIT.

    Iterating yields images float32 (B + round(B · outlier_share), 1, 32, 32), 0–1, and as many labels int64.
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
                images = torch.cat([images, to_input(self.outliers[which])])
                labels = torch.cat([labels, labels.new_full((self.count,), NO_DIGIT)])
            yield images, labels
