"""Bodies made to be expensive: refused quickly, with constant memory, and without an effect on other requests."""

from __future__ import annotations

import gzip
from contextlib import ExitStack

import httpx
import pytest
from pydantic import TypeAdapter

from app.http.errors import MAX_FIELD_ERRORS, InvalidField, Problem
from app.schemas.json_body import MAX_NAMES, MAX_VALUES, is_small_json, validate
from app.schemas.predict import ImageRequest
from bench.servers import resident_megabytes
from tests.client import check_problem, connected
from tests.probe import least, watched
from tests.server import Server, wait_until

M = 1_000_000
JSON = "application/json"
BOUNDARY = "multipart/form-data; boundary=x"
URLENCODED = "application/x-www-form-urlencoded"
PART = b'--x\r\nContent-Disposition: form-data; name="f"; filename="7"\r\n\r\n\r\n'
PATHS = ("/predict", "/predict/batch", "/samples", "/admin/retrain")


def costly_bodies() -> dict[str, tuple[bytes, str]]:
    """Bodies with their content types by name: 300 MB in all, made only where they are sent."""
    return {
        "a list of ones, 1 MB": (b"[" + b"1," * (M // 2) + b"1]", JSON),
        "a list of ones, 5 MB": (b"[" + b"1," * (5 * M // 2) + b"1]", JSON),
        "empty lists, as many as a body may have": (b"[" + b"[]," * (9 * M) + b"[]]", JSON),
        "halves of characters": (b"\xff\xfe" + b"\x00\xd8" * (13 * M), "text/plain"),
        "a name of no text": (b"image=a&" + b"\xff" * (25 * M) + b"=b", URLENCODED),
        "a label of no text": (
            b'--x\r\nContent-Disposition: form-data; name="label"\r\n\r\n'
            + b"\xff" * (25 * M)
            + b"\r\n"
            + PART
            + b"--x--",
            BOUNDARY,
        ),
        "a row of a million": (b'{"pixels": [[' + b"1," * M + b"1]]}", JSON),
        "empty objects": (b"[" + b"{}," * M + b"{}]", JSON),
        "lists in lists": (b'{"pixels": ' + b"[" * (5 * M), JSON),
        "objects in objects": (b'{"a":' * M, JSON),
        "a million names": (b"{" + b",".join(b'"n%d":1' % n for n in range(M)) + b"}", JSON),
        "one name a million times": (b"{" + b'"image":"a",' * M + b'"label":7}', JSON),
        "a large exponent": (b'{"pixels": [[1e999999]], "label": 1e999999}', JSON),
        "an integer of a million digits": (b'{"pixels": [[' + b"9" * M + b']], "label": ' + b"9" * M + b"}", JSON),
        "a fraction of a million digits": (b'{"pixels": [[0.' + b"9" * M + b"]]}", JSON),
        "a long string": (b'{"image": "' + b"!" * (20 * M) + b'", "label": 7}', JSON),
        "base64 in lines of one": (b'{"image": "' + b"A\\n" * (7 * M) + b'", "label": 7}', JSON),
        "base64 of escapes": (b"data:," + b"%41" * (7 * M), "text/plain"),
        "a form of escapes": (b"image=" + b"%41" * (7 * M), URLENCODED),
        "a form of separators": (b"a=b" + b"&" * (20 * M), URLENCODED),
        "a form of many parts": (PART * 200_000 + b"--x--", BOUNDARY),
        "a form of one large part": (PART[:-2] + b"\r\n" * (10 * M) + b"\r\n--x--", BOUNDARY),
        "a form of headers": (b"--x\r\n" + b"a: b\r\n" * (3 * M) + b"\r\n--x--", BOUNDARY),
        "a form of spaces": (b"--x" + b" " * (20 * M), BOUNDARY),
    }


def slowest_of_others(server: Server, bodies: dict[str, tuple[bytes, str]]) -> float:
    """Seconds of the slowest other request, while all the expensive bodies were refused."""
    with watched(server.url) as slowest:
        for path in PATHS:
            for name, (body, content_type) in bodies.items():
                response = server.admin.post(path, content=body, headers={"Content-Type": content_type})
                assert response.status_code < 500 and "/problems/" in response.text, (path, name)
                assert len(response.content) < 3000, (path, name)
                assert response.elapsed.total_seconds() < 10, (path, name)
    return slowest[0]


def test_costly_bodies_are_refused_soon_with_memory_flat_and_others_undisturbed(start_server) -> None:
    server, bodies = start_server(), costly_bodies()
    server.admin.post("/predict", content=bytes(20 * M))  # memory that a large body takes once
    before = resident_megabytes(server.process.pid)
    assert least(lambda: slowest_of_others(server, bodies), 1) < 1  # seconds; a list parsed on the loop took 2
    assert resident_megabytes(server.process.pid) - before < 60  # nothing is kept of any body


def problem_of(body: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        validate(TypeAdapter(ImageRequest), body)
    return caught.value


def test_only_the_first_errors_are_told() -> None:
    body = b"{" + b",".join(b'"n%d":1' % n for n in range(MAX_NAMES)) + b"}"
    problem = problem_of(body)
    assert isinstance(problem, InvalidField)
    assert len(problem.extra["errors"]) == MAX_FIELD_ERRORS == 10
    assert problem.extra["errors"][0] == {"field": "n0", "message": "there is no such field"}


def test_one_name_or_value_more_than_a_picture_has_is_refused_unread() -> None:
    def listed(count: int) -> bytes:
        return b"[" + b",".join([b"1"] * count) + b"]"

    assert is_small_json(listed(MAX_VALUES)) and not is_small_json(listed(MAX_VALUES + 1))
    assert is_small_json(listed(MAX_VALUES * 2), 2) and not is_small_json(listed(MAX_VALUES * 2 + 1), 2)
    assert is_small_json(b'"a":' * MAX_NAMES) and not is_small_json(b'"a":' * (MAX_NAMES + 1))
    assert "more than" in problem_of(listed(MAX_VALUES + 1)).detail


def test_what_no_picture_has_is_found_wherever_it_stands() -> None:
    """The body is scanned in steps, and each of them counts, the last one, too."""
    assert not is_small_json(b" " * 300_000 + b"[" * (MAX_VALUES + 1))
    assert not is_small_json(b" " * 65_500 + b":" * (MAX_NAMES + 1))


def test_bodies_beyond_what_may_be_held_at_once_are_asked_to_wait(start_server, seven: bytes) -> None:
    server = start_server(NUMERAL_MAX_BODIES_BYTES=str(10 * M))
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (5 * M)

    def ask(body: bytes, **headers: str) -> httpx.Response:
        return server.client.post("/predict", content=body, headers=headers)

    with ExitStack() as stack:
        for _ in range(2):
            connection = stack.enter_context(connected(server))
            connection.sendall(head + bytes(4 * M))
        refused = wait_until(lambda: (answer := ask(bytes(4 * M))).status_code == 503 and answer)
        check_problem(refused, 503, "overloaded")
        assert ask(seven).json()["digit"] == 7  # a small one is not counted
    check_problem(
        wait_until(lambda: (answer := ask(bytes(4 * M))).status_code != 503 and answer), 415, "unsupported-image"
    )
    packed = gzip.compress(bytes(12 * M))
    check_problem(ask(packed, **{"Content-Encoding": "gzip"}), 503, "overloaded")
    check_problem(ask(bytes(9 * M)), 415, "unsupported-image")
