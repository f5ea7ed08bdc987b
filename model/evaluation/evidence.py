"""Measure a version on the two sets that the promotion gate looks at: validation digits and held-out samples."""

from __future__ import annotations

import numpy as np

from model.classifier import Classifier, Scores
from model.data.training_data import TrainingData
from model.evaluation.gate import Evidence
from model.evaluation.metrics import Acceptance, measure
from model.evaluation.scoring import evaluate


def evidence_of(classifier: Classifier, validation_scores: Scores, data: TrainingData) -> Evidence:
    """Note which validation digits are right; read the users' held-out samples, and note which of them are.

    validation_scores: the classifier's outputs for the validation digits.
    """
    labels, held_out = data.splits.validation.labels, data.held_out
    acceptance = Acceptance(classifier.min_confidence, classifier.min_score)
    sample_right = np.zeros(0, bool)
    if len(held_out):
        sample_right = evaluate(classifier, held_out).predicted == held_out.labels
    return Evidence(
        measure(validation_scores.probabilities, validation_scores.score, labels, acceptance),
        validation_scores.predicted == labels,
        sample_right,
    )
