"""The same projection over Spark DataFrames (`pip install "simcore[spark]"`; Spark itself needs Java). Spark decides
what to run where and when, and runs it again if an executor is lost.

What happens to a subscriber depends on all of their rows: a second entry may start another run, or end the first
(K14), and events end runs. So the rows of a subscriber, in an account those of all sequences, stay together: they are
grouped by a hash of `subscriber_id` into `spark.sql.shuffle.partitions` groups, unless `partitioned=True` says that
each partition holds whole subscribers.
A group, or a partition, must fit in the memory of a worker.

Spark and simcore exchange rows as Arrow data, in which instants are UTC: the session's time zone does not matter.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any, NamedTuple, Unpack

import pandas as pd

from simcore.account import Account, Cap
from simcore.answers import options as common
from simcore.answers.options import DEFAULTS, Enrolling, FileOptions, Naming, Options, read, takes
from simcore.answers.projection import Simulation
from simcore.errors import EntryError, SimcoreError
from simcore.plan.columns import OBJECTS, check
from simcore.plan.platform import Sequence
from simcore.scale.whole import Whole, checked, columns, entered, make

try:
    import pyarrow as pa
    from pyspark.sql import DataFrame, GroupedData, functions, types
except ImportError:
    raise SimcoreError(
        'simcore.scale.spark needs PySpark and pyarrow: pip install "simcore[spark]"'
    ) from None

_ROW = "__simcore_row"
_TYPES = {
    "int16": (types.ShortType(), pa.int16()),
    "int32": (types.IntegerType(), pa.int32()),
    "int64": (types.LongType(), pa.int64()),
    "time": (types.TimestampType(), pa.timestamp("us", "UTC")),
    "text": (types.StringType(), pa.string()),
}


class SparkOptions(FileOptions, Enrolling, Naming, total=False):
    """Those of `simcore.project`, with events in a Spark DataFrame."""

    events: Annotated[DataFrame | None, common.EVENTS]


@takes(SparkOptions)
def project(
    entries: DataFrame | None,
    sequence: Sequence | Account,
    *,
    cap: Cap | None = None,
    partitioned: bool = False,
    **options: Unpack[SparkOptions],
) -> DataFrame:
    """The timeline of `simcore.project`, as a lazy Spark DataFrame.

    Columns: `subscriber_id` (the type given), `run` (int), `position` (short), `email_id` (long; string if the
    platform's ids are texts), `subject` (string), `send_at` (timestamp: an instant to the microsecond; Spark stores no
    zone with it and shows it in the session's), and if you ask for them `rendered_subject` and `reason` (string).

    `entries`, `events`: Spark DataFrames with the columns of `simcore.project`, or as `columns` says. `entries` is
    None if the sequence's trigger enrols by the events. Both must have exactly the same type of `subscriber_id`.
    Instants are timestamps or strings with offsets; a `timestamp_ntz`, a date, or a string without an offset needs
    `naive_time_zone`.
    `properties` and `attributes` are JSON texts, structs or maps (null fields of a struct count as missing). The other
    arguments are those of `simcore.project`. No warning counts subscribers who are not active (K29).

    `partitioned`: whether all rows of a subscriber are in one partition already, as after
    `repartition("subscriber_id")`. This works for one frame only, since Spark does not pair up the partitions of two
    frames. False groups rows by `subscriber_id`; ties keep the order of the rows given.

    `order` applies within each group or partition.

    An account (`simcore.Account`) can stand in the place of the sequence, and then alone a `cap`. The arguments and
    columns are those of `Account.project`: `entries` has a `sequence_id` too, and so has the result, first: long if
    all sequences' ids are whole numbers, or else string. The tables of an account that was loaded are not used.
    Broadcasts go to everybody who has rows in `entries` or `events`, be it by an audience or by name. If a sequence
    enrols by its trigger and both frames are given, Spark goes through `entries` at once, to find which sequences have
    any.

    Errors in the sequence or in other arguments are raised at once. Rows that cannot be read raise EntryError in the
    worker when Spark computes; its text is in Spark's own PythonException. Row numbers are those within the group or
    partition, in the order given.
    """
    return _mapped(["timeline"], entries, sequence, read(project, options), partitioned, cap)[0]


@takes(SparkOptions)
def simulate(
    entries: DataFrame | None,
    sequence: Sequence | Account,
    *,
    cap: Cap | None = None,
    partitioned: bool = False,
    **options: Unpack[SparkOptions],
) -> Simulation[DataFrame]:
    """`timeline`, `subscribers` and `journal` of `simcore.simulate`, as lazy Spark DataFrames.

    Arguments, types, order and errors: as for `project`. Each of the three simulates again when it is computed.
    """
    asked = read(simulate, options)
    return Simulation(*_mapped([*Simulation._fields], entries, sequence, asked, partitioned, cap, notes=True))


class _Work(NamedTuple):
    """The work of Spark's workers: make the named `table` of a projection from frames, which `names` names.

    `who`: what the column `subscriber_id` is called in the first of them. `entered`: see `whole.entered`.
    """

    table: str
    names: tuple[str, ...]
    sequence: Any
    options: Options = DEFAULTS
    notes: bool = False
    who: str = "subscriber_id"
    cap: Cap | None = None
    entered: frozenset[int | str] = frozenset()

    def done(self, *tables: pa.Table) -> pa.Table:
        """The table of what happens to the subscribers of tables."""
        called = self.options.columns or {}
        bags = [called.get(name, name) for name in OBJECTS]
        frames = {name: _frame(table, bags) for name, table in zip(self.names, tables, strict=True)}
        asked = self.options._replace(events=frames.get("events"))
        made = make(
            self.sequence,
            frames.get("entries"),
            asked,
            notes=self.notes,
            cap=self.cap,
            entered=self.entered,
        )
        shown = _shown(made, self.table)
        ids = tables[0].schema.field(self.who).type
        arrays = {
            name: pa.array(
                _plain(values) if isinstance(values.dtype, pd.CategoricalDtype) else values,
                type=ids if name == "subscriber_id" else _TYPES[_kind(values)][1],
                from_pandas=True,
            )
            for name, values in shown.items()
        }
        return pa.table(arrays)


def _mapped(
    names: list[str],
    entries: Any,
    sequence: Any,
    options: Options,
    partitioned: bool,
    cap: Cap | None,
    *,
    notes: bool = False,
) -> list[DataFrame]:
    """The tables with these names, lazily."""
    either: dict[str, Any] = {"entries": entries, "events": options.events}
    given = {name: frame for name, frame in either.items() if frame is not None}
    for name, frame in given.items():
        if not isinstance(frame, DataFrame):
            raise SimcoreError(
                f"{name}: found a {type(frame).__module__}.{type(frame).__name__}, expected a Spark DataFrame, such "
                "as one from spark.createDataFrame"
            )
    empty = {name: pd.DataFrame([], columns=frame.columns, dtype=object) for name, frame in given.items()}
    # The workers get the frames' rows, not the frames.
    sequence, options = checked(sequence, options, cap)
    asked = options._replace(events=None)
    nobody = make(
        sequence,
        empty.get("entries"),
        asked._replace(events=empty.get("events")),
        notes=notes,
        cap=cap,
        entered=entered(sequence, None),
    )
    called = check(options.columns)
    kept = {name: columns(sequence, name, frame.columns, called) for name, frame in given.items()}
    who = {name: columns["subscriber_id"] for name, columns in kept.items()}
    ids = {name: frame.schema[who[name]].dataType for name, frame in given.items()}
    if len({*ids.values()}) > 1:
        raise EntryError(
            f"events: subscriber_id is {ids['events'].simpleString()} here and {ids['entries'].simpleString()} in "
            "entries, expected the same type, so that equal ids meet in one group: cast one of them"
        )
    if partitioned and len(given) > 1:
        raise SimcoreError(
            "partitioned: Spark does not pair up the partitions of entries and events: leave partitioned out"
        )
    frames = {name: _numbered(frame, kept[name]) for name, frame in given.items()}
    came = entered(sequence, partial(_distinct, frames["entries"]) if len(frames) > 1 else None)
    tables = []
    for name in names:
        work = _Work(name, (*given,), sequence, asked, notes, next(iter(who.values())), cap, came)
        schema = types.StructType([
            types.StructField(
                str(column), ids[work.names[0]] if column == "subscriber_id" else _TYPES[_kind(values)][0]
            )
            for column, values in _shown(nobody, name).items()
        ])
        if partitioned:
            tables.append(next(iter(frames.values())).mapInArrow(_of_batches(work), schema))
            continue
        groups = [_grouped(frame, who[name]) for name, frame in frames.items()]
        if len(groups) == 1:
            tables.append(groups[0].applyInArrow(_of_one(work), schema))
        else:
            both = groups[0].cogroup(groups[1])
            tables.append(both.applyInArrow(_of_both(work), schema))
    return tables


def _numbered(frame: DataFrame, columns: dict[str, str]) -> DataFrame:
    """The columns that are read, and row numbers, so that ties keep their order (K18)."""
    read = {column: frame[f"`{column}`"] for column in columns.values()}
    for bag in [columns[name] for name in OBJECTS if name in columns]:
        if not isinstance(frame.schema[bag].dataType, types.StringType):
            read[bag] = functions.to_json(read[bag])
    read[_ROW] = functions.monotonically_increasing_id()
    return frame.select(*(column.alias(name) for name, column in read.items()))


def _distinct(entries: DataFrame) -> list[Any]:
    return [each.sequence_id for each in entries.select("sequence_id").distinct().collect()]


def _grouped(frame: DataFrame, who: str) -> GroupedData:
    """A frame in groups of whole subscribers."""
    groups = int(str(frame.sparkSession.conf.get("spark.sql.shuffle.partitions")))
    return frame.groupBy(functions.pmod(functions.xxhash64(frame[f"`{who}`"]), functions.lit(groups)))


def _of_one(work: _Work) -> Callable[[pa.Table], pa.Table]:
    # Spark looks at how many arguments a function takes, and at their types.
    def of_one(table: pa.Table) -> pa.Table:
        return work.done(table)

    return of_one


def _of_both(work: _Work) -> Callable[[pa.Table, pa.Table], pa.Table]:
    def of_both(entries: pa.Table, events: pa.Table) -> pa.Table:
        return work.done(entries, events)

    return of_both


def _of_batches(work: _Work) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The same for a whole partition, which comes in pieces; an empty one has none."""

    def of_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        pieces = list(batches)
        if pieces:
            yield from work.done(pa.Table.from_batches(pieces)).to_batches()

    return of_batches


def _frame(table: pa.Table, bags: list[str]) -> pd.DataFrame:
    """Rows in their order, as simcore reads them. `bags`: the columns that hold objects, where they are there."""
    frame: pd.DataFrame = table.sort_by(_ROW).to_pandas(integer_object_nulls=True)
    for bag in frame.columns.intersection(bags):
        frame[bag] = pd.Series([*map(_parsed, frame[bag])], dtype=object)
    return frame


def _parsed(text: Any) -> Any:
    """A JSON text as Python data; any other text unchanged, for the error that shows it."""
    if not isinstance(text, str):
        return None
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        return text


def _shown(found: Whole, table: str) -> pd.DataFrame:
    shown: pd.DataFrame = getattr(found, table)()
    return shown


def _plain(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Categories as what they are, or as texts."""
    if _kind(values) == "text":
        values = values.cat.rename_categories(str)
    return values.astype(object)


def _kind(values: "pd.Series[Any]") -> str:
    """The kind of a column, by its name in `_TYPES`."""
    kind = values.dtype
    if isinstance(kind, pd.DatetimeTZDtype):
        return "time"
    name = str(kind.categories.dtype if isinstance(kind, pd.CategoricalDtype) else kind).lower()
    return name if name in _TYPES else "text"
