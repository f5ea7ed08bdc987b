"""`numeral train`: options, a live progress bar, and a table of results. The training itself is `model/train.py`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from model.cli.measuring import name_left_out
from model.cli.options import data_arguments, digits_of, weights_argument
from model.cli.progress import picture_progress
from model.cli.publishing import activate, check_writable, report
from model.cli.tables import percent_or_dash
from model.cli.terminal import fail
from model.data.own_pictures import read_own_pictures
from model.data.training_data import TrainingData
from model.errors import INTERRUPTED, ModelError
from model.recipe import QUICK, OnProgress, Progress, Recipe
from model.registry.store import Store
from model.train import run


def parser() -> argparse.ArgumentParser:
    """The command's options. An option that is not given keeps the recipe's value."""
    made = argparse.ArgumentParser(prog="numeral train", description="Train, evaluate and publish a version.")
    made.add_argument("--quick", action="store_true", help="a few seconds instead of the full recipe")
    made.add_argument("--epochs", type=int, help="passes over the training images")
    made.add_argument("--batch", type=int, dest="batch_size", help="images a step")
    made.add_argument("--learning-rate", type=float, help="peak of the schedule")
    made.add_argument("--seed", type=int, help="0 or more; the same seed gives the same weights on the same machine")
    data_arguments(made)
    made.add_argument("--images", type=Path, metavar="FOLDER", help="also train on your own pictures: FOLDER/7/a.png")
    made.add_argument("--from", dest="start", choices=["current", "scratch"], default="scratch")
    made.add_argument("--promote", choices=["auto", "manual"], default="auto", help="activate it if the gate agrees")
    weights_argument(made)
    return made


def recipe_of(options: argparse.Namespace) -> Recipe:
    """The recipe with the options' values. Raises ModelError for a value that no training can have."""
    given = {
        name: value
        for name in ("epochs", "batch_size", "learning_rate", "seed")
        if (value := getattr(options, name)) is not None
    }
    for name in ("epochs", "batch_size", "learning_rate"):
        if not given.get(name, 1) > 0:
            raise ModelError(f"--{name.replace('_size', '').replace('_', '-')} must be above 0")
    if "epochs" in given:
        given["min_steps"] = 0
    recipe = replace(QUICK if options.quick else Recipe(), **given)
    if recipe.normalize and recipe.batch_size == 1:
        raise ModelError("--batch must be above 1 with --quick, which normalizes over each batch")
    if not 0 <= recipe.seed < 2**63:
        raise ModelError("--seed must be 0 or more and below 2^63")
    return recipe


def main(argv: Sequence[str]) -> int:
    """Train as the options say; return the exit status."""
    options = parser().parse_args(argv)
    console = Console()
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    store = Store(options.weights)
    try:
        recipe = recipe_of(options)
        check_writable(store)
        data = data_of(console, options)
        with shown(console, recipe) as on_progress:
            published = run(store, recipe, data, options.start, on_progress)
        decision = activate(store, published, options.promote)
    except KeyboardInterrupt:
        print("numeral: stopped; nothing was published", file=sys.stderr)
        return INTERRUPTED
    except ModelError as error:
        return fail(error)
    report(console, published, decision)
    return 0


def data_of(console: Console, options: argparse.Namespace) -> TrainingData:
    """The digits to train on and, with `--images`, the pictures beside them. Raises ModelError."""
    if options.images is None:
        return TrainingData(digits_of(options))
    with picture_progress() as on_picture:
        own = read_own_pictures(options.images, on_picture)
    name_left_out(own.skipped, own.unlabelled, "used")
    console.print(
        f"{len(own.samples):,} own pictures to train on, {len(own.held_out):,} held out to judge the new version; "
        f"{len(own.skipped) + len(own.unlabelled):,} not used",
        highlight=False,
    )
    return TrainingData(digits_of(options), own.samples, own.held_out)


@contextmanager
def shown(console: Console, recipe: Recipe) -> Iterator[OnProgress]:
    """Show the progress: a live bar on a terminal, else one plain line for each epoch."""
    if not console.is_terminal:
        yield plain_lines(console)
        return
    text = TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}")
    numbers = TextColumn("loss {task.fields[loss]}  validation {task.fields[accuracy]}")
    with Bar(text, BarColumn(), numbers, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("", epoch=0, epochs=recipe.epochs, loss="–", accuracy="–")

        def on_progress(progress: Progress) -> None:
            if progress.stage == "training":
                bar.update(task, total=progress.steps, completed=progress.step, epoch=progress.epoch,
                           loss=f"{progress.loss:.4f}", accuracy=percent_or_dash(progress.accuracy))  # fmt: skip

        yield on_progress


def plain_lines(console: Console) -> OnProgress:
    """Print a line at the end of each epoch, and at the start of each later stage."""

    def on_progress(progress: Progress) -> None:
        if progress.stage != "training":
            console.print(progress.stage)
        elif progress.ends_epoch:
            console.print(
                f"epoch {progress.epoch}/{progress.epochs}  loss {progress.loss:.4f}  "
                f"validation {progress.accuracy:.2%}  {progress.eta_seconds:.0f} s to go",
                highlight=False,
            )

    return on_progress


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
