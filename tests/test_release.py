"""`make release` refuses what is not ready, changes nothing if a step fails, and says what it could not build."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.server import REPOSITORY

CHANGELOG = "# Changelog\n\n## 0.2.0 (unreleased)\n\n- Reads `7`s.\n\n## 0.1.0 (2026-01-01)\n\n- The first.\n"
PYPROJECT = '[project]\nname = "numeral"\nversion = "0.1.0"\n'
TESTER = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Tester"), ("EMAIL", "tester@example.org"))
}
# Stands for `python -m pip wheel … --wheel-dir FOLDER .`: writes a wheel of the version that pyproject.toml has.
PYTHON = """#!/bin/sh
while [ "$1" != --wheel-dir ]; do shift; done
touch "$2/numeral-$(sed -n 's/^version = "\\(.*\\)"/\\1/p' pyproject.toml)-py3-none-any.whl"
"""


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with the release command; its checks, build and Docker are stubs that succeed."""
    folder = tmp_path / "clone"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(REPOSITORY / ".ci/release", folder / ".ci/release")
    (folder / "CHANGELOG.md").write_text(CHANGELOG)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "Makefile").write_text("lint test slow-test:\n\ttrue\n")
    (folder / ".gitignore").write_text("/.venv/\n/bin/\n/dist/\n")
    script(folder / ".venv/bin/python", PYTHON)
    script(folder / "bin/docker", "#!/bin/sh\n")
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git, and return its output."""
    ended = subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | TESTER, capture_output=True, text=True, check=True
    )
    return ended.stdout.strip()


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "a change")


def release(folder: Path, version: str) -> subprocess.CompletedProcess[str]:
    """Run the command, with the Docker stub first in PATH."""
    environment = os.environ | TESTER | {"PATH": f"{folder}/bin:{os.environ['PATH']}"}
    return subprocess.run(
        [folder / ".ci/release", version], cwd=folder, env=environment, capture_output=True, text=True
    )


def state(folder: Path) -> tuple[str, str, str, bool]:
    """Everything that a release may change: history, tags, files, wheels."""
    history = git(folder, "log", "--format=%H")
    return history, git(folder, "tag"), git(folder, "status", "--porcelain"), (folder / "dist").exists()


def test_a_release_sets_the_version_and_the_date_builds_and_tags(clone: Path) -> None:
    ran = release(clone, "0.2.0")
    assert ran.returncode == 0, ran.stderr
    assert 'version = "0.2.0"' in git(clone, "show", "v0.2.0:pyproject.toml")
    assert f"## 0.2.0 ({datetime.now(UTC):%Y-%m-%d})" in git(clone, "show", "v0.2.0:CHANGELOG.md")
    assert git(clone, "rev-parse", "v0.2.0^{commit}") == git(clone, "rev-parse", "HEAD")
    assert [wheel.name for wheel in (clone / "dist").iterdir()] == ["numeral-0.2.0-py3-none-any.whl"]
    assert git(clone, "status", "--porcelain") == ""
    assert "image:  numeral:0.2.0" in ran.stdout and "git push origin HEAD v0.2.0" in ran.stdout


def test_the_tag_tells_what_changed_in_this_version_alone(clone: Path) -> None:
    release(clone, "0.2.0")
    told = git(clone, "for-each-ref", "--format=%(contents)", "refs/tags/v0.2.0")
    assert "- Reads `7`s." in told and "The first" not in told


def test_without_docker_the_release_says_that_there_is_no_image_and_how_to_build_it(clone: Path) -> None:
    script(clone / "bin/docker", "#!/bin/sh\nexit 1\n")
    ran = release(clone, "0.2.0")
    assert ran.returncode == 0
    assert "image:  none: no Docker answers here" in ran.stdout and "docker build -t numeral:0.2.0" in ran.stdout


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("", "name the version"),
        ("v0.2.0", "name the version"),
        ("0.2", "name the version"),
        ("0.3.0", 'no section "## 0.3.0 (unreleased)"'),
        ("0.1.0", 'no section "## 0.1.0 (unreleased)"'),
    ],
)
def test_a_version_that_is_none_or_has_no_section_is_refused(clone: Path, version: str, says: str) -> None:
    before = state(clone)
    ran = release(clone, version)
    assert ran.returncode == 1 and says in ran.stderr
    assert state(clone) == before


def test_uncommitted_changes_are_refused_and_kept(clone: Path) -> None:
    (clone / "new.py").touch()
    ran = release(clone, "0.2.0")
    assert ran.returncode == 1 and "commit or remove your changes first" in ran.stderr
    assert (clone / "new.py").exists() and git(clone, "tag") == ""


def test_a_version_that_has_a_tag_is_refused(clone: Path) -> None:
    git(clone, "tag", "v0.2.0")
    before = state(clone)
    ran = release(clone, "0.2.0")
    assert ran.returncode == 1 and "there is a tag v0.2.0 already" in ran.stderr
    assert state(clone) == before


@pytest.mark.parametrize(
    ("path", "broken"),
    [
        ("Makefile", "lint test slow-test:\n\tfalse\n"),
        (".venv/bin/python", "#!/bin/sh\nexit 1\n"),
        (".venv/bin/python", "#!/bin/sh\n"),  # builds nothing, and says nothing
        ("bin/docker", '#!/bin/sh\n[ "$1" = info ]\n'),
        (".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n"),
    ],
    ids=["tests", "build", "no wheel", "image", "commit"],
)
def test_whatever_fails_nothing_is_changed(clone: Path, path: str, broken: str) -> None:
    script(clone / path, broken)
    if git(clone, "status", "--porcelain"):
        commit(clone)
    before = state(clone)
    ran = release(clone, "0.2.0")
    assert ran.returncode != 0 and "nothing is changed" in ran.stderr
    assert state(clone) == before
