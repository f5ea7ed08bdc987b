"""The trainer's and supervisor's side of a job's record: state, heartbeat, progress, events, outcome.

A job's events get their ids while its row is locked, so a reader that asks for ids above the last one misses none.
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

LOG_TAIL = 8_000  # characters of the log that are kept


def move(database: Database, job_id: str, to: State, **values: Any) -> bool:
    """Move the job to the state `to` and set the columns `values`. Returns False when the table of moves forbids it."""
    with database.begin() as connection:
        return move_within(connection, job_id, to, **values)


def move_within(connection: Connection, job_id: str, to: State, **values: Any) -> bool:
    """`move` within a transaction. The end of a job is written into the audit, under the actor who started the job."""
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
    """What a heartbeat reads. wanted: the state in which the job must end now, if any; progress: the latest report."""

    wanted: State | None
    progress: dict[str, Any] | None = None


def heartbeat(database: Database, job_id: str, log: str) -> Pulse:
    """Record that the trainer lives, with the end of its log.

    The wanted state is CANCELLED after a request to cancel, INTERRUPTED when the job was given up or its record lost.
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
    """Store the end of the log, even when the job has ended."""
    with database.begin() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(log=log[-LOG_TAIL:]))


def report(database: Database, job_id: str, progress: dict[str, Any]) -> bool:
    """Record the training's progress. Returns False when the job has ended."""
    with database.begin() as connection:
        statement = update(jobs).where(jobs.c.id == job_id, jobs.c.active == 1).values(progress=progress)
        if connection.execute(statement.returning(jobs.c.id)).first() is None:
            return False
        add_event(connection, job_id, "progress", progress)
    return True


def note_version(database: Database, job_id: str, version: int, metrics: dict[str, Any], reasons: list[str]) -> bool:
    """Record the published version, before it may be activated. Returns False when the job was given up."""
    values = {"version": version, "metrics": metrics, "reasons": reasons}
    with database.begin() as connection:
        statement = update(jobs).where(jobs.c.id == job_id, jobs.c.state == State.EVALUATING).values(values)
        return connection.execute(statement.returning(jobs.c.id)).first() is not None


def promote(database: Database, job_id: str, store: Store, version: int, instead_of: int | None) -> bool:
    """Activate the version and end the job as promoted, in one transaction. Returns False when the job was given up.

    instead_of: the version that the gate compared with. Raises CurrentChanged when it is no longer the current one, and
    StoreError. If the process is killed between the activation and the commit, `conclude` ends the job as promoted.
    """
    with database.begin() as connection:
        if not move_within(connection, job_id, State.PROMOTED):
            return False
        store.promote(version, instead_of)
    return True


def conclude(database: Database, job_id: str, store: Store, state: State, why: str) -> None:
    """End a job whose trainer is gone, unless it has ended already.

    Its state becomes PROMOTED when its version is the current one, else `state`, with the sentence `why` as its error.
    Does nothing when the record is lost.
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
    """Append an event to the job's stream."""
    connection.execute(insert(job_events).values(job_id=job_id, kind=kind, data=data, created_at=now_seconds()))
