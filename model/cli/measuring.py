"""What commands share that measure a version, or take a folder of pictures: which version, and what was left out."""

from __future__ import annotations

import sys
from pathlib import Path

from model.classifier import Classifier
from model.cli.options import usable_version
from model.registry.store import Store

NAMED = 3  # unlabelled files that are named as examples


def intact_classifier(weights: Path, version: int | None) -> Classifier:
    """Load the version, the current one for None, from the folder `weights`. Raises ModelError, also if damaged."""
    store = Store(weights)
    version = usable_version(store) if version is None else version
    store.verify(version)
    return Classifier.load(store.folder(version))


def name_left_out(unusable: dict[str, str], unlabelled: list[str], done: str = "measured") -> None:
    """Say on standard error what could not be `done`, name → why, and what has no label."""
    for name, reason in unusable.items():
        print(f"{name}: not {done}: {reason}", file=sys.stderr)
    if unlabelled:
        names = ", ".join(unlabelled[:NAMED]) + (", …" if len(unlabelled) > NAMED else "")
        print(f"{len(unlabelled):,} without a label: {names}", file=sys.stderr)
