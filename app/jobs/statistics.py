"""Counts of jobs, for metrics."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from app.database.tables import jobs
from app.jobs.states import State


class JobCount(NamedTuple):
    """Jobs in one state, and the seconds that they took in total, 0 for a state in which a job is still under way."""

    jobs: int = 0
    seconds: float = 0.0


def jobs_by_state(connection: Connection) -> dict[State, JobCount]:
    """The jobs of every state, also of those that have none."""
    seconds = jobs.c.finished_at - func.coalesce(jobs.c.started_at, jobs.c.created_at)
    rows = connection.execute(select(jobs.c.state, func.count(), func.sum(seconds)).group_by(jobs.c.state))
    found = {state: JobCount(count, total or 0.0) for state, count, total in rows}
    return {state: found.get(state, JobCount()) for state in State}
