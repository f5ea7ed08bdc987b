"""Lines' lattices as tensors: the likelihood of many lines' texts at once, with gradients.

The likelihood of a text is the weight of all paths that spell it over that of all paths. So what the network says of
each piece can be judged by what the whole line should be read as: Bottou, Bengio and LeCun, "Global Training of
Document Processing Systems Using Graph Transformer Networks", 1997. Speech recognizers are trained likewise (maximum
mutual information).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from model.numbers.cuts import cuts_of
from model.numbers.ink import find_ink
from model.numbers.lattice import (
    MARK_SHAPES,
    MAX_ODDS,
    OF_MARKS,
    OF_PIECES,
    PIECE_SHAPES,
    Shapes,
    Weights,
    nodes_of,
    shapes_of,
)
from model.numbers.pieces import pieces_of
from model.numbers.text_lines import find_text_lines
from model.preprocessing.errors import ImageError
from model.training.path_sums import NEVER, path_sums

NAMES = tuple(dict.fromkeys(OF_PIECES + OF_MARKS))
SHAPES = tuple(dict.fromkeys(PIECE_SHAPES + MARK_SHAPES))
PIECE_COLUMNS, MARK_COLUMNS = ([SHAPES.index(name) for name in names] for names in (PIECE_SHAPES, MARK_SHAPES))
DIGIT, MARK, NONE = 0, 1, 2  # kinds of edges; the last fills up the lattices' arrays
HOPELESS = 0.02  # probability, below which a line counts little

IsClear = Callable[[list[NDArray[np.uint8]]], NDArray[np.bool_]]  # as `cuts_of` takes it


class Line(NamedTuple):
    """A line of writing with P pieces, and its text.

    pixels: uint8 (P, 32, 32); first, last: int64 (P,), each piece's nodes; text: int64 (T,).
    """

    pixels: NDArray[np.uint8]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    shapes: Shapes
    text: NDArray[np.int64]


def line_of(page: NDArray[np.uint8], text: str, is_clear: IsClear) -> Line | None:
    """The page's largest line; None if there is none. is_clear: which components are not cut, as in the reader."""
    try:
        lines = find_text_lines(find_ink(page))
        if not lines:
            return None
        line = max(lines, key=lambda one: int(one.mask.sum()))
        cuts = cuts_of(line, is_clear)
        pieces = pieces_of(line, cuts)
    except ImageError:
        return None
    if not pieces:
        return None
    digits = np.array([int(digit) for digit in text], np.int64)
    pixels = np.stack([piece.pixels for piece in pieces])
    return Line(pixels, *nodes_of(pieces), shapes_of(cuts, pieces, line.height), digits)


class Lattices:
    """S lines' lattices, padded to one size: N nodes, E edges into each. So one step does for all lines at once.

    pixels: uint8 (P, 32, 32), of all pieces.
    """

    def __init__(self, lines: Sequence[Line], device: torch.device | None = None) -> None:
        ends = [int(line.last.max()) for line in lines]
        edges = [Edges.of(line) for line in lines]
        shape = len(lines), max(ends) + 1, max(int(one.place.max()) for one in edges) + 1
        shapes, at_seam = np.zeros((*shape, len(SHAPES)), np.float32), np.zeros(shape, bool)
        piece, first = (np.zeros(shape, np.int64) for _ in range(2))
        kind = np.full(shape, NONE, np.int8)
        text = np.zeros((len(lines), max(len(line.text) for line in lines)), np.int64)
        before = 0
        for i, (line, one) in enumerate(zip(lines, edges, strict=True)):
            at = i, one.last, one.place
            shapes[at], at_seam[at], kind[at] = one.shapes, line.shapes.at_seam[one.piece], one.kind
            piece[at], first[at] = one.piece + before, line.first[one.piece]
            text[i, : len(line.text)] = line.text
            before += len(line.pixels)
        tensors = (torch.from_numpy(array).to(device) for array in (shapes, at_seam, kind, piece, first, text))
        self.shapes, self.at_seam, self.kind, self.piece, self.first, self.text = tensors
        self.pixels = torch.from_numpy(np.concatenate([line.pixels for line in lines])).to(device)
        self.ends = torch.tensor(ends, device=device)
        self.lengths = torch.tensor([len(line.text) for line in lines], device=device)

    def log_likelihood(self, log_digits: Tensor, log_odds: Tensor, weights: Tensor) -> Tensor:
        """Log P(text) of each line, float (S,).

        log_digits: float (P, 10), log probabilities of each piece's digits; log_odds: float (P,), that it is a digit;
        weights: float (1 + NAMES + 10,), as `as_tensor` orders them.
        """
        of_edges, of_digits = self.log_weights(log_digits, log_odds, weights)
        is_mark, of_edges = (self.kind == MARK)[..., None], of_edges[..., None]
        wanted = self.text[:, None, None, :].expand(*of_digits.shape[:3], -1)
        spelled = F.pad(of_edges + of_digits.gather(3, wanted), (1, 0), value=NEVER)
        any_digit = of_edges + of_digits.logsumexp(-1, keepdim=True)
        as_piece = torch.cat([spelled, any_digit], -1)  # by how much of the text is spelled then; and as any text
        every = as_piece.shape[-1]
        rows = torch.arange(every, device=of_edges.device)
        before = rows - (rows < every - 1).long() * (~is_mark).long()
        origins = (self.first[..., None] * every + before).clamp_min(0)
        sums = path_sums(torch.where(is_mark, of_edges, as_piece), origins)
        ends = sums[torch.arange(len(sums), device=sums.device), self.ends]
        return ends.gather(1, self.lengths[:, None])[:, 0] - ends[:, -1]

    def log_weights(self, log_digits: Tensor, log_odds: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """The log weight of each edge, float (S, N, E), and what each digit adds to a piece's, float (S, N, E, 10).

        The parameters are those of `log_likelihood`.
        """
        named = dict(zip(NAMES, weights[1:-10], strict=True))
        by_shape = self.shapes @ torch.stack([named[name] for name in SHAPES])
        as_mark = named["not_digit"] * F.logsigmoid(-log_odds)
        as_digit = named["is_digit"] * F.logsigmoid(log_odds) + named["odds"] * log_odds.clamp(-MAX_ODDS, MAX_ODDS)
        of_edges = by_shape + torch.where(self.kind == MARK, as_mark[self.piece], as_digit[self.piece])
        of_digits = weights[0] * log_digits[self.piece] + self.at_seam[..., None] * weights[-10:]
        return torch.where(self.kind == NONE, by_shape.new_tensor(NEVER), of_edges), of_digits


class Edges(NamedTuple):
    """A line's edges: first all pieces as digits, then those that may be marks.

    piece: int64 (n,), the index of each one's piece; kind: DIGIT or MARK; last: the node at which it ends; place: its
    index among the edges there; shapes: float (n, SHAPES).
    """

    piece: NDArray[np.int64]
    kind: NDArray[np.int8]
    last: NDArray[np.int64]
    place: NDArray[np.int64]
    shapes: NDArray[np.float64]

    @classmethod
    def of(cls, line: Line) -> Edges:
        """The edges of a line."""
        count, marks = len(line.pixels), line.shapes.marks
        piece = np.concatenate([np.arange(count), marks])
        kind = np.repeat(np.array([DIGIT, MARK], np.int8), [count, len(marks)])
        shapes = np.zeros((len(piece), len(SHAPES)))
        shapes[:count, PIECE_COLUMNS], shapes[count:, MARK_COLUMNS] = line.shapes.of_pieces, line.shapes.of_marks
        last = line.last[piece]
        order = np.argsort(last, kind="stable")
        place = np.empty_like(last)
        place[order] = np.arange(len(last)) - np.searchsorted(last[order], last[order])
        return cls(piece, kind, last, place, shapes)


def as_tensor(weights: Weights) -> Tensor:
    """The weights in one order: that of the digits' log probabilities, those of NAMES, and ten for digits at seams."""
    return torch.tensor([weights.digit, *(getattr(weights, name) for name in NAMES), *weights.seam_digits])


def tempered(log_likelihood: Tensor) -> Tensor:
    """log(P + HOPELESS): a line that can't be read, since its digits overlap too much, should not bend the weights."""
    return torch.logaddexp(log_likelihood, log_likelihood.new_tensor(math.log(HOPELESS)))
