"""What is refused before it is decoded, to the byte and the pixel, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.preprocessing.decoding import limits, pillow
from model.preprocessing.decoding.decode import decode
from model.preprocessing.decoding.headers import Claim, Damaged, Excessive, Shrinking, Unread
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.page import Page
from model.preprocessing.errors import CorruptImage, EmptyImage, ImageTooLarge, ImageTooSmall, UnsupportedFormat
from tests.pictures import ramp

PIXELS = 10_000


@pytest.mark.parametrize("kind", ["PNG", "BMP"])  # by the path for small PNGs and by the general one
def test_as_many_bytes_as_are_allowed_are_read_and_one_more_is_not(kind: str) -> None:
    data = ramp(20, 20, kind)
    assert decode(data, Limits(max_bytes=len(data))).format == kind
    with pytest.raises(ImageTooLarge, match=f"has {len(data):,} bytes, more than {len(data) - 1:,}"):
        decode(data, Limits(max_bytes=len(data) - 1))


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_as_many_pixels_as_are_allowed_are_read_and_one_more_is_not(kind: str) -> None:
    data = ramp(20, 30, kind)
    assert decode(data, Limits(max_pixels=600)).gray.shape == (30, 20)
    with pytest.raises(ImageTooLarge, match="20×30 pixels, more than 599"):
        decode(data, Limits(max_pixels=599))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "JPEG"])
def test_a_side_has_eight_pixels_or_more(kind: str) -> None:
    assert decode(ramp(8, 8, kind), Limits()).gray.shape == (8, 8)
    for width, height in ((7, 30), (30, 7)):
        with pytest.raises(ImageTooSmall, match=f"{width}×{height} pixels; a side needs 8"):
            decode(ramp(width, height, kind), Limits())


def test_the_usual_limits_are_twenty_megabytes_and_fifty_megapixels() -> None:
    assert Limits() == (20_000_000, 50_000_000, 512, 0)


def claiming(monkeypatch: pytest.MonkeyPatch, claim: Claim | Exception) -> bytes:
    """A BMP of 20×20 pixels; its header is replaced by a claim with other values."""

    def claim_of(data: bytes, shrinking: Shrinking) -> Claim:
        if isinstance(claim, Exception):
            raise claim
        return claim

    monkeypatch.setattr(limits, "claim_of", claim_of)
    return ramp(20, 20, "BMP")


@pytest.mark.parametrize(
    ("memory", "work", "problem"),
    [
        (16 * PIXELS + 16_000_000, 16 * PIXELS, None),  # sixteen bytes for each allowed pixel, and 16 MB besides
        (16 * PIXELS + 16_000_001, 0, "would take 16 MB; save it smaller"),
        (0, 16 * PIXELS + 1, "would take too long; save it smaller"),
    ],
)
def test_a_file_that_would_take_too_much_to_decode_is_refused(
    memory: int, work: int, problem: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = claiming(monkeypatch, Claim("BMP", 20, 20, memory, work))
    limits = Limits(max_pixels=PIXELS)
    if problem is None:
        assert decode(data, limits).gray.shape == (20, 20)
    else:
        with pytest.raises(ImageTooLarge, match=problem):
            decode(data, limits)


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        (Damaged("it ends early"), CorruptImage, "The image is cut or damaged: it ends early."),
        (Excessive("9,000 scans"), ImageTooLarge, "Decoding the image would take too much: 9,000 scans."),
        (Unread("lossless JPEG is not read"), UnsupportedFormat, "Lossless JPEG is not read."),
    ],
)
def test_what_the_header_shows_is_said(
    fault: Exception, error: type[Exception], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(error) as caught:
        decode(claiming(monkeypatch, fault), Limits())
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("width", "height", "error"),
    [(100, 100, None), (100, 101, ImageTooLarge), (2_000, 7, ImageTooLarge), (20, 7, ImageTooSmall)],
)
def test_the_header_is_enough_to_refuse_a_size(
    width: int, height: int, error: type[Exception] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = Claim("BMP", width, height, 0, 0)
    data = claiming(monkeypatch, claim)
    if error is None:
        assert limits.bounded_claim(data, Limits(max_pixels=PIXELS)) is claim
    else:
        with pytest.raises(error, match=f"{width}×{height}"):
            limits.bounded_claim(data, Limits(max_pixels=PIXELS))


@pytest.mark.parametrize(
    ("kind", "can_read_heif", "refused"), [("HEIF", False, True), ("HEIF", True, False), ("BMP", False, False)]
)
def test_heic_alone_needs_a_decoder_that_may_not_be_installed(
    kind: str, can_read_heif: bool, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = claiming(monkeypatch, Claim(kind, 20, 20, 0, 0))
    monkeypatch.setattr(limits, "has_heif", lambda: can_read_heif)
    if refused:
        with pytest.raises(UnsupportedFormat, match=r"^The bytes are HEIC, which is not read here; set the phone"):
            limits.bounded_claim(data, Limits())
    else:
        assert limits.bounded_claim(data, Limits()).format == kind


def test_bytes_of_an_unknown_kind_are_told_what_is_read() -> None:
    with pytest.raises(UnsupportedFormat, match=r"^The bytes are no PNG, JPEG, .* or PPM\.$"):
        decode(b"hello, world", Limits())
    with pytest.raises(UnsupportedFormat, match=r"^The bytes are a PDF"):
        decode(b"%PDF-1.7\n", Limits())
    with pytest.raises(EmptyImage):
        decode(b"", Limits())


def test_a_file_that_is_larger_than_its_header_said_is_refused_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = claiming(monkeypatch, Claim("BMP", 10, 10, 0, 0))
    with pytest.raises(ImageTooLarge, match="20×20 pixels, more than 399"):
        decode(data, Limits(max_pixels=399))


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        (MemoryError(), ImageTooLarge, "The image needs more memory than there is."),
        (ZeroDivisionError("one\n  two. "), CorruptImage, "The image is cut or damaged: one two."),
        (ImageTooSmall("Tiny."), ImageTooSmall, "Tiny."),
        (Image.UnidentifiedImageError("?"), CorruptImage, "The image is cut or damaged: its header can't be read."),
    ],
)
def test_what_goes_wrong_while_decoding_is_one_sentence(
    fault: Exception, error: type[Exception], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(image: Image.Image) -> Image.Image:
        raise fault

    monkeypatch.setattr(pillow, "plain", broken)
    with pytest.raises(error) as caught:
        decode(ramp(20, 20, "BMP"), Limits())
    assert str(caught.value) == text


@pytest.mark.parametrize(("work", "where"), [(5_000_000, "here"), (5_000_001, "apart")])
def test_a_decoder_that_would_hold_python_up_for_long_runs_apart(
    work: int, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ramp(20, 20, "JPEG2000")
    apart = Page(np.full((20, 20), 7, np.uint8), "JPEG2000")
    monkeypatch.setattr("model.preprocessing.decoding.decode.decode_isolated", lambda data, limits: apart)
    monkeypatch.setattr(limits, "claim_of", lambda data, shrinking: Claim("JPEG2000", 20, 20, 0, work))
    page = decode(data, Limits())
    assert page.format == "JPEG2000" and (page is apart) is (where == "apart")


def test_another_decoder_is_never_run_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    data = claiming(monkeypatch, Claim("BMP", 20, 20, 0, 6_000_000))
    monkeypatch.setattr("model.preprocessing.decoding.decode.decode_isolated", lambda data, limits: 1 / 0)
    assert decode(data, Limits()).format == "BMP"
