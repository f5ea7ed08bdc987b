"""Drawing in a real browser: a stroke that is taken back, a pen's pressure and width, and which answer is shown."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.browser.page import SEVEN, Home
from tests.server import Server

Open = Callable[..., Home]


def test_the_newest_drawing_is_answered_though_an_older_one_never_is(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    held: list[Route] = []
    home.page.route("**/predict*", lambda route: held.append(route), times=1)
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    assert len(held) == 1


def test_a_stroke_can_be_taken_back_while_it_is_drawn(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    for key in ("Control+z", "Delete"):
        home.page.mouse.move(*home.at(0.5, 0.2))
        home.page.mouse.down()
        home.page.mouse.move(*home.at(0.5, 0.6), steps=5)
        expect(home.digit).to_have_text("1")
        home.page.keyboard.press(key)
        home.page.mouse.move(*home.at(0.2, 0.6), steps=5)
        home.page.mouse.up()
        expect(home.verdict).to_have_text("Nothing drawn")
        assert ink(home) == 0


def ink(home: Home) -> int:
    """How many pixels of the surface are inked, at the next frame."""
    script = """canvas => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      resolve(data.filter((value, place) => place % 4 === 3 && value > 127).length);
    })))"""
    found: int = home.locator("#canvas").evaluate(script)
    return found


def test_a_pen_that_is_pressed_and_a_wider_one_draw_thicker_lines(server: Server, open_home: Open) -> None:
    home = open_home(server.url)
    session = home.page.context.new_cdp_session(home.page)

    def inked(force: float, width: int) -> int:
        home.locator("#width").fill(str(width))
        for kind, y in (("mousePressed", 0.2), ("mouseMoved", 0.4), ("mouseMoved", 0.6), ("mouseReleased", 0.8)):
            x, y = home.at(0.5, y)
            event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
            session.send("Input.dispatchMouseEvent", {**event, "pointerType": "pen", "force": force})
        found = ink(home)
        home.locator("#clear").click()
        return found

    light = inked(0.2, 7)
    assert 0 < light * 1.2 < inked(1, 7) < inked(1, 14) / 1.2
