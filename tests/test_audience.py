"""Entries of every form become runs: who, from when, until when (K13, K14)."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import NO_ENTRIES, NO_TEXT, TEXT
from hypothesis import given
from hypothesis import strategies as st

import simcore
from simcore import kit
from simcore.answers.projection import plan_of
from simcore.clock.instants import GUESSWORK, MISSING, NAIVE, OUT_OF_RANGE, UNREADABLE, Reader
from simcore.clock.zones import FIRST_US
from simcore.engine import audience
from simcore.engine.people import ENTRY_WORDS
from simcore.errors import EntryError, SimcoreError
from simcore.plan.log import NEVER_US
from simcore.plan.plan import Epoch

TEXTS = ["2026-03-06T21:07:30-05:00", "2026-03-07T08:00:00-05:00", "2026-03-06T09:00:00-05:00"]
STAMPS = pd.to_datetime(TEXTS, utc=True)
HOUR_US = 3600 * 10**6
US = STAMPS.as_unit("us").asi8.tolist()
VIAS = ("api", "visual_automation", "rule", "bulk_action", "import", "form", "manual")  # the default first
AT_ONCE = kit.Sequence(
    name="At once",
    repeat=True,
    emails=(kit.Email(id=1, subject="A", delay_value=0, delay_unit="days", published=True),),
)
WAY_OUT = "simcore.split_entries(entries) parts the rows that can be read from those that cannot"


def runs(entries, *, repeat=False, until_us=None, naive_time_zone=None):
    """The runs of entries in a sequence that repeats or not, without events."""
    epochs = [Epoch(at_us=FIRST_US, plan=plan_of(AT_ONCE.replace(repeat=repeat)))]
    found, rejected, log, statuses, *_ = audience.runs(
        entries, None, epochs, until_us, Reader(naive_time_zone)
    )
    assert log is None
    assert statuses == ("", "restarted", "cancelled", "removed", "stopped:left")
    assert [statuses[code] for code in found.end_status] == [
        "" if end == NEVER_US else "restarted" for end in found.end_us.tolist()
    ]
    # Each entry before the end is a run, or rejected because there has been one.
    assert {ENTRY_WORDS[code] for code in rejected.fate} <= (set() if repeat else {"ignored"})
    assert (rejected.at_us < (NEVER_US if until_us is None else until_us)).all()
    assert set(rejected.row.tolist()).isdisjoint(found.row.tolist())
    return found


def frame(ids, texts=TEXTS, **others):
    return pd.DataFrame({"subscriber_id": ids, "entered_at": texts, **others})


# ---------------------------------------------------------------- forms


@pytest.mark.parametrize(
    ("entries", "ids"),
    [
        pytest.param(TEXTS, [0, 1, 2], id="list"),
        pytest.param(tuple(TEXTS), [0, 1, 2], id="tuple"),
        pytest.param(STAMPS, [0, 1, 2], id="DatetimeIndex"),
        pytest.param(STAMPS.array, [0, 1, 2], id="pandas array"),
        pytest.param(np.array(TEXTS), [0, 1, 2], id="numpy strings"),
        pytest.param(list(STAMPS), [0, 1, 2], id="Timestamps"),
        pytest.param(pd.Series(TEXTS), [0, 1, 2], id="Series"),
        pytest.param(pd.Series(STAMPS, index=["a", "b", "c"]), ["a", "b", "c"], id="Series by id"),
        pytest.param(frame([7, 5, 6]), [7, 5, 6], id="DataFrame"),
        pytest.param(
            frame([7, 5, 6], STAMPS, other=1).set_index(pd.Index([9, 9, 9])), [7, 5, 6], id="odd index"
        ),
        pytest.param(frame(["x", "z", "y"], via=["api", None, "form"]), ["x", "z", "y"], id="with via"),
    ],
)
def test_forms(entries, ids):
    before = entries.copy() if hasattr(entries, "copy") else None
    found = runs(entries)
    assert list(found.subscriber_id) == ids
    assert found.entered_us.tolist() == US
    assert found.number.tolist() == [1, 1, 1]
    assert found.number.dtype == np.int32
    assert found.row.tolist() == [0, 1, 2]
    assert found.end_us.tolist() == [NEVER_US] * 3
    assert len(found) == 3
    if isinstance(before, pd.DataFrame):
        pd.testing.assert_frame_equal(entries, before)


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(pd.array([3, 1, 2], dtype="int32"), id="int32"),
        pytest.param(pd.array([3, 1, 2], dtype="uint64"), id="uint64"),
        pytest.param(pd.array([3, 1, 2], dtype="Int64"), id="Int64"),
        pytest.param(pd.array([3.5, 1, 2]), id="Float64"),
        pytest.param(np.array([3.5, 1, 2]), id="float64"),
        pytest.param(pd.array(["c", "a", "b"], dtype="str"), id="str"),
        pytest.param(pd.array(["c", "a", "b"], dtype="string"), id="string"),
        pytest.param(pd.array(["c", "a", "b"], dtype="string[python]"), id="python string"),
        pytest.param(pd.Series(["c", 1, (2, 3)], dtype=object), id="object"),
        pytest.param(pd.Categorical(["c", "a", "b"]), id="category"),
        pytest.param(STAMPS.array, id="datetime"),
        pytest.param(pd.array(["c", "a", "b"], dtype=pd.ArrowDtype(pa.string())), id="arrow"),
        pytest.param(pd.array([True, False, True])[:2].repeat([1, 2]), id="boolean, one of them twice"),
    ],
)
@pytest.mark.parametrize("order", ["entry", "email"])
@pytest.mark.parametrize("until", [None, "2026-03-07T00:00Z"])
def test_ids_of_any_dtype_come_out_as_given(ids, order, until):
    entries = frame(ids)
    found = simcore.project(AT_ONCE, entries, order=order, until=until)
    kept = entries if until is None else entries[pd.Timestamp(until) > STAMPS]
    assert found["subscriber_id"].dtype == entries["subscriber_id"].dtype
    assert found["subscriber_id"].tolist() == kept["subscriber_id"].tolist()


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([], id="list"),
        pytest.param(np.array([], "datetime64[us]"), id="array"),
        pytest.param(pd.DatetimeIndex([], tz="UTC"), id="DatetimeIndex"),
        pytest.param(pd.Series([], dtype="str"), id="Series"),
        pytest.param(pd.DataFrame(columns=["subscriber_id", "entered_at", "via"]), id="DataFrame"),
    ],
)
def test_no_entries(entries):
    found = runs(entries)
    assert len(found) == 0
    assert (found.number.dtype, found.row.size, found.entered_us.size, found.end_us.size) == (
        np.int32,
        0,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (None, "None"),
        (5, "5 (an int)"),
        ("2026-03-06T21:07:30-05:00", "'2026-03-06T21:07:30-05:00' (a str)"),
        (b"2026", "b'2026' (a bytes)"),
        (STAMPS[0], "a pandas Timestamp"),
        ((text for text in TEXTS), "a generator"),
        ({"a": 1}, "{'a': 1} (a dict)"),  # whose keys are not its entries
        ({5}, "{5} (a set)"),  # which has no order
    ],
)
def test_no_form(text_of, entries, found):
    assert text_of(EntryError, runs, entries) == f"entries: found {found}, {NO_ENTRIES}"


@pytest.mark.parametrize("dimensions", [0, 2])
def test_arrays_of_other_dimensions(text_of, dimensions):
    entries = np.zeros((1,) * dimensions, "datetime64[us]")
    expected = f"entries: an array of {dimensions} dimensions, expected one of instants"
    assert text_of(EntryError, runs, entries) == expected


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (
            ["id", "entered_at"],
            "entries: no column subscriber_id; did you mean 'id'? the columns are: id, entered_at; "
            'columns={"subscriber_id": "id"} maps it',
        ),
        (["subscriber_id", 5], "entries: no column entered_at; the columns are: subscriber_id, 5"),
        ([], "entries: no column subscriber_id and no column entered_at; the columns are: none"),
    ],
)
def test_missing_columns(text_of, columns, text):
    assert text_of(EntryError, runs, pd.DataFrame(columns=columns)) == text


@pytest.mark.parametrize("twice", ["subscriber_id", "entered_at"])
def test_columns_that_are_there_twice(twice):
    entries = frame([1, 2, 3])
    entries.insert(2, twice, entries[twice], allow_duplicates=True)
    with pytest.raises(EntryError, match=twice):
        runs(entries)


# ---------------------------------------------------------------- rows that cannot be used


def test_rows_at_fault(text_of):
    entries = frame(
        [1, None, 3.0, 4, 5, 6],
        [TEXTS[0], TEXTS[1], None, "03/06/2026", "2026-03-06", "1969-12-31T00:00Z"],
    )
    expected = "\n".join([
        "entered_at: 5 of 6 rows cannot be used",
        f"  row 1: '{TEXTS[1]}' has no subscriber_id",
        f"  row 2: {NO_TEXT} is missing",
        f"  row 3: '03/06/2026' {GUESSWORK}",
        f"  row 4: '2026-03-06' {NAIVE}",
        f"  row 5: '1969-12-31T00:00Z' is {OUT_OF_RANGE}",
        "dayfirst=True reads 03/06/2026 as 3 June",
        WAY_OUT,
    ])
    assert text_of(EntryError, runs, entries) == expected
    with pytest.raises(EntryError) as caught:
        simcore.project(AT_ONCE, entries)
    assert caught.value.rows == [1, 2, 3, 4, 5]


def test_more_rows_at_fault_than_are_shown(text_of):
    lines = [f"  row {row}: 'x' is {UNREADABLE}" for row in range(10)]
    expected = "\n".join(["entered_at: 25 of 25 rows cannot be used", *lines, "  and 15 more", WAY_OUT])
    assert text_of(EntryError, runs, ["x"] * 25) == expected


def test_unknown_via(text_of):
    entries = frame([1, 2, 3], via=["api", "fax", None])
    expected = "\n".join([
        "via: 1 of 3 rows cannot be used",
        "  row 1: 'fax' is not one of: api, visual_automation, rule, bulk_action, import, form, manual",
        "fix those rows, or leave via out",
    ])
    assert text_of(EntryError, simcore.project, AT_ONCE, entries) == expected


@pytest.mark.parametrize("dtype", [object, "str", "category"])
@pytest.mark.parametrize("via", VIAS)
def test_known_vias(via, dtype):
    entries = frame([1, 2, 3], via=pd.Series([via, None, via], dtype=dtype))
    assert len(simcore.project(AT_ONCE, entries)) == 3


# ---------------------------------------------------------------- again and again


def entered(*hours):
    return [pd.Timestamp("2026-03-06", tz="UTC") + pd.Timedelta(hour, "h") for hour in hours]


BASE_US = entered(0)[0].value // 1000


def ends(found):
    return [None if end == NEVER_US else (end - BASE_US) // HOUR_US for end in found.end_us.tolist()]


def test_repeat_false_takes_the_first_entry_by_time():
    found = runs(frame(["a", "b", "a", "a"], entered(5, 6, 3, 9)))
    assert list(found.subscriber_id) == ["b", "a"]
    assert found.row.tolist() == [1, 2]
    assert found.number.tolist() == [1, 1]
    assert ends(found) == [None, None]


def test_repeat_true_numbers_runs_by_time_and_ends_the_one_before():
    found = runs(frame(["a", "b", "a", "a"], entered(5, 6, 3, 9)), repeat=True)
    assert list(found.subscriber_id) == ["a", "b", "a", "a"]
    assert found.number.tolist() == [2, 1, 1, 3]
    assert ends(found) == [9, None, 5, None]
    assert found.row.tolist() == [0, 1, 2, 3]


def test_ties_count_as_given():
    found = runs(frame(["a", "a", "a"], entered(3, 3, 1)), repeat=True)
    assert found.number.tolist() == [2, 3, 1]
    assert ends(found) == [3, None, 3]
    only = runs(frame(["a", "a"], entered(3, 3)))
    assert only.row.tolist() == [0]


def test_a_run_that_another_ends_at_once_sends_nothing():
    """Entries come before sends (K18): of two at one instant the first gets nothing."""
    found = simcore.project(AT_ONCE, frame(["a", "a"], entered(3, 3)))
    assert found["run"].tolist() == [2]


def test_until_is_looked_at_before_repeats():
    entries = frame(["a", "b", "a", "b"], entered(5, 6, 3, 2))
    until_us = BASE_US + 5 * HOUR_US
    found = runs(entries, repeat=True, until_us=until_us)
    assert list(found.subscriber_id) == ["a", "b"]
    assert found.row.tolist() == [2, 3]
    assert (found.number.tolist(), ends(found)) == ([1, 1], [None, None])
    assert runs(entries, until_us=until_us + 1).row.tolist() == [2, 3]
    assert len(runs(entries, until_us=BASE_US)) == 0
    assert len(runs(entries, repeat=True, until_us=until_us + 10 * HOUR_US)) == 4


@pytest.mark.parametrize("dtype", ["int64", "int32", "float64", "str", object, "category", "Int64", "string"])
@pytest.mark.parametrize("repeat", [False, True])
def test_repeats_whatever_the_dtype(dtype, repeat):
    ids = pd.Series([2, 1, 2, 3, 1]).astype("str" if dtype in {"str", "string"} else "int64").astype(dtype)
    found = runs(frame(ids, entered(1, 2, 3, 4, 5)), repeat=repeat)
    assert found.number.tolist() == ([1, 1, 2, 1, 2] if repeat else [1, 1, 1])
    assert list(found.subscriber_id) == ids[found.row].tolist()


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=12),
    st.booleans(),
    st.none() | st.integers(0, 7),
)
def test_runs_one_by_one(rows, repeat, until):
    """Against a plain loop over time."""
    found = runs(
        frame([one for one, _ in rows], entered(*[hour for _, hour in rows])),
        repeat=repeat,
        until_us=None if until is None else BASE_US + until * HOUR_US,
    )
    number, end, seen, current = {}, {}, {}, {}
    for row in sorted(range(len(rows)), key=lambda row: (rows[row][1], row)):
        one, hour = rows[row]
        if (until is not None and hour >= until) or (one in seen and not repeat):
            continue
        seen[one] = seen.get(one, 0) + 1
        number[row] = seen[one]
        if one in current:
            end[current[one]] = hour
        current[one] = row
    kept = sorted(number)
    assert found.row.tolist() == kept
    assert list(found.subscriber_id) == [rows[row][0] for row in kept]
    assert found.number.tolist() == [number[row] for row in kept]
    assert ends(found) == [end.get(row) for row in kept]


# ---------------------------------------------------------------- split_entries


def test_split_entries():
    entries = frame([1, None, 3, 4], [TEXTS[0], TEXTS[1], None, "2026-03-06"], via="fax").set_index(
        pd.Index(list("abcd"))
    )
    before = entries.copy()
    good, bad = simcore.split_entries(entries)
    pd.testing.assert_frame_equal(entries, before)
    pd.testing.assert_frame_equal(good, entries.iloc[:1])
    pd.testing.assert_frame_equal(bad.drop(columns="reason"), entries.iloc[1:])
    assert bad["reason"].tolist() == ["has no subscriber_id", MISSING, NAIVE]
    assert bad["reason"].dtype == TEXT
    good, bad = simcore.split_entries(entries, naive_time_zone="UTC")
    assert (good.index.tolist(), bad.index.tolist()) == (["a", "d"], ["b", "c"])


def test_split_entries_where_all_are_good_or_bad():
    good, bad = simcore.split_entries(TEXTS)
    assert good["subscriber_id"].tolist() == [0, 1, 2]
    assert (len(bad), list(bad), bad["reason"].dtype) == (0, ["subscriber_id", "entered_at", "reason"], TEXT)
    good, bad = simcore.split_entries(pd.Series(["x", "y"], index=[8, 9]))
    assert (len(good), list(good)) == (0, ["subscriber_id", "entered_at"])
    assert bad["subscriber_id"].tolist() == [8, 9]
    good, bad = simcore.split_entries([])
    assert (len(good), len(bad)) == (0, 0)


def test_what_is_split_can_be_projected():
    good, _ = simcore.split_entries([*TEXTS, "x", None])
    assert simcore.project(AT_ONCE, good)["subscriber_id"].tolist() == [0, 1, 2]


def test_split_entries_errors(text_of):
    expected = "'X' is not a time zone: expected an IANA name such as 'America/New_York'"
    assert text_of(SimcoreError, simcore.split_entries, TEXTS, naive_time_zone="X") == expected
    expected = "entries: no column subscriber_id; the columns are: entered_at"
    assert text_of(EntryError, simcore.split_entries, pd.DataFrame({"entered_at": []})) == expected
