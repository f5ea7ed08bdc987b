"""The response of an error and of `/problems`, and the way a route documents the errors that it can return."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

DESCRIPTIONS: dict[int | str, str] = {
    400: "Empty or malformed body",
    401: "A valid key is needed",
    403: "No admin key is configured, or the key does not permit this",
    404: "There is no such thing",
    408: "The body did not arrive in time",
    409: "Not in its present state",
    413: "Too large",
    415: "Not a type that is read here",
    422: "A wrong field or parameter, or an image that shows no digit",
    501: "Installed without what training needs",
    503: "No model or no database, or too much to do",
    507: "No room for temporary files",
    "default": "Any other error",
}


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class ProblemDetail(BaseModel):
    """RFC 9457 problem details."""

    type: Annotated[str, Field(examples=["/problems/blank-image"], description="an address that says how to fix it")]
    title: str
    status: int
    detail: str
    request_id: str
    errors: Annotated[list[FieldError] | None, Field(description="where fields are wrong: each of them")] = None


def documented(*statuses: int | str) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that can answer with problems of these statuses."""
    schema = {"$ref": "#/components/schemas/ProblemDetail"}  # exists because the schema Batch refers to it
    return {
        status: {"description": DESCRIPTIONS[status], "content": {"application/problem+json": {"schema": schema}}}
        for status in statuses
    }


def plainly_documented(*statuses: int | str) -> dict[int | str, dict[str, Any]]:
    """As `documented`, and by default, for a route of a protocol whose errors are `{"error": …}`."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/InferenceError"}}}
    return {status: {"description": DESCRIPTIONS[status], "content": content} for status in (*statuses, "default")}


class ProblemType(BaseModel):
    """One type of problem."""

    type: str
    title: str
    status: int
    remedy: str


class ProblemList(BaseModel):
    """All types of problem."""

    items: list[ProblemType]
    total: int
    next: None = None
