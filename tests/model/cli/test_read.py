"""`numeral read` prints a line for each number, or JSON or CSV, and skips what it can't read."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from model.classifier import Classifier
from model.cli import progress
from model.cli import read as command
from model.numbers.reader import MAX_DIGITS
from model.numbers.result import Alternative, Number, NumbersOnPage, ReadDigit
from model.preprocessing.decoding.page import Box
from model.preprocessing.errors import BlankImage
from model.preprocessing.pipeline import read_digit, to_png
from tests.number_pages import number_page


def read(capsys: pytest.CaptureFixture[str], weights: Path, *words: object) -> tuple[int, list[str], list[str]]:
    """Run the command; return its exit status, lines of output, and lines of errors."""
    status = command.main(["--weights", str(weights), *map(str, words)])
    output, errors = capsys.readouterr()
    return status, output.splitlines(), errors.splitlines()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, seven: bytes) -> list[int | None]:
    """Let the command find a sure 47 and a doubtful 1 on every page, and nothing on an empty one; the lengths asked."""
    asked: list[int | None] = []
    pixels = read_digit(seven).pixels

    def find(data: bytes, classifier: Classifier, digits: int | None = None) -> NumbersOnPage:
        asked.append(digits)
        if data == b"blank":
            raise BlankImage("The page looks empty.")
        if data == b"noise":
            return NumbersOnPage([])
        sure = [ReadDigit(4, 0.998, Box(1, 2, 3, 4), pixels), ReadDigit(7, 0.98, Box(5, 2, 3, 4), pixels)]
        doubtful = [ReadDigit(1, 0.6, Box(1, 20, 3, 4), pixels)]
        return NumbersOnPage(
            [
                Number("47", 0.975, True, None, Box(1, 2, 7, 4), 0, sure, [Alternative("41", 0.02)]),
                Number("1", 0.6, False, "low-confidence", Box(1, 20, 3, 4), 1, doubtful, []),
            ]
        )

    monkeypatch.setattr(command, "read_numbers", find)
    return asked


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder with three pictures: two numbers, nothing that is a number, no ink."""
    for name, content in (("a.png", b"two"), ("b.png", b"noise"), ("c.png", b"blank")):
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_each_number_is_a_line(
    capsys: pytest.CaptureFixture[str], weights: Path, told: list[int | None], pages: Path
) -> None:
    status, lines, errors = read(capsys, weights, pages)
    assert lines == [
        f"{pages}/a.png: 47  97.5%",
        f"{pages}/a.png: 1  60.0%  (not accepted: low-confidence)",
        f"{pages}/b.png: no number",
    ]
    assert status == 1 and errors == [f"{pages}/c.png: The page looks empty."]
    assert told == [None] * 3


def test_json_has_an_object_for_each_picture_as_the_service_has_it(
    capsys: pytest.CaptureFixture[str], weights: Path, told: list[int | None], pages: Path
) -> None:
    status, lines, errors = read(capsys, weights, "--json", "--digits", "2", pages)
    full, empty = map(json.loads, lines)
    assert status == 1 and len(errors) == 1 and told == [2] * 3
    assert empty == {"file": f"{pages}/b.png", "numbers": [], "text": ""}
    assert full["file"] == f"{pages}/a.png" and full["text"] == "47\n1"
    sure, doubtful = full["numbers"]
    assert sure == {
        "text": "47",
        "confidence": 0.975,
        "accepted": True,
        "box": [1, 2, 7, 4],
        "digits": [
            {"digit": 4, "confidence": 0.998, "box": [1, 2, 3, 4]},
            {"digit": 7, "confidence": 0.98, "box": [5, 2, 3, 4]},
        ],
        "alternatives": [{"text": "41", "confidence": 0.02}],
    }
    assert (doubtful["accepted"], doubtful["reason"]) == (False, "low-confidence")


def test_csv_has_a_row_for_each_number(
    capsys: pytest.CaptureFixture[str], weights: Path, told: list[int | None], pages: Path
) -> None:
    (pages / "a.png").rename(pages / 'an "odd", name.png')
    _, lines, _ = read(capsys, weights, "--csv", pages)
    first, second = csv.DictReader(io.StringIO("\n".join(lines)))
    name = f'{pages}/an "odd", name.png'
    place = {"x": "1", "y": "2", "width": "7", "height": "4"}
    assert first == {"file": name, "text": "47", "confidence": "0.975", "accepted": "true", "reason": "", **place}
    assert (second["file"], second["accepted"], second["reason"]) == (name, "false", "low-confidence")


@pytest.mark.parametrize("length", ["0", str(MAX_DIGITS + 1), "-1", "two", "", "²"])
def test_a_length_that_no_number_has_is_wrong_usage(capsys: pytest.CaptureFixture[str], length: str) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([f"--digits={length}", "7.png"])
    assert ended.value.code == 2 and f"must be a whole number from 1 to {MAX_DIGITS}" in capsys.readouterr().err


def test_without_a_version_it_is_told_in_a_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, lines, errors = read(capsys, tmp_path, "7.png")
    assert status == 1 and lines == [] and len(errors) == 1 and errors[0].startswith("numeral: ")


def test_a_file_that_is_missing_and_a_folder_without_images_are_a_line_each(
    capsys: pytest.CaptureFixture[str], weights: Path, told: list[int | None], tmp_path: Path
) -> None:
    status, lines, errors = read(capsys, weights, tmp_path, tmp_path / "missing.png")
    assert status == 1 and lines == told == []
    assert errors == [
        f"{tmp_path}: there is no image in this folder",
        f"{tmp_path}/missing.png: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("to_terminal", "lines_are_shown", "count", "is_shown"),
    [
        (True, False, progress.MANY, True),
        (True, False, progress.MANY - 1, False),
        (True, True, 99, False),
        (False, False, 99, False),
    ],
)
def test_a_bar_shows_the_progress_of_many_files_where_no_lines_do(
    monkeypatch: pytest.MonkeyPatch, to_terminal: bool, lines_are_shown: bool, count: int, is_shown: bool
) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=to_terminal, width=80)
    monkeypatch.setattr(progress, "Console", lambda stderr: console)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: lines_are_shown)
    paths = [Path(f"{number}.png") for number in range(count)]
    with progress.file_progress(paths) as files:
        assert list(files) == paths
    assert ("pictures" in shown.getvalue()) is is_shown


def test_a_page_is_read(capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(to_png(number_page("2504", "17 388")))
    status, lines, errors = read(capsys, weights, tmp_path)
    assert (status, errors) == (0, [])
    assert [line.split("  ")[0] for line in lines] == [f"{tmp_path}/page.png: {text}" for text in ("2504", "17", "388")]


def test_each_page_is_explained_in_a_picture_of_its_own(
    capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, text in (("a", "12"), ("b", "2504")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "page.png").write_bytes(to_png(number_page(text)))
    monkeypatch.chdir(tmp_path)
    status, lines, errors = read(capsys, weights, "--explain", "a", "b")
    assert (status, errors) == (0, []) and [line.split("  ")[0] for line in lines] == [
        "a/page.png: 12", "a/page.png: explained in page.explained.png",
        "b/page.png: 2504", "b/page.png: explained in page.2.explained.png",
    ]  # fmt: skip
    with Image.open("page.explained.png") as first, Image.open("page.2.explained.png") as second:
        assert first.size != second.size


def test_a_drawing_that_cannot_be_saved_is_a_line(
    capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.png").write_bytes(to_png(number_page("12")))
    (tmp_path / "page.explained.png").mkdir()
    monkeypatch.chdir(tmp_path)
    status, lines, errors = read(capsys, weights, "--explain", "page.png")
    assert (status, lines, errors) == (1, [], ["page.explained.png: Is a directory"])
