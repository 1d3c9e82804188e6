"""The command line's sweep."""

import json
from pathlib import Path

import pandas as pd
import pytest
from test_cli import ENTRIES, EVENTS, WELCOME, files, refused, run, write
from test_cli_sequenzy import EVENTS as TRACKED
from test_cli_sequenzy import ONBOARDING

import simcore
from simcore import kit
from simcore.answers.metrics import METRICS

DELAY = "emails[2].delay_value"
SEND_DAYS = '--over=send_days=[["monday"],["friday","monday"]]'


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def swept(fields):
    return simcore.sweep(kit.load(WELCOME), fields, pd.read_csv(ENTRIES, dtype={"subscriber_id": "str"}))


def test_a_table_of_all_schedules():
    lines = run(
        "sweep", WELCOME, ENTRIES, "--over", "send_hour=8:9", "--over", f"{DELAY}=1,2"
    ).stdout.splitlines()
    assert lines[0] == "4 schedules"
    assert lines[2].split() == ["send_hour", DELAY, "days", "95", "%", "Sat", "Sun", "night", "peak"]
    assert [line.split()[:2] for line in lines[4:8]] == [["8", "1"], ["8", "2"], ["9", "1"], ["9", "2"]]
    assert lines[8:] == [
        "",
        "days, 95 %: from the entry to the last send, the median and the 95th percentile",
        "Sat Sun, night (22:00 to 07:00): shares of the sends",
        "peak: the most sends in an hour",
    ]


def test_chosen_metrics():
    shown = run(
        "sweep", WELCOME, ENTRIES, "--over", "send_hour=8,9", "--metrics", "peak_hour, most_in_an_hour"
    ).stdout
    assert shown.splitlines()[2].split() == ["send_hour", "peak"]
    assert shown.splitlines()[-2:] == ["", "peak: the most sends in an hour"]


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("send_hour=8:10", [8, 9, 10]),
        ("send_hour=8..10", [8, 9, 10]),
        ("send_hour=[10, 8]", [10, 8]),
        (f"{DELAY}=1, 3", [1, 3]),
        ("time_zone=Europe/Berlin,America/New_York", ["Europe/Berlin", "America/New_York"]),
        ("emails[2].published=true,false", [True, False]),
    ],
)
def test_json_and_how_values_are_typed(typed, values):
    path = typed.partition("=")[0]
    answer = json.loads(run("sweep", WELCOME, ENTRIES, "--over", typed, "--json").stdout)
    assert [row[path] for row in answer["rows"]] == values
    assert answer["schedules"] == len(values)
    assert answer["rows"] == swept({path: values}).to_dict("records")
    assert [*answer] == ["schedules", "rows", "quarantined", "quarantine_file"]


@pytest.mark.parametrize("name", ["all.csv", "all.parquet"])
def test_files(name):
    typed = ["sweep", WELCOME, ENTRIES, "--over", "send_hour=8..9", SEND_DAYS, "-o", name]
    assert run(*typed).stdout == f"4 schedules, in {name}\n"
    assert json.loads(run(*typed, "--json").stdout)["file"] == name
    # Older pandas reads floats of CSV to their last digit but one, if it is not told that they are texts.
    texts = dict.fromkeys(METRICS, str)
    found = pd.read_csv(name, dtype=texts) if name.endswith("csv") else pd.read_parquet(name)
    whole = swept({"send_hour": [8, 9], "send_days": [["monday"], ["friday", "monday"]]})
    assert found["send_days"].map(json.loads).map(tuple).tolist() == whole["send_days"].tolist()
    assert found["send_hour"].tolist() == [8, 8, 9, 9]
    assert found[[*METRICS]].astype("float64").to_numpy().tolist() == whole[[*METRICS]].to_numpy().tolist()


def test_a_long_table_is_cut():
    shown = run("sweep", WELCOME, ENTRIES, "--over", "send_hour=0:23", "--over", f"{DELAY}=1:5").stdout
    assert shown.startswith("120 schedules\n")
    assert shown.endswith("\n\n20 more: use -o or --json\n")
    assert len(shown.splitlines()) == 4 + 100 + 4 + 2


def test_by_a_trigger_and_of_nothing():
    typed = [ONBOARDING, "--events", TRACKED, "--over", "steps[0].delay.days=1,2"]
    assert json.loads(run("sweep", *typed, "--json").stdout)["schedules"] == 2
    typed = [WELCOME, ENTRIES, "--events", EVENTS, "--over", "send_hour=8,9", "--until", "2020-01-01"]
    (row, _) = json.loads(run("sweep", *typed, "--json").stdout)["rows"]
    assert (row["p95_days"], row["most_in_an_hour"]) == (None, 0)


def test_rows_that_cannot_be_used():
    write("e.csv", f"{Path(ENTRIES).read_text(encoding='utf-8')}x,yesterday,\n")
    typed = ["sweep", WELCOME, "e.csv", "--over", "send_hour=8,9"]
    assert refused(*typed).startswith("e.csv: 1 of 201 rows cannot be used\n  line 202: ")
    found = run(*typed, "--on-error", "quarantine", "--json")
    assert json.loads(found.stdout)["quarantine_file"] == "e.quarantine.csv"
    assert json.loads(found.stdout)["rows"] == swept({"send_hour": [8, 9]}).to_dict("records")
    assert run(*typed, "--on-error", "quarantine", "-o", "all.csv").exit_code == 0
    assert files() == ["all.csv", "all.quarantine.csv", "e.csv", "e.quarantine.csv"]


EXPECTED = "expected PATH=VALUES, such as send_hour=0..23 or send_hour=9,18"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["--over", "send_hour"], f"--over: found 'send_hour', {EXPECTED}"),
        (["--over", "send_hour=x"], f"--over: found 'send_hour=x', {EXPECTED}"),
        (["--over", "send_hour=1,,2"], f"--over: found 'send_hour=1,,2', {EXPECTED}"),
        (["--over", "send_hour=[1,2"], f"--over: found 'send_hour=[1,2', {EXPECTED}"),
        (["--over", "send_hour=09:30"], f"--over: found 'send_hour=09:30', {EXPECTED}"),
        (["--over", "send_hour=5"], "--over: send_hour: found 5, expected a list of values"),
        (["--over", "send_hour=9:8"], "--over: send_hour: found an empty list, expected one value or more"),
        (
            ["--over", "send_hour=0..99999"],
            "--over: 100,000 combinations, expected at most 50,000: give fewer values",
        ),
        (
            ["--over", "send_hour=8,9", "--metrics", "p95"],
            "--metrics: found 'p95', expected one of: median_days, p95_days, weekend_share, night_share, "
            "most_in_an_hour, peak_hour",
        ),
        (
            ["--over", "send_hour=8,9", "-o", "all.txt"],
            "all.txt: expected a name that ends in .csv or .parquet",
        ),
    ],
)
def test_what_is_refused(typed, expected):
    assert refused("sweep", WELCOME, ENTRIES, *typed) == expected
    assert files() == []
