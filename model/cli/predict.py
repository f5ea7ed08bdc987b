"""`numeral predict`: read the digits in image files, in folders of images, and on standard input."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from model.cli.pictures import PictureReader, classifier_of, picture_arguments, with_doubt
from model.cli.terminal import fail
from model.errors import ModelError
from model.preprocessing.pipeline import read_digit


class DigitReader(PictureReader):
    """Reads digits: a line for each picture, with its digit, confidence and, if not accepted, the reason."""

    def lines(self, file: Path, image: bytes) -> Iterator[str]:
        """The line of one picture. Raises ImageError."""
        (verdict,) = self.classifier.judge([read_digit(image)])
        yield f"{file}: {verdict.digit}  {with_doubt(verdict.confidence, verdict.reason)}"


def main(argv: Sequence[str]) -> int:
    """Read the digits in each file; return the exit status, 1 if one could not be read."""
    parser = argparse.ArgumentParser(prog="numeral predict", description="Read the digits in image files.")
    picture_arguments(parser)
    options = parser.parse_args(argv)
    try:
        reader = DigitReader(classifier_of(options))
    except ModelError as error:
        return fail(error)
    return reader.read(reader.images(options.paths))
