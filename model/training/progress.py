"""Reports of a training's progress, not more often than a person or a database can take."""

from __future__ import annotations

import math
import time

from torch import Tensor

from model.recipe import Diverged, OnProgress, Progress, Recipe

REPORT_SECONDS = 0.25  # between two reports


class Reporter:
    """Counts the steps, estimates how long the rest takes, and ends a training whose loss is no number any more."""

    def __init__(self, recipe: Recipe, steps: int, on_progress: OnProgress) -> None:
        self.epochs = recipe.epochs
        self.steps = steps
        self.on_progress = on_progress
        self.step = 0
        self.accuracy: float | None = None  # on validation, after the last epoch that was measured
        self.started = self.last = time.monotonic()

    def after_step(self, epoch: int, loss: Tensor) -> None:
        """Report when it is time to. Raises Diverged for a loss that is not finite."""
        self.step += 1
        if time.monotonic() - self.last >= REPORT_SECONDS:
            progress = self.progress(epoch, loss)
            if not progress.ends_epoch:  # its report, with the new accuracy, comes soon
                self.report(progress)

    def after_epoch(self, epoch: int, loss: Tensor, accuracy: float) -> None:
        """Report in any case. Raises Diverged."""
        self.accuracy = accuracy
        self.report(self.progress(epoch, loss))

    def progress(self, epoch: int, loss: Tensor) -> Progress:
        """How far it is. Raises Diverged."""
        value = loss.item()
        if not math.isfinite(value):
            raise Diverged(f"the loss became {value} in epoch {epoch}: lower the learning rate; nothing was published")
        eta = round((time.monotonic() - self.started) / self.step * (self.steps - self.step), 1)
        return Progress("training", epoch, self.epochs, self.step, self.steps, value, self.accuracy, eta)

    def report(self, progress: Progress) -> None:
        """Say how far it is."""
        self.last = time.monotonic()
        self.on_progress(progress)
