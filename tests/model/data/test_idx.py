"""A file that is not exactly MNIST's is refused, with the reason."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from model.data import idx
from model.errors import DataError

NAME = "t10k-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an IDX file"),
        (b"hello, world", "not an IDX file"),
        ((0x801).to_bytes(4, "big") + (10_000).to_bytes(4, "big") + b"\1" * 50, "short"),
        ((0x801).to_bytes(4, "big") + (3).to_bytes(4, "big") + b"\1" * 3, "short or of another"),
        ((0x801).to_bytes(4, "big") + (10_000).to_bytes(4, "big") + b"\1" * 10_000, "damaged: its SHA-256"),
        ((0x801).to_bytes(4, "big") + (9_999).to_bytes(4, "big") + b"\1" * 10_000, "header speaks of 9,999 items"),
    ],
)
def test_what_is_not_mnist_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        idx.parse_idx(content, NAME)


@pytest.mark.parametrize("left", [5, 500, -1])
def test_a_cut_gzip_is_refused(tmp_path: Path, left: int) -> None:
    labels = np.random.default_rng(0).integers(10, size=10_000, dtype=np.uint8)
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress(labels.tobytes())[:left])
    with pytest.raises(DataError, match=f"{NAME}.gz can't be read"):
        idx.read_file(tmp_path, NAME)


def test_the_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(DataError, match=f"{NAME} can't be read"):
        idx.read_file(tmp_path, NAME)


def test_a_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        file.truncate(idx.MAX_BYTES + 100)
    assert len(idx.read_file(tmp_path, NAME)) == idx.MAX_BYTES + 1
