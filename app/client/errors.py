"""The one exception of the client: a problem that the service answered, or no answer at all."""

from __future__ import annotations

from typing import Any

import httpx

UNREACHABLE = "unreachable"
NOT_NUMERAL = "not-numeral"


class NumeralError(Exception):
    """The service refused, failed, or did not answer.

    slug: the kind of error, the end of its `type`: /problems/<slug> of the service says what to do; `unreachable` if
    there was no answer, `not-numeral` if another program answered; title: the kind, in words; detail: this error, in a
    sentence; status: of HTTP, None without an answer; request_id: for the operator's log; errors: the wrong fields,
    each with `field` and `message`; retry_after: seconds to wait before another try, None if the service names none.
    """

    def __init__(
        self,
        slug: str,
        title: str,
        detail: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        errors: list[dict[str, str]] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{title}: {detail}")
        self.slug = slug
        self.title = title
        self.detail = detail
        self.status = status
        self.request_id = request_id
        self.errors = errors or []
        self.retry_after = retry_after


def from_problem(problem: dict[str, Any], retry_after: float | None = None) -> NumeralError:
    """The error for a problem's JSON (RFC 9457). Raises KeyError, TypeError or AttributeError if it is none."""
    return NumeralError(
        problem["type"].rpartition("/")[2],
        problem["title"],
        problem["detail"],
        status=problem["status"],
        request_id=problem.get("request_id"),
        errors=problem.get("errors"),
        retry_after=retry_after,
    )


def from_response(response: httpx.Response) -> NumeralError:
    """The error for a response with a status other than 2xx, whose body was read."""
    wait = response.headers.get("Retry-After", "")
    retry_after = float(wait) if wait.isascii() and wait.isdigit() else None
    try:
        return from_problem(response.json(), retry_after)
    except (ValueError, KeyError, TypeError, AttributeError):
        status = response.status_code  # of a proxy, say
        detail = f"{response.url} answered {status}"
        return NumeralError(NOT_NUMERAL, "The service failed", detail, status=status, retry_after=retry_after)


def not_numeral(response: httpx.Response) -> NumeralError:
    """The error for an answer that has not the form of Numeral's."""
    detail = f"{response.url} answers, but not as Numeral does: is the address right?"
    return NumeralError(NOT_NUMERAL, "This is not Numeral", detail, status=response.status_code)


def unreachable(error: httpx.RequestError, url: httpx.URL) -> NumeralError:
    """The error for a request that was not answered. url: the service's address."""
    reason = str(error) or type(error).__name__
    return NumeralError(UNREACHABLE, "No answer", f"{str(url).rstrip('/')} can't be reached: {reason}")
