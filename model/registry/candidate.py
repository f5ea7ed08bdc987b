"""Turn a trained network into what will be served: calibrate it, export it, fit its thresholds. Not yet published."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from model.classifier import Classifier
from model.data.digits import Labelled, joined
from model.deslant import Deslanted
from model.evaluation.evidence import Outputs
from model.evaluation.metrics import Acceptance, fit_acceptance, fit_temperature, softmax
from model.evaluation.scoring import evaluate
from model.net import Net
from model.preprocessing.pipeline import to_input
from model.registry.export import check_agreement, to_onnx

AGREEMENT_IMAGES = 256  # images on which ONNX Runtime and torch are compared


@dataclass(frozen=True)
class Candidate:
    """A network, its ONNX graph, and the temperature and thresholds fitted on validation and foreign digits together.

    outputs: the graph's, for these digits.
    """

    net: Net
    model: bytes
    temperature: float
    acceptance: Acceptance
    outputs: Outputs

    def classifier(self) -> Classifier:
        """The classifier as serving will load it, with version number 0."""
        return Classifier(self.model, 0, self.acceptance.min_confidence, self.acceptance.min_score)


def calibrate(net: Net, validation: Labelled, foreign: Labelled) -> Candidate:
    """Fit temperature and thresholds, and export. Raises ExportError if ONNX and torch disagree.

    foreign: digits in other hands (model/data/foreign.py), perhaps none.
    """
    digits = joined(validation, foreign)
    images = to_input(digits.images)
    with torch.inference_mode():
        logits = Deslanted(net.eval())(torch.from_numpy(images)).numpy()
    temperature = fit_temperature(logits, digits.labels)
    model = to_onnx(net, temperature)
    check_agreement(net, model, temperature, images[:AGREEMENT_IMAGES])
    graph = Classifier(model, 0, 0.0, float("-inf"))
    scores = Outputs(evaluate(graph, validation), evaluate(graph, foreign))
    logits, score = np.concatenate([part.logits for part in scores]), np.concatenate([part.score for part in scores])
    return Candidate(net, model, temperature, fit_acceptance(softmax(logits / temperature), score), scores)
