"""What the doctor finds about settings, keys, telemetry and the port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.app.doctor.report import Examine, worst
from tests.server import Server


def test_a_wrong_setting_is_named(examine: Examine) -> None:
    status, found = examine(NUMERAL_MAX_BATCH="many")
    assert status == 1 and "NUMERAL_MAX_BATCH" in worst(found["settings"])["detail"]


def test_a_mistyped_setting_is_pointed_out(examine: Examine) -> None:
    status, found = examine(NUMERAL_ADMIN_KYES="x" * 20, NUMERAL_URL="http://a.example")
    assert status == 0 and "NUMERAL_ADMIN_KYES" in worst(found["settings"])["detail"]


def test_a_short_key_is_pointed_out_by_its_name_and_no_key_is_shown(
    examine: Examine, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = examine(NUMERAL_ADMIN_KEYS="ops:s3cret,other:" + "0123456789abcdef")
    assert status == 0 and "the key ops" in worst(found["keys"])["detail"]
    assert "s3cret" not in str(found) and "0123456789abcdef" not in str(found)


def test_a_setting_that_has_no_prefix_is_pointed_out_with_one(examine: Examine) -> None:
    status, found = examine(NUMERAL_PORT="8080")
    assert status == 0 and "NUMERAL_PORT is no setting" in worst(found["settings"])["detail"]


def test_the_keys_of_the_file_count_and_one_that_cannot_be_used_is_told(examine: Examine, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("admin ops:0123456789abcdef\nteach counter:s3cret\n")
    file.chmod(0o644)
    status, found = examine(NUMERAL_KEYS_FILE=str(file), NUMERAL_TEACH_KEYS="desk:short")
    details = [finding["detail"] for finding in found["keys"] if finding["state"] == "warning"]
    assert status == 0 and len(details) == 3
    for part in ("644", "the key counter", "the key desk"):
        assert any(part in detail for detail in details)
    told = [finding["detail"] for finding in found["keys"] if finding["state"] == "ok"]
    assert told == ["the admin routes are open", "predictions need a key"]
    file.write_text("admin\n")
    file.chmod(0o600)
    status, found = examine(NUMERAL_KEYS_FILE=str(file), NUMERAL_TEACH_KEYS="")
    assert status == 1 and "line 1" in worst(found["keys"])["detail"]
    status, found = examine(NUMERAL_KEYS_FILE=str(tmp_path / "none"))
    assert status == 1 and "No such file" in worst(found["keys"])["detail"]


def test_telemetry_that_somebody_turned_on_is_told(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    status, found = examine(OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318")
    assert status == 0 and any("http://collector:4318" in finding["detail"] for finding in found["telemetry"])
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    status, found = examine()
    assert status == 1 and "ORT_DISABLE_TELEMETRY=1" in worst(found["telemetry"])["remedy"]


@pytest.fixture
def stranger() -> Iterator[int]:
    """A port where something listens that is no web server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            with closing(listener.accept()[0]) as connection:
                connection.recv(1000)
                connection.sendall(b"220 hello\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_something_else_at_the_port_is_told(examine: Examine, stranger: int) -> None:
    status, found = examine(PORT=str(stranger))
    assert status == 0 and "something else" in worst(found["port"])["detail"]


def test_what_a_running_service_warns_of_is_told(examine: Examine, start_server: Callable[..., Server]) -> None:
    server = start_server()
    server.stop()
    (server.folder / "weights/CURRENT").write_text("9\n")
    server.start()
    _, found = examine(PORT=server.environment["PORT"])
    assert "version 9" in worst(found["port"])["detail"]
