"""Event logs, as people have them: what is read, what is refused on its whole text, and who is concerned."""

import numpy as np
import pandas as pd
import pytest
from conftest import NO_EVENTS, NO_TEXT, TEXT

import simcore
from simcore import kit
from simcore.errors import EntryError

NAMES = (
    "bounced, complained, form_joined, removed, resubscribed, segment_entered, segment_left, sequence_joined, "
    "tag_added, tag_removed, unsubscribed"
)
FIX = "fix those rows, or leave them out"
SEQUENCE = kit.Sequence(
    name="S",
    time_zone="UTC",
    send_hour=9,
    exclude_subscriber_sources=[{"type": "tag", "ids": [7]}],
    emails=tuple(
        kit.Email(id=number, subject=f"E{number}", delay_value=1, delay_unit="days", published=True)
        for number in (1, 2, 3)
    ),
)
ENTERED = "2026-03-02T10:00Z"  # sends on the 3rd, 4th and 5th at 9:00
DAY = "2026-03-03T12:00Z"


def log(*rows, dtype=None):
    """Rows of (subscriber, at, event) or (subscriber, at, event, ref)."""
    found = pd.DataFrame([(*row, None)[:4] for row in rows], columns=["subscriber_id", "at", "event", "ref"])
    return found if dtype is None else found.astype({"subscriber_id": dtype})


def entries(*ids, dtype=None):
    return pd.DataFrame({"subscriber_id": pd.Series(ids, dtype=dtype), "entered_at": [ENTERED] * len(ids)})


def counts(given, events, **named):
    """How many sends each subscriber gets."""
    found = simcore.simulate(SEQUENCE, given, events=events, **named).subscribers
    return dict(zip(found["subscriber_id"], found["sends"], strict=True))


# ---------------------------------------------------------------- refs


@pytest.mark.parametrize(
    "ref",
    [
        7,
        7.0,
        "7",
        " 7 ",
        "7.0",
        np.int8(7),
        np.float32(7),
        pd.array([7], dtype="Int64")[0],
    ],
)
def test_a_ref_of_any_kind(ref):
    assert counts(entries("a"), log(("a", DAY, "tag_added", ref))) == {"a": 1}
    assert counts(entries("a"), log(("a", DAY, "form_joined", ref))) == {"a": 3}


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "str", "string", "category", object])
def test_refs_of_any_dtype(dtype):
    events = log(("a", DAY, "tag_added", 7), ("b", DAY, "tag_added", 8))
    numbers = events["ref"].astype("int64")
    if dtype == "str":
        events["ref"] = numbers.astype("str")
    else:
        events["ref"] = numbers.astype(dtype)
    assert counts(entries("a", "b"), events) == {"a": 1, "b": 3}


@pytest.mark.parametrize("ref", [None, np.nan, pd.NA, "seven", 7.5, "7.5", "", np.inf])
def test_a_ref_that_is_no_integer(text_of, ref):
    events = log(("a", DAY, "unsubscribed"), ("a", DAY, "tag_added", ref))
    events["ref"] = pd.Series([None, ref], dtype=object)
    expected = (
        "events: ref: 1 of 2 rows cannot be used\n"
        f"  row 1: {ref!r} is not the integer id that the event needs\n{FIX}"
    )
    assert text_of(EntryError, simcore.simulate, SEQUENCE, entries("a"), events=events) == expected


def test_no_refs_where_one_is_needed(text_of):
    events = log(("a", DAY, "tag_added", 7)).drop(columns="ref")
    expected = "events: no column ref, which tag_added needs; the columns are: subscriber_id, at, event"
    assert text_of(EntryError, simcore.simulate, SEQUENCE, entries("a"), events=events) == expected
    events = log(("a", DAY, "removed")).drop(columns="ref")
    assert counts(entries("a"), events) == {"a": 1}


def test_refs_that_nothing_needs_are_not_looked_at():
    assert counts(entries("a"), log(("a", DAY, "unsubscribed", "from the newsletter"))) == {"a": 1}


@pytest.mark.parametrize("ref", [2**53 + 1, str(2**53 + 1), 2**63 - 1])
def test_large_ids_are_exact(ref):
    """Beyond 2**53 a float holds no odd integer: the neighbour is another tag."""
    sequence = SEQUENCE.replace(exclude_subscriber_sources=[{"type": "tag", "ids": [int(ref)]}])
    excluded = simcore.project(sequence, entries("a"), events=log(("a", DAY, "tag_added", ref)))
    assert len(excluded) == 1
    other = simcore.project(sequence, entries("a"), events=log(("a", DAY, "tag_added", int(ref) - 1)))
    assert len(other) == 3


# ---------------------------------------------------------------- names


def test_unknown_events_are_listed_with_the_known(text_of):
    events = log(("a", DAY, "opened"), ("a", DAY, "removed"), ("z", DAY, None), ("a", DAY, "Removed"))
    expected = "\n".join([
        "events: event: 3 of 4 rows cannot be used",
        f"  row 0: 'opened' is not one of: {NAMES}",
        f"  row 2: {events['event'][2]!r} is not one of: {NAMES}",
        f"  row 3: 'Removed' is not one of: {NAMES}",
        FIX,
    ])
    assert text_of(EntryError, simcore.simulate, SEQUENCE, entries("a"), events=events) == expected
    with pytest.raises(EntryError) as caught:
        simcore.project(SEQUENCE, entries("a"), events=events)
    assert caught.value.rows == [0, 2, 3]


@pytest.mark.parametrize("dtype", ["str", "string", "category", object])
def test_names_of_any_dtype(dtype):
    events = log(("a", DAY, "removed"), ("b", DAY, "resubscribed")).astype({"event": dtype})
    assert counts(entries("a", "b"), events) == {"a": 1, "b": 3}


# ---------------------------------------------------------------- instants


def test_instants_that_cannot_be_read(text_of):
    events = log(("a", "2026-03-03T12:00", "removed"), ("a", DAY, "removed"), ("a", None, "removed"))
    events["at"] = events["at"].astype(object).where(events["at"].notna(), None)
    expected = "\n".join([
        "events: at: 2 of 3 rows cannot be used",
        "  row 0: '2026-03-03T12:00' has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, or say "
        'how to read it with naive_time_zone="UTC" (or another zone)',
        "  row 2: None is missing",
        FIX,
    ])
    assert text_of(EntryError, simcore.simulate, SEQUENCE, entries("a"), events=events) == expected
    stamps = pd.DataFrame({
        "subscriber_id": ["a"],
        "at": pd.Series([pd.NaT]).dt.tz_localize("UTC"),
        "event": ["removed"],
    })
    assert text_of(EntryError, simcore.simulate, SEQUENCE, entries("a"), events=stamps) == (
        f"events: at: 1 of 1 rows cannot be used\n  row 0: NaT is missing\n{FIX}"
    )


def test_naive_instants_with_a_zone():
    """12:00 in Chicago of the 4th is past the send at 9:00 UTC; 3:00 is at its very instant (K18)."""
    for clock, sends in (("2026-03-04T12:00", 2), ("2026-03-04T03:00", 1), ("2026-03-04T03:00:00.000001", 2)):
        events = log(("a", clock, "removed"))
        assert counts(entries("a"), events, naive_time_zone="America/Chicago") == {"a": sends}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_instants_of_every_unit(unit, zone):
    events = log(("a", DAY, "removed"))
    events["at"] = pd.to_datetime(events["at"], utc=True).dt.tz_convert(zone).dt.as_unit(unit)
    assert counts(entries("a"), events) == {"a": 1}


# ---------------------------------------------------------------- frames


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (["a"], "['a'] (a list)"),
        ({"a": 1}, "{'a': 1} (a dict)"),
        ("events.csv", "'events.csv' (a str)"),
        (5, "5 (an int)"),
        (pd.Series([1]), "a pandas Series"),
    ],
)
def test_not_a_frame(text_of, wrong, found):
    expected = f"events: found {found}, {NO_EVENTS}"
    assert text_of(EntryError, simcore.simulate, SEQUENCE, entries("a"), events=wrong) == expected


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (["subscriber_id", "at"], "events: no column event; the columns are: subscriber_id, at"),
        (["event"], "events: no column subscriber_id and no column at; the columns are: event"),
        ([], "events: no column subscriber_id and no column at and no column event; the columns are: none"),
    ],
)
def test_missing_columns(text_of, columns, text):
    assert text_of(EntryError, simcore.project, SEQUENCE, [], events=pd.DataFrame(columns=columns)) == text


@pytest.mark.parametrize("twice", ["subscriber_id", "at", "event", "ref"])
def test_columns_that_are_there_twice(text_of, twice):
    events = log(("a", DAY, "removed"))
    events.insert(0, twice, events[twice], allow_duplicates=True)
    expected = f"events: column {twice} is there 2 times, expected once"
    assert text_of(EntryError, simcore.project, SEQUENCE, entries("a"), events=events) == expected


def test_an_empty_log():
    empty = log()
    for events in (empty, empty.astype({"subscriber_id": "float64"}), empty.drop(columns="ref")):
        assert counts(entries("a", "b"), events) == {"a": 3, "b": 3}
        assert counts(entries(1, 2), events) == {1: 3, 2: 3}


def test_nobody_enters():
    found = simcore.simulate(SEQUENCE, [], events=log(("a", DAY, "removed")))
    assert [len(each) for each in found] == [0, 0, 0]


# ---------------------------------------------------------------- whom


def test_people_who_never_enter():
    events = log(("z", DAY, "unsubscribed"), ("a", DAY, "removed"), ("y", DAY, "tag_added", 7))
    found = simcore.simulate(SEQUENCE, entries("a", "b"), events=events)
    assert found.subscribers["sends"].tolist() == [1, 3]
    assert set(found.journal["subscriber_id"]) == {"a", "b"}


def test_a_tag_before_the_entry_excludes():
    events = log(
        ("a", "2026-01-01T00:00Z", "tag_added", 7), ("b", "2026-03-02T10:00:00.000001Z", "tag_added", 7)
    )
    found = simcore.simulate(SEQUENCE, entries("a", "b"), events=events)
    assert found.subscribers["subscriber_id"].tolist() == ["b"]
    assert found.journal["what"].tolist()[0] == "excluded"


@pytest.mark.parametrize(
    ("of_entries", "of_events"),
    [
        ("int64", "int32"),
        ("int64", "Int64"),
        ("uint8", "int64"),
        ("str", object),
        ("string", "str"),
        (object, "string"),
        ("float64", "float64"),
        ("category", "category"),
    ],
)
def test_ids_that_are_as_good_as_the_same(of_entries, of_events):
    numbers = {"a": 1, "b": 2} if of_entries in {"int64", "uint8", "float64"} else {"a": "a", "b": "b"}
    given = entries(*numbers.values()).astype({"subscriber_id": of_entries})
    events = log((numbers["b"], DAY, "removed")).astype({"subscriber_id": of_events})
    if of_events == "category" == of_entries:
        events["subscriber_id"] = events["subscriber_id"].cat.set_categories(["a", "b"])
    assert counts(given, events) == {numbers["a"]: 3, numbers["b"]: 1}


@pytest.mark.parametrize(
    ("of_entries", "of_events", "told"),
    [
        ("int64", "str", f"{TEXT} there and int64"),
        ("str", "int64", f"int64 there and {TEXT}"),
        ("float64", "int64", "int64 there and float64"),
        ("int64", "float64", "float64 there and int64"),
        ("str", "category", f"category there and {TEXT}"),
    ],
)
def test_ids_of_other_dtypes(text_of, of_entries, of_events, told):
    """1 and "1" never match."""
    given, events = entries(1, 2, dtype=of_entries), log((1, DAY, "removed"), dtype=of_events)
    expected = f'events: subscriber_id is {told} in entries; expected the same, since 1 and "1" never match'
    for verb in (simcore.simulate, simcore.project):
        assert text_of(EntryError, verb, SEQUENCE, given, events=events) == expected


def test_entries_without_ids_are_numbered():
    """0, 1, 2, …: events name them so."""
    found = simcore.project(SEQUENCE, [ENTERED, ENTERED], events=log((1, DAY, "removed")))
    assert found["subscriber_id"].tolist() == [0, 0, 0, 1]


def test_events_in_any_order_and_with_any_index():
    events = log(
        ("a", "2026-03-04T12:00Z", "tag_removed", 7),
        ("b", DAY, "removed"),
        ("a", DAY, "tag_added", 7),
    ).set_index(pd.Index([5, 5, 5]))
    found = simcore.simulate(SEQUENCE, entries("a", "b"), events=events)
    assert found.timeline["email_id"].tolist() == [1, 3, 1]


def test_events_from_until_on_are_not_looked_at():
    """They are read all the same: what cannot be read may be before."""
    found = simcore.simulate(SEQUENCE, entries("a"), events=log(("a", DAY, "removed")), until=DAY)
    assert found.subscribers["status"].tolist() == ["active"]
    with pytest.raises(EntryError):
        simcore.simulate(SEQUENCE, entries("a"), events=log(("a", DAY, "opened")), until=DAY)


def test_events_of_nobody(text_of):
    events = log(("a", DAY, "removed"), (None, DAY, "removed"))
    events["subscriber_id"] = pd.Series(["a", None], dtype="str")
    expected = f"events: subscriber_id: 1 of 2 rows cannot be used\n  row 1: {NO_TEXT} is missing\n{FIX}"
    assert text_of(EntryError, simcore.simulate, SEQUENCE, entries("a"), events=events) == expected


@pytest.mark.parametrize("ref", [True, (7,), float("inf"), "7.5", "seven", 2**63])
def test_what_is_no_integer_id(text_of, ref):
    events = log(("a", DAY, "tag_added", None))
    events["ref"] = pd.Series([ref], dtype=object)
    expected = (
        "events: ref: 1 of 1 rows cannot be used\n"
        f"  row 0: {ref!r} is not the integer id that the event needs\n{FIX}"
    )
    assert text_of(EntryError, simcore.simulate, SEQUENCE, entries("a"), events=events) == expected


@pytest.mark.parametrize(("column", "value"), [("event", ["tag_added"]), ("ref", [7])])
def test_lists_are_no_events_and_no_ids(text_of, column, value):
    events = log(("a", DAY, "tag_added", 7))
    events[column] = pd.Series([value], dtype=object)
    told = text_of(EntryError, simcore.simulate, SEQUENCE, entries("a"), events=events)
    assert told.startswith(f"events: {column}: 1 of 1 rows cannot be used\n  row 0: {value!r} is not ")


def test_ids_that_are_nobodys(text_of):
    wrong = "not an id: a list, an array, an object or half a character is nobody's"
    given = pd.DataFrame({"subscriber_id": ["a", ["b"], {}], "entered_at": [ENTERED] * 3})
    assert text_of(EntryError, simcore.project, SEQUENCE, given) == (
        "entered_at: 2 of 3 rows cannot be used\n"
        f"  row 1: '{ENTERED}' has a subscriber_id that is {wrong}\n"
        f"  row 2: '{ENTERED}' has a subscriber_id that is {wrong}\n"
        "simcore.split_entries(entries) parts the rows that can be read from those that cannot"
    )
    good, bad = simcore.split_entries(given)
    assert (len(good), len(bad)) == (1, 2)
    events = pd.DataFrame({"subscriber_id": [["b"], 1], "at": [DAY] * 2, "event": ["unsubscribed"] * 2})
    assert text_of(EntryError, simcore.project, SEQUENCE, entries(1, dtype=object), events=events) == (
        f"events: subscriber_id: 1 of 2 rows cannot be used\n  row 0: ['b'] is {wrong}\n{FIX}"
    )


def test_ids_with_half_a_character(text_of):
    """Among texts alone, and among other things; pandas 3 has no texts that could hold one."""
    wrong = "not an id: a list, an array, an object or half a character is nobody's"
    for other in ("b", 1):
        given = entries("a\ud800", other, None, dtype=object)
        told = text_of(EntryError, simcore.project, SEQUENCE, given)
        assert f"\n  row 0: '{ENTERED}' has a subscriber_id that is {wrong}\n" in told
    events = pd.DataFrame({"subscriber_id": given["subscriber_id"], "at": DAY, "event": "unsubscribed"})
    events = events.replace({"subscriber_id": {1: "b"}})
    assert text_of(EntryError, simcore.project, SEQUENCE, entries("b"), events=events) == (
        f"events: subscriber_id: 1 of 3 rows cannot be used\n  row 0: 'a\\ud800' is {wrong}\n{FIX}"
    )
