"""Change the store of versions: publish a version, activate one, copy the shipped ones, prune old ones.

Versions are published atomically: one rename makes a complete, synced folder visible. `CURRENT` is replaced the same
way. Writers take turns by a lock on the store's folder. If a writer is killed, the next publisher removes its draft.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from model.errors import CurrentChanged, DamagedVersion, NoVersion, StoreError, VersionTaken
from model.files import locked, sha256_of, sync
from model.registry.versions import CURRENT, MANIFEST, Versions

DEFAULT_ROOT = Path("weights")  # the default folder of versions
SHIPPED_ROOT = Path(__file__).resolve().parents[2] / "weights"  # in the repository, or where the wheel is installed
DRAFT_PREFIX = ".draft-"


class Store(Versions):
    """The folder of versions at `root`, for those who change it."""

    @contextmanager
    def publish(self, manifest: dict[str, Any]) -> Iterator[Path]:
        """Yield a draft folder for a version's files; on leaving the context it becomes the next version.

        `manifest` is completed with the version's number and the SHA-256 of its files. If it has a number already, as
        a copy's has, it keeps that. Raises VersionTaken if that number is taken, StoreError if the folder can't be
        written; either leaves nothing behind.
        """
        with self._writing(), self._draft() as draft:
            yield draft
            manifest["files"] = {path.name: sha256_of(path) for path in sorted(draft.iterdir())}
            with locked(self.root):
                version = manifest.setdefault("version", self._next())
                text = json.dumps({"version": version, **manifest}, indent=2, ensure_ascii=False) + "\n"
                (draft / MANIFEST).write_text(text, "utf-8")
                for path in draft.iterdir():
                    path.chmod(0o644)
                    sync(path)
                sync(draft)
                self._rename(draft, version)

    def activate(self, version: int) -> None:
        """Make an intact version the current one, synced to disk. Raises NoVersion, DamagedVersion or StoreError."""
        with self._writing(), locked(self.root):
            self._point_to(version)

    def promote(self, version: int, instead_of: int | None) -> None:
        """Activate a version that the gate compared with `instead_of`, if that is still the current version.

        instead_of: None if there was no version to compare with. A missing or damaged current version does not prevent
        the promotion. Raises CurrentChanged if another version became current, or what `activate` raises.
        """
        with self._writing(), locked(self.root):
            with suppress(NoVersion, DamagedVersion):
                current = self.current()
                self.verify(current)
                if current not in (instead_of, version):
                    raise CurrentChanged(f"version {current} became the current one, with which it was not compared")
            self._point_to(version)

    def seed(self, shipped: Store) -> int | None:
        """Copy the shipped versions if there are none here, and activate one if none is.

        After copying, activate the version that the shipped store uses; else the newest intact one. Return the version
        that was activated, None if one was active already. Raises StoreError.
        """
        origin = self
        if not self.versions():
            for version in shipped.versions():
                self._copy(shipped, version)
            origin = shipped
        if self.names_current():
            return None
        version, _ = origin.usable()
        self.activate(version)
        return version

    def check_writable(self) -> None:
        """Raise StoreError if nothing can be published here: called before a training, not after hours of it."""
        with self._writing(), self._draft():
            pass

    def prune(self, keep: int) -> list[int]:
        """Remove all but the newest `keep` versions and the current one; return the numbers removed."""
        removed = []
        with self._writing(), locked(self.root):
            for version in self.versions()[:-keep]:
                if version == self.current():
                    continue
                trash = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=self.root))
                os.rename(self.folder(version), trash / str(version))
                shutil.rmtree(trash)
                removed.append(version)
        return removed

    def _copy(self, source: Store, version: int) -> None:
        manifest = source.verify(version)
        with self.publish(dict(manifest)) as draft:
            for name in manifest["files"]:
                shutil.copyfile(source.folder(version) / name, draft / name)

    def _next(self) -> int:
        """One above the highest number in the store. The caller holds the lock."""
        return max(self._numbers(), default=0) + 1

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        """Remove abandoned drafts, then yield a new locked one; remove it afterwards unless it was renamed."""
        self.root.mkdir(parents=True, exist_ok=True)
        with ExitStack() as owned:
            with locked(self.root):  # else another publisher could remove the new draft before it is locked itself
                for orphan in self.root.glob(f"{DRAFT_PREFIX}*"):
                    with suppress(OSError), locked(orphan, wait=False):
                        shutil.rmtree(orphan)
                draft = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=self.root))
                draft.chmod(0o755)
                owned.enter_context(locked(draft))
            try:
                yield draft
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    def _rename(self, draft: Path, version: int) -> None:
        """Make the draft visible. Raises VersionTaken, OSError, or StoreError if it is visible but can't be synced."""
        try:
            os.rename(draft, self.folder(version))
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise VersionTaken(f"{self.folder(version)} exists already") from None
            raise
        with self._writing(f"version {version} is published but not activated: "):
            sync(self.root)

    def _point_to(self, version: int) -> None:
        """Replace CURRENT. The caller holds the lock, so that nobody prunes the version meanwhile."""
        self.verify(version)
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

    @contextmanager
    def _writing(self, so_far: str = "") -> Iterator[None]:
        """Turn an OSError into a StoreError. so_far: the message's beginning, which says what was done before."""
        try:
            yield
        except OSError as error:
            raise StoreError(f"{so_far}{self.root} can't be written: {error.strerror or error}") from error


def usable_folder(store: Store, shipped: Store) -> tuple[Path, str | None]:
    """The folder of the version to serve, and a warning if it is not the one that `CURRENT` names. Raises NoVersion.

    shipped: the store to serve from if the first holds no version, as when it can't be written and so not be seeded.
    """
    try:
        version, warning = store.usable()
    except NoVersion as error:
        if store.versions() or not shipped.versions():
            raise
        version, _ = shipped.usable()
        return shipped.folder(version), f"{error}; serving the shipped version {version} instead"
    return store.folder(version), warning
