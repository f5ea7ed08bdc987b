"""A folder of weights with a version that reads every digit as another one."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from model.registry.store import Store
from tests.server import SHIPPED


@pytest.fixture
def contrary(tmp_path: Path) -> Store:
    """Version 1, the current one, version 2, which reads 9 − d where version 1 reads d, and 3, which is version 1."""
    store = Store(tmp_path / "weights")
    shutil.copytree(SHIPPED / "1", store.folder(1))
    store.activate(1)
    for version in (2, 3):
        with store.publish(store.manifest(1) | {"version": version, "parent": 1}) as draft:
            for name in ("model.onnx", "weights.safetensors"):
                shutil.copy(store.folder(1) / name, draft)
            if version == 2:
                reverse(draft / "model.onnx")
    return store


def reverse(path: Path) -> None:
    """Reverse the order of the graph's probabilities."""
    model = onnx.load(path)
    for node in model.graph.node:
        node.output[:] = ["forward" if name == "probabilities" else name for name in node.output]
        node.input[:] = ["forward" if name == "probabilities" else name for name in node.input]
    order = helper.make_tensor("order", TensorProto.INT64, [10], list(range(9, -1, -1)))
    model.graph.initializer.append(order)
    model.graph.node.append(helper.make_node("Gather", ["forward", "order"], ["probabilities"], axis=1))
    onnx.save(model, path)
