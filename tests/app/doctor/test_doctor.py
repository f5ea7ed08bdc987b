"""`numeral doctor` finds what is wrong, says what to do about it, tells no secret and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.cli import doctor
from app.database.migrate import HEAD, migrate
from app.doctor import examination, storage
from bench.servers import free_port
from model.classifier import Classifier, Verdict
from tests.server import SHIPPED, Server, clean_environment

Examine = Callable[..., tuple[int, dict[str, list[dict[str, str]]]]]


@pytest.fixture
def examine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Examine:
    """Run the command in an empty folder with these settings; its exit status, and the findings of each check."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for name in os.environ:
        if name.startswith(("NUMERAL_", "OTEL_")):
            monkeypatch.delenv(name)

    def run(**environment: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
        settings = {"PORT": str(free_port()), "NUMERAL_OFFLINE": "0", "NUMERAL_SHIPPED_WEIGHTS_DIR": str(SHIPPED)}
        for name, value in (settings | environment).items():
            monkeypatch.setenv(name, value)
        status = doctor.main(["--json"])
        report = json.loads(capsys.readouterr().out)
        assert report["ok"] == (status == 0)
        found: dict[str, list[dict[str, str]]] = {}
        for finding in report["findings"]:
            assert bool(finding["remedy"]) == (finding["state"] != "ok"), finding
            found.setdefault(finding["check"], []).append(finding)
        return status, found

    return run


def states(findings: list[dict[str, str]]) -> set[str]:
    return {finding["state"] for finding in findings}


def worst(findings: list[dict[str, str]]) -> dict[str, str]:
    """The finding that is not in order."""
    (found,) = (finding for finding in findings if finding["state"] != "ok")
    return found


def test_an_empty_folder_is_enough_and_stays_empty(examine: Examine) -> None:
    status, found = examine()
    assert status == 0 and list(Path().iterdir()) == []
    assert found.keys() == {
        "settings", "keys", "rights", "disk", "versions", "prediction", "database", "clock", "telemetry", "training",
        "port",
    }  # fmt: skip
    assert {state for findings in found.values() for state in states(findings)} == {"ok"}


def test_beside_a_running_service_all_is_well_and_for_people_to_read(server: Server) -> None:
    before = sorted(server.folder.rglob("*"))
    line = [sys.executable, "-m", "app", "doctor"]
    ended = subprocess.run(line, env=server.environment, cwd=server.folder, capture_output=True, text=True)
    assert ended.returncode == 0 and "failing" not in ended.stdout and ended.stderr == ""
    assert "version 1 is intact" in ended.stdout and "a drawn 7 is read" in ended.stdout
    assert "is ready" in ended.stdout and "schema is current" in ended.stdout
    assert {path for path in server.folder.rglob("*") if path.suffix not in (".db-wal", ".db-shm")} <= set(before)


def test_the_remedy_stands_below_what_is_wrong(examine: Examine, capsys: pytest.CaptureFixture[str]) -> None:
    os.environ["NUMERAL_MAX_BATCH"] = "many"
    assert doctor.main([]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("failing  settings    NUMERAL_MAX_BATCH") and second.strip().startswith("→ correct")
    del os.environ["NUMERAL_MAX_BATCH"]


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


@pytest.mark.parametrize("name", ["NUMERAL_WEIGHTS_DIR", "NUMERAL_DATABASE_URL"])
def test_a_file_where_a_folder_should_be_is_found(examine: Examine, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    value = f"{tmp_path}/file/within"
    status, found = examine(**{name: f"sqlite:///{value}/numeral.db" if "URL" in name else value})
    assert status == 1 and value in worst(found["rights"])["detail"]


def test_a_read_only_folder_is_found_and_its_owner_named(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, *_, **__: Path(path).name != "work" and access(path, os.R_OK))
    status, found = examine(NUMERAL_DATABASE_URL=f"sqlite:///{tmp_path}/numeral.db")
    assert status == 1 and worst(found["rights"])["remedy"].startswith("give that user the folder: chown -R")


def test_a_damaged_version_is_named_and_fails_only_if_none_is_left(examine: Examine, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(SHIPPED / "1", weights / "1")
    (weights / "2").mkdir()
    (weights / "2/manifest.json").write_text("{}")
    (weights / "CURRENT").write_text("1\n")
    status, found = examine(NUMERAL_WEIGHTS_DIR=str(weights))
    assert status == 0 and "version 2" in worst(found["versions"])["detail"]
    (weights / "1/model.onnx").write_bytes(b"rubbish")
    status, found = examine(NUMERAL_WEIGHTS_DIR=str(weights))
    assert status == 1 and "failing" in states(found["versions"]) and states(found["prediction"]) == {"failing"}
    assert any("model.onnx is damaged" in finding["detail"] for finding in found["versions"])


def test_without_any_version_it_says_so(examine: Examine) -> None:
    status, found = examine(NUMERAL_SHIPPED_WEIGHTS_DIR="nowhere")
    assert status == 1 and states(found["versions"]) == {"failing"} and states(found["clock"]) == {"ok"}


def test_a_version_that_misreads_is_found(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Classifier, "judge", lambda *_: [Verdict(1, 0.9, True, None, [])])
    status, found = examine()
    assert status == 1 and "read as 1" in worst(found["prediction"])["detail"]


def test_a_damaged_database_is_found_and_left_as_it_is(examine: Examine, tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/numeral.db", tmp_path / "numeral.db"
    file.write_bytes(b"garbage " * 4096)
    status, found = examine(NUMERAL_DATABASE_URL=url)
    assert status == 1 and str(file) in worst(found["database"])["detail"]
    assert "backup" in worst(found["database"])["remedy"] and file.read_bytes() == b"garbage " * 4096


def test_a_table_that_is_damaged_within_is_found(examine: Examine, tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/numeral.db", tmp_path / "numeral.db"
    migrate(url)
    content = bytearray(file.read_bytes())
    content[2 * 4096 : 3 * 4096] = b"\xff" * 4096
    file.write_bytes(content)
    status, found = examine(NUMERAL_DATABASE_URL=url)
    assert status == 1 and states(found["database"]) == {"failing"}


@pytest.mark.parametrize(
    ("revision", "state", "says"), [("9999", "failing", "9999"), ("0001", "ok", f"brings it to {HEAD}")]
)
def test_a_schema_of_another_version_is_told(
    examine: Examine, tmp_path: Path, revision: str, state: str, says: str
) -> None:
    url = f"sqlite:///{tmp_path}/numeral.db"
    migrate(url)
    with closing(sqlite3.connect(tmp_path / "numeral.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()
    _, found = examine(NUMERAL_DATABASE_URL=url)
    (finding,) = found["database"]
    assert finding["state"] == state and says in finding["detail"]
    with closing(sqlite3.connect(tmp_path / "numeral.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)


def test_an_unreachable_database_is_told_without_its_password(examine: Examine) -> None:
    status, found = examine(NUMERAL_DATABASE_URL=f"postgresql://me:s3cret@127.0.0.1:{free_port()}/numeral")
    assert status == 1 and "NUMERAL_DATABASE_URL" in worst(found["database"])["remedy"]
    assert "s3cret" not in str(found)


@pytest.mark.parametrize("url", ["nonsense", "nonsense://there", "postgresql://me:s3cret@there:port/numeral"])
def test_an_address_that_is_no_database_is_told(examine: Examine, url: str) -> None:
    status, found = examine(NUMERAL_DATABASE_URL=url)
    assert status == 1 and "NUMERAL_DATABASE_URL" in worst(found["settings"])["detail"]
    assert "s3cret" not in str(found)


def test_postgresql_is_examined_too(examine: Examine, postgresql_url: str) -> None:
    status, found = examine(NUMERAL_DATABASE_URL=postgresql_url)
    assert status == 0 and "is not made" in found["database"][0]["detail"]
    migrate(postgresql_url)
    assert "is current" in examine(NUMERAL_DATABASE_URL=postgresql_url)[1]["database"][0]["detail"]


def test_a_clock_that_differs_from_the_databases_is_told(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    migrate(f"sqlite:///{tmp_path}/numeral.db")
    monkeypatch.setattr("app.doctor.database.time", SimpleNamespace(time=lambda: 1_700_000_000.0))
    status, found = examine(NUMERAL_DATABASE_URL=f"sqlite:///{tmp_path}/numeral.db")
    assert status == 0 and "from this host's" in worst(found["clock"])["detail"]


@pytest.mark.parametrize(("free", "state"), [(99e6, "failing"), (999e6, "warning"), (1001e6, "ok")])
def test_little_room_is_told(examine: Examine, monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    status, found = examine()
    assert states(found["disk"]) == {state} and status == (state == "failing")


def test_a_clock_before_the_newest_training_is_told(examine: Examine, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(SHIPPED / "1", weights / "1")
    manifest = json.loads((weights / "1/manifest.json").read_text()) | {"created_at": "2999-01-01T00:00:00Z"}
    (weights / "1/manifest.json").write_text(json.dumps(manifest))
    status, found = examine(NUMERAL_WEIGHTS_DIR=str(weights))
    assert status == 1 and "NTP" in worst(found["clock"])["remedy"]


def test_telemetry_that_somebody_turned_on_is_told(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    status, found = examine(OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318")
    assert status == 0 and any("http://collector:4318" in finding["detail"] for finding in found["telemetry"])
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    status, found = examine()
    assert status == 1 and "ORT_DISABLE_TELEMETRY=1" in worst(found["telemetry"])["remedy"]


def test_what_a_training_would_use_is_told(examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    status, found = examine(NUMERAL_DATA_DIR=str(tmp_path))
    assert status == 1 and str(tmp_path) in worst(found["training"])["detail"]
    status, found = examine(NUMERAL_DATA_DIR="", NUMERAL_OFFLINE="1")
    assert status == 0 and "1,797" in worst(found["training"])["detail"]
    monkeypatch.setattr(examination, "find_spec", lambda _: None)
    assert "numeral[train]" in examine()[1]["training"][0]["detail"]


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


def test_the_command_is_listed_and_needs_no_torch() -> None:
    code = "import sys, app.cli.doctor; print(sorted({'torch', 'httpx', 'rich', 'alembic'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], env=clean_environment(), capture_output=True, text=True)
    assert ran.stdout == "[]\n", ran.stderr
