"""Early stopping keeps the best network, and ends a training that no longer improves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.data.digits import Labelled, Splits
from model.data.training_data import NO_SAMPLES
from model.net import Net
from model.recipe import Progress, Recipe
from model.train import fit
from model.training.early_stopping import EarlyStopping

SHORT = Recipe(epochs=2, batch_size=64, cut_share=0, outlier_share=0, lines_per_batch=0)


def unreadable(digits: Labelled) -> Labelled:
    """A validation set of which nothing is ever read correctly: its labels are no digits."""
    return Labelled(digits.images, np.full(len(digits), -1), digits.source)


def epochs_until_it_stops(embedded: Splits, validation: Labelled, samples: Labelled) -> int:
    """The epoch after which a training of five epochs with a patience of one ends."""
    seen: list[Progress] = []
    recipe = replace(SHORT, epochs=5, patience=1, learning_rate=1e-2)
    fit(embedded.train[:400], validation[:20], recipe, samples=samples, on_progress=seen.append)
    return seen[-1].epoch


def test_a_training_goes_on_while_the_users_samples_are_read_better(embedded: Splits) -> None:
    hopeless = unreadable(embedded.validation)
    assert epochs_until_it_stops(embedded, hopeless, NO_SAMPLES) == 2
    assert epochs_until_it_stops(embedded, hopeless, embedded.test) > 2


def test_early_stopping_keeps_the_best_and_ends_when_patience_does() -> None:
    stopping, nets = EarlyStopping(patience=2), [Net() for _ in range(4)]
    assert [stopping.stops(net, score) for net, score in zip(nets, (0.5, 0.9, 0.8, 0.9), strict=True)] == [0, 0, 0, 1]
    assert stopping.best is nets[1]
    patient = EarlyStopping(patience=0)
    assert not any(patient.stops(net, score) for net, score in zip(nets, (0.9, 0.5, 0.4, 0.3), strict=True))
    assert patient.best is nets[3]


def test_a_retraining_with_nothing_to_gain_ends_early(embedded: Splits) -> None:
    seen: list[Progress] = []
    still = replace(SHORT, epochs=50, learning_rate=1e-12, patience=2)
    fit(embedded.train, embedded.validation, still, on_progress=seen.append)
    assert seen[-1].epoch == 3
