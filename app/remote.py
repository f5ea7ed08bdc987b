"""What `numeral samples` and `numeral retrain` share: a running service from the terminal, over its own HTTP API."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import httpx

URL = "http://127.0.0.1:8000"
TIMEOUT = httpx.Timeout(30.0, read=600.0)  # seconds; an import answers when everything is stored


class Refused(Exception):
    """The service said no; the text is its problem in one line."""


ERRORS = (Refused, OSError, httpx.HTTPError, httpx.InvalidURL)


def service() -> argparse.ArgumentParser:
    """The options of every remote command, which its subcommands have, too; `parse` gives their defaults."""
    made = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    made.add_argument("--url", help=f"address of the service (NUMERAL_URL, {URL})")
    made.add_argument("--key", help="admin key of the service (NUMERAL_ADMIN_KEY)")
    return made


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """The options; the address and the key are the environment's where none is typed."""
    url, key = os.environ.get("NUMERAL_URL") or URL, os.environ.get("NUMERAL_ADMIN_KEY")
    return parser.parse_args(argv, argparse.Namespace(url=url, key=key))


def connect(options: argparse.Namespace) -> httpx.Client:
    """A client with the address and the key. Raises Refused for a key that no header can carry."""
    if options.key and not (options.key.isascii() and options.key.isprintable()):
        raise Refused("--key (NUMERAL_ADMIN_KEY) can have printable ASCII characters only")
    headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
    return httpx.Client(base_url=options.url, headers=headers, timeout=TIMEOUT)


def checked(response: httpx.Response) -> httpx.Response:
    """The response, unless it is a problem. Raises Refused."""
    if response.is_success:
        return response
    response.read()
    try:
        problem = response.json()
        text = f"{problem['title']}: {problem['detail']}"
    except (ValueError, KeyError):
        text = f"{response.url} answered {response.status_code}"
    if response.status_code == httpx.codes.UNAUTHORIZED:
        text += " (--key or NUMERAL_ADMIN_KEY gives it)"
    raise Refused(text)


def fail(error: Exception) -> int:
    """One of ERRORS as one line on standard error; exit status 1."""
    text = str(error) if isinstance(error, Refused | OSError) else f"the service can't be reached: {error}"
    print(f"numeral: {text}", file=sys.stderr)
    return 1
