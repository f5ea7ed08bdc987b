"""MNIST is MNIST or refused; what is missing is said."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import http.server
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from app.settings import Settings
from model.cli import options
from model.data import download, idx
from model.data.digits import Labelled, Splits, check_trainable
from model.data.download import MirrorsUnreachable
from model.data.load import load_digits
from model.errors import DataError, ModelError
from tests.conftest import files_limited_to


def test_mnist_is_split_without_overlap(mnist: Splits) -> None:
    assert [len(part) for part in (mnist.train, mnist.validation, mnist.test)] == [55_000, 5_000, 10_000]
    seen = {image.tobytes() for image in mnist.train.images}
    assert not any(image.tobytes() in seen for image in mnist.validation.images)
    assert mnist.train.images.shape[1:] == (32, 32) and mnist.train.images.dtype == np.uint8


def test_embedded_digits_stand_in_and_say_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    splits = load_digits(cache_dir=tmp_path, offline=True)
    assert splits.is_embedded and len(splits.train) == 1197
    assert "NUMERAL_DATA_DIR" in caplog.text


def test_a_named_folder_without_mnist_is_an_error_not_another_source(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has neither"):
        load_digits(tmp_path)


@pytest.fixture
def data_options(monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    """A command's options when none is typed and the environment leaves the folder of MNIST empty."""
    monkeypatch.setenv("NUMERAL_DATA_DIR", "")
    monkeypatch.setenv("NUMERAL_CACHE_DIR", "kept")
    parser = argparse.ArgumentParser()
    options.data_arguments(parser)
    return parser.parse_args([])


@pytest.mark.parametrize(
    ("word", "offline"),
    [("1", True), ("True", True), ("yes", True), ("on", True), ("0", False), ("No", False), ("", False)],
)
def test_settings_mean_to_a_command_what_they_mean_to_the_server(
    data_options: argparse.Namespace, word: str, offline: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERAL_OFFLINE", word)
    monkeypatch.setattr(options, "load_digits", lambda *asked: asked)
    assert options.digits_of(data_options) == (None, Path("kept"), offline)
    settings = Settings()
    assert (settings.data_dir, settings.cache_dir, settings.offline) == (None, Path("kept"), offline)


def test_a_word_that_is_neither_yes_nor_no_is_refused(
    data_options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERAL_OFFLINE", "garbage")
    with pytest.raises(ModelError, match="NUMERAL_OFFLINE must be true or false, not 'garbage'"):
        options.digits_of(data_options)


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


def labelled(labels: list[int]) -> Labelled:
    return Labelled(np.zeros((len(labels), 32, 32), np.uint8), np.array(labels, np.int64), "test digits")


def test_a_missing_digit_and_a_label_out_of_range_can_not_be_trained_on() -> None:
    with pytest.raises(DataError, match="no image of 9"):
        check_trainable(labelled(list(range(9))))
    with pytest.raises(DataError, match="labels must be 0–9"):
        check_trainable(labelled(list(range(11))))


def test_the_digest_names_images_and_labels() -> None:
    assert labelled([1, 2]).sha256 == labelled([1, 2]).sha256
    assert labelled([1, 2]).sha256 != labelled([2, 1]).sha256


class Mirror(http.server.BaseHTTPRequestHandler):
    """A mirror that cuts the first answer in the middle, and goes on where a Range asks it to."""

    files: ClassVar[dict[str, bytes]] = {}
    cut_once: ClassVar[set[str]] = set()
    ranges: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        content = self.files[self.path.lstrip("/")]
        asked = self.headers["Range"]
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.path in self.cut_once:
            self.cut_once.discard(self.path)
            content = content[: len(content) // 2]
        self.wfile.write(content[start:])

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def mirror_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real mirror on loopback, of two small files that stand in for MNIST's."""
    contents = {"a-labels": idx.LABELS_MAGIC, "b-labels": idx.LABELS_MAGIC}
    files, table = {}, {}
    for name, magic in contents.items():
        content = magic.to_bytes(4, "big") + (500).to_bytes(4, "big") + name[:1].encode() * 500
        table[name] = (hashlib.sha256(content).hexdigest(), magic, 500)
        files[f"{name}.gz"] = gzip.compress(content)
    monkeypatch.setattr(download, "FILES", table)
    monkeypatch.setattr(idx, "FILES", table)
    Mirror.files, Mirror.cut_once, Mirror.ranges = files, set(), []
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}/"
    httpd.shutdown()
    httpd.server_close()


def test_a_download_is_whole_and_leaves_nothing_else(mirror_url: str, tmp_path: Path) -> None:
    download.download(tmp_path, (mirror_url,))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-labels", "b-labels"]


def test_a_cut_download_goes_on_where_it_was_cut(mirror_url: str, tmp_path: Path) -> None:
    Mirror.cut_once.add("/a-labels.gz")
    download.download(tmp_path, (mirror_url, mirror_url))
    assert download.is_intact(tmp_path / "a-labels")
    assert any(asked for asked in Mirror.ranges)


def test_damage_is_noticed_and_another_mirror_tried(mirror_url: str, tmp_path: Path) -> None:
    Mirror.files["a-labels.gz"] = gzip.compress(b"something else entirely")
    with pytest.raises(MirrorsUnreachable):
        download.download(tmp_path, (mirror_url,))
    assert not (tmp_path / "a-labels").exists()


def test_of_two_that_need_the_files_one_downloads_and_the_other_waits(mirror_url: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda folder: download.download(folder, (mirror_url,)), [tmp_path, tmp_path]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-labels", "b-labels"]
    assert Mirror.ranges == [None, None]


def test_a_disk_too_small_for_the_files_is_said(mirror_url: str, tmp_path: Path) -> None:
    with files_limited_to(200), pytest.raises(MirrorsUnreachable, match="can't be filled"):
        download.download(tmp_path, (mirror_url,))
    assert [path.name for path in tmp_path.iterdir()] == ["a-labels.gz.part"]


def test_no_mirror_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(MirrorsUnreachable):
        download.download(tmp_path, ("http://127.0.0.1:9/",))
