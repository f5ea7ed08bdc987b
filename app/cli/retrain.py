"""`numeral retrain`: start a retraining in a running service, and follow it.

export NUMERAL_URL=http://127.0.0.1:8000 NUMERAL_ADMIN_KEY=…
numeral retrain --follow
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.remote import ERRORS, answer, checked, connect, fail, parse, service
from app.client.events import EventReader
from model.errors import INTERRUPTED

OPTIONS = ("epochs", "learning_rate", "seed", "patience", "from", "promote")
FINAL_GOOD = ("promoted", "kept")
RECONNECTS = 10  # in a row, without an event between them


def main(argv: Sequence[str]) -> int:
    """Start a retraining; with --follow, follow it. Exit with 1 when it ends without a new version."""
    options = parse(parser(), argv)
    console = Console()
    try:
        with connect(options) as client:
            given = {name: value for name in OPTIONS if (value := getattr(options, name)) is not None}
            location = f"/admin/jobs/{answer(client.post('/admin/retrain', json=given), 'id')['id']}"
            console.print(location, highlight=False)
            return report(client, console, location) if options.follow else 0
    except ERRORS as error:
        return fail(error, options.url)


def parser() -> argparse.ArgumentParser:
    """The options of `numeral retrain`. The service has a default for each one left out."""
    description = "Start a retraining of a running service."
    made = argparse.ArgumentParser(prog="numeral retrain", description=description, parents=[service()])
    made.add_argument("--follow", action="store_true", help="show its progress until it ends")
    made.add_argument("--epochs", type=int, help="passes over the training images")
    made.add_argument("--learning-rate", type=float, help="peak of the schedule")
    made.add_argument("--seed", type=int, help="0 or more")
    made.add_argument("--patience", type=int, help="epochs without gain after which to stop early; 0: never")
    made.add_argument("--from", choices=["current", "scratch"], help="the weights to begin with")
    made.add_argument("--promote", choices=["auto", "manual"], help="activate it if the gate agrees")
    return made


def report(client: httpx.Client, console: Console, location: str) -> int:
    """Follow the job with a progress bar, then print its outcome. After Ctrl-C, print that the job goes on."""
    try:
        show(client, console, location)
    except KeyboardInterrupt:
        address = f"{str(client.base_url).rstrip('/')}{location}"
        print(f"numeral: the job goes on; POST {address}/cancel ends it", file=sys.stderr)
        return INTERRUPTED
    job = answer(client.get(location))
    version = f", version {job['version']}" if job["version"] else ""
    console.print(f"{job['state']}{version}", highlight=False)
    for reason in [*job["reasons"], *filter(None, [job["error"]])]:
        console.print(reason, highlight=False, markup=False)
    return 0 if job["state"] in FINAL_GOOD else 1


def show(client: httpx.Client, console: Console, location: str) -> None:
    """Show the job's progress as a bar until it ends."""
    text = TextColumn("{task.description}")
    numbers = TextColumn("loss {task.fields[loss]}  validation {task.fields[accuracy]}")
    with Progress(text, BarColumn(), numbers, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("queued", total=None, loss="–", accuracy="–")
        for kind, data in follow(client, location):
            if kind == "state":
                bar.update(task, description=data["state"])
            elif data["steps"]:
                accuracy = "–" if data["accuracy"] is None else f"{data['accuracy']:.2%}"
                loss = "–" if data["loss"] is None else f"{data['loss']:.4f}"
                bar.update(task, total=data["steps"], completed=data["step"], loss=loss, accuracy=accuracy)


def follow(client: httpx.Client, location: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (kind, data) of the job's events until it ends. After a lost connection, continue with the next event."""
    reader, failures = EventReader(), 0
    while True:
        reader.reset()
        try:
            with client.stream("GET", f"{location}/events", headers={"Last-Event-ID": reader.last_id}) as response:
                for line in checked(response).iter_lines():
                    if event := reader.feed(line):
                        failures = 0
                        yield event.kind, event.data
        except httpx.TransportError:
            failures += 1
            if failures > RECONNECTS:
                raise
        if answer(client.get(location))["finished_at"]:
            return
