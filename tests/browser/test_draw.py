"""The view Draw in a real browser: drawings, files, doubtful answers, the code to copy, and two versions."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

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
    expect(home.verdict).to_have_text("Nothing drawn")
    photograph(home.page, "draw-empty")
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    expect(home.verdict).to_have_text(re.compile(r"^99\.\d % sure$"))
    assert home.share_of(7) == "99 %"
    expect(home.locator("#facts")).to_contain_text(re.compile(r"Version1Round trip[\d.]+ ms"))
    seen = home.locator("#seen img")
    expect(seen).to_have_js_property("naturalWidth", 32)
    expect(seen).to_have_css("image-rendering", "pixelated")
    photograph(home.page, "draw-seven")
    home.page.reload()
    expect(home.digit).to_have_text("7")
    home.locator("#undo").click()
    home.locator("#undo").click()
    expect(home.verdict).to_have_text("Nothing drawn")
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    home.locator("#clear").click()
    expect(home.verdict).to_have_text("Nothing drawn")
    home.locator("#undo").click()
    expect(home.digit).to_have_text("7")


def test_what_is_not_accepted_is_never_shown_as_a_large_digit(
    server: Server, open_home: Open, photograph: Photograph
) -> None:
    home = open_home(server.url)
    for example, verdict, state in (
        ("4 or 9?", "Not sure: 4 or 9", "not-sure"),
        ("A letter", "This does not look like a digit", "not-a-digit"),
    ):
        home.page.get_by_role("button", name=example).click()
        expect(home.verdict).to_have_text(verdict)
        expect(home.digit).to_have_text("")
        photograph(home.page, f"draw-{state}")
    home.page.get_by_role("button", name="Barred 7").click()
    expect(home.digit).to_have_text("7")
    home.page.get_by_role("button", name="read 7").or_(home.page.get_by_role("button", name="read ?")).first.click()
    expect(home.verdict).to_have_text("This does not look like a digit")


def test_files_are_shown_with_the_boxes_that_were_found_and_the_drawing_comes_back(
    server: Server, open_home: Open, photograph: Photograph
) -> None:
    home = open_home(server.url)
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    home.locator("#file").set_input_files(PHOTO_OF_SEVEN)
    box = server.client.post("/predict?seen=true", content=PHOTO_OF_SEVEN.read_bytes()).json()["box"]
    frame = home.locator(".boxes rect")
    expect(frame).to_have_count(1)
    x, y, width, height = (float(frame.get_attribute(name) or 0) for name in ("x", "y", "width", "height"))
    assert [x + width / 2, y + height / 2] == pytest.approx([box[0] + box[2] / 2, box[1] + box[3] / 2])
    assert box[2] < width < 1.5 * box[2]
    home.locator("#file").set_input_files(PHOTO)
    expect(home.digit).to_have_text(PHOTOGRAPHED)
    expect(home.locator(".boxes text")).to_have_text(PHOTOGRAPHED)
    photograph(home.page, "draw-photo")
    page = encoded(number_page("12 345", "60"))
    home.locator("#file").set_input_files({"name": "page.png", "mimeType": "image/png", "buffer": page})
    expect(home.locator(".boxes text")).to_have_text(["12", "345", "60"])
    expect(home.locator("#seen img")).to_have_count(7)
    photograph(home.page, "draw-page")
    home.locator("#undo").click()
    expect(home.digit).to_have_text("7")


@pytest.mark.parametrize(("kind", "target"), [("drop", "#surface"), ("paste", "body")])
def test_a_picture_is_dropped_or_pasted(
    server: Server, open_home: Open, kind: Literal["drop", "paste"], target: str
) -> None:
    home = open_home(server.url)
    home.give(PHOTO.read_bytes(), "given.jpg", kind, target)
    expect(home.digit).to_have_text(PHOTOGRAPHED)


def test_what_is_pasted_in_another_view_leaves_the_drawing(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    home.draw(SEVEN)
    home.page.get_by_role("link", name="Operate").click()
    expect(home.page.get_by_role("heading", name="An admin key opens this")).to_be_visible()
    home.give(PHOTO.read_bytes(), "given.jpg", "paste", "body")
    home.page.get_by_role("link", name="Draw").click()
    expect(home.digit).to_have_text("7")
    expect(home.locator("#surface img")).to_have_count(0)


def test_typed_digits_are_written_and_the_code_asks_the_same(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    for digit in "0123456789":
        home.locator("#typed").fill(digit)
        home.locator("#typed").press("Enter")
        expect(home.digit).to_have_text(digit)
    home.locator("#typed").fill("2048")
    home.locator("#typed").press("Enter")
    expect(home.digit).to_have_text("2048")
    home.page.get_by_text("Ask the same from your code").click()
    for language, command in COMMANDS.items():
        home.page.get_by_role("button", name=language).click()
        home.locator("#copy").click()
        copied = wait_until(lambda wanted=CALLS[language]: copied_with(home, wanted))
        assert f"{server.url}/read" in copied
        if shutil.which(command[0]):
            printed = subprocess.run([*command, copied], check=True, capture_output=True, text=True).stdout
            assert re.search("""['"]?text['"]?: ?['"]2048""", printed)


COMMANDS = {
    "curl": ["bash", "-c"],
    "Python": [sys.executable, "-c"],
    "JavaScript": ["node", "--input-type=module", "-e"],
}
CALLS = {"curl": "curl --data-binary", "Python": "httpx.post(", "JavaScript": "await fetch("}


def copied_with(home: Home, part: str) -> str:
    """What was copied, once this is a part of it."""
    text: str = home.page.evaluate("navigator.clipboard.readText()")
    return text if part in text else ""


def test_two_versions_read_the_same_drawing_side_by_side(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    home.page.get_by_text("Compare two versions").click()
    home.locator("#other").select_option("1")
    expect(home.locator("#versus .meter")).to_have_count(2)
    home.locator("#other").select_option("candidate")
    expect(home.locator("#versus")).to_contain_text("There is no such version")
