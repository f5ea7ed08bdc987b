"""A folder for commands of the science."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def offline_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty working folder, offline, without other settings of Numeral."""
    for name in [name for name in os.environ if name.startswith("NUMERAL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NUMERAL_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
