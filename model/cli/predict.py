"""`numeral predict`: read the digits in image files, in folders of images, and on standard input."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from model.classifier import Classifier
from model.cli.options import usable_version, weights_argument
from model.cli.terminal import fail, said
from model.data.folders import files_below, image_bytes, is_image
from model.errors import ModelError
from model.preprocessing.errors import ImageError
from model.preprocessing.pipeline import DEFAULT_LIMITS, read_digit
from model.registry.store import Store

STDIN = Path("-")


class Reader:
    """Reads digits, a line of output for each. A file that can't be read is a line on standard error; others follow."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self.status = 0

    def read(self, paths: Sequence[Path]) -> int:
        """Read every image; return the exit status, 1 if one could not be read."""
        for path in paths:
            for file in self.images(path):
                try:
                    print(f"{file}: {self.answer(content(file))}")
                except ImageError as error:
                    self.complain(f"{file}: {error}")
                except OSError as error:
                    if error.filename is None:  # not the image: the output
                        raise
                    self.complain(said(error))
        return self.status

    def images(self, path: Path) -> Iterator[Path]:
        """Yield the file itself, or all images in the folder and its subfolders."""
        if path == STDIN or not path.is_dir():
            yield path
            return
        found = False
        for file in filter(is_image, files_below(path, lambda error: self.complain(said(error)))):
            found = True
            yield file
        if not found:
            self.complain(f"{path}: there is no image in this folder")

    def answer(self, image: bytes) -> str:
        """Read the image; return digit, confidence and, if not accepted, the reason as text. Raises ImageError."""
        (verdict,) = self.classifier.judge([read_digit(image)])
        doubt = "" if verdict.accepted else f"  (not accepted: {verdict.reason})"
        return f"{verdict.digit}  {verdict.confidence:.1%}{doubt}"

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


def main(argv: Sequence[str]) -> int:
    """Read the digits in each file; return the exit status, 1 if one could not be read."""
    parser = argparse.ArgumentParser(prog="numeral predict", description="Read the digits in image files.")
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="FILE", help="an image, a folder of images, or - for standard input"
    )
    weights_argument(parser)
    options = parser.parse_args(argv)
    try:
        store = Store(options.weights)
        classifier = Classifier.load(store.folder(usable_version(store)))
    except ModelError as error:
        return fail(error)
    return Reader(classifier).read(options.paths)
