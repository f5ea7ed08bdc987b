"""Middleware applies to predictions, too: any that is added, and CORS for pages of other origins."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from app.main import create_app
from tests.chromium import chromium, find_chromium
from tests.server import ADMIN_KEY, Server, ship

ASK = """(async () => {
  const url = "%s", seven = Uint8Array.from(atob("%s"), c => c.charCodeAt(0));
  const ask = async (path, options) => {
    try {
      const answer = await fetch(url + path, options);
      const body = await answer.json();
      return {status: answer.status, id: answer.headers.get("X-Request-ID"), digit: body.digit, type: body.type};
    } catch (error) { return {error: String(error)}; }
  };
  return [
    await ask("/predict", {method: "POST", body: seven, headers: {"Content-Type": "image/png"}}),
    await ask("/predict", {method: "POST", body: "seven"}),
    await ask("/samples", {headers: {Authorization: "Bearer wrong"}}),
    await ask("/samples", {headers: {Authorization: "Bearer %s", "X-Request-ID": "page-1"}}),
    await ask("/none", {method: "DELETE"}),
  ];
})()"""


class Witness:
    """A middleware as users may add one: records the requests that it sees."""

    def __init__(self, app: ASGIApp, seen: list[tuple[str, int]]) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message) -> None:
            if message["type"] == "http.response.start":
                self.seen.append((scope["path"], message["status"]))
            await send(message)

        await self.app(scope, receive, noted)


def test_a_middleware_sees_predictions_like_any_other_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seven: bytes
) -> None:
    monkeypatch.setenv("NUMERAL_WEIGHTS_DIR", str(ship(tmp_path)))
    monkeypatch.setenv("NUMERAL_DATABASE_URL", f"sqlite:///{tmp_path}/numeral.db")
    seen: list[tuple[str, int]] = []
    app = create_app()
    app.add_middleware(Witness, seen=seen)

    async def ask() -> None:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://numeral") as client,
        ):
            await client.post("/predict", content=seven)
            await client.put("/predict", content=b"seven")
            await client.post("/predict/batch", files={"file": seven})
            await client.get("/livez")

    asyncio.run(ask())
    assert seen == [("/predict", 200), ("/predict", 415), ("/predict/batch", 200), ("/livez", 200)]


@pytest.mark.skipif(find_chromium() is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.parametrize("allowed", [True, False])
def test_a_page_of_another_origin_may_ask_where_it_is_allowed(
    server: Server, start_server: Callable[..., Server], tmp_path: Path, seven: bytes, allowed: bool
) -> None:
    page = server  # of another origin, since its port is another
    asked = start_server(NUMERAL_CORS_ORIGINS=f"https://other.example,{page.url}" if allowed else "")
    with chromium(tmp_path / "profile") as browser:
        browser.open(f"{page.url}/livez")
        found = browser.run(ASK % (asked.url, base64.b64encode(seven).decode(), ADMIN_KEY))
    if not allowed:
        assert [answer.keys() for answer in found] == [{"error"}] * 5
        return
    assert [answer["status"] for answer in found] == [200, 415, 401, 200, 404]
    assert found[0]["digit"] == 7 and found[1]["type"] == "/problems/unsupported-image"
    assert found[3]["id"] == "page-1" and all(answer["id"] for answer in found)


def test_a_page_may_send_and_see_the_headers_of_every_protocol(start_server: Callable[..., Server]) -> None:
    origin = "https://a.example"
    server = start_server(NUMERAL_CORS_ORIGINS=origin)
    for name in ("Authorization", "If-None-Match", "Inference-Header-Content-Length", "traceparent", "X-Request-ID"):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": name}
        assert server.client.options("/v2/models/digits/infer", headers=asked).status_code == 200
    shown = server.client.get("/v2", headers={"Origin": origin}).headers["Access-Control-Expose-Headers"]
    assert {"ETag", "Inference-Header-Content-Length", "X-Request-ID"} <= {*shown.split(", ")}


def test_without_the_setting_no_origin_is_named(server: Server, seven: bytes) -> None:
    answer = server.client.post("/predict", content=seven, headers={"Origin": "https://other.example"})
    assert not any(name.startswith("access-control") for name in answer.headers)
