"""The collector: a request never waits for it; what it can't take is dropped and counted, and nothing stops it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.database.database import Database, DatabaseUnavailable
from app.database.tables import kept as table
from app.feedback import collector, kept
from app.feedback.collector import MAX_WAITING, MAX_WAITING_BYTES, MOST_TOGETHER, TURN_SECONDS, Collector
from app.inference.active_model import ActiveModel
from app.inference.answered import Answered
from app.inference.predictor import Predictor
from app.settings import Settings
from model.registry.store import Store
from tests.faults import poisoned


def made(database: Database, **changes: Any) -> Collector:
    settings = Settings(**{"keep": "all", **changes})
    nowhere = Store(Path("nowhere"))
    return Collector(settings, database, Predictor(settings, ActiveModel(nowhere, nowhere)))


def picture(name: str = "r", size: int = 10, accepted: bool = False) -> Answered:
    return Answered(name, None, "/predict", b"x" * size, "7", 0.6, accepted, None, 1)


def ids(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(table.c.request_id).order_by(table.c.number)).scalars())


def test_what_is_too_much_is_dropped_and_counted(database: Database) -> None:
    full = made(database)
    for _ in range(MAX_WAITING + 7):
        full.look(picture())
    assert (full.collected, full.dropped) == (MAX_WAITING, 7)
    assert full._turn() == TURN_SECONDS and len(ids(database)) == MOST_TOGETHER
    for _ in range(MOST_TOGETHER + 1):
        full.look(picture())
    assert full.dropped == 8


def test_large_pictures_in_the_queue_are_bounded_by_their_bytes(database: Database) -> None:
    full = made(database)
    size = MAX_WAITING_BYTES // 4
    for name in "abcde":
        full.look(picture(name, size))
    assert full.dropped == 1
    full._turn()
    full.look(picture("f", size))
    full._turn()
    assert full.dropped == 1 and ids(database) == ["a", "b", "c", "d", "f"]


@pytest.mark.parametrize(("keep", "expected"), [("all", ["yes", "no"]), ("refused", ["no"]), ("none", [])])
def test_only_what_the_setting_says_enters_the_queue(database: Database, keep: str, expected: list[str]) -> None:
    some = made(database, keep=keep)
    some.look(picture("yes", accepted=True))
    some.look(picture("no"))
    assert some.collected == len(expected)
    some._turn()
    assert ids(database) == expected


def test_while_the_database_is_away_pictures_wait_and_then_are_written_in_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = made(database)
    with monkeypatch.context() as away:
        away.setattr(kept, "add", raising(DatabaseUnavailable("away")))
        for name in "ab":
            some.look(picture(name))
            assert some._turn() == collector.RETRY_SECONDS
    some._turn()
    some._turn()
    assert ids(database) == ["a", "b"] and some.dropped == 0


def test_the_log_says_once_that_pictures_wait_for_the_database_and_how_many_are_dropped_meanwhile(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    some = made(database)
    with monkeypatch.context() as away:
        away.setattr(collector.Shadow, "refresh", raising(DatabaseUnavailable("the disk is full")))
        some._turn()
        assert caplog.records == []
        for _ in range(MAX_WAITING + 3):
            some.look(picture())
        for _ in range(3):
            some._turn()
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2 and "the disk is full" in told[0] and told[1].startswith("3 pictures were dropped")
    some._turn()
    assert len(ids(database)) == MOST_TOGETHER


def raising(error: Exception) -> Any:
    def broken(*_: object) -> None:
        raise error

    return broken


def test_a_bug_costs_its_own_pictures_and_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def is_bad(_: object, __: object, rows: list[dict[str, Any]]) -> bool:
        return any(row["request_id"] == "bad" for row in rows)

    some = made(database)
    monkeypatch.setattr(kept, "add", poisoned(kept.add, is_bad))
    for name in ("bad", "good"):
        some.look(picture(name))
        assert some._turn() == TURN_SECONDS
    assert ids(database) == ["good"] and some.dropped == 1
    assert "goes on" in caplog.text


def test_the_log_has_one_line_a_minute_for_what_was_dropped(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    full = made(database)
    with caplog.at_level(logging.WARNING, "numeral.feedback"):
        for _ in range(3):
            for _ in range(MAX_WAITING + 5):
                full.look(picture())
            full._turn()
    assert [record.args[0] for record in caplog.records] == [5]  # type: ignore[index]
    assert full.dropped > 5


def test_no_request_is_looked_at_where_nothing_is_kept_and_no_version_is_in_the_shadow(database: Database) -> None:
    idle = made(database, keep="none")
    idle._turn()
    assert idle._predictor.observe is None
    busy = made(database)
    busy._turn()
    assert busy._predictor.observe is not None


def test_what_waits_is_written_when_the_service_stops(database: Database) -> None:
    some = made(database)
    some.start()
    for number in range(MOST_TOGETHER + 50):
        some.look(picture(str(number)))
    some.stop()
    assert len(ids(database)) == MOST_TOGETHER + 50
