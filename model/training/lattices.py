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

from model.numbers.ink import find_ink
from model.numbers.lattice import (
    MARK_SHAPES,
    MAX_ODDS,
    OF_MARKS,
    OF_PIECES,
    PIECE_SHAPES,
    Shapes,
    Weights,
    shapes_of,
)
from model.numbers.segmentation import MAX_JOINED, pieces_of, primitives_of
from model.numbers.text_lines import find_text_lines
from model.preprocessing.errors import ImageError

NAMES = tuple(dict.fromkeys(OF_PIECES + OF_MARKS))
SHAPES = tuple(dict.fromkeys(PIECE_SHAPES + MARK_SHAPES))
PIECE_COLUMNS, MARK_COLUMNS = ([SHAPES.index(name) for name in names] for names in (PIECE_SHAPES, MARK_SHAPES))
NEVER = -1e9  # log weight of what is not there
HOPELESS = 0.02  # probability, below which a line counts little

IsClear = Callable[[list[NDArray[np.uint8]]], NDArray[np.bool_]]  # as `primitives_of` takes it


class Line(NamedTuple):
    """A line of writing with P pieces between K + 1 nodes, and its text.

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
    except ImageError:
        return None
    if not lines:
        return None
    line = max(lines, key=lambda one: int(one.mask.sum()))
    primitives = primitives_of(line, is_clear)
    pieces = pieces_of(line, primitives)
    if not pieces:
        return None
    first, last = (np.array([getattr(piece, end) for piece in pieces], np.int64) for end in ("first", "last"))
    digits = np.array([int(digit) for digit in text], np.int64)
    pixels, shapes = np.stack([piece.pixels for piece in pieces]), shapes_of(primitives, pieces, line.height)
    return Line(pixels, first, last, shapes, digits)


class Lattices:
    """S lines' lattices, padded to one size, so that a step of the forward algorithm is done for all at once.

    An edge's place says where it begins: place 0 of a node is the mark before it, place n the piece of the last n
    primitives. pixels: uint8 (P, 32, 32), of all pieces.
    """

    def __init__(self, lines: Sequence[Line], device: torch.device | None = None) -> None:
        count, nodes = len(lines), max(len(line.shapes.of_marks) for line in lines) + 1
        shapes = np.zeros((count, nodes, 1 + MAX_JOINED, len(SHAPES)), np.float32)
        piece = np.zeros(shapes.shape[:3], np.int64)  # at a mark's place, the piece that is the same primitive
        exists, is_cut = (np.zeros(shapes.shape[:3], bool) for _ in range(2))
        text = np.zeros((count, max(len(line.text) for line in lines)), np.int64)
        before = 0
        for i, line in enumerate(lines):
            behind = np.arange(1, len(line.shapes.of_marks) + 1)
            shapes[i, behind[:, None], 0, MARK_COLUMNS] = line.shapes.of_marks
            piece[i, behind, 0], exists[i, behind, 0] = line.shapes.alone + before, True
            last, place = line.last, line.last - line.first
            shapes[i, last[:, None], place[:, None], PIECE_COLUMNS] = line.shapes.of_pieces
            piece[i, last, place], exists[i, last, place] = np.arange(len(line.pixels)) + before, True
            is_cut[i, last, place] = line.shapes.is_cut
            text[i, : len(line.text)] = line.text
            before += len(line.pixels)
        tensors = (torch.from_numpy(array).to(device) for array in (shapes, piece, exists, is_cut, text))
        self.shapes, self.piece, self.exists, self.is_cut, self.text = tensors
        self.pixels = torch.from_numpy(np.concatenate([line.pixels for line in lines])).to(device)
        self.ends = torch.tensor([len(line.shapes.of_marks) for line in lines], device=device)
        self.lengths = torch.tensor([len(line.text) for line in lines], device=device)

    def log_likelihood(self, log_digits: Tensor, log_odds: Tensor, weights: Tensor) -> Tensor:
        """Log P(text) of each line, float (S,).

        log_digits: float (P, 10), log probabilities of each piece's digits; log_odds: float (P,), that it is a digit;
        weights: float (1 + NAMES + 10,), as `as_tensor` orders them.
        """
        marks, pieces, of_digits = self.log_weights(log_digits, log_odds, weights)
        any_digit = torch.cat([marks, pieces + of_digits.logsumexp(-1)], -1)
        count, nodes, places = pieces.shape
        wanted = self.text[:, None, None, :].expand(-1, nodes, places, -1)
        spelled = F.pad(pieces[..., None] + of_digits.gather(3, wanted), (1, 0), value=NEVER)  # (S, nodes, E, T + 1)
        start = spelled.new_full((count, self.text.shape[1] + 1), NEVER)
        free, given = ([one] * (MAX_JOINED - 1) for one in (start[:, 0], start))  # nodes that are not there
        free.append(torch.zeros_like(start[:, 0]))
        given.append(start.index_fill(1, torch.zeros(1, dtype=torch.int64, device=start.device), 0))
        for node in range(1, nodes):
            paths = torch.stack(free[: -MAX_JOINED - 1 : -1], 1)  # to the node before, to that before it, …
            free.append((torch.cat([paths[:, :1], paths], 1) + any_digit[:, node]).logsumexp(1))
            texts = torch.stack(given[: -MAX_JOINED - 1 : -1], 1)  # (S, 8, T + 1): by how much of the text is spelled
            longer = F.pad(texts[..., :-1], (1, 0), value=NEVER) + spelled[:, node]
            given.append(torch.cat([texts[:, :1] + marks[:, node, :, None], longer], 1).logsumexp(1))
        which, ends = torch.arange(count, device=start.device), self.ends + MAX_JOINED - 1
        return torch.stack(given, 1)[which, ends, self.lengths] - torch.stack(free, 1)[which, ends]

    def log_weights(self, log_digits: Tensor, log_odds: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The log weight of marks, float (S, nodes, 1), and of pieces (S, nodes, E), and what each digit adds to these.

        That is (S, nodes, E, 10). The parameters are those of `log_likelihood`.
        """
        named = dict(zip(NAMES, weights[1:-10], strict=True))
        by_shape = self.shapes @ torch.stack([named[name] for name in SHAPES])
        by_shape = torch.where(self.exists, by_shape, by_shape.new_tensor(NEVER))
        as_mark = named["not_digit"] * F.logsigmoid(-log_odds)
        as_digit = named["is_digit"] * F.logsigmoid(log_odds) + named["odds"] * log_odds.clamp(-MAX_ODDS, MAX_ODDS)
        mark, piece = self.piece[..., :1], self.piece[..., 1:]
        of_digits = weights[0] * log_digits[piece] + self.is_cut[..., 1:, None] * weights[-10:]
        return by_shape[..., :1] + as_mark[mark], by_shape[..., 1:] + as_digit[piece], of_digits


def as_tensor(weights: Weights) -> Tensor:
    """The weights in one order: that of the digits' log probabilities, those of NAMES, and ten for cut digits."""
    return torch.tensor([weights.digit, *(getattr(weights, name) for name in NAMES), *weights.cut_digits])


def tempered(log_likelihood: Tensor) -> Tensor:
    """log(P + HOPELESS): a line that can't be read, since its digits overlap too much, should not bend the weights."""
    return torch.logaddexp(log_likelihood, log_likelihood.new_tensor(math.log(HOPELESS)))
