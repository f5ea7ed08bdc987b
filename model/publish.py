"""From a trained network to a published version: calibrate, export, measure, pass the gate, write, activate."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from model.classifier import Classifier, Scores
from model.data import Labelled, Splits
from model.errors import DamagedVersion, NoVersion
from model.evaluate import Acceptance, Metrics, fit_acceptance, fit_temperature, measure, softmax
from model.export import check_agreement, to_onnx
from model.gate import Decision, Evidence, decide
from model.image import PIPELINE_VERSION
from model.measure import as_input, evaluate, measured
from model.net import Net
from model.recipe import OnProgress, Progress, Recipe
from model.report import write_pictures
from model.store import Store
from model.upright import Upright

WEIGHTS = "weights.safetensors"
MODEL = "model.onnx"
AGREEMENT_IMAGES = 256


@dataclass(frozen=True)
class Outcome:
    """What a training came to. metrics: the manifest's, by the name of the set they were measured on."""

    version: int
    promoted: bool
    reasons: list[str]
    metrics: dict[str, Any]


@dataclass(frozen=True)
class Candidate:
    """A calibrated version that is not published yet."""

    net: Net
    model: bytes
    temperature: float
    acceptance: Acceptance

    def classifier(self) -> Classifier:
        """As serving will load it."""
        return Classifier(self.model, 0, self.acceptance.min_confidence, self.acceptance.min_score)


def starting_weights(store: Store) -> dict[str, torch.Tensor]:
    """The state dict of the current version. Raises NoVersion or DamagedVersion."""
    version, _ = store.usable()
    try:
        return load_file(store.folder(version) / WEIGHTS)
    except Exception as error:  # safetensors' own exception is no subclass of a builtin one
        raise DamagedVersion(f"version {version}: {WEIGHTS} can't be read: {error}") from None


def publish(
    store: Store,
    net: Net,
    recipe: Recipe,
    splits: Splits,
    samples: Labelled,
    held_out: Labelled,
    promote: str,
    on_progress: OnProgress,
) -> Outcome:
    """Publish the network as the next version; activate it when `promote` is "auto" and the gate lets it through."""
    on_progress(stage("evaluating", recipe))
    candidate = calibrate(net, splits.validation)
    classifier = candidate.classifier()
    current = current_version(store)
    test_scores = evaluate(classifier, splits.test)
    metrics = {
        "validation": measured(evaluate(classifier, splits.validation), candidate.acceptance, splits.validation),
        "test": measured(test_scores, candidate.acceptance, splits.test),
    }
    decision = pass_gate(store, current, classifier, candidate.acceptance, splits, held_out)
    on_progress(stage("publishing", recipe))
    version = store.next_version()
    manifest = {
        "version": version,
        "parent": current,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        **origin_of(recipe, (splits.train, splits.validation, splits.test, samples, held_out)),
        "calibration": {"temperature": candidate.temperature},
        "acceptance": asdict(candidate.acceptance),
        "metrics": metrics,
        "gate": {"promote": decision.promote, "reasons": decision.reasons},
    }
    write(store, manifest, candidate, splits.test, test_scores)
    promoted = decision.promote and promote == "auto"
    if promoted:
        store.activate(version)
    reasons = list(decision.reasons)
    if decision.promote and not promoted:
        reasons.append("Promotion by hand was asked for: activate it when you are ready.")
    return Outcome(version, promoted, reasons, metrics)


def origin_of(recipe: Recipe, sets: Iterable[Labelled]) -> dict[str, Any]:
    """What a version was made from, and with what, as the manifest says it."""
    return {
        "architecture": "PyTorch tutorial Net, 61,706 parameters",
        "image_pipeline": PIPELINE_VERSION,
        "recipe": asdict(recipe),
        "data": [described(part) for part in sets if len(part)],
        "made_with": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numeral": version_of("numeral"),
        },
    }


def calibrate(net: Net, validation: Labelled) -> Candidate:
    """Fit temperature and thresholds on validation; export. Raises ExportError when ONNX and torch disagree."""
    images = as_input(validation)
    with torch.inference_mode():
        logits = Upright(net.eval())(torch.from_numpy(images)).numpy()
    temperature = fit_temperature(logits, validation.labels)
    model = to_onnx(net, temperature)
    check_agreement(net, model, temperature, images[:AGREEMENT_IMAGES])
    scores = evaluate(Classifier(model, 0, 0.0, float("-inf")), validation)
    return Candidate(net, model, temperature, fit_acceptance(softmax(scores.logits / temperature), scores.score))


def current_version(store: Store) -> int | None:
    """The version that the candidate has to beat, None when there is none."""
    try:
        return store.usable()[0]
    except NoVersion:
        return None


def pass_gate(
    store: Store,
    current: int | None,
    candidate: Classifier,
    acceptance: Acceptance,
    splits: Splits,
    held_out: Labelled,
) -> Decision:
    """The gate's decision, both versions measured on the same digits: validation, since the choice is made on it."""
    evidence = gather(candidate, acceptance, splits.validation, held_out)
    if current is None:
        return decide(None, evidence)
    manifest = store.manifest(current)
    theirs = gather(
        Classifier.load(store.folder(current)), Acceptance(**manifest["acceptance"]), splits.validation, held_out
    )
    promoted_on = manifest["metrics"]["validation"]
    weaker = splits.is_embedded and promoted_on["source"] != splits.validation.source
    return decide(theirs, evidence, weaker)


def gather(classifier: Classifier, acceptance: Acceptance, digits: Labelled, held_out: Labelled) -> Evidence:
    """What the gate needs to know of one version."""
    scores = evaluate(classifier, digits)
    metrics: Metrics = measure(scores.probabilities, scores.score, digits.labels, acceptance)
    sample_right = np.zeros(0, bool)
    if len(held_out):
        sample_right = evaluate(classifier, held_out).logits.argmax(axis=1) == held_out.labels
    return Evidence(metrics, scores.logits.argmax(axis=1) == digits.labels, sample_right)


def described(digits: Labelled) -> dict[str, Any]:
    """A set of digits as the manifest names it."""
    return {"source": digits.source, "count": len(digits), "sha256": digits.sha256}


def write(store: Store, manifest: dict[str, Any], candidate: Candidate, test: Labelled, scores: Scores) -> None:
    """Publish the files, among them pictures of how the test digits were read."""
    with store.publish(manifest) as draft:
        save_file(candidate.net.state_dict(), draft / WEIGHTS)
        Path(draft / MODEL).write_bytes(candidate.model)
        write_pictures(draft, test, scores, candidate.acceptance)


def stage(name: str, recipe: Recipe) -> Progress:
    """Progress after the last step of training."""
    return Progress(name, recipe.epochs, recipe.epochs, 0, 0, 0.0, None, 0.0)
