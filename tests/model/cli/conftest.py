"""Folders of weights for the commands that read and measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server import ship


@pytest.fixture
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with version 1 and no CURRENT file."""
    return ship(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def weights_in_use(offline_folder: None, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with version 1, which NUMERAL_WEIGHTS_DIR names; the working folder is empty."""
    monkeypatch.setenv("NUMERAL_WEIGHTS_DIR", str(weights))
    return weights
