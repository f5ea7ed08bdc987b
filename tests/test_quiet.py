"""Numeral makes no network calls and leaves no files behind: strace watches its processes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server import REPOSITORY, SHIPPED, Server, clean_environment, wait_until

STRACE = [
    "strace", "--daemonize", "--follow-forks", "--seccomp-bpf", "--decode-fds=path", "--string-limit=300",
    "--trace=network,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2",
]  # fmt: skip
WRITING = re.compile(r" (?:mkdir|mkdirat|rename\w*|creat)\(|O_CREAT|O_WRONLY|O_RDWR|O_TRUNC")
UNFINISHED = " <unfinished ...>"
RESUMED = re.compile(r"<\.\.\. \w+ resumed>")
FAILED = re.compile(r"= -1 E\w+ ")
CALLING = re.compile(r"sa_family=AF_INET6?\b")
HERE = re.compile(r'inet_addr\("(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0)"\)|inet_pton\(AF_INET6, "::1?"')
RESOLVING = re.compile(r"resolv\.conf|htons\((?:53|853)\)|nscd|resolve1?/")
MACHINE = re.compile(r'"/(?:dev|proc)/')  # devices and what the kernel is told of the process itself


@pytest.fixture
def traced() -> list[str]:
    """The command that runs another one under strace."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace: apt-get install strace")
    tried = subprocess.run(["strace", "--seccomp-bpf", "-f", "-o", "/dev/null", "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"strace may not watch here: {tried.stderr.strip()}")
    return STRACE


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty home, an empty folder for temporary files, and no other settings."""
    for name in ("home", "temporary", "work"):
        (tmp_path / name).mkdir()
    kept = {name: value for name, value in clean_environment().items() if not name.startswith(("XDG_", "MPL", "ORT_"))}
    return kept | {
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "temporary"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ORT_DISABLE_TELEMETRY": "0",
        "PYTHONPATH": str(REPOSITORY),
    }


def check(trace: Path, *allowed: Path) -> None:
    """Wait for the complete trace, and check: nothing written elsewhere, no call, no name lookup, no file left."""
    folder = trace.parent
    wait_until(lambda: all_ended(trace.read_text()))
    lines = whole_lines(trace.read_text())
    assert len(lines) > 100
    places = [str(place) for place in (*allowed, folder / "temporary")]
    done = [line for line in lines if not FAILED.search(line)]
    written = [line for line in done if WRITING.search(line) and not MACHINE.search(line)]
    assert [line for line in written if not any(place in line for place in places)] == []
    assert [line for line in lines if RESOLVING.search(line)] == []
    assert [line for line in lines if CALLING.search(line) and not HERE.search(line)] == []
    assert [*(folder / "home").iterdir(), *(folder / "temporary").iterdir()] == []


def whole_lines(trace: str) -> list[str]:
    """The system calls, each with its result. strace splits a call if another process comes in between."""
    cut: dict[str, str] = {}
    lines = []
    for line in trace.splitlines():
        process, call = line.split(maxsplit=1)
        if call.endswith(UNFINISHED):
            cut[process] = line.removesuffix(UNFINISHED)
        elif (resumed := RESUMED.match(call)) and process in cut:
            lines.append(cut.pop(process) + call[resumed.end() :])
        else:
            lines.append(line)
    return lines + list(cut.values())


def test_a_call_that_fails_or_is_cut_in_two_is_seen() -> None:
    trace = """1 connect(3, {sa_family=AF_INET6, inet_pton(AF_INET6, "2001:db8::1")}) = -1 ENETUNREACH (unreachable)
2 mkdir("/x", 0777 <unfinished ...>
1 +++ exited with 0 +++
2 <... mkdir resumed>) = -1 EEXIST (File exists)"""
    call, _, made = whole_lines(trace)
    assert CALLING.search(call) and not HERE.search(call)
    assert WRITING.search(made) and FAILED.search(made)


def all_ended(trace: str) -> bool:
    """Whether every process in the trace has ended. A supervisor still cleans up after its job has ended."""
    begun = set(re.findall(r"^(\d+) ", trace, re.MULTILINE))
    return begun == set(re.findall(r"^(\d+) +\+\+\+ (?:exited|killed)", trace, re.MULTILINE))


def test_reading_a_picture_calls_nobody_and_writes_nothing(
    traced: list[str], bare: dict[str, str], tmp_path: Path
) -> None:
    picture = REPOSITORY / "tests/images/seven.jpg"
    command = [*traced, "-o", str(tmp_path / "trace"), sys.executable, "-m", "app", "predict", str(picture)]
    ended = subprocess.run(
        [*command, "--weights", str(SHIPPED)], env=bare, cwd=tmp_path / "work", capture_output=True, text=True
    )
    assert ended.returncode == 0 and ": 7  " in ended.stdout
    check(tmp_path / "trace")
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.slow
def test_serving_and_retraining_call_nobody_and_write_into_their_folders_only(
    traced: list[str], bare: dict[str, str], tmp_path: Path, seven: bytes, start_server: Callable[..., Server]
) -> None:
    service = start_server(wrapper=[*traced, "-o", str(tmp_path / "trace")], **bare)
    assert service.client.post("/predict", content=seven).json()["digit"] == 7
    started = service.admin.post("/admin/retrain", json={"epochs": 1, "promote": "manual"})
    job = service.finished_job(started.headers["Location"])
    assert job["state"] == "kept" and (tmp_path / "weights" / "2" / "confusion.png").exists()
    service.stop()
    check(tmp_path / "trace", *(tmp_path / name for name in ("weights", "numeral.db", "mnist")))
