"""From a network to a version: what goes wrong on the way is told with what was reached."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from safetensors.torch import load_file

from model.data.digits import Labelled, Splits
from model.errors import StoreError
from model.net import Net
from model.recipe import OnProgress, Progress, Recipe
from model.registry.publish import Outcome, publish
from model.registry.store import Store
from model.train import run
from tests.conftest import SHIPPED, files_limited_to, ship

NONE = Labelled.empty("samples")


def publish_shipped(store: Store, splits: Splits, on_progress: OnProgress = lambda progress: None) -> Outcome:
    """Publish the shipped network as if it had been trained now."""
    net = Net()
    net.load_state_dict(load_file(SHIPPED / "1" / "weights.safetensors"))
    return publish(store, net, Recipe(), splits, NONE, NONE, "auto", on_progress, parent=None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "weights")


def test_a_version_activated_after_the_gate_decided_stays(store: Store, embedded: Splits, tmp_path: Path) -> None:
    def activate_another(progress: Progress) -> None:
        if progress.stage == "publishing":
            store.seed(Store(ship(tmp_path)))

    outcome = publish_shipped(store, embedded, activate_another)
    assert outcome.version == 2 and not outcome.promoted and store.current() == 1
    assert "version 1 became the current one" in outcome.reasons[-1]


def test_a_disk_too_small_for_the_weights_is_one_clear_error_and_leaves_nothing(store: Store, embedded: Splits) -> None:
    with files_limited_to(100_000), pytest.raises(StoreError, match="can't be written: File too large"):
        publish_shipped(store, embedded)
    assert os.listdir(store.root) == []


def test_a_version_that_is_published_but_not_activated_is_told_so(store: Store, embedded: Splits) -> None:
    (store.root / "CURRENT").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"version 1 is published but not activated: .* can't be written"):
        publish_shipped(store, embedded)
    assert store.verify(1) and store.versions() == [1]


def test_a_training_from_scratch_has_no_parent(store: Store, embedded: Splits, tmp_path: Path) -> None:
    store.seed(Store(ship(tmp_path)))
    run(store, Recipe(epochs=1), embedded, samples=NONE, held_out=NONE, start="scratch")
    manifest = store.manifest(2)
    assert manifest["parent"] is None and manifest["gate"]["compared_with"] == 1
