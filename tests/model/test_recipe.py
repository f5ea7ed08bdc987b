"""A recipe has more epochs where they have few steps, and distorts less in the last ones."""

from __future__ import annotations

from dataclasses import replace

from model.data.digits import Splits
from model.recipe import QUICK, Progress, Recipe
from model.train import fit

SHORT = Recipe(epochs=2, batch_size=64, cut_share=0, outlier_share=0, lines_per_batch=0)


def test_few_steps_ask_for_more_epochs_and_many_do_not() -> None:
    assert replace(SHORT, min_steps=40).lengthened(10).epochs == 4
    assert replace(SHORT, min_steps=41).lengthened(10).epochs == 5
    assert replace(SHORT, min_steps=40).lengthened(100).epochs == SHORT.epochs


def test_a_quick_training_of_few_digits_has_as_many_steps(embedded: Splits) -> None:
    seen: list[Progress] = []
    fit(embedded.train, embedded.validation, replace(SHORT, epochs=1, min_steps=40), on_progress=seen.append)
    assert seen[-1].step == seen[-1].steps >= 40 and seen[-1].epochs == 3
    batches = QUICK.pruned_to // QUICK.batch_size
    assert QUICK.min_steps > 100 and QUICK.lengthened(batches).epochs == QUICK.epochs


def test_the_last_epochs_see_digits_half_as_distorted() -> None:
    recipe = Recipe(epochs=10, ease_after=0.7)
    strengths = [recipe.strength_in(epoch) for epoch in range(1, 11)]
    assert strengths == [recipe.strength] * 7 + [recipe.strength.scaled(0.5)] * 3
    assert recipe.strength.scaled(0.5).rotation == recipe.strength.rotation / 2
