"""The command line on columns as people and platforms have them, and on near misses in events' names."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import simcore
from simcore import cli

WELCOME = str(simcore.example("welcome"))
TIMES = ["2026-03-02T10:00:00-05:00", "2026-03-02T12:00:00-05:00"]
NAMES = ["--column", "subscriber_id=email", "--column", "entered_at=Subscribed at"]
ORDER = {
    "name": "Order",
    "trigger": "event_received",
    "eventName": "order",
    "steps": [{"id": "m", "type": "email", "subject": "Hello", "html": "<p>Hello</p>"}],
}


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain = pd.DataFrame({"subscriber_id": ["a", "b"], "entered_at": TIMES, "note": "x"})
    plain.to_csv("plain.csv", index=False)
    for path in ("mine.csv", "mine.parquet"):
        mine = plain.rename(columns={"subscriber_id": "email", "entered_at": "Subscribed at"})
        mine.to_csv(path, index=False) if path.endswith("csv") else mine.to_parquet(path)
    events = pd.DataFrame({"email": ["a"], "at": ["2026-03-03T12:00Z"], "event": ["unsubscribed"]})
    events.to_csv("mine_events.csv", index=False)
    events.rename(columns={"email": "subscriber_id"}).to_csv("events.csv", index=False)
    Path("order.json").write_text(json.dumps(ORDER))


def run(*arguments, status=0):
    result = CliRunner().invoke(cli.app, [*map(str, arguments)])
    assert result.exit_code == status, (result.output, result.exception)
    return result


def refused(*arguments):
    return run(*arguments, status=2).stderr.removeprefix("Error: ").removesuffix("\n")


COMMANDS = [
    ["project", WELCOME, "{}"],
    ["forecast", WELCOME, "{}", "--json"],
    ["impact", WELCOME, "{}", "--changes", simcore.example("changes"), "--json"],
]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["mine.csv", "mine.parquet"])
@pytest.mark.parametrize("events", ["events.csv", "mine_events.csv"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each[0])
def test_columns_of_other_names(command, path, events):
    asked = [each.format(path) if each == "{}" else each for each in command]
    plain = [each.format("plain.csv") if each == "{}" else each for each in command]
    found = run(*asked, *NAMES, "--events", events)
    assert found.stdout == run(*plain, "--events", "events.csv").stdout
    assert found.stderr == run(*plain, "--events", "events.csv").stderr


def test_columns_of_other_names_in_simulate_and_compare():
    run("simulate", WELCOME, "mine.csv", *NAMES, "-o", "mine")
    run("simulate", WELCOME, "plain.csv", "-o", "plain")
    for name in simcore.Simulation._fields:
        assert Path(f"mine/{name}.csv").read_text() == Path(f"plain/{name}.csv").read_text()
    Path("same.json").write_text(Path(WELCOME).read_text())
    asked = ["compare", WELCOME, "same.json"]
    assert run(*asked, "mine.csv", *NAMES, "--json").stdout == run(*asked, "plain.csv", "--json").stdout


def test_columns_of_other_names_part_by_part():
    run("project", WELCOME, "mine.parquet", *NAMES, "-o", "sends")
    run("project", WELCOME, "plain.csv", "-o", "plain.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet("sends"), pd.read_parquet("plain.parquet"), check_dtype=False
    )


def test_a_column_that_another_takes_the_name_of():
    frame = pd.read_csv("plain.csv").assign(email=["c", "d"])
    for path in ("both.csv", "both.parquet"):
        frame.to_csv(path, index=False) if path.endswith("csv") else frame.to_parquet(path)
        sends = run("project", WELCOME, path, "--column", "subscriber_id=email", "--json").stdout.splitlines()
        assert {json.loads(each)["subscriber_id"] for each in sends} == {"c", "d"}


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (
            ["entered_at"],
            "--column: found 'entered_at', expected NAME=COLUMN, such as entered_at=\"Subscribed at\"",
        ),
        (
            ["via=a", "via=b"],
            '--column: found via a second time, expected NAME=COLUMN, such as entered_at="Subscribed at"',
        ),
        (
            ["entered=a"],
            "--column: found 'entered', expected one of: subscriber_id, entered_at, via, properties, attributes, "
            "time_zone, count, sequence_id, at, event, ref, received_at; did you mean 'entered_at'?",
        ),
        (
            ["via=way"],
            "--column: via is 'way', and entries have no such column; the columns are: subscriber_id, "
            "entered_at, note",
        ),
    ],
)
def test_what_names_no_column(typed, text):
    asked = [each for column in typed for each in ("--column", column)]
    assert refused("project", WELCOME, "plain.csv", *asked) == text


def test_what_is_said_is_what_helps():
    told = refused("project", WELCOME, "mine.csv")
    assert told == (
        "mine.csv: no column subscriber_id and no column entered_at; did you mean 'email' and 'Subscribed at'? the "
        "columns are: email, Subscribed at, note; --column subscriber_id=email --column entered_at='Subscribed at' "
        "maps them"
    )
    assert run("project", WELCOME, "mine.csv", *NAMES).stdout


def test_rows_set_aside_have_the_columns_of_the_file():
    for path in ("mine.csv", "mine.parquet"):
        bad = pd.DataFrame({"email": ["a", "b"], "Subscribed at": [TIMES[0], "soon"], "note": "x"})
        bad.to_csv(path, index=False) if path.endswith("csv") else bad.to_parquet(path)
        run("project", WELCOME, path, *NAMES, "-o", "sends.csv", "--on-error", "quarantine")
        aside = pd.read_csv("sends.quarantine.csv")
        assert [*aside.columns[2:]] == ["email", "Subscribed at", "note"]
        assert aside.iloc[0, 2:].tolist() == ["b", "soon", "x"]


def test_tables_as_the_platforms_give_them():
    page = pd.DataFrame({"id": [11, 12], "email_address": ["a", "b"], "added_at": TIMES})
    page.to_csv("kit.csv", index=False)
    ids = {
        json.loads(line)["subscriber_id"]
        for line in run("project", WELCOME, "kit.csv", "--json").stdout.splitlines()
    }
    assert ids == {"11", "12"}
    ways = ["manual", "event", ""]
    page = pd.DataFrame({
        "subscriberId": ["a", "b", "c"],
        "enrollmentStartedAt": TIMES[0],
        "enteredVia": ways,
    })
    page.to_csv("sequenzy.csv", index=False)
    run("simulate", "order.json", "sequenzy.csv", "-o", "out")
    assert pd.read_csv("out/subscribers.csv")["via"].tolist() == ["manual", "trigger", "trigger"]
    told = refused("project", "order.json", "sequenzy.csv", "--column", "via=enteredVia")
    assert "\n  line 3: via 'event': not one of: trigger, manual, audience\n" in told


def test_names_that_nearly_are_those_of_events_are_said_once():
    log = pd.DataFrame({"subscriber_id": "a", "at": TIMES[0], "event": ["order", "unsubscribe"]})
    log.to_csv("log.csv", index=False)
    said = "Warning: events: taken for tracked events: 'unsubscribe' in 1 row (did you mean unsubscribed?)\n"
    assert run("project", "order.json", "--events", "log.csv").stderr == said
    Path("again.json").write_text(json.dumps(ORDER))
    found = run("compare", "order.json", "again.json", "--events", "log.csv", "-o", "all.csv")
    assert found.stderr == said
