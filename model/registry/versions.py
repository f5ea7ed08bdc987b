"""Read the store of versions: which versions there are, whether their files are intact, and which one to serve.

    weights/1/ weights/2/ …   weights.safetensors, model.onnx, manifest.json, pictures
    weights/CURRENT           one line naming the version in use

Nothing here writes, so serving needs only this module; `store.py` adds the changes.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from model.errors import DamagedVersion, NoVersion, StoreError
from model.files import sha256_of

CURRENT = "CURRENT"
MANIFEST = "manifest.json"


class Versions:
    """The folder of versions at `root`, for those who only read it. It need not exist before the first publishing."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def folder(self, version: int) -> Path:
        """The folder of the version's files."""
        return self.root / str(version)

    def versions(self) -> list[int]:
        """The numbers of all versions, ascending. Each was complete when published; it may be damaged since."""
        return [number for number in self._numbers() if self.folder(number).is_dir()]

    def names_current(self) -> bool:
        """Whether the file `CURRENT` exists; the version that it names may not."""
        return (self.root / CURRENT).exists()

    def current(self) -> int:
        """The version that `CURRENT` names; its files are not checked. Raises NoVersion."""
        try:
            text = (self.root / CURRENT).read_text("ascii").strip()
            return int(text)
        except FileNotFoundError:
            raise NoVersion(f"{self.root} names no current version; set one with `numeral activate N`") from None
        except (OSError, ValueError):
            raise NoVersion(f"{self.root / CURRENT} can't be read; repair it with `numeral activate N`") from None

    def manifest(self, version: int) -> dict[str, Any]:
        """The version's manifest. Raises NoVersion or DamagedVersion."""
        if version not in self.versions():
            raise NoVersion(f"{self.root} has no version {version}")
        try:
            manifest = json.loads((self.folder(version) / MANIFEST).read_bytes())
        except (OSError, ValueError) as error:
            raise DamagedVersion(f"version {version}: {MANIFEST} can't be read: {error}") from None
        if not isinstance(manifest, dict) or manifest.get("version") != version or "files" not in manifest:
            raise DamagedVersion(f"version {version}: {MANIFEST} is not this version's")
        return manifest

    def verify(self, version: int) -> dict[str, Any]:
        """Compare every file's SHA-256 with the manifest; return the manifest. Raises NoVersion or DamagedVersion."""
        manifest = self.manifest(version)
        for name, sha256 in manifest["files"].items():
            try:
                intact = sha256_of(self.folder(version) / name) == sha256
            except OSError:
                raise DamagedVersion(f"version {version}: {name} can't be read") from None
            if not intact:
                raise DamagedVersion(f"version {version}: {name} is damaged, its SHA-256 differs")
        return manifest

    def newest_intact(self) -> int:
        """The highest version whose files are intact. Raises NoVersion."""
        for version in reversed(self.versions()):
            with suppress(DamagedVersion):
                self.verify(version)
                return version
        raise NoVersion(f"{self.root} has no intact version; `numeral train` makes one")

    def usable(self) -> tuple[int, str | None]:
        """The version to serve, and a warning if it is not the one that `CURRENT` names. Raises NoVersion."""
        try:
            version = self.current()
            self.verify(version)
        except StoreError as error:
            fallback = self.newest_intact()
            return fallback, f"{error}; serving version {fallback} instead"
        return version, None

    def _numbers(self) -> list[int]:
        """All numbers that are names in the folder, ascending, whether of versions or of other files."""
        with suppress(FileNotFoundError, NotADirectoryError):
            names = os.listdir(self.root)
            return sorted(int(name) for name in names if name.isascii() and name.isdigit() and name[0] != "0")
        return []
