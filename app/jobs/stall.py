"""Detects a trainer that makes no progress: one that is stopped, swapped out or locked up for good."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

LONGEST_LOOK_SECONDS = 5.0  # a longer time between two looks is one in which the supervisor stood still, too


def bytes_moved(pid: int) -> int:
    """What a process has read and written so far: loading and downloading are progress (proc_pid_io(5))."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path(f"/proc/{pid}/io").read_text("ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(("rchar:", "wchar:")))
    return 0


class Stall:
    """Seconds without a change of what is looked at, counted only while somebody looks.

    The monotonic clock stands still while a machine is suspended; a container that is frozen is left out likewise.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._signs: object = None
        self._looked = time.monotonic()

    def forget(self) -> None:
        """Begin to count anew: what is looked at can't tell now."""
        self.seconds = 0.0

    def look(self, *signs: object) -> float:
        """Seconds since the signs changed last."""
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, LONGEST_LOOK_SECONDS), now
        self.seconds = self.seconds + passed if signs == self._signs else 0.0
        self._signs = signs
        return self.seconds
