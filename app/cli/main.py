"""`numeral COMMAND`: import the command's module only when it is called, then run its function with the arguments.

numeral serve | doctor | train | publish | predict | read | evaluate | versions | activate | samples | retrain
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import version
from io import TextIOWrapper

from model.cli.terminal import fail
from model.errors import INTERRUPTED, ModelError

TRAIN_EXTRA = {"matplotlib", "onnx", "safetensors", "scipy", "sklearn", "torch"}  # modules of the extra `train`
FAILED, WRONG_USAGE = 1, 2  # exit statuses; argparse also exits with 2 for wrong usage

COMMANDS = {
    "serve": ("app.cli.serve:main", "serve predictions over HTTP"),
    "doctor": ("app.cli.doctor:main", "check all that a service needs, and say what to do"),
    "train": ("model.cli.train:main", "train, evaluate and publish a version"),
    "publish": ("model.cli.publish:main", "publish weights that were trained elsewhere, as a version"),
    "predict": ("model.cli.predict:main", "read the digits in image files and folders"),
    "read": ("model.cli.read:main", "read the numbers in image files and folders"),
    "evaluate": ("model.cli.evaluate:main", "measure a version, with tables and pictures"),
    "versions": ("model.cli.versions:versions_main", "list the versions"),
    "activate": ("model.cli.versions:activate_main", "make a version the current one"),
    "samples": ("app.cli.samples:main", "import, export or list the samples of a running service"),
    "retrain": ("app.cli.retrain:main", "start a retraining of a running service, and follow it"),
}


def usage() -> str:
    """The help text."""
    lines = [f"  {name:<10} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(["usage: numeral COMMAND [OPTION…]", "", *lines, "", "`numeral COMMAND --help` says more."])


def main() -> int:
    """Run the command that the command line names and return the exit status.

    When the reader closes the output, as `head` does, the command ends silently. When the output can't be written, for
    example because the disk is full, the command ends with one line on standard error.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for characters that the terminal's encoding lacks
    try:
        try:
            return run(sys.argv[1:] or ["--help"])
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        print("numeral: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        give_up_output()
        return FAILED
    except OSError as error:
        give_up_output()
        return fail(error)


def run(line: Sequence[str]) -> int:
    """Run the command and return its exit status. line: the command's name and its arguments."""
    command, *arguments = line
    if command == "help" and arguments:
        command, arguments = arguments[0], ["--help"]
    if command in ("-h", "--help", "help"):
        print(usage())
        return 0
    if command in ("-V", "--version"):
        print(f"numeral {version('numeral')}")
        return 0
    if command not in COMMANDS:
        nearest = "".join(f"; did you mean `{name}`?" for name in get_close_matches(command, COMMANDS, 1))
        print(f"numeral: there is no command `{command}`{nearest}\n`numeral --help` lists them all.", file=sys.stderr)
        return WRONG_USAGE
    module, _, function = COMMANDS[command][0].partition(":")
    try:
        status: int = getattr(import_module(module), function)(arguments)
    except ModuleNotFoundError as error:
        if error.name not in TRAIN_EXTRA:
            raise
        return fail(ModelError(f"`numeral {command}` needs {error.name}, which comes with numeral[train]"))
    return status


def give_up_output() -> None:
    """Redirect standard output to /dev/null. Python flushes its buffer at exit, which would fail again otherwise."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
