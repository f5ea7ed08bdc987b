"""How commands report errors: one line on standard error."""

from __future__ import annotations

import sys


def fail(error: Exception) -> int:
    """Print the error as one line on standard error; return exit status 1."""
    print(f"numeral: {said(error)}", file=sys.stderr)
    return 1


def said(error: Exception) -> str:
    """The error as one line. An OSError becomes "FILE: what is wrong", without its number and quotes."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
