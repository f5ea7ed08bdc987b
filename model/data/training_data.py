"""The data of one training: the digits to train, choose and report on, those of other hands, and users' samples."""

from __future__ import annotations

from dataclasses import dataclass, replace

from model.data.digits import Labelled, Splits
from model.data.foreign import foreign_digits, further_digits

NO_SAMPLES = Labelled.empty("samples")


@dataclass(frozen=True)
class TrainingData:
    """MNIST or its substitute, digits in hands that it lacks, and users' samples (perhaps none).

    samples: to train on; held_out: never trained on, for the promotion gate; further: to train on beside the splits;
    foreign: never trained on, for calibration, early stopping and the gate.
    """

    splits: Splits
    samples: Labelled = NO_SAMPLES
    held_out: Labelled = NO_SAMPLES
    further: tuple[Labelled, ...] = ()
    foreign: Labelled = NO_SAMPLES

    def with_other_hands(self, share: float, seed: int) -> TrainingData:
        """The data with digits of other hands. share, seed: of those that are drawn to train on (foreign.py)."""
        return replace(self, further=further_digits(self.splits, share, seed), foreign=foreign_digits(self.splits))

    def sets(self) -> list[Labelled]:
        """The sets that are not empty, in the order in which the manifest lists them."""
        splits = self.splits
        own = (splits.train, *self.further, splits.validation, self.foreign, splits.test)
        return [part for part in (*own, self.samples, self.held_out) if len(part)]
