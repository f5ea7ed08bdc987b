"""The settings of a training (the recipe), and its progress reports."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace


@dataclass(frozen=True)
class Strength:
    """How strong or how frequent each distortion (training/augmentation.py) is; 0: never. Shares of a batch, 0–1."""

    rotation: float = 12.0  # degrees either way
    scale: float = 0.10  # relative, each axis on its own
    shift: float = 1.0  # pixels either way
    elastic: float = 1.0  # pixels, standard deviation at the control points
    thickness: float = 0.15  # share made bolder or thinner
    soften: float = 0.08  # share blurred, as a small picture is when it is enlarged
    noise: float = 0.05  # share with pixel noise
    contrast: float = 0.05  # share whose ink is unevenly dark
    coarse: float = 0.15  # share shrunk to few pixels and enlarged, like a thumbnail
    harden: float = 0.05  # share with sharp edges and one tone, like a drawing on a canvas
    ruled: float = 0.05  # share in which a ruled line was removed with what it crossed, or of which a piece remains

    def scaled(self, factor: float) -> Strength:
        """Return every distortion `factor` times as strong or as frequent."""
        return Strength(**{name: value * factor for name, value in asdict(self).items()})


@dataclass(frozen=True)
class Recipe:
    """All settings that decide the weights, given the data. The defaults are the full recipe."""

    epochs: int = 120
    min_steps: int = 0  # with few digits, epochs are added until there are this many steps
    pruned_to: int = 0  # train on this many digits, the hardest of each class (model/training/pruning.py); 0: on all
    drawn_share: float = 0.25  # digits drawn in other hands, relative to the training digits (data/foreign.py); 0: none
    cut_share: float = 0.15  # digits cut from lines, relative to the training digits (training/pieces.py); 0: none
    batch_size: int = 128
    learning_rate: float = 3e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.05
    label_smoothing: float = 0  # share of each label that is spread over all ten digits
    normalize: bool = False  # batch normalization (model/training/fused.py); never if the training starts from weights
    averaging: float = 0.999  # decay per step of the exponential moving average of the weights, which is the result
    sample_share: float = 0.2  # largest share of a batch that users' samples fill
    sample_repeats: int = 20  # a sample is seen at most this often in an epoch
    patience: int = 0  # early stopping: epochs without a better score after which training ends; 0: never
    outlier_share: float = 0.25  # outliers added to a batch, relative to its size (model/training/batches.py)
    score_weight: float = 0.7  # weight of the loss that tells digits from outliers; the one that tells digits apart: 1
    ease_after: float = 0.7  # after this share of the epochs, distortions are half as strong
    lines_after: float = 0.7  # after this share of the epochs, lines of digits are read (training/written_lines.py)
    lines_per_batch: int = 8  # beside each batch; 0: never any
    line_weight: float = 0.3  # weight of the loss of their texts
    reminders_per_batch: int = 0  # pieces beside each batch if the training starts from weights (training/reminders.py)
    reminder_weight: float = 1.0  # weight of their loss
    seed: int = 1
    strength: Strength = field(default_factory=Strength)

    def lengthened(self, batches: int) -> Recipe:
        """Return the recipe with enough epochs of `batches` batches each for `min_steps`."""
        return replace(self, epochs=max(self.epochs, math.ceil(self.min_steps / batches)))

    def strength_in(self, epoch: int) -> Strength:
        """The strength of distortions in an epoch, 1 to epochs: halved in the last ones, nearer to real digits."""
        return self.strength if epoch <= int(self.ease_after * self.epochs) else self.strength.scaled(0.5)

    def begins_lines_in(self, epoch: int) -> bool:
        """Whether an epoch, 1 to epochs, is the first in which lines are read."""
        return self.lines_per_batch > 0 and epoch == int(self.lines_after * self.epochs) + 1


QUICK = Recipe(
    epochs=2,
    min_steps=150,
    pruned_to=12_500,
    drawn_share=0,
    cut_share=0,
    learning_rate=3e-2,
    weight_decay=0.2,
    label_smoothing=0.2,
    normalize=True,
    averaging=0.98,
    outlier_share=0,
    score_weight=0,
    lines_per_batch=0,
    strength=replace(Strength().scaled(0), rotation=4, scale=0.04, shift=0.7, elastic=0.6),
)
RETRAIN = Recipe(
    epochs=12,
    drawn_share=0.1,
    cut_share=0.05,
    outlier_share=0.1,
    learning_rate=1e-3,
    patience=6,
    lines_per_batch=0,
    reminders_per_batch=64,
)


@dataclass(frozen=True)
class Progress:
    """How far a training is. step counts from 1 to steps over all epochs; accuracy is on validation, 0–1.

    Digits in other hands are among those of validation (model/train.py).
    """

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
        """Whether this is an epoch's last step. True also in the stages after training, which have no steps."""
        return self.step * self.epochs == self.epoch * self.steps


def after_training(stage: str, recipe: Recipe) -> Progress:
    """The progress report of a stage after the last step, "evaluating" or "publishing"."""
    return Progress(stage, recipe.epochs, recipe.epochs, 0, 0, 0.0, None, 0.0)


OnProgress = Callable[[Progress], None]
