"""The cost of decoding is known from the header, and refused if too high, before anything is decoded."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from model.preprocessing.decoding.headers import claim_of
from model.preprocessing.errors import CorruptImage, ImageTooLarge, UnsupportedFormat
from model.preprocessing.pipeline import read_digit, to_png
from tests.pictures import draw_seven, encoded, png_chunk

WHITE = Image.new("RGB", (64, 64), "white")
MOST_LEFT_MEGABYTES = 20  # that may stay resident; 61 do where the C library keeps large blocks


def tiff(width: int, height: int, *extra: tuple[int, int], bits: int = 8) -> bytes:
    """A TIFF without pixels; extra: numbers and values of further tags."""
    tags = {256: width, 257: height, 258: bits, 259: 8, 262: 1, 277: 1, **dict(extra)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)


def tiled(side: int) -> bytes:
    """A TIFF with one tile, which is larger than the picture; its data hold less than either."""
    packed = zlib.compress(bytes(1_000))
    without = tiff(64, 64, (322, side), (323, side), (324, 0), (325, len(packed)))
    return tiff(64, 64, (322, side), (323, side), (324, len(without)), (325, len(packed))) + packed


def riff(chunk: bytes, content: bytes) -> bytes:
    body = b"WEBP" + chunk + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(body)) + body


def progressive(side: int, scans: int) -> bytes:
    """A progressive JPEG that claims a size and repeats its last scan."""
    file = encoded(WHITE, "JPEG", progressive=True)
    frame, last, end = file.index(b"\xff\xc2"), file.rindex(b"\xff\xda"), file.rindex(b"\xff\xd9")
    more = file[last:end] * (scans - file.count(b"\xff\xda"))
    return file[: frame + 5] + struct.pack(">HH", side, side) + file[frame + 9 : end] + more + file[end:]


def code_stream(side: int, tile: int, block: int = 4, precinct: int | None = None) -> bytes:
    """A JPEG 2000 that claims a size, and log₂ of the sides of its code blocks and precincts."""
    size = struct.pack(">HHHIIIIIIIIH3B", 0xFF51, 41, 0, side, side, 0, 0, tile, tile, 0, 0, 1, 7, 1, 1)
    sides = b"" if precinct is None else bytes([precinct * 17])
    way = struct.pack(">BBHB5B", precinct is not None, 0, 1, 0, 0, block - 2, block - 2, 0, 1) + sides
    return (
        b"\xff\x4f"
        + size
        + struct.pack(">HH", 0xFF52, len(way) + 2)
        + way
        + bytes.fromhex("ff90000a0000000000000001ff93")
    )


def png_with(*chunks: bytes) -> bytes:
    file = encoded(WHITE)
    return file[:33] + b"".join(chunks) + file[33:]


def gif(frame: int, extension: bytes = b"") -> bytes:
    """A GIF with a screen of 10 × 10 and a larger frame."""
    head = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0, 0, 0)
    return head + extension + b"," + struct.pack("<HHHHB", 0, 0, frame, frame, 0) + b"\x08\x01\x00\x00;"


def run_length_bmp(width: int, height: int, runs: bytes) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 0, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 54 + 1024) + head + bytes(1024) + runs


def avif_claiming(side: int) -> bytes:
    """A small AVIF whose AV1 picture says that it is larger."""
    file = encoded(WHITE, "AVIF")
    start = file.rindex(b"mdat\x12\0") + 6  # after an empty unit that begins a picture
    units = file[start:]
    bits = "".join(f"{byte:08b}" for byte in units[2 : 2 + units[1]])
    width_bits, height_bits = int(bits[10:14], 2) + 1, int(bits[14:18], 2) + 1
    assert bits[4] == "1", "the encoder writes reduced headers"
    wide = f"{15:04b}{15:04b}{side - 1:016b}{side - 1:016b}"
    bits = bits[:10] + wide + bits[18 + width_bits + height_bits :]
    header = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))
    return file[:start] + units[:1] + bytes([len(header)]) + header + units[2 + units[1] :]


EXCESSIVE = {
    "a tile of 2 GB": tiled(46_000),
    "a tile of 400 MB deep samples": tiff(64, 64, (322, 10_000), (323, 10_000), (324, 8), (325, 16), bits=64),
    "a strip of more pieces than pixels": tiff(64, 60_000_000),
    "tiles without number": tiff(7_000, 7_000, (322, 1), (323, 1), (324, 8), (325, 16)),
    "tags without number": b"II*\0\x08\0\0\0\xff\xff" + bytes(65_535 * 12 + 4),
    "a WebP canvas": riff(b"VP8X", b"\0\0\0\0" + b"\xff\xff\xff" * 2),
    "a hundred scans": progressive(64, 101),
    "scans of many pixels": progressive(7_000, 17),
    "segments without number": b"\xff\xd8" + b"\xff\xe5\0\2" * 3_000 + encoded(WHITE, "JPEG")[2:],
    "tiles of JPEG 2000": code_stream(6_000, 10),
    "code blocks of JPEG 2000": code_stream(6_000, 6_000, block=2),
    "precincts of JPEG 2000": code_stream(6_000, 6_000, precinct=0),
    "JPEG 2000 that can't be shrunk": code_stream(6_500, 6_500, block=6),
    "texts of PNG": png_with(*[png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(1_000_000)))] * 600),
    "pieces of PNG": png_with(*[png_chunk(b"IDAT", b"")] * 30_000),
    "a frame of GIF": gif(20_000),
    "comments of GIF": gif(10, b"!\xfe" + b"\x01x" * 3_000 + b"\0"),
    "runs of BMP": run_length_bmp(3_000, 3_000, b"\xff\0" * 40_000),
    "an AV1 picture in a small AVIF": avif_claiming(40_000),
    "numbers as text": b"P2 2000 2000 255\n" + b"7 " * 2_500_000,
}


@pytest.mark.parametrize("name", EXCESSIVE)
def test_what_takes_too_much_is_refused_at_once(name: str) -> None:
    started = time.process_time()
    with pytest.raises(ImageTooLarge):
        read_digit(EXCESSIVE[name])
    assert time.process_time() - started < 0.5


def test_what_phones_and_programs_write_is_not_too_much() -> None:
    side = 3_500
    page = draw_seven(side)
    for kind, options in {
        "JPEG": {"progressive": True, "quality": 80},
        "PNG": {"compress_level": 1},
        "TIFF": {"compression": "tiff_lzw"},
        "JPEG2000": {},
        "GIF": {},
    }.items():
        assert read_digit(encoded(page.convert("RGB"), kind, **options)).pixels.any(), kind


def test_a_tiff_of_unusual_compression_is_told_so() -> None:
    with pytest.raises(UnsupportedFormat, match="compression 34925"):
        read_digit(tiff(64, 64, (259, 34_925)))


def test_a_size_is_read_as_the_decoder_reads_it() -> None:
    page = Image.fromarray(np.full((30, 50, 3), 200, np.uint8))
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM"):
        claim = claim_of(encoded(page, kind))
        assert (claim.format, claim.width, claim.height) == (kind, 50, 30)
    for options in ({"lossless": True}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"}):
        assert claim_of(encoded(page, "WEBP", **options))[1:3] == (50, 30)


MEASURE = """
import os, sys
from pathlib import Path
from bench.servers import resident_megabytes
from model.preprocessing.decoding.c_libraries import return_large_blocks
from model.preprocessing.errors import ImageError
from model.preprocessing.pipeline import read_digit

return_large_blocks()
files = [Path(name).read_bytes() for name in sys.argv[1:]]
before = resident_megabytes(os.getpid())
for file in files:
    try:
        read_digit(file)
    except ImageError:
        pass
print(resident_megabytes(os.getpid()) - before)
"""


def test_memory_that_large_pictures_took_is_given_back(tmp_path) -> None:
    pages = {
        "tiles.tif": tiled(46_000),
        "colour.png": encoded(draw_seven(4_000).convert("RGB"), compress_level=1),
        "wide.tif": encoded(Image.fromarray(np.asarray(draw_seven(3_000)) * np.float32(1)), "TIFF"),
        "photo.jpg": encoded(draw_seven(4_000).convert("RGB"), "JPEG", progressive=True),
    }
    for name, content in pages.items():
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-c", MEASURE, *(str(tmp_path / name) for name in pages for _ in range(3))]
    left = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert left < MOST_LEFT_MEGABYTES


def test_texts_of_a_png_unpack_to_no_more_than_a_bound() -> None:
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1_000_000)))
    plain = to_png(np.asarray(draw_seven(64)))
    few, many = (plain[:33] + count * text + plain[33:] for count in (5, 40))
    assert read_digit(few).pixels.any()
    with pytest.raises(CorruptImage, match="text"):
        read_digit(many)


def test_components_of_a_jpeg_count_as_they_are_sampled() -> None:
    whole = encoded(draw_seven(64).convert("RGB"), "JPEG", subsampling=0, progressive=True)
    half = encoded(draw_seven(64).convert("RGB"), "JPEG", subsampling=2, progressive=True)
    assert claim_of(whole).memory > 1.3 * claim_of(half).memory


def test_an_avif_is_decoded_by_the_thread_that_asked_for_it() -> None:
    file = encoded(draw_seven(600).convert("RGB"), "AVIF")
    counts: list[int] = []
    watched = threading.Event()

    def watch() -> None:
        while not watched.is_set():
            counts.append(len(os.listdir("/proc/self/task")))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    before = len(os.listdir("/proc/self/task"))
    for _ in range(20):
        read_digit(file)
    watched.set()
    thread.join()
    assert max(counts) <= before
