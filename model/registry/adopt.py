"""Publish weights that were trained elsewhere: find out how their network is to be given its images, then as any other.

A file of weights does not say whether the images were normalized in training, nor whether they were deslanted. So the
network is tried with each of NORMALIZATIONS, deslanted and not, and what has the least loss on the validation digits is
published: on few digits the loss tells more than the accuracy. A normalization becomes part of the first layer, so that
serving knows nothing of it.

Whoever follows a tutorial trains on all of MNIST's 60,000 training images, from which this project's validation digits
are taken: on these, such a network would look better than it is. So for all choices, and for the gate, half of MNIST's
test images take their place; the other half is reported on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from model.classifier import Classifier
from model.data.digits import Labelled, Splits
from model.data.foreign import foreign_digits
from model.data.training_data import TrainingData
from model.errors import UnusableWeights
from model.evaluation.gate import MIN_ACCURACY
from model.evaluation.robustness.nondigits import NON_DIGITS
from model.evaluation.robustness.suite import SEED, read_under, result_of, some
from model.net import Net
from model.preprocessing.pipeline import to_input
from model.registry.export import as_served
from model.registry.publish import Published, publish_network
from model.registry.store import Store

TRIAL_BATCH = 500  # digits in one forward pass
HALVES = ("every other digit", "the others")
PICTURES = ("letters", "icons")  # conditions of the robustness suite whose pictures show no digit
PICTURE_COUNT = 100  # of each


class Normalization(NamedTuple):
    """What was done to pixels 0–1 before training: (pixel − mean) / deviation."""

    name: str
    mean: float
    deviation: float


NORMALIZATIONS = (
    Normalization("not normalized", 0.0, 1.0),
    Normalization("mean 0.1307, deviation 0.3081", 0.1307, 0.3081),  # MNIST's, as in PyTorch's example
    Normalization("mean 0.5, deviation 0.5", 0.5, 0.5),
)


@dataclass(frozen=True)
class Trial:
    """How a network reads the validation digits if it is given them in one way.

    accuracy: 0–1; loss: the mean cross-entropy in nats, before calibration, as the training made it small.
    """

    normalization: Normalization
    deslants: bool
    accuracy: float
    loss: float

    @property
    def name(self) -> str:
        """The way in words."""
        return f"{self.normalization.name}, {'deslanted' if self.deslants else 'not deslanted'}"


@dataclass(frozen=True)
class Adopted:
    """Weights that were published. trials: the best first; refused: share, 0–1, of PICTURES that were not accepted."""

    published: Published
    trials: list[Trial]
    refused: float


def adopt(
    store: Store, state: dict[str, Tensor], sha256: str, splits: Splits, on_stage: Callable[[str], None]
) -> Adopted:
    """Publish the weights of a network, whatever the gate decides; never activate them.

    state: as `read_weights` returns it; sha256: of its file, for the manifest; on_stage: called at the start of each
    stage with its name. Raises UnusableWeights if the network reads too little in every way, ExportError or StoreError.
    """
    on_stage("trying")
    data = TrainingData(unseen(splits), foreign=foreign_digits(splits))
    trials = try_all(state, data.splits.validation)
    best = trials[0]
    if best.accuracy < MIN_ACCURACY:
        raise UnusableWeights(
            f"the network reads {best.accuracy:.0%} of the digits at most, {best.name}, below {MIN_ACCURACY:.0%}: "
            "expected Net with ReLU and max-pooling, trained on white digits on black, 28×28 in the middle of 32×32"
        )
    origin = {
        "parent": None,
        "recipe": None,
        "adopted": {"sha256": sha256, "deslants": best.deslants, "tried": [asdict(trial) for trial in trials]},
    }
    sets = [part for part in data.sets() if part is not splits.train]
    net = network_of(state, best.normalization)
    published = publish_network(store, net, data, origin, sets, on_stage, best.deslants)
    classifier = Classifier.load(store.folder(published.version))
    return Adopted(published, trials, refused_share(classifier, data.splits.validation))


def unseen(splits: Splits) -> Splits:
    """The splits with digits that no usual training saw in place of validation's and test's: both are of the test set.

    Scikit-learn's digits, which no tutorial trains this network on, stay as they are.
    """
    if splits.is_embedded:
        return splits
    halves = [splits.test[start::2] for start in (0, 1)]
    chosen, reported = (replace(half, source=f"{half.source}, {n}") for half, n in zip(halves, HALVES, strict=True))
    return replace(splits, validation=chosen, test=reported)


def try_all(state: dict[str, Tensor], digits: Labelled) -> list[Trial]:
    """Try every normalization, without and with deslanting; the trial with the least loss comes first."""
    trials = [
        attempt(state, normalization, deslants, digits)
        for normalization in NORMALIZATIONS
        for deslants in (False, True)
    ]
    return sorted(trials, key=lambda trial: trial.loss)


def attempt(state: dict[str, Tensor], normalization: Normalization, deslants: bool, digits: Labelled) -> Trial:
    """Measure how the network reads the digits when they are given to it in this way."""
    network = as_served(network_of(state, normalization), deslants).eval()
    images = torch.from_numpy(to_input(digits.images))
    labels = torch.from_numpy(digits.labels)
    with torch.inference_mode():
        logits = torch.cat([network(part) for part in torch.split(images, TRIAL_BATCH)])
    right = (logits.argmax(dim=1) == labels).double().mean()
    return Trial(normalization, deslants, float(right), float(F.cross_entropy(logits, labels)))


def network_of(state: dict[str, Tensor], normalization: Normalization) -> Net:
    """The network with the normalization in its first layer, exactly: that convolution pads nothing.

    Σ w · (x − mean) / deviation + b  =  Σ (w / deviation) · x + (b − mean / deviation · Σ w)
    """
    weight, bias = state["conv1.weight"].double(), state["conv1.bias"].double()
    shift = normalization.mean / normalization.deviation * weight.sum(dim=(1, 2, 3))
    net = Net()
    net.load_state_dict(
        state | {"conv1.weight": (weight / normalization.deviation).float(), "conv1.bias": (bias - shift).float()}
    )
    return net


def refused_share(classifier: Classifier, digits: Labelled) -> float:
    """The share of PICTURES, which show no digit, that are not accepted: 0–1."""
    chosen = some(digits, SEED, PICTURE_COUNT)
    shares = [
        result_of(classifier, condition.name, condition.kind, read_under(condition, chosen, SEED)).refused
        for condition in NON_DIGITS
        if condition.name in PICTURES
    ]
    return float(np.mean(shares))
