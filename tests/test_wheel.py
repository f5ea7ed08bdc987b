"""The wheel holds all that a service needs: installed alone, it serves and reads in an empty folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from bench.servers import free_port
from model.registry.versions import Versions
from tests.server import REPOSITORY, SHIPPED, clean_environment, wait_until

SOURCES = ("app", "model", "weights/1", "LICENSE", "README.md", "pyproject.toml", "constraints.txt")
BUILD_SDIST = "import setuptools.build_meta, sys; print(setuptools.build_meta.build_sdist(sys.argv[1]))"


def environment_of_a_user(**changes: str) -> dict[str, str]:
    """An environment without this repository on Python's path."""
    return {name: value for name, value in clean_environment(**changes).items() if name != "PYTHONPATH"}


def finished(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command, ended."""
    return subprocess.run([*command], cwd=cwd, env=environment_of_a_user(), capture_output=True, text=True)


def run(*command: str | Path, cwd: Path) -> str:
    """What the command prints."""
    ended = finished(*command, cwd=cwd)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that `python -m build` makes: of the sdist, whose content is all that it sees. No network is needed."""
    folder = tmp_path_factory.mktemp("build")
    for name in SOURCES:
        source, target = REPOSITORY / name, folder / "sources" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (folder / "sources" / "weights" / "2").mkdir()  # a developer's own version, which is not shipped
    (folder / "sources" / "weights" / "2" / "manifest.json").write_text("{}")
    sdist = run(sys.executable, "-c", BUILD_SDIST, folder, cwd=folder / "sources").splitlines()[-1]
    build = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder)
    run(sys.executable, "-m", "pip", *build, folder / sdist, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The folder of programs of a virtual environment with the wheel; its dependencies are those of this one."""
    folder = wheel.parent / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=wheel.parent)
    packages = Path(run(folder / "bin/python", "-c", "import site; print(site.getsitepackages()[0])", cwd=wheel.parent))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ("install", "--quiet", "--no-deps", "--no-index")
    run(sys.executable, "-m", "pip", "--python", folder / "bin/python", *install, wheel, cwd=wheel.parent)
    return folder / "bin"


def test_the_wheel_has_the_shipped_version_alone_whole_and_intact(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    shipped = Versions(tmp_path / "weights")
    assert shipped.versions() == [1]
    assert shipped.verify(1) == Versions(SHIPPED).verify(1)


def test_the_wheel_has_every_file_of_the_code(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    files = [path for folder in ("app", "model") for path in (REPOSITORY / folder).rglob("*.*") if path.is_file()]
    code = {str(path.relative_to(REPOSITORY)) for path in files if path.suffix not in (".md", ".pyc")}
    assert len(code) > 100 and code - packed == set()


def test_what_lists_the_shipped_version_lists_the_same_one() -> None:
    packaged = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert packaged["weights"] == ["1/*"]
    assert "!weights/1\n" in (REPOSITORY / ".dockerignore").read_text()
    assert "!/weights/1/\n" in (REPOSITORY / ".gitignore").read_text()


@contextmanager
def serving(command: Path, folder: Path) -> Iterator[httpx.Client]:
    """`numeral serve` in the folder, with no setting but its port."""
    port = free_port()
    environment = environment_of_a_user(PORT=str(port))
    with (folder.parent / "log").open("wb") as log:
        process = subprocess.Popen([command, "serve"], cwd=folder, env=environment, stdout=log, stderr=log)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:

        def is_ready() -> bool:
            assert process.poll() is None, (folder.parent / "log").read_text()
            with suppress(httpx.TransportError):
                return client.get("/readyz").status_code == 200
            return False

        try:
            wait_until(is_ready)
            yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def test_installed_it_serves_in_an_empty_folder(installed: Path, tmp_path: Path, seven: bytes) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    where = run(installed / "python", "-c", "import app; print(app.__file__)", cwd=folder)
    assert Path(where).is_relative_to(installed.parent)
    with serving(installed / "numeral", folder) as client:
        assert client.post("/predict", content=seven).json()["digit"] == 7
        assert client.get("/readyz").json()["warning"] is None
        assert client.get("/docs").status_code == client.get("/static/docs.js").status_code == 200
    assert sorted(os.listdir(folder)) == ["var", "weights"]


def test_installed_it_reads_a_file_in_an_empty_folder_and_leaves_nothing(
    installed: Path, tmp_path: Path, seven: bytes
) -> None:
    (tmp_path / "seven.png").write_bytes(seven)
    folder = tmp_path / "empty"
    folder.mkdir()
    assert "seven.png: 7  " in run(installed / "numeral", "predict", "../seven.png", cwd=folder)
    assert list(folder.iterdir()) == []
    empty = tmp_path / "versions"
    empty.mkdir()
    refused = finished(installed / "numeral", "predict", "../seven.png", "--weights", empty, cwd=folder)
    assert refused.returncode == 1 and str(empty) in refused.stderr


def test_the_wheel_asks_for_what_serving_needs_and_leaves_torch_to_the_extra(installed: Path, tmp_path: Path) -> None:
    code = "import importlib.metadata, json; print(json.dumps(importlib.metadata.requires('numeral')))"
    wanted = json.loads(run(installed / "python", "-c", code, cwd=tmp_path))
    assert [each for each in wanted if each.startswith("torch")] == ['torch; extra == "train"']
