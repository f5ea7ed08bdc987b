"""The keys that are valid now, with their scopes: those of the settings, and of a file that may change meanwhile."""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretBytes

from app.http.key_file import FileKeys, Found, InvalidKeyFile, KeyScope, parse_key_file, read_key_file, rights_warning
from app.settings import Keys, Settings

log = logging.getLogger("numeral.keys")

POLL_SECONDS = 0.25


class Key(NamedTuple):
    """A key's name, the widest scope that it has, and its bytes in UTF-8. Printing it does not show the bytes."""

    name: str
    scope: KeyScope
    secret: SecretBytes


class KeyRing:
    """The keys of the settings and of `keys_file`, looked up by every request.

    predict_is_open: whether predictions need no key. Without a file, that is so while no predict key is set; with one,
    while the file says so. Thus neither the loss of a line nor that of the file opens the service.
    warning: what the operator should know about the file, None if all is well.
    """

    def __init__(self, settings: Settings) -> None:
        self.warning: str | None = None
        self._settings = settings
        self._file = settings.keys_file
        self._fixed = keys_of_settings(settings)
        self._used: Found | None = None  # what was found at the file's path when it was last used or refused
        self._seen: Found | None = None  # what was found at the last look
        self._was_read = False  # whether the file was ever valid
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.use(FileKeys((), opens_predictions=False))
        if self._file is not None:
            self._look(self._file, patiently=False)

    def use(self, file: FileKeys) -> None:
        """Make the keys of the settings and these the valid ones."""
        self.keys = (*self._fixed, *(Key(name, scope, secret) for scope, name, secret in file.keys))
        if self._file is None:
            self.predict_is_open = not self._settings.predict_keys
        else:
            self.predict_is_open = file.opens_predictions

    def has(self, scope: KeyScope) -> bool:
        """Whether any key has the scope."""
        return any(key.scope >= scope for key in self.keys)

    def find(self, given: str) -> Key | None:
        """The key that was sent, in the widest scope in which it is valid; None when it is none of the keys.

        Every key is compared, each in constant time, so that the time taken does not reveal which key is similar.
        given: as the header has it, decoded as Latin-1.
        """
        sent = given.encode("latin-1", "replace")  # the bytes of the header, in which clients send UTF-8
        found = None
        for key in self.keys:
            same = hmac.compare_digest(sent, key.secret.get_secret_value())
            if same and (found is None or key.scope >= found.scope):
                found = key
        return found

    def start(self) -> None:
        """Start the thread that reads the file again and again, if there is one."""
        if self._file is not None:
            self._thread = threading.Thread(target=self._watch, args=(self._file,), name="watch-keys", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, file: Path) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self._look(file)
            except Exception:
                log.exception("the watcher of the keys' file goes on")

    def _look(self, file: Path, patiently: bool = True) -> None:
        """Read the file; when it has changed, use its keys, or report why the earlier ones stay.

        patiently: use it only when it is what it was at the last look, since an editor may be writing it.
        """
        found = read_key_file(file)
        if found == self._used or (patiently and found != self._seen):
            self._seen = found
            return
        self._used = self._seen = found
        try:
            made = parse_key_file(found)
        except InvalidKeyFile as error:
            self.warning = f"The keys' file {file} is not used: {error}. {self._instead()}"
            log.error("%s", self.warning)
            return
        self.use(made)
        self._was_read = True
        self.warning = rights_warning(file, found)
        log.info("%d keys are read from %s", len(made.keys), file)
        if self.warning:
            log.warning("%s", self.warning)

    def _instead(self) -> str:
        """What holds while the file can't be used."""
        if self._was_read:
            return "The keys from before stay valid."
        return "This process has no keys but those of the settings."


def keys_of_settings(settings: Settings) -> tuple[Key, ...]:
    """The keys of the environment."""
    scopes: Iterable[tuple[KeyScope, Keys]] = (
        (KeyScope.PREDICT, settings.predict_keys),
        (KeyScope.TEACH, settings.teach_keys),
        (KeyScope.ADMIN, settings.admin_keys),
    )
    return tuple(
        Key(name, scope, SecretBytes(key.get_secret_value().encode())) for scope, keys in scopes for name, key in keys
    )
