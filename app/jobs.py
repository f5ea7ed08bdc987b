"""Retraining jobs: their states, the one row each, and its events. No process is known here, only records.

queued → running → evaluating → promoted | kept
└────────┴──────────┴→ failed | cancelled | interrupted
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from app import audit
from app.db import Database
from app.errors import Problem
from app.tables import job_events, jobs

HEARTBEAT_SECONDS = 1.0
LOST_AFTER_SECONDS = 10.0  # without a heartbeat
LOG_TAIL = 8_000  # characters kept


class State(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    EVALUATING = "evaluating"
    PROMOTED = "promoted"
    KEPT = "kept"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


ENDED_EARLY = {State.FAILED, State.CANCELLED, State.INTERRUPTED}
MOVES: dict[State, set[State]] = {
    State.QUEUED: {State.RUNNING} | ENDED_EARLY,
    State.RUNNING: {State.EVALUATING} | ENDED_EARLY,
    State.EVALUATING: {State.PROMOTED, State.KEPT} | ENDED_EARLY,
}
ACTIVE = frozenset(MOVES)


class JobNotFound(Problem):
    status, slug, title = 404, "job-not-found", "There is no such job"
    remedy = "GET /admin/jobs lists them."


class JobRunning(Problem):
    status, slug, title = 409, "job-running", "A retraining is under way; there is one at a time"
    remedy = "Follow the job that Location names, or cancel it."


class JobFinished(Problem):
    status, slug, title = 409, "job-finished", "The job has ended already"
    remedy = "Start another one with POST /admin/retrain."


class IdempotencyConflict(Problem):
    status, slug, title = 422, "idempotency-conflict", "The Idempotency-Key was used for another request"
    remedy = "Choose a new Idempotency-Key for a new request."


def address(job_id: str) -> str:
    """The path of the job."""
    return f"/admin/jobs/{job_id}"


def create(
    database: Database, actor: str, options: dict[str, Any], idempotency_key: str | None
) -> tuple[RowMapping, bool]:
    """A new queued job and True, or the one that the idempotency key made before and False.

    Raises JobRunning with the running job's address, IdempotencyConflict for the key with other options.
    """
    sweep(database)
    with database.begin() as connection:
        if idempotency_key is not None:
            earlier = (
                connection.execute(select(jobs).where(jobs.c.idempotency_key == idempotency_key)).mappings().first()
            )
            if earlier is not None:
                if earlier["options"] != options:
                    raise IdempotencyConflict
                return earlier, False
    now, job_id = time.time(), uuid.uuid4().hex
    values = {
        "id": job_id, "state": State.QUEUED, "active": 1, "idempotency_key": idempotency_key,
        "actor": actor, "options": options, "created_at": now, "heartbeat_at": now, "reasons": [],
        "cancel_requested": False, "log": "",
    }  # fmt: skip
    try:
        with database.begin() as connection:
            connection.execute(insert(jobs).values(values))
            add_event(connection, job_id, "state", {"state": State.QUEUED})
            audit.record(connection, actor, "retrain", job_id, options=options)
    except IntegrityError:
        raise running_problem(database) from None
    return get(database, job_id), True


def running_problem(database: Database) -> JobRunning:
    """The 409 that names the job under way."""
    with database.begin() as connection:
        job_id = connection.execute(select(jobs.c.id).where(jobs.c.active == 1)).scalar()
    if job_id is None:
        return JobRunning("A retraining ended this moment; try again.")
    where = address(job_id)
    return JobRunning(f"The job {where} is under way.", headers={"Location": where}, extra={"job": where})


def get(database: Database, job_id: str) -> RowMapping:
    """The job's row. Raises JobNotFound."""
    with database.begin() as connection:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
    if row is None:
        raise JobNotFound(f"There is no job {job_id}.")
    return row


def page(database: Database, before: int | None, limit: int) -> tuple[Sequence[RowMapping], int]:
    """The newest `limit` jobs with a number below `before`, newest first, and how many there are in all."""
    query = select(jobs).order_by(jobs.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(jobs.c.number < before)
    with database.begin() as connection:
        total = connection.execute(select(func.count()).select_from(jobs)).scalar_one()
        return connection.execute(query).mappings().all(), total


def move(database: Database, job_id: str, to: State, actor: str | None = None, **values: Any) -> bool:
    """Move the job to a state that the table of moves allows from where it is; False when it does not.

    values: further columns of the row. The end of a job is audited under the name of who asked for it.
    """
    sources = [state for state, targets in MOVES.items() if to in targets]
    values |= {"state": to, "heartbeat_at": time.time()}
    if to == State.RUNNING:
        values["started_at"] = time.time()
    if to not in ACTIVE:
        values |= {"active": None, "finished_at": time.time()}
    with database.begin() as connection:
        statement = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(sources)).values(values)
        if connection.execute(statement.returning(jobs.c.id)).first() is None:
            return False
        facts = {name: values[name] for name in ("version", "error", "reasons") if values.get(name)}
        add_event(connection, job_id, "state", {"state": to, **facts})
        if to not in ACTIVE:
            asked = connection.execute(select(jobs.c.actor).where(jobs.c.id == job_id)).scalar_one()
            audit.record(connection, actor or asked, to, job_id, **facts)
    return True


def heartbeat(database: Database, job_id: str, log: str) -> bool:
    """Say that the trainer lives, with the tail of its log; answers whether somebody asked it to stop."""
    with database.begin() as connection:
        statement = update(jobs).where(jobs.c.id == job_id).values(heartbeat_at=time.time(), log=log[-LOG_TAIL:])
        return bool(connection.execute(statement.returning(jobs.c.cancel_requested)).scalar())


def report(database: Database, job_id: str, progress: dict[str, Any]) -> None:
    """Note how far the training is."""
    with database.begin() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(progress=progress))
        add_event(connection, job_id, "progress", progress)


def request_cancel(database: Database, job_id: str, actor: str) -> RowMapping:
    """Ask the trainer to stop. Raises JobNotFound or JobFinished."""
    sweep(database)
    with database.begin() as connection:
        statement = update(jobs).where(jobs.c.id == job_id, jobs.c.active == 1).values(cancel_requested=True)
        if connection.execute(statement.returning(jobs.c.id)).first():
            audit.record(connection, actor, "cancel", job_id)
    job = get(database, job_id)
    if State(job["state"]) not in ACTIVE:
        raise JobFinished(f"The job is {job['state']}.")
    return job


def sweep(database: Database) -> None:
    """Mark the job whose trainer was lost without a word (killed, power cut) as interrupted."""
    with database.begin() as connection:
        lost_since = time.time() - LOST_AFTER_SECONDS
        query = select(jobs.c.id, jobs.c.state).where(jobs.c.active == 1, jobs.c.heartbeat_at < lost_since)
        lost = connection.execute(query).first()
    if lost is not None:
        why = (
            f"The trainer stopped without a word while the job was {lost.state}: it was killed, or the machine stopped."
        )
        move(database, lost.id, State.INTERRUPTED, error=why)


def add_event(connection: Connection, job_id: str, kind: str, data: dict[str, Any]) -> None:
    """Append to the job's stream."""
    connection.execute(insert(job_events).values(job_id=job_id, kind=kind, data=data, created_at=time.time()))


def events_after(database: Database, job_id: str, last_id: int, limit: int = 1000) -> Sequence[RowMapping]:
    """The job's events with an id above `last_id`, in order."""
    query = (
        select(job_events)
        .where(job_events.c.job_id == job_id, job_events.c.id > last_id)
        .order_by(job_events.c.id)
        .limit(limit)
    )
    with database.begin() as connection:
        return connection.execute(query).mappings().all()
