"""Two small commands on a folder of versions: `numeral versions` and `numeral activate`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from model.cli.options import usable_version, weights_argument
from model.cli.terminal import fail
from model.errors import ModelError
from model.registry.store import Store


def versions_main(argv: Sequence[str]) -> int:
    """List the versions, with a star before the one that would be served; return the exit status."""
    parser = argparse.ArgumentParser(prog="numeral versions", description="List the versions.")
    weights_argument(parser)
    store = Store(parser.parse_args(argv).weights)
    try:
        current = usable_version(store)
        for version in store.versions():
            print(("* " if version == current else "  ") + describe(store, version))
    except ModelError as error:
        return fail(error)
    return 0


def describe(store: Store, version: int) -> str:
    """One line about a version: number, date and test accuracy, or what is damaged."""
    try:
        manifest = store.verify(version)
    except ModelError as error:
        return f"{version:>4}  damaged: {error}"
    test = manifest["metrics"]["test"]
    return f"{version:>4}  {manifest['created_at']}  test accuracy {test['accuracy']:.2%}  {test['source']}"


def activate_main(argv: Sequence[str]) -> int:
    """Make a version the current one; return the exit status."""
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
