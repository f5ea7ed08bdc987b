"""Security headers of answers, and that no text from a request becomes markup or a header."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from app.http.errors import MAX_TEXT
from app.schemas import examples
from tests.chromium import chromium, find_chromium
from tests.client import connected, received
from tests.server import Server, wait_until

HOSTILE = ["<script>alert(1)</script>", "a\r\nX-Evil: 1", "nul\0byte", "ünïcødé ✓ \u202e", '"><img src=x>', "x" * 9000]
POLICY = {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "frame-ancestors": "'none'"}


class Links(HTMLParser):
    """Collects the addresses in a page, and whether it has an inline script or style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Record the addresses and inline handlers of the tag."""
        self.inside = tag
        for name, value in attrs:
            if name in ("src", "href"):
                self.addresses.append(value or "")
            if name.startswith("on") or name == "style":
                self.inline.append(name)

    def handle_data(self, data: str) -> None:
        """Record an inline script or style."""
        if self.inside in ("script", "style") and data.strip():
            self.inline.append(data)


def every_get(server: Server) -> Iterator[Any]:
    """The answers to GET at every address that needs no further parameter, with a browser's Accept."""
    paths = server.client.get("/openapi.json").json()["paths"]
    plain = [path for path, item in paths.items() if "get" in item and "{" not in path]
    for path in (*plain, "/docs", "/", "/nowhere"):
        yield server.admin.get(path, headers={"Accept": "text/html"})


def test_every_answer_forbids_sniffing_and_every_page_states_its_policy(server: Server) -> None:
    pages = 0
    for answer in every_get(server):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if "html" in answer.headers.get("Content-Type", ""):
            pages += 1
            policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
            assert policy.items() >= POLICY.items()
            assert "unsafe" not in str(policy) and answer.headers["Referrer-Policy"] == "no-referrer"
    assert pages
    for answer in (server.client.post("/predict", json=examples.IMAGE), server.client.post("/predict", content=b"")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_reference_names_only_files_beside_it_and_holds_no_script(server: Server) -> None:
    links = Links(server.client.get("/docs").text)
    assert not links.inline and len(links.addresses) == 4
    for address in links.addresses:
        assert not re.match(r"/|[a-z]+:", address)  # relative, so that it holds below a prefix
        assert server.client.get(f"/{address}").raise_for_status().headers["X-Content-Type-Options"] == "nosniff"
    assert '"openapi.json"' in server.client.get("/static/docs.js").text


@pytest.mark.parametrize("path", ["..%2f..%2fpages.py", "%2fetc%2fpasswd", "", "nul%00", "x" * 5000, "docs.js/x"])
def test_only_files_of_pages_are_served_beside_them(server: Server, path: str) -> None:
    assert server.client.get(f"/static/{path}").status_code == 404


def assert_plain(answer: Any, request_id: str | None = None) -> None:
    """Check that the answer is short JSON with `nosniff`, and that no header comes from the request."""
    assert answer.headers["Content-Type"] in ("application/json", "application/problem+json")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Evil" not in answer.headers
    for value in answer.headers.values():
        assert re.fullmatch(r"[ -~]*", value) and "<" not in value and len(value) < 300
    problem = answer.json()
    if answer.status_code >= 400:
        assert len(problem["detail"]) <= MAX_TEXT and len(answer.content) < 12 * MAX_TEXT * 4
    assert request_id is None or problem.get("request_id") != request_id


def quoted(text: str) -> str:
    """The text, percent-encoded for a path or a query."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


@pytest.mark.parametrize("hostile", HOSTILE, ids=[f"{text[:8]!a}" for text in HOSTILE])
def test_nothing_in_an_address_becomes_markup_or_a_header(server: Server, hostile: str) -> None:
    text = quoted(hostile)
    for path in (
        f"/{text}", f"/problems/{text}", f"/samples/{text}", f"/samples/{text}/image", f"/admin/jobs/{text}",
        f"/admin/jobs/{text}/events", f"/admin/versions/{text}", f"/static/{text}", f"/samples?label={text}",
        f"/samples?suspect={text}", f"/admin/jobs?cursor={text}", f"/admin/audit?limit={text}",
    ):  # fmt: skip
        answer = server.admin.get(path)
        assert 400 <= answer.status_code < 500
        assert_plain(answer)
    assert_plain(server.client.post(f"/predict?seen={text}", json=examples.IMAGE))
    redirected = server.client.get(f"/problems/{text}/")
    assert "X-Evil" not in redirected.headers and "<" not in redirected.headers.get("Location", "")


@pytest.mark.parametrize("hostile", HOSTILE, ids=[f"{text[:8]!a}" for text in HOSTILE])
def test_nothing_in_a_body_becomes_markup_or_a_header(server: Server, hostile: str) -> None:
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("/predict", {"json": {hostile: 1}}),
        ("/predict", {"json": {"image": hostile}}),
        ("/predict/batch", {"json": [{hostile: 1}, {"image": hostile}, hostile]}),
        ("/samples", {"json": {**examples.IMAGE, "label": hostile}}),
        ("/samples", {"files": {"file": (hostile, b"x")}, "data": {"label": hostile}}),
        ("/samples", {"files": {"file": b"x", hostile[:3000]: b"x"}, "data": {"label": "7"}}),
        ("/samples/import", {"content": hostile_zip(f"7/{hostile}.png", "labels.csv"), "headers": {}}),
        ("/admin/retrain", {"json": {hostile: 1}}),
        ("/admin/retrain", {"json": {"from": hostile}}),
    ]
    for path, body in bodies:
        assert_plain(server.admin.post(path, **body))


def hostile_zip(name: str, table: str) -> bytes:
    """A ZIP as an attacker would pack it: with a file of this name, and a labels.csv that names it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("7/x.png")
        info.filename = name
        archive.writestr(info, b"no picture")
        archive.writestr(table, f"{json.dumps(name)},<script>\n")
    return buffer.getvalue()


@pytest.mark.parametrize("given", [b"<script>", b"a b", b"\xff", b"x" * 129, b"a\tb", b'"', b"'", b"&amp;"])
def test_a_request_id_that_is_not_plain_is_replaced(server: Server, given: bytes) -> None:
    answer = server.client.get("/nowhere", headers={b"X-Request-ID": given})
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-ID"])
    assert_plain(answer, request_id=given.decode("latin-1"))


@pytest.mark.parametrize(
    "line",
    [b"X-Request-ID: a\r\n X-Evil: 1", b"X-Request-ID: a\nX-Evil: 1", b"X-Request-ID: a\rX-Evil: 1", b"X\0Y: 1"],
)
def test_a_folded_or_cut_header_gets_into_no_answer(server: Server, line: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + line + b"\r\n\r\n")
        answer = received(connection)
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 4") and b"x-evil" not in head and b"html" not in head


def test_the_name_of_a_key_stays_in_json(start_server: Any) -> None:
    server = start_server(NUMERAL_ADMIN_KEYS="<script>\r\nX-Evil:a-key")
    headers = {"Authorization": "Bearer a-key"}
    assert_plain(server.client.post("/samples", json={**examples.IMAGE, "label": 7}, headers=headers))
    audit = server.client.get("/admin/audit", headers=headers)
    assert_plain(audit)
    assert audit.json()["items"][0]["actor"] == "<script>\r\nX-Evil"


@pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")
def test_the_reference_works_in_a_browser_that_keeps_to_the_policy(server: Server, tmp_path: Path) -> None:
    with chromium(tmp_path) as browser:
        browser.open(f"{server.url}/docs#/predict/predict")
        for button in (".try-out__btn", ".execute"):
            wait_until(lambda found=f"document.querySelector('{button}')": browser.run(f"{found} !== null"))
            browser.run(f"document.querySelector('{button}').click()")
        shown = "document.querySelector('.live-responses-table tr.response')?.innerText"
        assert '"digit": 7' in wait_until(lambda: browser.run(shown))
        assert not browser.complaints
        browser.run("document.body.append(Object.assign(document.createElement('script'), {text: 'var ran = 1'}))")
        assert browser.run("typeof ran") == "undefined"
        assert "Content Security Policy" in browser.complaints[0]


def test_the_address_that_is_printed_leads_to_the_reference(server: Server) -> None:
    assert server.client.get("/", follow_redirects=True).raise_for_status().url.path == "/docs"


def test_the_reference_needs_no_other_server(server: Server) -> None:
    page = server.client.get("/docs").text
    files = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert any(file.endswith(".js") for file in files) and "://" not in page
    for file in files:
        server.client.get(file).raise_for_status()
