"""Load the digits to train on and to evaluate with: MNIST, or scikit-learn's digits if there is no MNIST."""

from __future__ import annotations

import logging
from pathlib import Path

from model.data.digits import Splits
from model.data.embedded import embedded_splits
from model.data.idx import CACHE_DIR, FILES
from model.data.mnist import mnist_splits
from model.errors import DataError, MirrorsUnreachable

log = logging.getLogger(__name__)


def load_digits(data_dir: Path | None = None, cache_dir: Path = CACHE_DIR, offline: bool = False) -> Splits:
    """Load MNIST from `data_dir` if given; else from `cache_dir`, else by download; else take scikit-learn's digits.

    Raises DataError if `data_dir` is given and its files are missing, short or damaged: no other source silently
    replaces a folder that somebody chose. offline: never download.
    """
    if data_dir is not None:
        return mnist_splits(data_dir)
    if all((cache_dir / name).exists() for name in FILES):
        try:
            return mnist_splits(cache_dir)
        except DataError as error:
            log.warning("the cached MNIST is damaged and is fetched again: %s", error)
    if not offline:
        from model.data.download import download  # imports an HTTP client, only needed here

        try:
            download(cache_dir)
            return mnist_splits(cache_dir)
        except MirrorsUnreachable as error:
            log.warning("no MNIST: %s", error)
    log.warning(
        "training on the digits embedded in scikit-learn (1,797 images of 8×8). Set NUMERAL_DATA_DIR to a folder "
        "with MNIST's four files for a model worth serving.",
    )
    return embedded_splits()
