"""`numeral evaluate --numbers`: measure how a version reads numbers that are made from MNIST's digits.

`numeral evaluate --suite` does so, too, after the conditions of single digits.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from model.cli.measuring import intact_classifier
from model.cli.options import digits_of, write_json
from model.cli.progress import suite_progress
from model.cli.tables import numbers_table
from model.evaluation.reports.numbers import write_hardest_numbers
from model.evaluation.robustness.number_suite import NUMBER_COUNT, NumberResults, run_number_suite
from model.evaluation.robustness.numbers import NUMBER_CONDITIONS
from model.evaluation.robustness.suite import SEED


@dataclass(frozen=True)
class Results:
    """The measurements of one version. length: digits of every number, None for any."""

    version: int
    length: int | None
    numbers: NumberResults


def measure_numbers(options: argparse.Namespace, version: int | None) -> Results:
    """Measure the version, the current one for None. Raises ModelError."""
    classifier, digits = intact_classifier(options.weights, version), digits_of(options).test
    with suite_progress(len(NUMBER_CONDITIONS)) as on_name:
        numbers = run_number_suite(
            classifier, digits, count=options.count or NUMBER_COUNT, length=options.digits, on_result=on_name
        )
    return Results(classifier.version, options.digits, numbers)


def show(console: Console, results: Results) -> None:
    """Print the table."""
    console.print(f"Version {results.version}, measured from its files", highlight=False)
    console.print(numbers_table(results.numbers.metrics))


def write(pictures: Path | None, json_file: Path | None, results: Results) -> None:
    """Write the sheet of the hardest numbers into the folder `pictures`, and the JSON file. Raises OSError."""
    if pictures:
        write_hardest_numbers(pictures, results.numbers.hardest)
    if json_file:
        write_json(json_file, {"version": results.version, "numbers": as_json(results.numbers, results.length)})


def as_json(results: NumberResults, length: int | None = None) -> dict[str, Any]:
    """The figures of each condition in JSON's types; shares are 0–1."""
    return {
        "seed": SEED,
        "count": max(metrics.count for metrics in results.metrics.values()),
        "length": length,
        "conditions": [{"name": name, **asdict(metrics)} for name, metrics in results.metrics.items()],
    }
