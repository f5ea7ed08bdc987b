"""The page at `/` and its files: for whom it is, how it is cached and compressed, and where it is left out."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from app.http.pages import takes_html
from tests.app.http.test_pages import Links
from tests.server import REPOSITORY, Server
from tests.vendored import FOLDERS, LIST, digest, packages

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip, deflate, br, zstd"}
FIRST_VIEW_BYTES = 60_000
STATIC = REPOSITORY / "app" / "static"


def test_a_browser_gets_the_page_and_others_the_way_to_the_reference(server: Server) -> None:
    page = server.client.get("/", headers=BROWSER)
    assert page.status_code == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert {"Accept", "Accept-Encoding"} == set(page.headers["Vary"].split(", "))
    assert "trusted-types 'none'" in page.headers["Content-Security-Policy"]
    assert 'href="docs"' in page.text
    for accept in ("*/*", "application/json", "", "text/html;q=0"):
        assert server.client.get("/", headers={"Accept": accept}).headers["Location"] == "docs", accept


def test_the_page_names_only_files_beside_it_and_holds_no_script(server: Server) -> None:
    links = Links(server.client.get("/", headers=BROWSER).text)
    assert not links.inline
    files = [address for address in links.addresses if not address.startswith("#") and address != "docs"]
    assert len(files) > 5 and all(file.startswith("static/") for file in files)
    for file in files:
        server.client.get(f"/{file}").raise_for_status()


def imported(name: str) -> set[str]:
    """The module and all that it imports at once, as paths below the folder of files."""
    found = {name}
    for address in re.findall(r'^import .*?from "(\..*?)";$', (STATIC / name).read_text(), re.MULTILINE):
        found |= imported(str((STATIC / name).parent.joinpath(address).resolve().relative_to(STATIC)))
    return found


def sent_bytes(server: Server, path: str) -> int:
    """The length of the body as it is sent to a browser: compressed."""
    with server.client.stream("GET", path, headers=BROWSER) as answer:
        return sum(len(part) for part in answer.raise_for_status().iter_raw())


def test_the_first_view_is_small(server: Server) -> None:
    page = server.client.get("/", headers=BROWSER)
    named = [address for address in Links(page.text).addresses if address.startswith("static/")]
    modules = {f"static/{name}" for name in imported("home/main.js")}
    files = {"", *named, *modules, "static/home/number.jpg"}
    assert len(modules) > 10 and sum(sent_bytes(server, f"/{file}") for file in files) < FIRST_VIEW_BYTES


@pytest.mark.parametrize("path", ["/", "/static/home/main.js", "/static/vendor/figtree.woff2"])
def test_a_file_that_did_not_change_is_not_sent_again(server: Server, path: str) -> None:
    first = server.client.get(path, headers=BROWSER)
    tag = first.headers["ETag"]
    for given in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
        again = server.client.get(path, headers={**BROWSER, "If-None-Match": given})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert server.client.get(path, headers={**BROWSER, "If-None-Match": '"other"'}).status_code == 200
    assert first.headers["Cache-Control"] == "no-cache"


def test_files_are_compressed_for_those_who_take_it(server: Server) -> None:
    path = "/static/home/main.js"
    zipped = server.client.get(path, headers=BROWSER)
    plain = server.client.get(path, headers={"Accept-Encoding": "identity"})
    refused = server.client.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "content-encoding" not in {**plain.headers, **refused.headers}
    assert zipped.content == plain.content == (STATIC / "home" / "main.js").read_bytes()
    assert zipped.headers["Vary"] == "Accept-Encoding"
    font = server.client.get("/static/vendor/figtree.woff2", headers=BROWSER)
    assert "Content-Encoding" not in font.headers and font.headers["Content-Type"] == "font/woff2"


def test_what_lies_beside_the_files_is_not_served(server: Server) -> None:
    for name in ("home", "home/nothing.js", "../main.py", "%2e%2e/main.py", "vendor/../../main.py"):
        assert server.client.get(f"/static/{name}").status_code == 404, name


def test_the_page_can_be_left_out(start_server: Callable[..., Server]) -> None:
    server = start_server(NUMERAL_PAGE="false")
    assert server.client.get("/", headers=BROWSER).headers["Location"] == "docs"
    assert server.client.get("/docs", headers=BROWSER).raise_for_status()
    assert server.client.get("/static/docs.js").raise_for_status()
    for name in ("home/main.js", "home/index.html", "vendor/figtree.woff2"):
        assert server.client.get(f"/static/{name}").status_code == 404


def test_below_a_root_path_a_slash_is_added_since_addresses_are_relative(start_server: Callable[..., Server]) -> None:
    server = start_server(NUMERAL_ROOT_PATH="/digits")
    redirected = server.client.get("/digits", headers=BROWSER)
    assert (redirected.status_code, redirected.headers["Location"]) == (307, "/digits/")
    page = server.client.get("/digits", headers=BROWSER, follow_redirects=True)
    assert page.status_code == 200 and page.url == httpx.URL(f"{server.url}/digits/")


@pytest.mark.parametrize("accept", ["text/html", "a/b, text/html;q=0.5", "TEXT/HTML", "text/html; q=0.01"])
def test_who_names_html_is_taken_for_a_browser(accept: str) -> None:
    assert takes_html(accept)


@pytest.mark.parametrize("accept", ["*/*", "text/*", "", "text/html-x", "text/html;q=0", "text/html;level=1; q=0.000"])
def test_who_does_not_name_html_is_not(accept: str) -> None:
    assert not takes_html(accept)


def test_vendored_files_are_those_of_their_packages_and_all_of_them_are_listed() -> None:
    listed = {LIST}
    for package in packages():
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"]) and package["licence"]
        for file in package["files"].values():
            path = REPOSITORY / file["to"]
            assert digest(path.read_bytes()) == file["sha256"], f"{path.name} was changed: run make vendor"
            listed.add(path)
        assert any("LICENSE" in name for name in package["files"]), "its licence goes with it"
    assert {path for folder in FOLDERS for path in folder.iterdir()} == listed


def test_the_pages_files_call_nobody_else_and_stay_short() -> None:
    for path in (STATIC / "home").rglob("*.*"):
        if path.suffix in (".js", ".css", ".html"):
            text = path.read_text()
            assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org"}, path
            assert text.count("\n") < 250, path
