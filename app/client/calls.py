"""The requests of the client and how their answers are understood, without sending: both clients share them."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx

from app.client.answers import Job, KeptPicture, Page, Prediction, Sample, TaughtNumber, Version, build
from app.client.connection import EVENT_TIMEOUT
from app.client.errors import NumeralError, from_problem, from_response, not_numeral
from app.client.pictures import Content, Picture, content_of

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request. options: httpx's, such as `json`; understand: the JSON object of its answer → what the client
    returns. Every call may be sent again: to repeat one changes nothing.
    """

    method: str
    path: str
    understand: Callable[[dict[str, Any]], T]
    options: dict[str, Any] = field(default_factory=dict)

    def answer(self, response: httpx.Response) -> T:
        """What the response says. Raises NumeralError."""
        if not response.is_success:
            raise from_response(response)
        try:
            return self.understand(response.json())
        except (ValueError, KeyError, TypeError, AttributeError):
            raise not_numeral(response) from None


def picture_body(content: Content) -> dict[str, Any]:
    """Httpx's options for a body of one picture."""
    if isinstance(content, bytes):
        return {"content": content, "headers": {"Content-Type": "application/octet-stream"}}
    return {"json": {"pixels": content}}


def batch_body(contents: Sequence[Content]) -> dict[str, Any]:
    """Httpx's options for a body of several pictures: a form of files, or JSON if any is given as pixels."""
    if all(isinstance(content, bytes) for content in contents):
        return {"files": [("file", (str(number), content)) for number, content in enumerate(contents)]}
    return {"json": [json_picture(content) for content in contents]}


def json_picture(content: Content) -> dict[str, Any]:
    """A picture as JSON."""
    if isinstance(content, bytes):
        return {"image": f"data:;base64,{base64.b64encode(content).decode()}"}  # an empty file is an item's error, too
    return {"pixels": content}


def asking(**query: Any) -> dict[str, Any]:
    """Httpx's option for the query, without what is None or False."""
    given = {name: value for name, value in query.items() if value is not None and value is not False}
    return {"params": {name: str(value).lower() for name, value in given.items()}}


def predict(picture: Picture, seen: bool) -> Call[Prediction]:
    """Read the digit in a picture."""
    options = picture_body(content_of(picture)) | asking(seen=seen)
    return Call("POST", "/predict", lambda data: build(Prediction, data), options)


def predict_batch(contents: Sequence[Content], seen: bool) -> Call[list[Prediction | NumeralError]]:
    """Read the digit in each of several pictures."""
    options = batch_body(contents) | asking(seen=seen)
    return Call("POST", "/predict/batch", lambda data: items_of(Prediction, data, len(contents)), options)


def read(picture: Picture, digits: int | None, seen: bool) -> Call[Page]:
    """Read the numbers on a page."""
    options = picture_body(content_of(picture)) | asking(digits=digits, seen=seen)
    return Call("POST", "/read", lambda data: build(Page, data), options)


def read_batch(contents: Sequence[Content], digits: int | None, seen: bool) -> Call[list[Page | NumeralError]]:
    """Read the numbers on each of several pages."""
    options = batch_body(contents) | asking(digits=digits, seen=seen)
    return Call("POST", "/read/batch", lambda data: items_of(Page, data, len(contents)), options)


def items_of(kind: type[T], data: dict[str, Any], count: int) -> list[T | NumeralError]:
    """An answer or an error for each of `count` pictures. Raises ValueError for another number of them."""
    items = data["items"]
    if len(items) != count:
        raise ValueError("an answer for each picture is missing")
    return [from_problem(item) if "status" in item else build(kind, item) for item in items]


def teach(picture: Picture, label: int) -> Call[Sample]:
    """Store a picture with its digit."""
    return Call("POST", "/samples", lambda data: build(Sample, data), labelled(picture, label=label))


def teach_number(picture: Picture, text: str) -> Call[TaughtNumber]:
    """Store the digits of a picture of a number."""
    return Call("POST", "/samples", lambda data: build(TaughtNumber, data), labelled(picture, text=text))


def correct(request_id: str, label: int, item: int | None) -> Call[Sample]:
    """Store the picture of an earlier answer with its digit."""
    return Call("POST", "/samples", lambda data: build(Sample, data), answered(request_id, item, label=label))


def correct_number(request_id: str, text: str, item: int | None) -> Call[TaughtNumber]:
    """Store the digits of the picture of an earlier answer."""
    return Call("POST", "/samples", lambda data: build(TaughtNumber, data), answered(request_id, item, text=text))


def answered(request_id: str, item: int | None, **fields: Any) -> dict[str, Any]:
    """Httpx's options for the picture of an earlier answer and what it shows."""
    return {"json": {"request_id": request_id, **fields} | ({} if item is None else {"item": item})}


def review(limit: int, shadow: int | None) -> Call[list[KeptPicture]]:
    """The kept pictures on which a person's look is most useful."""
    query = asking(limit=limit, shadow=shadow)
    return Call("GET", "/samples/review", lambda data: [build(KeptPicture, item) for item in data["items"]], query)


def labelled(picture: Picture, **fields: Any) -> dict[str, Any]:
    """Httpx's options for a picture and what it shows."""
    content = content_of(picture)
    if isinstance(content, bytes):
        return {"files": {"file": ("picture", content)}, "data": {name: str(value) for name, value in fields.items()}}
    return {"json": {"pixels": content, **fields}}


def retrain(options: dict[str, Any]) -> Call[Job]:
    """Start a retraining; sent again, the call starts no second one. options: as RetrainRequest names them."""
    given = {name.rstrip("_"): value for name, value in options.items() if value is not None}
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    return Call("POST", "/admin/retrain", as_job, {"json": given, "headers": headers})


def job(job_id: str) -> Call[Job]:
    """A retraining as it stands."""
    return Call("GET", f"/admin/jobs/{job_id}", as_job)


def events(job_id: str, last_id: str) -> dict[str, Any]:
    """Httpx's arguments for the stream of a retraining's events after the one with this id."""
    headers = {"Last-Event-ID": last_id}
    return {"method": "GET", "url": f"/admin/jobs/{job_id}/events", "headers": headers, "timeout": EVENT_TIMEOUT}


def cancel(job_id: str) -> Call[Job]:
    """Ask a retraining to stop."""
    return Call("POST", f"/admin/jobs/{job_id}/cancel", as_job)


def as_job(data: dict[str, Any]) -> Job:
    """A job from its JSON."""
    return build(Job, data)


def versions() -> Call[list[Version]]:
    """The versions of the weights."""
    return Call("GET", "/admin/versions", lambda data: [build(Version, item) for item in data["items"]])


def activate(version: int) -> Call[Version]:
    """Make a version the one that answers."""
    return Call("POST", f"/admin/versions/{version}/activate", lambda data: build(Version, data))
