"""Operating in a real browser: a retraining to its end, also while the server is away; activation and roll-back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from model.registry.store import Store
from tests.browser.page import SEVEN, Home
from tests.client import ENDLESS, retrain
from tests.server import Server

Open = Callable[..., Home]
Photograph = Callable[[Page, str], None]


def operate(home: Home) -> None:
    """Enter the key, and go to the view Operate."""
    home.enter_key()
    expect(home.locator("#key-text")).to_have_text("Admin key")
    home.page.get_by_role("link", name="Operate").click()
    expect(home.locator(".versions")).to_be_visible()


def test_a_retraining_is_followed_to_its_end_and_rolled_back(
    start_server: Callable[..., Server], small_weights: Path, open_home: Open, photograph: Photograph
) -> None:
    server = start_server(small_weights)
    home = open_home(server.url)
    home.draw(SEVEN)
    home.locator(".answer[data-state=empty]").wait_for(state="detached")
    operate(home)
    photograph(home.page, "operate")
    home.page.get_by_label("Epochs", exact=True).fill("6")
    home.page.get_by_label("Learning rate").fill("0.0000001")
    home.page.get_by_role("button", name="Retrain", exact=True).click()
    lengths = set()
    line = home.locator(".line.of-loss")
    expect(line).to_have_attribute("points", re.compile(r"\S+ \S+ \S+"))
    lengths.add(len(str(line.get_attribute("points")).split()))
    photograph(home.page, "operate-training")
    expect(home.locator(".job h2")).to_have_text("Promoted: it is in use now")
    lengths.add(len(str(line.get_attribute("points")).split()))
    assert len(lengths) == 2 and max(lengths) >= 6  # the chart moved
    expect(home.locator(".job")).to_contain_text("It made version 2.")
    expect(home.locator(".versions tr.current th")).to_contain_text("2")
    expect(home.locator(".operate")).to_contain_text("version 2 answers")
    photograph(home.page, "operate-promoted")
    home.page.get_by_role("button", name="Roll back version 1").click()
    home.page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    home.notice("Version 1 is in use.")
    expect(home.locator(".versions tr.current th")).to_contain_text("1")
    home.page.get_by_text("Audit", exact=True).click()
    expect(home.locator(".audit tbody tr").first).to_contain_text("roll-back")
    home.page.get_by_text("Pictures of the evaluations").click()
    expect(home.locator(".pair img")).to_have_count(8)
    home.page.get_by_role("link", name="Draw").click()
    home.page.get_by_text("Compare two versions").click()
    home.locator("#other").select_option("2")
    expect(home.locator("#versus")).to_contain_text("Version 2")


def test_a_job_from_elsewhere_is_shown_outlasts_a_restart_of_the_server_and_is_cancelled(
    start_server: Callable[..., Server], small_weights: Path, open_home: Open
) -> None:
    server = start_server(small_weights)
    home = open_home(server.url)
    operate(home)
    location = retrain(server, **ENDLESS)
    expect(home.locator(".job h2")).to_have_text("Training")
    server.stop()
    expect(home.locator(".job")).to_contain_text("The service does not answer")
    server.start()
    expect(home.locator(".job .problem")).to_have_count(0)
    home.page.reload()
    expect(home.locator(".job h2")).to_have_text("Training")
    expect(home.locator(".line.of-loss")).to_have_attribute("points", re.compile(r"\S+ \S+"))
    home.page.get_by_role("button", name="Retrain", exact=True).wait_for(state="detached")
    home.page.get_by_role("button", name="Cancel", exact=True).click()
    home.page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    expect(home.locator(".job h2")).to_have_text("Cancelled")
    assert server.finished_job(location)["state"] == "cancelled"


def test_a_refused_retraining_and_a_version_that_is_gone_say_what_to_do(
    start_server: Callable[..., Server], two_versions: Store, open_home: Open
) -> None:
    server = start_server()
    home = open_home(server.url)
    operate(home)
    home.page.evaluate("document.querySelector('input[name=seed]').type = 'text'")
    home.page.get_by_label("Seed").fill("-1")
    home.page.get_by_role("button", name="Retrain", exact=True).click()
    expect(home.locator(".problem")).to_contain_text("A retrain option has an invalid value")
    two_versions.folder(2).rename(two_versions.root / "gone")
    home.page.get_by_role("button", name="Activate version 2").click()
    home.page.get_by_role("dialog").get_by_role("button", name="Activate").click()
    home.notice("There is no such version")
    expect(home.locator(".versions tbody tr")).to_have_count(1)
