"""An account in a folder: what is read, and one message for each thing that cannot be."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import simcore
from simcore import kit, sequenzy
from simcore.errors import EntryError, SimcoreError, ValidationError

SHIPPED = simcore.example("three_sequences")
ENTRIES = "sequence_id,subscriber_id,entered_at\n"
WAY_OUT = "fix those rows, or leave them out"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the shipped account, in the working folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SHIPPED, "mine")
    return Path("mine")


@pytest.fixture
def both(folder):
    """An account of two platforms: one sequence of Kit, one of Sequenzy."""
    for name in ("2-course.json", "3-offer.json", "events.csv", "broadcasts.csv"):
        (folder / name).unlink()
    shutil.copy(simcore.example("onboarding"), folder / "2-onboarding.json")
    return folder


def test_what_is_in_the_folder(folder):
    whole = simcore.Account.load(str(folder))
    assert whole.ids == [40, 41, 42]
    assert whole.sequences[41] == kit.load(folder / "2-course.json")
    assert list(whole.entries) == ["subscriber_id", "entered_at", "via", "sequence_id"]
    assert str(whole.entries["entered_at"].dtype) == "datetime64[us, UTC]"
    assert list(whole.events) == ["subscriber_id", "at", "event", "ref"]
    assert whole.broadcasts["subject"].tolist() == ["Saturday: the oven is open"]


def test_verbs_take_what_is_in_the_folder(folder):
    whole = simcore.Account.load(folder)
    plain = simcore.Account(
        whole.sequences.values(), broadcasts=pd.read_csv(folder / "broadcasts.csv", dtype=str)
    )
    assert plain.entries is None
    assert plain.events is None
    entries, events = (pd.read_csv(folder / f"{name}.csv", dtype=str) for name in ("entries", "events"))
    expected = plain.simulate(entries, events=events)
    found = whole.simulate()
    pd.testing.assert_frame_equal(found.timeline, expected.timeline)
    pd.testing.assert_frame_equal(found.journal, expected.journal)
    pd.testing.assert_frame_equal(whole.project(), expected.timeline)
    pd.testing.assert_frame_equal(
        whole.project(entries.head(9)), plain.project(entries.head(9), events=events)
    )
    pd.testing.assert_frame_equal(whole.project(events=[]), plain.project(entries))


def test_a_list_of_sequences_in_one_file(folder):
    for file in folder.iterdir():
        file.unlink()
    shutil.copy(simcore.example("account"), folder)
    whole = simcore.Account.load(folder)
    assert whole.ids == [30, 31]
    assert (whole.entries, whole.events, whole.broadcasts) == (None, None, None)


def test_assumptions(folder):
    switches = kit.Assumptions(excluded_sequence_membership="joined")
    assert simcore.Account.load(folder, assumptions=switches).assumptions == {"kit": switches}


def test_how_times_are_read(folder):
    (folder / "entries.csv").write_text(f"{ENTRIES}40,1,03/02/2026 09:00\n")
    whole = simcore.Account.load(folder, naive_time_zone="UTC", dayfirst=True)
    assert whole.entries["entered_at"].astype(str).tolist() == ["2026-02-03 09:00:00+00:00"]
    (folder / "entries.csv").write_text(f"{ENTRIES}40,1,86400\n")
    whole = simcore.Account.load(folder, unit="s")
    assert whole.entries["entered_at"].astype(str).tolist() == ["1970-01-02 00:00:00+00:00"]


def test_two_platforms(both):
    (both / "entries.csv").write_text(
        "subscriber_id,entered_at,sequence_id,via,properties\n1,2026-03-02T09:00Z,40,form,\n"
        '2,2026-03-02T10:00Z,Onboarding,,"{""plan"": ""pro""}"\n1,2026-03-02T11:00Z,Onboarding,manual,\n'.replace(
            "Onboarding", sequenzy.load(both / "2-onboarding.json").name
        )
    )
    (both / "events.csv").write_text(
        'subscriber_id,at,event,ref,properties\n1,2026-03-05T09:00Z,tag_added,12,"{""a"": 1}"\n'
        "2,2026-03-03T09:00Z,segment_left,5,\n2,2026-03-04T09:00Z,paid,,\n"
    )
    whole = simcore.Account.load(both)
    via = whole.entries["via"].astype(object)
    assert via.where(via.notna(), None).tolist() == ["form", None, "manual"]
    assert whole.entries["properties"].iloc[1] == {"plan": "pro"}
    assert whole.events["properties"].iloc[0] == {"a": 1}
    assert whole.events["event"].tolist() == ["tag_added", "segment_left", "paid"]
    assert whole.project()["sequence_id"].value_counts().tolist() == [6, 3]


def test_rows_of_two_platforms_are_refused_as_each_reads_them(both, text_of):
    own = sequenzy.load(both / "2-onboarding.json").name
    (both / "entries.csv").write_text(
        f"subscriber_id,entered_at,sequence_id,via\n1,never,40,\n2,2026-03-02T10:00Z,{own},form\n"
    )
    text = text_of(SimcoreError, simcore.Account.load, both)
    assert text.splitlines()[0] == "mine/entries.csv: 2 of 2 rows cannot be used"
    assert text.splitlines()[1].startswith("  line 2: entered_at 'never': ")
    assert text.splitlines()[2].startswith("  line 3: via 'form': not one of: ")
    assert text.splitlines()[3:] == [WAY_OUT]


def test_only_one_platform_has_entries(both):
    (both / "entries.csv").write_text(f"{ENTRIES}40,1,2026-03-02T09:00Z\n")
    assert len(simcore.Account.load(both).project()) == 3
    (both / "entries.csv").write_text(ENTRIES)
    assert len(simcore.Account.load(both).entries) == 0


# ---------------------------------------------------------------- a snapshot


def test_a_snapshot(folder, monkeypatch):
    """Whatever tables there are, what was read of the account counts; but for broadcasts, which it has not."""
    (folder / "snapshot.json").write_text('{"platform": "kit"}')
    course, offer = (kit.load(folder / name) for name in ("2-course.json", "3-offer.json"))
    entries = pd.DataFrame({
        "sequence_id": [42],
        "subscriber_id": [7],
        "entered_at": ["2026-03-02T09:00:00Z"],
    })
    events = pd.DataFrame({
        "subscriber_id": [7],
        "at": ["2026-03-09T09:00:00Z"],
        "event": ["tag_added"],
        "ref": [1],
    })
    taken = SimpleNamespace(sequences=(offer, course), entries=entries, events=events)
    asked = []
    monkeypatch.setattr(kit.platform, "load_snapshot", lambda path: asked.append(path) or taken)
    whole = simcore.Account.load(folder)
    assert asked == [folder]
    assert whole.ids == [42, 41]
    assert whole.entries is entries
    assert whole.events is events
    assert len(whole.broadcasts) == 1
    assert len(whole.project()) == 4


@pytest.mark.parametrize("told", ["[]", "{}", '{"platform": 1}'])
def test_no_snapshot(folder, told, text_of):
    (folder / "snapshot.json").write_text(told)
    text = "mine/snapshot.json: not a snapshot that simcore wrote: it names no platform"
    assert text_of(SimcoreError, simcore.Account.load, folder) == text


def test_a_snapshot_of_an_unknown_platform(folder, text_of):
    (folder / "snapshot.json").write_text('{"platform": "post"}')
    text = text_of(SimcoreError, simcore.Account.load, folder)
    assert text == "no platform 'post'; there are: kit, sequenzy"


# ---------------------------------------------------------------- what cannot be read


def test_no_folder(text_of):
    text = "nowhere: no folder, expected one with the JSON files of an account's sequences"
    assert text_of(SimcoreError, simcore.Account.load, "nowhere") == text


def test_no_sequence(folder, text_of):
    for file in folder.glob("*.json"):
        file.unlink()
    text = "mine: no sequence in it, expected a JSON file for each, as its platform's API gives it"
    assert text_of(SimcoreError, simcore.Account.load, folder) == text


def test_two_with_one_id(folder, text_of):
    payload = json.loads((folder / "1-welcome.json").read_text())
    payload["sequence"]["name"] = "Hello"
    (folder / "4-hello.json").write_text(json.dumps(payload))
    text = (
        "mine/4-hello.json: the sequence 'Hello' has the id 40, and so has 'Welcome' in mine/1-welcome.json; expected "
        "distinct ones"
    )
    assert text_of(SimcoreError, simcore.Account.load, folder) == text


def test_a_file_that_is_none(folder, text_of):
    (folder / "4.json").write_text("{}")
    text = text_of(SimcoreError, simcore.Account.load, folder)
    assert text.startswith("mine/4.json: expected a sequence as its platform's API gives it\n")
    payload = json.loads((folder / "1-welcome.json").read_text())
    payload["sequence"]["send_hour"] = 24
    (folder / "4.json").write_text(json.dumps(payload))
    text = text_of(SimcoreError, simcore.Account.load, folder)
    assert text.startswith("mine/4.json: 1 problem\n  send_hour: ")
    (folder / "4.json").write_text("{")
    text = text_of(ValidationError, simcore.Account.load, folder)
    assert text.startswith("1 problem\n  mine/4.json: not JSON: ")


EVERYWHERE = "no sequence that the event can be about: only removed is about one"
OUTSIDE = "not a sequence of the account: 40, 41 or 42"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "entries",
            f"{ENTRIES}40,1,2026-03-02T09:00Z\n43,1,2026-03-02T09:00Z\n",
            ["entries.csv: 1 of 2 rows cannot be used", f"  line 3: sequence_id '43': {OUTSIDE}", WAY_OUT],
        ),
        (
            "entries",
            "sequence_id,subscriber_id,entered_at,via\n,,2026-03-02T09:00Z,post\n",
            [
                "entries.csv: 1 of 1 rows cannot be used",
                f"  line 2: sequence_id '': {OUTSIDE}; no subscriber_id; via 'post': not one of: api, "
                "visual_automation, rule, bulk_action, import, form, manual",
                WAY_OUT,
            ],
        ),
        (
            "entries",
            "subscriber_id,entered_at\n",
            ["entries.csv: no column sequence_id; the columns are: subscriber_id, entered_at"],
        ),
        (
            "events",
            "subscriber_id,at,event,ref\n1,2026-03-02T09:00Z,sequence_joined,41\n1,2026-03-02T09:00Z,sequence_joined,9\n"
            "1,2026-03-02T09:00Z,tag_added,41\n",
            [
                "events.csv: 1 of 3 rows cannot be used",
                "  line 2: ref '41': a sequence of the account: who is in it comes from entries",
                WAY_OUT,
            ],
        ),
        (
            "events",
            "subscriber_id,at,event,sequence_id\n1,2026-03-02T09:00Z,removed,41\n1,2026-03-02T09:00Z,removed,\n"
            "1,2026-03-02T09:00Z,removed,9\n1,2026-03-02T09:00Z,unsubscribed,41\n",
            [
                "events.csv: 2 of 4 rows cannot be used",
                f"  line 4: sequence_id '9': {OUTSIDE}",
                f"  line 5: sequence_id '41': {EVERYWHERE}",
                WAY_OUT,
            ],
        ),
        (
            "broadcasts",
            "at,subject,audience\nsoon,A,\n2026-03-02T09:00Z,B,12\n",
            ["broadcasts.csv: 1 of 2 rows cannot be used", "  line 2: at 'soon': not a date and", WAY_OUT],
        ),
        (
            "broadcasts",
            "at,subject,audience,subscriber_id\n2026-03-02T09:00Z,A,12,\n2026-03-02T09:00Z,B,12,a\n",
            [
                "broadcasts.csv: 1 of 2 rows cannot be used",
                "  line 3: an audience and a subscriber_id, expected one of them at most",
                WAY_OUT,
            ],
        ),
        (
            "broadcasts",
            "At,Subject\n",
            [
                "broadcasts.csv: no column at and no column subject; did you mean 'At' and 'Subject'? the columns "
                "are: At, Subject"
            ],
        ),
    ],
)
def test_tables(folder, name, text, message, text_of):
    (folder / f"{name}.csv").write_text(text)
    found = text_of(SimcoreError, simcore.Account.load, folder).splitlines()
    assert [
        line[: len(wanted)] for line, wanted in zip(found, ["mine/" + message[0], *message[1:]], strict=True)
    ] == [
        f"mine/{message[0]}",
        *message[1:],
    ]


def test_what_is_blank_is_missing(folder):
    (folder / "broadcasts.csv").write_text("at,subject,audience,subscriber_id\n2026-03-12T13:00Z,A,,5001\n")
    (folder / "events.csv").write_text(
        "subscriber_id,at,event,sequence_id\n5001,2026-03-03T13:00Z,removed,\n5002,2026-03-03T13:00Z,removed,41\n"
    )
    whole = simcore.Account.load(folder)
    assert whole.broadcasts["audience"].isna().all()
    assert whole.events["sequence_id"].isna().tolist() == [True, False]
    assert whole.project()["sequence_id"].isna().sum() == 1


# ---------------------------------------------------------------- the messages of accounts themselves


def test_messages_of_the_library(text_of):
    sequences = [kit.load(SHIPPED / name) for name in ("1-welcome.json", "2-course.json")]
    text = "sequences: two have the id 40: 'Welcome', 'Welcome'; expected distinct ones"
    assert text_of(SimcoreError, simcore.Account, [sequences[0]] * 2) == text
    assert text_of(SimcoreError, simcore.Account, []) == "sequences: there are none, expected at least one"
    text = "sequences: found 5, expected a list of sequences"
    assert text_of(SimcoreError, simcore.Account, 5) == text
    whole = simcore.Account(sequences)
    entry = {"sequence_id": 40, "subscriber_id": 1, "entered_at": "2026-03-02T09:00Z"}
    text = (
        "entries: sequence_id: 1 of 2 rows cannot be used\n  row 1: 43 is not a sequence of the account: 40 or 41\n"
        f"{WAY_OUT}"
    )
    assert text_of(EntryError, whole.project, [entry, {**entry, "sequence_id": 43}]) == text
    event = {"subscriber_id": 1, "at": "2026-03-02T09:00Z", "event": "sequence_joined", "ref": 41}
    text = (
        "events: ref: 1 of 2 rows cannot be used\n  row 0: 41 is a sequence of the account: who is in it comes from "
        f"entries\n{WAY_OUT}"
    )
    assert text_of(EntryError, whole.project, [entry], events=[event, {**event, "ref": 9}]) == text
    event = {"subscriber_id": 1, "at": "2026-03-02T09:00Z", "event": "unsubscribed", "sequence_id": 41}
    text = f"events: sequence_id: 1 of 1 rows cannot be used\n  row 0: 41 is {EVERYWHERE}\n{WAY_OUT}"
    assert text_of(EntryError, whole.project, [entry], events=[event]) == text


@pytest.mark.parametrize("most", [0, -1, 1.5, True, "2"])
def test_a_cap_of_nothing(most, text_of):
    text = f"cap: most: found {most!r}, expected a whole number of 1 or more, or None for no limit"
    assert text_of(SimcoreError, simcore.Cap, most, "7D") == text


@pytest.mark.parametrize("window", ["0D", "-1D", "soon", 7, None])
def test_a_cap_with_a_window_of_no_length(window, text_of):
    text = f'cap: window: found {window!r}, expected a length of time over 0, such as "7D" or "36h"'
    assert text_of(SimcoreError, simcore.Cap, 2, window) == text


def test_a_sequence_of_which_another_matters_may_have_no_entries():
    whole = simcore.Account.load(SHIPPED)
    only = whole.entries[whole.entries["sequence_id"] == "41"]
    life = whole.simulate(only)
    assert life.idle[42].why_no_sends == "there are no entries"
    assert life.idle[41].why_no_sends == ""
    assert set(life.subscribers["sequence_id"]) == {41}


def test_why_nothing_is_sent_where_sequences_matter_to_each_other():
    whole = simcore.Account.load(SHIPPED)
    course, offer = (whole.sequences[key].replace(send_days=[]) for key in (41, 42))
    rows = [
        {"sequence_id": key, "subscriber_id": 1, "entered_at": "2026-03-02T09:00-05:00"} for key in (41, 42)
    ]
    life = simcore.Account([course.replace(active=False), offer]).simulate(rows)
    assert life.idle[41].why_no_sends == "the sequence is not active, so nothing is sent"
    assert life.idle[42] == ({"excluded": 1}, "no entry starts a run")
    assert life.idle[42].told() == "1 entry started no run: 1 is excluded"


def test_broadcasts_that_would_go_to_all(folder):
    (folder / "broadcasts.csv").write_text("at,subject,Audiense\n2026-03-02T09:00Z,A,12\n")
    told = r"^mine/broadcasts\.csv: column 'Audiense' not read \(did you mean audience\?\)$"
    with pytest.warns(UserWarning, match=told):
        assert len(simcore.Account.load(folder).broadcasts) == 1
