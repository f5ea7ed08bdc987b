"""The check of the database: whether it answers, is whole, and has a schema that this version of Numeral knows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.database.clock import now_seconds
from app.database.engines import first_line, make_engine, without_password
from app.database.migrate import HEAD, revision_of
from app.database.sqlite import sqlite_file
from app.doctor.finding import Finding
from app.settings import Settings

CLOCK_SECONDS = 5.0  # by which this host's clock and the database's may differ
RESTORE = "restore the file from a backup, or move it away: the start makes a new, empty one"
REACH = "see that it runs, and that NUMERAL_DATABASE_URL has its address, user and password"


def database(settings: Settings) -> Iterator[Finding]:
    """The findings about the database, and about its clock if that is not this host's."""
    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        yield Finding("database", "ok", f"{file} is not there yet; the start makes it")
        return
    engine = make_engine(settings.database_url)
    try:
        yield from answers(engine, file, without_password(settings.database_url))
    except (OSError, SQLAlchemyError) as error:
        detail = f"{without_password(settings.database_url)} can't be used: {first_line(error)}"
        yield Finding("database", "failing", detail, RESTORE if file else REACH)
    finally:
        engine.dispose()


def address(settings: Settings) -> Iterator[Finding]:
    """A finding if NUMERAL_DATABASE_URL is no address of a database of a kind that Numeral knows."""
    try:
        make_engine(settings.database_url).dispose()
    except (SQLAlchemyError, ValueError) as error:
        detail = f"NUMERAL_DATABASE_URL can't be used: {first_line(error)}"
        yield Finding("settings", "failing", detail, "set it to sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")


def answers(engine: Engine, file: Path | None, name: str) -> Iterator[Finding]:
    """The findings about a database that is there. Raises OSError and SQLAlchemy's errors."""
    revision = revision_of(engine)
    with engine.execution_options(read_only=True).connect() as connection:
        whole = "ok" if file is None else connection.execute(text("PRAGMA quick_check(1)")).scalar()
        ahead = connection.execute(select(now_seconds())).scalar_one() - time.time()
    if whole != "ok":
        yield Finding("database", "failing", f"{file} is damaged: {whole}", RESTORE)
    elif revision is not None and revision > HEAD:
        detail = f"its schema {revision} is newer than {HEAD}, the newest that this version of Numeral knows"
        yield Finding("database", "failing", detail, "upgrade Numeral")
    else:
        schema = "is current" if revision == HEAD else f"is {revision or 'not made'}; the start brings it to {HEAD}"
        yield Finding("database", "ok", f"{name} answers; its schema {schema}")
    if abs(ahead) > CLOCK_SECONDS:
        yield Finding(
            "clock", "warning", f"the database's is {ahead:+.0f} s from this host's", "synchronize both by NTP"
        )
