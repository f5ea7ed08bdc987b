"""Find the sheet that bears the digit, if the page shows more: a sheet on a desk, the inside of a box, a dark panel.

A sheet is a region of one brightness, about as rectangular as a sheet in perspective, with a sharp edge all around, and
with ink on it.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST_PAGE = 64  # pixels a side; a smaller page is taken as a sheet
ANALYSIS_SIDE = 256  # pixels to which a larger page is shrunk
MIN_SHARE, MAX_SHARE = 0.06, 0.97  # of the page's area
MIN_SIDE = 0.2  # of the page's sides; both sides of a sheet are at least as long
RECTANGULARITY = 0.82  # least share of its smallest rectangle that a sheet fills; an ellipse fills 0.785
CORNER_TOLERANCE = 0.03  # of its outline, by which a sheet's corners may be rounded
MAX_CORNERS = 6  # of a sheet that the page's border may cut
POLYGON = 0.93  # least share of its convex hull that the polygon through these fills
SURROUNDINGS = (1, 3, 12)  # pixels from its edge: just beside the sheet, and around it
SHARPNESS = 0.8  # share of the step to its surroundings that is reached just beside a sheet; a shadow's edge is softer
DARKER = 0.72  # times as bright, at most, is the darker of a sheet and its surroundings
MIN_OUTLINE = 0.8  # share of its edge at which its surroundings differ
SOLIDITY = 0.92  # least share of its convex hull that a sheet fills
EDGE_STEP = 40  # gray levels between a sheet and what lies beside its edge
INSET = 0.025  # of the sheet's shorter side, cut off at its edges
INK_STEP = 20  # gray levels between a sheet and the ink on it
INK_SHARE = (0.004, 0.5)  # of the sheet's area


class Sheet(NamedTuple):
    """A part of the page, top and left exclusive of what lies before.

    top, left: of its bounding box, pixels; gray: uint8 (h, w), what lies beside the sheet filled with its own color.
    """

    top: int
    left: int
    gray: NDArray[np.uint8]


def find_sheet(gray: NDArray[np.uint8]) -> Sheet | None:
    """The sheet on a page uint8 (H, W), None if the page is the sheet."""
    if min(gray.shape) < SMALLEST_PAGE:
        return None
    scale = min(1.0, ANALYSIS_SIDE / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else gray
    smooth = cv2.GaussianBlur(small, (0, 0), 1.0)
    best: tuple[float, NDArray[np.float32]] | None = None
    for mask in regions_of(smooth):
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            hull = cv2.convexHull(contour)
            area = cv2.contourArea(hull)
            if cv2.contourArea(contour) < SOLIDITY * area:
                continue
            if (best is None or area > best[0]) and is_sheet(hull, area, smooth):
                best = area, hull
    return cut_out(gray, best[1] / scale) if best else None


def regions_of(page: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Masks uint8 (H, W), 0 or 1, of a page's lighter and darker parts, by Otsu's threshold and by those of each part.

    Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979.
    """
    middle = otsu(page)
    masks = []
    for level in (middle, otsu(page[page > middle]), otsu(page[page <= middle])):
        masks += [(page > level).astype(np.uint8), (page <= level).astype(np.uint8)]
    return masks


def otsu(values: NDArray[np.uint8]) -> float:
    """Otsu's threshold of the gray levels."""
    if not values.size:
        return 0.0
    return float(cv2.threshold(values.reshape(1, -1), 0, 255, cv2.THRESH_OTSU)[0])


def is_sheet(hull: NDArray[np.int32], area: float, page: NDArray[np.uint8]) -> bool:
    """Whether the convex hull (P, 1, 2) of a region of the page uint8 (H, W) is a sheet's."""
    height, width = page.shape
    if not MIN_SHARE * page.size <= area <= MAX_SHARE * page.size:
        return False
    _, sides, _ = cv2.minAreaRect(hull)
    if area < RECTANGULARITY * sides[0] * sides[1] or min(sides) < MIN_SIDE * min(height, width):
        return False
    corners = cv2.approxPolyDP(hull, CORNER_TOLERANCE * cv2.arcLength(hull, True), True)
    if len(corners) > MAX_CORNERS or cv2.contourArea(corners) < POLYGON * area:
        return False
    filled = np.zeros(page.shape, np.uint8)
    cv2.fillConvexPoly(filled, hull, 1)
    inset = max(1, round(INSET * min(sides)))
    inner = cv2.erode(filled, np.ones((2 * inset + 1, 2 * inset + 1), np.uint8), borderValue=0) > 0
    rings = [cv2.dilate(filled, np.ones((2 * away + 1, 2 * away + 1), np.uint8)) for away in SURROUNDINGS]
    beside, around = rings[1] > rings[0], rings[2] > rings[1]
    if not inner.any() or not around.any():
        return False
    paper = float(np.median(page[inner]))
    step = float(np.median(page[around])) - paper
    near = page[beside] - np.float32(paper)
    is_sharp = float(np.median(near)) / (step or 1) >= SHARPNESS
    levels = sorted((paper, paper + step))
    if abs(step) < EDGE_STEP or levels[0] > DARKER * levels[1] or not is_sharp:
        return False
    if (near * np.sign(step) > EDGE_STEP / 2).mean() < MIN_OUTLINE:
        return False
    window = min(255, round(min(sides) / 3)) | 1
    differs = np.abs(page.astype(np.float32) - cv2.medianBlur(page, window))[inner]
    noise = 1.4826 * float(np.median(differs))
    share = float((differs > max(INK_STEP, 5 * noise)).mean())
    return INK_SHARE[0] <= share <= INK_SHARE[1]


def cut_out(gray: NDArray[np.uint8], hull: NDArray[np.float32]) -> Sheet:
    """Crop the page uint8 (H, W) to the hull (P, 1, 2), a little inset; fill what lies beside it with its color."""
    _, sides, _ = cv2.minAreaRect(hull.astype(np.float32))
    inset = max(1, round(INSET * min(sides)))
    filled = np.zeros(gray.shape, np.uint8)
    cv2.fillConvexPoly(filled, np.rint(hull).astype(np.int32), 1)
    inner = cv2.erode(filled, np.ones((2 * inset + 1, 2 * inset + 1), np.uint8), borderValue=0)
    left, top, wide, high = cv2.boundingRect(inner)
    part, kept = gray[top : top + high, left : left + wide], inner[top : top + high, left : left + wide] > 0
    return Sheet(top, left, np.where(kept, part, np.uint8(np.median(part[kept]))))
