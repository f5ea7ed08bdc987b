"""The network of PyTorch's "Neural Networks" tutorial, unchanged: a 32×32 grayscale image in, ten logits out.

https://docs.pytorch.org/tutorials/beginner/blitz/neural_networks_tutorial.html

Two convolutions look for small patterns; max-pooling after each halves width and height. Three linear layers turn what
was found into ten logits, one for each digit; the largest is the answer. In training and in serving, the image is
deslanted first (`model/deslant.py`).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Net(nn.Module):
    """61,706 parameters; a state dict of the tutorial's `Net` loads unchanged."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, image: Tensor) -> Tensor:
        """Logits float32 (N, 10) of images float32 (N, 1, 32, 32), 0–1, white ink on black."""
        x = F.max_pool2d(F.relu(self.conv1(image)), 2)  # (N, 6, 14, 14)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (N, 16, 5, 5)
        x = torch.flatten(x, 1)  # (N, 400)
        x = F.relu(self.fc1(x))  # (N, 120)
        x = F.relu(self.fc2(x))  # (N, 84)
        logits: Tensor = self.fc3(x)
        return logits
