"""`numeral COMMAND`: each command is a module with `main(argv)`, imported only when it is asked for.

numeral serve | train | predict | evaluate | versions | activate | samples | retrain
"""

from __future__ import annotations

import sys
from importlib import import_module

from model.errors import INTERRUPTED

COMMANDS = {
    "serve": ("app.serve:main", "serve predictions over HTTP"),
    "train": ("model.train_command:main", "train, evaluate and publish a version"),
    "predict": ("model.commands:predict_main", "read the digits in image files"),
    "evaluate": ("model.evaluate_command:main", "measure a version, with tables and pictures"),
    "versions": ("model.commands:versions_main", "list the versions"),
    "activate": ("model.commands:activate_main", "make a version the current one"),
    "samples": ("app.samples_command:main", "import, export or list the samples of a running service"),
    "retrain": ("app.retrain_command:main", "start a retraining of a running service, and follow it"),
}


def usage() -> str:
    """The help text."""
    lines = [f"  {name:<10} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(["usage: numeral COMMAND [OPTION…]", "", *lines, "", "`numeral COMMAND --help` says more."])


def main() -> int:
    """Run the command that the command line names; answers with the exit status."""
    command, *arguments = sys.argv[1:] or ["--help"]
    if command in ("-h", "--help"):
        print(usage())
        return 0
    if command not in COMMANDS:
        print(f"numeral: there is no command `{command}`\n\n{usage()}", file=sys.stderr)
        return 2
    module, _, function = COMMANDS[command][0].partition(":")
    try:
        status: int = getattr(import_module(module), function)(arguments)
    except KeyboardInterrupt:
        print("numeral: stopped", file=sys.stderr)
        return INTERRUPTED
    return status


if __name__ == "__main__":
    sys.exit(main())
