"""The sheet of failures of a version on a folder of pictures: the page, what the network saw of it, and the answer.

numeral evaluate FOLDER --pictures pictures
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.data.labelled_folder import NONE
from model.evaluation.folder import Answer
from model.evaluation.reports.figure import (
    DPI,
    INK,
    LEFT,
    MUTED,
    ORANGE,
    WIDTH,
    page,
    percent,
    save_sheet,
    style,
)
from model.evaluation.reports.thumbnail import EDGE, GROUND, thumbnail

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS, MOST_ROWS = 4, 10
TILE = 160  # pixels a side of the picture and of what was seen, which stand side by side
BETWEEN = 8  # pixels between the two
PAIR = (2 * TILE + BETWEEN) / DPI  # inches
ROW = TILE / DPI + 0.62  # inches
TOP = 1.0  # inches of heading
NAME_LENGTH = 27  # characters


def write_failures(folder: Path, name: str, failed: Sequence[Answer], count: int) -> None:
    """Write failures.png into the folder. name: of the measured folder; count: of its pictures. Raises OSError."""
    with style():
        save_sheet(failure_sheet(name, failed, count), folder / "failures.png")


def failure_sheet(name: str, failed: Sequence[Answer], count: int) -> Figure:
    """Draw the first failures, as many as have room. What is wrong and accepted is orange."""
    shown = failed[: COLUMNS * MOST_ROWS]
    rows = -(-len(shown) // COLUMNS)
    order = "the worst first: accepted, refused, blank, right but refused"
    part = f"the first {len(shown)}, {order}" if len(shown) < len(failed) else order
    title = f"{len(failed):,} of {count:,} answers fail"
    figure = page(TOP + max(rows, 0.5) * ROW, title, f"{plain(name)}: {part}")
    gap = (WIDTH - 2 * LEFT - COLUMNS * PAIR) / (COLUMNS - 1)
    for place, answer in enumerate(shown):
        row, column = divmod(place, COLUMNS)
        left = LEFT + column * (PAIR + gap)
        draw(figure, answer, left, figure.get_figheight() - TOP - TILE / DPI - row * ROW)
    return figure


def draw(figure: Figure, answer: Answer, left: float, bottom: float) -> None:
    """Draw one failure, the lower left corner of its picture at `left`, `bottom` in inches."""
    seen = np.full((32, 32), GROUND, np.uint8) if answer.reading is None else answer.reading.pixels
    tiles = (thumbnail(answer.picture.path, TILE, TILE), seen.repeat(TILE // 32, axis=0).repeat(TILE // 32, axis=1))
    for index, tile in enumerate(tiles):
        x = round(left * DPI) + index * (TILE + BETWEEN) - 1
        figure.figimage(
            np.pad(tile, 1, constant_values=EDGE), x, round(bottom * DPI) - 1, cmap="gray", vmin=0, vmax=255
        )
    read = "blank" if answer.digit is None else f"{answer.digit}"
    label = NONE if answer.picture.label is None else f"{answer.picture.label}"
    color = ORANGE if answer.accepted else INK
    place, right, height = left / WIDTH, (left + PAIR) / WIDTH, figure.get_figheight()
    figure.text(place, (bottom - 0.18) / height, f"{label} → {read}", size=10, weight="bold", color=color)
    if answer.verdict is not None:
        share = percent(answer.confidence, 0)
        figure.text(right, (bottom - 0.18) / height, share, size=9, color=MUTED, ha="right")
    note = answer.reason or "accepted"
    figure.text(place, (bottom - 0.32) / height, note, size=7.5, color=color)
    figure.text(
        place, (bottom - 0.45) / height, shortened(answer.picture.name), size=7.5, color=MUTED, parse_math=False
    )


def shortened(name: str) -> str:
    """The end of a file's name, as much as has room."""
    text = plain(name)
    return text if len(text) <= NAME_LENGTH else "…" + text[1 - NAME_LENGTH :]


def plain(text: str) -> str:
    """The text with "?" for each character that the font may lack."""
    return "".join(each if each.isprintable() and ord(each) < 0x250 else "?" for each in text)
