"""/openapi.json: a valid document that matches the service, with examples that work."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from app.database.database import Database
from app.feedback import shadow_records
from app.schemas import examples
from model.preprocessing.decoding.limits import FORMATS
from model.preprocessing.pipeline import to_png
from tests.client import check_problem
from tests.contract import pretend_to_train, try_contract
from tests.number_pages import number_page
from tests.server import ADMIN_KEY, Server, wait_until

OPERATIONS = {
    "predict", "predict_batch", "read", "read_batch", "add_sample", "list_samples", "import_samples", "export_samples",
    "get_sample", "get_sample_image", "delete_sample",
    "list_review", "get_kept", "get_kept_image", "delete_kept",
    "retrain", "list_jobs", "get_job", "cancel_job", "follow_job",
    "list_versions", "get_version", "get_picture", "activate_version", "begin_shadow", "get_shadow", "end_shadow",
    "list_audit", "list_problems", "get_problem",
    "livez", "readyz", "healthz", "metrics",
    "infer", "infer_version", "v2_live", "v2_ready", "v2_model_ready", "v2_server", "v2_model", "v2_version",
    "v2_version_ready", "v2_config", "v2_version_config", "v2_index",
}  # fmt: skip
OPEN = {
    "livez", "readyz", "healthz", "metrics", "list_problems", "get_problem", "v2_live", "v2_ready", "v2_model_ready",
}  # fmt: skip


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with both kinds of keys, and with an active job that never ends."""
    server = Server(tmp_path_factory.mktemp("busy"), NUMERAL_PREDICT_KEYS=f"tester:{ADMIN_KEY}", NUMERAL_KEEP="all")
    pretend_to_train(server)
    yield server
    server.close()


@pytest.fixture(scope="module")
def document(busy: Server) -> dict[str, Any]:
    """The content of /openapi.json."""
    found: dict[str, Any] = busy.client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations by their ids, each with its `method` and `path`."""
    every = [(path, method, each) for path, item in document["paths"].items() for method, each in item.items()]
    return {each["operationId"]: {**each, "method": method, "path": path} for path, method, each in every}


def documented_examples(document: dict[str, Any]) -> list[tuple[dict[str, Any], str, str, Any]]:
    """Every example of a body: its operation, media type, name and value."""
    return [
        (operation, kind, name, example["value"])
        for operation in operations(document).values()
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        for name, example in content.get("examples", {}).items()
    ]


def test_the_document_is_valid_and_names_its_operations_as_an_sdk_would(document: dict[str, Any]) -> None:
    validate(document)
    assert operations(document).keys() == OPERATIONS
    assert sum(len(item) for item in document["paths"].values()) == len(OPERATIONS)


def test_only_what_takes_a_key_shows_a_padlock(document: dict[str, Any]) -> None:
    assert "security" not in document
    for name, operation in operations(document).items():
        security = operation.get("security", [])
        if name in OPEN:
            assert security == []
        elif name.startswith(("predict", "read", "infer", "v2_")):
            assert security == [{"PredictKey": []}, {}]
        else:
            teach = [{"TeachKey": []}] if name == "add_sample" else []
            assert security == [{"AdminKey": []}, *teach]


def example_body(kind: str, value: Any) -> dict[str, Any]:
    """The arguments with which httpx sends an example as a media type."""
    if kind == "application/json":
        return {"json": value}
    if kind == "application/x-www-form-urlencoded":
        return {"data": value}
    if kind == "multipart/form-data":
        pairs = [(name, one) for name, many in value.items() for one in (many if isinstance(many, list) else [many])]
        return {"files": [(name, (None, str(one))) for name, one in pairs]}
    return {"content": value, "headers": {"Content-Type": kind}}


WITHOUT = {  # bytes are no JSON
    ("predict", "application/octet-stream"),
    ("read", "application/octet-stream"),
    ("import_samples", "application/zip"),
    ("infer", "application/octet-stream"),
    ("infer_version", "application/octet-stream"),
}


def test_every_body_that_is_not_bytes_has_examples_and_each_works(busy: Server, document: dict[str, Any]) -> None:
    found = documented_examples(document)
    bodies = {
        (name, kind)
        for name, operation in operations(document).items()
        for kind in operation.get("requestBody", {}).get("content", {})
    }
    assert {(each["operationId"], kind) for each, kind, _, _ in found} == bodies - WITHOUT
    for operation, kind, name, value in found:
        path = operation["path"].format(model=name, version=1)  # examples of inferences are named after the model
        response = busy.admin.request(operation["method"], path, **example_body(kind, value))
        if operation["operationId"] == "retrain":  # one is under way
            assert response.json()["type"] == "/problems/job-running"
            continue
        response.raise_for_status()
        answer = response.json()
        for item in answer.get("items", [answer]) if "predict" in operation["path"] else ():
            assert item["digit"] == examples.DIGIT and item["accepted"]
        for item in answer.get("items", [answer]) if "/read" in operation["path"] else ():
            assert item["text"] == ("7" if "pixels" in value else examples.TEXT)
            assert all(number["accepted"] for number in item["numbers"])


def test_bodies_of_bytes_work_under_each_media_type_that_is_documented(busy: Server, document: dict[str, Any]) -> None:
    png = base64.b64decode(examples.PNG)
    tried = set()
    for name, operation in operations(document).items():
        for kind in operation.get("requestBody", {}).get("content", {}):
            if kind not in ("application/octet-stream", "multipart/form-data") or name.startswith("infer"):
                continue
            body = {"content": png, "headers": {"Content-Type": kind}}
            if kind == "multipart/form-data":
                body = {"files": {"file": png}, "data": {"label": "7"} if name == "add_sample" else {}}
            busy.admin.request(operation["method"], operation["path"], **body).raise_for_status()
            tried.add((name, kind))
    assert len(tried) == 7


@pytest.mark.parametrize("whole", [{"seed": 217.0}, {"epochs": 3.0}, {"patience": 0.0}, {"learning_rate": 1}])
def test_a_number_without_a_fraction_is_an_integer(busy: Server, whole: dict[str, float]) -> None:
    assert busy.admin.post("/admin/retrain", json=whole).status_code == 409  # valid, but one is under way
    label = {**examples.IMAGE, "label": 7.0}
    assert busy.admin.post("/samples", json=label).raise_for_status().json()["label"] == 7


NO_INTEGERS = ["3", True, 3.5, [3]]
NO_RATES = ["0.1", True, 3.5, [0.1]]


@pytest.mark.parametrize(
    ("option", "value"),
    [(option, value) for option in ("seed", "epochs", "patience") for value in NO_INTEGERS]
    + [("learning_rate", value) for value in NO_RATES],
)
def test_what_is_no_number_is_refused(busy: Server, option: str, value: object) -> None:
    problem = busy.admin.post("/admin/retrain", json={option: value})
    assert problem.status_code == 422 and problem.json()["type"] == "/problems/option-out-of-range"


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("limit=0", "page-out-of-range"), ("limit=201", "page-out-of-range"), ("limit=1.0", "page-out-of-range"),
        ("limit=", "page-out-of-range"), ("cursor=x", "page-out-of-range"), ("cursor=-1", "page-out-of-range"),
        ("cursor=12345678901", "page-out-of-range"), ("label=10", "invalid-label"), ("label=x", "invalid-label"),
    ],
)  # fmt: skip
def test_a_wrong_query_has_the_problem_that_it_always_had(busy: Server, query: str, slug: str) -> None:
    problem = busy.admin.get(f"/samples?{query}")
    assert problem.status_code == 422 and problem.json()["type"] == f"/problems/{slug}"


def test_a_cursor_after_every_row_gives_an_empty_page(busy: Server) -> None:
    assert busy.admin.get("/samples?cursor=9999999999").raise_for_status().json()["items"] == []


@pytest.mark.parametrize("word", ["banana", "2", ""])
def test_what_is_no_truth_value_is_refused_by_predictions_as_by_other_routes(busy: Server, word: str) -> None:
    answers = [
        busy.admin.post(f"/predict?seen={word}", json=examples.IMAGE),
        busy.admin.get(f"/samples/{'0' * 64}/image?seen={word}"),
    ]
    for answer in answers:
        problem = check_problem(answer, 422, "invalid-field")
        assert problem["errors"] == [{"field": "seen", "message": "must be true or false"}]


@pytest.mark.parametrize(("word", "is_shown"), [("on", True), ("YES", True), ("1", True), ("off", False), ("0", False)])
def test_predictions_take_the_truth_values_that_other_routes_take(busy: Server, word: str, is_shown: bool) -> None:
    answer = busy.admin.post(f"/predict?seen={word}", json=examples.IMAGE).raise_for_status().json()
    assert ("seen" in answer) is is_shown
    assert busy.admin.get(f"/samples?suspect={word}").status_code == 200


def test_a_wrong_number_in_a_path_is_called_by_its_name(busy: Server) -> None:
    problem = check_problem(busy.admin.get("/admin/versions/two"), 422, "invalid-field")
    assert problem["errors"] == [{"field": "version", "message": "must be a whole number"}]


def test_options_and_405_name_every_method_of_every_path(busy: Server, document: dict[str, Any]) -> None:
    paths = {path: {method.upper() for method in item} for path, item in document["paths"].items()}
    for path, methods in {**paths, "/docs": {"GET"}, "/openapi.json": {"GET"}, "/": {"GET"}}.items():
        parts = {"identity": "0" * 64, "job_id": "0" * 32, "version": 1, "slug": "not-found", "number": 1}
        address = path.format(**parts, name="hardest", model="digits")
        expected = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        preflight = busy.client.options(address)
        refused = busy.client.request("PROPFIND", address)
        assert (preflight.status_code, preflight.content, refused.status_code) == (204, b"", 405)
        for answer in (preflight, refused):
            assert expected <= set(answer.headers["Allow"].split(", ")) <= expected | {"PUT"}, address
    assert busy.client.options("/nowhere").status_code == 404


def test_head_answers_as_get_does_without_a_body(busy: Server, document: dict[str, Any]) -> None:
    job = busy.admin.get("/admin/jobs").json()["items"][0]["id"]
    sample = busy.admin.post("/samples", json={**examples.IMAGE, "label": 7}).json()["id"]
    database = Database(busy.environment["NUMERAL_DATABASE_URL"])
    shadow_records.begin(database, "tester", 1, 0.5)
    database.close()
    busy.admin.post("/predict", content=to_png(number_page("77"))).raise_for_status()  # refused: several digits
    kept = wait_until(lambda: busy.admin.get("/samples/review").json()["items"])[0]["id"]
    parts = {"identity": sample, "job_id": job, "version": 1, "slug": "not-found", "number": kept, "name": "hardest"}
    for path in [path for path, item in document["paths"].items() if "get" in item] + ["/docs", "/static/docs.js"]:
        head = busy.admin.head(path.format(**parts, model="digits"))
        assert (head.status_code, head.content) == (200, b""), path
        assert busy.admin.get("/livez").status_code == 200
    assert busy.client.head("/samples").status_code == 401


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    phases = ("--phases", "examples,coverage,fuzzing")
    tried = try_contract(tmp_path, *phases, "--max-examples", "4", "--seed", "1")
    assert tried.returncode == 0, tried.stdout


def test_the_reference_lists_what_is_read(document: dict) -> None:
    told = document["paths"]["/predict"]["post"]["description"]
    for form in (
        *FORMATS.replace(" or ", ", ").split(", "),
        "HEIC",
        "base64",
        "data-URI",
        "form",
        "pixels",
        "gzip",
        "PUT",
    ):
        assert form in told
