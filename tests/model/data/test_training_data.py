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
