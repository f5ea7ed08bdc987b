"""Turn a trained network into what will be served: calibrate it, export it, fit its thresholds. Not yet published."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from model.classifier import Classifier
from model.data.digits import Labelled, joined
from model.evaluation.evidence import Outputs
from model.evaluation.metrics import Acceptance, fit_acceptance, fit_temperature, softmax
from model.evaluation.scoring import evaluate
from model.net import Net
from model.preprocessing.pipeline import to_input
from model.registry.export import as_served, check_agreement, to_onnx

AGREEMENT_IMAGES = 256  # images on which ONNX Runtime and torch are compared


@dataclass(frozen=True)
class Candidate:
    """A network, its ONNX graph, and the temperature and thresholds fitted on validation and foreign digits together.

    deslants: whether the graph deslants the image before the network sees it; outputs: the graph's, for these digits.
    """

    net: Net
    model: bytes
    deslants: bool
    temperature: float
    acceptance: Acceptance
    outputs: Outputs

    def classifier(self) -> Classifier:
        """The classifier as serving will load it, with version number 0."""
        return Classifier(self.model, 0, self.acceptance.min_confidence, self.acceptance.min_score)


def calibrate(net: Net, validation: Labelled, foreign: Labelled, deslants: bool = True) -> Candidate:
    """Fit temperature and thresholds, and export. Raises ExportError if ONNX and torch disagree.

    foreign: digits in other hands (model/data/foreign.py), perhaps none; deslants: as in Candidate.
    """
    digits = joined(validation, foreign)
    images = to_input(digits.images)
    network = as_served(net, deslants).eval()
    with torch.inference_mode():
        logits = network(torch.from_numpy(images)).numpy()
    temperature = fit_temperature(logits, digits.labels)
    model = to_onnx(net, temperature, deslants)
    check_agreement(network, model, temperature, images[:AGREEMENT_IMAGES])
    graph = Classifier(model, 0, 0.0, float("-inf"))
    scores = Outputs(evaluate(graph, validation), evaluate(graph, foreign))
    logits, score = np.concatenate([part.logits for part in scores]), np.concatenate([part.score for part in scores])
    acceptance = fit_acceptance(softmax(logits / temperature), score)
    return Candidate(net, model, deslants, temperature, acceptance, scores)
