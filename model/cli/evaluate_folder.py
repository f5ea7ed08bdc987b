"""`numeral evaluate FOLDER`: measure a version on a folder of labelled pictures; MNIST is not needed.

It prints a table and names the files that it could not measure. On request, it writes a sheet of failures and JSON.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from model.cli.measuring import intact_classifier, name_left_out
from model.cli.options import write_json
from model.cli.progress import picture_progress
from model.cli.tables import confusion_table, percent_or_dash
from model.data.labelled_folder import NONE
from model.evaluation.folder import Answer, Answers, answer_folder
from model.evaluation.folder_metrics import DigitMetrics, OtherMetrics, digit_metrics, failures, other_metrics
from model.evaluation.reports.failures import write_failures


@dataclass(frozen=True)
class Results:
    """The measurements of one version on one folder; digits, others: None if the folder has no such picture."""

    version: int
    folder: Path
    answers: Answers
    digits: DigitMetrics | None
    others: OtherMetrics | None

    @property
    def count(self) -> int:
        """The number of pictures that were measured."""
        return len(self.answers.answers)


def measure_folder(weights: Path, version: int | None, folder: Path) -> Results:
    """Measure the version in the folder `weights`, the current one for None, on the folder. Raises ModelError."""
    classifier = intact_classifier(weights, version)
    with picture_progress() as on_picture:
        answers = answer_folder(classifier, folder, on_picture)
    return Results(classifier.version, folder, answers, digit_metrics(answers.answers), other_metrics(answers.answers))


def show(console: Console, results: Results) -> None:
    """Print the table, the confusion matrix and, on standard error, what could not be measured."""
    console.print(f"Version {results.version}, measured on {results.folder}", highlight=False, markup=False)
    console.print(metrics_table(results))
    if results.digits is not None:
        console.print(confusion_table(results.digits.confusion, "The digits"))
    name_left_out(results.answers.unreadable, results.answers.unlabelled)


def metrics_table(results: Results) -> Table:
    """One column for pictures of digits and one for those labelled `none`, as far as there are such pictures."""
    digits, others = results.digits, results.others
    table = Table()
    table.add_column("")
    rows: dict[str, list[str]] = {}
    if digits is not None:
        table.add_column("digits", justify="right")
        when_accepted, error = digits.accuracy_when_accepted, digits.calibration_error
        rows = {
            "count": [f"{digits.count:,}"],
            "accuracy": [percent_or_dash(digits.accuracy)],
            "accepted": [percent_or_dash(digits.accepted)],
            "accuracy when accepted": [percent_or_dash(when_accepted)],
            "calibration error": [percent_or_dash(error)],
            "taken for blank": [percent_or_dash(digits.blank)],
            **{f"recall of {digit}": [percent_or_dash(share)] for digit, share in enumerate(digits.recall)},
        }
    if others is not None:
        table.add_column(NONE, justify="right")
        rows.setdefault("count", []).append(f"{others.count:,}")
        rows.setdefault("accepted", []).append(percent_or_dash(others.accepted))
        rows.setdefault("refused", [""] if digits else []).append(percent_or_dash(1 - others.accepted))
    for name, cells in rows.items():
        table.add_row(name, *cells)
    for reason in dict.fromkeys([*(digits.refused if digits else {}), *(others.refused if others else {})]):
        counts = [str(each.refused.get(reason, 0)) for each in (digits, others) if each is not None]
        table.add_row(f"refused: {reason}", *counts)
    return table


def write(pictures: Path | None, json_file: Path | None, results: Results) -> None:
    """Write the sheet of failures into the folder `pictures`, and the JSON file, if asked for. Raises OSError."""
    if pictures:
        write_failures(pictures, results.folder.name, failures(results.answers.answers), results.count)
    if json_file:
        write_json(json_file, as_json(results))


def as_json(results: Results) -> dict[str, Any]:
    """All results in JSON's types; shares are 0–1."""
    return {
        "version": results.version,
        "folder": str(results.folder).encode(errors="replace").decode(),
        "digits": results.digits and asdict(results.digits),
        "none": results.others and asdict(results.others),
        "unreadable": results.answers.unreadable,
        "unlabelled": results.answers.unlabelled,
        "failures": [failure_json(answer) for answer in failures(results.answers.answers)],
    }


def failure_json(answer: Answer) -> dict[str, Any]:
    """One failure in JSON's types. digit: None if the page was taken for blank."""
    return {
        "file": answer.picture.name,
        "label": NONE if answer.picture.label is None else answer.picture.label,
        "digit": answer.digit,
        "confidence": answer.confidence,
        "accepted": answer.accepted,
        "reason": answer.reason,
    }
