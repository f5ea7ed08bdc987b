"""Let transactions of several processes take turns where each relies on what the others have committed."""

from __future__ import annotations

from sqlalchemy import Connection, text

KEPT, SHADOWS = 7_612_004, 7_612_005  # PostgreSQL advisory locks: any fixed numbers


def take_turn(connection: Connection, number: int) -> None:
    """Wait for other transactions that took this turn; it ends with the transaction.

    On SQLite every transaction that writes has taken its turn already (sqlite.py).
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
