"""Writers of one store wait for each other, take different numbers, and clear what a dead one left."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from model.files import locked
from model.registry.store import Store
from tests.model.registry.conftest import publish


def test_a_draft_that_is_being_made_is_not_taken_for_one_left_behind(store: Store) -> None:
    publish(store)
    with ThreadPoolExecutor(1) as thread:
        with locked(store.root):
            draft = store.root / ".draft-new"  # not yet locked itself
            draft.mkdir()
            published = thread.submit(publish, store)
            with pytest.raises(TimeoutError):
                published.result(timeout=0.3)
            assert draft.exists()
        assert published.result() == 2


def test_who_is_overtaken_while_writing_gets_the_next_number(store: Store) -> None:
    slow: dict[str, Any] = {}
    with store.publish(slow) as draft:
        (draft / "model.onnx").write_text("slow")
        assert publish(store, "fast") == 1
        assert draft.exists()
    assert slow["version"] == store.verify(2)["version"] == 2
    assert [(store.folder(version) / "model.onnx").read_text() for version in (1, 2)] == ["fast", "slow"]


def test_of_many_that_publish_at_once_none_is_lost(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        published = threads.map(lambda number: (publish(store, str(number)), str(number)), range(48))
    contents = {version: (store.folder(version) / "model.onnx").read_text() for version in store.versions()}
    assert contents == dict(published) and sorted(contents) == list(range(1, 49))


def test_who_changes_the_store_waits_for_who_does_it_already(store: Store) -> None:
    for _ in range(3):
        publish(store)
    store.activate(1)
    changes = [
        lambda: store.activate(2),
        lambda: store.promote(3, instead_of=2),
        lambda: store.prune(1),
        lambda: publish(store),
    ]
    for change in changes:
        with ThreadPoolExecutor(1) as thread:
            with locked(store.root):
                waiting = thread.submit(change)
                with pytest.raises(TimeoutError):
                    waiting.result(timeout=0.1)
            waiting.result(timeout=10)
    assert store.current() == 3 and store.versions() == [3, 4]


def test_a_draft_is_its_publishers_while_he_writes(store: Store) -> None:
    with store.publish({}) as draft, pytest.raises(OSError, match="Resource"), locked(draft, wait=False):
        pass


def test_a_draft_without_an_owner_goes_with_the_next_publisher_and_nothing_else_does(store: Store) -> None:
    publish(store)
    for name in (".draft-left", "notes"):
        (store.root / name).mkdir()
        (store.root / name / "file").write_text("")
    store.check_writable()
    assert sorted(os.listdir(store.root)) == ["1", "notes"]
