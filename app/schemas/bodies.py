"""The bodies of routes that take one image or several, as OpenAPI documents them."""

from __future__ import annotations

from typing import Any

from app.schemas.openapi import BINARY, FILE, forms, reference, request_body
from app.schemas.predict import ImageRequest
from model.preprocessing.decoding.limits import FORMATS

IMAGE_REQUEST = reference(ImageRequest)
UNLOCKED: dict[str, Any] = {"security": [{}]}  # no key is needed where none is set
FORMS_OF_AN_IMAGE = f"""in any of these forms. The service recognises the form by the content, not by a header:

- a picture file as the body: {FORMATS}, or HEIC where the service was installed with it
- its base64, or a data-URI, as the body
- a form, multipart or urlencoded, with one file under any name, or with a field `image` (base64) or `pixels`
- JSON with `image` (base64 or a data-URI) or `pixels`

A body may be compressed (`Content-Encoding: gzip` or `deflate`). `PUT` is taken as `POST` is.
"""


def one_image(examples: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    """The `openapi_extra=` of a route that takes one image. examples: of JSON; form: the example of a form."""
    content = {
        "application/json": {"schema": IMAGE_REQUEST, "examples": examples},
        "application/octet-stream": BINARY,
        **forms(FILE, {"image": form}),
    }
    return UNLOCKED | request_body(content)


def several_images(examples: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    """The `openapi_extra=` of a route that takes several images. examples: of JSON; form: the example of a form."""
    content = {
        "application/json": {
            "schema": {"type": "array", "minItems": 1, "items": IMAGE_REQUEST},
            "examples": examples,
        },
        **forms({"type": "array", "items": FILE}, {"image": form}),
    }
    return UNLOCKED | request_body(content)
