"""Parse the body of a `POST /samples`, a form or JSON, to a picture and its label, or the text of its number."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from pydantic import TypeAdapter

from app.http.envelope import SANE_ID
from app.http.errors import BadRequest, InvalidField, Problem
from app.http.forms import Part
from app.http.media_types import is_json
from app.inference.pictures import MAX_FIELDS, Picture, form_parts, from_json, holds_picture, picture_of_part
from app.schemas.json_body import as_utf8, validate
from app.schemas.samples import MAX_ITEM, MAX_TEXT, SampleRequest, digits_of

PICTURE_FIELDS = ("file", "image", "pixels")  # a form must have one of them, or a `request_id`
MAX_LABEL_BYTES = 16  # that are read: one digit, and space around it
MAX_TEXT_BYTES = 4 * MAX_TEXT + 1  # that are read: more than MAX_TEXT characters in UTF-8
sample_request = TypeAdapter(SampleRequest)


class InvalidLabel(Problem):
    status, slug, title = 422, "invalid-label", "A label is one digit, 0–9"
    remedy = "Send the digit that the image shows, as a number from 0 to 9; several digits go into `text`."


class KeptReference(NamedTuple):
    """Names a picture that is kept: the id of its request, and its place in a batch, None for the only one."""

    request_id: str
    item: int | None


def parse_sample(body: bytes, content_type: str) -> tuple[Picture | KeptReference, int | str]:
    """The picture, and its label or the digits of its text. The content decides whether the body is a form or JSON.

    Raises Problem.
    """
    parts = form_parts(body, content_type, MAX_FIELDS)
    if parts is not None:
        return parse_sample_form([part for part in parts if not part.is_unused])
    text = as_utf8(body)
    if text[:1] not in (b"{", b"[") and not is_json(content_type):
        raise BadRequest("Send multipart/form-data with `file` and `label`, or `text`; or JSON.")
    sample = parse_sample_json(text)
    if sample.request_id is not None:
        return KeptReference(sample.request_id, sample.item), one_of(sample.label, sample.text)
    return from_json(sample), one_of(sample.label, sample.text)


def parse_sample_form(parts: list[Part]) -> tuple[Picture | KeptReference, int | str]:
    """The picture, and its label or the digits of its text, from the fields of a form. Raises Problem."""
    fields = {part.name: part for part in parts}
    pictures = [fields[name] for name in PICTURE_FIELDS if name in fields]
    if "request_id" not in fields and not (pictures and holds_picture(pictures[0])):
        raise InvalidField(("file", "the form has no such file; curl sends it with an @: -F file=@7.png"))
    if unknown := sorted(fields.keys() - {*PICTURE_FIELDS, "request_id", "item", "label", "text"}):
        raise InvalidField(*((name, "there is no such field; send `file`, and `label` or `text`") for name in unknown))
    named = [fields[name] for name in (*PICTURE_FIELDS, "request_id") if name in fields]
    if len(named) > 1:
        raise InvalidField((named[1].name, f"send either this or `{named[0].name}`"))
    if twice := [name for name, count in Counter(part.name for part in parts).items() if count > 1]:
        raise InvalidField(*((name, "stands more than once") for name in twice))
    label = parse_label(start_of(fields["label"], MAX_LABEL_BYTES).strip()) if "label" in fields else None
    text = parse_text(start_of(fields["text"], MAX_TEXT_BYTES)) if "text" in fields else None
    if pictures and "item" in fields:
        raise InvalidField(("item", "is sent with `request_id` only"))
    picture = picture_of_part(pictures[0]) if pictures else parse_kept(fields)
    return picture, one_of(label, text)


def parse_kept(fields: dict[str, Part]) -> KeptReference:
    """The kept picture that a form names. Raises InvalidField."""
    request_id = fields["request_id"].data.decode("latin-1")
    if not SANE_ID.fullmatch(request_id):
        raise InvalidField(("request_id", "is no id that an answer could have"))
    if "item" not in fields:
        return KeptReference(request_id, None)
    item = start_of(fields["item"], MAX_LABEL_BYTES).strip()
    if not (item.isascii() and item.isdigit() and int(item) <= MAX_ITEM):
        raise InvalidField(("item", f"must be a whole number from 0 to {MAX_ITEM}"))
    return KeptReference(request_id, int(item))


def start_of(part: Part, most: int) -> str:
    """The first `most` bytes of a field as text, with bytes that are not UTF-8 replaced."""
    return part.data[:most].decode("utf-8", "replace")


def one_of(label: int | None, text: str | None) -> int | str:
    """The one of both that was sent. Raises InvalidField for both, InvalidLabel for none."""
    if text is None:
        if label is None:
            raise InvalidLabel("Send `label`, the digit that the image shows, or `text`, all digits of a number.")
        return label
    if label is not None:
        raise InvalidField(("text", "send either this or `label`"))
    return text


def parse_text(text: str) -> str:
    """The digits of the text in a form. Raises InvalidField."""
    try:
        return digits_of(text)
    except ValueError as error:
        raise InvalidField(("text", str(error))) from None


def parse_label(text: str) -> int:
    """Parse the label in a form or a query. Raises InvalidLabel."""
    if len(text) != 1 or text not in "0123456789":
        raise InvalidLabel("label: must be one digit, 0–9.")
    return int(text)


def parse_sample_json(body: bytes) -> SampleRequest:
    """Parse a labelled image in JSON. Raises Problem."""
    try:
        return validate(sample_request, body)
    except InvalidField as problem:
        if any(error["field"] == "label" for error in problem.extra.get("errors", ())):
            raise InvalidLabel(problem.detail, extra=problem.extra) from None
        raise
