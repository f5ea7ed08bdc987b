"""Puts the parts of the metrics together, for one worker or for one of several."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from app.observability.exposition import Scrape
from app.observability.instruments import Instruments
from app.observability.recorder import NoRecorder, Recorder
from app.observability.workers import folder_of_workers, join

log = logging.getLogger("numeral")


class Counting(NamedTuple):
    """What counts, and where the counts are. registry: None when metrics are off; folder: see `Scrape`."""

    recorder: Recorder
    registry: CollectorRegistry | None = None
    folder: Path | None = None

    def scrape(self, shared: Collector) -> Scrape | None:
        """What renders the metrics; None when they are off."""
        return None if self.registry is None else Scrape(self.registry, self.folder, shared)


def count_requests(is_on: bool) -> Counting:
    """Begin to count. When several workers' folder can't be used, log it, and count nothing."""
    if not is_on:
        return Counting(NoRecorder())
    registry, folder = CollectorRegistry(), folder_of_workers()
    if folder is not None:
        try:
            join(folder)
        except OSError as error:
            log.error("there are no metrics: %s", error)
            return Counting(NoRecorder())
    return Counting(Recorder(Instruments(registry if folder is None else None)), registry, folder)
