"""Turn a trained network into what will be served: calibrate it, export it, fit its thresholds. Not yet published."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from model.classifier import Classifier, Scores
from model.data.digits import Labelled
from model.deslant import Deslanted
from model.evaluation.metrics import Acceptance, fit_acceptance, fit_temperature, softmax
from model.evaluation.scoring import evaluate
from model.net import Net
from model.preprocessing.pipeline import to_input
from model.registry.export import check_agreement, to_onnx

AGREEMENT_IMAGES = 256  # images on which ONNX Runtime and torch are compared


@dataclass(frozen=True)
class Candidate:
    """A network, its ONNX graph, and the temperature and thresholds fitted on validation.

    validation_scores: the graph's outputs for the validation digits.
    """

    net: Net
    model: bytes
    temperature: float
    acceptance: Acceptance
    validation_scores: Scores

    def classifier(self) -> Classifier:
        """The classifier as serving will load it, with version number 0."""
        return Classifier(self.model, 0, self.acceptance.min_confidence, self.acceptance.min_score)


def calibrate(net: Net, validation: Labelled) -> Candidate:
    """Fit temperature and thresholds on validation, and export. Raises ExportError if ONNX and torch disagree."""
    images = to_input(validation.images)
    with torch.inference_mode():
        logits = Deslanted(net.eval())(torch.from_numpy(images)).numpy()
    temperature = fit_temperature(logits, validation.labels)
    model = to_onnx(net, temperature)
    check_agreement(net, model, temperature, images[:AGREEMENT_IMAGES])
    scores = evaluate(Classifier(model, 0, 0.0, float("-inf")), validation)
    acceptance = fit_acceptance(softmax(scores.logits / temperature), scores.score)
    return Candidate(net, model, temperature, acceptance, scores)
