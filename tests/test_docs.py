"""The documents are true: the files, links, commands and settings that they name exist, and their examples work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from app.cli.main import COMMANDS
from app.settings import Settings, load_settings
from model.data.digits import Splits
from tests.number_pages import PHOTOGRAPHED
from tests.server import REPOSITORY, Server

DOCUMENTS = sorted(
    path
    for path in REPOSITORY.rglob("*.md")
    if not {".venv", "var", "node_modules"} & set(path.relative_to(REPOSITORY).parts)
)
README = (REPOSITORY / "README.md").read_text()
MAKEFILE = (REPOSITORY / "Makefile").read_text()
URL = "http://127.0.0.1:8000"
FOLDERS = ("app", "model", "tests", "bench", "deploy", "examples", ".ci", ".github")
HISTORY = {"LOG.md", "CHANGELOG.md"}  # these name files as they were called then
UNITS = {
    "20 MB": "20000000",
    "400 MB": "400000000",
    "500 MB": "500000000",
    "100,000": "100000",
    "10,000": "10000",
    "50 million": "50000000",
}
UNITS |= {"none": "", "false": "False", "true": "True"}


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(REPOSITORY)) for path in paths]


def blocks(text: str, language: str) -> list[str]:
    """The fenced code blocks in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def prose(text: str) -> str:
    """The text without its fenced code blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors of the document: its headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", prose(path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def settings_of(text: str) -> dict[str, str]:
    """The settings in a document's tables, with their defaults; several may share a row."""
    found = {}
    for row in re.findall(r"^\| (`(?:HOST|NUMERAL_)[^|]+) \| ([^|]+) \|", text, re.MULTILINE):
        first, *others = re.findall(r"`(\w+)`", row[0])
        stem = first.rpartition("_")[0]
        all_names = [first, *(stem + name if name.startswith("_") else name for name in others)]
        defaults = re.split("[;:] ", row[1].replace("`", ""))[0].split(", ")
        found.update(zip(all_names, defaults, strict=True))
    return found


def test_the_readme_is_short() -> None:
    assert README.count("\n") < 200


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.name not in HISTORY], ids=str)
def test_every_file_that_a_document_names_exists(path: Path) -> None:
    named = re.findall(rf"`((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*)`", path.read_text())
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_link_of_a_document_leads_somewhere(path: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text())):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_make_target_that_a_document_names_exists_and_has_a_line_of_help(path: Path) -> None:
    explained = set(re.findall(r"^([a-z-]+):.*## .", MAKEFILE, re.MULTILINE))
    text = path.read_text()
    named = re.findall(r"`(?:\w+=\S+ )*make ([a-z][a-z -]*)", text)
    named += re.findall(r"^\$ (?:\w+=\S+ )*make ([a-z][a-z-]*)", text, re.MULTILINE)
    assert {target for targets in named for target in targets.split()} <= explained


def test_make_alone_prints_every_target() -> None:
    phony = set(" ".join(re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)).split())
    printed = subprocess.run(["make", "--silent"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in printed.splitlines()} == phony


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.name not in HISTORY], ids=str)
def test_every_command_that_a_document_names_exists(path: Path) -> None:
    text = path.read_text()
    modules = re.findall(r"python -m ((?:app|model|bench|tests)[\w.]*\w)", text)
    assert [name for name in modules if not module_exists(name)] == []
    commands = re.findall(r"(?:`|^\$ )numeral ([a-z]+)", text, re.MULTILINE)
    assert set(commands) <= {*COMMANDS, "help"}


def module_exists(name: str) -> bool:
    path = REPOSITORY / name.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def test_the_operators_page_states_the_settings_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [*os.environ]:
        if variable.startswith("NUMERAL_") or variable in ("HOST", "PORT"):
            monkeypatch.delenv(variable)
    settings = load_settings()
    stated = settings_of((REPOSITORY / "deploy/README.md").read_text())
    for setting, text in stated.items():
        value = getattr(settings, setting.lower().removeprefix("numeral_"))
        shown = "" if value in (None, (), "none") else f"{value:g}" if isinstance(value, float) else str(value)
        assert shown == UNITS.get(text.strip(), text.strip()), setting


def test_the_operators_page_has_every_setting() -> None:
    text = (REPOSITORY / "deploy/README.md").read_text()
    stated = {name.lower().removeprefix("numeral_") for name in settings_of(text)}
    assert set(Settings.model_fields) - stated == {"shipped_weights_dir"}
    assert "`NUMERAL_SHIPPED_WEIGHTS_DIR`" in text


def test_the_readmes_curl_commands_read_the_seven(server: Server) -> None:
    asked = 0
    for line in "\n".join(blocks(README, "console")).splitlines():
        if "seven.jpg" in line and "curl" in line:
            command = line.removeprefix("$ ").replace(URL, server.url)
            answer = subprocess.run(["bash", "-c", command], cwd=REPOSITORY, capture_output=True, text=True, check=True)
            assert '"digit":7,' in answer.stdout, line
            asked += 1
    assert asked == 4


def test_the_readmes_third_curl_command_reads_the_number(server: Server) -> None:
    commands = [line for line in "\n".join(blocks(README, "console")).splitlines() if "curl" in line]
    command = commands[2].removeprefix("$ ").replace(URL, server.url)
    answer = subprocess.run(["bash", "-c", command], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    (number,) = json.loads(answer.stdout)["numbers"]
    assert (number["text"], number["accepted"]) == (PHOTOGRAPHED, True)


def test_the_readmes_answer_is_the_services(server: Server) -> None:
    shown = re.search(r'^\{"digit":7,"confidence":([\d.]+),"accepted":true', README, re.MULTILINE)
    assert shown
    picture = (REPOSITORY / "tests/images/seven.jpg").read_bytes()
    answer = server.client.post("/predict", content=picture).json()
    assert answer["confidence"] == pytest.approx(float(shown[1]), abs=1e-5)


def test_the_readmes_python_client_works(server: Server) -> None:
    (code,) = (block for block in blocks(README, "python") if "httpx" in block)
    ran = run([sys.executable, "-W", "ignore::ResourceWarning", "-c", code.replace(URL, server.url)])
    assert ran.startswith("7 0.99") and ran.endswith("True")


def test_the_readmes_javascript_client_works(server: Server, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    (code,) = blocks(README, "javascript")
    script = tmp_path / "client.mjs"
    script.write_text(code.replace(URL, server.url))
    ran = run([node, str(script)])
    assert ran.startswith("7 0.99") and ran.endswith("true")


def test_the_notebook_gives_the_figures_that_readme_and_card_state(mnist: Splits) -> None:
    card = (REPOSITORY / "weights/README.md").read_text()
    (code,) = (block for block in blocks(README, "python") if "load_file" in block)
    assert code in blocks(card, "python")
    data = f"__import__('pathlib').Path({os.environ['NUMERAL_DATA_DIR']!r})"
    for figure in json.loads(run([sys.executable, "-c", code.replace("load_digits()", f"load_digits({data})")])):
        assert f"{100 * figure:.2f} %" in README and f"{100 * figure:.2f} %" in card


def run(command: list[str]) -> str:
    """What the command prints, started in the repository."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.parametrize(
    "path", sorted([*REPOSITORY.glob(".github/**/*.yml"), REPOSITORY / ".pre-commit-config.yaml"]), ids=str
)
def test_what_robots_read_is_yaml(path: Path) -> None:
    assert yaml.safe_load(path.read_text())


def test_the_workflow_checks_every_python_from_the_least_that_is_allowed() -> None:
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/check.yml").read_text())
    pythons = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    (least,) = re.findall(r'^requires-python = ">=(.+)"$', (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)
    assert pythons == [f"3.{minor}" for minor in range(int(least.split(".")[1]), 15)]
    assert {"run": ".ci/run"} in workflow["jobs"]["test"]["steps"]
