"""Each error of an image has its own problem, and `model` knows no HTTP."""

from __future__ import annotations

import ast
import re

import pytest

from app.http.errors import as_json
from app.http.image_problems import IMAGE_PROBLEMS, image_problem
from app.routes.problems import catalogue
from model.preprocessing.errors import BlankImage, ImageError, UnsupportedFormat
from tests.server import REPOSITORY


def below(kind: type) -> set[type]:
    """All direct and indirect subclasses."""
    return {each for child in kind.__subclasses__() for each in {child} | below(child)}


def test_every_error_of_an_image_has_its_problem() -> None:
    assert len(below(ImageError)) >= 7
    assert IMAGE_PROBLEMS.keys() == below(ImageError)


def test_no_two_problems_share_an_address() -> None:
    slugs = [kind.slug for kind in IMAGE_PROBLEMS.values()]
    assert len(set(slugs)) == len(slugs)
    assert {slug: catalogue()[slug] for slug in slugs} == {kind.slug: kind for kind in IMAGE_PROBLEMS.values()}


@pytest.mark.parametrize(
    ("error", "status", "slug"), [(UnsupportedFormat("It is a PDF."), 415, "unsupported-image"),
                                  (BlankImage("It is empty."), 422, "blank-image")], ids=repr,
)  # fmt: skip
def test_an_image_error_keeps_its_text_as_the_detail(error: ImageError, status: int, slug: str) -> None:
    told = as_json(image_problem(error), "id")
    assert (told["status"], told["type"], told["detail"]) == (status, f"/problems/{slug}", str(error))
    assert told["title"] == catalogue()[slug].title


def test_no_class_of_the_model_speaks_of_http() -> None:
    for path in (REPOSITORY / "model").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
                assert not names & {"slug", "remedy"}, f"{path}: {node.name}"
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.search(r"\bcurl (-|http)", node.value), path
