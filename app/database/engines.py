"""Engines for the two kinds of database: SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import NoSuchModuleError

from app.database.sqlite import sqlite_engine
from app.database.timeouts import LONG_ANSWER_SECONDS


def make_engine(url: str, answer_seconds: float = LONG_ANSWER_SECONDS) -> Engine:
    """An engine for the URL. answer_seconds: PostgreSQL's time limit for a statement.

    Raises NoSuchModuleError for another kind of database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return sqlite_engine(url)
    if parsed.drivername not in ("postgresql", "postgresql+psycopg"):
        raise NoSuchModuleError(f"{parsed.drivername} is not known here; use sqlite:///FILE or postgresql://…")
    from app.database.postgresql import postgresql_engine  # loads psycopg

    return postgresql_engine(parsed.set(drivername="postgresql+psycopg"), answer_seconds)


def without_password(url: str) -> str:
    """The URL with its password hidden, for logs and messages."""
    return make_url(url).render_as_string(hide_password=True)


def first_line(error: Exception) -> str:
    """The first line of the driver's message, without a full stop."""
    text = str(getattr(error, "orig", None) or error) or type(error).__name__
    return text.strip().splitlines()[0].rstrip(".")
