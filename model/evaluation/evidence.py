"""Measure a version on the sets that the promotion gate looks at: validation and foreign digits, held-out samples."""

from __future__ import annotations

from typing import NamedTuple

from model.classifier import Classifier, Scores
from model.data.training_data import TrainingData
from model.evaluation.gate import Evidence
from model.evaluation.metrics import Acceptance, measure
from model.evaluation.scoring import evaluate


class Outputs(NamedTuple):
    """A version's outputs for the validation digits and for the foreign ones (perhaps none)."""

    validation: Scores
    foreign: Scores


def outputs_of(classifier: Classifier, data: TrainingData) -> Outputs:
    """Run the classifier on both sets."""
    return Outputs(evaluate(classifier, data.splits.validation), evaluate(classifier, data.foreign))


def evidence_of(classifier: Classifier, outputs: Outputs, data: TrainingData) -> Evidence:
    """Note which validation and foreign digits are right; read the users' held-out samples, and note which of them are.

    outputs: the classifier's.
    """
    labels, held_out = data.splits.validation.labels, data.held_out
    acceptance = Acceptance(classifier.min_confidence, classifier.min_score)
    return Evidence(
        measure(outputs.validation.probabilities, outputs.validation.score, labels, acceptance),
        outputs.validation.predicted == labels,
        evaluate(classifier, held_out).predicted == held_out.labels,
        outputs.foreign.predicted == data.foreign.labels,
    )
