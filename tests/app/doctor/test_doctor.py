"""`numeral doctor` finds what is wrong, says what to do about it, tells no secret and changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import doctor
from app.doctor import examination
from model.classifier import Classifier, Verdict
from tests.app.doctor.report import Examine, states, worst
from tests.server import Server, clean_environment


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


@pytest.mark.usefixtures("examine")
def test_the_remedy_stands_below_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUMERAL_MAX_BATCH", "many")
    assert doctor.main([]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("failing  settings    NUMERAL_MAX_BATCH") and second.strip().startswith("→ correct")


def test_a_version_that_misreads_is_found(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Classifier, "judge", lambda *_: [Verdict(1, 0.9, True, None, [])])
    status, found = examine()
    assert status == 1 and "read as 1" in worst(found["prediction"])["detail"]


def test_what_a_training_would_use_is_told(examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    status, found = examine(NUMERAL_DATA_DIR=str(tmp_path))
    assert status == 1 and str(tmp_path) in worst(found["training"])["detail"]
    status, found = examine(NUMERAL_DATA_DIR="", NUMERAL_OFFLINE="1")
    assert status == 0 and "1,797" in worst(found["training"])["detail"]
    monkeypatch.setattr(examination, "find_spec", lambda _: None)
    assert "numeral[train]" in examine()[1]["training"][0]["detail"]


def test_the_command_loads_neither_torch_nor_what_other_commands_need() -> None:
    code = "import sys, app.cli.doctor; print(sorted({'torch', 'httpx', 'rich', 'alembic'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], env=clean_environment(), capture_output=True, text=True)
    assert ran.stdout == "[]\n", ran.stderr
