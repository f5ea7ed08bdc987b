"""Training learns, is repeatable, stops early or on Ctrl-C, and publishes a complete version or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.data.digits import Labelled, Splits
from model.data.training_data import TrainingData
from model.deslant import Deslanted
from model.errors import DataError, Diverged
from model.net import Net
from model.recipe import QUICK, RETRAIN, Progress, Recipe
from model.registry.store import Store
from model.train import fit, run
from model.training.batches import Batches
from model.training.early_stopping import EarlyStopping
from model.training.validation import accuracy
from tests.conftest import clean_environment, wait_until

SHORT = Recipe(epochs=2, batch_size=64)


def digest(net: Net) -> bytes:
    return b"".join(value.numpy().tobytes() for value in net.state_dict().values())


def test_a_training_learns(embedded: Splits) -> None:
    net = fit(embedded.train, embedded.validation, replace(SHORT, epochs=20))
    assert accuracy(Deslanted(net), embedded.test) > 0.85


def test_the_same_seed_gives_the_same_weights_and_another_does_not(embedded: Splits) -> None:
    first, again = (fit(embedded.train, embedded.validation, SHORT) for _ in range(2))
    other = fit(embedded.train, embedded.validation, replace(SHORT, seed=2))
    assert digest(first) == digest(again) != digest(other)


def test_a_state_dict_of_the_tutorials_net_is_where_a_training_can_go_on_from(embedded: Splits) -> None:
    torch.manual_seed(0)
    start = Net().state_dict()
    net = fit(embedded.train, embedded.validation, replace(SHORT, epochs=1, learning_rate=1e-9), start=start)
    assert all(torch.allclose(value, start[name], atol=1e-4) for name, value in net.state_dict().items())


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


def test_early_stopping_keeps_the_best_and_ends_when_patience_does() -> None:
    stopping, nets = EarlyStopping(patience=2), [Net() for _ in range(4)]
    assert [stopping.stops(net, score) for net, score in zip(nets, (0.5, 0.9, 0.8, 0.9), strict=True)] == [0, 0, 0, 1]
    assert stopping.best is nets[1]
    patient = EarlyStopping(patience=0)
    assert not any(patient.stops(net, score) for net, score in zip(nets, (0.9, 0.5, 0.4, 0.3), strict=True))
    assert patient.best is nets[3]


def test_a_retraining_with_nothing_to_gain_ends_early(embedded: Splits) -> None:
    seen: list[Progress] = []
    still = replace(SHORT, epochs=50, learning_rate=1e-12, patience=2)
    fit(embedded.train, embedded.validation, still, on_progress=seen.append)
    assert seen[-1].epoch == 3


def test_data_without_one_of_the_digits_is_refused(embedded: Splits) -> None:
    with pytest.raises(DataError, match="no image of 4"):
        fit(embedded.train[embedded.train.labels != 4], embedded.validation, SHORT)


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


def train_command(folder: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
    """A function that runs `numeral train` in a temporary folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "model.train", *options],
        env=clean_environment(**environment),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_publishes_and_promotes_a_first_version(small_weights: Path) -> None:
    store = Store(small_weights)
    assert store.current() == 1
    manifest = store.verify(1)
    pictures = ["acceptance.png", "confusion.png", "hardest.png", "reliability.png"]
    assert sorted(manifest["files"]) == sorted(["model.onnx", "weights.safetensors", *pictures])
    assert manifest["metrics"]["test"]["accuracy"] > 0.8
    assert {"recipe", "data", "calibration", "acceptance", "gate", "made_with", "image_pipeline"} <= manifest.keys()


def test_two_trainings_with_the_same_seed_publish_the_same_files(embedded: Splits, tmp_path: Path) -> None:
    stores = [Store(tmp_path / name) for name in ("first", "again")]
    for store in stores:
        run(store, replace(SHORT, epochs=1), TrainingData(embedded), start="scratch")
    first, again = (store.verify(1)["files"] for store in stores)
    assert first == again and len(first) == 6


def test_ctrl_c_leaves_nothing_half_written(tmp_path: Path) -> None:
    process = train_command(tmp_path, "--epochs", "100000")
    wait_until(lambda: "epoch" in (process.stdout.readline() if process.stdout else ""))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130 and "nothing was published" in errors
    assert os.listdir(tmp_path / "weights") == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--data", "nowhere"], "has neither"),
        (["--epochs", "0"], "--epochs must be above 0"),
        (["--learning-rate", "nan"], "--learning-rate must be above 0"),
        (["--seed", "-1"], "--seed must be 0 or more"),
        (["--seed", "9223372036854775808"], "--seed must be 0 or more"),
        (["--quick", "--batch", "1"], "--batch must be above 1"),
        (["--weights", "/proc/weights"], "/proc/weights can't be made"),
        (["--from", "current"], "no intact version"),
    ],
)
def test_what_can_not_be_trained_is_one_clear_line(tmp_path: Path, options: list[str], reason: str) -> None:
    process = train_command(tmp_path, *options)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.strip().splitlines()[-1].startswith("numeral: ") and reason in errors and "Traceback" not in errors


def test_a_quick_training_of_few_digits_has_as_many_steps(embedded: Splits) -> None:
    seen: list[Progress] = []
    fit(embedded.train, embedded.validation, replace(SHORT, epochs=1, min_steps=40), on_progress=seen.append)
    assert seen[-1].step == seen[-1].steps >= 40 and seen[-1].epochs == 3
    batches = QUICK.pruned_to // QUICK.batch_size
    assert QUICK.min_steps > 100 and QUICK.lengthened(batches).epochs == QUICK.epochs


def test_a_quick_training_reaches_its_floor_on_mnist(mnist: Splits) -> None:
    net = fit(mnist.train, mnist.validation, QUICK)
    assert 0.99 < accuracy(Deslanted(net), mnist.test) < 1.0
