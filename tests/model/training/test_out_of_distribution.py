"""Outliers: pictures that show no digit, which the network learns to refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.data.digits import Splits
from model.data.handwriting.digits import FORMS
from model.deslant import Deslanted
from model.recipe import Recipe
from model.train import fit
from model.training.drawings import drawn_with_a_pen
from model.training.out_of_distribution import Source, chunk, make_outliers, place, written


def test_outliers_are_pictures_of_the_networks_size_that_a_seed_fixes(embedded: Splits) -> None:
    first, again, other = (make_outliers(embedded.train, 100, seed) for seed in (1, 1, 2))
    assert first.shape == (100, 32, 32) and first.dtype == torch.uint8
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_as_many_chunks_of_720_outliers_are_made_as_are_needed(embedded: Splits) -> None:
    generator = torch.Generator().manual_seed(0)
    made = chunk(Source(embedded.train, generator), generator)
    assert made.shape == (720, 1, 32, 32) and made.min() >= 0 and made.max() <= 1
    assert [len(make_outliers(embedded.train, count, 1)) for count in (720, 721)] == [720, 721]


def test_a_source_draws_digits_of_the_labels_that_are_asked_for(embedded: Splits) -> None:
    some = Source(embedded.train, torch.Generator().manual_seed(0))
    known = {
        image.tobytes(): int(label) for image, label in zip(embedded.train.images, embedded.train.labels, strict=True)
    }
    drawn = (some(40, (3, 5)) * 255).round().to(torch.uint8).numpy()[:, 0]
    assert {known[image.tobytes()] for image in drawn} == {3, 5}


def test_letters_and_signs_are_written_by_the_pen_that_writes_digits() -> None:
    form = FORMS[7]["barred"]
    pages = written((form,), 3, np.random.default_rng(0))
    assert pages.shape == (3, 1, 32, 32) and pages.max() == 1 and not torch.equal(pages[0], pages[1])


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


@pytest.mark.slow
def test_the_score_of_a_training_is_the_log_odds_of_a_digit(embedded: Splits) -> None:
    """The score is above 0 for digits and below 0 for outliers, all of them new to the network."""
    net = fit(embedded.train, embedded.validation, Recipe(epochs=50, outlier_share=0.3, lines_per_batch=0))
    outliers = make_outliers(embedded.train, 300, seed=99)
    with torch.inference_mode():
        digit, outlier = (
            Deslanted(net)(images.unsqueeze(1).float() / 255).logsumexp(dim=1) > 0
            for images in (torch.from_numpy(embedded.validation.images), outliers)
        )
    assert digit.float().mean() > 0.9 and outlier.float().mean() < 0.2
