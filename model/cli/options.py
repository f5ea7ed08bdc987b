"""What the commands of `model` share: options, and settings that mean to them what they mean to the server."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from model.data.digits import CACHE_DIR, Splits, load_digits
from model.errors import ModelError
from model.registry.store import Store

TRUE = ("1", "on", "t", "true", "y", "yes")  # these and no other words, as pydantic takes them
FALSE = ("0", "off", "f", "false", "n", "no")


def weights_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--weights`, which defaults to the environment's folder."""
    default = os.environ.get("NUMERAL_WEIGHTS_DIR") or "weights"
    parser.add_argument(
        "--weights", type=Path, default=default, help="folder of versions (NUMERAL_WEIGHTS_DIR, weights)"
    )


def data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--data` and `--offline`; `digits_of` loads what they and the environment ask for."""
    data_dir = os.environ.get("NUMERAL_DATA_DIR") or None
    parser.add_argument("--data", type=Path, default=data_dir, help="folder of MNIST's four files (NUMERAL_DATA_DIR)")
    parser.add_argument("--offline", action="store_true", help="never download MNIST (NUMERAL_OFFLINE, false)")


def digits_of(options: argparse.Namespace) -> Splits:
    """The digits that `--data`, `--offline` and the environment ask for. Raises ModelError."""
    cache_dir = Path(os.environ.get("NUMERAL_CACHE_DIR") or CACHE_DIR)
    return load_digits(options.data, cache_dir, options.offline or is_true("NUMERAL_OFFLINE"))


def is_true(variable: str) -> bool:
    """Whether the environment says yes; an empty or absent variable says no. Raises ModelError for any other word."""
    word = os.environ.get(variable) or "false"
    if word.lower() not in TRUE + FALSE:
        raise ModelError(f"{variable} must be true or false, not {word!r}")
    return word.lower() in TRUE


def usable_version(store: Store) -> int:
    """The version in use, or the one that stands in for it, which is said where one was chosen. Raises NoVersion."""
    version, warning = store.usable()
    if warning is not None and store.names_current():
        print(f"numeral: {warning}", file=sys.stderr)
    return version


def check_writable(folder: Path) -> None:
    """Raise ModelError before the work, not after it, when its results could not be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{folder} can't be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise ModelError(f"{folder} can't be written: choose another folder")
