"""Jobs in a database, without a server: begun, moved through their states, and left without a heartbeat."""

from __future__ import annotations

import time

from sqlalchemy import update

from app.database import audit
from app.database.database import Database
from app.database.tables import jobs as table
from app.jobs import records, reporting
from app.jobs.states import State

OPTIONS = {"from": "current", "promote": "auto"}
QUEUE_SECONDS = 45.0  # that a queued job may wait for a worker


def new_job(database: Database, *path: State) -> str:
    """Create a job and make these moves."""
    row, is_new = records.create(database, "tester", OPTIONS, None)
    assert is_new
    for state in path:
        assert reporting.move(database, row["id"], state)
    return row["id"]


def actions(database: Database) -> list[str]:
    """The actions in the audit, newest first."""
    with database.read() as connection:
        return [row["action"] for row in audit.page(connection, None, 100)[0]]


def make_old(database: Database, job_id: str, seconds: float = 60.0) -> None:
    """Set the last heartbeat to a time long ago."""
    with database.begin() as connection:
        connection.execute(update(table).where(table.c.id == job_id).values(heartbeat_at=time.time() - seconds))
