"""Unexpected exceptions are answered as problems, too, without internal details."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.inference.predictor import Predictor
from app.main import create_app


async def broken(*_: object) -> None:
    raise RuntimeError("a secret of the inside")


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FastAPI:
    """The service with additional routes that raise."""
    monkeypatch.setenv("NUMERAL_DATABASE_URL", f"sqlite:///{tmp_path}/numeral.db")
    monkeypatch.setattr(Predictor, "answer", broken)
    made = create_app()
    made.add_api_route("/broken", lambda: 1 / 0)
    return made


@pytest.mark.parametrize(("method", "path"), [("GET", "/broken"), ("POST", "/predict")])
def test_an_unforeseen_error_is_a_problem_without_a_traceback(app: FastAPI, method: str, path: str) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://numeral") as client:
            return await client.request(method, path, headers={"X-Request-ID": "abc"})

    response = asyncio.run(ask())
    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Request-ID"] == response.json()["request_id"] == "abc"
    assert "secret" not in response.text and "ZeroDivision" not in response.text
