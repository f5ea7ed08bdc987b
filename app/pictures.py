"""From a request's body to its pictures, in any of three forms."""

from __future__ import annotations

import base64
import binascii
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.errors import BadRequest, InvalidField, Problem, invalid_field
from app.forms import parse_form
from app.schemas.predict import ImageRequest

T = TypeVar("T")
Picture = bytes | list[list[int]]  # an encoded image, or pixels
one_image = TypeAdapter(ImageRequest)
any_list = TypeAdapter(list[Any])


def one_picture(body: bytes, content_type: str) -> Picture:
    """The picture of a `POST /predict`, in whichever of the three forms it came. Raises Problem."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return from_json(validate(one_image, body))
    if kind == "multipart/form-data":
        files = [part for part in parse_form(body, content_type) if part.is_file]
        if len(files) != 1:
            raise BadRequest(f"The form has {len(files)} files; send one, or use /predict/batch.")
        return bytes(files[0].data)
    return body


def many_pictures(body: bytes, content_type: str) -> list[Picture | Problem]:
    """The pictures of a `POST /predict/batch`: a form with files, or a JSON list with a problem for each wrong item.

    Raises Problem for what is neither.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return [picture_or_problem(item) for item in validate(any_list, body)]
    if kind == "multipart/form-data":
        return [bytes(part.data) for part in parse_form(body, content_type) if part.is_file]
    raise BadRequest("Send multipart/form-data with several files, or a JSON list.")


def from_json(request: ImageRequest) -> Picture:
    """The picture of a validated JSON object. Raises InvalidField when the base64 is none."""
    if request.pixels is not None:
        return request.pixels
    text = request.image or ""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidField(("image", "is neither base64 nor a data-URI with base64")) from None


def picture_or_problem(item: object) -> Picture | Problem:
    """The picture of an item of a JSON list, or what is wrong with the item, so that the others are still read."""
    if not isinstance(item, dict):
        return InvalidField(("", "Input should be an object"))
    try:
        return from_json(one_image.validate_python(item))
    except ValidationError as error:
        return wrong_json(error)
    except InvalidField as problem:
        return problem


def validate(adapter: TypeAdapter[T], body: bytes) -> T:
    """The body as the adapter's type. Raises BadRequest for what is no JSON, InvalidField for the wrong JSON."""
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise wrong_json(error) from None


def wrong_json(error: ValidationError) -> Problem:
    """The problem that a failed validation is."""
    return invalid_field(error.errors(include_url=False, include_input=False))
