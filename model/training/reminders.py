"""Pieces of lines that remind a retraining of what the version it starts from says of them.

That version learned how a digit compares with its parts, and with more than one digit, by reading many lines
(written_lines.py). A retraining takes far fewer steps, with the users' pictures among its digits, and would forget it.
So some pieces stand beside each batch, and the target is what the version of before says of them: its logits, which
tell both which digit a piece is and whether it is one. Sources: Li and Hoiem, "Learning without Forgetting", 2016; Ba
and Caruana, "Do Deep Nets Really Need to be Deep?", 2014, for logits as targets.

What it gained (model/LOG.md): after a retraining, the mean log likelihood of held-out lines was −0.52, and −0.62
without.
"""

from __future__ import annotations

from copy import deepcopy
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from model.data.digits import Labelled
from model.deslant import deslant
from model.net import Net
from model.recipe import Recipe, Strength
from model.training.augmentation import augment
from model.training.batches import to_input
from model.training.fused import FusedNet
from model.training.written_lines import are_clear, written_line

LINES = 100  # that are written before the first step, some 8,000 pieces; four times as many lines gained nothing


class Reminders:
    """Pieces of lines that are written with training digits, and how far a network's answers to them have moved.

    net: the network before the training.
    """

    def __init__(self, digits: Labelled, net: Net, recipe: Recipe, device: torch.device, generator: Generator) -> None:
        before = deepcopy(net).cpu().eval()
        random, is_clear = np.random.default_rng(recipe.seed), partial(are_clear, before)
        pixels = np.concatenate([written_line(digits, random, is_clear).pixels for _ in range(LINES)])
        self.pixels = torch.from_numpy(pixels).to(device)
        self.before = FusedNet(before, normalize=False).to(device)
        self.recipe, self.device, self.generator = recipe, device, generator

    def loss(self, network: nn.Module, strength: Strength) -> Tensor:
        """How far the logits of random pieces are from those of before, a scalar: the mean of Huber's loss.

        It is multiplied by the recipe's weight. strength: of the distortions.
        """
        shape = (self.recipe.reminders_per_batch,)
        which = torch.randint(len(self.pixels), shape, generator=self.generator, device=self.device)
        pieces = deslant(augment(to_input(self.pixels[which]), strength, self.generator))
        with torch.no_grad():
            target = self.before(pieces)
        return self.recipe.reminder_weight * F.smooth_l1_loss(network(pieces), target)
