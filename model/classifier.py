"""One version of the model, ready to serve: arrays in, calibrated probabilities and a verdict out. Immutable."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from model.errors import DamagedVersion
from model.preprocessing.pipeline import Reading, to_input

LOW_CONFIDENCE = "low-confidence"
NOT_A_DIGIT = "not-a-digit"
BATCH = 16  # images judged at once; with more of them each takes as long, and their layers take more memory


class Scores(NamedTuple):
    """The graph's outputs: logits float32 (N, 10), probabilities float32 (N, 10), score float32 (N,)."""

    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    score: NDArray[np.float32]


class Verdict(NamedTuple):
    """What the service says of one image.

    digit: 0–9; confidence: calibrated probability of that digit; accepted: False where it would rather not guess,
    with a reason, `low-confidence` or `not-a-digit`; probabilities: of the ten digits, they sum to 1.
    """

    digit: int
    confidence: float
    accepted: bool
    reason: str | None
    probabilities: list[float]


class Classifier:
    """An ONNX Runtime session and the thresholds of one version."""

    def __init__(self, model: bytes, version: int, min_confidence: float, min_score: float) -> None:
        self.version = version
        self.min_confidence = min_confidence
        self.min_score = min_score
        self._session = onnxruntime.InferenceSession(model, session_options(), providers=["CPUExecutionProvider"])

    @classmethod
    def load(cls, folder: Path) -> Classifier:
        """The classifier of the version in `folder`. Raises DamagedVersion."""
        try:
            manifest = json.loads((folder / "manifest.json").read_bytes())
            accept = manifest["acceptance"]
            model = (folder / "model.onnx").read_bytes()
            return cls(model, manifest["version"], accept["min_confidence"], accept["min_score"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedVersion(f"{folder} can't be loaded: {error!r}") from None
        except Exception as error:  # ONNX Runtime's exceptions share no base class
            raise DamagedVersion(f"{folder}/model.onnx can't be loaded: {error}") from None

    def scores(self, images: NDArray[np.float32]) -> Scores:
        """The graph's outputs for images float32 (N, 1, 32, 32), 0–1, white ink on black."""
        return Scores(*self._session.run(None, {"image": images}))

    def predict(self, images: NDArray[np.float32]) -> list[Verdict]:
        """One verdict for each of the images float32 (N, 1, 32, 32)."""
        _, probabilities, score = self.scores(images)
        return [self._verdict(row, float(s)) for row, s in zip(probabilities.tolist(), score, strict=True)]

    def judge(self, readings: Sequence[Reading]) -> list[Verdict]:
        """One verdict for each of what the image pipeline read; of a cluttered page, that it is no digit."""
        verdicts: list[Verdict] = []
        for start in range(0, len(readings), BATCH):
            part = readings[start : start + BATCH]
            seen = self.predict(to_input([reading.pixels for reading in part]))
            verdicts += [
                verdict._replace(accepted=False, reason=NOT_A_DIGIT) if reading.is_cluttered else verdict
                for verdict, reading in zip(seen, part, strict=True)
            ]
        return verdicts

    def _verdict(self, probabilities: list[float], score: float) -> Verdict:
        confidence = max(probabilities)
        reason = None
        if score < self.min_score:
            reason = NOT_A_DIGIT
        elif confidence < self.min_confidence:
            reason = LOW_CONFIDENCE
        return Verdict(probabilities.index(confidence), confidence, reason is None, reason, probabilities)


def session_options() -> onnxruntime.SessionOptions:
    """One thread and no spinning: parallelism comes from worker processes, and an idle one must cost nothing."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors only
    return options
