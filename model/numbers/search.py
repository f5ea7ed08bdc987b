"""Search the lattice of a line for its likeliest texts: a prefix beam search, as of CTC.

A text's weight is that of all its paths. Edges that hardly any path takes are left out first.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from model.numbers.lattice import Edge, Lattice, sums_before

BEAM = 10  # texts kept at each node
CHOICES = 4  # likeliest digits of a piece that the beam follows
NEGLIGIBLE = -16.0  # log of the share of all paths by which an edge is left out of the search; all such edges together
# take less than any length that is wanted (analysis.MIN_LENGTH_SHARE), as long as they are no more than 8,000
UNLIKELY = 6.0  # log weight below the likeliest digit's, at which the beam leaves a digit out


def pruned(lattice: Lattice) -> Lattice:
    """The lattice without the edges that hardly any path takes, by the forward and the backward algorithm."""
    before, after = sums_before(lattice), [-math.inf] * len(lattice.into)
    after[-1] = 0.0
    least, kept = before[-1] + NEGLIGIBLE, []
    for node in range(len(lattice.into) - 1, -1, -1):
        edges = [edge for edge in lattice.into[node] if before[edge.first] + edge.weight + after[node] >= least]
        for edge in edges:
            after[edge.first] = log_add(after[edge.first], edge.weight + after[node])
        kept.append(edges)
    return Lattice(kept[::-1])


class Hypothesis(NamedTuple):
    """A text that the beam follows: log weight of all its paths so far; weight, last edge and origin of the best."""

    weight: float
    best: float
    edge: Edge | None = None
    before: Hypothesis | None = None

    @property
    def path(self) -> list[Edge]:
        """The edges of the best path."""
        edges: list[Edge] = []
        at: Hypothesis | None = self
        while at is not None and at.edge is not None:
            edges.append(at.edge)
            at = at.before
        return edges[::-1]


def likeliest(lattice: Lattice, digits: int | None = None) -> list[tuple[str, Hypothesis]]:
    """The texts of the greatest weight, the likeliest first.

    digits: how many a text has; None if that is unknown. The list is empty if no path has so many, or hardly any.
    """
    lattice = pruned(lattice)
    beams: list[list[tuple[str, Hypothesis]]] = [[("", Hypothesis(0.0, 0.0))]]
    lengths = lengths_after(lattice)
    for node, edges in enumerate(lattice.into[1:], start=1):
        reached: dict[str, Hypothesis] = {}
        for edge in edges:
            choices = choices_of(edge)
            for text, before in beams[edge.first]:
                for digit, weight in choices:
                    longer = text + digit
                    if digits is not None and not (len(longer) <= digits and lengths[node] >> digits - len(longer) & 1):
                        continue
                    extend(reached, longer, before, edge, weight)
        beams.append(sorted(reached.items(), key=lambda item: -item[1].weight)[:BEAM])
    return [(text, found) for text, found in beams[-1] if digits is None or len(text) == digits]


def lengths_after(lattice: Lattice) -> list[int]:
    """How many digits paths from each node to the last have: bit n is set if some path has n."""
    lengths = [0] * len(lattice.into)
    lengths[-1] = 1
    for node in range(len(lattice.into) - 1, 0, -1):
        for edge in lattice.into[node]:
            lengths[edge.first] |= lengths[node] << (not edge.is_mark)
    return lengths


def extend(reached: dict[str, Hypothesis], text: str, before: Hypothesis, edge: Edge, weight: float) -> None:
    """Add a path to the hypotheses of a node."""
    summed, best = before.weight + weight, before.best + weight
    known = reached.get(text)
    if known is None:
        reached[text] = Hypothesis(summed, best, edge, before)
        return
    both = log_add(known.weight, summed)
    reached[text] = Hypothesis(both, best, edge, before) if best > known.best else known._replace(weight=both)


def choices_of(edge: Edge) -> list[tuple[str, float]]:
    """The likeliest digits of a piece, as text, and their log weights; the empty text and its weight for a mark."""
    if edge.is_mark:
        return [("", edge.weight)]
    least = edge.weights.max() - UNLIKELY
    order = np.argsort(-edge.weights)[:CHOICES].tolist()
    return [(str(digit), float(edge.weights[digit])) for digit in order if edge.weights[digit] >= least]


def log_add(a: float, b: float) -> float:
    """log(exp(a) + exp(b))."""
    return max(a, b) + math.log1p(math.exp(-abs(a - b))) if b > -math.inf else a
