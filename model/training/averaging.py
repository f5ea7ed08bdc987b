"""The moving average of a network's weights, which reads digits better than where the last step happened to end."""

from __future__ import annotations

from copy import deepcopy

import torch

from model.net import Net
from model.training.fused import Trainee


class MovingAverage:
    """Of weights and statistics: each step moves it towards them by 1 − decay, the first ones by more.

    Source: Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992, here exponential.
    """

    def __init__(self, trainee: Trainee, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.averaged = deepcopy(trainee)
        now, averaged = trainee.state_dict(), self.averaged.state_dict()
        moving = [name for name, value in now.items() if value.is_floating_point()]
        self._now, self._averaged = [now[name] for name in moving], [averaged[name] for name in moving]

    def update(self) -> None:
        """Take in the weights as they are after one more step."""
        self.steps += 1
        torch._foreach_lerp_(self._averaged, self._now, 1 - min(self.decay, self.steps / (self.steps + 9)))

    def net(self) -> Net:
        """The tutorial's network with the averaged weights, ready to evaluate."""
        return self.averaged.folded()
