"""Bad input in a real browser: files, photos, a network that is gone, keys, storage; the drawing stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from tests.browser.page import SEVEN, Home
from tests.browser.test_draw import PHOTO_OF_SEVEN
from tests.pictures import encoded
from tests.server import Server

pytestmark = pytest.mark.slow  # pages that wait for what does not come

Open = Callable[..., Home]
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)  # and then it breaks off
BAD_FILES = {
    "x.txt": (b"not a picture", "The image has a format that is not read here"),
    "cut.jpg": (PHOTO_OF_SEVEN.read_bytes()[:300], "The image is cut or damaged"),
    "large.bin": (bytes(21_000_000), "The file is too large"),
    "x.heic": (HEIC, re.compile("cut or damaged|not read here")),  # it depends on what is installed
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_says_what_to_do_and_leaves_the_drawing(
    server: Server, open_home: Open, tmp_path: Path, name: str
) -> None:
    content, message = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    home = open_home(server.url)
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    home.locator("#file").set_input_files(tmp_path / name)
    expect(home.notice).to_contain_text(message)
    expect(home.digit).to_have_text("7")


def test_a_photo_of_forty_megapixels_is_made_smaller_and_read(server: Server, open_home: Open, tmp_path: Path) -> None:
    sheet = np.full((5300, 7600), 235, np.uint8)
    sheet[1600:3600, 3700:4000] = 30
    home = open_home(server.url)
    photo = encoded(sheet, "JPEG", quality=90)
    (tmp_path / "big.jpg").write_bytes(photo)
    home.locator("#file").set_input_files(tmp_path / "big.jpg")
    expect(home.notice).to_contain_text("40 megapixels")
    expect(home.digit).to_have_text("1")
    expect(home.locator("#facts")).to_contain_text("2400 × 1674 px")


def test_without_a_network_or_with_too_much_to_do_the_drawing_stays_and_is_asked_about_again(
    server: Server, open_home: Open
) -> None:
    home = open_home(server.url)
    home.page.route("**/predict*", lambda route: route.abort())
    home.draw(SEVEN)
    expect(home.verdict).to_have_text("The service does not answer")

    def overloaded(route: Route) -> None:
        body = (
            '{"type":"/problems/overloaded","title":"The service is overloaded","detail":"The service is overloaded."}'
        )
        route.fulfill(status=503, headers={"Retry-After": "1"}, content_type="application/problem+json", body=body)

    home.page.route("**/predict*", overloaded)
    expect(home.verdict).to_have_text("The service is overloaded")
    expect(home.locator("#why")).to_contain_text("Retry-After")
    home.page.unroute("**/predict*")
    expect(home.digit).to_have_text("7")


def test_a_service_that_wants_a_key_for_predictions_asks_for_it_and_the_drawing_waits(
    start_server: Callable[..., Server], open_home: Open
) -> None:
    home = open_home(start_server(NUMERAL_PREDICT_KEYS="app:predict-key").url)
    home.draw(SEVEN)
    expect(home.verdict).to_have_text("A valid key is needed")
    expect(home.notice).to_contain_text("only for those who have a key")
    home.enter_key("predict-key")
    expect(home.digit).to_have_text("7")
    expect(home.locator("#key-text")).to_have_text("Predict key")


def test_without_storage_the_page_works(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    forbid = "Object.defineProperty(window, 'NAME', { get() { throw new DOMException('denied', 'SecurityError'); } });"
    for name in ("sessionStorage", "localStorage"):
        home.page.add_init_script(forbid.replace("NAME", name))
    home.page.reload()
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    home.locator("#theme").click()
    home.enter_key()
    expect(home.notice).to_contain_text("until you reload")


def test_a_view_that_cannot_be_loaded_is_tried_again_and_the_drawing_waits(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    home.draw(SEVEN)
    home.page.context.set_offline(True)
    home.page.get_by_role("link", name="Operate").click()
    expect(home.locator("#view-operate")).to_contain_text("This device is offline.")
    home.page.get_by_role("button", name="Try again").click()
    expect(home.locator("#view-operate")).to_contain_text("This device is offline.")
    home.page.context.set_offline(False)
    home.page.get_by_role("button", name="Try again").click()
    expect(home.page.get_by_role("heading", name="An admin key opens this")).to_be_visible()
    home.page.get_by_role("link", name="Draw").click()
    expect(home.digit).to_have_text("7")


def test_the_example_that_is_a_file_says_why_it_does_not_come(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    home.page.route("**/number.jpg", lambda route: route.abort())
    home.page.get_by_role("button", name="Photo").click()
    expect(home.notice).to_contain_text("The service does not answer")
    expect(home.digit).to_have_text("7")
