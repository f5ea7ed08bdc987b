"""A version is complete or not visible, and CURRENT always names one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from model.errors import CurrentChanged, DamagedVersion, NoVersion, VersionTaken
from model.registry.store import Store, usable_folder
from tests.model.registry.conftest import publish


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


def test_a_manifest_begins_with_its_version_and_is_text_that_people_read(store: Store) -> None:
    with store.publish({"by": "Zoë"}) as draft:
        (draft / "model.onnx").write_text("weights")
    text = (store.folder(1) / "manifest.json").read_text("utf-8")
    assert text.startswith('{\n  "version": 1,\n') and '"by": "Zoë"' in text and text.endswith("}\n")
    assert list(store.manifest(1)["files"]) == ["model.onnx"]


def test_names_that_are_no_numbers_of_versions_are_none(store: Store) -> None:
    publish(store)
    for name in ("0", "02", "٣", "-4", "5.0", "notes"):
        (store.root / name).mkdir()
    assert store.versions() == [1]
    assert publish(store) == 2


def test_a_version_without_a_manifest_of_its_own_is_damaged(store: Store) -> None:
    publish(store)
    publish(store)
    manifest = store.folder(2) / "manifest.json"
    one = (store.folder(1) / "manifest.json").read_text()
    for content in (one, '{"version": 2}', "[]", "{", None):
        manifest.unlink() if content is None else manifest.write_text(content)
        with pytest.raises(DamagedVersion, match="version 2: manifest"):
            store.manifest(2)
    with pytest.raises(NoVersion, match="no version 3"):
        store.manifest(3)
    assert store.usable()[0] == store.newest_intact() == 1


def test_an_unreadable_pointer_is_told_apart_from_a_missing_one(store: Store) -> None:
    publish(store)
    with pytest.raises(NoVersion, match="names no current version"):
        store.current()
    (store.root / "CURRENT").mkdir()
    with pytest.raises(NoVersion, match="CURRENT can't be read"):
        store.current()


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


def test_pruning_keeps_what_is_current_wherever_it_stands_and_goes_on_behind_it(store: Store) -> None:
    for _ in range(6):
        publish(store)
    store.activate(1)
    assert store.prune(3) == [2, 3]
    assert sorted(os.listdir(store.root)) == ["1", "4", "5", "6", "CURRENT"]
    assert store.prune(10) == []


def test_what_is_served_comes_from_the_store_and_from_what_is_shipped_only_while_that_is_empty(
    store: Store, tmp_path: Path
) -> None:
    shipped = Store(tmp_path / "shipped")
    with pytest.raises(NoVersion, match=f"{store.root} has no intact version"):  # its own, not that of what is shipped
        usable_folder(store, shipped)
    publish(shipped)
    shipped.activate(1)
    folder, warning = usable_folder(store, shipped)
    assert folder == shipped.folder(1) and "serving the shipped version 1 instead" in str(warning)
    publish(store)
    store.activate(1)
    assert usable_folder(store, shipped) == (store.folder(1), None)
    (store.folder(1) / "model.onnx").write_text("damaged")
    with pytest.raises(NoVersion, match="no intact version"):
        usable_folder(store, shipped)


def test_a_store_that_ships_itself_is_not_copied_into_itself(store: Store) -> None:
    publish(store)
    assert store.seed(Store(store.root)) == 1
    assert store.versions() == [1] and store.current() == 1
    assert store.seed(Store(store.root)) is None


def test_an_empty_store_is_seeded_and_a_full_one_is_not(store: Store, tmp_path: Path) -> None:
    shipped = Store(tmp_path / "shipped")
    publish(shipped)
    assert store.seed(shipped) == 1
    assert store.current() == 1
    publish(store)
    publish(shipped)
    assert store.seed(shipped) is None
    assert store.current() == 1


def test_a_seeded_version_is_the_same_files(store: Store, tmp_path: Path) -> None:
    shipped = Store(tmp_path / "shipped")
    publish(shipped, "those weights")
    store.seed(shipped)
    for name in ("model.onnx", "manifest.json"):
        assert (store.folder(1) / name).read_bytes() == (shipped.folder(1) / name).read_bytes()


def test_a_store_is_seeded_with_the_version_that_is_in_use_where_it_comes_from(store: Store, tmp_path: Path) -> None:
    shipped = Store(tmp_path / "shipped")
    first, second = publish(shipped), publish(shipped)
    shipped.activate(first)
    assert store.seed(shipped) == store.current() == first
    assert store.versions() == [first, second]
