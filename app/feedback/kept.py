"""The table of kept pictures: bounded by count, bytes and age, found by request id, listed for review.

Each writer prunes in its own transaction, and writers take turns, so that no transaction leaves more than is allowed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import isqrt
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from app.database import audit
from app.database.clock import now_seconds
from app.database.database import Database
from app.database.tables import kept
from app.database.turns import KEPT, take_turn
from app.http.errors import InvalidField, Problem
from app.inference.answered import Answered
from app.inference.pictures import Picture
from app.settings import Settings
from model.classifier import LOW_CONFIDENCE

DAY = 86_400.0  # seconds
DIFFERS, UNSURE, REFUSED, CERTAIN = 4000, 2000, 1000, 1000  # of a rank
DOUBTED = 10  # the least rank that is worth a look: an accepted answer with a confidence of 0.99
PIXELS = "pixels"
SUMMARY = [column for column in kept.c if column.name not in ("picture", "digest")]


class KeptNotFound(Problem):
    status, slug, title = 404, "picture-not-kept", "No picture is kept under this id"
    remedy = "Send the picture itself with its label. Pictures are kept for a limited time, if at all: NUMERAL_KEEP."


class RequestIdAmbiguous(Problem):
    status, slug, title = 409, "request-id-ambiguous", "Several pictures came under this request id"
    remedy = "Send the picture itself with its label; give each request an X-Request-ID of its own, or none."


def rank_of(answer: Answered, shadow_text: str | None = None) -> int:
    """How useful a person's look is: first what versions disagree on, then what is unsure, then what else was refused.

    shadow_text: what another version read, None if the same or if none did.
    """
    rank = round(CERTAIN * (1 - answer.confidence))
    if not answer.accepted:
        rank += UNSURE if answer.reason == LOW_CONFIDENCE else REFUSED
    return rank if shadow_text is None else rank + DIFFERS


def row_of(answer: Answered, shadow: tuple[int, str, float] | None) -> dict[str, Any]:
    """The row for an answered picture. shadow: version, text and confidence of a version that read another text."""
    is_file = isinstance(answer.picture, bytes)
    picture = answer.picture if isinstance(answer.picture, bytes) else b"".join(answer.picture)
    version, shadow_text, confidence = shadow or (None, None, None)
    return {
        "request_id": answer.request_id, "item": answer.item, "path": answer.path, "text": answer.text,
        "confidence": answer.confidence, "accepted": answer.accepted, "reason": answer.reason,
        "version": answer.version, "shadow_version": version, "shadow_text": shadow_text,
        "shadow_confidence": confidence, "rank": rank_of(answer, shadow_text), "taught": False,
        "size": len(picture), "digest": hashlib.sha256(picture).hexdigest(),
        "format": "" if is_file else PIXELS, "picture": picture,
    }  # fmt: skip


def picture_of(row: RowMapping) -> Picture:
    """The picture as it was sent: an encoded file, or rows of pixels."""
    data: bytes = row["picture"]
    if row["format"] != PIXELS:
        return data
    side = isqrt(len(data))
    return [data[start : start + side] for start in range(0, len(data), side)]


def add(connection: Connection, settings: Settings, rows: Sequence[dict[str, Any]]) -> None:
    """Add the rows, except for pictures that would take the place of all others; then prune."""
    take_turn(connection, KEPT)
    fitting = [row for row in rows if row["size"] <= spared(settings.keep_bytes)]
    if fitting:
        connection.execute(insert(kept).values(kept_at=now_seconds()), fitting)
    prune(connection, settings)


def prune(connection: Connection, settings: Settings) -> None:
    """Remove what the settings no longer allow: pictures that are not of their kind, too old, too many or too large."""
    connection.execute(delete(kept).where(~is_allowed(settings)))
    count, size = connection.execute(select(func.count(), func.coalesce(func.sum(kept.c.size), 0))).one()
    if count <= settings.keep_pictures and size <= settings.keep_bytes:
        return
    newest_first = kept.c.number.desc()
    counted = select(
        kept.c.number,
        func.row_number().over(order_by=newest_first).label("count"),
        func.sum(kept.c.size).over(order_by=newest_first).label("bytes"),
    ).subquery()
    beyond = or_(counted.c.count > spared(settings.keep_pictures), counted.c.bytes > spared(settings.keep_bytes))
    last = select(func.max(counted.c.number)).where(beyond).scalar_subquery()
    connection.execute(delete(kept).where(kept.c.number <= last))


def spared(most: int) -> int:
    """How much is left of what is too much: a tenth less than is allowed, so that few transactions remove any."""
    return most - most // 10


def is_allowed(settings: Settings) -> ColumnElement[bool]:
    """Whether a row is of the kind that is kept, and young enough. Nothing else is ever given out."""
    if settings.keep == "none":
        return kept.c.number < 0
    young = kept.c.kept_at > now_seconds() - settings.keep_days * DAY
    return young if settings.keep == "all" else and_(young, ~kept.c.accepted)


def has_any(database: Database) -> bool:
    """Whether any picture is kept. Raises DatabaseUnavailable."""
    with database.read() as connection:
        return connection.execute(select(kept.c.number).limit(1)).first() is not None


def find(database: Database, settings: Settings, request_id: str, item: int | None) -> Picture:
    """The picture of a request. item: its place in a batch, None for a request with one picture.

    Raises KeptNotFound, RequestIdAmbiguous, InvalidField when `item` is missing or does not fit.
    """
    if settings.keep == "none":
        raise KeptNotFound("This service keeps no pictures; NUMERAL_KEEP is none.")
    columns = (kept.c.number, kept.c.item, kept.c.digest)  # not the pictures: a client may give all of them one id
    with database.read() as connection:
        query = select(*columns).where(kept.c.request_id == request_id, is_allowed(settings)).order_by(kept.c.number)
        rows = connection.execute(query).all()
    fitting = [row for row in rows if row.item == item]
    if rows and not fitting and item is None:
        raise InvalidField(("item", "is missing: the request had several pictures; send its place, from 0"))
    if not fitting:
        raise KeptNotFound(
            "The picture of this request is not kept, or no longer: "
            f"this service keeps {'pictures' if settings.keep == 'all' else 'those it refused'} for a limited time."
        )
    if len({row.digest for row in fitting}) > 1:
        raise RequestIdAmbiguous(f"{len(fitting)} pictures came under this id, so it is unknown which one is meant.")
    return picture_of(get(database, settings, fitting[-1].number, with_picture=True))


def mark_taught(connection: Connection, request_id: str, item: int | None) -> None:
    """Note that the request's picture is a sample now, so that it is no longer listed for review."""
    same = and_(kept.c.request_id == request_id, kept.c.item.is_not_distinct_from(item))
    connection.execute(update(kept).where(same).values(taught=True))


def for_review(shadow: int | None = None) -> ColumnElement[bool]:
    """Whether a picture waits for review. shadow: only those that this version read differently."""
    waiting = and_(kept.c.rank >= DOUBTED, ~kept.c.taught)
    return waiting if shadow is None else and_(waiting, kept.c.shadow_version == shadow)


def of_request(request_id: str) -> ColumnElement[bool]:
    """Whether a picture came with this request, whether or not it is worth a look."""
    return kept.c.request_id == request_id


def page(
    database: Database, settings: Settings, which: ColumnElement[bool], after: tuple[int, int] | None, limit: int
) -> tuple[Sequence[RowMapping], int]:
    """At most `limit` pictures after the rank and number `after`, most useful first, and the count of all.

    Of pictures of the same rank, the newest is first. which: `for_review` or `of_request`.
    """
    listed = (which, is_allowed(settings))
    query = select(*SUMMARY).where(*listed).order_by(kept.c.rank.desc(), kept.c.number.desc()).limit(limit)
    if after is not None:
        rank, number = after
        query = query.where(or_(kept.c.rank < rank, and_(kept.c.rank == rank, kept.c.number < number)))
    with database.read() as connection:
        total = connection.execute(select(func.count()).select_from(kept).where(*listed)).scalar_one()
        return connection.execute(query).mappings().all(), total


def get(database: Database, settings: Settings, number: int, with_picture: bool = False) -> RowMapping:
    """The row of a kept picture. Raises KeptNotFound."""
    with database.read() as connection:
        query = select(*(kept.c if with_picture else SUMMARY)).where(kept.c.number == number, is_allowed(settings))
        row = connection.execute(query).mappings().first()
    if row is None:
        raise KeptNotFound(f"There is no picture {number}, or no longer.")
    return row


def remove(database: Database, actor: str, number: int) -> None:
    """Delete a kept picture. Raises KeptNotFound."""
    with database.begin() as connection:
        found = delete(kept).where(kept.c.number == number).returning(kept.c.number)
        if connection.execute(found).first() is None:
            raise KeptNotFound(f"There is no picture {number}, or no longer.")
        audit.record(connection, actor, "kept-picture-removed", str(number))
