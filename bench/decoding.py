"""Compare the cost of decoding with the estimate from the file's header: `python -m bench.decoding`

The cost is memory, time, and the longest pause of another thread. Each file has 4,000 × 4,000 pixels and is decoded in
its own process. The constants in `model/preprocessing/decoding/headers` are chosen so that the estimate is at least the
measured cost. The unit of work is the time for one pixel of a plain PNG.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from model.preprocessing.decoding.decode import decode
from model.preprocessing.decoding.headers import claim_of
from model.preprocessing.decoding.heic import has_heif
from model.preprocessing.decoding.limits import Limits

SIDE = 4_000  # pixels
TICK_SECONDS = 0.001
RESET_PEAK = "5"  # to /proc/self/clear_refs, proc_pid_clear_refs(5)
KINDS: list[tuple[str, str, dict[str, Any]]] = [
    ("PNG", "RGB", {}), ("PNG", "RGBA", {}), ("JPEG", "RGB", {}), ("JPEG", "RGB", {"progressive": True}),
    ("WEBP", "RGB", {}), ("WEBP", "RGBA", {"lossless": True}), ("GIF", "L", {}), ("BMP", "RGB", {}), ("PPM", "RGB", {}),
    ("TIFF", "RGB", {}), ("TIFF", "RGBA", {"compression": "tiff_lzw"}), ("AVIF", "RGB", {"speed": 10}),
    ("JPEG2000", "RGB", {}), ("JPEG2000", "RGB", {"num_resolutions": 1}),
]  # fmt: skip


def file_of(kind: str, mode: str, options: dict[str, Any]) -> bytes:
    """A file of the format: two squares on a page."""
    pixels = np.full((SIDE, SIDE, 4), 200, np.uint8)
    pixels[SIDE // 4 : SIDE // 2, SIDE // 4 : SIDE // 2] = 50
    pixels[..., 3] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def measure(data: bytes) -> dict[str, float]:
    """Decode the file; return the seconds, the megabytes above those before, and another thread's longest pause (s)."""
    pauses: list[float] = []
    done = threading.Event()

    def tick() -> None:
        last = time.perf_counter()
        while not done.wait(TICK_SECONDS):
            now = time.perf_counter()
            pauses.append(now - last)
            last = now

    Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    before = peak_megabytes()
    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    started = time.perf_counter()
    try:
        decode(data, Limits(max_bytes=sys.maxsize))
    finally:
        seconds = time.perf_counter() - started
        done.set()
        thread.join()
    return {"seconds": seconds, "megabytes": peak_megabytes() - before, "pause": max(pauses, default=0.0)}


def peak_megabytes() -> float:
    """The peak of this process's resident memory since RESET_PEAK was written (proc_pid_status(5))."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def main() -> int:
    """Print the table; with `-`, measure the file on standard input."""
    if sys.argv[1:] == ["-"]:
        print(json.dumps(measure(sys.stdin.buffer.read())))
        return 0
    kinds = KINDS + ([("HEIF", "RGB", {})] if has_heif() else [])
    table = Table("format", "kB", "expected MB", "MB", "expected work", "work", "ms", "pause, ms")
    plain = 0.0
    for kind, mode, options in kinds:
        data = file_of(kind, mode, options)
        claim = claim_of(data)
        command = [sys.executable, "-m", "bench.decoding", "-"]
        measured = json.loads(subprocess.run(command, input=data, capture_output=True, check=True).stdout)
        plain = plain or measured["seconds"]
        table.add_row(
            f"{kind} {mode} {options or ''}", f"{len(data) / 1e3:,.0f}",
            f"{claim.memory / 1e6:,.0f}", f"{measured['megabytes']:,.0f}",
            f"{claim.work / SIDE**2:.1f}", f"{measured['seconds'] / plain:.1f}",
            f"{1e3 * measured['seconds']:.0f}", f"{1e3 * measured['pause']:.0f}",
        )  # fmt: skip
    Console(width=140).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
