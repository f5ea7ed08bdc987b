"""Show on standard error how far a measurement is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from model.evaluation.folder import OnPicture

OnName = Callable[[str], None]


@contextmanager
def suite_progress(total: int) -> Iterator[OnName]:
    """Show each of `total` conditions that is measured: a live bar on a terminal, else one line for each."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda name: console.print(f"measured: {name}", highlight=False)
        return
    text = TextColumn("{task.description}")
    with Bar(text, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("suite", total=total)
        yield lambda name: bar.update(task, advance=1, description=f"suite: {name}")


@contextmanager
def picture_progress() -> Iterator[OnPicture]:
    """Show a live bar if standard error is a terminal, else nothing."""
    console = Console(stderr=True)
    text = TextColumn("pictures")
    with Bar(
        text, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True,
        disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)
