"""One version of the model, ready to serve: images in, calibrated probabilities and verdicts out. Immutable.

    Classifier.load(folder)      the graph and the two acceptance thresholds of a version
    classifier.judge(readings)   a verdict for each image that the pipeline read

The graph does the arithmetic (`model/registry/export.py`). Here its outputs meet the thresholds: is the digit accepted?
"""

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
OTHER_INK = "other-ink"
SEVERAL_DIGITS = "several-digits"
BATCH = 16  # images in one call of the graph; larger batches save no time per image and take more memory


class Scores(NamedTuple):
    """The graph's outputs: logits float32 (N, 10), probabilities float32 (N, 10), score float32 (N,)."""

    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    score: NDArray[np.float32]

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable digit of each image, int64 (N,)."""
        digits: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return digits


class Verdict(NamedTuple):
    """The service's answer for one image.

    digit: 0–9; confidence: calibrated probability of that digit; accepted: False if the answer should not be used
    without a person's look; reason: why not, `low-confidence`, `not-a-digit`, `other-ink` or `several-digits`, None if
    accepted; probabilities: of the ten digits, sum 1.
    """

    digit: int
    confidence: float
    accepted: bool
    reason: str | None
    probabilities: list[float]


class Classifier:
    """An ONNX Runtime session and the thresholds of one version.

    min_confidence: the least confidence, 0–1, and min_score: the least score (log Σ exp(logit)) that are accepted.
    accept_rate: the share, 0–1, of the validation digits that are accepted; None where the manifest does not say it.
    """

    def __init__(
        self, model: bytes, version: int, min_confidence: float, min_score: float, accept_rate: float | None = None
    ) -> None:
        self.version = version
        self.accept_rate = accept_rate
        self.min_confidence = min_confidence
        self.min_score = min_score
        self._session = onnxruntime.InferenceSession(model, session_options(), providers=["CPUExecutionProvider"])

    @classmethod
    def load(cls, folder: Path) -> Classifier:
        """Load the version in `folder`. Raises DamagedVersion."""
        try:
            manifest = json.loads((folder / "manifest.json").read_bytes())
            accept = manifest["acceptance"]
            model = (folder / "model.onnx").read_bytes()
            promised = manifest.get("metrics", {}).get("validation", {}).get("accepted")
            return cls(model, manifest["version"], accept["min_confidence"], accept["min_score"], promised)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedVersion(f"{folder} can't be loaded: {error!r}") from None
        except Exception as error:  # ONNX Runtime's exceptions share no base class
            raise DamagedVersion(f"{folder}/model.onnx can't be loaded: {error}") from None

    def scores(self, images: NDArray[np.float32]) -> Scores:
        """Run the graph on images float32 (N, 1, 32, 32), 0–1, white ink on black."""
        return Scores(*self._session.run(None, {"image": images}))

    def predict(self, images: NDArray[np.float32]) -> list[Verdict]:
        """Return one verdict for each of images float32 (N, 1, 32, 32), 0–1, white ink on black."""
        _, probabilities, score = self.scores(images)
        return [self._verdict(row, float(s)) for row, s in zip(probabilities.tolist(), score, strict=True)]

    def reasons(self, scores: Scores) -> list[str | None]:
        """Why each answer is not accepted, by the same thresholds as in `predict`; None where it is."""
        confidences = scores.probabilities.max(axis=1).tolist()
        return [self._reason(*both) for both in zip(confidences, scores.score.tolist(), strict=True)]

    def judge(self, readings: Sequence[Reading]) -> list[Verdict]:
        """Return one verdict for each reading of the image pipeline, in order.

        A digit with much other ink beside it, with a ring around it, or cut by the border is not accepted: `other-ink`.
        What is not accepted, and seems to show several digits, is `several-digits`.
        """
        verdicts: list[Verdict] = []
        for start in range(0, len(readings), BATCH):
            batch = readings[start : start + BATCH]
            predicted = self.predict(to_input([reading.pixels for reading in batch]))
            verdicts += [
                considering(verdict, reading) if reading.is_cluttered or reading.shows_several else verdict
                for verdict, reading in zip(predicted, batch, strict=True)
            ]
        return verdicts

    def _verdict(self, probabilities: list[float], score: float) -> Verdict:
        confidence = max(probabilities)
        reason = self._reason(confidence, score)
        return Verdict(probabilities.index(confidence), confidence, reason is None, reason, probabilities)

    def _reason(self, confidence: float, score: float) -> str | None:
        if score < self.min_score:
            return NOT_A_DIGIT
        return LOW_CONFIDENCE if confidence < self.min_confidence else None


def considering(verdict: Verdict, reading: Reading) -> Verdict:
    """The graph's verdict in view of the other ink on the page."""
    if reading.is_cluttered:
        verdict = verdict._replace(accepted=False, reason=verdict.reason or OTHER_INK)
    if reading.shows_several and verdict.reason in (NOT_A_DIGIT, OTHER_INK):
        verdict = verdict._replace(reason=SEVERAL_DIGITS)
    return verdict


def session_options() -> onnxruntime.SessionOptions:
    """One thread that does not spin: worker processes bring the parallelism, and an idle one must use no CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors only
    return options
