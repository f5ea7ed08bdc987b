"""Pages with numbers in neat digits. All is drawn alike at every run.

python -m tests.number_pages     writes tests/images/number.jpg anew, the photo of a number that the README reads
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.evaluation.robustness.photo import photographed
from tests.marks import Share, digit
from tests.pictures import encoded
from tests.server import REPOSITORY

PHOTO = REPOSITORY / "tests" / "images" / "number.jpg"
PHOTOGRAPHED = "27182"

HEIGHT = 60  # pixels of a digit's longer side
BLANK, LINE = 80, 110  # pixels between two numbers, and from line to line
MARGIN = 50


def number_page(*lines: str, gap: int = 14, paper: float = 245, ink: float = 30) -> NDArray[np.uint8]:
    """The page uint8 (H, W) with these lines; in each of them are numbers, with blanks in between.

    gap: pixels between two digits, 0 if they touch.
    """
    rows = [written(text, gap) for text in lines]
    share = np.zeros((2 * MARGIN + LINE * len(rows), 2 * MARGIN + max(row.shape[1] for row in rows)), np.float32)
    for number, row in enumerate(rows):
        top = MARGIN + LINE * number
        share[top : top + row.shape[0], MARGIN : MARGIN + row.shape[1]] = row
    return np.rint(paper + (ink - paper) * share).astype(np.uint8)


def written(text: str, gap: int) -> Share:
    """One line of numbers, with ink up to its left and its right edge. gap: as in `number_page`."""
    pieces: list[Share] = []
    for character in text:
        if character == " ":
            pieces[-1] = np.zeros((HEIGHT, BLANK), np.float32)
        else:
            pieces += [standing(digit(int(character), height=HEIGHT)), np.zeros((HEIGHT, gap), np.float32)]
    return np.hstack(pieces[:-1])


def standing(page: Share) -> Share:
    """The ink of a digit's page, cut out, standing on the lower edge of HEIGHT rows."""
    rows, columns = np.flatnonzero(page.max(axis=1)), np.flatnonzero(page.max(axis=0))
    ink = page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1][-HEIGHT:]
    return np.pad(ink, ((HEIGHT - len(ink), 0), (0, 0)))


def number_photo(text: str, seed: int = 0) -> bytes:
    """A phone's photo of a sheet with one number, as JPEG."""
    row = np.pad(written(text, gap=14), MARGIN)
    above = (row.shape[1] - row.shape[0]) // 2
    square = np.pad(row, ((above, row.shape[1] - row.shape[0] - above), (0, 0)))
    return encoded(photographed(square, np.random.default_rng(seed)), "JPEG", quality=85)


if __name__ == "__main__":
    PHOTO.write_bytes(number_photo(PHOTOGRAPHED))
