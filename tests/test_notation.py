"""`unit`, `dayfirst` and `seed` in Python, for files of any size, and on the command line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_branching import SPLIT
from test_cli import CHANGES, WELCOME, refused, run, write

import simcore
from simcore import kit
from simcore.clock.instants import DAY_FIRST, GUESSWORK, SECONDS
from simcore.errors import EntryError, SimcoreError
from simcore.kit.changes import from_json
from simcore.scale import parquet

SEQUENCE = kit.load(WELCOME)
PLAIN = pd.DataFrame({"subscriber_id": ["a", "b"], "entered_at": ["2026-03-06T21:07Z", "2026-04-03T09:00Z"]})
LEFT = pd.DataFrame({"subscriber_id": ["a"], "at": ["2026-03-07T12:00Z"], "event": ["unsubscribed"]})
SECONDS_IN = {"a": 1772831220, "b": 1775206800}
HOWS = {
    "seconds": {"unit": "s"},
    "milliseconds": {"unit": "ms"},
    "days first": {"dayfirst": True, "naive_time_zone": "UTC"},
}


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def written(frame, when, how):
    """A table whose times are written in another way."""
    at = pd.to_datetime(frame[when], utc=True)
    if how == "days first":
        return frame.assign(**{when: at.dt.strftime("%d/%m/%Y %H:%M")})
    per_us = {"seconds": 10**6, "milliseconds": 1000}[how]
    return frame.assign(**{when: at.dt.as_unit("us").astype(np.int64) // per_us})


def dayless(frame):
    """Rows in the order of what they say, with times as texts."""
    return frame.to_json(orient="records", date_format="iso")


@pytest.mark.parametrize("how", HOWS)
def test_every_verb_reads_entries_and_events_as_asked_for(how):
    entries, events = written(PLAIN, "entered_at", how), written(LEFT, "at", how)
    changes = from_json(json.loads(Path(CHANGES).read_text()))
    verbs = {
        "project": lambda entries, **given: simcore.project(SEQUENCE, entries, **given),
        "simulate": lambda entries, **given: simcore.simulate(SEQUENCE, entries, **given).journal,
        "forecast": lambda entries, **given: simcore.forecast(SEQUENCE, entries, **given).reset_index(),
        "compare": lambda entries, **given: simcore.compare({"it": SEQUENCE}, entries, **given),
        "impact": lambda entries, **given: simcore.impact(SEQUENCE, entries, changes, **given),
        "sweep": lambda entries, **given: simcore.sweep(SEQUENCE, {"send_hour": [9]}, entries, **given),
    }
    for verb in verbs.values():
        assert dayless(verb(entries, events=events, **HOWS[how])) == dayless(verb(PLAIN, events=LEFT))


def test_forecast_reads_arrivals_that_are_counted_as_asked_for():
    counted = pd.DataFrame({"entered_at": [*SECONDS_IN.values()], "count": [3, 4]})
    found = simcore.forecast(SEQUENCE, counted, unit="s", by="total")
    assert found["sends"].sum() == 7 * len(simcore.project(SEQUENCE, PLAIN[:1]))


def test_calibrate_reads_what_was_sent_as_asked_for():
    sent = simcore.project(SEQUENCE, PLAIN).rename(columns={"send_at": "sent_at"})
    sent = sent.assign(sent_at=sent["sent_at"].dt.as_unit("us").astype(np.int64) // 10**6)
    found = kit.calibrate(
        SEQUENCE, PLAIN.assign(entered_at=[*SECONDS_IN.values()]), sent, unit="s", progress=False
    )
    assert found["exact"].iloc[0] == 1
    sent["sent_at"] = pd.to_datetime(sent["sent_at"], unit="s", utc=True).dt.strftime("%d/%m/%Y %H:%M")
    found = kit.calibrate(SEQUENCE, PLAIN, sent, dayfirst=True, naive_time_zone="UTC", progress=False)
    assert found["explained"].iloc[0] == 1


def test_times_that_stand_alone_have_their_day_first_but_are_no_numbers(text_of):
    """T25: `until`, `enabled_at` and the instants of changes are typed by somebody."""
    asked = {"dayfirst": True, "naive_time_zone": "UTC"}
    sends = simcore.project(SEQUENCE, PLAIN, until="08/03/2026", **asked)
    assert sends["send_at"].max() < pd.Timestamp("2026-03-08T00:00Z")
    later = kit.update("03/04/2026", send_hour=18)
    sends = simcore.project(SEQUENCE, PLAIN, changes=[later], **asked)
    assert (
        sends["send_at"].tolist()
        == simcore.project(SEQUENCE, PLAIN, changes=[kit.update("2026-04-03T00:00Z", send_hour=18)])[
            "send_at"
        ].tolist()
    )


@pytest.mark.parametrize("unit", [None, "s", "ms"])
@pytest.mark.parametrize("number", [1772831220, 1772831220.5, 1772831220000, "1772831220", "1772831220000"])
def test_what_is_typed_must_not_be_a_number(number, unit, text_of):
    """`unit` is about tables: nothing says what a number that stands alone counts."""
    told = f"must not be a number: found {number!r}, expected an instant, such as 2026-03-06T21:07:30-05:00"
    asked = {"unit": unit} if unit else {}
    assert text_of(EntryError, simcore.project, SEQUENCE, PLAIN, until=number, **asked) == f"until {told}"
    change = kit.update(number, send_hour=18)
    text = text_of(EntryError, simcore.project, SEQUENCE, PLAIN, changes=[change], **asked)
    assert text == f"changes[0].at {told}"


def test_what_is_wrong_names_the_way_out(text_of):
    odd = PLAIN.assign(entered_at=["03/06/2026", 1772831220])
    assert text_of(EntryError, simcore.project, SEQUENCE, odd) == (
        f"entered_at: 2 of 2 rows cannot be used\n  row 0: '03/06/2026' {GUESSWORK}\n"
        f"  row 1: 1772831220 is {SECONDS}\n{DAY_FIRST}\n"
        "simcore.split_entries(entries) parts the rows that can be read from those that cannot"
    )
    assert (
        text_of(SimcoreError, simcore.project, SEQUENCE, PLAIN, unit="h")
        == "unit: found 'h', expected 's' or 'ms'"
    )
    text = text_of(SimcoreError, simcore.project, SEQUENCE, PLAIN, dayfirst="yes")
    assert text == "dayfirst: found 'yes', expected True or False"


# Files of any size, and clusters


@pytest.mark.parametrize("how", HOWS)
def test_parquet_takes_them(how, text_of):
    written(PLAIN, "entered_at", how).to_parquet("e.parquet")
    parquet.project("e.parquet", "out", SEQUENCE, progress=False, **HOWS[how])
    pd.testing.assert_series_equal(
        pd.read_parquet("out")["send_at"], simcore.project(SEQUENCE, PLAIN)["send_at"], check_dtype=False
    )
    other = {"unit": "s" if how != "seconds" else "ms"}
    text = text_of(
        SimcoreError, parquet.project, "e.parquet", "out", SEQUENCE, progress=False, **(HOWS[how] | other)
    )
    assert text.startswith("out: cannot be resumed, since these have changed: unit: ")


@pytest.mark.parametrize("how", HOWS)
def test_dask_takes_them(how):
    dd = pytest.importorskip("dask.dataframe", reason="Dask is not installed")
    from simcore.scale import dask

    entries, events = (
        dd.from_pandas(written(frame, when, how), npartitions=1)
        for frame, when in ((PLAIN, "entered_at"), (LEFT, "at"))
    )
    sends = dask.project(entries, SEQUENCE, events=events, **HOWS[how]).compute(scheduler="sync")
    assert sorted(sends["send_at"]) == sorted(simcore.project(SEQUENCE, PLAIN, events=LEFT)["send_at"])


def test_spark_has_them_among_its_options():
    spark = pytest.importorskip(
        "simcore.scale.spark", reason="PySpark is not installed", exc_type=SimcoreError
    )
    assert {"unit", "dayfirst", "seed"} <= set(spark.SparkOptions.__annotations__)


# On the command line


def csv(how):
    written(PLAIN, "entered_at", how).to_csv("e.csv", index=False)
    written(LEFT, "at", how).to_csv("v.csv", index=False)
    return ["e.csv", "--events", "v.csv", *{
        "seconds": ["--unit", "s"],
        "milliseconds": ["--unit", "ms"],
        "days first": ["--day-first", "--naive-time-zone", "UTC"],
    }[how]]  # fmt: skip


@pytest.mark.parametrize("how", HOWS)
def test_commands_take_them(how):
    PLAIN.to_csv("plain.csv", index=False)
    LEFT.to_csv("left.csv", index=False)
    plain = ["plain.csv", "--events", "left.csv"]
    typed = csv(how)
    for command, first, others in (
        ("project", [WELCOME], []),
        ("forecast", [WELCOME], ["--json"]),
        ("impact", [WELCOME], ["--changes", CHANGES, "--json"]),
        ("compare", [WELCOME, write("w.json", Path(WELCOME).read_text())], ["--json"]),
    ):
        assert run(command, *first, *typed, *others).stdout == run(command, *first, *plain, *others).stdout
    run("simulate", WELCOME, *typed, "-o", "as")
    run("simulate", WELCOME, *plain, "-o", "is")
    for name in ("timeline", "subscribers", "journal"):
        assert Path(f"as/{name}.csv").read_bytes() == Path(f"is/{name}.csv").read_bytes()


def test_until_has_its_day_first():
    PLAIN.to_csv("plain.csv", index=False)
    typed = ["project", WELCOME, "plain.csv", "--json", "-o", "o.csv", "--until"]
    summary = run(*typed, "08/03/2026", "--day-first").stdout
    assert summary == run(*typed, "2026-03-08").stdout
    refusal = json.loads(run(*typed, "08/03/2026", status=2).stderr)
    assert refusal == {"error": f"--until: '08/03/2026' {GUESSWORK}"}
    refusal = json.loads(run(*typed, "1772831220", "--unit", "s", status=2).stderr)
    assert refusal["error"].startswith(
        "--until must not be a number: found '1772831220', expected an instant"
    )


def test_commands_name_the_options():
    write("e.csv", "subscriber_id,entered_at\na,03/06/2026\nb,1772831220\n")
    assert refused("project", WELCOME, "e.csv") == (
        f"e.csv: 2 of 2 rows cannot be used\n  line 2: entered_at '03/06/2026': {GUESSWORK}\n"
        "  line 3: entered_at '1772831220': a number: if it counts seconds since 1970, say so with --unit s\n"
        "--day-first reads 03/06/2026 as 3 June\n"
        "--on-error quarantine sets them aside in a file of their own and goes on with the others"
    )
    run("project", WELCOME, "e.csv", "-o", "o.csv", "--on-error", "quarantine")
    assert pd.read_csv("o.quarantine.csv")["reason"].tolist()[1].endswith("say so with --unit s")
    assert refused("project", WELCOME, "e.csv", "--unit", "h") == "--unit: found 'h', expected 's' or 'ms'"


def test_a_folder_is_written_as_asked_for():
    written(PLAIN, "entered_at", "seconds").to_parquet("e.parquet")
    run("project", WELCOME, "e.parquet", "-o", "out", "--unit", "s")
    assert len(pd.read_parquet("out")) == len(simcore.project(SEQUENCE, PLAIN))


# A seed for random splits


def test_commands_take_a_seed():
    """Q36: each command takes the paths that the library takes by that seed."""
    split = write("split.json", json.dumps(SPLIT.to_api()))
    other = write("other.json", json.dumps(SPLIT.replace(name="Other").to_api()))
    people = pd.DataFrame({"subscriber_id": [f"s{n}" for n in range(40)], "entered_at": "2026-03-06T09:00Z"})
    people.to_csv("e.csv", index=False)
    change = write(
        "c.json", json.dumps([{"at": "2026-03-07T00:00Z", "op": "update", "fields": {"name": "Later"}}])
    )
    few = (simcore.project(SPLIT, people, seed=5)["email_id"] == "few").sum()
    assert 0 < few < 40
    run("project", split, "e.csv", "-o", "o.csv", "--seed", "5")
    assert (pd.read_csv("o.csv")["email_id"] == "few").sum() == few
    run("simulate", split, "e.csv", "-o", "life", "--seed", "5")
    assert (pd.read_csv("life/timeline.csv")["email_id"] == "few").sum() == few
    total = run("forecast", split, "e.csv", "--json", "--seed", "5").stdout
    assert json.loads(total)["sends"] == 40
    [shown] = json.loads(run("preview", split, "--entered", "2026-03-06", "--json", "--seed", "5").stdout)
    assert shown["email_id"] == simcore.preview(SPLIT, "2026-03-06", seed=5)["email_id"].iloc[0]
    sides = json.loads(run("compare", split, other, "e.csv", "--json", "--seed", "5").stdout)
    assert [side["sends"] for side in sides["scenarios"]] == [40, 40]
    moved = json.loads(run("impact", split, "e.csv", "--changes", change, "--json", "--seed", "5").stdout)
    assert sum(row["unchanged"] for row in moved["emails"]) == 40
    for typed in (
        ["project", split, "e.csv"],
        ["forecast", split, "e.csv"],
        ["simulate", split, "e.csv", "-o", "none"],
        ["compare", split, other, "e.csv"],
        ["impact", split, "e.csv", "--changes", change],
        ["preview", split, "--entered", "2026-03-06"],
    ):
        assert refused(*typed) == (
            "--seed: the step at position 0 (id split) is a random split: pass a whole number, such as --seed 1, "
            "which decides the path of each run"
        )
