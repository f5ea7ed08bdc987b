"""Run a version on a set of digits: the classifier's outputs, and the metrics for the manifest."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from model.classifier import Classifier, Scores
from model.data.digits import Labelled, Splits
from model.evaluation.metrics import Acceptance, measure
from model.preprocessing.pipeline import to_input

EVALUATION_BATCH = 500  # images in one call of the graph


def evaluate(classifier: Classifier, digits: Labelled) -> Scores:
    """Run the classifier on all digits, EVALUATION_BATCH at a time. Of no digits, the outputs are empty arrays."""
    parts = [
        classifier.scores(to_input(digits.images[start : start + EVALUATION_BATCH]))
        for start in range(0, max(len(digits), 1), EVALUATION_BATCH)
    ]
    return Scores(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def metrics_of(splits: Splits, validation: Scores, test: Scores, acceptance: Acceptance) -> dict[str, dict[str, Any]]:
    """A version's metrics in the manifest's form; keys "validation" and "test".

    validation, test: the version's outputs for these splits.
    """
    return {
        "validation": measured(validation, acceptance, splits.validation),
        "test": measured(test, acceptance, splits.test),
    }


def measured(scores: Scores, acceptance: Acceptance, digits: Labelled) -> dict[str, Any]:
    """The metrics of the outputs for the digits, with the digits' source and SHA-256, as the manifest stores them."""
    metrics = asdict(measure(scores.probabilities, scores.score, digits.labels, acceptance))
    metrics["recall"] = [known(share) for share in metrics["recall"]]
    metrics["accuracy_when_accepted"] = known(metrics["accuracy_when_accepted"])
    return {"source": digits.source, "sha256": digits.sha256, **metrics}


def known(share: float) -> float | None:
    """The share, or None for nan, which JSON does not have."""
    return None if np.isnan(share) else share
