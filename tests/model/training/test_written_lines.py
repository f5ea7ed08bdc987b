"""Lines beside a training's batches: always more, the same for a seed, and the network learns from them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from torch import Generator

from model.data.digits import Splits
from model.data.handwriting.drawn import drawn_digits
from model.net import Net
from model.recipe import Recipe, Strength
from model.train import fit
from model.training import written_lines
from model.training.fused import FusedNet
from model.training.written_lines import FIRST, READINGS, WrittenLines
from tests.server import SHIPPED

STILL = Strength().scaled(0)
RECIPE = Recipe(lines_per_batch=16)


def written(seed: int = 1) -> WrittenLines:
    torch.manual_seed(0)
    digits = drawn_digits(100, seed=1)
    return WrittenLines(digits, Net(), replace(RECIPE, seed=seed), torch.device("cpu"), Generator().manual_seed(seed))


def test_more_lines_are_written_as_others_were_read_often() -> None:
    lines, network = written(), FusedNet(Net(), normalize=False)
    for step in range(3):
        lines.loss(network, STILL)
        assert len(lines.lines) == FIRST + step * RECIPE.lines_per_batch // READINGS


def test_no_more_than_so_many_lines_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written_lines, "MOST", FIRST)
    lines = written()
    lines.write_more()
    before = list(lines.lines)
    lines.due = 1
    lines.write_more()
    assert sum(one is not other for one, other in zip(before, lines.lines, strict=True)) == 1


@pytest.mark.slow
def test_the_same_seed_writes_the_same_lines() -> None:
    one, again, other = written(), written(), written(seed=2)
    for lines in (one, again, other):
        lines.write_more()
    texts = [[line.text.tolist() for line in lines.lines] for lines in (one, again, other)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.slow
def test_a_network_that_follows_the_loss_reads_lines_again() -> None:
    lines, net = written(), Net()
    net.load_state_dict(load_file(SHIPPED / "1" / "weights.safetensors"))
    net.fc2.weight.data += 0.5 * torch.randn(net.fc2.weight.shape)
    network = FusedNet(net, normalize=False)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    losses = []
    for _ in range(40):
        loss = lines.loss(network, STILL)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) < sum(losses[:5])  # ten of them against five


def test_lines_are_read_in_the_last_epochs_alone(embedded: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    strengths: list[Strength] = []
    loss = WrittenLines.loss

    def counted(lines: WrittenLines, network: torch.nn.Module, strength: Strength) -> torch.Tensor:
        strengths.append(strength)
        return loss(lines, network, strength)

    monkeypatch.setattr(WrittenLines, "loss", counted)
    recipe = Recipe(epochs=4, batch_size=128, cut_share=0, outlier_share=0, lines_per_batch=1, lines_after=0.75)
    fit(embedded.train, embedded.validation, recipe)
    assert len(strengths) == len(embedded.train) // 128
    assert set(strengths) == {recipe.strength.scaled(0.5)}
