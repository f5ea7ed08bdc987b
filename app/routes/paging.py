"""Paging of lists: `?limit=` and the `next` cursor of the page before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from fastapi import Depends, Query
from pydantic import BeforeValidator, Field
from sqlalchemy.engine import RowMapping

from app.http.errors import Problem

MAX_LIMIT = 200  # items a page
MAX_CURSOR = 2**31 - 1  # the largest number that a row can have; a larger cursor means the same
CURSOR_DIGITS = 10


class PageOutOfRange(Problem):
    status, slug, title = 422, "page-out-of-range", "There is no such page"
    remedy = f"Ask for 1 to {MAX_LIMIT} items with `limit`; take `cursor` from `next` of the page before."


class PageRequest(NamedTuple):
    """The requested page of a list: at most `limit` items after `cursor`, which is None for the first page."""

    limit: int
    cursor: int | None


def as_limit(text: str) -> int:
    """Parse `?limit=`, the number of items on a page. Raises PageOutOfRange."""
    if is_number(text, CURSOR_DIGITS) and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise PageOutOfRange(f"limit: must be a number from 1 to {MAX_LIMIT}.")


def as_cursor(text: str) -> str:
    """Check `?cursor=`. Raises PageOutOfRange."""
    if is_number(text, CURSOR_DIGITS):
        return text
    raise PageOutOfRange("cursor: must be the `next` of the page before.")


def is_number(text: str, most: int) -> bool:
    """Whether the text is a whole number without a sign, of at most `most` digits."""
    return text.isascii() and text.isdigit() and len(text) <= most


def page_request(
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT), BeforeValidator(as_limit), Query(description="items a page")] = 50,
    cursor: Annotated[
        Annotated[str, Field(pattern=f"^[0-9]{{1,{CURSOR_DIGITS}}}$"), BeforeValidator(as_cursor)] | None,
        Query(description="`next` of the page before"),
    ] = None,
) -> PageRequest:
    """Dependency: the requested page of a list. Raises PageOutOfRange."""
    return PageRequest(limit, None if cursor is None else min(int(cursor), MAX_CURSOR))


Paging = Annotated[PageRequest, Depends(page_request)]


def next_cursor(rows: Sequence[RowMapping], limit: int, column: str) -> str | None:
    """The cursor of the next page; None when the page is not full, and so the last one."""
    return str(rows[-1][column]) if len(rows) == limit else None
