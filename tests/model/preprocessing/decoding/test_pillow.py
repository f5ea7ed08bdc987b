"""How Pillow decodes: at what size, with how much memory, by one thread, and without a word to anybody else."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import AvifImagePlugin, Image, PngImagePlugin

from model.preprocessing.decoding.decode import decode
from model.preprocessing.decoding.headers import claim_of
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.pillow import shrink
from model.preprocessing.errors import CorruptImage
from tests.pictures import draw_seven, encoded, ramp
from tests.server import REPOSITORY


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "JPEG", "JPEG2000", "WEBP"])
@pytest.mark.parametrize(
    ("size", "seen"),
    [((1023, 600), (1023, 600)), ((1024, 600), (512, 300)), ((600, 1024), (300, 512)), ((1600, 900), (534, 300))],
)
def test_a_large_picture_is_looked_at_at_about_512_pixels(
    kind: str, size: tuple[int, int], seen: tuple[int, int]
) -> None:
    height, width = decode(ramp(*size, kind), Limits()).gray.shape
    assert 0.9 * seen[0] <= width <= 1.6 * seen[0] and width / height == pytest.approx(size[0] / size[1], rel=0.02)
    if kind in ("PNG", "BMP", "TIFF", "WEBP"):
        assert (width, height) == seen


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
@pytest.mark.parametrize(
    ("size", "decoded"), [((1023, 512), (1023, 512)), ((2048, 1024), (512, 256)), ((1024, 4096), (128, 512))]
)
def test_a_jpeg_is_decoded_small_right_away(kind: str, size: tuple[int, int], decoded: tuple[int, int]) -> None:
    data = ramp(*size, kind)
    image = Image.open(io.BytesIO(data))
    assert shrink(image, claim_of(data), Limits()) is image
    assert image.size == decoded


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "JPEG2000"])
@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((4000, 30), (4000, 30)),  # a strip stays as it is
        ((30, 4000), (30, 4000)),
        ((4000, 400), (1000, 100)),  # its shorter side is not shrunk below least_side
        ((4000, 3000), (800, 600)),
        ((40_000, 16), (20_000, 8)),  # but no side is too long
    ],
)
def test_a_strip_is_shrunk_less(kind: str, size: tuple[int, int], seen: tuple[int, int]) -> None:
    limits = Limits(work_side=800, least_side=100)
    height, width = decode(encoded(Image.new("L", size, 200), kind), limits).gray.shape
    assert min(seen) <= min(width, height) < 2 * min(seen) and max(seen) <= max(width, height) < 2 * max(seen)
    if kind == "PNG":
        assert (width, height) == seen


def test_a_jpeg2000_that_cannot_be_halved_is_averaged() -> None:
    whole = encoded(Image.new("L", (2048, 1024), 200), "JPEG2000", num_resolutions=1)
    assert decode(whole, Limits()).gray.shape == (256, 512)


def test_a_strip_of_one_digit_is_decoded_whatever_its_sides() -> None:
    for kind in ("PNG", "JPEG", "JPEG2000"):
        assert 1 in decode(encoded(Image.new("L", (20_000, 30), 200), kind), Limits()).gray.shape


def test_the_texts_of_a_png_may_unpack_to_sixteen_megabytes() -> None:
    for count, is_read in ((16, True), (17, False)):
        texts = PngImagePlugin.PngInfo()
        for number in range(count):
            texts.add_text(f"text {number}", "a" * 1_000_000, zip=True)
        data = encoded(draw_seven(64), pnginfo=texts)
        if is_read:
            assert decode(data, Limits()).gray.shape == (64, 64)
        else:
            with pytest.raises(CorruptImage, match="memory"):
                decode(data, Limits())


def test_an_avif_is_decoded_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    decoder = AvifImagePlugin._avif.AvifDecoder
    monkeypatch.setattr(
        AvifImagePlugin._avif, "AvifDecoder", lambda *options: asked.append(options[1:]) or decoder(*options)
    )
    assert decode(ramp(64, 64, "AVIF"), Limits()).format == "AVIF"
    assert asked == [("auto", 1)]


DECODE_ALL = """
import contextlib, pathlib, sys
from model.preprocessing.decoding.decode import decode
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.errors import ImageError
for file in pathlib.Path(sys.argv[1]).iterdir():
    with contextlib.suppress(ImageError):
        decode(file.read_bytes(), Limits())
"""


def test_whoever_sends_a_damaged_file_hears_of_it_and_the_log_does_not(tmp_path: Path) -> None:
    turned = struct.pack("<HHII", 0x0112, 3, 1, 6)
    beyond = struct.pack("<HHII", 0x010F, 2, 400, 0xFFFF)  # a text that lies beyond the end
    tags = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + turned + beyond + bytes(4)
    (tmp_path / "exif").write_bytes(encoded(draw_seven(64).convert("RGB"), "JPEG", exif=tags))
    whole = encoded(draw_seven(64).convert("RGB"), "TIFF", compression="jpeg")
    for at in range(8, len(whole), 5):
        (tmp_path / f"tiff {at}").write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
    command = [sys.executable, "-c", DECODE_ALL, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
