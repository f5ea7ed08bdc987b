"""The tables that `numeral evaluate` and `numeral train` print."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from model.evaluation.number_metrics import NumberMetrics
from model.evaluation.robustness.suite import ConditionResult, mean_accuracies

SHARES = ("accuracy", "calibration_error", "accepted", "accuracy_when_accepted")


def percent_or_dash(share: float | None) -> str:
    """A share 0–1 as text, "97.50%"; a dash for None."""
    return "–" if share is None else f"{share:.2%}"


def add_summary(table: Table, results: dict[str, dict[str, Any]]) -> None:
    """Add a row for the count and one for each of SHARES. results: the set's name → its metrics; a column for each."""
    table.add_row("count", *(f"{metrics['count']:,}" for metrics in results.values()))
    for name in SHARES:
        table.add_row(name.replace("_", " "), *(percent_or_dash(metrics[name]) for metrics in results.values()))


def metrics_table(results: dict[str, dict[str, Any]]) -> Table:
    """One column for each set of digits. results: the set's name → its metrics, as in the manifest."""
    table = Table()
    table.add_column("")
    for metrics in results.values():
        table.add_column(metrics["source"], justify="right")
    add_summary(table, results)
    for digit in range(10):
        table.add_row(
            f"recall of {digit}", *(percent_or_dash(metrics["recall"][digit]) for metrics in results.values())
        )
    return table


def confusion_table(counts: list[list[int]], name: str) -> Table:
    """The confusion matrix (10, 10): row = true digit, column = predicted digit. Zeros stay blank."""
    table = Table(title=f"{name}: rows are the true digit, columns what was read")
    for heading in ("", *map(str, range(10))):
        table.add_column(heading, justify="right")
    for digit, row in enumerate(counts):
        table.add_row(str(digit), *(str(count) if count else "" for count in row))
    return table


def suite_table(results: list[ConditionResult]) -> Table:
    """One row for each condition, then the mean accuracy of each group of conditions."""
    count = max(result.count for result in results)
    title = f"The robustness suite: up to {count:,} pictures of each condition"
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("condition", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    for heading in ("accuracy", "accepted", "accuracy when\naccepted", "refused"):
        table.add_column(heading, justify="right")
    for result in results:
        shares = (result.accuracy, result.accepted, result.accuracy_when_accepted, result.refused)
        table.add_row(result.name, result.kind, *map(percent_or_dash, shares))
    table.add_section()
    for name, share in mean_accuracies(results).items():
        table.add_row(f"mean: {name}", "", percent_or_dash(share))
    return table


def numbers_table(results: dict[str, NumberMetrics]) -> Table:
    """One row for each condition of numbers. results: the condition's name → how it was read."""
    count = max(metrics.count for metrics in results.values())
    title = f"Numbers: {count:,} pictures of each condition"
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("condition", no_wrap=True)
    for heading in ("digits\nright", "numbers\nright", "accepted", "right when\naccepted"):
        table.add_column(heading, justify="right")
    for name, metrics in results.items():
        shares = (metrics.digit_accuracy, metrics.accuracy, metrics.accepted, metrics.accuracy_when_accepted)
        table.add_row(name, *map(percent_or_dash, shares))
    return table
