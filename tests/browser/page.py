"""The page in a browser, as a person uses it: draw, read the answer, enter a key."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Literal

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.server import ADMIN_KEY

Stroke = Sequence[tuple[float, float]]  # points from (0, 0), the upper left corner of the surface, to (1, 1)
SEVEN: list[Stroke] = [[(0.28, 0.22), (0.5, 0.21), (0.72, 0.2)], [(0.72, 0.2), (0.6, 0.45), (0.47, 0.7), (0.42, 0.85)]]
STATUS = re.compile("Failed to load resource: the server responded with a status of (?:4..|503)")  # which tests cause
LOST = re.compile("Failed to load resource: net::ERR_")
GIVE = """([content, name, kind, target]) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], name, { type: name.endsWith("zip") ? "application/zip" : "image/jpeg" }));
  const all = { bubbles: true, cancelable: true, dataTransfer: given, clipboardData: given };
  const event = kind === "paste" ? new ClipboardEvent(kind, all) : new DragEvent(kind, all);
  document.querySelector(target).dispatchEvent(event);
}"""


class Home:
    """The opened page.

    digit: the answer in large type, empty if the service does not accept its answer. verdict: the words beside it.
    notice: the newest one. complaints: what the browser complained about: errors of scripts, and what the policy
    forbade. Not the refusals of the service, which every browser lists.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.digit = page.locator("#digit")
        self.verdict = page.locator("#verdict")
        self.notice = page.locator("#notices .notice").last
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
        for first, *others in strokes:
            self.page.mouse.move(*self.at(*first))
            self.page.mouse.down()
            for point in others:
                self.page.mouse.move(*self.at(*point), steps=5)
            self.page.mouse.up()

    def write(self, number: str) -> None:
        """Have the page write the number, all of it at once."""
        self.locator("#typed").fill(number)
        self.locator("#type button").click()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the surface is on the page, in pixels."""
        box = self.locator("#canvas").bounding_box()
        assert box
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def give(self, content: bytes, name: str, kind: Literal["drop", "paste"], target: str) -> None:
        """Drop a file on the element that the selector matches, or paste it there."""
        self.page.evaluate(GIVE, [base64.b64encode(content).decode(), name, kind, target])

    def enter_key(self, key: str = ADMIN_KEY) -> None:
        """Enter a key by the dialog, and wait until it closes or says what is wrong."""
        self.locator("#key").click()
        self.locator("#key-value").fill(key)
        self.locator("#key-use").click()
        expect(self.locator("#key-dialog:not([open]), #key-problem .problem").first).to_be_attached()

    def share_of(self, digit: int) -> str:
        """The percentage over the digit's column."""
        return self.locator("#digits .share").nth(digit).inner_text()
