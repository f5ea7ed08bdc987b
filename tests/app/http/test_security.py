"""Keys: a right one is always accepted; after many wrong ones the client must wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import httpx
import pytest

from app.http.wrong_keys import FREE_TRIES, MAX_ADDRESSES, MAX_WAIT, WrongKeys
from tests.clock import Clock
from tests.logs import lines_of
from tests.server import ADMIN_KEY, Server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wrong(clock: Clock) -> WrongKeys:
    return WrongKeys("admin", clock.monotonic)


def bearer(key: str, address: str) -> dict[str, str]:
    """Headers of a client behind a proxy on this machine, which uvicorn trusts."""
    return {"Authorization": f"Bearer {key}", "X-Forwarded-For": address}


def test_the_first_wrong_keys_are_free_then_each_wait_is_twice_the_last_up_to_a_minute(
    wrong: WrongKeys, clock: Clock
) -> None:
    assert [wrong.note("192.0.2.1") for _ in range(FREE_TRIES)] == [0.0] * FREE_TRIES
    waits = []
    for _ in range(9):
        waits.append(wrong.note("192.0.2.1"))
        clock.now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, MAX_WAIT, MAX_WAIT, MAX_WAIT]


def test_what_comes_during_a_wait_does_not_make_it_longer(wrong: WrongKeys, clock: Clock) -> None:
    for _ in range(FREE_TRIES + 1):
        wrong.note("192.0.2.1")
    clock.now += 0.25
    assert [wrong.note("192.0.2.1") for _ in range(100)] == [0.75] * 100


def test_wrong_keys_are_forgotten_one_a_minute(wrong: WrongKeys, clock: Clock) -> None:
    for _ in range(FREE_TRIES + 1):
        wrong.note("192.0.2.1")
    clock.now += 5 * 60
    assert [wrong.note("192.0.2.1") > 0 for _ in range(5)] == [False] * 4 + [True]
    clock.now += 60 * 60
    assert [wrong.note("192.0.2.1") for _ in range(FREE_TRIES)] == [0.0] * FREE_TRIES


def test_addresses_wait_for_themselves_and_an_ipv6_network_is_one(wrong: WrongKeys) -> None:
    for number in range(FREE_TRIES):
        wrong.note(f"2001:db8:0:1::{number:x}")
        wrong.note("192.0.2.1")
    assert wrong.note("2001:db8:0:1:ffff::1") > 0 and wrong.note("2001:db8:0:2::1") == 0
    assert wrong.note("::ffff:192.0.2.1") > 0 and wrong.note("192.0.2.2") == 0


def test_what_is_remembered_is_bounded(wrong: WrongKeys) -> None:
    for number in range(MAX_ADDRESSES + 1000):
        wrong.note(f"10.1.{number // 256}.{number % 256}")
        wrong.note("192.0.2.1")  # comes again and again, so it is not the one that is forgotten
    assert len(wrong) == MAX_ADDRESSES and wrong.note("192.0.2.1") > 0


def test_a_thousand_wrong_keys_are_three_lines_of_the_log(wrong: WrongKeys, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(1000):
            wrong.note("192.0.2.1")
    assert [record.args[1] for record in lines_of(caplog, "numeral.keys")] == [FREE_TRIES + 1, 100, 1000]


def test_threads_that_count_together_count_right(wrong: WrongKeys, caplog: pytest.LogCaptureFixture) -> None:
    threads = [threading.Thread(target=lambda: [wrong.note("192.0.2.1") for _ in range(250)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lines_of(caplog, "numeral.keys")[-1].args[1] == 1000


def test_wrong_admin_keys_are_asked_to_wait_and_the_right_one_passes_at_once(server: Server) -> None:
    address = "192.0.2.10"
    answers = [server.client.get("/admin/versions", headers=bearer("wrong", address)) for _ in range(FREE_TRIES + 3)]
    assert [answer.status_code for answer in answers] == [401] * FREE_TRIES + [429] * 3
    assert answers[-1].json()["type"] == "/problems/too-many-attempts" and answers[-1].headers["Retry-After"] == "1"
    assert server.client.get("/samples", headers=bearer(ADMIN_KEY, address)).status_code == 200
    assert server.client.get("/samples", headers=bearer("wrong", "192.0.2.11")).status_code == 401
    assert (server.folder / "log").read_text().count(address) == 1


def test_no_key_is_no_attempt(server: Server) -> None:
    def tries(**headers: str) -> set[int]:
        return {server.client.get("/samples", headers=headers).status_code for _ in range(2 * FREE_TRIES)}

    behind = {"X-Forwarded-For": "192.0.2.12"}
    assert tries(**behind) == {401}
    assert tries(Authorization="Bearer", **behind) == {401}
    assert tries(Authorization="Basic d3Jvbmc6d3Jvbmc=", **behind) == {401}
    assert server.client.get("/samples", headers=bearer("wrong", "192.0.2.12")).status_code == 401


def test_wrong_predict_keys_are_counted_apart_from_admin_keys(
    start_server: Callable[..., Server], seven: bytes
) -> None:
    service = start_server(NUMERAL_PREDICT_KEYS="app:sesame")

    def predict(key: str, path: str = "/predict") -> httpx.Response:
        return service.client.post(path, content=seven, headers=bearer(key, "192.0.2.13"))

    assert [predict("wrong").status_code for _ in range(FREE_TRIES)] == [401] * FREE_TRIES
    assert predict("wrong", "/predict/batch").status_code == 429
    address = bearer("wrong", "192.0.2.4")
    for _ in range(FREE_TRIES):
        assert service.client.post("/v2/models/digits/infer", headers=address).status_code == 401
    assert service.client.get("/v2", headers=address).status_code == 429  # not by the fast path
    assert predict("sesame").json()["digit"] == 7
    assert service.client.get("/samples", headers=bearer("wrong", "192.0.2.13")).status_code == 401


def test_a_key_may_have_any_letters(start_server: Callable[..., Server], seven: bytes) -> None:
    server = start_server(NUMERAL_ADMIN_KEYS="ops:schlüssel", NUMERAL_PREDICT_KEYS="пароль")
    for path, key in (("/samples", "schlüssel"), ("/predict", "пароль")):
        method = "GET" if path == "/samples" else "POST"
        for sent, status in ((key, 200), (key[:-1], 401)):
            headers = {b"Authorization": b"Bearer " + sent.encode()}
            assert httpx.request(method, server.url + path, headers=headers, content=seven).status_code == status


def test_without_an_admin_key_the_admin_routes_are_closed(start_server) -> None:
    server = start_server(NUMERAL_ADMIN_KEYS="")
    answer = server.client.get("/admin/jobs")
    assert answer.status_code == 403 and answer.json()["type"] == "/problems/admin-disabled"
    assert "NUMERAL_ADMIN_KEYS" in answer.json()["detail"]


def test_keys_are_valid_at_once_under_one_name_too_and_none_is_logged(start_server, seven: bytes) -> None:
    server = start_server(NUMERAL_ADMIN_KEYS="old-secret,key-1:new-secret,ops:third-secret,ops:fourth-secret")
    for label, key in enumerate(("old-secret", "new-secret", "third-secret", "fourth-secret")):
        headers = {"Authorization": f"Bearer {key}"}
        form = {"files": {"file": seven}, "data": {"label": str(label)}}
        server.client.post("/samples", headers=headers, **form).raise_for_status()
    records = server.client.get("/admin/audit", headers=headers).json()["items"]
    assert [record["actor"] for record in records] == ["ops", "ops", "key-1", "key-1"]
    assert "secret" not in (server.folder / "log").read_text()
