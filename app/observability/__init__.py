"""What operators see of the service: metrics for Prometheus, log lines, and traces for OpenTelemetry."""
