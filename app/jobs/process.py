"""How a process adjusts itself in the operating system: signals, priority, order of killing."""

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
    """On Linux, let the kernel send this process the signal when its parent ends, in whatever way it ends."""
    parent = os.getppid()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:  # the parent ended before prctl took effect
        os.kill(os.getpid(), how)


def give_way() -> None:
    """Take the lowest priority for processor and disk, and be the first that is killed when memory runs out."""
    os.nice(LOWEST_PRIORITY)
    if sys.platform == "linux":
        with suppress(OSError):  # a batch process does not preempt others; SCHED_IDLE could starve (sched(7))
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(KILL_ME_FIRST, "ascii")
