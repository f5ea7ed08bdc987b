"""How both clients connect: address, key, timeouts, what is tried again and after how long."""

from __future__ import annotations

import os
from typing import Any

import httpx

from app.client.errors import NumeralError

URL = "http://127.0.0.1:8000"
KEYS = ("NUMERAL_KEY", "NUMERAL_ADMIN_KEY")  # environment variables, the first that is set
TIMEOUT = 30.0  # seconds to connect, and until an answer begins
RETRIES = 3  # of a request that the service was too busy for, or to which no answer came
EVENT_TIMEOUT = 60.0  # seconds without an event; a service that has none to send sends a comment every 15 s
RECONNECT_SECONDS = 1.0
RECONNECTS = 30  # in a row, without an event between them: a restart takes some seconds
MAX_WAIT = 30.0  # seconds before another try, whatever the service names
UNAVAILABLE = 503


def options_of(url: str | None, key: str | None, timeout: float) -> dict[str, Any]:
    """Httpx's options for a client. Raises ValueError for no HTTP address, or a key that no header can hold."""
    address = address_of(url or os.environ.get("NUMERAL_URL"))
    if not address.startswith(("http://", "https://")) or not host_of(address):
        raise ValueError(f"the address of a service is as {URL}, not {address}")
    given = (key or next((os.environ[name] for name in KEYS if os.environ.get(name)), "")).strip()
    if not (given.isascii() and given.isprintable()):
        raise ValueError("a key has printable ASCII characters only")
    headers = {"Authorization": f"Bearer {given}"} if given else {}
    return {"base_url": address, "headers": headers, "timeout": timeout}


def address_of(url: str | None) -> str:
    """The address of the service, by default URL; one without a scheme gets http."""
    address = url or URL
    return address if "://" in address else f"http://{address}"


def host_of(address: str) -> str:
    """The host that the address names, an empty string if it names none."""
    try:
        return httpx.URL(address).host
    except httpx.InvalidURL:
        return ""


def wait_before_retry(error: NumeralError, tries: int, retries: int) -> float | None:
    """Seconds to wait before another try after `tries`; None if the error is final."""
    if tries > retries or error.status not in (UNAVAILABLE, None):
        return None
    if error.status is None:
        return RECONNECT_SECONDS if isinstance(error.__cause__, httpx.RemoteProtocolError | httpx.ReadError) else None
    return min(error.retry_after if error.retry_after is not None else RECONNECT_SECONDS, MAX_WAIT)


def wait_before_reconnect(error: NumeralError, failures: int) -> float | None:
    """Seconds to wait before events are followed again after `failures` in a row; None if the error is final."""
    if failures > RECONNECTS or error.status not in (UNAVAILABLE, None):
        return None
    return RECONNECT_SECONDS
