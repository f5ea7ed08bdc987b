"""Do the tests notice when the code's meaning changes? Mutation testing of the pure core: make mutation

python -m tests.mutation [MODULE ...] [--jobs N]     each change by itself, against the tests nearest to its module

`mutation.toml` beside names the modules, their tests, and the changes that change nothing (with the reason). Each
mutant is a process forked from one that has imported all that the tests need but for Numeral itself: 0.4 s instead of
the 4 s of a fresh one. No file is changed. Exit status 1 when fewer than 90 % of a module's mutants are killed.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import select
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, ModuleType

from tests.mutants import Mutant, mutants_of
from tests.server import REPOSITORY

CONFIG = Path(__file__).with_name("mutation.toml")
OURS = ("app", "model", "tests", "conftest")
GOAL = 0.9  # of a module's mutants, those that change nothing left out
PATIENCE = 4  # times as long as the unchanged module's tests a mutant may take, and
GRACE = 5.0  # seconds more
PLUGINS = "xdist.plugin,pytest_timeout"  # what pyproject.toml's options need; loading others takes as long as a test
OPTIONS = ("-q", "-x", "-n0", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:unraisableexception")


@dataclass(frozen=True)
class Module:
    """A module, its nearest tests, and its equivalent mutants, by name with the reason."""

    path: str
    tests: list[str]
    equivalent: dict[str, str]


def modules() -> list[Module]:
    """The modules of `mutation.toml`."""
    sections = tomllib.loads(CONFIG.read_text("utf-8"))
    return [Module(path, section["tests"], section.get("equivalent", {})) for path, section in sections.items()]


class Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """An importer that loads one module with changed code."""

    def __init__(self, path: str, code: CodeType) -> None:
        super().__init__(path.removesuffix(".py").replace("/", "."), str(REPOSITORY / path))
        self.code = code

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of the changed module; of others, None."""
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, name: str) -> CodeType:
        """The changed code."""
        return self.code


def try_tests(module: Module, code: CodeType | None, imported: Path) -> int:
    """Run the module's tests in this process, with its code changed; pytest's exit status."""
    import pytest
    from hypothesis import settings

    settings.register_profile("mutation", database=None, derandomize=True, deadline=None)
    settings.load_profile("mutation")
    if code:
        sys.meta_path.insert(0, Changed(module.path, code))
    status = int(pytest.main([*OPTIONS, *module.tests]))
    if not code:
        imported.write_text(json.dumps([name for name in sys.modules if name.split(".")[0] not in OURS]))
    return status


def begin(work: Callable[[], int]) -> int:
    """Start the work in a child process without output. Its exit status is the work's, or 1 if that raises."""
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    with suppress(BaseException):
        os._exit(work())
    os._exit(1)


def end(pid: int) -> int:
    """Kill what still runs of a process and of those it started; return the process's exit status."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def statuses(works: Sequence[Callable[[], int]], jobs: int, seconds: float) -> list[int]:
    """The exit status of each work. They run several at a time; each is killed after its time limit."""
    found: dict[int, int] = {}
    running: dict[int, tuple[int, int, float]] = {}  # by a file descriptor that is readable once the process has ended
    waiting = list(enumerate(works))
    while waiting or running:
        while waiting and len(running) < jobs:
            index, work = waiting.pop(0)
            pid = begin(work)
            running[os.pidfd_open(pid)] = index, pid, time.monotonic() + seconds
        first = min(deadline for _, _, deadline in running.values())
        ready = select.select(running, [], [], max(first - time.monotonic(), 0))[0]
        for handle, (index, pid, deadline) in list(running.items()):
            if handle in ready or time.monotonic() > deadline:
                found[index] = end(pid)
                os.close(handle)
                del running[handle]
    return [found[index] for index in range(len(works))]


def survivors(module: Module, jobs: int) -> tuple[list[Mutant], list[Mutant]]:
    """The module's mutants without equivalents, and those of them that no test noticed."""
    with tempfile.TemporaryDirectory() as folder:
        imported = Path(folder) / "imported.json"
        started = time.monotonic()
        if statuses([lambda: try_tests(module, None, imported)], 1, 600) != [0]:
            raise SystemExit(f"{module.path}: the tests fail without a change: pytest {' '.join(module.tests)}")
        limit = PATIENCE * (time.monotonic() - started) + GRACE
        for name in json.loads(imported.read_text()):
            with suppress(Exception):
                importlib.import_module(name)
        gc.freeze()  # what is imported is no garbage, which each child would look for otherwise
        source = (REPOSITORY / module.path).read_text("utf-8")
        tried = [mutant for mutant in mutants_of(source, module.path) if mutant.name not in module.equivalent]
        found = statuses([partial(try_tests, module, mutant.code, imported) for mutant in tried], jobs, limit)
    return tried, [mutant for mutant, status in zip(tried, found, strict=True) if status == 0]


def rows(chosen: list[Module], jobs: int) -> Iterator[tuple[Module, list[Mutant], list[Mutant], float]]:
    """One row for each module: number of mutants, survivors, seconds."""
    for module in chosen:
        started = time.monotonic()
        yield (module, *survivors(module, jobs), time.monotonic() - started)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help="a part of their paths; without, all")
    parser.add_argument("--jobs", type=int, default=1, help="mutants that are tried at the same time")
    given = parser.parse_args()
    os.chdir(REPOSITORY)
    os.environ.update(OMP_NUM_THREADS="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_PLUGINS=PLUGINS)
    chosen = [one for one in modules() if not given.modules or any(part in one.path for part in given.modules)]
    print(f"{'module':50} {'mutants':>8} {'killed':>7} {'survived':>9} {'equivalent':>11} {'score':>6} {'seconds':>8}")
    alive, count, good = 0, 0, True
    for module, tried, survived, seconds in rows(chosen, given.jobs):
        killed = len(tried) - len(survived)
        print(
            f"{module.path:50} {len(tried):8} {killed:7} {len(survived):9} {len(module.equivalent):11} "
            f"{killed / len(tried):6.1%} {seconds:8.0f}"
        )
        for mutant in survived:
            print(f"  line {mutant.line}  {mutant.name}")
        sys.stdout.flush()
        alive, count = alive + len(survived), count + len(tried)
        good &= killed >= GOAL * len(tried)
    print(f"{'all':50} {count:8} {count - alive:7} {alive:9} {'':11} {1 - alive / max(count, 1):6.1%}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
