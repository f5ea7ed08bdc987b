"""The rules of the house: who may import whom, and what the web process never loads."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
LIGHT = [
    "model.classifier",
    "model.preprocessing.pipeline",
    "model.registry.store",
    "model.cli.versions",
    "app.main",
    "app.cli.serve",
    "app.jobs.supervisor",
]
LIGHT += ["app.cli.main", "model.cli.predict"]
HEAVY = {"torch", "matplotlib", "scipy", "sklearn", "onnx", "alembic", "httpx", "rich"}


def imports_of(path: Path) -> set[str]:
    """Every module that the file imports, wherever in it."""
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


@pytest.mark.parametrize("path", sorted((REPOSITORY / "model").rglob("*.py")), ids=str)
def test_model_knows_neither_the_app_nor_http_nor_a_database(path: Path) -> None:
    assert not heads(path) & {"app", "fastapi", "starlette", "uvicorn", "sqlalchemy"}


@pytest.mark.parametrize("path", sorted((REPOSITORY / "model").rglob("*.py")), ids=str)
def test_nothing_in_model_imports_train_but_its_command(path: Path) -> None:
    allowed = {"train.py", "train_command.py"}
    assert "model.train" not in imports_of(path) or path.name in allowed


@pytest.mark.parametrize("path", sorted((REPOSITORY / "app").rglob("*.py")), ids=str)
def test_app_never_imports_torch_and_only_the_trainer_leads_to_it(path: Path) -> None:
    assert "torch" not in heads(path)
    if path.name != "trainer.py":
        assert not imports_of(path) & {
            "model.train",
            "model.net",
            "model.registry.publish",
            "model.registry.export",
            "model.recipe",
        }


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


@pytest.mark.parametrize("module", LIGHT)
def test_what_serves_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)
