"""Report a training's progress, at most every REPORT_SECONDS, which a person can read and a database can store."""

from __future__ import annotations

import math
import time

from torch import Tensor

from model.errors import Diverged
from model.recipe import OnProgress, Progress, Recipe

REPORT_SECONDS = 0.25  # least time between two reports within an epoch


class Reporter:
    """Counts steps, estimates the remaining time, and ends a training whose loss became infinite or not a number."""

    def __init__(self, recipe: Recipe, steps: int, on_progress: OnProgress) -> None:
        self.epochs = recipe.epochs
        self.steps = steps
        self.on_progress = on_progress
        self.step = 0
        self.accuracy: float | None = None  # on validation, after the last completed epoch, 0–1
        self.started = self.last = time.monotonic()

    def after_step(self, epoch: int, loss: Tensor) -> None:
        """Count a step, and report if REPORT_SECONDS have passed. Raises Diverged for a loss that is not finite."""
        self.step += 1
        if time.monotonic() - self.last >= REPORT_SECONDS:
            progress = self.progress(epoch, loss)
            if not progress.ends_epoch:  # `after_epoch` reports the last step, with the new accuracy
                self.report(progress)

    def after_epoch(self, epoch: int, loss: Tensor, accuracy: float) -> None:
        """Report the end of an epoch. accuracy: on validation, 0–1. Raises Diverged."""
        self.accuracy = accuracy
        self.report(self.progress(epoch, loss))

    def progress(self, epoch: int, loss: Tensor) -> Progress:
        """The present progress. Raises Diverged if the loss is not finite."""
        value = loss.item()
        if not math.isfinite(value):
            raise Diverged(f"the loss became {value} in epoch {epoch}: lower the learning rate; nothing was published")
        eta = round((time.monotonic() - self.started) / self.step * (self.steps - self.step), 1)
        return Progress("training", epoch, self.epochs, self.step, self.steps, value, self.accuracy, eta)

    def report(self, progress: Progress) -> None:
        """Hand the progress to the callback, and note the time."""
        self.last = time.monotonic()
        self.on_progress(progress)
