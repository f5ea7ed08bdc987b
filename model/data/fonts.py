"""Fonts and letters for pictures that show no digit: matplotlib's fonts, and the letters that no digit looks like."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

LETTERS = "AEFHKMNPRTUVWXadefhkmnrtuvwx"  # without O, I, l, S, Z, B, b, g, q and others that look like digits in print


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """One of matplotlib's fonts, such as "DejaVuSans", `size` pixels high. Raises ModuleNotFoundError."""
    return ImageFont.truetype(font_folder() / f"{name}.ttf", size)


def font_folder() -> Path:
    """The folder of matplotlib's fonts, found without importing matplotlib. Raises ModuleNotFoundError."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
    return Path(spec.origin).parent / "mpl-data/fonts/ttf"
