"""`python -m app.cli.healthcheck`: exit with 0 when the service in this container is ready, else with 1."""

from __future__ import annotations

import http.client
import os
import sys

TIMEOUT = 3.0  # seconds
PORT_VARIABLES = ("SAGEMAKER_BIND_TO_PORT", "AIP_HTTP_PORT", "PORT")  # as in app/settings.py, which takes long to load


def main() -> int:
    """Send GET /readyz to this host and return the exit status."""
    port = next(filter(None, map(os.environ.get, PORT_VARIABLES)), "8000")
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=TIMEOUT)
    try:
        connection.request("GET", "/readyz")
        return 0 if connection.getresponse().status == http.client.OK else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
