"""The text that Prometheus scrapes at `/metrics`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.observability.workers import remove_dead_workers
from model.files import locked


class Collected(Collector):
    """Metrics that were collected before."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self.metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """The metrics."""
        return self.metrics


class Scrape:
    """Renders the metrics of this worker, or of all workers of the folder, and what they share.

    registry: this worker's metrics; folder: None for a worker that counts alone.
    """

    def __init__(self, registry: CollectorRegistry, folder: Path | None, shared: Collector) -> None:
        self.registry = registry
        self.folder = folder
        self.shared = shared

    def render(self, accept: str) -> tuple[bytes, str]:
        """The metrics and their media type. accept: the request's Accept header. Takes milliseconds.

        Of several workers, those that are dead are removed first.
        """
        encode, media_type = choose_encoder(accept)
        whole = CollectorRegistry()
        whole.register(self.shared)
        if self.folder is None:
            counted = without_created(self.registry)
        else:
            with locked(self.folder):
                remove_dead_workers(self.folder)
                counted = MultiProcessCollector(None, str(self.folder)).collect()  # type: ignore[no-untyped-call]
        whole.register(Collected(counted))
        return encode(whole), media_type


def without_created(registry: CollectorRegistry) -> Iterator[Metric]:
    """The metrics of a registry without the times at which each series began, which the other mode does not have."""
    for metric in registry.collect():
        metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
        yield metric
