"""The gate: each rule lets the good pass and stops the bad, with a sentence that has the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from model.evaluation.gate import Evidence, decide, mcnemar
from model.evaluation.metrics import Metrics

COUNT = 5000


def evidence(wrong: int = 30, *, first: int = 0, error: float = 0.003, samples: tuple[int, int] = (0, 0)) -> Evidence:
    """A version that gets `wrong` digits wrong, from the `first` on, and `samples` = (right, count)."""
    right = np.ones(COUNT, bool)
    right[first : first + wrong] = False
    accuracy = float(right.mean())
    metrics = Metrics(COUNT, accuracy, [accuracy] * 10, error, 0.02, 0.99, 0.999)
    return Evidence(metrics, right, np.arange(samples[1]) < samples[0])


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (5, 5), (12, 3), (1, 40), (30, 10)])
def test_mcnemar_is_the_exact_binomial_test(lost: int, gained: int) -> None:
    total = lost + gained
    expected = binomtest(lost, total, alternative="greater").pvalue if total else 1.0
    assert mcnemar(lost, gained) == pytest.approx(expected)


def test_a_first_version_is_promoted_if_it_reads_digits() -> None:
    assert decide(None, evidence()).promote
    assert "Too weak: 9.80%" in decide(None, evidence(4510)).reasons[0]
    assert "Suspicious" in decide(None, evidence(0)).reasons[0]


def test_one_that_answers_1_too_often_is_succeeded_though_it_has_all_the_recall_of_1() -> None:
    weak = evidence(1500)
    weak = replace(weak, metrics=replace(weak.metrics, recall=[0.6, 1.0, *[0.6] * 8]))
    assert decide(weak, evidence(100)).promote
    assert not decide(weak, evidence(1400)).promote
    assert not decide(weak, evidence(100), weaker_evidence=True).promote


def test_one_as_good_is_promoted_with_its_numbers() -> None:
    decision = decide(evidence(30), evidence(30, first=10))
    assert decision.promote
    assert "99.40% → 99.40%" in decision.reasons[0]


def test_one_significantly_worse_is_kept() -> None:
    decision = decide(evidence(30), evidence(44))
    assert not decision.promote
    assert "McNemar" in decision.reasons[0] and "14 digits lost" in decision.reasons[0]


def test_one_worse_beyond_the_bound_is_kept_even_if_the_test_can_not_tell() -> None:
    decision = decide(evidence(500), evidence(517, first=500))
    assert any("bound" in reason for reason in decision.reasons)


def test_a_digit_whose_recall_drops_keeps_it() -> None:
    candidate = evidence()
    recall = [*candidate.metrics.recall[:7], 0.97, *candidate.metrics.recall[8:]]
    decision = decide(evidence(), replace(candidate, metrics=replace(candidate.metrics, recall=recall)))
    assert decision.reasons == ["Recall of 7 falls from 99.40% to 97.00%, more than 1.0 points."]


def test_bad_calibration_keeps_it() -> None:
    assert "Calibration" in decide(evidence(), evidence(error=0.02)).reasons[0]


@pytest.mark.parametrize(("before", "after", "promote"), [(5, 9, True), (5, 5, False), (9, 5, False), (10, 10, True)])
def test_held_out_samples_must_be_read_better(before: int, after: int, promote: bool) -> None:
    decision = decide(evidence(samples=(before, 10)), evidence(samples=(after, 10)))
    assert decision.promote is promote


def test_weaker_evidence_is_left_to_a_person() -> None:
    assert not decide(evidence(), evidence(), weaker_evidence=True).promote


def test_a_perfect_score_is_suspect() -> None:
    assert "Suspicious" in decide(evidence(), evidence(0)).reasons[0]
