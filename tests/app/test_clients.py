"""Requests as clients send them, taken from public reports: each is read, or its error says what to send."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import subprocess
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.http.encodings import MAX_MEMBERS
from app.http.errors import Problem
from app.inference.pictures import many_pictures, one_picture
from app.samples.parsing import parse_sample
from model.preprocessing.pipeline import read_digit
from tests.client import check_problem
from tests.pictures import png_chunk
from tests.server import REPOSITORY, Server

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"
OTHER_TYPES = (None, "text/plain", URLENCODED, "text/json", "application/vnd.api+json", "application/octet-stream")
PHOTO = REPOSITORY / "tests/images/seven.jpg"
BOUNDARY = "multipart/form-data; boundary=x"


def base64_of(image: bytes) -> str:
    return base64.b64encode(image).decode()


def as_object(seven: bytes) -> bytes:
    return json.dumps({"image": base64_of(seven)}).encode()


def field(name: str, content: bytes, rest: str = "") -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{rest}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def with_end(*fields: bytes) -> bytes:
    return b"".join(fields) + b"--x--\r\n"


def post(server: Server, path: str, content: bytes, content_type: str | None = None, **headers: str) -> httpx.Response:
    request = {"Content-Type": content_type} if content_type else {}
    return server.admin.post(path, content=content, headers={**request, **headers})


ONE = {
    "JSON after a byte order mark": lambda seven: (b"\xef\xbb\xbf" + as_object(seven), "application/json"),
    "JSON in UTF-16": lambda seven: (as_object(seven).decode().encode("utf-16"), "application/json"),
    "JSON after line ends": lambda seven: (b"\r\n " + as_object(seven), None),
    "JSON called a form": lambda seven: (as_object(seven), "multipart/form-data"),
    "an image called JSON": lambda seven: (seven, "application/json"),
    "an image called a form": lambda seven: (seven, "multipart/form-data"),
    "base64": lambda seven: (base64_of(seven).encode(), "text/plain"),
    "base64 as curl -d says": lambda seven: (base64_of(seven).encode(), URLENCODED),
    "base64 in quotes": lambda seven: (json.dumps(base64_of(seven)).encode(), "application/json"),
    "a data-URI": lambda seven: (f"data:image/png;base64,{base64_of(seven)}".encode(), None),
    "an urlencoded form": lambda seven: (f"image={quote(base64_of(seven), safe='')}".encode(), URLENCODED),
    "an urlencoded form with + as it is": lambda seven: (f"a=1&image={base64_of(seven)}".encode(), URLENCODED),
    "an urlencoded data-URI of any name": lambda seven: (
        f"img=data%3Aimage%2Fpng%3Bbase64%2C{quote(base64_of(seven), safe='')}".encode(),
        URLENCODED,
    ),
    "a field without a file name": lambda seven: (with_end(field("file", seven)), BOUNDARY),
    "a file in an empty file name": lambda seven: (with_end(field("file", seven, '; filename=""')), BOUNDARY),
    "an empty second input": lambda seven: (
        with_end(field("a", seven, '; filename="7.png"'), field("b", b"", '; filename=""')),
        BOUNDARY,
    ),
    "base64 in a field": lambda seven: (with_end(field("photo", base64_of(seven).encode())), BOUNDARY),
    "a data-URI in a field": lambda seven: (
        with_end(field("token", b"QUJD" * 32), field("x", f"data:image/png;base64,{base64_of(seven)}".encode())),
        BOUNDARY,
    ),
    "base64 in a file": lambda seven: (with_end(field("f", base64_of(seven).encode(), '; filename="7.b64"')), BOUNDARY),
    "JSON in a field": lambda seven: (with_end(field("data", as_object(seven))), BOUNDARY),
    "a form without a boundary": lambda seven: (
        with_end(field("f", seven, '; filename="7.png"')),
        "multipart/form-data",
    ),
}


@pytest.mark.parametrize("name", ONE)
def test_one_image_is_read_whatever_it_is_wrapped_in(server: Server, seven: bytes, name: str) -> None:
    expected = post(server, "/predict", seven).json()
    content, content_type = ONE[name](seven)
    answer = post(server, "/predict", content, content_type).raise_for_status().json()
    assert {**answer, "request_id": ""} == {**expected, "request_id": ""}


@pytest.mark.parametrize("content_type", OTHER_TYPES, ids=str)
def test_json_is_read_whatever_it_is_called(server: Server, seven: bytes, content_type: str | None) -> None:
    answer = post(server, "/predict", as_object(seven), content_type).raise_for_status().json()
    assert answer["digit"] == 7
    batch = b"[" + as_object(seven) + b",{}]"
    items = post(server, "/predict/batch", batch, content_type).raise_for_status().json()["items"]
    assert items[0]["digit"] == 7 and items[1]["type"] == "/problems/invalid-field"


@pytest.mark.parametrize("where", ["urlencoded", "multipart"])
@pytest.mark.parametrize("shape", [(28, 28), (784,)])
def test_pixels_may_be_a_field_of_a_form(server: Server, seven: bytes, where: str, shape: tuple[int, ...]) -> None:
    pixels = read_digit(seven).pixels[2:30, 2:30] / 255
    text = json.dumps(pixels.reshape(shape).tolist())
    if where == "urlencoded":
        answer = server.client.post("/predict", data={"pixels": text})
    else:
        answer = post(server, "/predict", with_end(field("pixels", text.encode())), BOUNDARY)
    assert answer.raise_for_status().json()["digit"] == 7


@pytest.mark.parametrize("values", [lambda p: p / 255, lambda p: p * 1.0, lambda p: (p > 90) * 1], ids=["01", "f", "i"])
def test_pixels_of_every_range_are_a_seven(server: Server, seven: bytes, values: Callable) -> None:
    pixels = values(read_digit(seven).pixels).tolist()
    assert server.client.post("/predict", json={"pixels": pixels}).raise_for_status().json()["digit"] == 7
    batch = server.client.post("/predict/batch", json=[{"pixels": pixels}]).raise_for_status().json()
    assert batch["items"][0]["digit"] == 7


def test_a_batch_takes_images_in_every_kind_of_field(server: Server, seven: bytes) -> None:
    pixels = json.dumps(read_digit(seven).pixels.tolist()).encode()
    fields = (
        field("a", seven, '; filename="7.png"'),
        field("b", b"", '; filename=""'),
        field("c", seven),
        field("image", base64_of(seven).encode()),
        field("pixels", pixels),
        field("submit", b"Send"),
        field("image", b"7.png"),
    )
    answer = post(server, "/predict/batch", with_end(*fields), BOUNDARY).raise_for_status().json()
    assert [item.get("digit") for item in answer["items"]] == [7, 7, 7, 7, None]
    assert "neither base64" in answer["items"][-1]["detail"]


SAMPLES = {
    "JSON without a type": lambda seven: (as_object(seven)[:-1] + b', "label": 7}', None),
    "urlencoded": lambda seven: (f"label=7&image={base64_of(seven)}".encode(), URLENCODED),
    "a field without a file name": lambda seven: (with_end(field("file", seven), field("label", b"7\r\n")), BOUNDARY),
    "base64 in a field": lambda seven: (
        with_end(field("image", base64_of(seven).encode()), field("label", b"7")),
        BOUNDARY,
    ),
    "an empty second input": lambda seven: (
        with_end(field("file", seven, '; filename="7"'), field("file", b"", '; filename=""'), field("label", b"7")),
        BOUNDARY,
    ),
    "gzip": lambda seven: (gzip.compress(as_object(seven)[:-1] + b', "label": 7}'), None),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_whatever_it_is_wrapped_in(server: Server, seven: bytes, name: str) -> None:
    content, content_type = SAMPLES[name](seven)
    headers = {"Content-Encoding": "gzip"} if name == "gzip" else {}
    response = post(server, "/samples", content, content_type, **headers)
    sample = response.raise_for_status().json()
    assert (sample["label"], sample["predicted"], sample["format"]) == (7, 7, "PNG")
    server.admin.delete(response.headers["Location"]).raise_for_status()


def test_pixels_of_a_sample_may_be_of_any_shape_and_in_a_form(server: Server, seven: bytes) -> None:
    pixels = (read_digit(seven).pixels / 255).reshape(1, 32, 32, 1).tolist()
    by_json = server.admin.post("/samples", json={"pixels": pixels, "label": 7}).raise_for_status()
    by_form = server.admin.post("/samples", data={"pixels": json.dumps(pixels), "label": "7"}).raise_for_status()
    assert by_json.json()["id"] == by_form.json()["id"] and by_form.json()["outcome"] == "unchanged"
    server.admin.delete(by_json.headers["Location"]).raise_for_status()


def test_a_sample_with_two_pictures_or_labels_is_refused(server: Server, seven: bytes) -> None:
    text = base64_of(seven)
    both = server.admin.post("/samples", files={"file": seven}, data={"image": text, "label": "7"})
    assert check_problem(both, 422, "invalid-field")["errors"][0]["field"] == "image"
    twice = server.admin.post("/samples", files={"file": seven}, data={"label": ["7", "1"]})
    assert check_problem(twice, 422, "invalid-field")["errors"] == [
        {"field": "label", "message": "stands more than once"}
    ]
    name_only = server.admin.post("/samples", data={"file": "7.png", "label": "7"})
    assert "-F file=@7.png" in check_problem(name_only, 422, "invalid-field")["detail"]


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("identity", bytes),
    ],
)
@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_a_compressed_body_is_unpacked(server: Server, seven: bytes, path: str, encoding: str, pack: Callable) -> None:
    body = as_object(seven) if path == "/predict" else b"[" + as_object(seven) + b"]"
    answer = post(server, path, pack(body), "application/json", **{"Content-Encoding": encoding}).raise_for_status()
    assert answer.json().get("items", [answer.json()])[0]["digit"] == 7


@pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/samples", "/admin/retrain"])
def test_a_bomb_a_damaged_body_and_an_unknown_encoding_are_refused(server: Server, seven: bytes, path: str) -> None:
    def send(body: bytes, encoding: str) -> httpx.Response:
        return post(server, path, body, **{"Content-Encoding": encoding})

    size = 5_000_000 if path == "/admin/retrain" else 60_000_000  # which packed is no more than the address takes
    packed = gzip.compress(bytes(size))
    assert "unpacked" in check_problem(send(packed, "gzip"), 413, "body-too-large")["detail"]
    check_problem(send(zlib.compress(bytes(size)), "deflate"), 413, "body-too-large")
    for damaged in (seven, packed[: len(packed) // 3000], b"", gzip.compress(b"") * (MAX_MEMBERS + 1)):
        check_problem(send(damaged, "gzip"), 400, "bad-request")
    unknown = send(seven, "zstd")
    assert "'zstd'" in check_problem(unknown, 415, "unsupported-encoding")["detail"]
    assert unknown.headers["Accept-Encoding"] == "gzip, deflate, identity"


def test_a_zip_that_is_called_compressed_is_refused_by_that(server: Server) -> None:
    response = post(server, "/samples/import", b"PK", **{"Content-Encoding": "gzip"})
    check_problem(response, 415, "unsupported-encoding")
    assert response.headers["Accept-Encoding"] == "identity"


REFUSED = {
    "curl -d @7.png": ("/predict", lambda seven: (seven.translate(None, b"\r\n\0"), URLENCODED), "--data-binary"),
    "curl -d @7.jpg": (
        "/predict",
        lambda _: (PHOTO.read_bytes().translate(None, b"\r\n\0"), URLENCODED),
        "--data-binary",
    ),
    "curl -F file=7.png": ("/predict", lambda _: (with_end(field("file", b"7.png")), BOUNDARY), "-F file=@7.png"),
    "an empty input": ("/predict", lambda _: (with_end(field("file", b"", '; filename=""')), BOUNDARY), "no image"),
    "two files": (
        "/predict",
        lambda seven: (with_end(field("a", seven, '; filename="a"'), field("b", seven)), BOUNDARY),
        "2 images; send one, or use /predict/batch",
    ),
    "a list": ("/predict", lambda _: (b"[]", "application/json"), "a list of them goes to /predict/batch"),
    "an object": ("/predict/batch", lambda _: (b'{"image": ""}', None), "one object goes to /predict"),
    "an image": ("/predict/batch", lambda seven: (seven, "image/png"), "one image goes to /predict"),
    "an address": ("/predict", lambda _: (b'{"image": "http://example.org/7.png"}', None), "fetches nothing"),
    "both": ("/predict", lambda _: (b'{"image": "a", "pixels": null, "label": 7}', None), "there is no such field"),
    "neither": ("/predict", lambda _: (b"{}", None), "the body: send exactly one of `image` and `pixels`."),
    "no number": ("/predict", lambda _: (b'{"image": 7}', None), "image: Input should be a valid string."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_read_is_told_what_to_send(server: Server, seven: bytes, name: str) -> None:
    path, make, said = REFUSED[name]
    content, content_type = make(seven)
    response = post(server, path, content, content_type)
    assert 400 <= response.status_code < 500
    assert said in response.json()["detail"] and "Value error" not in response.text


def test_a_large_image_is_read_in_every_form(server: Server, seven: bytes) -> None:
    """The body of a large image is parsed in a thread, not on the event loop."""
    noisy = np.random.default_rng(0).integers(0, 2, 100_000, np.uint8).tobytes()
    large = seven[:-12] + png_chunk(b"tEXt", b"a\0" + noisy) + seven[-12:]
    expected = {**post(server, "/predict", large).raise_for_status().json(), "request_id": ""}
    assert expected["digit"] == 7
    for content, content_type in (
        (as_object(large), "application/json"),
        (base64_of(large).encode(), "text/plain"),
        (with_end(field("file", large)), BOUNDARY),
        (f"image={base64_of(large)}".encode(), URLENCODED),
    ):
        answer = post(server, "/predict", content, content_type).raise_for_status().json()
        assert {**answer, "request_id": ""} == expected
    broken = post(server, "/predict", with_end(field("file", b"no image" * 10_000, '; filename="7"')), BOUNDARY)
    check_problem(broken, 415, "unsupported-image")


BODIES = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda fields: with_end(b"".join(field(name, content, rest) for name, content, rest in fields)),
        st.lists(
            st.tuples(
                st.sampled_from(["file", "image", "pixels", "label", "other"]),
                st.binary(max_size=60) | st.sampled_from([b"7", b"\xff", b"[[1]]", b"data:,", b"\xff\xfe{"]),
                st.sampled_from(["", '; filename="7.png"', '; filename=""']),
            ),
            max_size=4,
        ),
    ),
    st.builds(lambda name, value: name + b"=" + value, st.sampled_from([b"image", b"pixels", b"label"]), st.binary()),
)


@given(BODIES, st.sampled_from(["", JSON, BOUNDARY, URLENCODED, "multipart/form-data"]))
@example(b'{"image": "\\ud800"}', JSON)
@example(b"image=%ff%fe", URLENCODED)
@example(b"image=%f", URLENCODED)
@example(b"\xff\xfe{\0", JSON)
@example(b"\xff\xfe{\0\0", JSON)
@example(with_end(field("pixels", b"[[\xff")), BOUNDARY)
@example(with_end(field("file", b"\x89PNG") + field("label", b"\xff")), BOUNDARY)
def test_any_body_is_a_picture_or_a_problem(body: bytes, content_type: str) -> None:
    for begin in (b"", b"{", b"[", b"--x\r\n", b"data:", b"image="):
        for read in (one_picture, partial(many_pictures, most=2), parse_sample):
            assert isinstance(outcome_of(read, begin + body, content_type), bytes | list | tuple | Problem)


def outcome_of(read: Callable[[bytes, str], object], body: bytes, content_type: str) -> object:
    """The picture, or the problem that is raised. Any other exception fails the test."""
    try:
        return read(body, content_type)
    except Problem as problem:
        return problem


def test_put_is_taken_as_post_is(server: Server, seven: bytes, tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(seven)
    command = ["curl", "-sS", "-T", str(tmp_path / "7.png"), f"{server.url}/predict"]
    if shutil.which("curl"):
        assert json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["digit"] == 7
    assert server.client.put("/predict", content=seven).raise_for_status().json()["digit"] == 7
    batch = server.client.put("/predict/batch", files=[("f", ("7.png", seven))] * 2).raise_for_status().json()
    assert [item["digit"] for item in batch["items"]] == [7, 7]
