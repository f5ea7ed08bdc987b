"""MLServer: an image as base64 in a V2 inference request, in the server's own process (no parallel workers).

https://mlserver.readthedocs.io/en/latest/user-guide/parallel-inference.html
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import Base64Codec, NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from numpy import array

from bench.peers.reader import Reader
from bench.servers import free_port


class Digits(MLModel):
    async def load(self) -> bool:
        """Load the network."""
        self.reader = Reader()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """The digit of the request's one image."""
        (image,) = Base64Codec.decode_input(payload.inputs[0])
        digit = array([self.reader.read(image)])
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("digit", digit)])


async def serve(port: int) -> None:
    """Serve on this port until a signal."""
    settings = Settings(
        debug=False,
        parallel_workers=0,
        host="127.0.0.1",
        http_port=port,
        grpc_port=free_port(),
        metrics_endpoint=None,
    )
    await MLServer(settings).start([ModelSettings(name="digits", implementation=Digits)])


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(serve(int(sys.argv[1])))
