"""Settings of C libraries: return freed memory to the system, and keep libtiff's messages out of the log."""

from __future__ import annotations

import ctypes
from importlib.util import find_spec

M_MMAP_THRESHOLD = -3  # of mallopt(3), https://man7.org/linux/man-pages/man3/mallopt.3.html
LARGE_BYTES = 1 << 20


def return_large_blocks() -> None:
    """Return every block of LARGE_BYTES or more to the system as soon as it is freed.

    Otherwise glibc raises this bound by itself, up to 32 MB, and the process keeps the memory of bodies and pictures.
    """
    if set_option := getattr(ctypes.CDLL(None), "mallopt", None):
        set_option(M_MMAP_THRESHOLD, LARGE_BYTES)


def silence_libtiff() -> None:
    """Stop libtiff from writing a line to stderr for each damaged file; its callers still get the error."""
    pillow = find_spec("PIL._imaging")
    if pillow and (set_handler := getattr(ctypes.CDLL(pillow.origin), "TIFFSetErrorHandler", None)):
        set_handler(None)
