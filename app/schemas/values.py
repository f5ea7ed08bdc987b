"""Types of fields that several models share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from app.http.times import as_rfc3339


def without_fraction(value: object) -> object:
    """Convert a number such as 3.0 to an integer, which it is in JSON Schema; return anything else unchanged."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(without_fraction)  # must be last in an Annotated, or OpenAPI lacks the bounds before it


def format_time(value: object) -> object:
    """Convert seconds since 1970 to RFC 3339; return anything else unchanged."""
    return as_rfc3339(value) if isinstance(value, float) else value


Time = Annotated[str, BeforeValidator(format_time), Field(json_schema_extra={"format": "date-time"}, description="UTC")]

Share = Annotated[float, Field(ge=0, le=1)]
Box = Annotated[
    list[int],
    Field(min_length=4, max_length=4, description="x, y, width and height in the picture as it was sent, in pixels"),
]

# of an answer
Accepted = Annotated[bool, Field(description="false if a person should look; `reason` says why")]
ModelVersion = Annotated[str, Field(description="the one version that made this answer")]
Seen = Annotated[str | None, Field(description="with ?seen=true: the model's 32×32 input, a PNG data-URI")]
