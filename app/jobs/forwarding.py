"""The lines of a trainer's output, which its job keeps, also in the service's log."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from app.observability.logs import FIELDS

log = logging.getLogger("numeral.trainer")

LOOK_SECONDS = 0.2
PIECE_BYTES = 65_536  # read at once; a longer line is cut


@contextmanager
def forwarding(output: IO[bytes], job_id: str) -> Iterator[None]:
    """Log each line that appears in the file during the block. The trainer's place in the file is not moved."""
    ended = threading.Event()

    def follow() -> None:
        position = 0
        while True:
            is_last = ended.wait(LOOK_SECONDS)
            while lines := os.pread(output.fileno(), PIECE_BYTES, position):
                whole = lines if is_last or len(lines) == PIECE_BYTES else lines[: lines.rfind(b"\n") + 1]
                if not whole:
                    break
                position += len(whole)
                for line in whole.decode("utf-8", "replace").splitlines():
                    log.info("%s", line, extra={FIELDS: {"job": job_id}})
            if is_last:
                return

    thread = threading.Thread(target=follow, name="forward-log", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
