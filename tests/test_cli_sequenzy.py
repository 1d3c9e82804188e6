"""The command line with Sequenzy's files: what it takes, what it gives, and how it tells the platforms apart."""

import csv
import datetime
import decimal
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import NO_TEXT, read_back
from pyarrow import parquet
from test_cli import ACCOUNT, CHANGES, ENTRIES, WAY_OUT, WELCOME, files, refused, run, write

import simcore
from simcore import kit, sequenzy

EXAMPLES = {name: str(simcore.example(name)) for name in ("onboarding", "winback", "replenish")}
ONBOARDING = EXAMPLES["onboarding"]
REPLENISH = EXAMPLES["replenish"]
EVENTS = str(simcore.example("sequenzy_events"))
HEADER = "subscriber_id,at,event,ref,properties\n"
LOOKS = (
    "expected a sequence as its platform's API gives it\n"
    '  Kit\'s: {"sequence": {...}, "emails": [...]}\n'
    '  Sequenzy\'s: {"name": ..., "trigger": ..., "steps": [...]}\n'
    "  found: "
)
HELLO = {"subject": "Hello", "html": "<p>Hello</p>"}
REFUSED_CHANGES = (
    "5 problems\n"
    "  changes[1]: a change must be an object with at and op (found {'at': '2026-03-10T14:00:00-04:00', "
    "'method': 'PUT', 'path'…)\n"
    "  changes[2]: a change must be an object with at and op (found {'at': '2026-03-10T14:00:00-04:00', "
    "'method': 'PUT', 'path'…)\n"
    "  changes[3].op: op must be one of: update, disable, enable (found 'create_email')\n"
    "  changes[4]: a change must be an object with at and op (found {'at': '2026-03-18T16:30:00-04:00', "
    "'method': 'PUT', 'path'…)\n"
    "  changes[5]: a change must be an object with at and op (found {'at': '2026-03-27T12:00:00-04:00', "
    "'method': 'PUT', 'path'…)"
)
NO_OBJECT = "not a JSON object"
SURROGATE = f"{NO_OBJECT}: it has half a character (a lone surrogate)"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def ordered(file="w.json", subject="{{event.city|There}}: hello", **fields):
    """A file with a sequence of one email at each order."""
    body = {"name": "Orders", "trigger": "event_received", "eventName": "order"}
    return write(file, json.dumps(body | {"steps": [HELLO | {"subject": subject}]} | fields))


def table(file, *rows, header=HEADER):
    """A CSV file; what is no text is JSON."""
    with open(file, "w", encoding="utf-8", newline="") as page:
        page.write(header)
        csv.writer(page, lineterminator="\n").writerows(
            [cell if isinstance(cell, str) else json.dumps(cell) for cell in row] for row in rows
        )
    return file


def order(who, properties="", at="2026-03-02T10:00Z"):
    return who, at, "order", "", properties


def read_events(path=EVENTS):
    events = pd.read_csv(path, dtype=str)
    events["properties"] = events["properties"].map(json.loads, na_action="ignore")
    return events


def told(file, count, *lines, way_out=WAY_OUT):
    return "\n".join([f"{file}: {count} rows cannot be used", *(f"  {line}" for line in lines), way_out])


# Two platforms


@pytest.mark.parametrize("name", EXAMPLES)
def test_preview_agrees_with_the_library(name):
    rows = json.loads(run("preview", EXAMPLES[name], "--entered", "2026-03-27 19:30", "--json").stdout)
    expected = simcore.preview(sequenzy.load(EXAMPLES[name]), "2026-03-27 19:30")
    assert rows == [
        {
            "position": position,
            "email_id": row.email_id,
            "subject": row.subject,
            "send_at": None if pd.isna(row.send_at) else row.send_at.isoformat(),
            "wait_seconds": None if pd.isna(row.wait) else row.wait.total_seconds(),
            "reason": row.reason,
        }
        for position, row in expected.iterrows()
    ]
    assert name == "winback" or len(rows) == len(sequenzy.load(EXAMPLES[name]).steps)


def test_preview_shows_the_zone_of_the_window():
    lines = run("preview", ONBOARDING, "--entered", "2026-03-27 19:30").stdout.splitlines()
    assert lines[:2] == ["Onboarding, Europe/Kyiv", "entered Fri 27 Mar 2026 19:30 EET"]
    assert [line.split()[1:7] for line in lines if " 2026 08:00 " in line] == [
        ["Mon", "30", "Mar", "2026", "08:00", "EEST"],
        ["Tue", "31", "Mar", "2026", "08:00", "EEST"],
    ]


@pytest.mark.parametrize(
    "payload",
    [
        {"name": "S", "trigger": "contact_added", "steps": [HELLO]},
        {"sequence": {"name": "S", "trigger": "contact_added", "steps": [HELLO]}},
        {
            "success": True,
            "sequence": {"id": "s1", "name": "S", "trigger": "contact_added", "steps": [HELLO]},
        },
        {"sequence": {"name": "S", "trigger": "contact_added", "steps": [HELLO]}, "emails": []},
    ],
    ids=["body", "wrapped", "response", "with Kit's frame"],
)
def test_sequenzys_files(payload):
    rows = json.loads(
        run("preview", write("w.json", json.dumps(payload)), "--entered", "2026-03-06", "--json").stdout
    )
    assert [(row["email_id"], row["send_at"]) for row in rows] == [("step-1", "2026-03-06T00:00:00+00:00")]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (
            {"success": True, "sequence": {"id": "s1", "name": "S", "status": "draft", "emailCount": 5}},
            "  sequence: this is only what the create call answers: fetch the whole sequence "
            "(GET /api/v1/sequences/{id}), and load that (found an object with id, name, status, emailCount)",
        ),
        (
            {"sequences": [{"id": "s1", "name": "S", "trigger": "contact_added"}]},
            '  expected the body of a sequence, {"name": ..., "trigger": ..., "steps": [...]}; of a list, give one '
            "sequence with its steps (found an object with sequences)",
        ),
        ({"name": "S", "trigger": "full_moon", "steps": [HELLO]}, "  trigger: trigger must be one of: contact_added, "
         "tag_added, segment_entered, segment_exited, event_received, inbound_webhook, inactivity, frequency, "
         "manual (found 'full_moon')"),
    ],
    ids=["create response", "list", "wrong"],
)  # fmt: skip
def test_sequenzys_files_that_cannot_be(payload, message):
    file = write("w.json", json.dumps(payload))
    assert refused("preview", file, "--entered", "2026-03-06") == f"w.json: 1 problem\n{message}"


@pytest.mark.parametrize("name", ["preview", "project", "simulate", "impact"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[]", "[]"),
        ('"é\x7f"', "'é\\x7f'"),
        ('{"name": "S", "send_hour": 9}', "{'name': 'S', 'send_hour': 9}"),
    ],
    ids=["list", "text", "a part of Kit's"],
)
def test_files_of_neither_platform(name, text, found):
    write("w.json", text)
    options = {
        "preview": ["--entered", "2026-03-06"],
        "project": [ENTRIES],
        "simulate": [ENTRIES, "-o", "out"],
        "impact": [ENTRIES, "--changes", CHANGES],
    }[name]
    assert refused(name, "w.json", *options) == f"w.json: {LOOKS}{found}"
    assert files() == ["w.json"]


def test_goals_without_steps():
    file = write("w.json", json.dumps({"name": "S", "trigger": "contact_added", "goal": "Welcome them"}))
    message = (
        "the sequence has a goal and no steps: fetch it again once its emails are written "
        "(GET /api/v1/sequences/{id}), and load that"
    )
    assert refused("preview", file, "--entered", "2026-03-06") == message
    assert refused("simulate", file, "--events", EVENTS, "-o", "out") == message
    assert files() == ["w.json"]


@pytest.mark.parametrize("file", [WELCOME, ONBOARDING], ids=["Kit", "Sequenzy"])
def test_a_mark_on_what_is_no_list(file):
    message = f"{file}: not a list of sequences: leave out #30"
    assert refused("preview", f"{file}#30", "--entered", "2026-03-06") == message


def test_a_name_with_a_mark_in_it():
    account = json.loads(ACCOUNT.read_text("utf-8"))
    one = {"sequences": account["sequences"][:1], "emails": account["emails"][:4]}
    for name, text in (("a#b.json", json.dumps(one)), ("s#1.json", Path(ONBOARDING).read_text("utf-8"))):
        run("preview", write(name, text), "--entered", "2026-03-06")


OF_KIT = [("--emails", "e.json"), ("--time-zone", "Asia/Tokyo"), ("--include-drafts",)]
OF_SEQUENZY = [("--enabled-at", "2026-03-06"), ("--render",)]


@pytest.mark.parametrize(
    ("name", "option"),
    [(name, option) for name in ("preview", "project", "simulate", "impact") for option in OF_KIT],
)
def test_options_of_kit(name, option):
    typed = {
        "preview": ["--entered", "2026-03-06"],
        "project": ["--events", EVENTS],
        "simulate": ["--events", EVENTS, "-o", "out"],
        "impact": [ENTRIES, "--changes", CHANGES],
    }[name]
    message = f"{option[0]}: only for Kit sequences, and {ONBOARDING} is a Sequenzy sequence"
    assert refused(name, ONBOARDING, *typed, *option) == message
    assert files() == []


@pytest.mark.parametrize("typed", [["project"], ["simulate", "-o", "out"]], ids=["project", "simulate"])
@pytest.mark.parametrize("option", OF_SEQUENZY)
def test_options_of_sequenzy(typed, option):
    message = f"{option[0]}: only for Sequenzy sequences, and {WELCOME} is a Kit sequence"
    assert refused(*typed, WELCOME, ENTRIES, *option) == message
    assert files() == []


def test_changes_of_kit_s_are_refused():
    """Q40: changes are modelled, each platform's by its own."""
    table("e.csv", ["a", "2026-03-02"], header="subscriber_id,entered_at\n")
    for typed in (["impact"], ["project"], ["simulate", "-o", "out"]):
        said = refused(typed[0], ONBOARDING, "e.csv", "--changes", CHANGES, *typed[1:])
        assert said == f"{CHANGES}: {REFUSED_CHANGES}"
    assert files() == ["e.csv"]


def test_assumptions_of_both():
    listed = {"kit": kit.assumptions(), "sequenzy": sequenzy.assumptions()}
    records = {name: switches.to_dict("records") for name, switches in listed.items()}
    assert json.loads(run("assumptions", "--json").stdout) == records
    assert json.loads(run("assumptions", "sequenzy", "--json").stdout) == records["sequenzy"]
    one, other = run("assumptions", "kit").stdout, run("assumptions", "sequenzy").stdout
    assert run("assumptions").stdout == f"Kit\n\n{one}\nSequenzy\n\n{other}"
    rows = [line.split() for line in other.splitlines()]
    assert [row[0] for row in rows if row and row[-1].startswith("Q")] == listed["sequenzy"]["name"].tolist()


def test_assumptions_are_turned():
    table("v.csv", ["a", "2026-03-02T10:01Z", "segment_entered", "S1", ""])
    file = ordered(trigger="segment_entered", segmentId="S1", eventName=None, subject="Hello")
    for options, clock in (([], "10:15"), (["--assume", "segment_poll=5min"], "10:05")):
        lines = run("project", file, "--events", "v.csv", *options).stdout.splitlines()
        assert lines[1:] == [f"a,1,0,step-1,Hello,2026-03-02T{clock}:00+00:00"]
    names = ", ".join(simcore.sequenzy.assumptions()["name"])
    expected = f"expected NAME=VALUE with one of the names: {names}"
    message = f"--assume: found 'day_count=elapsed', {expected}"
    assert refused("project", file, "--events", "v.csv", "--assume", "day_count=elapsed") == message
    message = "1 problem\n  stop_checks: stop_checks must be one of: every_node, steps (found 'never')"
    assert refused("project", file, "--events", "v.csv", "--assume", "stop_checks=never") == message


def test_assumptions_that_are_true_or_false():
    """Q35."""
    file = ordered(subject="Hello")
    table("v.csv", ["a", "2026-03-02T10:01Z", "order", "", ""])
    for value in ("true", "false", "False"):
        run("project", file, "--events", "v.csv", "--assume", f"update_unsubscribes={value}")
    message = "1 problem\n  update_unsubscribes: update_unsubscribes must be True or False (found 'maybe')"
    assert refused("project", file, "--events", "v.csv", "--assume", "update_unsubscribes=maybe") == message


def test_help_names_both():
    shown = " ".join(run("project", "--help").stdout.split())
    assert "JSON from Kit's or Sequenzy's API, or that as .gz;" in shown
    assert (
        "--emails FILE2 Kit: a second file with the emails, if they are in a file of their own. --time-zone ZONE "
        "Kit:" in shown
    )
    assert "--render Sequenzy: add a column of subjects with their merge tags filled in." in shown
    assert "simcore project onboarding.json --events sequenzy_events.csv" in shown


# Runs by the trigger


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize(
    "options", [{}, {"explain": True, "order": "email", "render": True}], ids=["plain", "all"]
)
def test_projected_by_the_trigger(name, options):
    typed = ["--explain", "--order", "email", "--render"] if options else []
    expected = simcore.project(sequenzy.load(EXAMPLES[name]), events=read_events(), **options)
    assert len(expected) > 3
    typed = ["project", EXAMPLES[name], "--events", EVENTS, *typed]
    run(*typed, "-o", "out.parquet")
    pd.testing.assert_frame_equal(read_back("out.parquet"), expected)
    run(*typed, "-o", "out.csv")
    written = pd.read_csv("out.csv", dtype={"subscriber_id": str})
    texts = expected.assign(send_at=[each.isoformat() for each in expected["send_at"]]).astype(str)
    pd.testing.assert_frame_equal(written.astype(str), texts, check_dtype=False)
    lines = run(*typed, "--json").stdout.splitlines()
    assert [json.loads(each) for each in lines] == written.to_dict("records")


def alike(frame):
    """A frame in which what is missing among objects is None, as in a Parquet file."""
    objects = [name for name in frame if frame[name].dtype == object]
    return frame.assign(**{name: frame[name].where(frame[name].notna(), None) for name in objects})


@pytest.mark.parametrize("name", EXAMPLES)
def test_simulated_by_the_trigger(name):
    until = "2026-04-25T00:00Z"
    expected = simcore.simulate(sequenzy.load(EXAMPLES[name]), events=read_events(), until=until, render=True)
    typed = ["simulate", EXAMPLES[name], "--events", EVENTS, "--until", until, "--render", "-o", "out"]
    run(*typed, "--format", "parquet")
    for table_name, frame in expected._asdict().items():
        pd.testing.assert_frame_equal(alike(read_back(f"out/{table_name}.parquet")), alike(frame))
    run(*typed)
    subscribers = pd.read_csv("out/subscribers.csv")
    assert subscribers["status"].tolist() == expected.subscribers["status"].tolist()


def test_simulate_says_what_it_wrote():
    typed = ["simulate", REPLENISH, "--events", EVENTS, "-o", "out"]
    assert run(*typed).stdout.splitlines() == [
        "6 runs: 3 completed, 1 cancelled, 2 stopped",
        "2 entries started no run: 1 came while a run was active, 1 has no key",
        "6 sends to 3 subscribers, Wed 8 Apr 2026 23:31 UTC to Thu 7 May 2026 22:00 UTC",
        "timeline.csv, subscribers.csv, journal.csv: in out",
    ]
    names = ["active", "completed", "restarted", "excluded", "cancelled", "removed", "stopped"]
    assert json.loads(run(*typed, "--json").stdout) == {
        "runs": 6,
        "why_no_sends": None,
        "status": dict(zip(names, [0, 3, 0, 0, 1, 0, 2], strict=True)),
        "entries_without_run": {"duplicate": 1, "no_key": 1},
        "subscribers": 3,
        "sends": 6,
        "first_send": "2026-04-08T23:31:00+00:00",
        "last_send": "2026-05-07T22:00:00+00:00",
        "files": {name: f"out/{name}.csv" for name in ("timeline", "subscribers", "journal")},
        "events_quarantined": 0,
        "events_quarantine_file": None,
    }


def test_enabled_at_is_read_like_until():
    sequence = sequenzy.load(ONBOARDING)
    for options, instant in (
        ([], "2026-04-01T00:00+03:00"),
        (["--naive-time-zone", "UTC"], "2026-04-01T00:00Z"),
    ):
        run(
            "project",
            ONBOARDING,
            "--events",
            EVENTS,
            "--enabled-at",
            "1 April 2026 0:00",
            *options,
            "-o",
            "o.parquet",
        )
        expected = simcore.project(sequence, events=read_events(), enabled_at=instant)
        pd.testing.assert_frame_equal(read_back("o.parquet"), expected)
    assert 0 < len(expected) < len(simcore.project(sequence, events=read_events()))
    message = (
        "--enabled-at: '04/01/2026' leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026"
    )
    assert refused("project", ONBOARDING, "--events", EVENTS, "--enabled-at", "04/01/2026") == message


@pytest.mark.parametrize("typed", [["project"], ["simulate", "-o", "out"]], ids=["project", "simulate"])
def test_entries_that_are_missing(typed):
    message = "ENTRIES: missing, expected a file of the people who enter"
    assert refused(*typed, ONBOARDING) == f"{message}, or --events that enrol them"
    assert refused(*typed, WELCOME, "--events", EVENTS) == f"{message} (events enrol nobody in this sequence)"
    assert refused(*typed, WELCOME) == f"{message} (events enrol nobody in this sequence)"
    assert files() == []


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_no_events_are_no_sends(suffix):
    if suffix == "csv":
        write("v.csv", HEADER)
    else:
        read_events().iloc[:0].astype(str).to_parquet("v.parquet")
    out = f"out.{suffix}"
    assert (
        run("project", REPLENISH, "--events", f"v.{suffix}", "-o", out).stdout
        == f"no sends, in {out}: no event enrols anyone\n"
    )
    assert run("simulate", REPLENISH, "--events", f"v.{suffix}", "-o", "out").stdout.startswith(
        "no runs\nno sends: no event enrols anyone\n"
    )
    write("empty.csv", "")
    message = "empty.csv: empty: expected a header with subscriber_id, at and event"
    assert refused("project", REPLENISH, "--events", "empty.csv") == message


@pytest.mark.parametrize("on_error", ["stop", "quarantine"])
def test_too_late_by_the_trigger(on_error):
    file = ordered(steps=[HELLO | {"delay": {"days": 1}}])
    table("v.csv", order("a", at="2199-12-31T12:00Z"))
    message = (
        "the email at position 0 (id step-1) would go out after 2200-01-01 UTC to subscriber 'a': "
        "pass --until to end before that, or change its delay"
    )
    typed = ["project", file, "--events", "v.csv", "--on-error", on_error]
    assert refused(*typed, "-o", "out.csv") == message
    assert files() == ["v.csv", "w.json"]
    told = run(*typed, "--until", "2199-12-31T23:00Z", "-o", "out.csv").stdout
    assert told == "no sends, in out.csv: no run reaches its first email before --until\n"


# Entries


def test_entries_of_sequenzy():
    header = "subscriber_id,entered_at,via,properties\n"
    rows = [
        ("1", "2026-03-02 10:00", "trigger", {"city": "Львів"}),
        ("2", "2026-03-02 10:00", "", ""),
        ("3", "2026-03-02 10:00", "form", {}),
        ("4", "2026-03-02 10:00", "manual", "[1]"),
        ("5", "2199-12-31T23:00Z", "manual", {"city": "Львів"}),
    ]
    table("e.csv", *rows, header=header)
    file = ordered(steps=[HELLO | {"subject": "{{event.city|There}}", "delay": {"hours": 12}}])
    faults = {
        4: "via 'form': not one of: trigger, manual, audience",
        5: f"properties '[1]': {NO_OBJECT}",
    }
    lines = [f"line {line}: {fault}" for line, fault in faults.items()]
    assert refused("project", file, "e.csv") == told("e.csv", "2 of 5", *lines)
    typed = ["project", file, "e.csv", "--render", "--on-error", "quarantine", "-o", "out.parquet", "--json"]
    summary = json.loads(run(*typed).stdout)
    assert (summary["quarantined"], summary["quarantine_file"]) == (3, "out.quarantine.csv")
    entries = pd.DataFrame(rows[:2], columns=header.strip().split(","))
    entries["via"], entries["properties"] = ["trigger", None], [{"city": "Львів"}, None]
    expected = simcore.project(sequenzy.load(file), entries, naive_time_zone="UTC", render=True)
    assert expected["rendered_subject"].tolist() == ["Львів", "There"]
    pd.testing.assert_frame_equal(read_back("out.parquet"), expected)
    with open("out.quarantine.csv", encoding="utf-8", newline="") as page:
        head, *found = csv.reader(page)
    assert head == ["line", "reason", *header.strip().split(",")]
    assert {int(row[0]): row[1] for row in found} == faults | {
        6: "an email would go out after 2200-01-01 UTC"
    }
    assert found[2][-1] == '{"city": "\\u041b\\u044c\\u0432\\u0456\\u0432"}'


def test_enabled_at_with_entries_is_not_ignored_in_silence():
    table("e.csv", ["a", "2026-03-02"], header="subscriber_id,entered_at\n")
    result = run("project", ordered(), "e.csv", "--enabled-at", "2026-03-06")
    warning = "Warning: --enabled-at has no effect with ENTRIES, which are the enrolments themselves\n"
    assert result.stderr == warning
    assert len(result.stdout.splitlines()) == 2


def test_entries_and_events():
    table("e.csv", ["a", "2026-03-02"], ["b", "2026-03-02"], header="subscriber_id,entered_at\n")
    table("v.csv", ["a", "2026-03-02T06:00Z", "paid", "", ""], order("c"))
    stop = {"type": "event_received", "value": "paid"}
    file = ordered(stopCondition=stop, steps=[HELLO | {"delay": {"days": 1}}])
    told = run("simulate", file, "e.csv", "--events", "v.csv", "-o", "out").stdout.splitlines()
    assert told[0] == "2 runs: 1 completed, 1 stopped"


def test_a_column_of_kits_that_is_called_properties_is_not_read():
    table("e.csv", ["a", "2026-03-02", "["], header="subscriber_id,entered_at,properties\n")
    table("v.csv", ["a", "2026-03-02T06:00Z", "unsubscribed", "", "["])
    run("project", WELCOME, "e.csv", "--events", "v.csv")


# Events that cannot be used


BROKEN = [
    order("1", {"city": "Львів"}),  # line 2
    order("2", "[1]"),
    order("3", '{"a": NaN}'),
    order("4", '{"city": "Rome"'),  # 5
    order("5", '{"city": "\\ud83d"}'),
    order("6", '{"city": "\\ud83d\\ude00"}'),
    order("7", "null"),  # 8
    order("8", "  "),
    order("9", "{" * 100_000),
    ("10", "2026-03-02", "", "", ""),  # 11
    ("11", "2026-03-02", " ", "", ""),
    ("12", "2026-03-02", "tag_added", "", "{"),
    ("13", "2026-03-02", "list_joined", " ", ""),  # 14
    ("14", "2026-03-02", "field_changed", "", ""),
    ("", "03/02/2026", "order", "", ""),
]
FAULTS = {
    3: f"properties '[1]': {NO_OBJECT}",
    4: f"properties '{{\"a\": NaN}}': {NO_OBJECT}: NaN is no number",
    5: f"properties '{{\"city\": \"Rome\"': {NO_OBJECT}: Expecting ',' delimiter: line 1 column 16 (char 15)",
    6: f"properties '{{\"city\": \"\\\\ud83d\"}}': {SURROGATE}",
    8: f"properties 'null': {NO_OBJECT}",
    10: f"properties '{'{' * 58}…: {NO_OBJECT}: ",
    11: "event '': not the name of an event",
    12: "event ' ': not the name of an event",
    13: f"properties '{{': {NO_OBJECT}: Expecting property name enclosed in double quotes: line 1 column 2 (char 1); "
    "no ref: expected the name or id that tag_added needs",
    14: "ref ' ': expected the name or id that list_joined needs",
    15: "no ref: expected the name or id that field_changed needs",
    16: "no subscriber_id; at '03/02/2026': leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026",
}  # fmt: skip


def test_broken_events_stop_with_their_lines():
    table("v.csv", *(row for row in BROKEN if row[0] not in {"9", ""}))
    lines = [f"line {at - (at > 10)}: {fault}" for at, fault in FAULTS.items() if at not in {10, 16}]
    message = told("v.csv", "10 of 13", *lines)
    assert refused("project", ordered(), "--events", "v.csv", "-o", "out.csv") == message
    assert files() == ["v.csv", "w.json"]


@pytest.mark.parametrize(
    ("typed", "aside"),
    [
        (["project", "-o", "out.csv"], "out.events.quarantine.csv"),
        (["project"], "v.quarantine.csv"),
        (["simulate", "-o", "out"], "out/events.quarantine.csv"),
    ],
    ids=["project -o", "project", "simulate"],
)
def test_broken_events_are_quarantined(typed, aside):
    table("v.csv", *BROKEN)
    name, *options = typed
    result = run(name, ordered(), "--events", "v.csv", *options, "--on-error", "quarantine")
    assert result.stderr == f"12 of 15 rows cannot be used: see {aside}\n"
    with open(aside, encoding="utf-8", newline="") as page:
        header, *found = csv.reader(page)
    assert header == ["line", "reason", *HEADER.strip().split(",")]
    assert [int(row[0]) for row in found] == [*FAULTS]
    for row, fault in zip(found, FAULTS.values(), strict=True):
        assert row[1].startswith(fault) if fault.endswith(": ") else row[1] == fault
    assert [row[-1] for row in found][:2] == ["[1]", '{"a": NaN}']


def test_what_is_left_is_what_the_library_gives():
    table("v.csv", *BROKEN)
    typed = ["--events", "v.csv", "--on-error", "quarantine", "--render", "-o", "out.parquet", "--json"]
    summary = json.loads(run("project", ordered(), *typed).stdout)
    assert {name: summary[name] for name in ("sends", "events_quarantined", "events_quarantine_file")} == {
        "sends": 3,
        "events_quarantined": 12,
        "events_quarantine_file": "out.events.quarantine.csv",
    }
    assert "quarantined" not in summary
    events = pd.DataFrame({
        "subscriber_id": ["1", "6", "8"],
        "at": "2026-03-02T10:00Z",
        "event": "order",
        "properties": [{"city": "Львів"}, {"city": "😀"}, None],
    })
    expected = simcore.project(sequenzy.load("w.json"), events=events, render=True)
    assert expected["rendered_subject"].tolist() == ["Львів: hello", "😀: hello", "There: hello"]
    pd.testing.assert_frame_equal(read_back("out.parquet"), expected)


def test_utf_8_from_end_to_end():
    file = ordered(subject="Привіт, {{event.city}}", name="Замовлення")
    table("v.csv", ["é漢", "2026-03-02T10:00Z", "order", "", '{"city": "Київ"}'])
    lines = run("project", file, "--events", "v.csv", "--render").stdout_bytes.decode("utf-8").splitlines()
    assert lines[1] == 'é漢,1,0,step-1,"Привіт, {{event.city}}","Привіт, Київ",2026-03-02T10:00:00+00:00'
    assert run("preview", file, "--entered", "2026-03-06").stdout.startswith("Замовлення, UTC\n")


def test_properties_are_read_once_for_all_that_are_equal(monkeypatch):
    read, loads = [], json.loads
    monkeypatch.setattr(json, "loads", lambda text, **options: read.append(text) or loads(text, **options))
    table("v.csv", *(order(str(number), '{"city": "Rome"}') for number in range(50)))
    ordered()
    run("project", "w.json", "--events", "v.csv", "-o", "out.csv")
    assert read.count('{"city": "Rome"}') == 1


# Parquet


STRUCTS = [
    {"city": "Rome", "due": datetime.datetime(2026, 3, 9, 8, tzinfo=datetime.UTC), "items": [{"sku": "a"}]},
    {"city": None, "due": None, "items": None, "price": decimal.Decimal("1.50"), "bad": float("nan")},
    None,
]
PLAIN = [
    {"city": "Rome", "due": "2026-03-09T08:00:00+00:00", "items": [{"sku": "a"}]},
    {"price": 1.5},
    None,
]


def in_parquet(properties):
    size = len(properties)
    names = [str(number) for number in range(size)]
    parquet.write_table(
        pa.table({
            "subscriber_id": names,
            "at": ["2026-03-02T10:00Z"] * size,
            "event": ["order"] * size,
            "properties": properties,
        }),
        "v.parquet",
    )
    return pd.DataFrame({"subscriber_id": names, "at": "2026-03-02T10:00Z", "event": "order"})


@pytest.mark.parametrize(
    ("properties", "plain"),
    [
        (pa.array(STRUCTS), PLAIN),
        (pa.array([*map(json.dumps, PLAIN[:2]), None]), PLAIN),
        (pa.array([*map(json.dumps, PLAIN[:2]), None]).dictionary_encode(), PLAIN),
        (pa.array([[("city", "Rome")], [], None], pa.map_(pa.string(), pa.string())), [{"city": "Rome"}, {}, None]),
        (
            pa.array([{"at": [("city", "Rome")]}, None], pa.struct([("at", pa.map_(pa.string(), pa.string()))])),
            [{"at": {"city": "Rome"}}, None],
        ),
        (pa.nulls(2), [None, None]),
    ],
    ids=["struct", "text", "category", "map", "map in struct", "nothing"],
)  # fmt: skip
def test_properties_in_parquet(properties, plain):
    events = in_parquet(properties).assign(properties=pd.Series(plain, dtype=object))
    subject = "{{event.city}} {{event.at.city}} {{event.items}} {{event.price}} {{event.bad|none}}"
    wait = {"waitUntil": {"field": "due", "missingAction": "continue"}}
    file = ordered(steps=[HELLO | wait | {"subject": subject}])
    run("project", file, "--events", "v.parquet", "--render", "-o", "out.parquet")
    expected = simcore.project(sequenzy.load(file), events=events, render=True)
    pd.testing.assert_frame_equal(read_back("out.parquet"), expected)


def test_properties_that_are_none_in_parquet():
    in_parquet(pa.array([[1], [2]]))
    lines = [f"row 0: properties '[1]': {NO_OBJECT}", f"row 1: properties '[2]': {NO_OBJECT}"]
    assert refused("project", ordered(), "--events", "v.parquet") == told("v.parquet", "2 of 2", *lines)
    in_parquet(pa.array([5, None]))
    assert refused("project", ordered(), "--events", "v.parquet") == told(
        "v.parquet", "1 of 2", f"row 0: properties 5.0: {NO_OBJECT}"
    )


def test_structs_are_quarantined_as_text():
    events = in_parquet(pa.array([{"city": "Львів"}, {"city": "Rome"}]))
    events = events.assign(at=["never", "2026-03-02T10:00Z"])
    found = pa.Table.from_pandas(events).append_column(
        "properties", pa.array([{"city": "Львів"}, {"city": "Rome"}])
    )
    parquet.write_table(found, "v.parquet")
    run("project", ordered(), "--events", "v.parquet", "--on-error", "quarantine", "-o", "out.csv")
    with open("out.events.quarantine.csv", encoding="utf-8", newline="") as page:
        _, row = csv.reader(page)
    assert row[2:] == ["0", "never", "order", '{"city": "Львів"}']


def test_names_and_refs_of_any_kind_in_parquet():
    events = pd.DataFrame({
        "subscriber_id": ["a", "b", "c"],
        "at": "2026-03-02T10:00Z",
        "event": ["tag_added", "tag_added", None],
        "ref": [7.0, np.nan, np.nan],
    })
    events.to_parquet("v.parquet")
    file = ordered(trigger="tag_added", tagName="7", eventName=None)
    lines = [
        "row 1: no ref: expected the name or id that tag_added needs",
        f"row 2: event {NO_TEXT}: not the name of an event",
    ]
    assert refused("project", file, "--events", "v.parquet") == told("v.parquet", "2 of 3", *lines)
    events[:1].to_parquet("v.parquet")
    assert len(run("project", file, "--events", "v.parquet").stdout.splitlines()) == 2
    events.assign(ref=[[7], [7, 8], [9]], event="tag_added").to_parquet("v.parquet")
    lines = [
        f"row {row}: ref '[{text}]': expected the integer id that tag_added needs"
        for row, text in enumerate(("7", "7, 8", "9"))
    ]
    assert refused("project", WELCOME, ENTRIES, "--events", "v.parquet") == told(
        "v.parquet", "3 of 3", *lines
    )
