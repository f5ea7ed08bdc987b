"""`numeral predict` reads files, folders and standard input, and skips what it can't read."""

from __future__ import annotations

import shutil
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from PIL import Image

from model.cli.predict import main
from model.data.folders import IMAGE_SUFFIXES
from model.preprocessing.decoding.limits import FORMATS
from model.preprocessing.pipeline import DEFAULT_LIMITS
from tests.server import SHIPPED


def read(capsys: pytest.CaptureFixture[str], weights: Path, *paths: object) -> tuple[int, list[str], list[str]]:
    """Run the command; return its exit status, lines of output, and lines of errors."""
    status = main(["--weights", str(weights), *map(str, paths)])
    output, errors = capsys.readouterr()
    return status, output.splitlines(), errors.splitlines()


def test_a_folder_is_read_with_all_images_below_it_in_order(
    capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path, seven: bytes
) -> None:
    for name in ("b.png", "a.JPG", "deeper/c.png", ".hidden.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(seven)
    status, lines, errors = read(capsys, weights, tmp_path)
    assert status == 0 and errors == []
    assert [line.split(": 7  ")[0] for line in lines] == [str(tmp_path / n) for n in ("a.JPG", "b.png", "deeper/c.png")]


def test_what_can_not_be_read_is_one_line_and_the_rest_is_read(
    capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path, seven: bytes
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.png").write_bytes(seven[:50])
    (tmp_path / "good").write_bytes(seven)
    paths = [tmp_path / name for name in ("missing.png", "empty", "broken.png", "good")]
    status, lines, errors = read(capsys, weights, *paths)
    assert status == 1 and len(lines) == 1 and lines[0].startswith(f"{tmp_path}/good: 7  ")
    assert errors[0] == f"{tmp_path}/missing.png: No such file or directory"
    assert errors[1] == f"{tmp_path}/empty: there is no image in this folder"
    assert errors[2].startswith(f"{tmp_path}/broken.png: ") and len(errors) == 3


def test_a_dash_is_standard_input(
    capsys: pytest.CaptureFixture[str], weights: Path, monkeypatch: pytest.MonkeyPatch, seven: bytes
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(seven)))
    assert read(capsys, weights, "-")[1][0].startswith("-: 7  ")
    monkeypatch.setattr(sys, "stdin", None)
    assert read(capsys, weights, "-") == (1, [], ["-: Bad file descriptor"])


def test_a_file_without_end_is_read_no_further_than_the_limit(
    capsys: pytest.CaptureFixture[str], weights: Path
) -> None:
    status, _, errors = read(capsys, weights, "/dev/zero")
    assert status == 1 and len(errors) == 1 and f"{DEFAULT_LIMITS.max_bytes:,}" in errors[0]


def test_a_damaged_version_in_use_is_told_and_the_intact_one_reads(
    capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path, seven: bytes
) -> None:
    shutil.copytree(SHIPPED / "1", weights / "2")
    (weights / "CURRENT").write_text("2\n")
    (tmp_path / "seven").write_bytes(seven)
    status, lines, errors = read(capsys, weights, tmp_path / "seven")
    assert status == 0 and ": 7  " in lines[0] and len(errors) == 1 and "serving version 1 instead" in errors[0]


def test_a_folder_s_images_are_those_of_every_format_that_is_read() -> None:
    for name in FORMATS.replace(" or ", ", ").split(", "):
        plugin = {"JPEG 2000": "JPEG2000", "PGM": "PPM"}.get(name, name.upper())
        suffixes = {suffix for suffix, kind in Image.registered_extensions().items() if kind == plugin}
        assert suffixes & IMAGE_SUFFIXES, name
    assert {".pgm", ".ppm", ".pbm", ".j2k", ".heic"} <= IMAGE_SUFFIXES
