"""Metrics, calibration and acceptance: pure functions, arrays in, numbers out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]
Labels = NDArray[np.int64]

CALIBRATION_BINS = 15
TEMPERATURES = (math.log(0.05), math.log(20.0))  # range of log T in which the calibration temperature is fitted
# Shares of the validation and foreign digits that the two acceptance thresholds refuse; some are refused by both.
LOW_CONFIDENCE_SHARE = 0.008  # by confidence, which finds misread digits
LOW_SCORE_SHARE = 0.010  # by score, which finds pictures without a digit


@dataclass(frozen=True)
class Metrics:
    """How well one version reads one set of digits; all shares are 0–1."""

    count: int
    accuracy: float
    recall: list[float]  # of each digit 0–9; nan where the set has none
    calibration_error: float
    negative_log_likelihood: float
    accepted: float  # share of the digits that are accepted
    accuracy_when_accepted: float  # nan if none is accepted


def measure(probabilities: Floats, score: Floats, labels: Labels, acceptance: Acceptance) -> Metrics:
    """Measure probabilities (N, 10) and scores (N,) against labels (N,), 0–9, N ≥ 1."""
    predicted = probabilities.argmax(axis=1)
    right = predicted == labels
    accepted = acceptance.of(probabilities, score)
    true_probability = probabilities[np.arange(len(labels)), labels]
    return Metrics(
        count=len(labels),
        accuracy=mean(right),
        recall=[mean(right[labels == digit]) for digit in range(10)],
        calibration_error=expected_calibration_error(probabilities, labels),
        negative_log_likelihood=float(-np.log(np.maximum(true_probability, 1e-12)).mean()),
        accepted=mean(accepted),
        accuracy_when_accepted=mean(right[accepted]),
    )


def mean(values: NDArray[np.bool_]) -> float:
    """Share of True, 0–1; nan for an empty array."""
    return float(values.mean()) if len(values) else float("nan")


def confusion(predicted: Labels, labels: Labels) -> NDArray[np.int64]:
    """Counts (10, 10): row = true digit, column = predicted digit."""
    return np.bincount(labels * 10 + predicted, minlength=100).reshape(10, 10)


def expected_calibration_error(probabilities: Floats, labels: Labels, bins: int = CALIBRATION_BINS) -> float:
    """The calibration gap of the most probable of ten digits: probabilities (N, 10) and labels (N,) → 0–1."""
    return calibration_gap(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, bins)


def calibration_gap(confidence: Floats, right: NDArray[np.bool_], bins: int = CALIBRATION_BINS) -> float:
    """Mean gap between confidence (N,) and the share of `right` (N,) over equal-width bins, weighted by counts: 0–1.

    Source: Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
    """
    gap = np.bincount(confidence_bin(confidence, bins), confidence - right, minlength=bins)
    return float(np.abs(gap).sum() / len(right))


def confidence_bin(confidence: Floats, bins: int) -> NDArray[np.int64]:
    """The index of the equal-width bin of 0–1 that each confidence (N,) falls into; 1.0 falls into the last."""
    return np.minimum((confidence * bins).astype(np.int64), bins - 1)


def softmax(logits: Floats) -> NDArray[np.float64]:
    """Probabilities float64 (N, 10) of logits (N, 10)."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """Temperature scaling: the T > 0 for which softmax(logits / T) has the least negative log-likelihood.

    Found by Brent's method, since the likelihood is unimodal in log T. Source: Guo et al., "On Calibration of Modern
    Neural Networks", ICML 2017.
    """
    from scipy.optimize import minimize_scalar  # an extra and slow to import; only training needs it

    def loss(log_temperature: float) -> float:
        probabilities = softmax(logits / np.exp(log_temperature))
        return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-300)).mean())

    found = minimize_scalar(loss, bounds=TEMPERATURES, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


@dataclass(frozen=True)
class Acceptance:
    """The two thresholds of a version: an answer below either of them is not accepted."""

    min_confidence: float
    min_score: float

    def of(self, probabilities: Floats, score: Floats) -> NDArray[np.bool_]:
        """Which answers with probabilities (N, 10) and scores (N,) are accepted: bool (N,)."""
        accepted: NDArray[np.bool_] = (probabilities.max(axis=1) >= self.min_confidence) & (score >= self.min_score)
        return accepted


def fit_acceptance(probabilities: Floats, score: Floats) -> Acceptance:
    """Fit both thresholds as quantiles over digits that no training saw; labels are not needed.

    They refuse LOW_CONFIDENCE_SHARE and LOW_SCORE_SHARE of probabilities (N, 10) and scores (N,).
    """
    return Acceptance(
        min_confidence=float(np.quantile(probabilities.max(axis=1), LOW_CONFIDENCE_SHARE)),
        min_score=float(np.quantile(score, LOW_SCORE_SHARE)),
    )
