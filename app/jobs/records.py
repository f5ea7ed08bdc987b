"""The web service's side of the records of jobs: create, read, list, cancel, give up. It starts no process.

The trainer's and supervisor's side of the same records is `reporting.py`.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from app.database import audit
from app.database.clock import now_seconds
from app.database.database import Database
from app.database.tables import job_events, jobs
from app.http.errors import Problem
from app.jobs.reporting import add_event, conclude
from app.jobs.states import ACTIVE, State
from model.registry.store import Store

LOST_AFTER_SECONDS = 10.0  # without a heartbeat, a job counts as lost
GRACE_SECONDS = 5.0  # after the database was unavailable, for supervisors to send their heartbeats
AGAIN = "POST /admin/retrain starts it again."
JOB_ID = re.compile(r"[0-9a-f]{32}")


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
    """Create a queued job. Returns its row and True, or the row of the key's earlier job and False.

    idempotency_key: a repeated request with the same key gets the same job.
    Raises JobRunning with the running job's address, IdempotencyConflict when the key was used with other options.
    """
    earlier = made_with(database, idempotency_key, options)
    if earlier is not None:
        return earlier, False
    job_id = uuid.uuid4().hex
    values = {
        "id": job_id, "state": State.QUEUED, "active": 1, "idempotency_key": idempotency_key,
        "actor": actor, "options": options, "created_at": now_seconds(), "heartbeat_at": now_seconds(), "reasons": [],
        "cancel_requested": False, "log": "",
    }  # fmt: skip
    try:
        with database.begin() as connection:
            connection.execute(insert(jobs).values(values))
            add_event(connection, job_id, "state", {"state": State.QUEUED})
            audit.record(connection, actor, "retrain", job_id, options=options)
    except IntegrityError:  # another request created a job at the same time
        earlier = made_with(database, idempotency_key, options)
        if earlier is not None:
            return earlier, False
        raise running_problem(database) from None
    return get(database, job_id), True


def made_with(database: Database, idempotency_key: str | None, options: dict[str, Any]) -> RowMapping | None:
    """The job that was created with the key, if any. Raises IdempotencyConflict when its options differ."""
    if idempotency_key is None:
        return None
    with database.read() as connection:
        row = connection.execute(select(jobs).where(jobs.c.idempotency_key == idempotency_key)).mappings().first()
    if row is not None and row["options"] != options:
        raise IdempotencyConflict(f"The key belongs to {address(row['id'])}, which has other options.")
    return row


def running_problem(database: Database) -> JobRunning:
    """The problem (409) that names the active job."""
    with database.read() as connection:
        job_id = connection.execute(select(jobs.c.id).where(jobs.c.active == 1)).scalar()
    if job_id is None:
        return JobRunning("A retraining ended this moment; try again.")
    where = address(job_id)
    return JobRunning(f"The job {where} is under way.", headers={"Location": where}, extra={"job": where})


def get(database: Database, job_id: str) -> RowMapping:
    """The job's row. Raises JobNotFound."""
    row = None
    if JOB_ID.fullmatch(job_id):
        with database.read() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
    if row is None:
        raise JobNotFound("GET /admin/jobs lists the jobs there are.")
    return row


def page(database: Database, before: int | None, limit: int) -> tuple[Sequence[RowMapping], int]:
    """The newest `limit` jobs with a number below `before`, newest first, and the count of all jobs."""
    query = select(jobs).order_by(jobs.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(jobs.c.number < before)
    with database.read() as connection:
        total = connection.execute(select(func.count()).select_from(jobs)).scalar_one()
        return connection.execute(query).mappings().all(), total


def request_cancel(database: Database, job_id: str, actor: str) -> RowMapping:
    """Ask the trainer to stop. Raises JobNotFound or JobFinished."""
    get(database, job_id)
    with database.begin() as connection:
        mine = (jobs.c.id == job_id) & (jobs.c.active == 1)
        statement = update(jobs).where(mine, jobs.c.cancel_requested.is_(False)).values(cancel_requested=True)
        if connection.execute(statement.returning(jobs.c.id)).first():
            audit.record(connection, actor, "cancel", job_id)
    job = get(database, job_id)
    if State(job["state"]) not in ACTIVE:
        raise JobFinished(f"The job is {job['state']}.")
    return job


def sweep(database: Database, store: Store, queue_seconds: float) -> None:
    """End the active job as interrupted when its heartbeat is overdue: its processes or the machine were stopped.

    queue_seconds: within which a supervisor must claim a queued job.
    """
    with database.read() as connection:
        silent_since = now_seconds() - case((jobs.c.state == State.QUEUED, queue_seconds), else_=LOST_AFTER_SECONDS)
        is_lost = jobs.c.heartbeat_at < silent_since
        query = select(jobs.c.id, jobs.c.state).where(jobs.c.active == 1, is_lost)
        lost = connection.execute(query).first()
    if lost is not None and time.monotonic() - database.failed_at > GRACE_SECONDS:
        why = (
            f"The trainer stopped without a word while the job was {lost.state}: it was killed, or the machine or the "
            f"container stopped. {AGAIN}"
        )
        conclude(database, lost.id, store, State.INTERRUPTED, why)


def events_after(database: Database, job_id: str, last_id: int, limit: int = 1000) -> Sequence[RowMapping]:
    """The job's events with an id above `last_id`, in order."""
    query = (
        select(job_events)
        .where(job_events.c.job_id == job_id, job_events.c.id > last_id)
        .order_by(job_events.c.id)
        .limit(limit)
    )
    with database.read() as connection:
        return connection.execute(query).mappings().all()
