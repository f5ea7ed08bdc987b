"""The files of pages: scripts, styles, icons, fonts. Compressed, and with an ETag that their content decides.

A browser asks each time whether a file has changed (`no-cache`), and is answered 304 when not. So a new release is used
at once, and the files need no version in their names.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from app.http.errors import NotFound

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
COMPRESSED = frozenset({".css", ".html", ".js", ".svg"})  # the others are compressed already
REMEMBERED = 256  # files whose content is kept in memory


class Content(NamedTuple):
    """A file's bytes, the same compressed with gzip (None where that is of no use), its type, and its digest."""

    plain: bytes
    zipped: bytes | None
    media_type: str
    digest: str


class Assets:
    """The files in some folders. They are listed once, so no request can name a file outside of them."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._paths = {
            path.relative_to(folder).as_posix(): path
            for folder in folders
            for path in sorted(folder.rglob("*"))
            if path.suffix in TYPES
        }

    def answer(self, request: Request, name: str, headers: Mapping[str, str] | None = None) -> Response:
        """The response with this file, or a 304. Reads the file, so it is not for the event loop. Raises NotFound."""
        path = self._paths.get(name)
        if path is None:
            raise NotFound("There is no such file.")
        content = load(path, path.stat().st_mtime_ns)
        zipped = content.zipped if takes_gzip(request.headers.get("Accept-Encoding", "")) else None
        tag = f'"{content.digest}{"" if zipped is None else "-gzip"}"'
        given = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", **(headers or {})}
        if tag in tags_of(request.headers.get("If-None-Match", "")):
            return Response(status_code=304, headers=given)
        if zipped is not None:
            given["Content-Encoding"] = "gzip"
        return Response(content.plain if zipped is None else zipped, headers=given, media_type=content.media_type)


def folder_of(package: str) -> Path:
    """The folder `static` of an installed package."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(package)
    return Path(found.origin).parent / "static"


@lru_cache(REMEMBERED)
def load(path: Path, modified: int) -> Content:
    """Read and compress the file. modified: its time, so that a changed file is read again."""
    plain = path.read_bytes()
    zipped = gzip.compress(plain, mtime=0) if path.suffix in COMPRESSED else None
    return Content(plain, zipped, TYPES[path.suffix], hashlib.sha256(plain).hexdigest()[:16])


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding (RFC 9110, 12.5.3) names gzip, and not with the quality 0."""
    return any(is_wanted(item, "gzip") for item in accepted.split(","))


def is_wanted(item: str, name: str) -> bool:
    """Whether an item of an Accept header is `name`, with a quality above 0."""
    value, *parameters = (part.strip().lower() for part in item.split(";"))
    return value == name and not any(part.replace(" ", "").rstrip("0.") == "q=" for part in parameters)


def tags_of(given: str) -> set[str]:
    """The entity tags of an If-None-Match (RFC 9110, 13.1.2), compared weakly."""
    return {tag.strip().removeprefix("W/") for tag in given.split(",")}
