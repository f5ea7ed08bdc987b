"""Lines of writing, which the network learns to read as a whole in the last part of a training.

Until then it was asked of each picture by itself which digit it is, and whether it is one. In a line, one piece stands
against others of the same ink: a 3 against a 1 and a 3 before it. What matters is which of them the lattice of numbers
(model/numbers/lattice.py) prefers, so the loss is that of the whole line's text (lattices.py). The lattice's weights
stay as they are.

What it gained (model/LOG.md): the mean log likelihood of held-out lines rose from −0.59 to −0.46.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from model.data.digits import Labelled
from model.data.numbers import written_number
from model.deslant import deslant
from model.net import Net
from model.numbers.analysis import is_clear
from model.numbers.lattice import WEIGHTS
from model.recipe import Recipe, Strength
from model.training.augmentation import augment
from model.training.batches import to_input
from model.training.lattices import IsClear, Lattices, Line, as_tensor, line_of, tempered

FIRST = 64  # lines that are written before the first step
READINGS = 8  # of a line on average, so that a new one is due after as many
MOST = 10_000  # lines that are kept, in some 900 MB


class WrittenLines:
    """Lines that are written with training digits, and the loss of some of them.

    net: which components of a line it takes so clearly for a digit that they are not cut.
    """

    def __init__(self, digits: Labelled, net: Net, recipe: Recipe, device: torch.device, generator: Generator) -> None:
        self.digits, self.recipe, self.device, self.generator = digits, recipe, device, generator
        self.is_clear = partial(are_clear, net.cpu().eval())
        self.random = np.random.default_rng(recipe.seed)
        self.weights = as_tensor(WEIGHTS).to(device)
        self.lines: list[Line] = []
        self.due = float(FIRST)

    def loss(self, network: nn.Module, strength: Strength) -> Tensor:
        """How unlikely the texts of random lines are, a scalar: the mean of −log P, times the recipe's weight.

        strength: of the distortions.
        """
        self.write_more()
        self.due += self.recipe.lines_per_batch / READINGS
        which = self.random.integers(len(self.lines), size=self.recipe.lines_per_batch)
        lattices = Lattices([self.lines[index] for index in which], self.device)
        pieces = augment(to_input(lattices.pixels), strength, self.generator)
        logits = network(deslant(pieces))
        likelihood = lattices.log_likelihood(F.log_softmax(logits, 1), logits.logsumexp(1), self.weights)
        return -self.recipe.line_weight * tempered(likelihood).mean()

    def write_more(self) -> None:
        """Write the lines that are due: at first FIRST. Beyond MOST, each takes the place of one of the others."""
        while self.due >= 1:
            self.due -= 1
            line = written_line(self.digits, self.random, self.is_clear)
            if len(self.lines) < MOST:
                self.lines.append(line)
            else:
                self.lines[self.random.integers(MOST)] = line


def written_line(digits: Labelled, random: np.random.Generator, is_clear: IsClear) -> Line:
    """A line that is written with random digits. All ten must occur. is_clear: which components are not cut."""
    while True:
        line = line_of(*written_number(digits, random), is_clear)
        if line is not None:
            return line


def are_clear(net: Net, digits: list[NDArray[np.uint8]]) -> NDArray[np.bool_]:
    """Which components, each placed as a digit, uint8 (32, 32), a network takes so clearly for one: bool (N,)."""
    with torch.no_grad():
        logits = net(deslant(to_input(torch.from_numpy(np.stack(digits)))))
    return is_clear(logits.softmax(1).amax(1).numpy(), logits.logsumexp(1).numpy())
