"""`numeral evaluate`: measure a version from its files, on MNIST and on the robustness suite, or on any folder.

It prints tables, and writes pictures and JSON on request:

    evaluate_mnist.py     on MNIST, and with --suite on the suite     evaluate_numbers.py         its numbers alone
    evaluate_folder.py    on a folder of digits                       evaluate_number_folder.py   on one of numbers
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from model.cli import evaluate_folder, evaluate_mnist, evaluate_number_folder, evaluate_numbers
from model.cli.options import check_writable, data_arguments, targets, weights_argument, writing
from model.cli.terminal import fail
from model.errors import ModelError
from model.evaluation.robustness.number_suite import NUMBER_COUNT
from model.evaluation.robustness.numbers import LONGEST
from model.evaluation.robustness.suite import COUNT

Results = TypeVar("Results")  # of one of the ways to measure


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="numeral evaluate",
        usage="%(prog)s [VERSION] [FOLDER] [options]",
        description="Measure a version on MNIST, or on a folder of your own labelled pictures.",
    )
    made.add_argument(
        "target", nargs="*", metavar="VERSION FOLDER",
        help="version number; default: the current version. Folder of pictures to measure on instead of MNIST: "
        "7/a.png or 7_a.png shows a 7, none/b.png or none_b.png no digit. Digits alone are a version: write ./7 for a "
        "folder with that name",
    )  # fmt: skip
    made.add_argument("--suite", action="store_true", help="also run the robustness suite; takes minutes")
    made.add_argument(
        "--numbers", action="store_true",
        help="measure how numbers are read instead: the suite's, or those of the folder, where 25441_a.png shows 25441",
    )  # fmt: skip
    made.add_argument(
        "--count", type=int, metavar="N",
        help=f"pictures per condition of the suite ({COUNT:,}; of numbers {NUMBER_COUNT}, or a fifth of N)",
    )  # fmt: skip
    made.add_argument(
        "--digits", type=int, metavar="N", help=f"with --numbers: digits of each number (any from 1 to {LONGEST})"
    )
    made.add_argument(
        "--pictures", type=Path, metavar="DIR", help="write charts or failures as PNG files to this folder"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write the results to this file as JSON")
    data_arguments(made)
    weights_argument(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Print the tables, write the requested files, and return the exit status."""
    options = parser().parse_args(argv)
    try:
        version, folder = targets(options.target)
        check(options, folder)
        measure(options, version, folder)
    except ModelError as error:
        return fail(error)
    return 0


def measure(options: argparse.Namespace, version: int | None, folder: Path | None) -> None:
    """Measure what the options ask for; print and write the results. Raises ModelError."""
    if folder is None and not options.numbers:
        mnist = evaluate_mnist.measure_version(options, version)
        report(options, mnist, evaluate_mnist.show, evaluate_mnist.write)
    elif folder is None:
        numbers = evaluate_numbers.measure_numbers(options, version)
        report(options, numbers, evaluate_numbers.show, evaluate_numbers.write)
    elif options.numbers:
        named = evaluate_number_folder.measure_folder(options.weights, version, folder)
        report(options, named, evaluate_number_folder.show, evaluate_number_folder.write)
    else:
        labelled = evaluate_folder.measure_folder(options.weights, version, folder)
        report(options, labelled, evaluate_folder.show, evaluate_folder.write)


def report(
    options: argparse.Namespace,
    results: Results,
    show: Callable[[Console, Results], None],
    write: Callable[[Path | None, Path | None, Results], None],
) -> None:
    """Print the results, then write the pictures and the JSON that the options ask for. Raises ModelError."""
    show(Console(), results)
    with writing():
        write(options.pictures, options.json, results)


def check(options: argparse.Namespace, folder: Path | None) -> None:
    """Raise ModelError for options that can't be fulfilled, before minutes of measuring."""
    if options.count is not None and not (options.suite or options.numbers):
        raise ModelError("--count is for the suite: give --suite or --numbers, too")
    if options.count is not None and options.count < 1:
        raise ModelError("--count must be at least 1")
    if options.digits is not None and not options.numbers:
        raise ModelError("--digits is for numbers: give --numbers, too")
    if options.digits is not None and not 1 <= options.digits <= LONGEST:
        raise ModelError(f"--digits must be 1 to {LONGEST}")
    if options.suite and options.numbers:
        raise ModelError("--suite measures numbers, too: leave --numbers out")
    given = [name for name in ("suite", "data", "count", "digits") if getattr(options, name)]
    if folder is not None and given:
        raise ModelError(f"--{given[0]} is for MNIST's digits: leave it or {folder} out")
    for option, package in (("suite", "sklearn"), ("pictures", "matplotlib")):
        if getattr(options, option) and find_spec(package) is None:
            raise ModelError(f"--{option} needs {package}, which comes with numeral[train]")
    if options.pictures:
        check_writable(options.pictures)
    if options.json:
        check_writable(options.json.parent)
        if options.json.is_dir():
            raise ModelError(f"{options.json} is a folder: name a file for --json")
        if options.json.exists() and not os.access(options.json, os.W_OK):
            raise ModelError(f"{options.json} can't be written: name another file for --json")
