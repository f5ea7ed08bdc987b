"""The table of kept pictures: never more, larger or older than the settings say, whoever writes and whenever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.database.database import Database
from app.database.tables import kept as table
from app.feedback import kept
from app.http.errors import InvalidField
from app.inference.answered import Answered
from app.settings import Settings


def answered(request_id: str = "r", **changes: Any) -> Answered:
    usual: dict[str, Any] = {
        "item": None, "path": "/predict", "picture": b"0123456789", "text": "7", "confidence": 0.6,
        "accepted": False, "reason": "low-confidence", "version": 1,
    }  # fmt: skip
    return Answered(request_id, **{**usual, **changes})


def settings(**changes: Any) -> Settings:
    return Settings(**{"keep": "all", **changes})


def add(database: Database, given: Settings, *answers: Answered) -> None:
    with database.begin() as connection:
        kept.add(connection, given, [kept.row_of(one, None) for one in answers])


def ids(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(table.c.request_id).order_by(table.c.number)).scalars())


def test_a_picture_comes_back_as_it_was_sent(database: Database) -> None:
    rows = [bytes([n] * 28) for n in range(28)]
    add(database, settings(), answered("file", picture=b"\x89PNG..."), answered("pixels", picture=rows))
    assert kept.find(database, settings(), "file", None) == b"\x89PNG..."
    assert kept.find(database, settings(), "pixels", None) == rows


@pytest.mark.parametrize("most", [1, 3, 25])
def test_no_more_pictures_are_kept_than_allowed_and_the_newest_are(database: Database, most: int) -> None:
    given = settings(keep_pictures=most)
    for start in range(0, 60, 4):
        add(database, given, *(answered(str(number)) for number in range(start, start + 4)))
        assert 0 < len(ids(database)) <= most
    assert ids(database)[-1] == "59" and len(ids(database)) >= most * 0.9


def test_no_more_bytes_are_kept_than_allowed(database: Database) -> None:
    given = settings(keep_bytes=10_000)
    for number in range(30):
        add(database, given, answered(str(number), picture=b"x" * 900))
        with database.read() as connection:
            assert connection.execute(select(func.sum(table.c.size))).scalar_one() <= 10_000
    assert ids(database)[-1] == "29" and len(ids(database)) >= 8
    before = ids(database)
    add(database, given, answered("too large", picture=b"x" * 9_001))
    assert ids(database) == before  # it takes nobody's place


def test_writers_that_write_at_once_do_not_keep_more_together(database: Database) -> None:
    given = settings(keep_pictures=20)
    with ThreadPoolExecutor(4) as pool:
        for writing in [pool.submit(add, database, given, *[answered()] * 7) for _ in range(24)]:
            writing.result()
    assert len(ids(database)) <= 20


def test_an_old_picture_is_neither_given_out_nor_stays(database: Database) -> None:
    add(database, settings(), answered("old"), answered("new"))
    with database.begin() as connection:
        aged = update(table).where(table.c.request_id == "old").values(kept_at=table.c.kept_at - 2 * kept.DAY)
        connection.execute(aged)
    given = settings(keep_days=1.5)
    with pytest.raises(kept.KeptNotFound, match="no longer"):
        kept.find(database, given, "old", None)
    assert [row["request_id"] for row in kept.page(database, given, kept.for_review(), None, 10)[0]] == ["new"]
    with pytest.raises(kept.KeptNotFound):
        kept.get(database, given, 1)
    add(database, given)
    assert ids(database) == ["new"]


@pytest.mark.parametrize(("keep", "left"), [("all", ["yes", "no"]), ("refused", ["no"]), ("none", [])])
def test_what_an_earlier_setting_kept_goes_when_the_setting_changes(
    database: Database, keep: str, left: list[str]
) -> None:
    add(database, settings(), answered("yes", accepted=True, reason=None), answered("no"))
    given = settings(keep=keep)
    for request_id in {"yes", "no"} - set(left):
        with pytest.raises(kept.KeptNotFound):
            kept.find(database, given, request_id, None)
    add(database, given)
    assert ids(database) == left


def test_two_pictures_under_one_id_are_no_guess(database: Database) -> None:
    add(database, settings(), answered("mine"), answered("mine"))  # a client tried again: the same picture
    assert kept.find(database, settings(), "mine", None) == b"0123456789"
    add(database, settings(), answered("mine", picture=b"another"))
    with pytest.raises(kept.RequestIdAmbiguous, match="3 pictures"):
        kept.find(database, settings(), "mine", None)


def test_a_picture_of_a_batch_is_named_by_its_place(database: Database) -> None:
    add(database, settings(), *(answered("batch", item=item, picture=b"%d" % item) for item in (0, 2)))
    assert kept.find(database, settings(), "batch", 2) == b"2"
    with pytest.raises(InvalidField, match="several pictures"):
        kept.find(database, settings(), "batch", None)
    with pytest.raises(kept.KeptNotFound):
        kept.find(database, settings(), "batch", 1)
    with database.begin() as connection:
        kept.mark_taught(connection, "batch", 2)
    assert [row["item"] for row in kept.page(database, settings(), kept.for_review(), None, 10)[0]] == [0]


def test_the_most_useful_pictures_come_first_and_certain_ones_not_at_all(database: Database) -> None:
    order = {
        "refused as unsure": answered(confidence=0.55),
        "less unsure": answered(confidence=0.9),
        "refused": answered(confidence=0.5, reason="other-ink"),
        "doubted": answered(confidence=0.95, accepted=True, reason=None),
        "hardly doubted": answered(confidence=0.98, accepted=True, reason=None),
        "certain": answered(confidence=0.999, accepted=True, reason=None),
    }
    rows = [kept.row_of(one._replace(request_id=name), None) for name, one in reversed(order.items())]
    differing = answered("differs", confidence=0.999, accepted=True, reason=None)
    with database.begin() as connection:
        kept.add(connection, settings(), [*rows, kept.row_of(differing, (2, "1", 0.8))])
    expected = ["differs", *order][:-1]
    assert [row["request_id"] for row in kept.page(database, settings(), kept.for_review(), None, 10)[0]] == expected
    seen: list[str] = []
    after = None
    while True:
        page, total = kept.page(database, settings(), kept.for_review(), after, 2)
        assert total == len(expected)
        if not page:
            break
        seen += [row["request_id"] for row in page]
        after = page[-1]["rank"], page[-1]["number"]
    assert seen == expected


def test_a_number_is_never_used_again(database: Database) -> None:
    add(database, settings(), answered(), answered())
    kept.remove(database, "tester", 2)
    add(database, settings(), answered())
    with pytest.raises(kept.KeptNotFound):
        kept.remove(database, "tester", 2)
    assert kept.get(database, settings(), 3)["request_id"] == "r"
