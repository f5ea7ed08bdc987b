"""What the network learns to refuse: pictures made from digits and lines that are no digit."""

from __future__ import annotations

import torch

from model.batches import Batches, WithOutliers
from model.data import Splits
from model.outliers import make_outliers, place
from model.recipe import Recipe


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


def test_a_share_of_each_batch_is_outliers_whose_target_is_every_digit_alike(embedded: Splits) -> None:
    recipe = Recipe(batch_size=50, outlier_share=0.1)
    generator = torch.Generator().manual_seed(0)
    plain = Batches(embedded.train, None, recipe, "cpu", generator)
    batches = WithOutliers(plain, embedded.train, recipe, "cpu", generator)
    images, targets = next(iter(batches))
    assert len(batches) == len(plain)
    assert images.shape == (55, 1, 32, 32) and targets.shape == (55, 10)
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(55))
    assert (targets[:50].amax(dim=1) == 1).all() and (targets[50:] == 0.1).all()
