"""A database that is unreachable, silent or locked: requests fail within seconds, and predictions go on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import text

from app.database import postgresql
from app.database.circuit_breaker import CircuitBreaker
from app.database.database import Database, DatabaseUnavailable
from app.database.migrate import migrate
from app.database.postgresql import TCP_LIMITS
from app.database.timeouts import ANSWER_SECONDS
from tests.client import check_problem
from tests.faults import locked_database
from tests.postgres import PostgreSQL
from tests.probe import least
from tests.proxy import Proxy
from tests.server import Server, wait_until

TOLD_SECONDS = 6.0  # within which a request must fail
SLACK = 4.0  # seconds that a busy machine may add
CROWD = 60  # requests at once: more than there are threads


@pytest.fixture
def proxy(postgresql: PostgreSQL) -> Iterator[Proxy]:
    opened = Proxy(postgresql.port)
    yield opened
    opened.close()


@pytest.fixture
def proxied_url(proxy: Proxy, postgresql: PostgreSQL, postgresql_url: str) -> str:
    migrate(postgresql_url)
    return postgresql_url.replace(f":{postgresql.port}/", f":{proxy.port}/")


def seconds_of(action: Callable[[], object]) -> float:
    """Seconds until the action raises DatabaseUnavailable."""
    started = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match=r"answer|reach|time"):
        action()
    return time.monotonic() - started


def ask(database: Database, question: str = "SELECT 1") -> None:
    with database.read() as connection:
        connection.execute(text(question))


def test_a_silent_server_is_given_up_and_used_again_when_it_speaks(proxy: Proxy, proxied_url: str) -> None:
    database = Database(proxied_url, ANSWER_SECONDS)
    ask(database)
    proxy.passing.clear()
    assert seconds_of(lambda: ask(database)) < TOLD_SECONDS + SLACK  # a connection from the pool, then a new one
    proxy.passing.set()
    ask(database)
    database.close()


def test_a_server_that_falls_silent_during_a_transaction_is_given_up(proxy: Proxy, proxied_url: str) -> None:
    database = Database(proxied_url, answer_seconds=1.0)

    def fall_silent() -> None:
        with database.begin() as connection:
            proxy.passing.clear()
            connection.execute(text("SELECT 1"))

    assert seconds_of(fall_silent) < 3.0 + SLACK
    proxy.passing.set()
    ask(database)
    database.close()


def test_a_proxy_that_is_closed_while_it_is_silent_leaves_no_connection_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as target:
        proxy = Proxy(target.getsockname()[1])
        proxy.passing.clear()
        with socket.create_connection(("127.0.0.1", proxy.port)):
            wait_until(lambda: len(proxy.sockets) == 1)
            proxy.close()
            with target.accept()[0] as accepted:
                accepted.settimeout(5)
                assert accepted.recv(1) == b""


def test_a_long_answer_is_waited_for_as_long_as_it_comes(proxied_url: str) -> None:
    database = Database(proxied_url, answer_seconds=1.0)
    pieces = "SELECT repeat('x', 1000), pg_sleep(0.02) FROM generate_series(1, 60)"
    with database.read() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        assert len(connection.execute(text(pieces.replace("1000", "9000"))).all()) == 60
    database.close()


def test_a_slow_statement_is_ended(proxied_url: str) -> None:
    database = Database(proxied_url, answer_seconds=1.0)
    assert seconds_of(lambda: ask(database, "SELECT pg_sleep(20)")) < 3.0 + SLACK
    database.close()


def test_who_must_get_through_waits_for_a_silent_server(proxy: Proxy, proxied_url: str) -> None:
    database = Database(proxied_url, answer_seconds=1.0)
    ask(database)
    proxy.passing.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(database.retry, lambda: ask(database))
        wait_until(lambda: database.failed_at > 0)
        assert not waiting.done()
        proxy.passing.set()
        waiting.result(20)
    database.close()


@contextmanager
def silent_database(proxy: Proxy) -> Iterator[None]:
    """The database accepts data and never answers."""
    proxy.passing.clear()
    try:
        yield
    finally:
        proxy.passing.set()


def undisturbed(server: Server, seven: bytes) -> float:
    """Seconds that a prediction and a health check take."""
    answers = [server.client.post("/predict", content=seven), server.client.get("/livez")]
    assert answers[0].json()["digit"] == 7 and answers[1].status_code == 200
    return sum(answer.elapsed.total_seconds() for answer in answers)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["silent", "locked"])
def test_a_crowd_of_requests_hears_within_seconds_that_the_database_is_away(
    start_server, seven: bytes, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "silent":
        server = start_server(NUMERAL_DATABASE_URL=request.getfixturevalue("proxied_url"))
        trouble = silent_database(request.getfixturevalue("proxy"))
    else:
        server = start_server()
        trouble = locked_database(server)
    form = {"files": {"file": ("7.png", seven)}, "data": {"label": "7"}}

    def post(_: int) -> float:
        started = time.monotonic()
        problem = check_problem(server.admin.post("/samples", **form), 503, "database-unavailable")
        assert len(problem["detail"]) > 10
        return time.monotonic() - started

    with trouble, ThreadPoolExecutor(CROWD) as pool:
        waits = pool.map(post, range(CROWD))
        for _ in range(20):
            assert least(lambda: undisturbed(server, seven), 1) < 1
        assert max(waits) < TOLD_SECONDS + SLACK
        assert server.client.get("/readyz").json()["warning"]
    wait_until(lambda: server.admin.post("/samples", **form).status_code in (200, 201))
    wait_until(lambda: server.client.get("/readyz").json()["warning"] is None)


def test_tcp_gives_up_a_server_that_acknowledges_nothing(postgresql_url: str) -> None:
    database = Database(postgresql_url, ANSWER_SECONDS)
    with database.read() as connection:
        given = connection.connection.driver_connection.info.get_parameters()
        limits = [connection.execute(text(f"SHOW {name}")).scalar() for name in ("statement_timeout", "lock_timeout")]
    database.close()
    assert {name: int(given[name]) for name in TCP_LIMITS} == TCP_LIMITS
    assert TCP_LIMITS["tcp_user_timeout"] <= 1000 * TOLD_SECONDS and TCP_LIMITS["connect_timeout"] < TOLD_SECONDS
    idle = TCP_LIMITS["keepalives_idle"] + TCP_LIMITS["keepalives_interval"] * TCP_LIMITS["keepalives_count"]
    assert TCP_LIMITS["keepalives"] == 1 and idle < 60
    assert limits == ["5s", "5s"]


def test_while_a_circuit_is_open_one_probes_and_the_others_fail_at_once() -> None:
    circuit = CircuitBreaker()
    with pytest.raises(ValueError, match="away"), circuit.attempt() as is_probe:
        assert not is_probe
        raise ValueError("away")
    with circuit.attempt() as is_probe:
        assert is_probe
        started = time.monotonic()
        with pytest.raises(ValueError, match="away"), circuit.attempt():
            raise AssertionError("nobody else may try")
        assert time.monotonic() - started < SLACK
    with circuit.attempt() as is_probe:
        assert not is_probe  # the probe has closed it


def test_what_interrupts_a_probe_leaves_the_circuit_open_to_the_next_one() -> None:
    circuit = CircuitBreaker()
    for error in (ValueError("away"), KeyboardInterrupt()):
        with pytest.raises(type(error)), circuit.attempt():
            raise error
    assert str(circuit.why) == "away"
    with circuit.attempt() as is_probe:
        assert is_probe


@pytest.mark.timeout(30)
def test_a_connection_that_comes_too_late_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    came, closed = threading.Event(), threading.Event()

    def slow(**_: object) -> SimpleNamespace:
        came.wait()
        return SimpleNamespace(close=closed.set)

    monkeypatch.setattr(postgresql.TimedConnection, "connect", slow)
    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", -0.9)
    with pytest.raises(psycopg.OperationalError, match="could not be reached"):
        postgresql.connect({})
    came.set()
    assert closed.wait(10)
