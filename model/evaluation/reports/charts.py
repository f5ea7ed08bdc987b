"""Three charts of a version's results: confusion, reliability, acceptance. Arrays in, figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.evaluation.metrics import (
    CALIBRATION_BINS,
    Acceptance,
    Floats,
    Labels,
    confidence_bin,
    expected_calibration_error,
)
from model.evaluation.reports.figure import BLUE, FAINT, INK, MUTED, ORANGE, PALE_BLUE, page, panel, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKED_CONFIDENCES = (0.9, 0.99, 0.999)
LABEL_WIDTH = 0.15  # share of the panel's width; a mark nearer than this to the shipped threshold is left out
RECALL_PLACE = 10.78  # right edge of the recall column, in cells


def confusion_chart(counts: NDArray[np.int64], source: str) -> Figure:
    """Draw the counts (10, 10), row = true digit, column = predicted digit. More misread digits are darker orange."""
    wrong = counts * (1 - np.eye(10, dtype=np.int64))
    figure = page(7.5, f"{wrong.sum():,} of {counts.sum():,} digits misread", source)
    axes = panel(figure, 0.95, 0.35, 5.85, 5.85)
    strength = np.sqrt(wrong / max(wrong.max(), 1))
    axes.imshow(cell_colors(wrong, strength))
    for edge in np.arange(0.5, 9):
        axes.axhline(edge, color="white", linewidth=2)
        axes.axvline(edge, color="white", linewidth=2)
    for (true, read), count in np.ndenumerate(counts):
        if true == read:
            axes.text(read, true, f"{count:,}", ha="center", va="center", size=9, color=BLUE)
        elif count:
            color = "white" if strength[true, read] > 0.7 else INK
            axes.text(read, true, f"{count:,}", ha="center", va="center", size=12, weight="bold", color=color)
    for digit, row in enumerate(counts):
        share = percent(row[digit] / row.sum(), 2) if row.sum() else "–"
        axes.text(RECALL_PLACE, digit, share, ha="right", va="center", size=9.5, color=MUTED)
    axes.text(RECALL_PLACE, -1.02, "recall", ha="right", va="center", color=MUTED)
    axes.set(xticks=range(10), yticks=range(10), xlabel="read as", ylabel="true digit")
    axes.xaxis.set_label_position("top")
    axes.tick_params(top=False, labeltop=True, labelbottom=False, length=0, labelsize=12, labelcolor=INK)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    return figure


def cell_colors(wrong: NDArray[np.int64], strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cell colors, RGB (10, 10, 3), 0–1: pale blue on the diagonal, white to orange off it, nearly white for no digits.

    wrong: counts (10, 10); strength: 0–1 (10, 10), from white to orange.
    """
    from matplotlib.colors import to_rgb

    weight = (0.15 + 0.85 * strength)[..., None]
    colors = np.where((wrong > 0)[..., None], 1 - weight * (1 - np.array(to_rgb(ORANGE))), to_rgb(FAINT))
    colors[np.diag_indices(10)] = to_rgb("#e3eef9")
    return colors


def reliability_chart(probabilities: Floats, labels: Labels, source: str) -> Figure:
    """Draw the accuracy in each bin of confidence with its 95 % interval, above a histogram of the confidences.

    Source of the interval: Wilson, "Probable Inference", J. Am. Stat. Assoc. 22, 1927.
    """
    confidence = probabilities.max(axis=1)
    which = confidence_bin(confidence, CALIBRATION_BINS)
    count = np.bincount(which, minlength=CALIBRATION_BINS)
    filled = np.flatnonzero(count)
    right = np.bincount(which, probabilities.argmax(axis=1) == labels, minlength=CALIBRATION_BINS)[filled]
    stated = np.bincount(which, confidence, minlength=CALIBRATION_BINS)[filled] / count[filled]
    low, high = wilson_interval(right.astype(np.float64), count[filled])
    error = percent(expected_calibration_error(probabilities, labels), 2)
    figure = page(7.9, f"Calibration error {error}", f"{source}; the upright lines are 95 % intervals")
    upper, lower = panel(figure, 0.95, 2.65, 6.6, 4.2), panel(figure, 0.95, 0.7, 6.6, 1.55)
    upper.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    upper.text(0.03, 0.055, "ideal", color=MUTED, size=9, rotation=32.5, rotation_mode="anchor")
    upper.vlines(stated, low, high, color=PALE_BLUE, linewidth=3, capstyle="round")
    upper.plot(stated, right / count[filled], "o", color=BLUE, markersize=6, clip_on=False, zorder=3)
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy")
    edges = np.arange(CALIBRATION_BINS) / CALIBRATION_BINS
    lower.bar(edges[filled], count[filled], 1 / CALIBRATION_BINS, align="edge", color=BLUE, edgecolor="white")
    for bin_, number in zip(filled, count[filled], strict=True):
        middle = edges[bin_] + 0.5 / CALIBRATION_BINS
        lower.text(middle, number * 1.15, f"{number:,}", ha="center", size=8.5, color=MUTED)
    lower.set(xlim=(0, 1), yscale="log", ylim=(0.7, count.max() * 5), xlabel="confidence", ylabel="digits, log scale")
    lower.grid(False)
    lower.tick_params(which="both", left=False, labelleft=False)
    lower.spines["left"].set_visible(False)
    for axes in (upper, lower):
        axes.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
    upper.yaxis.set_major_formatter(lambda share, _: percent(share, 0))
    return figure


def wilson_interval(
    right: NDArray[np.float64], count: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper bound of Wilson's 95 % interval for the share `right` / `count`, all of shape (M,)."""
    z = 1.96
    middle = (right + z * z / 2) / (count + z * z)
    half = z / (count + z * z) * np.sqrt(right * (count - right) / count + z * z / 4)
    return middle - half, middle + half


def acceptance_chart(probabilities: Floats, score: Floats, labels: Labels, shipped: Acceptance, source: str) -> Figure:
    """Draw the accuracy of accepted digits against their share, for every confidence threshold.

    The score threshold stays at the shipped one.
    """
    curve = AcceptanceCurve(probabilities, score, labels, shipped.min_score)
    share, accuracy = curve.at(shipped.min_confidence)
    title = f"{percent(share)} accepted, {percent(accuracy, 2)} of them right"
    figure = page(5.5, title, f"{source}: accuracy among accepted digits as the least confidence moves")
    axes = panel(figure, 1.15, 0.7, 6.4, 3.75)
    axes.plot(curve.share, curve.accuracy, color=BLUE, linewidth=2)
    left = min(curve.at(MARKED_CONFIDENCES[-1])[0], share)
    for confidence in MARKED_CONFIDENCES:
        point = curve.at(confidence)
        if abs(point[0] - share) > LABEL_WIDTH * (1 - left):
            mark(axes, point, f"≥ {confidence}", MUTED, 5)
    mark(axes, curve.at(0.0), "any", MUTED, 5)
    mark(axes, (share, accuracy), f"shipped: ≥ {shipped.min_confidence:.2f}", ORANGE, 9)
    worst = curve.accuracy[curve.share >= left].min(initial=1.0)
    bottom = min(worst - 0.1 * (1 - worst), 0.999)
    margin = 0.12 * (1 - left) + 0.001
    axes.set(xlim=(max(left - margin, 0), 1), xlabel="accepted", ylabel="right among accepted")
    axes.set_ylim(bottom, 1 + 0.03 * (1 - bottom))
    axes.xaxis.set_major_formatter(lambda value, _: percent(value))
    axes.yaxis.set_major_formatter(lambda value, _: percent(value, 2))
    return figure


def mark(axes: Axes, point: tuple[float, float], text: str, color: str, size: float) -> None:
    """Draw a dot on the curve, with a label beside it."""
    axes.plot(*point, "o", color=color, markersize=size, markeredgecolor="white", clip_on=False, zorder=3)
    axes.annotate(text, point, (-7, -13), textcoords="offset points", ha="right", color=color, size=9.5)


class AcceptanceCurve:
    """Accepted share and accuracy for every confidence threshold.

    share, accuracy: float64 (M,). The first entry accepts only the most confident digit; the last accepts all digits
    whose score reaches `min_score`.
    """

    def __init__(self, probabilities: Floats, score: Floats, labels: Labels, min_score: float) -> None:
        passing = score >= min_score
        confidence = probabilities.max(axis=1)[passing]
        order = np.argsort(-confidence, kind="stable")
        right = (probabilities.argmax(axis=1) == labels)[passing][order]
        accepted = np.arange(1, len(right) + 1)
        self.falling = -confidence[order]
        self.share = accepted / len(labels)
        self.accuracy = right.cumsum() / accepted

    def at(self, min_confidence: float) -> tuple[float, float]:
        """Accepted share and accuracy for one confidence threshold; (0.0, 1.0) if it accepts nothing."""
        accepted = int(np.searchsorted(self.falling, -min_confidence, side="right"))
        return (float(self.share[accepted - 1]), float(self.accuracy[accepted - 1])) if accepted else (0.0, 1.0)
