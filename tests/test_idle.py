"""What comes to nothing, in summaries: entries that start no run, and why nothing is sent."""

import json
from pathlib import Path

import pandas as pd
import pytest
from test_cli import CHANGES, ENTRIES, EVENTS, HEADER, WELCOME, account, changed, run, write
from test_cli_sequenzy import EVENTS as TRACKED
from test_cli_sequenzy import ONBOARDING, REPLENISH

import simcore
from simcore import kit, sequenzy
from simcore.answers.idle import Idle, idle
from simcore.answers.options import Options
from simcore.answers.projection import make
from simcore.kit.changes import from_json
from simcore.scale import parquet

AT = "2026-03-06T21:07:30Z"
CLOSED = "there is no send day on which it may go out, so it waits"
INACTIVE = "the sequence is not active, so nothing is sent"
WINBACK = simcore.example("winback")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


def events(*rows):
    return write("v.csv", "subscriber_id,at,event,ref\n" + "".join(f"{row}\n" for row in rows))


def entries(*rows):
    return write("e.csv", HEADER + "".join(f"{row}\n" for row in rows))


def told(*typed):
    """What project says beneath its summary, and for machines: what starts no run, and why nothing is sent."""
    _, *others = run("project", *typed, "-o", "out.csv").stdout.splitlines()
    summary = json.loads(run("project", *typed, "-o", "out.csv", "--json").stdout)
    why = [f"no sends: {summary['why_no_sends']}"] if summary["why_no_sends"] else []
    assert run("project", *typed).stderr.splitlines() == [
        *why,
        *others,
    ]  # standard output is the rows themselves
    return others, summary["entries_without_run"], summary["why_no_sends"]


# What starts no run


def test_ignored_rows_are_counted():
    write("e.csv", "subscriber_id,entered_at\nA@x.com,2026-03-06 21:07:30\n" + "".join(
        f"a@x.com,2026-03-06 21:{minute}:30\n" for minute in ("09", "10")
    ))  # fmt: skip
    assert told(WELCOME, "e.csv") == (["1 entry started no run: 1 came again"], {"ignored": 1}, None)
    assert run("project", WELCOME, "e.csv", "-o", "out.csv").stdout.startswith("8 sends to 2 subscribers, ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "befalls", "line", "counts"),
    [
        (["a,2026-03-06,", "b,2026-03-07,"], [], [], {}),
        (
            ["a,2026-03-06,", "a,2026-03-07,", "a,2026-03-08,", "b,2026-03-08,"],
            ["b,2026-03-07,tag_added,4411"],
            ["3 entries started no run: 2 came again, 1 is excluded"],
            {"ignored": 2, "excluded": 1},
        ),
        (
            ["a,2026-03-06,", "b,2026-03-06,"],
            [f"{name},2026-03-05,{event}," for name, event in (("a", "unsubscribed"), ("b", "bounced"))],
            ["2 entries started no run: 2 are blocked"],
            {"blocked": 2},
        ),
        (
            ["a,2026-03-06,", "b,2026-03-06,", "b,2026-03-09,"],
            ["a,2026-03-05,tag_added,4411", "b,2026-03-08,complained,"],
            ["2 entries started no run: 1 is blocked, 1 is excluded"],
            {"blocked": 1, "excluded": 1},
        ),
        (
            ["a,2026-03-06,", "b,2026-03-06,"],
            ["a,2026-03-05,tag_added,4411", "b,2026-03-05,tag_added,4411"],
            ["2 entries started no run: 2 are excluded"],
            {"excluded": 2},
        ),
    ],
    ids=["none", "came again", "blocked", "two reasons", "excluded"],
)
def test_what_starts_no_run_is_counted(rows, befalls, line, counts):
    excluded = [{"type": "tag", "ids": [4411]}]
    file = account("w.json", [("One", 0)], exclude_subscriber_sources=excluded)
    typed = [file, entries(*rows), "--events", events(*befalls)]
    assert told(*typed) == (
        line,
        counts,
        None if len(rows) > sum(counts.values()) else "no entry starts a run",
    )
    lines = run("simulate", *typed, "-o", "out").stdout.splitlines()
    assert [each for each in lines if "started no run" in each] == line
    assert json.loads(run("simulate", *typed, "-o", "out", "--json").stdout)["entries_without_run"] == counts
    lines = run("forecast", *typed).stdout.splitlines()
    assert [each for each in lines if "started no run" in each] == line
    lines = run("forecast", *typed, "-o", "f.csv").stdout.splitlines()
    assert lines[1:] == line
    assert json.loads(run("forecast", *typed, "--json").stdout)["entries_without_run"] == counts
    scenarios = json.loads(run("compare", file, account("x.json", [("One", 0)]), *typed[1:], "--json").stdout)
    assert scenarios["scenarios"][0]["entries_without_run"] == counts


def test_a_sequence_that_repeats_takes_them_in_again():
    file = account("w.json", [("One", 0)], repeat=True)
    rows = [f"a,2026-03-0{day},visual_automation" for day in (6, 7)]
    assert told(file, entries(*rows)) == ([], {}, None)


def test_what_is_told_of_sequenzy():
    typed = ["--events", TRACKED, "-o", "out.csv"]
    assert run("project", REPLENISH, *typed).stdout.splitlines()[1:] == [
        "2 entries started no run: 1 came while a run was active, 1 has no key"
    ]
    found = idle(projected(sequenzy.load(ONBOARDING), entries_of("a", "a", "b")), 3)
    assert (found.told(), found.why_no_sends) == ("1 entry started no run: 1 came again", "")


def entries_of(*ids):
    return pd.DataFrame({"subscriber_id": ids, "entered_at": AT, "via": "trigger"})


def projected(sequence, given, **options):
    return make(sequence, given, Options(**options))


def test_the_words():
    fates = {"duplicate": 2, "no_key": 2, "repeated": 1}
    line = "5 entries started no run: 2 came while a run was active, 2 have no key, 1 came again"
    assert Idle(fates, "").told() == line
    assert Idle({}, "").told() == ""


def test_the_shipped_examples():
    typed = [WELCOME, ENTRIES, "--events", EVENTS, "--changes", CHANGES]
    line, counts = "2 entries started no run: 1 is blocked, 1 is excluded", {"blocked": 1, "excluded": 1}
    assert told(*typed) == ([line], counts, None)
    life = simcore.simulate(
        kit.load(WELCOME),
        pd.read_csv(ENTRIES, dtype=str),
        events=pd.read_csv(EVENTS, dtype=str),
        changes=from_json(json.loads(Path(CHANGES).read_text(encoding="utf-8"))),
    )
    without = life.journal.loc[life.journal["run"].isna(), "what"].astype(str).value_counts().to_dict()
    assert without == counts


# Why nothing is sent


def one(file, *typed, rows=("a,2026-03-06 21:07:30,",)):
    """What each command says of why nothing is sent; all say the same."""
    given = [file, entries(*rows), *typed]
    line = run("project", *given, "-o", "out.csv").stdout.splitlines()[0]
    why = line.removeprefix("no sends, in out.csv: ")
    assert line != why
    assert f"no sends: {why}" in run("project", *given).stderr.splitlines()
    assert f"no sends: {why}" in run("simulate", *given, "-o", "out").stdout.splitlines()
    assert f"no sends: {why}" in run("forecast", *given).stdout.splitlines()
    assert run("forecast", *given, "-o", "f.csv").stdout.splitlines()[0] == f"no sends, in f.csv: {why}"
    for name, more in (("project", ["-o", "out.csv"]), ("simulate", ["-o", "out"]), ("forecast", [])):
        assert json.loads(run(name, *given, *more, "--json").stdout)["why_no_sends"] == why
    return why


PUBLISHED = {"delay_value": 0, "delay_unit": "days", "published": True}


def series(*emails, **fields):
    listed = [{"subject": f"Email {at}"} | PUBLISHED | each for at, each in enumerate(emails)]
    return write("w.json", json.dumps({"sequence": {"name": "Series"} | fields, "emails": listed}))


@pytest.mark.parametrize(
    ("emails", "fields", "why"),
    [
        ([{}, {"delay_value": 1}], {"active": False}, INACTIVE),
        ([{"published": False}], {}, "no email is published (--include-drafts shows drafts)"),
        ([{"published": False}], {"active": False}, "no email is published (--include-drafts shows drafts)"),
        ([], {}, "the sequence has no emails"),
        ([{"delay_value": 1}], {"send_days": []}, CLOSED),
        ([{"delay_value": 1, "send_days": ["monday"]}], {"send_days": ["tuesday"]}, None),
        ([{"published": False}, {"delay_value": 1}], {"send_days": []}, CLOSED),
    ],
    ids=["inactive", "drafts", "inactive drafts", "no email", "no send day", "own days", "behind a draft"],
)  # fmt: skip
def test_the_reason_that_preview_gives(emails, fields, why):
    file = series(*emails, **fields)
    if why is None:  # what days of its own mean to it is a switch
        typed = ["--assume", "email_days=intersect"]
        assert one(file, *typed) == CLOSED
        return
    assert one(file) == why
    result = run("preview", file, "--entered", "2026-03-06 21:07:30", "--json")
    reasons = [row["reason"] for row in json.loads(result.stdout)]
    warnings = [json.loads(line)["warning"] for line in result.stderr.splitlines()]
    assert why in reasons or f"nothing to preview: {why}" in warnings


def test_there_are_no_entries():
    assert one(WELCOME, rows=()) == "there are no entries"
    assert one(series(active=False), rows=()) == "there are no entries"
    write("n.csv", "entered_at,count\n2026-03-06,0\n")
    shown = run("forecast", WELCOME, "n.csv").stdout
    assert shown.endswith("no sends: there are no entries\n")


def test_all_is_after_the_end():
    until = ["--until", "2026-03-06 21:07:30"]
    assert one(WELCOME, *until) == "all entries are at or after --until"
    assert one(series(active=False), *until) == "all entries are at or after --until"
    file = series({"delay_value": 3})
    assert one(file, "--until", "2026-03-08") == "no run reaches its first email before --until"
    late = series({"delay_value": 3650})
    why = "no run reaches its first email before --until"
    assert (
        one(late, "--until", "2196-01-01", rows=["a,2195-01-01,"]) == why
    )  # without the end it would be after 2200


def test_nobody_comes_as_far():
    file = series({"delay_value": 3})
    gone = ["--events", events("a,2026-03-07,unsubscribed,")]
    assert one(file, *gone) == "no run reaches its first email"
    tagged = ["--events", events("a,2026-03-05,tag_added,7")]
    file = series({"delay_value": 3}, exclude_subscriber_sources=[{"type": "tag", "ids": [7]}])
    assert one(file, *tagged) == "no entry starts a run"
    assert run("project", file, "e.csv", *tagged, "-o", "out.csv").stdout == (
        "no sends, in out.csv: no entry starts a run\n1 entry started no run: 1 is excluded\n"
    )


def test_changes_have_their_say():
    changed({"at": "2026-03-06 22:00", "op": "update", "fields": {"active": True}})
    typed = ["--changes", "c.json"]
    assert one(series({}, active=False), *typed, "--until", "2026-03-06 21:30").startswith(
        "the sequence is not active"
    )
    changed({"at": "2026-03-07", "op": "update", "fields": {"active": False}})
    assert one(series({"delay_value": 3}), *typed) == INACTIVE
    changed({"at": "2026-03-07", "op": "update", "fields": {"send_days": []}})
    assert one(series({"delay_value": 3}), *typed) == CLOSED
    changed({"at": "2026-03-07", "op": "delete_email", "email_id": -1})
    assert one(series({"delay_value": 3}), *typed) == "no run reaches its first email"


def test_no_event_enrols():
    nobody = write("t.csv", "subscriber_id,at,event,ref\na,2026-03-06T00:00Z,tag_added,other\n")
    typed = ["project", WINBACK, "--events", nobody, "-o", "out.csv"]
    assert run(*typed).stdout == "no sends, in out.csv: no event enrols anyone\n"
    told_ = run(*typed, "--until", "2026-03-07T00:00Z").stdout
    assert told_ == "no sends, in out.csv: no event enrols anyone before --until\n"


@pytest.mark.parametrize(
    ("properties", "until", "why"),
    [
        ({}, None, "the run ends before it: the date to wait for was missing"),
        (
            {"runsOutAt": "2026-05-04"},
            "2026-04-01T00:00Z",
            "no run reaches its first email before until=",
        ),
    ],
)
def test_a_run_is_explained_by_what_it_brings(properties, until, why):
    """A preview knows of no properties, and would say that the date is missing."""
    body = json.loads(Path(REPLENISH).read_text(encoding="utf-8"))
    sequence = sequenzy.from_api(body)
    product = {"sku": "x", "refillable": True} | properties
    given = entries_of("a").assign(properties=[{"product": product}])
    assert idle(projected(sequence, given, until=until), 1).why_no_sends == why


@pytest.mark.parametrize("parts", [1, 2])
def test_a_folder_of_parquet_says_the_same(parts, monkeypatch):
    monkeypatch.setattr(
        parquet.project, "__kwdefaults__", parquet.project.__kwdefaults__ | {"chunk_rows": 3 // parts}
    )
    rows = pd.DataFrame({"subscriber_id": ["a", "a", "b"], "entered_at": [AT, "2026-03-07T00:00Z", AT]})
    rows.to_parquet("e.parquet")
    typed = ["project", WELCOME, "e.parquet", "-o", "out"]
    for found in (0, parts):  # what was finished before is still known
        said = f"8 sends from 3 rows, in out; parts: {parts}, finished before: {found}"
        assert run(*typed).stdout.splitlines() == [said, "1 entry started no run: 1 came again"]
    assert json.loads(run(*typed, "--json").stdout) == {
        "rows": 3,
        "sends": 8,
        "parts": parts,
        "found": parts,
        "entries_without_run": {"ignored": 1},
        "why_no_sends": None,
        "folder": "out",
    }
    typed = ["project", series(active=False), "e.parquet", "-o", "none"]
    assert run(*typed).stdout.splitlines() == [
        f"0 sends from 3 rows, in none; parts: {parts}, finished before: 0",
        "no sends: the sequence has no emails",
        "1 entry started no run: 1 came again",
    ]
    assert json.loads(run(*typed, "--json").stdout)["why_no_sends"] == "the sequence has no emails"


# A blank draft (Q27)

BLANK = {"name": "Soon", "trigger": "contact_added"}
NOTHING = "nothing to send: the sequence has no emails"


@pytest.mark.parametrize("verb", [simcore.project, simcore.simulate, simcore.forecast])
@pytest.mark.parametrize(
    "blank", [sequenzy.from_api(BLANK), kit.Sequence(name="Soon")], ids=["sequenzy", "kit"]
)
def test_a_sequence_without_steps_says_that_there_is_nothing_to_send(verb, blank):
    with pytest.warns(UserWarning, match=f"^{NOTHING}$") as caught:
        found = verb(blank, [AT])
    assert [each.filename for each in caught] == [__file__]
    if verb is simcore.simulate:
        assert found.subscribers["status"].tolist() == ["completed"]
        found = found.timeline
    assert len(found) == 0


def test_steps_that_a_change_adds_are_something_to_send():
    steps = [{"subject": "One", "html": "x"}]
    later = sequenzy.update("2026-03-06T21:00Z", steps=steps)
    blank = sequenzy.from_api(BLANK)
    assert len(simcore.project(blank, [AT], changes=[later])) == 1
    with pytest.warns(UserWarning, match=f"^{NOTHING}$"):  # before the change
        simcore.project(blank, [AT], changes=[later], until="2026-03-06T20:00Z")


def test_summaries_say_that_a_blank_draft_sends_nothing():
    file = write("blank.json", json.dumps(BLANK))
    rows = entries("a,2026-03-06,")
    why = "the sequence has no emails"
    assert run("project", file, rows).stderr == f"no sends: {why}\n"
    assert run("project", file, rows, "-o", "out.csv").stdout == f"no sends, in out.csv: {why}\n"
    assert run("forecast", file, rows).stdout.splitlines()[-1] == f"no sends: {why}"
    assert f"no sends: {why}" in run("simulate", file, rows, "-o", "out").stdout
    assert run("preview", file, "--entered", AT).stderr == f"Warning: nothing to preview: {why}\n"


def test_a_step_that_would_unsubscribe_after_the_end():
    ends = {
        "id": "u",
        "type": "update_subscriber",
        "config": {"status": "unsubscribed"},
        "delay": {"days": 1},
    }
    mail = {"id": "m", "subject": "S", "html": "<p>Hello</p>"}
    one = sequenzy.Sequence(name="S", trigger="contact_added", steps=[ends, mail])
    log = [{"subscriber_id": "a", "at": AT, "event": "contact_added"}]
    switches = sequenzy.Assumptions(update_unsubscribes=True)
    whole = simcore.Account([one], assumptions=switches)
    why = "the run ends before it: a step unsubscribes the subscriber"
    assert whole.simulate(events=log, until="2026-03-07T00:00Z").idle["S"] == Idle({}, why)
    assert simcore.preview(one, AT, assumptions=switches)["reason"].tolist() == [why]
