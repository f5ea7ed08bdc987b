"""`?version=`: an answer from a retained version, by number or as the candidate; and parameters that do not exist."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.inference.active_model import ActiveModel
from app.inference.retained_versions import KEPT, RetainedVersions, VersionDamaged, VersionNotFound
from app.schemas import examples
from model.classifier import Classifier
from model.registry.store import Store
from tests.client import check_problem
from tests.server import SHIPPED, Server

PATHS = ["/predict", "/predict/batch", "/read", "/read/batch"]


def strict_version(store: Store) -> int:
    """Publish a version with the same network that accepts nothing, so that its answers differ."""
    manifest = store.manifest(1) | {"acceptance": {"min_confidence": 2.0, "min_score": 1e9}, "parent": 1}
    del manifest["version"]
    with store.publish(manifest) as draft:
        for name in ("model.onnx", "weights.safetensors"):
            shutil.copy(store.folder(1) / name, draft)
    return store.versions()[-1]


@pytest.fixture
def store(two_versions: Store) -> Store:
    """Version 1, the current one, and versions 2 and 3, which accept nothing."""
    shutil.rmtree(two_versions.folder(2))
    assert [strict_version(two_versions), strict_version(two_versions)] == [2, 3]
    return two_versions


@pytest.fixture
def asked(start_server, store: Store) -> Server:
    """A server that uses version 1 of three."""
    return start_server()


@pytest.fixture
def retained(store: Store) -> RetainedVersions:
    """The versions besides 1, which is in use."""
    model = ActiveModel(store, store)
    model.refresh()
    return RetainedVersions(model)


def answer(server: Server, path: str, query: str = "") -> dict:
    """The answer to one picture of two digits, or of one; of a batch, the second of two."""
    picture = examples.NUMBER if path.startswith("/read") else examples.IMAGE
    body = [picture, picture] if path.endswith("batch") else picture
    found = server.client.post(path + query, json=body).raise_for_status().json()
    return found["items"][1] if path.endswith("batch") else found


@pytest.mark.parametrize("path", PATHS)
def test_each_route_answers_from_the_version_that_is_named_and_else_from_the_one_in_use(
    asked: Server, path: str
) -> None:
    for query, version, accepts in (
        ("", "1", True), ("?version=2", "2", False), ("?version=candidate", "3", False), ("?version=1", "1", True),
        ("", "1", True),
    ):  # fmt: skip
        found = answer(asked, path, query)
        assert found["model_version"] == version, query
        assert path.startswith("/read") or found["accepted"] is accepts, query


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["9", "0", "-1", "01", "1.0", "banana", "", "latest", "..", "%00", "9" * 5000])
def test_a_version_that_does_not_exist_is_not_found_and_never_ignored(server: Server, path: str, name: str) -> None:
    body = [examples.IMAGE] if path.endswith("batch") else examples.IMAGE
    check_problem(server.client.post(f"{path}?version={name}", json=body), 404, "version-not-found")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("query", ["digit=3", "Version=1", "versions=1", "version=1&seen_=1", "=1"])
def test_a_parameter_that_does_not_exist_is_named(server: Server, path: str, query: str) -> None:
    body = [examples.IMAGE] if path.endswith("batch") else examples.IMAGE
    problem = check_problem(server.client.post(f"{path}?{query}", json=body), 422, "invalid-field")
    (error,) = problem["errors"]
    assert error["field"] in ("digit", "Version", "versions", "seen_", "") and "version" in error["message"]


def test_large_bodies_and_files_are_answered_from_it_too(asked: Server) -> None:
    padded = json.dumps(examples.IMAGE) + " " * 70_000
    photo = (SHIPPED.parent / "tests/images/seven.jpg").read_bytes()
    for body in (padded.encode(), photo):
        found = asked.client.post("/predict?version=3", content=body).raise_for_status().json()
        assert (found["digit"], found["model_version"], found["accepted"]) == (7, "3", False)
        assert "seen" in asked.client.post("/predict?version=3&seen=true", content=body).json()


def test_when_the_newest_version_is_in_use_there_is_no_candidate(asked: Server, store: Store) -> None:
    assert answer(asked, "/predict", "?version=candidate")["model_version"] == "3"
    asked.admin.post("/admin/versions/3/activate").raise_for_status()
    problem = check_problem(
        asked.client.post("/predict?version=candidate", json=examples.IMAGE), 404, "version-not-found"
    )
    assert "newer than 3" in problem["detail"]
    assert answer(asked, "/predict", "?version=1")["model_version"] == "1"


def test_a_damaged_version_is_a_problem_of_those_who_name_it(asked: Server, store: Store) -> None:
    (store.folder(2) / "weights.safetensors").write_bytes(b"damaged")
    problem = check_problem(asked.client.post("/predict?version=2", json=examples.IMAGE), 409, "version-damaged")
    assert "weights.safetensors" in problem["detail"]
    assert answer(asked, "/predict")["model_version"] == "1"


def test_a_version_that_was_removed_meanwhile_is_not_found(asked: Server, store: Store) -> None:
    assert answer(asked, "/predict", "?version=2")["model_version"] == "2"
    assert store.prune(1) == [2]  # the newest and the current one stay
    check_problem(asked.client.post("/predict?version=2", json=examples.IMAGE), 404, "version-not-found")


def test_a_version_that_is_removed_while_it_is_loaded_is_not_found(
    retained: RetainedVersions, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Classifier.load

    def remove_first(folder) -> Classifier:
        shutil.rmtree(folder)
        return load(folder)

    monkeypatch.setattr(Classifier, "load", remove_first)
    with pytest.raises(VersionNotFound):
        retained.get("2")


def test_each_version_is_loaded_once_even_when_many_ask_at_the_same_time(
    retained: RetainedVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    load = Classifier.load

    def noted(folder) -> Classifier:
        loaded.append(folder.name)
        return load(folder)

    monkeypatch.setattr(Classifier, "load", noted)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(retained.get, ["2", "3", "candidate", "1"] * 8))
    assert sorted(loaded) == ["2", "3"]
    assert {id(one) for one in found[2::4]} == {id(found[1])} and found[0].version == 2


def test_only_the_versions_used_last_are_kept_in_memory(
    retained: RetainedVersions, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [2, 3, *(strict_version(store) for _ in range(KEPT - 1))]
    first = [retained.get(str(number)) for number in numbers[:KEPT]]
    assert retained.get("2") is first[0]
    retained.get(str(numbers[-1]))  # one too many: 3 was used least recently
    assert retained.get("2") is first[0] and retained.get("3") is not first[1]


def test_a_version_whose_damage_was_repaired_is_loaded(retained: RetainedVersions, store: Store) -> None:
    file = store.folder(2) / "model.onnx"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(VersionDamaged, match=r"model\.onnx"):
        retained.get("2")
    file.write_bytes(whole)
    assert retained.get("2").version == 2
