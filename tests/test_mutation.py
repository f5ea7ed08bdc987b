"""The mutants that `python -m tests.mutation` makes, and its list of modules."""

from __future__ import annotations

from tests.mutants import mutants_of
from tests.mutation import modules
from tests.server import REPOSITORY

SOURCE = '''"""Not 1 text is changed, nor is an annotation."""
LIMIT: int | None = 3

@cache(1)
def judge(score: list[1], name="a 2") -> 3 | 4:
    if score < LIMIT and not name:
        raise ValueError(f"{name}: 5")
    with lock:
        save(score)
    return max(score, 0.5)
'''


def namespace(code: object) -> dict[str, object]:
    """The names that the module defines."""
    made: dict[str, object] = {"cache": lambda size: lambda function: function}
    exec(code, made)
    return made


def test_each_change_of_meaning_is_made_once_and_named() -> None:
    assert [mutant.name for mutant in mutants_of(SOURCE, "judge.py")] == [
        "module: LIMIT: int | None = 3 → LIMIT: int | None = 4",
        "module: LIMIT: int | None = 3 → LIMIT: int | None = 2",
        "judge: score < LIMIT and (not name) → score < LIMIT or not name",
        "judge: score < LIMIT and (not name) → not name",
        "judge: score < LIMIT and (not name) → score < LIMIT",
        "judge: score < LIMIT and (not name) → score <= LIMIT and (not name)",
        "judge: score < LIMIT and (not name) → score >= LIMIT and (not name)",
        "judge: score < LIMIT and (not name) → score < LIMIT and name",
        "judge: raise ValueError(f'{name}: 5') → pass",
        "judge: with lock: → if True:",
        "judge: save(score) → pass",
        "judge: max(score, 0.5) → min(score, 0.5)",
        "judge: max(score, 0.5) → max(score, 1.0)",
        "judge: max(score, 0.5) → max(score, 0.25)",
    ]


def test_a_mutant_is_the_module_with_that_change_alone() -> None:
    first, *_, last = (namespace(mutant.code) for mutant in mutants_of(SOURCE, "judge.py"))
    assert first["LIMIT"] == 4 and last["LIMIT"] == 3
    assert first["judge"].__code__.co_consts != last["judge"].__code__.co_consts


def test_modules_and_tests_are_where_the_list_says_and_every_exception_is_a_mutant_with_a_reason() -> None:
    for module in modules():
        assert (REPOSITORY / module.path).is_file(), module.path
        assert all((REPOSITORY / path).is_file() for path in module.tests), module.path
        assert all(module.equivalent.values()), module.path
        names = {mutant.name for mutant in mutants_of((REPOSITORY / module.path).read_text("utf-8"), module.path)}
        assert not module.equivalent.keys() - names, module.path
