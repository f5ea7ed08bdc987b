"""Pages that hold a digit just as MNIST has it, many at once.

What `find_ink` and `place` come to for a small page of pure black or white whose digit is where MNIST would put it, in
a fifth of the time when there are many: numpy takes longer to begin such small work than to do it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.preprocessing.centering import BOX_SIDE, FAINT, FIELD_SIDE, LARGER, MARGIN, OFF_CENTRE, SMALLER, moments
from model.preprocessing.foreground import FULL_CONTRAST

SHAPE = (FIELD_SIDE, FIELD_SIDE)


def in_place(pages: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Pages uint8 (N, 28, 28) as the model is given them, uint8 (N, 32, 32), and for which that holds, bool (N,)."""
    paper = pages[:, 0, 0]
    ink = pages ^ paper[:, None, None]  # of white paper, 255, the difference
    rows, columns = np.maximum.reduce(ink, 2), np.maximum.reduce(ink, 1)
    strongest = np.maximum.reduce(rows, 1)
    border = rows[:, 0] | rows[:, -1] | columns[:, 0] | columns[:, -1]
    holds = ((paper == 0) | (paper == 255)) & (border == 0) & (strongest >= FULL_CONTRAST)
    faint = (FAINT * strongest.astype(np.float64)).astype(np.float32)[:, None]
    side = np.maximum(extents(rows >= faint), extents(columns >= faint))
    holds &= (side >= BOX_SIDE - SMALLER) & (side <= BOX_SIDE + LARGER)
    total, down, across = (ink.reshape(len(ink), -1).astype(np.float32) @ moments(*SHAPE).T).T
    middle = np.float32((FIELD_SIDE - 1) / 2)
    for moment in (down, across):
        holds &= np.abs(moment - middle * total) <= OFF_CENTRE * total
    fields = np.zeros((len(pages), FIELD_SIDE + 2 * MARGIN, FIELD_SIDE + 2 * MARGIN), np.uint8)
    fields[:, MARGIN:-MARGIN, MARGIN:-MARGIN] = ink
    return fields, holds


def extents(inked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """From the first to the last True of each row of bool (N, 28), both counted; 28 for a row without any."""
    length: NDArray[np.intp] = inked.shape[1] - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1)
    return length
