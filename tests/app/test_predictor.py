"""What a prediction does inside a process: nothing for who has left, and as much as it can without a model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from starlette.types import Message, Scope

from app.envelope import Envelope
from app.errors import NotReady, Problem
from app.fast_path import FastPath
from app.predict import Answer, Predictor
from app.routes.predict import METHODS, direct
from app.serving import ActiveModel
from app.settings import load_settings
from model.classifier import Classifier
from model.image import read_digit, to_png
from model.store import Store
from tests.conftest import SHIPPED, draw_seven


@pytest.fixture
def predictor() -> Iterator[Predictor]:
    """A predictor that has no model yet."""
    made = Predictor(load_settings(), ActiveModel(Store(Path("nowhere")), Store(Path("nowhere"))))
    yield made
    made.close()


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


def poisoned(function: Callable[..., object], is_poison: Callable[..., bool]) -> Callable[..., object]:
    """The function with a bug that only some arguments reach."""

    def buggy(*arguments: object) -> object:
        if is_poison(*arguments):
            raise ZeroDivisionError("a bug of ours")
        return function(*arguments)

    return buggy


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
        "decoding": ("model.image.decode", lambda data, limits: data == poison),
        "reading": ("model.image.read_page", lambda page: page.gray.min() == 1),
        "reading together": ("model.placed.in_place", lambda pages: True),
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


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_nothing_is_read_for_a_client_that_left_before_its_body_was_complete(
    predictor: Predictor, seven: bytes, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[object] = []
    monkeypatch.setattr(Predictor, "answer_all", lambda self, pictures: worked.append(pictures))
    received = iter([{"type": "http.request", "body": seven, "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(received)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], "state": {}}
    app = Envelope(FastPath(broken, direct(predictor), METHODS), "", predictor.bodies, lambda: False)
    asyncio.run(app(scope, receive, send))
    assert not worked and not sent


async def broken(*_: object) -> None:
    raise AssertionError("the way past FastAPI was not taken")
