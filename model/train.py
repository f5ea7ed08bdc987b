"""Train the network and publish what comes out: define, iterate, forward, loss, backpropagate, update.

numeral train                 (or: python -m model.train)
numeral train --quick --seed 7
"""

from __future__ import annotations

import runpy
from functools import partial

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from model.data.digits import Labelled, check_trainable
from model.data.training_data import TrainingData
from model.deslant import deslant
from model.net import Net
from model.recipe import OnProgress, Recipe
from model.registry.publish import Published, publish, starting_weights
from model.registry.store import Store
from model.training.augmentation import Strength, augment
from model.training.averaging import MovingAverage
from model.training.batches import NO_DIGIT, batches_of
from model.training.cuda_graph import Replayed
from model.training.early_stopping import Watch
from model.training.fused import Trainee


def run(
    store: Store,
    recipe: Recipe,
    data: TrainingData,
    start: str = "current",
    on_progress: OnProgress = lambda progress: None,
) -> Published:
    """Fit, evaluate, pass the gate, publish; whoever calls it activates the version, or does not.

    start: "current" weights or "scratch". Raises ModelError.
    """
    parent, state = starting_weights(store) if start == "current" else (None, None)
    splits = data.splits
    net = fit(splits.train, splits.validation, recipe, start=state, samples=data.samples, on_progress=on_progress)
    return publish(store, net, recipe, data, parent, on_progress)


def fit(
    train: Labelled,
    validation: Labelled,
    recipe: Recipe,
    *,
    start: dict[str, Tensor] | None = None,
    samples: Labelled | None = None,
    on_progress: OnProgress = lambda progress: None,
) -> Net:
    """A network trained on `train`, or its hardest, with `samples` mixed into each batch: its weights' moving average.

    After the last epoch, or earlier and with the best epoch's weights when the recipe has patience.
    start: a state dict to go on from, which is not normalized. Raises DataError or Diverged.
    """
    check_trainable(train)
    device = training_device()
    torch.manual_seed(recipe.seed)
    generator = Generator(device).manual_seed(recipe.seed)
    batches = batches_of(train, samples, recipe, device, generator)
    recipe = recipe.lengthened(len(batches))
    steps = recipe.epochs * len(batches)
    watch = Watch(recipe, steps, validation, samples, on_progress)

    # Define the network.
    net = Net()
    if start is not None:
        net.load_state_dict(start)
    trainee = Trainee(net, normalize=recipe.normalize and start is None).to(device)
    average = MovingAverage(trainee, recipe.averaging)
    optimizer, schedule = optimizer_of(trainee, recipe, steps, device)

    def learn(strength: Strength, images: Tensor, labels: Tensor) -> Tensor:
        # Forward.
        logits = trainee(deslant(augment(images, strength, generator)))
        # Compute the loss.
        loss = loss_of(logits, labels, recipe)
        # Propagate the gradients back.
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        # Update the weights.
        optimizer.step()
        return loss.detach()

    # Iterate over the data.
    step = 0
    for strength, epochs in recipe.phases():
        replayed = Replayed(partial(learn, strength), generator)
        for epoch in epochs:
            for images, labels in batches:
                loss = replayed(images, labels)
                schedule.step()
                average.update()
                step += 1
                watch.after_step(epoch, step, loss)
            if watch.after_epoch(epoch, step, loss, average.net()):
                return watch.best.net.cpu()
    return watch.best.net.cpu()


def training_device() -> torch.device:
    """Where a training runs: on a GPU when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def optimizer_of(
    trainee: Trainee, recipe: Recipe, steps: int, device: torch.device
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW and its one-cycle schedule over `steps`; the rate is a tensor, which a replay reads anew each time."""
    optimizer = torch.optim.AdamW(
        trainee.parameters(), lr=torch.tensor(recipe.learning_rate, device=device),
        weight_decay=recipe.weight_decay, fused=True, capturable=device.type == "cuda",
    )  # fmt: skip
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.2, cycle_momentum=False
    )


def loss_of(logits: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    """How wrong logits (B, 10) are about labels int64 (B,): which digit it is, and whether it is one (a scalar).

    An outlier, whose label is NO_DIGIT, counts in the second alone; why, says model/training/out_of_distribution.py.
    """
    log_odds, is_digit = logits.logsumexp(dim=1), (labels != NO_DIGIT).float()
    strange = F.binary_cross_entropy_with_logits(log_odds, is_digit)
    wrong = F.cross_entropy(logits, labels, ignore_index=NO_DIGIT, label_smoothing=recipe.label_smoothing)
    return wrong + recipe.score_weight * strange


if __name__ == "__main__":
    runpy.run_module("model.cli.train", run_name="__main__")  # the command, which imports this module
