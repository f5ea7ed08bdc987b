"""Weights from elsewhere are served as they were trained to be given their images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import cross_entropy

from model.classifier import Classifier
from model.data.digits import Labelled, Splits, joined
from model.errors import UnusableWeights
from model.net import Net
from model.preprocessing.pipeline import to_input
from model.registry.adopt import NORMALIZATIONS, Normalization, adopt, network_of, try_all, unseen
from model.registry.publish import WEIGHTS
from model.registry.store import Store
from tests.server import SHIPPED

State = dict[str, Tensor]


def silent(stage: str) -> None:
    """Report nothing."""


@pytest.fixture(scope="module")
def shipped() -> State:
    """Weights that were trained on deslanted digits, without normalization."""
    return load_file(SHIPPED / "1" / WEIGHTS)


def trained_on(normalization: Normalization, state: State) -> State:
    """Weights that give the same answers to normalized images as `state` does to others."""
    _, mean, deviation = normalization
    weight = state["conv1.weight"] * deviation
    return state | {
        "conv1.weight": weight,
        "conv1.bias": state["conv1.bias"] + mean * weight.sum((1, 2, 3)) / deviation,
    }


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_normalization_becomes_part_of_the_first_layer(normalization: Normalization, shipped: State) -> None:
    images = torch.rand(20, 1, 32, 32, generator=torch.Generator().manual_seed(2))
    plain = Net()
    plain.load_state_dict(shipped)
    with torch.inference_mode():
        expected = plain((images - normalization.mean) / normalization.deviation)
        torch.testing.assert_close(network_of(shipped, normalization)(images), expected, atol=1e-4, rtol=1e-4)


def trained(normalization: Normalization, digits: Labelled) -> State:
    """Weights as a notebook trains them on normalized digits, without deslanting."""
    torch.manual_seed(1)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    images = (torch.from_numpy(to_input(digits.images)) - normalization.mean) / normalization.deviation
    labels = torch.from_numpy(digits.labels)
    for _ in range(5):
        for which in torch.randperm(len(images)).split(32):
            optimizer.zero_grad()
            cross_entropy(net(images[which]), labels[which]).backward()
            optimizer.step()
    return net.state_dict()


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_the_normalization_that_weights_were_trained_with_is_found(
    normalization: Normalization, embedded: Splits
) -> None:
    trials = try_all(trained(normalization, embedded.train), joined(embedded.validation, embedded.test))
    assert (trials[0].normalization, trials[0].deslants) == (normalization, False) and len(trials) == 6
    assert [trial.loss for trial in trials] == sorted(trial.loss for trial in trials)


@pytest.mark.slow
def test_a_network_that_reads_better_without_is_not_deslanted(embedded: Splits, tmp_path: Path) -> None:
    store, state = Store(tmp_path), trained(NORMALIZATIONS[0], embedded.train)
    adopted = adopt(store, state, "", embedded, silent)
    assert not adopted.trials[0].deslants and not store.manifest(1)["adopted"]["deslants"]
    images = to_input(embedded.test.images)
    with torch.inference_mode():
        expected = network_of(state, NORMALIZATIONS[0])(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(Classifier.load(store.folder(1)).scores(images).logits, expected, atol=1e-4)


def slanted(digits: Labelled) -> Labelled:
    """Digits that lean to the right, so that deslanting helps whatever the network."""
    rows = [np.roll(digits.images[:, row], round((15.5 - row) * 0.3), axis=1) for row in range(32)]
    return Labelled(np.stack(rows, axis=1), digits.labels, digits.source)


def test_the_version_answers_as_the_network_did_and_says_where_it_comes_from(
    shipped: State, embedded: Splits, tmp_path: Path, classifier: Classifier
) -> None:
    store, normalization = Store(tmp_path), NORMALIZATIONS[1]
    leaning = replace(embedded, validation=slanted(embedded.validation), test=slanted(embedded.test))
    stages: list[str] = []
    adopted = adopt(store, trained_on(normalization, shipped), "ab" * 32, leaning, stages.append)
    assert stages == ["trying", "evaluating", "publishing"]
    images = to_input(embedded.test.images)
    ours = Classifier.load(store.folder(1))
    np.testing.assert_allclose(ours.scores(images).logits, classifier.scores(images).logits, atol=1e-3)
    np.testing.assert_allclose(load_file(store.folder(1) / WEIGHTS)["conv1.bias"], shipped["conv1.bias"], atol=1e-5)
    manifest = store.verify(1)
    record = manifest["adopted"]
    assert record["sha256"] == "ab" * 32 and record["deslants"] and len(record["tried"]) == 6
    assert record["tried"][0]["normalization"] == list(normalization)
    assert manifest["recipe"] is None and manifest["parent"] is None
    assert {part["count"] for part in manifest["data"]} == {300, 60}  # none of those that others trained on
    assert adopted.published.decision.promote and 0 < adopted.refused <= 1
    assert not (tmp_path / "CURRENT").exists()


def test_digits_that_others_have_not_trained_on_take_the_place_of_validation(mnist: Splits) -> None:
    splits = unseen(mnist)
    assert len(splits.validation) == len(splits.test) == 5000 and splits.validation.sha256 != splits.test.sha256
    together = {image.tobytes() for part in (splits.validation, splits.test) for image in part.images}
    assert together == {image.tobytes() for image in mnist.test.images}
    assert {part.source for part in (splits.validation, splits.test)} == {
        "MNIST test, every other digit", "MNIST test, the others"
    }  # fmt: skip


def test_the_embedded_digits_stay_as_they_are(embedded: Splits) -> None:
    assert unseen(embedded) is embedded


def test_a_network_that_reads_nothing_is_not_published(embedded: Splits, tmp_path: Path) -> None:
    torch.manual_seed(1)
    with pytest.raises(UnusableWeights, match=r"of the digits at most, .* expected Net with ReLU"):
        adopt(Store(tmp_path / "weights"), Net().state_dict(), "", embedded, silent)
    assert not (tmp_path / "weights").exists()
