"""What a prediction does inside a process: nothing for who has left, and as much as it can without a model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

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
from model.store import Store
from tests.conftest import SHIPPED


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
    app = Envelope(FastPath(broken, direct(predictor), METHODS), "", lambda: False)
    asyncio.run(app(scope, receive, send))
    assert not worked and not sent


async def broken(*_: object) -> None:
    raise AssertionError("the way past FastAPI was not taken")
