"""`POST /samples` with the text of a number: each of its digits becomes a sample, all of them or none."""

from __future__ import annotations

import asyncio
import base64
import io
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI, Request
from PIL import Image

from app.database.database import Database
from app.http.errors import NotReady, Overloaded
from app.inference import number_reader
from app.inference.predictor import Predictor
from app.routes.samples import add_number
from app.schemas import examples
from app.schemas.samples import MAX_TEXT
from model.classifier import Classifier
from model.preprocessing.pipeline import to_png
from tests.client import add_sample, check_problem
from tests.faults import poisoned
from tests.number_pages import number_page
from tests.pictures import encoded, turned
from tests.server import Server

TEXT = "2504"
PAGE = number_page(TEXT)
FILE = to_png(PAGE)
BLANK = to_png(np.full((200, 300), 240, np.uint8))


def teach(server: Server, image: bytes, text: str) -> httpx.Response:
    """Post a picture and its text in a form."""
    return server.admin.post("/samples", files={"file": ("x.png", image)}, data={"text": text})


def as_json(image: bytes, **members: Any) -> dict[str, Any]:
    """The picture in JSON, with further members."""
    return {"image": base64.b64encode(image).decode(), **members}


def outcomes(answer: httpx.Response) -> list[tuple[int, str]]:
    """Label and outcome of each digit."""
    return [(item["label"], item["outcome"]) for item in answer.raise_for_status().json()["items"]]


def total(server: Server) -> int:
    """How many samples are stored."""
    count: int = server.admin.get("/samples").json()["total"]
    return count


def test_a_number_is_taught_digit_by_digit(own: Server) -> None:
    answer = teach(own, FILE, TEXT)
    taught = answer.json()
    assert answer.status_code == 201 and taught["text"] == TEXT and 0.9 < taught["confidence"] <= 1
    assert outcomes(answer) == [(int(digit), "created") for digit in TEXT] and taught["total"] == len(TEXT)
    listed = own.admin.get("/samples").json()["items"]
    assert [{**item, "outcome": "created"} for item in listed] == taught["items"]
    assert not any(item["suspect"] for item in listed)
    for item in listed:
        assert own.admin.get(f"/samples/{item['id']}").json() == item


def test_each_sample_is_what_the_model_saw_of_a_digit_and_where_it_lay(own: Server) -> None:
    items = teach(own, FILE, TEXT).json()["items"]
    (number,) = own.client.post("/read?seen=true", content=FILE).json()["numbers"]
    assert [item["box"] for item in items] == [digit["box"] for digit in number["digits"]]
    for item, digit in zip(items, number["digits"], strict=True):
        seen = own.admin.get(f"/samples/{item['id']}/image").content
        assert base64.b64encode(seen).decode() == digit["seen"].partition(",")[2]
        x, y, width, height = item["box"]
        assert (PAGE[y : y + height, x : x + width] < 100).any()
        assert x >= 0 and y >= 0 and x + width <= PAGE.shape[1] and y + height <= PAGE.shape[0]
    lefts = [item["box"][0] for item in items]
    assert lefts == sorted(set(lefts))


def test_boxes_lie_in_the_picture_as_it_was_sent(own: Server) -> None:
    upright = Image.fromarray(number_page("47"))
    straight = teach(own, encoded(upright), "47").json()["items"]
    for one, other in zip(straight, teach(own, turned(upright), "47").json()["items"], strict=True):
        x, y, width, height = one["box"]
        assert other["box"] == pytest.approx([y, upright.width - x - width, height, width], abs=4)


def test_the_same_number_again_creates_nothing(own: Server) -> None:
    first = teach(own, FILE, TEXT).json()
    for text in (TEXT, " 25\r\n0\t4\n", "2\u00a0504"):
        again = teach(own, FILE, text)
        assert again.status_code == 200 and {outcome for _, outcome in outcomes(again)} == {"unchanged"}
        assert again.json()["text"] == TEXT
        assert [item["id"] for item in again.json()["items"]] == [item["id"] for item in first["items"]]
    assert total(own) == len(TEXT)


def test_another_text_corrects_the_digits_that_differ(own: Server) -> None:
    first = teach(own, FILE, "2507").json()
    assert [item["suspect"] for item in first["items"]] == [False, False, False, True]
    corrected = teach(own, FILE, TEXT)
    assert corrected.status_code == 200
    assert outcomes(corrected) == [(2, "unchanged"), (5, "unchanged"), (0, "unchanged"), (4, "corrected")]
    assert [item["label"] for item in own.admin.get("/samples").json()["items"]] == [2, 5, 0, 4]
    records = own.admin.get("/admin/audit").json()["items"]
    assert [record["action"] for record in records] == ["sample-corrected"] + 4 * ["sample-added"]
    assert records[0]["subject"] == first["items"][-1]["id"]


def test_several_numbers_are_taught_in_reading_order(own: Server) -> None:
    lines = ("12 34", "56")
    items = teach(own, to_png(number_page(*lines)), "\n".join(lines)).raise_for_status().json()["items"]
    assert [item["label"] for item in items] == [1, 2, 3, 4, 5, 6]
    places = [(item["box"][1] // 100, item["box"][0]) for item in items]
    assert places == sorted(places)


def test_one_digit_is_a_number_too(own: Server, seven: bytes) -> None:
    assert outcomes(teach(own, seven, "7")) == [(7, "created")]
    assert add_sample(own, seven).json()["outcome"] == "created"  # another image: the picture, not what was seen of it


def test_digits_that_look_the_same_are_one_sample(own: Server) -> None:
    twice = to_png(number_page(TEXT, TEXT))
    refused = check_problem(teach(own, twice, "2504 2507"), 422, "text-not-aligned")
    assert refused["detail"] == "The text calls the same ink 4 and 7." and total(own) == 0
    answer = teach(own, twice, f"{TEXT} {TEXT}")
    expected = [(int(digit), outcome) for outcome in ("created", "unchanged") for digit in TEXT]
    assert outcomes(answer) == expected and answer.status_code == 201
    first, second = answer.json()["items"][0], answer.json()["items"][len(TEXT)]
    assert first["id"] == second["id"] and first["box"][1] + 100 < second["box"][1]


def test_a_text_comes_in_the_forms_in_which_a_label_comes(own: Server) -> None:
    first = teach(own, FILE, TEXT).json()
    answers = [
        own.admin.post("/samples", json=as_json(FILE, text=TEXT)),
        own.admin.post("/samples", json=as_json(FILE, text=TEXT, label=None)),
        own.admin.post("/samples", data=as_json(FILE, text=TEXT)),
        own.admin.post("/samples", files={"image": (None, as_json(FILE)["image"]), "text": (None, TEXT)}),
    ]
    for answer in answers:
        assert answer.status_code == 200 and answer.json()["text"] == TEXT
        assert [item["id"] for item in answer.json()["items"]] == [item["id"] for item in first["items"]]
    pixels = own.admin.post("/samples", json={"pixels": examples.PIXELS, "text": "7"})
    assert outcomes(pixels) == [(7, "created")]


@pytest.mark.parametrize("text", ["250", "25044", "2", "25042504", "1" * MAX_TEXT], ids=lambda text: text[:9])
def test_a_text_that_does_not_fit_the_picture_is_refused_and_nothing_is_stored(own: Server, text: str) -> None:
    problem = check_problem(teach(own, FILE, text), 422, "text-not-aligned")
    assert f"{len(text)} digit" in problem["detail"] and total(own) == 0
    assert "reading order" in own.client.get(problem["type"]).json()["remedy"]


def test_a_picture_with_no_number_is_refused(own: Server) -> None:
    check_problem(teach(own, BLANK, "12"), 422, "blank-image")
    check_problem(teach(own, b"no image", "12"), 415, "unsupported-image")
    noise = np.random.default_rng(0).integers(0, 256, (800, 800), np.uint8)
    check_problem(teach(own, to_png(noise), "12"), 422, "crowded-page")
    assert total(own) == 0


DIGITS_ONLY = "must be the digits 0 to 9 that the picture shows, with nothing but blanks and line breaks"
TOO_LONG = f"must have at most {MAX_TEXT:,} characters"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((text, DIGITS_ONLY) for text in ("", " \n", "25o4", "25.04", "-2504", "２５０４", "٢٥٠٤", "²", "2504\0")),
        *((text, TOO_LONG) for text in ("2504" + " " * (MAX_TEXT - 3), "2" * 3_000_000, "٢" * (MAX_TEXT + 1))),
    ],
    ids=lambda value: repr(value[:9]),
)
def test_what_is_no_text_of_digits_is_refused(server: Server, text: str, message: str) -> None:
    for answer in (teach(server, FILE, text), server.admin.post("/samples", json=as_json(FILE, text=text))):
        problem = check_problem(answer, 422, "invalid-field")
        assert problem["errors"] == [{"field": "text", "message": message}]


def test_either_a_label_or_a_text_is_needed(server: Server) -> None:
    file = {"file": FILE}
    for answer in (
        server.admin.post("/samples", files=file, data={"label": "2", "text": TEXT}),
        server.admin.post("/samples", json=as_json(FILE, label=2, text=TEXT)),
    ):
        problem = check_problem(answer, 422, "invalid-field")
        assert problem["errors"] == [{"field": "text", "message": "send either this or `label`"}]
    for answer in (
        server.admin.post("/samples", files=file),
        server.admin.post("/samples", json=as_json(FILE)),
        server.admin.post("/samples", json=as_json(FILE, label=None, text=None)),
    ):
        detail = check_problem(answer, 422, "invalid-label")["detail"]
        assert detail == "Send `label`, the digit that the image shows, or `text`, all digits of a number."
    twice = [("file", FILE), ("text", (None, "25")), ("text", (None, "04"))]
    problem = check_problem(server.admin.post("/samples", files=twice), 422, "invalid-field")
    assert problem["errors"] == [{"field": "text", "message": "stands more than once"}]
    assert total(server) == 0


def test_of_many_who_teach_the_same_number_at_once_one_creates_it(own: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: teach(own, FILE, TEXT), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert total(own) == len(TEXT)


def test_a_digit_of_a_number_comes_back_from_an_export(own: Server) -> None:
    items = teach(own, FILE, TEXT).json()["items"]
    exported = own.admin.get("/samples/export").raise_for_status().content
    with zipfile.ZipFile(io.BytesIO(exported)) as packed:
        assert packed.namelist() == [f"{item['label']}/{item['id']}.pixels.png" for item in items]
    again = own.admin.post("/samples/import", content=exported, headers={"Content-Type": "application/zip"})
    assert again.json()["counts"] == {"unchanged": len(TEXT)}


def test_a_sample_of_one_digit_has_its_box_too(own: Server, seven: bytes) -> None:
    stored = add_sample(own, seven).json()
    assert stored["box"] == own.client.post("/predict?seen=true", content=seven).json()["box"]
    assert own.admin.get("/samples").json()["items"][0]["box"] == stored["box"]


@pytest.fixture
def asking(database: Database, predictor: Predictor, classifier: Classifier) -> Request:
    """A request to an app with the shipped version."""
    predictor.model.classifier = classifier
    app = FastAPI()
    app.state.predictor, app.state.database = predictor, database
    return Request({"type": "http", "app": app})


def test_a_text_is_aligned_in_the_thread_for_large_work(asking: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_elsewhere(*_: object) -> bool:
        return not threading.current_thread().name.startswith("large")

    monkeypatch.setattr(number_reader, "align", poisoned(number_reader.align, is_elsewhere))
    taught = asyncio.run(add_number(asking, "tester", FILE, TEXT))
    assert taught.text == TEXT


def test_a_text_is_refused_while_too_much_large_work_waits(asking: Request) -> None:
    predictor = asking.app.state.predictor
    predictor.large_in_flight = predictor.settings.max_large_in_flight
    with pytest.raises(Overloaded):
        asyncio.run(add_number(asking, "tester", FILE, TEXT))


def test_no_text_is_aligned_without_a_model(asking: Request) -> None:
    asking.app.state.predictor.model.classifier = None
    with pytest.raises(NotReady):
        asyncio.run(add_number(asking, "tester", FILE, TEXT))
