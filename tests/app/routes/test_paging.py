"""Paging: the accepted limits and cursors, and when there is a next page."""

from __future__ import annotations

import pytest

from app.http.errors import render
from app.routes.paging import MAX_CURSOR, MAX_LIMIT, PageOutOfRange, as_cursor, as_limit, next_cursor, page_request


@pytest.mark.parametrize(("text", "items"), [("1", 1), ("50", 50), ("200", 200), ("007", 7)])
def test_a_page_has_from_one_to_two_hundred_items(text: str, items: int) -> None:
    assert as_limit(text) == items <= MAX_LIMIT


@pytest.mark.parametrize("text", ["", "0", "-1", "+5", "201", "1.5", "1e2", " 5", "٥", "²", "many", "0" * 10 + "5"])
def test_another_number_of_items_is_refused(text: str) -> None:
    with pytest.raises(PageOutOfRange, match="limit: must be a number from 1 to 200"):
        as_limit(text)


@pytest.mark.parametrize("text", ["0", "12", "9999999999"])
def test_a_cursor_is_a_number_of_up_to_ten_digits(text: str) -> None:
    assert as_cursor(text) == text


@pytest.mark.parametrize("text", ["", "-1", "next", "1 ", "٥", "10000000000", "9" * 5000])
def test_another_cursor_is_refused(text: str) -> None:
    with pytest.raises(PageOutOfRange, match="cursor: must be the `next` of the page before"):
        as_cursor(text)


def test_a_page_that_does_not_exist_is_the_clients_mistake() -> None:
    status, _, body = render(PageOutOfRange("limit: no."), "id")
    assert status == 422 and b"/problems/page-out-of-range" in body


def test_the_first_page_has_no_cursor_and_fifty_items() -> None:
    assert page_request() == (50, None)


@pytest.mark.parametrize(("cursor", "start"), [("0", 0), ("7", 7), (str(2**31 - 1), 2**31 - 1)])
def test_a_cursor_is_where_the_page_starts(cursor: str, start: int) -> None:
    assert page_request(3, cursor) == (3, start)


def test_a_cursor_beyond_what_a_row_can_have_fits_a_database_integer() -> None:
    assert page_request(3, "9999999999").cursor == MAX_CURSOR == 2**31 - 1


def test_a_full_page_names_its_last_row_and_one_that_is_not_full_is_the_last() -> None:
    rows = [{"number": 4, "id": "a"}, {"number": 9, "id": "b"}, {"number": 12, "id": "c"}]
    assert next_cursor(rows, 3, "number") == "12"
    assert next_cursor(rows, 3, "id") == "c"
    assert next_cursor(rows, 4, "number") is None
    assert next_cursor([], 50, "number") is None
