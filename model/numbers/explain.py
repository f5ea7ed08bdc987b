"""Draw how a page was read: the ink, the pieces between cuts, and the chosen path.

For each stretch of writing, from top to bottom: its fragments, each in its own color; the candidates as a lattice, one
bar for each piece from its first cut to its last, with what the network says of it; and the texts found.
"""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from model.classifier import Classifier
from model.numbers.analysis import Analysis, analyse
from model.numbers.ink import find_ink
from model.numbers.reader import numbers_of
from model.numbers.result import NumbersOnPage
from model.preprocessing.decoding.page import Page

ENLARGEMENT = 4  # pixels for each of the line's
BAR, LINE = 17, 16  # pixels of a row of bars, and of a line of text
MARGIN, GAP = 12, 6  # pixels around the pictures, and between the parts of one
WIDTH = 900  # pixels, at least
PAPER, TEXT, CHOSEN, OTHER, CUT = "#ffffff", "#1f2430", "#1a7f4b", "#d4d9e2", "#c0392b"
TEXTS = 4  # that are listed


def read_and_explain(page: Page, classifier: Classifier, digits: int | None) -> tuple[NumbersOnPage, Image.Image]:
    """Read the numbers on a decoded page, and draw how. Raises BlankImage or CrowdedPage."""
    ink = find_ink(page.gray)
    found = analyse(ink, classifier, digits)
    return numbers_of(found, page, ink), explained(found, page.gray)


def explained(found: list[Analysis], gray: NDArray[np.uint8]) -> Image.Image:
    """Draw the page uint8 (H, W), and below it each stretch of writing with its lattice."""
    page = Image.fromarray(gray)
    page.thumbnail((WIDTH, WIDTH))
    rows = [page.convert("RGB"), *(drawn(analysis) for analysis in found)]
    width = max(WIDTH, *(row.width for row in rows)) + 2 * MARGIN
    canvas = Image.new("RGB", (width, sum(row.height + MARGIN for row in rows) + MARGIN), PAPER)
    top = MARGIN
    for row in rows:
        canvas.paste(row, (MARGIN, top))
        top += row.height + MARGIN
    return canvas


def drawn(analysis: Analysis) -> Image.Image:
    """Draw one stretch of writing: its fragments, its lattice, and its texts."""
    ink = colored(analysis)
    bars = rows_of_bars(analysis)
    lattice_top = ink.height + GAP
    texts_top = lattice_top + BAR * len(bars) + GAP
    picture = Image.new("RGB", (max(WIDTH, ink.width), texts_top + LINE * TEXTS), PAPER)
    picture.paste(ink, (0, 0))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(12)
    for row, indices in enumerate(bars):
        for index in indices:
            left, _, right, _ = (ENLARGEMENT * edge for edge in analysis.pieces[index].box)
            top = lattice_top + BAR * row
            is_chosen = row == 0
            pen.rectangle((left, top, right - 2, top + BAR - 3), fill=CHOSEN if is_chosen else OTHER)
            score, probabilities = float(analysis.scores.score[index]), analysis.scores.probabilities[index]
            label = f"{int(probabilities.argmax())} {1 / (1 + np.exp(-score)):.0%}"
            pen.text((left + 2, top), label, PAPER if is_chosen else TEXT, font)
            if is_chosen:
                pen.line((left, 0, left, ink.height), CUT)
                pen.line((right - 1, 0, right - 1, ink.height), CUT)
    for row, (text, hypothesis) in enumerate(analysis.texts[:TEXTS]):
        line = f"{text or '(no digit)'}   {analysis.probability(hypothesis):.1%}"
        pen.text((0, texts_top + LINE * row), line, TEXT, font)
    return picture


def colored(analysis: Analysis) -> Image.Image:
    """The stretch of writing, enlarged, each fragment in a color of its own."""
    labels = analysis.cuts.labels
    count = int(labels.max(initial=0))
    colors = np.array([(255, 255, 255), *(color_of(index) for index in range(count))], np.uint8)
    large = colors[labels].repeat(ENLARGEMENT, axis=0).repeat(ENLARGEMENT, axis=1)
    return Image.fromarray(large)


def color_of(index: int) -> tuple[int, int, int]:
    """A color that differs from its neighbours'."""
    red, green, blue = colorsys.hls_to_rgb(index * 0.382 % 1, 0.45, 0.65)
    return round(255 * red), round(255 * green), round(255 * blue)


def rows_of_bars(analysis: Analysis) -> list[list[int]]:
    """Indices of the pieces in rows: first the chosen ones, then the others, so that in no row any overlap."""
    others = set(range(len(analysis.pieces))) - set(analysis.chosen)
    rows: list[list[int]] = []
    ends: list[int] = []
    for index in sorted(others, key=lambda index: analysis.pieces[index].box[0]):
        left, _, right, _ = analysis.pieces[index].box
        for row, end in enumerate(ends):
            if left >= end:
                rows[row].append(index)
                ends[row] = right
                break
        else:
            rows.append([index])
            ends.append(right)
    return [analysis.chosen, *rows]
