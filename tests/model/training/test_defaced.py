"""Defaced digits: halves, crossed-out digits, digits in a ring or box, outlines."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor

from model.training.defaced import LINES, crossed_out, enclosed, halved, hollow
from model.training.drawings import drawn_with_a_pen

COUNT = 50


@pytest.fixture
def generator() -> Generator:
    return Generator().manual_seed(0)


def block() -> Tensor:
    """COUNT pictures of a filled square of 16 pixels in the middle."""
    pictures = torch.zeros(COUNT, 1, 32, 32)
    pictures[:, :, 8:24, 8:24] = 1
    return pictures


@pytest.mark.parametrize(("turn", "row", "column"), [(0, -1, 0), (0.5, 0, 1), (1, 1, 0), (1.5, 0, -1)])
def test_a_half_is_what_lies_in_the_direction_that_was_asked_for(
    turn: float, row: int, column: int, generator: Generator
) -> None:
    halves = halved(block(), torch.full((COUNT,), turn * math.pi), generator)
    mass = halves.sum(dim=(1, 2, 3))
    assert (mass > 0.3 * 256).all() and (mass < 0.7 * 256).all()
    axis = torch.arange(32) - 15.5
    down = (halves[:, 0].sum(dim=2) * axis).sum(dim=1) / mass
    across = (halves[:, 0].sum(dim=1) * axis).sum(dim=1) / mass
    assert (down.sign() * (down.abs() > 2)).eq(row).all() and (across.sign() * (across.abs() > 2)).eq(column).all()


def test_a_crossed_out_digit_keeps_its_ink_and_gets_as_many_lines_as_was_asked_for(generator: Generator) -> None:
    small = torch.zeros(COUNT, 1, 32, 32)
    small[:, :, 15:17, 15:17] = 1
    means = []
    for lines in range(1, LINES + 1):
        struck = crossed_out(small, torch.full((COUNT,), lines), generator)
        assert (struck >= small).all() and struck.max() <= 1
        added = (struck - small).sum(dim=(1, 2, 3))
        assert (added > 5).all() and (added < 130 * lines).all()
        means.append(added.mean().item())
    assert means[0] + 15 < means[1] < means[2] < means[4]


def test_lines_go_through_the_middle_of_what_they_cross_out(generator: Generator) -> None:
    for lines in (1, 2):
        struck = crossed_out(torch.zeros(COUNT, 1, 32, 32), torch.full((COUNT,), lines), generator)
        mass = struck.sum(dim=(1, 2, 3))
        for axis in (1, 2):
            middle = (struck[:, 0].sum(dim=3 - axis) * torch.arange(32)).sum(dim=1) / mass
            assert ((middle - 15.5).abs() < 4).all()


def test_a_single_line_is_straight(generator: Generator) -> None:
    struck = crossed_out(torch.zeros(COUNT, 1, 32, 32), torch.ones(COUNT, dtype=torch.int64), generator)
    for picture in struck[:, 0]:
        points = torch.nonzero(picture > 0.2).float()
        narrow = torch.linalg.svdvals(points - points.mean(dim=0))[1] / len(points) ** 0.5
        assert narrow < 1.5


def test_a_digit_in_a_ring_or_box_is_surrounded_by_ink_and_still_there(generator: Generator) -> None:
    pictures = enclosed(block(), generator)
    middle = pictures[:, 0, 16, 16]
    assert (middle > 0.99).all()
    for ray in (pictures[:, 0, 16, 16:], pictures[:, 0, 16, :16].flip(1), pictures[:, 0, 16:, 16]):
        edge = (ray > 0.5).int().diff(dim=1)
        assert ((edge == 1).sum(dim=1) == 1).all(), "paper between the digit and what surrounds it"


def test_an_outline_is_where_the_edge_of_the_stroke_was(generator: Generator) -> None:
    pictures = hollow(block(), generator)
    assert pictures.shape == (COUNT, 1, 64, 64)
    assert (pictures[:, 0, 20:44, 20:44] < 0.5).all()
    assert (pictures[:, 0, 32, :16] > 0.5).any(dim=1).all()


def test_a_seed_fixes_them() -> None:
    for make in (enclosed, hollow):
        first, again = (make(block(), Generator().manual_seed(3)) for _ in range(2))
        assert torch.equal(first, again)
    assert drawn_with_a_pen(torch.full((1, 1, 2), 1e3), torch.ones(1, 1)).max() == 0
