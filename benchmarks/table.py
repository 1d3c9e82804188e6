"""The table that measurements are shown in, and the command line that all of them share.

Each measurement is a file with a function `measure`, and runs in a process of its own, so that it gives the
same alone as among the others.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from workload import Times

import simcore

HERE = Path(__file__).resolve().parent
NOW = Path(simcore.__file__).resolve().parents[1]  # the checkout, or where it is installed
HEADINGS = ("name", "what it is", "sends", "s / 1M sends", "ratio", "ratio of", "goal", "")
AGAINST = ("now / before", "lowest", "highest")
NUMBERS = {"sends", "s / 1M sends", "ratio", *AGAINST}


class DifferenceError(Exception):
    """Two contenders gave different sends."""


class MeasurementError(Exception):
    """A measurement ended early."""


class Size(NamedTuple):
    """How much is measured."""

    subscribers: int
    sample: int
    repeat: int


@dataclass
class Row:
    """One line of the table: what was measured, and a number beside its goal."""

    name: str
    what: str
    sends: int | None = None
    times: Times = field(default_factory=Times)
    seconds_per_million: float | None = None
    ratio: float | None = None
    ratio_of: str = ""
    at_least: float | None = None
    at_most: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def goal(self) -> str:
        """The goal in words, empty where there is none."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.ratio is None or not self.goal:
            return None
        return self.ratio >= self.at_least if self.at_least is not None else self.ratio <= self.at_most

    @property
    def cost(self) -> float | None:
        """What is held against another checkout: processor time, steadier than the clock, or else the ratio."""
        return median(self.times.processor) if self.times.processor else self.ratio

    def cells(self) -> tuple[str, ...]:
        """The row as it is printed."""
        return (
            self.name,
            self.what,
            "" if self.sends is None else f"{self.sends:,}",
            "" if self.seconds_per_million is None else f"{self.seconds_per_million:.4f}",
            "" if self.ratio is None else f"{self.ratio:.2f}",
            self.ratio_of,
            self.goal,
            {True: "met", False: "NOT MET", None: ""}[self.met],
        )

    def as_json(self) -> dict[str, Any]:
        """All of it, with the goal in words."""
        return {**asdict(self), "goal": self.goal, "met": self.met}


class Result(NamedTuple):
    """A row, and what it costs now over what it cost in another checkout, turn by turn."""

    row: Row
    against: list[float]

    def cells(self) -> tuple[str, ...]:
        """The row as it is printed, with the median of the turns, the lowest and the highest."""
        found = (median(self.against), min(self.against), max(self.against)) if self.against else ()
        return (*self.row.cells(), *(f"{each:.2f}" for each in found), *[""] * (len(AGAINST) - len(found)))


def read_row(row: dict[str, Any]) -> Row:
    """Give a row from its JSON."""
    fields = {name: value for name, value in row.items() if name not in {"goal", "met"}}
    return Row(**{**fields, "times": Times(**fields["times"])})


def say(text: str) -> None:
    """Tell on stderr how far the run is."""
    print(text, file=sys.stderr, flush=True)


# --- running -----------------------------------------------------------------------------------------------


def run(name: str, size: Size, checkout: Path | None = None) -> list[Row]:
    """Give the rows of one measurement, made in a process of its own; with simcore of `checkout`, where one is given.

    Raises MeasurementError where the process fails.
    """
    options = [f"--{option}={value}" for option, value in size._asdict().items()]
    environment = dict(os.environ)
    if checkout is not None:
        rest = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(checkout), *([rest] if rest else [])])
    found = subprocess.run(
        [sys.executable, str(HERE / f"{name}.py"), "--rows", *options],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    if found.returncode:
        raise MeasurementError(f"{name}.py ended with status {found.returncode}, as said above")
    made = json.loads(found.stdout)
    if checkout is not None and made["simcore"] != str(checkout):
        raise MeasurementError(f"{name}.py imported simcore from {made['simcore']}, not from {checkout}")
    return [read_row(row) for row in made["rows"]]


def run_in_turn(name: str, size: Size, before: Path) -> list[Result]:
    """Give the rows of a measurement here, held against those of another checkout.

    Both take turns, `size.repeat` times, a process each.
    """
    turns = []
    for turn in range(1, size.repeat + 1):
        made = []
        for which, checkout in (("now", NOW), ("before", before)):
            say(f"{name}, turn {turn} of {size.repeat}, {which}")
            made.append(run(name, size._replace(repeat=1), checkout))
        turns.append([*zip(*made, strict=True)])
    return [hold_against(pairs) for pairs in zip(*turns, strict=True)]


def hold_against(pairs: Sequence[tuple[Row, Row]]) -> Result:
    """Give one row of its turns, now and before: medians of what was found now, and what it costs of before.

    Raises DifferenceError where the two differ in sends.
    """
    for now, before in pairs:
        if now.sends != before.sends:
            raise DifferenceError(f"{now.name}, {now.what}: {now.sends} sends now, {before.sends} before")
    rows = [now for now, _ in pairs]
    middle = sorted(rows, key=lambda row: row.cost or 0)[len(rows) // 2]
    row = replace(
        middle,
        times=Times(
            [seconds for each in rows for seconds in each.times.seconds],
            [seconds for each in rows for seconds in each.times.processor],
        ),
        seconds_per_million=median_of(each.seconds_per_million for each in rows),
        ratio=median_of(each.ratio for each in rows),
    )
    costs = [(now.cost, before.cost) for now, before in pairs]
    return Result(row, [now / before for now, before in costs if now and before])


def median_of(numbers: Iterable[float | None]) -> float | None:
    """Give the median of those that are there, None where none is."""
    known = [each for each in numbers if each is not None]
    return median(known) if known else None


# --- showing -----------------------------------------------------------------------------------------------


def describe_machine() -> dict[str, Any]:
    """Give what the numbers depend on."""
    versions = {}
    for package in ("simcore", "pandas", "numpy", "tzdata", "simpy", "cimba", "polars", "duckdb", "pyarrow"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # simcore, run from its sources
            versions[package] = "not installed"
    return {
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpu_count": os.cpu_count(),
        "python": platform.python_version(),
        **versions,
    }


def format_table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Give the rows as text in columns, numbers to the right."""
    lines = [headings, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(
            cell.rjust(width) if heading in NUMBERS else cell.ljust(width)
            for heading, cell, width in zip(headings, line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


# --- the command line --------------------------------------------------------------------------------------


def parse_arguments(names: Sequence[str], what: str) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=what)
    if len(names) > 1:
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(names)}")
    parser.add_argument("--subscribers", type=int, default=1_000_000, help="for all but the two below")
    parser.add_argument("--sample", type=int, default=20_000, help="for the loop and SimPy")
    parser.add_argument("--repeat", type=int, default=5, help="times that each is measured")
    parser.add_argument("--before", type=Path, metavar="PATH", help="another checkout to hold this against")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to this file too")
    parser.add_argument("--rows", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(names=[])
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in names]
    if unknown:
        parser.error(f"no measurement is called {unknown[0]}")
    if arguments.subscribers < 10 or arguments.sample < 1 or arguments.repeat < 1:
        parser.error("--subscribers must be at least 10, --sample and --repeat at least 1")
    if arguments.before and not (arguments.before / "simcore" / "__init__.py").is_file():
        parser.error(f"--before: {arguments.before} holds no simcore")
    return arguments


def main(names: Sequence[str], what: str, measure: Callable[[Size], list[Row]] | None = None) -> int:
    """Run measurements by their names, print the table, and give the exit status.

    With --rows, as `run` calls it, the rows of `measure` alone are made, in this process, and printed as JSON.
    """
    arguments = parse_arguments(names, what)
    size = Size(arguments.subscribers, arguments.sample, arguments.repeat)
    try:
        if arguments.rows and measure is not None:
            made = {"simcore": str(NOW), "rows": [row.as_json() for row in measure(size)]}
            json.dump(made, sys.stdout)
            return 0
        results = []
        for name in arguments.names or names:
            if arguments.before:
                results += run_in_turn(name, size, arguments.before.resolve())
            else:
                say(name)
                results += [Result(row, []) for row in run(name, size)]
    except DifferenceError as difference:
        say(f"results differ: {difference}")
        return 1
    except MeasurementError as error:
        say(str(error))
        return 1
    machine = describe_machine()
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    if arguments.before:
        print(format_table((*HEADINGS, *AGAINST), [result.cells() for result in results]))
        print(f"now: {NOW}; before: {arguments.before.resolve()}; {size.repeat} turns each, in turn")
    else:
        print(format_table(HEADINGS, [result.row.cells() for result in results]))
    if arguments.json:
        rows = [{**result.row.as_json(), "now_over_before": result.against} for result in results]
        written = {"machine": machine, "arguments": size._asdict(), "rows": rows}
        arguments.json.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    return 0
