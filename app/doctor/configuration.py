"""Checks of what was configured: settings, keys, telemetry, the port."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import closing

from app.doctor.finding import Finding
from app.settings import Settings

LEAST_KEY = 16  # characters of a key that nobody guesses
PORT_SECONDS = 3.0  # in which a service on this host must answer
MAX_ANSWER = 65_536  # bytes of its answer
CLIENT_VARIABLES = {"NUMERAL_URL", "NUMERAL_KEY", "NUMERAL_ADMIN_KEY"}  # of the commands that talk to a service
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where to reach a service that listens everywhere


def variables(settings: Settings) -> Iterator[Finding]:
    """Names that begin with NUMERAL_ and are no setting: a mistyped setting would silently not hold."""
    known = {f"NUMERAL_{name.upper()}" for name in type(settings).model_fields} | CLIENT_VARIABLES
    for name in sorted(name for name in os.environ if name.startswith("NUMERAL_") and name not in known):
        yield Finding("settings", "warning", f"{name} is no setting", "compare it with the names in deploy/README.md")
    yield Finding("settings", "ok", f"valid; the service listens at {settings.host}:{settings.port}")


def keys(settings: Settings) -> Iterator[Finding]:
    """Whether the keys are long enough. They are not shown."""
    short = {name for name, key in (*settings.admin_keys, *settings.predict_keys) if len(key) < LEAST_KEY}
    for name in sorted(short):
        detail = f"the key {name} has fewer than {LEAST_KEY} characters"
        yield Finding("keys", "warning", detail, "replace it by the output of: openssl rand -hex 24")
    opened = "open" if settings.admin_keys else "closed: NUMERAL_ADMIN_KEYS opens them"
    yield Finding("keys", "ok", f"the admin routes are {opened}")


def telemetry(_: Settings) -> Iterator[Finding]:
    """Whether the libraries' telemetry is off, and where traces go."""
    if os.environ.get("ORT_DISABLE_TELEMETRY") != "1":
        remedy = "set ORT_DISABLE_TELEMETRY=1; Numeral sets it when it starts"
        yield Finding("telemetry", "failing", "ONNX Runtime's is on", remedy)
        return
    yield Finding("telemetry", "ok", "off")
    for name in sorted(name for name in os.environ if name.startswith("OTEL_") and name.endswith("ENDPOINT")):
        yield Finding("telemetry", "ok", f"traces go to {os.environ[name]}, which {name} names")


def port(settings: Settings) -> Iterator[Finding]:
    """Whether a service answers at its port here, and what it says of itself."""
    host = ANY_ADDRESS.get(settings.host, settings.host)
    try:
        with closing(http.client.HTTPConnection(host, settings.port, timeout=PORT_SECONDS)) as connection:
            connection.request("GET", "/readyz")
            said = json.loads(connection.getresponse().read(MAX_ANSWER))
            state, warning = said["status"], said.get("warning")
    except ConnectionRefusedError:
        yield Finding("port", "ok", f"{host}:{settings.port} is free; no service runs there")
        return
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        detail = f"something else answers at {host}:{settings.port}"
        yield Finding("port", "warning", detail, "end it, or choose another port with PORT=8080")
        return
    if state == "ok" and not warning:
        yield Finding("port", "ok", f"the service at {host}:{settings.port} is ready")
    else:
        yield Finding("port", "warning", f"the service at {host}:{settings.port} is {state}: {warning}", "see its log")
