"""A download is complete, resumes where it was cut, and says what is missing."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest

from model.data import download, idx
from model.errors import MirrorsUnreachable
from tests.faults import files_limited_to


class Mirror(http.server.BaseHTTPRequestHandler):
    """A mirror that cuts its first answer in the middle, and supports Range requests."""

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
        """Log nothing."""


@pytest.fixture
def mirror_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real mirror on the loopback interface, with two small files in place of MNIST's."""
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
