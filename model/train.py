"""Train the network and publish what comes out: define, iterate, forward, loss, backpropagate, update.

numeral train                 (or: python -m model.train)
numeral train --quick --seed 7

`fit` is the loop of PyTorch's tutorial. What it adds, a first reading may skip; each has a file in model/training:

- `FusedNet` computes what `Net` does, in less time; with `normalize` it has batch normalization on the way (fused.py).
- `GraphedStep` calls the step as it stands on a CPU, and replays it as a CUDA graph on a GPU (cuda_graph.py).
- `ExponentialMovingAverage`: the weights that are kept are an average over the last steps (averaging.py).
- `EarlyStopping` ends a training that gains nothing any more (early_stopping.py).
- Some images show no digit, and the loss has a term for telling these apart (out_of_distribution.py).
"""

from __future__ import annotations

import runpy

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from model.data.digits import Labelled, check_trainable
from model.data.training_data import TrainingData
from model.deslant import deslant
from model.net import Net
from model.recipe import OnProgress, Recipe
from model.registry.publish import Published, publish, starting_weights
from model.registry.store import Store
from model.training.augmentation import Strength, augment
from model.training.averaging import ExponentialMovingAverage
from model.training.batches import NO_DIGIT, batches_of
from model.training.cuda_graph import GraphedStep
from model.training.early_stopping import EarlyStopping
from model.training.fused import FusedNet
from model.training.progress import Reporter
from model.training.validation import validate


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
    """A network trained on `train`, with `samples` mixed into each batch: the moving average of its weights.

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
    reporter, stopping = Reporter(recipe, steps, on_progress), EarlyStopping(recipe.patience)

    # Define the network.
    net = Net()
    if start is not None:
        net.load_state_dict(start)
    fused = FusedNet(net, normalize=recipe.normalize and start is None).to(device)
    average = ExponentialMovingAverage(fused, recipe.averaging)
    optimizer, schedule = optimizer_of(fused, recipe, steps)

    def step(strength: Strength, images: Tensor, labels: Tensor) -> Tensor:
        # Forward.
        logits = fused(deslant(augment(images, strength, generator)))
        # Compute the loss.
        loss = loss_of(logits, labels, recipe)
        # Propagate the gradients back.
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        # Update the weights.
        optimizer.step()
        return loss.detach()

    # Iterate over the data.
    graphed_step = GraphedStep(step, generator)
    for epoch in range(1, recipe.epochs + 1):
        strength = recipe.strength_in(epoch)
        for images, labels in batches:
            loss = graphed_step(strength, images, labels)
            schedule.step()
            average.update()
            reporter.after_step(epoch, loss)
        candidate = average.net()
        read, score = validate(candidate, validation, samples)
        reporter.after_epoch(epoch, loss, read)
        if stopping.stops(candidate, score):
            break
    return stopping.best.cpu()


def training_device() -> torch.device:
    """Where a training runs: on a GPU when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def optimizer_of(
    network: nn.Module, recipe: Recipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW and its one-cycle schedule over `steps`; the rate is a tensor, which a CUDA graph reads at each replay."""
    device = next(network.parameters()).device
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=torch.tensor(recipe.learning_rate, device=device),
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
