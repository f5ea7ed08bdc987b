"""KServe's V1 protocol, Vertex AI's and SageMaker's contracts: thin, and off unless they are asked for."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from app.cli import healthcheck, serve
from app.schemas import examples
from app.settings import PORT_VARIABLES, BadSettings, Settings, load_settings
from bench.servers import free_port
from tests.client import check_problem, stranger
from tests.server import Server

ENDPOINT = "/v1/endpoints/42/deployedModels/7:predict"
B64 = {"b64": examples.PNG}
PNG = base64.b64decode(examples.PNG)
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def cloudy(tmp_path_factory: pytest.TempPathFactory):
    """A server with all the protocols on."""
    server = Server(
        tmp_path_factory.mktemp("cloudy"),
        NUMERAL_PROTOCOLS="kserve-v1,sagemaker",
        AIP_HEALTH_ROUTE="/vertex/health",
        AIP_PREDICT_ROUTE=ENDPOINT,
    )
    yield server
    server.close()


def predictions(answer: httpx.Response) -> list[dict[str, Any]]:
    found = answer.raise_for_status().json()
    assert found.keys() == {"predictions"}
    items: list[dict[str, Any]] = found["predictions"]
    return items


def test_none_of_them_is_there_unless_it_is_asked_for(server: Server) -> None:
    for path in ("/ping", "/v1/models", "/v1/models/digits"):
        assert server.client.get(path).status_code == 404
    for path in ("/invocations", "/v1/models/digits:predict", ENDPOINT):
        assert server.client.post(path, json={"instances": [B64]}).status_code == 404
    paths = server.client.get("/openapi.json").json()["paths"]
    assert not any(path.startswith(("/v1", "/ping", "/invocations", "/vertex")) for path in paths)


def test_the_reference_of_all_of_them_is_valid_and_its_examples_work(cloudy: Server) -> None:
    document = cloudy.client.get("/openapi.json").json()
    validate(document)
    tried = set()
    for path, item in document["paths"].items():
        if path not in ("/v1/models/{model}:predict", ENDPOINT, "/invocations"):
            continue
        for name, example in item["post"]["requestBody"]["content"]["application/json"]["examples"].items():
            model = "numbers-image" if "pages" in name else "digits"
            answer = cloudy.client.post(path.format(model=model), json=example["value"]).raise_for_status().json()
            for one in answer.get("predictions", [answer]):
                assert one.get("digit", one.get("text")) in (7, "77")
            tried.add(path)
    assert len(tried) == 3


@pytest.mark.parametrize("path", ["/v1/models/digits:predict", "/v1/models/digits-image:predict", ENDPOINT])
def test_instances_may_have_any_of_the_usual_forms_and_each_gets_its_answer(cloudy: Server, path: str) -> None:
    instances = [
        B64, {"image_bytes": B64}, {"data": examples.PNG}, {"data": B64}, {"image": examples.PNG}, examples.PNG,
        {"pixels": examples.PIXELS}, examples.PIXELS, f"data:image/png;base64,{examples.PNG}",
    ]  # fmt: skip
    found = predictions(cloudy.client.post(path, json={"instances": instances}))
    assert [(one["digit"], one["accepted"], one["model_version"]) for one in found] == [(7, True, "1")] * len(instances)


@pytest.mark.parametrize("path", ["/v1/models/digits:predict", "/v1/models/numbers-image:predict", ENDPOINT])
def test_a_wrong_instance_has_a_problem_in_its_place(cloudy: Server, path: str) -> None:
    wrong = [
        {"b64": "!"}, {"b64": base64.b64encode(b"no picture").decode()}, 7, None, {}, {"b64": 7}, {"label": 7},
        {"pixels": [[0]]}, [], {"b64": {"b64": {"b64": 1}}}, {"pixels": [[0] * 28] * 28},
    ]  # fmt: skip
    answer = cloudy.client.post(path, json={"instances": [B64, *wrong, B64]}, headers={"X-Request-ID": "the-id"})
    first, *problems, last = predictions(answer)
    assert first.get("digit", first.get("text")) == last.get("digit", last.get("text")) in (7, "7")
    # a blank page has no numbers, which is no problem
    assert all(one["request_id"] == "the-id" for one in problems)
    assert [one["status"] for one in problems[:-1]] == [422, 415, *[422] * 8]


def test_pages_are_answered_with_their_numbers(cloudy: Server) -> None:
    body = {"instances": [{"b64": examples.NUMBER_PNG}]}
    (found,) = predictions(cloudy.client.post("/v1/models/numbers-image:predict", json=body))
    assert found["text"] == examples.TEXT and found["numbers"][0]["accepted"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 422), (b"{}", 422), (b'{"instances": {}}', 422), (b'{"instances": []}', 422),
        (b'{"instances": 7}', 422), (json.dumps({"instances": [B64], "parameters": {"top": 1}}).encode(), 422),
        (json.dumps({"instances": [0] * 129}).encode(), 413),
        (b'{"instances": [' + b"[],"  * 700_000 + b"0]}", 413),
        (PNG, 400),
    ],
)  # fmt: skip
def test_a_body_of_another_form_is_refused(cloudy: Server, body: bytes, status: int) -> None:
    answer = cloudy.client.post(ENDPOINT, content=body, headers=JSON)
    check_problem(answer, status, {400: "malformed-json", 413: "batch-too-large", 422: "invalid-field"}[status])
    for model in ("digits", "numbers-image"):
        answer = cloudy.client.post(f"/v1/models/{model}:predict", content=body, headers=JSON)
        assert answer.status_code == status and answer.json().keys() == {"error"}


def test_the_parameters_of_vertex_may_be_empty(cloudy: Server) -> None:
    for parameters in (None, {}):
        (found,) = predictions(cloudy.client.post(ENDPOINT, json={"instances": [B64], "parameters": parameters}))
        assert found["digit"] == 7


def test_kserves_models_are_listed_and_ready(cloudy: Server) -> None:
    assert cloudy.client.get("/v1/models").json() == {"models": ["digits", "digits-image", "numbers-image"]}
    assert cloudy.client.get("/v1/models/digits").json() == {"name": "digits", "ready": True}
    for answer in (
        cloudy.client.get("/v1/models/x"),
        cloudy.client.post("/v1/models/x:predict", json={"instances": [B64]}),
    ):
        assert answer.status_code == 404 and "model-not-found" in answer.json()["error"]
    for method, path in (("GET", "/v1/models/digits:predict"), ("PUT", "/v1/models/digits:predict")):
        answer = cloudy.client.request(method, path, json={"instances": [B64]})
        assert answer.status_code == 405 and answer.json().keys() == {"error"}
    assert cloudy.client.post("/v1/models/digits:predict?version=1", json={"instances": [B64]}).status_code == 422


def test_the_address_of_predictions_names_its_only_method(cloudy: Server) -> None:
    path = "/v1/models/digits:predict"
    assert cloudy.client.options(path).headers["Allow"] == "POST, OPTIONS"
    for method in ("GET", "PUT", "DELETE"):
        refused = cloudy.client.request(method, path)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "POST, OPTIONS")


def test_health_is_that_of_readyz(cloudy: Server) -> None:
    for path in ("/ping", "/vertex/health"):
        assert cloudy.client.get(path).json()["status"] == "ok"
        assert cloudy.client.head(path).status_code == 200


def test_invocations_take_one_image_a_list_or_instances(cloudy: Server) -> None:
    for content in (PNG, json.dumps(examples.IMAGE).encode(), b" \n" + json.dumps(examples.IMAGE).encode()):
        assert cloudy.client.post("/invocations", content=content).raise_for_status().json()["digit"] == 7
    listed = cloudy.client.post("/invocations", json=[examples.IMAGE, {}]).json()["items"]
    assert listed[0]["digit"] == 7 and listed[1]["status"] == 422
    several = predictions(cloudy.client.post("/invocations", json={"instances": [B64, B64]}))
    assert [one["digit"] for one in several] == [7, 7]
    packed = gzip.compress(json.dumps({"instances": [B64]}).encode())
    answer = cloudy.client.post("/invocations", content=packed, headers={"Content-Encoding": "gzip"})
    assert predictions(answer)[0]["digit"] == 7
    form = cloudy.client.post("/invocations?seen=true", files={"file": PNG}).json()
    assert form["digit"] == 7 and "seen" in form
    check_problem(cloudy.client.post("/invocations", content=b"no picture"), 415, "unsupported-image")
    check_problem(cloudy.client.post("/invocations", content=bytes(40_000_000)), 413, "body-too-large")
    check_problem(cloudy.client.post("/invocations?version=9", content=PNG), 404, "version-not-found")
    for method in ("GET", "PUT"):
        check_problem(cloudy.client.request(method, "/invocations"), 405, "method-not-allowed")


def test_predict_keys_hold_where_pictures_are_sent(start_server) -> None:
    server: Server = start_server(
        NUMERAL_PREDICT_KEYS="app:s3cret", NUMERAL_PROTOCOLS="kserve-v1, sagemaker", AIP_PREDICT_ROUTE=ENDPOINT
    )
    body = {"instances": [B64]}
    for path in ("/invocations", ENDPOINT, "/v1/models/digits:predict"):
        assert server.client.post(path, json=body, headers=stranger(None)).status_code == 401
        right = server.client.post(path, json=body, headers={"Authorization": "Bearer s3cret"})
        assert predictions(right)[0]["digit"] == 7
    assert server.client.get("/ping").status_code == server.client.get("/v1/models/digits").status_code == 200
    assert server.client.get("/v1/models").status_code == 401


@pytest.mark.parametrize("variable", ["SAGEMAKER_BIND_TO_PORT", "AIP_HTTP_PORT"])
def test_a_clouds_variable_names_the_port_before_any_other_and_the_command_line_wins(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PORT_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORT", "8000")
    monkeypatch.setenv(variable, "8080")
    assert load_settings().port == 8080
    assert (load_settings().sagemaker_bind_to_port is None) is (variable == "AIP_HTTP_PORT")
    monkeypatch.setenv(variable, "eighty")
    with pytest.raises(BadSettings, match=variable):
        load_settings()
    port = str(free_port())
    monkeypatch.setenv(variable, "1")
    monkeypatch.setattr("app.cli.serve.prepare", lambda settings: None)
    served: list[Settings] = []
    monkeypatch.setattr("app.cli.serve.run", lambda settings: served.append(settings))
    assert serve.main(["--port", port]) == 0 and served[0].port == int(port)


def test_sagemakers_variable_opens_its_routes_on_its_port(start_server) -> None:
    port = str(free_port())
    server: Server = start_server(SAGEMAKER_BIND_TO_PORT=port, PORT=port)
    assert server.client.get("/ping").status_code == 200
    assert server.client.post("/invocations", content=PNG).json()["digit"] == 7


def test_the_check_of_health_asks_the_same_port() -> None:
    assert healthcheck.PORT_VARIABLES == PORT_VARIABLES


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NUMERAL_PROTOCOLS", "v3"), ("NUMERAL_PROTOCOLS", "sagemaker;kserve-v1"), ("AIP_PREDICT_ROUTE", "predict"),
        ("AIP_PREDICT_ROUTE", "/{id}"), ("AIP_HEALTH_ROUTE", "/a?b"), ("AIP_HEALTH_ROUTE", "/"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name):
        load_settings()
