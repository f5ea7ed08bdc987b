"""What the commands that publish a version share: a check before the work, the activation, and the report."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from model.cli.tables import add_summary
from model.errors import CurrentChanged, StoreError
from model.evaluation.gate import Decision
from model.registry.publish import Published, as_asked, not_activated
from model.registry.store import Store


def check_writable(store: Store) -> None:
    """Raise StoreError if no version can be published: before the work, so that no result is lost."""
    try:
        store.check_writable()
    except StoreError as error:
        raise StoreError(f"{error}; choose another folder with --weights") from error


def activate(store: Store, published: Published, promote: str) -> Decision:
    """Activate the version if it passed the gate and `promote` is "auto"; return the decision with its reasons.

    Raises StoreError if that fails; its text says that the version is published all the same.
    """
    decision = as_asked(published.decision, promote)
    if decision.promote:
        try:
            store.promote(published.version, published.compared_with)
        except CurrentChanged as error:
            return Decision(False, [*decision.reasons, not_activated(error)])
        except StoreError as error:
            raise StoreError(f"version {published.version} is published but not activated: {error}") from error
    return decision


def report(console: Console, published: Published, decision: Decision) -> None:
    """Print the published version's metrics and the reasons of the decision."""
    table = Table(title=f"Version {published.version}, {'promoted' if decision.promote else 'kept'}")
    table.add_column("")
    for name in published.metrics:
        table.add_column(name, justify="right")
    add_summary(table, published.metrics)
    console.print(table)
    for reason in decision.reasons:
        console.print(reason, highlight=False)
