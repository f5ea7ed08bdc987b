"""Time limits for the database."""

from __future__ import annotations

from contextvars import ContextVar

BUSY_SECONDS = 5.0  # how long a transaction waits for the lock of another
ANSWER_SECONDS = 5.0  # how long a request waits for one statement
LONG_ANSWER_SECONDS = 60.0  # the same outside requests, for example in the trainer
deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))  # of the current work; monotonic clock
