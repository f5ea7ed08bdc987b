"""A private PostgreSQL server in a temporary folder, for tests that run on both databases."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.servers import free_port

UNPRIVILEGED = ("postgres", "nobody")  # PostgreSQL refuses to run as root
OPTIONS = "-c fsync=off -c unix_socket_directories='' -c listen_addresses=127.0.0.1 -c max_connections=50 -p {port}"


def binaries() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, None when PostgreSQL is not installed."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found and shutil.which("pg_ctl") else None


def user() -> str | None:
    """The user to run it as: an unprivileged one if we are root, else ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in UNPRIVILEGED if name in known), None)


class PostgreSQL:
    """A running server; `url` names its database."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.data = folder / "data"
        self.bin = bin_folder
        self.user = user()
        self.port = free_port()
        self.url = f"postgresql://numeral@127.0.0.1:{self.port}/postgres"
        if self.user:
            shutil.chown(folder, self.user)
        self.run("initdb", "-D", str(self.data), "-U", "numeral", "--auth=trust", "--no-sync", "-E", "UTF8")
        self.start()

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the unprivileged user."""
        subprocess.run(
            [self.bin / program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.user,
            cwd=self.data.parent,
        )

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        options = OPTIONS.format(port=self.port)
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.data / "log"), "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop the server; connections break off."""
        self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")


@contextmanager
def private_postgresql() -> Iterator[PostgreSQL | None]:
    """A server that ends with the context; None if PostgreSQL is not installed."""
    bin_folder = binaries()
    if bin_folder is None:
        yield None
        return
    # Not pytest's folder, which only its own user may enter.
    with tempfile.TemporaryDirectory(prefix="numeral-postgresql-") as folder:
        server = PostgreSQL(Path(folder), bin_folder)
        try:
            yield server
        finally:
            server.stop()
