"""A bug that is hit a thousand times is one traceback and a count."""

from __future__ import annotations

import logging

import pytest

from model.faults import MAX_KINDS, REPEAT_SECONDS, FaultLog

log = logging.getLogger(__name__)


def error_of(text: str) -> Exception:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_the_first_is_logged_with_its_traceback_and_repeats_as_a_count(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    faults = FaultLog(lambda: now)
    for i in range(1_000):
        faults.report(log, "a picture", error_of(str(i)))
    assert [bool(record.exc_info) for record in caplog.records] == [True]
    now = REPEAT_SECONDS
    faults.report(log, "a picture", error_of("again"))
    faults.report(log, "a picture", error_of("and again"))
    first, count = caplog.records
    assert first.exc_info and not count.exc_info
    assert "1000 times in 60 s: ValueError" in count.getMessage()


def test_another_place_is_another_fault(caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultLog()
    faults.report(log, "a picture", error_of("here"))
    try:
        raise ValueError("there")
    except ValueError as error:
        faults.report(log, "a picture", error)
    assert len(caplog.records) == 2


def test_kinds_without_end_are_not_remembered_without_end(caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultLog()
    for i in range(2 * MAX_KINDS):
        faults.report(log, "a picture", type(f"Error{i}", (Exception,), {})())
    assert len(caplog.records) == 2 * MAX_KINDS and len(faults._seen) == MAX_KINDS
