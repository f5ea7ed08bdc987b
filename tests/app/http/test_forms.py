"""Forms: parsed with the same result as a known parser's, and refused when they are too large."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_multipart.multipart import MultipartParser

from app.http.errors import BadRequest
from app.http.forms import Part, TooManyParts, is_urlencoded, parse_multipart, parse_urlencoded

TYPE = "multipart/form-data; boundary=----x7"
DELIMITER = b"------x7"


def body_of(*parts: tuple[bytes, bytes], preamble: bytes = b"", epilogue: bytes = b"\r\n") -> bytes:
    """A multipart form with these (headers, content) parts."""
    inner = b"".join(DELIMITER + b"\r\n" + headers + b"\r\n\r\n" + content + b"\r\n" for headers, content in parts)
    return preamble + inner + DELIMITER + b"--" + epilogue


def disposition(name: str, filename: str | None = None) -> bytes:
    shown = "" if filename is None else f'; filename="{filename}"'
    return f'Content-Disposition: form-data; name="{name}"{shown}'.encode()


content = st.one_of(st.binary(max_size=200), st.text("-x7\r\n", max_size=30).map(str.encode))


@given(st.lists(content, max_size=5), st.sampled_from([b"", b"\r\n", b"\r\nto whom it may concern"]))
def test_contents_come_out_as_another_parser_takes_them(contents: list[bytes], epilogue: bytes) -> None:
    contents = [each for each in contents if DELIMITER not in each]
    body = body_of(*((disposition("file", "7.png"), each) for each in contents), epilogue=epilogue)
    theirs: list[bytes] = []

    def begin() -> None:
        theirs.append(b"")

    def data(piece: bytes, start: int, end: int) -> None:
        theirs[-1] += piece[start:end]

    MultipartParser(DELIMITER[2:], {"on_part_begin": begin, "on_part_data": data}).write(body)
    ours = parse_multipart(body, TYPE, 5)
    assert [part.data for part in ours] == theirs == contents
    assert all(part[:2] == ("file", "7.png") for part in ours)


def test_a_part_has_its_name_and_perhaps_a_file_name() -> None:
    headers = [disposition("a"), disposition("b", ""), disposition("c", "7é.png"), b"Content-Type: text/plain"]
    parts = parse_multipart(body_of(*((each, b"1") for each in headers)), TYPE, 9)
    assert [part[:2] for part in parts] == [("a", None), ("b", ""), ("c", "7é.png"), ("", None)]
    assert [part.is_file for part in parts] == [False, True, True, False]
    assert Part("x", "", b"").is_unused and not parts[1].is_unused


def test_headers_may_be_in_any_case_and_order() -> None:
    headers = b"content-type: image/png\r\nCONTENT-DISPOSITION: form-data; filename=7.png; name=f"
    assert parse_multipart(body_of((headers, b"1")), TYPE, 1) == [Part("f", "7.png", b"1")]


def test_a_text_before_the_first_boundary_and_spaces_behind_one_do_not_matter() -> None:
    body = body_of((disposition("a"), b"1"), preamble=b"Hello\r\n").replace(DELIMITER + b"\r\n", DELIMITER + b" \t\r\n")
    assert parse_multipart(body, TYPE, 1) == [Part("a", None, b"1")]


def test_a_boundary_that_the_content_type_forgets_is_seen_in_the_body() -> None:
    body = body_of((disposition("a"), b"1"))
    assert parse_multipart(body, "multipart/form-data", 1) == [Part("a", None, b"1")]


GOOD = (disposition("a", "7"), b"1")
WRONG = {
    "no boundary": (b"anything", "multipart/form-data"),
    "another boundary": (body_of(GOOD), "multipart/form-data; boundary=other"),
    "cut": (body_of(GOOD)[:-8], TYPE),
    "text behind the boundary": (body_of(GOOD).replace(b"x7\r\n", b"x7 ?\r\n", 1), TYPE),
    "endless spaces behind the boundary": (DELIMITER + b" " * 10_000_000, TYPE),
    "headers without an end": (body_of((b"a" * 100, b"")).replace(b"\r\n\r\n", b"\r\n"), TYPE),
    "many headers": (body_of((b"a: b\r\n" * 2_000_000 + disposition("a"), b"")), TYPE),
    "a long header": (body_of((b"a" * 10_000_000 + b": b", b"")), TYPE),
    "a long boundary": (b"--" + b"a" * 10_000_000, "multipart/form-data"),
    "a long named boundary": (body_of(GOOD), "multipart/form-data; boundary=" + "a" * 300),
    "a long content type": (body_of(GOOD), TYPE + ';a="' + '\\"' * 30_000),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_form_that_is_malformed_or_cut_is_refused_soon(name: str) -> None:
    started = time.process_time()
    with pytest.raises(BadRequest):
        parse_multipart(*WRONG[name], 32)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("most", [1, 32])
def test_more_parts_than_allowed_are_refused_however_many_follow(most: int) -> None:
    assert len(parse_multipart(body_of(*[GOOD] * most), TYPE, most)) == most
    body = body_of(*[GOOD] * 200_000)
    started = time.process_time()
    with pytest.raises(TooManyParts, match=f"more than {most} parts"):
        parse_multipart(body, TYPE, most)
    assert time.process_time() - started < 0.5


def test_fields_of_an_address_are_decoded() -> None:
    parts = parse_urlencoded(b"image=iVBOR%2Bw%3d&&label=7&pixels=%5B1%2C+2%5D&empty", 9)
    assert parts == [
        Part("image", None, b"iVBOR+w="),
        Part("label", None, b"7"),
        Part("pixels", None, b"[1, 2]"),
        Part("empty", None, b""),
    ]


def test_too_many_fields_or_escapes_are_refused_soon() -> None:
    started = time.process_time()
    with pytest.raises(TooManyParts):
        parse_urlencoded(b"a=b" + b"&" * 10_000_000, 32)
    with pytest.raises(BadRequest, match="escapes"):
        parse_urlencoded(b"a=" + b"%41" * 3_000_000, 32)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("body", "is_form"),
    [
        (b"image=iVBOR", True),
        (b"images[]=iVBOR", True),
        (b"iVBORw==", False),
        (b"iVBORw=\n", False),
        (b'{"a"=', False),
        (b"=a", False),
        (b"a" * 100 + b"=b", False),
    ],
)
def test_a_form_of_an_address_is_told_from_base64(body: bytes, is_form: bool) -> None:
    assert is_urlencoded(body) == is_form
