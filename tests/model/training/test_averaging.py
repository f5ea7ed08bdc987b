"""The weights of a training are an average over its steps, in which the first steps fade."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from model.data.digits import Splits
from model.net import Net
from model.recipe import Progress, Recipe
from model.train import fit

SHORT = Recipe(epochs=2, batch_size=64, cut_share=0, outlier_share=0, lines_per_batch=0)


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
