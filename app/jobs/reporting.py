"""The record of one retraining, as its own processes write it: state, heartbeat, progress, events, outcome.

A job's events get their ids while its row is locked, so whoever reads them by ascending id misses none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import RowMapping

from app.database import audit
from app.database.clock import now_seconds
from app.database.database import Database
from app.database.tables import job_events, jobs
from app.jobs.states import ACTIVE, State, sources_of
from model.errors import StoreError
from model.registry.store import Store

LOG_TAIL = 8_000  # characters kept


def move(database: Database, job_id: str, to: State, **values: Any) -> bool:
    """Move the job to a state that the table of moves allows from where it is; False when it does not.

    values: further columns of the row.
    """
    with database.begin() as connection:
        return move_within(connection, job_id, to, **values)


def move_within(connection: Connection, job_id: str, to: State, **values: Any) -> bool:
    """`move` as a part of a transaction. The end of a job is audited under the name of who asked for it."""
    values |= {"state": to, "heartbeat_at": now_seconds()}
    if to == State.RUNNING:
        values["started_at"] = now_seconds()
    if to not in ACTIVE:
        values |= {"active": None, "finished_at": now_seconds()}
    statement = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(sources_of(to))).values(values)
    row = connection.execute(statement.returning(jobs)).mappings().first()
    if row is None:
        return False
    reported = ("version", "error", "reasons", "metrics") if to not in ACTIVE else ()
    facts = {name: row[name] for name in reported if row[name]}
    add_event(connection, job_id, "state", {"state": to, **facts})
    if to not in ACTIVE:
        facts.pop("metrics", None)
        audit.record(connection, row["actor"], to, job_id, **facts)
    return True


class Pulse(NamedTuple):
    """What a heartbeat finds. wanted: the state that the job is to end in, if any; progress: the latest report."""

    wanted: State | None
    progress: dict[str, Any] | None = None


def heartbeat(database: Database, job_id: str, log: str) -> Pulse:
    """Say that the trainer lives, with the tail of its log.

    It is wanted CANCELLED when somebody asked for it, INTERRUPTED when the job was given up or its record was lost.
    """
    values = {"heartbeat_at": now_seconds(), "log": log[-LOG_TAIL:]}
    with database.begin() as connection:
        statement = update(jobs).where(jobs.c.id == job_id, jobs.c.active == 1).values(values)
        row = connection.execute(statement.returning(jobs.c.cancel_requested, jobs.c.progress)).first()
        if row is None:
            state = connection.execute(select(jobs.c.state).where(jobs.c.id == job_id)).scalar()
            return Pulse(State.INTERRUPTED if state in (State.INTERRUPTED, None) else None)
    return Pulse(State.CANCELLED if row.cancel_requested else None, row.progress)


def write_log(database: Database, job_id: str, log: str) -> None:
    """Keep the end of the log, also of a job that has ended."""
    with database.begin() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(log=log[-LOG_TAIL:]))


def report(database: Database, job_id: str, progress: dict[str, Any]) -> bool:
    """Note how far the training is; False for a job that has ended."""
    with database.begin() as connection:
        statement = update(jobs).where(jobs.c.id == job_id, jobs.c.active == 1).values(progress=progress)
        if connection.execute(statement.returning(jobs.c.id)).first() is None:
            return False
        add_event(connection, job_id, "progress", progress)
    return True


def note_version(database: Database, job_id: str, version: int, metrics: dict[str, Any], reasons: list[str]) -> bool:
    """Note the version that was published, before anything else is done with it; False for a job given up."""
    values = {"version": version, "metrics": metrics, "reasons": reasons}
    with database.begin() as connection:
        statement = update(jobs).where(jobs.c.id == job_id, jobs.c.state == State.EVALUATING).values(values)
        return connection.execute(statement.returning(jobs.c.id)).first() is not None


def promote(database: Database, job_id: str, store: Store, version: int, instead_of: int | None) -> bool:
    """Activate the version and end the job, both or none; False for a job given up. Raises StoreError.

    instead_of: the version that it was compared with; CurrentChanged is raised when another one is current by now.
    Killed between the two, it leaves an active version and a job that `conclude` ends as promoted.
    """
    with database.begin() as connection:
        if not move_within(connection, job_id, State.PROMOTED):
            return False
        store.promote(version, instead_of)
    return True


def conclude(database: Database, job_id: str, store: Store, state: State, why: str) -> None:
    """End a job whose trainer is gone, unless it ended itself: as promoted if its version had become the current one.

    why: the sentence for any other end. A job whose record was lost is nobody's.
    """
    with database.read() as connection:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
    if row is None:
        return
    if row["version"] is None:
        move(database, job_id, state, error=why)
    elif was_activated(row, store):
        move(database, job_id, State.PROMOTED)
    else:
        version = row["version"]
        move(database, job_id, state, error=f"{why} Version {version} is whole, but was not activated.")


def was_activated(row: RowMapping, store: Store) -> bool:
    """Whether the job's version is the current one."""
    try:
        return bool(store.current() == row["version"])
    except StoreError:
        return False


def add_event(connection: Connection, job_id: str, kind: str, data: dict[str, Any]) -> None:
    """Append to the job's stream."""
    connection.execute(insert(job_events).values(job_id=job_id, kind=kind, data=data, created_at=now_seconds()))
