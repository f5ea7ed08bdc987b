"""Changing the versions of the weights: published atomically, immutable, one of them current.

A version becomes visible by one rename of a complete, synced folder; `CURRENT` is replaced the same way. Those who
change the store take turns, by a lock on its folder. A draft that its writer left behind (killed, full disk) is
removed by the next publisher.
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

DEFAULT_ROOT = Path("weights")  # where versions are kept unless somebody says otherwise
DRAFT_PREFIX = ".draft-"


class Store(Versions):
    """The folder of versions at `root`, to publish in, to choose the current one of, and to remove from."""

    @contextmanager
    def publish(self, manifest: dict[str, Any]) -> Iterator[Path]:
        """A draft folder to write a version's files into, which becomes the next version on leaving.

        `manifest` is completed with the version's number and its files; one that has a number already, as that of a
        copy, keeps it. Raises VersionTaken when that number is taken, StoreError when the folder can't be written;
        nothing is left behind.
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
        """Make an intact version the current one, durably. Raises NoVersion, DamagedVersion or StoreError."""
        with self._writing(), locked(self.root):
            self._point_to(version)

    def promote(self, version: int, instead_of: int | None) -> None:
        """Activate a version that was compared with another one, or with none, unless that isn't current any more.

        A missing or damaged current version is no obstacle. Raises CurrentChanged, or what `activate` does.
        """
        with self._writing(), locked(self.root):
            with suppress(NoVersion, DamagedVersion):
                current = self.current()
                self.verify(current)
                if current not in (instead_of, version):
                    raise CurrentChanged(f"version {current} became the current one, and it was not compared with that")
            self._point_to(version)

    def seed(self, shipped: Store) -> int | None:
        """Copy the shipped versions when there are none here; name a current one when none is named.

        What was copied is used as it was there, else the newest is. Answers with the version that became current,
        None when one already was. Raises StoreError.
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
        """Raise StoreError where nothing can be published: hours of training would be for nothing."""
        with self._writing(), self._draft():
            pass

    def prune(self, keep: int) -> list[int]:
        """Remove all but the newest `keep` versions and the current one; answers with what was removed."""
        removed = []
        with self._writing(), locked(self.root):
            for version in self.versions()[:-keep]:
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

    def _next(self) -> int:
        """One above the highest number there is; for whoever has the lock."""
        return max(self._numbers(), default=0) + 1

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        """A locked temporary folder, removed unless it was renamed; first removes those without an owner."""
        self.root.mkdir(parents=True, exist_ok=True)
        with ExitStack() as owned:
            with locked(self.root):  # until it is locked itself, another publisher would take the draft for an orphan
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
        """Make the draft visible. Raises VersionTaken, OSError, or StoreError when it is visible, but not synced."""
        try:
            os.rename(draft, self.folder(version))
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise VersionTaken(f"{self.folder(version)} exists already") from None
            raise
        with self._writing(f"version {version} is published but not activated: "):
            sync(self.root)

    def _point_to(self, version: int) -> None:
        """Replace CURRENT; for whoever has the lock, so that the version is not pruned meanwhile."""
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
        """Raise StoreError for an OSError; so_far: what was reached before it, as the message begins."""
        try:
            yield
        except OSError as error:
            raise StoreError(f"{so_far}{self.root} can't be written: {error.strerror or error}") from error


def usable_folder(store: Store, shipped: Store) -> tuple[Path, str | None]:
    """The folder of the version to serve, and a warning when it is not the one wanted. Raises NoVersion.

    shipped: where it is taken from when the store holds none, as one that can't be written does at first.
    """
    try:
        version, warning = store.usable()
    except NoVersion as error:
        if store.versions() or not shipped.versions():
            raise
        version, _ = shipped.usable()
        return shipped.folder(version), f"{error}; serving the shipped version {version} instead"
    return store.folder(version), warning
