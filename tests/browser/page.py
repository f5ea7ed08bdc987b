"""The page in a browser, as a person uses it: draw, read the answer, enter a key."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.server import ADMIN_KEY

Stroke = Sequence[tuple[float, float]]  # points from (0, 0), the upper left corner of the surface, to (1, 1)
SEVEN: list[Stroke] = [[(0.28, 0.22), (0.5, 0.21), (0.72, 0.2)], [(0.72, 0.2), (0.6, 0.45), (0.47, 0.7), (0.42, 0.85)]]
STATUS = re.compile("Failed to load resource: the server responded with a status of (?:4..|503)")  # which tests cause
LOST = re.compile("Failed to load resource: net::ERR_")


class Home:
    """The opened page.

    complaints: what the browser complained about: errors of scripts, and what the policy forbade. Not the refusals of
    the service, which every browser lists.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(url)
        expect(page.locator("#digits li")).to_have_count(10)  # the scripts have run

    def _note(self, message: ConsoleMessage) -> None:
        is_expected = STATUS.match(message.text) or LOST.match(message.text)
        if message.type in ("error", "warning") and not is_expected:
            self.complaints.append(message.text)

    def locator(self, selector: str) -> Locator:
        """The elements that the selector matches."""
        return self.page.locator(selector)

    def draw(self, strokes: Sequence[Stroke]) -> None:
        """Draw with the mouse."""
        box = self.locator("#canvas").bounding_box()
        assert box
        for (left, top), *others in strokes:
            self.page.mouse.move(box["x"] + left * box["width"], box["y"] + top * box["height"])
            self.page.mouse.down()
            for x, y in others:
                self.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=5)
            self.page.mouse.up()

    def reads(self, text: str) -> None:
        """Wait until this is the large text of the answer; an empty one if the service does not accept its answer."""
        expect(self.locator("#digit")).to_have_text(text)

    def says(self, text: str | re.Pattern[str]) -> None:
        """Wait until this is the verdict."""
        expect(self.locator("#verdict")).to_have_text(text)

    def notice(self, text: str | re.Pattern[str]) -> None:
        """Wait until the newest notice has this text in it."""
        expect(self.locator("#notices .notice").last).to_contain_text(text)

    def enter_key(self, key: str = ADMIN_KEY) -> None:
        """Enter a key by the dialog."""
        self.locator("#key").click()
        self.locator("#key-value").fill(key)
        self.locator("#key-use").click()

    def share_of(self, digit: int) -> str:
        """The percentage over the digit's column."""
        return self.locator("#digits .share").nth(digit).inner_text()
