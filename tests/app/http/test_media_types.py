"""The media type of a Content-Type, in the variants that clients send."""

from __future__ import annotations

import pytest

from app.http.media_types import is_json, media_type


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("", ""),
        ("image/png", "image/png"),
        (" Application/ZIP ; charset=x", "application/zip"),
        ("multipart/form-data;boundary=A;x", "multipart/form-data"),
        ("multipart/form-data boundary=A", "multipart/form-data"),
        ("text/plain, application/json", "text/plain"),
        (";charset=utf-8", ""),
    ],
)
def test_the_type_stands_before_its_parameters(content_type: str, expected: str) -> None:
    assert media_type(content_type) == expected


def test_json_is_a_matter_of_the_type_and_not_of_its_parameters() -> None:
    assert is_json("application/json; charset=utf-8") and is_json("application/vnd.api+JSON")
    assert not is_json('multipart/form-data; boundary="json"') and not is_json("")
