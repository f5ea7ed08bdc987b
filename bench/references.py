"""The apps that Numeral is compared with, served by uvicorn: `bench.references:empty`, `bench.references:tutorial`."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, File, Request, UploadFile


def empty() -> FastAPI:
    """A route that reads the body and answers a constant: the minimal cost of any route."""
    app = FastAPI()

    @app.post("/predict")
    async def predict(request: Request) -> dict[str, int]:
        await request.body()
        return {"digit": 7}

    return app


def tutorial() -> FastAPI:
    """A service as tutorials write it: `UploadFile`, Pillow, torch in the same process."""
    import numpy as np
    import torch
    from PIL import Image
    from safetensors.torch import load_file

    from model.net import Net

    torch.set_num_threads(1)
    net = Net().eval()
    net.load_state_dict(load_file(Path(os.environ["NUMERAL_BENCH_VERSION"]) / "weights.safetensors"))
    app = FastAPI()

    @app.post("/predict")
    async def predict(file: Annotated[UploadFile, File()]) -> dict[str, Any]:
        image = Image.open(io.BytesIO(await file.read())).convert("L").resize((28, 28))
        pixels = torch.from_numpy(np.pad(np.asarray(image, np.float32) / 255, 2))
        with torch.inference_mode():
            probabilities = torch.softmax(net(pixels[None, None]), dim=1)[0]
        return {"digit": int(probabilities.argmax()), "probabilities": probabilities.tolist()}

    return app
