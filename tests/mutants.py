"""Small changes of meaning to a module's source, one at a time, for `python -m tests.mutation` to try.

A comparison moves its bound or turns round, a sum becomes a difference, a number moves, a condition loses a part, a
statement that acts goes, a `with` loses its context. Not changed: annotations, decorators, texts.

Why not a library. Tried on `model/evaluation/gate.py` and its tests, on two cores of an Intel Xeon:

- cosmic-ray 8.7.0 starts pytest anew for each mutant, 3.1 s of processor time. It makes 2,264 of the first ten modules
  of `mutation.toml`, so two hours; of the gate 276, most of them one operator for every other, 23 in annotations. Its
  numbers move by 1 only: with the tests of before, 4 of the 14 changes to the gate's seven bounds went unnoticed;
  moved by a factor of two 8 did, among them the level of significance, 0.05 → 0.1. It removes no statement, such as an
  fsync, and a run that is interrupted leaves the module changed.
- mutmut 3.8.1 forks, 0.2 s of processor time a mutant, and makes 142 of the gate; but only inside functions, so none of
  its bounds, and it removes no statement.
- This file, 0.4 s: 89 of the gate, bounds and removed statements among them.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}
SMALL = 10  # whole numbers up to here move by one, others by a factor of two
UNTOUCHED = {"annotation", "returns", "decorator_list", "bases"}
TELLING = (ast.expr, ast.keyword, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return)  # named with what is in them
SHORT = 100  # characters of a change's description on either side


@dataclass(frozen=True)
class Mutant:
    """A module with one change, compiled. Its name, `function: before → after`, holds wherever the line moves to."""

    name: str
    line: int
    code: CodeType


def mutants_of(source: str, file: str) -> Iterator[Mutant]:
    """Every mutant of the module's source."""
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    for parent, field, node, where in places(tree, ""):
        for new in alternatives(node):
            before = short(parent if isinstance(parent, TELLING) else node)
            replace(parent, field, node, new)
            after = short(parent if isinstance(parent, TELLING) else new)
            code = compile(ast.fix_missing_locations(tree), file, "exec", dont_inherit=True)
            replace(parent, field, new, node)
            name = f"{where or 'module'}: {before} → {after}"
            seen[name] += 1
            again = f" ({seen[name]})" if seen[name] > 1 else ""
            yield Mutant(name + again, getattr(node, "lineno", 0), code)


def places(parent: ast.AST, where: str) -> Iterator[tuple[ast.AST, str, ast.AST, str]]:
    """Yield each node with its parent, the parent's field that holds it, and the enclosing function or class."""
    for field, value in ast.iter_fields(parent):
        if field in UNTOUCHED:
            continue
        for node in value if isinstance(value, list) else [value]:
            if not isinstance(node, ast.AST):
                continue
            yield parent, field, node, where
            named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            yield from places(node, f"{where}.{node.name}".lstrip(".") if named else where)


def replace(parent: ast.AST, field: str, old: ast.AST, new: ast.AST) -> None:
    """Replace a node by another one."""
    value = getattr(parent, field)
    if isinstance(value, list):
        value[next(i for i, item in enumerate(value) if item is old)] = ast.copy_location(new, old)
    else:
        setattr(parent, field, ast.copy_location(new, old))


def alternatives(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that may replace this one."""
    if isinstance(node, ast.stmt | ast.excepthandler):
        yield from other_statements(node)
    elif isinstance(node, ast.Compare):
        for i, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                yield ast.Compare(node.left, [*node.ops[:i], other(), *node.ops[i + 1 :]], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        for i in range(len(node.values)):
            rest = [*node.values[:i], *node.values[i + 1 :]]
            yield ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
    elif isinstance(node, ast.Constant):
        yield from (ast.Constant(value) for value in other_values(node.value))
    elif isinstance(node, ast.Name) and node.id in FUNCTIONS and isinstance(node.ctx, ast.Load):
        yield ast.Name(FUNCTIONS[node.id], node.ctx)
    elif isinstance(node, ast.Attribute) and node.attr in FUNCTIONS:
        yield ast.Attribute(node.value, FUNCTIONS[node.attr], node.ctx)
    elif isinstance(node, ast.IfExp) and is_plain(node.test):
        yield ast.IfExp(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.comprehension) and any(map(is_plain, node.ifs)):
        yield ast.comprehension(node.target, node.iter, [], node.is_async)


def other_statements(node: ast.stmt | ast.excepthandler) -> Iterator[ast.AST]:
    """Replacements of a statement: without its effect, its context or its exit, or with its condition negated."""
    acts = isinstance(node, ast.AugAssign | ast.Raise) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    )
    if acts:
        yield ast.Pass()
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.If | ast.While) and is_plain(node.test):
        yield type(node)(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.With):
        for i, item in enumerate(node.items):
            if item.optional_vars is None:
                rest = [*node.items[:i], *node.items[i + 1 :]]
                yield ast.With(rest, node.body) if rest else ast.If(ast.Constant(True), node.body, [])
    elif isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Tuple):
        for i in range(len(node.type.elts)):
            rest = [*node.type.elts[:i], *node.type.elts[i + 1 :]]
            yield ast.ExceptHandler(ast.Tuple(rest, ast.Load()), node.name, node.body)


def is_plain(test: ast.expr) -> bool:
    """Whether a condition has no comparison or operator of its own that is changed anyway."""
    return isinstance(test, ast.Name | ast.Call | ast.Attribute | ast.NamedExpr)


def other_values(value: object) -> list[object]:
    """Replacements of a number or a truth value."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1] if abs(value) <= SMALL else [value * 2, value // 2]
    if isinstance(value, float):
        return [value * 2, value / 2] if value else [1.0]
    return []


def short(node: ast.AST) -> str:
    """The first line of the node's source, as Python writes it."""
    first = ast.unparse(node).splitlines()[0]
    return first if len(first) <= SHORT else f"{first[:SHORT]}…"
