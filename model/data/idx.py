"""Read MNIST's IDX files, gzipped or not, and check their magic number, sizes and SHA-256.

Format: http://yann.lecun.com/exdb/mnist/ – big-endian int32 magic (0x801 labels, 0x803 images), the sizes, then bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.errors import DataError

LABELS_MAGIC = 0x801
IMAGES_MAGIC = 0x803
SIDE = 28  # pixels
CACHE_DIR = Path("var/mnist")  # default folder for downloaded files
MAX_BYTES = 64 * 1024 * 1024  # decompressed; the largest real file has 47 MB

# name → (SHA-256 of the decompressed content, magic, count)
FILES = {
    "train-images-idx3-ubyte": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", IMAGES_MAGIC, 60_000),
    "train-labels-idx1-ubyte": (
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", LABELS_MAGIC, 60_000),
    "t10k-images-idx3-ubyte": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", IMAGES_MAGIC, 10_000),
    "t10k-labels-idx1-ubyte": (
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", LABELS_MAGIC, 10_000),
}  # fmt: skip


def read_labels_and_images(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images uint8 (N, 28, 28) and labels int64 (N,) of `part`, "train" or "t10k". Raises DataError."""
    images = parse_idx(read_file(folder, f"{part}-images-idx3-ubyte"), f"{part}-images-idx3-ubyte")
    labels = parse_idx(read_file(folder, f"{part}-labels-idx1-ubyte"), f"{part}-labels-idx1-ubyte")
    return images.reshape(-1, SIDE, SIDE), labels.astype(np.int64)


def read_file(folder: Path, name: str) -> bytes:
    """The decompressed content of `name` or `name.gz` in `folder`, MAX_BYTES + 1 bytes at most. Raises DataError."""
    plain, packed = folder / name, folder / f"{name}.gz"
    path = plain if plain.exists() else packed
    try:
        with path.open("rb") if path == plain else gzip.open(path) as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DataError(f"{folder} has neither {name} nor {name}.gz") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error  # the system's text without the error number
        raise DataError(f"{path} can't be read: {reason}") from None


def parse_idx(content: bytes, name: str) -> NDArray[np.uint8]:
    """The content of the MNIST file `name` without its header, uint8 (M,). Raises DataError if it is not that file."""
    sha256, magic, count = FILES[name]
    header = 8 if magic == LABELS_MAGIC else 16
    expected = header + count * (1 if magic == LABELS_MAGIC else SIDE * SIDE)
    if len(content) < header or int.from_bytes(content[:4], "big") != magic:
        raise DataError(f"{name} is not an IDX file: its first four bytes must be {magic:#010x}")
    if len(content) != expected:
        raise DataError(f"{name} is short or of another data set: {len(content):,} bytes, not {expected:,}")
    if (stated := int.from_bytes(content[4:8], "big")) != count:
        raise DataError(f"{name} is damaged: its header speaks of {stated:,} items, not {count:,}")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DataError(f"{name} is damaged: its SHA-256 is not MNIST's")
    return np.frombuffer(content, np.uint8, offset=header)
