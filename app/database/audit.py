"""The audit: an append-only record of who did what and when, written in the same transaction as the action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.engine import RowMapping

from app.database import tables
from app.database.clock import now_seconds


def record(connection: Connection, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Record that `actor` (the name of a key, never the key) did `action` to `subject`."""
    values = {"created_at": now_seconds(), "actor": actor, "action": action, "subject": subject, "detail": detail}
    connection.execute(insert(tables.audit).values(values))


def page(connection: Connection, before: int | None, limit: int) -> tuple[Sequence[RowMapping], int]:
    """The newest `limit` records with an id below `before`, newest first, and the count of all records."""
    query = select(tables.audit).order_by(tables.audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(tables.audit.c.id < before)
    total = connection.execute(select(func.count()).select_from(tables.audit)).scalar_one()
    return connection.execute(query).mappings().all(), total
