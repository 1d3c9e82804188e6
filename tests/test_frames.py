"""Entries and events as people have them: frames of every library, columns of every name, ids of every dtype."""

import json
import sys
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import NO_ENTRIES, NO_EVENTS

import simcore
from simcore import kit, sequenzy
from simcore.engine import frames
from simcore.errors import EntryError, SimcoreError
from simcore.plan import columns as naming

SEQUENCE = kit.Sequence(
    name="S",
    time_zone="UTC",
    send_hour=9,
    exclude_subscriber_sources=[{"type": "tag", "ids": [7]}],
    emails=tuple(
        kit.Email(id=number, subject=f"E{number}", delay_value=1, delay_unit="days", published=True)
        for number in (1, 2)
    ),
)
ORDER = sequenzy.from_api({
    "id": "s",
    "name": "S",
    "trigger": "event_received",
    "eventName": "order",
    "steps": [{"id": "m", "type": "email", "subject": "Hello", "html": "<p>Hello</p>"}],
})
TIMES = ["2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z"]  # sends on the 3rd and 4th at 9:00
STAMPS = [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (10, 12)]
NOON = "2026-03-03T12:00Z"
ENTRIES = pd.DataFrame({"subscriber_id": ["a", "b"], "entered_at": TIMES})
EVENTS = pd.DataFrame({"subscriber_id": ["a"], "at": [NOON], "event": ["unsubscribed"]})
SENDS = {"a": 1, "b": 2}
BY_EMAIL = {"subscriber_id": "email", "entered_at": "Subscribed at"}


def counts(entries, events=EVENTS, sequence=SEQUENCE, **options):
    """How many sends each subscriber gets."""
    sends = simcore.project(sequence, entries, events=events, **options)
    return sends.groupby("subscriber_id", observed=True).size().to_dict()


# ---------------------------------------------------------------- frames


class Stream:
    """A frame of some library with the Arrow PyCapsule interface and nothing else."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def reader(frame):
    """A stream that is read once."""
    table = pa.Table.from_pandas(frame)
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches())


KINDS = {
    "polars": pl.from_pandas,
    "pyarrow": pa.Table.from_pandas,
    "batch": pa.RecordBatch.from_pandas,
    "capsule": lambda frame: Stream(pa.Table.from_pandas(frame)),
    "once": reader,
    "arrow dtypes": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "dicts": lambda frame: frame.to_dict("records"),
    "tuple": lambda frame: tuple(frame.to_dict("records")),
    "structs": lambda frame: pl.from_pandas(frame).to_struct(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_frames_of_every_kind(kind):
    assert counts(KINDS[kind](ENTRIES), KINDS[kind](EVENTS)) == SENDS


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_verb_reads_them_once(kind):
    """An Arrow stream gives its rows once, and some verbs look at them twice."""
    change = [kit.update("2026-03-03T00:00Z", send_hour=18)]

    def made(verb):
        return verb(KINDS[kind](ENTRIES), KINDS[kind](EVENTS))

    def plain(verb):
        return verb(ENTRIES, EVENTS)

    for verb in (
        lambda entries, events: simcore.simulate(SEQUENCE, entries, events=events).journal,
        lambda entries, events: simcore.forecast(SEQUENCE, entries, events=events),
        lambda entries, events: simcore.impact(SEQUENCE, entries, change, events=events),
        lambda entries, events: simcore.sweep(SEQUENCE, {"send_hour": [8, 9]}, entries, events=events),
        lambda entries, events: simcore.compare({"a": SEQUENCE, "b": SEQUENCE}, entries, events=events),
        lambda entries, events: simcore.split_entries(entries)[0],
    ):
        pd.testing.assert_frame_equal(made(verb), plain(verb), check_dtype=False)


@pytest.mark.parametrize(
    "instants",
    [
        pl.Series(TIMES),
        pl.Series(STAMPS),
        pl.Series(STAMPS, dtype=pl.Datetime("ns", "America/New_York")),
        pa.array(STAMPS),
        pa.chunked_array([TIMES[:1], TIMES[1:]]),
        pa.array(STAMPS, pa.timestamp("s", "Nowhere/Unknown")),  # an instant, in whatever zone
    ],
)
def test_columns_of_instants(instants):
    assert counts(instants, None) == {0: 2, 1: 2}


@pytest.mark.parametrize("values", [np.arange(5), np.arange(5) / 2, np.arange(5).astype("datetime64[us]")])
def test_what_pandas_can_hold_is_not_copied(values):
    found = frames.table("entries", pa.table({"x": values}))
    assert np.shares_memory(found["x"].to_numpy(), values)


def test_what_is_given_stays_as_it_is():
    given = ENTRIES.rename(columns=BY_EMAIL)
    before = given.copy()
    counts(given, None, columns=BY_EMAIL)
    pd.testing.assert_frame_equal(given, before)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (pa.array([date(2026, 3, 2)] * 2), "datetime64[ms]"),
        (pa.array(["x", "y"]).dictionary_encode(), "category"),
        (pa.array(["x", None], pa.string_view()), pd.Series(["x"]).dtype.name),
        (pa.array([1, None]), "object"),
        (pa.array([2**64 - 1, 1], pa.uint64()), "uint64"),
        (pa.array([[1], [2]]), "object"),
        (pa.nulls(2), "object"),
    ],
)
def test_columns_of_arrow(values, dtype):
    assert str(frames.table("entries", pa.table({"x": values}))["x"].dtype) == dtype


@pytest.mark.parametrize(
    "categories",
    [pl.Series(["a", "b"], dtype=pl.Categorical), pl.Series(["a", "b"], dtype=pl.Enum(["b", "a"]))],
)
def test_categories_of_polars(categories):
    assert counts(pl.DataFrame({"subscriber_id": categories, "entered_at": TIMES})) == SENDS


def test_what_an_older_pyarrow_cannot_cast():
    class Views:
        type = pa.string_view()

        def cast(self, kind):
            raise pa.ArrowNotImplementedError(f"Unsupported cast to {kind}")

        def to_pylist(self):
            return ["x", None]

    assert frames._column(pa, Views()).fillna("").tolist() == ["x", ""]


def test_objects_of_arrow_are_dicts_without_what_is_null():
    rows = [{"n": 1, "day": date(2026, 3, 2)}, None, {"n": None, "day": None}]
    found = frames.table("events", pa.table({"properties": rows}))
    assert found["properties"].tolist() == [{"n": 1, "day": "2026-03-02"}, None, {}]
    pairs = pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64()))
    assert frames.table("events", pa.table({"properties": pairs}))["properties"].tolist() == [{"a": 1}, None]


def test_dicts_have_the_dtypes_of_frames_and_keep_big_integers():
    found = frames.table("events", [{"ref": 2**53 + 1, "x": 1, "y": "a"}, {"x": 2, "y": "b"}])
    assert found["ref"].tolist()[0] == 2**53 + 1
    assert [str(found[name].dtype) for name in "xy"] == ["int64", pd.Series(["a"]).dtype.name]
    assert frames.table("events", [{"x": "a\ud800"}])["x"].tolist() == ["a\ud800"]
    assert counts(ENTRIES, []) == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (pl.LazyFrame({"subscriber_id": ["a"]}), "a polars LazyFrame"),
        (type("Table", (list,), {"columns": ["a"], "__module__": "outside.frames"})(), "an outside Table"),
    ],
)
def test_what_is_no_frame_is_refused_by_its_type(text_of, wrong, found):
    assert text_of(EntryError, simcore.project, SEQUENCE, wrong) == f"entries: found {found}, {NO_ENTRIES}"


def test_what_is_no_log_is_refused_by_its_type(text_of):
    for wrong, found in (
        (pl.LazyFrame({"a": [1]}), "a polars LazyFrame"),
        (pl.Series([1]), "a pandas Series"),
    ):
        told = text_of(EntryError, simcore.project, SEQUENCE, ENTRIES, events=wrong)
        assert told == f"events: found {found}, {NO_EVENTS}"


def test_rows_that_are_no_dicts(text_of):
    rows = [*ENTRIES.to_dict("records"), 5]
    told = text_of(EntryError, simcore.project, SEQUENCE, rows)
    assert told == "entries: row 2: found 5 (an int), expected a dict as the rows before"


def test_without_pyarrow(text_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    told = text_of(SimcoreError, simcore.project, SEQUENCE, pl.DataFrame({"a": [1]}))
    assert told == 'entries: a polars DataFrame needs pyarrow: pip install "simcore[parquet]"'


@pytest.mark.parametrize("error", [pa.ArrowInvalid, OSError])
def test_what_pyarrow_cannot_read(text_of, error):
    class Broken:
        def __arrow_c_stream__(self, requested_schema=None):
            raise error("no rows today")

    told = text_of(EntryError, simcore.project, SEQUENCE, Broken())
    assert told == f"entries: a {__name__} Broken cannot be read: no rows today"


# ---------------------------------------------------------------- columns


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_other_names(kind):
    entries = KINDS[kind](ENTRIES.rename(columns=BY_EMAIL))
    events = KINDS[kind](EVENTS.rename(columns={"subscriber_id": "email", "event": "Action"}))
    assert counts(entries, events, columns=BY_EMAIL | {"event": "Action"}) == SENDS


def test_a_name_holds_for_the_tables_that_have_it():
    """Of two tables one may have the names of here."""
    assert counts(ENTRIES.rename(columns=BY_EMAIL), EVENTS, columns=BY_EMAIL) == SENDS
    events = EVENTS.rename(columns={"at": "time"})
    assert counts(
        ENTRIES.rename(columns={"entered_at": "time"}), events, columns={"entered_at": "time", "at": "time"}
    )
    events = EVENTS.rename(columns={"subscriber_id": "email"})
    assert counts(ENTRIES, events, columns={"subscriber_id": "email"}) == SENDS


def test_a_column_that_is_named_comes_before_one_of_that_name():
    given = ENTRIES.assign(email=["b", "c"])
    assert counts(given, None, columns={"subscriber_id": "email"}) == {"b": 2, "c": 2}


def test_names_in_every_verb():
    given = ENTRIES.rename(columns=BY_EMAIL)
    change = [kit.update("2026-03-03T00:00Z", send_hour=18)]
    for verb in (
        lambda entries, **named: simcore.simulate(SEQUENCE, entries, **named).subscribers,
        lambda entries, **named: simcore.forecast(SEQUENCE, entries, **named),
        lambda entries, **named: simcore.impact(SEQUENCE, entries, change, **named),
        lambda entries, **named: simcore.sweep(SEQUENCE, {"send_hour": [8, 9]}, entries, **named),
        lambda entries, **named: simcore.compare({"a": SEQUENCE, "b": SEQUENCE}, entries, **named),
    ):
        pd.testing.assert_frame_equal(verb(given, columns=BY_EMAIL), verb(ENTRIES))
    good, bad = simcore.split_entries(given.assign(**{"Subscribed at": [TIMES[0], "soon"]}), columns=BY_EMAIL)
    assert [*good.columns] == ["email", "Subscribed at"]
    assert bad[["email", "Subscribed at"]].to_numpy().tolist() == [["b", "soon"]]


def test_counted_arrivals_of_other_names():
    given = pd.DataFrame({"day": TIMES, "n": [3, 4]})
    found = simcore.forecast(SEQUENCE, given, by=None, columns={"entered_at": "day", "count": "n"})
    assert found["sends"].tolist() == [7, 7]


ALL = (
    "subscriber_id, entered_at, via, properties, attributes, time_zone, count, sequence_id, at, event, ref, "
    "received_at"
)


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (
            ["email"],
            'columns: found [\'email\'], expected a dict such as {"subscriber_id": "email"}: what columns are called '
            "in the table, by their names here",
        ),
        (
            {"via": 5},
            'columns: found {\'via\': 5}, expected a dict such as {"subscriber_id": "email"}: what columns are called '
            "in the table, by their names here",
        ),
        ({"entered": "a"}, f"columns: found 'entered', expected one of: {ALL}; did you mean 'entered_at'?"),
        (
            {"Subscriber ID": "a"},
            f"columns: found 'Subscriber ID', expected one of: {ALL}; did you mean 'subscriber_id'?",
        ),
        ({5: "a"}, f"columns: found 5, expected one of: {ALL}"),
        (
            {"subscriber_id": "a", "via": "a"},
            "columns: 'a' is given for subscriber_id and via, expected another column for each",
        ),
        (
            {"entered_at": "Entered"},
            "columns: entered_at is 'Entered', and entries have no such column; the columns are: subscriber_id, "
            "entered_at; did you mean 'entered_at'?",
        ),
        (
            {"subscriber_id": "xyz"},
            "columns: subscriber_id is 'xyz', and entries and events have no such column; the columns are: "
            "subscriber_id, entered_at, at, event",
        ),
        (
            {"ref": "tag"},
            "columns: ref is 'tag', and events have no such column; the columns are: subscriber_id, at, event",
        ),
    ],
)
def test_names_that_cannot_be(text_of, columns, text):
    assert text_of(SimcoreError, simcore.project, SEQUENCE, ENTRIES, events=EVENTS, columns=columns) == text


def test_names_in_a_table_without_columns(text_of):
    told = text_of(SimcoreError, simcore.project, SEQUENCE, pd.DataFrame(), columns={"subscriber_id": "a"})
    assert told == "columns: subscriber_id is 'a', and entries have no such column; the columns are: none"


def test_names_of_a_list_of_instants_play_no_part():
    assert counts(TIMES, None, columns=BY_EMAIL) == {0: 2, 1: 2}


@pytest.mark.parametrize(
    ("names", "near"),
    [
        (["email", "Subscribed at"], {"subscriber_id": "email", "entered_at": "Subscribed at"}),
        (["Email Address", "Joined"], {"subscriber_id": "Email Address", "entered_at": "Joined"}),
        (["Subscriber ID", "Entered At"], {"subscriber_id": "Subscriber ID", "entered_at": "Entered At"}),
        (["user_id", "created_at"], {"subscriber_id": "user_id", "entered_at": "created_at"}),
        (["Contact", "date"], {"subscriber_id": "Contact", "entered_at": "date"}),
        (["subscriber", "timestamp"], {"subscriber_id": "subscriber", "entered_at": "timestamp"}),
    ],
)
def test_columns_that_are_missing_and_those_that_may_be_meant(text_of, names, near):
    told = text_of(EntryError, simcore.project, SEQUENCE, ENTRIES.set_axis(names, axis=1))
    first, second = names
    assert told == (
        f"entries: no column subscriber_id and no column entered_at; did you mean {first!r} and {second!r}? the "
        f"columns are: {first}, {second}; columns={json.dumps(near)} maps them"
    )
    # What is said is what helps.
    assert counts(ENTRIES.set_axis(names, axis=1), None, columns=near) == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (
            ["subscriber_id", "Subscribed at"],
            "no column entered_at; did you mean 'Subscribed at'? the columns are: subscriber_id, Subscribed at; "
            'columns={"entered_at": "Subscribed at"} maps it',
        ),
        (["Wer", "Wann"], "no column subscriber_id and no column entered_at; the columns are: Wer, Wann"),
        (["subscriber_id", "via"], "no column entered_at; the columns are: subscriber_id, via"),
        (["via", "event"], "no column subscriber_id and no column entered_at; the columns are: via, event"),
    ],
)
def test_columns_that_are_missing(text_of, names, text):
    assert (
        text_of(EntryError, simcore.project, SEQUENCE, ENTRIES.set_axis(names, axis=1)) == f"entries: {text}"
    )


def test_columns_of_events_that_are_missing(text_of):
    given = EVENTS.rename(columns={"at": "occurred_at", "event": "Event Name"})
    assert text_of(EntryError, simcore.project, SEQUENCE, ENTRIES, events=given) == (
        "events: no column at and no column event; did you mean 'occurred_at' and 'Event Name'? the columns are: "
        'subscriber_id, occurred_at, Event Name; columns={"at": "occurred_at", "event": "Event Name"} maps them'
    )


# ---------------------------------------------------------------- as the platforms name them


def kit_page(**others):
    return pd.DataFrame({"id": [11, 12], "email_address": ["a@x.com", "b@x.com"], "added_at": TIMES}).assign(
        **others
    )


def sequenzy_page(*ways):
    return pd.DataFrame({
        "subscriberId": [f"s{way}" for way in range(len(ways))],
        "enrollmentStartedAt": TIMES[:1] * len(ways),
        "status": "active",
        "enteredVia": ways,
    })


def test_subscribers_of_a_sequence_as_kit_gives_them():
    assert counts(kit_page(), None) == {11: 2, 12: 2}
    assert counts(kit_page().to_dict("records"), None) == {11: 2, 12: 2}
    found = simcore.simulate(SEQUENCE, kit_page()).subscribers
    assert found["entered_at"].tolist() == [*pd.to_datetime(TIMES)]
    assert len(simcore.split_entries(kit_page(added_at=[TIMES[0], "soon"]))[1]) == 1


def test_names_of_here_come_before_kit_s():
    assert counts(kit_page(subscriber_id=["a", "b"]), None) == {"a": 2, "b": 2}
    assert counts(kit_page(), None, columns={"subscriber_id": "email_address"}) == {
        "a@x.com": 2,
        "b@x.com": 2,
    }
    late = kit_page(entered_at=["2026-04-01T00:00Z"] * 2)
    assert simcore.project(SEQUENCE, late)["send_at"].min() == pd.Timestamp("2026-04-02T09:00Z")


@pytest.mark.parametrize(
    "there", [{"id": ["a", "b"], "entered_at": TIMES}, {"subscriber_id": ["a", "b"], "added_at": TIMES}]
)
def test_half_of_kit_s_names_are_not_taken_for_them(there):
    """An id beside entered_at may be the row's."""
    with pytest.raises(EntryError, match=r"^entries: no column "):
        simcore.project(SEQUENCE, pd.DataFrame(there))


def test_kit_s_names_mean_nothing_to_sequenzy_nor_in_events(text_of):
    told = text_of(EntryError, simcore.project, ORDER, kit_page())
    assert told.startswith(
        "entries: no column subscriber_id and no column entered_at; did you mean 'id' and "
    )
    events = EVENTS.rename(columns={"subscriber_id": "id", "at": "added_at"})
    with pytest.raises(EntryError, match=r"^events: no column subscriber_id and no column at"):
        simcore.project(SEQUENCE, ENTRIES, events=events)


def test_enrolments_as_sequenzy_gives_them():
    found = simcore.simulate(ORDER, sequenzy_page("manual", "event", None, "api")).subscribers
    assert found["subscriber_id"].tolist() == ["s0", "s1", "s2", "s3"]
    assert found["via"].tolist() == ["manual", "trigger", "trigger", "trigger"]
    assert (found["entered_at"] == pd.Timestamp(TIMES[0])).all()
    page = sequenzy_page("manual", "event").astype({"enteredVia": "category"})
    assert simcore.simulate(ORDER, page).subscribers["via"].tolist() == ["manual", "trigger"]
    assert len(simcore.split_entries(page)[0]) == 2


def test_ways_that_people_name_are_theirs(text_of):
    """Only what the platform calls so is read leniently."""
    told = text_of(
        EntryError, simcore.project, ORDER, sequenzy_page("manual", "event"), columns={"via": "enteredVia"}
    )
    assert told.startswith("via: 1 of 2 rows cannot be used\n  row 1: 'event' is not one of: ")


def test_a_column_that_two_names_would_have():
    names = naming.called("entries", ["id", "added_at"], {"via": "id"}, [kit.platform.columns])
    assert names == {"via": "id", "entered_at": "added_at"}


# ---------------------------------------------------------------- ids

TEXTS = {
    "object": lambda ids: pd.Series(ids, dtype=object),
    "str": lambda ids: pd.Series(ids, dtype="str"),
    "python": lambda ids: pd.Series(ids, dtype="string[python]"),
    "pyarrow": lambda ids: pd.Series(ids, dtype="string[pyarrow]"),
    "arrow": lambda ids: pd.Series(ids, dtype=pd.ArrowDtype(pa.string())),
    "dictionary": lambda ids: pd.Series(ids, dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))),
    "category": lambda ids: pd.Series(ids, dtype=object).astype("category"),
    "more categories": lambda ids: pd.Series(pd.Categorical(ids, ["z", "b", "a"])),
}
WHOLE = {
    "int64": lambda ids: pd.Series(ids, dtype="int64"),
    "int32": lambda ids: pd.Series(ids, dtype="int32"),
    "uint8": lambda ids: pd.Series(ids, dtype="uint8"),
    "uint64": lambda ids: pd.Series(ids, dtype="uint64"),
    "Int64": lambda ids: pd.Series(ids, dtype="Int64"),
    "arrow": lambda ids: pd.Series(ids, dtype=pd.ArrowDtype(pa.int32())),
    "object": lambda ids: pd.Series(ids, dtype=object),
    "category": lambda ids: pd.Series(ids, dtype="int16").astype("category"),
}


@pytest.mark.parametrize("of_events", TEXTS)
@pytest.mark.parametrize("of_entries", TEXTS)
def test_texts_of_every_dtype_match(of_entries, of_events):
    entries = ENTRIES.assign(subscriber_id=TEXTS[of_entries](["a", "b"]))
    assert counts(entries, EVENTS.assign(subscriber_id=TEXTS[of_events](["a"]))) == SENDS


@pytest.mark.parametrize("of_events", WHOLE)
@pytest.mark.parametrize("of_entries", WHOLE)
def test_integers_of_every_dtype_match(of_entries, of_events):
    entries = ENTRIES.assign(subscriber_id=WHOLE[of_entries]([1, 2]))
    assert counts(entries, EVENTS.assign(subscriber_id=WHOLE[of_events]([1]))) == {1: 1, 2: 2}


@pytest.mark.parametrize("of_events", TEXTS)
@pytest.mark.parametrize("of_entries", WHOLE)
def test_one_is_not_its_text(text_of, of_entries, of_events):
    entries = ENTRIES.assign(subscriber_id=WHOLE[of_entries]([1, 2]))
    texts = TEXTS["category" if of_events == "more categories" else of_events](["1"])
    events = EVENTS.assign(subscriber_id=texts)
    for some, others in ((entries, events), (events, entries)):
        given = some.assign(entered_at=NOON), others.assign(at=NOON, event="unsubscribed")
        ids = [each["subscriber_id"].dtype for each in given]
        assert text_of(EntryError, counts, *given) == (
            f"events: subscriber_id is {ids[1]} there and {ids[0]} in entries; expected the same, since 1 and "
            '"1" never match'
        )


def test_integers_that_only_differ_far_behind_do_not_match():
    """As floats they would be the same."""
    near = [2**63 - 2, 2**63 - 1]
    entries = ENTRIES.assign(subscriber_id=np.array([2**63, 2**63 - 2], np.uint64))
    assert counts(entries, EVENTS.assign(subscriber_id=near[:1])) == {2**63: 2, 2**63 - 2: 1}
    assert counts(entries, EVENTS.assign(subscriber_id=near[1:])) == {2**63: 2, 2**63 - 2: 2}


def test_objects_of_several_types_match_what_equals_them():
    who = [UUID(int=1), UUID(int=2)]
    assert counts(ENTRIES.assign(subscriber_id=who), EVENTS.assign(subscriber_id=who[:1])) == {
        who[0]: 1,
        who[1]: 2,
    }
    mixed = EVENTS.assign(subscriber_id=pd.Series([1], dtype=object))
    assert counts(ENTRIES.assign(subscriber_id=[1, "1"]), mixed) == {1: 1, "1": 2}


def test_categories_come_out_as_they_were_given():
    ids = TEXTS["more categories"](["a", "b"])
    sends = simcore.project(SEQUENCE, ENTRIES.assign(subscriber_id=ids), events=EVENTS)
    assert sends["subscriber_id"].dtype == ids.dtype


# ---------------------------------------------------------------- names of events


def log(*names, who="a"):
    return pd.DataFrame({"subscriber_id": who, "at": TIMES[0], "event": [*names], "ref": "vip"})


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["unsubscribe"], "'unsubscribe' in 1 row (did you mean unsubscribed?)"),
        (["Unsubscribed"], "'Unsubscribed' in 1 row (did you mean unsubscribed?)"),
        (["tag.added", "tag.added"], "'tag.added' in 2 rows (did you mean tag_added?)"),
        (["list-join"], "'list-join' in 1 row (did you mean list_joined?)"),
        (["complaint"], "'complaint' in 1 row (did you mean complained?)"),
        (
            ["bounce", "order", "remove", "bounce"],
            "'bounce' in 2 rows (did you mean bounced?), 'remove' in 1 row (did you mean removed?)",
        ),
    ],
)
def test_names_that_nearly_are_those_of_events(names, told):
    with pytest.warns(UserWarning, match="^events: taken for tracked events: ") as caught:
        simcore.project(ORDER, events=log("order", *names))
    assert [str(each.message) for each in caught] == [f"events: taken for tracked events: {told}"]


@pytest.mark.parametrize(
    "name",
    [
        "subscribed",
        "contact_added",
        "segment_exited",
        "reviewed",
        "completed",
        "tag_renamed",
        "opened",
        "cart",
    ],
)
def test_names_of_tracked_events(name):
    """No warning, which would be an error here."""
    simcore.project(ORDER, events=log("order", name, "unsubscribed"))


def test_a_name_that_a_sequence_asks_for_is_meant():
    simcore.project(ORDER.replace(eventName="unsubscribe"), events=log("unsubscribe"))


def test_where_no_other_names_are_legal_the_name_is_refused():
    with pytest.raises(
        EntryError, match=r"^events: event: 1 of 1 rows cannot be used\n  row 0: 'unsubscribe' is not one"
    ):
        simcore.project(SEQUENCE, ENTRIES, events=log("unsubscribe"))


# ---------------------------------------------------------------- records


def test_records_of_a_preview():
    shown = simcore.preview(kit.load(simcore.example("welcome")), "2026-03-06 21:07")
    found = shown.records()
    assert found == simcore.records(shown)
    assert found[2] == {
        "position": 2,
        "email_id": 303,
        "subject": shown["subject"][2],
        "send_at": "2026-03-09T09:00:00-04:00",
        "wait": "P0DT0H0M0S"[:0] + shown["wait"][2].isoformat(),
        "reason": shown["reason"][2],
    }
    assert all(type(row[name]) is int for row in found for name in ("position", "email_id"))
    assert json.loads(json.dumps(found)) == found


def test_records_of_what_is_not_sent():
    stopped = kit.load(simcore.example("welcome")).replace(active=False)
    found = simcore.preview(stopped, "2026-03-06 21:07").records()
    assert {(row["send_at"], row["wait"]) for row in found} == {(None, None)}


def test_records_of_every_frame():
    welcome = kit.load(simcore.example("welcome"))
    entries = pd.DataFrame({"subscriber_id": ["a", "b"], "entered_at": TIMES})
    life = simcore.simulate(welcome, entries, events=EVENTS, until="2026-03-03T13:00Z")
    change = [kit.update("2026-03-03T00:00Z", send_hour=18)]
    shown = [
        *life,
        simcore.forecast(welcome, entries),
        simcore.impact(welcome, entries, change),
        simcore.sweep(welcome, {"send_hour": [8, 9]}, entries),
        simcore.shift(life.timeline, simcore.project(welcome, entries)),
        simcore.lint(welcome),
        kit.assumptions(),
    ]
    for frame in shown:
        found = simcore.records(frame)
        assert len(found) == len(frame)
        assert json.loads(json.dumps(found, allow_nan=False)) == found
        assert {*found[0]} == {*map(str, frame.columns), *filter(None, [frame.index.name])}
    subscribers = simcore.records(life.subscribers)
    assert [row["ended_at"] for row in subscribers] == ["2026-03-03T07:00:00-05:00", None]
    assert [type(row["next_email_id"]) for row in subscribers] == [type(None), int]
    assert simcore.records(shown[3])[0]["period"] == "2026-03-02T00:00:00-05:00"
    assert simcore.records(life.timeline.iloc[:0]) == []


def test_records_of_all_that_cells_can_be():
    cells = [
        1.5,
        np.inf,
        np.nan,
        np.int8(1),
        np.bool_(True),
        UUID(int=1),
        (1, pd.NA),
        {1: pd.NaT},
        date(2026, 3, 2),
        None,
    ]
    found = simcore.records(pd.DataFrame({"x": pd.Series(cells, dtype=object)}))
    assert [row["x"] for row in found] == [
        *(
            1.5,
            None,
            None,
            1,
            True,
            "00000000-0000-0000-0000-000000000001",
            [1, None],
            {"1": None},
            "2026-03-02",
            None,
        )
    ]


def test_records_of_no_frame(text_of):
    assert text_of(SimcoreError, simcore.records, [1]) == (
        "frame: found [1] (a list), expected a DataFrame of simcore's"
    )


def test_two_columns_of_one_name(text_of):
    columns = [pa.array([each]) for each in (1, 2, "2026-03-06T21:07Z")]
    table = pa.Table.from_arrays(columns, ["subscriber_id", "subscriber_id", "entered_at"])
    assert text_of(EntryError, simcore.project, SEQUENCE, table) == (
        "entries: column subscriber_id is there 2 times, expected once"
    )


def test_a_time_that_python_cannot_show(text_of):
    far = pa.array([2**62], pa.timestamp("us", "UTC"))
    assert text_of(
        EntryError, simcore.project, SEQUENCE, pa.table({"subscriber_id": [1], "entered_at": far})
    ) == (
        "entered_at: 1 of 1 rows cannot be used\n"
        "  row 0: a Timestamp too far away to show is out of range: expected 1970-01-01 to 2200-01-01 UTC\n"
        "simcore.split_entries(entries) parts the rows that can be read from those that cannot"
    )
