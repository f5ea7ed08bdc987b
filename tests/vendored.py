"""The files that come from npm packages: which, at what version, under what licence, with what digest.

python -m tests.vendored     fetches the packages with npm, and writes the files and their digests anew

`app/static/vendor/vendored.json` lists them. To take a new version, change its number there and run this.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from tests.server import REPOSITORY

LIST = REPOSITORY / "app" / "static" / "vendor" / "vendored.json"
FOLDERS = (LIST.parent, REPOSITORY / "tests" / "browser" / "vendor")


def packages() -> list[dict[str, Any]]:
    """What the list says."""
    found: list[dict[str, Any]] = json.loads(LIST.read_text())
    return found


def digest(content: bytes) -> str:
    """The SHA-256 that the list has for a file with this content."""
    return hashlib.sha256(content).hexdigest()


def fetched(package: dict[str, Any], folder: Path) -> dict[str, bytes]:
    """The files of the package that the list names, by their paths in it."""
    name = f"{package['package']}@{package['version']}"
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), name]
    file = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
    found = {}
    with tarfile.open(folder / file) as archive:
        described = archive.extractfile("package/package.json")
        assert described and json.load(described)["license"] == package["licence"], name
        for path in package["files"]:
            member = archive.extractfile(f"package/{path}")
            assert member, path
            found[path] = member.read()
    return found


def main() -> None:
    """Write all files and the list."""
    listed = packages()
    with tempfile.TemporaryDirectory() as folder:
        for package in listed:
            for path, content in fetched(package, Path(folder)).items():
                file = package["files"][path]
                target = REPOSITORY / file["to"]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                file["sha256"] = digest(content)
    LIST.write_text(json.dumps(listed, indent=2) + "\n")


if __name__ == "__main__":
    main()
