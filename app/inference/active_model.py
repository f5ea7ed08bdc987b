"""The version that this process serves: loaded and warmed aside, then swapped by one reference.

Every worker process watches `CURRENT` on its own, so a version activated by anybody is served by all of them
within a second. A request takes the reference once, so each answer comes from one version.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np

from model.classifier import BATCH, Classifier
from model.errors import ModelError, NoVersion
from model.registry.store import Store, usable_folder

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
WARM_UP_BATCHES = (1, 1, BATCH)


class ActiveModel:
    """Holds the `classifier` in use, None until one is loaded, and a `warning` when it is not the one wanted.

    shipped: where versions are taken from as long as the store has none, since it can't be written.
    """

    def __init__(self, store: Store, shipped: Store) -> None:
        self.store = store
        self.shipped = shipped
        self.classifier: Classifier | None = None
        self.warning: str | None = None
        self._wanted: int | None = None
        self._folder: Path | None = None  # of the version in use
        self._loading = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch-current", daemon=True)

    def start(self) -> None:
        """Load the current version, or the newest intact one; then watch."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """End the watching."""
        self._stop.set()
        self._thread.join()

    def refresh(self) -> None:
        """Serve what `CURRENT` names now; what is served stays when that can't be loaded.

        While another thread is loading it, this one waits.
        """
        with self._loading:
            wanted = self._read_current()
            if self.classifier is not None and wanted == self._wanted:
                return
            self._wanted = wanted
            try:
                folder, warning = usable_folder(self.store, self.shipped)
                if folder != self._folder:
                    self.classifier = warm(Classifier.load(folder))
                    self._folder = folder
                    log.info("serving version %d", self.classifier.version)
            except ModelError as error:
                warning = str(error)
            if warning and warning != self.warning:
                log.error("%s", warning)
            self.warning = warning

    def _read_current(self) -> int | None:
        try:
            return self.store.current()
        except NoVersion:
            return None

    def _watch(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self.refresh()
            except Exception:
                log.exception("the watcher of CURRENT goes on")


def warm(classifier: Classifier) -> Classifier:
    """Run a few batches so that the first request pays for no allocation."""
    for size in WARM_UP_BATCHES:
        classifier.predict(np.zeros((size, 1, 32, 32), np.float32))
    return classifier
