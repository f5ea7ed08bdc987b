"""An error that occurs a thousand times is one traceback and a count in the log."""

from __future__ import annotations

import logging

import pytest

from model.faults import MAX_KINDS, FaultLog
from tests.logs import lines_of
from tests.server import wait_until

log = logging.getLogger(__name__)


def error_of(text: str) -> Exception:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_the_first_is_logged_with_its_traceback_and_repeats_as_a_count(caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultLog(seconds=1.0)
    for i in range(1_000):
        faults.report(log, "a picture", error_of(str(i)))
    assert [bool(record.exc_info) for record in lines_of(caplog, __name__)] == [True]
    wait_until(lambda: len(lines_of(caplog, __name__)) > 1)  # though none comes any more
    faults.report(log, "a picture", error_of("again"))
    first, count = lines_of(caplog, __name__)
    assert first.exc_info and not count.exc_info and "ValueError" in count.getMessage()
    assert "came 999 times more" in count.getMessage()


def test_before_the_end_every_repeat_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultLog()
    for _ in range(3):
        faults.report(log, "a picture", error_of("x"))
    faults.count_all(log)
    faults.count_all(log)
    assert [record.getMessage().split(" came ")[-1] for record in lines_of(caplog, __name__)][1:] == [
        "2 times more within 60 s"
    ]


def test_another_place_is_another_fault(caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultLog()
    faults.report(log, "a picture", error_of("here"))
    try:
        raise ValueError("there")
    except ValueError as error:
        faults.report(log, "a picture", error)
    assert len(lines_of(caplog, __name__)) == 2


def test_kinds_without_end_are_not_remembered_without_end(caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultLog()
    for i in range(2 * MAX_KINDS):
        faults.report(log, "a picture", type(f"Error{i}", (Exception,), {})())
    assert len(lines_of(caplog, __name__)) == 2 * MAX_KINDS and len(faults._repeats) == MAX_KINDS
