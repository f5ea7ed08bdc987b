"""How sure a number is: from the lattice's probability, its weakest digit and its seams to the share that is right.

The lattice's probability knows only the readings that the cuts allow. Where all of them are poor, it is too sure of the
best; there, digits touch, and some piece hardly looks like one. Platt scaling with three features: Platt,
"Probabilistic Outputs for Support Vector Machines", 1999.
"""

from __future__ import annotations

import math
from typing import NamedTuple

MIN_CONFIDENCE = 0.9  # of an accepted number
MOST = 1 - 1e-4  # of a probability whose log odds are taken
STRONG = 6.0  # log odds that a piece is a digit; more makes a number no surer
MANY = 4  # seams; more make it no less sure


class Calibration(NamedTuple):
    """The log odds that a number is right are a weighted sum. Fitted by model/training/calibrate_numbers.py."""

    offset: float = 0.03
    lattice: float = 0.59  # weight of the log odds by the lattice
    weakest: float = 0.11  # weight of the least log odds that one of the pieces is a digit
    seams: float = -0.217  # weight of the number of seams

    def confidence(self, probability: float, weakest: float, seams: int) -> float:
        """The probability, 0–1, that the number is right.

        probability: by the lattice, 0–1; weakest: log odds that the number's least likely piece is a digit; seams:
        through ink that digits share.
        """
        odds = self.offset + self.lattice * log_odds(probability) + self.weakest * bounded(weakest)
        return 1 / (1 + math.exp(-odds - self.seams * min(seams, MANY)))


def log_odds(probability: float) -> float:
    """Of a probability, 0–1, which is kept away from both ends."""
    kept = min(max(probability, 1 - MOST), MOST)
    return math.log(kept / (1 - kept))


def bounded(score: float) -> float:
    """A score within ±STRONG."""
    return min(max(score, -STRONG), STRONG)


CALIBRATION = Calibration()


class Sureness(NamedTuple):
    """A number's probability by the lattice, and its calibrated confidence; both 0–1."""

    probability: float
    confidence: float

    def of_other(self, probability: float) -> float:
        """The confidence of another text: as much smaller than the number's as by the lattice, or what that leaves."""
        left = (1 - self.confidence) / max(1 - self.probability, 1 - MOST)
        return probability * min(self.confidence / max(self.probability, 1 - MOST), left)

    def of_part(self, probability: float) -> float:
        """The confidence of a digit: the number's, and that of the other texts that have it at this place."""
        return min(1.0, self.confidence + self.of_other(max(0.0, probability - self.probability)))
