"""What `/problems` answers."""

from __future__ import annotations

from pydantic import BaseModel


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
