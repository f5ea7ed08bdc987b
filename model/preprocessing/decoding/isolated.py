"""Decode in a process of its own, if the decoder would hold Python's lock (GIL) for long.

Pillow holds the lock while it decodes a JPEG 2000. In a thread it would block the event loop, for seconds. The child
process reads the file from standard input, and writes a line with format, size and transpose, and then the gray array,
to standard output; or, with exit status REFUSED, the error.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys

import numpy as np
from PIL import Image

from model.preprocessing import errors
from model.preprocessing.decoding.limits import Limits, bounded_claim
from model.preprocessing.decoding.page import Page
from model.preprocessing.decoding.pillow import decode_claimed

TIMEOUT = 30.0  # seconds; several times what the most expensive allowed file takes
REFUSED = 3  # exit status


def decode_isolated(data: bytes, limits: Limits) -> Page:
    """Run `decode_claimed` in another process. Raises ImageError."""
    command = [sys.executable, "-m", "model.preprocessing.decoding.isolated", *map(str, limits)]
    try:
        ended = subprocess.run(command, input=data, capture_output=True, timeout=TIMEOUT)  # noqa: S603  # our own module
    except subprocess.TimeoutExpired:
        raise errors.ImageTooLarge("Decoding the image takes too long.") from None
    if ended.returncode == REFUSED:
        kind, text = json.loads(ended.stdout)
        raise getattr(errors, kind)(text)
    if ended.returncode:
        raise RuntimeError(f"the decoder ended with {ended.returncode}: {ended.stderr[-500:].decode(errors='replace')}")
    head, _, gray = ended.stdout.partition(b"\n")
    name, size, transpose = json.loads(head)
    turned = None if transpose is None else Image.Transpose(transpose)
    return Page(np.load(io.BytesIO(gray), allow_pickle=False), name, tuple(size), turned)


def main() -> int:
    """Decode as the child process; return the exit status."""
    limits = Limits(*map(int, sys.argv[1:]))
    data = sys.stdin.buffer.read()
    try:
        page = decode_claimed(data, bounded_claim(data, limits), limits)
        gray = io.BytesIO()  # numpy writes into a pipe by itself only where Python does not buffer it
        np.save(gray, page.gray)
        sys.stdout.buffer.write(json.dumps([page.format, page.size, page.transpose]).encode() + b"\n")
        sys.stdout.buffer.write(gray.getbuffer())
    except errors.ImageError as error:
        sys.stdout.write(json.dumps([type(error).__name__, str(error)]))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
