"""The lattice's sums, texts and probabilities agree with counting every path."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest

from model.numbers.lattice import CHOICES, Edge, Lattice, choices_of, likeliest, total

SEEDS = range(6)


def random_lattice(seed: int, nodes: int = 4) -> Lattice:
    """A lattice over `nodes` primitives in which a piece may join two, and two digits are possible for each."""
    random = np.random.default_rng(seed)
    into: list[list[Edge]] = [[] for _ in range(nodes + 1)]
    pieces = 0
    for first in range(nodes):
        mark = random.normal(-2, 1, 1)
        into[first + 1].append(Edge(first, first + 1, None, mark, [("", float(mark[0]))]))
        for last in range(first + 1, min(first + 3, nodes + 1)):
            weights = np.full(10, -np.inf)
            weights[random.choice(10, 2, replace=False)] = random.normal(-1, 1, 2)
            into[last].append(Edge(first, last, pieces, weights, choices_of(weights)))
            pieces += 1
    return Lattice(into)


def weights_by_text(lattice: Lattice) -> dict[str, float]:
    """The summed weight of all paths of each text, by walking every path."""
    sums: defaultdict[str, float] = defaultdict(float)

    def walk(node: int, text: str, log_weight: float) -> None:
        if node == 0:
            sums[text] += math.exp(log_weight)
            return
        for edge in lattice.into[node]:
            if edge.piece is None:
                walk(edge.first, text, log_weight + float(edge.weights[0]))
                continue
            for digit in np.flatnonzero(np.isfinite(edge.weights)).tolist():
                walk(edge.first, str(digit) + text, log_weight + float(edge.weights[digit]))

    walk(len(lattice.into) - 1, "", 0.0)
    return dict(sums)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_total_is_the_weight_of_all_paths(seed: int) -> None:
    lattice = random_lattice(seed)
    sums = weights_by_text(lattice)
    assert total(lattice) == pytest.approx(math.log(sum(sums.values())))
    for digits in range(5):
        of_length = sum(weight for text, weight in sums.items() if len(text) == digits)
        assert math.exp(total(lattice, digits)) == pytest.approx(of_length)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_texts_are_the_likeliest_and_have_the_weight_of_all_their_paths(seed: int) -> None:
    lattice = random_lattice(seed, nodes=3)
    sums = weights_by_text(lattice)
    found = likeliest(lattice)
    assert found[0][0] == max(sums, key=lambda text: sums[text])
    assert math.exp(found[0][1].weight) == pytest.approx(sums[found[0][0]], rel=0.05)
    weights = [hypothesis.weight for _, hypothesis in found]
    assert weights == sorted(weights, reverse=True)
    assert len({text for text, _ in found}) == len(found)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wanted_length_leaves_only_texts_of_it(seed: int) -> None:
    lattice = random_lattice(seed)
    for digits in range(1, 5):
        sums = {text: weight for text, weight in weights_by_text(lattice).items() if len(text) == digits}
        found = likeliest(lattice, digits)
        assert {len(text) for text, _ in found} == {digits}
        assert found[0][0] in sorted(sums, key=lambda text: -sums[text])[:3]
    assert likeliest(lattice, 5) == []
    assert total(lattice, 5) == -math.inf


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_path_leads_from_the_first_node_to_the_last_and_spells_the_text(seed: int) -> None:
    lattice = random_lattice(seed)
    for text, hypothesis in likeliest(lattice):
        path = hypothesis.path
        assert path[0].first == 0 and path[-1].last == len(lattice.into) - 1
        assert all(one.last == other.first for one, other in itertools.pairwise(path))
        digits = [edge for edge in path if edge.piece is not None]
        weight = sum(float(edge.weights[int(digit)]) for edge, digit in zip(digits, text, strict=True))
        weight += sum(float(edge.weights[0]) for edge in path if edge.piece is None)
        assert hypothesis.best == pytest.approx(weight)
        assert hypothesis.best <= hypothesis.weight + 1e-9


def test_the_beam_follows_only_likely_digits() -> None:
    weights = np.array([0.0, -1, -2, -3, -4, -5, -20, -20, -20, -20])
    assert choices_of(weights) == [("0", 0.0), ("1", -1.0), ("2", -2.0), ("3", -3.0)]
    assert len(choices_of(weights)) == CHOICES
    assert choices_of(np.array([0.0, *[-30.0] * 9])) == [("0", 0.0)]


def test_an_empty_line_has_the_empty_text() -> None:
    nothing = Lattice([[]])
    assert [text for text, _ in likeliest(nothing)] == [""]
    assert total(nothing) == 0
