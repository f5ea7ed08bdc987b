"""What a process of ours asks of the operating system about itself."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
LOWEST_PRIORITY = 19  # nice(2)
KILL_ME_FIRST = "1000"  # proc_pid_oom_score_adj(5)


def die_with_parent(how: signal.Signals) -> None:
    """On Linux, be sent the signal when the parent ends, however it ends: nobody else would end an orphan."""
    parent = os.getppid()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:  # it ended before it was asked for
        os.kill(os.getpid(), how)


def give_way() -> None:
    """Let every other process go first, for processor and disk; when memory runs out, be the one that ends."""
    os.nice(LOWEST_PRIORITY)
    if sys.platform == "linux":
        with suppress(OSError):  # never preempts who wakes up; SCHED_IDLE would starve on a busy machine (sched(7))
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(KILL_ME_FIRST, "ascii")
