"""The page for everybody: by axe's rules, by keyboard alone, by a finger, without motion, below a root path."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, THEMES
from tests.browser.page import SEVEN, Home
from tests.server import REPOSITORY, Server

pytestmark = pytest.mark.slow  # every view, in two themes and two widths

Open = Callable[..., Home]
Photograph = Callable[[Page, str], None]
LIGHT, DARK = "rgb(246, 245, 241)", "rgb(20, 22, 27)"  # the colour of the page
AXE = (REPOSITORY / "tests" / "browser" / "vendor" / "axe.min.js").read_text()


def violations(page: Page) -> list[Any]:
    """What axe finds serious or critical: the rule and the elements."""
    page.evaluate(f"{AXE}\n;null")
    found = json.loads(page.evaluate("axe.run().then((result) => JSON.stringify(result.violations))"))
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    return [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in grave]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("is_phone", [False, True], ids=["desktop", "phone"])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    server: Server, open_home: Open, theme: str, is_phone: bool
) -> None:
    options = {"viewport": PHONE, "has_touch": True} if is_phone else {}
    home = open_home(server.url, color_scheme=theme, reduced_motion="reduce", **options)
    page = home.page
    assert violations(page) == []
    page.get_by_role("button", name="4 or 9?").click()
    expect(home.verdict).to_have_text("Not sure: 4 or 9")
    page.get_by_text("Compare two versions").click()
    page.get_by_text("Ask the same from your code").click()
    expect(home.locator("#snippet")).to_contain_text("curl")
    check(page)
    page.get_by_role("button", name="Photo").click()
    expect(home.digit).to_have_text("27182")
    check(page)
    home.locator("#key").click()
    check(page)
    home.locator("#key-cancel").click()
    for view in ("Teach", "Operate"):
        page.get_by_role("link", name=view).click()
        expect(page.get_by_role("heading", name="An admin key opens this")).to_be_visible()
        check(page)
    home.enter_key()
    expect(home.locator(".versions")).to_be_visible()
    page.get_by_text("Audit", exact=True).click()
    check(page)
    page.get_by_role("link", name="Teach").click()
    page.get_by_role("button", name="All samples").click()
    expect(home.locator(".samples")).to_contain_text("There are none yet")
    check(page)


def check(page: Page) -> None:
    """Check the page as it is now."""
    assert violations(page) == []
    wide = "[document.scrollingElement.scrollWidth, innerWidth]"
    content, screen = page.evaluate(wide)
    assert content <= screen


def test_everything_is_done_by_keyboard_alone(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    page = home.page
    press = page.keyboard.press
    press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    press("Enter")
    expect(page.locator(":focus")).to_have_id("main")
    for target in ("undo", "clear", "width", "open"):
        press("Tab")
        expect(page.locator(":focus")).to_have_id(target)
    press("Tab")
    expect(page.locator(":focus")).to_have_text("A three")
    press("Space")
    expect(home.digit).to_have_text("3")
    page.get_by_label("A number to be written for you").focus()
    page.keyboard.type("5")
    press("Enter")
    expect(home.digit).to_have_text("5")
    page.locator("#key").focus()
    press("Enter")
    page.keyboard.type("correct-horse")
    press("Enter")
    expect(home.locator("#key-text")).to_have_text("Admin key")
    page.get_by_role("link", name="Operate").focus()
    press("Enter")
    expect(home.locator(".versions")).to_be_visible()
    summary = page.get_by_text("Audit", exact=True)
    summary.focus()
    press("Enter")
    expect(home.locator(".audit table")).to_be_visible()
    page.get_by_role("link", name="Draw").focus()
    press("Enter")
    expect(page.locator("#view-draw")).to_be_visible()
    press("Control+z")
    expect(home.digit).to_have_text("3")
    press("Delete")
    expect(home.verdict).to_have_text("Nothing drawn")


def test_a_finger_draws_on_a_phone_and_nothing_moves_when_motion_is_unwanted(
    server: Server, open_home: Open, photograph: Photograph
) -> None:
    home = open_home(server.url, viewport=PHONE, has_touch=True, is_mobile=True, reduced_motion="reduce")
    touch(home, SEVEN)
    expect(home.digit).to_have_text("7")
    assert home.page.evaluate("scrollY") == 0  # the surface takes the gesture, and the page does not scroll
    for selector in ("#digits .bar", "#undo"):
        assert home.locator(selector).first.evaluate("each => getComputedStyle(each).transitionDuration") == "0s"
    photograph(home.page, "phone-seven")


def touch(home: Home, strokes: Any) -> None:
    """Draw with a finger."""
    session = home.page.context.new_cdp_session(home.page)
    for stroke in strokes:
        kind = "touchStart"
        for point in stroke:
            x, y = home.at(*point)
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
            kind = "touchMove"
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_chosen_theme_outlasts_a_reload_(server: Server, open_home: Open) -> None:
    home = open_home(server.url, color_scheme="light")
    body = home.locator("body")
    for colour, name in ((LIGHT, "Theme: as the system"), (LIGHT, "Theme: light"), (DARK, "Theme: dark")):
        expect(home.page.get_by_role("button", name=name)).to_be_visible()
        expect(body).to_have_css("background-color", colour)
        home.page.reload()
        expect(body).to_have_css("background-color", colour)
        home.locator("#theme").click()
    expect(body).to_have_css("background-color", LIGHT)


def test_below_a_root_path_all_views_work(start_server: Callable[..., Server], open_home: Open) -> None:
    server = start_server(NUMERAL_ROOT_PATH="/digits")
    home = open_home(f"{server.url}/digits")
    assert home.page.url == f"{server.url}/digits/"
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    home.enter_key()
    home.page.get_by_role("link", name="Operate").click()
    expect(home.locator(".versions")).to_be_visible()
    home.page.get_by_role("link", name="Teach").click()
    expect(home.locator(".samples")).to_be_visible()
    home.page.get_by_role("link", name="API", exact=True).click()
    expect(home.page).to_have_title("Numeral: the reference")
