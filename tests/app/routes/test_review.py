"""Kept pictures: corrected by the id of their request, listed for review, and never kept against the setting."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from PIL import Image

from app.schemas import examples
from model.preprocessing.pipeline import read_digit, to_png
from tests.client import check_problem, stranger
from tests.faults import locked_database
from tests.number_pages import number_page
from tests.pictures import encoded, picture
from tests.processes import kill, server_processes
from tests.server import Server, wait_until

PAGE = to_png(number_page("2504"))  # /predict refuses it: several digits


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two workers that keeps every picture."""
    started = Server(tmp_path_factory.mktemp("keeping"), NUMERAL_KEEP="all", NUMERAL_WORKERS="2")
    yield started
    started.close()


@pytest.fixture
def keeping(shared: Server) -> Server:
    """The same, without pictures that wait for review."""
    for item in shared.admin.get("/samples/review?limit=200").json()["items"]:
        shared.admin.delete(f"/samples/review/{item['id']}").raise_for_status()
    return shared


def predicted(server: Server, image: bytes = PAGE, path: str = "/predict", **headers: str) -> str:
    """The request id of an answer."""
    answer = server.client.post(path, content=image, headers=headers).raise_for_status().json()
    found: str = answer["request_id"] if "request_id" in answer else answer["items"][0]["request_id"]
    return found


def correct(server: Server, request_id: str, **members: object) -> httpx.Response:
    return server.admin.post("/samples", json={"request_id": request_id, **members})


def review(server: Server, **query: object) -> list[dict]:
    items: list[dict] = server.admin.get("/samples/review", params=query).raise_for_status().json()["items"]
    return items


def total(server: Server) -> int:
    count: int = server.admin.get("/samples").json()["total"]
    return count


def test_what_was_answered_is_corrected_by_its_request_id(keeping: Server) -> None:
    image = picture(1)
    for label, outcome in ((4, "created"), (4, "unchanged"), (7, "corrected")):
        answer = correct(keeping, predicted(keeping, image), label=label)  # at once, and perhaps at another worker
        assert (answer.json()["label"], answer.json()["outcome"]) == (label, outcome)
    assert keeping.admin.get(f"{answer.headers['Location']}/image").content == image


def test_a_client_forbids_that_its_picture_is_kept(keeping: Server) -> None:
    for path in ("/predict", "/read", "/predict/batch", "/read/batch"):
        body = {"files": {"file": PAGE}} if path.endswith("batch") else {"content": PAGE}
        headers = {"Cache-Control": "max-age=0, no-store", "X-Request-ID": f"unkept{path.replace('/', '-')}"}
        keeping.client.post(path, headers=headers, **body).raise_for_status()
    kept = predicted(keeping)
    wait_until(lambda: review(keeping))
    assert [item["request_id"] for item in review(keeping)] == [kept]
    check_problem(correct(keeping, "unkept-predict", label=7), 404, "picture-not-kept")


def test_a_form_corrects_as_json_does(keeping: Server) -> None:
    image = picture(2)
    for form in ({"data": {"label": "7"}}, {"files": {"label": (None, "7")}}):
        fields = next(iter(form.values()))
        request_id = predicted(keeping, image)
        fields["request_id"] = (None, request_id) if "files" in form else request_id
        assert keeping.admin.post("/samples", **form).raise_for_status().json()["label"] == 7


def test_pixels_are_taught_as_they_were_sent(keeping: Server) -> None:
    answer = keeping.client.post("/predict", json={"pixels": examples.PIXELS}).json()
    stored = correct(keeping, answer["request_id"], label=7).raise_for_status().json()
    assert stored["format"] == "pixels"
    direct = keeping.admin.post("/samples", json={"pixels": examples.PIXELS, "label": 7}).json()
    assert (direct["id"], direct["outcome"]) == (stored["id"], "unchanged")


@pytest.mark.parametrize("path", ["/read", "/predict"])
def test_a_page_is_corrected_with_its_text(keeping: Server, path: str) -> None:
    stored = correct(keeping, predicted(keeping, PAGE, path), text="2504").raise_for_status().json()
    assert stored["text"] == "2504" and len(stored["items"]) == 4


@pytest.mark.parametrize("path", ["/predict/batch", "/read/batch"])
def test_a_picture_of_a_batch_is_named_by_its_place(keeping: Server, path: str) -> None:
    broken, seven, other = b"\x89PNG broken", picture(3), picture(4)
    files = [("file", image) for image in (broken, seven, other)]
    answer = keeping.client.post(path, files=files).raise_for_status().json()
    request_id = answer["items"][1]["request_id"]
    stored = correct(keeping, request_id, item=2, label=7).raise_for_status().json()
    assert keeping.admin.get(f"/samples/{stored['id']}/image").content == other
    assert check_problem(correct(keeping, request_id, label=7), 422, "invalid-field")["errors"][0]["field"] == "item"
    check_problem(correct(keeping, request_id, item=0, label=7), 404, "picture-not-kept")
    check_problem(correct(keeping, request_id, item=9, label=7), 404, "picture-not-kept")


def test_an_unknown_id_is_a_problem_that_comes_soon(keeping: Server) -> None:
    started = time.monotonic()
    problem = check_problem(correct(keeping, "nobody-sent-this", label=7), 404, "picture-not-kept")
    assert "limited time" in problem["detail"] and time.monotonic() - started < 10


def test_two_pictures_under_one_id_of_the_clients_are_no_guess(keeping: Server) -> None:
    before = total(keeping)
    for number in (5, 6):
        predicted(keeping, picture(number), **{"X-Request-ID": "my-only-id"})
    wait_until(lambda: correct(keeping, "my-only-id", label=7).status_code == 409)  # both are written
    check_problem(correct(keeping, "my-only-id", label=7), 409, "request-id-ambiguous")
    for _ in range(3):
        predicted(keeping, picture(7), **{"X-Request-ID": "tried-again"})
    assert correct(keeping, "tried-again", label=7).status_code == 201
    assert total(keeping) <= before + 2  # the first of the two may have been taught before the second was written


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"request_id": "a", "image": "eA==", "label": 7}, "invalid-field"),
        ({"request_id": "a", "pixels": examples.PIXELS, "label": 7}, "invalid-field"),
        ({"request_id": "", "label": 7}, "invalid-field"),
        ({"request_id": "a\0b", "label": 7}, "invalid-field"),
        ({"request_id": "a" * 129, "label": 7}, "invalid-field"),
        ({"request_id": 5, "label": 7}, "invalid-field"),
        ({"request_id": "a", "item": -1, "label": 7}, "invalid-field"),
        ({"request_id": "a", "item": 10**30, "label": 7}, "invalid-field"),
        ({"request_id": "a", "item": "1", "label": 7}, "invalid-field"),
        ({"item": 1, "image": examples.PNG, "label": 7}, "invalid-field"),
        ({"request_id": "a"}, "invalid-label"),
        ({"request_id": "a", "label": 7, "text": "7"}, "invalid-field"),
    ],
)
def test_a_reference_that_is_none_is_refused_in_json(keeping: Server, body: dict, slug: str) -> None:
    check_problem(keeping.admin.post("/samples", json=body), 422, slug)


@pytest.mark.parametrize(
    "form",
    [
        {"request_id": "a", "image": examples.PNG, "label": "7"},
        {"request_id": "", "label": "7"},
        {"request_id": "a" * 129, "label": "7"},
        {"request_id": "ä", "label": "7"},
        {"request_id": "a", "item": "x", "label": "7"},
        {"request_id": "a", "item": "1024", "label": "7"},
        {"request_id": "a", "item": "9" * 5000, "label": "7"},
        {"image": examples.PNG, "item": "0", "label": "7"},
        {"item": "0", "label": "7"},
    ],
)
def test_a_reference_that_is_none_is_refused_in_a_form(keeping: Server, form: dict) -> None:
    check_problem(keeping.admin.post("/samples", data=form), 422, "invalid-field")


def test_refused_pictures_are_listed_shown_and_deleted(keeping: Server, seven: bytes) -> None:
    predicted(keeping, seven)
    request_id = predicted(keeping)
    (item,) = wait_until(lambda: review(keeping))
    assert (item["request_id"], item["accepted"], item["reason"]) == (request_id, False, "several-digits")
    assert item["path"] == "/predict" and item["shadow"] is None and item["kept_at"].endswith("Z")
    place = f"/samples/review/{item['id']}"
    assert keeping.admin.get(place).json() == item
    shown = keeping.admin.get(f"{place}/image")
    assert shown.content == PAGE and shown.headers["Content-Type"] == "image/png"
    assert keeping.admin.delete(place).status_code == 204
    check_problem(keeping.admin.delete(place), 404, "picture-not-kept")
    check_problem(keeping.admin.get(f"{place}/image"), 404, "picture-not-kept")
    check_problem(correct(keeping, request_id, text="2504"), 404, "picture-not-kept")
    assert review(keeping) == []
    assert keeping.admin.get("/admin/audit").json()["items"][0]["action"] == "kept-picture-removed"


def test_a_kept_file_is_shown_as_what_it_is_and_pixels_as_a_png(keeping: Server) -> None:
    jpeg = encoded(number_page("2504"), "JPEG")
    sketch = read_digit(PAGE).pixels
    predicted(keeping, jpeg)
    pixels = keeping.client.post("/predict", json={"pixels": sketch.tolist()}).json()["request_id"]
    assert correct(keeping, pixels, label=7).status_code in (200, 201)
    (item,) = wait_until(lambda: review(keeping))
    shown = keeping.admin.get(f"/samples/review/{item['id']}/image")
    assert (shown.headers["Content-Type"], shown.content) == ("image/jpeg", jpeg)
    (item,) = review(keeping, request_id=pixels)
    shown = keeping.admin.get(f"/samples/review/{item['id']}/image")
    assert shown.headers["Content-Type"] == "image/png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(shown.content))), sketch)


def test_what_was_corrected_leaves_the_list_and_may_be_corrected_again(keeping: Server) -> None:
    request_id = predicted(keeping)
    wait_until(lambda: review(keeping))
    for label in (2, 4):
        correct(keeping, request_id, label=label).raise_for_status()
        assert review(keeping) == []


def test_all_that_is_kept_of_a_request_is_found_and_can_be_deleted(keeping: Server, seven: bytes) -> None:
    request_id = predicted(keeping, seven)  # accepted, and so certain that nobody needs to look
    correct(keeping, request_id, label=7).raise_for_status()
    (item,) = review(keeping, request_id=request_id)
    assert item["request_id"] == request_id and item["accepted"]
    assert request_id not in [one["request_id"] for one in review(keeping)]
    keeping.admin.delete(f"/samples/review/{item['id']}").raise_for_status()
    assert review(keeping, request_id=request_id) == []
    problem = keeping.admin.get("/samples/review", params={"request_id": "a\0b"})
    assert check_problem(problem, 422, "invalid-field")["errors"][0]["field"] == "request_id"


def test_the_list_is_paged(keeping: Server) -> None:
    for _ in range(5):
        predicted(keeping)
    everything = wait_until(lambda: (found := review(keeping)) and len(found) == 5 and found)
    pages, query = [], {"limit": 2}
    while True:
        answer = keeping.admin.get("/samples/review", params=query).raise_for_status().json()
        assert answer["total"] == 5
        pages += answer["items"]
        if answer["next"] is None:
            break
        query["cursor"] = answer["next"]
    assert pages == everything
    for cursor in ("x", "", "1", "1-", "-1", "1-2-3", "99999-1", "1-" + "9" * 19):
        check_problem(keeping.admin.get("/samples/review", params={"cursor": cursor}), 422, "page-out-of-range")


@pytest.mark.parametrize("method_and_path", ["GET ", "GET /1", "GET /1/image", "DELETE /1"])
def test_the_list_is_for_admins(keeping: Server, method_and_path: str) -> None:
    method, _, path = method_and_path.partition(" ")
    check_problem(keeping.client.request(method, f"/samples/review{path}"), 401, "key-required")
    answer = keeping.client.request(method, f"/samples/review{path}", headers=stranger("Bearer wrong"))
    check_problem(answer, 401, "key-required")


def test_nothing_is_kept_unless_the_setting_says_so(server: Server) -> None:
    request_id = predicted(server)
    problem = check_problem(correct(server, request_id, label=7), 404, "picture-not-kept")
    assert "NUMERAL_KEEP is none" in problem["detail"]
    assert review(server) == []


def test_where_refused_pictures_are_kept_accepted_ones_are_not(
    start_server: Callable[..., Server], seven: bytes
) -> None:
    server = start_server(NUMERAL_KEEP="refused")
    accepted, refused = predicted(server, seven), predicted(server)
    assert correct(server, refused, text="2504").status_code == 201
    assert "those it refused" in check_problem(correct(server, accepted, label=7), 404, "picture-not-kept")["detail"]


@pytest.mark.slow
def test_pictures_survive_a_restart_and_go_when_the_setting_does(start_server: Callable[..., Server]) -> None:
    server = start_server(NUMERAL_KEEP="all")
    request_id = predicted(server)
    server.stop()  # at once: what waits is written at the end
    server.start()
    assert [item["request_id"] for item in review(server)] == [request_id]
    server.stop()
    server.environment["NUMERAL_KEEP"] = "none"
    server.start()
    assert review(server) == []
    server.stop()
    server.environment["NUMERAL_KEEP"] = "all"
    server.start()
    assert review(server) == []  # the table was emptied, not only hidden
    check_problem(correct(server, request_id, label=7), 404, "picture-not-kept")


@pytest.mark.slow
def test_two_workers_never_keep_more_than_allowed(start_server: Callable[..., Server]) -> None:
    server = start_server(NUMERAL_KEEP="all", NUMERAL_KEEP_PICTURES="10", NUMERAL_WORKERS="2")
    with ThreadPoolExecutor(8) as pool:
        posting = [pool.submit(predicted, server) for _ in range(200)]
        while not all(one.done() for one in posting):
            assert server.admin.get("/samples/review?limit=200").json()["total"] <= 10
        last = posting[-1].result()
    wait_until(lambda: last in [item["request_id"] for item in review(server)])
    assert 0 < len(review(server)) <= 10


def test_a_killed_worker_takes_only_what_it_had_not_written(start_server: Callable[..., Server]) -> None:
    server = start_server(NUMERAL_KEEP="all", NUMERAL_WORKERS="2")
    request_ids = {predicted(server) for _ in range(8)}
    wait_until(lambda: len(review(server)) == 8)
    _, *workers = server_processes(server.process.pid)
    kill(workers[:1])
    wait_until(lambda: len(server_processes(server.process.pid)) == 3)
    later = wait_until(lambda: attempt(server))
    wait_until(lambda: len(review(server)) >= 9)
    assert {item["request_id"] for item in review(server)} >= request_ids | {later}


def attempt(server: Server) -> str | None:
    """The request id of an answer; None when the connection's worker was killed."""
    try:
        return predicted(server)
    except httpx.TransportError:
        return None


def test_without_a_database_predictions_go_on_and_pictures_wait_for_it(start_server: Callable[..., Server]) -> None:
    server = start_server(NUMERAL_KEEP="all")
    with locked_database(server):
        request_ids = {predicted(server) for _ in range(5)}
        assert server.client.get("/livez").status_code == 200
        early = server.admin.post("/samples", json={"request_id": min(request_ids), "label": 7})
        assert (early.status_code, early.json()["type"]) == (503, "/problems/database-unavailable")
    wait_until(lambda: {item["request_id"] for item in review(server)} == request_ids)
    assert server.admin.post("/samples", json={"request_id": min(request_ids), "label": 7}).status_code == 201


def test_a_service_that_stops_does_not_wait_for_a_database(start_server: Callable[..., Server]) -> None:
    server = start_server(NUMERAL_KEEP="all")
    predicted(server)
    with locked_database(server):
        predicted(server)
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 15


def test_what_is_drawn_at_random_is_kept_and_corrected_like_anything(keeping: Server) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (28, 28))
    answer = keeping.client.post("/predict", json={"pixels": noise.tolist()}).raise_for_status().json()
    assert not answer["accepted"] and correct(keeping, answer["request_id"], label=3).status_code == 201
