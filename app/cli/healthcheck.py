"""`python -m app.cli.healthcheck`: exit with 0 when the service in this container is ready, else with 1."""

from __future__ import annotations

import http.client
import os
import sys

TIMEOUT = 3.0  # seconds


def main() -> int:
    """Send GET /readyz to this host and return the exit status."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or "8000"), timeout=TIMEOUT)
    try:
        connection.request("GET", "/readyz")
        return 0 if connection.getresponse().status == http.client.OK else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
