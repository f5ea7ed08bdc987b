"""Extract the pictures from a request's body, in any of the accepted forms.

The content decides which form the body has. The Content-Type is used only for the boundary of a form, and for better
error messages.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.http.base64_images import NotAnImage, decode_text, is_binary, is_data_uri, looks_encoded
from app.http.errors import BadRequest, BatchTooLarge, InvalidField
from app.http.forms import Part, TooManyParts, is_urlencoded, parse_multipart, parse_urlencoded
from app.http.image_problems import image_problem
from app.http.media_types import MULTIPART, URLENCODED, is_json, media_type
from app.schemas.json_body import as_utf8, context_of, is_small_json, validate, validate_counted, wrong_json
from app.schemas.predict import ImageRequest
from model.faults import result_or_error
from model.preprocessing.errors import CorruptImage

JPEG_START = b"\xff\xd8"
COMMON_STARTS = (b"\x89P", JPEG_START)  # of PNG and JPEG
MAX_FIELDS = 32  # of a form with one picture, with other fields that are ignored

Picture = bytes | list[bytes]  # an encoded image, or rows of pixels
one_image = TypeAdapter(ImageRequest)
any_list = TypeAdapter(list[Any])
anything = TypeAdapter[Any](Any)


def one_picture(body: bytes, content_type: str, path: str = "/predict") -> Picture:
    """The picture in the body of a request to `path`, in any form. Raises Problem."""
    if body[:2] in COMMON_STARTS:
        return whole_file(body, content_type)
    parts = form_parts(body, content_type, MAX_FIELDS)
    return picture_of(body, content_type, path) if parts is None else only_picture(parts, path)


def many_pictures(body: bytes, content_type: str, most: int, path: str = "/predict") -> list[Picture | Exception]:
    """The pictures in the body of a request for a batch: a form with files, or a JSON list.

    An item that is wrong gives an exception in its place. path: of the route for one picture.
    Raises BatchTooLarge for more than `most` pictures, another Problem for a body that is neither form nor list.
    """
    try:
        parts = form_parts(body, content_type, most + MAX_FIELDS)
    except TooManyParts as problem:
        raise BatchTooLarge(problem.detail) from None
    pictures = list_of_pictures(body, content_type, most, path) if parts is None else form_pictures(parts)
    if len(pictures) > most:
        raise BatchTooLarge(f"{len(pictures)} images; send at most {most}.")
    if not pictures:
        raise BadRequest("There are no images; a form's are files, which curl sends with an @: -F file=@7.png.")
    return pictures


def form_parts(body: bytes, content_type: str, most: int) -> list[Part] | None:
    """The fields of a multipart or urlencoded form; None when the body is no form. Raises BadRequest, TooManyParts."""
    if media_type(content_type) == MULTIPART and not is_something_else(body):
        return parse_multipart(body, content_type, most)
    return parse_urlencoded(body, most) if is_urlencoded(body) else None


def is_something_else(body: bytes) -> bool:
    """Whether a body declared as multipart is JSON or an image: some clients set the Content-Type by hand."""
    return body[:1] == b"{" or body[:2] in COMMON_STARTS


def picture_of(body: bytes, content_type: str = "", path: str = "/predict") -> Picture:
    """The picture in the content: JSON, a data-URI or base64, or else an image file. Raises Problem."""
    if body[:1] != b"{" and is_binary(body):
        return whole_file(body, content_type)
    text = as_utf8(body)
    if text[:1] == b"{":
        return from_json(validate(one_image, text))
    if looks_encoded(text):
        return from_text(text, "")
    if text[:1] == b"[":
        raise InvalidField(("", f"must be one object, not a list; a list of them goes to {path}/batch"))
    return from_json(validate(one_image, text)) if is_json(content_type) else body


def whole_file(file: bytes, content_type: str) -> bytes:
    """Return the file. Raises Problem when `curl -d` has removed its line ends and zeros: every image file has some."""
    is_whole = b"\0" in file or b"\n" in file or b"\r" in file
    if not is_whole and media_type(content_type) == URLENCODED:
        raise image_problem(
            CorruptImage("The image lost bytes on the way: curl keeps them with --data-binary, not -d.")
        )
    return file


def only_picture(parts: list[Part], path: str) -> Picture:
    """The one picture of a form; the field may have any name. Raises Problem for none or several."""
    pictures = form_pictures(parts)
    if not pictures:
        raise BadRequest("The form has no image; curl sends a file with an @: -F file=@7.png.")
    if len(pictures) > 1:
        raise BadRequest(f"The form has {len(pictures)} images; send one, or use {path}/batch.")
    (picture,) = pictures
    if isinstance(picture, Exception):
        raise picture
    return picture


def form_pictures(parts: list[Part]) -> list[Picture | Exception]:
    """The pictures of a form: its files, and other fields that hold an image, as bytes or as text."""
    used = [part for part in parts if not part.is_unused]
    sure = [part for part in used if is_surely_picture(part)]
    return [result_or_error(picture_of_part, part) for part in sure or filter(holds_picture, used)]


def holds_picture(part: Part) -> bool:
    """Whether the field may hold a picture. A token in base64 may look like one, so `is_surely_picture` goes first."""
    return is_surely_picture(part) or looks_encoded(part.data)


def is_surely_picture(part: Part) -> bool:
    """Whether the field holds a picture without doubt, regardless of the other fields."""
    return (
        part.is_file
        or part.name in ("image", "pixels")
        or part.data[:1] == b"{"
        or is_binary(part.data)
        or is_data_uri(part.data)
    )


def picture_of_part(part: Part) -> Picture:
    """The picture that a field of a form holds. Raises Problem."""
    if part.name == "pixels" and part.data.lstrip()[:1] == b"[":
        return from_json(as_image_request({"pixels": validate(anything, part.data)}))
    if part.name in ("image", "pixels") and not (part.is_file or is_binary(part.data)):
        return from_text(part.data, part.name)
    return picture_of(part.data)


def list_of_pictures(body: bytes, content_type: str, most: int, path: str) -> list[Picture | Exception]:
    """The pictures of a JSON list. Raises Problem."""
    text = as_utf8(body)
    if text[:1] not in (b"[", b"{") and not is_json(content_type):
        raise BadRequest(f"Send multipart/form-data with several files, or a JSON list; one image goes to {path}.")
    if text[:1] == b"{":
        raise InvalidField(("", f"must be a list of objects; one object goes to {path}"))
    if not is_small_json(text, most):
        raise BatchTooLarge(f"The list has more values than {most} images have.")
    items = validate_counted(any_list, text)
    if len(items) > most:
        raise BatchTooLarge(f"{len(items)} images; send at most {most}.")
    context = context_of(text)
    return [result_or_error(lambda item: from_json(as_image_request(item, context)), item) for item in items]


def as_image_request(fields: object, context: object = None) -> ImageRequest:
    """Validate the fields of a form, or one item of a list. Raises InvalidField."""
    try:
        return one_image.validate_python(fields, context=context)
    except ValidationError as error:
        raise wrong_json(error) from None


def from_json(request: ImageRequest) -> Picture:
    """The picture in a validated JSON object. Raises InvalidField for invalid base64."""
    return from_text((request.image or "").encode(), "image") if request.pixels is None else request.pixels


def from_text(text: bytes, field: str) -> bytes:
    """Decode an image file from base64 or a data-URI. field: its name, for the error. Raises InvalidField."""
    try:
        return decode_text(text)
    except NotAnImage as error:
        raise InvalidField((field, str(error))) from None
