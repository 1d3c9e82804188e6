"""The same projection over Dask DataFrames (`pip install "simcore[dask]"`). Dask decides what to run where and when,
and runs it again if a worker is lost.

What happens to a subscriber depends on all of their rows: a second entry may start another run, or end the first
(K14), and events end runs. So all rows of a subscriber, in an account those of all sequences, must be in one
partition: both frames are shuffled by `subscriber_id` first, unless `partitioned=True` says that this is so already.
"""

from functools import partial
from operator import attrgetter
from typing import Annotated, Any, Unpack

import numpy as np
import pandas as pd

from simcore.account import Account, Cap
from simcore.answers import options as common
from simcore.answers.options import Enrolling, FileOptions, Naming, Options, read, takes
from simcore.answers.projection import Simulation
from simcore.errors import EntryError, SimcoreError
from simcore.plan.columns import check
from simcore.plan.platform import Sequence
from simcore.scale.whole import Whole, checked, columns, entered, make, subjects

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
    sequence: Sequence | Account,
    *,
    cap: Cap | None = None,
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

    An account (`simcore.Account`) can stand in the place of the sequence, and then alone a `cap`. The arguments and
    columns are those of `Account.project`: `entries` has a `sequence_id` too, and so has the result, first: a category
    of all sequences in every partition. The tables of an account that was loaded are not used. Broadcasts go to
    everybody who has rows in `entries` or `events`, be it by an audience or by name. If a sequence enrols by its
    trigger and both frames are given, Dask goes through `entries` at once, to find which sequences have any.

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
    lazy, _ = _mapped(_timeline, entries, sequence, read(project, options), partitioned, cap)
    return lazy


@takes(DaskOptions)
def simulate(
    entries: dd.DataFrame | None,
    sequence: Sequence | Account,
    *,
    cap: Cap | None = None,
    partitioned: bool = False,
    **options: Unpack[DaskOptions],
) -> Simulation[dd.DataFrame]:
    """`timeline`, `subscribers` and `journal` of `simcore.simulate`, as lazy Dask DataFrames.

    Arguments, partitions, order and errors: as for `project`. `dask.compute(*life)` simulates once for all three
    frames. If you compute them one by one, each simulates again.
    """
    lives, empty = _mapped(_life, entries, sequence, read(simulate, options), partitioned, cap, notes=True)
    return Simulation(
        *(lives.map_partitions(attrgetter(name), meta=getattr(empty, name)) for name in Simulation._fields)
    )


def _mapped(
    work: Any,
    entries: Any,
    sequence: Any,
    options: Options,
    partitioned: bool,
    cap: Cap | None,
    *,
    notes: bool = False,
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
    sequence, options = checked(sequence, options, cap)
    asked = options._replace(events=None)
    makes = partial(make, notes=notes, cap=cap, entered=entered(sequence, None))
    nobody = makes(sequence, empty.get("entries"), asked._replace(events=empty.get("events")))
    names = check(options.columns)
    kept = {name: columns(sequence, name, [*map(str, frame.columns)], names) for name, frame in empty.items()}
    ids = {name: str(frame[kept[name]["subscriber_id"]].dtype) for name, frame in empty.items()}
    if len({*ids.values()}) > 1:
        raise EntryError(
            f"events: subscriber_id is {ids['events']} here and {ids['entries']} in entries, expected the same type, "
            "so "
            "that equal ids meet in one partition: cast one of them with astype"
        )
    named = partial(_distinct, frames["entries"]) if len(frames) > 1 else None
    dtypes = {"subject": pd.CategoricalDtype(pd.Index(subjects(nobody), dtype="str"))}
    if isinstance(sequence, Account):  # which of its sequences have rows differs from part to part
        first = next(iter(empty))
        dtypes["subscriber_id"] = empty[first].dtypes[kept[first]["subscriber_id"]]
    call = partial(
        _part,
        names=(*frames,),
        sequence=sequence,
        options=asked,
        makes=partial(makes, entered=entered(sequence, named)),
        work=partial(work, dtypes=dtypes),
    )
    meta = call(*empty.values())
    parts = [frame.clear_divisions() for frame in _whole(frames, kept, partitioned)]
    # The partitions of a life are not frames; only the frames mapped over them are shown to anyone.
    shape = meta.timeline if isinstance(meta, Simulation) else meta
    return parts[0].map_partitions(call, *parts[1:], meta=shape, enforce_metadata=False), meta


def _distinct(entries: Any) -> Any:
    return entries["sequence_id"].drop_duplicates().compute()


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
    *parts: pd.DataFrame, names: tuple[str, ...], sequence: Any, options: Options, makes: Any, work: Any
) -> Any:
    """The result of `work` for the subscribers of a partition."""
    frames = {
        name: part.sort_values(_ROW, ignore_index=True) if _ROW in part.columns else part
        for name, part in zip(names, parts, strict=True)
    }
    asked = options._replace(events=frames.get("events"))
    return work(makes(sequence, frames.get("entries"), asked))


def _timeline(projection: Whole, dtypes: dict[str, Any]) -> pd.DataFrame:
    return projection.timeline().astype(dtypes)


def _life(projection: Whole, dtypes: dict[str, Any]) -> Simulation:
    ids = {name: dtype for name, dtype in dtypes.items() if name == "subscriber_id"}
    life = Simulation(*(frame.astype(ids) for frame in projection.simulation()))
    return life._replace(timeline=life.timeline.astype(dtypes))
