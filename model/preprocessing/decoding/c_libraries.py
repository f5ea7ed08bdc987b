"""Settings of C libraries: freed memory goes back to the system, and damaged files leave no lines in the log."""

from __future__ import annotations

import ctypes
from importlib.util import find_spec

M_MMAP_THRESHOLD = -3  # of mallopt(3), https://man7.org/linux/man-pages/man3/mallopt.3.html
LARGE_BYTES = 1 << 20


def return_large_blocks() -> None:
    """Let the system have each block of LARGE_BYTES or more back when it is freed.

    Glibc raises that bound by itself, up to 32 MB, and what bodies and pictures took would stay with this process.
    """
    if set_option := getattr(ctypes.CDLL(None), "mallopt", None):
        set_option(M_MMAP_THRESHOLD, LARGE_BYTES)


def hush_libtiff() -> None:
    """Let libtiff write nothing to stderr, where each damaged file would be a line; its callers see the error."""
    pillow = find_spec("PIL._imaging")
    if pillow and (silence := getattr(ctypes.CDLL(pillow.origin), "TIFFSetErrorHandler", None)):
        silence(None)
