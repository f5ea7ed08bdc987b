"""The gate's evidence is how a version reads the validation digits and the held-out samples."""

from __future__ import annotations

import numpy as np

from model.classifier import Classifier
from model.data.digits import Labelled, Splits
from model.data.training_data import TrainingData
from model.evaluation.evidence import evidence_of, outputs_of
from model.evaluation.gate import Evidence
from tests.server import SHIPPED


def measured(classifier: Classifier, data: TrainingData) -> Evidence:
    return evidence_of(classifier, outputs_of(classifier, data), data)


def test_a_version_is_judged_on_validation(classifier: Classifier, embedded: Splits) -> None:
    evidence = measured(classifier, TrainingData(embedded))
    assert len(evidence.right) == evidence.metrics.count == len(embedded.validation)
    assert evidence.right.mean() == evidence.metrics.accuracy > 0.9
    assert 0 < evidence.metrics.accepted < 1 and len(evidence.sample_right) == 0


def test_and_on_the_held_out_samples_one_by_one(classifier: Classifier, embedded: Splits) -> None:
    few = embedded.validation[:20]
    wrong = np.arange(20) % 5 == 0
    held_out = Labelled(few.images, np.where(wrong, (few.labels + 1) % 10, few.labels), "held-out samples")
    evidence = measured(classifier, TrainingData(embedded, samples=embedded.test, held_out=held_out))
    assert (evidence.sample_right == (evidence.right[:20] & ~wrong)).all()


def test_and_on_foreign_digits_one_by_one(classifier: Classifier, embedded: Splits) -> None:
    few = embedded.validation[:20]
    wrong = np.arange(20) % 4 == 0
    foreign = Labelled(few.images, np.where(wrong, (few.labels + 1) % 10, few.labels), "foreign digits")
    evidence = measured(classifier, TrainingData(embedded, foreign=foreign))
    assert (evidence.foreign_right == (evidence.right[:20] & ~wrong)).all()
    assert len(measured(classifier, TrainingData(embedded)).foreign_right) == 0


def test_a_version_accepts_by_its_own_thresholds(classifier: Classifier, embedded: Splits) -> None:
    model = (SHIPPED / "1" / "model.onnx").read_bytes()
    none, all_ = (Classifier(model, 1, least, -np.inf) for least in (1.1, 0.0))
    assert measured(none, TrainingData(embedded)).metrics.accepted == 0
    assert measured(all_, TrainingData(embedded)).metrics.accepted == 1
