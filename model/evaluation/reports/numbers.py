"""Sheets of numbers that a version misread or refused: the picture, what it shows, what was read, and how surely.

numeral evaluate --suite --pictures pictures            numbers.png
numeral evaluate FOLDER --numbers --pictures pictures   failures.png
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.evaluation.number_answers import NumberAnswer
from model.evaluation.reports.failures import plain, shortened
from model.evaluation.reports.figure import DPI, INK, LEFT, MUTED, ORANGE, WIDTH, page, percent, save_sheet, style
from model.evaluation.reports.thumbnail import EDGE, thumbnail

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS, MOST_ROWS = 3, 12
TILE_WIDTH, TILE_HEIGHT = 440, 130  # pixels
ROW = TILE_HEIGHT / DPI + 0.6  # inches
TOP = 1.0  # inches of heading
MOST_SHOWN = 9  # digits of a text


def write_hardest_numbers(folder: Path, wrong: Sequence[NumberAnswer]) -> None:
    """Write numbers.png into the folder: the wrong answers as they come. Raises OSError."""
    with style():
        figure = sheet("The hardest numbers", "The suite's: misread, the surest first; what is there → read as", wrong)
        save_sheet(figure, folder / "numbers.png")


def write_number_failures(folder: Path, name: str, failed: Sequence[NumberAnswer], count: int) -> None:
    """Write failures.png into the folder. name: of the measured folder; count: of its pictures. Raises OSError."""
    with style():
        order = f"{plain(name)}: the worst first: accepted, refused, right but refused"
        save_sheet(sheet(f"{len(failed):,} of {count:,} answers fail", order, failed), folder / "failures.png")


def sheet(title: str, subtitle: str, answers: Sequence[NumberAnswer]) -> Figure:
    """Draw the first answers, as many as have room. What is wrong and accepted is orange."""
    shown = answers[: COLUMNS * MOST_ROWS]
    rows = -(-len(shown) // COLUMNS)
    figure = page(TOP + max(rows, 0.5) * ROW, title, subtitle)
    gap = (WIDTH - 2 * LEFT - COLUMNS * TILE_WIDTH / DPI) / (COLUMNS - 1)
    for place, answer in enumerate(shown):
        row, column = divmod(place, COLUMNS)
        left = LEFT + column * (TILE_WIDTH / DPI + gap)
        draw(figure, answer, left, figure.get_figheight() - TOP - TILE_HEIGHT / DPI - row * ROW)
    return figure


def draw(figure: Figure, answer: NumberAnswer, left: float, bottom: float) -> None:
    """Draw one answer, the lower left corner of its picture at `left`, `bottom` in inches."""
    tile = np.pad(thumbnail(answer.file, TILE_WIDTH, TILE_HEIGHT), 1, constant_values=EDGE)
    figure.figimage(tile, round(left * DPI) - 1, round(bottom * DPI) - 1, cmap="gray", vmin=0, vmax=255)
    color = ORANGE if answer.accepted and not answer.is_right else INK
    place, right, height = left / WIDTH, (left + TILE_WIDTH / DPI) / WIDTH, figure.get_figheight()
    figure.text(place, (bottom - 0.18) / height, outcome(answer), size=10, weight="bold", color=color)
    share = percent(answer.confidence, 0)
    figure.text(right, (bottom - 0.18) / height, share, size=9, color=MUTED, ha="right")
    figure.text(place, (bottom - 0.32) / height, answer.refusal or "accepted", size=7.5, color=color)
    figure.text(place, (bottom - 0.45) / height, shortened(answer.name), size=7.5, color=MUTED, parse_math=False)


def outcome(answer: NumberAnswer) -> str:
    """What is there and what was read; of a page, how many lines are right."""
    if len(answer.lines) > 1:
        return f"{answer.right_lines} of {len(answer.lines)} lines right"
    read = "".join(answer.read_lines) or ("blank" if answer.read is None else "nothing")
    return " → ".join(text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…" for text in (answer.text, read))
