"""`/v2` as bytes: what does not add up is refused with `{"error": …}`, as is everything else that goes wrong there."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from app.http.compression import LEAST_BYTES, compressed
from app.schemas import examples
from tests.client import stranger
from tests.server import Server, wait_until

PATH = "/v2/models/digits/infer"
ONE = np.asarray(examples.NETWORK_PIXELS, np.uint8)
LENGTH = "Inference-Header-Content-Length"


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that keeps every picture."""
    started = Server(tmp_path_factory.mktemp("keeping"), NUMERAL_KEEP="all", NUMERAL_PROTOCOLS="kserve-v1")
    yield started
    started.close()


def request(**changes: Any) -> dict[str, Any]:
    """A right request for one array, with changes to its input."""
    given = {"name": "image", "shape": [1, 1, 32, 32], "datatype": "UINT8", "data": ONE.tolist()} | changes
    return {"inputs": [{name: value for name, value in given.items() if value is not None}]}


def binary(data: bytes = ONE.tobytes(), size: int | None = None, **changes: Any) -> bytes:
    """The JSON of a request with binary data. size: that it says."""
    parameters = {"binary_data_size": len(data) if size is None else size}
    return json.dumps(request(data=None, parameters=parameters, **changes)).encode()


def post(server: Server, body: bytes, path: str = PATH, **headers: str) -> httpx.Response:
    return server.client.post(path, content=body, headers=headers)


def check_error(response: httpx.Response, status: int, slug: str) -> str:
    """The text of an error; checks its form."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json" and response.headers["X-Request-ID"]
    (member,) = response.json().items()
    assert member[0] == "error" and f"(/problems/{slug})" in member[1]
    return member[1]


@pytest.mark.parametrize(
    "data",
    [ONE.tolist(), ONE.reshape(1, 1, 32, 32).tolist(), ONE.reshape(32, 32).tolist(), [float(one) for one in ONE]],
)
def test_elements_in_json_may_be_flat_or_nested(server: Server, data: list[Any]) -> None:
    answer = server.client.post(PATH, json=request(data=data)).raise_for_status().json()
    outputs = {one["name"]: one["data"] for one in answer["outputs"]}
    assert outputs["digit"] == [7] and outputs["accepted"] == [True] and len(outputs["probabilities"]) == 10
    assert "parameters" not in answer["outputs"][0]


def test_the_id_is_the_requests_or_else_that_of_the_header(server: Server) -> None:
    answer = server.client.post(PATH, json=request() | {"id": "42"})
    assert answer.json()["id"] == "42"
    answer = server.client.post(PATH, json=request())
    assert answer.json()["id"] == answer.headers["X-Request-ID"]


def test_what_is_not_known_is_ignored(server: Server) -> None:
    plain = request() | {"id": "42"}
    odd = request(parameters={"content_type": "np"}) | {"id": "42", "model_name": "numbers-image"}
    odd["parameters"] = {"priority": 1, "timeout": 5, "custom": {"a": [1]}}
    answers = [server.client.post(PATH, json=body).raise_for_status().json() for body in (plain, odd)]
    assert answers[0] == answers[1]


def test_an_array_without_ink_is_not_accepted(server: Server) -> None:
    both = np.stack([ONE, np.zeros_like(ONE)]).ravel().tolist()
    answer = server.client.post(PATH, json=request(shape=[2, 1, 32, 32], data=both)).json()
    assert answer["outputs"][2]["data"] == [True, False]


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"name": "input"}, 400, "invalid-tensor"),
        ({"shape": [1, 1, 32]}, 400, "invalid-tensor"),
        ({"shape": [2, 1, 32, 32]}, 400, "invalid-tensor"),
        ({"shape": [0, 1, 32, 32], "data": []}, 400, "invalid-tensor"),
        ({"shape": [2**31 - 1, 1, 32, 32]}, 413, "batch-too-large"),
        ({"shape": [2**31 - 1] * 8}, 400, "invalid-tensor"),
        ({"shape": [2**31, 1, 32, 32]}, 422, "invalid-field"),
        ({"shape": [-1, 1, 32, 32]}, 422, "invalid-field"),
        ({"shape": [1.5, 1, 32, 32]}, 422, "invalid-field"),
        ({"shape": [True, 1, 32, 32]}, 422, "invalid-field"),
        ({"shape": []}, 422, "invalid-field"),
        ({"shape": [1] * 9}, 422, "invalid-field"),
        ({"shape": "1,1,32,32"}, 422, "invalid-field"),
        ({"shape": None}, 422, "invalid-field"),
        ({"datatype": "FP64"}, 400, "invalid-tensor"),
        ({"datatype": "BYTES"}, 400, "invalid-tensor"),
        ({"datatype": "uint8"}, 400, "invalid-tensor"),
        ({"data": None}, 400, "invalid-tensor"),
        ({"data": []}, 400, "invalid-tensor"),
        ({"data": [0] * 1023}, 400, "invalid-tensor"),
        ({"data": [0] * 1025}, 400, "invalid-tensor"),
        ({"data": [[0] * 1024, 0]}, 400, "invalid-tensor"),
        ({"data": [[[[[0]]]]] * 1024}, 400, "invalid-tensor"),
        ({"data": [256] * 1024}, 400, "invalid-tensor"),
        ({"data": [-1] * 1024}, 400, "invalid-tensor"),
        ({"data": [0.5] * 1024}, 400, "invalid-tensor"),
        ({"data": [True] * 1024}, 400, "invalid-tensor"),
        ({"data": ["0"] * 1024}, 400, "invalid-tensor"),
        ({"data": [None] * 1024}, 400, "invalid-tensor"),
        ({"data": [10**400] * 1024}, 400, "invalid-tensor"),
        ({"data": [float("nan")] * 1024}, 400, "invalid-tensor"),
        ({"data": [float("nan")] * 1024, "datatype": "FP32"}, 400, "invalid-tensor"),
        ({"data": [1e300] * 1024, "datatype": "FP32"}, 400, "invalid-tensor"),
        ({"data": [10**400] * 1024, "datatype": "FP32"}, 400, "invalid-tensor"),
        ({"parameters": {"binary_data_size": 1024}}, 400, "invalid-tensor"),
        ({"parameters": {"binary_data_size": "1024"}}, 422, "invalid-field"),
        ({"parameters": {"binary_data_size": -1}}, 422, "invalid-field"),
        ({"parameters": {"shared_memory_region": "r"}}, 400, "invalid-tensor"),
    ],
)
def test_an_input_that_does_not_add_up_is_refused(
    server: Server, changes: dict[str, Any], status: int, slug: str
) -> None:
    check_error(post(server, json.dumps(request(**changes)).encode()), status, slug)


@pytest.mark.parametrize(
    ("data", "header", "slug"),
    [
        (ONE.tobytes(), "-1", "bad-request"),
        (ONE.tobytes(), "10000000000000000000000", "bad-request"),
        (ONE.tobytes(), "9999999", "bad-request"),
        (ONE.tobytes(), "many", "bad-request"),
        (ONE.tobytes(), "0", "malformed-json"),
        (ONE.tobytes(), "none", "malformed-json"),  # what follows the JSON is taken for a part of it
        (ONE.tobytes()[:-1], "right", "invalid-tensor"),
        (ONE.tobytes() + b"\0", "right", "invalid-tensor"),
        (b"", "right", "invalid-tensor"),
    ],
)
def test_lengths_that_do_not_add_up_are_refused(server: Server, data: bytes, header: str, slug: str) -> None:
    text = binary()
    headers = {} if header == "none" else {LENGTH: str(len(text)) if header == "right" else header}
    check_error(post(server, text + data, **headers), 400, slug)


def test_a_size_that_the_shape_does_not_have_is_refused(server: Server) -> None:
    for data in (ONE.tobytes()[:-4], ONE.tobytes() * 2):
        text = binary(data)
        error = check_error(post(server, text + data, **{LENGTH: str(len(text))}), 400, "invalid-tensor")
        assert "1,024 bytes" in error


@pytest.mark.parametrize(
    "data",
    [
        b"\5\0\0",
        b"\5\0\0\0abcd",
        b"\xff\xff\xff\xff" + bytes(100),
        b"\0\0\0\0" * 3,
        b"\0\0\0\0",
        b"",
    ],
)
def test_binary_bytes_that_do_not_add_up_are_refused(server: Server, data: bytes) -> None:
    text = binary(data, datatype="BYTES", shape=[2])
    answer = post(server, text + data, "/v2/models/digits-image/infer", **{LENGTH: str(len(text))})
    check_error(answer, 400, "invalid-tensor")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (["abc"], 415), ([""], 400), ([examples.PNG[:100]], 422), (["http://example.org/7.png"], 415),
        ([7], 400), ([None], 400), ([{}], 400), (["a", "b"], 400),
        ([examples.PNG, "\ud800"], 400),
    ],
)  # fmt: skip
def test_wrong_files_in_json_are_refused(server: Server, data: list[Any], status: int) -> None:
    body = json.dumps(request(datatype="BYTES", shape=[1], data=data)).encode()
    answer = post(server, body, "/v2/models/digits-image/infer")
    assert answer.status_code == status and answer.json().keys() == {"error"}, answer.text


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": request()["inputs"] * 2},
        {"outputs": [{"name": "logits"}]},
        {"outputs": [{"name": "digit", "parameters": {"classification": 1}}]},
    ],
)
def test_a_request_for_what_the_model_does_not_have_is_refused(server: Server, changes: dict[str, Any]) -> None:
    check_error(server.client.post(PATH, json=request() | changes), 400, "invalid-tensor")


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": []},
        {"inputs": request()["inputs"] * 17},
        {"inputs": {"image": []}},
        {"outputs": [{"name": "digit"}] * 17},
        {"outputs": [{"name": "probabilities", "parameters": {"classification": 0}}]},
        {"outputs": [{"name": "probabilities", "parameters": {"classification": "3"}}]},
        {"outputs": [{"name": "digit", "parameters": {"binary_data": "yes"}}]},
        {"outputs": "digit"},
        {"parameters": {"binary_data_output": 1}},
        {"parameters": {"digits": 0}},
        {"parameters": []},
        {"id": 5},
        {"id": "x" * 1001},
    ],
)
def test_a_request_of_another_form_is_refused(server: Server, changes: dict[str, Any]) -> None:
    check_error(server.client.post(PATH, json=request() | changes), 422, "invalid-field")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"inputs":' + b"[" * 10_000, bytes(100)])
def test_what_is_no_json_is_refused(server: Server, body: bytes) -> None:
    check_error(post(server, body), 400, "malformed-json")


@pytest.mark.parametrize("body", [b"[]", b"null"])
def test_json_that_is_no_object_is_refused(server: Server, body: bytes) -> None:
    check_error(post(server, body), 422, "invalid-field")


def test_json_with_more_values_than_a_batch_has_is_refused_before_it_is_parsed(server: Server) -> None:
    check_error(post(server, b'{"inputs":[' + b"1," * 1_000_000 + b"1]}"), 400, "bad-request")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_body_is_bounded_and_its_length_header_is_of_the_plain_one(server: Server, encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    text = binary()
    headers = {LENGTH: str(len(text)), "Content-Encoding": encoding}
    assert post(server, pack(text + ONE.tobytes()), **headers).status_code == 200
    check_error(post(server, pack(bytes(40_000_000)), **headers), 413, "body-too-large")
    check_error(post(server, pack(text)[:-5], **headers), 400, "bad-request")
    check_error(post(server, text, **headers | {"Content-Encoding": "br"}), 415, "unsupported-encoding")


def test_the_answer_is_compressed_for_those_who_accept_it(server: Server) -> None:
    many = request(shape=[32, 1, 32, 32], data=ONE.tolist() * 32)
    sizes = {}
    for accepted in ("gzip", "deflate", "identity", "gzip;q=0"):
        answer = server.client.post(PATH, json=many, headers={"Accept-Encoding": accepted}).raise_for_status()
        assert len(answer.json()["outputs"]) == 3 and answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers.get("Content-Encoding", "identity") == accepted.replace("gzip;q=0", "identity")
        sizes[accepted] = int(answer.headers["Content-Length"])
    assert sizes["gzip"] < sizes["identity"] / 2 > sizes["deflate"] and sizes["gzip;q=0"] == sizes["identity"]


def test_what_is_small_or_not_wanted_compressed_is_sent_as_it_is() -> None:
    large = bytes(LEAST_BYTES)
    for body, accepted in ((large[1:], "gzip"), (large, ""), (large, "br"), (large, "gzip; q=0, deflate;q=0.0")):
        assert compressed(body, accepted) == (body, "")
    assert compressed(large, "br, Deflate;q=0.5")[1] == "deflate"


def test_every_error_below_v2_has_the_protocols_form(start_server) -> None:
    server: Server = start_server(NUMERAL_PREDICT_KEYS="app:s3cret", NUMERAL_ROOT_PATH="/digits")
    client, key = server.client, {"Authorization": "Bearer s3cret"}
    for prefix in ("", "/digits"):
        v2 = f"{prefix}/v2"
        assert check_error(client.get(v2, headers=stranger(None)), 401, "key-required")
        check_error(
            client.post(f"{v2}/models/digits/infer", json=request(), headers=stranger(None)), 401, "key-required"
        )
        check_error(client.get(f"{v2}/nowhere", headers=key), 404, "not-found")
        check_error(client.get(f"{v2}/models/x", headers=key), 404, "model-not-found")
        check_error(client.post(f"{v2}/models/x/infer", headers=key), 404, "model-not-found")
        check_error(client.post(f"{v2}/models/x/versions/1/infer", headers=key), 404, "model-not-found")
        check_error(client.get(f"{v2}/models/digits/versions/9", headers=key), 404, "version-not-found")
        wrong = client.get(f"{v2}/models/digits/infer", headers=key)
        check_error(wrong, 405, "method-not-allowed")
        assert wrong.headers["Allow"] == "POST, OPTIONS"
        put = client.put(f"{v2}/models/digits/infer", headers=key)
        check_error(put, 405, "method-not-allowed")
        assert put.headers["Allow"] == "POST, OPTIONS"
        asked = client.post(f"{v2}/models/digits/infer?version=1", json=request(), headers=key)
        check_error(asked, 422, "invalid-field")
        assert client.post(f"{v2}/models/digits/infer", json=request(), headers=key).status_code == 200
        huge = client.post(f"{v2}/models/digits/infer", content=bytes(40_000_000), headers=key)
        check_error(huge, 413, "body-too-large")
    assert client.get("/nowhere").headers["Content-Type"] == "application/problem+json"
    assert client.get("/v2x").headers["Content-Type"] == "application/problem+json"


def test_while_the_service_drains_it_is_not_ready(start_server) -> None:
    server: Server = start_server(NUMERAL_DRAIN_SECONDS="30")
    assert server.client.get("/v2/health/ready").json() == {"ready": True}
    server.process.terminate()
    wait_until(lambda: server.client.get("/readyz").status_code == 503)
    for path, body in (
        ("/v2/health/ready", {"ready": False}),
        ("/v2/models/digits/ready", {"name": "digits", "ready": False}),
    ):
        answer = server.client.get(path)
        assert (answer.status_code, answer.json()) == (503, body)
    assert server.client.get("/v2/health/live").json() == {"live": True}
    assert server.client.post(PATH, json=request()).status_code == 200
    server.process.terminate()


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/v2/models/digits-image/infer", examples.INFERENCES["digits-image"]["value"], {"item": 1}),
        ("/v2/models/numbers-image/infer", examples.INFERENCES["numbers-image"]["value"], {}),
        ("/v1/models/digits:predict", {"instances": [{"b64": examples.PNG}]}, {"item": 0}),
    ],
)
def test_pictures_of_every_protocol_are_kept_where_pictures_are(
    keeping: Server, path: str, body: dict[str, Any], place: dict[str, int]
) -> None:
    request_id, is_page = path.replace("/", "-"), "numbers" in path
    keeping.client.post(path, json=body, headers={"X-Request-ID": request_id}).raise_for_status()
    shown = {"text": examples.TEXT} if is_page else {"label": 4}
    correction = {"request_id": request_id, **place, **shown}

    def corrected() -> dict[str, Any] | None:
        answer = keeping.admin.post("/samples", json=correction)
        return answer.json() if answer.is_success else None

    stored = wait_until(corrected, 20)
    if is_page:
        assert stored["text"] == examples.TEXT and stored["total"] == len(examples.TEXT)
    else:
        image = keeping.admin.get(f"/samples/{stored['id']}/image").content
        assert stored["label"] == 4 and image == base64.b64decode(examples.PNG)
