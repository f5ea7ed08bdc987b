"""`/problems/<slug>`: what a problem's `type` means and how to fix it; likewise the `reason` of an answer."""

from __future__ import annotations

from fastapi import APIRouter

from app.http.errors import NotFound, Problem
from app.http.image_problems import IMAGE_PROBLEMS, ProblemKind
from app.http.reasons import REASONS
from app.schemas.problems import ProblemList, ProblemType, documented

router = APIRouter(prefix="/problems", tags=["problems"])


@router.get("", summary="Every problem there is")
def list_problems() -> ProblemList:
    """The catalogue, sorted by type."""
    kinds = catalogue()
    types = [describe(kinds[slug]) for slug in sorted(kinds)]
    return ProblemList(items=types, total=len(types))


@router.get("/{slug}", summary="One problem", responses=documented(404))
def get_problem(slug: str) -> ProblemType:
    """What it means and how to fix it."""
    kind = catalogue().get(slug)
    if kind is None:
        raise NotFound(f"There is no problem of type /problems/{slug}.")
    return describe(kind)


def catalogue() -> dict[str, ProblemKind | type[Problem]]:
    """Slug → problem, for every subclass of Problem and every kind in IMAGE_PROBLEMS and REASONS."""
    kinds = (*IMAGE_PROBLEMS.values(), *REASONS)
    found: dict[str, ProblemKind | type[Problem]] = {kind.slug: kind for kind in kinds}
    classes = [Problem]
    while classes:
        problem = classes.pop()
        found[problem.slug] = problem
        classes.extend(problem.__subclasses__())
    return found


def describe(kind: ProblemKind | type[Problem]) -> ProblemType:
    """The problem as the schema shows it."""
    return ProblemType(type=f"/problems/{kind.slug}", title=kind.title, status=kind.status, remedy=kind.remedy)
