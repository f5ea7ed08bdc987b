"""Ray Serve: an image as the raw body to a deployment without FastAPI, in its throughput-optimized mode.

https://docs.ray.io/en/latest/serve/advanced-guides/performance.html
"""

from __future__ import annotations

import signal
import sys

import ray
from ray import serve
from starlette.requests import Request

from bench.peers.reader import Reader

OBJECT_STORE_BYTES = 100_000_000


@serve.deployment(num_replicas=1, max_ongoing_requests=100)
class Digits:
    def __init__(self) -> None:
        self.reader = Reader()

    async def __call__(self, request: Request) -> dict[str, int]:
        """The digit of the request's image."""
        return {"digit": self.reader.read(await request.body())}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ray.init(num_cpus=1, include_dashboard=False, object_store_memory=OBJECT_STORE_BYTES, _node_ip_address="127.0.0.1")
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Digits.bind(), route_prefix="/predict", blocking=True, logging_config={"enable_access_log": False})
