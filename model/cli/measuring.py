"""What the ways to measure a version share: which version, and what to say of pictures that could not be measured."""

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


def name_unmeasured(unreadable: dict[str, str], unlabelled: list[str]) -> None:
    """Say on standard error what could not be read, name → why, and what has no label."""
    for name, reason in unreadable.items():
        print(f"{name}: not measured: {reason}", file=sys.stderr)
    if unlabelled:
        names = ", ".join(unlabelled[:NAMED]) + (", …" if len(unlabelled) > NAMED else "")
        print(f"{len(unlabelled):,} without a label: {names}", file=sys.stderr)
