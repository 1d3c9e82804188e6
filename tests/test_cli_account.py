"""`simcore account` and `simcore lint FOLDER`: what is shown, what is written, and how they say no."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from conftest import read_back
from test_cli import _here, refused, run, write  # noqa: F401  the working folder is each test's own

import simcore
from simcore import kit
from simcore.show import terminal

SHIPPED = simcore.example("three_sequences")
ENTRIES = "sequence_id,subscriber_id,entered_at\n"
SUMMARY = """\
299 sends to 40 subscribers, Mon 2 Mar 2026 12:52 EST to Mon 23 Mar 2026 09:00
EDT

 sequence  name                sends  subscribers
 ────────────────────────────────────────────────
 40        Welcome               119           40
 41        Bread in five days    111           23
 42        Spring offer           39           13
           broadcasts             30           30

4 entries started no run: 4 are excluded

Sends in each week, from Monday:

 period                   sends
 ──────────────────────────────
 Mon  2 Mar 2026 (167 h)     75  ████████████████████▌
 Mon  9 Mar 2026            172  ███████████████████████████████████████████████
 Mon 16 Mar 2026             49  █████████████▍
 Mon 23 Mar 2026              3  ▉

The most that a subscriber gets within 7 days:

 sends  subscribers
 ──────────────────
 3                5  █████████████████████████████▌
 4                6  ███████████████████████████████████▍
 5                3  █████████████████▊
 6                2  ███████████▊
 7                3  █████████████████▊
 8                9  █████████████████████████████████████████████████████▏
 9               10  ███████████████████████████████████████████████████████████
 10               2  ███████████▊

busiest week: Mon 9 Mar 2026 with 172
most to one subscriber: 10 within 7 days to 5027, from Mon 2 Mar 2026 12:52 EST
"""


def mine(*leave_out):
    """A copy of the shipped account in the working folder."""
    shutil.copytree(SHIPPED, "mine", ignore=lambda *_: [*leave_out])
    return "mine"


def life(**named):
    return simcore.Account.load(SHIPPED).simulate(**named)


def test_the_summary():
    assert run("account", SHIPPED).stdout == SUMMARY


def test_under_a_cap():
    shown = run("account", SHIPPED, "--cap", "2/7D").stdout
    assert re.findall(r"^ (4\d|  ) +(\S.*?\S) +(\d+) +(\d+)(?:  (\d+))?$", shown, re.MULTILINE) == [
        ("40", "Welcome", "114", "40", "82"),
        ("41", "Bread in five days", "103", "23", "98"),
        ("42", "Spring offer", "24", "8", "27"),
        ("  ", "broadcasts", "30", "30", ""),
    ]
    assert re.findall(r"^ (\d+) +(\d+) +(\d+)", shown, re.MULTILINE) == [
        *[("2", "0", "15"), ("3", "5", "25"), ("4", "6", "0"), ("5", "3", "0"), ("6", "2", "0")],
        *[("7", "3", "0"), ("8", "9", "0"), ("9", "10", "0"), ("10", "2", "0")],
    ]
    assert shown.splitlines()[-1] == (
        "over 2 sends within 7 days: 40 subscribers without the cap, 25 with it, by broadcasts: 5027 (3), 5011 (3), "
        "5002 (3), 5018 (3), 5016 (3) and 20 more"
    )


def test_a_cap_that_leaves_out():
    shown = run("account", mine("broadcasts.csv"), "--cap", "2/36h", "--on-excess", "skip").stdout
    assert " capped\n" in shown
    assert "deferred" not in shown
    assert "broadcasts" not in shown
    last = shown.splitlines()[-1]
    assert re.fullmatch(
        r"over 2 sends within 1 day 12 hours: \d+ subscribers without the cap, 0 with it", last
    )


def test_few_are_over():
    typed = ["--cap", "9/7D", "--on-excess", "skip", "--priority", "42", "--priority", "41"]
    shown = run("account", SHIPPED, *typed).stdout
    capped = simcore.Cap(9, "7D", on_excess="skip", priority=[42, 41])
    over = life(cap=capped).pressure().subscribers.query("most > 9")
    assert len(over) < 5
    named = "".join(
        f", by broadcasts: {each}"
        for each in [" and ".join(f"{who} (10)" for who in over["subscriber_id"])]
        if each
    )
    assert (
        shown.splitlines()[-1]
        == f"over 9 sends within 7 days: 2 subscribers without the cap, {len(over)} with it{named}"
    )


@pytest.mark.parametrize("cap", [None, simcore.Cap(2, "7D")])
def test_for_machines(cap):
    typed = [] if cap is None else ["--cap", "2/7D"]
    found, expected = json.loads(run("account", SHIPPED, *typed, "--json").stdout), life(cap=cap)
    mails = expected.timeline
    assert found["sends"] == len(mails)
    assert found["first_send"] == "2026-03-02T12:52:00-05:00"
    assert found["why_no_sends"] is None
    assert sum(found["entries_without_run"].values()) == len(expected.journal[expected.journal["run"].isna()])
    assert [each["sequence_id"] for each in found["sequences"]] == [40, 41, 42]
    for each in found["sequences"]:
        own = mails[(mails["sequence_id"] == each["sequence_id"]).to_numpy(bool, na_value=False)]
        assert (each["sends"], each["subscribers"]) == (len(own), own["subscriber_id"].nunique())
        notes = expected.journal[(expected.journal["sequence_id"] == each["sequence_id"]).to_numpy()]
        assert each["deferred"] == (notes["what"] == "deferred").sum()
        assert each["capped"] == 0
    assert found["broadcasts"] == {"sends": 30, "subscribers": 30}
    assert sum(each["sends"] for each in found["weeks"]) == len(mails)
    assert found["weeks"][1]["week"] == "2026-03-09T00:00:00-04:00"
    spread = expected.pressure().distribution["subscribers"]
    assert found["most_in_window"] == [{"sends": most, "subscribers": many} for most, many in spread.items()]
    assert found["window_seconds"] == 7 * 86400
    if cap is None:
        assert found["cap"] is None
    else:
        over = found["cap"].pop("over")
        assert found["cap"] == {
            "most": 2,
            "window_seconds": 7 * 86400,
            "on_excess": "defer",
            "over_without_cap": 40,
        }
        assert len(over) == 25
        assert over[0] == {"subscriber_id": "5027", "most": 3}
    assert (found["quarantined"], found["events_quarantined"]) == (0, 0)


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_all_mails_in_a_file(name):
    shown = run("account", SHIPPED, "--until", "2026-03-10", "--explain", "-o", name).stdout
    expected = life(until="2026-03-10T00:00-04:00", explain=True).timeline
    assert shown.splitlines()[-1] == f"{len(expected)} sends: in {name}"
    if name.endswith(".parquet"):
        pd.testing.assert_frame_equal(read_back(name), expected, check_categorical=False, check_dtype=False)
    else:
        read = pd.read_csv(name, dtype=str)
        assert list(read) == list(expected)
        assert read["sequence_id"].tolist() == [str(each) for each in expected["sequence_id"]]
        assert read["subject"].tolist() == expected["subject"].tolist()
    found = json.loads(run("account", SHIPPED, "--json", "-o", name).stdout)
    assert found["file"] == name


def test_other_entries_and_events():
    write("e.csv", f"{ENTRIES}41,1,2026-03-02 09:00\n")
    write("v.csv", "subscriber_id,at,event\n1,2026-03-03 12:00,unsubscribed\n")
    found = json.loads(run("account", SHIPPED, "--entries", "e.csv", "--events", "v.csv", "--json").stdout)
    assert (found["sends"], found["first_send"]) == (2, "2026-03-02T09:00:00-05:00")
    mail = json.loads(
        run("account", SHIPPED, "--entries", "e.csv", "--naive-time-zone", "UTC", "--json").stdout
    )
    assert mail["first_send"] == "2026-03-02T04:00:00-05:00"


def test_columns_and_delimiters():
    write("e.csv", "sequence_id;who;when\n40;1;02/03/2026 09:00\n")
    named = [
        "--column",
        "subscriber_id=who",
        "--column",
        "entered_at=when",
        "--delimiter",
        ";",
        "--day-first",
    ]
    folder = mine("entries.csv", "events.csv", "broadcasts.csv")
    found = json.loads(run("account", folder, "--entries", "e.csv", *named, "--json").stdout)
    assert (found["sends"], found["first_send"]) == (3, "2026-03-02T09:00:00-05:00")
    Path(folder, "broadcasts.csv").write_text("at;subject\n2026-03-05T09:00Z;A\n")
    found = json.loads(run("account", folder, "--entries", "e.csv", *named, "--json").stdout)
    assert found["broadcasts"]["sends"] == 1


def test_a_snapshot(monkeypatch):
    folder = mine("events.csv")
    whole = simcore.Account.load(folder)
    taken = SimpleNamespace(sequences=tuple(whole.sequences.values()), entries=whole.entries, events=None)
    monkeypatch.setattr(kit.platform, "load_snapshot", lambda _: taken)
    write("mine/snapshot.json", '{"platform": "kit"}')
    assert run("account", folder).stdout == run("account", mine_without_events()).stdout


def mine_without_events():
    shutil.copytree(SHIPPED, "other", ignore=lambda *_: ["events.csv"])
    return "other"


def test_switches():
    found = json.loads(
        run("account", SHIPPED, "--assume", "excluded_sequence_membership=joined", "--json").stdout
    )
    switches = kit.Assumptions(excluded_sequence_membership="joined")
    expected = simcore.Account.load(SHIPPED, assumptions=switches).project()
    assert found["sends"] == len(expected) != len(life().timeline)


def test_switches_of_two_platforms():
    folder = mine("2-course.json", "3-offer.json", "entries.csv", "events.csv", "broadcasts.csv")
    shutil.copy(simcore.example("onboarding"), folder)
    write("mine/entries.csv", f"{ENTRIES}40,1,2026-03-02T09:00Z\n")
    write("mine/events.csv", "subscriber_id,at,event\n1,2026-03-02T09:00Z,contact_added\n")
    typed = ["--assume", "day_count=elapsed", "--assume", "segment_poll=30min", "--naive-time-zone", "UTC"]
    found = json.loads(run("account", folder, *typed, "--json").stdout)
    assert [each["sends"] for each in found["sequences"]] == [3, 3]
    message = refused("account", folder, "--assume", "day=1")
    assert message.startswith(
        "--assume: found 'day=1', expected NAME=VALUE with one of the names: day_count, "
    )
    Path(folder, "entries.csv").unlink()
    found = json.loads(run("account", folder, "--json").stdout)
    assert [each["sends"] for each in found["sequences"]] == [0, 3]
    assert [each["why_no_sends"] for each in found["sequences"]] == ["there are no entries", None]
    assert "40: no sends: there are no entries\n" in run("account", folder).stdout
    Path(folder, "events.csv").unlink()
    text = "mine: no entries.csv in it, expected one, or --entries with the people who enter, or events that enrol "
    text += "them"
    assert refused("account", folder) == text


def test_nothing_is_sent():
    write("e.csv", f"{ENTRIES}40,1,2026-03-02T09:00Z\n")
    shown = run("account", SHIPPED, "--entries", "e.csv", "--until", "2026-03-01").stdout
    assert shown.splitlines()[0] == "no sends"
    assert shown.splitlines()[-3:] == [
        "40: no sends: all entries are at or after --until",
        "41: no sends: there are no entries",
        "42: no sends: there are no entries",
    ]
    found = json.loads(
        run("account", SHIPPED, "--entries", "e.csv", "--until", "2026-03-01", "--json").stdout
    )
    assert found["why_no_sends"] == (
        "40: all entries are at or after --until; 41: there are no entries; 42: there are no entries"
    )
    assert (found["weeks"], found["most_in_window"], found["first_send"]) == ([], [], None)


# ---------------------------------------------------------------- rows that cannot be used


def test_rows_set_aside():
    folder = mine("broadcasts.csv")
    write(
        "mine/entries.csv",
        f"{ENTRIES}40,1,2026-03-02T09:00Z\n49,2,2026-03-02T09:00Z\n41,3,never\n41,4,2026-03-02T09:00Z\n",
    )
    write(
        "mine/events.csv",
        "subscriber_id,at,event,ref\n1,2026-03-02T09:00Z,sequence_joined,41\n1,2026-03-02T09:00Z,tag_added,1\n",
    )
    message = refused("account", folder)
    assert message.startswith(
        "mine/entries.csv: 2 of 4 rows cannot be used\n"
        "  line 3: sequence_id '49': not a sequence of the account: 40, 41 or 42\n"
        "  line 4: entered_at 'never': "
    )
    assert message.endswith(
        "\n--on-error quarantine sets them aside in a file of their own and goes on with the others"
    )
    shown = run("account", folder, "--on-error", "quarantine", "-o", "out.csv")
    assert shown.stderr == (
        "2 of 4 rows cannot be used: see out.quarantine.csv\n"
        "1 of 2 rows cannot be used: see out.events.quarantine.csv\n"
    )
    assert shown.stdout.startswith("8 sends to 2 subscribers")
    aside = pd.read_csv("out.quarantine.csv", dtype=str)
    assert aside["line"].tolist() == ["3", "4"]
    assert aside["subscriber_id"].tolist() == ["2", "3"]
    aside = pd.read_csv("out.events.quarantine.csv", dtype=str)
    assert aside["reason"].tolist() == [
        "ref '41': a sequence of the account: who is in it comes from entries"
    ]
    found = json.loads(run("account", folder, "--on-error", "quarantine", "--json").stdout)
    assert (found["quarantined"], found["quarantine_file"]) == (2, "mine/entries.quarantine.csv")


def test_no_input_is_written_to():
    folder = mine()
    message = refused("account", folder, "-o", "mine/entries.csv")
    assert message == "mine/entries.csv: cannot be written: it is an input"
    message = refused("account", folder, "-o", "mine/broadcasts.csv")
    assert message == "mine/broadcasts.csv: cannot be written: it is an input"


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["--cap", "2"], "--cap: found '2', expected MOST/WINDOW, such as 2/7D: 2 mails within 7 days"),
        (["--cap", "0/7D"], "--cap: found 0, expected a whole number of 1 or more"),
        (["--cap", "-1/7D"], "--cap: found '-1', expected a whole number of 1 or more"),
        (["--cap", "2/0D"], '--cap: found \'0D\', expected a length of time over 0, such as "7D" or "36h"'),
        (["--cap", "2/7D", "--on-excess", "drop"], "--on-excess: found 'drop', expected 'defer' or 'skip'"),
        (["--cap", "2/7D", "--priority", "43"], "--priority: no sequence '43'; there are: 40, 41, 42"),
        (["--on-excess", "skip"], "--on-excess: only with --cap, such as --cap 2/7D"),
        (["--priority", "40"], "--priority: only with --cap, such as --cap 2/7D"),
        (["-o", "out.txt"], "out.txt: expected a name that ends in .csv or .parquet"),
        (["--entries", "none.csv"], "none.csv: No such file or directory"),
    ],
)
def test_options(typed, message):
    assert refused("account", SHIPPED, *typed) == message


def test_folders():
    text = "nowhere: no folder, expected one with the JSON files of an account's sequences"
    assert refused("account", "nowhere") == text
    folder = mine("entries.csv")
    text = (
        "mine: no entries.csv in it, expected one, or --entries with the people who enter (events enrol nobody in "
        "these sequences)"
    )
    assert refused("account", folder) == text
    shutil.copy("mine/1-welcome.json", "mine/4.json")
    text = (
        "mine/4.json: the sequence 'Welcome' has the id 40, and so has 'Welcome' in mine/1-welcome.json; expected "
        "distinct ones"
    )
    assert refused("account", folder) == text
    write("e.csv", "subscriber_id,entered_at\n")
    Path("mine/4.json").unlink()
    text = "e.csv: no column sequence_id; the columns are: subscriber_id, entered_at"
    assert refused("account", folder, "--entries", "e.csv") == text


@pytest.mark.parametrize(("own", "where", "email"), [(40, "sequence 40: ", 403), (41, "", 413)])
def test_sends_that_are_too_late(own, where, email):
    """No row is set aside for it: of which file it is nobody can say."""
    write("e.csv", f"{ENTRIES}40,1,2026-03-02T09:00Z\n{own},2,2199-12-30T09:00Z\n")
    folder = mine("events.csv", "broadcasts.csv")
    assert refused("account", folder, "--entries", "e.csv", "--on-error", "quarantine") == (
        f"{where}the email at position 2 (id {email}) would go out after 2200-01-01 UTC to subscriber '2': pass "
        "--until to end before that, or change the delay or the entry"
    )


# ---------------------------------------------------------------- lint


def test_lint_of_a_folder():
    shown = run("lint", SHIPPED).stdout
    assert shown.startswith(
        "Welcome, America/New_York\nnothing to say\n\nBread in five days, America/New_York\n\n"
    )
    assert "note  41 > 42 > 41  excludes-in-circle\n    Sequences 41 ('Bread in five days')" in shown
    assert shown.endswith("\n\n1 note\n")
    found = json.loads(run("lint", SHIPPED, "--as-of", "2026-01-01", "--json").stdout)
    expected = simcore.Account.load(SHIPPED).lint("2026-01-01T00:00-05:00")
    assert (found["errors"], found["warnings"], found["notes"]) == (0, 2, 1)
    assert [each["message"] for each in found["findings"]] == expected["message"].tolist()
    assert [each["sequence"] for each in found["findings"]] == ["Welcome", "Welcome", "Bread in five days"]


def test_lint_of_a_folder_takes_it_as_it_is():
    text = f"--among: {SHIPPED} is a folder, whose sequences are checked as they are"
    assert refused("lint", SHIPPED, "--among", simcore.example("letters")) == text
    text = f"--time-zone: {SHIPPED} is a folder, whose sequences are checked as they are"
    assert refused("lint", SHIPPED, "--time-zone", "UTC") == text


# ---------------------------------------------------------------- the terminal


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_it_fits_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = run("account", SHIPPED, "--cap", "9/7D").stdout
    tables = [line for line in shown.splitlines() if line.startswith(" ")]
    assert max(map(len, tables)) <= columns
    assert max(map(len, run("account", "--help").stdout.splitlines())) <= 80


def test_a_chart_says_what_its_rows_are(capsysbinary):
    terminal.chart(["1", "20"], {"x": [1, 2]}, "sends")
    assert capsysbinary.readouterr().out.decode().startswith(" sends  x\n ")


def test_columns_of_any_name():
    folder = mine("entries.csv")
    text = (Path(SHIPPED) / "entries.csv").read_text().replace("sequence_id,", "Sequence,", 1)
    path = write("e.csv", text)
    said = refused("account", folder, "--entries", path)
    assert said.endswith("; --column sequence_id=Sequence maps it")
    assert run("account", folder, "--entries", path, "--column", "sequence_id=Sequence").stdout == SUMMARY


def test_no_room_for_what_people_get_without_the_cap(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    shown = run("account", SHIPPED, "--cap", "2/7D").stdout
    assert "No room for what people get without the\ncap: use a wider terminal or --json.\n" in shown
