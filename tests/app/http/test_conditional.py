"""Conditional requests, entity tags and compression, as RFC 9110 says; and predictions, which have neither."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator

import pytest

from app.http.conditional import LEAST_BYTES, accepts_gzip, matches
from tests.client import add_sample, check_problem, connected, received
from tests.pictures import zipped
from tests.server import Server

PLAIN = {"Accept-Encoding": "identity"}
PACKED = {"Accept-Encoding": "gzip"}
CACHEABLE = (
    "/openapi.json",
    "/docs",
    "/static/docs.js",
    "/static/swagger-ui.css",
    "/problems",
    "/problems/blank-image",
)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, seven: bytes) -> Iterator[Server]:
    """A server with one sample."""
    server = Server(tmp_path_factory.mktemp("taught"))
    assert add_sample(server, seven).status_code == 201
    yield server
    server.close()


@pytest.fixture(scope="module")
def addresses(taught: Server) -> list[str]:
    """Everything that may be asked for twice."""
    (sample,) = taught.admin.get("/samples").json()["items"]
    of_sample = [f"/samples/{sample['id']}", f"/samples/{sample['id']}/image"]
    return [*CACHEABLE, "/samples", *of_sample, "/admin/versions", "/admin/versions/1", "/admin/jobs", "/admin/audit"]


def test_what_a_client_has_already_is_not_sent_again(taught: Server, addresses: list[str]) -> None:
    for path in addresses:
        first = taught.admin.get(path)
        tag = first.headers["ETag"]
        assert first.status_code == 200 and tag.startswith('W/"') and first.headers["Cache-Control"] == "no-cache", path
        for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
            again = taught.admin.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b""), (path, known)
            assert again.headers["ETag"] == tag and again.headers["Cache-Control"] == "no-cache"
            assert "Content-Type" not in again.headers and again.headers["X-Request-ID"]
            assert again.headers["Vary"] == "Accept-Encoding"
        assert taught.admin.get(path, headers={"If-None-Match": 'W/"other"'}).content == first.content


def test_head_is_get_without_the_body_with_conditions_too(taught: Server, addresses: list[str]) -> None:
    for path in addresses:
        for headers in (PLAIN, PACKED):
            got, head = taught.admin.get(path, headers=headers), taught.admin.head(path, headers=headers)
            assert head.content == b"" and head.headers["ETag"] == got.headers["ETag"], path
            for name in ("Content-Length", "Content-Type", "Content-Encoding", "Vary"):
                assert head.headers.get(name) == got.headers.get(name), (path, name)
        known = {"If-None-Match": taught.admin.get(path).headers["ETag"]}
        assert taught.admin.head(path, headers=known).status_code == 304


def test_a_change_changes_the_tag(taught: Server, seven: bytes) -> None:
    known = {"If-None-Match": taught.admin.get("/samples").headers["ETag"]}
    sample = taught.admin.get("/samples").json()["items"][0]["id"]
    assert taught.admin.get("/samples", headers=known).status_code == 304
    assert add_sample(taught, seven, label=1).status_code == 200
    changed = taught.admin.get("/samples", headers=known)
    assert changed.status_code == 200 and changed.json()["items"][0] == taught.admin.get(f"/samples/{sample}").json()
    add_sample(taught, seven, label=7)


def test_what_holds_for_a_moment_or_is_an_error_has_no_tag(taught: Server) -> None:
    for path in ("/readyz", "/healthz", "/v2/health/ready", "/v2/models/digits/ready"):
        answer = taught.client.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code == 200 and "ETag" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
    for path in ("/nowhere", "/samples"):
        refused = taught.client.get(path, headers={"If-None-Match": "*"})
        assert refused.status_code in (404, 401) and "ETag" not in refused.headers


def test_a_condition_that_no_weak_tag_can_meet_is_refused_before_anything_is_done(taught: Server) -> None:
    sample = taught.admin.get("/samples").json()["items"][0]["id"]
    tag = taught.admin.get(f"/samples/{sample}").headers["ETag"]
    for method in ("GET", "DELETE"):
        refused = taught.admin.request(method, f"/samples/{sample}", headers={"If-Match": tag})
        check_problem(refused, 412, "precondition-failed")
    assert taught.admin.get(f"/samples/{sample}", headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/static/swagger-ui.css", "/static/swagger-ui-bundle.js", "/problems"]
)
def test_what_is_large_is_compressed_for_those_who_take_it(taught: Server, path: str) -> None:
    plain = taught.client.get(path, headers=PLAIN)
    assert "Content-Encoding" not in plain.headers and len(plain.content) >= LEAST_BYTES
    assert plain.headers["Vary"] == "Accept-Encoding"
    with taught.client.stream("GET", path, headers=PACKED) as packed:
        assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["Vary"] == "Accept-Encoding"
        raw = b"".join(packed.iter_raw())
    assert gzip.decompress(raw) == plain.content and len(raw) < len(plain.content) / 2
    assert packed.headers["ETag"] == plain.headers["ETag"]


def test_what_is_small_or_packed_already_is_sent_as_it_is(taught: Server, seven: bytes) -> None:
    (sample,) = taught.admin.get("/samples").json()["items"]
    picture = taught.admin.get(f"/samples/{sample['id']}/image", headers=PACKED)
    assert "Content-Encoding" not in picture.headers and picture.content == seven
    exported = taught.admin.get("/samples/export", headers=PACKED)
    assert "Content-Encoding" not in exported.headers and exported.content[:2] == b"PK"
    assert "Content-Encoding" not in taught.client.get("/problems/blank-image", headers=PACKED).headers


def test_a_report_about_many_files_is_compressed_too(taught: Server, seven: bytes) -> None:
    archive = zipped({f"none/{number}.txt": b"no picture" for number in range(40)} | {"7/a.png": seven})
    answer = taught.admin.post("/samples/import", content=archive, headers=PACKED)
    assert answer.headers["Content-Encoding"] == "gzip" and answer.json()["total"] == 41
    assert "ETag" not in answer.headers


def test_events_are_not_held_back_by_compression(start_server: Callable[..., Server]) -> None:
    server = start_server()
    job = server.admin.post("/admin/retrain", json={"epochs": 1}).headers["Location"]
    with server.admin.stream("GET", f"{job}/events", headers=PACKED) as answer:
        assert "Content-Encoding" not in answer.headers and "ETag" not in answer.headers
        assert any(line.startswith("data:") for line in answer.iter_lines())
    server.admin.post(f"{job}/cancel")
    server.finished_job(job)


def test_a_prediction_is_neither_tagged_nor_compressed_nor_conditional(taught: Server, seven: bytes) -> None:
    headers = {**PACKED, "If-None-Match": "*"}
    answer = taught.client.post("/predict?seen=true", content=seven, headers=headers)
    assert answer.status_code == 200 and not {"etag", "content-encoding", "vary"} & set(answer.headers)


def test_part_of_a_file_is_sent_as_it_is(taught: Server) -> None:
    whole = taught.client.get("/static/docs.js", headers=PLAIN).content
    part = taught.client.get("/static/docs.js", headers={**PACKED, "Range": "bytes=0-9"})
    assert part.status_code == 206 and part.content == whole[:10] and "Content-Encoding" not in part.headers


@pytest.mark.parametrize(
    ("accepted", "is_taken"),
    [
        ("", False), ("gzip", True), ("GZIP", True), ("br, gzip;q=0.5", True), ("*", True), ("x-gzip", True),
        ("gzip;q=0", False), ("gzip; q=0.0", False), ("*;q=0", False), ("gzip;q=0, *", False), ("*, gzip;q=0", False),
        ("identity", False), ("br", False), ("gzipped", False), ("gzip;q=much", False), (",;=,", False),
    ],
)  # fmt: skip
def test_gzip_is_taken_by_its_name_or_a_star_with_a_weight(accepted: str, is_taken: bool) -> None:
    assert accepts_gzip(accepted) == is_taken


@pytest.mark.parametrize(
    ("known", "is_known"),
    [('"a"', True), ('W/"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("a", False), ("", False)],
)
def test_tags_are_compared_weakly(known: str, is_known: bool) -> None:
    assert matches(known, 'W/"a"') == is_known


def test_every_address_names_its_methods_and_refuses_others(taught: Server, addresses: list[str]) -> None:
    for path in (*addresses, "/predict", "/predict/batch", "/read", "/read/batch", "/samples/import", "/livez", "/"):
        options = taught.admin.options(path)
        assert options.status_code == 204 and options.content == b"", path
        methods = options.headers["Allow"].split(", ")
        assert "OPTIONS" in methods and ("HEAD" in methods) == ("GET" in methods)
        for method in {"GET", "PUT", "PATCH", "TRACE", "PROPFIND"} - set(methods):
            refused = taught.admin.request(method, path)
            check_problem(refused, 405, "method-not-allowed")
            assert refused.headers["Allow"] == options.headers["Allow"], (method, path)
    assert taught.admin.options("/nowhere").status_code == 404


def test_options_for_the_service_as_a_whole_is_answered(taught: Server) -> None:
    with connected(taught) as connection:
        connection.sendall(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = received(connection).lower()
    assert answer.startswith(b"http/1.1 204") and b"allow: get, head, post, put, delete, options\r\n" in answer


def test_the_problem_types_say_where_they_are_and_are_json(taught: Server) -> None:
    listed = taught.client.get("/problems").json()["items"]
    assert "/problems/precondition-failed" in {each["type"] for each in listed}
    for each in listed:
        assert json.loads(taught.client.get(each["type"]).content) == each
