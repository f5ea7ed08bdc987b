"""`numeral serve`: check settings, weights, database and port, then run uvicorn.

numeral serve --workers 2 --port 8080
"""

from __future__ import annotations

import argparse
import logging
import logging.config
import os
import resource
import socket
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from functools import partial

import uvicorn
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app.database.database import Database, DatabaseUnavailable
from app.database.engines import first_line, without_password
from app.database.migrate import SchemaTooNew, migrate
from app.http.key_file import InvalidKeyFile, KeyScope, parse_key_file, read_key_file
from app.http.keys import KeyRing
from app.http.protocol import Protocol
from app.jobs import records
from app.jobs.states import State
from app.observability.logs import LOGGING
from app.observability.workers import shared_folder
from app.settings import PORT_VARIABLES, BadSettings, Settings, load_settings
from model.errors import ModelError, StoreError
from model.registry.store import Store, usable_folder

log = logging.getLogger("numeral")


class CannotServe(Exception):
    """The service can't start. The text is one line that says what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM, and return the exit status."""
    parser = argparse.ArgumentParser(prog="numeral serve", description="Serve predictions over HTTP.")
    parser.add_argument("--host", help="address to listen on (HOST, 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on (PORT, 8000)")
    parser.add_argument("--workers", help="processes that serve (NUMERAL_WORKERS, 1)")
    parser.add_argument("--access-log", action="store_true", help="log each request (NUMERAL_LOG_REQUESTS=1)")
    options = parser.parse_args(argv)
    for variable, value in (
        ("HOST", options.host),
        ("PORT", options.port),
        *((cloud, options.port) for cloud in PORT_VARIABLES if os.environ.get(cloud)),
        ("NUMERAL_WORKERS", options.workers),
        ("NUMERAL_LOG_REQUESTS", "1" if options.access_log else None),
    ):
        if value is not None:
            os.environ[variable] = value  # worker processes read their settings from there
    os.environ.setdefault("OTEL_SERVICE_NAME", "numeral")
    logging.config.dictConfig(LOGGING)
    try:
        settings = load_settings()
        prepare(settings)
    except (BadSettings, CannotServe, ModelError) as error:
        print(f"numeral: {error}", file=sys.stderr)
        return 1
    with shared_folder(settings.workers) as can_count:
        if not can_count:
            os.environ["NUMERAL_METRICS"] = "false"
        run(settings)
    return 0


def prepare(settings: Settings) -> None:
    """Seed the weights, migrate the database, try the port. Raises CannotServe or ModelError."""
    prepare_weights(Store(settings.weights_dir), Store(settings.shipped_weights_dir))
    prepare_database(settings.database_url)
    check_port(settings.host, settings.port)
    check_keys_file(settings)
    if not KeyRing(settings).has(KeyScope.ADMIN):
        log.info("the admin routes are closed; NUMERAL_ADMIN_KEYS opens them")


def prepare_weights(store: Store, shipped: Store) -> None:
    """Copy the shipped version into an empty store.

    A store that can't be written is served as it is; when it is empty, the shipped version is served in place.
    Raises ModelError when no version can be served.
    """
    try:
        seeded = store.seed(shipped)
    except StoreError as error:
        log.warning("%s: the versions there are served, but a retraining can't be stored", error)
    else:
        if seeded is not None:
            log.info("version %d is now the current one in %s", seeded, store.root)
    usable_folder(store, shipped)


def prepare_database(url: str) -> None:
    """Migrate the database. When it is not available now, log it: each request that needs the database tries again.

    Raises CannotServe when trying again can't help: an invalid URL, or the schema of a newer version.
    """
    try:
        shown = without_password(url)
    except (SQLAlchemyError, ValueError) as error:
        raise CannotServe(f"NUMERAL_DATABASE_URL can't be used: {first_line(error)}") from None
    try:
        migrate(url)
        with closing(Database(url)) as database:
            log_interrupted(database)
    except (OSError, OperationalError, DatabaseUnavailable) as error:
        log.error("%s can't be used: %s; predictions are served, /samples and /admin are not", shown, first_line(error))
    except (SQLAlchemyError, ImportError, SchemaTooNew) as error:
        raise CannotServe(f"NUMERAL_DATABASE_URL={shown} can't be used: {first_line(error)}") from None


def log_interrupted(database: Database) -> None:
    """Log the latest retraining when it was interrupted, or may have been. Raises DatabaseUnavailable."""
    latest = next(iter(records.page(database, None, 1)[0]), None)
    if latest is not None and latest["state"] == State.INTERRUPTED:
        log.warning("the latest retraining, %s, was interrupted: %s", records.address(latest["id"]), latest["error"])
    elif latest is not None and latest["active"]:
        log.info("the retraining %s is %s, or was lost", records.address(latest["id"]), latest["state"])


def check_keys_file(settings: Settings) -> None:
    """Raise CannotServe when the file of keys can't be used. While the service runs, the earlier keys would stay."""
    if settings.keys_file is None:
        return
    try:
        parse_key_file(read_key_file(settings.keys_file))
    except InvalidKeyFile as error:
        raise CannotServe(f"NUMERAL_KEYS_FILE={settings.keys_file} can't be used: {error}") from None


def check_port(host: str, port: int) -> None:
    """Raise CannotServe when the address can't be listened on. Without this check each worker would print an error."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"{host}:{port} can't be listened on ({error.strerror}); choose another with PORT=8080"
            raise CannotServe(message) from None


def run(settings: Settings) -> None:
    """Run uvicorn: one worker in this process, or several as its children."""
    allow_many_files()
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http=partial(Protocol, header_timeout=settings.header_timeout, body_timeout=settings.body_timeout),  # type: ignore[arg-type]  # uvicorn calls it, and no more
        ws="none",
        access_log=False,  # the app logs requests itself
        log_config=LOGGING,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_timeout,
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )


def allow_many_files() -> None:
    """Raise the soft limit of open files, sockets included, to the hard limit, for this process and its workers."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
