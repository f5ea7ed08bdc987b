"""Paging of lists: `?limit=` and the `next` cursor of the page before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from fastapi import Depends, Query
from sqlalchemy.engine import RowMapping

from app.errors import Problem

MAX_LIMIT = 200  # items a page
MAX_CURSOR = 2**31 - 1  # the largest number that a row can have


class PageOutOfRange(Problem):
    status, slug, title = 422, "page-out-of-range", "There is no such page"
    remedy = f"Ask for 1 to {MAX_LIMIT} items with `limit`; take `cursor` from `next` of the page before."


class Window(NamedTuple):
    """Which part of a list is asked for: at most `limit` items from `cursor` on, None for the first page."""

    limit: int
    cursor: int | None


def window(
    limit: Annotated[
        str,
        Query(description="items a page", json_schema_extra={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}),
    ] = "50",
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Window:
    """The page's bounds. Raises PageOutOfRange."""
    return Window(
        whole_number("limit", limit, 1, MAX_LIMIT),
        None if cursor is None else whole_number("cursor", cursor, 0, MAX_CURSOR),
    )


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """The number. Raises PageOutOfRange."""
    if text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most:
        return int(text)
    raise PageOutOfRange(f"{name}: must be a number from {least} to {most}.")


Page = Annotated[Window, Depends(window)]


def next_cursor(rows: Sequence[RowMapping], limit: int, column: str) -> str | None:
    """The cursor after a full page; a page that is not full is the last one."""
    return str(rows[-1][column]) if len(rows) == limit else None
