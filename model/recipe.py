"""How a training goes: its settings, what it reports on the way, and how it can fail."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from model.errors import ModelError
from model.training.augmentation import Strength


@dataclass(frozen=True)
class Recipe:
    """Everything that, with the data, decides the weights."""

    epochs: int = 120
    min_steps: int = 0  # few digits are passed over more often, until there were so many
    pruned_to: int = 0  # digits, the hardest of each class (model/training/pruning.py); 0: all are trained on
    batch_size: int = 128
    learning_rate: float = 3e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.05
    label_smoothing: float = 0  # of each label that is spread over all ten digits
    normalize: bool = False  # each batch, between the layers (fused.py); not when it goes on from weights
    averaging: float = 0.999  # decay per step of the moving average of the weights, which is what is kept
    sample_share: float = 0.2  # of each batch that users' samples may fill at most
    sample_repeats: int = 20  # how often one sample is seen in an epoch at most
    patience: int = 0  # epochs without gain on validation and samples after which the best so far is kept; 0: never
    outlier_share: float = 0.06  # of each batch that is no digit (out_of_distribution.py), beside its digits
    score_weight: float = 0.5  # of the loss for telling digits from these, beside the one for telling digits apart
    ease_after: float = 0.7  # share of the epochs after which the distortions are halved
    seed: int = 1
    strength: Strength = field(default_factory=Strength)

    def lengthened(self, batches: int) -> Recipe:
        """With as many epochs, of so many batches each, as `min_steps` asks for."""
        return replace(self, epochs=max(self.epochs, math.ceil(self.min_steps / batches)))

    def strength_in(self, epoch: int) -> Strength:
        """How strongly digits are distorted in an epoch, 1 to epochs: the last ones are nearer to real digits."""
        return self.strength if epoch <= int(self.ease_after * self.epochs) else self.strength.scaled(0.5)


QUICK = Recipe(
    epochs=2,
    min_steps=150,
    pruned_to=12_500,
    learning_rate=3e-2,
    weight_decay=0.2,
    label_smoothing=0.2,
    normalize=True,
    averaging=0.98,
    outlier_share=0,
    score_weight=0,
    strength=replace(Strength().scaled(0), rotation=4, scale=0.04, shift=0.7, elastic=0.6),
)
RETRAIN = Recipe(epochs=12, learning_rate=1e-3, patience=6)


@dataclass(frozen=True)
class Progress:
    """Where a training is. step counts from 1 to steps over all epochs; accuracy is on validation, 0–1."""

    stage: str  # "training", "evaluating" or "publishing"
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float | None
    eta_seconds: float

    @property
    def ends_epoch(self) -> bool:
        """Whether this is an epoch's last step; also in the stages after training, which have no steps."""
        return self.step * self.epochs == self.epoch * self.steps


def after_training(stage: str, recipe: Recipe) -> Progress:
    """Progress when the last step has been done."""
    return Progress(stage, recipe.epochs, recipe.epochs, 0, 0, 0.0, None, 0.0)


OnProgress = Callable[[Progress], None]


class Diverged(ModelError):
    """The loss is no number any more; nothing was published."""
