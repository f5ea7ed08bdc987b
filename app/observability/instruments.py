"""Every metric that a worker counts by itself: names, labels, buckets. `deploy/observability/README.md` lists them.

Names and units follow https://prometheus.io/docs/practices/naming/. What all workers share, such as the number of
samples in the database, is not counted here but read at each scrape: `SharedState` in `app/routes/metrics.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PICTURES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
CONFIDENCES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)
INK_SHARES = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.14, 0.17, 0.2, 0.25, 0.3, 0.5, 1.0)
FEW = 16  # values; up to here observing one by one is faster

DECODE, PREPROCESSING, INFERENCE, NUMBERS = STAGES = ("decode", "preprocessing", "inference", "numbers")


class BulkHistogram(Histogram):
    """A histogram that takes many values at once, at a fraction of the cost of one by one."""

    def observe_many(self, amounts: Sequence[float]) -> None:
        """Count the values."""
        if len(amounts) <= FEW:
            for amount in amounts:
                self.observe(amount)
            return
        values = np.array(amounts)
        places = np.searchsorted(self._upper_bounds, values)
        for bucket, count in enumerate(np.bincount(places).tolist()):
            if count:
                self._buckets[bucket].inc(count)
        self._sum.inc(float(values.sum()))


class Instruments:
    """The metrics of one worker.

    registry: where they are registered; None in multiprocess mode, where they live in files that a scrape collects.
    Of a dead worker the counters stay, and the gauges go: their mode is `livesum`.
    """

    def __init__(self, registry: CollectorRegistry | None) -> None:
        def histogram(name: str, text: str, labels: Sequence[str], buckets: Sequence[float]) -> BulkHistogram:
            return BulkHistogram(f"numeral_{name}", text, labels, buckets=buckets, registry=registry)

        def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
            return Counter(f"numeral_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
            return Gauge(f"numeral_{name}", text, labels, registry=registry, multiprocess_mode="livesum")

        self.request_duration = histogram(
            "request_duration_seconds", "Time to answer a request", ("route", "method", "status"), SECONDS
        )
        self.in_flight = gauge("requests_in_flight", "Requests that are being answered")
        self.refusals = counter("refusals_total", "Requests and pictures answered with a problem", ("reason",))
        self.stage_duration = histogram(
            "stage_duration_seconds", "Time that a batch of pictures spends in a stage", ("stage",), SECONDS
        )
        self.batch = histogram("batch_pictures", "Pictures that are read together", (), PICTURES)
        self.predictions = counter("predictions_total", "Digits predicted", ("digit", "outcome", "version"))
        self.confidence = histogram("prediction_confidence_ratio", "Calibrated confidence", (), CONFIDENCES)
        self.ink = histogram("ink_ratio", "Ink in the model's input: mean of its pixels, 0-1", (), INK_SHARES)
        self.workers = gauge("workers", "Live workers that serve a version", ("version",))
        self.swaps = counter("model_swaps_total", "Changes of the version that a worker serves")
        self.fallbacks = counter("model_fallbacks_total", "Times that a worker could not serve the wanted version")
        self.fallback = gauge("model_fallback", "Workers that serve another version than the wanted one, or none")
        self.stage: dict[str, BulkHistogram] = {name: self.stage_duration.labels(name) for name in STAGES}
        for reason in ("overloaded", "internal-error", "not-ready"):
            self.refusals.labels(reason)


def ink_shares(inputs: Sequence[NDArray[np.uint8]]) -> list[float]:
    """The share of ink, 0-1, in each of the model's inputs uint8 (32, 32): the mean of its pixels."""
    pixels = np.concatenate([one.reshape(1, -1) for one in inputs])
    shares: list[float] = (pixels.mean(axis=1, dtype=np.float32) / 255).tolist()
    return shares
