"""What C libraries are told: give freed memory back, and don't write to the log what a damaged file makes them say."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec


@cache
def trimmer() -> Callable[[int], int] | None:
    """Glibc's `malloc_trim` (https://man7.org/linux/man-pages/man3/malloc_trim.3.html); None with another library."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> None:
    """Let the system have what large pictures took; the C library would keep it for the next ones."""
    if trim := trimmer():
        trim(0)


def hush_libtiff() -> None:
    """Let libtiff write nothing to stderr, where each damaged file would be a line; its callers see the error."""
    pillow = find_spec("PIL._imaging")
    if pillow and (silence := getattr(ctypes.CDLL(pillow.origin), "TIFFSetErrorHandler", None)):
        silence(None)
