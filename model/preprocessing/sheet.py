"""Find the sheet that bears the digit, if the page shows more: a sheet on a desk, the inside of a box, a dark panel.

A sheet is a region of one brightness, about as rectangular as a sheet in perspective, with a sharp edge all around, and
with ink on it.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocessing.components import dilated, square

SMALLEST_PAGE = 64  # pixels a side; a smaller page is taken as a sheet
ANALYSIS_SIDE = 256  # pixels to which a larger page is shrunk
MIN_SHARE, MAX_SHARE = 0.06, 0.97  # of the page's area
MIN_SIDE = 0.2  # of the page's sides; both sides of a sheet are at least as long
RECTANGULARITY = 0.82  # least share of its smallest rectangle that a sheet fills; an ellipse fills 0.785
CORNER_TOLERANCE = 0.03  # of its outline, by which a sheet's corners may be rounded
MAX_CORNERS = 6  # of a sheet that the page's border may cut
POLYGON = 0.93  # least share of its convex hull that the polygon through these fills
SURROUNDINGS = (1, 3, 12)  # pixels from its edge: just beside the sheet, and around it
INSIDE = 3  # pixels; what lies just within its edge
SHARPNESS = 0.6  # share of the step to its surroundings that lies at a sheet's edge; a shadow's edge is softer
DARKER = 0.72  # times as bright, at most, is the darker of a sheet and its surroundings
MIN_OUTLINE = 0.8  # share of its edge at which its surroundings differ
SOLIDITY = 0.92  # least share of its convex hull that a sheet fills
EDGE_STEP = 40  # gray levels between a sheet and what lies beside its edge
INSET = 0.025  # of the sheet's shorter side, cut off at its edges
WINDOW = 1 / 3  # of the sheet's shorter side; the paper's brightness is a median over it
INK_STEP = 20  # gray levels between a sheet and the ink on it
INK_SHARE = (0.004, 0.5)  # of the sheet's area


class Sheet(NamedTuple):
    """The part of a page that a sheet takes.

    top, left: of its bounding box, in pixels; gray: uint8 (h, w), with its own color where the sheet does not reach.
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
    hulls = [cv2.convexHull(contour) for mask in regions_of(smooth) for contour in outlines_in(mask)]
    sheets = [hull for hull in hulls if has_sheets_shape(hull, smooth.shape) and stands_out(hull, smooth)]
    return cut_out(gray, max(sheets, key=cv2.contourArea) / scale) if sheets else None


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


def outlines_in(mask: NDArray[np.uint8]) -> list[NDArray[np.int32]]:
    """The outlines (P, 1, 2) of the large and nearly convex regions of a mask uint8 (H, W)."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    least = MIN_SHARE * mask.size
    large = (contour for contour in contours if cv2.contourArea(contour) >= SOLIDITY * least)
    return [
        contour for contour in large if cv2.contourArea(contour) >= SOLIDITY * cv2.contourArea(cv2.convexHull(contour))
    ]


def has_sheets_shape(hull: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    """Whether a convex hull (P, 1, 2) on the page (H, W) has a sheet's size, corners and straight sides."""
    area, size = cv2.contourArea(hull), shape[0] * shape[1]
    _, sides, _ = cv2.minAreaRect(hull)
    corners = cv2.approxPolyDP(hull, CORNER_TOLERANCE * cv2.arcLength(hull, True), True)
    return bool(
        MIN_SHARE * size <= area <= MAX_SHARE * size
        and min(sides) >= MIN_SIDE * min(shape)
        and area >= RECTANGULARITY * sides[0] * sides[1]
        and len(corners) <= MAX_CORNERS
        and cv2.contourArea(corners) >= POLYGON * area
    )


def stands_out(hull: NDArray[np.int32], page: NDArray[np.uint8]) -> bool:
    """Whether what lies in a hull (P, 1, 2) differs sharply from what is around it on the page, and has ink on it."""
    filled, inner = inset_of(hull, page.shape)
    rings = [cv2.dilate(filled, square(away)) for away in SURROUNDINGS]
    beside, around = rings[1] > rings[0], rings[2] > rings[1]
    if not inner.any() or not around.any():
        return False
    paper = float(np.median(page[inner > 0]))
    step = float(np.median(page[around])) - paper
    darker, lighter = sorted((paper, paper + step))
    if abs(step) < EDGE_STEP or darker > DARKER * lighter:
        return False
    near = page[beside] - np.float32(paper)
    within = dilated(beside, INSIDE) & (filled > 0)
    rise = float(np.median(page[beside])) - float(np.median(page[within]))
    if rise / step < SHARPNESS or (near * np.sign(step) > EDGE_STEP / 2).mean() < MIN_OUTLINE:
        return False
    flat = np.where(filled > 0, page, np.uint8(round(paper)))
    window = min(255, round(WINDOW * min(cv2.minAreaRect(hull)[1]))) | 1
    differs = np.abs(flat.astype(np.float32) - cv2.medianBlur(flat, window))[inner > 0]
    noise = 1.4826 * float(np.median(differs))
    return bool(INK_SHARE[0] <= (differs > max(INK_STEP, 5 * noise)).mean() <= INK_SHARE[1])


def inset_of(hull: NDArray[np.int32], shape: tuple[int, ...]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A hull (P, 1, 2), filled, and the same without its margin: uint8 (H, W), 0 or 1."""
    filled = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(filled, hull, 1)
    inset = max(1, round(INSET * min(cv2.minAreaRect(hull)[1])))
    return filled, cv2.erode(filled, square(inset), borderValue=0)


def cut_out(gray: NDArray[np.uint8], hull: NDArray[np.float64]) -> Sheet:
    """Crop the page uint8 (H, W) to the hull (P, 1, 2), a little inset; fill what lies beside it with its color."""
    _, inner = inset_of(np.rint(hull).astype(np.int32), gray.shape)
    left, top, wide, high = cv2.boundingRect(inner)
    part, kept = gray[top : top + high, left : left + wide], inner[top : top + high, left : left + wide] > 0
    return Sheet(top, left, np.where(kept, part, np.uint8(np.median(part[kept]))))
