"""Mutants: does a test fail for each small fault that is put into a module?

    python tests/mutants.py simcore/clock/zones.py tests/test_zones.py tests/test_windows.py

An operator, number, text, condition, argument, bound or statement is changed, one at a time, and the tests that
come by its lines are run until one fails: those that found the last faults first, then as they stand. What survives
is a test to write, code to drop, or a change that changes nothing. Decorators are left alone. The tools that there
are start pandas anew for each mutant, or leave out what is decorated; here each is a fork (so not on Windows).
"""

import argparse
import ast
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import coverage
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.Eq: ast.NotEq, ast.Is: ast.IsNot, ast.In: ast.NotIn,
    ast.Add: ast.Sub, ast.Mult: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.And: ast.Or,
}  # fmt: skip
OPERATORS |= {after: before for before, after in OPERATORS.items()} | {ast.Mod: ast.FloorDiv}
WORDS = {"minimum": "maximum", "min": "max", "any": "all", "left": "right"}
WORDS |= {after: before for before, after in WORDS.items()}


def names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def others(node: ast.AST) -> Iterator[ast.AST | None]:
    """What a node is changed into; None where it is left out."""
    if type(node) in OPERATORS:
        yield OPERATORS[type(node)]()
    match node:
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(str(value)):
            yield ast.Constant(WORDS.get(value, "x" + value))
        case ast.Name(name) if name in WORDS:
            yield ast.Name(WORDS[name], node.ctx)
        case ast.Attribute(value, name) if name in WORDS:
            yield ast.Attribute(value, WORDS[name], node.ctx)
        case ast.UnaryOp(_, operand):
            yield operand
        case ast.BoolOp(_, [one, other]) | ast.IfExp(_, one, other):
            yield from (one, other)
        case ast.If(test, body, orelse) if names(test) != {"TYPE_CHECKING"}:
            yield from (ast.If(ast.Constant(verdict), body, orelse) for verdict in (True, False))
        case ast.While(_, body, orelse):
            yield ast.While(ast.Constant(False), body, orelse)
        case ast.For(target, _, body, orelse):
            yield ast.For(target, ast.List([], ast.Load()), body, orelse)
        case ast.Slice(lower, upper):
            yield from (ast.Slice(*each) for each in {(None, upper), (lower, None)} - {(lower, upper)})
        case ast.Call(ast.Name("min" | "max" | "sorted") | ast.Attribute(_, "minimum" | "maximum"), args):
            yield from args
        case ast.keyword():
            yield None
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Return(None):
            yield ast.Pass()
        case ast.Assign([target], value) if not isinstance(target, ast.Name | ast.Tuple) or (
            names(target) & names(value)
        ):
            yield ast.Pass()


class Mutant(NamedTuple):
    """A change in the tree, which is there until the next one is asked for."""

    what: str
    lines: range
    inside: bool
    """Whether it is in a function, so that the tests that come by are known."""


def mutants(
    node: ast.AST, tree: ast.AST, statement: ast.stmt | None = None, inside: bool = False
) -> Iterator[Mutant]:
    """Each change below a node of a tree."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list"}:
            continue
        many = value if isinstance(value, list) else [value]
        for at, child in enumerate(many):
            if not isinstance(child, ast.AST) or isinstance(child, ast.Import | ast.ImportFrom):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue  # a docstring
            whose = child if isinstance(child, ast.stmt) else statement
            for new in [*others(child), *([None] if field == "ifs" else [])]:
                before = ast.unparse(
                    node if isinstance(child, ast.operator | ast.cmpop | ast.boolop) else child
                )
                if isinstance(value, list):
                    value[at : at + 1] = [] if new is None else [new]
                else:
                    setattr(node, field, new)
                ast.fix_missing_locations(tree)
                after = ast.unparse(new if isinstance(new, ast.expr | ast.stmt) else node)
                place = child if isinstance(child, ast.expr | ast.stmt | ast.keyword) else whose
                if isinstance(place, ast.If | ast.While | ast.For):
                    place = place.iter if isinstance(place, ast.For) else place.test
                if isinstance(place, ast.expr | ast.stmt | ast.keyword):
                    lines = range(place.lineno, (place.end_lineno or place.lineno) + 1)
                    what, into = (text.partition("\n")[0] for text in (before, after))
                    yield Mutant(f"{what} -> {into}", lines, inside)
                if isinstance(value, list):
                    value[at : at + (new is not None)] = [child]
                else:
                    setattr(node, field, child)
            within = (inside or isinstance(child, ast.FunctionDef)) and not isinstance(child, ast.arguments)
            yield from mutants(child, tree, whose, within)


def transplant(old: Any, new: Any) -> None:
    """Puts the code of a function, a property or what is cached into the one that is in use."""
    for held in ("fget", "func", "__wrapped__"):
        old, new = getattr(old, held, old), getattr(new, held, new)
    if isinstance(old, FunctionType) and isinstance(new, FunctionType):
        old.__code__, old.__defaults__, old.__kwdefaults__ = (
            new.__code__,
            new.__defaults__,
            new.__kwdefaults__,
        )


def infect(module: ModuleType, tree: ast.Module) -> None:
    """Makes a module that is in use what a tree says."""
    made: dict[str, Any] = {"__name__": module.__name__}
    exec(compile(tree, str(module.__file__), "exec"), made)
    for name, new in made.items():
        old = getattr(module, name, None)
        if isinstance(new, type) and new.__module__ == module.__name__:
            for part, value in vars(new).items():
                transplant(vars(old).get(part), value)
        elif callable(new):
            transplant(old, new)
        elif not name.startswith("__") and repr(old) != repr(new):
            for each in [*sys.modules.values()]:
                if getattr(each, "__dict__", {}).get(name) is old:
                    setattr(each, name, new)


def forget(module: ModuleType, made_in: str | None = None) -> None:
    """Empties what a module caches, or what those of its functions do that are made in one of this name."""
    for each in vars(module).values():
        if hasattr(each, "cache_clear") and made_in in {None, each.__module__}:
            each.cache_clear()


def fails(item: pytest.Item) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


class Runs:
    """In place of a run of the tests: one to see which of them come by which line, then one for each mutant."""

    def __init__(self, file: Path, lines: list[int], part: str, patience: float) -> None:
        self.file, self.lines, self.patience = file.resolve(), lines, patience
        self.part, self.parts = map(int, part.split("/"))
        self.took: dict[str, float] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        module = importlib.import_module(".".join(self.file.relative_to(Path.cwd()).with_suffix("").parts))
        path = str(module.__file__)
        if Path(path) != self.file:
            raise SystemExit(f"{path} would be tested, not {self.file}: mind PYTHONPATH")
        cover = coverage.Coverage(data_file=None, config_file=False, include=[path])
        cover.start()
        for item in session.items:
            forget(module)
            cover.switch_context(item.nodeid)
            begin = time.perf_counter()
            if fails(item):
                raise SystemExit(f"{item.nodeid} fails as it is")
            self.took[item.nodeid] = time.perf_counter() - begin
        cover.stop()
        passing = cover.get_data().contexts_by_lineno(path)
        killers: list[str] = []  # the last one last
        counts = dict.fromkeys(("killed", "timeout", "survived"), 0)
        tree = ast.parse(self.file.read_text("utf-8"))
        for number, mutant in enumerate(mutants(tree, tree), 1):
            if number % self.parts != self.part % self.parts or (
                self.lines and mutant.lines[0] not in self.lines
            ):
                continue
            near = {test for line in mutant.lines for test in passing.get(line, ())}
            chosen = [item for item in session.items if item.nodeid in near or not mutant.inside]
            chosen.sort(key=lambda item: -killers.index(item.nodeid) if item.nodeid in killers else 1)
            killer = self.killer(module, tree, chosen)
            verdict = (
                "survived" if killer is None else "killed" if killer in {*self.took, "import"} else "timeout"
            )
            counts[verdict] += 1
            if killer in self.took:
                killers = [*(each for each in killers if each != killer), killer][-12:]
            if verdict != "killed":
                print(
                    f"{self.file.name}:{mutant.lines[0]}: {verdict}, {len(chosen)} tests: {mutant.what}",
                    flush=True,
                )
        print(f"{self.file.name}: {counts}")
        return True

    def killer(self, module: ModuleType, tree: ast.Module, items: list[pytest.Item]) -> str | None:
        """The test that fails for what a tree says; "import", "timeout", or None."""
        reading, writing = os.pipe()
        child = os.fork()
        if child:
            os.close(writing)
            with os.fdopen(reading) as pipe:
                found = pipe.read()
            return "timeout" if os.waitpid(child, 0)[1] else found or None
        nowhere = os.open(os.devnull, os.O_RDWR)
        for each in range(3):
            os.dup2(nowhere, each)
        signal.alarm(10)  # which ends the process
        found = "import"
        try:
            forget(module)
            for name, tests in [*sys.modules.items()]:
                if name.startswith("test_"):
                    forget(tests, name)
            infect(module, tree)
            end, found = time.monotonic() + self.patience, ""
            for item in items:
                signal.alarm(10 + round(5 * self.took[item.nodeid]))
                if time.monotonic() > end or fails(item):
                    found = item.nodeid if time.monotonic() < end else ""
                    break
        finally:
            os.write(writing, found.encode())
            os._exit(0)


def main() -> int:
    parser = argparse.ArgumentParser(epilog="All other options are pytest's.")
    parser.add_argument("file", type=Path, help="the module")
    parser.add_argument("tests", nargs="+", help="files of tests that pin it, quick ones")
    parser.add_argument("--lines", type=int, nargs="*", default=[], help="only mutants of these lines")
    parser.add_argument("--part", default="1/1", help="2/4: the second of every four mutants")
    parser.add_argument("--patience", type=float, default=60, help="seconds of tests for one mutant")
    given, others_ = parser.parse_known_args()
    quick = settings(
        derandomize=True, deadline=None, max_examples=50, phases=[Phase.explicit, Phase.generate]
    )
    settings.register_profile("mutants", quick)
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    quiet = [
        "-q",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
    ]
    return pytest.main(
        [*quiet, *given.tests, *others_], [Runs(given.file, given.lines, given.part, given.patience)]
    )


if __name__ == "__main__":
    sys.exit(main())
