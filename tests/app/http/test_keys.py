"""Keys and their scopes: which key opens what, and a file of keys that changes, breaks or vanishes meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretBytes

from app.http import keys
from app.http.key_file import MAX_BYTES, MAX_KEYS, FileKeys, Found, InvalidKeyFile, KeyScope, parse_key_file
from app.http.keys import KeyRing
from app.settings import load_settings
from tests.client import check_problem, stranger
from tests.processes import kill, server_processes
from tests.server import ADMIN_KEY, REPOSITORY, Server, clean_environment, wait_until

FILE = "# all of them\nadmin ops:file-admin\nteach counter:file:teach # the counter's\n\npredict app:file-predict\n"
RIGHTS = {"ops": KeyScope.ADMIN, "counter": KeyScope.TEACH, "app": KeyScope.PREDICT}


def parsed(text: str | bytes) -> FileKeys:
    return parse_key_file(Found(SecretBytes(text.encode() if isinstance(text, str) else text)))


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "keys", FILE)


@pytest.fixture
def ring(file: Path, monkeypatch: pytest.MonkeyPatch) -> KeyRing:
    monkeypatch.setenv("NUMERAL_KEYS_FILE", str(file))
    monkeypatch.setenv("NUMERAL_ADMIN_KEYS", "boss:from-the-environment")
    monkeypatch.delenv("NUMERAL_PREDICT_KEYS", raising=False)
    return KeyRing(load_settings())


def name_of(ring: KeyRing, given: str) -> str | None:
    found = ring.find(given)
    return found and found.name


def look_twice(ring: KeyRing, file: Path) -> None:
    for _ in range(2):
        ring._look(file)


def test_a_line_is_a_scope_a_name_and_a_key() -> None:
    found = parsed("\ufeff" + FILE.replace("\n", "\r\n"))
    assert {name: scope for scope, name, _ in found.keys} == RIGHTS
    assert [key.get_secret_value() for *_, key in found.keys] == [b"file-admin", b"file:teach", b"file-predict"]
    assert not found.opens_predictions and parsed("predict *").opens_predictions


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no keys"),
        ("# admin ops:secret", "no keys"),
        ("admin ops:secret\nroot ops:secret", "line 2"),
        ("admin secret", "line 1"),
        ("admin :secret", "line 1"),
        ("admin ops:", "line 1"),
        ("admin ops:secret secret", "line 1"),
        ("admin *", "line 1"),
        ("teach *", "line 1"),
        ("Admin ops:secret", "line 1"),
        (b"admin ops:\xff\xfe", "UTF-8"),
        ("admin ops:secret\n" * (MAX_KEYS + 1), f"more than {MAX_KEYS} keys"),
        ("#" * (MAX_BYTES + 1), "more than 65,536 bytes"),
    ],
)
def test_another_file_is_refused_and_never_quoted(text: str | bytes, why: str) -> None:
    with pytest.raises(InvalidKeyFile, match=why) as refused:
        parsed(text)
    assert "secret" not in str(refused.value)


def test_as_many_keys_as_are_allowed_are_taken() -> None:
    assert len(parsed("teach a:b\n" * MAX_KEYS).keys) == MAX_KEYS


def test_a_key_in_several_scopes_has_the_widest_of_them(ring: KeyRing, file: Path) -> None:
    write(file, "admin ops:same\npredict app:same\nteach counter:same\n")
    look_twice(ring, file)
    found = ring.find("same")
    assert found and (found.name, found.scope) == ("ops", KeyScope.ADMIN)
    assert "same" not in repr(ring.keys)


def test_a_file_is_used_once_it_stays_as_it_is(ring: KeyRing, file: Path) -> None:
    write(file, "teach counter:ne")  # cut: the editor still writes
    ring._look(file)
    assert name_of(ring, "file-admin") == "ops" and name_of(ring, "ne") is None
    write(file, "teach counter:new")
    ring._look(file)
    assert name_of(ring, "new") is None
    ring._look(file)
    assert (name_of(ring, "new"), name_of(ring, "file-admin")) == ("counter", None)
    assert name_of(ring, "from-the-environment") == "boss"


@pytest.mark.parametrize("broken", ["", "admin ops", None])
def test_a_file_that_breaks_leaves_the_keys_as_they_were_and_says_so(
    ring: KeyRing, file: Path, broken: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    file.unlink() if broken is None else file.write_text(broken)
    for _ in range(5):
        ring._look(file)
    assert name_of(ring, "file-admin") == "ops" and not ring.predict_is_open
    assert ring.warning and str(file) in ring.warning and "keys from before" in ring.warning
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    write(file, FILE)
    look_twice(ring, file)
    assert ring.warning is None


@pytest.mark.parametrize(("rights", "is_risky"), [(0o600, False), (0o640, False), (0o644, True), (0o660, True)])
def test_rights_that_let_others_in_are_warned_of(ring: KeyRing, file: Path, rights: int, is_risky: bool) -> None:
    file.chmod(rights)
    look_twice(ring, file)
    assert bool(ring.warning) is is_risky
    assert not is_risky or f"{rights:03o}" in str(ring.warning)
    assert name_of(ring, "file-admin") == "ops"


@pytest.mark.parametrize(
    ("predict_keys", "text", "is_open"),
    [
        ("", None, True),
        ("a:b", None, False),
        ("", "teach counter:key", False),
        ("", "teach counter:key\npredict *", True),
        ("", "broken", False),
    ],
)
def test_predictions_are_open_where_nothing_closes_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, predict_keys: str, text: str | None, is_open: bool
) -> None:
    monkeypatch.setenv("NUMERAL_PREDICT_KEYS", predict_keys)
    monkeypatch.setenv("NUMERAL_KEYS_FILE", "" if text is None else str(write(tmp_path / "keys", text)))
    assert KeyRing(load_settings()).predict_is_open is is_open


def test_what_is_no_regular_file_is_not_waited_for(ring: KeyRing, file: Path) -> None:
    file.unlink()
    os.mkfifo(file)
    look_twice(ring, file)
    assert ring.warning and "no regular file" in ring.warning and name_of(ring, "file-admin") == "ops"


def test_the_watcher_survives_what_it_does_not_expect(
    ring: KeyRing, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, read = iter([OSError("odd")]), keys.read_key_file

    def odd(path: Path) -> Found:
        for error in looks:
            raise error
        return read(path)

    monkeypatch.setattr(keys, "read_key_file", odd)
    monkeypatch.setattr(keys, "POLL_SECONDS", 0.01)
    ring.start()
    write(file, "admin later:later")
    wait_until(lambda: name_of(ring, "later"))
    ring.stop()
    assert "watch-keys" not in [thread.name for thread in threading.enumerate()]


KEYS = {"NUMERAL_ADMIN_KEYS": "boss:admin", "NUMERAL_TEACH_KEYS": "pupil:teach", "NUMERAL_PREDICT_KEYS": "app:predict"}
MAY = {"predict": {"predict"}, "teach": {"predict", "teach"}, "admin": {"predict", "teach", "admin"}}


def statuses(server: Server, key: str, seven: bytes) -> dict[str, int]:
    """What a request of each scope is answered."""
    headers = stranger(f"Bearer {key}")
    form = {"files": {"file": seven}, "data": {"label": "7"}}
    return {
        "predict": server.client.post("/predict", content=seven, headers=headers).status_code,
        "teach": server.client.post("/samples", **form, headers=headers).status_code,
        "admin": server.client.get("/samples", headers=headers).status_code,
    }


def test_each_scope_includes_the_lesser_ones_and_a_key_without_it_is_not_a_wrong_one(
    start_server: Callable[..., Server], seven: bytes
) -> None:
    server = start_server(**KEYS)
    for key, scopes in MAY.items():
        found = statuses(server, key, seven)
        assert {scope for scope, status in found.items() if status < 300} == scopes
        assert {status for scope, status in found.items() if scope not in scopes} <= {403}
    teacher = stranger("Bearer teach")
    for _ in range(30):
        problem = check_problem(server.client.get("/samples", headers=teacher), 403, "insufficient-scope")
    assert "pupil" in problem["detail"] and "admin key" in problem["detail"]
    actors = {
        record["actor"]
        for record in server.client.get("/admin/audit", headers=stranger("Bearer admin")).json()["items"]
    }
    assert actors == {"pupil"}  # who stored it first; the admin's changed nothing


@pytest.mark.parametrize("method", ["DELETE", "GET"])
def test_a_teach_key_neither_reads_nor_deletes_samples(
    start_server: Callable[..., Server], seven: bytes, method: str
) -> None:
    server = start_server(**KEYS)
    teacher = stranger("Bearer teach")
    place = server.client.post("/samples", files={"file": seven}, data={"label": "7"}, headers=teacher).headers[
        "Location"
    ]
    check_problem(server.client.request(method, place, headers=teacher), 403, "insufficient-scope")


def test_teaching_needs_no_admin_key_to_be_set(start_server: Callable[..., Server], seven: bytes) -> None:
    server = start_server(NUMERAL_ADMIN_KEYS="", NUMERAL_TEACH_KEYS="sesame")
    assert statuses(server, "sesame", seven) == {"predict": 200, "teach": 201, "admin": 403}
    assert server.client.get("/samples", headers=stranger("Bearer sesame")).json()["type"] == "/problems/admin-disabled"
    assert "sesame" not in (server.folder / "log").read_text()


def test_without_a_teach_and_an_admin_key_teaching_is_closed(start_server: Callable[..., Server]) -> None:
    server = start_server(NUMERAL_ADMIN_KEYS="")
    problem = check_problem(server.client.post("/samples"), 403, "admin-disabled")
    assert "NUMERAL_TEACH_KEYS" in problem["detail"]


@pytest.mark.slow
def test_every_worker_uses_the_new_keys_within_a_second(
    start_server: Callable[..., Server], file: Path, seven: bytes
) -> None:
    server = start_server(NUMERAL_KEYS_FILE=str(file), NUMERAL_WORKERS="2")
    assert statuses(server, "file:teach", seven) == {"predict": 200, "teach": 201, "admin": 403}
    written = write(file.with_name("next"), "admin ops:rotated\n")
    written.replace(file)

    def are_all_new() -> bool:
        answers = [statuses(server, key, seven)["admin"] for key in ("rotated", "file-admin") * 8]
        return answers == [200, 401] * 8

    wait_until(are_all_new, 1.0 + 5.0)  # a busy machine may add to the second
    assert statuses(server, ADMIN_KEY, seven)["admin"] == 200
    file.write_text("half a li")
    wait_until(lambda: "is not used: line 1" in (server.client.get("/readyz").json()["warning"] or ""))
    for _ in range(8):
        assert statuses(server, "rotated", seven)["admin"] == 200
    assert "rotated" not in (server.folder / "log").read_text()


def test_a_worker_that_starts_while_the_file_is_broken_lets_nobody_in_by_mistake(
    start_server: Callable[..., Server], file: Path, seven: bytes
) -> None:
    server = start_server(NUMERAL_KEYS_FILE=str(file), NUMERAL_WORKERS="2")
    file.write_text("")
    _, *before = server_processes(server.process.pid)
    kill(before[:1])
    wait_until(lambda: (server.folder / "log").read_text().count("no keys but those of the settings") == 1)
    for _ in range(16):
        assert statuses(server, "wrong", seven) == {"predict": 401, "teach": 401, "admin": 401}
        assert statuses(server, ADMIN_KEY, seven)["predict"] == 200


@pytest.mark.parametrize("text", ["admin ops", None])
def test_the_service_does_not_start_with_an_invalid_file(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "keys"
    if text is not None:
        path.write_text(text)
    environment = clean_environment(
        NUMERAL_KEYS_FILE=str(path), PORT="0", NUMERAL_DATABASE_URL=f"sqlite:///{tmp_path}/n.db"
    )
    command = [sys.executable, "-m", "app", "serve"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=REPOSITORY, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(f"numeral: NUMERAL_KEYS_FILE={path} can't be used: ")
