"""A network that reads digits better than the one that is served, and teaches it. It is never served or published.

Six 3×3 convolutions with batch normalization take ten times as long as the tutorial's network. What they answer says
more than a label: that this 7 might be a 1, and that one could be nothing else.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

CHANNELS = (16, 16, 32, 32, 64, 64)  # of the convolutions; max-pooling follows every second one
PARAMETERS = 82_266


class Teacher(nn.Module):
    """Convolution, batch normalization, ReLU; twice, then max-pool 2; three times; then one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(zip((1, *CHANNELS), CHANNELS, strict=False)):
            layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
            if index % 2:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classify = nn.Linear(CHANNELS[-1] * 4 * 4, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Logits float32 (N, 10) of images float32 (N, 1, 32, 32), 0–1, white ink on black."""
        features = self.features(images.contiguous(memory_format=torch.channels_last))  # (N, 64, 4, 4)
        logits: Tensor = self.classify(torch.flatten(features, 1))
        return logits
