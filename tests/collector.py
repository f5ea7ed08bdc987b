"""A collector of traces: an OTLP receiver that keeps the spans that it gets (https://opentelemetry.io/docs/specs/otlp/)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """Where it listens, and the spans that it got: name, trace_id, span_id, parent_span_id, attributes, seconds."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[dict[str, Any]] = []

    def receive(self, body: bytes) -> None:
        """Keep the spans of a request's body."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = values(resource.resource.attributes)["service.name"]
            for span in [span for scope in resource.scope_spans for span in scope.spans]:
                self.spans.append(
                    {
                        "name": span.name,
                        "service": service,
                        "trace_id": span.trace_id.hex(),
                        "span_id": span.span_id.hex(),
                        "parent": span.parent_span_id.hex(),
                        "attributes": values(span.attributes),
                        "seconds": (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                        "begin": span.start_time_unix_nano,
                    }
                )

    def of_trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans of a trace, in the order in which they began."""
        return sorted((span for span in self.spans if span["trace_id"] == trace_id), key=lambda span: span["begin"])

    def environment(self) -> dict[str, str]:
        """The standard variables that send spans here, at once."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}


def values(attributes: Any) -> dict[str, Any]:
    """Attributes as a dictionary."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens during the block."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.receive(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
