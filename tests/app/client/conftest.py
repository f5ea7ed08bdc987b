"""The client in both forms, and a service that misbehaves as a test says."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.client import AsyncClient, Client, Event


class InLoop:
    """An AsyncClient whose methods wait, so that a test is the same for both clients."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.client = AsyncClient(*arguments, **options)
        self.loop = asyncio.new_event_loop()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.client, name)
        return lambda *arguments, **options: self.loop.run_until_complete(method(*arguments, **options))

    def follow(self, job_id: str) -> list[Event]:
        async def collect() -> list[Event]:
            return [event async for event in self.client.follow(job_id)]

        return self.loop.run_until_complete(collect())


@pytest.fixture(params=["Client", "AsyncClient"])
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Makes clients of either form."""
    for name in ("NUMERAL_URL", "NUMERAL_KEY", "NUMERAL_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    made: list[Any] = []

    def connect(*arguments: Any, **options: Any) -> Any:
        made.append((Client if request.param == "Client" else InLoop)(*arguments, **options))
        return made[-1]

    yield connect
    for client in made:
        client.close()
        if isinstance(client, InLoop):
            client.loop.close()


class Script(http.server.ThreadingHTTPServer):
    """Answers requests with `answers` in their order: a status, headers and JSON, or None to close the connection.

    The last answer is for all further requests. requests: method, path, headers and body of each.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Scripted)
        self.answers: list[tuple[int, dict[str, str], Any] | None] = []
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Scripted(http.server.BaseHTTPRequestHandler):
    """One request of a Script."""

    server: Script
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path, dict(self.headers), body))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.close_connection = True
        if answer is None:
            return
        status, headers, content = answer
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(data)), "Connection": "close"} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def script() -> Iterator[Script]:
    with Script() as service:
        threading.Thread(target=service.serve_forever, args=(0.02,), daemon=True).start()
        yield service
        service.shutdown()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that a client waits, which pass at once."""
    passed: list[float] = []
    pause = asyncio.sleep

    async def at_once(seconds: float) -> None:
        passed.append(seconds)
        await pause(0)

    monkeypatch.setattr("app.client.synchronous.time.sleep", passed.append)
    monkeypatch.setattr("app.client.asynchronous.asyncio.sleep", at_once)
    return passed
