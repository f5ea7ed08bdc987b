"""Augmentation: a seed fixes it, strength 0 switches it off, and digits keep their range of size and tone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from model.recipe import Strength
from model.training.augmentation import augment, few_pixels, largest_around, take_line_away

NONE = Strength().scaled(0)
FULL = Strength(15, 0.2, 2, 2, 1, 1, 1, 1, 1, 1, 1)


@pytest.fixture
def images() -> Tensor:
    torch.manual_seed(2)
    return F.pad(torch.rand(20, 1, 16, 16), (8, 8, 8, 8))


def test_the_same_seed_distorts_alike_and_another_does_not(images: Tensor) -> None:
    first, again, other = (augment(images, FULL, Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_nothing_changes_when_everything_is_off(images: Tensor) -> None:
    torch.testing.assert_close(augment(images, NONE, Generator()), images, rtol=0, atol=1e-5)


def test_pixels_stay_between_black_and_white(images: Tensor) -> None:
    distorted = augment(images, FULL, Generator().manual_seed(3))
    assert distorted.shape == images.shape and distorted.min() >= 0 and distorted.max() <= 1


def test_a_shift_moves_the_ink_by_at_most_what_is_allowed(images: Tensor) -> None:
    moved = augment(images, replace(NONE, shift=2), Generator().manual_seed(4))
    axis = torch.arange(32.0)
    for dimensions in ((1, 2), (1, 3)):
        before, after = (((x.sum(dim=dimensions) * axis).sum(1) / x.sum(dim=(1, 2, 3))) for x in (images, moved))
        assert 0.5 < (after - before).abs().max() <= 2.001


def test_the_largest_around_is_a_max_pool(images: Tensor) -> None:
    assert torch.equal(largest_around(images), F.max_pool2d(images, 3, 1, 1))
    assert torch.equal(largest_around(-images), F.max_pool2d(-images, 3, 1, 1))


def test_few_pixels_shrink_and_enlarge_as_a_thumbnail_is(images: Tensor) -> None:
    for side, resized in zip(range(8, 17), few_pixels(images.device), strict=True):
        small = F.interpolate(images, side, mode="area")
        expected = F.interpolate(small, 32, mode="bicubic", align_corners=False)
        torch.testing.assert_close(resized.t() @ images @ resized, expected, rtol=0, atol=1e-5)


def test_always_as_many_images_are_changed(images: Tensor) -> None:
    """A CUDA graph is replayed with the shapes that it was recorded with."""
    for seed in range(5):
        changed = augment(images, replace(NONE, noise=0.25), Generator().manual_seed(seed)) != images
        assert changed.flatten(1).any(1).sum() == 5


def test_a_line_that_is_taken_away_leaves_a_narrow_gap_or_a_short_piece() -> None:
    solid, blank = torch.ones(200, 1, 32, 32), torch.zeros(200, 1, 32, 32)
    lost = (1 - take_line_away(solid, Generator().manual_seed(0))).sum(dim=(1, 2, 3))
    left = take_line_away(blank, Generator().manual_seed(0)).sum(dim=(1, 2, 3))
    has_gap, has_piece = lost > 0, left > 0
    assert 0.5 < has_gap.float().mean() < 0.7 and not (has_gap & has_piece).any()
    assert lost[has_gap].min() > 5 and lost.max() < 90
    assert (has_gap | has_piece).float().mean() > 0.95 and left.max() < 22
