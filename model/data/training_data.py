"""All that a training learns from and is judged by, in one piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from model.data.digits import Labelled, Splits

no_samples = partial(Labelled.empty, "samples")


@dataclass(frozen=True)
class TrainingData:
    """MNIST or what stands in for it, and users' samples, perhaps none: some to train on, some to judge by."""

    splits: Splits
    samples: Labelled = field(default_factory=no_samples)
    held_out: Labelled = field(default_factory=no_samples)

    def sets(self) -> list[Labelled]:
        """The sets that hold any digits, in the order in which the manifest names them."""
        splits = self.splits
        return [
            part for part in (splits.train, splits.validation, splits.test, self.samples, self.held_out) if len(part)
        ]
