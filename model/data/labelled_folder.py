"""Find the labelled pictures in a folder, for measuring a version on them and for training.

A picture's label is the name of the nearest folder around it, below the given one, that is 0–9 or `none`; else the
beginning of its own name up to the first `_`. So `7/a.png`, `mine/7/b.jpg` and `7_c.png` show a 7; `none/d.png` and
`none_e.png` show no digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from model.data.folders import files_below, is_image
from model.errors import DataError

NONE = "none"  # the label of a picture without a digit
LABELS = {**{str(digit): digit for digit in range(10)}, NONE: None}
HOW_TO_LABEL = (
    "put pictures into folders named 0–9 or none, or begin their names so: 7_a.png, none_a.png; "
    "numeral evaluate --numbers is for numbers: 25441_a.png"
)


@dataclass(frozen=True)
class Picture:
    """A file below the folder. name: its path from there; label: 0–9, or None for no digit."""

    path: Path
    name: str
    label: int | None


OnPicture = Callable[[int, int], None]


def find_pictures(folder: Path) -> tuple[list[Picture], dict[str, str], list[str]]:
    """The labelled pictures below the folder; the subfolders that can't be listed, and why; the names without a label.

    Raises DataError if there is no labelled picture, with what to do.
    """
    found = find_labelled(folder, label_of, HOW_TO_LABEL)
    return [Picture(path, name, LABELS[key]) for path, name, key in found.labelled], found.unlisted, found.unlabelled


class Found(NamedTuple):
    """The pictures below a folder: path, name and label of those that have one; the names of the others.

    unlisted: the subfolders that can't be listed, and why.
    """

    labelled: list[tuple[Path, str, str]]
    unlisted: dict[str, str]
    unlabelled: list[str]


def find_labelled(folder: Path, label_of: Callable[[Path], str | None], how_to_label: str) -> Found:
    """Find the pictures below the folder. Raises DataError, with how to label pictures, if none has a label.

    label_of: a picture's path from the folder → its label, None if it has none.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is {'a file' if folder.exists() else 'not there'}: name a folder; {how_to_label}")
    found = Found([], {}, [])

    def note(error: OSError) -> None:
        found.unlisted[name_below(folder, Path(error.filename))] = reason_of(error)

    for path in filter(is_image, files_below(folder, note)):
        name = name_below(folder, path)
        label = label_of(path.relative_to(folder))
        if label is None:
            found.unlabelled.append(name)
        else:
            found.labelled.append((path, name, label))
    if not found.labelled:
        raise DataError(f"{folder}: {why_none(found.unlisted, found.unlabelled)}; {how_to_label}")
    return found


def why_none(unlisted: dict[str, str], unlabelled: Sequence[str]) -> str:
    """Why a folder has no labelled picture, as a clause."""
    if unlabelled:
        return f"none of its {len(unlabelled):,} pictures has a label"
    return next((f"{name} can't be listed: {reason}" for name, reason in unlisted.items()), "there is no picture in it")


def label_of(path: Path) -> str | None:
    """The label, a key of LABELS, of a path relative to the measured folder; None if it has none."""
    return next((word for word in words_of(path) if word in LABELS), None)


def words_of(path: Path) -> Iterator[str]:
    """What may be the label, the likeliest first: the folders from the inmost on, then the beginning of the name."""
    for folder in path.parents:
        yield folder.name.lower()
    if "_" in path.name:
        yield path.name.split("_")[0].lower()


def name_below(folder: Path, path: Path) -> str:
    """The path from the folder as text; bytes that are no UTF-8 become U+FFFD, so that it can be printed."""
    return path.relative_to(folder).as_posix().encode(errors="surrogateescape").decode(errors="replace")


def reason_of(error: Exception) -> str:
    """What is wrong, without the file's name."""
    return (isinstance(error, OSError) and error.strerror) or str(error)
