"""Reminders of what the version before says of pieces of lines: what it learned by reading lines is kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Generator

from model.data.digits import Labelled, Splits
from model.deslant import deslant
from model.net import Net
from model.numbers.lattice import WEIGHTS
from model.recipe import RETRAIN, Recipe, Strength
from model.train import fit
from model.training.batches import to_input
from model.training.fused import FusedNet
from model.training.lattices import Lattices, as_tensor, tempered
from model.training.reminders import Reminders
from model.training.written_lines import are_clear, written_line
from tests.server import SHIPPED

STILL = Strength().scaled(0)


@pytest.fixture
def shipped() -> Net:
    """The network of the shipped version."""
    net = Net()
    net.load_state_dict(load_file(SHIPPED / "1" / "weights.safetensors"))
    return net


def likelihood(net: Net, splits: Splits) -> float:
    """The mean log likelihood of some lines, which are written with test digits."""
    random, is_clear = np.random.default_rng(5), partial(are_clear, net.eval())
    lattices = Lattices([written_line(splits.test, random, is_clear) for _ in range(100)])
    with torch.no_grad():
        logits = net(deslant(to_input(lattices.pixels)))
        found = lattices.log_likelihood(logits.log_softmax(1), logits.logsumexp(1), as_tensor(WEIGHTS))
    return float(tempered(found).mean())


def test_the_loss_is_how_far_the_answers_have_moved(embedded: Splits, shipped: Net) -> None:
    reminders = Reminders(embedded.train, shipped, RETRAIN, torch.device("cpu"), Generator().manual_seed(0))
    network = FusedNet(shipped, normalize=False)
    assert reminders.loss(network, STILL) == 0
    losses = []
    for shift in (1.0, 1.0, 2.0):
        shipped.fc3.bias.data += shift  # the network before stays as it was
        losses.append(reminders.loss(network, STILL).item())
    assert losses == pytest.approx([0.5, 1.5, 3.5], rel=1e-3)  # Huber's loss of 1, 2 and 4


@pytest.mark.slow
def test_a_retraining_keeps_what_was_learned_by_reading_lines(embedded: Splits, shipped: Net) -> None:
    before, start = likelihood(shipped, embedded), shipped.state_dict()
    recipe = replace(RETRAIN, epochs=4, learning_rate=3e-3, cut_share=0, outlier_share=0)
    lost = [
        before - likelihood(fit(embedded.train, embedded.validation, one, start=start), embedded)
        for one in (recipe, replace(recipe, reminders_per_batch=0))
    ]
    assert lost[0] < lost[1] - 0.1


def test_only_a_training_from_weights_has_some(embedded: Splits, shipped: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Net] = []
    begin = Reminders.__init__

    def noted(reminders: Reminders, digits: Labelled, net: Net, *others: Any) -> None:
        made.append(net)
        begin(reminders, digits, net, *others)

    monkeypatch.setattr(Reminders, "__init__", noted)
    recipe = Recipe(epochs=1, cut_share=0, outlier_share=0, lines_per_batch=0, reminders_per_batch=8)
    fit(embedded.train, embedded.validation, recipe)
    fit(embedded.train, embedded.validation, replace(recipe, reminders_per_batch=0), start=shipped.state_dict())
    assert not made
    fit(embedded.train, embedded.validation, recipe, start=shipped.state_dict())
    assert len(made) == 1
