"""How much of a set of digits a network reads, measured between two epochs and where the network lives."""

from __future__ import annotations

import torch
from torch import nn

from model.data.digits import Labelled
from model.deslant import Deslanted
from model.net import Net
from model.training.batches import to_input
from model.training.fused import FusedNet

BATCH = 500


def accuracy(net: nn.Module, digits: Labelled) -> float:
    """Share of the digits that the network, ready to evaluate, reads correctly, 0–1."""
    device = next(net.parameters()).device
    right = 0
    with torch.inference_mode():
        for start in range(0, len(digits), BATCH):
            part = digits[slice(start, start + BATCH)]
            logits = net(to_input(torch.from_numpy(part.images).to(device)))
            right += int((logits.argmax(dim=1) == torch.from_numpy(part.labels).to(device)).sum())
    return right / len(digits)


def validate(net: Net, validation: Labelled, samples: Labelled | None) -> tuple[float, float]:
    """The network's accuracy on validation, and the score that early stopping goes by: that and the one on samples."""
    deslanted = Deslanted(FusedNet(net, normalize=False).eval())  # the answers of `net` in two thirds of the time
    read = accuracy(deslanted, validation)
    return read, read + (accuracy(deslanted, samples) if samples else 0)
