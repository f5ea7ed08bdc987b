"""The network, compared with its formulas in plain numpy."""

from __future__ import annotations

import numpy as np
import torch

from model.net import Net

TUTORIAL_SHAPES = {
    "conv1.weight": (6, 1, 5, 5),
    "conv1.bias": (6,),
    "conv2.weight": (16, 6, 5, 5),
    "conv2.bias": (16,),
    "fc1.weight": (120, 400),
    "fc1.bias": (120,),
    "fc2.weight": (84, 120),
    "fc2.bias": (84,),
    "fc3.weight": (10, 84),
    "fc3.bias": (10,),
}
TUTORIAL_PRINT = """Net(
  (conv1): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))
  (conv2): Conv2d(6, 16, kernel_size=(5, 5), stride=(1, 1))
  (fc1): Linear(in_features=400, out_features=120, bias=True)
  (fc2): Linear(in_features=120, out_features=84, bias=True)
  (fc3): Linear(in_features=84, out_features=10, bias=True)
)"""


def convolve(image: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Cross-correlation of (I, H, W) with (O, I, 5, 5), pixel by pixel."""
    side = image.shape[1] - 4
    out = np.zeros((len(weight), side, side))
    for o in range(len(weight)):
        for y in range(side):
            for x in range(side):
                out[o, y, x] = (image[:, y : y + 5, x : x + 5] * weight[o]).sum() + bias[o]
    return out


def pool(image: np.ndarray) -> np.ndarray:
    """The largest of each 2×2."""
    return np.maximum(image, 0).reshape(len(image), image.shape[1] // 2, 2, -1, 2).max(axis=(2, 4))


def by_hand(image: np.ndarray, state: dict[str, np.ndarray]) -> np.ndarray:
    """Logits (10,) of an image (1, 32, 32)."""
    x = pool(convolve(image, state["conv1.weight"], state["conv1.bias"]))
    x = pool(convolve(x, state["conv2.weight"], state["conv2.bias"])).ravel()
    for layer in ("fc1", "fc2"):
        x = np.maximum(state[f"{layer}.weight"] @ x + state[f"{layer}.bias"], 0)
    return state["fc3.weight"] @ x + state["fc3.bias"]


def test_has_the_tutorials_layers_and_61706_parameters() -> None:
    net = Net()
    assert {name: tuple(value.shape) for name, value in net.state_dict().items()} == TUTORIAL_SHAPES
    assert sum(parameter.numel() for parameter in net.parameters()) == 61_706
    assert str(net) == TUTORIAL_PRINT


def test_computes_what_the_formulas_say() -> None:
    torch.manual_seed(3)
    net = Net().eval()
    image = torch.rand(1, 1, 32, 32)
    state = {name: value.numpy().astype(np.float64) for name, value in net.state_dict().items()}
    with torch.inference_mode():
        logits = net(image).numpy()[0]
    np.testing.assert_allclose(logits, by_hand(image.numpy()[0].astype(np.float64), state), atol=1e-5)
