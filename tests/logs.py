"""What a test looks at in the log."""

from __future__ import annotations

import logging

import pytest


def lines_of(caplog: pytest.LogCaptureFixture, logger: str) -> list[logging.LogRecord]:
    """What a logger wrote: the count of another test's faults may come at any time, by another logger."""
    return [record for record in caplog.records if record.name == logger]
