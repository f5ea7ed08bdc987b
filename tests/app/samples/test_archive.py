"""Unusual, inconsistent and hostile ZIPs: each is imported as far as possible, or its error says what is wrong."""

from __future__ import annotations

import codecs
import io
import struct
import zipfile
from collections.abc import Callable, Iterable
from types import ModuleType

import pytest

from app.database.database import Database
from app.http.errors import BatchTooLarge, InvalidField
from app.samples import archive, samples
from app.samples.archive_labels import ENTRIES_PER_ITEM, BrokenArchive, count_entries, opened
from model.classifier import Classifier
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.pipeline import read_digit
from tests.faults import poisoned
from tests.pictures import picture, zipped

MOST = 10  # items
FLAGS_AT = 8  # of the flags in an entry of the directory (APPNOTE.TXT, 4.3.12)


def results_of(database: Database, data: bytes, max_items: int = MOST) -> list[archive.Result]:
    return archive.add_all(database, "tester", io.BytesIO(data), None, Limits(), max_items)


def details(results: Iterable[archive.Result]) -> list[str | None]:
    return [result.detail for result in results]


def test_a_directory_with_too_many_entries_is_refused_before_it_is_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = zipped({f"7/{n}.png": b"" for n in range(ENTRIES_PER_ITEM * MOST + 1)})
    end = many.rindex(b"PK\x05\x06")
    lying = many[: end + 8] + struct.pack("<HH", 1, 1) + many[end + 12 :]  # it says that there is one
    monkeypatch.setattr(zipfile, "ZipFile", None)
    for data in (many, lying):
        with pytest.raises(BatchTooLarge, match="more than 30 entries"):
            results_of(database, data)


def test_entries_are_counted_where_one_lies_across_two_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({f"7/{n}.png": bytes(n) for n in range(20)})
    for size in range(5, 60):
        monkeypatch.setattr("app.samples.archive_labels.SCAN_BYTES", size)
        assert count_entries(io.BytesIO(data)) == 20


def test_files_in_one_place_are_refused(database: Database, seven: bytes) -> None:
    data = zipped({"7/a.png": seven, "7/b.png": seven})
    start = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", start + 4)
    overlapping = data[: second + 42] + data[start + 42 : start + 46] + data[second + 46 :]
    with pytest.raises(BrokenArchive, match="same place"):
        results_of(database, overlapping)


def test_an_encrypted_file_is_named_as_such(database: Database, seven: bytes) -> None:
    data = bytearray(zipped({"7/a.png": seven}))
    data[data.index(b"PK\x01\x02") + FLAGS_AT] |= 1
    data[6] |= 1  # and in the file's own header
    assert details(results_of(database, bytes(data))) == ["It can't be unpacked: it is encrypted with a password."]


def test_what_is_wrong_with_a_file_is_said_without_python_s_words(database: Database, seven: bytes) -> None:
    data = bytearray(zipped({"7/a.png": seven, "7/b.zip": zipped({"7/c.png": seven}), "7/d.png": seven}))
    (directory,) = struct.unpack_from("<I", data, data.rindex(b"PK\x05\x06") + 16)
    data[directory + 42] = 5  # a place where no file is
    first, second, third = results_of(database, bytes(data))
    told = {result.name: result.detail for result in (first, second, third)}
    assert "<" not in str(told) and "Errno" not in str(told)
    assert "unpack it first" in str(told["7/b.zip"]) and told["7/d.png"] is None


def test_a_name_that_is_no_utf_8_is_said(database: Database) -> None:
    data = zipped({"7/ä.png": b""}).replace("ä".encode(), b"\xff\xff")
    with pytest.raises(BrokenArchive, match="UTF-8"):
        results_of(database, data)
    with pytest.raises(BrokenArchive, match="no ZIP"):
        opened(io.BytesIO(b"no zip"), MOST)


@pytest.mark.parametrize(
    "text",
    [
        b"a.png,7", b"name,label\r\na.png,7\r\n", b"a.png;7\n", b"a.png\t7\n", b'"a.png","7"\n',
        codecs.BOM_UTF8 + b"a.png,7", codecs.BOM_UTF16_LE + "name;label\na.png;7".encode("utf-16-le"),
    ],
)  # fmt: skip
def test_a_csv_is_read_as_spreadsheets_write_it(database: Database, seven: bytes, text: bytes) -> None:
    (result,) = results_of(database, zipped({"a.png": seven, "labels.csv": text}))
    assert result.outcome == "created"


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        (b'a.png,7\n"b.png,7\n', InvalidField, "line 2: unexpected end"),
        (b"a.png,7\na.png,seven\n", InvalidField, "line 2: must be a name and one digit"),
        (b"a.png,7\n<script>,8,9\n", InvalidField, "labels.csv, line 2"),
        (b"a.png,7\n" * (MOST + 2), BatchTooLarge, "more than 10 lines"),
        (b"\xff\xfa", BrokenArchive, "no text in UTF-8"),
    ],
)
def test_a_csv_that_can_not_be_read_says_why(
    database: Database, seven: bytes, text: bytes, error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        results_of(database, zipped({"a.png": seven, "labels.csv": text}))


POISON = read_digit(picture(3)).pixels.tobytes()


@pytest.mark.parametrize(
    ("module", "function", "is_poison"),
    [
        (archive, "unpack", lambda _, info, *others: info.filename == "7/3.png"),
        (archive, "read_digit", lambda image, *_: image == picture(3)),
        (samples, "predictions", lambda _, given, *others: [one.pixels.tobytes() for one in given] == [POISON]),
    ],
    ids=["unpacking", "reading", "judging"],
)
def test_our_own_bug_in_one_file_of_a_zip_is_that_files_alone(
    database: Database,
    classifier: Classifier,
    module: ModuleType,
    function: str,
    is_poison: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, function, poisoned(getattr(module, function), is_poison))
    files = io.BytesIO(zipped({f"7/{i}.png": picture(i) for i in range(6)}))
    results = archive.add_all(database, "tester", files, classifier, Limits(), MOST)
    refused = [(result.name, result.detail) for result in results if result.outcome == "refused"]
    assert refused == [("7/3.png", "Something broke on our side.")]
    assert [result.outcome for result in results].count("created") == 5


def outcomes_of(database: Database, files: dict[str, bytes]) -> dict[str, str]:
    """Import a ZIP; return the outcome of each file."""
    return {result.name: result.outcome for result in results_of(database, zipped(files))}


def test_lines_of_a_csv_may_end_in_cr(database: Database) -> None:
    files = {"a.png": picture(1), "b.png": picture(2), "labels.csv": b"name,label\ra.png,7\rb.png,3\r"}
    assert outcomes_of(database, files) == {"a.png": "created", "b.png": "created"}


def test_a_csv_is_found_in_a_zipped_folder(database: Database) -> None:
    files = {
        "digits/Labels.csv": b"a.png,7\nmore/b.png,3\n",
        "digits/a.png": picture(1),
        "digits/more/b.png": picture(2),
        "a.png": picture(3),
        "__MACOSX/digits/._Labels.csv": b"litter",
    }
    assert outcomes_of(database, files) == {
        "digits/a.png": "created",
        "digits/more/b.png": "created",
        "a.png": "refused",
    }
    assert [row.label for row in archive.every_sample(database)] == [7, 3]
