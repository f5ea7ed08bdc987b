"""`numeral evaluate`: measure a version on MNIST again, from its files, and print the tables."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from model.classifier import Classifier
from model.commands import fail, weights_argument
from model.data import CACHE_DIR, Labelled, load_digits
from model.errors import ModelError
from model.evaluate import Acceptance, Metrics, confusion, measure
from model.measure import evaluate
from model.store import Store


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(prog="numeral evaluate", description="Measure a version on MNIST.")
    made.add_argument("version", type=int, nargs="?", help="the current one when left out")
    data_dir = os.environ.get("NUMERAL_DATA_DIR")
    made.add_argument("--data", type=Path, default=data_dir and Path(data_dir), help="MNIST (NUMERAL_DATA_DIR)")
    offline = os.environ.get("NUMERAL_OFFLINE", "").lower() in ("1", "true")
    made.add_argument("--offline", action="store_true", default=offline, help="never download (NUMERAL_OFFLINE)")
    weights_argument(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Print the tables; answers with the exit status."""
    options = parser().parse_args(argv)
    console = Console()
    store = Store(options.weights)
    try:
        version = options.version or store.usable()[0]
        acceptance = Acceptance(**store.verify(version)["acceptance"])
        classifier = Classifier.load(store.folder(version))
        splits = load_digits(options.data, CACHE_DIR, options.offline)
    except ModelError as error:
        return fail(error)
    results = {part.source: assess(classifier, acceptance, part) for part in (splits.validation, splits.test)}
    console.print(f"Version {version}, measured from its files", highlight=False)
    console.print(metrics_table({name: metrics for name, (metrics, _) in results.items()}))
    console.print(confusion_table(results[splits.test.source][1], splits.test.source))
    return 0


def assess(classifier: Classifier, acceptance: Acceptance, digits: Labelled) -> tuple[Metrics, NDArray[np.int64]]:
    """Metrics and confusion (10, 10) of the classifier on the digits."""
    scores = evaluate(classifier, digits)
    metrics = measure(scores.probabilities, scores.score, digits.labels, acceptance)
    return metrics, confusion(scores.logits.argmax(axis=1).astype(np.int64), digits.labels)


def metrics_table(results: dict[str, Metrics]) -> Table:
    """A column for each set of digits."""
    table = Table()
    table.add_column("")
    for name in results:
        table.add_column(name, justify="right")
    rows = ("accuracy", "calibration_error", "accepted", "accuracy_when_accepted")
    table.add_row("count", *(f"{metrics.count:,}" for metrics in results.values()))
    for row in rows:
        table.add_row(row.replace("_", " "), *(f"{getattr(metrics, row):.2%}" for metrics in results.values()))
    for digit in range(10):
        table.add_row(f"recall of {digit}", *(f"{metrics.recall[digit]:.2%}" for metrics in results.values()))
    return table


def confusion_table(counts: NDArray[np.int64], name: str) -> Table:
    """What each digit was read as; nothing is printed for none."""
    table = Table(title=f"{name}: rows are the true digit, columns what was read")
    for heading in ("", *map(str, range(10))):
        table.add_column(heading, justify="right")
    for digit, row in enumerate(counts.tolist()):
        table.add_row(str(digit), *(str(count) if count else "" for count in row))
    return table
