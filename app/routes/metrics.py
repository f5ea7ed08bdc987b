"""`GET /metrics`, for Prometheus, and what all workers share: read at each scrape, so it is right after any restart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from app.database.database import Database, DatabaseUnavailable
from app.http.errors import NotFound
from app.inference.active_model import ActiveModel, current_of
from app.jobs import records
from app.jobs.states import ACTIVE, State
from app.jobs.statistics import jobs_by_state
from app.samples.samples import count_by_label
from app.schemas.problems import documented

MEDIA_TYPE = "text/plain"

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    summary="For Prometheus",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}, **documented(404)},
)
async def metrics(request: Request) -> Response:
    """Counts and times of all workers, in Prometheus' text format or, if it is asked for, OpenMetrics."""
    state = request.app.state
    if state.scrape is None:
        raise NotFound("The metrics are switched off, or have no folder: see NUMERAL_METRICS and the log.")
    state.recorder.flush()
    accept = request.headers.get("Accept", "")
    text, media_type = await run_in_threadpool(state.scrape.render, accept)
    return Response(text, media_type=media_type, headers={"Cache-Control": "no-store"})


class SharedState(Collector):
    """Versions, samples and jobs. Without the database those of samples and jobs are missing."""

    def __init__(self, model: ActiveModel, database: Database, queue_seconds: float) -> None:
        self.model = model
        self.database = database
        self.queue_seconds = queue_seconds

    def collect(self) -> Iterator[Metric]:
        """Read and yield them."""
        yield from self._versions()
        with suppress(DatabaseUnavailable):
            records.sweep(self.database, self.model.store, self.queue_seconds)
            with self.database.read() as connection:
                counts, jobs = count_by_label(connection), jobs_by_state(connection)
            samples = GaugeMetricFamily("numeral_samples", "Stored samples", labels=["label"])
            for label, count in enumerate(counts):
                samples.add_metric([str(label)], count)
            by_state = GaugeMetricFamily("numeral_jobs", "Retraining jobs", labels=["state"])
            duration = SummaryMetricFamily("numeral_job_duration_seconds", "Time of ended jobs", labels=["state"])
            verdicts = CounterMetricFamily("numeral_gate_verdicts", "Verdicts of the gate", labels=["verdict"])
            for state, job in jobs.items():
                by_state.add_metric([state], job.jobs)
                if state not in ACTIVE:
                    duration.add_metric([state], job.jobs, job.seconds)
                if state in (State.PROMOTED, State.KEPT):
                    verdicts.add_metric([state], job.jobs)
            yield from (samples, by_state, duration, verdicts)

    def _versions(self) -> Iterator[Metric]:
        version = GaugeMetricFamily("numeral_current_version", "The version that CURRENT names")
        if (current := current_of(self.model.store)) is not None:
            version.add_metric([], current)
        promised = GaugeMetricFamily(
            "numeral_promised_accept_ratio", "Share of validation digits that the version accepts", labels=["version"]
        )
        classifier = self.model.classifier
        if classifier is not None and classifier.accept_rate is not None:
            promised.add_metric([str(classifier.version)], classifier.accept_rate)
        yield from (version, promised)
