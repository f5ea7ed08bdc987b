"""The small commands on a folder of versions: `numeral predict`, `numeral versions`, `numeral activate`.

And what all commands of `model` share: options and settings, which mean here what they mean to the server.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from model.classifier import Classifier
from model.data import CACHE_DIR, Splits, load_digits
from model.errors import ModelError
from model.image import ImageError, read_digit
from model.store import Store

TRUE = ("1", "on", "t", "true", "y", "yes")  # these and no other words, as pydantic takes them
FALSE = ("0", "off", "f", "false", "n", "no")


def weights_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--weights`, which defaults to the environment's folder."""
    default = os.environ.get("NUMERAL_WEIGHTS_DIR") or "weights"
    parser.add_argument(
        "--weights", type=Path, default=default, help="folder of versions (NUMERAL_WEIGHTS_DIR, weights)"
    )


def data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--data` and `--offline`; `digits` loads what they and the environment ask for."""
    data_dir = os.environ.get("NUMERAL_DATA_DIR") or None
    parser.add_argument("--data", type=Path, default=data_dir, help="folder of MNIST's four files (NUMERAL_DATA_DIR)")
    parser.add_argument("--offline", action="store_true", help="never download MNIST (NUMERAL_OFFLINE, false)")


def digits(options: argparse.Namespace) -> Splits:
    """The digits that `--data`, `--offline` and the environment ask for. Raises ModelError."""
    cache_dir = Path(os.environ.get("NUMERAL_CACHE_DIR") or CACHE_DIR)
    return load_digits(options.data, cache_dir, options.offline or is_true("NUMERAL_OFFLINE"))


def is_true(variable: str) -> bool:
    """Whether the environment says yes; an empty or absent variable says no. Raises ModelError for any other word."""
    word = os.environ.get(variable) or "false"
    if word.lower() not in TRUE + FALSE:
        raise ModelError(f"{variable} must be true or false, not {word!r}")
    return word.lower() in TRUE


def fail(error: Exception) -> int:
    """One line on standard error; exit status 1."""
    print(f"numeral: {error}", file=sys.stderr)
    return 1


def check_writable(folder: Path) -> None:
    """Raise ModelError before the work, not after it, when its results could not be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{folder} can't be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise ModelError(f"{folder} can't be written: choose another folder")


def predict_main(argv: Sequence[str]) -> int:
    """Read the digit in each file; exit status 1 when one could not be read."""
    parser = argparse.ArgumentParser(prog="numeral predict", description="Read the digits in image files.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    weights_argument(parser)
    options = parser.parse_args(argv)
    try:
        store = Store(options.weights)
        classifier = Classifier.load(store.folder(store.usable()[0]))
    except ModelError as error:
        return fail(error)
    status = 0
    for file in options.files:
        try:
            reading = read_digit(file.read_bytes())
        except (ImageError, OSError) as error:
            print(f"{file}: {error}", file=sys.stderr)
            status = 1
            continue
        (verdict,) = classifier.judge([reading])
        doubt = "" if verdict.accepted else f"  (not accepted: {verdict.reason})"
        print(f"{file}: {verdict.digit}  {verdict.confidence:.1%}{doubt}")
    return status


def versions_main(argv: Sequence[str]) -> int:
    """List the versions, the current one marked."""
    parser = argparse.ArgumentParser(prog="numeral versions", description="List the versions.")
    weights_argument(parser)
    store = Store(parser.parse_args(argv).weights)
    try:
        current = store.usable()[0]
        for version in store.versions():
            print(("* " if version == current else "  ") + describe(store, version))
    except ModelError as error:
        return fail(error)
    return 0


def describe(store: Store, version: int) -> str:
    """One line about a version."""
    try:
        manifest = store.verify(version)
    except ModelError as error:
        return f"{version:>4}  damaged: {error}"
    test = manifest["metrics"]["test"]
    return f"{version:>4}  {manifest['created_at']}  test accuracy {test['accuracy']:.2%}  {test['source']}"


def activate_main(argv: Sequence[str]) -> int:
    """Make a version the current one."""
    parser = argparse.ArgumentParser(prog="numeral activate", description="Make a version the current one.")
    parser.add_argument("version", type=int)
    weights_argument(parser)
    options = parser.parse_args(argv)
    try:
        Store(options.weights).activate(options.version)
    except ModelError as error:
        return fail(error)
    print(f"version {options.version} is the current one; running servers notice within a second")
    return 0
