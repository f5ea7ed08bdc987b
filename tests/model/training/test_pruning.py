"""Data pruning keeps the hardest digits of each class, which teach more than the same number of random ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.data.digits import Labelled, Splits
from model.data.training_data import NO_SAMPLES
from model.deslant import Deslanted
from model.net import Net
from model.recipe import QUICK, Recipe
from model.train import fit
from model.training.batches import batches_of
from model.training.pruning import margins, prune
from model.training.validation import accuracy

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def quick(mnist: Splits) -> Net:
    """A quick training's network."""
    return fit(mnist.train, mnist.validation, QUICK)


def margins_of(digits: Labelled) -> np.ndarray:
    return margins(torch.from_numpy(digits.images), torch.from_numpy(digits.labels)).numpy()


def test_a_digit_that_the_classifier_misreads_is_hard(embedded: Splits) -> None:
    digits = embedded.train
    assert (margins_of(digits) > 0).mean() > 0.95
    wrong = np.arange(0, len(digits), 50)
    labels = digits.labels.copy()
    labels[wrong] = (labels[wrong] + 1) % 10
    found = margins_of(Labelled(digits.images, labels, "a few with wrong labels"))
    assert np.median(found[wrong]) < 0 < np.median(np.delete(found, wrong))


def test_the_hardest_of_each_class_are_kept_in_their_order(embedded: Splits) -> None:
    digits, margin = embedded.train, margins_of(embedded.train)
    kept = prune(digits, 400, CPU)
    assert 400 <= len(kept) <= 409
    position = {image.tobytes(): place for place, image in enumerate(digits.images)}
    places = np.array([position[image.tobytes()] for image in kept.images])
    assert (np.diff(places) > 0).all() and (digits.labels[places] == kept.labels).all()
    for label in range(10):
        members = np.flatnonzero(digits.labels == label)
        inside = np.isin(members, places)
        assert inside.sum() == np.ceil(len(members) * 400 / len(digits))
        assert margin[members[inside]].max() <= margin[members[~inside]].min()


@pytest.mark.parametrize("count", [1_197, 11_000])
def test_few_digits_are_all_kept(embedded: Splits, count: int) -> None:
    assert prune(embedded.train, count, CPU) is embedded.train


@pytest.mark.parametrize(("pruned_to", "steps"), [(400, 10), (0, 29)])
def test_a_recipe_trains_on_as_many_digits_as_it_prunes_to(embedded: Splits, pruned_to: int, steps: int) -> None:
    recipe = Recipe(pruned_to=pruned_to, batch_size=40, cut_share=0, outlier_share=0, lines_per_batch=0)
    assert len(batches_of(embedded.train, NO_SAMPLES, recipe, CPU, torch.Generator())) == steps


def test_blank_and_equal_images_are_as_hard_as_each_other() -> None:
    blank = Labelled(np.zeros((40, 32, 32), np.uint8), np.arange(40) % 10, "blank")
    assert np.isfinite(margins_of(blank)).all()
    assert np.bincount(prune(blank, 20, CPU).labels).tolist() == [2] * 10


@pytest.mark.slow
def test_the_hardest_digits_teach_a_quick_training_more_than_as_many_others(mnist: Splits, quick: Net) -> None:
    others = fit(mnist.train[: QUICK.pruned_to], mnist.validation, QUICK)
    hardest, by_chance = (accuracy(Deslanted(net), mnist.validation) for net in (quick, others))
    assert hardest > by_chance + 0.002


def test_a_quick_training_reaches_its_floor_on_mnist(mnist: Splits, quick: Net) -> None:
    assert 0.99 < accuracy(Deslanted(quick), mnist.test) < 1.0
