"""Outliers: pictures that show no digit, which the network learns to refuse."""

from __future__ import annotations

import torch

from model.data.digits import Splits
from model.data.training_data import NO_SAMPLES
from model.deslant import Deslanted
from model.recipe import Recipe
from model.train import fit
from model.training.batches import NO_DIGIT, Batches, WithOutliers
from model.training.drawings import drawn_with_a_pen
from model.training.out_of_distribution import make_outliers, place


def test_outliers_are_pictures_of_the_networks_size_that_a_seed_fixes(embedded: Splits) -> None:
    first, again, other = (make_outliers(embedded.train, 100, seed) for seed in (1, 1, 2))
    assert first.shape == (100, 32, 32) and first.dtype == torch.uint8
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_outliers_are_placed_as_the_pipeline_places_digits() -> None:
    page = torch.zeros(1, 1, 64, 64)
    page[:, :, 3:43, 10:20] = 1  # 40 high, 10 wide
    placed = place(page)[0, 0]
    rows, columns = (placed.sum(dim=axis) > 0.1 for axis in (1, 0))
    assert rows.sum() in (20, 21) and columns.sum() in (5, 6)
    middle = (placed.sum(dim=1) * torch.arange(32)).sum() / placed.sum()
    assert abs(middle - 15.5) < 0.1


def test_what_a_pen_draws_is_exact_so_that_each_run_learns_from_the_same() -> None:
    """Distances computed by matrix products had rounding errors, which differed between runs on a busy machine."""
    generator = torch.Generator().manual_seed(0)
    line, radius = torch.rand(100, 120, 2, generator=generator) * 31, torch.full((100, 1), 1.5)
    row, column = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    pixels = torch.stack([row, column], dim=2).view(1, 1024, 1, 2).double()
    distance = (pixels - line.double().unsqueeze(1)).square().sum(dim=3).amin(dim=2).sqrt()
    expected = (2.0 - distance).clamp(0, 1).view(-1, 1, 32, 32).float()
    torch.testing.assert_close(drawn_with_a_pen(line, radius), expected, rtol=0, atol=1e-5)


def test_a_share_of_each_batch_is_outliers_which_no_digit_labels(embedded: Splits) -> None:
    recipe = Recipe(batch_size=50, outlier_share=0.1)
    device, generator = torch.device("cpu"), torch.Generator().manual_seed(0)
    plain = Batches(embedded.train, NO_SAMPLES, recipe, device, generator)
    batches = WithOutliers(plain, embedded.train, recipe, device, generator)
    images, labels = next(iter(batches))
    assert len(batches) == len(plain)
    assert images.shape == (55, 1, 32, 32) and labels.shape == (55,)
    assert (labels[:50] < 10).all() and (labels[50:] == NO_DIGIT).all()


def test_the_score_of_a_training_is_the_log_odds_of_a_digit(embedded: Splits) -> None:
    """The score is above 0 for digits and below 0 for outliers, all of them new to the network."""
    net = fit(embedded.train, embedded.validation, Recipe(epochs=30, outlier_share=0.3))
    outliers = make_outliers(embedded.train, 300, seed=99)
    with torch.inference_mode():
        digit, outlier = (
            Deslanted(net)(images.unsqueeze(1).float() / 255).logsumexp(dim=1) > 0
            for images in (torch.from_numpy(embedded.validation.images), outliers)
        )
    assert digit.float().mean() > 0.9 and outlier.float().mean() < 0.2
