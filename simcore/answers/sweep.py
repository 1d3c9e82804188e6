"""Many schedules at once: the metrics of each combination of fields."""

from collections.abc import Callable, Iterable, Mapping, Sized
from contextlib import AbstractContextManager
from itertools import islice, product
from math import prod
from typing import Any, Unpack

import numpy as np
import pandas as pd

from simcore.answers.metrics import METRICS, Metrics
from simcore.answers.options import Entries, ForecastOptions, read, takes
from simcore.answers.projection import Cache, Simulation, make, plan_of, tables
from simcore.errors import SimcoreError, inside, shown
from simcore.plan.paths import parts
from simcore.plan.plan import Plan
from simcore.plan.platform import Sequence

_NAMED = 400  # characters of a combination that an error shows
LIMIT = 50_000
"""The default limit of combinations: of a few emails, two minutes and half a gigabyte."""


@takes(ForecastOptions)
def sweep(
    sequence: Sequence,
    fields: Mapping[str, Iterable[Any]],
    entries: Entries | None = None,
    *,
    metrics: Mapping[str, Callable[[Simulation], Any]] | None = None,
    limit: int = LIMIT,
    **options: Unpack[ForecastOptions],
) -> pd.DataFrame:
    """Measures every combination of field values: one row for each schedule, in the order of `itertools.product`.

    `fields`: values by path, such as `{"send_hour": range(24), "emails[2].delay_value": [1, 2, 3]}`. The paths are
    those of the sequence's `with_fields`. `metrics`: functions of a `simcore.Simulation` by name, instead of the five
    below; each schedule then takes as long as one `simcore.simulate`. `limit`: the most combinations that may be; they
    are counted before any is looked at. The other arguments are those of `simcore.project` (`order` and `render`
    change nothing).

    Returns one column for each path, named by it, with the values as given (lists as tuples). Then the metrics:
    `median_days` and `p95_days` (float64 [days], from entry to last send, over the runs that have a send; the
    percentile is interpolated linearly), `weekend_share` (float64, 0 to 1: sends on Saturday or Sunday) and
    `night_share` (float64: sends from 22:00 to before 07:00), both by the wall clock of the schedule's zone, and
    `most_in_an_hour` (int64: sends in the busiest hour of that clock, counted as by `simcore.forecast`). Metrics are
    NaN if nothing is sent. The index is a RangeIndex.

    Raises ValidationError for a combination that is not valid, and names it; SimcoreError for too many.

    >>> import simcore
    >>> from simcore import kit
    >>> welcome = kit.load(simcore.example("welcome"))
    >>> entries = simcore.arrivals(50, "2026-03-01", "2026-03-15", time_zone="America/New_York", seed=1)
    >>> found = simcore.sweep(welcome, {"send_hour": [6, 9], "emails[3].delay_value": [1, 2]}, entries)
    >>> found[["send_hour", "emails[3].delay_value", "median_days"]].round(1).to_numpy().tolist()
    [[6.0, 1.0, 3.0], [6.0, 2.0, 5.1], [9.0, 1.0, 3.1], [9.0, 2.0, 5.2]]
    """
    given = read(sweep, options)
    entries, given = tables(sequence, entries, given)
    plan_of(sequence, given.assumptions, given.include_drafts)
    if metrics is not None and not _are_functions(metrics):
        raise SimcoreError(
            f"metrics: found {shown(metrics)}, expected a dict of functions of a simcore.Simulation, by name"
        )
    values = values_of(fields, METRICS if metrics is None else metrics, limit, "fields")
    combinations = [*product(*values.values())]
    chosen = [dict(zip(values, combination, strict=True)) for combination in combinations]
    schedules = []
    for combination in chosen:
        with naming(combination):
            schedules.append(sequence.with_fields(combination))
    cache = Cache()
    default = Metrics(cache)
    plans = [plan_of(schedule, given.assumptions, given.include_drafts) for schedule in schedules]
    measured: list[Any] = [None] * len(schedules)
    for number in neighbours(plans):
        with naming(chosen[number]):
            projection = make(
                schedules[number], entries, given, notes=metrics is not None, plan=plans[number], cache=cache
            )
        if metrics is None:
            measured[number] = default.of(projection)
        else:
            life = projection.simulation()
            measured[number] = [metric(life) for metric in metrics.values()]
    names = METRICS if metrics is None else (*metrics,)
    columns = {
        path: column(of_path) for path, of_path in zip(values, zip(*combinations, strict=True), strict=True)
    }
    return pd.DataFrame(columns | dict(zip(names, zip(*measured, strict=True), strict=True)))


def values_of(fields: Any, metrics: Iterable[str], limit: Any, called: str) -> dict[str, list[Any]]:
    """The values of each field, as lists, once they are seen to be few enough.

    `metrics`: the names that fields must not have. `called`: what errors call the fields.
    """
    if not isinstance(fields, Mapping) or not fields:
        raise SimcoreError(
            f'{called}: found {shown(fields)}, expected a dict such as {{"send_hour": range(24)}}'
        )
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise SimcoreError(f"limit: found {shown(limit)}, expected a whole number of combinations, 1 or more")
    values: dict[str, Any] = {}
    for path, given in fields.items():
        parts(path)
        if path in metrics:
            raise SimcoreError(f"metrics: {path} is also the name of a field; give the metric another name")
        if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
            raise SimcoreError(f"{called}: {path}: found {shown(given)}, expected a list of values")
        values[path] = given if isinstance(given, Sized) else [*islice(given, limit + 1)]
        if not _size(values[path]):
            raise SimcoreError(f"{called}: {path}: found an empty list, expected one value or more")
        if values[path] is not given and len(values[path]) > limit:  # it may be endless
            raise SimcoreError(
                f"{called}: {path}: more than {limit:,} values, expected at most {limit:,} combinations: give fewer "
                "values, or a higher limit="
            )
    sizes = [*map(_size, values.values())]
    if prod(sizes) > limit:
        told = " * ".join(f"{size:,}" for size in sizes)
        raise SimcoreError(
            f"{called}: {f'{told} = ' if len(sizes) > 1 else ''}{prod(sizes):,} combinations, expected at most "
            f"{limit:,}: give fewer values, or limit={prod(sizes)}"
        )
    return {path: [*given] for path, given in values.items()}


def _size(values: Any) -> int:
    """How many values there are; of a range more than Python would say, too."""
    if isinstance(values, range):
        return max(0, -((values.start - values.stop) // values.step))
    return len(values)


def _are_functions(metrics: Any) -> bool:
    return (
        isinstance(metrics, Mapping)
        and len(metrics) > 0
        and all(isinstance(name, str) and callable(metric) for name, metric in metrics.items())
    )


def naming(chosen: dict[str, Any]) -> AbstractContextManager[None]:
    """Errors raised inside, about changes too, name the values of the schedule."""
    return inside("", f"in the combination {shown(chosen, _NAMED)}")


def neighbours(plans: list[Plan]) -> list[int]:
    """The indices of plans, in an order that keeps those with equal first steps together."""
    numbers: dict[Any, int] = {}
    ways = [
        [numbers.setdefault((step.delay, step.gate), len(numbers)) for step in plan.steps] for plan in plans
    ]
    return sorted(range(len(plans)), key=ways.__getitem__)


def column(values: tuple[Any, ...]) -> Any:
    """A column of values as given; lists become tuples, so that they can be grouped by."""
    if not any(value is None or isinstance(value, list | tuple | set | frozenset) for value in values):
        return list(values)
    column = np.empty(len(values), object)
    for row, value in enumerate(values):
        column[row] = tuple(value) if isinstance(value, list | set | frozenset) else value
    return pd.Series(column, dtype=object)
