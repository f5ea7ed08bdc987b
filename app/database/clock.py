"""The database's clock as an SQL function. Hosts that share a database may have clocks that differ."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

SQLITE_NOW = "((julianday('now') - 2440587.5) * 86400.0)"  # 2440587.5: 1970 as a Julian day; exact to 0.1 ms
POSTGRESQL_NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"  # now() is the transaction's start


class now_seconds(FunctionElement[float]):  # lower case, as SQL functions are
    """Seconds since 1970, UTC, by the database's clock as the statement runs: `values(heartbeat_at=now_seconds())`."""

    type = Float()
    inherit_cache = True


@compiles(now_seconds, "sqlite")
def on_sqlite(_element: now_seconds, _compiler: SQLCompiler, **_: Any) -> str:
    """SQLite's expression; `unixepoch('subsec')` would need SQLite 3.42."""
    return SQLITE_NOW


@compiles(now_seconds, "postgresql")
def on_postgresql(_element: now_seconds, _compiler: SQLCompiler, **_: Any) -> str:
    """PostgreSQL's expression: the wall clock, which advances within a transaction."""
    return POSTGRESQL_NOW
