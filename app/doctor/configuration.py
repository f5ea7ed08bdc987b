"""Checks of what was configured: settings, keys, telemetry, the port."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import closing

from app.doctor.finding import Finding
from app.http.key_file import FileKeys, InvalidKeyFile, KeyScope, parse_key_file, read_key_file, rights_warning
from app.http.keys import Key, keys_of_settings
from app.settings import Settings

LEAST_KEY = 16  # characters of a key that nobody guesses
PORT_SECONDS = 3.0  # in which a service on this host must answer
MAX_ANSWER = 65_536  # bytes of its answer
CLIENT_VARIABLES = {"NUMERAL_URL", "NUMERAL_KEY", "NUMERAL_ADMIN_KEY"}  # of the commands that talk to a service
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where to reach a service that listens everywhere


def variables(settings: Settings) -> Iterator[Finding]:
    """Names that begin with NUMERAL_ and are no setting: a mistyped setting would silently not hold."""
    known = settings.variables() | CLIENT_VARIABLES
    for name in sorted(name for name in os.environ if name.startswith("NUMERAL_") and name not in known):
        yield Finding("settings", "warning", f"{name} is no setting", "compare it with the names in deploy/README.md")
    yield Finding("settings", "ok", f"valid; the service listens at {settings.host}:{settings.port}")


def keys(settings: Settings) -> Iterator[Finding]:
    """Whether the file of keys can be used, and the keys are long enough. They are not shown."""
    used, in_file = keys_of_settings(settings), FileKeys((), opens_predictions=False)
    if (file := settings.keys_file) is not None:
        found = read_key_file(file)
        try:
            in_file = parse_key_file(found)
        except InvalidKeyFile as error:
            remedy = "mend it, since the service does not start with it; deploy/README.md shows its lines"
            yield Finding("keys", "failing", f"NUMERAL_KEYS_FILE={file} can't be used: {error}", remedy)
        if warning := rights_warning(file, found):
            yield Finding("keys", "warning", warning, f"chmod 600 {file}")
        used = (*used, *(Key(name, scope, secret) for scope, name, secret in in_file.keys))
    for name in sorted({key.name for key in used if len(key.secret) < LEAST_KEY}):
        detail = f"the key {name} has fewer than {LEAST_KEY} characters"
        yield Finding("keys", "warning", detail, "replace it by the output of: openssl rand -hex 24")
    has_admin = any(key.scope is KeyScope.ADMIN for key in used)
    yield Finding(
        "keys", "ok", f"the admin routes are {'open' if has_admin else 'closed: NUMERAL_ADMIN_KEYS opens them'}"
    )
    is_open = in_file.opens_predictions if file else not settings.predict_keys
    yield Finding("keys", "ok", f"predictions need {'no' if is_open else 'a'} key")


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
