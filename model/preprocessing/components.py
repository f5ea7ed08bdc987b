"""The connected components of a mask of ink, the width of its strokes, and its dilation."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

BESIDE = 2  # pixels; ink so near to a line touches it


class Components(NamedTuple):
    """The components of a mask's ink, P of them.

    labels: int (H, W), 1 to P, 0 elsewhere; left, top, right, bottom: their boxes, ends exclusive, int (P,);
    area: pixels, int (P,).
    """

    labels: NDArray[np.int32]
    left: NDArray[np.int64]
    top: NDArray[np.int64]
    right: NDArray[np.int64]
    bottom: NDArray[np.int64]
    area: NDArray[np.int64]

    @property
    def width(self) -> NDArray[np.int64]:
        """Of each box."""
        return self.right - self.left

    @property
    def height(self) -> NDArray[np.int64]:
        """Of each box."""
        return self.bottom - self.top

    @property
    def longer(self) -> NDArray[np.int64]:
        """The longer side of each box."""
        sides: NDArray[np.int64] = np.maximum(self.width, self.height)
        return sides

    def places_of(self, indices: list[int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of the pixels of some components."""
        chosen = np.zeros(len(self.area), bool)
        chosen[indices] = True
        rows, columns = np.nonzero(self.mask_of(chosen))
        return rows, columns

    def mask_of(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where the chosen components lie: bool (H, W). chosen: bool (P,)."""
        mask: NDArray[np.bool_] = np.append(False, chosen)[self.labels]
        return mask

    def beside(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which components touch a mask bool (H, W), such as what was erased: bool (P,)."""
        pixels = np.bincount(self.labels[dilated(mask, BESIDE)], minlength=len(self.area) + 1)[1:]
        touching: NDArray[np.bool_] = pixels > 0
        return touching

    def within(self, index: int) -> NDArray[np.bool_]:
        """Which components' boxes lie inside the box of one, and touch none of its sides: bool (P,)."""
        inside: NDArray[np.bool_] = (
            (self.left > self.left[index]) & (self.right < self.right[index])
            & (self.top > self.top[index]) & (self.bottom < self.bottom[index])
        )  # fmt: skip
        return inside


def components_of(mask: NDArray[np.bool_]) -> Components:
    """The 8-connected components of bool (H, W)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    left, top, wide, high, area = stats[1:].T.astype(np.int64)
    return Components(labels, left, top, left + wide, top + high, area)


def stroke_width(mask: NDArray[np.bool_]) -> float:
    """The usual width of strokes in a mask of ink bool (H, W), in pixels: its area over half its outline."""
    edges = int(np.count_nonzero(mask[:, 1:] != mask[:, :-1]) + np.count_nonzero(mask[1:] != mask[:-1]))
    return 2.5 * int(np.count_nonzero(mask)) / max(edges, 1)  # diagonals count twice in the outline


def dilated(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Bool (H, W), True up to `reach` pixels around each True of a mask, across, down and diagonally."""
    wide: NDArray[np.bool_] = cv2.dilate(mask.astype(np.uint8), square(reach)) > 0
    return wide


def square(reach: int) -> NDArray[np.uint8]:
    """The square of pixels up to `reach` away, for OpenCV's morphology: uint8 (2 · reach + 1, 2 · reach + 1)."""
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
