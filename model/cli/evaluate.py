"""`numeral evaluate`: measure a version from its files, on MNIST and on the robustness suite, or on any folder.

It prints tables, and writes pictures and JSON on request. Folders are measured by `evaluate_folder.py`, numbers by
`evaluate_numbers.py` and `evaluate_number_folder.py`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

from model.classifier import Classifier, Scores
from model.cli import evaluate_folder, evaluate_number_folder, evaluate_numbers
from model.cli.options import (
    check_writable,
    data_arguments,
    digits_of,
    targets,
    usable_version,
    weights_argument,
    write_json,
    writing,
)
from model.cli.progress import suite_progress
from model.cli.tables import confusion_table, metrics_table, numbers_table, suite_table
from model.cli.terminal import fail
from model.data.digits import Labelled
from model.data.foreign import foreign_digits
from model.errors import ModelError
from model.evaluation.metrics import Acceptance, confusion
from model.evaluation.reports.numbers import write_hardest_numbers
from model.evaluation.reports.pictures import write_conditions, write_pictures
from model.evaluation.robustness.number_suite import NUMBER_COUNT, NumberResults, run_number_suite
from model.evaluation.robustness.numbers import LONGEST, NUMBER_CONDITIONS
from model.evaluation.robustness.suite import (
    COUNT,
    RESULTS,
    SEED,
    ConditionResult,
    mean_accuracies,
    run_suite,
)
from model.evaluation.scoring import evaluate, measured, metrics_of
from model.registry.store import Store


@dataclass(frozen=True)
class Results:
    """The measurements of one version; suite and numbers, its part of numbers, are None if it was not run."""

    version: int
    acceptance: Acceptance
    metrics: dict[str, dict[str, Any]]  # in the manifest's form; keys "validation", "test" and "foreign"
    test: Labelled
    scores: Scores  # the graph's outputs for `test`
    suite: list[ConditionResult] | None
    numbers: NumberResults | None

    @property
    def confusion(self) -> list[list[int]]:
        """Counts (10, 10) on the test set: row = true digit, column = predicted digit."""
        counts: list[list[int]] = confusion(self.scores.predicted, self.test.labels).tolist()
        return counts


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="numeral evaluate",
        usage="%(prog)s [VERSION] [FOLDER] [options]",
        description="Measure a version on MNIST, or on a folder of your own labelled pictures.",
    )
    made.add_argument(
        "target", nargs="*", metavar="VERSION FOLDER",
        help="version number; default: the current version. Folder of pictures to measure on instead of MNIST: "
        "7/a.png or 7_a.png shows a 7, none/b.png or none_b.png no digit. Digits alone are a version: write ./7 for a "
        "folder with that name",
    )  # fmt: skip
    made.add_argument("--suite", action="store_true", help="also run the robustness suite; takes minutes")
    made.add_argument(
        "--numbers", action="store_true",
        help="measure how numbers are read instead: the suite's, or those of the folder, where 25441_a.png shows 25441",
    )  # fmt: skip
    made.add_argument(
        "--count", type=int, metavar="N",
        help=f"pictures per condition of the suite ({COUNT:,}; of numbers {NUMBER_COUNT}, or a fifth of N)",
    )  # fmt: skip
    made.add_argument(
        "--digits", type=int, metavar="N", help=f"with --numbers: digits of each number (any from 1 to {LONGEST})"
    )
    made.add_argument(
        "--pictures", type=Path, metavar="DIR", help="write charts or failures as PNG files to this folder"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write the results to this file as JSON")
    data_arguments(made)
    weights_argument(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Print the tables, write the requested files, and return the exit status."""
    options = parser().parse_args(argv)
    try:
        version, folder = targets(options.target)
        check(options, folder)
        measure(options, version, folder)
    except ModelError as error:
        return fail(error)
    return 0


def measure(options: argparse.Namespace, version: int | None, folder: Path | None) -> None:
    """Measure what the options ask for; print and write the results. Raises ModelError."""
    console = Console()
    if folder is None and not options.numbers:
        results = measure_version(options, version)
        show(console, results)
        with writing():
            write(options, results)
    elif folder is None:
        numbers = evaluate_numbers.measure_numbers(options, version)
        evaluate_numbers.show(console, numbers)
        with writing():
            evaluate_numbers.write(options.pictures, options.json, numbers)
    elif options.numbers:
        answers = evaluate_number_folder.measure_folder(options.weights, version, folder)
        evaluate_number_folder.show(console, answers)
        with writing():
            evaluate_number_folder.write(options.pictures, options.json, answers)
    else:
        measured = evaluate_folder.measure_folder(options.weights, version, folder)
        evaluate_folder.show(console, measured)
        with writing():
            evaluate_folder.write(options.pictures, options.json, measured)


def check(options: argparse.Namespace, folder: Path | None) -> None:
    """Raise ModelError for options that can't be fulfilled, before minutes of measuring."""
    if options.count is not None and not (options.suite or options.numbers):
        raise ModelError("--count is for the suite: give --suite or --numbers, too")
    if options.count is not None and options.count < 1:
        raise ModelError("--count must be at least 1")
    if options.digits is not None and not options.numbers:
        raise ModelError("--digits is for numbers: give --numbers, too")
    if options.digits is not None and not 1 <= options.digits <= LONGEST:
        raise ModelError(f"--digits must be 1 to {LONGEST}")
    if options.suite and options.numbers:
        raise ModelError("--suite measures numbers, too: leave --numbers out")
    given = [name for name in ("suite", "data", "count", "digits") if getattr(options, name)]
    if folder is not None and given:
        raise ModelError(f"--{given[0]} is for MNIST's digits: leave it or {folder} out")
    for option, package in (("suite", "sklearn"), ("pictures", "matplotlib")):
        if getattr(options, option) and find_spec(package) is None:
            raise ModelError(f"--{option} needs {package}, which comes with numeral[train]")
    if options.pictures:
        check_writable(options.pictures)
    if options.json:
        check_writable(options.json.parent)
        if options.json.is_dir():
            raise ModelError(f"{options.json} is a folder: name a file for --json")
        if options.json.exists() and not os.access(options.json, os.W_OK):
            raise ModelError(f"{options.json} can't be written: name another file for --json")


def measure_version(options: argparse.Namespace, version: int | None) -> Results:
    """Measure the version, the current one for None. Raises ModelError."""
    store = Store(options.weights)
    version = usable_version(store) if version is None else version
    acceptance = Acceptance(**store.verify(version)["acceptance"])
    classifier = Classifier.load(store.folder(version))
    splits = digits_of(options)
    scores = evaluate(classifier, splits.test)
    metrics = metrics_of(splits, evaluate(classifier, splits.validation), scores, acceptance)
    foreign = foreign_digits(splits)
    metrics["foreign"] = measured(evaluate(classifier, foreign), acceptance, foreign)
    suite, numbers = run_suites(options, classifier, splits.test) if options.suite else (None, None)
    return Results(version, acceptance, metrics, splits.test, scores, suite, numbers)


def run_suites(
    options: argparse.Namespace, classifier: Classifier, digits: Labelled
) -> tuple[list[ConditionResult], NumberResults]:
    """Run the suite's part of single digits, and that of numbers with a fifth as many pictures."""
    count = options.count or COUNT
    with suite_progress(RESULTS + len(NUMBER_CONDITIONS)) as on_name:
        suite = run_suite(classifier, digits, count=count, on_result=lambda result: on_name(result.name))
        share = max(1, count * NUMBER_COUNT // COUNT)
        numbers = run_number_suite(classifier, digits, count=share, on_result=on_name)
    return suite, numbers


def show(console: Console, results: Results) -> None:
    """Print the tables."""
    console.print(f"Version {results.version}, measured from its files", highlight=False)
    console.print(metrics_table(results.metrics))
    console.print(confusion_table(results.confusion, results.test.source))
    if results.suite is not None:
        console.print(suite_table(results.suite))
    if results.numbers is not None:
        console.print(numbers_table(results.numbers.metrics))


def write(options: argparse.Namespace, results: Results) -> None:
    """Write the requested pictures and JSON. Raises OSError."""
    if options.pictures:
        write_pictures(options.pictures, results.test, results.scores, results.acceptance)
        if results.suite is not None:
            write_conditions(options.pictures, results.suite)
        if results.numbers is not None:
            write_hardest_numbers(options.pictures, results.numbers.hardest)
    if options.json:
        write_json(options.json, as_json(results))


def as_json(results: Results) -> dict[str, Any]:
    """All results in JSON's types; shares are 0–1."""
    suite = results.suite and {
        "seed": SEED,
        "count": max(result.count for result in results.suite),
        "mean_accuracy": mean_accuracies(results.suite),
        "conditions": [asdict(result) for result in results.suite],
    }
    return {
        "version": results.version,
        "acceptance": asdict(results.acceptance),
        "metrics": results.metrics,
        "confusion": results.confusion,
        "suite": suite,
        "numbers": results.numbers and evaluate_numbers.as_json(results.numbers),
    }
