"""What the commands of `model` share: options, and settings that mean to them what they mean to the server."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from model.data.digits import Splits
from model.data.load import load_digits
from model.errors import ModelError
from model.registry.store import DEFAULT_ROOT, Store


def weights_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--weights`, which defaults to the environment's folder."""
    default = os.environ.get("NUMERAL_WEIGHTS_DIR") or DEFAULT_ROOT
    parser.add_argument(
        "--weights", type=Path, default=default, help=f"folder of versions (NUMERAL_WEIGHTS_DIR, {DEFAULT_ROOT})"
    )


def data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--data` and `--offline`; `digits_of` loads what they and the environment ask for."""
    parser.add_argument("--data", type=Path, help="folder of MNIST's four files (NUMERAL_DATA_DIR)")
    parser.add_argument("--offline", action="store_true", help="never download MNIST (NUMERAL_OFFLINE, false)")


def digits_of(options: argparse.Namespace) -> Splits:
    """The digits that `--data`, `--offline` and the environment ask for. Raises ModelError."""
    from model.data.settings import load_data_settings  # which takes time that commands without digits need not spend

    settings = load_data_settings()
    return load_digits(options.data or settings.data_dir, settings.cache_dir, options.offline or settings.offline)


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
