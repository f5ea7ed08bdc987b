"""Options that the commands of `model` share. The environment variables behind them are the server's settings."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from model.data.digits import Splits
from model.data.load import load_digits
from model.errors import ModelError
from model.registry.store import DEFAULT_ROOT, Store


def weights_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--weights`; its default is NUMERAL_WEIGHTS_DIR, or DEFAULT_ROOT if that is not set."""
    default = os.environ.get("NUMERAL_WEIGHTS_DIR") or DEFAULT_ROOT
    parser.add_argument(
        "--weights", type=Path, default=default, help=f"folder of versions (NUMERAL_WEIGHTS_DIR, {DEFAULT_ROOT})"
    )


def data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--data` and `--offline`, which `digits_of` reads."""
    parser.add_argument("--data", type=Path, help="folder of MNIST's four files (NUMERAL_DATA_DIR)")
    parser.add_argument("--offline", action="store_true", help="never download MNIST (NUMERAL_OFFLINE, false)")


def digits_of(options: argparse.Namespace) -> Splits:
    """Load the digits that `--data`, `--offline` and the environment name. Raises ModelError."""
    from model.data.settings import load_data_settings  # slow to import, and not every command loads digits

    settings = load_data_settings()
    return load_digits(options.data or settings.data_dir, settings.cache_dir, options.offline or settings.offline)


def targets(words: Sequence[str]) -> tuple[int | None, Path | None]:
    """The version and the folder that the words name, None for what is not named. Digits alone are a version.

    Raises ModelError for more than one of either.
    """
    versions = [word for word in words if word.isdecimal()]
    folders = [word for word in words if not word.isdecimal()]
    if len(versions) > 1 or len(folders) > 1:
        raise ModelError("give one version and one folder at most; ./7 is a folder, 7 a version")
    return (int(versions[0]) if versions else None), (Path(folders[0]) if folders else None)


def usable_version(store: Store) -> int:
    """The current version, or the newest intact one if that is damaged or none is set. Raises NoVersion.

    If `CURRENT` names another version than the one returned, print a warning to standard error.
    """
    version, warning = store.usable()
    if warning is not None and store.names_current():
        print(f"numeral: {warning}", file=sys.stderr)
    return version


def check_writable(folder: Path) -> None:
    """Raise ModelError if the folder can't be written: before the work, so that no result is lost. Makes the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{folder} can't be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise ModelError(f"{folder} can't be written: choose another folder")


def write_json(path: Path, results: dict[str, Any]) -> None:
    """Write results in JSON's types to the file. Raises OSError."""
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", "utf-8")


@contextmanager
def writing() -> Iterator[None]:
    """Turn the OSError of a result that can't be written into a ModelError."""
    try:
        yield
    except OSError as error:
        raise ModelError(f"{error.filename or 'a result'} can't be written: {error.strerror or error}") from None
