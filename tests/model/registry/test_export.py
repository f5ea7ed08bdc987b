"""The ONNX graph computes what the torch network computes."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from model.deslant import Deslanted
from model.errors import ExportError
from model.net import Net
from model.registry.export import check_agreement, to_onnx


@pytest.fixture
def net() -> Net:
    torch.manual_seed(1)
    return Net().eval()


@pytest.mark.parametrize("deslants", [True, False])
@pytest.mark.parametrize("count", [1, 7])
def test_onnx_answers_what_torch_answers(net: Net, count: int, deslants: bool) -> None:
    images = np.random.default_rng(0).random((count, 1, 32, 32), np.float32)
    session = onnxruntime.InferenceSession(to_onnx(net, 0.7, deslants))
    logits, probabilities, score = session.run(None, {"image": images})
    with torch.inference_mode():
        expected = (Deslanted(net) if deslants else net)(torch.from_numpy(images))
    np.testing.assert_allclose(logits, expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(probabilities, torch.softmax(expected / 0.7, 1).numpy(), atol=1e-6)
    np.testing.assert_allclose(score, torch.logsumexp(expected, 1).numpy(), atol=1e-5)


def test_a_graph_of_other_weights_is_refused(net: Net) -> None:
    torch.manual_seed(2)
    images = np.random.default_rng(0).random((4, 1, 32, 32), np.float32)
    with pytest.raises(ExportError, match="nothing was published"):
        check_agreement(Deslanted(net), to_onnx(Net(), temperature=1.0), 1.0, images)
