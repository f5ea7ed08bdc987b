"""The version that this process serves. A new one is loaded and warmed up first, then swapped in by one assignment.

Every worker process polls `CURRENT` on its own, so all of them serve a newly activated version within a second.
A request reads the reference once, so each answer comes from one version.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from model.classifier import BATCH, Classifier
from model.errors import ModelError, NoVersion
from model.registry.store import Store, usable_folder

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
WARM_UP_BATCHES = (1, 1, BATCH)


class ActiveModel:
    """Holds the `classifier` in use.

    classifier: None until one is loaded. warning: why it is not the version that `CURRENT` names, else None.
    shipped: the store to use while `store` has no version, because it can't be written.
    on_change: called with the version in use, None if there is none, and the warning, when either may have changed.
    """

    def __init__(
        self, store: Store, shipped: Store, on_change: Callable[[int | None, str | None], None] = lambda *_: None
    ) -> None:
        self.store = store
        self.shipped = shipped
        self.on_change = on_change
        self.classifier: Classifier | None = None
        self.warning: str | None = None
        self._wanted: int | None = None
        self._folder: Path | None = None  # of the version in use
        self._loading = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch-current", daemon=True)

    def start(self) -> None:
        """Load the current version, or the newest intact one; then start the thread that polls `CURRENT`."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """End the polling."""
        self._stop.set()
        self._thread.join()

    def version(self) -> int | None:
        """The version in use; None when there is none."""
        return self.classifier.version if self.classifier else None

    def refresh(self) -> None:
        """Serve the version that `CURRENT` names now. When it can't be loaded, the one in use stays.

        Waits while another thread is loading.
        """
        with self._loading:
            wanted = current_of(self.store)
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
            self.on_change(self.version(), warning)

    def _watch(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self.refresh()
            except Exception:
                log.exception("the watcher of CURRENT goes on")


def current_of(store: Store) -> int | None:
    """The version that `CURRENT` names; None when there is none."""
    try:
        return store.current()
    except NoVersion:
        return None


def warm(classifier: Classifier) -> Classifier:
    """Run a few batches, so that the first request does not wait for memory to be allocated."""
    for size in WARM_UP_BATCHES:
        classifier.predict(np.zeros((size, 1, 32, 32), np.float32))
    return classifier
