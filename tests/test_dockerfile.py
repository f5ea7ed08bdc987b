"""The Dockerfile's two targets: what they contain, as whom they run, what they start. Docker itself is not needed."""

from __future__ import annotations

import fnmatch
import json
import re
import tomllib

import pytest

from tests.server import REPOSITORY

TEXT = re.sub(r"\\\n\s*", "", (REPOSITORY / "Dockerfile").read_text())
Stage = list[tuple[str, str]]  # instruction and its arguments


def stages() -> dict[str, tuple[str, Stage]]:
    """Name → the image that it is from, and its instructions, in order."""
    found: dict[str, tuple[str, Stage]] = {}
    for line in TEXT.splitlines():
        if not line or line.startswith("#"):
            continue
        instruction, _, arguments = line.partition(" ")
        if instruction == "FROM":
            origin, name = re.fullmatch(r"(\S+) AS (\S+)", arguments).groups()  # type: ignore[union-attr]
            found[name] = (origin, steps := [])
        else:
            steps.append((instruction, arguments))
    return found


def whole(target: str) -> Stage:
    """A target's instructions, after those of the stages that it is from."""
    origin, steps = stages()[target]
    return [*(whole(origin) if origin in stages() else []), *steps]


def last(target: str, instruction: str) -> str:
    """The arguments that hold in the end."""
    return [arguments for name, arguments in whole(target) if name == instruction][-1]


def test_the_full_target_is_the_default() -> None:
    assert list(stages())[-2:] == ["serve", "full"]


@pytest.mark.parametrize("target", ["serve", "full"])
def test_both_targets_start_numeral_as_nobody_special_and_tell_their_health(target: str) -> None:
    assert json.loads(last(target, "ENTRYPOINT")) == ["numeral"]
    assert json.loads(last(target, "CMD")) == ["serve"]
    user, group = last(target, "USER").split(":")
    assert int(user) > 0 and int(group) > 0  # numbers: Kubernetes' runAsNonRoot can't check a name
    check = json.loads(last(target, "HEALTHCHECK").partition(" CMD ")[2])
    assert check[:2] == ["python", "-m"] and (REPOSITORY / f"{check[2].replace('.', '/')}.py").exists()
    assert set(json.loads(last(target, "VOLUME"))) == {"/srv/numeral/weights", "/srv/numeral/var"}
    assert last(target, "WORKDIR") == "/srv/numeral"  # where the default settings put weights and var


@pytest.mark.parametrize("target", ["serve", "full"])
def test_sagemaker_may_say_the_port(target: str) -> None:
    assert last(target, "LABEL") == "com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true"


def test_only_the_full_target_has_torch() -> None:
    sources = {name: last(name, "COPY").split()[0] for name in ("serve", "full")}
    assert sources == {"serve": "--from=serve-packages", "full": "--from=full-packages"}
    installs = {name: [step for kind, step in stages()[name][1] if "install" in step] for name in stages()}
    assert [step.endswith(" .") for step in installs["serve-packages"]] == [True]
    assert [step.endswith(" '.[train]'") for step in installs["full-packages"]] == [True]
    assert all("--constraint constraints.txt" in step for steps in installs.values() for step in steps)


def test_everything_that_is_copied_is_there_and_let_through() -> None:
    excepted = [line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line[0] == "!"]
    for kind, step in stages()["serve-packages"][1]:
        for source in step.split()[:-1] if kind == "COPY" else ():
            assert (REPOSITORY / source).exists()
            assert any(fnmatch.fnmatch(source, each) for each in excepted), source


def test_the_wheel_is_built_of_what_is_copied() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    copied = {name for kind, step in stages()["serve-packages"][1] if kind == "COPY" for name in step.split()[:-1]}
    folders = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert folders == {name.partition("/")[0] for name in copied if "." not in name} - {"LICENSE"}
    assert project["project"]["readme"] in copied
