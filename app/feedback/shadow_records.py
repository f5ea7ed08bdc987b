"""The records of versions in the shadow: begin, end, read. One version is in the shadow at a time."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import RowMapping

from app.database import audit
from app.database.clock import now_seconds
from app.database.database import Database
from app.database.tables import shadows
from app.database.turns import SHADOWS, take_turn
from app.http.errors import Problem

COUNTS = ("judged", "agreed", "accepted", "accepted_live", "failed")
ANOTHER = "Version {} took its place."


class ShadowNotFound(Problem):
    status, slug, title = 404, "shadow-not-found", "The version was never in the shadow"
    remedy = "POST to this address begins it."


class VersionInUse(Problem):
    status, slug, title = 409, "version-in-use", "The version answers already"
    remedy = "Choose another version: the shadow is compared with the one in use."


def begin(database: Database, actor: str, version: int, share: float) -> tuple[RowMapping, bool]:
    """Let the version judge a share (0–1) of the pictures, instead of any other. Also returns whether it has begun now.

    A version that is in the shadow already keeps its counts, and gets the new share.
    """
    with database.begin() as connection:
        take_turn(connection, SHADOWS)
        others = (shadows.c.ended_at.is_(None), shadows.c.version != version)
        ended = {"ended_at": now_seconds(), "ended_why": ANOTHER.format(version)}
        connection.execute(update(shadows).where(*others).values(ended))
        same = (shadows.c.version == version, shadows.c.ended_at.is_(None))
        changed = connection.execute(update(shadows).where(*same).values(share=share).returning(shadows.c.version))
        has_begun = changed.first() is None
        if has_begun:
            connection.execute(delete(shadows).where(shadows.c.version == version))
            row = {"version": version, "share": share, "actor": actor, "started_at": now_seconds()}
            connection.execute(insert(shadows).values(row | dict.fromkeys(COUNTS, 0)))
        audit.record(connection, actor, "shadow-begun", str(version), share=share)
    return get(database, version), has_begun


def end(database: Database, version: int, actor: str, why: str) -> RowMapping:
    """End the version's shadow; nothing happens when it has ended. Raises ShadowNotFound."""
    with database.begin() as connection:
        active = (shadows.c.version == version, shadows.c.ended_at.is_(None))
        ended = update(shadows).where(*active).values(ended_at=now_seconds(), ended_why=why)
        if connection.execute(ended.returning(shadows.c.version)).first() is not None:
            audit.record(connection, actor, "shadow-ended", str(version), why=why)
    return get(database, version)


def get(database: Database, version: int) -> RowMapping:
    """The version's record. Raises ShadowNotFound."""
    with database.read() as connection:
        row = connection.execute(select(shadows).where(shadows.c.version == version)).mappings().first()
    if row is None:
        raise ShadowNotFound(f"Version {version} was never in the shadow.")
    return row
