"""The command line's optimize."""

import json

import pandas as pd
import pytest
from test_cli import ENTRIES, EVENTS, WELCOME, refused, run
from test_cli_sequenzy import EVENTS as TRACKED
from test_cli_sequenzy import ONBOARDING

import simcore
from simcore import kit

HOURS = ["--over", "send_hour=0..23"]
P95 = ["--minimize", "p95_days"]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def test_the_best_in_a_table():
    typed = [WELCOME, ENTRIES, "--over", "send_hour=7..9", "--over", "emails[3].delay_value=[2, 1]", *P95]
    days = '--over=send_days=[["monday","tuesday","wednesday"],["friday"]]'
    shown = run("optimize", *typed, days, "--subject-to", "night_share <= 0.2", "--top", 2, "--check").stdout
    lines = shown.splitlines()
    assert lines[0] == "The least p95_days, night_share <= 0.2: 2 schedules of 12"
    assert "send_hour" in shown
    assert "Mon to Wed" in shown
    assert "peak: the most sends in an hour" in lines
    assert lines[-1].startswith("2 evaluated, 10 ruled out by ")
    assert lines[-1].endswith(" bounds; checked again, and it holds")


def test_json():
    typed = [WELCOME, ENTRIES, *HOURS, "--over", 'send_days=[["monday"],["friday"]]', *P95, "--top", 1]
    answer = json.loads(run("optimize", *typed, "--json").stdout)
    entries = pd.read_csv(ENTRIES, dtype={"subscriber_id": "str"})
    over = {"send_hour": range(24), "send_days": [["monday"], ["friday"]]}
    best = simcore.optimize(kit.load(WELCOME), entries, over=over, minimize="p95_days", top=1)
    (row,) = answer["best"]
    assert row == {**best.best.to_dict("records")[0], "send_days": [*best.best["send_days"][0]]}
    assert answer["schedules"] == 48
    assert answer["evaluated"] == len(best.evaluated)
    assert [part["why"] for part in answer["ruled_out"]] == best.certificate["why"].tolist()
    assert sum(part["schedules"] for part in answer["ruled_out"]) == 48 - answer["evaluated"]
    assert "checked" not in answer
    assert json.loads(run("optimize", *typed, "--json", "--check").stdout)["checked"] is True


def test_events_and_what_sends_nothing():
    """Without entries by the trigger; metrics of nothing are null."""
    typed = [ONBOARDING, "--events", TRACKED, "--over", "steps[0].delay.days=[1,2]", "--minimize", "p95_days"]
    assert len(json.loads(run("optimize", *typed, "--json").stdout)["best"]) == 2
    typed = [WELCOME, ENTRIES, "--events", EVENTS, *HOURS, *P95, "--until", "2020-01-01", "--top", 1]
    (row,) = json.loads(run("optimize", *typed, "--json").stdout)["best"]
    assert (row["p95_days"], row["most_in_an_hour"]) == (None, 0)
    assert "nan" in run("optimize", *typed).stdout


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            ["--over", "send_hour"],
            "--over: found 'send_hour', expected PATH=VALUES, such as send_hour=0..23 or send_hour=9,18",
        ),
        (
            ["--over", "send_hour=x"],
            "--over: found 'send_hour=x', expected PATH=VALUES, such as send_hour=0..23 or send_hour=9,18",
        ),
        ([*HOURS, "--over", "send_hour=[1]"], "--over: found send_hour a second time"),
        (["--over", "send_hour=5"], "--over: send_hour: found 5, expected a list of values"),
        (["--over", "send_hour=9..8"], "--over: send_hour: found an empty list, expected one value or more"),
        (
            ["--over", "send_hour=0..9999999"],
            "--over: 10,000,000 combinations, expected at most 1,000,000: give fewer values",
        ),
        ([*HOURS, "--top", "0"], "--top: found 0, expected a whole number of schedules, 1 or more"),
        (
            [*HOURS, "--subject-to", "p95 <= 1"],
            "--subject-to: found 'p95', expected one of: median_days, p95_days, weekend_share, night_share, "
            "most_in_an_hour, peak_hour",
        ),
    ],
)
def test_what_is_refused(typed, expected):
    assert refused("optimize", WELCOME, ENTRIES, *P95, *typed) == expected
