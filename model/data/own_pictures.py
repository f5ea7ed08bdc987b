"""Read one's own labelled pictures for a training: as samples, some held out, each picture once.

They take the path of the samples that users send to the service: the image pipeline reads them, and the hash of a file
decides whether it is held out (held_out.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.data.digits import Labelled
from model.data.folders import image_bytes
from model.data.held_out import is_held_out, sample_id
from model.data.labelled_folder import OnPicture, Picture, find_pictures, reason_of
from model.errors import DataError
from model.preprocessing.errors import ImageError
from model.preprocessing.pipeline import DEFAULT_LIMITS, Reading, read_digit

SOURCE = "own pictures"


@dataclass(frozen=True)
class OwnPictures:
    """The digits to train on and those held out; skipped: name → why; unlabelled: names that have no label."""

    samples: Labelled
    held_out: Labelled
    skipped: dict[str, str]
    unlabelled: list[str]


def read_own_pictures(folder: Path, on_picture: OnPicture = lambda done, total: None) -> OwnPictures:
    """Read every labelled picture below the folder. Raises DataError if none can be used.

    on_picture: called after each picture with the number of pictures done and of all.
    """
    pictures, skipped, unlabelled = find_pictures(folder)
    collected = Collected(skipped)
    for done, picture in enumerate(pictures, start=1):
        collected.add(picture)
        on_picture(done, len(pictures))
    if not collected.known:
        name, reason = next(iter(skipped.items()))
        raise DataError(f"{folder}: no picture can be used, as {name}: {reason}")
    return OwnPictures(collected.labelled(held_out=False), collected.labelled(held_out=True), skipped, unlabelled)


class Collected:
    """The pictures read so far. known: by id, the picture and its reading; skipped: name → why, which `add` extends."""

    def __init__(self, skipped: dict[str, str]) -> None:
        self.known: dict[str, tuple[Picture, Reading]] = {}
        self.skipped = skipped

    def add(self, picture: Picture) -> None:
        """Read a picture, or note why it is skipped."""
        if picture.label is None:
            self.skipped[picture.name] = "it shows no digit, and this trains on digits only"
            return
        try:
            data = image_bytes(picture.path, DEFAULT_LIMITS.max_bytes)
            identity = sample_id(data)
            if identity in self.known:
                self.skipped[picture.name] = self.again(picture, self.known[identity][0])
                return
            self.known[identity] = picture, read_digit(data)
        except (ImageError, OSError) as error:
            self.skipped[picture.name] = reason_of(error)

    def again(self, picture: Picture, first: Picture) -> str:
        """Why a copy of an earlier picture is skipped."""
        if picture.label == first.label:
            return f"it is the same picture as {first.name}"
        return f"it is the same picture as {first.name}, which is labelled {first.label}; that label counts"

    def labelled(self, held_out: bool) -> Labelled:
        """The pictures that are held out, or the others, sorted by id, so that trainings are repeatable."""
        chosen = [entry for identity, entry in sorted(self.known.items()) if is_held_out(identity) == held_out]
        source = f"held-out {SOURCE}" if held_out else SOURCE
        if not chosen:
            return Labelled.empty(source)
        labels = np.array([picture.label for picture, _ in chosen], np.int64)
        return Labelled(np.stack([reading.pixels for _, reading in chosen]), labels, source)
