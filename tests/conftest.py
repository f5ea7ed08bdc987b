"""Fixtures that tests share: real servers, small weights, and MNIST if NUMERAL_DATA_DIR is set."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from model.classifier import Classifier
from model.data.digits import Splits
from model.data.load import load_digits
from model.files import locked
from model.preprocessing.pipeline import to_png
from model.registry.store import Store
from tests.pictures import draw_seven
from tests.server import SHIPPED, Server, clean_environment


def pytest_configure() -> None:
    """Give torch one thread: tests run several at a time, and on few cores more threads would wait for each other.

    Also let Ctrl-C (SIGINT) end processes again: what a script starts in the background ignores it, and so do children.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """A function that starts servers, which end after the test."""
    servers: list[Server] = []

    def start(weights: Path | None = None, wrapper: Sequence[str] = (), **environment: str) -> Server:
        if weights is not None and not (tmp_path / "weights").exists():
            shutil.copytree(weights, tmp_path / "weights", ignore=shutil.ignore_patterns("CURRENT", ".*"))
        servers.append(Server(tmp_path, wrapper, **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server, shared by tests that do not change its state."""
    started = Server(tmp_path_factory.mktemp("server"))
    yield started
    started.close()


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The shipped version, shared by tests that do not change it."""
    return Classifier.load(SHIPPED / "1")


@pytest.fixture(scope="session")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 as `numeral train` makes it from the embedded digits in a few seconds; the test processes share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "small"
    folder.mkdir(exist_ok=True)
    with locked(folder):
        if not (folder / "weights" / "CURRENT").exists():
            command = [sys.executable, "-m", "model.train", "--epochs", "12", "--weights", "weights"]
            subprocess.run(command, env=clean_environment(), cwd=folder, check=True, capture_output=True)
    return folder / "weights"


@pytest.fixture(scope="session")
def mnist() -> Splits:
    """MNIST from NUMERAL_DATA_DIR; skips the test without it."""
    folder = os.environ.get("NUMERAL_DATA_DIR")
    if not folder:
        pytest.skip("needs MNIST: set NUMERAL_DATA_DIR to a folder with its four files")
    return load_digits(Path(folder))


@pytest.fixture(scope="session")
def embedded() -> Splits:
    """The digits that come with scikit-learn."""
    return load_digits(offline=True, cache_dir=Path("no-cache"))


@pytest.fixture(scope="session")
def seven() -> bytes:
    """A PNG of a seven."""
    return to_png(np.asarray(draw_seven()))


@pytest.fixture
def two_versions(tmp_path: Path) -> Store:
    """A folder of weights with version 1, the current one, and version 2, for a server of the test."""
    store = Store(tmp_path / "weights")
    shutil.copytree(SHIPPED / "1", store.folder(1))
    store.activate(1)
    with store.publish(store.manifest(1) | {"version": 2, "parent": 1}) as draft:
        for name in ("model.onnx", "weights.safetensors"):
            shutil.copy(store.folder(1) / name, draft)
    return store
