"""Paging of lists: `?limit=` and the `next` cursor of the page before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from sqlalchemy.engine import RowMapping

Limit = Annotated[int, Query(ge=1, le=200, description="items a page")]
Cursor = Annotated[int | None, Query(ge=0, le=2**31 - 1, description="`next` of the page before")]


def next_cursor(rows: Sequence[RowMapping], limit: int, column: str) -> str | None:
    """The cursor after a full page; a page that is not full is the last one."""
    return str(rows[-1][column]) if len(rows) == limit else None
