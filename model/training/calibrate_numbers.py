"""Fit a number's confidence, and the least that is accepted, to lines that are written with validation digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.classifier import Classifier
from model.data.digits import Labelled
from model.data.numbers import USUAL, written_number
from model.numbers.analysis import analyse
from model.numbers.calibration import MANY, Calibration, bounded, log_odds
from model.numbers.ink import find_ink
from model.numbers.reader import has_other_ink
from model.preprocessing.errors import ImageError

NEWTON_STEPS, RIDGE = 30, 1e-3
WANTED = 0.98  # share of accepted readings that shall be right


def readings(digits: Labelled, classifier: Classifier, count: int, seed: int) -> NDArray[np.float64]:
    """The readings of the likeliest texts of `count` lines: float64 (N, 4), by the lattice weights in use.

    The columns: the lattice's log odds, the weakest piece's, the seams, and 1 if the text is right. Lines with other
    ink, and those that are taken for several numbers, are left out.
    """
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        page, text = written_number(digits, random, USUAL)
        try:
            analyses = analyse(find_ink(page), classifier)
        except ImageError:
            continue
        if len(analyses) != 1:
            continue
        analysis = analyses[0]
        found, best = analysis.texts[0]
        if found and not has_other_ink(analysis, best):
            seams = min(analysis.seams, MANY)
            rows.append((log_odds(analysis.probability(best)), bounded(analysis.weakest), seams, found == text))
    return np.array(rows, np.float64)


def calibrate(rows: NDArray[np.float64]) -> Calibration:
    """Fit the logistic regression that tells right from wrong readings (N, 4), by Newton's method."""
    features, right = np.insert(rows[:, :-1], 0, 1, axis=1), rows[:, -1]
    weights = np.zeros(features.shape[1])
    for _ in range(NEWTON_STEPS):
        likely = 1 / (1 + np.exp(-features @ weights))
        curvature = (features * (likely * (1 - likely))[:, None]).T @ features + RIDGE * np.eye(len(weights))
        weights += np.linalg.solve(curvature, features.T @ (right - likely) - RIDGE * weights)
    return Calibration(*(round(float(weight), 3) for weight in weights))


def min_confidence(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The least confidence above which WANTED of the readings are right."""
    order = np.argsort(-confidence)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= WANTED)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0
