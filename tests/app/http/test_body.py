"""Bodies as bytes on a connection: too large, late, in pieces, one after the other, or never complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bench.servers import resident_megabytes
from tests.client import check_problem, connected, raw_exchange
from tests.server import Server


def test_fifty_megabytes_are_refused_with_memory_flat(server: Server) -> None:
    before = resident_megabytes(server.process.pid)
    for data in (b"\0" * 50_000_000, b"\x89PNG" * 12_500_000):
        check_problem(server.client.post("/predict", content=data), 413, "body-too-large")
    chunked = server.client.post("/predict", content=(b"\0" * 1_000_000 for _ in range(50)))
    check_problem(chunked, 413, "body-too-large")
    assert resident_megabytes(server.process.pid) - before < 60  # at most one body of the size that is allowed


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for a body for a very short time."""
    started = Server(tmp_path_factory.mktemp("impatient"), NUMERAL_BODY_TIMEOUT="0.3")
    yield started
    started.close()


def test_a_body_that_does_not_come_is_cut_with_408(impatient: Server) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    answer = raw_exchange(impatient, head, b"\x89PNG")
    assert answer.startswith(b"HTTP/1.1 408") and b"/problems/request-timeout" in answer
    assert impatient.client.get("/readyz").status_code == 200


def test_a_body_that_trickles_is_cut_with_408_however_steadily_it_comes(impatient: Server) -> None:
    with connected(impatient, timeout=0.05) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        answer, sent = b"", 0
        while not answer and sent < 100:
            connection.sendall(b"x")
            sent += 1
            with suppress(TimeoutError):  # until the next byte is due
                answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408") and 2 < sent < 100


def test_a_body_in_chunks_without_a_length_is_read_as_a_whole_one(server: Server, seven: bytes) -> None:
    whole = server.client.post("/predict", content=seven).json()
    pieces = server.client.post("/predict", content=(seven[start : start + 50] for start in range(0, len(seven), 50)))
    assert pieces.request.headers["Transfer-Encoding"] == "chunked"
    assert {**pieces.json(), "request_id": ""} == {**whole, "request_id": ""}


@pytest.mark.parametrize("length", [b"-5", b"many", b"1e3"])
def test_a_content_length_that_is_no_number_is_refused(server: Server, length: bytes) -> None:
    answer = raw_exchange(server, b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 400")


def test_pipelined_requests_are_answered_in_order(server: Server, seven: bytes) -> None:
    request = b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Request-ID: %s\r\nContent-Length: %d\r\n\r\n"
    with connected(server) as connection:
        connection.sendall(b"".join(request % (name, len(seven)) + seven for name in (b"one", b"two", b"three")))
        answer = b""
        while answer.count(b'"request_id"') < 3:
            answer += connection.recv(65536)
    assert re.findall(rb"x-request-id: (\w+)", answer) == [b"one", b"two", b"three"]


def test_a_client_that_leaves_in_the_middle_harms_nobody(server: Server, seven: bytes) -> None:
    for _ in range(20):
        with connected(server) as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + seven[:200])
    assert server.client.post("/predict", content=seven).json()["digit"] == 7
