"""What tests do as clients of a server: send bytes, check problems, add samples, run commands, retrain."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from bench.servers import address
from tests.server import ADMIN_KEY, Server, clean_environment

STRANGERS = itertools.count(1)
GENTLE = {"epochs": 1, "learning_rate": 1e-7}  # as good as the current version, since next to nothing changes
ENDLESS = {"epochs": 1000, "patience": 0}


def check_problem(response: httpx.Response, status: int, slug: str) -> dict:
    """The problem in a response; checks its members."""
    problem = response.json()
    assert response.status_code == status == problem["status"], problem
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == f"/problems/{slug}"
    assert problem["request_id"] == response.headers["X-Request-ID"]
    assert problem["detail"] and "Traceback" not in response.text
    assert slug != "invalid-field" or all(error.keys() == {"field", "message"} for error in problem["errors"])
    return problem


def stranger(authorization: str | None) -> dict[str, str]:
    """Headers that give a client its own address, as a trusted proxy on this machine would.

    So one test's wrong keys do not delay another test.
    """
    headers = {"X-Forwarded-For": f"2001:db8:{next(STRANGERS):x}::1"}
    return headers if authorization is None else headers | {"Authorization": authorization}


@contextmanager
def connected(server: Server, timeout: float = 20) -> Iterator[socket.socket]:
    """A connection to the server, for bytes that no HTTP library would send. timeout: seconds of a silent wait."""
    with socket.create_connection(address(server.url), timeout) as connection:
        yield connection


def received(connection: socket.socket) -> bytes:
    """All that the server sends until it closes the connection."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def raw_exchange(server: Server, *parts: bytes) -> bytes:
    """The server's answer to these bytes."""
    with connected(server) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while b"}" not in answer and (more := connection.recv(65536)):
            answer += more
        return answer


def add_sample(server: Server, image: bytes, label: int = 7) -> httpx.Response:
    """Post a sample in a form."""
    return server.admin.post("/samples", files={"file": ("x.png", image)}, data={"label": str(label)})


def command(server: Server, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a `numeral` command with the server's address and key."""
    environment = {"NUMERAL_URL": server.url, "NUMERAL_ADMIN_KEY": ADMIN_KEY, "COLUMNS": "80"} | environment
    line = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(line, env=clean_environment(**environment), capture_output=True, text=True, timeout=60)


def retrain(server: Server, **options: object) -> str:
    """Start a retraining; the job's address."""
    response = server.admin.post("/admin/retrain", json=options)
    assert response.status_code == 202, response.text
    return response.headers["Location"]


def events(server: Server, location: str, last: str | None = None) -> list[tuple[int, str, dict]]:
    """The events of an ended job: all of them, or those after the id `last`."""
    headers = {"Last-Event-ID": last} if last else {}
    text = server.admin.get(f"{location}/events", headers=headers).raise_for_status().text
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found
