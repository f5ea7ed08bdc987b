"""Train the network and publish it as a version: define, iterate, forward, loss, backpropagate, update.

numeral train                 (or: python -m model.train)
numeral train --quick --seed 7

Read `fit` first: it is the loop of PyTorch's tutorial. On a first reading, skip what it adds to that loop. Each
addition has a file in model/training:

- `FusedNet` computes the same as `Net`, faster; `normalize` adds batch normalization (fused.py).
- `GraphedStep` just calls the step on a CPU; on a GPU it records it as a CUDA graph and replays it (cuda_graph.py).
- `ExponentialMovingAverage`: the resulting weights are an average over the last steps (averaging.py).
- `EarlyStopping` ends a training that no longer improves (early_stopping.py).
- Outlier exposure: some images show no digit, and the loss has a second term for them (out_of_distribution.py).
- `WrittenLines`: in the last epochs the network also reads whole numbers, through their lattice (written_lines.py).
- `Reminders`: a retraining keeps what the version it starts from has learned by that (reminders.py).
"""

from __future__ import annotations

import runpy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from model.data.digits import Labelled, check_trainable, joined
from model.data.training_data import NO_SAMPLES, TrainingData
from model.deslant import deslant
from model.net import Net
from model.recipe import OnProgress, Recipe, Strength
from model.registry.publish import Published, publish, starting_weights
from model.registry.store import Store
from model.training.augmentation import augment
from model.training.averaging import ExponentialMovingAverage
from model.training.batches import NO_DIGIT, batches_of
from model.training.cuda_graph import GraphedStep
from model.training.early_stopping import EarlyStopping
from model.training.fused import FusedNet
from model.training.progress import Reporter
from model.training.reminders import Reminders
from model.training.validation import validate
from model.training.written_lines import WrittenLines


def run(
    store: Store,
    recipe: Recipe,
    data: TrainingData,
    start: str = "current",
    on_progress: OnProgress = lambda progress: None,
) -> Published:
    """Fit, evaluate, ask the gate, publish. Never activates the version: that is up to the caller.

    Digits in other hands (model/data/foreign.py) join those to train on and those to validate on.
    start: "current" to continue from the current version's weights, or "scratch". Raises ModelError.
    """
    parent, state = starting_weights(store) if start == "current" else (None, None)
    data = data.with_other_hands(recipe.drawn_share, recipe.seed)
    train, validation = joined(data.splits.train, *data.further), joined(data.splits.validation, data.foreign)
    net = fit(train, validation, recipe, start=state, samples=data.samples, on_progress=on_progress)
    return publish(store, net, recipe, data, parent, on_progress)


def fit(
    train: Labelled,
    validation: Labelled,
    recipe: Recipe,
    *,
    start: dict[str, Tensor] | None = None,
    samples: Labelled = NO_SAMPLES,
    on_progress: OnProgress = lambda progress: None,
) -> Net:
    """Train on `train`, with `samples` mixed into each batch; return the network with the averaged weights.

    They are those of the last epoch or, if the recipe has patience, of the epoch with the best score.
    start: a state dict to continue from; such a training has no batch normalization. Raises DataError or Diverged.
    """
    check_trainable(train)
    device = training_device()
    torch.manual_seed(recipe.seed)
    generator = Generator(device).manual_seed(recipe.seed)
    batches = batches_of(train, samples, recipe, device, generator)
    recipe = recipe.lengthened(len(batches))
    steps = recipe.epochs * len(batches)
    reporter, stopping = Reporter(recipe, steps, on_progress), EarlyStopping(recipe.patience)

    # Define the network.
    net = Net()
    if start is not None:
        net.load_state_dict(start)
    fused = FusedNet(net, normalize=recipe.normalize and start is None).to(device)
    average = ExponentialMovingAverage(fused, recipe.averaging)
    optimizer, schedule = optimizer_of(fused, recipe, steps)

    beside: list[Reminders | WrittenLines] = []  # their losses join a batch's
    if start is not None and recipe.reminders_per_batch:
        beside.append(Reminders(train, net, recipe, device, generator))

    def step(strength: Strength, images: Tensor, labels: Tensor) -> Tensor:
        # Forward.
        logits = fused(deslant(augment(images, strength, generator)))
        # Compute the loss.
        loss = loss_of(logits, labels, recipe)
        for other in beside:
            loss = loss + other.loss(fused, strength)
        # Propagate the gradients back.
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        # Update the weights.
        optimizer.step()
        return loss.detach()

    train_step: Callable[..., Tensor] = GraphedStep(step, generator)
    # Iterate over the data.
    for epoch in range(1, recipe.epochs + 1):
        strength = recipe.strength_in(epoch)
        if recipe.begins_lines_in(epoch):
            beside.append(WrittenLines(train, average.net(), recipe, device, generator))
            train_step = step  # lines vary in shape, which a graph can't
        for images, labels in batches:
            loss = train_step(strength, images, labels)
            schedule.step()
            average.update()
            reporter.after_step(epoch, loss)
        # Measure the averaged weights; stop if they no longer improve.
        candidate = average.net()
        accuracy, score = validate(candidate, validation, samples)
        reporter.after_epoch(epoch, loss, accuracy)
        if stopping.stops(candidate, score):
            break
    return stopping.best.cpu()


def training_device() -> torch.device:
    """A GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def optimizer_of(
    network: nn.Module, recipe: Recipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Return AdamW and its one-cycle schedule over `steps`.

    The learning rate is a tensor, so that a replayed CUDA graph reads its new value at each step.
    """
    device = next(network.parameters()).device
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=torch.tensor(recipe.learning_rate, device=device),
        weight_decay=recipe.weight_decay, fused=True, capturable=device.type == "cuda",
    )  # fmt: skip
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.2, cycle_momentum=False
    )


def loss_of(logits: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    """The loss of logits float32 (B, 10) for labels int64 (B,), a scalar: which digit is it, and is it a digit at all?

    An outlier, labelled NO_DIGIT, counts only in the second term; model/training/out_of_distribution.py explains why.
    """
    log_odds, is_digit = logits.logsumexp(dim=1), (labels != NO_DIGIT).float()
    detection_loss = F.binary_cross_entropy_with_logits(log_odds, is_digit)
    digit_loss = F.cross_entropy(logits, labels, ignore_index=NO_DIGIT, label_smoothing=recipe.label_smoothing)
    return digit_loss + recipe.score_weight * detection_loss


if __name__ == "__main__":
    runpy.run_module("model.cli.train", run_name="__main__")  # the command, which imports this module
