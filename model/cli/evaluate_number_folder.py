"""`numeral evaluate FOLDER --numbers`: measure how a version reads numbers, on pictures that are named after them.

It prints a table and names the files that it could not measure. On request, it writes a sheet of failures and JSON.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from model.cli.measuring import intact_classifier, name_left_out
from model.cli.options import write_json
from model.cli.progress import picture_progress
from model.cli.tables import percent_or_dash
from model.evaluation.number_answers import NumberAnswer, failures
from model.evaluation.number_folder import NumberAnswers, answer_numbers
from model.evaluation.number_metrics import NumberMetrics, number_metrics
from model.evaluation.reports.numbers import write_number_failures


@dataclass(frozen=True)
class Results:
    """The measurements of one version on one folder."""

    version: int
    folder: Path
    answers: NumberAnswers
    metrics: NumberMetrics

    @property
    def milliseconds(self) -> float:
        """The median of what a picture took, from bytes to numbers."""
        return 1000 * median(self.answers.seconds)


def measure_folder(weights: Path, version: int | None, folder: Path) -> Results:
    """Measure the version in the folder `weights`, the current one for None, on the folder. Raises ModelError."""
    classifier = intact_classifier(weights, version)
    with picture_progress() as on_picture:
        answers = answer_numbers(classifier, folder, on_picture)
    return Results(classifier.version, folder, answers, number_metrics(answers.answers))


def show(console: Console, results: Results) -> None:
    """Print the table and, on standard error, what could not be measured."""
    console.print(f"Version {results.version}, measured on {results.folder}", highlight=False, markup=False)
    console.print(metrics_table(results))
    name_left_out(results.answers.unreadable, results.answers.unlabelled)


def metrics_table(results: Results) -> Table:
    """One row for each figure."""
    metrics = results.metrics
    table = Table()
    table.add_column("")
    table.add_column("numbers", justify="right")
    for name, cell in {
        "count": f"{metrics.count:,}",
        "numbers right": percent_or_dash(metrics.accuracy),
        "digits right": percent_or_dash(metrics.digit_accuracy),
        "accepted": percent_or_dash(metrics.accepted),
        "right when accepted": percent_or_dash(metrics.accuracy_when_accepted),
        "mean confidence": percent_or_dash(metrics.confidence),
        "calibration error": percent_or_dash(metrics.calibration_error),
        "milliseconds, median": f"{results.milliseconds:.1f}",
        **{f"refused: {reason}": f"{count:,}" for reason, count in metrics.refused.items()},
    }.items():
        table.add_row(name, cell)
    return table


def write(pictures: Path | None, json_file: Path | None, results: Results) -> None:
    """Write the sheet of failures into the folder `pictures`, and the JSON file, if asked for. Raises OSError."""
    if pictures:
        write_number_failures(pictures, results.folder.name, failures(results.answers.answers), results.metrics.count)
    if json_file:
        write_json(json_file, as_json(results))


def as_json(results: Results) -> dict[str, Any]:
    """All results in JSON's types; shares are 0–1."""
    answers = results.answers
    return {
        "version": results.version,
        "folder": str(results.folder).encode(errors="replace").decode(),
        "numbers": asdict(results.metrics) | {"milliseconds": results.milliseconds},
        "unreadable": answers.unreadable,
        "unlabelled": answers.unlabelled,
        "pictures": [
            answer_json(answer, seconds) for answer, seconds in zip(answers.answers, answers.seconds, strict=True)
        ],
    }


def answer_json(answer: NumberAnswer, seconds: float) -> dict[str, Any]:
    """One picture's answer in JSON's types. read: what was read, "" for nothing; reason: None if it is accepted."""
    return {
        "file": answer.name,
        "text": answer.text,
        "read": "".join(answer.read_lines),
        "confidence": answer.confidence,
        "accepted": answer.accepted,
        "reason": answer.refusal,
        "milliseconds": 1000 * seconds,
    }
