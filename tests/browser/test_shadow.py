"""A version in the shadow, in a real browser: begun with a share, its agreement seen while it judges, and ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from model.registry.store import Store
from tests.browser.page import Home
from tests.browser.test_access import check
from tests.pictures import picture
from tests.server import Server, wait_until

RECORD = "/admin/versions/2/shadow"


@pytest.mark.slow
def test_a_version_judges_in_the_shadow_until_it_is_ended(
    start_server: Callable[..., Server],
    two_versions: Store,
    open_home: Callable[..., Home],
    photograph: Callable[[Page, str], None],
) -> None:
    server = start_server()
    home = open_home(f"{server.url}/#operate")
    home.enter_key()
    panel = home.page.get_by_role("region", name="Shadow")
    panel.get_by_label("It judges").select_option("100 % of the pictures")
    panel.get_by_role("button", name="Begin").click()
    expect(home.notice).to_contain_text("Version 2 is in the shadow.")
    expect(panel).to_contain_text("It has judged no picture yet.")
    expect(panel).to_contain_text("100 % of the pictures, begun by tester")
    assert server.admin.get(RECORD).json()["share"] == 1

    def is_judging() -> bool:
        server.client.post("/predict", content=picture(0)).raise_for_status()
        return bool(server.admin.get(RECORD).json()["judged"] >= 3)

    wait_until(is_judging)
    expect(panel.get_by_text("It agrees in 100 % of")).to_be_visible()  # without a reload
    check(home.page)
    photograph(home.page, "operate-shadow")
    home.page.get_by_role("button", name="End the shadow of version 2").click()
    expect(home.notice).to_contain_text("no longer in the shadow")
    expect(panel).to_contain_text("tester ended it.")
    record = server.admin.get(RECORD).json()
    assert not record["active"]
    expect(panel).to_contain_text(f"It agrees in 100 % of {record['judged']} pictures. It accepts {record['accepted']}")
    expect(panel.get_by_role("button", name="End the shadow of version 2")).to_have_count(0)


def test_a_version_that_was_removed_meanwhile_says_so_and_the_panel_stays(
    start_server: Callable[..., Server], two_versions: Store, open_home: Callable[..., Home]
) -> None:
    server = start_server()
    home = open_home(f"{server.url}/#operate")
    home.enter_key()
    panel = home.page.get_by_role("region", name="Shadow")
    begin = panel.get_by_role("button", name="Begin")
    expect(begin).to_be_visible()
    two_versions.folder(2).rename(two_versions.root / "gone")
    begin.click()
    expect(home.notice).to_contain_text("There is no such version")
    expect(panel.get_by_role("alert")).to_have_count(0)
