"""Download MNIST from public mirrors into a local cache: resumed if cut, checked by SHA-256, with a progress bar."""

from __future__ import annotations

import gzip
import logging
import os
import zlib
from pathlib import Path

import httpx
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from model.data.idx import FILES, parse_idx
from model.errors import DataError, MirrorsUnreachable
from model.files import locked

log = logging.getLogger(__name__)

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
TIMEOUT = httpx.Timeout(30.0, connect=5.0)  # seconds


def download(cache_dir: Path, mirrors: tuple[str, ...] = MIRRORS) -> None:
    """Download those of MNIST's four files that `cache_dir` lacks, and decompress them. Raises MirrorsUnreachable.

    If several processes ask at once, one downloads and the others wait for its files.
    """
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with locked(cache_dir):
            fetch_missing(cache_dir, mirrors)
    except OSError as error:
        raise MirrorsUnreachable(f"{cache_dir} can't be filled: {error}") from None


def fetch_missing(cache_dir: Path, mirrors: tuple[str, ...]) -> None:
    """Download each file that is missing or damaged, with a progress bar. Raises MirrorsUnreachable or OSError."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns) as progress, httpx.Client(timeout=TIMEOUT, follow_redirects=True) as client:
        for name in FILES:
            if not is_intact(cache_dir / name):
                fetch_from_any(client, mirrors, name, cache_dir, progress)


def is_intact(file: Path) -> bool:
    """Whether the decompressed MNIST file exists and has the right SHA-256."""
    try:
        parse_idx(file.read_bytes(), file.name)
    except (OSError, DataError):
        return False
    return True


def fetch_from_any(
    client: httpx.Client, mirrors: tuple[str, ...], name: str, cache_dir: Path, progress: Progress
) -> None:
    """Try each mirror in turn: resume a file that a mirror cut short, and restart one that is damaged.

    Raises MirrorsUnreachable with the reason of each mirror.
    """
    part = cache_dir / f"{name}.gz.part"
    reasons = []
    for mirror in mirrors:
        url = f"{mirror}{name}.gz"
        try:
            fetch(client, url, part, progress)
            content = gzip.decompress(part.read_bytes())
            parse_idx(content, name)
        except (httpx.HTTPError, OSError) as error:
            if isinstance(error, gzip.BadGzipFile):
                part.unlink(missing_ok=True)
            reasons.append(f"{url}: {error}")
        except (EOFError, zlib.error, DataError) as error:
            part.unlink(missing_ok=True)
            reasons.append(f"{url}: {error}")
        else:
            finished = cache_dir / f"{name}.tmp"
            try:
                finished.write_bytes(content)
                os.replace(finished, cache_dir / name)
            finally:
                finished.unlink(missing_ok=True)
            part.unlink(missing_ok=True)
            return
    raise MirrorsUnreachable("; ".join(reasons))


def fetch(client: httpx.Client, url: str, part: Path, progress: Progress) -> None:
    """Append the missing rest of `url` to the file `part`; start over if the mirror can't resume.

    Raises httpx.HTTPError or OSError.
    """
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # the file is complete already; its digest decides whether it is right
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        length = int(response.headers.get("Content-Length", 0)) + (have if resumed else 0)
        task = progress.add_task(url.rpartition("/")[2], total=length or None, completed=have if resumed else 0)
        with part.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_raw():
                file.write(chunk)
                progress.update(task, advance=len(chunk))
