"""Which of the users' samples are held out from training, to judge new versions: it follows from the picture alone."""

from __future__ import annotations

import hashlib

HELD_OUT_OF = 5  # one sample in five is held out: the gate uses it, training does not


def sample_id(image: bytes) -> str:
    """The id of a sample: SHA-256 of the original bytes, in hexadecimal."""
    return hashlib.sha256(image).hexdigest()


def is_held_out(identity: str) -> bool:
    """Whether the sample is held out from training. It follows from the id, so it never changes."""
    return int(identity[:8], 16) % HELD_OUT_OF == 0
