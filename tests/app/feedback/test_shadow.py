"""A version in the shadow: it judges its share, changes no answer, and what it counts is right on every way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.database.database import Database
from app.feedback import shadow_records
from model.preprocessing.pipeline import to_png
from model.registry.store import Store
from tests.client import check_problem, stranger
from tests.faults import locked_database
from tests.number_pages import number_page
from tests.pictures import picture
from tests.processes import kill, server_processes
from tests.server import Server, wait_until

pytestmark = pytest.mark.slow  # servers of two workers, begun anew for each test

PAGE = to_png(number_page("2504"))
BESIDE = "/admin/versions/2/shadow"


@pytest.fixture
def shadowed(start_server: Callable[..., Server], contrary: Store) -> Server:
    """A server that keeps pictures, with a contrary version 2 in the shadow of all of them."""
    server = start_server(NUMERAL_KEEP="all", NUMERAL_WORKERS="2")
    begin(server)
    return server


def begin(server: Server, share: float = 1.0, path: str = BESIDE) -> dict:
    """Begin it, and wait until it judges."""
    answer = server.admin.post(path, params={"share": share}).raise_for_status().json()
    before = answer["judged"]

    def is_judging() -> bool:
        for _ in range(8):
            server.client.post("/predict", content=picture(0)).raise_for_status()
        return record(server, path)["judged"] - before >= 8 * share

    wait_until(is_judging)
    return answer


def record(server: Server, path: str = BESIDE) -> dict:
    found: dict = server.admin.get(path).raise_for_status().json()
    return found


def settled(server: Server, path: str = BESIDE) -> dict:
    """The record once nothing is added to it: what all workers took is counted."""
    found: list[dict] = []

    def is_settled() -> bool:
        found.append(record(server, path))
        last = [one["judged"] + one["failed"] for one in found[-40:]]
        return len(last) == 40 and len(set(last)) == 1

    wait_until(is_settled)
    return found[-1]


def test_it_is_counted_and_what_it_reads_differently_is_reviewed(shadowed: Server) -> None:
    before = settled(shadowed)["judged"]
    answers = [shadowed.client.post("/predict", content=picture(n)).raise_for_status().json() for n in range(10)]
    answers += [shadowed.client.post("/read", content=PAGE).raise_for_status().json()]
    files = [("file", picture(n)) for n in range(4)]
    shadowed.client.post("/predict/batch", files=files).raise_for_status()
    assert {answer["model_version"] for answer in answers} == {"1"}
    wait_until(lambda: record(shadowed)["judged"] == before + 15)
    found = settled(shadowed)
    assert (found["agreed"], found["agreement"], found["failed"], found["active"]) == (0, 0.0, 0, True)
    assert found["accepted"] <= found["accepted_live"] <= found["judged"] and found["actor"] == "tester"
    listed = shadowed.admin.get(found["differences"], params={"limit": 200}).json()["items"]
    by_id = {item["request_id"]: item for item in listed}
    first = by_id[answers[0]["request_id"]]
    assert (first["text"], first["accepted"], first["model_version"]) == ("7", True, "1")
    assert (first["shadow"]["text"], first["shadow"]["model_version"]) == ("2", "2")
    assert by_id[answers[10]["request_id"]]["shadow"]["text"] != "2504"
    assert shadowed.admin.get("/samples/review?shadow=3").json()["total"] == 0
    assert shadowed.admin.get("/admin/versions/2").json()["shadow"] == found
    assert shadowed.admin.get("/admin/versions/3").json()["shadow"] is None


def test_a_version_that_reads_the_same_agrees(shadowed: Server) -> None:
    begin(shadowed, path="/admin/versions/3/shadow")
    found = settled(shadowed, "/admin/versions/3/shadow")
    assert found["agreement"] == 1.0 and found["accepted"] == found["accepted_live"] > 0
    earlier = record(shadowed)
    assert not earlier["active"] and "Version 3" in earlier["ended_why"]  # one at a time


def test_it_judges_only_its_share(shadowed: Server) -> None:
    begin(shadowed, share=0.25)
    before = settled(shadowed)["judged"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: shadowed.client.post("/predict", content=picture(n % 20)), range(400)))
    assert 50 < settled(shadowed)["judged"] - before < 160  # 100 ± 6 standard deviations


def test_it_ends_and_begins_anew(shadowed: Server) -> None:
    counted = settled(shadowed)["judged"]
    assert shadowed.admin.post(BESIDE, params={"share": 0.5}).status_code == 200
    assert record(shadowed)["judged"] == counted  # another share goes on counting
    ended = shadowed.admin.delete(BESIDE).raise_for_status().json()
    assert not ended["active"] and ended["ended_why"] == "tester ended it."
    assert shadowed.admin.delete(BESIDE).raise_for_status().json() == ended
    again = shadowed.admin.post(BESIDE, params={"share": 1})
    assert again.status_code == 201 and (again.json()["judged"], again.json()["agreement"]) == (0, None)
    actions = [one["action"] for one in shadowed.admin.get("/admin/audit").json()["items"]]
    assert actions[:3] == ["shadow-begun", "shadow-ended", "shadow-begun"]


def test_an_ended_one_judges_nothing(shadowed: Server) -> None:
    shadowed.admin.delete(BESIDE).raise_for_status()
    settled(shadowed)
    before = settled(shadowed)  # every worker has heard of it meanwhile
    for n in range(20):
        shadowed.client.post("/predict", content=picture(n)).raise_for_status()
    assert settled(shadowed) == before


def test_a_version_that_is_removed_meanwhile_ends_its_shadow(shadowed: Server) -> None:
    shutil.rmtree(shadowed.folder / "weights" / "2")

    def has_ended() -> bool:
        shadowed.client.post("/predict", content=picture(1)).raise_for_status()
        return not record(shadowed)["active"]

    wait_until(has_ended)
    assert "no version '2'" in str(record(shadowed)["ended_why"])
    answer = shadowed.client.post("/predict", content=picture(1)).json()
    wait_until(
        lambda: shadowed.admin.post("/samples", json={"request_id": answer["request_id"], "label": 7}).is_success
    )


def test_a_killed_worker_and_a_locked_database_stop_no_answer_and_no_counting(shadowed: Server) -> None:
    before = settled(shadowed)["judged"]
    kill(server_processes(shadowed.process.pid)[1:2])
    wait_until(lambda: len(server_processes(shadowed.process.pid)) == 3)
    with locked_database(shadowed):
        wait_until(lambda: shadowed.answers())
    wait_until(lambda: shadowed.client.get("/readyz").json()["warning"] is None)
    assert begin(shadowed)["judged"] >= before


def test_a_version_that_is_activated_is_no_longer_compared_with_itself(shadowed: Server) -> None:
    shadowed.admin.post("/admin/versions/2/activate").raise_for_status()

    def serves_two() -> bool:
        versions = {shadowed.client.post("/predict", content=picture(1)).json()["model_version"] for _ in range(8)}
        return versions == {"2"}

    wait_until(serves_two)
    before = settled(shadowed)["judged"]
    for n in range(10):
        shadowed.client.post("/predict", content=picture(n)).raise_for_status()
    assert settled(shadowed)["judged"] == before
    check_problem(shadowed.admin.post(BESIDE), 409, "version-in-use")


@pytest.mark.parametrize(("keep", "accepted"), [("none", set()), ("refused", {False}), ("all", {True, False})])
def test_differences_are_counted_but_kept_only_as_the_setting_allows(
    start_server: Callable[..., Server], contrary: Store, keep: str, accepted: set[bool]
) -> None:
    server = start_server(NUMERAL_KEEP=keep)
    begin(server)
    for image in (picture(1), PAGE):
        server.client.post("/predict", content=image).raise_for_status()
    assert settled(server)["judged"] > 2 and record(server)["agreed"] == 0
    listed = server.admin.get("/samples/review?shadow=2").json()["items"]
    assert {item["accepted"] for item in listed} == accepted


def test_what_can_not_be_in_the_shadow_is_a_problem(start_server: Callable[..., Server], contrary: Store) -> None:
    server = start_server()
    check_problem(server.admin.post("/admin/versions/9/shadow"), 404, "version-not-found")
    check_problem(server.admin.post("/admin/versions/1/shadow"), 409, "version-in-use")
    for share in ("0", "-1", "1.01", "nan", "inf", "x", ""):
        check_problem(server.admin.post(BESIDE, params={"share": share}), 422, "invalid-field")
    for method in ("GET", "DELETE"):
        check_problem(server.admin.request(method, BESIDE), 404, "shadow-not-found")
    (contrary.folder(2) / "model.onnx").write_bytes(b"damaged")
    check_problem(server.admin.post(BESIDE), 409, "version-damaged")
    for method in ("POST", "GET", "DELETE"):
        check_problem(server.client.request(method, BESIDE), 401, "key-required")
        check_problem(server.client.request(method, BESIDE, headers=stranger("Bearer wrong")), 401, "key-required")


def test_of_several_that_begin_at_once_one_is_in_the_shadow(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        beginning = [pool.submit(shadow_records.begin, database, "tester", 1 + n % 3, 0.5) for n in range(24)]
        for one in beginning:
            one.result()
    active = [number for number in (1, 2, 3) if shadow_records.get(database, number)["ended_at"] is None]
    assert len(active) == 1
