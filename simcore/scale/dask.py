"""The same projection over Dask DataFrames (`pip install "simcore[dask]"`). Dask decides what to run where and when,
and runs it again if a worker is lost.

What happens to a subscriber depends on all of their rows: a second entry may start another run, or end the first
(K14), and events end runs. So all rows of a subscriber must be in one partition: both frames are shuffled by
`subscriber_id` first, unless `partitioned=True` says that this is so already.
"""

from functools import partial
from operator import attrgetter
from typing import Annotated, Any, Unpack

import numpy as np
import pandas as pd

from simcore.answers import options as common
from simcore.answers.options import Enrolling, FileOptions, Naming, Options, read, takes
from simcore.answers.projection import Projection, Simulation, make
from simcore.errors import EntryError, SimcoreError
from simcore.plan.columns import check, read_from
from simcore.plan.platform import Sequence, platform_of

try:
    import dask.dataframe as dd
except ImportError:
    raise SimcoreError('simcore.scale.dask needs Dask: pip install "simcore[dask]"') from None

_ROW = "__simcore_row"


class DaskOptions(FileOptions, Enrolling, Naming, total=False):
    """Those of `simcore.project`, with events in a Dask DataFrame."""

    events: Annotated[dd.DataFrame | None, common.EVENTS]


@takes(DaskOptions)
def project(
    entries: dd.DataFrame | None,
    sequence: Sequence,
    *,
    partitioned: bool = False,
    **options: Unpack[DaskOptions],
) -> dd.DataFrame:
    """The timeline of `simcore.project`, as a lazy Dask DataFrame with the same columns and dtypes.

    `entries`, `events`: Dask DataFrames with the columns of `simcore.project`, or as `columns` says. `entries` is None
    if the sequence's trigger enrols by the events. Both must have exactly the same dtype of `subscriber_id`.
    `properties` and `attributes` are dicts; Dask converts them to text unless you set
    `dask.config.set({"dataframe.convert-string": False})`. The other arguments are those of `simcore.project`. No
    warning counts subscribers who are not active (K29).

    `partitioned`: whether all rows of a subscriber are in one partition already (with events: in the same partition of
    both frames). False shuffles both frames by `subscriber_id`; ties keep the order of the rows given.

    `order` applies within each partition; so does the index, which starts at 0 in each. Divisions are unknown. In
    every partition, the categories of `subject` are all subjects that the sequence has or had.

    Errors in the sequence or in other arguments are raised at once. Rows that cannot be read raise EntryError when
    Dask computes, with their numbers within the partition, in the order given. To separate them from the others, map
    `simcore.split_entries` over the partitions.

    >>> import dask.dataframe as dd
    >>> import pandas as pd
    >>> import simcore
    >>> from simcore import kit
    >>> from simcore.scale import dask
    >>> entries = pd.DataFrame({"subscriber_id": [7, 8], "entered_at": ["2026-03-06T21:07:30-05:00"] * 2})
    >>> sends = dask.project(dd.from_pandas(entries, npartitions=2), kit.load(simcore.example("welcome")))
    >>> len(sends.compute(scheduler="sync")), str(sends.dtypes["send_at"])
    (8, 'datetime64[us, America/New_York]')
    """
    lazy: dd.DataFrame
    lazy, _ = _mapped(_timeline, entries, sequence, read(project, options), partitioned)
    return lazy


@takes(DaskOptions)
def simulate(
    entries: dd.DataFrame | None,
    sequence: Sequence,
    *,
    partitioned: bool = False,
    **options: Unpack[DaskOptions],
) -> Simulation[dd.DataFrame]:
    """`timeline`, `subscribers` and `journal` of `simcore.simulate`, as lazy Dask DataFrames.

    Arguments, partitions, order and errors: as for `project`. `dask.compute(*life)` simulates once for all three
    frames. If you compute them one by one, each simulates again.
    """
    lives, empty = _mapped(_life, entries, sequence, read(simulate, options), partitioned, notes=True)
    return Simulation(
        *(lives.map_partitions(attrgetter(name), meta=getattr(empty, name)) for name in Simulation._fields)
    )


def _mapped(
    work: Any, entries: Any, sequence: Any, options: Options, partitioned: bool, *, notes: bool = False
) -> tuple[Any, Any]:
    """The result of `work` for each partition, lazily, and its result for empty ones."""
    both = {"entries": entries, "events": options.events}
    frames = {name: frame for name, frame in both.items() if frame is not None}
    for name, frame in frames.items():
        if not isinstance(frame, dd.DataFrame):
            raise SimcoreError(
                f"{name}: found a {type(frame).__module__}.{type(frame).__name__}, expected a Dask DataFrame, such as "
                "one from dask.dataframe.from_pandas"
            )
    empty = {name: frame._meta for name, frame in frames.items()}
    # The workers get the frames' partitions, not the frames.
    asked = options._replace(events=None)
    nobody = make(sequence, empty.get("entries"), asked._replace(events=empty.get("events")), notes=notes)
    subjects = dict.fromkeys(
        step.subject for epoch in nobody.epochs[::-1] for step in epoch.plan.steps if step.sends
    )
    call = partial(
        _part,
        names=(*frames,),
        sequence=sequence,
        options=asked,
        notes=notes,
        work=partial(work, subject=pd.CategoricalDtype(pd.Index(list(subjects), dtype="str"))),
    )
    names, theirs = check(options.columns), [platform_of(sequence).columns]
    kept = {name: read_from(name, [*map(str, frame.columns)], names, theirs) for name, frame in empty.items()}
    ids = {name: str(frame[kept[name]["subscriber_id"]].dtype) for name, frame in empty.items()}
    if len({*ids.values()}) > 1:
        raise EntryError(
            f"events: subscriber_id is {ids['events']} here and {ids['entries']} in entries, expected the same type, "
            "so "
            "that equal ids meet in one partition: cast one of them with astype"
        )
    meta = call(*empty.values())
    parts = [frame.clear_divisions() for frame in _whole(frames, kept, partitioned)]
    # The partitions of a life are not frames; only the frames mapped over them are shown to anyone.
    shape = meta.timeline if isinstance(meta, Simulation) else meta
    return parts[0].map_partitions(call, *parts[1:], meta=shape, enforce_metadata=False), meta


def _whole(frames: dict[str, Any], columns: dict[str, dict[str, str]], partitioned: bool) -> list[Any]:
    """The columns that are read, each subscriber in one partition of all frames."""
    kept = [frame[[*columns[name].values()]] for name, frame in frames.items()]
    parts = [frame.npartitions for frame in kept]
    if not partitioned:
        ids = [columns[name]["subscriber_id"] for name in frames]
        return [_shuffled(frame, who, max(parts)) for frame, who in zip(kept, ids, strict=True)]
    if len({*parts}) > 1:
        raise SimcoreError(
            f"partitioned: found {parts[0]} partitions of entries and {parts[1]} of events, expected each subscriber "
            "in "
            "the same partition of both: leave partitioned out"
        )
    return kept


def _shuffled(frame: Any, who: str, parts: int) -> Any:
    """A frame by subscriber (in the column `who`), its rows numbered, so that ties stay in their order (K18)."""
    numbered = frame.map_partitions(_numbered, meta=_numbered(frame._meta))
    # Dask's method between processes makes Arrow of the rows: dicts would get each other's fields.
    method = "tasks" if "object" in map(str, frame.dtypes) else None
    return numbered.shuffle(who, npartitions=parts, shuffle_method=method)


def _numbered(part: pd.DataFrame, partition_info: dict[str, int] | None = None) -> pd.DataFrame:
    first = 0 if partition_info is None else partition_info["number"] << 40
    return part.assign(**{_ROW: np.arange(first, first + len(part), dtype=np.int64)})


def _part(
    *parts: pd.DataFrame, names: tuple[str, ...], sequence: Any, options: Options, notes: bool, work: Any
) -> Any:
    """The result of `work` for the subscribers of a partition."""
    frames = {
        name: part.sort_values(_ROW, ignore_index=True) if _ROW in part.columns else part
        for name, part in zip(names, parts, strict=True)
    }
    asked = options._replace(events=frames.get("events"))
    return work(make(sequence, frames.get("entries"), asked, notes=notes))


def _timeline(projection: Projection, subject: pd.CategoricalDtype) -> pd.DataFrame:
    return projection.timeline().astype({"subject": subject})


def _life(projection: Projection, subject: pd.CategoricalDtype) -> Simulation:
    return projection.simulation()._replace(timeline=_timeline(projection, subject))
