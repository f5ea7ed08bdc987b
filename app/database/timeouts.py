"""How long a database is waited for."""

from __future__ import annotations

from contextvars import ContextVar

BUSY_SECONDS = 5.0  # that a transaction waits for another one's lock
ANSWER_SECONDS = 5.0  # that a request waits for one statement
LONG_ANSWER_SECONDS = 60.0  # who can wait for a longer one does: a training, a migration
deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))  # of what runs now, on the monotonic clock
