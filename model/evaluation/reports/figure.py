"""What all charts of a report share: colors, style, heading, positions in inches, and saving.

matplotlib is an extra and slow to import. So each function that needs it imports it, after `load_matplotlib`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.0  # inches: 1,600 pixels, made to be read at 800
DPI = 200
COLORS = 64  # of a sheet: grays, and those of the text
LEFT = 0.45  # inches from the edge to the title
INK, MUTED, LINE, FAINT = "#1d2733", "#6b7684", "#dfe3e8", "#f4f6f8"
BLUE, PALE_BLUE, ORANGE = "#2b6cb0", "#a8c9e8", "#d9602b"


def load_matplotlib() -> None:
    """Import matplotlib without leaving its settings folder and font list in the user's home.

    It writes them while it is imported. Here it writes into a temporary folder, unless MPLCONFIGDIR names one.
    """
    if "matplotlib.font_manager" in sys.modules or os.environ.get("MPLCONFIGDIR"):
        return
    with TemporaryDirectory(prefix="numeral-") as folder:
        before = os.environ.get("XDG_CACHE_HOME")
        os.environ.update(MPLCONFIGDIR=folder, XDG_CACHE_HOME=folder)  # the second is for fontconfig's fc-list
        try:
            import matplotlib.font_manager  # noqa: F401
        finally:
            del os.environ["MPLCONFIGDIR"], os.environ["XDG_CACHE_HOME"]
            if before is not None:
                os.environ["XDG_CACHE_HOME"] = before


@contextmanager
def style() -> Iterator[None]:
    """Set the style of figures that are drawn and saved inside this context."""
    load_matplotlib()
    import matplotlib

    with matplotlib.rc_context(
        {
            "font.family": "DejaVu Sans",  # comes with matplotlib
            "font.size": 10,
            "text.color": INK,
            "axes.edgecolor": LINE,
            "axes.labelcolor": MUTED,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.grid": True,
            "grid.color": LINE,
            "grid.linewidth": 0.8,
            "xtick.color": LINE,
            "ytick.color": LINE,
            "xtick.labelcolor": MUTED,
            "ytick.labelcolor": MUTED,
        }
    ):
        yield


def page(height: float, title: str, subtitle: str) -> Figure:
    """An empty figure, WIDTH × height inches, with a heading in its top 0.9 inches."""
    load_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    figure.text(LEFT / WIDTH, 1 - 0.45 / height, title, size=15, weight="bold")
    figure.text(LEFT / WIDTH, 1 - 0.72 / height, subtitle, color=MUTED, parse_math=False)
    return figure


def panel(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a position and of a size in inches, from the figure's lower left corner."""
    whole = figure.get_figheight()
    return figure.add_axes((left / WIDTH, bottom / whole, width / WIDTH, height / whole))


def percent(share: float, digits: int = 1) -> str:
    """A share 0–1 as text with `digits` decimals: 0.975 → "97.5 %"."""
    return f"{share * 100:.{digits}f} %"


def save(figure: Figure, path: Path) -> None:
    """Write a PNG without matplotlib's version in it, so that equal pictures have equal bytes."""
    figure.savefig(path, metadata={"Software": None})


def save_sheet(figure: Figure, path: Path) -> None:
    """Write a sheet of photos as a PNG of COLORS colors, in half the bytes. Raises OSError."""
    file = BytesIO()
    figure.savefig(file, format="png")
    Image.open(file).convert("RGB").quantize(COLORS).save(path, "PNG", optimize=True)
