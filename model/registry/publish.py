"""From a trained network to a published version: calibrate, export, measure, pass the gate, write, activate."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as as_safetensors

from model.classifier import Classifier, Scores
from model.data.digits import Labelled, Splits
from model.deslant import Deslanted
from model.errors import CurrentChanged, DamagedVersion, NoVersion, StoreError
from model.evaluation.gate import Decision, Evidence, decide
from model.evaluation.metrics import Acceptance, Metrics, fit_acceptance, fit_temperature, measure, softmax
from model.evaluation.reports.pictures import write_pictures
from model.evaluation.scoring import as_input, evaluate, measured
from model.net import Net
from model.preprocessing.pipeline import PIPELINE_VERSION
from model.recipe import OnProgress, Progress, Recipe
from model.registry.export import check_agreement, to_onnx
from model.registry.store import Store

WEIGHTS = "weights.safetensors"
MODEL = "model.onnx"
AGREEMENT_IMAGES = 256
BY_HAND = "Promotion by hand was asked for: activate it when you are ready."


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


def starting_weights(store: Store) -> tuple[int, dict[str, torch.Tensor]]:
    """The current version and its state dict. Raises NoVersion or DamagedVersion."""
    version, _ = store.usable()
    try:
        return version, load_file(store.folder(version) / WEIGHTS)
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
    parent: int | None,
) -> Outcome:
    """Publish the network as the next version; activate it when `promote` is "auto" and the gate lets it through.

    parent: the version whose weights the training went on from, None for one from scratch. Raises ExportError or
    StoreError.
    """
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
    manifest = {
        "parent": parent,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        **origin_of(recipe, (splits.train, splits.validation, splits.test, samples, held_out)),
        "calibration": {"temperature": candidate.temperature},
        "acceptance": asdict(candidate.acceptance),
        "metrics": metrics,
        "gate": {"promote": decision.promote, "reasons": decision.reasons, "compared_with": current},
    }
    version = write(store, manifest, candidate, splits.test, test_scores)
    objections = []
    if decision.promote:
        objections = activate(store, version, current) if promote == "auto" else [BY_HAND]
    return Outcome(version, decision.promote and not objections, [*decision.reasons, *objections], metrics)


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
        logits = Deslanted(net.eval())(torch.from_numpy(images)).numpy()
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


def write(store: Store, manifest: dict[str, Any], candidate: Candidate, test: Labelled, scores: Scores) -> int:
    """Publish the files, among them pictures of how the test digits were read; answers with the version."""
    with store.publish(manifest) as draft:
        # Not by safetensors' own writer, to which a full disk is no OSError.
        (draft / WEIGHTS).write_bytes(as_safetensors(candidate.net.state_dict()))
        (draft / MODEL).write_bytes(candidate.model)
        write_pictures(draft, test, scores, candidate.acceptance)
    return int(manifest["version"])


def activate(store: Store, version: int, instead_of: int | None) -> list[str]:
    """Activate the version; answers with why not, when it was compared with what isn't current any more.

    Raises StoreError, which says that the version is there nonetheless.
    """
    try:
        store.promote(version, instead_of)
    except CurrentChanged as error:
        return [f"Not activated: {error}."]
    except StoreError as error:
        raise StoreError(f"version {version} is published but not activated: {error}") from error
    return []


def stage(name: str, recipe: Recipe) -> Progress:
    """Progress after the last step of training."""
    return Progress(name, recipe.epochs, recipe.epochs, 0, 0, 0.0, None, 0.0)
