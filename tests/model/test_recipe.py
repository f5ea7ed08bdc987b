"""Each setting of a recipe has its effect on the trained weights."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from model.data.digits import Labelled, Splits
from model.net import Net
from model.recipe import Progress, Recipe
from model.train import fit, loss_of

SHORT = Recipe(epochs=2, batch_size=64, outlier_share=0)
PLAIN = replace(SHORT, score_weight=0)


def weights(net: Net) -> torch.Tensor:
    """All weights of the network, one after the other."""
    return torch.cat([value.flatten() for value in net.state_dict().values()])


def one_cycle(recipe: Recipe, steps: int) -> list[float]:
    """The learning rate of each step."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.2, cycle_momentum=False
    )
    rates = []
    for _ in range(steps):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return rates


@pytest.mark.parametrize(("decay", "averaging"), [(0.0, 0.9), (2e5, 0.0), (2e5, 0.9), (2e5, 0.999)])
def test_weights_decay_at_the_schedules_rate_and_the_first_steps_count_more_in_their_average(
    embedded: Splits, decay: float, averaging: float
) -> None:
    """The learning rate is so small, and the decay so large, that only the decay moves the weights."""
    torch.manual_seed(0)
    start = Net()
    recipe = replace(SHORT, epochs=1, learning_rate=1e-6, weight_decay=decay, averaging=averaging)
    seen: list[Progress] = []
    net = fit(embedded.train, embedded.validation, recipe, start=start.state_dict(), on_progress=seen.append)
    now = average = 1.0
    for step, rate in enumerate(one_cycle(recipe, seen[-1].steps), start=1):
        now *= 1 - rate * decay
        average += (now - average) * (1 - min(averaging, step / (step + 9)))
    expected = weights(start) * (now if averaging == 0 else average)
    assert seen[-1].steps > 10
    torch.testing.assert_close(weights(net), expected, rtol=1e-3, atol=3e-5)


def test_the_average_of_a_short_training_has_forgotten_where_it_began(embedded: Splits) -> None:
    torch.manual_seed(0)
    start = Net()
    still = fit(
        embedded.train, embedded.validation, replace(SHORT, epochs=1, averaging=0.9999), start=start.state_dict()
    )
    last = fit(embedded.train, embedded.validation, replace(SHORT, epochs=1, averaging=0.0), start=start.state_dict())
    moved, way = weights(still) - weights(start), weights(last) - weights(start)
    assert moved.norm() > 0.3 * way.norm()


def test_label_smoothing_spreads_its_share_of_the_label_over_all_ten_digits() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]])
    surprise = (logits.logsumexp(1, keepdim=True) - logits)[0]  # −log of each digit's probability
    for share in (0.0, 0.2, 1.0):
        loss = loss_of(logits, torch.tensor([7]), replace(PLAIN, label_smoothing=share))
        assert loss.item() == pytest.approx((1 - share) * surprise[7].item() + share * surprise.mean().item(), rel=1e-5)


def test_an_outlier_counts_only_for_whether_there_is_a_digit() -> None:
    logits, labels = torch.tensor([[4.0] + [0.0] * 9, [2.0] * 10]), torch.tensor([0, 10])
    odds = logits.logsumexp(1)
    strange = (math.log1p(math.exp(-odds[0])) + math.log1p(math.exp(odds[1]))) / 2
    wrong = odds[0].item() - 4.0
    for weight in (0.0, 0.5, 2.0):
        loss = loss_of(logits, labels, replace(SHORT, score_weight=weight))
        assert loss.item() == pytest.approx(wrong + weight * strange, rel=1e-5)


def unreadable(digits: Labelled) -> Labelled:
    """A validation set of which nothing is ever read correctly: its labels are no digits."""
    return Labelled(digits.images, np.full(len(digits), -1), digits.source)


def epochs_until_it_stops(embedded: Splits, validation: Labelled, samples: Labelled | None) -> int:
    """The epoch after which a training of five epochs with a patience of one ends."""
    seen: list[Progress] = []
    recipe = replace(SHORT, epochs=5, patience=1, learning_rate=1e-2)
    fit(embedded.train[:400], validation[:20], recipe, samples=samples, on_progress=seen.append)
    return seen[-1].epoch


def test_a_training_goes_on_while_the_users_samples_are_read_better(embedded: Splits) -> None:
    hopeless = unreadable(embedded.validation)
    assert epochs_until_it_stops(embedded, hopeless, None) == 2
    assert epochs_until_it_stops(embedded, hopeless, embedded.test) > 2


def test_few_steps_ask_for_more_epochs_and_many_do_not() -> None:
    assert replace(SHORT, min_steps=40).lengthened(10).epochs == 4
    assert replace(SHORT, min_steps=41).lengthened(10).epochs == 5
    assert replace(SHORT, min_steps=40).lengthened(100).epochs == SHORT.epochs
