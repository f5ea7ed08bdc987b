"""The training's forward pass is the network's own: same logits, same gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model.net import Net
from model.paired import forward


@pytest.fixture
def images() -> Tensor:
    torch.manual_seed(5)
    return torch.rand(16, 1, 32, 32)


def gradients(logits: Tensor, net: Net) -> list[Tensor]:
    loss = F.cross_entropy(logits, torch.arange(len(logits)) % 10)
    return list(torch.autograd.grad(loss, list(net.parameters())))


def test_gives_the_networks_logits(images: Tensor) -> None:
    net = Net()
    torch.testing.assert_close(forward(net, images), net(images), rtol=0, atol=1e-5)


def test_gives_the_networks_gradients(images: Tensor) -> None:
    net = Net()
    expected = gradients(net(images), net)
    for ours, theirs in zip(gradients(forward(net, images), net), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_counts_a_tie_once_as_max_pooling_does() -> None:
    torch.manual_seed(6)
    net, blank = Net(), torch.zeros(10, 1, 32, 32)
    ours, theirs = gradients(forward(net, blank), net), gradients(net(blank), net)
    torch.testing.assert_close(ours[1], theirs[1], rtol=1e-4, atol=1e-6)  # conv1.bias, which every pixel adds to
