"""What a network is shown in each epoch: distorted images, and what it is to answer for each.

Without teachers that is the label. With them it is the mean of their answers for the very image that the student
sees, softened by a temperature. Sources: Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network",
2015; Beyer et al., "Knowledge distillation: A good teacher is patient and consistent", CVPR 2022.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from model.augment import augment
from model.batches import WithOutliers
from model.recipe import Recipe


class Lessons:
    """The epochs of one training. Teachers' answers are remembered for the epochs that show the same images again."""

    def __init__(
        self, batches: WithOutliers, recipe: Recipe, generator: Generator, teachers: Sequence[nn.Module] = ()
    ) -> None:
        self.batches = batches
        self.recipe = recipe
        self.generator = generator
        self.teachers = teachers
        self.temperature = recipe.teacher_temperature
        self.remembered: dict[int, Tensor] = {}  # answers (steps, B, 10) by the pass they were given for

    def __len__(self) -> int:
        """Batches of an epoch."""
        return len(self.batches)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Images float32 (B, 1, 32, 32), 0–1, and targets float32 (B, 10), which sum to 1; epochs count from 1."""
        view, strength = self.recipe.view_in(number), self.recipe.strength_in(number)
        if self.teachers:
            self.generator.manual_seed(self.recipe.seed << 16 | view)
        known = self.remembered.get(view)
        for index, (images, targets) in enumerate(self.batches):
            images = augment(images, strength, self.generator)
            if self.teachers:
                targets = self.heard(view, index, images, targets) if known is None else known[index]
            yield images, targets

    def heard(self, view: int, index: int, images: Tensor, targets: Tensor) -> Tensor:
        """What the teachers say, kept for when it is shown again.

        Kept in one tensor for each pass: many small ones, made between the large ones of each step, would pin the
        memory that those leave behind.
        """
        answers = self.taught(images, targets)
        if index == 0:
            self.remembered[view] = answers.new_empty(len(self), *answers.shape)
        self.remembered[view][index] = answers
        return answers

    def taught(self, images: Tensor, targets: Tensor) -> Tensor:
        """The teachers' mean answer (B, 10) for the digits; the outliers, which come last, keep their targets."""
        digits = len(images) - self.batches.count
        with torch.no_grad():
            answers = [torch.softmax(teacher(images[:digits]) / self.temperature, dim=1) for teacher in self.teachers]
        return torch.cat([torch.stack(answers).mean(dim=0), targets[digits:]])

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean cross-entropy of a batch (B, 10); with teachers, T² times that at temperature T for the digits."""
        smoothing = self.recipe.label_smoothing
        if not self.teachers:
            return F.cross_entropy(logits, targets, label_smoothing=smoothing)
        digits = len(logits) - self.batches.count
        softened = logits[:digits] / self.temperature
        taught = F.cross_entropy(softened, targets[:digits], reduction="sum", label_smoothing=smoothing)
        unsure = F.cross_entropy(logits[digits:], targets[digits:], reduction="sum")
        return (self.temperature**2 * taught + unsure) / len(logits)
