"""The same rows through a real, local Spark as through pandas."""

import importlib
import inspect
import json
import os
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from test_columns_read import CASES, READS, by_library, frame, tables, told_of, warned
from test_columns_read import sends as sent
from whole_accounts import CASES as ACCOUNTS
from whole_accounts import with_ids

import simcore
from simcore import kit, sequenzy
from simcore.errors import EntryError, SimcoreError

pa = pytest.importorskip("pyarrow", reason="the extra spark has it")
sql = pytest.importorskip("pyspark.sql", reason="the extra spark has it")
types = pytest.importorskip("pyspark.sql.types", reason="the extra spark has it")
scale = importlib.import_module("simcore.scale.spark")

# Sockets that PySpark leaves to be closed by the collector of garbage.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket.socket .*raddr=.'127.0.0.1':ResourceWarning")

JAVA = os.environ.get("JAVA_HOME") or shutil.which("java")
ENTRIES = pd.read_csv(simcore.example("entries"))
AGAIN = ENTRIES.iloc[::3].assign(entered_at="2026-03-14T10:00:00-04:00", via="form")
REPEATED = pd.concat([ENTRIES, AGAIN], ignore_index=True)
EVENTS = pd.read_csv(simcore.example("events")).astype({"ref": "Int64"})
CHANGES = kit.changes.from_json(json.loads(Path(simcore.example("changes")).read_text()))
WELCOME = kit.load(simcore.example("welcome")).replace(repeat=True)
TEXTS = pd.read_csv(simcore.example("sequenzy_events"))
TRACKED = TEXTS.assign(
    properties=lambda events: [
        json.loads(text) if isinstance(text, str) else None for text in events["properties"]
    ]
)
ENROLLED = pd.DataFrame({
    "subscriber_id": [501, 502, 503, 501],
    "entered_at": ["2026-03-27T19:00:00+02:00"] * 4,
    "properties": [
        {"product": {"sku": "a", "runsOutAt": "2026-04-20T00:00Z"}},
        {"product": {"sku": "b"}},
        None,
        {"product": {"sku": "b", "runsOutAt": "2026-04-20T00:00Z", "name": "Öl"}},
    ],
})
REPLENISH = sequenzy.load(simcore.example("replenish"))
TYPES = {
    "subscriber_id": "long",
    "entered_at": "string",
    "via": "string",
    "at": "string",
    "event": "string",
    "ref": "string",
    "properties": "string",
    "attributes": "string",
    "time_zone": "string",
    "received_at": "string",
}
GIVEN = "subscriber_id", "run", "position", "email_id", "subject", "send_at"


@pytest.fixture(scope="module")
def spark():
    """A session of two workers, set up for small frames, in a zone that is nobody's."""
    if not JAVA:
        pytest.skip("Java is missing: a real Spark session needs Java 17 or later")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "512m",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.session.timeZone": "Australia/Lord_Howe",
        "spark.sql.shuffle.partitions": "2",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = sql.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


def lazily(spark, frame, **types):
    """A frame as Spark has it, texts and whole numbers; objects as JSON."""
    types = TYPES | types

    def plain(name, value):
        if name in {"properties", "attributes"} and types[name] == "string":
            return None if value is None else json.dumps(value)
        if not isinstance(value, dict) and pd.isna(value):
            return None
        return str(value) if name == "ref" else value

    named = [(name, frame[name].astype(object).tolist()) for name in frame.columns]
    columns = [[plain(name, value) for value in values] for name, values in named]
    schema = ", ".join(f"{name} {types[name]}" for name in frame.columns)
    return spark.createDataFrame([*zip(*columns, strict=True)], schema)


def computed(frame):
    return frame.toArrow().to_pandas(integer_object_nulls=True)


def rows(frame):
    """Rows as they are, in any order; instants in UTC, since of two that a clock change makes alike Python takes no
    zone's for another's."""
    zoned = {name: frame[name].dt.tz_convert("UTC") for name in frame.select_dtypes("datetimetz")}
    plain = frame.assign(**zoned).astype(object)
    return Counter(plain.where(frame.notna(), None).itertuples(index=False, name=None))


def test_kit_with_repeats_events_and_changes(spark):
    given = {"changes": CHANGES, "explain": True}
    expected = simcore.simulate(WELCOME, REPEATED, events=EVENTS, **given)
    entries, events = lazily(spark, REPEATED).repartition(3), lazily(spark, EVENTS)
    life = scale.simulate(entries, WELCOME, events=events, changes=iter(CHANGES), explain=True)
    assert isinstance(life, simcore.Simulation)
    for found, wanted in zip(life, expected, strict=True):
        assert found.columns == [*wanted.columns]
        assert rows(computed(found)) == rows(wanted)
        assert len(wanted) > 0
    fields = {field.name: field.dataType.simpleString() for field in life.subscribers.schema}
    assert fields["sends"] == "int"
    assert fields["next_email_id"] == "bigint"
    assert {fields[name] for name in fields if name.endswith("_at")} == {"timestamp"}


def test_sequenzy_with_entries(spark):
    expected = simcore.project(REPLENISH, ENROLLED, events=TRACKED, render=True)
    sends = scale.project(
        lazily(spark, ENROLLED), REPLENISH, events=lazily(spark, TRACKED).repartition(3), render=True
    )
    assert sends.schema["email_id"].dataType == types.StringType()
    assert rows(computed(sends)) == rows(expected)


def test_recipients_zones(spark):
    """T22: a column of another name, and a dict."""
    names = ["Europe/Kyiv", "Asia/Tokyo", None]
    people = ENTRIES.assign(tz=[names[at % 3] for at in range(len(ENTRIES))])
    by_id = dict(zip(people["subscriber_id"], people["tz"], strict=True))
    lazy = lazily(spark, people, tz="string").repartition(3)
    for zones in ("tz", by_id):
        expected = simcore.project(WELCOME, people, time_zones=zones)
        assert rows(computed(scale.project(lazy, WELCOME, time_zones=zones))) == rows(expected)


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize("parts", [1, 5])
def test_accounts(spark, name, parts):
    case = ACCOUNTS[name]
    expected = case.account.simulate(case.entries, events=case.events, **case.given)
    kinds = {"subscriber_id": "long" if name == "circle" else "string", "sequence_id": "string"}
    entries = None if case.entries is None else lazily(spark, case.entries, **kinds).repartition(parts)
    events = lazily(spark, case.events, **kinds)
    life = scale.simulate(entries, case.account, events=events, **case.given)
    for what, found in zip(life._fields, life, strict=True):
        wanted = getattr(expected, what)
        assert found.columns == [*wanted.columns]
        # Of both platforms, ids are texts.
        kind = "Int64" if name == "circle" else "str"
        assert rows(computed(found)) == rows(with_ids(wanted, kind))
        assert found.schema["sequence_id"].dataType.simpleString() == (
            "bigint" if name == "circle" else "string"
        )
    sends = scale.project(entries, case.account, events=events, **case.given)
    assert sends.schema == life.timeline.schema
    assert sends.count() == len(expected.timeline)


def test_a_cap_is_for_an_account(spark, text_of):
    text = "cap: one sequence has none: give an account, such as simcore.Account([sequence])"
    entries = lazily(spark, ENTRIES[:3])
    assert text_of(SimcoreError, scale.project, entries, WELCOME, cap=simcore.Cap(1, "1D")) == text


def test_sequenzy_by_trigger(spark):
    given = {"enabled_at": "2026-04-03T00:00Z", "until": "2026-05-08T00:00Z", "render": True}
    expected = simcore.project(REPLENISH, events=TRACKED, **given)
    sends = scale.project(None, REPLENISH, events=lazily(spark, TRACKED), **given)
    assert rows(computed(sends)) == rows(expected)
    assert len(expected) > 0


def test_instants_are_what_they_are_in_any_session(spark):
    # In New York 01:30 comes twice on 1 November, in the session's zone 01:45 on 5 April.
    stamps = ["2026-11-01T05:30:00.123456Z", "2026-11-01T06:30:00Z", "2026-04-04T14:45:00Z"]
    stamps.append("2026-04-04T15:15:00Z")
    entries = pd.DataFrame({"subscriber_id": [*"abcd"], "entered_at": stamps})
    expected = simcore.project(WELCOME, entries)
    aware = (
        lazily(spark, entries, subscriber_id="string")
        .withColumn("entered_at", sql.functions.to_timestamp("entered_at"))
        .repartition(1)
    )
    sends = scale.project(aware, WELCOME, partitioned=True)
    kinds = [types.LongType(), types.ShortType(), types.TimestampType(), types.StringType()]
    assert [sends.schema[name].dataType for name in ("email_id", "position", "send_at", "subject")] == kinds
    found = computed(sends)
    assert rows(found) == rows(expected)
    # A partition's rows are in the order of its entries.
    assert found["subscriber_id"].drop_duplicates().tolist() == [
        row.subscriber_id for row in aware.select("subscriber_id").collect()
    ]
    zone = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        assert rows(computed(sends)) == rows(expected)
    finally:
        spark.conf.set("spark.sql.session.timeZone", zone)


def test_wall_clocks_and_dates(spark):
    walls = pd.DataFrame({
        "subscriber_id": [1, 2],
        "entered_at": ["2026-11-01T01:30:00", "2026-03-08T02:30:00"],
    })
    expected = simcore.project(WELCOME, walls, naive_time_zone="America/New_York")
    given = lazily(spark, walls).withColumn("entered_at", sql.functions.to_timestamp_ntz("entered_at"))
    sends = scale.project(given, WELCOME, naive_time_zone="America/New_York")
    assert rows(computed(sends)) == rows(expected)


def test_partitions_without_rows(spark):
    entries = lazily(spark, REPEATED[-5:]).repartition(8, "subscriber_id")
    sends = scale.project(entries, WELCOME, partitioned=True)
    assert rows(computed(sends)) == rows(simcore.project(WELCOME, REPEATED[-5:]))
    none = entries.where("subscriber_id < 0")
    assert scale.project(none, WELCOME, events=lazily(spark, EVENTS)).count() == 0
    assert scale.project(none, WELCOME, partitioned=True).count() == 0


def test_ties_count_in_the_order_of_the_rows(spark):
    at = ["2026-03-06T21:07:30-05:00"] * 60
    entries = pd.DataFrame({"subscriber_id": [*range(20)] * 3, "entered_at": at})
    entries["via"] = ["import"] * 20 + ["form"] * 20 + ["api"] * 20
    expected = simcore.simulate(WELCOME, entries).subscribers
    found = scale.simulate(lazily(spark, entries), WELCOME).subscribers
    assert rows(computed(found)) == rows(expected)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_each_column_makes_the_same_difference(spark, case):
    body, *values = CASES[case]
    sequence = sequenzy.from_api(body)
    for value in values:
        given = tables(*case, value)
        entries, events = (
            rows and lazily(spark, frame(rows), subscriber_id="string").repartition(2) for rows in given
        )
        found = scale.project(entries, sequence, events=events)
        assert sent(computed(found)) == sent(by_library(body, *given))


def test_attributes_that_are_structs(spark):
    known = [{"due": "2026-03-09T10:00:00Z"}, {"due": None}]
    entries = pd.DataFrame({"subscriber_id": [1, 2], "entered_at": "2026-03-02T10:00Z", "attributes": known})
    sequence = sequenzy.from_api(CASES["entries", "attributes"][0])
    given = lazily(spark, entries, attributes="struct<due: string>")
    found = scale.project(given, sequence)
    assert rows(computed(found)) == rows(simcore.project(sequence, entries))
    renamed = given.withColumnRenamed("attributes", "attrs")
    told = warned(scale.project, renamed, sequenzy.from_api(READS))
    assert told_of("entries", "attributes", "attrs") in told
    found = scale.project(renamed, sequence, columns={"attributes": "attrs"})
    assert rows(computed(found)) == rows(simcore.project(sequence, entries))


@pytest.mark.parametrize("kind", ["struct", "map"])
def test_properties_that_are_no_texts(spark, kind):
    if kind == "map":
        bought = [{"sku": "a"}, {"sku": "b", "note": "x"}]
        schema, path = "map<string,string>", "sku"
    else:
        bought = [{"product": {"sku": "a", "tags": ["x"]}}, {"product": {"sku": None, "tags": None}}]
        schema, path = "struct<product: struct<sku: string, tags: array<string>>>", "product.sku"
    sequence = sequenzy.from_api({
        "name": "Bought",
        "trigger": "event_received",
        "eventName": "bought",
        "propertyFilters": [{"path": path, "operator": "equals", "value": "a"}],
        "steps": [{"id": "one", "subject": "Thanks", "html": "<p>Hello</p>"}],
    })
    events = pd.DataFrame({
        "subscriber_id": [1, 2, 3],
        "at": ["2026-03-06T21:07Z"] * 3,
        "event": ["bought"] * 3,
    })
    events["properties"] = [*bought, None]
    expected = simcore.project(sequence, events=events)
    sends = scale.project(None, sequence, events=lazily(spark, events, properties=schema))
    assert rows(computed(sends)) == rows(expected)
    assert expected["subscriber_id"].tolist() == [1]


def test_nothing_happens_before_it_is_computed(spark):
    bad = pd.DataFrame({"subscriber_id": [1, 2], "entered_at": ["2026-03-06T21:07Z", "03/06/2026"]})
    sends = scale.project(lazily(spark, bad).repartition(1), WELCOME, partitioned=True)
    with pytest.raises(Exception, match=r"Python worker") as caught:
        sends.count()
    assert "EntryError: entered_at: 1 of 2 rows cannot be used" in str(caught.value)
    assert "'03/06/2026' leaves day and month to guesswork" in str(caught.value)


def test_what_is_wrong_with_the_arguments_is_said_at_once(spark, text_of):
    entries, events = lazily(spark, ENTRIES[:3]), lazily(spark, EVENTS)
    assert text_of(EntryError, scale.project, entries.drop("subscriber_id"), WELCOME) == (
        "entries: no column subscriber_id; the columns are: entered_at, via"
    )
    texts = events.withColumn("subscriber_id", sql.functions.col("subscriber_id").cast("string"))
    assert text_of(EntryError, scale.project, entries, WELCOME, events=texts) == (
        "events: subscriber_id is string here and bigint in entries, expected the same type, so that equal ids meet "
        "in one group: cast one of them"
    )
    assert text_of(SimcoreError, scale.simulate, entries, WELCOME, events=events, partitioned=True) == (
        "partitioned: Spark does not pair up the partitions of entries and events: leave partitioned out"
    )


def test_what_is_no_frame_of_sparks(text_of):
    text = text_of(SimcoreError, scale.project, ENTRIES, WELCOME)
    assert re.fullmatch(
        r"entries: found a pandas[.\w]*\.DataFrame, expected a Spark DataFrame, such as one from "
        r"spark\.createDataFrame",
        text,
    )


def table_of(frame, *columns):
    numbered = frame[[*columns]].assign(__simcore_row=range(len(frame)))
    return pa.Table.from_pandas(numbered, preserve_index=False)


def test_what_workers_do():
    """The same, in this process."""
    expected = simcore.simulate(WELCOME, ENTRIES, events=EVENTS)
    entries = table_of(ENTRIES, "subscriber_id", "entered_at", "via").cast(
        pa.schema({
            "subscriber_id": pa.int32(),
            "entered_at": pa.string(),
            "via": pa.string(),
            "__simcore_row": pa.int64(),
        })
    )
    backwards = entries.take(list(range(len(entries)))[::-1])
    events = table_of(EVENTS, "subscriber_id", "at", "event", "ref")
    for name, wanted in zip(simcore.Simulation._fields, expected, strict=True):
        work = scale._Work(name, ("entries", "events"), WELCOME, notes=True)
        found = scale._of_both(work)(backwards, events)
        assert found.schema.field("subscriber_id").type == pa.int32()
        assert rows(found.to_pandas(integer_object_nulls=True)) == rows(wanted)
    work = scale._Work("timeline", ("entries",), WELCOME)
    sends = simcore.project(WELCOME, ENTRIES)
    assert rows(scale._of_one(work)(entries).to_pandas()) == rows(sends)
    pieces = pa.Table.from_batches([*scale._of_batches(work)(iter(entries.to_batches(max_chunksize=30)))])
    assert tuple(pieces.column_names) == GIVEN
    assert rows(pieces.to_pandas()) == rows(sends)
    assert [*scale._of_batches(work)(iter([]))] == []
    tracked = TEXTS.assign(properties=TEXTS["properties"].fillna(" "))
    tracked = pd.concat([tracked, tracked[:1].assign(subscriber_id=1, properties=None)])
    work = scale._Work("timeline", ("events",), REPLENISH)
    found = scale._of_one(work)(table_of(tracked, *tracked.columns))
    assert rows(found.to_pandas()) == rows(simcore.project(REPLENISH, events=TRACKED))
    for value in CASES["entries", "attributes"][1:]:
        given, _ = tables("entries", "attributes", value)
        entries = frame([{**row, "attributes": json.dumps(row.get("attributes"))} for row in given])
        work = scale._Work("timeline", ("entries",), sequenzy.from_api(READS))
        found = scale._of_one(work)(table_of(entries, *entries.columns))
        assert sent(found.to_pandas()) == sent(by_library(READS, given, None))


@pytest.mark.parametrize("name", ["circle", "tags"])
def test_what_workers_do_for_an_account(name):
    case = ACCOUNTS[name]
    account, entries = case.account, case.entries.astype({"sequence_id": str})
    cap, given = case.given.get("cap"), {"changes": case.given.get("changes", {})}
    expected = account.simulate(entries, events=case.events, cap=cap, **given)
    events = case.events.assign(sequence_id=case.events.get("sequence_id"))
    options = scale.DEFAULTS._replace(**given)
    came = scale.entered(account, lambda: entries["sequence_id"])
    for table in simcore.Simulation._fields:
        work = scale._Work(table, ("entries", "events"), account, options, True, "subscriber_id", cap, came)
        found = scale._of_both(work)(table_of(entries, *entries.columns), table_of(events, *events.columns))
        wanted = with_ids(getattr(expected, table), "Int64" if name == "circle" else "str")
        assert rows(found.to_pandas(integer_object_nulls=True)) == rows(wanted)


@pytest.mark.parametrize(
    "text", ["{'a': 1}", "[1]", "1", "[" * 100_000], ids=["python", "list", "number", "deep"]
)
def test_properties_that_are_no_json(text, text_of):
    events = TEXTS[-3:].assign(properties=[None, text, "{}"])
    work = scale._Work("timeline", ("events",), REPLENISH)
    told = text_of(EntryError, scale._of_one(work), table_of(events, *events.columns))
    assert "events: properties: 1 " in told
    assert "\n  row 1: " in told
    assert "is not an object (a dict)" in told


def test_without_spark(monkeypatch, text_of):
    for name in ("pyarrow", "pyspark.sql"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, name, None)
            text = text_of(SimcoreError, importlib.reload, scale)
            assert text == 'simcore.scale.spark needs PySpark and pyarrow: pip install "simcore[spark]"'


@pytest.mark.parametrize("verb", [scale.project, scale.simulate])
def test_options_are_those_of_project(verb, text_of):
    signature = inspect.signature(verb)
    options = inspect.signature(simcore.project).parameters
    assert {*signature.parameters} == {*options, "cap", "partitioned"}
    assert "- `until`: where the simulation ends" in verb.__doc__
    text = f"{verb.__name__}() got an unexpected keyword argument 'partition'. Did you mean 'partitioned'?"
    assert text_of(TypeError, verb, None, WELCOME, partition=True) == text
