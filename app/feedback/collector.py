"""Collects answered pictures from the requests, and works on them in a thread: a shadow judges some, some are kept.

A request only appends to a queue. When the thread or the database can't keep up, further pictures are dropped and
counted; requests never wait. What is in the queue when a worker is killed is lost.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from app.database.database import Database, DatabaseUnavailable
from app.feedback import kept
from app.feedback.shadow import REFRESH_SECONDS, Shadow
from app.inference.answered import Answered
from app.inference.predictor import Predictor, lower_priority
from app.settings import Settings

log = logging.getLogger("numeral.feedback")

TURN_SECONDS = 0.2  # between two transactions
MOST_TOGETHER = 100  # pictures in one: 100 take about 7 ms of a processor, so this bounds the thread's share of it
MAX_WAITING = 500  # pictures in the queue
MAX_WAITING_BYTES = 32_000_000
RETRY_SECONDS = 1.0  # after the database failed
PRUNE_SECONDS = 20.0  # between two removals of old pictures while no new ones come
STOP_SECONDS = 2.0  # for the last pictures, when the service stops
REPORT_SECONDS = 60.0  # between two lines of the log about dropped pictures

Item = tuple[Answered, bool]  # with whether the shadow judges it


class Collector:
    """Keeps pictures as `settings.keep` says, and lets the shadow judge its share of them.

    collected, dropped: counts of pictures since the start of this process. `look` is what the predictor calls.
    """

    def __init__(self, settings: Settings, database: Database, predictor: Predictor) -> None:
        self.collected = 0
        self.dropped = 0
        self._settings = settings
        self._database = database
        self._predictor = predictor
        self._shadow = Shadow(database, predictor.retained)
        self._waiting: deque[Item] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._rows: list[dict[str, Any]] = []  # to be written, also after the database failed
        self._pruned_at = float("-inf")  # times of the monotonic clock
        self._reported_at = float("-inf")
        self._reported = 0
        self._is_stuck = False  # whether pictures wait for the database, which the log said
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feedback", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        if self._settings.keep != "none":
            self._predictor.observe = self.look
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting, within STOP_SECONDS and unless the database is away, and end the thread."""
        self._predictor.observe = None
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    def look(self, answered: Answered) -> None:
        """Put the picture into the queue if it is to be kept or judged. Never waits, and raises nothing."""
        is_sampled = self._shadow.samples()
        if not (is_sampled or self._is_kept(answered)):
            return
        size = size_of(answered)
        with self._lock:
            if len(self._waiting) >= MAX_WAITING or self._bytes + size > MAX_WAITING_BYTES:
                self.dropped += 1
                return
            self._bytes += size
            self.collected += 1
            self._waiting.append((answered, is_sampled))

    def may_have(self, request_id: str) -> bool:
        """Whether a picture of the request may still be written: it waits here, or the database is away."""
        with self._lock:
            waiting = [answered.request_id for answered, _ in self._waiting]
        return self._is_stuck or request_id in (*waiting, *(row["request_id"] for row in list(self._rows)))

    def _is_kept(self, answered: Answered) -> bool:
        keep = self._settings.keep
        return keep == "all" or (keep == "refused" and not answered.accepted)

    def _run(self) -> None:
        lower_priority()
        pause = TURN_SECONDS
        while not self._stop.wait(pause):
            pause = self._turn()
        while (self._waiting or self._rows) and self._turn() != RETRY_SECONDS:
            pass
        with suppress(DatabaseUnavailable):
            self._shadow.count(at_once=True)

    def _turn(self) -> float:
        """Work on what is waiting. Returns the seconds to wait before the next turn."""
        try:
            self._shadow.refresh()
            if not self._stop.is_set():
                is_needed = self._shadow.is_on or self._settings.keep != "none"
                self._predictor.observe = self.look if is_needed else None
            self._judge(self._take())
            self._shadow.count()
            self._write()
        except DatabaseUnavailable as error:
            if (self._rows or self._waiting) and not self._is_stuck:
                log.warning("pictures wait until the database can be used: %s", error.detail)
                self._is_stuck = True
            self._report()
            return RETRY_SECONDS
        except Exception:
            log.exception("the collecting of pictures goes on")
            self.dropped += len(self._rows)
            self._rows = []
        self._is_stuck = False
        self._report()
        return TURN_SECONDS if self._predictor.observe else REFRESH_SECONDS

    def _take(self) -> list[Item]:
        """The next pictures from the queue; none while rows from before are not written."""
        if self._rows:
            return []
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
            self._bytes -= sum(size_of(answered) for answered, _ in taken)
        return taken

    def _judge(self, items: list[Item]) -> None:
        """Let the shadow judge its share of the pictures, and make rows of those that are kept."""
        others = self._shadow.judge([answered for answered, is_sampled in items if is_sampled], self._predictor.limits)
        self._rows += [
            kept.row_of(answered, others.get(id(answered))) for answered, _ in items if self._is_kept(answered)
        ]

    def _write(self) -> None:
        """Write the rows, and remove old pictures when it is time. Raises DatabaseUnavailable."""
        now = time.monotonic()
        if not self._rows and now < self._pruned_at + PRUNE_SECONDS:
            return
        if self._rows or kept.has_any(self._database):
            with self._database.begin() as connection:
                kept.add(connection, self._settings, self._rows)
        self._rows = []
        self._pruned_at = now

    def _report(self) -> None:
        """Log how many pictures were dropped since the last such line."""
        now = time.monotonic()
        if self.dropped > self._reported and now > self._reported_at + REPORT_SECONDS:
            more = self.dropped - self._reported
            log.warning("%d pictures were dropped, neither kept nor judged: more came than can be written", more)
            self._reported, self._reported_at = self.dropped, now


def size_of(answered: Answered) -> int:
    """The bytes of the picture as it was sent."""
    picture = answered.picture
    return len(picture) if isinstance(picture, bytes) else len(picture) ** 2
