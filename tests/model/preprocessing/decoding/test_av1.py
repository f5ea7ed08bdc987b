"""The size that an AV1 picture claims in its sequence header (AV1 specification, 5.3 to 5.5)."""

from __future__ import annotations

import pytest

from model.preprocessing.decoding.headers.av1 import leb128, sequence_headers, sequence_pixels, width_of
from model.preprocessing.decoding.headers.claim import Damaged, Excessive


def bits(*numbers: tuple[int, int]) -> bytes:
    """Pack numbers of the given widths in bits, one after the other, padded to whole bytes."""
    text = "".join(f"{value:0{width}b}" for value, width in numbers)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8)


def reduced(width: int, height: int, width_bits: int = 16, height_bits: int = 16) -> bytes:
    """The reduced header of a still picture of this size."""
    sizes = (width_bits - 1, 4), (height_bits - 1, 4), (width - 1, width_bits), (height - 1, height_bits)
    return bits((0, 3), (1, 1), (1, 1), (5, 5), *sizes)


def full(points: list[tuple[int, int]], width_bits: int, height_bits: int, delays: bool = False) -> bytes:
    """A header of the long kind; points: level and what follows it where that is above 7 or delays are shown."""
    shown = [
        part
        for level, more in points
        for part in ((0, 12), (level, 5), *([(0, 1)] if level > 7 else []), *([(1, 1), (more, 4)] if delays else []))
    ]
    start = (0, 3), (0, 1), (0, 1), (0, 1), (int(delays), 1), (len(points) - 1, 5)
    return bits(*start, *shown, (width_bits - 1, 4), (height_bits - 1, 4))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (28, 30), (65_536, 65_536), (40_000, 3)])
def test_a_still_picture_says_its_size(width: int, height: int) -> None:
    assert sequence_pixels(reduced(width, height)) == width * height


def test_sizes_take_as_many_bits_as_the_header_says() -> None:
    assert sequence_pixels(reduced(28, 5, 5, 3)) == 140
    assert sequence_pixels(reduced(2, 1, 1, 1)) == 2


@pytest.mark.parametrize("points", [[(4, 0)], [(4, 0), (8, 3), (31, 1), (7, 2)], [(9, 1)] * 32])
@pytest.mark.parametrize("delays", [False, True])
def test_a_film_may_have_frames_as_large_as_its_header_leaves_room_for(
    points: list[tuple[int, int]], delays: bool
) -> None:
    for width_bits, height_bits in ((1, 1), (9, 10), (16, 16), (12, 1)):
        assert sequence_pixels(full(points, width_bits, height_bits, delays)) == 2 ** (width_bits + height_bits)


def test_a_header_that_is_timed_or_cut_is_damaged() -> None:
    with pytest.raises(Damaged, match="timed as a film"):
        sequence_pixels(bits((0, 3), (0, 1), (0, 1), (1, 1), (0, 32)))
    whole = full([(4, 0), (8, 3)], 16, 16, delays=True)
    for length in range(len(whole)):
        with pytest.raises(Damaged, match="is cut"):
            sequence_pixels(whole[:length])


def unit(kind: int, content: bytes, *, sized: bool = True, extended: bool = False) -> bytes:
    """An OBU of a kind: header, perhaps an extension, perhaps its size, content."""
    head = kind << 3 | (4 if extended else 0) | (2 if sized else 0)
    return bytes([head]) + b"\7" * extended + (bytes([len(content)]) if sized else b"") + content


@pytest.mark.parametrize("extended", [False, True])
def test_sequence_headers_are_found_among_other_units(extended: bool) -> None:
    stream = unit(2, b"") + unit(1, b"first", extended=extended) + unit(6, b"frame" * 20) + unit(1, b"second")
    assert list(sequence_headers(stream)) == [b"first", b"second"]
    assert list(sequence_headers(unit(1, b"the rest", sized=False, extended=extended))) == [b"the rest"]
    assert list(sequence_headers(b"")) == []


def test_a_stream_has_no_more_units_than_any_honest_one() -> None:
    assert list(sequence_headers(unit(2, b"") * 999)) == []
    with pytest.raises(Excessive, match="more than 1,000 units"):
        list(sequence_headers(unit(2, b"") * 1001))


def test_a_units_size_is_a_number_in_pieces_of_seven_bits() -> None:
    assert leb128(b"\x05", 0) == (5, 1)
    assert leb128(b"--\xe5\x8e\x26", 2) == (624_485, 5)
    with pytest.raises(Damaged, match="can't be read"):
        leb128(b"\xff" * 9, 0)
    with pytest.raises(Damaged):
        leb128(b"\xff\xff", 0)


def test_numbers_in_the_list_of_items_have_four_or_eight_bytes_or_none() -> None:
    assert [width_of(size) for size in (0, 4, 8)] == [None, ">I", ">Q"]
    for size in (1, 2, 3, 15):
        with pytest.raises(Damaged, match="can't be found"):
            width_of(size)
