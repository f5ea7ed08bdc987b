"""`numeral samples` imports, lists and exports; what goes wrong is one line."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from app.cli import main as cli
from tests.client import command
from tests.pictures import picture, zipped
from tests.server import ADMIN_KEY, Server


def test_the_command_line_imports_lists_and_exports(own: Server, tmp_path: Path) -> None:
    (tmp_path / "in.zip").write_bytes(zipped({"7/a.png": picture(1), "2/b.png": picture(2), "7/c.png": b"broken"}))
    imported = command(own, "samples", "import", str(tmp_path / "in.zip"))
    assert imported.returncode == 1 and "2 created, 1 refused" in imported.stdout and "7/c.png" in imported.stdout
    listed = command(own, "samples", "list", "--suspect")
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == [hashlib.sha256(picture(2)).hexdigest()]
    assert command(own, "samples", "export", str(tmp_path / "out.zip")).returncode == 0
    assert zipfile.is_zipfile(tmp_path / "out.zip") and not os.path.exists(tmp_path / "out.zip.part")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--url", "http://127.0.0.1:9"], "can't be reached"),
        (["--url", "http://localhost:abc"], "Invalid port: 'abc'"),
        (["--key", "wrong"], "--key or NUMERAL_ADMIN_KEY"),
        (["--key", "schlüssel"], "--key (NUMERAL_ADMIN_KEY)"),
    ],
)
def test_the_command_line_says_in_one_line_what_went_wrong(server: Server, options: list[str], reason: str) -> None:
    ended = command(server, "samples", "list", *options)
    assert ended.returncode == 1 and ended.stderr.startswith("numeral: ") and ended.stderr.count("\n") == 1
    assert reason in ended.stderr


def test_ctrl_c_ends_a_command_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(argv: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli.samples.main", interrupted)
    monkeypatch.setattr(sys, "argv", ["numeral", "samples", "list"])
    assert cli.main() == 130 and capsys.readouterr().err == "numeral: stopped\n"


def test_the_address_and_the_key_stand_before_or_after_the_subcommand(server: Server) -> None:
    nowhere = {"NUMERAL_URL": "http://127.0.0.1:9", "NUMERAL_ADMIN_KEY": "wrong"}
    given = ["--url", server.url, "--key", ADMIN_KEY]
    for arguments in (["samples", "list", *given], ["samples", *given, "list"]):
        assert command(server, *arguments, **nowhere).returncode == 0
