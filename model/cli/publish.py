"""`numeral publish net.pt`: publish weights that were trained elsewhere. The work is `model/registry/adopt.py`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from model.cli.options import data_arguments, digits_of, weights_argument
from model.cli.publishing import activate, check_writable, report
from model.cli.terminal import fail
from model.errors import INTERRUPTED, ModelError
from model.registry.adopt import PICTURES, Adopted, adopt
from model.registry.store import Store
from model.registry.weights_file import read_weights


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="numeral publish",
        description="Publish weights of the tutorial's Net that were trained elsewhere, as a version.",
    )
    made.add_argument("file", type=Path, help="a state dict saved by torch.save (net.pt), or safetensors")
    made.add_argument("--promote", action="store_true", help="activate the version if the gate agrees")
    data_arguments(made)
    weights_argument(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Publish the weights in the file; return the exit status."""
    options = parser().parse_args(argv)
    console, store = Console(), Store(options.weights)
    try:
        state, sha256 = read_weights(options.file)
        check_writable(store)
        splits = digits_of(options)
        adopted = adopt(store, state, sha256, splits, lambda stage: console.print(stage, highlight=False))
        decision = activate(store, adopted.published, "auto" if options.promote else "manual")
    except KeyboardInterrupt:
        print("numeral: stopped; nothing was published", file=sys.stderr)
        return INTERRUPTED
    except ModelError as error:
        return fail(error)
    show_trials(console, adopted)
    report(console, adopted.published, decision)
    if not decision.promote:
        print(f"`numeral activate {adopted.published.version}` makes it the current one all the same.")
    return 0


def show_trials(console: Console, adopted: Adopted) -> None:
    """Print how the network was tried, what was chosen, and what such weights can't do."""
    table = Table("", "accuracy", "loss", title=f"Tried on {adopted.published.metrics['validation']['source']}")
    for trial in adopted.trials:
        table.add_row(trial.name, f"{trial.accuracy:.2%}", f"{trial.loss:.4f}")
    console.print(table)
    console.print(
        f"Published as it reads best: {adopted.trials[0].name}. Its training did not teach it what is no digit: of "
        f"{' and '.join(PICTURES)} it refuses {adopted.refused:.0%}.",
        highlight=False,
    )
