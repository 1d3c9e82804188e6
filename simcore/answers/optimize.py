"""The best schedules of many, with a certificate that none is better."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Literal, Unpack

import numpy as np
import pandas as pd

from simcore.answers.certificate import Claims
from simcore.answers.limits import limits_of, metric_of
from simcore.answers.metrics import METRICS
from simcore.answers.options import Entries, ForecastOptions, read, takes
from simcore.answers.projection import plan_of, tables
from simcore.answers.proof import check
from simcore.answers.search import Aim, Search
from simcore.answers.space import Space
from simcore.answers.sweep import values_of
from simcore.errors import SimcoreError, shown
from simcore.plan.platform import Sequence
from simcore.text.progress import reporting
from simcore.text.tables import Shown, Table
from simcore.text.wording import WEEKDAYS, count, weekdays

LIMIT = 1_000_000
"""The default limit of combinations."""
_PATIENCE, _PAUSE = 5.0, 0.1  # seconds before there is a progress bar, and between its changes


class Optimum(Claims, Shown):
    """The result of `simcore.optimize`: the best schedules, and a certificate that none is better.

    `best`: the best schedules as `simcore.sweep` gives them, best first. `evaluated`: all that were evaluated, indexed
    by the rows that they have in a sweep.
    """

    @property
    def certificate(self) -> pd.DataFrame:
        """What was not evaluated, and why: a row for each part of the space.

        Columns: one for each path, with the part's values in a tuple; `schedules`, how many these are; `metric`,
        `bound` and `why`: what rules all of them out.
        """
        columns: dict[str, Any] = {
            path: pd.Series([tuple(values[at] for at in part.box[axis]) for part in self.parts], dtype=object)
            for axis, (path, values) in enumerate(self.over.items())
        }
        for name in ("schedules", "metric", "bound", "why"):
            columns[name] = [getattr(part, name) for part in self.parts]
        return pd.DataFrame(columns)

    def check(self, entries: Entries | None = None, *, progress: bool = True) -> Literal[True]:
        """Proves the certificate again, by code that shares nothing with the search: True where it holds.

        `entries`: the same as those given to `simcore.optimize`. Every schedule is built, and those that were
        evaluated are simulated one by one, so this takes longer than the search. `progress`: as there.

        Raises SimcoreError where the certificate does not hold, with the reason.
        """
        entries, _ = tables(self.sequence, entries, self.options)
        with _slowly(progress, math.prod(map(len, self.over.values())), "Checking") as report:
            check(self, entries, report)
        return True

    def words(self) -> tuple[str, str]:
        """What was found, and how, in a line each."""
        out = sum(part.schedules for part in self.parts)
        within = "".join(f", {limit}" for limit in self.subject_to)
        told = f"{count(len(self.best), 'schedule')} of {len(self.evaluated) + out:,}"
        below = f"{len(self.evaluated):,} evaluated, {out:,} ruled out by {count(len(self.parts), 'bound')}"
        return f"The least {self.minimize}{within}: {told}", below

    def _table(self) -> Table:
        heading, below = self.words()
        rows = [[*map(cell, row)] for row in self.best.itertuples(index=False)]
        return Table(heading, [*self.best.columns], rows, below)


def cell(value: Any) -> Any:
    """A value of a schedule as people read it: Mon to Fri, 1.042."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple) and value and {*value} <= {*WEEKDAYS}:
        return weekdays(map(WEEKDAYS.index, value))
    return value


@takes(ForecastOptions)
def optimize(
    sequence: Sequence,
    entries: Entries | None = None,
    *,
    over: Mapping[str, Iterable[Any]],
    minimize: str,
    subject_to: str | Iterable[str] = (),
    top: int = 5,
    progress: bool = True,
    limit: int = LIMIT,
    **options: Unpack[ForecastOptions],
) -> Optimum:
    """Finds the best of all combinations of field values, without evaluating most of them, and proves it.

    `over`: values by path, as the `fields` of `simcore.sweep`. `minimize`: one of its five metrics, by name
    (`peak_hour` is another name for `most_in_an_hour`). `subject_to`: limits such as `"weekend_share <= 0"`: a metric,
    one of <=, <, ==, >= and >, and a number. `top`: how many schedules are wanted. `progress`: whether to show a bar
    on standard error if it takes longer than five seconds. `limit`: the most combinations that may be. The other
    arguments are those of `simcore.sweep`.

    `best` of the result is always what a sweep of all combinations would give: of those within the limits the `top`
    ones with the least `minimize`, best first, equal ones in the sweep's order (what sends nothing comes last, and
    keeps no limit). Most schedules need not be evaluated for that, since more send days or a shorter wait never delay
    a send, nor does an earlier hour where the wait counts dates (T17, T19): so a part of the space is no better than
    its most permissive schedule would be. Of weekends, nights and hours, the sends that are surely in them are
    counted. All of that holds in each recipient's own zone (T22). Each part that is ruled out so stands in the
    `certificate`, with its bound; `check` proves all of it again. Where more than waits decides who gets what (events,
    changes, an end, runs that others end, a platform's own kinds of waits), every schedule is evaluated.

    Raises what `simcore.sweep` raises, and SimcoreError for a metric or a limit that is none.

    >>> import simcore
    >>> from simcore import kit
    >>> welcome = kit.load(simcore.example("welcome"))
    >>> entries = simcore.arrivals(50, "2026-03-01", "2026-03-15", time_zone="America/New_York", seed=1)
    >>> over = {"send_hour": range(24), "emails[2].delay_value": [1, 2, 3]}
    >>> found = simcore.optimize(
    ...     welcome, entries, over=over, minimize="median_days", subject_to=["night_share <= 0.2"], top=2
    ... )
    >>> found.best[["send_hour", "emails[2].delay_value", "median_days"]].round(2).to_numpy().tolist()
    [[7.0, 1.0, 5.09], [8.0, 1.0, 5.14]]
    >>> found.check(entries)
    True
    """
    given = read(optimize, options)
    if not isinstance(top, int) or isinstance(top, bool) or top < 1:
        raise SimcoreError(f"top: found {shown(top)}, expected a whole number of schedules, 1 or more")
    aim = Aim(metric_of(minimize, "minimize"), limits_of(subject_to), top)
    entries, given = tables(sequence, entries, given)
    plan_of(sequence, given.assumptions, given.include_drafts)
    space = Space(sequence, values_of(over, METRICS, limit, "over"))
    with _slowly(progress, len(space), "Optimizing") as report:
        found = Search(space, entries, given, aim).run(report)
    rows = sorted(found.measured)
    keys = sorted(aim.key(row, found.measured[row]) for row in rows if aim.keeps(found.measured[row]))
    best = [row for *_, row in keys[:top]]
    return Optimum(
        best=space.frame(best, [found.measured[row] for row in best]),
        evaluated=space.frame(rows, [found.measured[row] for row in rows]).set_axis(np.array(rows, np.int64)),
        parts=tuple(found.parts),
        over={path: tuple(values) for path, values in space.fields.items()},
        minimize=aim.metric,
        subject_to=aim.limits,
        top=top,
        sequence=sequence,
        options=given,
    )


@contextmanager
def _slowly(shown: bool, total: int, what: str) -> Iterator[Callable[[int], None]]:
    """Takes how many schedules are settled; once that takes long, with a progress bar."""
    due, bar = time.monotonic() + _PATIENCE, None
    with ExitStack() as stack:

        def report(settled: int) -> None:
            nonlocal bar, due
            if shown and (time.monotonic() >= due or (bar is not None and settled == total)):
                bar = bar or stack.enter_context(reporting(True, total, "schedules"))
                bar(what, settled)
                due = time.monotonic() + _PAUSE

        yield report
