"""Kinds of values that several shapes have."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from app.http.times import as_rfc3339


def without_fraction(value: object) -> object:
    """A number such as 3.0 as the integer that it is in JSON Schema; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(without_fraction)  # last in an Annotated, or the bounds before it are not documented


def format_time(value: object) -> object:
    """Seconds since 1970 as RFC 3339; anything else as it is."""
    return as_rfc3339(value) if isinstance(value, float) else value


Time = Annotated[str, BeforeValidator(format_time), Field(json_schema_extra={"format": "date-time"}, description="UTC")]
