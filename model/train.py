"""Train the network and publish what comes out: define, iterate, forward, loss, backpropagate, update.

numeral train                 (or: python -m model.train)
numeral train --quick --seed 7
"""

from __future__ import annotations

import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from model.augment import augment
from model.batches import Batches, WithOutliers
from model.data import Labelled, Splits, check_trainable
from model.net import Net
from model.paired import forward
from model.publish import Outcome, publish, starting_weights
from model.recipe import Diverged, OnProgress, Progress, Recipe, ShouldStop, Stopped
from model.store import Store

REPORT_SECONDS = 0.25  # between two reports of progress
EVALUATION_BATCH = 1000


def run(
    store: Store,
    recipe: Recipe,
    splits: Splits,
    *,
    samples: Labelled,
    held_out: Labelled,
    start: str = "current",
    promote: str = "auto",
    on_progress: OnProgress = lambda progress: None,
    should_stop: ShouldStop = lambda: False,
) -> Outcome:
    """Fit, evaluate, pass the gate, publish.

    samples, held_out: users' digits to train on and to judge by, perhaps none; start: "current" weights or "scratch";
    promote: "auto" activates what the gate lets through, "manual" never does. Raises ModelError.
    """
    state = starting_weights(store) if start == "current" else None
    net = fit(splits.train, splits.validation, recipe, start=state, extra=samples,
              on_progress=on_progress, should_stop=should_stop)  # fmt: skip
    return publish(store, net, recipe, splits, samples, held_out, promote, on_progress)


def fit(
    train: Labelled,
    validation: Labelled,
    recipe: Recipe,
    *,
    start: dict[str, Tensor] | None = None,
    extra: Labelled | None = None,
    on_progress: OnProgress = lambda progress: None,
    should_stop: ShouldStop = lambda: False,
) -> Net:
    """A network trained on `train`, with `extra` mixed into each batch; the moving average of its weights.

    After the last epoch, or earlier and with the best epoch's weights when the recipe has patience.
    start: a state dict to go on from. Raises DataError, Diverged or Stopped.
    """
    check_trainable(train)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(recipe.seed)
    generator = Generator(device).manual_seed(recipe.seed)

    # Define the network.
    net = Net().to(device)
    if start is not None:
        net.load_state_dict(start)
    average = {name: value.clone() for name, value in net.state_dict().items()}
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    batches = WithOutliers(Batches(train, extra, recipe, device, generator), train, recipe, device, generator)
    steps = recipe.epochs * len(batches)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.2)
    reporter = Reporter(recipe, steps, on_progress)
    best = Best(recipe.patience)

    # Iterate over the data.
    step = 0
    for epoch in range(1, recipe.epochs + 1):
        strength = recipe.strength_in(epoch)
        for images, targets in batches:
            # Forward.
            logits = forward(net, augment(images, strength, generator))
            # Compute the loss.
            loss = F.cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
            # Propagate the gradients back.
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            # Update the weights.
            optimizer.step()
            schedule.step()
            update_average(average, net, decay=min(recipe.averaging, (step + 1) / (step + 10)))
            step += 1
            if should_stop():
                raise Stopped("the training was stopped; nothing was published")
            reporter.report(epoch, step, loss)
        candidate = averaged(average)
        reporter.accuracy = accuracy(candidate, validation)
        reporter.report(epoch, step, loss, now=True)
        if best.ends(candidate, reporter.accuracy + (accuracy(candidate, extra) if extra else 0)):
            break
    return best.net


class Best:
    """Early stopping: the best network so far, and whether the patience for a better one is at its end.

    Without patience the last network is the best one. Source: Prechelt, "Early Stopping – But When?", 1998.
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


class Reporter:
    """Tells how far the training is, not more often than a person or a database can take; watches the loss."""

    def __init__(self, recipe: Recipe, steps: int, on_progress: OnProgress) -> None:
        self.epochs = recipe.epochs
        self.steps = steps
        self.on_progress = on_progress
        self.accuracy: float | None = None
        self.started = self.last = time.monotonic()

    def report(self, epoch: int, step: int, loss: Tensor, now: bool = False) -> None:
        """Report when it is time to. Raises Diverged for a loss that is not finite."""
        clock = time.monotonic()
        ends_epoch = step * self.epochs == epoch * self.steps  # its report, with the new accuracy, is about to come
        if not now and (ends_epoch or clock - self.last < REPORT_SECONDS):
            return
        self.last = clock
        value = loss.item()
        if not math.isfinite(value):
            raise Diverged(f"the loss became {value} in epoch {epoch}: lower the learning rate; nothing was published")
        eta = (clock - self.started) / step * (self.steps - step)
        self.on_progress(
            Progress("training", epoch, self.epochs, step, self.steps, value, self.accuracy, round(eta, 1))
        )


def update_average(average: dict[str, Tensor], net: Net, decay: float) -> None:
    """Move the average towards the network's weights by 1 − decay."""
    torch._foreach_lerp_(list(average.values()), [value.detach() for value in net.state_dict().values()], 1 - decay)


def averaged(average: dict[str, Tensor]) -> Net:
    """A network with the averaged weights, on the CPU, ready to evaluate."""
    net = Net()
    net.load_state_dict(average)
    return net.eval()


def accuracy(net: torch.nn.Module, digits: Labelled) -> float:
    """Share of the digits that the network reads correctly, 0–1."""
    right = 0
    with torch.inference_mode():
        for start in range(0, len(digits), EVALUATION_BATCH):
            part = digits[slice(start, start + EVALUATION_BATCH)]
            logits = net(torch.from_numpy(part.images).unsqueeze(1).float() / 255)
            right += int((logits.argmax(dim=1) == torch.from_numpy(part.labels)).sum())
    return right / len(digits)


if __name__ == "__main__":
    from model.train_command import main

    sys.exit(main(sys.argv[1:]))
