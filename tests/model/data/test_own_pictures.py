"""Pictures of one's own become samples: each once, some held out by their hash, what can't be used with its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.data.held_out import is_held_out, sample_id
from model.data.own_pictures import read_own_pictures
from model.errors import DataError
from model.preprocessing.pipeline import read_digit
from tests.measuring import fill
from tests.pictures import draw_seven, encoded, picture


def test_a_picture_is_read_as_the_service_reads_it_and_held_out_as_a_sample_is(tmp_path: Path) -> None:
    files = {f"7/{number}.png": picture(number) for number in range(40)}
    fill(tmp_path, files)
    own = read_own_pictures(tmp_path)
    held_out = {image for image in files.values() if is_held_out(sample_id(image))}
    for digits, images in ((own.held_out, held_out), (own.samples, set(files.values()) - held_out)):
        expected = [read_digit(image).pixels for image in sorted(images, key=sample_id)]
        assert images and np.array_equal(digits.images, expected) and set(digits.labels.tolist()) == {7}
    assert (own.samples.source, own.held_out.source) == ("own pictures", "held-out own pictures")
    assert not own.skipped and not own.unlabelled


def test_what_can_not_be_used_is_named_with_its_reason(tmp_path: Path) -> None:
    fill(tmp_path, {
        "7/a.png": picture(1), "7/b.png": picture(1), "1/c.png": picture(2), "7/d.png": picture(2),
        "7/text.png": b"hello", "7/empty.png": b"", "7/half.png": picture(3)[:100],
        "7/blank.png": encoded(draw_seven(ink=255)), "none/e.png": picture(4), "f.png": picture(5), "7/notes.txt": b"",
    })  # fmt: skip
    (tmp_path / "7" / "gone.png").symlink_to("nowhere")
    own = read_own_pictures(tmp_path)
    assert len(own.samples) + len(own.held_out) == 2
    assert own.unlabelled == ["f.png"]
    skipped = own.skipped
    assert set(skipped) == {
        f"7/{name}.png" for name in ("b", "d", "text", "empty", "half", "blank")
    } | {"none/e.png"}  # fmt: skip
    assert skipped["7/b.png"] == "it is the same picture as 7/a.png"
    assert skipped["7/d.png"] == "it is the same picture as 1/c.png, which is labelled 1; that label counts"
    assert skipped["none/e.png"].startswith("it shows no digit")
    assert all(skipped.values())


def test_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    for folder, numbers in (("one", range(12)), ("two", reversed(range(12)))):
        fill(tmp_path / folder, {f"7/{place}.png": picture(number) for place, number in enumerate(numbers)})
    one, two = (read_own_pictures(tmp_path / folder) for folder in ("one", "two"))
    assert (one.samples.sha256, one.held_out.sha256) == (two.samples.sha256, two.held_out.sha256)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"7/a.png": b"x"}, r"no picture can be used, as 7/a.png: "),
        ({"none/a.png": b"x"}, r"no picture can be used, as none/a.png: it shows no digit"),
        ({"a.png": b"x"}, "none of its 1 pictures has a label; put pictures into folders named 0–9"),
        ({}, "there is no picture in it"),
    ],
)
def test_a_folder_without_a_usable_picture_is_one_line(files: dict[str, bytes], reason: str, tmp_path: Path) -> None:
    fill(tmp_path, files)
    with pytest.raises(DataError, match=reason):
        read_own_pictures(tmp_path)


def test_progress_counts_every_picture(tmp_path: Path) -> None:
    fill(tmp_path, {"7/a.png": picture(1), "7/b.png": b"x"})
    calls: list[tuple[int, int]] = []
    read_own_pictures(tmp_path, lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]
