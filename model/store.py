"""The versions of the weights: published atomically, immutable, one of them current.

    weights/1/ weights/2/ …   weights.safetensors, model.onnx, manifest.json, pictures
    weights/CURRENT           one line naming the version in use

A version becomes visible by one rename of a complete, synced folder; `CURRENT` is replaced the same way. Reads
never write. A draft that its writer left behind (killed, full disk) is removed by the next publisher.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from model.errors import DamagedVersion, NoVersion, StoreError, VersionTaken

CURRENT = "CURRENT"
MANIFEST = "manifest.json"
DRAFT_PREFIX = ".draft-"


class Store:
    """The folder of versions at `root`, which need not exist before the first publishing."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def folder(self, version: int) -> Path:
        """Where the version's files lie."""
        return self.root / str(version)

    def versions(self) -> list[int]:
        """Visible versions, ascending; complete when they were published, perhaps damaged since."""
        with suppress(FileNotFoundError, NotADirectoryError):
            names = [entry.name for entry in os.scandir(self.root) if entry.is_dir()]
            return sorted(int(name) for name in names if name.isascii() and name.isdigit() and name[0] != "0")
        return []

    def current(self) -> int:
        """The version that `CURRENT` names, without a look at its files. Raises NoVersion."""
        try:
            text = (self.root / CURRENT).read_text("ascii").strip()
            return int(text)
        except FileNotFoundError:
            raise NoVersion(f"{self.root} names no current version: `numeral activate N` does") from None
        except (OSError, ValueError):
            raise NoVersion(f"{self.root / CURRENT} is unreadable: `numeral activate N` mends it") from None

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
        """The manifest, after every file's SHA-256 was compared with it. Raises NoVersion or DamagedVersion."""
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
        """The highest version whose files are whole. Raises NoVersion."""
        for version in reversed(self.versions()):
            with suppress(DamagedVersion):
                self.verify(version)
                return version
        raise NoVersion(f"{self.root} has no intact version; `numeral train` makes one")

    def usable(self) -> tuple[int, str | None]:
        """The version to serve, and a warning when it is not the one that `CURRENT` names. Raises NoVersion."""
        try:
            version = self.current()
            self.verify(version)
        except StoreError as error:
            fallback = self.newest_intact()
            return fallback, f"{error}; serving version {fallback} instead"
        return version, None

    @contextmanager
    def publish(self, manifest: dict[str, Any]) -> Iterator[Path]:
        """A draft folder to write the next version's files into; on leaving it becomes `manifest["version"]`.

        The number is the caller's (`next_version()`), since the files may name it. Raises VersionTaken when
        somebody published it meanwhile, StoreError when the folder can't be written; nothing is left behind.
        """
        with self._writing(), self._draft() as draft:
            yield draft
            manifest["files"] = {path.name: sha256_of(path) for path in sorted(draft.iterdir())}
            text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
            (draft / MANIFEST).write_text(text, "utf-8")
            for path in draft.iterdir():
                path.chmod(0o644)
                sync(path)
            sync(draft)
            try:
                os.rename(draft, self.folder(manifest["version"]))
            except OSError as error:
                if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                    raise VersionTaken(f"version {manifest['version']} was published meanwhile; run again") from None
                raise
            sync(self.root)

    def next_version(self) -> int:
        """One above the highest version there is."""
        return max(self.versions(), default=0) + 1

    def activate(self, version: int) -> None:
        """Make an intact version the current one, durably. Raises NoVersion, DamagedVersion or StoreError."""
        self.verify(version)
        with self._writing():
            handle, name = tempfile.mkstemp(prefix=".current-", dir=self.root)
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(f"{version}\n")
                    file.flush()
                    os.fsync(file.fileno())
                os.chmod(name, 0o644)
                os.replace(name, self.root / CURRENT)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            sync(self.root)

    def seed(self, shipped: Store) -> int | None:
        """Copy the shipped versions when there are none here; name a current one when none is named.

        What was copied is used as it was there, else the newest is. Answers with the version that became current,
        None when one already was. Raises StoreError.
        """
        origin = self
        if not self.versions() and shipped.root.resolve() != self.root.resolve():
            for version in shipped.versions():
                self._copy(shipped, version)
            origin = shipped
        if (self.root / CURRENT).exists():
            return None
        version, _ = origin.usable()
        self.activate(version)
        return version

    def prune(self, keep: int) -> list[int]:
        """Remove all but the newest `keep` versions and the current one; answers with what was removed."""
        old = self.versions()[:-keep]
        removed = []
        with self._writing():
            for version in old:
                if version == self.current():
                    continue
                grave = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=self.root))
                os.rename(self.folder(version), grave / str(version))
                shutil.rmtree(grave)
                removed.append(version)
        return removed

    def _copy(self, source: Store, version: int) -> None:
        manifest = source.verify(version)
        with self.publish(dict(manifest)) as draft:
            for name in manifest["files"]:
                shutil.copyfile(source.folder(version) / name, draft / name)

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        """A locked temporary folder, removed unless it was renamed; first removes those without an owner."""
        self.root.mkdir(parents=True, exist_ok=True)
        for orphan in self.root.glob(f"{DRAFT_PREFIX}*"):
            with suppress(OSError), locked(orphan):
                shutil.rmtree(orphan)
        draft = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=self.root))
        draft.chmod(0o755)
        with locked(draft):
            try:
                yield draft
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"{self.root} can't be written: {error.strerror or error}") from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on the folder; it goes with the process. Raises OSError when somebody has it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Force a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
