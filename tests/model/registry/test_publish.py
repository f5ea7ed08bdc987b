"""Publishing a network: it never activates, and an error says what was reached before it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from safetensors.torch import load_file

from model.data.digits import Splits
from model.data.training_data import TrainingData
from model.errors import StoreError
from model.evaluation.gate import Decision
from model.net import Net
from model.recipe import Recipe
from model.registry.publish import BY_HAND, Published, as_asked, publish
from model.registry.store import Store
from model.train import run
from tests.faults import files_limited_to
from tests.server import SHIPPED, ship


def publish_shipped(store: Store, splits: Splits) -> Published:
    """Publish the shipped network as if it had just been trained."""
    net = Net()
    net.load_state_dict(load_file(SHIPPED / "1" / "weights.safetensors"))
    return publish(store, net, Recipe(), TrainingData(splits), parent=None, on_progress=lambda progress: None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "weights")


def test_publishing_activates_nothing(store: Store, embedded: Splits, tmp_path: Path) -> None:
    published = publish_shipped(store, embedded)
    assert published.decision.promote and published.compared_with is None and published.version == 1
    assert store.versions() == [1] and not (store.root / "CURRENT").exists()


def test_a_version_that_passed_the_gate_waits_where_promotion_by_hand_was_asked_for() -> None:
    passed, failed = Decision(True, ["better"]), Decision(False, ["worse"])
    assert as_asked(passed, "auto") == passed
    assert as_asked(passed, "manual") == Decision(False, ["better", BY_HAND])
    assert as_asked(failed, "auto") == as_asked(failed, "manual") == failed


def test_a_disk_too_small_for_the_weights_is_one_clear_error_and_leaves_nothing(store: Store, embedded: Splits) -> None:
    with files_limited_to(100_000), pytest.raises(StoreError, match="can't be written: File too large"):
        publish_shipped(store, embedded)
    assert os.listdir(store.root) == []


@pytest.mark.slow
def test_a_training_from_scratch_has_no_parent(store: Store, embedded: Splits, tmp_path: Path) -> None:
    store.seed(Store(ship(tmp_path)))
    run(store, Recipe(epochs=1), TrainingData(embedded), start="scratch")
    manifest = store.manifest(2)
    assert manifest["parent"] is None and manifest["gate"]["compared_with"] == 1
