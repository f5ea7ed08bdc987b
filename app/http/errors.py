"""The exception tree of the service and its one mapping to RFC 9457 `application/problem+json`.

Raise a `Problem` anywhere in a route; an exception handler, the envelope or the protocol renders it with `render`.
Errors of images are the model's exceptions: `image_problems.py` maps each of them to a problem.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

MAX_FIELD_ERRORS = 10  # the first ones are enough to see what is wrong
MAX_TEXT = 300  # characters of a detail, which may quote the client's input

PLAIN_ERRORS = ("/v2/", "/v1/models")  # below these paths an error is {"error": …}, as their protocols say

PLAIN_MESSAGES = {
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "extra_forbidden": "there is no such field",
    "missing": "is missing",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be a list",
}


class Problem(Exception):
    """An error that is reported to the client.

    status: HTTP status; slug: the stable end of the `type`; title: the kind of error, in a few words; detail: this
    error, in a sentence; remedy: how to fix it, shown at `/problems/<slug>`; headers: extra response headers; extra:
    further members of the JSON; retry_after: seconds for the header Retry-After, None for none.
    """

    status: int = 500
    slug: str = "internal-error"
    title: str = "Something broke on our side"
    remedy: str = "Try again. If the error stays, report the request_id to the operator of this service."
    retry_after: int | None = None

    def __init__(
        self, detail: str = "", *, headers: dict[str, str] | None = None, extra: dict[str, Any] | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or f"{self.title}."
        self.headers = headers or {}
        if self.retry_after is not None:
            self.headers["Retry-After"] = str(self.retry_after)
        self.extra = extra or {}


def short(text: str) -> str:
    """The text, shortened to MAX_TEXT characters."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


class NotFound(Problem):
    status, slug, title = 404, "not-found", "There is nothing at this address"
    remedy = "Compare the address with /docs."


class MethodNotAllowed(Problem):
    status, slug, title = 405, "method-not-allowed", "This address does not take this method"
    remedy = "Use a method named in the Allow header."


class RequestTimeout(Problem):
    status, slug, title = 408, "request-timeout", "The body did not arrive in time"
    remedy = "Send the whole body without pause, over a faster connection, or send a smaller image."


class BadRequest(Problem):
    status, slug, title = 400, "bad-request", "The request can't be understood"
    remedy = "See /docs for the forms of body that the address takes."


class HeadersTooLarge(Problem):
    status, slug, title = 431, "headers-too-large", "The headers are larger than this service takes"
    remedy = "Send a shorter address, or fewer or shorter headers: all of them may have 64 kB in total."


class BodyTooLarge(Problem):
    status, slug, title = 413, "body-too-large", "The body is larger than this service takes"
    remedy = "Send smaller images, since a digit needs no more than a few hundred pixels a side, or split the batch."


class UnsupportedMediaType(Problem):
    status, slug, title = 415, "unsupported-media-type", "This content type is not taken here"
    remedy = "Send a ZIP as the body itself, as `curl --data-binary @digits.zip` does."


class InvalidField(Problem):
    status, slug, title = 422, "invalid-field", "A field is missing, unknown or out of range"
    remedy = "The `errors` list names each field and what it must be."

    def __init__(self, *errors: tuple[str, str]) -> None:
        """errors: the name of each field, empty for the body itself, and what is wrong with it."""
        fields = [{"field": short(field), "message": short(message)} for field, message in errors[:MAX_FIELD_ERRORS]]
        first = fields[0]
        super().__init__(f"{first['field'] or 'the body'}: {first['message']}.", extra={"errors": fields})


class MalformedJson(Problem):
    status, slug, title = 400, "malformed-json", "The body is not JSON"
    remedy = "Check the body with a JSON validator; NaN and trailing commas are not JSON."


class BatchTooLarge(Problem):
    status, slug, title = 413, "batch-too-large", "Too many images in one request"
    remedy = "Split the batch."


class KeyRequired(Problem):
    status, slug, title = 401, "key-required", "A valid key is needed"
    remedy = "Send `Authorization: Bearer <key>` with a key that the operator gave you."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="numeral"'})


class AdminDisabled(Problem):
    status, slug, title = 403, "admin-disabled", "The admin routes are closed: no admin key is configured"
    remedy = "Start the service with NUMERAL_ADMIN_KEYS set to a long random key."


class InsufficientScope(Problem):
    status, slug, title = 403, "insufficient-scope", "The key does not permit this"
    remedy = "Use a key of the scope that the `detail` names: admin permits all, teach permits corrections, too."

    def __init__(self, detail: str = "") -> None:
        challenge = 'Bearer realm="numeral", error="insufficient_scope"'  # RFC 6750, section 3.1
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class TooManyAttempts(Problem):
    status, slug, title = 429, "too-many-attempts", "Too many wrong keys came from this address"
    remedy = (
        "Ask the operator for a key. A right key is accepted at once; before another try, wait as Retry-After says."
    )

    def __init__(self, seconds: int = 1) -> None:
        """seconds: how long the client must wait."""
        self.retry_after = seconds
        super().__init__(f"Try again in {seconds} s; a right key is accepted at once.")


class Overloaded(Problem):
    status, slug, title = 503, "overloaded", "The service is overloaded"
    remedy = "Wait for as many seconds as Retry-After says, then try again."
    retry_after = 1


class Stopping(Problem):
    status, slug, title = 503, "stopping", "The service stops, and could not finish this"
    remedy = "Send the request again: another server, or the same one after its start, will take it."
    retry_after = 5


class NotReady(Problem):
    status, slug, title = 503, "not-ready", "No model is loaded"
    remedy = "Wait a moment. If the error stays, the operator should look at /readyz and the log."
    retry_after = 1


def invalid_field(errors: Iterable[Mapping[str, Any]]) -> Problem:
    """The problem for pydantic's `errors()`."""
    first, *_ = found = list(errors)
    if first["type"] == "json_invalid":
        return MalformedJson(f"{first['msg']}.")
    return InvalidField(*((".".join(map(str, error["loc"])), plainly(error)) for error in found[:MAX_FIELD_ERRORS]))


def plainly(error: Mapping[str, Any]) -> str:
    """What is wrong, without pydantic's own prefixes and terms."""
    message: str = PLAIN_MESSAGES.get(error["type"], error["msg"])
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def as_json(problem: Problem, request_id: str) -> dict[str, Any]:
    """The members of a problem's JSON."""
    return {
        "type": f"/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": short(problem.detail),
        "request_id": request_id,
        **problem.extra,
    }


def render(problem: Problem, request_id: str, path: str = "") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and JSON body of a problem. path: the request's, without the root path."""
    if path.startswith(PLAIN_ERRORS) or path == "/v2":
        text = f"{short(problem.detail)} (/problems/{problem.slug})"
        return problem.status, {"Content-Type": "application/json", **problem.headers}, as_bytes({"error": text})
    body = as_bytes(as_json(problem, request_id))
    return problem.status, {"Content-Type": "application/problem+json", **problem.headers}, body


def as_bytes(members: dict[str, Any]) -> bytes:
    """The members as JSON."""
    return json.dumps(members, ensure_ascii=False).encode()
