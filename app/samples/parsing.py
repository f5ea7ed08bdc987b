"""Parse the body of a `POST /samples`, a form or JSON, to a picture and its label."""

from __future__ import annotations

from collections import Counter

from pydantic import TypeAdapter

from app.http.errors import BadRequest, InvalidField, Problem
from app.http.forms import Part
from app.http.media_types import is_json
from app.inference.pictures import MAX_FIELDS, Picture, form_parts, from_json, holds_picture, picture_of_part
from app.schemas.json_body import as_utf8, validate
from app.schemas.samples import SampleRequest

PICTURE_FIELDS = ("file", "image", "pixels")  # a form must have one of them
MAX_LABEL_BYTES = 16  # that are read: one digit, and space around it
sample_request = TypeAdapter(SampleRequest)


class InvalidLabel(Problem):
    status, slug, title = 422, "invalid-label", "A label is one digit, 0–9"
    remedy = "Send the digit that the image shows, as a number from 0 to 9."


def parse_sample(body: bytes, content_type: str) -> tuple[Picture, int]:
    """The picture and its label. The content decides whether the body is a form or JSON. Raises Problem."""
    parts = form_parts(body, content_type, MAX_FIELDS)
    if parts is not None:
        return parse_sample_form([part for part in parts if not part.is_unused])
    text = as_utf8(body)
    if text[:1] not in (b"{", b"[") and not is_json(content_type):
        raise BadRequest("Send multipart/form-data with `file` and `label`, or JSON.")
    sample = parse_sample_json(text)
    return from_json(sample), sample.label


def parse_sample_form(parts: list[Part]) -> tuple[Picture, int]:
    """The picture and its label from the fields of a form. Raises Problem."""
    fields = {part.name: part for part in parts}
    pictures = [fields[name] for name in PICTURE_FIELDS if name in fields]
    if not pictures or not holds_picture(pictures[0]):
        raise InvalidField(("file", "the form has no such file; curl sends it with an @: -F file=@7.png"))
    if unknown := sorted(fields.keys() - {*PICTURE_FIELDS, "label"}):
        raise InvalidField(*((name, "there is no such field; send `file` and `label`") for name in unknown))
    if len(pictures) > 1:
        raise InvalidField((pictures[1].name, f"send either this or `{pictures[0].name}`"))
    if twice := [name for name, count in Counter(part.name for part in parts).items() if count > 1]:
        raise InvalidField(*((name, "stands more than once") for name in twice))
    label = fields["label"].data[:MAX_LABEL_BYTES].decode("utf-8", "replace") if "label" in fields else ""
    return picture_of_part(pictures[0]), parse_label(label.strip())


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
