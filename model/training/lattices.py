"""Lines' lattices as tensors: the likelihood of many lines' texts at once, with a gradient to the lattice's weights."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.classifier import Classifier
from model.numbers.analysis import are_clear
from model.numbers.ink import find_ink
from model.numbers.lattice import OF_MARKS, OF_PIECES, features_of
from model.numbers.segmentation import MAX_JOINED, pieces_of, primitives_of
from model.numbers.text_lines import find_text_lines
from model.preprocessing.errors import ImageError
from model.preprocessing.pipeline import to_input

NAMES = tuple(dict.fromkeys(OF_PIECES + OF_MARKS))  # of of_edge's columns
PIECE_COLUMNS, MARK_COLUMNS = ([NAMES.index(name) for name in names] for names in (OF_PIECES, OF_MARKS))
FAN_IN = MAX_JOINED + 1  # edges that end at a node, at most: pieces, and a mark


class Line(NamedTuple):
    """One line's lattice: for each node and each edge that ends there, where it begins and its features.

    first: int64 (nodes, E), −1 for none; of_edge: float32 (nodes, E, F), 0 for features that an edge has not; digits:
    float32 (nodes, E, 10), log probabilities, 0 for marks; is_piece, is_cut: bool (nodes, E); text: int64 (T,).
    """

    first: NDArray[np.int64]
    of_edge: NDArray[np.float32]
    digits: NDArray[np.float32]
    is_piece: NDArray[np.bool_]
    is_cut: NDArray[np.bool_]
    text: NDArray[np.int64]


def line_of(page: NDArray[np.uint8], text: str, classifier: Classifier) -> Line | None:
    """The lattice of the page's largest line; None if there is none."""
    try:
        lines = find_text_lines(find_ink(page))
    except ImageError:
        return None
    if not lines:
        return None
    line = max(lines, key=lambda one: int(one.mask.sum()))
    primitives = primitives_of(line, partial(are_clear, classifier=classifier))
    pieces = pieces_of(line, primitives)
    if not pieces:
        return None
    scores = classifier.scores(to_input([piece.pixels for piece in pieces]))
    features = features_of(primitives, pieces, scores, line.height)
    nodes = len(primitives.boxes) + 1
    first = np.full((nodes, FAN_IN), -1)
    of_edge = np.zeros((nodes, FAN_IN, len(NAMES)), np.float32)
    digits = np.zeros((nodes, FAN_IN, 10), np.float32)
    is_piece, is_cut = (np.zeros((nodes, FAN_IN), bool) for _ in range(2))
    filled = np.zeros(nodes, int)
    for index in range(nodes - 1):
        first[index + 1, 0] = index
        of_edge[index + 1, 0, MARK_COLUMNS] = features.of_marks[index]
        filled[index + 1] = 1
    for index, piece in enumerate(pieces):
        at = filled[piece.last]
        first[piece.last, at] = piece.first
        of_edge[piece.last, at, PIECE_COLUMNS] = features.of_pieces[index]
        digits[piece.last, at] = features.log_digits[index]
        is_piece[piece.last, at], is_cut[piece.last, at] = True, features.is_cut[index]
        filled[piece.last] += 1
    return Line(first, of_edge, digits, is_piece, is_cut, np.array([int(digit) for digit in text]))


class Lattices:
    """Many lines' lattices, padded to one size, so that a step of the forward algorithm is done for all at once."""

    def __init__(self, lines: list[Line]) -> None:
        count, nodes = len(lines), max(len(line.first) for line in lines)
        longest = max(len(line.text) for line in lines)
        self.ends = torch.tensor([len(line.first) - 1 for line in lines])
        self.lengths = torch.tensor([len(line.text) for line in lines])
        self.first = torch.full((count, nodes, FAN_IN), -1)
        self.of_edge = torch.zeros(count, nodes, FAN_IN, len(NAMES))
        self.digits = torch.zeros(count, nodes, FAN_IN, 10)
        self.is_piece, self.is_cut = (torch.zeros(count, nodes, FAN_IN, dtype=torch.bool) for _ in range(2))
        self.text = torch.zeros(count, longest, dtype=torch.int64)
        for i, line in enumerate(lines):
            size = len(line.first)
            self.first[i, :size] = torch.from_numpy(line.first)
            self.of_edge[i, :size] = torch.from_numpy(line.of_edge)
            self.digits[i, :size] = torch.from_numpy(line.digits)
            self.is_piece[i, :size] = torch.from_numpy(line.is_piece)
            self.is_cut[i, :size] = torch.from_numpy(line.is_cut)
            self.text[i, : len(line.text)] = torch.from_numpy(line.text)

    def log_likelihood(self, weights: Tensor) -> Tensor:
        """Log P(text) of each line, float (S,). weights: (1 + NAMES + 10,), as `as_tensor` orders them."""
        count, nodes, _ = self.first.shape
        longest = self.text.shape[1]
        base = self.of_edge @ weights[1:-10]
        of_digits = weights[0] * self.digits + self.is_cut[..., None] * weights[-10:]
        any_digit = torch.where(self.is_piece, of_digits.logsumexp(-1), 0.0)
        spelled = of_digits.gather(3, self.text[:, None, None, :].expand(-1, nodes, FAN_IN, -1))
        never = torch.tensor(-1e9)
        free = [torch.zeros(count)]
        clamped = [torch.cat([torch.zeros(count, 1), never.expand(count, longest)], 1)]
        for node in range(1, nodes):
            begin = self.first[:, node]
            exists = begin >= 0
            at = begin.clamp_min(0)
            before = torch.stack(free, 1).gather(1, at)
            free.append(torch.where(exists, before + base[:, node] + any_digit[:, node], never).logsumexp(1))
            known = torch.stack(clamped, 1)  # (S, nodes so far, T + 1)
            rows = known.gather(1, at[:, :, None].expand(-1, -1, longest + 1)) + base[:, node, :, None]
            moved = torch.cat([never.expand(count, FAN_IN, 1), rows[:, :, :-1] + spelled[:, node]], 2)
            rows = torch.where(self.is_piece[:, node, :, None], moved, rows)
            clamped.append(torch.where(exists[:, :, None], rows, never).logsumexp(1))
        every = torch.arange(count)
        given = torch.stack(clamped, 1)[every, self.ends, self.lengths]
        return given - torch.stack(free, 1)[every, self.ends]
