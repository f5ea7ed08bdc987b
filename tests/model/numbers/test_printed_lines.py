"""Straight runs of ink, among which the sides of boxes are."""

from __future__ import annotations

import numpy as np

from model.numbers.printed_lines import MAX_RUNS, straight_runs


def test_runs_are_level_or_upright_and_long_enough() -> None:
    mask = np.zeros((60, 80), bool)
    mask[10:12, 5:45] = mask[20:50, 60:63] = mask[55, 1:9] = True
    assert straight_runs(mask, 20).tolist() == [[[5, 10.5], [44, 10.5]], [[61, 20], [61, 49]]]


def test_only_the_longest_of_many_runs_are_looked_at() -> None:
    mask = np.zeros((2 * MAX_RUNS + 20, 100), bool)
    mask[: 2 * MAX_RUNS + 20 : 2, :20] = True
    mask[5:45, 60] = True
    runs = straight_runs(mask, 10)
    assert len(runs) == MAX_RUNS and [[60, 5], [60, 44]] in runs.tolist()
