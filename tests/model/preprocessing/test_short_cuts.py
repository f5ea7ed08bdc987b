"""Short paths and batches give the same readings as the general path for each picture alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.data.digits import Splits
from model.preprocessing.batch_centering import center_clean_pages
from model.preprocessing.centering import bounding_box, center
from model.preprocessing.decoding.decode import decode_any
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.errors import ImageError
from model.preprocessing.foreground import find_foreground, foreground_of_clean_page
from model.preprocessing.layout import is_centered
from model.preprocessing.pipeline import Reading, read_digit, read_many, read_page, to_png
from tests.pictures import draw_seven, encoded


def general_reading(data: bytes) -> Reading:
    """Read the picture by the general path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.preprocessing.foreground.foreground_of_clean_page", lambda page: None)
        return read_page(decode_any(data, Limits()))


@settings(max_examples=150, deadline=None)
@given(st.integers(8, 60), st.integers(8, 60), st.booleans(), st.integers(0, 9), st.integers(0, 2**32 - 1))
def test_the_path_for_small_clean_pages_answers_what_the_general_one_answers(
    width: int, height: int, inverted: bool, level: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    page = np.zeros((height, width), np.uint8)
    top, left = random.integers(1, height - 4), random.integers(1, width - 4)
    box = page[top : random.integers(top + 2, height - 1), left : random.integers(left + 2, width - 1)]
    box[...] = random.integers(0, 256, box.shape) * (random.random(box.shape) < 0.6)
    box[0, 0] = 255
    file = encoded(255 - page if inverted else page, compress_level=level)
    assert outcome(lambda: read_digit(file)) == outcome(lambda: general_reading(file))


def as_mnist_has_it(random: np.random.Generator) -> np.ndarray:
    """uint8 (28, 28), white on black: a box of about a digit's size, centered or nearly so."""
    page = np.zeros((28, 28), np.uint8)
    height, width = (20, int(random.integers(3, 21))) if random.random() < 0.5 else random.integers(2, 24, 2)
    top = np.clip(round(13.5 - height / 2 + random.integers(-2, 3)), 0, 28 - height)
    left = np.clip(round(13.5 - width / 2 + random.integers(-2, 3)), 0, 28 - width)
    page[top : top + height, left : left + width] = random.integers(0, 256, (height, width))
    page[top, left] = page[top + height - 1, left + width - 1] = random.choice([20, 26, 255])
    page[13:15, left : left + width] = random.choice([0, 229, 230, 255], p=[0.1, 0.1, 0.1, 0.7])
    return page


def outcome(function: Callable[[], Reading]) -> tuple[object, ...]:
    """A reading, or the error in its place, as a value that can be compared."""
    try:
        reading = function()
    except ImageError as error:
        return type(error), str(error)
    return reading.pixels.tobytes(), reading.format, reading.stray, reading.box


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_batch_form_of_centering_answers_what_the_reference_answers(seed: int) -> None:
    random = np.random.default_rng(seed)
    pages = np.stack([as_mnist_has_it(random) ^ np.uint8(random.choice([0, 255, 3])) for _ in range(20)])
    assert_as_the_reference(pages)


def centered_page(height: int = 20, level: int = 255) -> np.ndarray:
    """uint8 (28, 28), white on black: a bar in the middle, of a height from 17 to 21 where MNIST would have it."""
    page = np.zeros((28, 28), np.uint8)
    page[14 - height // 2 : 14 - height // 2 + height, 11:17] = level
    return page


def with_more(page: np.ndarray, rows: object, columns: object, level: int) -> np.ndarray:
    """The page with more ink."""
    page = page.copy()
    page[rows, columns] = level
    return page


BOUNDS = {
    "in the middle": (centered_page(), True),
    "ink at the top": (with_more(centered_page(), 0, 13, 1), False),
    "at the bottom": (with_more(centered_page(), 27, 13, 1), False),
    "at the left": (with_more(centered_page(), 13, 0, 1), False),
    "at the right": (with_more(centered_page(), 13, 27, 1), False),
    "beside the border": (with_more(centered_page(), slice(1, 27, 25), slice(1, 27, 25), 1), True),
    "as strong as need be": (centered_page(level=230), True),
    "too faint": (centered_page(level=229), False),
    "as high as can be": (centered_page(21), True),
    "as far off the middle as can be": (np.roll(centered_page(21), 1, axis=0), True),
    "too far": (np.roll(centered_page(20), 2, axis=0), False),
    "too high": (centered_page(22), False),
    "as high, and a row too faint to count": (with_more(centered_page(21, 250), 25, slice(11, 17), 24), True),
    "as high, and a row just strong enough": (with_more(centered_page(21, 250), 25, slice(11, 17), 25), False),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_the_batch_form_takes_a_page_up_to_the_bounds_of_the_reference(name: str) -> None:
    page, is_read = BOUNDS[name]
    pages = np.stack([page, page.T, 255 - page])
    assert center_clean_pages(pages).is_valid.tolist() == [is_read] * 3
    assert_as_the_reference(pages)


def assert_as_the_reference(pages: np.ndarray) -> None:
    """Fail unless the batch form takes those of uint8 (N, 28, 28) that the reference leaves where they are."""
    clean = center_clean_pages(pages)
    for page, digit, box, is_read in zip(pages, clean.digits, clean.boxes.tolist(), clean.is_valid, strict=True):
        foreground = foreground_of_clean_page(page)
        top, bottom, left, right = bounding_box(foreground) if foreground else (0, 0, 0, 0)
        assert is_read == (foreground is not None and is_centered(foreground.pixels, bottom - top, right - left))
        if is_read:
            assert (digit == center(find_foreground(page), (top, bottom, left, right))).all()
            assert box == [left, top, right, bottom]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_many_files_are_read_as_each_of_them_is_alone(seed: int) -> None:
    random = np.random.default_rng(seed)
    pages = [as_mnist_has_it(random) ^ np.uint8(random.choice([0, 255, 3])) for _ in range(20)]
    files = [to_png(page) for page in pages]
    files += [to_png(np.zeros((28, 28), np.uint8)), b"", b"no image", files[0][:60], encoded(draw_seven(64), "JPEG")]
    order = random.permutation(len(files))
    files = [files[index] for index in order]
    together = read_many(files)
    for file, found in zip(files, together, strict=True):
        alone = outcome(lambda file=file: read_digit(file))
        assert alone == outcome(lambda found=found: returned(found))


def returned(found: Reading | ImageError) -> Reading:
    """Return the reading, or raise the error."""
    if isinstance(found, ImageError):
        raise found
    return found


def test_mnist_is_seen_unchanged_when_many_are_read(mnist: Splits) -> None:
    part = mnist.test.images[:500]
    together = read_many([to_png(image[2:30, 2:30]) for image in part])
    assert (np.stack([reading.pixels for reading in together]) == part).all()
