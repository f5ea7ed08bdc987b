"""Digits in other hands: drawn ones to train on, and others held out, which no training sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.data.digits import SPLIT_SEED, Splits
from model.data.embedded import embedded_digits, order_of_splits
from model.data.foreign import HELD_OUT_SEED, foreign_digits, further_digits
from model.data.handwriting.drawn import TRAINING, VALIDATION, drawn_digits


def test_as_many_digits_are_drawn_as_the_share_says_and_another_seed_draws_others(embedded: Splits) -> None:
    (first,), (again,), (other,) = (further_digits(embedded, 0.1, seed) for seed in (1, 1, 2))
    assert len(first) == 120 and first.source == "drawn digits"
    assert first.sha256 == again.sha256 != other.sha256
    assert further_digits(embedded, 0, 1) == ()


def test_no_training_sees_the_digits_that_are_held_out(embedded: Splits) -> None:
    held_out = foreign_digits(embedded)
    assert held_out.sha256 == foreign_digits(embedded).sha256 and len(held_out) == 60
    (drawn,) = further_digits(embedded, 0.1, HELD_OUT_SEED)
    assert not {image.tobytes() for image in held_out.images} & {image.tobytes() for image in drawn.images}


def test_beside_mnist_scikit_learns_validation_digits_are_held_out_too(mnist: Splits, embedded: Splits) -> None:
    held_out = foreign_digits(mnist)
    assert len(held_out) == 1300 and held_out.source == "drawn digits, scikit-learn digits"
    assert (held_out.images[1000:] == embedded.validation.images).all()
    assert (held_out.labels[1000:] == embedded.validation.labels).all()


def test_beside_mnist_scikit_learns_training_digits_are_trained_on_too(mnist: Splits, embedded: Splits) -> None:
    drawn, others = further_digits(replace(mnist, train=mnist.train[:100]), 0.1, 1)
    assert len(drawn) == 10 and others.sha256 == embedded.train.sha256
    assert further_digits(mnist, 0, 1) == ()


def test_the_order_in_which_scikit_learns_digits_are_split_stays(embedded: Splits) -> None:
    parts = order_of_splits()
    assert [len(part) for part in parts] == [1197, 300, 300]
    assert (np.concatenate(parts) == np.random.default_rng(SPLIT_SEED).permutation(1797)).all()
    assert (embedded_digits(parts[2][:5]).images == embedded.test.images[:5]).all()


def test_drawn_digits_are_of_every_label_and_placed_as_the_pipeline_does() -> None:
    digits = drawn_digits(300, seed=3)
    assert set(digits.labels.tolist()) == set(range(10)) and digits.images.dtype == np.uint8
    counts = np.bincount(digits.labels, minlength=10)
    assert counts[[0, 1, 4, 7]].mean() > 1.5 * counts[[2, 3, 5, 6, 8, 9]].mean()
    inked = digits.images > 25
    sides = np.maximum(inked.any(axis=1).sum(axis=1), inked.any(axis=2).sum(axis=1))
    assert (sides >= 18).all() and (sides <= 21).all()
    assert not digits.images[:, :2].any() and not digits.images[:, :, -2:].any()


def test_the_style_of_validation_is_wider_than_that_of_training_in_every_range() -> None:
    for name, value in vars(TRAINING).items():
        wider = getattr(VALIDATION, name)
        if name == "gaps":
            assert wider > value
        else:
            assert wider[0] <= value[0] and wider[1] >= value[1] and wider != value
