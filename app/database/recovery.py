"""Recreate the tables of a database that lost them while the service ran, and tell the operator what was lost."""

from __future__ import annotations

import logging
import time
from contextlib import suppress

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from app.database import audit
from app.database.engines import without_password
from app.database.migrate import Done, migrate
from app.database.sqlite import Identity, SqliteFiles
from app.database.tables import audit as audit_table
from app.database.tables import metadata
from app.http.times import as_rfc3339

log = logging.getLogger(__name__)

ACTION = "tables-made-anew"  # in the audit
MADE_ANEW = "was found without its tables, which were made anew: samples, jobs and audit from before are not in it"
REPLACED = "was replaced while the service ran: what was stored in the earlier one is not in it"


class Recovery:
    """Detects that data was lost, and restores the tables.

    notice: a sentence that says what was lost, or None.
    is_due: whether a table is missing although the schema's revision is recorded.
    """

    def __init__(self, url: str, engine: Engine, files: SqliteFiles) -> None:
        self.notice: str | None = None
        self.is_due = False
        self._url = url
        self._engine = engine
        self._files = files
        self._served = False  # whether this process has used the database before
        self._since = time.time()

    def note_file(self, identity: Identity) -> None:
        """Remember the file that a transaction begins on; report when it is not the same file as before."""
        if self._files.note(identity):
            self._report(REPLACED)
        self._served = True

    def restore(self, seconds: float) -> None:
        """Create or migrate the tables, and report what was lost.

        seconds: the longest wait for another process that migrates.
        Raises OSError, SchemaTooNew, SQLAlchemy's errors.
        """
        done = migrate(self._url, max(seconds, 0.0))
        self.is_due = False
        if done is Done.CREATED and self._served:
            self._report(MADE_ANEW)
            with suppress(SQLAlchemyError), self._engine.begin() as connection:
                audit.record(connection, "numeral", ACTION, "database")
            self._files.note(self._files.identities()[0])
        elif done is not Done.NOTHING:
            log.info("the tables of %s: %s", self._name(), done.value)

    def look(self, connection: Connection) -> None:
        """Check that every table has its columns, and report when another process has recreated the tables.

        Raises SQLAlchemy's errors for a missing table or column.
        """
        for table in metadata.tables.values():
            connection.execute(select(table).limit(0))
        made_anew = (audit_table.c.action == ACTION, audit_table.c.created_at >= self._since)
        if self.notice is None and connection.execute(select(audit_table.c.id).where(*made_anew)).first():
            self._report(MADE_ANEW)

    def _report(self, what: str) -> None:
        self.notice = f"The database {self._name()} {what} ({as_rfc3339(time.time())})."
        log.critical("%s", self.notice)

    def _name(self) -> str:
        return str(self._files.path or without_password(self._url))
