"""What a check found, and what to do about it."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["ok", "warning", "failing"]


class Finding(NamedTuple):
    """check: its name; state: in order, worth a look, or to be mended; remedy: what to do, empty for nothing."""

    check: str
    state: State
    detail: str
    remedy: str = ""
