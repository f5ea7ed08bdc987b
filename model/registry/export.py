"""The network as an ONNX graph, built node by node so that it holds what serving needs and nothing else.

`image` is set upright (`model/deslant.py`) → the network → its outputs.
Input `image` float32 [N, 1, 32, 32], white ink on black, 0–1. Outputs `logits` [N, 10]; `probabilities` [N, 10],
the softmax of the logits divided by the calibration temperature; `score` [N], higher for what looks like a digit.
"""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from model.deslant import Deslanted, deslant_constants, deslant_nodes
from model.errors import ExportError
from model.net import Net

OPSET = 17
IR_VERSION = 8  # what Triton and older runtimes still read
TOLERANCE = 1e-5  # between ONNX Runtime's and torch's probabilities, and relative to the largest logit


def to_onnx(net: Net, temperature: float) -> bytes:
    """The serialized graph of a trained network, its probabilities calibrated by `temperature` > 0."""
    weights = {name: value.detach().cpu().numpy() for name, value in net.state_dict().items()}
    constants = {**weights, **deslant_constants(), "temperature": np.array(temperature, np.float32)}
    graph = helper.make_graph(
        [*deslant_nodes(), *network_nodes(), *output_nodes()],
        "numeral",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 32, 32])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10]),
            helper.make_tensor_value_info("score", TensorProto.FLOAT, ["N"]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="numeral")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def network_nodes() -> list[onnx.NodeProto]:
    """`deslanted` → `logits`, as `Net.forward`."""
    nodes = []
    value = "deslanted"
    for conv in ("conv1", "conv2"):
        nodes += [
            helper.make_node("Conv", [value, f"{conv}.weight", f"{conv}.bias"], [f"{conv}.out"]),
            helper.make_node("Relu", [f"{conv}.out"], [f"{conv}.relu"]),
            helper.make_node("MaxPool", [f"{conv}.relu"], [f"{conv}.pool"], kernel_shape=[2, 2], strides=[2, 2]),
        ]
        value = f"{conv}.pool"
    nodes.append(helper.make_node("Flatten", [value], ["flat"], axis=1))
    value = "flat"
    for linear in ("fc1", "fc2"):
        nodes += [
            helper.make_node("Gemm", [value, f"{linear}.weight", f"{linear}.bias"], [f"{linear}.out"], transB=1),
            helper.make_node("Relu", [f"{linear}.out"], [f"{linear}.relu"]),
        ]
        value = f"{linear}.relu"
    nodes.append(helper.make_node("Gemm", [value, "fc3.weight", "fc3.bias"], ["logits"], transB=1))
    return nodes


def output_nodes() -> list[onnx.NodeProto]:
    """`logits` → `probabilities` and `score`.

    The score is the negative free energy, log Σ exp(logit). Source: Liu et al., "Energy-based Out-of-distribution
    Detection", NeurIPS 2020.
    """
    return [
        helper.make_node("Div", ["logits", "temperature"], ["scaled"]),
        helper.make_node("Softmax", ["scaled"], ["probabilities"], axis=1),
        helper.make_node("ReduceLogSumExp", ["logits"], ["score"], axes=[1], keepdims=0),
    ]


def check_agreement(net: Net, model: bytes, temperature: float, images: NDArray[np.float32]) -> None:
    """Raise ExportError unless ONNX Runtime answers what torch answers for images float32 (N, 1, 32, 32)."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    logits, probabilities = session.run(["logits", "probabilities"], {"image": images})
    with torch.inference_mode():
        expected = Deslanted(net.eval().cpu())(torch.from_numpy(images))
        expected_probabilities = torch.softmax(expected / temperature, dim=1).numpy()
    scale = max(1.0, float(expected.abs().max()))
    worst = max(
        float(np.abs(logits - expected.numpy()).max()) / scale,
        float(np.abs(probabilities - expected_probabilities).max()),
    )
    if not worst <= TOLERANCE:
        raise ExportError(f"ONNX and torch differ by {worst:.2g}, more than {TOLERANCE}; nothing was published")
