"""Samples as a ZIP in a real browser: dropped or chosen, with progress; exported; and what is refused."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.page import Home
from tests.browser.samples import labels
from tests.pictures import picture, zipped
from tests.server import Server, wait_until

pytestmark = pytest.mark.slow  # uploads over a slow line

Open = Callable[..., Home]
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}  # bytes a second


def choose(home: Home, content: bytes) -> None:
    """Choose a file for the import."""
    chosen = {"name": "digits.zip", "mimeType": "application/zip", "buffer": content}
    home.locator("#view-samples input[type=file]").set_input_files(chosen)


def test_a_zip_is_dropped_and_its_progress_is_shown(empty: Server, open_home: Open) -> None:
    home = open_home(f"{empty.url}/#samples")
    home.enter_key()
    noise = np.random.default_rng(0).bytes(1_000_000)  # so that sending takes seconds
    content = zipped({"7/a.png": picture(1), "1/b.png": picture(2), "noise.bin": noise})
    session = home.page.context.new_cdp_session(home.page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    meter = home.locator(".transfer progress")
    expect(home.page.get_by_role("heading", name="Teach")).to_be_visible()
    home.give(content, "digits.zip", "drop", "#view-samples")
    expect(meter).to_be_visible()
    expect(home.locator(".transfer")).to_contain_text("Sending…")
    wait_until(lambda: 0 < meter.evaluate("meter => meter.value") < 1)
    expect(home.notice).to_contain_text("2 created")
    expect(meter).to_be_hidden()
    expect(home.locator(".tile")).to_have_count(2)
    assert sorted(labels(empty)) == [1, 7]


def test_what_comes_in_goes_out_and_what_is_refused_is_named(empty: Server, open_home: Open, tmp_path: Path) -> None:
    home = open_home(f"{empty.url}/#samples")
    home.enter_key()
    choose(home, zipped({"7/a.png": picture(1), "7/b.png": picture(2), "1/c.png": b"no picture"}))
    expect(home.notice).to_contain_text(re.compile("3 files: 2 created, 1 refused.*1/c.png"))
    expect(home.locator(".tile")).to_have_count(2)
    with home.page.expect_download() as download:
        home.page.get_by_role("button", name="Export ZIP").click()
    download.value.save_as(tmp_path / "out.zip")
    names = zipfile.ZipFile(tmp_path / "out.zip").namelist()
    assert sum(name.startswith("7/") for name in names) == 2
    choose(home, b"no ZIP")
    expect(home.notice).to_contain_text("ZIP")


def test_a_key_that_was_revoked_is_asked_for_again_at_an_import(keyed: Server, key_file: Path, open_home: Open) -> None:
    home = open_home(f"{keyed.url}/#samples")
    home.enter_key("admin-key")
    expect(home.page.get_by_role("heading", name="Teach")).to_be_visible()
    key_file.write_text("predict *\nadmin ops:another-key\n")
    revoked = {"Authorization": "Bearer admin-key"}
    wait_until(lambda: keyed.client.get("/samples", headers=revoked).status_code == 401)
    choose(home, zipped({"7/a.png": picture(1)}))
    expect(home.notice).to_contain_text("The key is not valid")
    expect(home.locator("#key-text")).to_have_text("Enter key")
    expect(home.page.get_by_role("heading", name="An admin key opens this")).to_be_visible()
