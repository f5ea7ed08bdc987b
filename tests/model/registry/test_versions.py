"""Reading the versions changes nothing."""

from __future__ import annotations

from pathlib import Path

from model.registry.versions import Versions
from tests.server import SHIPPED, ship


def test_the_shipped_version_is_read(tmp_path: Path) -> None:
    versions = Versions(SHIPPED)
    assert 1 in versions.versions() and versions.verify(1)["version"] == 1
    assert Versions(ship(tmp_path)).newest_intact() == 1


def test_a_current_version_is_named_even_by_what_can_not_be_read(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    assert not versions.names_current()
    (tmp_path / "CURRENT").write_text("many\n")
    assert versions.names_current()
