"""`numeral train` activates the published version, once, if both the gate and the options allow it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from model.cli.train import activate
from model.errors import StoreError
from model.evaluation.gate import Decision
from model.registry.publish import BY_HAND, Published
from model.registry.store import Store
from tests.conftest import SHIPPED

PASSED = Decision(True, ["It reads better."])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Versions 1 and 2, none of them current."""
    made = Store(tmp_path / "weights")
    for _ in range(2):
        with made.publish({}) as draft:
            shutil.copy(SHIPPED / "1" / "model.onnx", draft)
    return made


def test_what_passed_the_gate_is_activated(store: Store) -> None:
    assert activate(store, Published(1, PASSED, None, {}), "auto") == PASSED
    assert store.current() == 1


@pytest.mark.parametrize(
    ("decision", "promote", "expected"),
    [
        (PASSED, "manual", Decision(False, ["It reads better.", BY_HAND])),
        (Decision(False, ["Worse."]), "auto", Decision(False, ["Worse."])),
    ],
)
def test_what_did_not_pass_or_is_to_wait_is_not(
    store: Store, decision: Decision, promote: str, expected: Decision
) -> None:
    store.activate(1)
    assert activate(store, Published(2, decision, 1, {}), promote) == expected
    assert store.current() == 1


def test_a_version_activated_after_the_gate_decided_stays(store: Store) -> None:
    store.activate(1)
    decision = activate(store, Published(2, PASSED, None, {}), "auto")
    assert not decision.promote and store.current() == 1
    assert decision.reasons[0] == "It reads better."
    assert decision.reasons[1].startswith("Not activated: version 1 became the current one")


def test_a_version_that_is_published_but_not_activated_is_told_so(store: Store) -> None:
    (store.root / "CURRENT").mkdir()
    with pytest.raises(StoreError, match=r"version 2 is published but not activated: .* can't be written"):
        activate(store, Published(2, PASSED, None, {}), "auto")
    assert store.verify(2)
