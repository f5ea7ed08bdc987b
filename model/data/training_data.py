"""The data of one training: the digits to train, choose and report on, and the users' samples."""

from __future__ import annotations

from dataclasses import dataclass

from model.data.digits import Labelled, Splits

NO_SAMPLES = Labelled.empty("samples")


@dataclass(frozen=True)
class TrainingData:
    """MNIST or its substitute, and users' samples (perhaps none).

    samples: to train on; held_out: never trained on, for the promotion gate.
    """

    splits: Splits
    samples: Labelled = NO_SAMPLES
    held_out: Labelled = NO_SAMPLES

    def sets(self) -> list[Labelled]:
        """The sets that are not empty, in the order in which the manifest lists them."""
        splits = self.splits
        return [
            part for part in (splits.train, splits.validation, splits.test, self.samples, self.held_out) if len(part)
        ]
