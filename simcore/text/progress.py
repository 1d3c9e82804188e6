"""The progress of long work."""

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[str, int], None]
"""Takes the name of the work, and how many units are done."""


@contextmanager
def reporting(shown: bool, total: int, unit: str) -> Iterator[Report]:
    """Shows on standard error how many `unit` of `total` are done: a bar, or a plain line without rich."""
    begun: dict[str, tuple[float, int]] = {}

    def rate(what: str, done: int) -> str:
        now = time.monotonic()
        since, before = begun.setdefault(what, (now, done))
        return f"{done:,} {unit}, {(done - before) / (now - since or 1):,.0f} {unit}/s"

    if not shown:
        yield lambda what, done: None
        return
    try:
        console, bars = map(importlib.import_module, ("rich.console", "rich.progress"))
    except ModuleNotFoundError:
        line = ""

        def write(what: str, done: int) -> None:
            nonlocal line
            line = f"{what}: {done / (total or 1):.0%}, {rate(what, done)}"
            if sys.stderr.isatty():
                print(f"\r{line}", end="\033[K", file=sys.stderr, flush=True)

        try:
            yield write
        finally:
            print(f"\r{line}" if sys.stderr.isatty() else line, file=sys.stderr)
        return
    columns = (
        "{task.description}",
        bars.BarColumn(None),
        bars.TaskProgressColumn(),
        "{task.fields[rate]}",
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=console.Console(stderr=True), expand=True) as bar:
        task = bar.add_task("", total=total, rate="")
        yield lambda what, done: bar.update(task, description=what, completed=done, rate=rate(what, done))
