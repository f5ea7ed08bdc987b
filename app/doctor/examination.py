"""All checks in order, with the two that use the model: a prediction, and whether a training can run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from app.doctor.configuration import keys, port, telemetry, variables
from app.doctor.database import address, database
from app.doctor.finding import Finding
from app.doctor.storage import clock, disk, rights, versions
from app.settings import Settings
from model.classifier import Classifier
from model.data.idx import FILES
from model.errors import StoreError
from model.preprocessing.pipeline import read_digit, to_png
from model.registry.store import Store, usable_folder

OTHER_VERSION = "activate another version: numeral versions, numeral activate N"


def prediction(settings: Settings) -> Iterator[Finding]:
    """Whether the version that would be served reads a drawn seven."""
    started = time.perf_counter()
    try:
        folder, _ = usable_folder(Store(settings.weights_dir), Store(settings.shipped_weights_dir))
        (verdict,) = Classifier.load(folder).judge([read_digit(drawn_seven())])
    except StoreError as error:
        yield Finding("prediction", "failing", f"none: {error}", OTHER_VERSION)
        return
    if verdict.digit == 7:
        took = time.perf_counter() - started
        yield Finding("prediction", "ok", f"a drawn 7 is read, {verdict.confidence:.1%} sure, within {took:.2f} s")
    else:
        yield Finding("prediction", "failing", f"a drawn 7 is read as {verdict.digit}", OTHER_VERSION)


def drawn_seven() -> bytes:
    """A PNG of a seven."""
    image = Image.new("L", (100, 100), 255)
    ImageDraw.Draw(image).line([(25, 22), (75, 20), (62, 45), (45, 85)], fill=0, width=7, joint="curve")
    return to_png(np.asarray(image))


def training(settings: Settings) -> Iterator[Finding]:
    """Whether a retraining can run, and on which digits."""
    if find_spec("torch") is None:
        yield Finding("training", "ok", "not installed: this is for serving only; numeral[train] brings it")
        return
    folder = settings.data_dir
    missing = [] if folder is None else [name for name in FILES if not any_of(folder / name, folder / f"{name}.gz")]
    if missing:
        remedy = "put MNIST's four files there, or unset NUMERAL_DATA_DIR: they are downloaded then"
        yield Finding("training", "failing", f"{folder} lacks {missing[0]}", remedy)
    elif folder is None and settings.offline and not all((settings.cache_dir / name).exists() for name in FILES):
        remedy = "set NUMERAL_DATA_DIR to a folder with MNIST's four files"
        yield Finding("training", "warning", "without MNIST it uses 1,797 small digits", remedy)
    else:
        yield Finding(
            "training", "ok", f"installed; MNIST {'is in ' + str(folder) if folder else 'is downloaded once'}"
        )


def any_of(*paths: Path) -> bool:
    """Whether one of the files exists."""
    return any(path.exists() for path in paths)


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    variables, keys, rights, disk, versions, prediction, database, clock, telemetry, training, port,
)  # fmt: skip


def examine(settings: Settings) -> Iterator[Finding]:
    """The findings of every check, in order; none of the others if the database's address can't be understood."""
    if wrong := [*address(settings)]:
        yield from wrong
        return
    for check in CHECKS:
        yield from check(settings)
