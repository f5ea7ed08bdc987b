"""Detect a trainer that makes no progress: one that is stopped, swapped out or deadlocked."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

LONGEST_LOOK_SECONDS = 5.0  # of the time between two looks, at most this much counts: the supervisor slept in the rest


def bytes_moved(pid: int) -> int:
    """Bytes that a process has read and written so far, since loading and downloading are progress (proc_pid_io(5))."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path(f"/proc/{pid}/io").read_text("ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(("rchar:", "wchar:")))
    return 0


class Stall:
    """Counts the seconds for which the signs of progress do not change, as long as `look` is called regularly.

    The time of a suspended machine does not count, since the monotonic clock stops. Nor does that of a frozen
    container, since at most LONGEST_LOOK_SECONDS count for each call.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._signs: object = None
        self._looked = time.monotonic()

    def forget(self) -> None:
        """Reset the count, when the signs can't be read now."""
        self.seconds = 0.0

    def look(self, *signs: object) -> float:
        """Compare the signs with those of the last call. Returns the seconds since they changed."""
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, LONGEST_LOOK_SECONDS), now
        self.seconds = self.seconds + passed if signs == self._signs else 0.0
        self._signs = signs
        return self.seconds
