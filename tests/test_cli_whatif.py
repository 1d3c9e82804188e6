"""The command line's compare and lint; texts that are meant to harm, in spreadsheets and in terminals."""

import csv
import json
import os
import re
import shutil
import sys
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from conftest import read_back
from rich.cells import cell_len
from test_cli import (
    ACCOUNT,
    ENTRIES,
    EVENTS,
    HEADER,
    WAY_OUT,
    WELCOME,
    account,
    files,
    refused,
    run,
    write,
)
from test_cli_sequenzy import EVENTS as TRACKED
from test_cli_sequenzy import ONBOARDING, REPLENISH, read_events
from typer.testing import CliRunner

import simcore
from simcore import cli, kit, sequenzy
from simcore.account.lint import CODES as ACCOUNTS
from simcore.answers.lint import lint
from simcore.kit.findings import CODES as KITS
from simcore.sequenzy.findings import CODES as SEQUENZYS
from simcore.show import terminal as terminal_room

LETTERS = str(simcore.example("letters"))
LEGEND = [
    "",
    "days: from the entry to the last send, the median",
    "Sat Sun, night (22:00 to 07:00): shares of the sends",
]
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]
BOTH = [("One", 0), ("Two", 1)]
NAIVE = (
    "has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, "
    "or say how to read it with --naive-time-zone UTC (or another zone)"
)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def lines(*arguments, **options):
    return run(*arguments, **options).stdout.splitlines()


def two_ideas():
    """Weekdays at 9, and any day at 6; Fri 6 Mar 23:00 EST and Mon 9 Mar 10:00 EDT enter."""
    account("now.json", BOTH, send_days=WEEK)
    account("idea.json", BOTH, send_hour=6)
    write("e.csv", HEADER + "a,2026-03-06 23:00,\nb,2026-03-09 10:00,\n")
    return "now.json", "idea.json", "e.csv"


# compare


def test_a_row_for_each_and_of_two_how_each_email_moves():
    # now: 23:00 and Mon 9 Mar 09:00 EDT (57 h after the entry); 10:00 and Tue 09:00 (23 h): 40 h are 1.7 days.
    # idea: 23:00 and Sat 06:00 EST (7 h, 50 h before); 10:00 and Tue 06:00 (20 h, 3 h before): 13.5 h are 0.6 days.
    shown = lines("compare", *two_ideas())
    assert [line for line in shown if "─" not in line] == [
        " scenario  sends  people  first send  last send    days  Sat Sun  night",
        " now           4       2  6 Mar 2026  10 Mar 2026   1.7       0%    25%",
        " idea          4       2  6 Mar 2026  10 Mar 2026   0.6      25%    75%",
        *LEGEND,
        "",
        "from now to idea:",
        "",
        " email  subject  earlier  later  unchanged  gained  lost  median shift",
        "    -1  One            0      0          2       0     0  none",
        "    -2  Two            2      0          0       0     0  2 d 2 h earlier",
    ]


def test_the_same_for_machines():
    found = json.loads(run("compare", *two_ideas(), "--json").stdout)
    assert found == {
        "scenarios": [
            {
                "scenario": name,
                "sends": 4,
                "subscribers": 2,
                "first_send": "2026-03-06T23:00:00-05:00",
                "last_send": f"2026-03-10T{hour:02}:00:00-04:00",
                "median_days": days,
                "weekend_share": weekend,
                "night_share": night,
                "entries_without_run": {},
                "why_no_sends": None,
            }
            for name, hour, days, weekend, night in [
                ("now", 9, 40 / 24, 0, 0.25),
                ("idea", 6, 13.5 / 24, 0.25, 0.75),
            ]
        ],
        "emails": [
            {
                "email_id": -1 - at,
                "subject": subject,
                "earlier": earlier,
                "later": 0,
                "unchanged": 2 - earlier,
                "gained": 0,
                "lost": 0,
                "median_shift_seconds": seconds,
            }
            for at, (subject, earlier, seconds) in enumerate([("One", 0, 0), ("Two", 2, -50 * 3600)])
        ],
        "quarantined": 0,
        "quarantine_file": None,
    }


def test_measures_are_those_of_a_sweep():
    found = json.loads(run("compare", WELCOME, LETTERS, ENTRIES, "--json").stdout)["scenarios"]
    entries = pd.read_csv(ENTRIES, dtype=str)
    for row, path in zip(found, (WELCOME, LETTERS), strict=True):
        hour = kit.load(path).send_hour
        zoned = {"naive_time_zone": kit.load(path).time_zone}
        expected = simcore.sweep(kit.load(path), {"send_hour": [hour]}, entries, **zoned).iloc[0]
        for name in ("median_days", "weekend_share", "night_share"):
            assert row[name] == pytest.approx(expected[name], abs=1e-9), name


def test_gained_and_lost():
    # Of idea the second email is a draft, and the third is new.
    emails = [
        {"id": 7, "subject": "One", "delay_value": 0, "delay_unit": "days", "published": True},
        {"id": 8, "subject": "Two", "delay_value": 1, "delay_unit": "days", "published": True},
    ]
    write("now.json", json.dumps({"sequence": {"name": "S"}, "emails": emails}))
    emails[1]["published"] = False
    emails.insert(1, {"id": 9, "subject": "New", "delay_value": 2, "delay_unit": "days", "published": True})
    write("idea.json", json.dumps({"sequence": {"name": "S"}, "emails": emails}))
    write("e.csv", HEADER + "a,2026-03-06 23:00,\n")
    found = json.loads(run("compare", "now.json", "idea.json", "e.csv", "--json").stdout)["emails"]
    assert [(row["email_id"], row["unchanged"], row["gained"], row["lost"]) for row in found] == [
        (7, 1, 0, 0),
        (9, 0, 1, 0),
        (8, 0, 0, 1),
    ]
    assert [row["median_shift_seconds"] for row in found] == [0, None, None]
    shown = lines("compare", "now.json", "idea.json", "e.csv")
    assert [line.split() for line in shown[-2:]] == [
        ["9", "New", "0", "0", "0", "1", "0"],
        ["8", "Two", "0", "0", "0", "0", "1"],
    ]


def test_three_have_no_table_of_emails():
    now, idea, entries = two_ideas()
    account("third.json", BOTH, time_zone="Asia/Tokyo")
    typed = ["compare", now, idea, "third.json", entries, "--naive-time-zone", "America/New_York"]
    shown = lines(*typed)
    assert [line.split()[0] for line in shown[2:5]] == ["now", "idea", "third"]
    assert shown[5:] == LEGEND
    found = json.loads(run(*typed, "--json").stdout)
    assert [*found] == ["scenarios", "quarantined", "quarantine_file"]
    # 10:00 EDT is 23:00 in Tokyo, so that the immediate emails are one by day (13:00) and one by night.
    assert found["scenarios"][2]["night_share"] == 0.25
    assert found["scenarios"][2]["first_send"] == "2026-03-07T13:00:00+09:00"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_all_sends_are_what_the_library_gives(suffix):
    out = f"all.{suffix}"
    told = lines("compare", WELCOME, LETTERS, ENTRIES, "--naive-time-zone", "UTC", "-o", out)
    assert told[-2:] == ["", f"all sends: in {out}"]
    both = {"welcome": kit.load(WELCOME), "letters": kit.load(LETTERS)}
    expected = simcore.compare(both, pd.read_csv(ENTRIES, dtype=str), naive_time_zone="UTC")
    assert len(expected) == 1400
    if suffix == "parquet":
        pd.testing.assert_frame_equal(read_back(out), expected)
        return
    found = pd.read_csv(out, dtype=str)
    assert found.columns.tolist() == expected.columns.tolist()
    assert found["send_at"].str.endswith("+00:00").all()  # their zones differ
    assert pd.to_datetime(found["send_at"]).tolist() == expected["send_at"].tolist()
    for name in expected.columns.drop("send_at"):
        assert found[name].tolist() == expected[name].astype(str).tolist()


def test_options_reach_the_library():
    typed = ["--events", EVENTS, "--until", "2026-03-20", "--include-drafts", "--assume", "day_count=elapsed"]
    summary = json.loads(
        run(
            "compare",
            WELCOME,
            LETTERS,
            ENTRIES,
            *typed[:3],
            "2026-03-20T00:00-04:00",
            *typed[4:],
            "--naive-time-zone",
            "UTC",
            "-o",
            "all.csv",
            "--json",
        ).stdout
    )
    assert summary["file"] == "all.csv"
    expected = simcore.compare(
        {"welcome": kit.load(WELCOME), "letters": kit.load(LETTERS)},
        pd.read_csv(ENTRIES, dtype=str),
        events=pd.read_csv(EVENTS, dtype=str),
        until="2026-03-20T00:00-04:00",
        include_drafts=True,
        assumptions=kit.Assumptions(day_count="elapsed"),
        naive_time_zone="UTC",
    )
    found = pd.read_csv("all.csv", dtype=str)
    assert pd.to_datetime(found["send_at"]).tolist() == expected["send_at"].tolist()
    assert [row["sends"] for row in summary["scenarios"]] == expected["scenario"].value_counts(
        sort=False
    ).tolist()
    plain = simcore.compare({"a": kit.load(LETTERS)}, pd.read_csv(ENTRIES, dtype=str), naive_time_zone="UTC")
    assert summary["scenarios"][1]["sends"] != len(plain)


def test_the_accounts_zone():
    for name in ("a.json", "b.json"):
        write(name, json.dumps({"sequence": {"name": "S"}, "emails": kit.load(WELCOME).to_api()["emails"]}))
    write("e.csv", HEADER + "x,2026-03-06 21:07,\n")
    found = json.loads(
        run("compare", "a.json", "b.json", "e.csv", "--time-zone", "Asia/Tokyo", "--json").stdout
    )
    assert found["scenarios"][0]["first_send"] == "2026-03-06T21:07:00+09:00"


def test_no_sends():
    now, idea, _ = two_ideas()
    write("e.csv", HEADER)
    shown = lines("compare", now, idea, "e.csv", "-o", "all.csv")
    assert [line.split() for line in shown[2:4]] == [["now", "0", "0"], ["idea", "0", "0"]]
    why = [f"{name}: no sends: there are no entries" for name in ("now", "idea")]
    assert shown[4:] == [*LEGEND, "", *why, "", "all sends: in all.csv"]
    assert Path("all.csv").read_text(encoding="utf-8").count("\n") == 1
    found = json.loads(run("compare", now, idea, "e.csv", "--json").stdout)
    assert found["emails"] == []
    assert [*found["scenarios"][0].values()] == ["now", 0, 0, *[None] * 5, {}, "there are no entries"]


def test_names_of_scenarios():
    now, idea, entries = two_ideas()
    Path("new").mkdir()
    Path("new/now.json").write_bytes(Path(idea).read_bytes())

    def names(*paths):
        found = json.loads(run("compare", *paths, entries, "--json").stdout)
        return [row["scenario"] for row in found["scenarios"]]

    assert names(now, idea) == ["now", "idea"]
    assert names(now, idea, "new/now.json") == ["now.json", "idea.json", "new/now.json"]
    ids = [each.id for each in kit.load_all(ACCOUNT)]
    typed = [f"{ACCOUNT}#{each}" for each in ids]
    found = json.loads(run("compare", *typed, entries, "--naive-time-zone", "UTC", "--json").stdout)
    assert [row["scenario"] for row in found["scenarios"]] == typed


def test_what_cannot_be_compared():
    now, idea, entries = two_ideas()
    message = "FILE: found one sequence, now.json, expected two or more, and then ENTRIES"
    assert refused("compare", now, entries) == message
    message = "now.json: given twice, expected different files, since scenarios are named after them"
    assert refused("compare", now, now, entries) == message
    message = "ENTRIES: missing, expected a file of the people who enter"
    assert refused("compare", now, idea) == f"{message} (events enrol nobody in this sequence)"
    assert refused("compare", now, f"{ACCOUNT}#30") == f"{message} (events enrol nobody in this sequence)"
    assert refused("compare", ONBOARDING, REPLENISH) == f"{message}, or --events that enrol them"
    assert refused("compare", ONBOARDING, now, "--events", EVENTS) == (
        f"{message} (events enrol nobody in this sequence)"
    )
    message = f"--include-drafts: only for Kit sequences, and {ONBOARDING} is a Sequenzy sequence"
    assert refused("compare", now, ONBOARDING, entries, "--include-drafts") == message
    names = ", ".join(sequenzy.assumptions()["name"])
    message = f"--assume: found 'day_count=elapsed', expected NAME=VALUE with one of the names: {names}"
    assert refused("compare", now, ONBOARDING, entries, "--assume", "day_count=elapsed") == message
    assert refused("compare", now, idea, entries, "-o", "all.txt") == (
        "all.txt: expected a name that ends in .csv or .parquet"
    )
    assert refused("compare", now, idea, "no.csv") == "no.csv: No such file or directory"
    assert run("compare", now, status=2).stderr.endswith("Error: Missing argument 'FILE'.\n")
    assert files() == ["e.csv", "idea.json", "now.json"]


def test_times_without_an_offset_where_zones_differ():
    now, _, entries = two_ideas()
    account("far.json", BOTH, time_zone="Asia/Tokyo")
    faults = [
        f"  line {line}: entered_at '{at}': {NAIVE}"
        for line, at in ((2, "2026-03-06 23:00"), (3, "2026-03-09 10:00"))
    ]
    message = "\n".join([f"{entries}: 2 of 2 rows cannot be used", *faults, WAY_OUT])
    assert refused("compare", now, "far.json", entries) == message
    message = f"--until: '2026-03-20' {NAIVE}"
    assert refused("compare", now, "far.json", entries, "--until", "2026-03-20") == message


def test_rows_that_cannot_be_used_are_used_by_none():
    now, _, _ = two_ideas()
    write(
        "e.csv",
        HEADER + "a,2026-03-06T23:00Z,\nb,never,\nc,2026-03-06T23:00Z,api\nd,2026-03-06T23:00Z,manual\n",
    )
    write(
        "v.csv", "subscriber_id,at,event,ref\na,2026-03-07T00:00Z,order,\na,2026-06-07T00:00Z,unsubscribed,\n"
    )
    never = "entered_at 'never': not a date and time: expected something like 2026-03-06T21:07:30-05:00"
    typed = ["compare", now, ONBOARDING, "e.csv", "--events", "v.csv"]
    message = "\n".join([
        "e.csv: 2 of 4 rows cannot be used",
        f"  line 3: {never}",  # once
        "  line 4: via 'api': not one of: trigger, manual, audience",
        WAY_OUT,
    ])
    assert refused(*typed) == message
    result = run(*typed, "--on-error", "quarantine", "-o", "all.csv", "--json")
    assert [json.loads(line) for line in result.stderr.splitlines()] == [
        {"note": "2 of 4 rows cannot be used: see all.quarantine.csv"},
        {"note": "1 of 2 rows cannot be used: see all.events.quarantine.csv"},
    ]
    found = json.loads(result.stdout)
    assert found["quarantine_file"] == "all.quarantine.csv"
    assert [row["subscribers"] for row in found["scenarios"]] == [2, 2]
    with open("all.events.quarantine.csv", encoding="utf-8", newline="") as page:
        rows = list(csv.reader(page))
    names = ", ".join(sorted(kit.platform.events.vocabulary.names))
    assert rows[1][:3] == ["2", f"event 'order': not one of: {names}", "a"]


def test_sequences_of_both_platforms():
    entries = pd.read_csv(ENTRIES, dtype=str).drop(columns="via").assign(properties='{"city": "Kyiv"}')
    entries.to_csv("e.csv", index=False)
    now = account("now.json", BOTH, time_zone="Europe/Kyiv")
    write("seq.json", json.dumps(json.loads(Path(ONBOARDING).read_bytes())))
    shown = lines("compare", now, "seq.json", "e.csv", "-o", "all.csv")
    assert shown[-3:] == ["no email is in both: emails are matched by their ids", "", "all sends: in all.csv"]
    given = entries.assign(properties=[{"city": "Kyiv"}] * len(entries))
    both = {"now": kit.load(now), "seq": sequenzy.load("seq.json")}
    expected = simcore.compare(both, given, naive_time_zone="Europe/Kyiv")
    found = pd.read_csv("all.csv", dtype=str)
    assert found["email_id"].tolist() == expected["email_id"].tolist()
    assert pd.to_datetime(found["send_at"], utc=True).tolist() == expected["send_at"].tolist()
    emails = json.loads(run("compare", now, "seq.json", "e.csv", "--json").stdout)["emails"]
    assert [row["email_id"] for row in emails if row["lost"]] == [-1, -2]


def test_sequences_of_sequenzy_by_their_triggers():
    found = json.loads(run("compare", ONBOARDING, REPLENISH, "--events", TRACKED, "--json").stdout)
    for row, path in zip(found["scenarios"], (ONBOARDING, REPLENISH), strict=True):
        sends = simcore.project(sequenzy.load(path), events=read_events())
        assert (row["sends"], row["subscribers"]) == (len(sends), sends["subscriber_id"].nunique())


def test_too_late_in_one_of_them():
    now = account("now.json", [("One", 0)])
    account("slow.json", [("One", 0), ("Two", 3000)])
    write("e.csv", HEADER + "a,2195-03-06T23:00Z,\nb,2026-03-09T10:00Z,\n")
    late = "an email would go out after 2200-01-01 UTC"
    message = f"e.csv: 1 of 2 rows cannot be used\n  line 2: {late}\n{WAY_OUT}"
    assert refused("compare", now, "slow.json", "e.csv") == message
    found = json.loads(run("compare", now, "slow.json", "e.csv", "--json", "--on-error", "quarantine").stdout)
    assert [row["sends"] for row in found["scenarios"]] == [1, 2]


# lint


def drafted(file="w.json", **fields):
    """A file with an error (inactive), and a note: Two goes out within 2 hours of the entry."""
    emails = [{"subject": "Two", "delay_value": 2, "delay_unit": "hours", "published": True}]
    return write(file, json.dumps({"sequence": {"name": "Series", "id": 5, **fields}, "emails": emails}))


def told_of(sequence, **options):
    """What lint shows of a sequence, its texts wrapped anew."""
    return [
        (each.severity, each.where, each.code, each.message)
        for each in lint(sequence, **options).itertuples(index=False)
    ]


def blocks(shown):
    """What lint showed: the heads, with the texts below them unwrapped."""
    found = re.findall(r"^(error|warning|note)  (\S+)  (\S+)\n((?:    .*\n)+)", shown, re.MULTILINE)
    return [(*head, " ".join(text.split())) for *head, text in found]


@pytest.mark.parametrize("file", [LETTERS, WELCOME])
def test_findings_are_what_the_library_gives(file):
    shown = run("lint", file, "--as-of", "2026-01-01").stdout
    sequence = kit.load(file)
    expected = told_of(sequence, as_of=pd.Timestamp("2026-01-01", tz=sequence.time_zone))
    assert blocks(shown) == [(*head, " ".join(text.split())) for *head, text in expected]
    assert shown.startswith(f"{sequence.name}, {sequence.time_zone}\n\n{expected[0][0]}  ")
    assert max(map(len, shown.splitlines())) <= 80
    found = json.loads(run("lint", file, "--as-of", "2026-01-01", "--json").stdout)
    assert [
        (row["severity"], row["where"], row["code"], row["message"]) for row in found["findings"]
    ] == expected
    assert {row["sequence"] for row in found["findings"]} == {sequence.name}
    severities = [each[0] for each in expected]
    assert [found[f"{each}s"] for each in ("error", "warning", "note")] == [
        severities.count(each) for each in ("error", "warning", "note")
    ]


def test_errors_are_status_1():
    result = run("lint", drafted(active=False), status=1)
    assert result.stderr == ""
    shown = result.stdout.splitlines()
    assert shown[0] == "Series, America/New_York"
    assert [line for line in shown if line.startswith("error")] == ["error  active  inactive"]
    assert shown[-1] == "1 error, 1 note"
    assert json.loads(run("lint", drafted(active=False), "--json", status=1).stdout)["errors"] == 1
    assert lines("lint", drafted())[-1] == "1 note"


def test_several_files_are_looked_at_one_by_one():
    shutil.copy(ONBOARDING, "o.json")
    typed = ["lint", "o.json", drafted(active=False)]
    shown = run(*typed, status=1).stdout
    good = "o.json: Onboarding, Europe/Kyiv\nnothing to say\n"
    assert shown.startswith(f"{good}\nw.json: Series, America/New_York\n\nerror  active  inactive\n")
    told = json.loads(run(*typed, "--json", status=1).stdout)
    assert (told["errors"], {row["file"] for row in told["findings"]}) == (1, {"w.json"})
    result = run("lint", "o.json", "none.json", status=2)
    assert (result.stdout, result.stderr) == (good, "Error: none.json: No such file or directory\n")


def test_errors_that_nobody_reads_are_status_1(monkeypatch, capsys):
    drafted(active=False)
    read, out = os.pipe()
    os.close(read)
    with os.fdopen(out, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setattr(sys, "argv", ["simcore", "lint", "w.json"])
        with pytest.raises(SystemExit, match=r"^1$"):
            cli.main()
    assert capsys.readouterr().err == ""


def test_nothing_to_say():
    assert run("lint", ONBOARDING).stdout == "Onboarding, Europe/Kyiv\nnothing to say\n"
    assert json.loads(run("lint", ONBOARDING, "--json").stdout) == {
        "errors": 0,
        "warnings": 0,
        "notes": 0,
        "findings": [],
    }


def test_a_list_is_looked_at_with_the_others_among():
    def listed(*excluded):
        email = {"subject": "One", "delay_value": 0, "delay_unit": "days", "published": True}
        leaves = [{"type": "sequence", "ids": [*excluded]}]
        return write(
            "list.json",
            json.dumps({
                "sequences": [
                    {"name": "A", "id": 1, "exclude_subscriber_sources": leaves},
                    {"name": "B", "id": 2},
                ],
                "emails": [email | {"id": 10 + owner, "sequence_id": owner} for owner in (1, 2)],
            }),
        )

    shown = run("lint", listed(2)).stdout
    assert shown == ("A, America/New_York\nnothing to say\n\nB, America/New_York\nnothing to say\n")
    found = json.loads(run("lint", listed(2, 3), "--json").stdout)["findings"]
    assert [(row["sequence"], row["code"]) for row in found] == [("A", "excludes-unknown")]
    write("c.json", json.dumps({"sequence": {"name": "C", "id": 3}, "emails": []}))
    assert json.loads(run("lint", listed(2, 3), "--among", "c.json", "--json").stdout)["findings"] == []
    # One of the list alone is not looked at with the others, unless they are named.
    assert json.loads(run("lint", f"{listed(2)}#1", "--json").stdout)["findings"] == []
    found = json.loads(run("lint", f"{listed(2, 3)}#1", "--among", "list.json", "--json").stdout)["findings"]
    assert [row["code"] for row in found] == ["excludes-unknown"]
    assert lines("lint", f"{listed(2)}#2")[0] == "B, America/New_York"


def test_the_accounts_zone_in_lint():
    assert lines("lint", drafted(), "--time-zone", "Asia/Tokyo")[0] == "Series, Asia/Tokyo"


def test_what_cannot_be_looked_at():
    assert refused("lint") == "FILE: missing, expected a sequence, or --list"
    assert refused("lint", "no.json") == "no.json: No such file or directory"
    message = (
        f"--among: {ONBOARDING} is a Sequenzy sequence, and {WELCOME} is a Kit sequence: give sequences of one "
        "platform"
    )
    assert refused("lint", WELCOME, "--among", ONBOARDING) == message
    message = (
        "--as-of: '03/06/2026' leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026"
    )
    assert refused("lint", WELCOME, "--as-of", "03/06/2026") == message
    message = f"--time-zone: only for Kit sequences, and {ONBOARDING} is a Sequenzy sequence"
    assert refused("lint", ONBOARDING, "--time-zone", "UTC") == message
    empty = write("none.json", '{"sequences": []}')
    assert refused("lint", empty) == "none.json: found a list of 0 sequences, expected one: choose from: none"


def test_all_that_can_be_found_is_listed():
    expected = {
        platform: [
            {"code": code, "severity": severity, "meaning": meaning}
            for code, (severity, meaning) in rules.items()
        ]
        for platform, rules in (("kit", KITS), ("sequenzy", SEQUENZYS), ("account", ACCOUNTS))
    }
    assert json.loads(run("lint", "--list", "--json").stdout) == expected
    shown = run("lint", "--list").stdout
    assert shown.startswith("Kit\n\n code ")
    assert "\n\nSequenzy\n\n code " in shown
    assert "\n\nAcross an account\n\n code " in shown
    assert re.findall(r"^ ([a-z-]+) +(?:error|warning|note) ", shown, re.MULTILINE) == [
        *KITS,
        *SEQUENZYS,
        *ACCOUNTS,
    ]
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("name", ["compare", "lint"])
@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_fits_and_has_an_example(name, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    shown = run(name, "--help").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert re.search(rf"^ +simcore {name} ", shown, re.MULTILINE)


# one, not ones


def test_one_is_one():
    file = account("w.json", [("One", 0)])
    write("e.csv", HEADER + "a,2026-03-06 21:07,\n")
    at = "Fri 6 Mar 2026 21:07 EST"
    assert run("project", file, "e.csv", "-o", "out.csv").stdout == (
        f"1 send to 1 subscriber, {at} to {at}, in out.csv\n"
    )
    assert run("forecast", file, "e.csv").stdout.endswith("\n1 send; busiest: Fri 6 Mar 2026 with 1\n")
    write("v.csv", "subscriber_id,at,event\na,2026-03-05 21:07,unsubscribed\n")
    assert lines("simulate", file, "e.csv", "-o", "out")[0] == "1 run: 1 completed"
    assert lines("simulate", file, "e.csv", "--events", "v.csv", "-o", "out")[1] == (
        "1 entry started no run: 1 is blocked"
    )
    pd.DataFrame({"subscriber_id": ["a"], "entered_at": ["2026-03-06 21:07"]}).to_parquet("e.parquet")
    assert lines("project", file, "e.parquet", "-o", "parts")[0].startswith("1 send from 1 row, in parts; ")
    write("l.json", '{"sequences": [{"name": "A", "id": 1}]}')
    message = "l.json: found a list of 1 sequence, expected one: choose from: l.json#1 (A)"
    assert refused("preview", "l.json#2", "--entered", "2026") == message


# spreadsheets

RISKY = [
    "=1+1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    "\uff0b1+1",
    "\uff0d1",
    "\uff20A1",
    "=",
    "-",
    "+49 1",
]
PLAIN = ["-5", "+4912345", "-1.5e3", "+.5", "-5.", "a=b", "1-2", " x", "'=1", ""]


def is_formula(cell):
    """What a spreadsheet may run, by a rule of its own: what stands first once full width is made narrow."""
    first = unicodedata.normalize("NFKC", cell[:1])
    try:
        float(cell)
    except ValueError:
        return first in set("=+-@\t\r\n")
    return "\n" in cell


def cells(path):
    with open(path, encoding="utf-8", newline="") as page:
        return list(csv.reader(page))


def test_no_cell_is_a_formula():
    ids = [each for each in (*RISKY, *PLAIN) if each.strip()]
    with open("e.csv", "w", encoding="utf-8", newline="") as page:
        csv.writer(page, quoting=csv.QUOTE_ALL).writerows([
            ["subscriber_id", "entered_at"],
            *([each, "2026-03-06"] for each in ids),
        ])
    file = account("=w.json", [(each, 0 if at == 0 else 1) for at, each in enumerate(RISKY)])
    account("w2.json", [("x", 0)])
    run("project", file, "e.csv", "-o", "out.csv")
    run("simulate", file, "e.csv", "-o", "out")
    run("compare", file, "w2.json", "e.csv", "-o", "all.csv")
    write("stdout.csv", run("project", file, "e.csv").stdout_bytes.decode())
    for path in (
        "out.csv",
        "stdout.csv",
        "out/timeline.csv",
        "out/subscribers.csv",
        "out/journal.csv",
        "all.csv",
    ):
        assert not [cell for row in cells(path) for cell in row if is_formula(cell)], path
    written = [row[0] for row in cells("out/subscribers.csv")[1:]]
    assert written == [f"'{each}" if each in RISKY else each for each in ids]
    assert {row[0] for row in cells("all.csv")[1:]} == {"'=w", "w2"}
    assert {row[4] for row in cells("out.csv")[1:]} == {f"'{each}" for each in RISKY}


def test_cells_as_they_are():
    with open("e.csv", "w", encoding="utf-8", newline="") as page:
        csv.writer(page).writerows([["subscriber_id", "entered_at"], ["=1+1", "2026-03-06"]])
    file = account("w.json", [("@x", 0)])
    for typed, path in (
        (["project", file, "e.csv", "-o", "out.csv"], "out.csv"),
        (["simulate", file, "e.csv", "-o", "out"], "out/timeline.csv"),
    ):
        run(*typed, "--no-csv-safe")
        assert (cells(path)[1][0], cells(path)[1][4]) == ("=1+1", "@x")
    run("compare", file, account("v.json", [("y", 0)]), "e.csv", "--no-csv-safe", "-o", "all.csv")
    assert cells("all.csv")[1][1] == "=1+1"
    # Where there are no spreadsheets nothing is changed.
    run("project", file, "e.csv", "-o", "out.parquet")
    assert read_back("out.parquet")["subscriber_id"].tolist() == ["=1+1"]
    assert json.loads(run("project", file, "e.csv", "--json").stdout)["subject"] == "@x"


def test_quarantined_rows_are_read_again_as_they_were():
    write("e.csv", HEADER + "=1+1,never,=x\n")
    run("project", WELCOME, "e.csv", "-o", "out.csv", "--on-error", "quarantine")
    _, row = cells("out.quarantine.csv")
    assert row[2:] == ["=1+1", "never", "=x"]
    assert not is_formula(row[0])
    assert not is_formula(row[1])


def test_any_text_comes_back_from_csv():
    texts = [
        'line\nfeed, "quotes"; and\r\nmore\rlines',
        "\u202eright to left\u202c \u2066\u05d0\u2069",
        "👩‍👩‍👧 🏴󠁧󠁢󠁳󠁣󠁴󠁿 漢字",
        "x" * 10_000,
        "zero\u200bwidth\ufeff",
        "\x1b[31mred",
    ]
    file = account("w.json", [(each, 0 if at == 0 else 1) for at, each in enumerate(texts)])
    write("e.csv", HEADER + "a,2026-03-06 21:07,\n")
    run("project", file, "e.csv", "-o", "out.csv")
    assert [row[4] for row in cells("out.csv")[1:]] == texts


# terminals

HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07 \u202eevil\u2066\u200b\u200f zero [red]rich[/red] [/] :smile: two\nlines"
    "\r\x08\x9b31m \u2028\u00ad 👩\u200d👧 pay\u200dpal \U000e0041"
)
SPELT = [
    r"\x1b[31mred\x1b]0;title\x07",
    r"\u202eevil\u2066\u200b\u200f",
    "[red]rich[/red]",
    "[/]",
    ":smile:",
    r"two\nlines\r\x08\x9b31m",
    r"\u2028\xad",
    "👩\u200d👧",
    r"pay\u200dpal",
    r"\U000e0041",
]


def harmless(shown):
    """Nothing in it that a terminal obeys: no controls, no marks that turn the line around or take no room."""
    assert not [
        char
        for char in shown
        if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} - {"\n"} and char not in "\n\u200d"
    ]


def hostile_files():
    email = {"id": 1, "delay_value": 0, "delay_unit": "days", "published": True, "subject": HOSTILE}
    more = email | {"id": 2, "delay_value": 2, "delay_unit": "hours", "subject": "a" + "漢" * 10_000}
    name = HOSTILE + "n" * 10_000
    for file, hour in (("a.json", 9), ("b.json", 10)):
        sequence = {"name": name, "send_hour": hour}
        write(file, json.dumps({"sequence": sequence, "emails": [email, more]}))
    write("e.csv", HEADER + "a,2026-03-06 23:00,\n")
    change = {"at": "2026-03-06 23:30", "op": "update_email", "email_id": 2, "fields": {"delay_value": 4}}
    write("c.json", json.dumps([change]))


@pytest.mark.parametrize("columns", ["40", "80", "120"])
@pytest.mark.parametrize(
    "typed",
    [
        ["preview", "a.json", "--entered", "2026-03-06 23:00"],
        ["compare", "a.json", "b.json", "e.csv"],
        ["lint", "a.json"],
        ["forecast", "a.json", "e.csv"],
        ["impact", "a.json", "e.csv", "--changes", "c.json"],
    ],
    ids=lambda typed: typed[0],
)
def test_texts_do_nothing_to_the_terminal(typed, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    hostile_files()
    shown = run(*typed).stdout
    harmless(shown)
    assert len(shown.splitlines()) < 250  # of 10,000 characters the beginning
    if columns != "40":
        assert max(map(cell_len, shown.splitlines())) <= 80
    assert r"\x1b" in shown


@pytest.mark.parametrize("part", SPELT)
def test_texts_are_legible(part):
    hostile_files()
    assert part in terminal_room.visible(HOSTILE)
    for typed in (["preview", "a.json", "--entered", "2026-03-06"], ["lint", "a.json"]):
        heading = "".join(lines(*typed)[:3])
        assert part.replace(" ", "") in heading.replace(" ", "")


def test_what_is_cut_is_whole_for_machines():
    hostile_files()
    rows = json.loads(run("preview", "a.json", "--entered", "2026-03-06", "--json").stdout)
    assert [row["subject"] for row in rows] == [HOSTILE, "a" + "漢" * 10_000]
    found = json.loads(run("compare", "a.json", "b.json", "e.csv", "--json").stdout)
    assert [row["subject"] for row in found["emails"]] == [HOSTILE, "a" + "漢" * 10_000]
    shown = run("preview", "a.json", "--entered", "2026-03-06").stdout
    assert shown.count("漢") < 600
    assert shown.count("…") == 2  # the name, and the second subject
    plain = CliRunner(charset="ascii").invoke(cli.app, ["preview", "a.json", "--entered", "2026-03-06"])
    assert plain.stdout_bytes.decode("ascii").count("...") == 2


def test_names_of_files_in_compare_and_lint():
    now, idea, entries = two_ideas()
    Path(now).rename("\x1b[31mnow.json")
    shown = run("compare", "\x1b[31mnow.json", idea, entries).stdout
    harmless(shown)
    assert r"from \x1b[31mnow to idea:" in shown
    message = run("compare", "\x1b[31mnow.json", entries, status=2).stderr
    assert (
        message
        == "Error: FILE: found one sequence, \\x1b[31mnow.json, expected two or more, and then ENTRIES\n"
    )
