"""The goals for measured values, and the check whether they are met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.footprint import FEW, MANY, MEMORY

EMPTY, TUTORIAL = "empty FastAPI route", "FastAPI tutorial style"


@dataclass(frozen=True)
class Goal:
    """A bound for a measured value, or for the ratio of two.

    value: name of the measurement; over: name of the one to divide it by, None for no ratio; at_least: whether `bound`
    is a lower bound, otherwise it is an upper one.
    """

    name: str
    value: str
    over: str | None
    bound: float
    at_least: bool
    unit: str = "×"

    def measured(self, values: Mapping[str, float]) -> float | None:
        """The value or ratio; None when it was not measured."""
        if self.value not in values or (self.over is not None and self.over not in values):
            return None
        return values[self.value] / (values[self.over] if self.over else 1.0)

    def met(self, measured: float) -> bool:
        """Whether the measured value is within the bound."""
        return measured >= self.bound if self.at_least else measured <= self.bound


def rate(row: str) -> str:
    """The name of the measurement of a row's images/s."""
    return f"{row}, images/s"


RAW = rate("Numeral, raw body")
GOALS = (
    Goal("raw body, of the empty route", RAW, rate(EMPTY), 0.75, True),
    Goal("raw body, of tutorial style", RAW, rate(TUTORIAL), 5.0, True),
    Goal("multipart, of raw body", rate("Numeral, multipart"), RAW, 0.6, True),
    Goal("JSON pixels, of raw body", rate("Numeral, JSON pixels"), RAW, 0.6, True),
    Goal("batch of 64, images/s of raw body", rate("Numeral, batch of 64"), RAW, 3.0, True),
    Goal(
        "p99 at half load, of its p50", "half load, evenly spaced, p99 ms", "half load, evenly spaced, p50 ms", 3, False
    ),
    Goal("ready after", "ready, s", None, 1.0, False, "s"),
    Goal("memory after 10,000 requests", MEMORY.format(FEW), None, 110, False, "MB"),
    Goal("memory after 200,000, of that", MEMORY.format(MANY), MEMORY.format(FEW), 1.05, False),
    Goal("two workers, of one", "two workers, requests/s", "one worker, requests/s", 1.7, True),
    Goal("photo of 12 megapixels", "photo of 12 megapixels, p50 ms", None, 150, False, "ms"),
    Goal(
        "small p99 under photos, of quiet p50",
        "small images under photos, p99 ms",
        "small images, quiet, p50 ms",
        10,
        False,
    ),
    Goal(
        "goodput under overload, of maximum",
        "overload, goodput, requests/s",
        "overload, maximum before and after, requests/s",
        0.9,
        True,
    ),
    Goal("batching, of one by one, at worst", "least × one by one", None, 1.0, True),
    Goal("slowest /livez under overload", "overload, /livez slowest ms", None, 100, False, "ms"),
)


def compare_with_goals(values: Mapping[str, float]) -> list[dict[str, Any]]:
    """Each goal that was measured: name, bound, measured value, and whether it is met."""
    judged = []
    for goal in GOALS:
        measured = goal.measured(values)
        if measured is not None:
            sign = "≥" if goal.at_least else "≤"
            bound = f"{sign} {goal.bound:g} {goal.unit}"
            judged.append(
                {
                    "name": goal.name,
                    "bound": bound,
                    "measured": measured,
                    "unit": goal.unit,
                    "met": goal.met(measured),
                }
            )
    return judged
