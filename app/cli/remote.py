"""What `numeral samples` and `numeral retrain` share: options, HTTP client and errors for a running service."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from typing import Any

import httpx

from app.client.connection import URL, address_of
from model.cli import terminal

TIMEOUT = httpx.Timeout(30.0, read=600.0)  # seconds; an import is answered only after everything is stored


class Refused(Exception):
    """The service refused the request, or the command can't send it. The text says why, in one line."""


ERRORS = (Refused, OSError, httpx.HTTPError, httpx.InvalidURL)


def service() -> argparse.ArgumentParser:
    """The options that every remote command and its subcommands have. `parse` sets their defaults."""
    made = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    made.add_argument("--url", help=f"address of the service (NUMERAL_URL, {URL})")
    made.add_argument("--key", help="admin key of the service (NUMERAL_ADMIN_KEY)")
    return made


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse the options. NUMERAL_URL and NUMERAL_ADMIN_KEY are the defaults; an address without a scheme gets http."""
    url, key = os.environ.get("NUMERAL_URL"), os.environ.get("NUMERAL_ADMIN_KEY")
    options = parser.parse_args(argv, argparse.Namespace(url=url, key=key))
    options.url = address_of(options.url)
    return options


def connect(options: argparse.Namespace) -> httpx.Client:
    """A client with the address and the key. Raises Refused for no HTTP address, or a key that no header can hold."""
    if options.key and not (options.key.isascii() and options.key.isprintable() and options.key.strip()):
        raise Refused("--key (NUMERAL_ADMIN_KEY) can have printable ASCII characters only")
    if not options.url.startswith(("http://", "https://")) or not httpx.URL(options.url).host:
        raise Refused(f"--url (NUMERAL_URL) must be an address as {URL}, not {options.url}")
    headers = {"Authorization": f"Bearer {options.key.strip()}"} if options.key else {}
    return httpx.Client(base_url=options.url, headers=headers, timeout=TIMEOUT)


def checked(response: httpx.Response) -> httpx.Response:
    """Return a response with a 2xx status as it is. Raises Refused for any other."""
    if response.is_success:
        return response
    response.read()
    try:
        problem = response.json()
        text = f"{problem['title']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        text = f"{response.url} answered {response.status_code}"
    if response.status_code == httpx.codes.UNAUTHORIZED:
        text += " (--key or NUMERAL_ADMIN_KEY gives it)"
    raise Refused(text)


def answer(response: httpx.Response, *members: str) -> Any:
    """The JSON object of the response. Raises Refused for a problem, and for an object without one of `members`.

    The second means that the address belongs to another service.
    """
    try:
        found = checked(response).json()
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found.keys() >= set(members):
        raise Refused(f"{response.url} answers, but not as Numeral does: --url or NUMERAL_URL names the service")
    return found


def fail(error: Exception, url: str) -> int:
    """Print one of ERRORS as one line on standard error; return exit status 1. Raises a BrokenPipeError again."""
    if isinstance(error, BrokenPipeError):
        raise error
    if isinstance(error, httpx.ConnectError):
        error = Refused(f"{url} can't be reached: {reason(error)}; is it running? --url or NUMERAL_URL names another")
    elif not isinstance(error, Refused | OSError):
        error = Refused(f"{url} can't be reached: {error or type(error).__name__}")
    return terminal.fail(error)


def reason(error: httpx.ConnectError) -> str:
    """Why the connection failed, without the number of the system's error."""
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error))
