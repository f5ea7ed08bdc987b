"""The file of keys: its format, its limits, and the rights that it should have.

# who        may          with
admin        ops:3f1c0d9b7a5e4c21
teach        counter:8d2e6f4a0b9c7351
predict      app:5b7d9e1f3a2c4860
predict      *                         # anybody may predict, without a key
"""

from __future__ import annotations

import re
import stat
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretBytes

MAX_BYTES = 65_536
MAX_KEYS = 500  # every request's key is compared with each of them
LINE = re.compile(r"(predict|teach|admin)\s+(?:(\*)|([^\s:#*][^\s:]*):(\S+))(?:\s+#.*)?")
RISKY_RIGHTS = stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP


class KeyScope(IntEnum):
    """What a key permits. Each scope includes those before it."""

    PREDICT = 1
    TEACH = 2
    ADMIN = 3


class InvalidKeyFile(Exception):
    """The file can't be used. The text names the line, and never quotes it."""


class FileKeys(NamedTuple):
    """The keys of a file as (scope, name, key), and whether it opens predictions to everybody."""

    keys: tuple[tuple[KeyScope, str, SecretBytes], ...]
    opens_predictions: bool


class Found(NamedTuple):
    """What was found at the file's path. Printing it does not show the content.

    content: the file's first MAX_BYTES + 1 bytes, None if it can't be read; why: the system's reason for that; rights:
    the permission bits.
    """

    content: SecretBytes | None
    why: str = ""
    rights: int = 0


def read_key_file(path: Path) -> Found:
    """The file's content and rights."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # opening a pipe would wait for its writer
            return Found(None, "it is no regular file")
        with path.open("rb") as file:
            return Found(SecretBytes(file.read(MAX_BYTES + 1)), rights=stat.S_IMODE(mode))
    except OSError as error:
        return Found(None, error.strerror or type(error).__name__)


def parse_key_file(found: Found) -> FileKeys:
    """The keys in what was found. Raises InvalidKeyFile."""
    if found.content is None:
        raise InvalidKeyFile(found.why)
    content = found.content.get_secret_value()
    if len(content) > MAX_BYTES:
        raise InvalidKeyFile(f"it has more than {MAX_BYTES:,} bytes")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InvalidKeyFile("it is no text in UTF-8") from None
    keys: list[tuple[KeyScope, str, SecretBytes]] = []
    opens_predictions = False
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if match is None or (match[2] and match[1] != "predict"):
            raise InvalidKeyFile(f"line {number} is neither `predict|teach|admin NAME:KEY` nor `predict *`")
        if match[2]:
            opens_predictions = True
        else:
            keys.append((KeyScope[match[1].upper()], match[3], SecretBytes(match[4].encode())))
    if not keys and not opens_predictions:
        raise InvalidKeyFile("it has no keys")
    if len(keys) > MAX_KEYS:
        raise InvalidKeyFile(f"it has more than {MAX_KEYS} keys")
    return FileKeys(tuple(keys), opens_predictions)


def rights_warning(path: Path, found: Found) -> str | None:
    """A warning when others may read the file, or others or its group may change it."""
    if found.rights & RISKY_RIGHTS:
        return f"The keys' file {path} has the rights {found.rights:03o}: let only its owner read it (chmod 600)."
    return None
