"""The tables. Each change here needs a migration in `app/database/migrations/versions`."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

# Times are seconds since 1970, UTC.

samples = Table(
    "samples",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),  # the order of arrival, for paging
    Column("id", String(64), nullable=False, unique=True),  # SHA-256 of the original bytes
    Column("label", Integer, nullable=False, index=True),
    Column("image", LargeBinary, nullable=False),  # as it was sent
    Column("reading", LargeBinary, nullable=False),  # uint8 32×32, the model's input
    Column("format", String(16), nullable=False),
    Column("held_out", Boolean, nullable=False),
    Column("predicted", Integer),  # by version `predicted_by`, with `confidence`
    Column("confidence", Float),
    Column("predicted_by", Integer),
    Column("suspect", Boolean, nullable=False, default=False, index=True),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("stray", Float),  # share, 0–1, of the page's ink that lay beside the digit; null if stored before 0002
    Column("box", JSON(none_as_null=True)),  # x, y, width, height in the picture as it was sent, in pixels; since 0003
)

jobs = Table(
    "jobs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("active", Integer, unique=True),  # 1 until the job ends, then null; unique, so one job runs at a time
    Column("idempotency_key", String(128), unique=True),
    Column("actor", String(128), nullable=False),  # name of the key that started it
    Column("options", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("heartbeat_at", Float, nullable=False),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("progress", JSON),
    Column("metrics", JSON),
    Column("reasons", JSON, nullable=False),
    Column("version", Integer),
    Column("error", Text),
    Column("log", Text, nullable=False, default=""),
)

job_events = Table(
    "job_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("job_id", String(32), ForeignKey("jobs.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # "state" or "progress"
    Column("data", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("ix_job_events_job_id_id", "job_id", "id"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("created_at", Float, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("detail", JSON, nullable=False),
)
