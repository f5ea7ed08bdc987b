"""The small commands on a folder of versions: `numeral predict`, `numeral versions`, `numeral activate`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from model.classifier import Classifier
from model.command_line import fail, weights_argument
from model.errors import ModelError
from model.image import ImageError, read_digit
from model.store import Store


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
