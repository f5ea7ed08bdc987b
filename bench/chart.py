"""Draw a bar chart of requests/s, for README.md: Numeral, the references, and the peers if they were measured.

python -m bench.chart var/bench/results.json var/bench/chart.png
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.goals import EMPTY, TUTORIAL
from bench.report import read

NUMERAL = "Numeral"
ROWS = {"Numeral, raw body": NUMERAL, EMPTY: "empty FastAPI route, no model", TUTORIAL: TUTORIAL}
ACCENT, QUIET, FLOOR = "#2563eb", "#b6bec9", "#e3e7ec"
TEXT, FAINT = "#1f2937", "#6b7280"
WIDTH, ROW, MARGIN = 9.0, 0.42, 1.05  # inches; at DPI pixels an inch the chart is 900 pixels wide
DPI = 100


def rates(results: Mapping[str, Any]) -> dict[str, float]:
    """Name on the chart → requests/s, fastest first. Numeral's are from `bench.serve`, or else from `bench.peers`."""
    found: dict[str, Any] = dict(results.get("peers", {}).get("rows", {}))
    for name, row in results.get("serve", {}).get("rows", {}).items():
        if name in ROWS:
            found[ROWS[name]] = row
    plain = {name: float(row["requests_per_second"]) for name, row in found.items()}
    return dict(sorted(plain.items(), key=lambda item: -item[1]))


def draw(results: Mapping[str, Any], path: Path) -> None:
    """Write the chart as a PNG."""
    bars = rates(results)
    figure = Figure((WIDTH, ROW * len(bars) + MARGIN), dpi=DPI, facecolor="white")
    axes = figure.subplots()
    colors = {NUMERAL: ACCENT, ROWS[EMPTY]: FLOOR}
    drawn = axes.barh(list(bars), list(bars.values()), height=0.62, color=[colors.get(name, QUIET) for name in bars])
    axes.bar_label(drawn, [f"{value:,.0f}" for value in bars.values()], padding=6, color=TEXT, fontsize=10)
    axes.invert_yaxis()
    axes.set_xlim(0, max(bars.values()) * 1.1)
    axes.xaxis.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=10.5, labelcolor=TEXT, pad=8)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() == NUMERAL else "normal")
    axes.set_title("Requests per second", loc="left", x=0, fontsize=13, fontweight="bold", color=TEXT, pad=12)
    figure.text(0.985, 0.03, "one worker on one core · one 28×28 PNG a request", ha="right", color=FAINT, fontsize=9)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure)
    figure.savefig(path)


if __name__ == "__main__":
    draw(read(Path(sys.argv[1])), Path(sys.argv[2]))
