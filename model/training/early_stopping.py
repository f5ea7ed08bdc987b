"""Watching a training: how far it is, whether it goes astray, which of its networks is the best, and when to stop."""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor, nn

from model.data.digits import Labelled
from model.deslant import Deslanted
from model.net import Net
from model.recipe import Diverged, OnProgress, Progress, Recipe
from model.training.fused import Trainee

REPORT_SECONDS = 0.25  # between two reports of progress
EVALUATION_BATCH = 500


class Watch:
    """Tells how far a training is, not more often than a person or a database can take, and keeps its best network.

    After the last epoch, or with patience when that is at its end, `best` is what came of it. Source of early
    stopping: Prechelt, "Early Stopping – But When?", 1998.
    """

    def __init__(
        self,
        recipe: Recipe,
        steps: int,
        validation: Labelled,
        extra: Labelled | None,
        on_progress: OnProgress,
    ) -> None:
        self.recipe = recipe
        self.steps = steps
        self.validation = validation
        self.extra = extra
        self.on_progress = on_progress
        self.best = Best(recipe.patience)
        self.accuracy: float | None = None
        self.started = self.last = time.monotonic()

    def after_step(self, epoch: int, step: int, loss: Tensor) -> None:
        """Report when it is time to. Raises Diverged for a loss that is not finite."""
        if time.monotonic() - self.last >= REPORT_SECONDS:
            progress = self.progress(epoch, step, loss)
            if not progress.ends_epoch:  # its report, with the new accuracy, comes soon
                self.report(progress)

    def after_epoch(self, epoch: int, step: int, loss: Tensor, candidate: Net) -> bool:
        """Measure the epoch's network and report; answers whether to stop. Raises Diverged."""
        net = Deslanted(Trainee(candidate, normalize=False).eval())  # the same answers in two thirds of the time
        self.accuracy = accuracy(net, self.validation)
        self.report(self.progress(epoch, step, loss))
        return self.best.ends(candidate, self.accuracy + (accuracy(net, self.extra) if self.extra else 0))

    def progress(self, epoch: int, step: int, loss: Tensor) -> Progress:
        """How far it is. Raises Diverged."""
        value = loss.item()
        if not math.isfinite(value):
            raise Diverged(f"the loss became {value} in epoch {epoch}: lower the learning rate; nothing was published")
        eta = round((time.monotonic() - self.started) / step * (self.steps - step), 1)
        return Progress("training", epoch, self.recipe.epochs, step, self.steps, value, self.accuracy, eta)

    def report(self, progress: Progress) -> None:
        """Say how far it is."""
        self.last = time.monotonic()
        self.on_progress(progress)


class Best:
    """The best network so far, and whether the patience for a better one is at its end.

    Without patience the last network is the best one.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.score = -math.inf
        self.waited = 0

    def ends(self, net: Net, score: float) -> bool:
        """Take notice of an epoch's network and its score, higher is better; answers whether to stop."""
        if score > self.score or not self.patience:
            self.net, self.score, self.waited = net, score, 0
        else:
            self.waited += 1
        return 0 < self.patience <= self.waited


def accuracy(net: nn.Module, digits: Labelled) -> float:
    """Share of the digits that the network, ready to evaluate, reads correctly, 0–1; measured where it lives."""
    device = next(net.parameters()).device
    right = 0
    with torch.inference_mode():
        for start in range(0, len(digits), EVALUATION_BATCH):
            part = digits[slice(start, start + EVALUATION_BATCH)]
            logits = net(torch.from_numpy(part.images).to(device).unsqueeze(1).float() / 255)
            right += int((logits.argmax(dim=1) == torch.from_numpy(part.labels).to(device)).sum())
    return right / len(digits)
