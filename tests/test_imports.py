"""The import rules: which folder may import which, and what the web process never loads."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import REPOSITORY

LIGHT = [
    "model.classifier",
    "model.preprocessing.pipeline",
    "model.registry.store",
    "model.cli.versions",
    "app.main",
    "app.cli.serve",
    "app.jobs.supervisor",
    "app.cli.main",
    "model.cli.predict",
]
EVERYBODYS = ("errors", "files")
ROOMS = {  # which parts of model each of its folders may import, beside itself and EVERYBODYS
    "preprocessing": ("faults",),
    "numbers": ("preprocessing", "classifier"),
    "data": ("preprocessing",),
    "training": ("preprocessing", "data", "net", "deslant", "recipe", "numbers", "classifier"),
    "evaluation": ("preprocessing", "data", "deslant", "classifier", "numbers"),
    "registry": ("preprocessing", "data", "evaluation", "net", "deslant", "recipe", "classifier"),
}
ROOMS_OF_APP = {  # the same of app, where main.py wires everything
    "http": ("settings",),
    "database": ("http",),
    "schemas": ("http",),
    "inference": ("http", "schemas", "settings"),
    "samples": ("http", "database", "schemas", "inference"),
    "feedback": ("http", "database", "inference", "settings"),
    "jobs": ("http", "database", "inference", "samples", "settings"),
    "routes": ("http", "database", "schemas", "inference", "samples", "feedback", "jobs", "settings"),
}
FILES = {  # and its files
    **dict.fromkeys(("errors", "files", "faults", "net", "deslant"), ()),
    "recipe": ("errors",),
    "classifier": ("errors", "preprocessing"),
}
HEAVY = {"torch", "matplotlib", "scipy", "sklearn", "onnx", "alembic", "httpx", "rich"}


def files_of(folder: str) -> list[Path]:
    """Every module in the folder and those below it."""
    return sorted((REPOSITORY / folder).rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    """Every module that the file imports, also within functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def heads(path: Path) -> set[str]:
    """The top-level packages that the file imports."""
    return {name.split(".")[0] for name in imports_of(path)}


def is_below(name: str, packages: tuple[str, ...]) -> bool:
    """Whether the module is one of the packages, or inside one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def users_of(packages: tuple[str, ...], among: list[Path]) -> list[str]:
    """The files that import any of the packages or their contents."""
    users = (path for path in among if any(is_below(name, packages) for name in imports_of(path)))
    return [str(path.relative_to(REPOSITORY)) for path in users]


def loaded_by(modules: str) -> set[str]:
    """The top-level packages that are loaded in a process after it imported the modules."""
    code = f"import sys, {modules}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_model_knows_neither_the_app_nor_http_nor_a_database() -> None:
    assert users_of(("app", "fastapi", "starlette", "uvicorn", "sqlalchemy"), files_of("model")) == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_folder_of_model_imports_none_but_those_below_it(room: str) -> None:
    allowed = tuple(f"model.{name}" for name in (*EVERYBODYS, room, *ROOMS[room]))
    used = {name for path in files_of(f"model/{room}") for name in imports_of(path) if name.startswith("model.")}
    assert len(used) > 2 and {name for name in used if not is_below(name, allowed)} == set()


@pytest.mark.parametrize("file", FILES)
def test_a_file_at_the_top_of_model_imports_none_but_those_below_it(file: str) -> None:
    allowed = tuple(f"model.{name}" for name in FILES[file])
    used = {name for name in imports_of(REPOSITORY / f"model/{file}.py") if name.startswith("model.")}
    assert {name for name in used if not is_below(name, allowed)} == set()


def test_every_file_at_the_top_of_model_has_a_rule() -> None:
    files = {path.stem for path in (REPOSITORY / "model").glob("*.py")}
    assert files == {*FILES, "__init__", "train"}  # the training loop, which brings them together


def test_every_folder_of_model_has_a_rule() -> None:
    folders = {path.parent.name for path in (REPOSITORY / "model").glob("*/__init__.py")}
    assert folders == {*ROOMS, "cli"}


def test_only_command_lines_import_command_lines() -> None:
    others = [path for path in files_of("app") + files_of("model") if path.parent.name != "cli"]
    assert users_of(("app.cli", "model.cli"), others) == ["app/__main__.py"]


def test_only_a_command_and_the_trainer_import_the_training_loop() -> None:
    everything = files_of("app") + files_of("model")
    assert users_of(("model.train",), everything) == ["app/jobs/trainer.py", "model/cli/train.py"]


def test_app_never_imports_torch_and_only_the_trainer_leads_to_it() -> None:
    others = [path for path in files_of("app") if path.name != "trainer.py"]
    assert users_of(("torch",), files_of("app")) == []
    leading = ("model.train", "model.net", "model.deslant", "model.training", "model.recipe")
    assert users_of((*leading, "model.registry.publish", "model.registry.export"), others) == []


def test_the_metrics_and_the_gate_load_no_runtime() -> None:
    pure = loaded_by("model.evaluation.metrics, model.evaluation.gate")
    assert not pure & (HEAVY | {"onnxruntime", "PIL"})


@pytest.mark.parametrize("module", LIGHT)
def test_what_serves_loads_nothing_heavy(module: str) -> None:
    assert not HEAVY & loaded_by(module)


def test_what_would_call_or_write_elsewhere_is_imported_after_it_was_kept_from_it() -> None:
    for package in ("app", "model", "bench"):
        users = {path for path in (REPOSITORY / package).rglob("*.py") if "onnxruntime" in heads(path)}
        assert package == "model" or not users
    code = "import os, model; print(os.environ['ORT_DISABLE_TELEMETRY'], os.environ['TORCHINDUCTOR_CACHE_DIR'])"
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "TORCH"))}
    switches = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=bare).stdout
    assert switches.split() == ["1", str(REPOSITORY / "model")]


def test_the_tree_of_errors_names_them_all() -> None:
    parsed = [ast.parse(path.read_text()) for path in (REPOSITORY / "model").rglob("*.py")]
    classes = [node for tree in parsed for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    errors, found = set(), {"ModelError"}
    while found > errors:
        errors = found
        found = errors | {node.name for node in classes if errors & {ast.unparse(base) for base in node.bases}}
    drawn = ast.get_docstring(ast.parse((REPOSITORY / "model" / "errors.py").read_text())) or ""
    assert len(errors) > 5 and {name for name in errors if name not in drawn} == set()


def test_reading_a_picture_at_the_terminal_waits_for_no_settings_library() -> None:
    assert not loaded_by("model.cli.predict") & {"pydantic", "pydantic_settings"}


@pytest.mark.parametrize("room", ROOMS_OF_APP)
def test_a_folder_of_app_imports_none_but_those_below_it(room: str) -> None:
    allowed = tuple(f"app.{name}" for name in (room, *ROOMS_OF_APP[room]))
    used = {name for path in files_of(f"app/{room}") for name in imports_of(path) if name.startswith("app.")}
    assert used and {name for name in used if not is_below(name, allowed)} == set()


def test_every_folder_of_app_has_a_rule() -> None:
    folders = {path.parent.name for path in (REPOSITORY / "app").glob("*/__init__.py")}
    assert folders == {*ROOMS_OF_APP, "cli"}


def test_the_settings_and_the_errors_of_app_stand_on_nothing_else_of_it() -> None:
    assert users_of(("app",), [REPOSITORY / "app/settings.py", REPOSITORY / "app/http/errors.py"]) == []
