"""`numeral samples` and `numeral retrain`: a running service from the terminal, over its own HTTP API.

export NUMERAL_URL=http://127.0.0.1:8000 NUMERAL_ADMIN_KEY=…
numeral samples import digits.zip
numeral retrain --follow
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

TIMEOUT = httpx.Timeout(30.0, read=600.0)  # seconds; an import answers when everything is stored
FINAL_GOOD = ("promoted", "kept")
RECONNECTS = 10  # without an event in between


class Refused(Exception):
    """The service said no; the text is its problem in one line."""


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser with the options that every remote command has."""
    made = argparse.ArgumentParser(prog=f"numeral {name}", description=description)
    made.add_argument("--url", default=os.environ.get("NUMERAL_URL", "http://127.0.0.1:8000"), help="NUMERAL_URL")
    made.add_argument("--key", default=os.environ.get("NUMERAL_ADMIN_KEY"), help="admin key (NUMERAL_ADMIN_KEY)")
    return made


def connect(options: argparse.Namespace) -> httpx.Client:
    """A client with the address and the key."""
    headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
    return httpx.Client(base_url=options.url, headers=headers, timeout=TIMEOUT)


def checked(response: httpx.Response) -> httpx.Response:
    """The response, unless it is a problem. Raises Refused."""
    if response.is_success:
        return response
    response.read()
    try:
        problem = response.json()
        raise Refused(f"{problem['title']}: {problem['detail']}")
    except (ValueError, KeyError):
        raise Refused(f"{response.url} answered {response.status_code}") from None


def fail(error: Exception) -> int:
    """One line on standard error; exit status 1."""
    text = str(error) if isinstance(error, Refused | OSError) else f"the service can't be reached: {error}"
    print(f"numeral: {text}", file=sys.stderr)
    return 1


def samples_main(argv: Sequence[str]) -> int:
    """Import, export or list samples; answers with the exit status."""
    made = parser("samples", "Import, export or list the samples of a running service.")
    commands = made.add_subparsers(dest="command", required=True)
    commands.add_parser("import", help="store a ZIP").add_argument("file", type=Path)
    commands.add_parser("export", help="write a ZIP").add_argument("file", type=Path)
    listing = commands.add_parser("list", help="show what is stored")
    listing.add_argument("--suspect", action="store_true", help="only those whose label looks wrong")
    listing.add_argument("--label", type=int, choices=range(10))
    options = made.parse_args(argv)
    console = Console()
    try:
        with connect(options) as client:
            if options.command == "import":
                return import_file(client, console, options.file)
            if options.command == "export":
                return export_file(client, console, options.file)
            list_samples(client, console, options)
    except (Refused, OSError, httpx.HTTPError) as error:
        return fail(error)
    return 0


def import_file(client: httpx.Client, console: Console, path: Path) -> int:
    """Send the ZIP; say what was refused, and the counts. Exit status 1 when something was."""
    with path.open("rb") as file:
        response = client.post("/samples/import", content=file, headers={"Content-Type": "application/zip"})
    report = checked(response).json()
    for item in report["items"]:
        if item["outcome"] == "refused":
            console.print(f"{item['name']}: {item['detail']}", highlight=False, markup=False)
    counts = report["counts"]
    console.print(", ".join(f"{count:,} {outcome}" for outcome, count in sorted(counts.items())) or "nothing in it")
    return 1 if counts.get("refused") else 0


def export_file(client: httpx.Client, console: Console, path: Path) -> int:
    """Write every sample into a ZIP; a file that is cut is not left behind."""
    part = path.with_name(path.name + ".part")
    try:
        with client.stream("GET", "/samples/export") as response, part.open("wb") as file:
            for chunk in checked(response).iter_bytes():
                file.write(chunk)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    console.print(f"{path}: {path.stat().st_size:,} bytes", highlight=False)
    return 0


def list_samples(client: httpx.Client, console: Console, options: argparse.Namespace) -> None:
    """A table of the samples."""
    table = Table("sample", "label", "read as", "confidence", "held out", "since")
    for item in every_sample(client, options):
        sure = "" if item["confidence"] is None else f"{item['confidence']:.1%}"
        read_as = f"[red]{item['predicted']}[/red]" if item["suspect"] else str(item["predicted"])
        held_out = "yes" if item["held_out"] else ""
        table.add_row(item["id"][:12], str(item["label"]), read_as, sure, held_out, item["created_at"][:19])
    console.print(table)


def every_sample(client: httpx.Client, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The samples that fit the options, page by page."""
    query: dict[str, Any] = {"limit": 200}
    if options.suspect:
        query["suspect"] = "true"
    if options.label is not None:
        query["label"] = options.label
    while True:
        page = checked(client.get("/samples", params=query)).json()
        yield from page["items"]
        if page["next"] is None:
            return
        query["cursor"] = page["next"]


def retrain_main(argv: Sequence[str]) -> int:
    """Start a retraining; follow it when asked to. Exit status 1 when it came to no version."""
    made = parser("retrain", "Start a retraining of a running service.")
    made.add_argument("--follow", action="store_true", help="show its progress until it ends")
    made.add_argument("--epochs", type=int)
    made.add_argument("--learning-rate", type=float)
    made.add_argument("--seed", type=int)
    made.add_argument("--patience", type=int, help="epochs without gain after which to stop early; 0: never")
    made.add_argument("--from", dest="start", choices=["current", "scratch"])
    made.add_argument("--promote", choices=["auto", "manual"])
    options = made.parse_args(argv)
    body = {
        "epochs": options.epochs,
        "learning_rate": options.learning_rate,
        "seed": options.seed,
        "patience": options.patience,
        "from": options.start,
        "promote": options.promote,
    }
    console = Console()
    try:
        with connect(options) as client:
            given = {name: value for name, value in body.items() if value is not None}
            location = checked(client.post("/admin/retrain", json=given)).headers["Location"]
            console.print(location, highlight=False)
            return report(client, console, location) if options.follow else 0
    except (Refused, httpx.HTTPError) as error:
        return fail(error)


def report(client: httpx.Client, console: Console, location: str) -> int:
    """Follow the job with a bar, then say what came of it."""
    text = TextColumn("{task.description}")
    numbers = TextColumn("loss {task.fields[loss]:.4f}  validation {task.fields[accuracy]}")
    with Progress(text, BarColumn(), numbers, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("queued", total=None, loss=float("nan"), accuracy="–")
        for kind, data in follow(client, location):
            if kind == "state":
                bar.update(task, description=data["state"])
            elif data["steps"]:
                accuracy = "–" if data["accuracy"] is None else f"{data['accuracy']:.2%}"
                bar.update(task, total=data["steps"], completed=data["step"], loss=data["loss"], accuracy=accuracy)
    job = checked(client.get(location)).json()
    version = f", version {job['version']}" if job["version"] else ""
    console.print(f"{job['state']}{version}", highlight=False)
    for reason in [*job["reasons"], *filter(None, [job["error"]])]:
        console.print(reason, highlight=False, markup=False)
    return 0 if job["state"] in FINAL_GOOD else 1


def follow(client: httpx.Client, location: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The job's events until it ends; a cut connection is taken up again where it was cut."""
    last, failures = "0", 0
    while True:
        try:
            with client.stream("GET", f"{location}/events", headers={"Last-Event-ID": last}) as response:
                event: dict[str, str] = {}
                for line in checked(response).iter_lines():
                    if line and not line.startswith(":"):
                        name, _, value = line.partition(": ")
                        event[name] = value
                    elif event:
                        last, failures = event["id"], 0
                        yield event["event"], json.loads(event["data"])
                        event = {}
        except httpx.TransportError:
            failures += 1
            if failures > RECONNECTS:
                raise
        if checked(client.get(location)).json()["finished_at"]:
            return
