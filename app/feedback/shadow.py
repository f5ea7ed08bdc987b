"""A version in the shadow: it judges a share of the live pictures besides the one that answers, and is only counted.

`shadows` in the database says which version is judging, for every worker. Each worker counts on its own, and adds its
counts to the record. The record of a version stays when its shadow ends, until it begins again.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select, update

from app.database.database import Database, DatabaseUnavailable
from app.database.tables import shadows
from app.feedback.shadow_records import COUNTS, end
from app.inference.answered import Answered, summary_of
from app.inference.number_reader import numbers_of
from app.inference.retained_versions import RetainedVersions, VersionDamaged, VersionNotFound
from app.observability.recorder import NoRecorder
from model import faults
from model.classifier import Classifier, Verdict
from model.faults import result_or_error
from model.preprocessing.decoding.limits import Limits

log = logging.getLogger("numeral.feedback")

REFRESH_SECONDS = 2.0  # between two looks which version is in the shadow
COUNT_SECONDS = 0.5  # between two times that counts are written
Brief = tuple[str, float, bool]  # text, confidence and acceptance of an answer
Other = tuple[int, str, float]  # version, text and confidence of an answer that differs


class Shadow:
    """The shadow as one worker sees it. Only `samples` is called by requests; all else by one thread.

    is_on: whether a version is judging.
    """

    def __init__(self, database: Database, retained: RetainedVersions) -> None:
        self.is_on = False
        self._database = database
        self._retained = retained
        self._version = 0
        self._started_at = 0.0  # tells one time of the same version from the next
        self._share = 0.0
        self._refreshed_at = self._counted_at = float("-inf")
        self._counts: Counter[str] = Counter()  # not yet in the database

    def samples(self) -> bool:
        """Whether the next picture is one of the share."""
        return self.is_on and random.random() < self._share  # noqa: S311 - a sample, no secret

    def refresh(self) -> None:
        """Look which version is in the shadow now. Raises DatabaseUnavailable."""
        now = time.monotonic()
        if now < self._refreshed_at + REFRESH_SECONDS:
            return
        columns = (shadows.c.version, shadows.c.share, shadows.c.started_at)
        query = select(*columns).where(shadows.c.ended_at.is_(None))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        self._refreshed_at = now
        if row is not None:
            if (row.version, row.started_at) != (self._version, self._started_at):
                self._counts.clear()
            self._version, self._share, self._started_at = row
        self.is_on = row is not None

    def judge(self, pictures: Sequence[Answered], limits: Limits) -> dict[int, Other]:
        """Judge the pictures, and count. Returns what it read in those in which it differs, by the `id` of each.

        A picture that the shadow's own version answered is left out.
        """
        theirs = [one for one in pictures if one.version != self._version]
        if not (self.is_on and theirs):
            return {}
        try:
            classifier = self._retained.get(str(self._version))
        except (VersionNotFound, VersionDamaged) as problem:
            self.is_on = False
            with suppress(DatabaseUnavailable):  # the next look finds it again
                end(self._database, self._version, "numeral", problem.detail)
            log.warning("the shadow of version %d ends: %s", self._version, problem.detail)
            return {}
        digits = [(one, one.reading) for one in theirs if one.reading is not None]
        readings = [reading for _, reading in digits]
        verdicts = faults.each(classifier.judge, readings, log, "digits in the shadow") if readings else []
        found = [(one, brief(verdict)) for (one, _), verdict in zip(digits, verdicts, strict=True)]
        pages = [one for one in theirs if one.reading is None]
        found += [(one, result_or_error(read_again, classifier, one, limits)) for one in pages]
        return {id(one): (self._version, *other) for one, other in self._counted(found)}

    def _counted(
        self, found: Iterable[tuple[Answered, Brief | Exception]]
    ) -> Iterator[tuple[Answered, tuple[str, float]]]:
        """Count each answer. Yields those that differ: the picture, and text and confidence."""
        for one, answer in found:
            if isinstance(answer, Exception):
                faults.report(log, "a picture in the shadow", answer)
                self._counts["failed"] += 1
                continue
            text, confidence, accepted = answer
            agreed = text == one.text
            self._counts.update(judged=1, agreed=agreed, accepted=accepted, accepted_live=one.accepted)
            if not agreed:
                yield one, (text, confidence)

    def count(self, at_once: bool = False) -> None:
        """Add the counts to the record, if the last time is COUNT_SECONDS ago. Raises DatabaseUnavailable."""
        now = time.monotonic()
        if not self._counts or not (at_once or now >= self._counted_at + COUNT_SECONDS):
            return
        self._counted_at = now
        same = (shadows.c.version == self._version) & (shadows.c.started_at == self._started_at)
        more: dict[str, Any] = {name: shadows.c[name] + self._counts[name] for name in COUNTS}
        with self._database.begin() as connection:
            connection.execute(update(shadows).where(same).values(more))
        self._counts.clear()


def brief(verdict: Verdict | Exception) -> Brief | Exception:
    """Text, confidence and acceptance of a verdict."""
    if isinstance(verdict, Exception):
        return verdict
    return str(verdict.digit), verdict.confidence, verdict.accepted


def read_again(classifier: Classifier, one: Answered, limits: Limits) -> Brief:
    """Text, confidence and acceptance of another version's answer to the same page. Raises ImageError."""
    found = numbers_of(one.picture, classifier, limits, one.digits, NoRecorder())
    text, confidence, accepted, _ = summary_of(found)
    return text, confidence, accepted
