"""Metrics and calibration against small cases done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.metrics import (
    Acceptance,
    confusion,
    expected_calibration_error,
    fit_acceptance,
    fit_temperature,
    measure,
    softmax,
)


def overconfident(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits three times too large for how often they are right, and labels drawn from the honest ones."""
    random = np.random.default_rng(seed)
    honest = random.normal(0, 2, (count, 10))
    labels = (softmax(honest).cumsum(axis=1) > random.random((count, 1))).argmax(axis=1)
    return honest * 3, labels


def test_confusion_counts_true_rows_and_predicted_columns() -> None:
    counts = confusion(np.array([1, 2, 2]), np.array([1, 2, 7]))
    assert counts.sum() == 3
    assert counts[1, 1] == counts[2, 2] == counts[7, 2] == 1


def test_calibration_error_of_a_case_by_hand() -> None:
    probabilities = np.full((4, 10), 0.2 / 9)
    probabilities[:, 0] = 0.8
    labels = np.array([0, 0, 0, 1])  # 75 % right at a confidence of 80 %
    assert expected_calibration_error(probabilities, labels) == pytest.approx(0.05)


def test_a_certain_and_right_answer_has_no_calibration_error() -> None:
    assert expected_calibration_error(np.eye(10), np.arange(10)) == 0


def test_temperature_undoes_overconfidence_on_digits_it_was_not_fitted_on() -> None:
    logits, labels = overconfident(4000, seed=1)
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(3, rel=0.1)
    fresh, fresh_labels = overconfident(4000, seed=2)
    before = expected_calibration_error(softmax(fresh), fresh_labels)
    after = expected_calibration_error(softmax(fresh / temperature), fresh_labels)
    assert after < before / 3


def test_acceptance_refuses_the_share_it_was_fitted_for() -> None:
    random = np.random.default_rng(0)
    probabilities, score = softmax(random.normal(0, 3, (5000, 10))), random.random(5000)
    acceptance = fit_acceptance(probabilities, score)
    assert 0.980 < acceptance.of(probabilities, score).mean() < 0.988


def test_measure_reports_recall_of_each_digit_and_nan_for_those_that_are_missing() -> None:
    probabilities = np.eye(10)[[3, 3, 5]]
    metrics = measure(probabilities, np.array([1.0, 1.0, 0.0]), np.array([3, 4, 5]), Acceptance(0.5, 0.5))
    assert metrics.accuracy == pytest.approx(2 / 3)
    assert metrics.recall[3] == 1 and metrics.recall[4] == 0 and np.isnan(metrics.recall[0])
    assert metrics.accepted == pytest.approx(2 / 3) and metrics.accuracy_when_accepted == 0.5
