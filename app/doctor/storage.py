"""Checks of what is kept in files: rights, room, and the integrity of each version."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from app.database.sqlite import sqlite_file
from app.doctor.finding import Finding, State
from app.settings import Settings
from model.errors import StoreError
from model.registry.store import Store, usable_folder

LITTLE_SPACE, LEAST_SPACE = 1e9, 1e8  # bytes that are free: below the first a warning, below the second failing


def rights(settings: Settings) -> Iterator[Finding]:
    """Whether the service's folders, and one for temporary files, can be written by this user."""
    for what, folder in folders(settings).items():
        if is_writable(folder):
            yield Finding("rights", "ok", f"{what}, {folder}, can be written")
        else:
            detail = f"{what}, {folder}, can't be written by user {os.geteuid()}"
            yield Finding("rights", "failing", detail, f"give that user the folder: chown -R {os.geteuid()} {folder}")
    try:
        yield Finding("rights", "ok", f"temporary files go to {tempfile.gettempdir()}")
    except OSError as error:
        remedy = "name a folder for them in TMPDIR; imports and exports need it"
        yield Finding("rights", "warning", f"there is no folder for temporary files: {error.strerror}", remedy)


def folders(settings: Settings) -> dict[str, Path]:
    """What the service keeps in files of its own, and the folder of each."""
    file = sqlite_file(settings.database_url)
    return {"the folder of versions": settings.weights_dir} | ({"the database's folder": file.parent} if file else {})


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())


def is_writable(folder: Path) -> bool:
    """Whether this user can write into the folder, or make it. False on a file system that is mounted read-only."""
    return existing(folder).is_dir() and os.access(existing(folder), os.W_OK | os.X_OK, effective_ids=True)


def disk(settings: Settings) -> Iterator[Finding]:
    """Whether there is room where the service writes."""
    for what, folder in folders(settings).items():
        free = shutil.disk_usage(existing(folder)).free
        state: State = "failing" if free < LEAST_SPACE else "warning" if free < LITTLE_SPACE else "ok"
        remedy = "" if state == "ok" else "make room, or move the folder; NUMERAL_KEEP_VERSIONS bounds the versions"
        yield Finding("disk", state, f"{free / 1e9:,.1f} GB are free for {what}", remedy)


def versions(settings: Settings) -> Iterator[Finding]:
    """Whether the files of every version are those that were published, by their SHA-256."""
    store, shipped = Store(settings.weights_dir), Store(settings.shipped_weights_dir)
    for version in store.versions():
        try:
            store.verify(version)
            yield Finding("versions", "ok", f"version {version} is intact")
        except StoreError as error:
            remedy = "restore its folder from a backup, or remove it"
            yield Finding("versions", "warning", str(error), remedy)
    try:
        folder, warning = usable_folder(store, shipped)
    except StoreError as error:
        yield Finding(
            "versions", "failing", str(error), "empty the folder: the start fills it with the shipped version"
        )
        return
    if not store.versions():
        yield Finding("versions", "ok", f"none in {store.root} yet; {folder} is the shipped one")
    elif warning:
        yield Finding("versions", "warning", warning, "choose one with: numeral activate N")
    else:
        yield Finding("versions", "ok", f"{folder} is served")


def clock(settings: Settings) -> Iterator[Finding]:
    """Whether this host's clock is at least that of the newest training: times of jobs and samples come from it."""
    store = Store(settings.weights_dir)
    store = store if store.versions() else Store(settings.shipped_weights_dir)
    newest = max((made for version in store.versions() if (made := created(store, version))), default=0.0)
    if time.time() < newest:
        detail = f"this host's clock says {datetime.now().astimezone():%F %T %Z}, before the newest version was made"
        yield Finding("clock", "failing", detail, "synchronize it by NTP")
    else:
        yield Finding("clock", "ok", f"{datetime.now().astimezone():%F %T %Z}")


def created(store: Store, version: int) -> float:
    """When the version was made, in seconds since 1970; 0 if its manifest does not tell."""
    try:
        return datetime.fromisoformat(store.manifest(version)["created_at"]).timestamp()
    except (StoreError, KeyError, TypeError, ValueError):
        return 0.0
