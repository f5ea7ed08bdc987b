"""Limits for slow clients: incomplete headers, idle connections, answers that are not read."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from bench.servers import resident_megabytes
from tests.client import connected, raw_exchange, received
from tests.server import Server, wait_until

FEW_FILES = 1024  # a usual limit
ESTABLISHED = "01"
GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
OFFER_OF_HTTP_2 = (  # as Java's java.net.http.HttpClient sends it with every request without TLS
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
)
ENDLESS = {
    "one header": (GET + b"A: ", b"a" * 10_000),
    "many headers": (GET, b"A: b\r\n" * 2000),
    "an address": (b"GET /", b"a" * 10_000),
    "trailers": (CHUNKED + b"1\r\na\r\n0\r\n", b"A: b\r\n" * 2000),
    "a chunk's extension": (CHUNKED + b"1;", b"a" * 10_000),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_headers_without_end_are_answered_431_and_cost_no_memory(server: Server, name: str) -> None:
    begin, piece = ENDLESS[name]
    before = resident_megabytes(server.process.pid)
    with connected(server) as connection:
        connection.sendall(begin)
        for _ in range(1000):
            try:
                connection.sendall(piece)
            except ConnectionError:  # the server has stopped listening, which is as good
                break
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 431") and b"/problems/headers-too-large" in answer
    assert resident_megabytes(server.process.pid) - before < 20


@pytest.mark.parametrize("pieces", [1, 3])
def test_64_kilobytes_of_headers_are_read_and_more_are_not(server: Server, pieces: int) -> None:
    def ask(length: int) -> bytes:
        request = GET + b"A: " + b"a" * length + b"\r\n\r\n"
        step = len(request) // pieces + 1
        return raw_exchange(server, *(request[start : start + step] for start in range(0, len(request), step)))

    rest = len("/livez") + sum(len(header) + 4 for header in ("Hostx", "A"))  # with colon, blank and line end
    assert ask(65_536 - rest).startswith(b"HTTP/1.1 200")
    assert ask(65_536 - rest + 1).startswith(b"HTTP/1.1 431")


def test_what_is_no_http_is_a_problem(server: Server) -> None:
    answer = raw_exchange(server, b"SEVEN\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400") and b"application/problem+json" in answer
    assert raw_exchange(server, b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("together", [True, False])
def test_a_client_that_offers_http_2_keeps_its_body(server: Server, seven: bytes, together: bool) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\n" + OFFER_OF_HTTP_2 + b"Content-Length: %d\r\n\r\n" % len(seven)
    answer = raw_exchange(server, head + seven) if together else raw_exchange(server, head, seven)
    assert answer.startswith(b"HTTP/1.1 200") and b'"digit":7' in answer
    assert raw_exchange(server, GET + OFFER_OF_HTTP_2 + b"\r\n").startswith(b"HTTP/1.1 200")


def test_many_offers_of_http_2_at_once_are_each_answered_and_nothing_is_logged(server: Server) -> None:
    log = server.folder / "log"
    before = log.stat().st_size
    with connected(server) as connection:
        connection.sendall((GET + OFFER_OF_HTTP_2 + b"\r\n") * 2000)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 2000:
            answers += connection.recv(65536)
    assert log.stat().st_size == before


def test_a_client_that_offers_http_2_and_wants_to_leave_is_let_go(server: Server) -> None:
    offer = OFFER_OF_HTTP_2.replace(b"Connection: ", b"Connection: close, ")
    with connected(server) as connection:
        connection.sendall(GET + offer + b"\r\n")
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 200") and b"connection: close" in answer


def open_sockets(server: Server) -> int:
    """The number of the server's open sockets."""
    count = 0
    for entry in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            count += os.readlink(entry).startswith("socket:")
    return count


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed the connection; drops data received before."""
    connection.settimeout(0.02)
    try:
        while connection.recv(1_000_000):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with very short timeouts."""
    folder = tmp_path_factory.mktemp("impatient")
    started = Server(folder, NUMERAL_HEADER_TIMEOUT="0.5", NUMERAL_BODY_TIMEOUT="0.5", NUMERAL_KEEP_ALIVE_TIMEOUT="1")
    yield started
    started.close()


@pytest.mark.parametrize("begin", [b"GET /livez HT", GET, GET + b"\r\n" + GET])
def test_headers_that_do_not_come_to_an_end_are_answered_408(impatient: Server, begin: bytes) -> None:
    with connected(impatient) as connection:
        connection.sendall(begin)
        answer = received(connection)
    assert b"HTTP/1.1 408" in answer and answer.count(b"HTTP/1.1 200") == begin.count(b"\r\n\r\n")


def test_a_trickle_after_an_answer_keeps_no_connection_open(impatient: Server) -> None:
    with connected(impatient, timeout=0.1) as connection:
        connection.sendall(GET + b"Content-Length: 100000\r\n\r\n")

        def cut() -> bool:
            try:
                connection.sendall(b"x")
            except ConnectionError:
                return True
            return is_closed(connection)

        assert wait_until(cut, 10)


@contextmanager
def many_files() -> Iterator[None]:
    """Raise this process's soft limit of open files to the hard limit."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_thousands_of_idle_connections_cost_little_and_are_closed(
    start_server: Callable[..., Server], seven: bytes
) -> None:
    few_files = ["sh", "-c", f'ulimit -Sn {FEW_FILES} && exec "$@"', "sh"]  # of which the server asks for more
    server = start_server(wrapper=few_files, NUMERAL_HEADER_TIMEOUT="4")
    before, memory = open_sockets(server), resident_megabytes(server.process.pid)
    with many_files(), ExitStack() as stack:
        idle = [stack.enter_context(connected(server)) for _ in range(2 * FEW_FILES)]
        wait_until(lambda: open_sockets(server) >= before + 2 * FEW_FILES, 20)
        assert server.client.post("/predict", content=seven).json()["digit"] == 7
        assert resident_megabytes(server.process.pid) - memory < 60
        wait_until(lambda: open_sockets(server) <= before + 1)
        assert all(map(is_closed, idle))


def test_a_connection_that_is_idle_between_two_requests_is_closed(impatient: Server) -> None:
    with connected(impatient, timeout=10) as connection:
        connection.sendall(GET + b"\r\n")
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_client_that_does_not_take_its_answers_is_cut(impatient: Server) -> None:
    impatient.client.close()  # whose own connection would be counted
    impatient.client = httpx.Client(base_url=impatient.url, timeout=30)
    wait_until(lambda: not connections(impatient))
    with connected(impatient) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0.2)
        try:
            for _ in range(1000):  # of some 50 kB each: more than all buffers in between
                connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
        except (TimeoutError, ConnectionError):
            pass
        assert wait_until(lambda: not connections(impatient), 20)


def connections(server: Server) -> list[str]:
    """The other ends of the server's established connections, from the system's table (proc_pid_net_tcp(5))."""
    port = f":{int(server.url.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path(f"/proc/{server.process.pid}/net/tcp").read_text().splitlines()[1:]]
    return [row[2] for row in rows if row[1].endswith(port) and row[3] == ESTABLISHED]
