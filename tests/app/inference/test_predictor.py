"""The predictor: no work for a client that has left, errors for the faulty picture only, answers without a model."""

from __future__ import annotations

import asyncio
import gc
import threading
import tracemalloc
from collections.abc import Sequence
from importlib import import_module

import numpy as np
import pytest

from app.http.errors import BadRequest, NotReady, Problem
from app.inference.predictor import Answer, Predictor
from app.routes.direct import MAX_LOOP_BYTES
from model.classifier import Classifier
from model.faults import FaultLog
from model.preprocessing.decoding.page import Page
from model.preprocessing.pipeline import Reading, read_digit, to_png
from tests.asgi import answer_of, whole
from tests.faults import poisoned
from tests.pictures import draw_seven, encoded
from tests.server import SHIPPED


def test_without_a_model_a_picture_that_can_not_be_read_is_told_so_and_another_has_to_wait(
    predictor: Predictor, seven: bytes
) -> None:
    (problem,) = predictor.answer_all([b"no image"])
    assert isinstance(problem, Problem) and problem.slug == "unsupported-image"
    with pytest.raises(NotReady):
        predictor.answer_all([b"no image", seven])


def test_with_a_model_each_picture_is_answered_in_its_place(predictor: Predictor, seven: bytes) -> None:
    predictor.model.classifier = Classifier.load(SHIPPED / "1")
    rows = [bytes(28)] * 28
    blank, first, cut, second = predictor.answer_all([rows, seven, seven[:60], seven])
    assert isinstance(blank, Problem) and blank.slug == "blank-image"
    assert isinstance(cut, Problem) and cut.slug == "corrupt-image"
    assert isinstance(first, Answer) and isinstance(second, Answer)
    assert first.verdict == second.verdict and first.verdict.digit == 7 and first.version == 1


def check_only_the_poisoned_one_failed(outcomes: Sequence[Answer | Problem | BaseException], at: int) -> None:
    problem, *answers = [outcomes[at], *outcomes[:at], *outcomes[at + 1 :]]
    assert isinstance(problem, Problem) and (problem.status, problem.slug) == (500, "internal-error")
    assert all(isinstance(answer, Answer) and answer.verdict.digit == 7 for answer in answers)


@pytest.mark.parametrize("where", ["decoding", "reading", "reading together", "judging"])
@pytest.mark.parametrize("route", ["batch", "gathered", "thread"])
def test_our_own_bug_in_one_picture_is_that_pictures_alone(
    predictor: Predictor, seven: bytes, where: str, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor.model.classifier = Classifier.load(SHIPPED / "1")
    poison = to_png(np.rot90(draw_seven(28)).clip(1, 250))  # what it is read as is none of the others
    seen = read_digit(poison).pixels.tobytes()
    buggy = {
        "decoding": ("model.preprocessing.pipeline.decode", lambda data, limits: data == poison),
        "reading": ("model.preprocessing.pipeline.read_page", lambda page: page.gray.min() == 1),
        "reading together": ("model.preprocessing.pipeline.center_clean_pages", lambda pages: True),
        "judging": (
            "model.classifier.Classifier.judge",
            lambda self, readings: any(one.pixels.tobytes() == seen for one in readings),
        ),
    }
    name, is_poison = buggy[where]
    module, _, attribute = name.rpartition(".")
    target = Classifier if module.endswith("Classifier") else import_module(module)
    monkeypatch.setattr(name, poisoned(getattr(target, attribute), is_poison))
    pictures = [to_png(np.asarray(draw_seven(28)))] * 32
    pictures[20] = poison

    async def gathered() -> list[Answer | BaseException]:
        await asyncio.gather(*(predictor.answer(pictures[0]) for _ in range(3)))
        return await asyncio.gather(*map(predictor.answer, pictures), return_exceptions=True)

    if route == "gathered":
        outcomes = asyncio.run(gathered())
    elif route == "batch":
        outcomes = predictor.answer_all(pictures)
    else:
        outcomes = asyncio.run(predictor.in_thread(predictor.answer_all, pictures))
    if where == "reading together":  # what each is alone needs none of it
        assert all(isinstance(outcome, Answer) for outcome in outcomes)
    else:
        check_only_the_poisoned_one_failed(outcomes, 20)


def test_our_own_bug_is_logged_once_however_often_it_is_hit(
    predictor: Predictor, seven: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("model.faults.report", FaultLog().report)
    always = poisoned(lambda data, limits: None, lambda data, limits: True)
    monkeypatch.setattr("model.preprocessing.pipeline.decode", always)
    for _ in range(5):
        assert all(isinstance(outcome, Problem) for outcome in predictor.answer_all([seven] * 3))
    by_this_thread = [record for record in caplog.records if record.thread == threading.get_ident()]  # and no timer
    assert [record.exc_info is not None for record in by_this_thread] == [True]


@pytest.mark.parametrize(
    ("picture", "place"),
    [
        (encoded(draw_seven(28), "PNG"), "loop"),
        (encoded(draw_seven(128), "PNG"), "loop"),
        (encoded(draw_seven(100), "JPEG"), "loop"),
        (encoded(draw_seven(129), "PNG"), "large"),
        (encoded(draw_seven(100), "JPEG", progressive=True), "large"),
        (encoded(draw_seven(28), "GIF"), "large"),
        (encoded(draw_seven(28), "WEBP"), "large"),
    ],
)
def test_a_picture_is_read_where_its_cost_belongs(
    predictor: Predictor, picture: bytes, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor.model.classifier = Classifier.load(SHIPPED / "1")
    places: list[str] = []
    open_all = predictor.open_all

    def noted(pictures: Sequence[bytes]) -> list[Page | Reading | Exception]:
        name = threading.current_thread().name
        places.append("large" if name.startswith("large") else "loop")
        return open_all(pictures)

    monkeypatch.setattr(predictor, "open_all", noted)
    assert asyncio.run(predictor.answer(picture)).verdict.digit == 7
    assert places == [place]


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
@pytest.mark.parametrize("kind", ["json", "form"])
def test_a_large_body_is_taken_apart_in_the_thread(
    predictor: Predictor, path: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[str] = []

    def noted(*_: object) -> None:
        places.append(threading.current_thread().name)
        raise BadRequest

    for name in ("one_picture", "many_pictures"):
        monkeypatch.setattr(f"app.routes.predict.{name}", noted)
    body = b"[" + b" " * MAX_LOOP_BYTES if kind == "json" else b"--x\r\n" + b" " * MAX_LOOP_BYTES
    sent = asyncio.run(answer_of(predictor, path, whole(body)))
    assert sent[0]["status"] == 400 and all(place.startswith("large") for place in places) and places


def test_work_in_turns_lets_other_work_in_between(predictor: Predictor) -> None:
    done: list[str] = []

    async def together() -> list[str]:
        turns = asyncio.create_task(predictor.in_turns(lambda name: done.append(name) or name, ["a", "b", "c"]))
        await asyncio.sleep(0)  # its first piece of work is in the thread now
        await predictor.in_thread(done.append, "other")
        assert predictor.large_in_flight == 1
        return await turns

    assert asyncio.run(together()) == ["a", "b", "c"]
    assert done.index("other") < done.index("c") and predictor.large_in_flight == 0


def test_refused_pictures_leave_nothing_for_a_garbage_collection(predictor: Predictor) -> None:
    gc.collect()
    gc.disable()
    try:
        tracemalloc.start()
        for _ in range(20):
            predictor.answer_all([b"\x89PNG" + bytes(1_000_000), b"A" * 1_000_000, b"II*\0" + bytes(1_000_000)])
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert kept < 1_000_000


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_nothing_is_read_for_a_client_that_left_before_its_body_was_complete(
    predictor: Predictor, seven: bytes, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[object] = []
    monkeypatch.setattr(Predictor, "answer_all", lambda self, pictures: worked.append(pictures))
    begun = {"type": "http.request", "body": seven, "more_body": True}
    sent = asyncio.run(answer_of(predictor, path, begun, {"type": "http.disconnect"}))
    assert not worked and not sent
