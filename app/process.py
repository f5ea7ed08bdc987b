"""What a process of ours asks of the operating system about itself."""

from __future__ import annotations

import ctypes
import signal
from contextlib import suppress

PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(how: signal.Signals) -> None:
    """On Linux, be sent the signal when the parent ends, however it ends: nobody else would end an orphan."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how)
