"""Write the pictures of a version's results: confusion, reliability, acceptance, hardest digits, suite conditions.

numeral evaluate --pictures pictures --suite
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from model.classifier import Scores
from model.data.digits import Labelled
from model.deslant import deslant
from model.evaluation.metrics import Acceptance, confusion
from model.evaluation.reports.charts import acceptance_chart, confusion_chart, reliability_chart
from model.evaluation.reports.figure import (
    BLUE,
    DPI,
    INK,
    LEFT,
    MUTED,
    ORANGE,
    PALE_BLUE,
    WIDTH,
    page,
    panel,
    percent,
    save,
    style,
)
from model.evaluation.robustness.conditions import Kind
from model.evaluation.robustness.suite import ConditionResult, mean_accuracies
from model.preprocessing.pipeline import to_input

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS, ROWS = 8, 5  # of the sheet of hardest digits
TILE = 160  # pixels a side: five for each pixel of the network's input
ROW, HEADING = 0.21, 0.46  # inches of a condition's row, and of a kind's name with the space above it
NUMBER_PLACES = (1.18, 1.355)  # right edges of the two columns of numbers; the longest bar has length 1
# Outcome of a picture → the color of its share of the bar
OUTCOMES = {
    "read right": BLUE,
    "read right, but refused": PALE_BLUE,
    "rightly refused": "#c3cad2",
    "wrong and accepted": ORANGE,
}


def write_pictures(folder: Path, digits: Labelled, scores: Scores, acceptance: Acceptance) -> None:
    """Write confusion.png, reliability.png, acceptance.png and hardest.png into the folder. Raises OSError."""
    source = f"{digits.source}, {len(digits):,} digits"
    with style():
        save(confusion_chart(confusion(scores.predicted, digits.labels), digits.source), folder / "confusion.png")
        save(reliability_chart(scores.probabilities, digits.labels, source), folder / "reliability.png")
        curve = acceptance_chart(scores.probabilities, scores.score, digits.labels, acceptance, source)
        save(curve, folder / "acceptance.png")
        save(hardest_sheet(digits, scores), folder / "hardest.png")


def write_conditions(folder: Path, results: list[ConditionResult]) -> None:
    """Write conditions.png into the folder. Raises OSError."""
    with style():
        save(conditions_chart(results), folder / "conditions.png")


def hardest_sheet(digits: Labelled, scores: Scores) -> Figure:
    """Draw the hardest digits as the network saw them: the misread, most confident first, then the least confident."""
    read, confidence = scores.predicted, scores.probabilities.max(axis=1)
    order = hardest(confidence, read == digits.labels)[: COLUMNS * ROWS]
    seen = deslant(torch.from_numpy(to_input(digits.images[order]))).squeeze(1).numpy()
    misread = int((read != digits.labels).sum())
    subtitle = f"{digits.source}: the {misread} misread, the surest first, then the least sure; label → read as"
    figure = page(7.35, "The hardest digits", subtitle)
    gap = (WIDTH - 2 * LEFT - COLUMNS * TILE / DPI) / (COLUMNS - 1)
    for place, index in enumerate(order):
        row, column = divmod(place, COLUMNS)
        left = LEFT + column * (TILE / DPI + gap)
        bottom = figure.get_figheight() - 1.0 - TILE / DPI - row * (TILE / DPI + 0.45)
        tile = seen[place].repeat(TILE // 32, axis=0).repeat(TILE // 32, axis=1)
        figure.figimage(tile, round(left * DPI), round(bottom * DPI), cmap="gray", vmin=0, vmax=1)
        label, guess = int(digits.labels[index]), int(read[index])
        x, y = left / WIDTH, (bottom - 0.2) / figure.get_figheight()
        color = INK if label == guess else ORANGE
        figure.text(x, y, f"{label} → {guess}", size=10, weight="bold", color=color)
        right = (left + TILE / DPI) / WIDTH
        figure.text(right, y, percent(confidence[index], 0), size=9, color=MUTED, ha="right")
    return figure


def hardest(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Indices (N,) from hardest to easiest: the misread, most confident first, then the right, least confident first.

    confidence: (N,), 0–1; right: bool (N,).
    """
    return np.lexsort((np.where(right, confidence, -confidence), right))


def conditions_chart(results: list[ConditionResult]) -> Figure:
    """Draw a bar of outcomes for each condition, grouped by kind. Blue is read right; orange is wrong and accepted."""
    kinds = [kind for kind in Kind if any(result.kind == kind for result in results)]
    height = ROW * len(results) + HEADING * len(kinds)
    count = max(result.count for result in results)
    title = ", ".join(f"{name} {percent(share)}" for name, share in mean_accuracies(results).items())
    subtitle = (
        f"Mean share of digits that are read right; up to {count:,} pictures of each condition, as users send them"
    )
    figure = page(height + 1.4, title.capitalize(), subtitle)
    axes = panel(figure, 2.2, 0.25, 3.95, height)
    axes.set(xlim=(0, 1), ylim=(height, 0))
    axes.set_axis_off()
    legend(figure, 1.08)
    top = 0.0
    for kind in kinds:
        axes.text(-0.02, top + 0.32, kind.capitalize(), ha="right", va="center", weight="bold")
        if kind in (kinds[0], Kind.NO_DIGIT):
            main = "refused" if kind == Kind.NO_DIGIT else "accuracy"
            for place, heading in zip(NUMBER_PLACES, (main, "accepted"), strict=True):
                axes.text(place, top + 0.32, heading, ha="right", va="center", size=9, color=MUTED)
        top += HEADING
        for result in (each for each in results if each.kind == kind):
            condition_row(axes, result, top + ROW / 2)
            top += ROW
    return figure


def legend(figure: Figure, top: float) -> None:
    """Explain the colors, `top` inches below the figure's upper edge."""
    y = 1 - top / figure.get_figheight()
    for left, (text, color) in zip((0.45, 1.55, 3.4, 4.85), OUTCOMES.items(), strict=True):
        x = left / WIDTH
        figure.text(x, y, "■", color=color, size=11)
        figure.text(x + 0.18 / WIDTH, y, text, size=9, color=MUTED)


def condition_row(axes: Axes, result: ConditionResult, y: float) -> None:
    """Draw one condition: its name, a bar of its outcomes, its accuracy or refused share, and its accepted share."""
    left = 0.0
    for share, color in zip(outcomes(result), OUTCOMES.values(), strict=True):
        axes.barh(y, share, 0.17, left, color=color, linewidth=0)
        left += share
    main = result.refused if result.accuracy is None else result.accuracy
    axes.text(-0.02, y, result.name, ha="right", va="center", size=9.5)
    axes.text(NUMBER_PLACES[0], y, percent(main), ha="right", va="center", size=9.5)
    axes.text(NUMBER_PLACES[1], y, percent(result.accepted), ha="right", va="center", size=9.5, color=MUTED)


def outcomes(result: ConditionResult) -> tuple[float, float, float, float]:
    """The shares of the condition's pictures in the order of OUTCOMES, 0–1; they sum to 1."""
    accepted_right = result.accepted * (result.accuracy_when_accepted or 0.0)
    refused_right = max((result.accuracy or 0.0) - accepted_right, 0.0)
    return accepted_right, refused_right, result.refused - refused_right, result.accepted - accepted_right
