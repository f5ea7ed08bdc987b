"""Early stopping: keep the best network so far, and end the training when it no longer improves.

Source: Prechelt, "Early Stopping – But When?", 1998.
"""

from __future__ import annotations

import math

from model.net import Net


class EarlyStopping:
    """Keeps the best network as `best`; stops after `patience` epochs in a row without a better one.

    With a patience of 0 it never stops, and `best` is the last network.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.score = -math.inf
        self.waited = 0

    def stops(self, net: Net, score: float) -> bool:
        """Take an epoch's network and its score (higher is better), and return whether to stop."""
        if score > self.score or not self.patience:
            self.best, self.score, self.waited = net, score, 0
        else:
            self.waited += 1
        return 0 < self.patience <= self.waited
