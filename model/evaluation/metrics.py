"""Metrics, calibration and acceptance: pure functions, arrays in, numbers out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]
Labels = NDArray[np.int64]

CALIBRATION_BINS = 15
TEMPERATURES = (math.log(0.05), math.log(20.0))  # log T between which the calibration temperature is looked for
# Of validation digits, what each of the two acceptance thresholds may refuse; some are refused by both.
UNSURE_SHARE = 0.011  # by confidence, which tells misread digits
STRANGE_SHARE = 0.004  # by score, which tells what is no digit


@dataclass(frozen=True)
class Metrics:
    """How well one version reads one set of digits; all shares are 0–1."""

    count: int
    accuracy: float
    recall: list[float]  # of each digit 0–9; nan where the set has none
    calibration_error: float
    negative_log_likelihood: float
    accepted: float  # share of the digits that are accepted
    accuracy_when_accepted: float


def measure(probabilities: Floats, score: Floats, labels: Labels, acceptance: Acceptance) -> Metrics:
    """Metrics of probabilities (N, 10) and score (N,) against labels (N,)."""
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
    """Share of True; nan for no values at all."""
    return float(values.mean()) if len(values) else float("nan")


def confusion(predicted: Labels, labels: Labels) -> NDArray[np.int64]:
    """Counts (10, 10): row = true digit, column = predicted digit."""
    return np.bincount(labels * 10 + predicted, minlength=100).reshape(10, 10)


def expected_calibration_error(probabilities: Floats, labels: Labels, bins: int = CALIBRATION_BINS) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by their counts.

    Source: Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    gap = np.bincount(confidence_bin(confidence, bins), confidence - right, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))


def confidence_bin(confidence: Floats, bins: int) -> Labels:
    """Which of the equal-width bins of 0–1 each confidence (N,) falls into."""
    return np.minimum((confidence * bins).astype(np.int64), bins - 1)


def softmax(logits: Floats) -> NDArray[np.float64]:
    """Probabilities (N, 10) of logits (N, 10)."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """The T > 0 for which softmax(logits / T) has the least negative log-likelihood, by Brent's method.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017. The likelihood is unimodal in log T.
    """
    from scipy.optimize import minimize_scalar  # an extra, and slow to import; only a training fits

    def loss(log_temperature: float) -> float:
        probabilities = softmax(logits / np.exp(log_temperature))
        return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-300)).mean())

    found = minimize_scalar(loss, bounds=TEMPERATURES, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


@dataclass(frozen=True)
class Acceptance:
    """The thresholds below which the service would rather not guess."""

    min_confidence: float
    min_score: float

    def of(self, probabilities: Floats, score: Floats) -> NDArray[np.bool_]:
        """Which of probabilities (N, 10) with score (N,) are accepted, bool (N,)."""
        accepted: NDArray[np.bool_] = (probabilities.max(axis=1) >= self.min_confidence) & (score >= self.min_score)
        return accepted


def fit_acceptance(probabilities: Floats, score: Floats) -> Acceptance:
    """Quantiles of the (validation) digits, which need no labels: UNSURE_SHARE and STRANGE_SHARE are refused."""
    return Acceptance(
        min_confidence=float(np.quantile(probabilities.max(axis=1), UNSURE_SHARE)),
        min_score=float(np.quantile(score, STRANGE_SHARE)),
    )
