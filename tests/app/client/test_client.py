"""The Python client, in both forms, with a real service."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.client import AsyncClient, Client, KeptPicture, NumeralError, Page, Prediction, Sample, TaughtNumber
from app.client import pictures as pictures_of_client
from model.preprocessing.pipeline import read_digit
from tests.client import GENTLE
from tests.pictures import draw_seven, encoded, picture
from tests.server import ADMIN_KEY, REPOSITORY, Server, wait_until

NUMBER = REPOSITORY / "tests/images/number.jpg"
Connect = Callable[..., Any]

FORMS: dict[str, Callable[[bytes, Path], Any]] = {
    "bytes": lambda seven, path: seven,
    "a bytearray": lambda seven, path: bytearray(seven),
    "a path": lambda seven, path: path,
    "a path as text": lambda seven, path: str(path),
    "an open file": lambda seven, path: io.BytesIO(seven),
    "Pillow's image": lambda seven, path: Image.open(io.BytesIO(seven)),
    "an array": lambda seven, path: read_digit(seven).pixels,
    "lists": lambda seven, path: read_digit(seven).pixels.tolist(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_may_have_any_form_that_a_program_holds_it_in(
    form: str, connect: Connect, server: Server, seven: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "7.png"
    path.write_bytes(seven)
    found = connect(server.url).predict(FORMS[form](seven, path))
    assert isinstance(found, Prediction) and found.digit == 7 and found.accepted and found.reason is None
    assert found.confidence == max(found.probabilities) and found.model_version == "1" and found.request_id


def test_what_the_model_was_given_comes_as_a_png(connect: Connect, server: Server, seven: bytes) -> None:
    client = connect(server.url)
    found = client.predict(seven, seen=True)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(found.seen_png))), read_digit(seven).pixels)
    assert len(found.box) == 4 and client.predict(seven).seen_png is None
    same, wrong = client.predict_batch([seven, b"nothing"], seen=True)
    assert same.seen_png == found.seen_png and same.box == found.box and isinstance(wrong, NumeralError)
    assert client.predict_batch([seven])[0].seen_png is None


def test_a_number_is_read(connect: Connect, server: Server) -> None:
    client = connect(server.url)
    page = client.read(NUMBER, seen=True)
    (number,) = page.numbers
    assert isinstance(page, Page) and page.text == number.text and len(number.digits) == len(number.text)
    assert number.digits[0].digit == int(number.text[0]) and number.digits[0].seen_png[:4] == b"\x89PNG"
    assert all(other.confidence < number.confidence for other in number.alternatives)
    (refused,) = client.read(NUMBER, digits=len(number.text) + 1).numbers
    assert not refused.accepted


def test_a_batch_of_any_size_is_sent_in_parts_and_an_error_stays_with_its_picture(
    connect: Connect, server: Server, seven: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures_of_client, "MOST", 3)
    items = connect(server.url).predict_batch(
        [seven, b"no picture", seven, seven, b"", seven, read_digit(seven).pixels]
    )
    kinds = [item.digit if isinstance(item, Prediction) else item.slug for item in items]
    assert kinds == [7, "unsupported-image", 7, 7, "empty-body", 7, 7]
    assert items[1].status == 415 and items[1].request_id and "no picture" not in items[1].detail


def test_files_and_pixels_may_be_in_one_batch(connect: Connect, server: Server, seven: bytes) -> None:
    one, two, three = connect(server.url).predict_batch([seven, read_digit(seven).pixels, b""])
    assert (one.digit, two.digit, three.status) == (7, 7, 400)


def test_a_batch_is_divided_by_its_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures_of_client, "MOST_BYTES", 10)
    parts = pictures_of_client.in_requests([b"1234", b"567890", b"1", b"123456789012", b"1"])
    assert [len(part) for part in parts] == [2, 1, 1, 1]
    assert list(pictures_of_client.in_requests([])) == []


def test_a_batch_of_pages_is_read(connect: Connect, server: Server, seven: bytes) -> None:
    one, two = connect(server.url).read_batch([NUMBER, b"no picture"])
    assert one.text and isinstance(two, NumeralError)


def test_an_error_has_the_members_of_the_problem(connect: Connect, server: Server) -> None:
    client = connect(server.url)
    with pytest.raises(NumeralError) as raised:
        client.predict(encoded(draw_seven(ink=255)))
    error = raised.value
    assert (error.slug, error.status) == ("blank-image", 422) and error.request_id
    assert str(error) == f"{error.title}: {error.detail}" and error.retry_after is None
    with pytest.raises(NumeralError) as raised:
        client.read(NUMBER, digits=0)
    assert raised.value.slug == "invalid-field" and raised.value.errors[0]["field"] == "digits"


@pytest.mark.parametrize("picture", [None, 7, {"pixels": []}])
def test_what_is_no_picture_is_not_sent(connect: Connect, server: Server, picture: object) -> None:
    with pytest.raises(TypeError, match="a picture is bytes, a path"):
        connect(server.url).predict(picture)


def test_a_file_that_is_not_there_is_the_system_s_error(connect: Connect, server: Server) -> None:
    with pytest.raises(FileNotFoundError):
        connect(server.url).predict("nowhere.png")


def test_a_key_is_needed_to_teach_and_comes_from_the_environment(
    connect: Connect, server: Server, seven: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NumeralError) as raised:
        connect(server.url).versions()
    assert raised.value.slug == "key-required"
    monkeypatch.setenv("NUMERAL_URL", server.url.removeprefix("http://"))
    monkeypatch.setenv("NUMERAL_ADMIN_KEY", ADMIN_KEY)
    (version,) = connect().versions()
    assert version.version == 1 and version.current and version.intact and version.manifest is None
    monkeypatch.setenv("NUMERAL_KEY", "another")
    with pytest.raises(NumeralError):
        connect().versions()
    assert connect(key=ADMIN_KEY).versions()


def test_an_answer_is_corrected_by_its_request_id_and_reviewed(
    connect: Connect, start_server: Callable[..., Server], seven: bytes
) -> None:
    server = start_server(NUMERAL_KEEP="all")
    client = connect(server.url, ADMIN_KEY)
    doubted = client.predict(picture(3))
    page = client.read(NUMBER)
    _, second = client.predict_batch([seven, picture(1)])
    sample = client.correct(doubted.request_id, 7)
    assert isinstance(sample, Sample) and (sample.label, sample.outcome) == (7, "created")
    assert client.correct(second.request_id, 7, item=1).outcome == "created"
    number = client.correct_number(page.request_id, page.text)
    assert isinstance(number, TaughtNumber) and "".join(str(item.label) for item in number.items) == page.text
    refused = client.predict(NUMBER)
    wait_until(lambda: [kept.request_id for kept in client.review()] == [refused.request_id])
    (kept,) = client.review(limit=1)
    assert isinstance(kept, KeptPicture) and (kept.accepted, kept.reason) == (False, "several-digits")
    assert client.review(shadow=9) == []
    with pytest.raises(NumeralError) as raised:
        client.correct("never-sent", 7)
    assert raised.value.slug == "picture-not-kept"


@pytest.mark.slow
def test_a_service_is_taught_retrained_and_rolled_back(connect: Connect, start_server: Callable[..., Server]) -> None:
    server = start_server()
    client = connect(server.url, ADMIN_KEY)
    sample = client.teach(picture(1), 7)
    assert isinstance(sample, Sample) and (sample.label, sample.outcome) == (7, "created")
    assert client.teach(picture(1), 1).outcome == "corrected"
    assert client.teach(read_digit(picture(2)).pixels, 7).outcome == "created"
    text = client.read(NUMBER).text
    number = client.teach_number(NUMBER, text)
    assert isinstance(number, TaughtNumber) and [str(item.label) for item in number.items] == [*text.replace(" ", "")]
    with pytest.raises(NumeralError) as raised:
        client.teach(picture(1), 12)
    assert raised.value.slug == "invalid-label"

    job = client.retrain(**GENTLE, promote="manual", from_="current")
    assert job.options["from"] == "current" and job.options["epochs"] == 1
    events = list(client.follow(job.id))
    assert [event.data["state"] for event in events if event.kind == "state"][-1] == "kept"
    shares = [event.share_done for event in events if event.share_done is not None]
    assert shares == sorted(shares) and shares[-1] == 1.0
    seen: list[Any] = []
    ended = client.wait(job.id, seen.append)
    assert seen == events and ended.is_finished and (ended.state, ended.version) == ("kept", 2)
    assert client.activate(2).current and client.predict(picture(3)).model_version == "2"
    assert [version.version for version in client.versions()] == [2, 1]
    assert client.activate(1).current
    with pytest.raises(NumeralError) as raised:
        client.activate(9)
    assert raised.value.slug == "version-not-found"


def test_both_forms_close_with_their_context(server: Server, seven: bytes) -> None:
    with Client(server.url) as client:
        assert client.predict(seven).digit == 7

    async def use() -> list[int]:
        async with AsyncClient(server.url) as numeral:
            return [item.digit for item in await asyncio.gather(*(numeral.predict(seven) for _ in range(8)))]

    assert asyncio.run(use()) == [7] * 8


def test_both_forms_have_the_same_methods() -> None:
    ours, theirs = ({name for name in vars(kind) if not name.startswith("__")} for kind in (Client, AsyncClient))
    assert ours == theirs
