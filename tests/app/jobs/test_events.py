"""Server-sent events: cheap for many listeners, and complete for one that reconnects."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection

from app.database.database import Database
from app.database.migrate import migrate
from app.inference.active_model import ActiveModel
from app.jobs import records, reporting
from app.jobs.events import EventHub, NothingMore, frame
from app.jobs.states import State
from model.registry.store import Store
from tests.client import ENDLESS, GENTLE, check_problem, command, events, retrain
from tests.jobs import new_job
from tests.server import Server, wait_until

OPTIONS = {"from": "current", "promote": "auto"}


class Counting(Database):
    """A database that counts its transactions."""

    transactions = 0

    def read(self):
        self.transactions += 1
        return super().read()


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[Counting]:
    url = f"sqlite:///{tmp_path}/numeral.db"
    migrate(url)
    database = Counting(url)
    yield database
    database.close()


def test_a_thousand_listeners_cost_the_database_no_more_than_one(counting: Counting, tmp_path: Path) -> None:
    job_id = new_job(counting)

    async def listen(hub: EventHub) -> list[bytes]:
        return [frame async for frame in await hub.follow(job_id, 0)]

    async def scenario() -> list[list[bytes]]:
        hub = EventHub(counting, ActiveModel(Store(tmp_path / "weights"), Store(tmp_path)), 60, lambda: False)
        listeners = [asyncio.create_task(listen(hub)) for _ in range(1000)]
        while sum(channel.listeners for channel in hub._channels.values()) < 1000:
            await asyncio.sleep(0)
        before = counting.transactions
        reporting.move(counting, job_id, State.RUNNING)
        reporting.report(counting, job_id, {"step": 1})
        reporting.move(counting, job_id, State.CANCELLED)
        heard = await asyncio.gather(*listeners)
        assert counting.transactions - before < 20
        return heard

    heard = asyncio.run(scenario())
    assert all(frames == heard[0] for frames in heard)
    kinds = [frame.split(b"\n")[0] for frame in heard[0]]
    assert kinds == [b"event: state", b"event: state", b"event: progress", b"event: state"]


def test_an_event_is_framed_as_the_standard_says() -> None:
    row = {"id": 7, "kind": "progress", "data": {"stage": "a\nb"}, "created_at": 0.0}
    *lines, end, rest = frame(row).decode().split("\n")
    assert (end, rest) == ("", "")  # an empty line ends the event
    assert sorted(lines) == [
        'data: {"stage": "a\\nb", "at": "1970-01-01T00:00:00.000Z"}',
        "event: progress",
        "id: 7",
    ]


def test_a_client_that_has_everything_is_told_not_to_come_again(counting: Counting, tmp_path: Path) -> None:
    job_id = new_job(counting, State.CANCELLED)
    last = records.events_after(counting, job_id, 0)[-1]["id"]
    hub = EventHub(counting, ActiveModel(Store(tmp_path / "weights"), Store(tmp_path)), 60, lambda: False)
    with pytest.raises(NothingMore):
        asyncio.run(hub.follow(job_id, last))


def test_listeners_are_let_go_when_the_record_breaks(counting: Counting, tmp_path: Path) -> None:
    job_id = new_job(counting)

    def forget(connection: Connection) -> None:
        connection.exec_driver_sql("DELETE FROM job_events")
        connection.exec_driver_sql("DELETE FROM jobs")

    async def scenario() -> int:
        hub = EventHub(counting, ActiveModel(Store(tmp_path / "weights"), Store(tmp_path)), 60, lambda: False)
        heard = 0
        async for _ in await hub.follow(job_id, 0):
            heard += 1
            with counting.begin() as connection:
                forget(connection)
        return heard

    assert asyncio.run(scenario()) == 1


@pytest.fixture
def model(two_versions: Store) -> ActiveModel:
    """A model that serves version 1 of two. It is not started, so nothing polls CURRENT."""
    made = ActiveModel(two_versions, two_versions)
    made.refresh()
    return made


def test_who_hears_of_a_promotion_is_served_the_version(counting: Counting, model: ActiveModel) -> None:
    job_id = new_job(counting)

    async def scenario() -> list[tuple[bool, int]]:
        served = []
        async for sent in await EventHub(counting, model, 60, lambda: False).follow(job_id, 0):
            served.append((b"promoted" in sent, model.classifier.version))
            if len(served) == 1:
                model.store.activate(2)
                for state in (State.RUNNING, State.EVALUATING, State.PROMOTED):
                    reporting.move(counting, job_id, state)
        return served

    served = asyncio.run(scenario())
    assert served[0] == (False, 1) and served[-1] == (True, 2)


def test_a_second_thread_waits_for_the_version_that_the_first_one_loads(model: ActiveModel) -> None:
    model.store.activate(2)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: (model.refresh(), model.classifier.version)[1], range(8))) == [2] * 8


@contextmanager
def following(server: Server, location: str, last: int = 0) -> Iterator[Iterator[tuple[int, str, dict]]]:
    """The events of a job while it runs."""
    headers = {"Last-Event-ID": str(last)} if last else {}
    with server.admin.stream("GET", f"{location}/events", headers=headers) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        yield parsed(response.iter_lines())


def parsed(lines: Iterator[str]) -> Iterator[tuple[int, str, dict]]:
    """Events as (id, kind, data)."""
    fields: dict[str, str] = {}
    for line in lines:
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield int(fields["id"]), fields["event"], json.loads(fields["data"])
            fields = {}


@pytest.mark.slow
def test_a_listener_that_reconnects_after_a_kill_of_the_server_misses_nothing(
    start_server, small_weights: Path
) -> None:
    server = start_server(small_weights)
    location = retrain(server, **ENDLESS)
    heard: list[tuple[int, str, dict]] = []
    with pytest.raises(httpx.TransportError), following(server, location) as stream:
        for event in stream:
            heard.append(event)
            if event[1] == "progress":
                server.stop(signal.SIGKILL)
    wait_until(lambda: not server.answers())
    server.start()
    with following(server, location, heard[-1][0]) as stream:
        for event in stream:
            if event[1] == "progress":
                server.admin.post(f"{location}/cancel")
            heard.append(event)
    assert heard == events(server, location)
    assert heard[-1][2]["state"] == "cancelled" and heard[-1][2]["error"]
    told = server.admin.get(f"{location}/events", headers={"Last-Event-ID": str(heard[-1][0])})
    assert told.status_code == 204


def test_events_of_an_unknown_job_and_a_bad_last_event_id_are_problems(server: Server) -> None:
    check_problem(server.admin.get("/admin/jobs/unknown/events"), 404, "job-not-found")
    for bad in ("x", "-1", "9" * 30):
        answer = server.admin.get("/admin/jobs/unknown/events", headers={"Last-Event-ID": bad})
        check_problem(answer, 422, "invalid-field")


@pytest.mark.slow
def test_the_terminal_follows_a_retraining_to_its_end(start_server, small_weights: Path) -> None:
    server = start_server(small_weights)
    ended = command(server, "retrain", "--follow", "--epochs", "1", "--learning-rate", str(GENTLE["learning_rate"]))
    assert ended.returncode == 0, ended.stderr
    assert "promoted" in ended.stdout
