"""The view Draw in a real browser: drawings, files, doubtful answers, bad input, and a network that is gone."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.page import SEVEN, Home
from tests.number_pages import PHOTO, PHOTOGRAPHED, number_page
from tests.pictures import encoded
from tests.server import REPOSITORY, Server, wait_until

Open = Callable[..., Home]
Photograph = Callable[[Page, str], None]
PHOTO_OF_SEVEN = REPOSITORY / "tests" / "images" / "seven.jpg"


def test_a_drawn_seven_is_read_while_it_is_drawn_and_outlasts_a_reload(
    server: Server, open_home: Open, photograph: Photograph
) -> None:
    home = open_home(server.url)
    home.says("Nothing drawn")
    photograph(home.page, "draw-empty")
    home.draw(SEVEN)
    home.reads("7")
    home.says(re.compile(r"^99\.\d % sure$"))
    assert home.share_of(7) == "99 %"
    expect(home.locator("#facts")).to_contain_text("Version1")
    seen = home.locator("#seen img")
    expect(seen).to_have_js_property("naturalWidth", 32)
    expect(seen).to_have_css("image-rendering", "pixelated")
    photograph(home.page, "draw-seven")
    home.page.reload()
    home.reads("7")
    home.locator("#undo").click()
    home.locator("#undo").click()
    home.says("Nothing drawn")


def test_what_is_not_accepted_is_never_shown_as_a_large_digit(
    server: Server, open_home: Open, photograph: Photograph
) -> None:
    home = open_home(server.url)
    for example, verdict in (("4 or 9?", "Not sure: 4 or 9"), ("A letter", "This does not look like a digit")):
        home.page.get_by_role("button", name=example).click()
        home.says(verdict)
        home.reads("")
        photograph(home.page, f"draw-{verdict[:8].lower().replace(' ', '-')}")
    home.page.get_by_role("button", name="Barred 7").click()
    home.reads("7")
    home.page.get_by_role("button", name="read 7").or_(home.page.get_by_role("button", name="read ?")).first.click()
    home.says("This does not look like a digit")


def test_files_are_shown_with_the_boxes_that_were_found_and_the_drawing_comes_back(
    server: Server, open_home: Open, photograph: Photograph
) -> None:
    home = open_home(server.url)
    home.draw(SEVEN)
    home.reads("7")
    home.locator("#file").set_input_files(PHOTO_OF_SEVEN)
    expect(home.locator(".boxes rect")).to_have_count(1)
    home.locator("#file").set_input_files(PHOTO)
    home.reads(PHOTOGRAPHED)
    expect(home.locator(".boxes text")).to_have_text(PHOTOGRAPHED)
    photograph(home.page, "draw-photo")
    page = encoded(number_page("12 345", "60"))
    home.locator("#file").set_input_files({"name": "page.png", "mimeType": "image/png", "buffer": page})
    expect(home.locator(".boxes text")).to_have_text(["12", "345", "60"])
    expect(home.locator("#seen img")).to_have_count(7)
    photograph(home.page, "draw-page")
    home.locator("#undo").click()
    home.reads("7")


GIVE = """([content, kind, target]) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], "given.jpg", { type: "image/jpeg" }));
  const all = { bubbles: true, cancelable: true, dataTransfer: given, clipboardData: given };
  const event = kind === "paste" ? new ClipboardEvent(kind, all) : new DragEvent(kind, all);
  document.querySelector(target).dispatchEvent(event);
}"""


@pytest.mark.parametrize(("kind", "target"), [("drop", "#surface"), ("paste", "body")])
def test_a_picture_is_dropped_or_pasted(server: Server, open_home: Open, kind: str, target: str) -> None:
    home = open_home(server.url)
    home.page.evaluate(GIVE, [base64.b64encode(PHOTO.read_bytes()).decode(), kind, target])
    home.reads(PHOTOGRAPHED)


def test_typed_digits_are_written_and_the_code_asks_the_same(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    for digit in "0123456789":
        home.locator("#typed").fill(digit)
        home.locator("#typed").press("Enter")
        home.reads(digit)
    home.locator("#typed").fill("2048")
    home.locator("#typed").press("Enter")
    home.reads("2048")
    home.page.get_by_text("Ask the same from your code").click()
    expected = {"curl": "curl --data-binary 'iVBOR", "Python": "httpx.post(", "JavaScript": "await fetch("}
    for language, part in expected.items():
        home.page.get_by_role("button", name=language).click()
        expect(home.locator("#snippet")).to_contain_text(part)
        home.locator("#copy").click()
        copied = wait_until(lambda wanted=part: copied_with(home, wanted))
        assert f"{server.url}/read" in copied
        encoded_picture = re.search(r"""['"](iVBOR[^'"…]+)['"]""", copied)
        assert encoded_picture
        assert server.client.post("/read", content=encoded_picture[1].encode()).json()["text"] == "2048"


def copied_with(home: Home, part: str) -> str:
    """What was copied, once this is a part of it."""
    text: str = home.page.evaluate("navigator.clipboard.readText()")
    return text if part in text else ""


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
    home.reads("7")
    home.locator("#file").set_input_files(tmp_path / name)
    home.notice(message)
    home.reads("7")


def test_a_photo_of_forty_megapixels_is_made_smaller_and_read(server: Server, open_home: Open, tmp_path: Path) -> None:
    sheet = np.full((5300, 7600), 235, np.uint8)
    sheet[1600:3600, 3700:4000] = 30
    home = open_home(server.url)
    photo = encoded(sheet, "JPEG", quality=90)
    (tmp_path / "big.jpg").write_bytes(photo)
    home.locator("#file").set_input_files(tmp_path / "big.jpg")
    home.notice("40 megapixels")
    home.reads("1")
    expect(home.locator("#facts")).to_contain_text("2400 × 1674 px")


def test_without_a_network_or_with_too_much_to_do_the_drawing_stays_and_is_asked_about_again(
    server: Server, open_home: Open
) -> None:
    home = open_home(server.url)
    home.page.route("**/predict*", lambda route: route.abort())
    home.draw(SEVEN)
    home.says("The service does not answer")

    def overloaded(route: Route) -> None:
        body = (
            '{"type":"/problems/overloaded","title":"The service is overloaded","detail":"The service is overloaded."}'
        )
        route.fulfill(status=503, headers={"Retry-After": "1"}, content_type="application/problem+json", body=body)

    home.page.route("**/predict*", overloaded)
    home.says("The service is overloaded")
    expect(home.locator("#why")).to_contain_text("Retry-After")
    home.page.unroute("**/predict*")
    home.reads("7")


def test_a_service_that_wants_a_key_for_predictions_asks_for_it_and_the_drawing_waits(
    start_server: Callable[..., Server], open_home: Open
) -> None:
    home = open_home(start_server(NUMERAL_PREDICT_KEYS="app:predict-key").url)
    home.draw(SEVEN)
    home.says("A valid key is needed")
    home.notice("only for those who have a key")
    home.enter_key("predict-key")
    home.reads("7")
    expect(home.locator("#key-text")).to_have_text("Predict key")


def test_without_storage_the_page_works(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    forbid = "Object.defineProperty(window, 'NAME', { get() { throw new DOMException('denied', 'SecurityError'); } });"
    for name in ("sessionStorage", "localStorage"):
        home.page.add_init_script(forbid.replace("NAME", name))
    home.page.reload()
    home.draw(SEVEN)
    home.reads("7")
    home.locator("#theme").click()
    home.enter_key()
    home.notice("until you reload")


def test_two_versions_read_the_same_drawing_side_by_side(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    home.draw(SEVEN)
    home.reads("7")
    home.page.get_by_text("Compare two versions").click()
    home.locator("#other").select_option("1")
    expect(home.locator("#versus .meter")).to_have_count(2)
    home.locator("#other").select_option("candidate")
    expect(home.locator("#versus")).to_contain_text("There is no such version")
