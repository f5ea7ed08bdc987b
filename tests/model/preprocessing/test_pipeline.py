"""One drawing is one answer, however it is encoded; bad bytes are a clear error."""

from __future__ import annotations

import io
import os
import struct
import time
import zlib
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from model.data.digits import Splits
from model.preprocessing.batch_centering import center_clean_pages
from model.preprocessing.centering import bounding_box, center, is_centered
from model.preprocessing.decoding.decode import decode_any
from model.preprocessing.decoding.heic import has_heif
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.small_png import decode_small_png
from model.preprocessing.errors import (
    BlankImage,
    CorruptImage,
    EmptyImage,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    InvalidPixels,
    UnsupportedFormat,
)
from model.preprocessing.foreground import Foreground, find_foreground, foreground_of_clean_page
from model.preprocessing.pipeline import Reading, read_digit, read_many, read_pixels, to_input, to_png
from tests.conftest import draw_seven
from tests.processes import resident_megabytes

NEAR = 12  # mean difference in gray levels that lossy formats and resampling may leave


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def transparent(image: Image.Image, ink: int) -> Image.Image:
    """Ink on nothing: the drawing is in the alpha channel only."""
    canvas = Image.new("LA", image.size, (ink, 0))
    canvas.putalpha(Image.fromarray(255 - np.asarray(image)))
    return canvas


def exif(image: Image.Image, orientation: int, undo: Image.Transpose, kind: str = "JPEG") -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return encoded(image.transpose(undo).convert("RGB"), kind, quality=95, exif=tags)


def netpbm(image: Image.Image, kind: bytes, white: int, samples: np.ndarray | bytes) -> bytes:
    content = samples if isinstance(samples, bytes) else samples.tobytes()
    return b"%b\n# drawn\n%d %d\n%d\n" % (kind, *image.size, white) + content


def bmp_with_alpha(image: Image.Image, alpha: int) -> bytes:
    """A bitmap of 32 bits with a V5 header, whose masks name an alpha channel."""
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 124, image.width, -image.height, 1, 32, 3, 0, 0, 0, 0, 0) + masks
    shades = np.asarray(image)
    pixels = np.stack([shades, shades, shades, np.full_like(shades, alpha)], -1).tobytes()
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 138) + head.ljust(124, b"\0") + pixels


def tinted(image: Image.Image) -> Image.Image:
    """Blue ink on cream paper."""
    share = np.asarray(image)[..., None] / 255
    return Image.fromarray((share * [250, 243, 220] + (1 - share) * [30, 50, 160]).astype(np.uint8))


ENCODINGS: dict[str, Callable[[Image.Image], bytes]] = {
    "rgb png": lambda image: encoded(image.convert("RGB")),
    "rgba png": lambda image: encoded(image.convert("RGBA")),
    "gray alpha png": lambda image: encoded(image.convert("LA")),
    "palette png": lambda image: encoded(image.convert("P")),
    "16-bit png": lambda image: encoded(Image.fromarray(np.asarray(image).astype(np.uint16) * 257)),
    "jpeg": lambda image: encoded(image, "JPEG", quality=90),
    "cmyk jpeg": lambda image: encoded(image.convert("CMYK"), "JPEG", quality=95),
    "webp": lambda image: encoded(image.convert("RGB"), "WEBP", quality=90),
    "lossless webp": lambda image: encoded(image.convert("RGB"), "WEBP", lossless=True),
    "gif": lambda image: encoded(image, "GIF"),
    "bmp": lambda image: encoded(image, "BMP"),
    "tiff": lambda image: encoded(image, "TIFF"),
    "avif": lambda image: encoded(image.convert("RGB"), "AVIF", quality=90),
    "turned avif": lambda image: exif(image, 6, Image.Transpose.ROTATE_90, "AVIF"),
    "jpeg 2000": lambda image: encoded(image.convert("RGB"), "JPEG2000"),
    "jpeg 2000 code stream": lambda image: encoded(image, "JPEG2000", no_jp2=True),
    "large jpeg 2000": lambda image: encoded(image.resize((1600, 1600)), "JPEG2000"),
    "pgm": lambda image: encoded(image, "PPM"),
    "ppm": lambda image: encoded(image.convert("RGB"), "PPM"),
    "16-bit pgm": lambda image: netpbm(image, b"P5", 65_535, np.asarray(image).astype(">u2") * 257),
    "pgm of 16 grays": lambda image: netpbm(image, b"P5", 15, np.asarray(image) // 17),
    "pgm as text": lambda image: netpbm(image, b"P2", 255, " ".join(map(str, image.tobytes())).encode()),
    "float tiff from 0 to 1": lambda image: encoded(Image.fromarray(np.asarray(image) / np.float32(255)), "TIFF"),
    "float tiff from 0 to 255": lambda image: encoded(Image.fromarray(np.asarray(image) * np.float32(1)), "TIFF"),
    "16-bit tiff": lambda image: encoded(Image.fromarray(np.asarray(image).astype(np.uint16) * 257), "TIFF"),
    "large 16-bit png": lambda image: encoded(
        Image.fromarray(np.asarray(image.resize((1600, 1600))).astype(np.uint16) * 257)
    ),
    "bmp whose alpha is all 0": lambda image: bmp_with_alpha(image, 0),
    "bmp whose alpha is all 255": lambda image: bmp_with_alpha(image, 255),
    "large bmp whose alpha is all 0": lambda image: bmp_with_alpha(image.resize((1600, 1600)), 0),
    "black on transparent": lambda image: encoded(transparent(image, 0)),
    "white on transparent": lambda image: encoded(transparent(image, 255)),
    "inverted": lambda image: encoded(Image.fromarray(255 - np.asarray(image))),
    "low contrast": lambda image: encoded(image.point(lambda v: 120 + v // 4)),
    "blue on cream": lambda image: encoded(tinted(image)),
    "turned by exif": lambda image: exif(image, 6, Image.Transpose.ROTATE_90),
    "mirrored by exif": lambda image: exif(image, 2, Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down by exif": lambda image: exif(image, 3, Image.Transpose.ROTATE_180),
    "twice as large": lambda image: encoded(image.resize((400, 400), Image.Resampling.BICUBIC)),
    "eight times as large": lambda image: encoded(image.resize((1600, 1600), Image.Resampling.BICUBIC)),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_of_one_drawing_is_read_alike(name: str) -> None:
    drawing = draw_seven()
    plain = read_digit(encoded(drawing)).pixels.astype(int)
    other = read_digit(ENCODINGS[name](drawing)).pixels.astype(int)
    assert np.abs(plain - other).mean() < NEAR


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_the_exif_standard_says(orientation: int) -> None:
    shown = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    # Which edge of what is shown the first row and the first column of the file are (CIPA DC-008, "Orientation").
    first_row_is_a_column = orientation >= 5
    stored = shown.T if first_row_is_a_column else shown
    stored = stored[::-1] if orientation in (3, 4, 6, 7) else stored
    stored = stored[:, ::-1] if orientation in (2, 3, 7, 8) else stored
    tags = Image.Exif()
    tags[0x0112] = orientation
    file = encoded(Image.fromarray(np.ascontiguousarray(stored)), exif=tags)
    assert (decode_any(file, Limits()).gray == shown).all()


def test_a_picture_whose_other_exif_tags_are_damaged_is_turned_all_the_same() -> None:
    turned = struct.pack("<HHII", 0x0112, 3, 1, 6)
    damaged = struct.pack("<HHII", 0x0128, 4, 1, 0xFFFFFF00)  # a unit, too large and of the wrong type
    tags = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + turned + damaged + bytes(4)
    file = encoded(draw_seven().transpose(Image.Transpose.ROTATE_90).convert("RGB"), "JPEG", exif=tags)
    plain = read_digit(encoded(draw_seven())).pixels.astype(int)
    assert np.abs(read_digit(file).pixels - plain).mean() < NEAR


def test_a_one_bit_picture_is_read() -> None:
    assert read_digit(encoded(draw_seven().convert("1"))).pixels.max() == 255


def test_where_the_drawing_stands_on_its_page_does_not_matter() -> None:
    page = Image.new("L", (900, 700), 255)
    page.paste(draw_seven(), (640, 450))
    page.putpixel((5, 690), 0)  # a speck of dust
    alone, placed = read_digit(encoded(draw_seven())).pixels, read_digit(encoded(page)).pixels
    assert np.abs(alone.astype(int) - placed.astype(int)).mean() < NEAR


def test_uneven_light_does_not_matter() -> None:
    light = np.linspace(0.35, 1.0, 200)[None, :] * np.linspace(1.0, 0.8, 200)[:, None]
    photo = Image.fromarray((np.asarray(draw_seven()) * 0.8 * light + 20).astype(np.uint8))
    plain, lit = read_digit(encoded(draw_seven())).pixels, read_digit(encoded(photo, "JPEG", quality=90)).pixels
    assert np.abs(plain.astype(int) - lit.astype(int)).mean() < 2 * NEAR


def test_a_hairline_survives_shrinking() -> None:
    image = Image.new("L", (1500, 1500), 255)
    image.paste(0, (700, 200, 704, 1300))
    pixels = read_digit(encoded(image)).pixels
    assert (pixels.max(axis=1) > 128).sum() >= 18


@pytest.mark.parametrize("inverted", [False, True])
def test_mnist_passes_unchanged(mnist: Splits, inverted: bool) -> None:
    for image in mnist.test.images[:500]:
        inner = image[2:30, 2:30]
        assert (read_digit(to_png(255 - inner if inverted else inner)).pixels == image).all()


def test_pixels_are_taken_as_they_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    assert (read_pixels(pixels).pixels[2:30, 2:30] == pixels).all()
    assert (read_pixels(np.pad(pixels, 2)).pixels == np.pad(pixels, 2)).all()


def test_the_network_s_input_is_the_same_from_numpy_and_from_torch() -> None:
    import torch  # slow to import

    from model.training.batches import to_input as to_tensor_input

    images = np.arange(3 * 32 * 32, dtype=np.uint32).astype(np.uint8).reshape(3, 32, 32)
    made = to_input(images)
    assert made.dtype == np.float32 and made.shape == (3, 1, 32, 32)
    assert (made.min(), made[0, 0, 0, 1], made.max()) == (0, np.float32(1 / 255), 1)
    assert (made == to_input(list(images))).all()
    assert (made == to_tensor_input(torch.from_numpy(images)).numpy()).all()


@pytest.mark.parametrize("shape", [(27, 27), (28, 32), (32,), (1, 28, 28)])
def test_other_shapes_of_pixels_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidPixels):
        read_pixels(np.ones(shape, np.uint8))


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\0" * 100)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyImage),
        (b"hello, world", UnsupportedFormat),
        (b"%PDF-1.7 \n1 0 obj", UnsupportedFormat),
        (b"\x89PNG\r\n\x1a\n", CorruptImage),
        (b"\xff\xd8\xff\xe0 no more", CorruptImage),
        (png_header(28, 28), CorruptImage),
        (png_header(1, 1), ImageTooSmall),
        (png_header(20_000, 20_000), ImageTooLarge),
        (to_png(np.full((28, 28), 255, np.uint8)), BlankImage),
        (to_png(np.full((500, 300), 17, np.uint8)), BlankImage),
    ],
)
def test_what_can_not_be_read_is_one_clear_error_within_milliseconds(data: bytes, error: type[ImageError]) -> None:
    started = time.process_time()
    with pytest.raises(error) as caught:
        read_digit(data)
    assert time.process_time() - started < 0.5
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b'<?xml version="1.0"?>\n<!-- drawn --><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG; render"),
        (b"%PDF-1.7\n", "PDF; render it to PNG"),
        (b"PK\3\4", "unpack it first"),
        (b"data:image/png;base64,iVBORw0KGgo=", "decode it first"),
        (b"hello, world", "AVIF, JPEG 2000"),
    ],
)
def test_what_is_of_another_format_is_named_and_what_to_send_instead(data: bytes, advice: str) -> None:
    with pytest.raises(UnsupportedFormat, match=advice):
        read_digit(data)


def test_heic_is_read_where_the_extra_is_installed() -> None:
    pytest.importorskip("pillow_heif")
    assert has_heif()
    plain = read_digit(encoded(draw_seven())).pixels.astype(int)
    reading = read_digit(encoded(draw_seven().convert("RGB"), "HEIF"))
    assert np.abs(reading.pixels - plain).mean() < NEAR and reading.format == "HEIF"


@pytest.mark.skipif(not has_heif(), reason="needs the extra heic")
def test_a_heic_that_is_larger_than_it_says_is_refused_before_it_is_decoded() -> None:
    file = encoded(Image.new("L", (3000, 3000), 255), "HEIF")
    size = file.index(b"ispe") + 8  # after version and flags
    lying = file[:size] + (64).to_bytes(4) * 2 + file[size + 8 :]
    before = resident_megabytes(os.getpid())
    with pytest.raises(CorruptImage, match="maximum image size") as caught:
        read_digit(lying)
    assert "\n" not in str(caught.value) and resident_megabytes(os.getpid()) - before < 20


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_heic_without_the_extra_is_named_and_what_to_set(brand: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.preprocessing.decoding.limits.has_heif", lambda: False)
    size = box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", box(b"ispe", struct.pack(">III", 0, 400, 300)))))
    with pytest.raises(UnsupportedFormat, match="HEIC") as caught:
        read_digit(box(b"ftyp", brand + bytes(4) + b"heic") + size)
    assert "Most Compatible" in str(caught.value) and "JPEG" in str(caught.value)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def test_the_first_frame_of_an_animation_is_what_is_read() -> None:
    first, second = draw_seven(), Image.new("L", (200, 200), 255)
    assert read_digit(encoded(first, "GIF", save_all=True, append_images=[second])).pixels.any()
    with pytest.raises(BlankImage):
        read_digit(encoded(second, "GIF", save_all=True, append_images=[first]))


def test_a_page_without_ink_is_told_what_to_do() -> None:
    with pytest.raises(BlankImage, match="looks empty"):
        read_digit(to_png(np.full((60, 60), 200, np.uint8)))
    with pytest.raises(BlankImage, match="on plain paper"):
        read_digit(to_png(np.random.default_rng(0).integers(0, 255, (60, 60), np.uint8)))


def test_more_bytes_than_allowed_are_refused(seven: bytes) -> None:
    with pytest.raises(ImageTooLarge):
        read_digit(seven, Limits(max_bytes=len(seven) - 1))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_a_cut_file_is_an_error_of_the_tree_or_still_readable(kind: str, share: float) -> None:
    whole = encoded(draw_seven(), kind)
    try:
        read_digit(whole[: int(len(whole) * share)])
    except (CorruptImage, UnsupportedFormat, ImageTooLarge):
        pass
    else:
        assert kind in ("GIF", "BMP"), "only formats without a checksum may be read in part"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_never_raise_anything_else(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]))
    whole = bytearray(encoded(draw_seven(40), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        reading = read_digit(bytes(whole), Limits(max_pixels=4_000_000))
    except ImageError:
        return
    assert reading.pixels.shape == (32, 32)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_never_raise_anything_else(data: bytes) -> None:
    with pytest.raises(ImageError):
        read_digit(data)


def test_noise_is_no_ink() -> None:
    noise = np.random.default_rng(0).normal(128, 6, (300, 300)).clip(0, 255).astype(np.uint8)
    with pytest.raises(BlankImage):
        read_digit(to_png(noise))


def general_reading(data: bytes) -> np.ndarray:
    """The picture by the general path alone."""
    gray = decode_any(data, Limits()).gray
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.preprocessing.foreground.foreground_of_clean_page", lambda page: None)
        return center(find_foreground(gray))


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
    buffer = io.BytesIO()
    Image.fromarray(255 - page if inverted else page).save(buffer, "PNG", compress_level=level)
    assert (read_digit(buffer.getvalue()).pixels == general_reading(buffer.getvalue())).all()


@pytest.mark.parametrize("side", [12, 15, 20, 24])
def test_a_small_picture_is_seen_as_the_large_one_it_was_shrunk_from(side: int) -> None:
    large = draw_seven(240)
    seen = read_digit(to_png(np.asarray(large.reduce(240 // side)))).pixels.astype(int)
    assert np.abs(seen - read_digit(to_png(np.asarray(large))).pixels).mean() < NEAR


def as_mnist_has_it(random: np.random.Generator) -> np.ndarray:
    """uint8 (28, 28), white on black: often a digit's box at its place, often not quite."""
    page = np.zeros((28, 28), np.uint8)
    height, width = (20, int(random.integers(3, 21))) if random.random() < 0.5 else random.integers(2, 24, 2)
    top = np.clip(round(13.5 - height / 2 + random.integers(-2, 3)), 0, 28 - height)
    left = np.clip(round(13.5 - width / 2 + random.integers(-2, 3)), 0, 28 - width)
    page[top : top + height, left : left + width] = random.integers(0, 256, (height, width))
    page[top, left] = page[top + height - 1, left + width - 1] = random.choice([20, 26, 255])
    page[13:15, left : left + width] = random.choice([0, 229, 230, 255], p=[0.1, 0.1, 0.1, 0.7])
    return page


def outcome(function: Callable[[], Reading]) -> tuple[object, ...]:
    """What can be compared of a reading, or of the error instead of it."""
    try:
        reading = function()
    except ImageError as error:
        return type(error), str(error)
    return reading.pixels.tobytes(), reading.format, reading.stray


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_batch_form_of_centering_answers_what_the_reference_answers(seed: int) -> None:
    random = np.random.default_rng(seed)
    pages = np.stack([as_mnist_has_it(random) ^ np.uint8(random.choice([0, 255, 3])) for _ in range(20)])
    fields, holds = center_clean_pages(pages)
    for page, field, is_read in zip(pages, fields, holds, strict=True):
        foreground = foreground_of_clean_page(page)
        assert is_read == (foreground is not None and is_centered(foreground.pixels, *size_of(foreground)))
        if is_read:
            assert (field == center(find_foreground(page))).all()


def size_of(foreground: Foreground) -> tuple[int, int]:
    """Height and width of the bounding box."""
    top, bottom, left, right = bounding_box(foreground)
    return bottom - top, right - left


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
    """The reading; raises the error."""
    if isinstance(found, ImageError):
        raise found
    return found


def test_mnist_is_seen_unchanged_when_many_are_read(mnist: object) -> None:
    part = mnist.test.images[:500]
    together = read_many([to_png(image[2:30, 2:30]) for image in part])
    assert (np.stack([reading.pixels for reading in together]) == part).all()


def test_a_small_png_with_a_wrong_checksum_is_corrupt_on_either_path() -> None:
    data = bytearray(to_png(np.asarray(draw_seven(28))))
    assert decode_small_png(bytes(data), 8) is not None
    data[60] ^= 1
    assert decode_small_png(bytes(data), 8) is None
    with pytest.raises(CorruptImage):
        read_digit(bytes(data))


def test_a_digit_on_ruled_paper_is_read_as_without_the_lines() -> None:
    page = np.asarray(draw_seven(400)).copy()
    plain = read_digit(to_png(page)).pixels.astype(int)
    for top in range(20, 400, 45):
        page[top : top + 3] = np.minimum(page[top : top + 3], 190)
    assert np.abs(read_digit(to_png(page)).pixels - plain).mean() < NEAR


def test_a_digit_in_a_noisy_picture_is_read_as_without_the_noise() -> None:
    page = np.asarray(draw_seven(200, ink=40, paper=220))
    plain = read_digit(to_png(page)).pixels.astype(int)
    grain = np.random.default_rng(2).normal(0, 30, page.shape)
    noisy = np.clip(page + grain, 0, 255).astype(np.uint8)
    assert np.abs(read_digit(to_png(noisy)).pixels - plain).mean() < NEAR


def test_a_shadow_along_the_edge_is_no_part_of_the_digit() -> None:
    page = np.asarray(draw_seven(300)).copy()
    plain = read_digit(to_png(page)).pixels.astype(int)
    page[:, :12] = 90
    assert np.abs(read_digit(to_png(page)).pixels - plain).mean() < NEAR


def spotted(page: np.ndarray, side: int) -> np.ndarray:
    """The page with spots of ink along its left, away from the digit and from the edge."""
    page = page.copy()
    for top in range(20, 280, 40):
        page[top : top + side, 20 : 20 + side] = 0
    return page


def test_a_page_with_much_ink_beside_the_digit_is_cluttered() -> None:
    page = np.asarray(draw_seven(300)).copy()
    assert not read_digit(to_png(page)).is_cluttered
    assert not read_digit(to_png(spotted(page, 3))).is_cluttered
    assert read_digit(to_png(spotted(page, 12))).is_cluttered


def test_a_stroke_that_fills_its_page_from_top_to_bottom_is_no_ruled_line() -> None:
    page = np.full((200, 80), 255, np.uint8)
    page[:, 32:46] = 0
    rows, columns = np.nonzero(read_digit(to_png(page)).pixels)
    assert np.ptp(rows) == 19 and np.ptp(columns) <= 3


@settings(max_examples=150, deadline=None)
@given(st.integers(8, 400), st.integers(8, 400), st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_any_page_has_ink_or_is_blank(width: int, height: int, grains: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (grains, grains)).astype(np.uint8))
    page = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).copy()
    page[random.random(page.shape) < random.choice([0, 0.001, 0.1])] = random.integers(256)
    with suppress(BlankImage):
        assert read_digit(to_png(page)).pixels.any()


def test_a_sample_of_a_million_digits_is_refused_without_python_s_words() -> None:
    with pytest.raises(CorruptImage, match="no number up to 65,535"):
        read_digit(b"P2 8 8 255\n" + b"7 " * 63 + b"9" * 1_000_000)
