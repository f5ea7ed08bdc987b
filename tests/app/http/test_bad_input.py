"""Invalid requests of all kinds: each gets a 4xx problem with a reason, quickly, and the service goes on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.preprocessing.pipeline import to_png
from tests.client import add_sample, check_problem, stranger
from tests.pictures import png_header
from tests.probe import least
from tests.server import ADMIN_KEY, Server

JSON = {"Content-Type": "application/json"}
BOUNDARY_X = "multipart/form-data; boundary=x"


def rows(value: object, side: int = 28) -> bytes:
    return json.dumps({"pixels": [[0] * side] * (side - 1) + [[value] * side]}).encode()


RAW = {
    "nothing": (b"", 400, "empty-body"),
    "text": (b"seven", 415, "unsupported-image"),
    "a cut png": (png_header(28, 28)[:30], 422, "corrupt-image"),
    "a bomb": (png_header(20_000, 20_000), 413, "image-too-large"),
    "one pixel": (png_header(1, 1), 422, "image-too-small"),
}
AS_JSON = {
    "no json": (b"{", 400, "malformed-json"),
    "a list": (b"[]", 422, "invalid-field"),
    "an unknown key": (b'{"image": "aaaa", "colour": 1}', 422, "invalid-field"),
    "neither": (b"{}", 422, "invalid-field"),
    "both": (b'{"image": "aaaa", "pixels": []}', 422, "invalid-field"),
    "no base64": (b'{"image": "!!!"}', 422, "invalid-field"),
    "base64 of nothing": (b'{"image": "data:image/png;base64,"}', 400, "empty-body"),
    "base64 of text": (b'{"image": "c2V2ZW4="}', 415, "unsupported-image"),
    "nan": (rows(1).replace(b"1", b"NaN"), 422, "invalid-field"),
    "256": (rows(256), 422, "invalid-field"),
    "minus one": (rows(-1), 422, "invalid-field"),
    "a fraction above 255": (rows(255.5), 422, "invalid-field"),
    "minus a fraction": (rows(-0.4242), 422, "invalid-field"),
    "null": (rows(None), 422, "invalid-field"),
    "a bool": (rows(True), 422, "invalid-field"),
    "a string": (rows("7"), 422, "invalid-field"),
    "30 by 30": (rows(9, 30), 422, "invalid-field"),
    "no ink": (rows(0), 422, "blank-image"),
    "deep": (b'{"pixels": ' + b"[" * 1_000, 400, "malformed-json"),
    "deeper": (b'{"pixels": ' + b"[" * 100_000, 422, "invalid-field"),
    "a list that is deep": (b"[" * 100_000, 422, "invalid-field"),
}


@pytest.mark.parametrize("name", RAW)
def test_a_bad_raw_body_is_a_problem(server: Server, name: str) -> None:
    data, status, slug = RAW[name]

    def seconds() -> float:
        response = server.client.post("/predict", content=data)
        check_problem(response, status, slug)
        return response.elapsed.total_seconds()

    assert least(seconds, 1) < 1


@pytest.mark.parametrize("name", AS_JSON)
def test_bad_json_is_a_problem(server: Server, name: str) -> None:
    data, status, slug = AS_JSON[name]
    check_problem(server.client.post("/predict", content=data, headers=JSON), status, slug)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"anything"),
        (BOUNDARY_X, b"anything"),
        (BOUNDARY_X, b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--x--\r\n'),
        (BOUNDARY_X, b'--x\r\nContent-Disposition: form-data; name="f"; filename="7"\r\n\r\ncut'),
        (BOUNDARY_X, b"--x--\r\n"),
    ],
)
def test_a_bad_form_is_a_problem(server: Server, content_type: str, body: bytes) -> None:
    response = server.client.post("/predict", content=body, headers={"Content-Type": content_type})
    check_problem(response, 400, "bad-request")


def test_a_batch_of_too_many_or_none_is_refused(server: Server) -> None:
    ask = server.client.post
    check_problem(ask("/predict/batch", json=[{"image": "aaaa"}] * 129), 413, "batch-too-large")
    for none in (ask("/predict/batch", json=[]), ask("/predict/batch", files={"file": (None, "7.png")})):
        assert "no images" in check_problem(none, 400, "bad-request")["detail"]


def test_a_batch_that_is_no_list_is_refused_as_a_whole(server: Server) -> None:
    check_problem(server.client.post("/predict/batch", content=b"[", headers=JSON), 400, "malformed-json")
    check_problem(server.client.post("/predict/batch", json={"image": "aaaa"}), 422, "invalid-field")


def test_other_methods_and_addresses_are_problems(server: Server) -> None:
    check_problem(server.client.get("/predict"), 405, "method-not-allowed")
    check_problem(server.client.get("/no/such/page"), 404, "not-found")
    check_problem(server.client.delete("/livez"), 405, "method-not-allowed")


@pytest.mark.parametrize("label", ["10", "-1", "7.0", "", "seven", "٧"])
def test_a_label_that_is_no_digit_is_refused(server: Server, seven: bytes, label: str) -> None:
    response = server.admin.post("/samples", files={"file": seven}, data={"label": label})
    check_problem(response, 422, "invalid-label")


def test_a_sample_needs_its_fields_and_no_others(server: Server, seven: bytes) -> None:
    def wrong_fields(files: dict, data: dict) -> list[str]:
        response = server.admin.post("/samples", files=files, data=data)
        return [error["field"] for error in check_problem(response, 422, "invalid-field")["errors"]]

    assert wrong_fields({"other": seven}, {"label": "7"}) == ["file"]
    assert wrong_fields({"file": seven}, {"label": "7", "size": "5", "colour": "red"}) == ["colour", "size"]
    check_problem(server.admin.post("/samples", files={"file": seven}), 422, "invalid-label")
    check_problem(server.admin.post("/samples", content=seven), 400, "bad-request")
    assert server.admin.get("/samples").json()["total"] == 0


def test_a_blank_sample_is_refused(server: Server) -> None:
    blank = to_png(np.full((28, 28), 255, np.uint8))
    check_problem(add_sample(server, blank), 422, "blank-image")


@pytest.mark.parametrize(
    "body",
    [
        {"epochs": 0},
        {"epochs": 10**9},
        {"epochs": "3"},
        {"learning_rate": -1},
        {"patience": -1},
        {"from": "elsewhere"},
        {"promote": "never"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_retrain_options_out_of_range_are_refused(server: Server, body: dict) -> None:
    check_problem(
        server.admin.post("/admin/retrain", json=body),
        422,
        "unknown-option" if "colour" in body else "option-out-of-range",
    )
    assert server.admin.get("/admin/jobs").json()["total"] == 0


@pytest.mark.parametrize("path", ["/samples?limit=0", "/samples?cursor=-1", "/admin/jobs?limit=x"])
def test_a_page_out_of_range_is_refused(server: Server, path: str) -> None:
    check_problem(server.admin.get(path), 422, "page-out-of-range")


def test_a_filter_by_no_digit_is_refused(server: Server) -> None:
    check_problem(server.admin.get("/samples?label=10"), 422, "invalid-label")


def test_what_is_not_there_is_said(server: Server) -> None:
    assert "64" in check_problem(server.admin.get("/samples/none"), 404, "sample-not-found")["detail"]
    unknown = check_problem(server.admin.get(f"/samples/{'0' * 64}"), 404, "sample-not-found")
    assert unknown["detail"].startswith("There is no sample 000")
    check_problem(server.admin.delete("/samples/none"), 404, "sample-not-found")
    check_problem(server.admin.get("/admin/jobs/none"), 404, "job-not-found")
    check_problem(server.admin.get("/admin/jobs/none/events"), 404, "job-not-found")
    check_problem(server.admin.post("/admin/jobs/none/cancel"), 404, "job-not-found")
    check_problem(server.admin.get("/admin/versions/99"), 404, "version-not-found")
    check_problem(server.admin.post("/admin/versions/99/activate"), 404, "version-not-found")


ADMIN_ROUTES = [
    ("GET", "/samples"), ("POST", "/samples"), ("GET", "/samples/x"), ("DELETE", "/samples/x"),
    ("GET", "/samples/x/image"), ("POST", "/admin/retrain"), ("GET", "/admin/jobs"), ("GET", "/admin/jobs/x"),
    ("GET", "/admin/jobs/x/events"), ("POST", "/admin/jobs/x/cancel"), ("GET", "/admin/versions"),
    ("GET", "/admin/versions/1"), ("POST", "/admin/versions/1/activate"), ("GET", "/admin/audit"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ADMIN_ROUTES)
@pytest.mark.parametrize("key", [None, "Bearer wrong", f"Basic {ADMIN_KEY}", "Bearer", f"Bearer {ADMIN_KEY}x"])
def test_admin_routes_are_closed_without_the_key(server: Server, method: str, path: str, key: str | None) -> None:
    response = server.client.request(method, path, headers=stranger(key))
    check_problem(response, 401, "key-required")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_problem_has_a_page_that_says_how_to_fix_it(server: Server) -> None:
    items = server.client.get("/problems").raise_for_status().json()["items"]
    assert {"/problems/blank-image", "/problems/job-running", "/problems/key-required"} <= {i["type"] for i in items}
    for item in items:
        page = server.client.get(item["type"]).raise_for_status().json()
        assert page == item and page["remedy"] and page["title"]
    check_problem(server.client.get("/problems/none"), 404, "not-found")
