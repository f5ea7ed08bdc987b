"""The service under a path prefix: behind a proxy that removes or keeps it, by uvicorn's option, within another app."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from bench.servers import free_port
from tests.client import check_problem
from tests.proxies import is_installed, nginx
from tests.server import ADMIN_KEY, REPOSITORY, Server, clean_environment, ship, wait_until

PROXIES = {
    "that takes it away": "location /digits/ {{ proxy_pass {url}/; }}",
    "that leaves it": "location /digits {{ proxy_pass {url}; }}",
}


def check(url: str, seven: bytes) -> None:
    """Check every answer that contains addresses, below the root path."""
    with httpx.Client(base_url=url, timeout=30, headers={"Authorization": f"Bearer {ADMIN_KEY}"}) as client:
        for path in ("predict", "predict/"):
            answer = client.post(path, content=seven)
            assert answer.status_code == 200 and answer.json()["digit"] == 7, path
        assert client.post("predict/batch", files={"file": seven}).json()["items"][0]["digit"] == 7
        assert client.get("readyz/").raise_for_status().json()["status"] == "ok"
        check_problem(client.post("predict", content=b"seven"), 415, "unsupported-image")
        check_problem(client.get("none/"), 404, "not-found")

        stored = client.post("samples", files={"file": seven}, data={"label": "7"}).raise_for_status()
        found = client.get(str(stored.url.join(stored.headers["Location"]))).raise_for_status()
        assert found.json()["id"] == stored.json()["id"]
        client.delete(f"samples/{found.json()['id']}").raise_for_status()

        reference = client.get("", follow_redirects=True).raise_for_status()
        assert reference.url.path.startswith(httpx.URL(url).path) and "swagger" in reference.text
        for file in re.findall(r'(?:src|href)="([^"]*)"', reference.text):
            client.get(str(reference.url.join(file))).raise_for_status()
        (server,) = client.get("openapi.json").json()["servers"]
        assert server["url"] == httpx.URL(url).path.rstrip("/")


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with NUMERAL_ROOT_PATH set."""
    started = Server(tmp_path_factory.mktemp("below"), NUMERAL_ROOT_PATH="digits/")
    yield started
    started.close()


@pytest.mark.skipif(not is_installed("nginx"), reason="needs nginx: apt-get install nginx-light")
@pytest.mark.parametrize("name", PROXIES)
def test_behind_nginx_every_address_leads_to_where_it_should(
    below: Server, seven: bytes, tmp_path: Path, name: str
) -> None:
    with nginx(tmp_path / "nginx", PROXIES[name].format(url=below.url)) as url:
        check(f"{url}/digits/", seven)


def test_with_the_setting_both_ways_are_answered_without_a_proxy_too(below: Server, seven: bytes) -> None:
    check(f"{below.url}/digits/", seven)
    assert below.client.post("/predict", content=seven).json()["digit"] == 7


@contextmanager
def uvicorn(folder: Path, *options: str) -> Iterator[str]:
    """The app, started by uvicorn's command line."""
    port = free_port()
    environment = clean_environment(
        NUMERAL_WEIGHTS_DIR=str(ship(folder)),
        NUMERAL_DATABASE_URL=f"sqlite:///{folder}/numeral.db",
        NUMERAL_ADMIN_KEYS=ADMIN_KEY,
        PYTHONPATH=str(REPOSITORY),
    )
    command = [sys.executable, "-m", "uvicorn", "--factory", "app.main:create_app", "--port", str(port), *options]
    process = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.DEVNULL)

    def is_ready() -> bool:
        assert process.poll() is None
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(is_ready)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.mark.skipif(not is_installed("nginx"), reason="needs nginx: apt-get install nginx-light")
def test_uvicorns_own_option_is_understood(seven: bytes, tmp_path: Path, start_server: Callable[..., Server]) -> None:
    start_server().stop()  # which makes the tables
    with (
        uvicorn(tmp_path, "--root-path", "/digits") as direct,
        nginx(tmp_path / "nginx", PROXIES["that takes it away"].format(url=direct)) as url,
    ):
        check(f"{url}/digits/", seven)


def test_mounted_in_another_app_it_predicts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seven: bytes) -> None:
    monkeypatch.setenv("NUMERAL_WEIGHTS_DIR", str(ship(tmp_path)))
    monkeypatch.setenv("NUMERAL_DATABASE_URL", f"sqlite:///{tmp_path}/numeral.db")
    digits = create_app()
    site = FastAPI(lifespan=lambda _: digits.router.lifespan_context(digits))
    site.mount("/digits", digits)

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(site)
        async with (
            site.router.lifespan_context(site),
            httpx.AsyncClient(transport=transport, base_url="http://numeral/digits") as client,
        ):
            return [
                await client.post("/predict", content=seven),
                await client.post("/predict/", content=seven),
                await client.post("/predict/batch", files={"file": seven}),
                await client.get("/readyz"),
                await client.get("/none"),
            ]

    answers = asyncio.run(ask())
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 404]
    assert answers[0].json()["digit"] == 7
