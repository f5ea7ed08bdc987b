"""A version's metrics as the manifest stores them."""

from __future__ import annotations

import json

import numpy as np

from model.classifier import Scores
from model.data.digits import Splits
from model.evaluation.metrics import Acceptance
from model.evaluation.scoring import measured


def test_what_cannot_be_measured_is_null_in_json(embedded: Splits) -> None:
    digits = embedded.test[embedded.test.labels == 7]
    sevens = np.eye(10, dtype=np.float32)[digits.labels]
    metrics = measured(Scores(sevens, sevens, sevens.max(axis=1)), Acceptance(0.5, np.inf), digits)
    assert metrics["accuracy"] == 1 and metrics["accepted"] == 0 and metrics["accuracy_when_accepted"] is None
    assert metrics["recall"] == [None] * 7 + [1] + [None] * 2
    json.dumps(metrics, allow_nan=False)
