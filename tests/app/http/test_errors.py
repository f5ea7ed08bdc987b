"""Problems: the text of each, and the one JSON form of all."""

from __future__ import annotations

import json

import pytest

from app.http.errors import (
    MAX_FIELD_ERRORS,
    MAX_TEXT,
    InvalidField,
    KeyRequired,
    MalformedJson,
    NotFound,
    NotReady,
    Overloaded,
    Problem,
    Stopping,
    TooManyAttempts,
    invalid_field,
    render,
    short,
)
from app.http.image_problems import IMAGE_PROBLEMS, image_problem
from app.http.reasons import REASONS
from app.routes.problems import catalogue
from model.preprocessing.errors import BlankImage


def rendered(problem: Problem) -> tuple[int, dict[str, str], dict[str, object]]:
    status, headers, body = render(problem, "the-id")
    return status, headers, json.loads(body)


def test_a_problem_is_rendered_as_rfc_9457_has_it() -> None:
    status, headers, body = rendered(NotFound("No sample 7."))
    assert status == 404 and headers["Content-Type"] == "application/problem+json"
    assert body == {
        "type": "/problems/not-found", "title": NotFound.title, "status": 404, "detail": "No sample 7.",
        "request_id": "the-id",
    }  # fmt: skip


def test_a_problem_without_a_detail_says_its_title_as_a_sentence() -> None:
    assert NotFound().detail == "There is nothing at this address."
    assert str(NotFound()) == NotFound.title and str(NotFound("No.")) == "No."


def test_further_members_and_headers_join_those_that_every_problem_has() -> None:
    status, headers, body = rendered(Problem("Broken.", headers={"Retry-After": "3"}, extra={"job": "/admin/jobs/4"}))
    assert status == 500 and body["job"] == "/admin/jobs/4" and body["detail"] == "Broken."
    assert headers == {"Content-Type": "application/problem+json", "Retry-After": "3"}
    assert rendered(Problem())[1] == {"Content-Type": "application/problem+json"}


@pytest.mark.parametrize(("length", "shown"), [(10, 10), (300, 300), (301, 300), (5000, 300)])
def test_a_long_detail_is_cut_where_it_would_be_more_than_300_characters(length: int, shown: int) -> None:
    detail = rendered(NotFound("x" * length))[2]["detail"]
    assert isinstance(detail, str) and len(detail) == shown <= MAX_TEXT
    assert detail.endswith("…") is (length > 300)
    assert short("y" * length) == detail.replace("x", "y")


def test_texts_leave_as_they_are_and_not_escaped() -> None:
    assert "„7“".encode() in render(NotFound("„7“ is no id."), "id")[2]


@pytest.mark.parametrize(
    ("problem", "status", "header", "value"),
    [
        (KeyRequired(), 401, "WWW-Authenticate", 'Bearer realm="numeral"'),
        (TooManyAttempts(), 429, "Retry-After", "1"),
        (TooManyAttempts(30), 429, "Retry-After", "30"),
        (Overloaded(), 503, "Retry-After", "1"),
        (Stopping(), 503, "Retry-After", "5"),
        (NotReady(), 503, "Retry-After", "1"),
    ],
)
def test_who_may_come_back_is_told_with_what_or_when(problem: Problem, status: int, header: str, value: str) -> None:
    given, headers, _ = rendered(problem)
    assert given == status and headers[header] == value


@pytest.mark.parametrize("problem", [KeyRequired, Overloaded, Stopping, NotReady])
def test_a_detail_of_ones_own_replaces_the_general_one(problem: type[Problem]) -> None:
    assert problem("Since it rains.").detail == "Since it rains."


def test_seconds_to_wait_are_said_in_the_text_too() -> None:
    assert "Try again in 30 s" in TooManyAttempts(30).detail


def test_each_wrong_field_is_named_and_the_first_in_the_detail() -> None:
    problem = InvalidField(("label", "must be a digit"), ("", "is too long"))
    assert problem.detail == "label: must be a digit."
    assert problem.extra["errors"] == [
        {"field": "label", "message": "must be a digit"},
        {"field": "", "message": "is too long"},
    ]
    assert InvalidField(("", "must be an object")).detail == "the body: must be an object."


def test_of_many_wrong_fields_the_first_ten_are_told_and_of_long_names_the_beginning() -> None:
    problem = InvalidField(*((f"field{number}" + "x" * 400, "m" * 400) for number in range(50)))
    errors = problem.extra["errors"]
    assert len(errors) == 10 == MAX_FIELD_ERRORS and errors[9]["field"].startswith("field9x")
    assert {len(error["field"]) for error in errors} == {len(error["message"]) for error in errors} == {300}


def pydantic_error(kind: str, location: tuple[str | int, ...] = ("body", "label"), message: str = "Whatever") -> dict:
    return {"type": kind, "loc": location, "msg": message}


def test_what_pydantic_found_is_told_in_plain_words_with_the_place() -> None:
    found = [
        pydantic_error("missing"),
        pydantic_error("extra_forbidden", ("body", "images", 3)),
        pydantic_error("value_error", message="Value error, must be 28 rows"),
        pydantic_error("assertion_error", message="Assertion failed, must be even"),
        pydantic_error("int_type", message="Input should be a valid integer"),
        pydantic_error("list_type"), pydantic_error("model_type"), pydantic_error("model_attributes_type"),
    ]  # fmt: skip
    problem = invalid_field(found)
    assert isinstance(problem, InvalidField)
    fields, messages = zip(*((error["field"], error["message"]) for error in problem.extra["errors"]), strict=True)
    assert fields[:3] == ("body.label", "body.images.3", "body.label")
    assert messages == (
        "is missing", "there is no such field", "must be 28 rows", "must be even", "Input should be a valid integer",
        "must be a list", "must be an object", "must be an object",
    )  # fmt: skip


def test_of_many_errors_of_pydantic_ten_are_told() -> None:
    assert len(invalid_field(pydantic_error("missing") for _ in range(50)).extra["errors"]) == 10


def test_a_body_that_is_no_json_is_its_own_problem() -> None:
    problem = invalid_field([pydantic_error("json_invalid", message="Invalid JSON: EOF")])
    assert isinstance(problem, MalformedJson) and problem.detail == "Invalid JSON: EOF."


def test_an_error_of_an_image_is_a_problem_with_the_same_words() -> None:
    status, _, body = rendered(image_problem(BlankImage("The page looks empty.")))
    assert status == 422 and body["type"] == "/problems/blank-image" and body["detail"] == "The page looks empty."
    assert body["title"] == IMAGE_PROBLEMS[BlankImage].title


def test_the_catalogue_has_every_problem_once_and_each_says_what_to_do() -> None:
    found = catalogue()
    assert {"internal-error", "not-found", "key-required", "blank-image", "invalid-pixels"} <= found.keys()
    assert {"low-confidence", "not-a-digit", "other-ink", "several-digits"} <= found.keys()
    for slug, problem in found.items():
        is_reason = problem in REASONS
        assert problem.slug == slug and (problem.status == 200 if is_reason else 400 <= problem.status < 600)
        assert problem.title and problem.remedy.endswith(".")
