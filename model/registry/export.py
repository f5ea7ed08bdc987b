"""Export the network as an ONNX graph, written by hand in ONNX's text format, with exactly what serving needs.

Input `image`: float32 [N, 1, 32, 32], white ink on black, 0–1. The graph deslants it (`model/deslant.py`), unless the
network was trained elsewhere without, and computes the network (`model/net.py`). Outputs, float32: `logits` [N, 10];
`probabilities` [N, 10], the softmax of the logits divided by the calibration temperature; `score` [N], log Σ
exp(logit), the negative free energy, which is higher if the image shows a digit. Source: Liu et al., "Energy-based
Out-of-distribution Detection", NeurIPS 2020.

Why not torch's own exporter: its graph gives the same answers, to the last bit of every probability of MNIST's test
set. But it runs slower, takes longer to export, and needs two more packages (onnxscript, onnx-ir). Measured on one
thread of a two-core Xeon, interleaved, the least of 200, in µs a call:

| graph                                           | 1 image | 16 images | 64 images | export     |
|-------------------------------------------------|---------|-----------|-----------|------------|
| this one, 43 nodes                              | 52.5    | 372       | 1,484     | 0.06 s     |
| torch.onnx.export(dynamo=True), 58 nodes        | 57.8    | 395       | 1,543     | 7.3 s      |
| torch.onnx.export(dynamo=False), 158 nodes      | 75.5    | 413       | 1,602     | 0.2 s      |
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper, parser
from torch import nn

from model.deslant import EPSILON, MAX_SLOPE, Deslanted, monomials, positions
from model.errors import ExportError
from model.net import Net
from model.preprocessing.layout import NETWORK_SIDE

TOLERANCE = 1e-5  # largest difference to torch: of probabilities, and of logits relative to the largest logit
# IR version 8 is what Triton and older runtimes still read.
GRAPH = """
<ir_version: 8, opset_import: ["": 17], producer_name: "numeral">
numeral (float[N, 1, 32, 32] image) => (float[N, 10] logits, float[N, 10] probabilities, float[N] score) {
    %s
    # The network.
    conv1 = Conv (prepared, conv1_weight, conv1_bias)
    relu1 = Relu (conv1)
    pool1 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (relu1)
    conv2 = Conv (pool1, conv2_weight, conv2_bias)
    relu2 = Relu (conv2)
    pool2 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (relu2)
    flat = Flatten <axis = 1> (pool2)
    fc1 = Gemm <transB = 1> (flat, fc1_weight, fc1_bias)
    relu3 = Relu (fc1)
    fc2 = Gemm <transB = 1> (relu3, fc2_weight, fc2_bias)
    relu4 = Relu (fc2)
    logits = Gemm <transB = 1> (relu4, fc3_weight, fc3_bias)

    # The answers.
    scaled = Div (logits, temperature)
    probabilities = Softmax <axis = 1> (scaled)
    score = ReduceLogSumExp <axes = [1], keepdims = 0> (logits)
}
"""
DESLANTING = """
    # The slant: covariance of column and row over the variance of the row.
    pixels = Flatten <axis = 1> (image)
    sums = MatMul (pixels, monomials)
    ink, other_sums = Split <axis = 1> (sums, one_and_four)
    total = Max (ink, least)
    means = Div (other_sums, total)
    column, row, product, square = Split <axis = 1> (means, four_ones)
    product_of_means = Mul (column, row)
    covariance = Sub (product, product_of_means)
    square_of_mean = Mul (row, row)
    row_variance = Sub (square, square_of_mean)
    variance = Max (row_variance, least)
    unclipped = Div (covariance, variance)
    slope = Clip (unclipped, min_slope, max_slope)

    # The columns from which each row reads its pixels.
    below_center = Sub (rows, row)
    shifts = Mul (below_center, slope)
    shift = Unsqueeze (shifts, channel_and_column)
    whole = Floor (shift)
    part = Sub (shift, whole)
    unbounded = Add (whole, columns)
    bounded = Clip (unbounded, first, last)
    taken = Cast <to = 6> (bounded)

    # The shear: those pixels, interpolated linearly.
    framed = Pad (image, margin)
    near = GatherElements <axis = 3> (framed, taken)
    left = Slice (near, start, side, column_axis)
    right = Slice (near, next, end, column_axis)
    difference = Sub (right, left)
    partial_step = Mul (difference, part)
    prepared = Add (left, partial_step)
"""
AS_IT_IS = "prepared = Identity (image)"


def to_onnx(net: Net, temperature: float, deslants: bool = True) -> bytes:
    """Return the serialized graph of a trained network; `temperature` > 0 calibrates its probabilities.

    deslants: whether the graph deslants the image before the network sees it.
    """
    model = parser.parse_model(GRAPH % (DESLANTING if deslants else AS_IT_IS))
    weights = {name.replace(".", "_"): value.detach().cpu().numpy() for name, value in net.state_dict().items()}
    constants = {**weights, "temperature": np.array(temperature, np.float32)}
    if deslants:
        constants |= deslanting_constants()
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def as_served(net: Net, deslants: bool) -> nn.Module:
    """The network with what comes before it in the graph."""
    return Deslanted(net) if deslants else net


def deslanting_constants() -> dict[str, NDArray[Any]]:
    """The constants that DESLANTING names."""
    cpu = torch.device("cpu")
    return {
        "monomials": monomials(NETWORK_SIDE, cpu).numpy(),
        "rows": positions(NETWORK_SIDE, cpu).numpy()[None],  # (1, 32)
        "columns": np.arange(1, NETWORK_SIDE + 2, dtype=np.float32),  # of 33 pixels, between which 32 are interpolated
        "one_and_four": np.array([1, 4]),
        "four_ones": np.array([1, 1, 1, 1]),
        "least": np.array(EPSILON, np.float32),
        "max_slope": np.array(MAX_SLOPE, np.float32),
        "min_slope": np.array(-MAX_SLOPE, np.float32),
        "first": np.array(0, np.float32),
        "last": np.array(NETWORK_SIDE + 1, np.float32),
        "margin": np.array([0, 0, 0, 1, 0, 0, 0, 1]),
        "channel_and_column": np.array([1, 3]),
        "column_axis": np.array([3]),
        "start": np.array([0]),
        "next": np.array([1]),
        "side": np.array([NETWORK_SIDE]),
        "end": np.array([NETWORK_SIDE + 1]),
    }


def check_agreement(network: nn.Module, model: bytes, temperature: float, images: NDArray[np.float32]) -> None:
    """Raise ExportError unless ONNX Runtime and torch agree on images float32 (N, 1, 32, 32), 0–1, within TOLERANCE.

    network: what the graph computes, deslanting included (`as_served`).
    """
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    logits, probabilities = session.run(["logits", "probabilities"], {"image": images})
    with torch.inference_mode():
        expected = network.eval().cpu()(torch.from_numpy(images))
        expected_probabilities = torch.softmax(expected / temperature, dim=1).numpy()
    scale = max(1.0, float(expected.abs().max()))
    worst = max(
        float(np.abs(logits - expected.numpy()).max()) / scale,
        float(np.abs(probabilities - expected_probabilities).max()),
    )
    if not worst <= TOLERANCE:
        raise ExportError(f"ONNX and torch differ by {worst:.2g}, more than {TOLERANCE}; nothing was published")
