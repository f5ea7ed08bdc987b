"""Publish a trained network as a version: calibrate, export, measure, ask the gate, write.

Publishing never activates a version. The caller does, once, if `as_asked` says so.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from typing import Any

import torch
from safetensors.torch import load_file
from safetensors.torch import save as as_safetensors

from model.classifier import Classifier, Scores
from model.data.digits import Labelled
from model.data.training_data import TrainingData
from model.errors import CurrentChanged, DamagedVersion, NoVersion
from model.evaluation.evidence import evidence_of, outputs_of
from model.evaluation.gate import Decision, Evidence, decide
from model.evaluation.reports.pictures import write_pictures
from model.evaluation.scoring import evaluate, measured, metrics_of
from model.net import Net
from model.preprocessing.pipeline import PIPELINE_VERSION
from model.recipe import OnProgress, Recipe, after_training
from model.registry.candidate import Candidate, calibrate
from model.registry.store import Store

WEIGHTS = "weights.safetensors"
MODEL = "model.onnx"
BY_HAND = "Promotion by hand was asked for: activate it when you are ready."


@dataclass(frozen=True)
class Published:
    """A version that was published and is not yet activated.

    compared_with: the version that the gate compared it with, None if there was none; metrics: as in the manifest, keys
    "validation", "test" and, if the data has such digits, "foreign".
    """

    version: int
    decision: Decision
    compared_with: int | None
    metrics: dict[str, Any]


def as_asked(decision: Decision, promote: str) -> Decision:
    """The gate's decision if `promote` is "auto". If it is "manual", a version that passed waits for a person."""
    if decision.promote and promote == "manual":
        return Decision(False, [*decision.reasons, BY_HAND])
    return decision


def not_activated(error: CurrentChanged) -> str:
    """The reason recorded for a version that passed the gate but was not activated."""
    return f"Not activated: {error}."


def starting_weights(store: Store) -> tuple[int, dict[str, torch.Tensor]]:
    """The number and state dict of the version in use. Raises NoVersion or DamagedVersion."""
    version, _ = store.usable()
    try:
        return version, load_file(store.folder(version) / WEIGHTS)
    except Exception as error:  # safetensors' own exception is no subclass of a builtin one
        raise DamagedVersion(f"version {version}: {WEIGHTS} can't be read: {error}") from None


def publish(
    store: Store, net: Net, recipe: Recipe, data: TrainingData, parent: int | None, on_progress: OnProgress
) -> Published:
    """Publish a network that was trained here as the next version, whatever the gate decides.

    parent: the version whose weights the training started from, None if from scratch. Raises ExportError or StoreError.
    """
    origin = {"parent": parent, "recipe": asdict(recipe)}
    return publish_network(
        store, net, data, origin, data.sets(), lambda stage: on_progress(after_training(stage, recipe))
    )


def publish_network(
    store: Store,
    net: Net,
    data: TrainingData,
    origin: dict[str, Any],
    sets: Sequence[Labelled],
    on_stage: Callable[[str], None],
    deslants: bool = True,
) -> Published:
    """Publish a network as the next version, whatever the gate decides.

    origin: what the manifest says of where the weights come from; sets: the digits that it lists; on_stage: called with
    "evaluating" and "publishing"; deslants: whether the graph does. Raises ExportError or StoreError.
    """
    on_stage("evaluating")
    splits = data.splits
    candidate = calibrate(net, splits.validation, data.foreign, deslants)
    classifier = candidate.classifier()
    current = current_version(store)
    test_scores = evaluate(classifier, splits.test)
    metrics = metrics_of(splits, candidate.outputs.validation, test_scores, candidate.acceptance)
    if len(data.foreign):
        metrics["foreign"] = measured(candidate.outputs.foreign, candidate.acceptance, data.foreign)
    evidence = evidence_of(classifier, candidate.outputs, data)
    decision = pass_gate(store, current, evidence, data)
    on_stage("publishing")
    manifest = {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        **origin,
        **made_from(sets),
        "calibration": {"temperature": candidate.temperature},
        "acceptance": asdict(candidate.acceptance),
        "metrics": metrics,
        "gate": {"promote": decision.promote, "reasons": decision.reasons, "compared_with": current},
    }
    version = write(store, manifest, candidate, splits.test, test_scores)
    return Published(version, decision, current, metrics)


def current_version(store: Store) -> int | None:
    """The version that the candidate is compared with, None if there is none."""
    try:
        return store.usable()[0]
    except NoVersion:
        return None


def pass_gate(store: Store, current: int | None, candidate: Evidence, data: TrainingData) -> Decision:
    """Measure the current version on the candidate's digits, and return the gate's decision.

    current: None if there is none.
    """
    if current is None:
        return decide(None, candidate)
    classifier = Classifier.load(store.folder(current))
    evidence = evidence_of(classifier, outputs_of(classifier, data), data)
    promoted_on = store.manifest(current)["metrics"]["validation"]["source"]
    weaker = data.splits.is_embedded and promoted_on != data.splits.validation.source
    return decide(evidence, candidate, weaker)


def made_from(sets: Sequence[Labelled]) -> dict[str, Any]:
    """The manifest's record of the network, the data and the software that a version was made with."""
    return {
        "architecture": "PyTorch tutorial Net, 61,706 parameters",
        "image_pipeline": PIPELINE_VERSION,
        "data": [{"source": part.source, "count": len(part), "sha256": part.sha256} for part in sets],
        "made_with": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numeral": version_of("numeral"),
        },
    }


def write(store: Store, manifest: dict[str, Any], candidate: Candidate, test: Labelled, scores: Scores) -> int:
    """Write weights, graph and pictures of the test results into the store; return the version's number.

    Raises VersionTaken or StoreError.
    """
    with store.publish(manifest) as draft:
        # Not by safetensors' own writer, which raises no OSError if the disk is full.
        (draft / WEIGHTS).write_bytes(as_safetensors(candidate.net.state_dict()))
        (draft / MODEL).write_bytes(candidate.model)
        write_pictures(draft, test, scores, candidate.acceptance)
    return int(manifest["version"])
