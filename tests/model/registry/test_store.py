"""Versions are whole or not there, and CURRENT always names one."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from model.errors import CurrentChanged, DamagedVersion, NoVersion, StoreError, VersionTaken
from model.files import locked
from model.registry.store import Store


def publish(store: Store, content: str = "weights") -> int:
    manifest: dict[str, Any] = {}
    with store.publish(manifest) as draft:
        (draft / "model.onnx").write_text(content)
    return manifest["version"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "weights")


def test_versions_are_numbered_from_one_and_read_back(store: Store) -> None:
    assert [publish(store), publish(store, "other")] == [1, 2]
    assert store.versions() == [1, 2]
    assert store.verify(2)["version"] == 2
    assert (store.folder(2) / "model.onnx").read_text() == "other"


def test_an_empty_store_says_that_it_has_none(store: Store) -> None:
    assert store.versions() == []
    with pytest.raises(NoVersion):
        store.current()
    with pytest.raises(NoVersion):
        store.usable()


def test_what_fails_while_it_is_written_leaves_nothing(store: Store) -> None:
    publish(store)
    with pytest.raises(RuntimeError), store.publish({}) as draft:
        (draft / "model.onnx").write_text("half")
        raise RuntimeError
    assert os.listdir(store.root) == ["1"]


def killed_while_publishing(root: Path) -> None:
    with Store(root).publish({}) as draft:
        (draft / "model.onnx").write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_publisher_that_is_killed_leaves_no_version_and_its_draft_goes_with_the_next(store: Store) -> None:
    publish(store)
    process = multiprocessing.get_context("spawn").Process(target=killed_while_publishing, args=(store.root,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert store.versions() == [1]
    assert publish(store) == 2
    assert sorted(os.listdir(store.root)) == ["1", "2"]


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


def test_a_file_that_bears_a_number_does_not_block_the_next_version(store: Store) -> None:
    store.root.mkdir()
    (store.root / "1").write_text("a note")
    assert publish(store) == 2
    assert store.versions() == [2]


def test_a_number_of_its_own_that_is_taken_is_refused_and_the_first_stays(store: Store) -> None:
    with pytest.raises(VersionTaken, match="exists already"), store.publish({"version": 1}) as draft:
        (draft / "model.onnx").write_text("late")
        publish(store, "early")
    assert (store.folder(1) / "model.onnx").read_text() == "early"


def test_activate_names_an_intact_version_only(store: Store) -> None:
    publish(store)
    publish(store)
    store.activate(1)
    assert store.current() == 1
    (store.folder(2) / "model.onnx").write_text("damaged")
    with pytest.raises(DamagedVersion, match="SHA-256"):
        store.activate(2)
    with pytest.raises(NoVersion):
        store.activate(3)
    assert store.current() == 1


def test_a_promotion_never_replaces_a_version_that_it_was_not_compared_with(store: Store) -> None:
    for _ in range(4):
        publish(store)
    store.promote(1, instead_of=None)
    store.promote(2, instead_of=1)
    store.promote(2, instead_of=1)  # again, since its outcome could not be recorded
    for compared_with in (None, 1):
        with pytest.raises(CurrentChanged, match="version 2 became the current one"):
            store.promote(3, instead_of=compared_with)
    assert store.current() == 2
    (store.folder(2) / "model.onnx").write_text("damaged")
    store.promote(4, instead_of=3)
    assert store.current() == 4


@pytest.mark.parametrize("damage", ["weights", "", None])
def test_a_damaged_current_version_falls_back_to_the_newest_intact_one_and_says_so(
    store: Store, damage: str | None
) -> None:
    for _ in range(3):
        publish(store, "right")
    store.activate(3)
    file = store.folder(3) / "model.onnx"
    file.unlink() if damage is None else file.write_text(damage)
    version, warning = store.usable()
    assert version == 2
    assert "version 3" in str(warning)


@pytest.mark.parametrize("content", ["", "many", "7"])
def test_a_spoilt_pointer_is_no_crash(store: Store, content: str) -> None:
    publish(store)
    (store.root / "CURRENT").write_text(content)
    assert store.usable()[0] == 1


def test_prune_keeps_the_newest_and_the_current(store: Store) -> None:
    for _ in range(5):
        publish(store)
    store.activate(2)
    assert store.prune(2) == [1, 3]
    assert store.versions() == [2, 4, 5]


def test_an_empty_store_is_seeded_and_a_full_one_is_not(store: Store, tmp_path: Path) -> None:
    shipped = Store(tmp_path / "shipped")
    publish(shipped)
    assert store.seed(shipped) == 1
    assert store.current() == 1
    publish(store)
    publish(shipped)
    assert store.seed(shipped) is None
    assert store.current() == 1


def test_a_store_is_seeded_with_the_version_that_is_in_use_where_it_comes_from(store: Store, tmp_path: Path) -> None:
    shipped = Store(tmp_path / "shipped")
    first, second = publish(shipped), publish(shipped)
    shipped.activate(first)
    assert store.seed(shipped) == store.current() == first
    assert store.versions() == [first, second]


def test_a_folder_that_can_not_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be written"):
        publish(Store(tmp_path / "file" / "weights"))
