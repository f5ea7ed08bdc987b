"""Measure how fast Numeral trains beside a tutorial's loop, alternately on the same machine: `make bench-train`.

python -m bench.train            (about a minute; NUMERAL_DATA_DIR names a folder with MNIST)
python -m bench.train --full     (with the full recipe, seven minutes a round)
python -m bench.train --smoke    (a few seconds: only checks that it works)

The tutorial's loop is that of pytorch/examples/mnist: a DataLoader over single images, batches of 64, Adadelta with a
learning rate of 1.0, multiplied by 0.7 after each epoch. It ends at the first epoch after which 99 % of the test digits
are read right; the time of that check is not counted. Numeral's time is all of `fit`, including its validation. Both
use CUDA when there is a GPU. The first training includes some seconds for starting CUDA; it is printed, but not
counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from model.data.digits import Labelled, Splits, joined
from model.data.foreign import further_digits
from model.data.idx import CACHE_DIR
from model.data.load import load_digits
from model.deslant import Deslanted
from model.net import Net
from model.recipe import QUICK, Recipe
from model.train import fit, training_device
from model.training.validation import accuracy

TARGET = 0.99  # of the test digits
MOST_EPOCHS = 14  # of the tutorial's loop
MEAN, DEVIATION = 0.1307, 0.3081  # of MNIST's pixels, as tutorials normalize them


@dataclass(frozen=True)
class Run:
    """One training: seconds in all, epochs, and test accuracy 0–1."""

    seconds: float
    epochs: int
    accuracy: float


class Digits(Dataset[tuple[Tensor, int]]):
    """A dataset that converts one image at a time to a normalized tensor, as torchvision's MNIST does."""

    def __init__(self, digits: Labelled) -> None:
        self.digits = digits

    def __len__(self) -> int:
        return len(self.digits)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = torch.from_numpy(self.digits.images[index]).unsqueeze(0).float().div(255)
        return (image - MEAN) / DEVIATION, int(self.digits.labels[index])


class Normalizing(torch.nn.Module):
    """The tutorial's normalization followed by the network, so that both loops are tested on the same images."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Images float32 (N, 1, 32, 32), 0–1 → logits (N, 10)."""
        logits: Tensor = self.net((images - MEAN) / DEVIATION)
        return logits


def tutorial(splits: Splits, seed: int, most_epochs: int) -> Run:
    """Train as the tutorial does, until TARGET or `most_epochs` is reached."""
    torch.manual_seed(seed)
    device = training_device()
    net = Net().to(device)
    loader = DataLoader(Digits(splits.train), batch_size=64, shuffle=True)
    optimizer = torch.optim.Adadelta(net.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    seconds, reached, epoch = 0.0, 0.0, 0
    while epoch < most_epochs and reached < TARGET:
        started = time.perf_counter()
        for images, labels in loader:
            optimizer.zero_grad()
            torch.autograd.backward(F.cross_entropy(net(images.to(device)), labels.to(device)))
            optimizer.step()
        schedule.step()
        seconds += time.perf_counter() - started
        epoch += 1
        reached = accuracy(Normalizing(net), splits.test)
    return Run(seconds, epoch, reached)


def numeral(splits: Splits, recipe: Recipe) -> Run:
    """Train as `numeral train` does."""
    started = time.perf_counter()
    train = joined(splits.train, *further_digits(splits, recipe.drawn_share, recipe.seed))
    net = fit(train, splits.validation, recipe)
    return Run(time.perf_counter() - started, recipe.epochs, accuracy(Deslanted(net), splits.test))


def warm_up(digits: Labelled) -> float:
    """Train on 1,000 digits, so that libraries are loaded and CUDA is started. Returns the seconds."""
    started = time.perf_counter()
    few = digits[slice(0, 1000)]
    fit(few, few, replace(QUICK, min_steps=0))
    return time.perf_counter() - started


def machine() -> str:
    """The name of the GPU, or the number of cores."""
    return torch.cuda.get_device_name() if training_device().type == "cuda" else f"{torch.get_num_threads()} cores"


def table(results: dict[str, list[Run]], baseline: str, source: str) -> Table:
    """Means and standard deviations over the runs, and the speed relative to the baseline."""
    made = Table(title=f"Training on {machine()} with {source}, mean of {len(results[baseline])}")
    for heading in ("", "seconds", "epochs", "seconds an epoch", "test accuracy, %", "faster"):
        made.add_column(heading, justify="right")
    means = {name: statistics.mean(run.seconds for run in runs) for name, runs in results.items()}
    for name, runs in results.items():
        epochs = statistics.mean(run.epochs for run in runs)
        accuracies = [run.accuracy * 100 for run in runs]
        made.add_row(
            name,
            f"{means[name]:.2f} ± {statistics.pstdev(run.seconds for run in runs):.2f}",
            f"{epochs:.1f}",
            f"{means[name] / epochs:.2f}",
            f"{statistics.mean(accuracies):.2f} ± {statistics.pstdev(accuracies):.2f}",
            f"{means[baseline] / means[name]:.1f}×",
        )
    return made


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.train")
    parser.add_argument("--smoke", action="store_true", help="a few seconds, on few digits")
    parser.add_argument("--full", action="store_true", help="the full recipe too")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    data_dir = os.environ.get("NUMERAL_DATA_DIR")
    splits = load_digits(Path(data_dir) if data_dir else None, CACHE_DIR, offline=options.smoke)
    rounds, most_epochs, quick = options.rounds, MOST_EPOCHS, QUICK
    if options.smoke:
        few = slice(0, 1000)
        splits = replace(splits, train=splits.train[few], validation=splits.validation[few], test=splits.test[few])
        rounds, most_epochs, quick = 1, 1, replace(QUICK, min_steps=0)
    loops: dict[str, Callable[[int], Run]] = {
        "tutorial to 99 %": lambda seed: tutorial(splits, seed, most_epochs),
        "numeral train --quick": lambda seed: numeral(splits, replace(quick, seed=seed)),
    }
    if options.full:
        loops["numeral train"] = lambda seed: numeral(splits, Recipe(seed=seed))
    console = Console()
    console.print(f"The first training of all, on 1,000 digits, took {warm_up(splits.train):.1f} s.", highlight=False)
    results: dict[str, list[Run]] = {name: [] for name in loops}
    for seed in range(1, rounds + 1):
        for name, loop in loops.items():
            results[name].append(loop(seed))
    console.print(table(results, next(iter(loops)), splits.source))
    return 0


if __name__ == "__main__":
    sys.exit(main())
