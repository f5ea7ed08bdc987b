"""What tests of `numeral evaluate FOLDER` do: fill folders with pictures, and measure them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model.cli.evaluate import main


def fill(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files, whose names are paths below the folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def measured(*arguments: str) -> dict[str, Any]:
    """Run `numeral evaluate` in the working folder, and return what it wrote as JSON."""
    assert main([*arguments, "--json", "results.json"]) == 0
    written: dict[str, Any] = json.loads(Path("results.json").read_text("utf-8"), parse_constant=pytest.fail)
    return written
