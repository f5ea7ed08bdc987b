"""`numeral samples`: import, export or list the samples of a running service.

export NUMERAL_URL=http://127.0.0.1:8000 NUMERAL_ADMIN_KEY=…
numeral samples import digits.zip
numeral samples import digits        (a folder with the same content as the ZIP)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import httpx
from rich.console import Console
from rich.table import Table

from app.cli.packing import pack
from app.cli.remote import ERRORS, Refused, answer, checked, connect, fail, parse, service
from model.cli.terminal import said

LIST_WIDTH = 128  # characters; a whole id has 64


def main(argv: Sequence[str]) -> int:
    """Import, export or list samples, and return the exit status."""
    options = parse(parser(), argv)
    console = Console()
    try:
        with connect(options) as client:
            if options.command == "import":
                return import_path(client, console, options.file)
            if options.command == "export":
                return export_file(client, console, options.file)
            list_samples(client, console, options)
    except ERRORS as error:
        return fail(error, options.url)
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of `numeral samples` and its subcommands."""
    description, shared = "Import, export or list the samples of a running service.", service()
    made = argparse.ArgumentParser(prog="numeral samples", description=description, parents=[shared])
    commands = made.add_subparsers(dest="command", required=True)
    for name, text in (("import", "store a ZIP, or a folder"), ("export", "write a ZIP")):
        commands.add_parser(name, help=text, parents=[shared]).add_argument("file", type=Path)
    listing = commands.add_parser("list", help="show what is stored", parents=[shared])
    listing.add_argument("--suspect", action="store_true", help="only those whose label looks wrong")
    listing.add_argument("--label", type=int, choices=range(10), help="only those with this label")
    return made


def import_path(client: httpx.Client, console: Console, path: Path) -> int:
    """Send the ZIP, or the folder packed as one. Return exit status 1 when a file was unreadable or refused."""
    if not path.is_dir():
        with path.open("rb") as file:
            return send(client, console, file)
    with TemporaryFile() as file:
        left_out = pack(path, file)
        for error in left_out:
            print(said(error), file=sys.stderr)
        file.seek(0)
        return send(client, console, file) or bool(left_out)


def send(client: httpx.Client, console: Console, file: IO[bytes]) -> int:
    """Send a ZIP; print each refused file and the count of each outcome. Return exit status 1 when one was refused."""
    response = client.post("/samples/import", content=file, headers={"Content-Type": "application/zip"})
    report = answer(response, "items", "counts")
    for item in report["items"]:
        if item["outcome"] == "refused":
            console.print(f"{item['name']}: {item['detail']}", highlight=False, markup=False)
    counts = report["counts"]
    console.print(", ".join(f"{count:,} {outcome}" for outcome, count in sorted(counts.items())) or "nothing in it")
    return 1 if counts.get("refused") else 0


def export_file(client: httpx.Client, console: Console, path: Path) -> int:
    """Write every sample into a ZIP. An incomplete file is removed. Raises Refused when `path` is a folder."""
    if path.is_dir():
        raise Refused(f"{path} is a folder: name a file")
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
    """Print the samples as a table, one line each. A narrow terminal wraps the lines, so no id is shortened."""
    table = Table("sample", "label", "read as", "confidence", "held out", "since", box=None)
    for item in every_sample(client, options):
        sure = "" if item["confidence"] is None else f"{item['confidence']:.1%}"
        read_as = f"[red]{item['predicted']}[/red]" if item["suspect"] else str(item["predicted"])
        held_out = "yes" if item["held_out"] else ""
        table.add_row(item["id"], str(item["label"]), read_as, sure, held_out, item["created_at"][:19])
    console.width = max(console.width, LIST_WIDTH)
    console.print(table)


def every_sample(client: httpx.Client, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the samples that match the options, fetched page by page."""
    query: dict[str, Any] = {"limit": 200}
    if options.suspect:
        query["suspect"] = "true"
    if options.label is not None:
        query["label"] = options.label
    while True:
        page = answer(client.get("/samples", params=query), "items", "next")
        yield from page["items"]
        if page["next"] is None:
            return
        query["cursor"] = page["next"]
