"""`POST /read` in its three forms, and in batches."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from app.inference import number_reader
from app.inference.predictor import Predictor
from app.routes import read as routes
from model.classifier import Classifier
from model.numbers.reader import MAX_DIGITS
from model.preprocessing.pipeline import read_digit, to_png
from tests.asgi import answer_of, whole
from tests.client import check_problem
from tests.faults import poisoned
from tests.number_pages import number_page
from tests.pictures import encoded, turned
from tests.server import Server

LINES = ("2504", "17 388")
PAGE = number_page(*LINES)
FILE = to_png(PAGE)
BLANK = to_png(np.full((200, 300), 240, np.uint8))


def post(server: Server, data: bytes, query: str = "", **headers: str) -> httpx.Response:
    return server.client.post(f"/read{query}", content=data, headers=headers)


def without_id(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name != "request_id"}


def test_the_numbers_of_a_page_are_read_in_order(server: Server) -> None:
    response = post(server, FILE)
    answer = response.raise_for_status().json()
    assert answer["text"] == "\n".join(LINES)
    assert [number["text"] for number in answer["numbers"]] == ["2504", "17", "388"]
    assert answer["model_version"] == "1" and answer["request_id"] == response.headers["X-Request-ID"]
    for number in answer["numbers"]:
        assert number["accepted"] is True and "reason" not in number and 0.9 < number["confidence"] <= 1
        assert "".join(str(digit["digit"]) for digit in number["digits"]) == number["text"]
        assert all(0 < digit["confidence"] <= 1 and "seen" not in digit for digit in number["digits"])
        assert all(other["text"] != number["text"] for other in number["alternatives"])
        assert sum(other["confidence"] for other in number["alternatives"]) + number["confidence"] <= 1 + 1e-6


def test_all_forms_give_the_same_answer(server: Server) -> None:
    text = base64.b64encode(FILE).decode()
    answers = [
        post(server, FILE),
        post(server, FILE, **{"Content-Type": "image/jpeg"}),  # lies, and is not trusted
        post(server, text.encode()),
        server.client.put("/read", content=FILE),
        server.client.post("/read/", content=FILE),
        server.client.post("/read", files={"anything": ("page.png", FILE)}),
        server.client.post("/read", data={"image": text}),
        server.client.post("/read", json={"image": text}),
        server.client.post("/read", json={"image": f"data:image/png;base64,{text}"}),
    ]
    told = [without_id(answer.raise_for_status().json()) for answer in answers]
    assert all(each == told[0] for each in told)


def test_pixels_are_a_page_of_white_ink_on_black(server: Server, seven: bytes) -> None:
    pixels = read_digit(seven).pixels
    for rows in (pixels.tolist(), pixels[2:30, 2:30].tolist(), (pixels / 255).reshape(-1).tolist()):
        answer = server.client.post("/read", json={"pixels": rows}).raise_for_status().json()
        assert answer["text"] == "7"
    form = server.client.post("/read", data={"pixels": str(pixels.tolist())}).raise_for_status().json()
    assert form["text"] == "7"


def test_boxes_lie_in_the_picture_as_it_was_sent(server: Server) -> None:
    upright = Image.fromarray(number_page("47"))
    (straight,) = post(server, encoded(upright)).json()["numbers"]
    (lying,) = post(server, turned(upright)).json()["numbers"]
    ink = np.asarray(upright) < 128
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    expected = [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1]
    assert straight["box"] == pytest.approx(expected, abs=5)
    first, second = straight["digits"]
    assert first["box"][0] + first["box"][2] <= second["box"][0] + 2
    for one, other in ((straight, lying), *zip(straight["digits"], lying["digits"], strict=True)):
        x, y, width, height = one["box"]
        assert other["box"] == pytest.approx([y, upright.width - x - width, height, width], abs=4)


def test_seen_shows_what_the_model_was_given_of_each_digit(server: Server) -> None:
    (number,) = post(server, to_png(number_page("17")), "?seen=true").json()["numbers"]
    for digit in number["digits"]:
        picture = Image.open(io.BytesIO(base64.b64decode(digit["seen"].removeprefix("data:image/png;base64,"))))
        pixels = np.asarray(picture)
        assert pixels.shape == (32, 32)
        answer = server.client.post("/predict", json={"pixels": pixels.tolist()}).json()
        assert answer["digit"] == digit["digit"]


@pytest.mark.parametrize(("length", "reason"), [(3, "wrong-length"), (4, None), (5, "wrong-length")])
def test_a_number_of_another_length_than_told_is_read_and_not_accepted(
    server: Server, length: int, reason: str | None
) -> None:
    (number,) = post(server, to_png(number_page("2504")), f"?digits={length}").raise_for_status().json()["numbers"]
    assert (number["text"], number["accepted"], number.get("reason")) == ("2504", reason is None, reason)
    assert len(number["digits"]) == 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("0", "must be 1 or more"),
        ("99", f"must be {MAX_DIGITS} or less"),
        ("9" * 5000, f"must be {MAX_DIGITS} or less"),
        *((word, f"must be a whole number from 1 to {MAX_DIGITS}") for word in ("x", "", "-1", "1.5", "²")),
    ],
    ids=lambda value: value[:12],
)
@pytest.mark.parametrize("path", ["/read", "/read/batch"])
def test_a_length_that_no_number_has_is_told_in_its_own_words(
    server: Server, path: str, given: str, message: str
) -> None:
    answer = server.client.post(path, params={"digits": given}, files={"file": FILE})
    assert check_problem(answer, 422, "invalid-field")["errors"] == [{"field": "digits", "message": message}]


@pytest.mark.parametrize("path", ["/read", "/read/batch"])
def test_what_is_no_truth_value_is_refused(server: Server, path: str) -> None:
    answer = server.client.post(f"{path}?seen=banana", files={"file": FILE})
    errors = check_problem(answer, 422, "invalid-field")["errors"]
    assert errors == [{"field": "seen", "message": "must be true or false"}]


def test_a_page_without_ink_is_a_problem(server: Server) -> None:
    check_problem(post(server, BLANK), 422, "blank-image")
    check_problem(server.client.post("/read", json={"pixels": [[0] * 28] * 28}), 422, "blank-image")


@pytest.mark.parametrize(
    "body",
    [
        {"content": b""},
        {"content": b"no image"},
        {"content": FILE[:200]},
        {"content": to_png(np.zeros((7, 7), np.uint8))},
        {"json": {}},
        {"json": {"image": "@@@@"}},
        {"json": {"pixels": [[0] * 28] * 5}},
        {"json": {"picture": "aaaa"}},
        {"content": b'{"image": '},
        {"data": {"name": "x"}},
        {"content": FILE, "headers": {"Content-Encoding": "br"}},
        {"content": FILE, "headers": {"Content-Encoding": "gzip"}},
    ],
    ids=str,
)
def test_a_wrong_body_has_the_problem_that_it_has_at_predict(server: Server, body: dict[str, Any]) -> None:
    told, expected = (server.client.post(path, **body) for path in ("/read", "/predict"))
    assert told.status_code == expected.status_code >= 400
    assert without_id(told.json()) == without_id(expected.json())


def test_an_error_names_the_route_that_would_take_the_body(server: Server) -> None:
    assert "goes to /read/batch" in server.client.post("/read", json=[]).json()["detail"]
    assert "goes to /read." in server.client.post("/read/batch", json={}).json()["detail"]
    assert "goes to /read." in server.client.post("/read/batch", content=FILE).json()["detail"]
    two = [("a", ("a.png", FILE)), ("b", ("b.png", FILE))]
    assert "use /read/batch" in server.client.post("/read", files=two).json()["detail"]


@pytest.mark.parametrize("path", ["/read", "/read/batch"])
def test_other_methods_are_refused_as_those_of_predict_are(server: Server, path: str) -> None:
    answer = server.client.get(path)
    check_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "POST, PUT, OPTIONS" == server.client.options(path).headers["Allow"]


def test_predict_keys_close_it_to_others(start_server) -> None:
    closed = start_server(NUMERAL_PREDICT_KEYS="first-key,second-key")
    for path in ("/read", "/read/batch"):
        assert closed.client.post(path, files={"file": FILE}).status_code == 401
        for key, status in (("wrong", 401), ("second-key", 200)):
            headers = {"Authorization": f"Bearer {key}"}
            assert closed.client.post(path, files={"file": FILE}, headers=headers).status_code == status


def test_the_limits_are_those_of_predict(start_server) -> None:
    small = start_server(NUMERAL_MAX_IMAGE_BYTES="1024", NUMERAL_MAX_BATCH="2")
    check_problem(small.client.post("/read", content=bytes(100_000)), 413, "body-too-large")
    check_problem(small.client.post("/read", content=b"\x89PNG" + bytes(2000)), 413, "image-too-large")
    check_problem(small.client.post("/read/batch", json=[{"image": "aaaa"}] * 3), 413, "batch-too-large")
    check_problem(small.client.post("/read/batch", json=[]), 400, "bad-request")


def test_a_batch_answers_each_image_in_order_with_numbers_or_a_problem(server: Server) -> None:
    pages = [to_png(number_page("47")), b"no image", BLANK, FILE, FILE[:200]]
    files = [("file", (f"{number}.png", page)) for number, page in enumerate(pages)]
    response = server.client.post("/read/batch?seen=true", files=files)
    answer = response.raise_for_status().json()
    assert answer["total"] == 5 and {item["request_id"] for item in answer["items"]} == {
        response.headers["X-Request-ID"]
    }
    first, unread, blank, second, cut = answer["items"]
    assert (first["text"], second["text"]) == ("47", "\n".join(LINES))
    assert all("seen" in digit for item in (first, second) for number in item["numbers"] for digit in number["digits"])
    kinds = [item["type"] for item in (unread, blank, cut)]
    assert kinds == ["/problems/unsupported-image", "/problems/blank-image", "/problems/corrupt-image"]


def test_a_batch_answers_each_item_of_json_as_it_is_alone(server: Server) -> None:
    good = {"image": base64.b64encode(FILE).decode()}
    wrong = [{"image": "@@@@"}, {"pixels": [[0] * 28] * 5}, {"picture": "aaaa"}, {}, 5]
    items = server.client.post("/read/batch", json=[good, *wrong, good]).raise_for_status().json()["items"]
    for item, told in zip([good, *wrong, good], items, strict=True):
        assert without_id(told) == without_id(server.client.post("/read", json=item).json())
    assert all(item["errors"] for item in items[1:-1])


@pytest.fixture
def reader(predictor: Predictor, classifier: Classifier) -> Predictor:
    """A predictor with the shipped version."""
    predictor.model.classifier = classifier
    return predictor


def batch_of(*files: bytes) -> bytes:
    """The body of a request for a batch."""
    return b"[" + b",".join(b'{"image":"%b"}' % base64.b64encode(file) for file in files) + b"]"


@pytest.mark.parametrize(("path", "body"), [("/read", FILE), ("/read/batch", batch_of(FILE, FILE))])
def test_a_page_is_taken_apart_and_read_off_the_event_loop(
    reader: Predictor, path: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: dict[str, str] = {}

    def noting(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def noted(*arguments: object, **named: object) -> object:
            places[name] = threading.current_thread().name[:5]
            return function(*arguments, **named)

        return noted

    parse = "one_picture" if path == "/read" else "many_pictures"
    for module, name in ((routes, parse), (number_reader, "decode_page")):
        monkeypatch.setattr(module, name, noting(name, getattr(module, name)))
    assert asyncio.run(answer_of(reader, path, whole(body)))[0]["status"] == 200
    assert places == {parse: "large", "decode_page": "large"}


@pytest.mark.parametrize(("path", "body"), [("/read", FILE), ("/read/batch", batch_of(FILE))])
def test_a_page_is_refused_while_too_much_large_work_waits(reader: Predictor, path: str, body: bytes) -> None:
    reader.large_in_flight = reader.settings.max_large_in_flight
    start, sent = asyncio.run(answer_of(reader, path, whole(body)))
    assert start["status"] == 503 and json.loads(sent["body"])["type"] == "/problems/overloaded"
    assert reader.large_in_flight == reader.settings.max_large_in_flight and reader.in_flight == 0


def test_our_own_bug_in_one_page_is_that_pages_alone(reader: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    poison = to_png(number_page("1"))
    buggy = poisoned(number_reader.decode_page, lambda data, *_: data == poison)
    monkeypatch.setattr(number_reader, "decode_page", buggy)
    _, sent = asyncio.run(answer_of(reader, "/read/batch", whole(batch_of(FILE, poison, FILE))))
    first, faulty, last = json.loads(sent["body"])["items"]
    assert faulty["type"] == "/problems/internal-error" and first["text"] == last["text"] == "\n".join(LINES)
