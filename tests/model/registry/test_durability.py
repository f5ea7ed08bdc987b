"""A version is complete on disk before it is visible, even if its writer is killed or the disk is full."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from model.errors import StoreError, VersionTaken
from model.registry.store import Store
from tests.model.registry.conftest import publish


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


class Disk:
    """Records what is synced to disk and what is renamed, in order: ("synced", name) and ("renamed", new name)."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[tuple[str, str]] = []
        fsync, rename, replace = os.fsync, os.rename, os.replace

        def synced(handle: int) -> None:
            self.events.append(("synced", Path(os.readlink(f"/proc/self/fd/{handle}")).name))
            fsync(handle)

        def renamed(move: Callable[..., None], source: Path, target: Path) -> None:
            self.events.append(("renamed", Path(target).name))
            move(source, target)

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(os, "rename", partial(renamed, rename))
        monkeypatch.setattr(os, "replace", partial(renamed, replace))

    def before_and_after(self, name: str) -> tuple[set[str], set[str]]:
        """What was synced before the rename to this name, and what after it."""
        at = self.events.index(("renamed", name))
        before, after = self.events[:at], self.events[at + 1 :]
        return {name for what, name in before if what == "synced"}, {name for what, name in after if what == "synced"}


def test_a_version_is_on_the_disk_before_it_is_visible_and_its_name_right_after(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    publish(store)
    before, after = disk.before_and_after("1")
    assert {"model.onnx", "manifest.json"} < before
    assert any(name.startswith(".draft-") for name in before), "the folder's own entries"
    assert after == {store.root.name}


def test_a_pointer_is_on_the_disk_before_it_replaces_the_one_that_was(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store)
    disk = Disk(monkeypatch)
    monkeypatch.setattr(os, "fsync", written_out(os.fsync, b"1\n"))
    store.activate(1)
    before, after = disk.before_and_after("CURRENT")
    assert len(before) == 1 and before.pop().startswith(".current-")
    assert after == {store.root.name}
    assert (store.root / "CURRENT").read_bytes() == b"1\n"


def written_out(fsync: Callable[[int], None], content: bytes) -> Callable[[int], None]:
    """An fsync that fails if the file lacks this content: what is still in a buffer would not reach the disk."""

    def checked(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}")
        assert path.is_dir() or path.read_bytes() == content
        fsync(handle)

    return checked


def test_others_may_read_what_is_published_whoever_serves_it(store: Store) -> None:
    with store.publish({}) as draft:
        (draft / "model.onnx").touch(0o600)
    store.activate(1)
    assert store.folder(1).stat().st_mode & 0o777 == 0o755
    files = [*store.folder(1).iterdir(), store.root / "CURRENT"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o644}


def test_a_pointer_that_can_not_be_replaced_leaves_nothing_beside(store: Store) -> None:
    publish(store)
    (store.root / "CURRENT").mkdir()
    with pytest.raises(StoreError, match="can't be written"):
        store.activate(1)
    assert sorted(os.listdir(store.root)) == ["1", "CURRENT"]


def test_a_version_that_is_visible_but_not_synced_is_said_to_be_published(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        if path == store.root:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("model.registry.store.sync", full)
    with pytest.raises(StoreError, match=r"^version 1 is published but not activated: .* can't be written: No space"):
        publish(store)
    assert store.versions() == [1]


def test_another_fault_than_a_taken_number_is_no_taken_number(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(source: Path, target: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "rename", broken)
    with pytest.raises(StoreError, match="can't be written: Input/output error") as caught:
        publish(store)
    assert not isinstance(caught.value, VersionTaken)


def test_a_number_that_a_file_or_a_full_folder_has_is_taken(store: Store) -> None:
    store.root.mkdir()
    (store.root / "1").write_text("a note")
    (store.root / "2").mkdir()
    (store.root / "2" / "file").write_text("")
    for version in (1, 2):
        with pytest.raises(VersionTaken, match=f"{version} exists already"), store.publish({"version": version}):
            pass


def test_a_folder_that_can_not_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "weights")
    changes = [
        lambda: publish(store),
        lambda: store.activate(1),
        lambda: store.promote(1, instead_of=None),
        lambda: store.prune(1),
        store.check_writable,
    ]
    for change in changes:
        with pytest.raises(StoreError, match="can't be written: Not a directory"):
            change()


def test_a_fault_without_a_number_is_told_in_its_own_words(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> None:
        raise OSError("the cable fell out")

    monkeypatch.setattr("model.registry.store.sync", full)
    with pytest.raises(StoreError, match="can't be written: the cable fell out"):
        publish(store)


def test_the_folders_around_a_new_store_are_made_too(tmp_path: Path) -> None:
    assert publish(Store(tmp_path / "var" / "lib" / "weights")) == 1
