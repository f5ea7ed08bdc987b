"""Print, of which pictures that show no digit are made: fonts that come with matplotlib, and letters unlike a digit."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

LETTERS = "AEFHKMNPRTUVWXadefhkmnrtuvwx"  # in print no digit; O, I, l, S, Z, B, b, g, q and their like are left out


def font_folder() -> Path:
    """The folder of the fonts that come with matplotlib, found without importing it. Raises ModuleNotFoundError."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
    return Path(spec.origin).parent / "mpl-data/fonts/ttf"
