"""From a request's body to its pictures: three forms, and how much there is to read in them."""

from __future__ import annotations

import base64
import binascii
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.errors import BadRequest, InvalidField, Problem, invalid_field
from app.forms import parse_form
from app.schemas.predict import ImageRequest

SMALL_BYTES = 32_768
SMALL_PNG_PIXELS = 128 * 128
TINY_PNG_PIXELS = 64 * 64

T = TypeVar("T")
Picture = bytes | list[list[int]]  # an encoded image, or pixels
one_image = TypeAdapter(ImageRequest)
any_list = TypeAdapter(list[Any])


def is_tiny(picture: Picture) -> bool:
    """Whether reading the picture takes so little that it is worth doing with others: pixels, or a PNG as small."""
    return isinstance(picture, list) or (len(picture) <= SMALL_BYTES and 0 < png_pixels(picture) <= TINY_PNG_PIXELS)


def is_small(picture: Picture) -> bool:
    """Whether reading the picture takes well under a millisecond, since it is short and shows few pixels.

    Only a PNG tells its size at a fixed place; of other formats, whose few bytes may hold many pixels, only the
    JPEG's density is bounded enough to trust its length.
    """
    if isinstance(picture, list):
        return True
    if pixels := png_pixels(picture):
        return len(picture) <= SMALL_BYTES and pixels <= SMALL_PNG_PIXELS
    return len(picture) <= 2048 and picture.startswith(b"\xff\xd8")


def png_pixels(file: bytes) -> int:
    """Width times height that a PNG says it has (W3C PNG, IHDR); 0 for anything else."""
    if not file.startswith(b"\x89PNG") or len(file) < 24:
        return 0
    return int.from_bytes(file[16:20]) * int.from_bytes(file[20:24])


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
