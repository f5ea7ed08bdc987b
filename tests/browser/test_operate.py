"""Operating in a real browser: a retraining to its end, also while the server is away; activation and roll-back."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.database.database import Database
from app.jobs import reporting
from app.jobs.states import State
from model.registry.store import Store
from tests.browser.page import SEVEN, Home
from tests.jobs import new_job
from tests.server import Server, wait_until

TRAINING = 240_000  # milliseconds that a retraining may take on a busy machine
Open = Callable[..., Home]
Photograph = Callable[[Page, str], None]


def operate(home: Home) -> None:
    """Enter the key, and go to the view Operate."""
    home.enter_key()
    expect(home.locator("#key-text")).to_have_text("Admin key")
    home.page.get_by_role("link", name="Operate").click()
    expect(home.locator(".versions")).to_be_visible()


@pytest.mark.slow
def test_a_retraining_is_followed_to_its_end_and_rolled_back(
    start_server: Callable[..., Server], small_weights: Path, open_home: Open, photograph: Photograph
) -> None:
    server = start_server(small_weights)
    home = open_home(server.url)
    home.draw(SEVEN)
    home.locator(".answer[data-state=empty]").wait_for(state="detached")
    operate(home)
    home.page.get_by_label("Epochs", exact=True).fill("3")
    home.page.get_by_label("Learning rate").fill("0.0000001")
    home.page.get_by_role("button", name="Retrain", exact=True).click()
    line = home.locator(".line.of-loss")
    expect(line).to_have_attribute("points", re.compile(r"^\S+( \S+)*$"), timeout=TRAINING)
    first = line.get_attribute("points")
    expect(home.locator(".job h2")).to_have_text("Promoted: it is in use now", timeout=TRAINING)
    assert line.get_attribute("points") != first  # the chart moved
    (job,) = server.admin.get("/admin/jobs").json()["items"]
    assert (job["options"]["epochs"], job["options"]["learning_rate"]) == (3, 1e-7)
    expect(home.locator(".job")).to_contain_text("It made version 2.")
    expect(home.locator(".versions tr.current th")).to_contain_text("2")
    expect(home.locator(".operate")).to_contain_text("version 2 answers")
    photograph(home.page, "operate-promoted")
    home.page.get_by_role("button", name="Roll back version 1").click()
    home.page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(home.notice).to_contain_text("Version 1 is in use.")
    expect(home.locator(".versions tr.current th")).to_contain_text("1")
    home.page.get_by_text("Audit", exact=True).click()
    expect(home.locator(".audit tbody tr").first).to_contain_text("roll-back")
    home.page.get_by_text("Pictures of the evaluations").click()
    expect(home.locator(".pair img")).to_have_count(8)
    for image in home.locator(".pair img").all():
        image.scroll_into_view_if_needed()
        expect(image).not_to_have_js_property("naturalWidth", 0)
    home.page.get_by_role("link", name="Draw").click()
    home.page.get_by_text("Compare two versions").click()
    home.locator("#other").select_option("2")
    expect(home.locator("#versus")).to_contain_text("Version 2")


def progress(epoch: int, loss: float, accuracy: float) -> dict[str, object]:
    """A report of the end of an epoch, of five."""
    stage = {"stage": "training", "epoch": epoch, "epochs": 5, "step": 10 * epoch, "steps": 50}
    return {**stage, "loss": loss, "accuracy": accuracy, "eta_seconds": 130.0}


@contextmanager
def beating(database: Database, job_id: str) -> Iterator[None]:
    """Send the heartbeats of a trainer that goes on meanwhile."""
    stopped = threading.Event()

    def beat() -> None:
        while not stopped.wait(1):
            reporting.heartbeat(database, job_id, "epoch by epoch")

    thread = threading.Thread(target=beat)
    thread.start()
    yield
    stopped.set()
    thread.join()


@pytest.mark.slow
def test_a_job_from_elsewhere_is_followed_while_the_server_is_stopped_and_started_again(
    start_server: Callable[..., Server], open_home: Open, photograph: Photograph
) -> None:
    server = start_server()
    database = Database(server.environment["NUMERAL_DATABASE_URL"])
    home = open_home(server.url)
    operate(home)
    photograph(home.page, "operate")
    job_id = new_job(database, State.RUNNING)
    with beating(database, job_id):
        expect(home.locator(".job h2")).to_have_text("Training")
        reporting.report(database, job_id, progress(1, 0.31, 0.9871))
        reporting.report(database, job_id, progress(2, 0.12, 0.9935))
        chart = home.locator("svg.chart")
        expect(chart).to_have_attribute("aria-label", "After 2.0 of 5 epochs: loss 0.120, accuracy 99.35 %")
        expect(home.locator(".job")).to_contain_text("Epoch 2 of 5, 2 min left")
        server.stop()
        expect(home.locator(".job")).to_contain_text("The service does not answer")
        reporting.report(database, job_id, progress(3, 0.08, 0.9958))
        server.start()
        expect(chart).to_have_attribute("aria-label", re.compile("After 3.0"))
        expect(home.locator(".job .problem")).to_have_count(0)
        reporting.report(database, job_id, progress(4, 0.07, 0.9955))
        home.page.reload()
        expect(home.locator(".line.of-loss")).to_have_attribute("points", re.compile(r"^(\S+ ){3}\S+$"))
        photograph(home.page, "operate-training")
        home.page.get_by_role("button", name="Cancel", exact=True).click()
        home.page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
        wait_until(lambda: reporting.heartbeat(database, job_id, "").wanted == State.CANCELLED)
        reporting.move(database, job_id, State.EVALUATING)
        expect(home.locator(".job h2")).to_have_text("Being evaluated")
        reporting.move(database, job_id, State.KEPT, reasons=["Held-out accuracy 99.64% → 99.60%."])
    expect(home.locator(".job h2")).to_have_text("Kept back by the gate")
    expect(home.locator(".job")).to_contain_text("99.64% → 99.60%")
    photograph(home.page, "operate-kept")
    database.close()


@pytest.mark.slow
def test_a_refused_retraining_and_a_version_that_is_gone_say_what_to_do(
    start_server: Callable[..., Server], two_versions: Store, open_home: Open
) -> None:
    server = start_server()
    home = open_home(server.url)
    operate(home)
    home.page.get_by_text("Pictures of the evaluations").click()
    expect(home.locator(".pair .missing").first).to_have_text("Confusion of version 2: There is no such picture.")
    home.page.evaluate("document.querySelector('input[name=seed]').type = 'text'")
    home.page.get_by_label("Seed").fill("-1")
    home.page.get_by_role("button", name="Retrain", exact=True).click()
    expect(home.locator(".problem")).to_contain_text("A retrain option has an invalid value")
    two_versions.folder(2).rename(two_versions.root / "gone")
    home.page.get_by_role("button", name="Activate version 2").click()
    home.page.get_by_role("dialog").get_by_role("button", name="Activate").click()
    expect(home.notice).to_contain_text("There is no such version")
    expect(home.locator(".versions tbody tr")).to_have_count(1)


def test_an_audit_that_cannot_be_read_says_why_and_comes_when_it_is_opened_again(
    server: Server, open_home: Open
) -> None:
    home = open_home(server.url)
    operate(home)
    home.page.route("**/admin/audit*", lambda route: route.abort())
    summary = home.page.get_by_text("Audit", exact=True)
    summary.click()
    expect(home.locator(".audit .problem")).to_contain_text("The service does not answer")
    home.page.unroute("**/admin/audit*")
    summary.click()
    summary.click()
    expect(home.locator(".audit .problem")).to_have_count(0)
    expect(home.locator(".audit table")).to_be_visible()
