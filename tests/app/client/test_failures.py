"""What the client does when a service is busy, gone, or is none of Numeral's."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from app.client import NumeralError
from app.client.connection import MAX_WAIT, RECONNECTS
from app.client.events import EventReader
from tests.app.client.conftest import Script

Connect = Callable[..., Any]
PREDICTION = {
    "digit": 7, "confidence": 0.9, "accepted": True, "probabilities": [0.1] * 10, "model_version": "1",
    "request_id": "r", "newer": "a member that this client does not know",
}  # fmt: skip
JOB = {
    "id": "j", "state": "queued", "created_at": "now", "started_at": None, "finished_at": None, "options": {},
    "progress": None, "metrics": None, "reasons": [], "version": None, "error": None, "log": "",
}  # fmt: skip
FOUND = (200, {}, PREDICTION)


def problem(status: int, slug: str = "overloaded") -> dict[str, Any]:
    return {"type": f"/problems/{slug}", "title": "T", "status": status, "detail": "D.", "request_id": "r"}


def busy(wait: str | None) -> tuple[int, dict[str, str], Any]:
    return 503, {} if wait is None else {"Retry-After": wait}, problem(503)


def test_a_busy_service_is_asked_again_after_as_long_as_it_says(
    connect: Connect, script: Script, waits: list[float]
) -> None:
    script.answers = [busy("4"), busy(None), busy("100000"), FOUND]
    assert connect(script.url).predict(b"7").digit == 7
    assert waits == [4.0, 1.0, MAX_WAIT] and [body for *_, body in script.requests] == [b"7"] * 4


def test_a_service_that_stays_busy_is_an_error_in_the_end(connect: Connect, script: Script, waits: list[float]) -> None:
    script.answers = [busy("2")]
    with pytest.raises(NumeralError) as raised:
        connect(script.url, retries=2).predict(b"7")
    assert (raised.value.status, raised.value.retry_after) == (503, 2.0) and waits == [2.0, 2.0]


@pytest.mark.parametrize("status", [400, 401, 404, 409, 413, 422, 429, 500])
def test_other_errors_are_final(connect: Connect, script: Script, waits: list[float], status: int) -> None:
    script.answers = [(status, {"Retry-After": "1"}, problem(status, "some-kind"))]
    with pytest.raises(NumeralError) as raised:
        connect(script.url).predict(b"7")
    assert (raised.value.status, raised.value.slug) == (status, "some-kind") and len(script.requests) == 1


def test_a_connection_that_closes_without_an_answer_is_tried_again(
    connect: Connect, script: Script, waits: list[float]
) -> None:
    script.answers = [None, FOUND]
    assert connect(script.url).predict(b"7").digit == 7 and waits == [1.0]


def test_a_retraining_that_is_sent_again_is_the_same(connect: Connect, script: Script, waits: list[float]) -> None:
    script.answers = [busy("1"), (202, {}, JOB), (202, {}, JOB)]
    client = connect(script.url)
    client.retrain()
    client.retrain()
    keys = [headers["Idempotency-Key"] for _, _, headers, _ in script.requests]
    assert keys[0] == keys[1] != keys[2]


def test_no_service_is_told_at_once(connect: Connect, waits: list[float]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NumeralError, match=f"No answer: {url} can't be reached") as raised:
            connect(url).predict(b"7")
    assert (raised.value.status, raised.value.slug) == (None, "unreachable") and waits == []


def test_a_service_that_never_answers_is_given_up(connect: Connect, waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(NumeralError, match="can't be reached") as raised:
            connect(url, timeout=0.2).predict(b"7")
    assert raised.value.slug == "unreachable" and waits == []


@pytest.mark.parametrize("content", [b"<html>", b"[]", {"digit": 7}, b"", b"null"])
def test_an_answer_that_is_not_numerals_is_called_so(connect: Connect, script: Script, content: Any) -> None:
    script.answers = [(200, {}, content)]
    with pytest.raises(NumeralError, match="answers, but not as Numeral does") as raised:
        connect(script.url).predict(b"7")
    assert raised.value.slug == "not-numeral"


@pytest.mark.parametrize("content", [b"<html>Bad Gateway", b"[]", {"title": 3}])
def test_an_error_that_is_not_numerals_has_its_status(connect: Connect, script: Script, content: Any) -> None:
    script.answers = [(502, {}, content)]
    with pytest.raises(NumeralError, match="answered 502") as raised:
        connect(script.url).predict(b"7")
    assert (raised.value.status, raised.value.slug) == (502, "not-numeral")


def test_a_batch_with_an_answer_too_few_is_none(connect: Connect, script: Script) -> None:
    script.answers = [(200, {}, {"items": [PREDICTION], "total": 1})]
    with pytest.raises(NumeralError, match="not as Numeral does"):
        connect(script.url).predict_batch([b"7", b"7"])


def stream(*events: str, cut: str = "") -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "text/event-stream"}, "".join([*events, cut]).encode()


def state(number: int, name: str) -> str:
    return f': comment\nid: {number}\nevent: state\ndata: {{"state": "{name}"}}\n\n'


def test_a_stream_that_breaks_off_goes_on_with_the_next_event(
    connect: Connect, script: Script, waits: list[float]
) -> None:
    running, ended = (200, {}, JOB), (200, {}, JOB | {"finished_at": "now"})
    script.answers = [
        stream(state(1, "queued"), state(2, "running"), cut='id: 3\nevent: state\ndata: {"sta'), running,
        None, busy("1"), stream(state(3, "kept")), ended,
    ]  # fmt: skip
    events = list(connect(script.url).follow("j"))
    assert [event.data["state"] for event in events] == ["queued", "running", "kept"]
    asked = [headers["Last-Event-ID"] for _, path, headers, _ in script.requests if path.endswith("/events")]
    assert asked == ["0", "2", "2", "2"]


def test_a_service_that_stays_away_ends_the_following(connect: Connect, script: Script, waits: list[float]) -> None:
    script.answers = [None]
    with pytest.raises(NumeralError, match="can't be reached"):
        list(connect(script.url).follow("j"))
    assert len(waits) == RECONNECTS


def test_a_job_that_is_unknown_is_an_error_at_once(connect: Connect, script: Script, waits: list[float]) -> None:
    script.answers = [(404, {}, problem(404, "job-not-found"))]
    with pytest.raises(NumeralError) as raised:
        list(connect(script.url).follow("j"))
    assert raised.value.slug == "job-not-found" and waits == []


def test_a_line_of_an_event_may_lack_the_blank() -> None:
    reader = EventReader()
    assert [reader.feed(line) for line in ("id:4", "event:state", "data:{}")] == [None] * 3
    event = reader.feed("")
    assert event is not None and (event.id, event.kind, event.data) == ("4", "state", {}) and reader.last_id == "4"
    assert reader.feed("") is None


@pytest.mark.parametrize("address", ["ftp://x", "http://", "http://[::1", "://"])
def test_an_address_that_is_none_is_refused_before_anything_is_sent(connect: Connect, address: str) -> None:
    with pytest.raises(ValueError, match=r"the address of a service is as http://127\.0\.0\.1:8000"):
        connect(address)


@pytest.mark.parametrize("key", ["ключ", "two\nlines"])
def test_a_key_that_no_header_can_hold_is_refused(connect: Connect, key: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        connect("http://127.0.0.1", key)
