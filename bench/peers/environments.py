"""Create a virtual environment for each peer when it is needed; their requirements conflict with each other."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).parent
FOLDER = Path("var/bench")
MARK = "installed.txt"  # file in the environment: the pins that were installed


def environment(peer: str) -> Path:
    """The Python of the peer's environment, with exactly the pinned packages. Raises RuntimeError."""
    pins, folder = PINS / f"{peer}.txt", FOLDER / peer
    if not is_current(pins, folder):
        print(f"bench: installing {peer} into {folder}", file=sys.stderr)
        make(pins, folder)
    return folder.resolve() / "bin" / "python"


def is_current(pins: Path, folder: Path) -> bool:
    """Whether the environment is complete and has these pins."""
    mark = folder / MARK
    return mark.exists() and mark.read_bytes() == pins.read_bytes()


def make(pins: Path, folder: Path) -> None:
    """Create the environment anew. Raises RuntimeError with the last line of the error."""
    shutil.rmtree(folder, ignore_errors=True)
    python = str(folder / "bin" / "python")
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "--requirement", str(pins)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            *_, last = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            raise RuntimeError(f"it can't be installed: {last}")
    shutil.copyfile(pins, folder / MARK)
