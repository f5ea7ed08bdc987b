"""A stand-in for the module `time`, whose clock stands still until a test moves it."""

from __future__ import annotations


class Clock:
    """Starts at 1,000 seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """The time in seconds."""
        return self.now
