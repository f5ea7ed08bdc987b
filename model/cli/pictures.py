"""What `numeral predict` and `numeral read` share: the pictures that a command line names, and what can't be read."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from model.classifier import Classifier
from model.cli.options import usable_version, weights_argument
from model.cli.terminal import said
from model.data.folders import files_below, image_bytes, is_image
from model.preprocessing.errors import ImageError
from model.preprocessing.pipeline import DEFAULT_LIMITS
from model.registry.store import DEFAULT_ROOT, SHIPPED_ROOT, Store

STDIN = Path("-")


class PictureReader(ABC):
    """Reads pictures, each with its lines of output. One that can't be read is a line on standard error; others follow.

    status: the exit status, 1 as soon as one could not be read.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self.status = 0

    @abstractmethod
    def lines(self, file: Path, image: bytes) -> Iterable[str]:
        """Read the image of a file; the lines to print. Raises ImageError."""

    def read(self, files: Iterable[Path]) -> int:
        """Read every file; return the exit status."""
        for file in files:
            try:
                for line in self.lines(file, content(file)):
                    print(line)
            except ImageError as error:
                self.complain(f"{file}: {error}")
            except OSError as error:
                if error.filename is None:  # not the image: the output
                    raise
                self.complain(said(error))
        return self.status

    def images(self, paths: Sequence[Path]) -> Iterator[Path]:
        """Yield the files that the paths name: each file itself, or all images in a folder and its subfolders."""
        for path in paths:
            if path == STDIN or not path.is_dir():
                yield path
                continue
            found = False
            for file in filter(is_image, files_below(path, lambda error: self.complain(said(error)))):
                found = True
                yield file
            if not found:
                self.complain(f"{path}: there is no image in this folder")

    def complain(self, text: str) -> None:
        """Print one line about a file that can't be read, and set the exit status to 1."""
        print(text, file=sys.stderr)
        self.status = 1


def content(path: Path) -> bytes:
    """The file's bytes, read up to one byte beyond the limit: enough to refuse it. Raises OSError."""
    if path == STDIN:
        if sys.stdin is None:  # closed
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), str(path))
        return sys.stdin.buffer.read(DEFAULT_LIMITS.max_bytes + 1)
    return image_bytes(path, DEFAULT_LIMITS.max_bytes)


def with_doubt(confidence: float, reason: str | None) -> str:
    """The confidence as text and, if the answer is not accepted, the reason."""
    doubt = "" if reason is None else f"  (not accepted: {reason})"
    return f"{confidence:.1%}{doubt}"


def picture_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the pictures, and `--weights`, which `classifier_of` reads."""
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="FILE", help="an image, a folder of images, or - for standard input"
    )
    weights_argument(parser)


def classifier_of(options: argparse.Namespace) -> Classifier:
    """The version in use in the folder that `--weights` names. Raises ModelError.

    The shipped version if `--weights` is the default and that folder does not exist.
    """
    is_bare = options.weights == DEFAULT_ROOT and not DEFAULT_ROOT.exists()
    store = Store(SHIPPED_ROOT if is_bare else options.weights)
    return Classifier.load(store.folder(usable_version(store)))
