"""The tables. Each change here needs a migration in `app/database/migrations/versions`."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
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

kept = Table(  # pictures that were answered, as far as NUMERAL_KEEP says
    "kept",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("request_id", String(128), nullable=False, index=True),  # not unique: clients may send their own
    Column("item", Integer),  # the picture's place in a batch, from 0; null for a request with one picture
    Column("path", String(16), nullable=False),  # of the route that answered
    Column("text", Text, nullable=False),  # the digit or the numbers that were answered
    Column("confidence", Float, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("reason", String(32)),
    Column("version", Integer, nullable=False),
    Column("shadow_version", Integer),  # a version that judged the picture, too, and read another text
    Column("shadow_text", Text),
    Column("shadow_confidence", Float),
    Column("rank", Integer, nullable=False),  # how useful a person's look is, larger is more
    Column("taught", Boolean, nullable=False),  # whether it is a sample now
    Column("kept_at", Float, nullable=False),
    Column("size", Integer, nullable=False),  # bytes of the picture
    Column("digest", String(64), nullable=False),  # SHA-256 of the picture
    Column("format", String(16), nullable=False),  # "pixels" for S·S bytes, else empty for a file
    Column("picture", LargeBinary, nullable=False),  # as it was sent
    Index("ix_kept_rank_number", "rank", "number"),
    Index("ix_kept_number_size", "number", "size"),
    Index("ix_kept_kept_at", "kept_at"),
    sqlite_autoincrement=True,  # a number is never used again, so nobody deletes another picture by mistake
)

shadows = Table(  # versions that judge live pictures beside the one in use, the latest time of each
    "shadows",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("share", Float, nullable=False),  # of the pictures, 0–1
    Column("actor", String(128), nullable=False),
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("ended_why", Text),
    Column("judged", Integer, nullable=False),  # pictures
    Column("agreed", Integer, nullable=False),  # of them, those in which it read the same text
    Column("accepted", Integer, nullable=False),  # those that it accepted
    Column("accepted_live", Integer, nullable=False),  # those that were accepted as they were answered
    Column("failed", Integer, nullable=False),  # those in which it failed
)
