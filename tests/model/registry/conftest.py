"""An empty store of versions, and a helper to publish into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from model.registry.store import Store


def publish(store: Store, content: str = "weights") -> int:
    """Publish a version with one file of this content; return its number."""
    manifest: dict[str, Any] = {}
    with store.publish(manifest) as draft:
        (draft / "model.onnx").write_text(content)
    return manifest["version"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose folder does not exist yet."""
    return Store(tmp_path / "weights")
