"""How commands speak: one line on standard error for what went wrong."""

from __future__ import annotations

import sys


def fail(error: Exception) -> int:
    """One line on standard error; exit status 1."""
    print(f"numeral: {said(error)}", file=sys.stderr)
    return 1


def said(error: Exception) -> str:
    """The error in one line; the operating system's without number and quotes: FILE: what is wrong with it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
