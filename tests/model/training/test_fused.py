"""FusedNet has the logits and gradients of the tutorial's network, and batch normalization folds into its weights."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model.net import Net
from model.training.fused import FusedNet


@pytest.fixture
def images() -> Tensor:
    torch.manual_seed(5)
    return torch.rand(16, 1, 32, 32)


def gradients(logits: Tensor, net: Net) -> list[Tensor]:
    loss = F.cross_entropy(logits, torch.arange(len(logits)) % 10)
    return list(torch.autograd.grad(loss, list(net.parameters())))


def test_gives_the_networks_logits(images: Tensor) -> None:
    net = Net()
    torch.testing.assert_close(FusedNet(net, normalize=False)(images), net(images), rtol=0, atol=1e-5)


def test_gives_the_networks_gradients(images: Tensor) -> None:
    net = Net()
    expected = gradients(net(images), net)
    for ours, theirs in zip(gradients(FusedNet(net, normalize=False)(images), net), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_counts_a_tie_once_as_max_pooling_does() -> None:
    torch.manual_seed(6)
    net, blank = Net(), torch.zeros(10, 1, 32, 32)
    ours, theirs = gradients(FusedNet(net, normalize=False)(blank), net), gradients(net(blank), net)
    torch.testing.assert_close(ours[1], theirs[1], rtol=1e-4, atol=1e-6)  # conv1.bias, which every pixel adds to


def test_normalization_is_folded_into_the_weights(images: Tensor) -> None:
    fused = FusedNet(Net(), normalize=True)
    optimizer = torch.optim.SGD(fused.parameters(), lr=0.1)
    for _ in range(5):  # so that statistics and biases are not what they start from
        F.cross_entropy(fused(images), torch.arange(len(images)) % 10).backward()
        optimizer.step()
    net = fused.folded()
    assert net.state_dict().keys() == Net().state_dict().keys() and not net.training
    torch.testing.assert_close(net(images), fused.eval()(images), rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        assert (net(images) - fused.net(images)).abs().max() > 0.1  # they matter


def test_normalized_products_have_no_gain_that_could_be_negative() -> None:
    fused = FusedNet(Net(), normalize=True)
    gains = [value for name, value in fused.named_parameters() if name.startswith("norms") and "weight" in name]
    assert len(gains) == 3 and all((gain == 1).all() and not gain.requires_grad for gain in gains)


def test_a_convolution_is_normalized_over_all_its_pixels(images: Tensor) -> None:
    fused = FusedNet(Net(), normalize=True)
    norm = fused.norms["conv2"]
    norm.momentum = 1.0  # statistics of this batch alone
    fused(images)
    pooled = F.max_pool2d(fused.net.conv2(F.max_pool2d(F.relu(fused.net.conv1(images)), 2)), 2)
    torch.testing.assert_close(norm.running_mean, pooled.mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(norm.running_var, pooled.var(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5)
