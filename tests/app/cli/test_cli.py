"""The command line: a typing error, a missing file or a closed output gives one clear line."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from app.cli import main as cli
from app.cli import packing
from app.cli import retrain as retrain_command
from model.cli import train as train_command
from model.recipe import QUICK
from tests.server import ADMIN_KEY, SHIPPED, Server, clean_environment


def numeral(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command."""
    environment = clean_environment(NUMERAL_WEIGHTS_DIR=str(SHIPPED), COLUMNS="200")
    ended: subprocess.CompletedProcess[str] = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        **{"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 60} | options,  # type: ignore[call-overload]
        text=True,
    )
    return ended


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *line: str) -> tuple[int, str, str]:
    """Run a command in this process; return its exit status, output and errors."""
    monkeypatch.setattr(sys, "argv", ["numeral", *line])
    try:
        status = cli.main()
    except SystemExit as end:  # argparse's
        status = int(end.code or 0)
    return status, *capsys.readouterr()


@pytest.mark.parametrize(("typed", "meant"), [("trian", "train"), ("sample", "samples"), ("Predict", "predict")])
def test_a_mistyped_command_is_named_and_the_nearest_proposed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, typed: str, meant: str
) -> None:
    status, _, errors = run(capsys, monkeypatch, typed)
    assert status == 2 and f"no command `{typed}`; did you mean `{meant}`?" in errors and errors.count("\n") == 2


def test_help_and_version_are_found_where_people_look(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = [run(capsys, monkeypatch, *line) for line in ([], ["help"], ["--help"], ["-h"])]
    assert usage == [(0, f"{cli.usage()}\n", "")] * 4
    status, output, _ = run(capsys, monkeypatch, "help", "versions")
    assert status == 0 and output.startswith("usage: numeral versions")
    assert run(capsys, monkeypatch, "--version")[:2] == (0, f"numeral {cli.version('numeral')}\n")
    assert "did you mean" not in run(capsys, monkeypatch, "zzzz")[2]


@pytest.mark.parametrize("line", [["versions"], ["--help"]])
def test_a_pipe_that_was_closed_ends_a_command_without_a_word(line: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = numeral(*line, stdout=writer)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_an_output_that_is_full_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        ended = numeral("versions", stdout=full)
    assert (ended.returncode, ended.stderr) == (1, "numeral: No space left on device\n")


def test_a_terminal_without_unicode_shows_what_it_can() -> None:
    ended = numeral("--help", env=clean_environment(PYTHONIOENCODING="ascii"))
    assert ended.returncode == 0 and "numeral COMMAND" in ended.stdout


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (["samples", "import", "nowhere.zip"], "nowhere.zip: No such file or directory"),
        (["samples", "import", "."], "nothing to import: put images into folders 0-9"),
        (["samples", "export", "."], ". is a folder: name a file"),
        (["samples", "list", "--url", "127.0.0.1:9"], "http://127.0.0.1:9 can't be reached: Connection refused; is it"),
        (["samples", "list", "--url", "ftp://x"], "--url (NUMERAL_URL) must be an address as http://127.0.0.1:8000"),
        (["samples", "list", "--url", "http://"], "--url (NUMERAL_URL) must be an address as http://127.0.0.1:8000"),
        (["retrain", "--url", "http://[::1"], "can't be reached"),
        (["samples", "list", "--key", " "], "--key (NUMERAL_ADMIN_KEY)"),
    ],
)
def test_what_is_wrong_with_an_address_or_a_file_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NUMERAL_URL", "NUMERAL_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    status, _, errors = run(capsys, monkeypatch, *line)
    assert status == 1 and errors.startswith("numeral: ") and errors.count("\n") == 1 and reason in errors
    assert "Errno" not in errors


class SomethingElse(http.server.BaseHTTPRequestHandler):
    """A service other than Numeral."""

    def do_GET(self) -> None:
        body = b"[]" if "samples" in self.path else b"<html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def something_else() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SomethingElse) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{service.server_port}"
        service.shutdown()


@pytest.mark.parametrize("line", [["samples", "list"], ["retrain"]])
def test_a_service_that_is_no_numeral_is_called_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, something_else: str, line: list[str]
) -> None:
    status, _, errors = run(capsys, monkeypatch, *line, "--url", something_else)
    assert status == 1 and "not as Numeral does" in errors and errors.count("\n") == 1


def digits(folder: Path, seven: bytes) -> Path:
    """A folder with a seven in a folder 7, one labelled by a labels.csv, and unrelated files."""
    for name in ("7", "more", ".hidden/7"):
        (folder / name).mkdir(parents=True)
    (folder / "7" / "a").write_bytes(seven)
    (folder / "more" / "b.PNG").write_bytes(seven + b" ")
    (folder / "more" / "labels.csv").write_text("b.PNG,7\n")
    for litter in ("letter.txt", ".DS_Store", "7/.b.png", ".hidden/7/c.png"):
        (folder / litter).write_bytes(b"private")
    os.utime(folder / "7" / "a", (0, 0))
    return folder


def names(folder: Path) -> list[str]:
    """The names in the ZIP of the folder."""
    file = BytesIO()
    assert packing.pack(folder, file) == []
    return zipfile.ZipFile(file).namelist()


def test_a_folder_is_sent_as_its_zip_without_what_is_no_sample(tmp_path: Path, seven: bytes) -> None:
    folder = digits(tmp_path / "digits", seven)
    assert sorted(names(folder)) == ["7/a", "more/b.PNG", "more/labels.csv"]
    assert names(folder / "7") == ["7/a"]


def test_a_folder_that_is_too_large_is_not_sent(tmp_path: Path, seven: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = digits(tmp_path / "digits", seven)
    for limit in ("MAX_FILES", "MAX_BYTES"):
        with monkeypatch.context() as changed:
            changed.setattr(packing, limit, 2)
            with pytest.raises(packing.Refused, match="import its folders one by one"):
                packing.pack(folder, BytesIO())


def test_what_can_not_be_read_in_a_folder_is_told_and_the_rest_is_sent(
    tmp_path: Path, seven: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(archive: zipfile.ZipFile, path: Path, name: str) -> None:
        if path.name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        add(archive, path, name)

    add = packing.add
    monkeypatch.setattr(packing, "add", broken)
    file = BytesIO()
    (error,) = packing.pack(digits(tmp_path / "digits", seven), file)
    assert isinstance(error, PermissionError) and len(zipfile.ZipFile(file).namelist()) == 2


def test_a_folder_is_imported(start_server: Callable[..., Server], tmp_path: Path, seven: bytes) -> None:
    service = start_server()
    folder = digits(tmp_path / "digits", seven)
    access = ["--url", service.url.removeprefix("http://"), "--key", ADMIN_KEY]
    ended = numeral("samples", "import", str(folder), *access)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "2 created\n", "")
    assert {item["label"] for item in service.admin.get("/samples").json()["items"]} == {7}


def test_a_progress_bar_shows_no_number_before_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(file=StringIO(), force_terminal=True, width=120)
    with train_command.shown(console, QUICK):
        pass
    monkeypatch.setattr(retrain_command, "follow", lambda client, location: iter([("state", {"state": "queued"})]))
    with httpx.Client() as client:
        retrain_command.show(client, console, "/admin/jobs/1")
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.count("loss –") >= 2 and "nan" not in shown
