"""`numeral evaluate`: measure a version from its files, on MNIST and on the robustness suite.

It prints tables, and writes pictures and JSON on request.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from model.classifier import Classifier, Scores
from model.cli.options import check_writable, data_arguments, digits_of, usable_version, weights_argument
from model.cli.tables import confusion_table, metrics_table, suite_table
from model.cli.terminal import fail
from model.data.digits import Labelled
from model.errors import ModelError
from model.evaluation.metrics import Acceptance, confusion
from model.evaluation.reports.pictures import write_conditions, write_pictures
from model.evaluation.robustness.suite import COUNT, RESULTS, SEED, ConditionResult, OnResult, mean_accuracy, run_suite
from model.evaluation.scoring import evaluate, metrics_of
from model.registry.store import Store


@dataclass(frozen=True)
class Results:
    """The measurements of one version; suite is None if it was not run."""

    version: int
    acceptance: Acceptance
    metrics: dict[str, dict[str, Any]]  # in the manifest's form; keys "validation" and "test"
    test: Labelled
    scores: Scores  # the graph's outputs for `test`
    suite: list[ConditionResult] | None

    @property
    def confusion(self) -> list[list[int]]:
        """Counts (10, 10) on the test set: row = true digit, column = predicted digit."""
        counts: list[list[int]] = confusion(self.scores.predicted, self.test.labels).tolist()
        return counts


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(prog="numeral evaluate", description="Measure a version on MNIST.")
    made.add_argument("version", type=int, nargs="?", help="version number; default: the current version")
    made.add_argument("--suite", action="store_true", help="also run the robustness suite; takes minutes")
    made.add_argument("--count", type=int, metavar="N", help=f"pictures per condition of the suite ({COUNT:,})")
    made.add_argument("--pictures", type=Path, metavar="DIR", help="write the charts as PNG files into this folder")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the results to this file as JSON")
    data_arguments(made)
    weights_argument(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Print the tables, write the requested files, and return the exit status."""
    options = parser().parse_args(argv)
    try:
        check(options)
        results = measure_version(options)
        show(Console(), results)
        write(options, results)
    except ModelError as error:
        return fail(error)
    return 0


def check(options: argparse.Namespace) -> None:
    """Raise ModelError for options that can't be fulfilled, before minutes of measuring."""
    if options.count is not None and not options.suite:
        raise ModelError("--count is for the suite: give --suite, too")
    if options.count is not None and options.count < 1:
        raise ModelError("--count must be at least 1")
    for option, package in (("suite", "sklearn"), ("pictures", "matplotlib")):
        if getattr(options, option) and find_spec(package) is None:
            raise ModelError(f"--{option} needs {package}, which comes with numeral[train]")
    if options.pictures:
        check_writable(options.pictures)
    if options.json:
        check_writable(options.json.parent)
        if options.json.is_dir():
            raise ModelError(f"{options.json} is a folder: name a file for --json")


def measure_version(options: argparse.Namespace) -> Results:
    """Measure the version that the options name. Raises ModelError."""
    store = Store(options.weights)
    version = usable_version(store) if options.version is None else options.version
    acceptance = Acceptance(**store.verify(version)["acceptance"])
    classifier = Classifier.load(store.folder(version))
    splits = digits_of(options)
    scores = evaluate(classifier, splits.test)
    metrics = metrics_of(splits, evaluate(classifier, splits.validation), scores, acceptance)
    suite = None
    if options.suite:
        with progress() as on_result:
            suite = run_suite(classifier, splits.test, count=options.count or COUNT, on_result=on_result)
    return Results(version, acceptance, metrics, splits.test, scores, suite)


@contextmanager
def progress() -> Iterator[OnResult]:
    """Show the suite's progress on standard error: a live bar on a terminal, else one line for each condition."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda result: console.print(f"measured: {result.name}", highlight=False)
        return
    text = TextColumn("{task.description}")
    with Bar(text, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("suite", total=RESULTS)
        yield lambda result: bar.update(task, advance=1, description=f"suite: {result.name}")


def show(console: Console, results: Results) -> None:
    """Print the tables."""
    console.print(f"Version {results.version}, measured from its files", highlight=False)
    console.print(metrics_table(results.metrics))
    console.print(confusion_table(results.confusion, results.test.source))
    if results.suite is not None:
        console.print(suite_table(results.suite))


def write(options: argparse.Namespace, results: Results) -> None:
    """Write the requested pictures and JSON. Raises ModelError."""
    try:
        if options.pictures:
            write_pictures(options.pictures, results.test, results.scores, results.acceptance)
            if results.suite is not None:
                write_conditions(options.pictures, results.suite)
        if options.json:
            options.json.write_text(json.dumps(as_json(results), indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise ModelError(f"{error.filename or 'a result'} can't be written: {error.strerror or error}") from None


def as_json(results: Results) -> dict[str, Any]:
    """All results in JSON's types; shares are 0–1."""
    suite = results.suite and {
        "seed": SEED,
        "count": max(result.count for result in results.suite),
        "mean_accuracy": mean_accuracy(results.suite),
        "conditions": [asdict(result) for result in results.suite],
    }
    return {
        "version": results.version,
        "acceptance": asdict(results.acceptance),
        "metrics": results.metrics,
        "confusion": results.confusion,
        "suite": suite,
    }
