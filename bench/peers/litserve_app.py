"""LitServe: an image as base64 in JSON, as in its documentation, with its fast queue.

https://lightning.ai/docs/litserve
"""

from __future__ import annotations

import base64
import sys

import litserve

from bench.peers.reader import Reader


class Digits(litserve.LitAPI):
    def setup(self, device: str) -> None:
        """Load the network."""
        self.reader = Reader()

    def decode_request(self, request: dict[str, str]) -> bytes:
        """The encoded image."""
        return base64.b64decode(request["image"])

    def predict(self, image: bytes) -> int:
        """Its digit."""
        return self.reader.read(image)

    def encode_response(self, digit: int) -> dict[str, int]:
        """The answer."""
        return {"digit": digit}


if __name__ == "__main__":
    server = litserve.LitServer(Digits(), accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), log_level="error", generate_client_file=False)
