"""The promotion gate: may a candidate replace the current version? Pure functions; each reason is a sentence.

Both versions read the same held-out digits. The candidate is promoted if

- it is not worse: not significantly by McNemar's exact test, and by no more than MAX_ACCURACY_DROP;
- it is not worse on foreign digits, those in hands that MNIST lacks: likewise, and by no more than MAX_FOREIGN_DROP;
  if it is significantly better there by more digits than it loses of MNIST's, the first test is waived;
- no digit's recall drops by more than MAX_RECALL_DROP;
- its confidence stays calibrated;
- it reads more of the users' held-out samples, if there are any.

If there is no current version, or one below MIN_ACCURACY, the candidate need only reach MIN_ACCURACY. A perfect score
on many digits is always refused: it suggests that they were trained on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.evaluation.metrics import Metrics

# Shares are 0–1.
SIGNIFICANCE = 0.05  # one-sided p-value below which the candidate is worse
MAX_ACCURACY_DROP = 0.003  # a larger drop is refused even if too few digits make it significant
MAX_FOREIGN_DROP = 0.020
FOREIGN_SIGNIFICANCE = 0.01  # smaller, as most of these digits are drawn: five of them do not outweigh what users teach
MAX_RECALL_DROP = 0.010
MAX_CALIBRATION_ERROR = 0.010
MAX_CALIBRATION_RISE = 0.005  # allowed above the current version's error, if that sum exceeds MAX_CALIBRATION_ERROR
MIN_ACCURACY = 0.80  # of a first version; choosing the nearest of ten mean images reads 82 % of MNIST's test set
SUSPICIOUS_COUNT = 1000  # digits from which on a perfect score is suspicious


@dataclass(frozen=True)
class Evidence:
    """How one version reads the held-out digits and the users' held-out samples (perhaps none).

    right: bool (N,), which digits it reads correctly; sample_right: bool (M,), the same for samples; foreign_right:
    bool (K,), the same for digits in other hands (model/data/foreign.py). Both versions' arrays are in the same order.
    """

    metrics: Metrics
    right: NDArray[np.bool_]
    sample_right: NDArray[np.bool_]
    foreign_right: NDArray[np.bool_]


@dataclass(frozen=True)
class Decision:
    """Whether the candidate is promoted, and the reasons: each a sentence with its numbers."""

    promote: bool
    reasons: list[str]


def decide(current: Evidence | None, candidate: Evidence, weaker_evidence: bool = False) -> Decision:
    """Decide whether the candidate replaces the current version, which may be None.

    weaker_evidence: the current version was promoted on MNIST, and only scikit-learn's digits are available now.
    """
    objections = check_suspicion(candidate.metrics)
    if current is None or current.metrics.accuracy < MIN_ACCURACY:
        objections += check_accuracy(candidate.metrics)
    else:
        objections += [
            *compare_digits(current, candidate),
            *compare_foreign(current, candidate),
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
    """McNemar's exact test: the one-sided p-value of losing `lost` or more digits by chance alone.

    lost: digits that only the current version reads; gained: digits that only the candidate reads. Under the null
    hypothesis each of these discordant digits is lost with probability ½. Source: McNemar, Psychometrika 12 (1947).
    """
    total = lost + gained
    as_bad = sum(math.comb(total, k) for k in range(lost, total + 1))
    return as_bad / int(2**total)


def discordant(current: NDArray[np.bool_], candidate: NDArray[np.bool_]) -> tuple[int, int]:
    """Count the digits that only the current version reads, and those that only the candidate reads."""
    return int((current & ~candidate).sum()), int((~current & candidate).sum())


def compare_digits(current: Evidence, candidate: Evidence) -> list[str]:
    """Object if accuracy on the held-out digits drops significantly, or by more than the bound."""
    lost, gained = discordant(current.right, candidate.right)
    drop = current.metrics.accuracy - candidate.metrics.accuracy
    change = (
        f"held-out accuracy falls from {current.metrics.accuracy:.2%} to {candidate.metrics.accuracy:.2%} "
        f"({lost} digits lost, {gained} gained"
    )
    p_value = mcnemar(lost, gained)
    if drop > 0 and p_value < SIGNIFICANCE and not is_outweighed(lost - gained, current, candidate):
        return [f"Worse: {change}, McNemar's exact p = {p_value:.3g} < {SIGNIFICANCE})."]
    if drop > MAX_ACCURACY_DROP:
        return [f"Worse: {change}), more than the bound of {MAX_ACCURACY_DROP * 100:.1f} points."]
    return []


def is_outweighed(loss: int, current: Evidence, candidate: Evidence) -> bool:
    """Whether the candidate reads significantly more of the foreign digits, by more than the `loss` of others."""
    lost, gained = discordant(current.foreign_right, candidate.foreign_right)
    return gained - lost > loss and mcnemar(gained, lost) < SIGNIFICANCE


def compare_foreign(current: Evidence, candidate: Evidence) -> list[str]:
    """Object if accuracy on the foreign digits drops significantly, or by more than the bound."""
    count = len(candidate.foreign_right)
    lost, gained = discordant(current.foreign_right, candidate.foreign_right)
    if lost <= gained or (mcnemar(lost, gained) >= FOREIGN_SIGNIFICANCE and lost - gained <= MAX_FOREIGN_DROP * count):
        return []
    return [f"Worse on digits in other hands: {lost} of {count:,} lost, {gained} gained."]


def compare_recall(current: Metrics, candidate: Metrics) -> list[str]:
    """Object to each digit whose recall drops by more than the bound."""
    return [
        f"Recall of {digit} falls from {before:.2%} to {after:.2%}, more than {MAX_RECALL_DROP * 100:.1f} points."
        for digit, (before, after) in enumerate(zip(current.recall, candidate.recall, strict=True))
        if before - after > MAX_RECALL_DROP
    ]


def check_calibration(current: Metrics, candidate: Metrics) -> list[str]:
    """Object if the calibration error exceeds MAX_CALIBRATION_ERROR and has risen by more than MAX_CALIBRATION_RISE."""
    bound = max(MAX_CALIBRATION_ERROR, current.calibration_error + MAX_CALIBRATION_RISE)
    if candidate.calibration_error <= bound:
        return []
    return [f"Calibration: the expected error is {candidate.calibration_error:.2%}, above {bound:.2%}."]


def compare_samples(current: Evidence, candidate: Evidence) -> list[str]:
    """Object unless more of the users' held-out samples are read, or all of them."""
    count = len(candidate.sample_right)
    before, after = int(current.sample_right.sum()), int(candidate.sample_right.sum())
    if not count or after > before or after == count:
        return []
    return [f"Not better on the held-out samples: {after} of {count} right, the current version has {before}."]


def check_accuracy(candidate: Metrics) -> list[str]:
    """Object if accuracy is below MIN_ACCURACY. This replaces the comparisons if no current version is good enough.

    Comparing with a weak version would be wrong: one that always answers 1 has full recall of 1, and a good candidate
    would lose some of it. Calibration is not checked here: on 300 digits of scikit-learn its error is mostly chance.
    """
    if candidate.accuracy >= MIN_ACCURACY:
        return []
    return [f"Too weak: {candidate.accuracy:.2%} of {candidate.count:,} held-out digits, below {MIN_ACCURACY:.0%}."]


def check_suspicion(candidate: Metrics) -> list[str]:
    """Object to a perfect score on many digits: leaked test data looks like this."""
    if candidate.accuracy < 1.0 or candidate.count < SUSPICIOUS_COUNT:
        return []
    return [f"Suspicious: all {candidate.count:,} held-out digits are right; were they trained on?"]


def introduction(candidate: Metrics) -> str:
    """The reason recorded for a first promotion."""
    accuracy = f"{candidate.accuracy:.2%} of {candidate.count:,} held-out digits"
    return f"There is no current version to compare with; the candidate reads {accuracy}."


def summary(current: Evidence, candidate: Evidence) -> str:
    """The reason recorded for any other promotion."""
    lost, gained = discordant(current.right, candidate.right)
    text = (
        f"Held-out accuracy {current.metrics.accuracy:.2%} → {candidate.metrics.accuracy:.2%} "
        f"({lost} digits lost, {gained} gained, McNemar's exact p = {mcnemar(lost, gained):.2g}); "
        f"calibration error {candidate.metrics.calibration_error:.2%}"
    )
    if len(candidate.foreign_right):
        lost, gained = discordant(current.foreign_right, candidate.foreign_right)
        text += f"; in other hands {lost} digits lost, {gained} gained of {len(candidate.foreign_right):,}"
    if len(candidate.sample_right):
        text += (
            f"; held-out samples {int(current.sample_right.sum())} → {int(candidate.sample_right.sum())} "
            f"of {len(candidate.sample_right)}"
        )
    return text + "."
