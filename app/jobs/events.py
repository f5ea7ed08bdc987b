"""Server-sent events of jobs. In each worker process one task polls a job's events for all its listeners.

FastAPI formats the events. Its routes that yield events are not used, for two reasons: they encode an event again for
each listener, while here all listeners share its bytes; and they start the response before the answer can be a 204.
"""

from __future__ import annotations

import asyncio
import json
import logging
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable

from fastapi.concurrency import run_in_threadpool
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from sqlalchemy.engine import RowMapping

from app.database.database import Database, DatabaseUnavailable
from app.http.times import as_rfc3339
from app.inference.active_model import ActiveModel
from app.jobs import records
from app.jobs.states import ACTIVE, State

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
PING_SECONDS = 15.0  # without an event; then a comment is sent, so that proxies keep the connection open


class NothingMore(Exception):
    """The job has ended and the client has its last event, so there is nothing left to send."""


class Channel:
    """The events of one job that this worker has fetched.

    ids: the events' ids, ascending; frames: their bytes in the stream; ended: whether no more events will come;
    listeners: how many are reading; changed: notified after each change.
    """

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.frames: list[bytes] = []
        self.ended = False
        self.listeners = 0
        self.changed = asyncio.Condition()

    def index_after(self, last_id: int) -> int:
        """The index of the first event with an id above `last_id`."""
        return bisect_right(self.ids, last_id)


class EventHub:
    """Opens a channel when the first listener of a job comes, and closes it when the last one leaves.

    A worker refreshes its model before it sends an event with a new state. So a client that hears of a promotion gets
    its next predictions from the new version.
    """

    def __init__(
        self, database: Database, model: ActiveModel, queue_seconds: float, is_draining: Callable[[], bool]
    ) -> None:
        self.database = database
        self.model = model
        self.queue_seconds = queue_seconds
        self.is_draining = is_draining
        self._channels: dict[str, Channel] = {}
        self._pollers: set[asyncio.Task[None]] = set()

    async def follow(self, job_id: str, last_id: int) -> AsyncIterator[bytes]:
        """The job's events after `last_id`, as bytes of the stream.

        Raises JobNotFound, or NothingMore when no further event will come, before the stream begins.
        """
        job = await run_in_threadpool(records.get, self.database, job_id)
        if last_id and State(job["state"]) not in ACTIVE:
            rest = await run_in_threadpool(records.events_after, self.database, job_id, last_id, 1)
            if not rest:
                raise NothingMore
        return self._listen(job_id, last_id)

    async def _listen(self, job_id: str, last_id: int) -> AsyncIterator[bytes]:
        channel = self._channels.get(job_id)
        if channel is None:
            channel = self._channels[job_id] = Channel()
            poller = asyncio.create_task(self._poll(job_id, channel))
            self._pollers.add(poller)
            poller.add_done_callback(self._pollers.discard)
        channel.listeners += 1
        try:
            position = channel.index_after(last_id)
            while True:
                while position < len(channel.frames):
                    if channel.ids[position] > last_id:
                        yield channel.frames[position]
                    position += 1
                if channel.ended:
                    return
                try:
                    async with asyncio.timeout(PING_SECONDS), channel.changed:
                        await channel.changed.wait()
                except TimeoutError:
                    yield KEEPALIVE_COMMENT
        finally:
            channel.listeners -= 1

    async def _poll(self, job_id: str, channel: Channel) -> None:
        try:
            while not channel.ended:
                last_id = channel.ids[-1] if channel.ids else 0
                rows, finished = await self._fetch(job_id, last_id)
                async with channel.changed:
                    channel.ids += [row["id"] for row in rows]
                    channel.frames += [frame(row) for row in rows]
                    channel.ended = (finished and not rows) or self.is_draining()
                    if rows or channel.ended:
                        channel.changed.notify_all()
                if not rows:
                    if not channel.listeners:
                        return
                    await asyncio.sleep(POLL_SECONDS)
        except Exception:
            log.exception("the events of job %s break off", job_id)  # clients reconnect, and get the error then
        finally:
            if self._channels.get(job_id) is channel:
                del self._channels[job_id]
            async with channel.changed:
                channel.ended = True
                channel.changed.notify_all()

    async def _fetch(self, job_id: str, last_id: int) -> tuple[list[RowMapping], bool]:
        """New events, and whether the job had ended before they were fetched."""

        def fetch() -> tuple[list[RowMapping], bool]:
            records.sweep(self.database, self.model.store, self.queue_seconds)
            finished = State(records.get(self.database, job_id)["state"]) not in ACTIVE
            events = list(records.events_after(self.database, job_id, last_id))
            if any(event["kind"] == "state" for event in events):
                self.model.refresh()
            return events, finished

        try:
            return await run_in_threadpool(fetch)
        except DatabaseUnavailable:
            return [], False  # the listeners wait until the database is back


def frame(row: RowMapping) -> bytes:
    """One event as bytes of the stream."""
    data = json.dumps({**row["data"], "at": as_rfc3339(row["created_at"])}, ensure_ascii=False)
    return format_sse_event(data_str=data, event=row["kind"], id=str(row["id"]))
