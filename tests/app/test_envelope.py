"""What nobody foresaw is told as a problem too, with nothing of the inside in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from app.envelope import Envelope
from app.main import create_api
from app.settings import load_settings


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("a secret of the inside")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FastAPI:
    """The service with a route that breaks."""
    monkeypatch.setenv("NUMERAL_DATABASE_URL", f"sqlite:///{tmp_path}/numeral.db")
    made = create_api(load_settings())
    made.add_api_route("/broken", lambda: 1 / 0)
    return made


@pytest.mark.parametrize(("method", "path"), [("GET", "/broken"), ("POST", "/predict")])
def test_an_unforeseen_error_is_a_problem_without_a_traceback(api: FastAPI, method: str, path: str) -> None:
    async def ask() -> httpx.Response:
        app = Envelope(api, direct={"/predict": broken})
        transport = httpx.ASGITransport(with_state(app), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://numeral") as client:
            return await client.request(method, path, headers={"X-Request-ID": "abc"})

    response = asyncio.run(ask())
    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Request-ID"] == response.json()["request_id"] == "abc"
    assert "secret" not in response.text and "ZeroDivision" not in response.text


def with_state(app):
    """The app with the lifespan state in its scopes, as a server puts it there."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})
        await app(scope, receive, send)

    return wrapped
