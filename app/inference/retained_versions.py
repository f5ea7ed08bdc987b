"""Versions besides the one in use, for requests that name one: `?version=3`, or `?version=candidate`.

The candidate is the newest version, if it is newer than the one in use: the version that would be activated next. When
the newest version is in use, there is no candidate.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from app.http.errors import Problem
from app.inference.active_model import ActiveModel, warm
from model.classifier import Classifier
from model.errors import DamagedVersion, NoVersion

CANDIDATE = "candidate"
KEPT = 4  # versions in memory besides the one in use; each takes about 2 MB


class VersionNotFound(Problem):
    status, slug, title = 404, "version-not-found", "There is no such version"
    remedy = "GET /admin/versions lists them. A prediction that names no version comes from the one in use."


class VersionDamaged(Problem):
    status, slug, title = 409, "version-damaged", "The version's files are not what they were when it was published"
    remedy = "Restore its folder from a backup, or use another version."


class RetainedVersions:
    """Loads the versions that requests name, each once, and keeps the KEPT ones used last. Safe for threads."""

    def __init__(self, model: ActiveModel) -> None:
        self._model = model
        self._loaded: OrderedDict[int, Classifier] = OrderedDict()  # the one used last is at the end
        self._lock = threading.Lock()

    def get(self, name: str) -> Classifier:
        """The classifier of a version. name: its number, or CANDIDATE.

        Reads files, so it must not be called on the event loop. Each call looks which versions exist, since a
        retraining removes old ones. Raises VersionNotFound, or VersionDamaged.
        """
        in_use = self._model.classifier
        if in_use is not None and name == str(in_use.version):
            return in_use
        with self._lock:
            versions = self._model.store.versions()
            for gone in self._loaded.keys() - versions:
                del self._loaded[gone]
            version = number_of(name, versions, in_use.version if in_use else 0)
            if version not in self._loaded:
                self._loaded[version] = self._load(version)
                if len(self._loaded) > KEPT:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(version)
            return self._loaded[version]

    def _load(self, version: int) -> Classifier:
        """Check the digests and load the version, ready to serve. Raises VersionNotFound, VersionDamaged."""
        store = self._model.store
        try:
            store.verify(version)
            return warm(Classifier.load(store.folder(version)))
        except NoVersion:
            raise VersionNotFound(f"There is no version {version}.") from None
        except DamagedVersion as error:
            if not store.folder(version).is_dir():  # removed while its files were read
                raise VersionNotFound(f"There is no version {version}.") from None
            raise VersionDamaged(f"{error}.") from None


def number_of(name: str, versions: Sequence[int], in_use: int) -> int:
    """The number of the version that is called `name`. in_use: 0 for none. Raises VersionNotFound."""
    if name == CANDIDATE:
        newest = max(versions, default=0)
        if newest <= in_use:
            raise VersionNotFound(f"There is no candidate: no version is newer than {in_use}, which is in use.")
        return newest
    for version in versions:
        if name == str(version):
            return version
    raise VersionNotFound(f"There is no version {name!r}.")
