"""Fit the weights of the lattice's features: `python -m model.training.fit_lattice weights/1` prints them.

It also prints, with the weights in use, the calibration of a number's confidence and the least that is accepted
(model/numbers/calibration.py).

Maximum likelihood of the true texts of lines that are written with validation digits: log P(text) is the log weight of
all paths that spell the text less that of all paths, as in a conditional random field (Lafferty, McCallum and Pereira,
2001). Where the digits are cut is not told: the sum goes over all ways to do it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.classifier import Classifier
from model.data.digits import Labelled, joined
from model.data.foreign import foreign_digits
from model.data.load import load_digits
from model.data.settings import load_data_settings
from model.numbers.analysis import are_clear, scores_of
from model.numbers.lattice import LEAST, Weights
from model.training.calibrate_numbers import WANTED, calibrate, min_confidence, readings
from model.training.lattices import NAMES, Lattices, Line, as_tensor, tempered
from model.training.written_lines import written_line

COUNT = 1_500  # lines
CALIBRATED = 8_000  # lines, from which the confidence is fitted: few of them are wrong
SEED = 7
AT_ONCE = 100  # lines whose lattices are padded to one size
STEPS = 120  # of L-BFGS
REGULARIZATION = 0.0003  # of the squared distance to the present weights


def fit(lines: Sequence[Line], classifier: Classifier, start: Weights) -> tuple[Weights, float, float]:
    """The weights of the greatest likelihood near `start`, and the mean log likelihood before and after."""
    judged = likelihoods_of(lines, classifier)
    begin = as_tensor(start)
    theta = begin.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([theta], max_iter=STEPS, line_search_fn="strong_wolfe")

    def mean() -> float:
        """The mean log likelihood by `theta`."""
        with torch.no_grad():
            return sum(float(tempered(one(theta)).sum()) for one in judged) / len(lines)

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = REGULARIZATION * ((theta - begin) ** 2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        for one in judged:
            part = -tempered(one(theta)).sum() / len(lines)
            part.backward()  # type: ignore[no-untyped-call]
            value = value + part.detach()
        return value

    before = mean()
    optimizer.step(loss)  # type: ignore[no-untyped-call]
    after = mean()
    values = [round(value, 3) for value in theta.tolist()]
    named = dict(zip(NAMES, values[1:-10], strict=True))
    return Weights(digit=values[0], **named, seam_digits=tuple(values[-10:])), before, after


def likelihoods_of(lines: Sequence[Line], classifier: Classifier) -> list[Callable[[Tensor], Tensor]]:
    """Functions of the weights, as `as_tensor` orders them: each gives log P(text) of up to AT_ONCE lines, (S,)."""
    ordered = sorted(lines, key=lambda line: int(line.last.max()))  # so that little of the lattices is padding
    judged: list[Callable[[Tensor], Tensor]] = []
    for start in range(0, len(ordered), AT_ONCE):
        lattices = Lattices(ordered[start : start + AT_ONCE])
        scores = scores_of(list(lattices.pixels.numpy()), classifier)
        log_digits = torch.from_numpy(scores.probabilities).clamp_min(LEAST).log()
        judged.append(partial(lattices.log_likelihood, log_digits, torch.from_numpy(scores.score)))
    return judged


def lines_written_with(digits: Labelled, classifier: Classifier, count: int, seed: int) -> list[Line]:
    """So many lines that are written with these digits."""
    random = np.random.default_rng(seed)
    return [written_line(digits, random, partial(are_clear, classifier=classifier)) for _ in range(count)]


def main() -> None:
    """Print the fitted weights of the version in the folder that the command line names."""
    classifier = Classifier.load(Path(sys.argv[1]))
    splits = load_digits(load_data_settings().data_dir)
    digits = joined(splits.validation, foreign_digits(splits))
    lines = lines_written_with(digits, classifier, COUNT, SEED)
    weights, before, after = fit(lines, classifier, Weights())
    print(f"mean log likelihood {before:.3f} → {after:.3f}")
    print(weights)
    rows = readings(digits, classifier, CALIBRATED, SEED + 1)
    calibration = calibrate(rows)
    confidence = 1 / (1 + np.exp(-np.insert(rows[:, :-1], 0, 1, axis=1) @ np.array(calibration)))
    threshold = min_confidence(confidence, rows[:, -1] > 0)
    print(f"with the weights in use, {rows[:, -1].mean():.1%} of {len(rows)} lines are right")
    print(calibration)
    print(f"at least {threshold:.3f}: {(confidence >= threshold).mean():.1%}, of these at least {WANTED:.1%} right")


if __name__ == "__main__":
    main()
