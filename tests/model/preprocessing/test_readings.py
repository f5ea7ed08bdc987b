"""A page is read as before, unless the pipeline's version is raised. `tests/pages.py` says how to accept a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image

from tests.pages import A_ROW, ACCEPTED, KINDS, SIDE, reading

ROUNDING = 2  # gray levels that another processor may round otherwise


@pytest.mark.parametrize("pages", KINDS, ids=lambda pages: pages.__name__)
def test_a_page_is_read_as_it_was_accepted(pages: Callable[[], Iterator[bytes]]) -> None:
    top = KINDS.index(pages) * SIDE
    accepted = np.asarray(Image.open(ACCEPTED)).astype(int)[top : top + SIDE]
    count = 0
    for number, page in enumerate(pages()):
        difference = np.abs(reading(page) - accepted[:, number * SIDE : (number + 1) * SIDE])
        assert difference.max() <= ROUNDING, f"page {number}"
        count += 1
    assert count == A_ROW
