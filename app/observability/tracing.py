"""Traces for OpenTelemetry. They are off, and its SDK is not loaded, unless the standard variables ask for them.

FastAPI makes a span for each request and exports it (https://fastapi.tiangolo.com/advanced/opentelemetry/). Here are
the spans below it, for the stages of a prediction, and that of a training. The extra `otel` installs the SDK.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from time import time_ns
from typing import Any

import numpy as np
from fastapi.telemetry import TelemetryConfig
from numpy.typing import NDArray
from opentelemetry import propagate, trace
from opentelemetry.trace import Span
from starlette.types import ASGIApp, Receive, Scope, Send

from app.observability.instruments import DECODE, INFERENCE, NUMBERS, PREPROCESSING
from app.observability.recorder import NoRecorder, Outcome, Predicted, Recorder
from app.observability.trace_context import trace_id_sent

log = logging.getLogger("numeral")

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PARENT = "TRACEPARENT"  # https://opentelemetry.io/docs/specs/otel/context/env-carriers/
NANOSECONDS = 1e9
SCOPE = "numeral"


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether the standard variables name a collector of traces, and none of them switches traces off."""
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or (
        environment.get("OTEL_TRACES_EXPORTER", "").lower() == "none"
    )
    return not is_off and any(environment.get(name) for name in ENDPOINTS)


def telemetry(is_on: bool) -> TelemetryConfig:
    """FastAPI's part: traces, if they are on. Metrics and logs have their own ways here."""
    return {"tracing": is_on, "auto_configure": is_on, "metrics": False, "logs": False}


def with_route(path: str, app: ASGIApp) -> ASGIApp:
    """The app, whose requests' spans are named after the path, as FastAPI names those of its routes."""

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        span = trace.get_current_span()
        span.update_name(f"{scope['method']} {path}")
        span.set_attribute("http.route", path)
        await app(scope, receive, send)

    return named


def trace_id(scope: Scope) -> str:
    """The id of the current trace, 32 hexadecimal digits; an empty string without one."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else trace_id_sent(scope)


def environment_of_child() -> dict[str, str] | None:
    """The environment of a child process whose spans are to join the current trace; None outside of a trace."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return {**os.environ, PARENT: carrier["traceparent"]} if "traceparent" in carrier else None


class SpanRecorder(NoRecorder):
    """Makes spans of the stages that a recorder counts. Call its methods in the context of a request.

    A request whose trace is recorded is answered alone and not in a batch with others: so its spans are its own.
    """

    def __init__(self, counting: Recorder) -> None:
        self.counting = counting

    def is_traced(self) -> bool:
        """Whether the current request's trace is recorded."""
        return trace.get_current_span().is_recording()

    def in_context(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The function, to be called in another thread, with the current context."""
        context = copy_context()
        return lambda argument: context.run(function, argument)

    def refused(self, reason: str) -> None:
        """Count a problem."""
        self.counting.refused(reason)

    def batch(
        self, pictures: int, decode: float, preprocessing: float, inference: float, predicted: Sequence[Predicted]
    ) -> None:
        """Count pictures that were just read, and make a span for each stage."""
        self.counting.batch(pictures, decode, preprocessing, inference, predicted)
        make_spans((DECODE, decode), (PREPROCESSING, preprocessing), (INFERENCE, inference), pictures=pictures)

    def arrays(
        self,
        inputs: NDArray[np.float32],
        preprocessing: float,
        inference: float,
        outcomes: Sequence[Outcome],
        confidences: Sequence[float],
    ) -> None:
        """Count arrays that were just read, and make a span for each stage."""
        self.counting.arrays(inputs, preprocessing, inference, outcomes, confidences)
        make_spans((PREPROCESSING, preprocessing), (INFERENCE, inference), pictures=len(inputs))

    def page(self, decode: float, numbers: float) -> None:
        """Count a page that was just read, and make a span for each stage."""
        self.counting.page(decode, numbers)
        make_spans((DECODE, decode), (NUMBERS, numbers), pictures=1)


def make_spans(*stages: tuple[str, float], pictures: int) -> None:
    """Make a span for each stage: its name and its seconds. They followed each other, and the last one just ended."""
    tracer = trace.get_tracer(SCOPE)
    end = time_ns()
    begin = end - round(sum(seconds for _, seconds in stages) * NANOSECONDS)
    for name, seconds in stages:
        span = tracer.start_span(name, start_time=begin, attributes={"numeral.pictures": pictures})
        begin += round(seconds * NANOSECONDS)
        span.end(begin)


@contextmanager
def training_span(job_id: str) -> Iterator[Span]:
    """A span for the block, in the trace that the environment names, exported at its end; without traces, a null span.

    For a process of its own, where no FastAPI exports.
    """
    if not is_wanted(os.environ):
        yield trace.INVALID_SPAN
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        log.warning("the training is not traced: %s; the extra otel installs what is missing", error)
        yield trace.INVALID_SPAN
        return
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    parent = propagate.extract({"traceparent": os.environ.get(PARENT, "")})
    try:
        with provider.get_tracer(SCOPE).start_as_current_span("training", context=parent) as span:
            span.set_attribute("numeral.job", job_id)
            yield span
    finally:
        provider.shutdown()
