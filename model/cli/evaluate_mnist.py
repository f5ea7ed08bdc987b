"""`numeral evaluate`: measure a version on MNIST, and on the robustness suite if asked for."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from model.classifier import Classifier, Scores
from model.cli import evaluate_numbers
from model.cli.measuring import intact_classifier
from model.cli.options import digits_of, write_json
from model.cli.progress import suite_progress
from model.cli.tables import confusion_table, metrics_table, numbers_table, suite_table
from model.data.digits import Labelled
from model.data.foreign import foreign_digits
from model.evaluation.metrics import Acceptance, confusion
from model.evaluation.reports.numbers import write_hardest_numbers
from model.evaluation.reports.pictures import write_conditions, write_pictures
from model.evaluation.robustness.number_suite import NUMBER_COUNT, NumberResults, run_number_suite
from model.evaluation.robustness.numbers import NUMBER_CONDITIONS
from model.evaluation.robustness.suite import (
    COUNT,
    RESULTS,
    SEED,
    ConditionResult,
    mean_accuracies,
    run_suite,
)
from model.evaluation.scoring import evaluate, measured, metrics_of


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


def measure_version(options: argparse.Namespace, version: int | None) -> Results:
    """Measure the version, the current one for None. Raises ModelError."""
    classifier = intact_classifier(options.weights, version)
    acceptance = Acceptance(classifier.min_confidence, classifier.min_score)
    splits = digits_of(options)
    scores = evaluate(classifier, splits.test)
    metrics = metrics_of(splits, evaluate(classifier, splits.validation), scores, acceptance)
    foreign = foreign_digits(splits)
    metrics["foreign"] = measured(evaluate(classifier, foreign), acceptance, foreign)
    suite, numbers = run_suites(options, classifier, splits.test) if options.suite else (None, None)
    return Results(classifier.version, acceptance, metrics, splits.test, scores, suite, numbers)


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


def write(pictures: Path | None, json_file: Path | None, results: Results) -> None:
    """Write the charts and sheets into the folder `pictures`, and the JSON file, if asked for. Raises OSError."""
    if pictures:
        write_pictures(pictures, results.test, results.scores, results.acceptance)
        if results.suite is not None:
            write_conditions(pictures, results.suite)
        if results.numbers is not None:
            write_hardest_numbers(pictures, results.numbers.hardest)
    if json_file:
        write_json(json_file, as_json(results))


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
