"""`/problems/<slug>`: what the `type` of a problem means and how to fix it."""

from __future__ import annotations

from fastapi import APIRouter

from app.http.errors import NotFound, all_problems
from app.schemas.problems import ProblemList, ProblemType, documented

router = APIRouter(prefix="/problems", tags=["problems"])


@router.get("", summary="Every problem there is")
def list_problems() -> ProblemList:
    """The catalogue, sorted by type."""
    types = [describe(slug) for slug in sorted(all_problems())]
    return ProblemList(items=types, total=len(types))


@router.get("/{slug}", summary="One problem", responses=documented(404))
def get_problem(slug: str) -> ProblemType:
    """What it means and how to fix it."""
    if slug not in all_problems():
        raise NotFound(f"There is no problem of type /problems/{slug}.")
    return describe(slug)


def describe(slug: str) -> ProblemType:
    """The catalogue's entry."""
    problem = all_problems()[slug]
    return ProblemType(type=f"/problems/{slug}", title=problem.title, status=problem.status, remedy=problem.remedy)
