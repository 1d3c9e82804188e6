"""The columns by which anything is decided: that every reader lets them through, and that near misses are named."""

import ast
import importlib
import json
import warnings
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from conftest import _objects, read_back
from typer.testing import CliRunner

import simcore
from simcore import cli, kit, sequenzy
from simcore.errors import EntryError
from simcore.plan.columns import ENTRIES, EVENTS
from simcore.scale import parquet

ENGINE = Path(simcore.__file__).parent / "engine"
START = "2026-03-02T10:00:00Z"
WINDOW = {"startTime": "09:00", "endTime": "12:00", "timezone": "UTC", "timezoneSource": "subscriber"}
MAIL = {"id": "m", "type": "email", "subject": "Hello", "html": "<p>Hello</p>"}


def of(**named):
    """A sequence of one email at each order."""
    body = {"id": "s", "name": "S", "trigger": "event_received", "eventName": "order", "steps": [MAIL]}
    return body | named


def entry(**named):
    return {"subscriber_id": "a", "entered_at": START} | named


def order(**named):
    return {"subscriber_id": "a", "at": START, "event": "order"} | named


def until(source):
    return of(steps=[MAIL | {"waitUntil": {"field": "due", "source": source}}])


DUE = ({"due": "2026-03-09T10:00:00Z"}, {"due": "2026-03-10T10:00:00Z"})
STOPPED = of(steps=[MAIL | {"delay": {"days": 1}}], stopCondition={"type": "has_tag", "value": "vip"})
CASES = {
    ("entries", "via"): (of(enrollmentMode="one_time"), "trigger", "manual"),
    ("entries", "properties"): (until("event"), *DUE),
    ("entries", "attributes"): (until("attribute"), *DUE),
    ("entries", "time_zone"): (of(sendingWindow=WINDOW), "Europe/Kyiv", "Asia/Tokyo"),
    ("events", "ref"): (STOPPED, "vip", "other"),
    ("events", "properties"): (
        of(propertyFilters=[{"path": "city", "operator": "equals", "value": "Oslo"}]),
        {"city": "Oslo"},
        {"city": "Rome"},
    ),
    ("events", "received_at"): (of(), "2026-03-02T10:30:00Z", "2026-03-02T12:00:00Z"),
}
"""Each column that need not be there: a sequence, and two values of it that make a difference."""


def tables(what, name, value):
    """Entries and events, as rows, where one column has a value; another subscriber has none."""
    if what == "entries":
        rows = [entry(), entry(entered_at="2026-03-04T10:00:00Z"), entry(subscriber_id="b")]
        rows[1][name] = value
        return rows, None
    if name == "ref":
        return [entry(), entry(subscriber_id="b")], [
            order(event="tag_added", at="2026-03-02T12:00:00Z", ref=value)
        ]
    return None, [order(**{name: value}), order(subscriber_id="b")]


def frame(rows):
    """Rows as a table in which objects and None stay what they are."""
    names = [*dict.fromkeys(name for row in rows or () for name in row)]
    return None if rows is None else _objects(rows, names)


def sends(timeline):
    """Who gets what when, in any order."""
    at = pd.DatetimeIndex(timeline["send_at"]).tz_convert("UTC")
    return sorted(zip(timeline["subscriber_id"], timeline["email_id"], map(str, at), strict=True))


def by_library(body, entries, events):
    return simcore.project(sequenzy.from_api(body), frame(entries), events=frame(events))


def by_dicts(body, entries, events):
    return simcore.project(sequenzy.from_api(body), entries, events=events)


def by_arrow(body, entries, events):
    return simcore.project(
        sequenzy.from_api(body),
        None if entries is None else pa.Table.from_pylist(_even(entries)),
        events=None if events is None else pa.Table.from_pylist(_even(events)),
    )


def by_account(body, entries, events):
    account = simcore.Account([sequenzy.from_api(body)])
    given = None if entries is None else frame([{"sequence_id": "S"} | row for row in entries])
    return account.project(given, events=frame(events))


def by_command(body, entries, events, *, ending, stdin=""):
    """`simcore project`, from files of a kind, of which one may be standard input."""
    Path("s.json").write_text(json.dumps(body))
    typed, given = ["project", "s.json"], None
    for name, rows in (("entries", entries), ("events", events)):
        if rows is None:
            continue
        path = f"{name}.{ending}"
        table = frame(rows)
        if ending == "parquet":
            table.to_parquet(path)
        else:
            objects = table.map(lambda each: json.dumps(each) if isinstance(each, dict) else each)
            objects.to_csv(path, index=False)
        if name == stdin:
            given, path = Path(path).read_bytes(), "-"
        typed += [path] if name == "entries" else ["--events", path]
    result = CliRunner().invoke(cli.app, [*typed, "-o", "sends.parquet"], input=given)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return read_back("sends.parquet")


def by_folder(body, entries, events):
    frame(entries).sort_values("subscriber_id", kind="stable").to_parquet("entries.parquet")
    parquet.project("entries.parquet", "folder", sequenzy.from_api(body), chunk_rows=1, progress=False)
    return read_back("folder")


def by_dask(body, entries, events):
    for name in ("dask", "distributed"):
        if find_spec(name) is None:
            pytest.skip(f"the extra dask has {name}")
    dask, dd = importlib.import_module("dask"), importlib.import_module("dask.dataframe")
    scale = importlib.import_module("simcore.scale.dask")
    with dask.config.set({"scheduler": "sync", "dataframe.convert-string": False}):
        lazy = [
            None if rows is None else dd.from_pandas(frame(rows), npartitions=2) for rows in (entries, events)
        ]
        return scale.project(lazy[0], sequenzy.from_api(body), events=lazy[1]).compute()


def _even(rows):
    """Rows that all have the same keys."""
    names = [*dict.fromkeys(name for row in rows for name in row)]
    return [{name: row.get(name) for name in names} for row in rows]


READERS = {
    "dicts": by_dicts,
    "arrow": by_arrow,
    "account": by_account,
    "csv": lambda *given: by_command(*given, ending="csv"),
    "parquet": lambda *given: by_command(*given, ending="parquet"),
    "csv from standard input": lambda *given: by_command(
        *given, ending="csv", stdin="events" if given[1] is None else "entries"
    ),
    "dask": pytest.param(by_dask, marks=pytest.mark.slow),
}


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read_in(file):
    """The columns that a file of the engine asks tables for, by the names of its variables."""
    found = set()
    for node in ast.walk(ast.parse((ENGINE / file).read_text())):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and isinstance(node.slice, ast.Constant)
        ):
            found.add((node.value.id, node.slice.value))
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant):
            where = node.comparators[0]
            if (
                isinstance(where, ast.Attribute)
                and where.attr == "columns"
                and isinstance(where.value, ast.Name)
            ):
                found.add((where.value.id, node.left.value))
    return {
        name for table, name in found if table in {"given", "entries", "events"} and isinstance(name, str)
    }


def test_the_columns_that_the_engine_reads_are_those_that_readers_know():
    of_entries = read_in("audience.py") | read_in("entries.py")
    assert of_entries == {*ENTRIES[0], *ENTRIES[1]}
    assert read_in("events.py") == {*EVENTS[0], *EVENTS[1]}
    assert {*CASES} == {
        *(("entries", name) for name in ENTRIES[1]),
        *(("events", name) for name in EVENTS[1]),
    }


@pytest.mark.parametrize("case", CASES, ids="-".join)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_each_makes_the_same_difference_to_every_reader(case, reader):
    body, *values = CASES[case]
    expected = [sends(by_library(body, *tables(*case, value))) for value in values]
    assert expected[0] != expected[1]
    assert [sends(reader(body, *tables(*case, value))) for value in values] == expected


@pytest.mark.parametrize("name", ENTRIES[1])
def test_each_makes_the_same_difference_part_by_part(name):
    """Of the folder of Parquet files, which takes no events."""
    body, *values = CASES["entries", name]
    for value in values:
        given = tables("entries", name, value)
        assert sends(by_folder(body, *given)) == sends(by_library(body, *given))
        for path in Path("folder").iterdir():
            path.unlink()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_each_has_another_name(ending):
    """`--column`, as `columns`."""
    rows = [entry(zone="Asia/Tokyo", known={"due": "2026-03-09T10:00:00Z"}), entry(subscriber_id="b")]
    body = until("attribute") | {"sendingWindow": WINDOW}
    names = {"time_zone": "zone", "attributes": "known"}
    expected = simcore.project(sequenzy.from_api(body), frame(rows), columns=names)
    assert expected["send_at"].nunique() == 2
    Path("s.json").write_text(json.dumps(body))
    table = frame(rows)
    if ending == "csv":
        table["known"] = table["known"].map(json.dumps, na_action="ignore")
        table.to_csv("e.csv", index=False)
    else:
        table.to_parquet("e.parquet")
    typed = [each for name, theirs in names.items() for each in ("--column", f"{name}={theirs}")]
    result = CliRunner().invoke(cli.app, ["project", "s.json", f"e.{ending}", *typed, "-o", "o.parquet"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert sends(read_back("o.parquet")) == sends(expected)


def test_arrivals_that_are_counted_have_their_own_zone():
    rows = [{"entered_at": START, "count": 3, "time_zone": "Asia/Tokyo"}, {"entered_at": START, "count": 4}]
    table = pd.DataFrame(rows)
    body = of(sendingWindow=WINDOW)
    Path("s.json").write_text(json.dumps(body))
    table.to_csv("e.csv", index=False)
    asked = ["forecast", "s.json", "e.csv", "--freq", "h", "--by", "total", "--json"]
    found = CliRunner().invoke(cli.app, asked)
    expected = simcore.forecast(sequenzy.from_api(body), table, freq="h", by="total")["sends"]
    counted = [each["sends"] for each in json.loads(found.stdout)["periods"]]
    assert counted == expected.tolist()
    assert (counted[0], counted[-1], len(counted)) == (4, 3, 15)


def test_what_files_have_for_something_else_stays_theirs():
    """Without a trigger these are columns as any others, whatever stands in them."""
    others = {"properties": "-", "attributes": "{", "time_zone": "Mars", "received_at": "soon"}
    pd.DataFrame([entry(**others)]).to_csv("e.csv", index=False)
    pd.DataFrame([entry(**others)]).to_parquet("e.parquet")
    events = {"subscriber_id": "a", "at": START, "event": "unsubscribed"} | others
    pd.DataFrame([events]).to_csv("v.csv", index=False)
    welcome = simcore.example("welcome")
    for typed in (["e.csv", "--events", "v.csv", "-o", "o.csv"], ["e.parquet", "-o", "folder"]):
        result = CliRunner().invoke(cli.app, ["project", str(welcome), *typed])
        assert (result.exit_code, result.stderr) == (0, "")


def test_what_cannot_be_read_names_its_row():
    Path("s.json").write_text(json.dumps(of()))
    pd.DataFrame([entry(attributes="{}"), entry(attributes="[1]")]).to_csv("e.csv", index=False)
    received = [order(received_at=each) for each in ("", START, "soon", "2026-03-02 11:00")]
    pd.DataFrame(received).to_csv("v.csv", index=False)
    way_out = "--on-error quarantine sets them aside in a file of their own and goes on with the others\n"

    def told(*typed):
        return CliRunner().invoke(cli.app, ["project", "s.json", *typed]).stderr

    assert told("e.csv") == (
        "Error: e.csv: 1 of 2 rows cannot be used\n  line 3: attributes '[1]': not a JSON object\n" + way_out
    )
    assert told("--events", "v.csv") == (
        "Error: v.csv: 1 of 4 rows cannot be used\n  line 4: received_at 'soon': not a date and time: expected "
        "something like 2026-03-06T21:07:30-05:00\n" + way_out
    )
    assert told("--events", "v.csv", "-o", "o.csv", "--on-error", "quarantine") == (
        "1 of 4 rows cannot be used: see o.events.quarantine.csv\n"
    )
    assert len(pd.read_csv("o.csv")) == 3  # the last is read in the sequence's zone, UTC: on time


# Near misses


READS = until("attribute") | {"sendingWindow": WINDOW}
NEAR = {
    "time_zone": ["timezone", "timeZone", "Time Zone", "tz", "zone"],
    "attributes": ["attribute", "Attributes", "attrs", "customAttributes"],
    "properties": ["property", "Properties", "props"],
    "received_at": ["receivedAt", "Received at", "received"],
}
PAIRS = [(name, column) for name, columns in NEAR.items() for column in columns]


def warned(call, *args, **named):
    """What a call warns of; each once, as Python shows it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(*args, **named)
    return [*dict.fromkeys(str(each.message) for each in caught)]


def told_of(what, name, column):
    return f"{what}: column {column!r} not read (did you mean {name}?): columns={json.dumps({name: column})} maps it"


@pytest.mark.parametrize(("name", "column"), PAIRS)
def test_a_near_miss_is_named(name, column):
    sequence = sequenzy.from_api(READS)
    if name != "received_at":
        rows = frame([entry(**{column: None})])
        assert warned(simcore.project, sequence, rows) == [told_of("entries", name, column)]
        named = warned(simcore.project, sequence, rows, columns={name: column})
        right = warned(simcore.project, sequence, rows.assign(**{name: None}))
        assert named == right == []
    if name in EVENTS[1]:
        rows = frame([order(**{column: None})])
        assert warned(simcore.project, sequence, events=rows) == [told_of("events", name, column)]


def test_near_misses_are_named_wherever_tables_are_read():
    rows = [entry(timezone="Asia/Tokyo", attrs={"due": "2026-03-09T10:00:00Z"})]
    told = (
        "entries: columns 'attrs' and 'timezone' not read (did you mean attributes and time_zone?): "
        'columns={"attributes": "attrs", "time_zone": "timezone"} maps them'
    )
    sequence = sequenzy.from_api(READS)
    assert warned(simcore.project, sequence, rows) == [told]
    assert warned(simcore.forecast, sequence, rows) == [told]
    account = simcore.Account([sequence])
    assert warned(account.project, [rows[0] | {"sequence_id": "S"}]) == [told]
    frame(rows).to_parquet("e.parquet")
    assert warned(parquet.project, "e.parquet", "out", sequence, progress=False) == [told]
    Path("s.json").write_text(json.dumps(READS))
    pd.DataFrame([order(receivedAt=START)]).to_csv("v.csv", index=False)
    typed = told.replace('columns={"attributes": "attrs", "time_zone": "timezone"}', "{}").format(
        "--column attributes=attrs --column time_zone=timezone"
    )
    late = "events: column 'receivedAt' not read (did you mean received_at?): --column received_at=receivedAt maps it"
    for asked, lines in (
        (["e.parquet", "-o", "o.csv"], [typed]),
        (["e.parquet", "-o", "again"], [typed]),
        (["e.parquet", "--events", "v.csv", "-o", "o.csv"], [typed, late]),
    ):
        result = CliRunner().invoke(cli.app, ["project", "s.json", *asked])
        assert result.exit_code == 0
        assert result.stderr.splitlines() == [f"Warning: {each}" for each in lines]


@pytest.mark.slow
def test_near_misses_are_named_by_dask():
    if find_spec("dask") is None:
        pytest.skip("the extra dask has dask")
    dd = importlib.import_module("dask.dataframe")
    scale = importlib.import_module("simcore.scale.dask")
    rows = frame([entry(timezone="Asia/Tokyo")])
    lazy = dd.from_pandas(rows, npartitions=1)
    sequence = sequenzy.from_api(READS)
    told = warned(lambda: scale.project(lazy, sequence).compute(scheduler="sync"))
    assert told == [told_of("entries", "time_zone", "timezone")]


@pytest.mark.parametrize("column", ["note", "attribution", "data", "time", "phone", "status", "source"])
def test_what_is_far_from_them_is_not(column):
    assert warned(by_library, READS, [entry(**{column: "x"})], [order(**{column: "x"})]) == []


def test_what_no_rule_looks_at_is_not():
    others = {"timezone": "Asia/Tokyo", "attrs": {}, "props": {}, "receivedAt": START}
    welcome = kit.load(simcore.example("welcome"))
    assert warned(simcore.project, welcome, [entry(**others)]) == []
    plain = sequenzy.from_api(of())
    assert warned(simcore.project, plain, [entry(**others)]) == []
    assert warned(simcore.project, plain, events=[order(timezone="x", props={})]) == []


# Zones that are none


def test_q31_names_that_are_no_zones_are_told():
    zones = ["Kyiv", "Kyiv", "", None, "UTC", "+02:00", 5, ["x"], "Mars", float("nan")]
    rows = frame([entry(subscriber_id=str(at), time_zone=zone) for at, zone in enumerate(zones)])
    sequence = sequenzy.from_api(of(sendingWindow=WINDOW))
    told = (
        "entries: time_zone: no IANA time zone, so the sequence's is taken: 'Kyiv' in 2 rows, '+02:00' in 1 row, "
        "5 in 1 row and 2 more"
    )
    assert warned(simcore.project, sequence, rows) == [told]
    two = rows[:6]
    assert warned(simcore.project, sequence, two) == [
        "entries: time_zone: no IANA time zone, so the sequence's is taken: 'Kyiv' in 2 rows and '+02:00' in 1 row"
    ]
    with pytest.warns(UserWarning, match="no IANA"):
        found = simcore.project(sequence, two)
    assert {*found["send_at"]} == {pd.Timestamp("2026-03-02T10:00Z")}  # all in UTC
    two.to_csv("e.csv", index=False)
    Path("s.json").write_text(json.dumps(of(sendingWindow=WINDOW)))
    result = CliRunner().invoke(cli.app, ["project", "s.json", "e.csv", "-o", "o.csv"])
    assert "'Kyiv' in 2 rows and '+02:00' in 1 row" in result.stderr
    fixed = sequenzy.from_api(of(sendingWindow=WINDOW | {"timezoneSource": "fixed"}))
    assert warned(simcore.project, fixed, rows) == []


# Enrolments to which somebody added what decides


def test_enrolments_keep_what_was_added():
    known = {"due": "2026-03-09T10:00:00Z"}
    added = {"time_zone": "Asia/Tokyo", "attributes": known, "properties": {"city": "Oslo"}}
    page = [
        {"subscriberId": "a", "enrollmentStartedAt": START, **added},
        {"subscriberId": "b", "enrollmentStartedAt": START},
    ]
    table = pd.DataFrame(page, dtype=object)
    for name in ("attributes", "properties"):
        table[name] = table[name].map(json.dumps, na_action="ignore")
    table.to_csv("e.csv", index=False)
    sequence = sequenzy.from_api(READS)
    expected = sends(simcore.project(sequence, frame([entry(**added), entry(subscriber_id="b")])))
    for source in ({"enrollments": page}, "e.csv"):
        found = sequenzy.enrollments(source)
        assert [*found.columns[-3:]] == ["properties", "attributes", "time_zone"]
        assert sends(simcore.project(sequence, found)) == expected
    plain = sequenzy.enrollments({"enrollments": page[1:]})
    assert not {*added} & {*plain.columns}


def test_enrolments_with_what_is_no_object():
    rows = {"subscriberId": ["a"], "enrollmentStartedAt": [START], "attributes": ["due tomorrow"]}
    pd.DataFrame(rows).to_csv("e.csv", index=False)
    with pytest.raises(EntryError, match=r"row 0: 'due tomorrow' is not an object \(a dict\)"):
        simcore.project(sequenzy.from_api(READS), sequenzy.enrollments("e.csv"))
