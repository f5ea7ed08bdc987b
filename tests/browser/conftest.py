"""A real browser for the tests of the page: Debian's Chromium, driven by Playwright.

A module has its own browser: Playwright keeps an event loop running in the thread, which other tests need for theirs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.page import Home
from tests.browser.samples import make_empty
from tests.chromium import find_chromium
from tests.server import Server

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
SETTLING = 100  # milliseconds after a change of size, for a screenshot
SLOWEST = 20_000  # milliseconds for which a test waits for what it expects; a busy machine takes its time


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser."""
    program = find_chromium()
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    expect.set_options(timeout=SLOWEST)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose state the module's tests change."""
    started = Server(tmp_path_factory.mktemp("own"), NUMERAL_KEEP="refused")
    yield started
    started.close()


@pytest.fixture
def empty(own_server: Server) -> Server:
    """A server without samples or kept pictures."""
    make_empty(own_server)
    return own_server


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file of keys with the admin key "admin-key" and the teach key "teaching-key"; anybody may predict."""
    file = tmp_path / "keys"
    file.write_text("predict *\nteach counter:teaching-key\nadmin ops:admin-key\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def keyed(start_server: Callable[..., Server], key_file: Path) -> Server:
    """A server whose keys are those in `key_file`."""
    return start_server(NUMERAL_KEYS_FILE=str(key_file), NUMERAL_ADMIN_KEYS="")


@pytest.fixture
def open_home(chromium: Browser) -> Iterator[Callable[..., Home]]:
    """A function that opens the page of a service in a browser without a past.

    After the test, none of the pages may have had an error in its console, or broken its own policy.
    """
    homes: list[Home] = []

    def open_one(url: str, **options: object) -> Home:
        context = chromium.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        homes.append(Home(context.new_page(), url))
        return homes[-1]

    yield open_one
    for home in homes:
        home.page.context.close()
    assert [complaint for home in homes for complaint in home.complaints] == []


@pytest.fixture
def photograph() -> Callable[[Page, str], None]:
    """A function that writes screenshots into the folder that SCREENSHOTS names; without it, none.

    There are four of each state: in both themes, wide and narrow.
    """
    folder = os.environ.get("SCREENSHOTS")

    def write(page: Page, name: str) -> None:
        if not folder:
            return
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            for size in (PHONE, DESKTOP):
                page.set_viewport_size(size)
                page.wait_for_timeout(SETTLING)
                path = Path(folder) / f"{name}-{theme}-{size['width']}.png"
                page.screenshot(path=path, full_page=True, animations="disabled")
        page.emulate_media(color_scheme="light")

    return write
