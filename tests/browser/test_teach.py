"""Teaching in a real browser: by a key on the view Draw, from the queue, in the gallery; and wrong keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.page import SEVEN, Home
from tests.browser.samples import labels, make_empty, samples, to_review
from tests.pictures import picture
from tests.server import Server, wait_until

Open = Callable[..., Home]
Photograph = Callable[[Page, str], None]


def open_samples(home: Home) -> None:
    """Go to the view Teach."""
    home.page.get_by_role("link", name="Teach").click()


def test_one_key_teaches_and_another_takes_it_back(empty: Server, open_home: Open, photograph: Photograph) -> None:
    home = open_home(empty.url)
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    home.page.keyboard.press("1")
    expect(home.notice).to_contain_text("needs a key")
    assert labels(empty) == []
    home.enter_key()
    expect(home.locator("#key-text")).to_have_text("Admin key")
    home.page.keyboard.press("1")
    expect(home.notice).to_contain_text("Stored as 1.")
    expect(home.locator("#digits .taught button")).to_have_text("1")
    photograph(home.page, "draw-taught")
    assert labels(empty) == [1]
    home.locator("#digits button").nth(7).click()
    expect(home.notice).to_contain_text("Stored as 7.")
    home.page.keyboard.press("u")
    expect(home.notice).to_contain_text("Taken back.")
    assert labels(empty) == [1]
    home.page.keyboard.press("4")
    wait_until(lambda: labels(empty) == [4])
    home.draw([[(0.5, 0.2), (0.5, 0.8)]])
    expect(home.digit).to_have_text("1")  # the stroke began a new drawing, since the old one was taught
    expect(home.locator("#recents .taught")).to_have_text("taught 4")


def test_a_label_is_for_what_is_drawn_now_not_for_what_was_read_last(empty: Server, open_home: Open) -> None:
    home = open_home(empty.url)
    home.write("47")
    expect(home.locator("#teach-text")).to_be_visible()
    home.page.keyboard.press("4")
    expect(home.notice).to_contain_text("several digits")
    home.page.route("**/predict*", lambda route: None)  # no answer comes
    home.write("4")
    home.page.keyboard.press("4")
    expect(home.notice).to_contain_text("needs a key")


def test_a_stroke_that_goes_on_makes_another_drawing(empty: Server, open_home: Open) -> None:
    home = open_home(empty.url)
    home.draw([[(0.3, 0.2), (0.3, 0.8)]])
    home.page.mouse.move(*home.at(0.7, 0.2))
    home.page.mouse.down()
    home.page.mouse.move(*home.at(0.7, 0.8), steps=5)
    expect(home.locator("#teach-text")).to_be_visible()
    home.page.route("**/predict*", lambda route: None)  # no answer comes
    home.page.mouse.move(*home.at(0.3, 0.8), steps=5)
    home.page.keyboard.press("1")
    expect(home.notice).to_contain_text("needs a key")


def test_a_label_that_the_page_does_not_know_is_not_said_to_be_taken_back(empty: Server, open_home: Open) -> None:
    home = open_home(empty.url)
    home.enter_key()
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    home.page.keyboard.press("1")
    expect(home.notice).to_contain_text("Stored as 1.")
    home.page.reload()
    expect(home.digit).to_have_text("7")
    home.page.keyboard.press("4")
    expect(home.notice).to_contain_text("Stored as 4.")
    home.page.keyboard.press("u")
    expect(home.notice).to_contain_text("This page does not know which. Press the right digit instead.")
    assert labels(empty) == [4]


def with_a_number(server: Server, open_home: Open) -> Home:
    """The page with a key and a written number, 2048."""
    home = open_home(server.url)
    home.enter_key()
    home.page.get_by_role("button", name="Number").click()
    expect(home.digit).to_have_text("2048")
    return home


def test_a_number_is_taught_by_what_it_says(empty: Server, open_home: Open) -> None:
    home = with_a_number(empty, open_home)
    home.locator("#said").fill("2047")
    home.locator("#said").press("Enter")
    expect(home.notice).to_contain_text("Stored as 2047.")
    assert sorted(labels(empty)) == [0, 2, 4, 7]
    home.locator("#notices").get_by_role("button", name="Undo").last.click()
    expect(home.notice).to_contain_text("Taken back.")
    assert labels(empty) == []


def test_what_could_not_be_taken_back_without_a_network_is_taken_back_later(empty: Server, open_home: Open) -> None:
    home = with_a_number(empty, open_home)
    home.locator("#said").press("Enter")
    expect(home.notice).to_contain_text("Stored as 2048.")
    home.page.route(f"**/samples/{samples(empty)[0]['id']}", lambda route: route.abort(), times=1)
    home.locator("#notices").get_by_role("button", name="Undo").click()
    expect(home.notice).to_contain_text("The service does not answer")
    home.page.locator("#undo").focus()
    home.page.keyboard.press("u")
    expect(home.notice).to_contain_text("Taken back.")
    assert labels(empty) == []


def is_kept(request: Request) -> bool:
    """Whether the page lets the service keep the picture: it is finished."""
    return "cache-control" not in request.headers


def test_a_picture_that_was_just_answered_does_not_wait_in_the_next_tests_queue(empty: Server, open_home: Open) -> None:
    home = with_a_number(empty, open_home)
    with home.page.expect_response(lambda answer: "/predict" in answer.url and is_kept(answer.request)):
        pass
    make_empty(empty)
    assert len(to_review(empty)) == 1


@pytest.fixture
def wrongly_labelled(empty: Server) -> Server:
    """A server with a seven that is labelled 1, and one that is labelled 7."""
    for number, label in ((1, 1), (2, 7)):
        form = {"files": {"file": ("x.png", picture(number))}, "data": {"label": str(label)}}
        empty.admin.post("/samples", **form).raise_for_status()
    return empty


def test_the_queue_is_worked_off_by_keys(wrongly_labelled: Server, open_home: Open, photograph: Photograph) -> None:
    home = open_home(wrongly_labelled.url)
    home.enter_key()
    open_samples(home)
    expect(home.page.get_by_role("heading", name="Is this a 1?")).to_be_visible()
    expect(home.locator(".review img")).to_have_js_property("complete", True)
    photograph(home.page, "teach-review")
    home.page.keyboard.press("7")
    expect(home.page.get_by_role("heading", name="That was the last one.")).to_be_visible()
    assert labels(wrongly_labelled) == [7, 7]
    home.page.route("**/samples", lambda route: route.abort(), times=1)
    home.locator("#notices").get_by_role("button", name="Undo").click()
    expect(home.notice).to_contain_text("The service does not answer")
    home.page.keyboard.press("u")
    expect(home.page.get_by_role("heading", name="Is this a 1?")).to_be_visible()
    assert sorted(labels(wrongly_labelled)) == [1, 7]


def test_a_refused_picture_is_taught_from_the_queue(empty: Server, open_home: Open, photograph: Photograph) -> None:
    home = open_home(empty.url)
    home.draw([[(0.5, 0.2), (0.3, 0.8)], [(0.5, 0.2), (0.7, 0.8)], [(0.38, 0.6), (0.62, 0.6)]])  # an A
    expect(home.verdict).to_have_text("This does not look like a digit")
    home.enter_key()
    wait_until(lambda: empty.admin.get("/samples/review").json()["total"])
    assert empty.admin.get("/samples/review").json()["total"] == 1  # without the letter's beginnings
    open_samples(home)
    expect(home.page.get_by_role("heading", name="What is this?")).to_be_visible()
    expect(home.locator(".review")).to_contain_text("refused it: it does not look like a digit")
    photograph(home.page, "teach-refused")
    home.page.keyboard.press("4")
    expect(home.page.get_by_role("heading", name="That was the last one.")).to_be_visible()
    assert labels(empty) == [4]
    home.page.keyboard.press("u")
    wait_until(lambda: labels(empty) == [])


def test_samples_are_labelled_anew_and_deleted_by_keys(
    wrongly_labelled: Server, open_home: Open, photograph: Photograph
) -> None:
    home = open_home(f"{wrongly_labelled.url}/#samples")
    home.enter_key()
    home.page.get_by_role("button", name="All samples").click()
    tiles = home.locator(".tile")
    expect(tiles).to_have_count(2)
    expect(home.locator(".tile.suspect")).to_have_text("1reads 7")
    for image in home.locator(".tile img").all():
        expect(image).to_have_js_property("naturalWidth", 32)
    photograph(home.page, "teach-samples")
    home.locator(".tile.suspect").focus()
    home.page.keyboard.press("7")
    expect(home.locator(".tile.suspect")).to_have_count(0)
    home.page.keyboard.press("ArrowRight")
    home.page.keyboard.press("Delete")
    expect(tiles).to_have_count(1)
    assert labels(wrongly_labelled) == [7]
    home.page.keyboard.press("u")
    expect(tiles).to_have_count(2)
    assert labels(wrongly_labelled) == [7, 7]


def test_a_wrong_key_is_refused_and_a_revoked_one_is_asked_for_again(
    keyed: Server, key_file: Path, open_home: Open
) -> None:
    home = open_home(keyed.url)
    home.draw(SEVEN)
    expect(home.digit).to_have_text("7")
    home.enter_key("wrong")
    expect(home.locator("#key-problem")).to_contain_text("A valid key is needed")
    home.locator("#key-cancel").click()
    home.enter_key("teaching-key")
    expect(home.locator("#key-text")).to_have_text("Teach key")
    open_samples(home)
    expect(home.page.get_by_role("heading", name="An admin key opens this")).to_be_visible()
    home.page.get_by_role("link", name="Draw").click()
    expect(home.digit).to_be_visible()  # the keys belong to the view that is shown
    home.page.keyboard.press("7")
    expect(home.notice).to_contain_text("Stored as 7.")
    home.page.keyboard.press("u")
    expect(home.notice).to_contain_text("may not delete")
    key_file.write_text("predict *\nadmin ops:admin-key\n")
    wait_until(
        lambda: "valid key" in keyed.client.post("/samples", headers={"Authorization": "Bearer teaching-key"}).text
    )
    home.page.keyboard.press("1")
    expect(home.notice).to_contain_text("The key is not valid")
    expect(home.locator("#key-text")).to_have_text("Enter key")
    expect(home.digit).to_have_text("7")
    home.enter_key("admin-key")
    expect(home.locator("#key-text")).to_have_text("Admin key")
    home.page.keyboard.press("1")
    expect(home.notice).to_contain_text("Stored as 1.")
