"""Event logs, as people have them, read and sorted."""

import warnings
from collections.abc import Hashable, Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.clock.zones import HOUR_US, Ints
from simcore.errors import EntryError, shown, typed
from simcore.plan.columns import EVENTS, missing
from simcore.plan.log import Flags, Log, Vocabulary, Watched
from simcore.text.wording import count, halved

LAST_ID = np.iinfo(np.int64).max
NO_ID = "not an id: a list, an array, an object or half a character is nobody's"
_FIX = "fix those rows, or leave them out"


def read(
    events: Any,
    vocabulary: Vocabulary,
    watched: Watched,
    until_us: int | None,
    how: instants.Reader,
    *,
    ids: Any,
    properties: bool,
    only: Ints | None = None,
) -> Log:
    """An event log that people have, read and sorted; None is one without events.

    `how`: how their times are read. `ids`: the distinct subscribers who can come; None for all who are named before
    `until_us`, in the order of their first rows. `properties`: whether anything looks at properties. `only`: the one
    sequence that each row is about (see `Log`), None where all rows are about all. Raises EntryError that names the
    rows that cannot be used.
    """
    if events is None or (isinstance(events, list | tuple) and not events):
        events = pd.DataFrame({"subscriber_id": [], "at": pd.DatetimeIndex([], tz="UTC"), "event": []})
    if not isinstance(events, pd.DataFrame):
        raise EntryError(
            f"events: found {typed(events)}, expected a DataFrame (of pandas, polars, pyarrow or such) or a list of "
            "dicts with subscriber_id, at and event"
        )
    columns("events", events, *EVENTS)
    if ids is not None:
        alike("events", events["subscriber_id"], ids)
    at_us, faults = how.read(events["at"])
    if faults:
        raise instants.explain_faults("events: at", events["at"], faults, _FIX)
    _refuse(events, "subscriber_id", no_ids(events["subscriber_id"]), NO_ID)
    _refuse(events, "subscriber_id", events["subscriber_id"].isna().to_numpy(), "missing")
    code, distinct = factorized(events["event"])
    unknown = np.array([vocabulary.unknown(each) for each in distinct], np.bool_)
    _refuse(events, "event", unknown[code], vocabulary.wrong())
    names = tuple(distinct)
    _warn_of_near(code, names, vocabulary, watched)
    needs = np.array([each in vocabulary.about for each in names], np.bool_)[code]
    ref, refs = np.full(len(events), -1), tuple[Hashable, ...]()
    may = vocabulary.may | {name for name, about in watched or () if about is not None}
    wants = needs | np.array([each in may for each in names], np.bool_)[code]
    if needs.any() or (wants.any() and "ref" in events.columns):
        ref, refs = _refs(events, needs, wants, vocabulary)
    # What no rule looks at is left out, before the rest is sorted.
    kept = np.ones(len(events), np.bool_) if watched is None else _kept(code, names, ref, refs, watched)
    if until_us is not None:
        kept &= at_us < until_us
    given = array(events["subscriber_id"])
    if ids is None:
        named = given if until_us is None else given[at_us < until_us]
        ids = pd.unique(named) if len(named) else named
    rows = np.flatnonzero(kept)
    who = places(ids, given[rows])
    rows, who = rows[who >= 0], who[who >= 0]
    order = np.lexsort((at_us[rows], who))
    rows = rows[order]
    which, objects = np.full(rows.size, -1), list[Any]()
    if properties and "properties" in events.columns:
        which, objects = read_properties(
            events["properties"].iloc[rows], "events: properties", rows, len(events)
        )
    late = _late(events, at_us, how)
    late = None if late is None else late[rows]
    only = None if only is None else only[rows]
    return Log(ids, who[order], at_us[rows], code[rows], ref[rows], which, names, refs, objects, late, only)


def _late(events: pd.DataFrame, at_us: Ints, how: instants.Reader) -> Flags | None:
    """Which events were received more than an hour after they happened (Q39); None where nothing is said of it."""
    if "received_at" not in events.columns:
        return None
    said = np.flatnonzero(events["received_at"].notna().to_numpy())
    received_us, faults = how.read(events["received_at"].iloc[said])
    if faults:
        by_row = {int(said[row]): fault for row, fault in faults.items()}
        raise instants.explain_faults("events: received_at", events["received_at"], by_row, _FIX)
    late = np.zeros(len(events), np.bool_)
    late[said] = received_us - at_us[said] > HOUR_US
    return late


def _warn_of_near(code: Ints, names: tuple[str, ...], vocabulary: Vocabulary, watched: Watched) -> None:
    """Warns of tracked events that no rule asks for, and whose names nearly are those of known ones."""
    asked = {name for name, _ in watched or ()}
    near = {name: vocabulary.near(name) for name in names if name not in asked}
    rows = dict(zip(names, np.bincount(code, minlength=len(names)).tolist(), strict=True))
    told = [
        f"{shown(name)} in {count(rows[name], 'row')} (did you mean {meant}?)"
        for name, meant in near.items()
        if meant
    ]
    if told:
        warnings.warn(f"events: taken for tracked events: {', '.join(told)}", stacklevel=2)


def _kept(
    code: Ints, names: tuple[str, ...], ref: Ints, refs: tuple[Hashable, ...], watched: frozenset[Any]
) -> Flags:
    kept = np.zeros(len(code), np.bool_)
    for number, name in enumerate(names):
        about = {each for of, each in watched if of == name}
        if about:
            mine = code == number
            if None not in about:
                mine &= np.array([*(each in about for each in refs), False])[ref]
            kept |= mine
    return kept


def read_properties(
    given: "pd.Series[Any]", what: str, rows: Ints | None = None, total: int | None = None
) -> tuple[Ints, list[Any]]:
    """Properties as the distinct objects that they are, and the place of each row's among them; -1 for none.

    `rows`: their positions in what the user gave, of `total` rows, where they are not all of these.
    """
    values = given.to_numpy(object)
    place, ids = pd.factorize(np.fromiter(map(id, values), np.int64, len(values)))
    first = np.empty(len(ids), np.int64)
    first[place[::-1]] = np.arange(len(values))[::-1]
    objects = values[first].tolist()
    missing = np.array([not isinstance(each, Mapping) and _missing(each) for each in objects], np.bool_)
    wrong = np.array([not isinstance(each, Mapping) for each in objects], np.bool_) & ~missing
    if wrong.any():
        bad = np.flatnonzero(wrong[place])
        order = bad if rows is None else bad[np.argsort(rows[bad])]
        lines = [
            f"  row {row if rows is None else rows[row]}: {shown(values[row])} is not an object (a dict)"
            for row in order[:10].tolist()
        ]
        if order.size > 10:
            lines.append(f"  and {order.size - 10} more")
        told = [
            f"{what}: {order.size} of {len(values) if total is None else total} rows cannot be used",
            *lines,
            _FIX,
        ]
        raise EntryError("\n".join(told), (order if rows is None else rows[order]).tolist())
    return np.where(missing[place], -1, place) if len(place) else place.astype(np.int64), objects


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def _refuse(events: pd.DataFrame, name: str, bad: Flags, fault: str) -> None:
    if bad.any():
        faults = dict.fromkeys(np.flatnonzero(bad).tolist(), fault)
        raise instants.explain_faults(f"events: {name}", events[name], faults, _FIX)


def _refs(
    events: pd.DataFrame, needs: Flags, wants: Flags, vocabulary: Vocabulary
) -> tuple[Ints, tuple[Hashable, ...]]:
    """What events are about, however it is written; `wants`: those that may be about something, too."""
    if "ref" not in events.columns:
        raise EntryError(
            f"events: no column ref, which {events['event'].iloc[int(needs.argmax())]} needs; the columns are: "
            f"{', '.join(map(str, events.columns))}"
        )
    given = events["ref"].astype(object)
    code, distinct = factorized(given)
    if any(
        isinstance(each, Real) and each in {0, 1} for each in distinct
    ):  # which false and true are equal to
        given = given.map(lambda each: (repr(each),) if isinstance(each, bool | np.bool_) else each)
        code, distinct = factorized(given)
    read = [vocabulary.ref(each) for each in distinct]
    known = np.array([each is not None for each in read], np.bool_)[code]
    _refuse(events, "ref", needs & ~known, f"not {vocabulary.expected} that the event needs")
    refs = tuple(dict.fromkeys(each for each in read if each is not None))
    places = {each: place for place, each in enumerate(refs)}
    ref = np.array([-1 if each is None else places[each] for each in read], np.int64)[code]
    return np.where(wants, ref, -1), refs


def columns(what: str, given: pd.DataFrame, needed: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Raises EntryError where a column is missing, or is there twice."""
    told = missing(given.columns, *([name] for name in needed))
    if told:
        raise EntryError(f"{what}: {told}")
    names = [str(name) for name in given.columns]
    twice = [name for name in (*needed, *other) if names.count(name) > 1]
    if twice:
        raise EntryError(f"{what}: column {twice[0]} is there {names.count(twice[0])} times, expected once")


def no_ids(ids: "pd.Series[Any]") -> Flags:
    """Which of a column can be nobody's id: they do not hash, as lists do not, or no column of texts holds them."""
    kind = pd.api.types.infer_dtype(ids, skipna=True) if ids.dtype == object else ""
    if kind == "string" and not halved("".join(ids.dropna())):
        kind = ""
    if kind != "string" and not kind.startswith("mixed"):
        return np.zeros(len(ids), np.bool_)
    return np.fromiter(
        (not isinstance(each, Hashable) or (isinstance(each, str) and halved(each)) for each in ids),
        np.bool_,
        len(ids),
    )


def places(ids: Any, given: Any) -> Ints:
    """The place of each of the ids that are given among others, all of which differ; -1 where it is not there."""
    return _bare(ids).get_indexer(_bare(given)).astype(np.int64)


def alike(what: str, given: "pd.Series[Any]", others: Any) -> None:
    """Raises EntryError where ids of events cannot be those of entries."""
    if len(given) and len(others) and not _alike(given, pd.Series(others)):
        raise EntryError(
            f"{what}: subscriber_id is {given.dtype} there and {others.dtype} in entries; "
            'expected the same, since 1 and "1" never match'
        )


def array(ids: "pd.Series[Any]") -> Any:
    """The values of a column, as numpy has them where it can."""
    values = ids.array
    return values.to_numpy() if type(values) is pd.arrays.NumpyExtensionArray else values


def factorized(values: "pd.Series[Any]") -> tuple[Ints, Any]:
    """The place of each value among the distinct ones, and these; what does not hash stands as its text in a tuple."""
    try:
        return pd.factorize(values, use_na_sentinel=False)
    except TypeError:
        hashed = values.map(lambda each: each if isinstance(each, Hashable) else (repr(each),))
        return pd.factorize(hashed, use_na_sentinel=False)


def _alike(some: "pd.Series[Any]", others: "pd.Series[Any]") -> bool:
    """Whether ids of two columns can be equal: both integers, both strings, or else of the same dtype."""
    kinds = {_kind(some), _kind(others)}
    return len(kinds) == 1 or ("string" not in kinds and some.dtype == others.dtype == object)


def _kind(ids: "pd.Series[Any]") -> str:
    values = _uncoded(pd.Index(ids.cat.categories if isinstance(ids.dtype, pd.CategoricalDtype) else ids))
    if pd.api.types.is_integer_dtype(values.dtype):
        return "integer"
    kind = pd.api.types.infer_dtype(values, skipna=True)
    return kind if kind in {"integer", "string"} else str(values.dtype)


def _bare(ids: Any) -> "pd.Index[Any]":
    """Ids in a form that all dtypes share which can hold the same."""
    found = pd.Index(ids)
    if isinstance(found, pd.CategoricalIndex):
        found = found.categories.take(found.codes)
    found = _uncoded(found)
    if found.dtype == object:
        found = found.infer_objects()
    whole = pd.api.types.is_integer_dtype(found.dtype) and (not len(found) or found.max() <= LAST_ID)
    return found.astype(np.int64 if whole else object)


def _uncoded(values: "pd.Index[Any]") -> "pd.Index[Any]":
    """Values that stand in Arrow's dictionary, by themselves."""
    dtype = values.dtype
    coded = isinstance(dtype, pd.ArrowDtype) and hasattr(dtype.pyarrow_dtype, "value_type")
    return pd.Index(values.to_numpy(object), dtype=object) if coded else values
