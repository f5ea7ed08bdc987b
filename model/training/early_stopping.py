"""Early stopping: the best network so far, and whether to wait for a better one.

Source: Prechelt, "Early Stopping – But When?", 1998.
"""

from __future__ import annotations

import math

from model.net import Net


class EarlyStopping:
    """Keeps the best of the epochs' networks, and stops after `patience` epochs in a row without a better one.

    With a patience of 0 it never stops, and the last network is the best one.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.score = -math.inf
        self.waited = 0

    def stops(self, net: Net, score: float) -> bool:
        """Take in an epoch's network and its score, higher is better; answers whether to stop."""
        if score > self.score or not self.patience:
            self.best, self.score, self.waited = net, score, 0
        else:
            self.waited += 1
        return 0 < self.patience <= self.waited
