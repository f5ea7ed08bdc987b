"""The tables on the screen, at most 80 columns wide, and the JSON file with all results."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from bench.load import CONNECTIONS, Load

Rows = dict[str, list[Load]]


def median(loads: Iterable[Load]) -> float:
    """The median of the rates."""
    return statistics.median(load.rate for load in loads)


def milliseconds(latencies: Iterable[float]) -> str:
    """The median of some latencies in seconds, for a table."""
    value = statistics.median(latencies) * 1000
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def spread(loads: Iterable[Load]) -> str:
    """The range of the rates."""
    rates = [load.rate for load in loads]
    return f"{min(rates):,.0f}–{max(rates):,.0f}"


def plain_table(title: str, *headings: str) -> Table:
    """A table whose first column is left-aligned and whose other columns are right-aligned."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for number, heading in enumerate(headings):
        made.add_column(heading, justify="right" if number else "left", no_wrap=True)
    return made


def rate_table(rows: Rows, images: Mapping[str, int], baseline: str, times: str) -> Table:
    """Medians, ranges, and the ratio of images/s to the baseline's. times: heading of the ratio."""
    title = f"{CONNECTIONS} connections, one worker on one core"
    made = plain_table(title, "", "requests/s", "range", "images/s", "p50 ms", "p99 ms", times)
    for name, loads in rows.items():
        made.add_row(
            name,
            f"{median(loads):,.0f}",
            spread(loads),
            f"{median(loads) * images[name]:,.0f}",
            milliseconds(load.p50 for load in loads),
            milliseconds(load.p99 for load in loads),
            f"{median(loads) * images[name] / median(rows[baseline]):.2f}",
        )
    return made


def fact_table(facts: Mapping[str, float]) -> Table:
    """A table of names and values."""
    made = plain_table("What else was measured", "", "")
    made.show_header = False
    for name, value in facts.items():
        made.add_row(name, f"{value:,.0f}" if value >= 1000 else f"{value:.3g}")
    return made


def goal_table(goals: Iterable[Mapping[str, Any]]) -> Table:
    """Each goal, the measured value, and whether the goal is met."""
    made = plain_table("Goals", "", "goal", "measured", "")
    for goal in goals:
        mark = "[green]✓[/]" if goal["met"] else "[red]✗[/]"
        made.add_row(goal["name"], goal["bound"], f"{goal['measured']:.3g} {goal['unit']}", mark)
    return made


def row_record(loads: list[Load], images: int = 1) -> dict[str, Any]:
    """A row as it is stored in the file."""
    return {"requests_per_second": median(loads), "images": images, "loads": [asdict(load) for load in loads]}


def machine() -> dict[str, Any]:
    """The machine, the version of Python and the time, for the file."""
    cpu = next((line.split(":")[1].strip() for line in cpu_lines() if line.startswith("model name")), "")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"at": now, "cpu": cpu, "cores": os.cpu_count(), "python": platform.python_version()}


def cpu_lines() -> list[str]:
    """The lines of /proc/cpuinfo; empty on other systems than Linux."""
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def read(path: Path) -> dict[str, Any]:
    """The content of the file; empty when it does not exist."""
    kept: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return kept


def keep(path: Path, part: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Write this part into the file, and keep the parts of other benches. Returns the whole content."""
    kept = {**read(path), part: {"machine": machine(), **record}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return kept
