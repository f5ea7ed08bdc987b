"""A report of `numeral doctor`, as tests look at it."""

from __future__ import annotations

from collections.abc import Callable

Examine = Callable[..., tuple[int, dict[str, list[dict[str, str]]]]]


def states(findings: list[dict[str, str]]) -> set[str]:
    return {finding["state"] for finding in findings}


def worst(findings: list[dict[str, str]]) -> dict[str, str]:
    """The finding that is not in order."""
    (found,) = (finding for finding in findings if finding["state"] != "ok")
    return found
