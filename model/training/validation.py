"""Measure a network's accuracy after each epoch, on the device that it is trained on."""

from __future__ import annotations

import torch
from torch import nn

from model.data.digits import Labelled
from model.deslant import Deslanted
from model.net import Net
from model.training.batches import to_input
from model.training.fused import FusedNet

BATCH = 500  # digits in one forward pass


def accuracy(net: nn.Module, digits: Labelled) -> float:
    """The share of the digits that the network reads correctly, 0–1. net: in `eval` mode."""
    device = next(net.parameters()).device
    right = 0
    with torch.inference_mode():
        for start in range(0, len(digits), BATCH):
            part = digits[slice(start, start + BATCH)]
            logits = net(to_input(torch.from_numpy(part.images).to(device)))
            right += int((logits.argmax(dim=1) == torch.from_numpy(part.labels).to(device)).sum())
    return right / len(digits)


def validate(net: Net, validation: Labelled, samples: Labelled) -> tuple[float, float]:
    """Return the accuracy on validation and the score for early stopping, which adds the accuracy on samples (0–2)."""
    deslanted = Deslanted(FusedNet(net, normalize=False).eval())  # the answers of `net`, in two thirds of the time
    on_validation = accuracy(deslanted, validation)
    return on_validation, on_validation + (accuracy(deslanted, samples) if samples else 0)
