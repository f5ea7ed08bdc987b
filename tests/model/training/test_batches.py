"""Batches: users' samples are mixed in, and outliers are added."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.data.digits import Labelled, Splits
from model.data.training_data import NO_SAMPLES
from model.recipe import RETRAIN, Recipe
from model.training.batches import NO_DIGIT, Batches, WithOutliers


@pytest.mark.parametrize(("count", "places"), [(1, 1), (10, 5), (60, 23), (100, 25), (10_000, 25)])
def test_few_samples_count_but_none_above_its_repeats_and_many_do_not_take_over(count: int, places: int) -> None:
    train = Labelled(np.zeros((5_500, 32, 32), np.uint8), np.zeros(5_500, np.int64), "train")
    marked = np.full((count, 32, 32), 1, np.uint8) * (np.arange(count, dtype=np.uint8) % 250 + 1)[:, None, None]
    samples = Labelled(marked, np.ones(count, np.int64), "samples")
    batches = Batches(train, samples, RETRAIN, "cpu", torch.Generator().manual_seed(0))
    seen = torch.zeros(251)
    for images, labels in batches:
        assert images.shape == (RETRAIN.batch_size, 1, 32, 32) and images.max() <= 1
        assert int(labels.sum()) <= places
        seen += torch.bincount((images[labels == 1, 0, 0, 0] * 255).round().long(), minlength=251)
    assert seen.sum() == min(RETRAIN.sample_repeats * count, places * len(batches))
    assert seen.max() <= RETRAIN.sample_repeats * -(-count // 250)


def test_a_share_of_each_batch_is_outliers_which_no_digit_labels(embedded: Splits) -> None:
    recipe = Recipe(batch_size=50, outlier_share=0.1)
    device, generator = torch.device("cpu"), torch.Generator().manual_seed(0)
    plain = Batches(embedded.train, NO_SAMPLES, recipe, device, generator)
    batches = WithOutliers(plain, embedded.train, recipe, device, generator)
    images, labels = next(iter(batches))
    assert len(batches) == len(plain)
    assert images.shape == (55, 1, 32, 32) and labels.shape == (55,)
    assert (labels[:50] < 10).all() and (labels[50:] == NO_DIGIT).all()
