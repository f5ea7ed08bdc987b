"""The promotion gate: may a candidate replace the current version? Pure functions; each reason is a sentence.

The candidate must, on the same held-out digits, not be worse than the current version (McNemar's exact test and a
bound), lose no more than a point of any digit's recall, stay calibrated, and read the users' held-out samples better,
when there are any. Where there is no current version, or one too weak to be a standard, it must reach a floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.evaluation.metrics import Metrics

SIGNIFICANCE = 0.05  # one-sided
MAX_ACCURACY_DROP = 0.003  # also when the test lacks the power to call it significant
MAX_RECALL_DROP = 0.010
MAX_CALIBRATION_ERROR = 0.010
MAX_CALIBRATION_RISE = 0.005  # where the current version's error is above that already
MIN_ACCURACY = 0.80  # of a first version; who answers with the nearest of ten mean images reads 82 % of MNIST's test
SUSPICIOUS_COUNT = 1000  # from this many digits on, a perfect score is a reason to look, not to promote


@dataclass(frozen=True)
class Evidence:
    """One version on the held-out digits, and on the users' held-out samples (perhaps none).

    right, sample_right: bool (N,) and (M,), which of them it reads correctly, in the same order for both versions.
    """

    metrics: Metrics
    right: NDArray[np.bool_]
    sample_right: NDArray[np.bool_]


@dataclass(frozen=True)
class Decision:
    """Whether the candidate is promoted, and why or why not, a sentence with its numbers each."""

    promote: bool
    reasons: list[str]


def decide(current: Evidence | None, candidate: Evidence, weaker_evidence: bool = False) -> Decision:
    """The gate. `weaker_evidence`: the current version was promoted on a better set than is at hand now."""
    objections = check_suspicion(candidate.metrics)
    if current is None or current.metrics.accuracy < MIN_ACCURACY:
        objections += check_accuracy(candidate.metrics)
    else:
        objections += [
            *compare_digits(current, candidate),
            *compare_recall(current.metrics, candidate.metrics),
            *check_calibration(current.metrics, candidate.metrics),
            *compare_samples(current, candidate),
        ]
    if weaker_evidence:
        objections.append(
            "The current version was promoted on MNIST, which is not at hand now: a person must activate this one."
        )
    if objections:
        return Decision(False, objections)
    return Decision(True, [summary(current, candidate) if current else introduction(candidate.metrics)])


def mcnemar(lost: int, gained: int) -> float:
    """One-sided exact p-value that as many or more of the discordant pairs were lost by chance alone.

    lost: digits that only the current version reads; gained: only the candidate. Under the null hypothesis each
    discordant pair falls either way with probability ½. Source: McNemar, Psychometrika 12 (1947), exact form.
    """
    total = lost + gained
    as_bad = sum(math.comb(total, k) for k in range(lost, total + 1))
    return as_bad / int(2**total)


def discordant(current: NDArray[np.bool_], candidate: NDArray[np.bool_]) -> tuple[int, int]:
    """How many are read only by the current version, and only by the candidate."""
    return int((current & ~candidate).sum()), int((~current & candidate).sum())


def compare_digits(current: Evidence, candidate: Evidence) -> list[str]:
    """Not worse on the held-out digits, by the paired test and by the bound."""
    lost, gained = discordant(current.right, candidate.right)
    drop = current.metrics.accuracy - candidate.metrics.accuracy
    change = (
        f"held-out accuracy falls from {current.metrics.accuracy:.2%} to {candidate.metrics.accuracy:.2%} "
        f"({lost} digits lost, {gained} gained"
    )
    p_value = mcnemar(lost, gained)
    if drop > 0 and p_value < SIGNIFICANCE:
        return [f"Worse: {change}, McNemar's exact p = {p_value:.3g} < {SIGNIFICANCE})."]
    if drop > MAX_ACCURACY_DROP:
        return [f"Worse: {change}), more than the bound of {MAX_ACCURACY_DROP * 100:.1f} points."]
    return []


def compare_recall(current: Metrics, candidate: Metrics) -> list[str]:
    """No digit's recall drops by more than the bound."""
    return [
        f"Recall of {digit} falls from {before:.2%} to {after:.2%}, more than {MAX_RECALL_DROP * 100:.1f} points."
        for digit, (before, after) in enumerate(zip(current.recall, candidate.recall, strict=True))
        if before - after > MAX_RECALL_DROP
    ]


def check_calibration(current: Metrics, candidate: Metrics) -> list[str]:
    """The calibration error stays under the bound, or hardly rises."""
    bound = max(MAX_CALIBRATION_ERROR, current.calibration_error + MAX_CALIBRATION_RISE)
    if candidate.calibration_error <= bound:
        return []
    return [f"Calibration: the expected error is {candidate.calibration_error:.2%}, above {bound:.2%}."]


def compare_samples(current: Evidence, candidate: Evidence) -> list[str]:
    """Better on the users' held-out samples, or as good where nothing is left to gain."""
    count = len(candidate.sample_right)
    before, after = int(current.sample_right.sum()), int(candidate.sample_right.sum())
    if not count or after > before or after == count:
        return []
    return [f"Not better on the held-out samples: {after} of {count} right, the current version has {before}."]


def check_accuracy(candidate: Metrics) -> list[str]:
    """Above the floor. It takes the place of the comparisons where there is nothing worth comparing with.

    A version that always answers 1 has all the recall of 1, and any good one would lose some of it. Calibration has no
    floor of its own: on the 300 digits of the fallback set its error is mostly chance.
    """
    if candidate.accuracy >= MIN_ACCURACY:
        return []
    return [f"Too weak: {candidate.accuracy:.2%} of {candidate.count:,} held-out digits, below {MIN_ACCURACY:.0%}."]


def check_suspicion(candidate: Metrics) -> list[str]:
    """A perfect score on many digits is suspect: leaked test data looks like this."""
    if candidate.accuracy < 1.0 or candidate.count < SUSPICIOUS_COUNT:
        return []
    return [f"Suspicious: all {candidate.count:,} held-out digits are right; were they trained on?"]


def introduction(candidate: Metrics) -> str:
    """The sentence that a first promotion is recorded with."""
    accuracy = f"{candidate.accuracy:.2%} of {candidate.count:,} held-out digits"
    return f"There is no current version to compare with; the candidate reads {accuracy}."


def summary(current: Evidence, candidate: Evidence) -> str:
    """The sentence that a promotion is recorded with."""
    lost, gained = discordant(current.right, candidate.right)
    text = (
        f"Held-out accuracy {current.metrics.accuracy:.2%} → {candidate.metrics.accuracy:.2%} "
        f"({lost} digits lost, {gained} gained, McNemar's exact p = {mcnemar(lost, gained):.2g}); "
        f"calibration error {candidate.metrics.calibration_error:.2%}"
    )
    if len(candidate.sample_right):
        text += (
            f"; held-out samples {int(current.sample_right.sum())} → {int(candidate.sample_right.sum())} "
            f"of {len(candidate.sample_right)}"
        )
    return text + "."
