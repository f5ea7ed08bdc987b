"""Training learns by its two losses, is repeatable, and reports its progress."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.data.digits import Splits
from model.data.training_data import TrainingData
from model.deslant import Deslanted
from model.errors import DataError, Diverged
from model.net import Net
from model.recipe import Progress, Recipe
from model.registry.store import Store
from model.train import fit, loss_of, run
from model.training.validation import accuracy

SHORT = Recipe(epochs=2, batch_size=64, lines_per_batch=0)


def digest(net: Net) -> bytes:
    return b"".join(value.numpy().tobytes() for value in net.state_dict().values())


def test_a_training_learns(embedded: Splits) -> None:
    net = fit(embedded.train, embedded.validation, replace(SHORT, epochs=20))
    assert accuracy(Deslanted(net), embedded.test) > 0.85


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_another_does_not(embedded: Splits) -> None:
    first, again = (fit(embedded.train, embedded.validation, SHORT) for _ in range(2))
    other = fit(embedded.train, embedded.validation, replace(SHORT, seed=2))
    assert digest(first) == digest(again) != digest(other)


def test_a_state_dict_of_the_tutorials_net_is_where_a_training_can_go_on_from(embedded: Splits) -> None:
    torch.manual_seed(0)
    start = Net().state_dict()
    net = fit(embedded.train, embedded.validation, replace(SHORT, epochs=1, learning_rate=1e-9), start=start)
    assert all(torch.allclose(value, start[name], atol=1e-4) for name, value in net.state_dict().items())


@pytest.mark.slow
def test_a_normalized_training_learns_sooner_and_gives_the_tutorials_net(embedded: Splits) -> None:
    plain, normalized = (
        [fit(embedded.train, embedded.validation, replace(SHORT, seed=seed, normalize=on)) for seed in (1, 2, 3)]
        for on in (False, True)
    )
    assert normalized[0].state_dict().keys() == plain[0].state_dict().keys()
    before, after = (np.mean([accuracy(Deslanted(net), embedded.test) for net in nets]) for nets in (plain, normalized))
    assert after > before + 0.1


def test_weights_that_a_training_goes_on_from_are_not_normalized(embedded: Splits) -> None:
    torch.manual_seed(0)
    start = Net().state_dict()
    still = replace(SHORT, epochs=1, learning_rate=1e-9, normalize=True)
    net = fit(embedded.train, embedded.validation, still, start=start)
    assert all(torch.allclose(value, start[name], atol=1e-4) for name, value in net.state_dict().items())


def test_progress_goes_up_to_the_end(embedded: Splits) -> None:
    seen: list[Progress] = []
    fit(embedded.train, embedded.validation, SHORT, on_progress=seen.append)
    assert seen[-1].step == seen[-1].steps and seen[-1].epoch == seen[-1].epochs == 2
    assert seen[-1].eta_seconds == 0 and 0 <= seen[-1].accuracy <= 1
    assert [p.step for p in seen] == sorted(p.step for p in seen)


def test_a_loss_that_is_no_number_any_more_ends_the_training(embedded: Splits) -> None:
    with pytest.raises(Diverged, match="nothing was published"):
        fit(embedded.train, embedded.validation, replace(SHORT, learning_rate=1e20))


def test_data_without_one_of_the_digits_is_refused(embedded: Splits) -> None:
    with pytest.raises(DataError, match="no image of 4"):
        fit(embedded.train[embedded.train.labels != 4], embedded.validation, SHORT)


@pytest.mark.slow
def test_two_trainings_with_the_same_seed_publish_the_same_files(embedded: Splits, tmp_path: Path) -> None:
    stores = [Store(tmp_path / name) for name in ("first", "again")]
    for store in stores:
        run(store, replace(SHORT, epochs=1), TrainingData(embedded), start="scratch")
    first, again = (store.verify(1)["files"] for store in stores)
    assert first == again and len(first) == 6


def test_label_smoothing_spreads_its_share_of_the_label_over_all_ten_digits() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]])
    surprise = (logits.logsumexp(1, keepdim=True) - logits)[0]  # −log of each digit's probability
    for share in (0.0, 0.2, 1.0):
        loss = loss_of(logits, torch.tensor([7]), replace(SHORT, score_weight=0, label_smoothing=share))
        assert loss.item() == pytest.approx((1 - share) * surprise[7].item() + share * surprise.mean().item(), rel=1e-5)


def test_an_outlier_counts_only_for_whether_there_is_a_digit() -> None:
    logits, labels = torch.tensor([[4.0] + [0.0] * 9, [2.0] * 10]), torch.tensor([0, 10])
    odds = logits.logsumexp(1)
    strange = (math.log1p(math.exp(-odds[0])) + math.log1p(math.exp(odds[1]))) / 2
    wrong = odds[0].item() - 4.0
    for weight in (0.0, 0.5, 2.0):
        loss = loss_of(logits, labels, replace(SHORT, score_weight=weight))
        assert loss.item() == pytest.approx(wrong + weight * strange, rel=1e-5)
