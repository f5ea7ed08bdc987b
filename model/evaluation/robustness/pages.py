"""The conditions of a digit among what else is on paper, drawn in frames.py, papers.py and beside.py."""

from __future__ import annotations

from model.evaluation.robustness.beside import (
    dust,
    full_stop,
    neighbour,
    salt_and_pepper,
    shining_through,
    underlined,
)
from model.evaluation.robustness.conditions import Condition, Kind
from model.evaluation.robustness.frames import box, cell, comb, line_at_the_edge
from model.evaluation.robustness.papers import dark_sides, desk, dotted, faint_pencil, lined

PAGES = (
    Condition("form cell", Kind.PAGE, cell),
    Condition("28×28, line at the edge", Kind.PAGE, line_at_the_edge),
    Condition("closed box", Kind.PAGE, box),
    Condition("comb field", Kind.PAGE, comb),
    Condition("ruled, turned", Kind.PAGE, lined(False)),
    Condition("squared, turned", Kind.PAGE, lined(True)),
    Condition("dotted paper", Kind.PAGE, dotted),
    Condition("sheet on a desk", Kind.PAGE, desk),
    Condition("dark sides", Kind.PAGE, dark_sides),
    Condition("salt and pepper", Kind.PAGE, salt_and_pepper),
    Condition("dust", Kind.PAGE, dust),
    Condition("full stop", Kind.PAGE, full_stop),
    Condition("underlined", Kind.PAGE, underlined),
    Condition("shining through", Kind.PAGE, shining_through),
    Condition("neighbour", Kind.PAGE, neighbour),
    Condition("faint pencil", Kind.PAGE, faint_pencil),
)
