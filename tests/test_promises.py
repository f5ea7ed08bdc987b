"""Nothing that `CONTRACT.md` promises vanishes: operations, fields, problems, settings, commands."""

from __future__ import annotations

import json

import pytest

from app.schemas.examples import IMAGE
from tests.promises import FILE, fields_of, kind_of, lines_of, promises
from tests.server import REPOSITORY, Server

PROMISED = json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def present() -> dict[str, list[str]]:
    return promises()


@pytest.mark.parametrize("part", PROMISED)
def test_what_was_promised_is_still_there(present: dict[str, list[str]], part: str) -> None:
    missing = set(PROMISED[part]) - set(present[part])
    assert missing == set(), "within a major version nothing is taken away or renamed: see CONTRACT.md"
    assert len(PROMISED[part]) >= 8


def test_a_removed_value_or_field_is_noticed_and_a_new_one_is_not() -> None:
    schema = {"properties": {"state": {"enum": ["on", "off"]}, "id": {"type": "string"}}, "required": ["id"]}
    before = set(fields_of("Job", schema))
    assert before == {
        "Job.state is ", "Job.state can be on", "Job.state can be off", "Job.id is string", "Job.id is always there",
    }  # fmt: skip
    more = {"properties": {**schema["properties"], "state": {"enum": ["on", "off", "lost"]}}, "required": ["id"]}
    assert before < set(fields_of("Job", more))
    assert not before <= set(fields_of("Job", {**schema, "required": []}))


def test_a_field_that_a_client_must_send_from_now_on_is_noticed() -> None:
    schema = {"properties": {"label": {"type": "integer"}}}
    assert set(fields_of("SampleRequest", schema)) - set(fields_of("SampleRequest", {**schema, "required": ["label"]}))


def test_types_are_told_in_short() -> None:
    assert kind_of({"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/A"}}, {"type": "null"}]}) == (
        "A[]|null"
    )
    answer = {"operationId": "x", "responses": {"204": {}, "404": {}}}
    assert set(lines_of("GET /x", answer)) == {"GET /x is x", "GET /x answers 204 nothing"}


def test_the_contract_is_short_and_says_what_this_service_does(server: Server) -> None:
    text = (REPOSITORY / "CONTRACT.md").read_text()
    assert text.count("\n") < 80
    assert "Deprecation" in text and "Sunset" in text
    answer = server.client.post("/predict", json=IMAGE)
    assert answer.status_code == 200 and not {"deprecation", "sunset"} & set(answer.headers)
