"""The lattice's sums, texts and probabilities agree with counting every path."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest

from model.numbers.lattice import Edge, Lattice, total
from model.numbers.search import CHOICES, choices_of, likeliest, pruned

SEEDS = range(6)


def random_lattice(seed: int, nodes: int = 4) -> Lattice:
    """A lattice of steps from each of `nodes` to the next or the one after that; two digits are possible for each."""
    random = np.random.default_rng(seed)
    into: list[list[Edge]] = [[] for _ in range(nodes + 1)]
    pieces = 0
    for first in range(nodes):
        mark = float(random.normal(-2, 1))
        into[first + 1].append(Edge(first, first + 1, pieces, True, np.array([mark]), mark))
        for last in range(first + 1, min(first + 3, nodes + 1)):
            weights = np.full(10, -np.inf)
            weights[random.choice(10, 2, replace=False)] = random.normal(-1, 1, 2)
            weight = float(np.logaddexp.reduce(weights))
            into[last].append(Edge(first, last, pieces, False, weights, weight))
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
            if edge.is_mark:
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
def test_the_search_leaves_out_what_hardly_any_path_takes(seed: int) -> None:
    lattice = random_lattice(seed)
    unlikely = Edge(0, len(lattice.into) - 1, 99, False, np.full(10, -99.0), -97.0)
    lattice.into[-1].append(unlikely)
    kept = pruned(lattice)
    assert [len(edges) for edges in kept.into] == [*map(len, lattice.into[:-1]), len(lattice.into[-1]) - 1]
    assert total(kept) == pytest.approx(total(lattice))


def test_a_node_that_no_path_reaches_takes_part_in_none() -> None:
    to_last = Edge(0, 2, 0, False, np.zeros(10), math.log(10))
    from_nowhere = Edge(1, 2, 1, False, np.zeros(10), math.log(10))
    lattice = Lattice([[], [], [to_last, from_nowhere]])
    assert total(lattice) == total(lattice, 1) == pytest.approx(math.log(10))
    assert {edge.piece for _, found in likeliest(lattice) for edge in found.path} == {0}


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


def test_a_wanted_length_is_found_though_likelier_texts_are_too_short_for_it() -> None:
    """At node 4, sixteen likely texts of two digits meet less likely ones of three; two more digits follow."""
    into: list[list[Edge]] = [[] for _ in range(9)]
    for first, last, weight in [(0, 1, 0), (1, 4, 0), (0, 2, -1), (2, 3, -1), (3, 4, -1), (4, 7, 0), (7, 8, 0)]:
        weights = np.full(10, -np.inf)
        weights[:CHOICES] = weight
        into[last].append(Edge(first, last, 0, False, weights, weight + math.log(CHOICES)))
    lattice = Lattice(into)
    assert math.exp(total(lattice, 5) - total(lattice)) > 0.1
    assert {len(text) for text, _ in likeliest(lattice)} == {4}
    assert {len(text) for text, _ in likeliest(lattice, 5)} == {5}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_path_leads_from_the_first_node_to_the_last_and_spells_the_text(seed: int) -> None:
    lattice = random_lattice(seed)
    for text, hypothesis in likeliest(lattice):
        path = hypothesis.path
        assert path[0].first == 0 and path[-1].last == len(lattice.into) - 1
        assert all(one.last == other.first for one, other in itertools.pairwise(path))
        digits = [edge for edge in path if not edge.is_mark]
        weight = sum(float(edge.weights[int(digit)]) for edge, digit in zip(digits, text, strict=True))
        weight += sum(float(edge.weights[0]) for edge in path if edge.is_mark)
        assert hypothesis.best == pytest.approx(weight)
        assert hypothesis.best <= hypothesis.weight + 1e-9


def test_the_beam_follows_only_likely_digits() -> None:
    weights = np.array([0.0, -1, -2, -3, -4, -5, -20, -20, -20, -20])
    found = choices_of(Edge(0, 1, 0, False, weights, 0.5))
    assert found == [("0", 0.0), ("1", -1.0), ("2", -2.0), ("3", -3.0)] and len(found) == CHOICES
    assert choices_of(Edge(0, 1, 0, False, np.array([0.0, *[-30.0] * 9]), 0.0)) == [("0", 0.0)]
    assert choices_of(Edge(0, 1, 0, True, np.array([-2.0]), -2.0)) == [("", -2.0)]


def test_an_empty_line_has_the_empty_text() -> None:
    nothing = Lattice([[]])
    assert [text for text, _ in likeliest(nothing)] == [""]
    assert total(nothing) == 0
