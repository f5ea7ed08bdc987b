"""`/admin/versions` and `/admin/audit`: list, read, activate, roll back, and the record of it."""

from __future__ import annotations

import pytest

from model.registry.store import Store
from tests.client import check_problem, stranger
from tests.server import Server, wait_until


@pytest.fixture
def two(start_server, two_versions: Store) -> Server:
    """A server with version 1, the current one, and version 2."""
    return start_server()


def serves(server: Server, version: int) -> None:
    """Wait until the server says that it serves the version."""
    wait_until(lambda: server.client.get("/readyz").json()["model_version"] == str(version), 30)


def test_versions_are_listed_newest_first_with_their_metrics(two: Server) -> None:
    listed = two.admin.get("/admin/versions").json()
    assert [(item["version"], item["current"], item["intact"]) for item in listed["items"]] == [
        (2, False, True),
        (1, True, True),
    ]
    assert listed["total"] == 2 and listed["next"] is None
    assert listed["items"][0]["metrics"]["test"]["accuracy"] > 0.9
    one = two.admin.get("/admin/versions/1").json()
    assert one["manifest"]["files"] and one["created_at"].endswith("Z")


def test_activate_and_roll_back_are_one_call_each_and_audited_under_the_keys_name(two: Server) -> None:
    assert two.admin.post("/admin/versions/2/activate").json()["current"] is True
    serves(two, 2)
    assert two.admin.post("/admin/versions/1/activate").status_code == 200
    serves(two, 1)
    records = two.admin.get("/admin/audit").json()["items"]
    assert [(r["actor"], r["action"], r["subject"], r["detail"]["before"]) for r in records] == [
        ("tester", "roll-back", "1", 2),
        ("tester", "activate", "2", 1),
    ]
    assert "correct-horse" not in two.admin.get("/admin/audit").text


def test_a_damaged_version_is_told_so_and_never_activated(two: Server) -> None:
    (two.folder / "weights" / "2" / "model.onnx").write_bytes(b"damaged")
    problem = check_problem(two.admin.post("/admin/versions/2/activate"), 409, "version-damaged")
    assert "model.onnx" in problem["detail"]
    serves(two, 1)
    listed = two.admin.get("/admin/versions").json()["items"]
    assert [item["intact"] for item in listed] == [False, True] and "model.onnx" in listed[0]["problem"]
    assert two.admin.get("/admin/audit").json()["total"] == 0


def test_unknown_versions_and_jobs_are_problems_that_change_nothing(two: Server) -> None:
    check_problem(two.admin.get("/admin/versions/9"), 404, "version-not-found")
    check_problem(two.admin.post("/admin/versions/9/activate"), 404, "version-not-found")
    check_problem(two.admin.get("/admin/jobs/%00"), 404, "job-not-found")
    check_problem(two.admin.post(f"/admin/jobs/{'0' * 32}/cancel"), 404, "job-not-found")
    assert two.admin.get("/admin/audit").json()["total"] == 0


def test_the_audit_is_paged_newest_first(two: Server) -> None:
    for version in (2, 1, 2):
        two.admin.post(f"/admin/versions/{version}/activate").raise_for_status()
    first = two.admin.get("/admin/audit?limit=2").json()
    rest = two.admin.get("/admin/audit", params={"limit": 2, "cursor": first["next"]}).json()
    subjects = [record["subject"] for record in [*first["items"], *rest["items"]]]
    assert subjects == ["2", "1", "2"] and first["total"] == 3 and rest["next"] is None


@pytest.mark.parametrize("path", ["/admin/versions", "/admin/jobs", "/admin/audit", "/samples", "/samples/export"])
def test_nobody_without_a_key_gets_in(server: Server, path: str) -> None:
    check_problem(server.client.get(path), 401, "key-required")
    wrong = server.client.get(path, headers=stranger("Bearer wrong"))
    check_problem(wrong, 401, "key-required")


def test_the_pictures_of_an_evaluation_are_shown(two: Server) -> None:
    answer = two.admin.get("/admin/versions/1/pictures/confusion")
    assert answer.content == (two.folder / "weights/1/confusion.png").read_bytes()
    assert answer.headers["Content-Type"] == "image/png"
    check_problem(two.admin.get("/admin/versions/9/pictures/confusion"), 404, "picture-not-found")
    check_problem(two.admin.get("/admin/versions/1/pictures/..%2fmanifest"), 404, "not-found")
    check_problem(two.admin.get("/admin/versions/1/pictures/model"), 422, "invalid-field")
    check_problem(two.client.get("/admin/versions/1/pictures/confusion", headers=stranger(None)), 401, "key-required")
