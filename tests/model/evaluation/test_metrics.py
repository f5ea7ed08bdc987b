"""Metrics and calibration, compared with small cases computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.metrics import (
    Acceptance,
    confidence_bin,
    confusion,
    expected_calibration_error,
    fit_acceptance,
    fit_temperature,
    measure,
    softmax,
)


def overconfident(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Overconfident logits, three times too large, and labels drawn from the calibrated probabilities."""
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


def test_gaps_of_either_side_add_up_and_do_not_cancel() -> None:
    probabilities = np.zeros((4, 10))
    probabilities[:2, 0], probabilities[2:, 0] = 0.9, 0.5  # overconfident by 0.4, underconfident by 0.5
    labels = np.array([0, 1, 0, 0])
    assert expected_calibration_error(probabilities, labels) == pytest.approx(0.45)


def test_the_confidences_of_one_bin_are_taken_together_and_those_of_two_are_not() -> None:
    probabilities = np.zeros((2, 10))
    probabilities[:, 0] = 0.81, 0.85  # both in the bin 12/15 … 13/15, of which half are right
    assert expected_calibration_error(probabilities, np.array([0, 1])) == pytest.approx(0.33)
    probabilities[:, 0] = 0.79, 0.81  # in two bins, split at 12/15
    assert expected_calibration_error(probabilities, np.array([0, 1])) == pytest.approx((0.21 + 0.81) / 2)


def test_bins_are_equally_wide_and_the_last_one_has_its_upper_end() -> None:
    confidence = np.array([0.0, 0.19, 0.21, 0.59, 0.61, 0.81, 1.0])
    assert confidence_bin(confidence, 5).tolist() == [0, 0, 1, 2, 3, 4, 4]


def test_softmax_takes_any_size_of_logits() -> None:
    logits = np.array([[1000.0, 1000.0 + np.log(3)], [-1000.0 - np.log(4), -1000.0]])
    assert softmax(logits) == pytest.approx(np.array([[0.25, 0.75], [0.2, 0.8]]))
    assert softmax(np.array([[0.0, 2000.0]])).tolist() == [[0, 1]]


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


def test_temperature_is_where_the_likelihood_is_greatest() -> None:
    logits = np.zeros((4, 10))
    logits[:, 0] = 5.0
    labels = np.array([0, 0, 0, 1])  # 75 % right: softmax(logits / T) says 0.75 at T = 5 / ln 27
    assert fit_temperature(logits, labels) == pytest.approx(5 / np.log(27), rel=1e-3)


@pytest.mark.parametrize(("logits", "end"), [(np.eye(10), 0.05), (-np.eye(10), 20.0)])
def test_temperature_stays_between_a_twentieth_and_twenty(logits: np.ndarray, end: float) -> None:
    assert fit_temperature(logits, np.arange(10)) == pytest.approx(end, rel=1e-3)


def test_what_is_exactly_at_a_threshold_is_accepted() -> None:
    probabilities = np.array([[0.5, 0.5], [0.4, 0.6], [0.7, 0.3], [0.7, 0.3]])
    score = np.array([2.0, 2.0, 1.0, 0.9])
    assert Acceptance(0.6, 1.0).of(probabilities, score).tolist() == [False, True, True, False]


def test_the_two_thresholds_refuse_the_shares_that_they_are_fitted_for() -> None:
    probabilities = np.zeros((1001, 10))
    probabilities[:, 0] = np.linspace(0.5, 1, 1001)
    acceptance = fit_acceptance(probabilities, np.arange(1001.0))
    assert acceptance.min_confidence == pytest.approx(0.504)  # 0.8 % of the way
    assert acceptance.min_score == pytest.approx(10.0)  # 1 %


def test_acceptance_refuses_the_share_it_was_fitted_for() -> None:
    random = np.random.default_rng(0)
    probabilities, score = softmax(random.normal(0, 3, (5000, 10))), random.random(5000)
    acceptance = fit_acceptance(probabilities, score)
    assert 0.978 < acceptance.of(probabilities, score).mean() < 0.988


def test_measure_reports_recall_of_each_digit_and_nan_for_those_that_are_missing() -> None:
    probabilities = np.eye(10)[[3, 3, 5]]
    metrics = measure(probabilities, np.array([1.0, 1.0, 0.0]), np.array([3, 4, 5]), Acceptance(0.5, 0.5))
    assert metrics.accuracy == pytest.approx(2 / 3)
    assert len(metrics.recall) == 10
    assert metrics.recall[3] == 1 and metrics.recall[4] == 0 and np.isnan(metrics.recall[0])
    assert metrics.accepted == pytest.approx(2 / 3) and metrics.accuracy_when_accepted == 0.5


def test_likelihood_is_that_of_the_true_digit_and_never_infinite() -> None:
    probabilities = np.full((2, 10), 0.05)
    probabilities[:, 7] = 0.55
    metrics = measure(probabilities, np.zeros(2), np.array([7, 1]), Acceptance(0, 0))
    assert metrics.negative_log_likelihood == pytest.approx(-(np.log(0.55) + np.log(0.05)) / 2)
    impossible = measure(np.eye(10)[:1], np.zeros(1), np.array([1]), Acceptance(0, 0))
    assert impossible.negative_log_likelihood == pytest.approx(-np.log(1e-12))
