"""Where digits come from, how they are split, and which can't be trained on."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.settings import Settings
from model.cli import options
from model.data.digits import Labelled, Splits, check_trainable, joined
from model.data.load import load_digits
from model.errors import DataError, ModelError


def test_mnist_is_split_without_overlap(mnist: Splits) -> None:
    assert [len(part) for part in (mnist.train, mnist.validation, mnist.test)] == [55_000, 5_000, 10_000]
    seen = {image.tobytes() for image in mnist.train.images}
    assert not any(image.tobytes() in seen for image in mnist.validation.images)
    assert mnist.train.images.shape[1:] == (32, 32) and mnist.train.images.dtype == np.uint8


def test_embedded_digits_stand_in_and_say_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    splits = load_digits(cache_dir=tmp_path, offline=True)
    assert splits.is_embedded and len(splits.train) == 1197
    assert "NUMERAL_DATA_DIR" in caplog.text


def test_a_named_folder_without_mnist_is_an_error_not_another_source(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has neither"):
        load_digits(tmp_path)


@pytest.fixture
def data_options(monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    """A command's options if none is given and NUMERAL_DATA_DIR is empty."""
    monkeypatch.setenv("NUMERAL_DATA_DIR", "")
    monkeypatch.setenv("NUMERAL_CACHE_DIR", "kept")
    parser = argparse.ArgumentParser()
    options.data_arguments(parser)
    return parser.parse_args([])


@pytest.mark.parametrize(
    ("word", "offline"),
    [("1", True), ("True", True), ("yes", True), ("on", True), ("0", False), ("No", False), ("", False)],
)
def test_settings_mean_to_a_command_what_they_mean_to_the_server(
    data_options: argparse.Namespace, word: str, offline: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERAL_OFFLINE", word)
    monkeypatch.setattr(options, "load_digits", lambda *asked: asked)
    assert options.digits_of(data_options) == (None, Path("kept"), offline)
    settings = Settings()
    assert (settings.data_dir, settings.cache_dir, settings.offline) == (None, Path("kept"), offline)


def test_a_word_that_is_neither_yes_nor_no_is_refused(
    data_options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERAL_OFFLINE", "garbage")
    with pytest.raises(ModelError, match="NUMERAL_OFFLINE must be true or false, not 'garbage'"):
        options.digits_of(data_options)


def labelled(labels: list[int]) -> Labelled:
    return Labelled(np.zeros((len(labels), 32, 32), np.uint8), np.array(labels, np.int64), "test digits")


def test_a_missing_digit_and_a_label_out_of_range_can_not_be_trained_on() -> None:
    with pytest.raises(DataError, match="no image of 9"):
        check_trainable(labelled(list(range(9))))
    with pytest.raises(DataError, match="labels must be 0–9"):
        check_trainable(labelled(list(range(11))))


def test_the_digest_names_images_and_labels() -> None:
    assert labelled([1, 2]).sha256 == labelled([1, 2]).sha256
    assert labelled([1, 2]).sha256 != labelled([2, 1]).sha256


def test_sets_are_joined_in_their_order_under_both_names() -> None:
    both = joined(labelled([1, 2]), Labelled.empty("nothing"), replace(labelled([3]), source="others"))
    assert both.labels.tolist() == [1, 2, 3] and both.images.shape == (3, 32, 32)
    assert both.source == "test digits, others"
