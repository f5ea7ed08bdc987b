"""The picture that explains a reading shows each line's lattice."""

from __future__ import annotations

import itertools

import numpy as np

from model.classifier import Classifier
from model.numbers.analysis import analyse
from model.numbers.explain import read_and_explain, rows_of_bars
from model.numbers.ink import find_ink
from model.preprocessing.decoding.page import Page
from tests.number_pages import number_page


def test_the_numbers_are_those_of_the_reader_and_each_line_adds_to_the_picture(classifier: Classifier) -> None:
    one, picture = read_and_explain(Page(number_page("12"), "PNG"), classifier, None)
    two, longer = read_and_explain(Page(number_page("12", "345"), "PNG"), classifier, None)
    assert (one.text, two.text) == ("12", "12\n345")
    assert longer.height > picture.height and np.asarray(picture).std() > 10


def test_bars_in_a_row_do_not_overlap_and_none_is_left_out(classifier: Classifier) -> None:
    (analysis,) = analyse(find_ink(number_page("2504", gap=0)), classifier)
    rows = rows_of_bars(analysis)
    assert sorted(index for row in rows for index in row) == list(range(len(analysis.pieces)))
    for row in rows[1:]:
        boxes = [analysis.pieces[index].box for index in row]
        assert all(left[2] <= right[0] for left, right in itertools.pairwise(boxes))
