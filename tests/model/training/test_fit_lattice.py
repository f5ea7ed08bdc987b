"""The fit of the lattice's weights raises the likelihood of the true texts."""

from __future__ import annotations

import math

from model.classifier import Classifier
from model.data.handwriting.drawn import drawn_digits
from model.numbers.lattice import Weights
from model.training.fit_lattice import fit, lines_written_with


def test_the_fit_raises_the_likelihood(classifier: Classifier) -> None:
    lines = lines_written_with(drawn_digits(200, seed=3), classifier, 30, seed=1)
    poor = Weights(**dict.fromkeys(Weights._fields[:-1], 0.1), seam_digits=(0.0,) * 10)
    fitted, before, after = fit(lines, classifier, poor)
    assert after > before + 0.1 and math.isfinite(after)
    assert fitted.is_digit + fitted.odds > poor.is_digit + poor.odds
