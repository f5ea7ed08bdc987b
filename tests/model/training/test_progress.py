"""A training reports its progress at intervals, and at the end of each epoch."""

from __future__ import annotations

import pytest
import torch

from model.errors import Diverged
from model.recipe import Progress, Recipe, after_training
from model.training.progress import REPORT_SECONDS, Reporter
from tests.clock import Clock

LOSS = torch.tensor(0.5)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("model.training.progress.time", made)
    return made


def test_reports_are_no_closer_than_a_database_can_take(clock: Clock) -> None:
    seen: list[Progress] = []
    reporter = Reporter(Recipe(epochs=1), 100, seen.append)
    for _ in range(10):
        clock.now += REPORT_SECONDS / 2
        reporter.after_step(1, LOSS)
    assert [progress.step for progress in seen] == [2, 4, 6, 8, 10]
    assert seen[-1].steps == 100 and seen[-1].loss == 0.5 and seen[-1].accuracy is None
    assert seen[-1].eta_seconds == pytest.approx(90 * REPORT_SECONDS / 2, abs=0.1)


def test_an_epochs_last_step_is_reported_once_with_the_new_accuracy(clock: Clock) -> None:
    seen: list[Progress] = []
    reporter = Reporter(Recipe(epochs=2), 4, seen.append)
    for epoch, accuracy in ((1, 0.25), (2, 0.75)):
        for _ in range(2):
            clock.now += REPORT_SECONDS
            reporter.after_step(epoch, LOSS)
        reporter.after_epoch(epoch, LOSS, accuracy)
    assert [(progress.step, progress.accuracy) for progress in seen] == [(1, None), (2, 0.25), (3, 0.25), (4, 0.75)]
    assert [progress.ends_epoch for progress in seen] == [False, True, False, True]


def test_what_comes_after_training_has_no_steps_left() -> None:
    assert after_training("publishing", Recipe(epochs=3)).ends_epoch


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_told(clock: Clock, loss: float) -> None:
    reporter = Reporter(Recipe(epochs=1), 2, lambda progress: None)
    clock.now += REPORT_SECONDS
    with pytest.raises(Diverged, match="nothing was published"):
        reporter.after_step(1, torch.tensor(loss))
