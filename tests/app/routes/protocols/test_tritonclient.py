"""NVIDIA's client for Triton, as it is published, works with the service: every call, both forms of data, versions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http
import tritonclient.http.aio
from numpy.typing import NDArray
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput, InferResult
from tritonclient.http.auth import BasicAuth
from tritonclient.utils import InferenceServerException

from model.classifier import Classifier
from model.preprocessing.pipeline import read_digit, to_input, to_png
from model.registry.store import Store
from tests.number_pages import number_page
from tests.pictures import draw_seven
from tests.server import Server

MODELS = ["digits", "digits-image", "numbers-image"]


@pytest.fixture
def client(server: Server) -> Iterator[InferenceServerClient]:
    with InferenceServerClient(server.url.removeprefix("http://")) as made:
        yield made


@pytest.fixture(scope="module")
def digits() -> NDArray[np.uint8]:
    """40 arrays as the network takes them: sevens at several angles, uint8 (40, 1, 32, 32)."""
    turned = [np.asarray(draw_seven(100).rotate(angle - 20, fillcolor=255)) for angle in range(40)]
    return np.stack([read_digit(to_png(one)).pixels for one in turned])[:, None]


def tensor(values: NDArray[Any], datatype: str, binary: bool = True) -> list[InferInput]:
    given = InferInput("image", list(values.shape), datatype)
    given.set_data_from_numpy(values, binary_data=binary)
    return [given]


def files(*contents: bytes) -> list[InferInput]:
    return tensor(np.array(contents, np.object_), "BYTES")


def check_is_classifiers(result: InferResult, images: NDArray[np.uint8], classifier: Classifier) -> None:
    scores = classifier.scores(to_input(images[:, 0]))
    assert np.allclose(result.as_numpy("probabilities"), scores.probabilities, atol=1e-6)
    assert result.as_numpy("digit").tolist() == scores.predicted.tolist()
    verdicts = classifier.predict(to_input(images[:, 0]))
    assert result.as_numpy("accepted").tolist() == [verdict.accepted for verdict in verdicts]


def test_health_and_metadata(client: InferenceServerClient, server: Server) -> None:
    assert client.is_server_live() and client.is_server_ready()
    for model in MODELS:
        assert client.is_model_ready(model) and client.is_model_ready(model, "1")
        metadata = client.get_model_metadata(model)
        assert metadata == client.get_model_metadata(model, "1")
        assert metadata["name"] == model and metadata["versions"] == ["1"]
        config = client.get_model_config(model, "1")
        assert config["name"] == model and config["max_batch_size"] == 128 and config == client.get_model_config(model)
        assert [one["name"] for one in config["output"]] == [one["name"] for one in metadata["outputs"]]
    assert not client.is_model_ready("nothing") and not client.is_model_ready("digits", "9")
    told = client.get_server_metadata()
    assert told["name"] == "numeral" and {"binary_tensor_data", "classification"} <= {*told["extensions"]}
    assert told["version"] == server.client.get("/readyz").json()["version"]
    index = client.get_model_repository_index()
    assert [(one["name"], one["version"], one["state"]) for one in index] == [(name, "1", "READY") for name in MODELS]


@pytest.mark.parametrize("binary_output", [True, False])
@pytest.mark.parametrize("binary_input", [True, False])
@pytest.mark.parametrize("datatype", ["FP32", "UINT8"])
@pytest.mark.parametrize("count", [1, 40])
def test_arrays_are_answered_as_the_classifier_answers_them(
    client: InferenceServerClient, classifier: Classifier, digits: NDArray[np.uint8],
    datatype: str, count: int, binary_input: bool, binary_output: bool,
) -> None:  # fmt: skip
    images = digits[:count]
    given = to_input(images[:, 0]) if datatype == "FP32" else images
    names = ["accepted", "digit", "probabilities"]
    wanted = [InferRequestedOutput(name, binary_data=binary_output) for name in names]
    result = client.infer("digits", tensor(given, datatype, binary_input), outputs=wanted, request_id="mine")
    check_is_classifiers(result, images, classifier)
    response = result.get_response()
    assert (response["model_name"], response["model_version"], response["id"]) == ("digits", "1", "mine")
    assert [one["name"] for one in response["outputs"]] == names
    assert all(("data" in one) is not binary_output for one in response["outputs"])


def test_without_outputs_all_are_answered(
    client: InferenceServerClient, classifier: Classifier, digits: NDArray[np.uint8]
) -> None:
    result = client.infer("digits", tensor(digits, "UINT8"))
    check_is_classifiers(result, digits, classifier)
    assert [one["name"] for one in result.get_response()["outputs"]] == ["probabilities", "digit", "accepted"]
    assert result.get_output("digit")["datatype"] == "INT64" and result.as_numpy("nothing") is None


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compressed_both_ways(
    client: InferenceServerClient, classifier: Classifier, digits: NDArray[np.uint8], algorithm: str
) -> None:
    options = {"request_compression_algorithm": algorithm, "response_compression_algorithm": algorithm}
    check_is_classifiers(client.infer("digits", tensor(digits, "UINT8"), **options), digits, classifier)
    check_is_classifiers(client.infer("digits", tensor(digits[:1], "UINT8"), **options), digits[:1], classifier)


def test_the_likeliest_digits_by_the_classification_extension(
    client: InferenceServerClient, classifier: Classifier, digits: NDArray[np.uint8]
) -> None:
    for binary, count in ((True, 3), (False, 1), (True, 99)):
        wanted = [InferRequestedOutput("probabilities", binary_data=binary, class_count=count)]
        found = client.infer("digits", tensor(digits, "UINT8"), outputs=wanted).as_numpy("probabilities")
        assert found.shape == (len(digits), min(count, 10))
        for row, expected in zip(found, classifier.predict(to_input(digits[:, 0])), strict=True):
            parts = [text.decode().split(":") if binary else text.split(":") for text in row]
            values = [float(value) for value, _, _ in parts]
            assert values == sorted(values, reverse=True) and all(index == label for _, index, label in parts)
            assert int(parts[0][1]) == expected.digit and values[0] == pytest.approx(expected.confidence, abs=1e-6)


def test_picture_files_are_read_as_predict_reads_them(client: InferenceServerClient, server: Server) -> None:
    page, seven = to_png(number_page("2504")), to_png(np.asarray(draw_seven(90)))
    contents = [seven, page, to_png(255 - np.asarray(draw_seven(300)))]
    result = client.infer("digits-image", files(*contents))
    native = [server.client.post("/predict", content=content).json() for content in contents]
    assert result.as_numpy("digit").tolist() == [one["digit"] for one in native]
    assert result.as_numpy("accepted").tolist() == [one["accepted"] for one in native] == [True, False, True]
    assert [text.decode() for text in result.as_numpy("reason")] == [one.get("reason", "") for one in native]
    assert np.allclose(result.as_numpy("probabilities"), [one["probabilities"] for one in native], atol=1e-6)


def test_pages_are_read_as_read_reads_them(client: InferenceServerClient, server: Server) -> None:
    contents = [to_png(number_page("2504")), to_png(number_page("17"))]
    result = client.infer("numbers-image", files(*contents), parameters={"digits": 2})
    native = [server.client.post("/read?digits=2", content=content).json() for content in contents]
    assert [text.decode() for text in result.as_numpy("text")] == [one["text"] for one in native]
    first, second = (one["numbers"][0] for one in native)
    assert result.as_numpy("confidence").tolist() == pytest.approx([first["confidence"], second["confidence"]])
    assert result.as_numpy("accepted").tolist() == [first["accepted"], second["accepted"]] == [False, True]


def test_calls_that_do_not_wait(
    client: InferenceServerClient, classifier: Classifier, digits: NDArray[np.uint8]
) -> None:
    begun = [client.async_infer("digits", tensor(digits, "UINT8")) for _ in range(3)]
    for request in begun:
        check_is_classifiers(request.get_result(), digits, classifier)


def test_the_client_for_asyncio(server: Server, classifier: Classifier, digits: NDArray[np.uint8]) -> None:
    async def ask() -> None:
        async with tritonclient.http.aio.InferenceServerClient(server.url.removeprefix("http://")) as client:
            assert await client.is_server_ready()
            options = {"request_compression_algorithm": "gzip", "response_compression_algorithm": "gzip"}
            check_is_classifiers(await client.infer("digits", tensor(digits, "UINT8"), **options), digits, classifier)
            with pytest.raises(InferenceServerException, match="no model"):
                await client.get_model_metadata("nothing")

    asyncio.run(ask())


def test_versions_are_named_in_the_path(start_server, two_versions: Store, digits: NDArray[np.uint8]) -> None:
    server: Server = start_server()
    with InferenceServerClient(server.url.removeprefix("http://")) as client:
        assert client.get_model_metadata("digits", "2")["versions"] == ["1", "2"]
        for name, version in (("", "1"), ("1", "1"), ("2", "2"), ("candidate", "2")):
            response = client.infer("digits", tensor(digits, "UINT8"), model_version=name).get_response()
            assert response["model_version"] == version
        with pytest.raises(InferenceServerException, match="no version '3'") as error:
            client.infer("digits", tensor(digits, "UINT8"), model_version="3")
        assert error.value.status() == "404"


def test_predict_keys_hold_for_all_but_health(start_server, digits: NDArray[np.uint8]) -> None:
    server: Server = start_server(NUMERAL_PREDICT_KEYS="app:s3cret")
    right, wrong = {"Authorization": "Bearer s3cret"}, {"Authorization": "Bearer other"}
    with InferenceServerClient(server.url.removeprefix("http://")) as client:
        assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("digits")
        calls = (
            lambda headers: client.infer("digits", tensor(digits, "UINT8"), headers=headers),
            lambda headers: client.get_server_metadata(headers=headers),
            lambda headers: client.get_model_metadata("digits", headers=headers),
            lambda headers: client.get_model_metadata("digits", "1", headers=headers),
            lambda headers: client.get_model_config("digits", headers=headers),
            lambda headers: client.get_model_repository_index(headers=headers),
        )
        for call in calls:
            for headers in (None, wrong):
                with pytest.raises(InferenceServerException, match="key-required") as error:
                    call(headers and dict(headers))
                assert error.value.status() == "401"
            assert call(dict(right))
        assert not client.is_model_ready("digits", "1") and client.is_model_ready("digits", "1", headers=right)
        client.register_plugin(BasicAuth("user", "password"))
        with pytest.raises(InferenceServerException, match="key-required"):
            client.get_server_metadata()


def test_what_numeral_does_not_have_is_an_error_in_the_clients_form(client: InferenceServerClient) -> None:
    for call in (
        lambda: client.load_model("digits"),
        lambda: client.unload_model("digits"),
        lambda: client.get_inference_statistics("digits"),
        lambda: client.get_trace_settings("digits"),
        lambda: client.update_trace_settings("digits", {}),
        lambda: client.get_log_settings(),
        lambda: client.update_log_settings({}),
        lambda: client.get_system_shared_memory_status(),
        lambda: client.register_system_shared_memory("a", "/b", 4),
        lambda: client.unregister_system_shared_memory("a"),
        lambda: client.get_cuda_shared_memory_status(),
    ):
        with pytest.raises(InferenceServerException, match="nothing at this address") as error:
            call()
        assert error.value.status() == "404"
    given = InferInput("image", [1, 1, 32, 32], "FP32").set_shared_memory("region", 4096)
    with pytest.raises(InferenceServerException, match="Shared memory"):
        client.infer("digits", [given])
    shared = InferRequestedOutput("digit")
    shared.set_shared_memory("region", 8)
    with pytest.raises(InferenceServerException, match="Shared memory"):
        client.infer("digits", tensor(np.ones((1, 1, 32, 32), np.float32), "FP32"), outputs=[shared])


@pytest.mark.parametrize(
    ("values", "datatype", "text"),
    [
        (np.zeros((1, 1, 28, 28), np.float32), "FP32", "shape"),
        (np.zeros((1, 32, 32), np.float32), "FP32", "shape"),
        (np.zeros((0, 1, 32, 32), np.float32), "FP32", "no images"),
        (np.zeros((129, 1, 32, 32), np.float32), "FP32", "at most 128"),
        (np.full((1, 1, 32, 32), np.nan, np.float32), "FP32", "from 0"),
        (np.full((1, 1, 32, 32), np.inf, np.float32), "FP32", "from 0"),
        (np.full((20, 1, 32, 32), 255, np.float32), "FP32", "UINT8"),
        (np.zeros((1, 1, 32, 32), np.float64), "FP64", "FP32 or UINT8"),
        (np.array([b"x"], np.object_), "BYTES", "FP32 or UINT8"),
    ],
)
def test_wrong_tensors_are_errors_that_say_what_is_wrong(
    client: InferenceServerClient, values: NDArray[Any], datatype: str, text: str
) -> None:
    for binary in (True, False):
        with pytest.raises(InferenceServerException, match=text) as error:
            client.infer("digits", tensor(values, datatype, binary))
        assert error.value.status() == ("413" if len(values) > 128 else "400")


def test_a_wrong_picture_is_named_by_its_place(client: InferenceServerClient, seven: bytes) -> None:
    for model in ("digits-image", "numbers-image"):
        with pytest.raises(InferenceServerException, match=r"Image 2 of 3.*unsupported-image") as error:
            client.infer(model, files(seven, b"no picture", seven))
        assert error.value.status() == "415"
