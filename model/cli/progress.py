"""Show on standard error how far a command is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from model.data.labelled_folder import OnPicture

MANY = 10  # files, from which on a bar shows the progress of reading them

OnName = Callable[[str], None]


@contextmanager
def suite_progress(total: int) -> Iterator[OnName]:
    """Show each of `total` conditions that is measured: a live bar on a terminal, else one line for each."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda name: console.print(f"measured: {name}", highlight=False)
        return
    with bar_of("{task.description}", console) as bar:
        task = bar.add_task("suite", total=total)
        yield lambda name: bar.update(task, advance=1, description=f"suite: {name}")


@contextmanager
def picture_progress() -> Iterator[OnPicture]:
    """Show a live bar if standard error is a terminal, else nothing."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None
        return
    with bar_of("pictures", console) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def file_progress(files: Sequence[Path]) -> Iterator[Iterable[Path]]:
    """The files, with a live bar on standard error while they are taken: for MANY of them, if that is a terminal.

    Where standard output is that terminal, too, the lines show the progress.
    """
    console = Console(stderr=True)
    lines_are_shown = sys.stdout is not None and sys.stdout.isatty()
    if not console.is_terminal or lines_are_shown or len(files) < MANY:
        yield files
        return
    with bar_of("pictures", console) as bar:
        yield bar.track(files)


def bar_of(text: str, console: Console) -> Progress:
    """A bar that vanishes in the end: a text, how many are done, and the time that is left."""
    columns = (TextColumn(text), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, redirect_stdout=False)
