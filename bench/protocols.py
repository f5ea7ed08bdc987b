"""Compare the Open Inference Protocol V2 with `/predict/batch`: images/s of batches of 64, on one core.

python -m bench.protocols            (a minute: make bench-v2)
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.forms import IMAGE, multipart
from bench.load import Body, Load, press
from bench.servers import numeral
from model.preprocessing.pipeline import read_digit, to_input

PATH = "/v2/models/digits/infer"
BATCH = 64
CONNECTIONS = 8  # of a closed loop; one batch at a time is computed anyway
WARM_SECONDS = 1
BOUND = 0.9  # of the rate of `/predict/batch`
NATIVE, BINARY, BYTES, JSON = "/predict/batch, PNGs", "V2, binary FP32", "V2, binary UINT8", "V2, JSON UINT8"


def main() -> int:
    """Print the rates. Returns exit status 1 when binary FP32 is below its bound or a request failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=4, help="of each load")
    parser.add_argument("--rounds", type=int, default=3, help="loads of each kind")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("bench: wrk is missing; install the package `wrk`", file=sys.stderr)
        return 1
    loads: dict[str, list[Load]] = {}
    with numeral() as (url, _):
        for body in bodies().values():
            press(url, body, CONNECTIONS, WARM_SECONDS)
        for _ in range(options.rounds):
            for name, body in bodies().items():
                loads.setdefault(name, []).append(press(url, body, CONNECTIONS, options.seconds))
    rates = {name: statistics.median(load.rate for load in each) * BATCH for name, each in loads.items()}
    errors = sum(load.errors for each in loads.values() for load in each)
    for name, rate in rates.items():
        print(f"{name:22} {rate:8,.0f} images/s, {rate / rates[NATIVE]:.2f} ×")
    print(f"the bound for {BINARY} is {BOUND} ×; {errors} requests failed")
    return int(rates[BINARY] < BOUND * rates[NATIVE] or errors > 0)


def bodies() -> dict[str, Body]:
    """Name → a batch of BATCH sevens, in each form."""
    image = IMAGE.read_bytes()
    arrays = np.stack([read_digit(image).pixels] * BATCH)[:, None]
    return {
        NATIVE: multipart(image, BATCH, "/predict/batch"),
        BINARY: tensor("FP32", to_input(arrays[:, 0])),
        BYTES: tensor("UINT8", arrays),
        JSON: Body(as_json("UINT8", arrays.shape, data=arrays.ravel().tolist()), "application/json", PATH, BATCH),
    }


def tensor(datatype: str, values: NDArray[Any]) -> Body:
    """A request whose input and outputs are binary, as Triton's client sends it."""
    data = values.tobytes()
    head = as_json(datatype, values.shape, parameters={"binary_data_size": len(data)})
    length = ("Inference-Header-Content-Length", str(len(head)))
    return Body(head + data, "application/octet-stream", PATH, BATCH, (length,))


def as_json(datatype: str, shape: tuple[int, ...], **more: object) -> bytes:
    """The JSON of a request for binary outputs."""
    given = {"name": "image", "datatype": datatype, "shape": shape, **more}
    return json.dumps({"inputs": [given], "parameters": {"binary_data_output": True}}).encode()


if __name__ == "__main__":
    sys.exit(main())
