"""The data of one training lists its sets for the manifest."""

from __future__ import annotations

from model.data.digits import Splits
from model.data.training_data import TrainingData


def test_the_manifest_names_every_set_that_holds_digits(embedded: Splits) -> None:
    alone = TrainingData(embedded)
    assert len(alone.samples) == len(alone.held_out) == 0
    assert alone.sets() == [embedded.train, embedded.validation, embedded.test]
    samples, held_out = embedded.test[:3], embedded.test[3:5]
    assert TrainingData(embedded, samples, held_out).sets() == [*alone.sets(), samples, held_out]
    assert TrainingData(embedded, held_out=held_out).sets() == [*alone.sets(), held_out]
    every = TrainingData(embedded, samples, held_out, (samples, held_out), held_out).sets()
    assert [len(part) for part in every] == [1197, 3, 2, 300, 2, 300, 3, 2]


def test_digits_in_other_hands_are_added_without_touching_the_rest(embedded: Splits) -> None:
    before = TrainingData(embedded, embedded.test[:3], embedded.test[3:5])
    data = before.with_other_hands(0.05, seed=1)
    assert [len(part) for part in data.further] == [60] and len(data.foreign) == 60
    assert (data.splits, data.samples, data.held_out) == (before.splits, before.samples, before.held_out)
