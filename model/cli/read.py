"""`numeral read`: read the numbers in image files, in folders of images, and on standard input."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from model.classifier import Classifier
from model.cli.pictures import STDIN, PictureReader, classifier_of, picture_arguments, with_doubt
from model.cli.progress import file_progress
from model.cli.terminal import fail
from model.errors import ModelError
from model.numbers.explain import read_and_explain
from model.numbers.reader import MAX_DIGITS, decode_page, read_numbers
from model.numbers.result import Number, NumbersOnPage

COLUMNS = ("file", "text", "confidence", "accepted", "reason", "x", "y", "width", "height")  # of the CSV


class NumbersReader(PictureReader):
    """Reads numbers: a line for each of them. digits: how many each number has, None if unknown."""

    def __init__(self, classifier: Classifier, digits: int | None) -> None:
        super().__init__(classifier)
        self.digits = digits

    def lines(self, file: Path, image: bytes) -> Iterator[str]:
        """The lines of one picture. Raises ImageError."""
        return self.told(file, read_numbers(image, self.classifier, digits=self.digits))

    def told(self, file: Path, page: NumbersOnPage) -> Iterator[str]:
        """A line for each number, or one that says that there is none."""
        for number in page.numbers:
            yield f"{file}: {number.text}  {with_doubt(number.confidence, number.reason)}"
        if not page.numbers:
            yield f"{file}: no number"


class JsonReader(NumbersReader):
    """Reads numbers: a JSON object for each picture, on a line of its own."""

    def told(self, file: Path, page: NumbersOnPage) -> Iterator[str]:
        """The line of one picture."""
        yield json.dumps(
            {"file": str(file), "numbers": [as_json(number) for number in page.numbers], "text": page.text}
        )


class CsvReader(NumbersReader):
    """Reads numbers: a row of COLUMNS for each, after a heading."""

    def read(self, files: Iterable[Path]) -> int:
        """Print the heading, then read every file; return the exit status."""
        print(as_row(COLUMNS))
        return super().read(files)

    def told(self, file: Path, page: NumbersOnPage) -> Iterator[str]:
        """A row for each number."""
        for number in page.numbers:
            accepted = "true" if number.accepted else "false"
            yield as_row([file, number.text, number.confidence, accepted, number.reason or "", *number.box])


class ExplainingReader(NumbersReader):
    """Reads numbers, and draws how: a picture for each file, in the current folder. drawn: their names so far."""

    def __init__(self, classifier: Classifier, digits: int | None) -> None:
        super().__init__(classifier, digits)
        self.drawn: set[str] = set()

    def lines(self, file: Path, image: bytes) -> Iterator[str]:
        """The lines of one picture, and where its drawing is. Raises ImageError."""
        numbers, drawing = read_and_explain(decode_page(image), self.classifier, self.digits)
        target = self.target_of(file)
        drawing.save(target)
        yield from self.told(file, numbers)
        yield f"{file}: explained in {target}"

    def target_of(self, file: Path) -> Path:
        """Where a file's drawing goes; files of one name in different folders have different ones."""
        stem = "stdin" if file == STDIN else file.stem
        names = (f"{stem}{'' if number == 1 else f'.{number}'}.explained.png" for number in count(1))
        name = next(name for name in names if name not in self.drawn)
        self.drawn.add(name)
        return Path(name)


def as_json(number: Number) -> dict[str, Any]:
    """The members of a number's JSON: those of the service's answer."""
    told: dict[str, Any] = {"text": number.text, "confidence": number.confidence, "accepted": number.accepted}
    if number.reason is not None:
        told["reason"] = number.reason
    digits = [{"digit": one.digit, "confidence": one.confidence, "box": list(one.box)} for one in number.digits]
    alternatives = [other._asdict() for other in number.alternatives]
    return {**told, "box": list(number.box), "digits": digits, "alternatives": alternatives}


def as_row(cells: Iterable[object]) -> str:
    """The cells as a row of CSV (RFC 4180), without the line end."""
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(cells)
    return row.getvalue()


def number_of_digits(text: str) -> int:
    """Parse `--digits`. Raises ArgumentTypeError."""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_DIGITS:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MAX_DIGITS}")


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(prog="numeral read", description="Read the numbers in image files.")
    picture_arguments(made)
    made.add_argument("--digits", type=number_of_digits, metavar="N", help="each number has exactly N digits")
    made.set_defaults(reader=NumbersReader)
    form = made.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_const", const=JsonReader, dest="reader", help="a JSON object a line for each picture"
    )
    form.add_argument(
        "--explain", action="store_const", const=ExplainingReader, dest="reader",
        help="also draw the pieces, the cuts and the chosen path: of a.png in a.explained.png in the current folder",
    )  # fmt: skip
    form.add_argument("--csv", action="store_const", const=CsvReader, dest="reader", help="a row for each number")
    return made


def main(argv: Sequence[str]) -> int:
    """Read the numbers in each file; return the exit status, 1 if one could not be read."""
    options = parser().parse_args(argv)
    try:
        reader: NumbersReader = options.reader(classifier_of(options), options.digits)
    except ModelError as error:
        return fail(error)
    with file_progress(list(reader.images(options.paths))) as files:
        return reader.read(files)
