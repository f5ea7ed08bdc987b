"""Parameters of a query, for routes that FastAPI does not parse."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qs

from pydantic import TypeAdapter, ValidationError

from app.http.errors import PLAIN_MESSAGES, InvalidField

as_truth_value = TypeAdapter(bool)  # pydantic's boolean, as in FastAPI's routes
MAX_NUMBER_DIGITS = 9  # of a whole number; a longer one is too large wherever one is taken


def parameter(query: bytes, name: str) -> str | None:
    """The last value of the parameter; None when the query does not have it."""
    values = parse_qs(query.decode("latin-1"), keep_blank_values=True).get(name)
    return values[-1] if values else None


def check_names(query: bytes, known: Collection[str]) -> None:
    """Raise InvalidField when the query has a parameter that the route does not know."""
    unknown = parse_qs(query.decode("latin-1"), keep_blank_values=True).keys() - known
    if unknown:
        there = f"; there are {', '.join(known)}" if known else ""
        raise InvalidField(*((name, f"is no parameter of this address{there}") for name in sorted(unknown)))


def truth_value(query: bytes, name: str) -> bool:
    """The parameter as a boolean, False when it is missing. Raises InvalidField."""
    given = parameter(query, name)
    try:
        return given is not None and as_truth_value.validate_python(given)
    except ValidationError:
        raise InvalidField((name, PLAIN_MESSAGES["bool_parsing"])) from None


def whole_number(query: bytes, name: str, least: int, most: int) -> int | None:
    """The parameter as a number from `least` to `most`; None when it is missing. Raises InvalidField."""
    given = parameter(query, name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit()):
        raise InvalidField((name, f"must be a whole number from {least} to {most}"))
    if len(given) > MAX_NUMBER_DIGITS or int(given) > most:
        raise InvalidField((name, f"must be {most} or less"))
    if int(given) < least:
        raise InvalidField((name, f"must be {least} or more"))
    return int(given)
