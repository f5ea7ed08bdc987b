"""The service's commands: `serve` and `healthcheck`, and those that talk to a running service over HTTP."""
