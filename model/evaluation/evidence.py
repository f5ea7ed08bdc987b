"""Measure a version on the two sets that the promotion gate looks at: validation digits and held-out samples."""

from __future__ import annotations

import numpy as np

from model.classifier import Classifier
from model.data.training_data import TrainingData
from model.evaluation.gate import Evidence
from model.evaluation.metrics import Acceptance, measure
from model.evaluation.scoring import evaluate


def evidence_of(classifier: Classifier, data: TrainingData) -> Evidence:
    """Read the validation digits and the users' held-out samples, and note which are right."""
    validation, held_out = data.splits.validation, data.held_out
    scores = evaluate(classifier, validation)
    acceptance = Acceptance(classifier.min_confidence, classifier.min_score)
    sample_right = np.zeros(0, bool)
    if len(held_out):
        sample_right = evaluate(classifier, held_out).logits.argmax(axis=1) == held_out.labels
    return Evidence(
        measure(scores.probabilities, scores.score, validation.labels, acceptance),
        scores.logits.argmax(axis=1) == validation.labels,
        sample_right,
    )
