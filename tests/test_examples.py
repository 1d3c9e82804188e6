"""Each shipped example loads, and goes with the shipped entries, without a warning."""

import json

import pandas as pd
import pytest

import simcore
from simcore import kit, sequenzy
from simcore.clock import instants
from simcore.kit.translate import _VIAS
from simcore.sequenzy import waits

ENTRIES = pd.read_csv(simcore.example("entries"))
SEQUENCES = {
    "welcome": kit.load(simcore.example("welcome")),
    "letters": kit.load(simcore.example("letters")),
    **{f"account, {each.name}": each for each in kit.load_all(simcore.example("account"))},
}


EVENTS = pd.read_csv(simcore.example("sequenzy_events"))
EVENTS["properties"] = [json.loads(text) if isinstance(text, str) else None for text in EVENTS["properties"]]
OF_SEQUENZY = ["onboarding", "replenish", "winback"]


def test_every_example_is_here():
    assert simcore.example() == [
        *("account", "changes", "entries", "events"),
        *("kit_emails", "kit_sequence", "kit_sequences", "kit_subscribers", "letters", "onboarding"),
        *("replenish", "sequenzy_enrollments", "sequenzy_events", "three_sequences", "welcome", "winback"),
    ]


def test_entries():
    assert list(ENTRIES) == ["subscriber_id", "entered_at", "via"]
    assert set(ENTRIES["via"]) <= set(_VIAS)
    good, bad = simcore.split_entries(ENTRIES)
    assert (len(good), len(bad)) == (len(ENTRIES), 0)


@pytest.mark.parametrize("name", SEQUENCES)
def test_projected(name):
    sequence = SEQUENCES[name]
    timeline = simcore.project(sequence, ENTRIES)
    runs = timeline.groupby(["subscriber_id", "run"], sort=False).size()
    published = sum(email.published for email in sequence.emails)
    assert runs.max() == published
    assert timeline["subscriber_id"].nunique() == ENTRIES["subscriber_id"].nunique()
    if not sequence.repeat:
        assert len(timeline) == published * ENTRIES["subscriber_id"].nunique()
    assert len(simcore.preview(sequence, ENTRIES["entered_at"].iloc[0])) == published


@pytest.mark.parametrize("name", ["welcome", "letters"])
def test_what_is_shipped_is_what_the_api_gives(name):
    payload = json.loads(simcore.example(name).read_text("utf-8"))
    written = kit.from_api(payload).to_api()
    assert written["sequence"] == {**written["sequence"], **payload["sequence"]}
    for before, after in zip(payload["emails"], written["emails"], strict=True):
        assert after == {**after, **before}


@pytest.mark.parametrize("name", OF_SEQUENZY)
def test_of_sequenzy(name):
    written = json.loads(simcore.example(name).read_text("utf-8"))
    assert sequenzy.load(simcore.example(name)).to_api() == written


def test_the_worked_example():
    """The windows and waits of the example in sequenzy/RULES.md."""
    made = sequenzy.load(simcore.example("onboarding"))
    assert made.time_zone == "Europe/Kyiv"
    assert waits.window(made.sendingWindow) == waits.Weekdays(frozenset(range(5)), 480, 1200, "Europe/Kyiv")
    lengths = [waits.wait(step) for step in made.steps]
    assert lengths == [None, waits.Length(24 * 3600 * 10**6), waits.Length(12 * 3600 * 10**6)]

    timeline = simcore.project(made, events=EVENTS[EVENTS["subscriber_id"] == 501])
    assert timeline["send_at"].map(str).tolist() == [
        "2026-03-27 19:30:00+02:00",
        "2026-03-30 08:00:00+03:00",
        "2026-03-31 08:00:00+03:00",
    ]


def test_events_of_sequenzy():
    assert list(EVENTS) == ["subscriber_id", "at", "event", "ref", "properties"]
    assert (len(EVENTS), EVENTS["subscriber_id"].nunique()) == (40, 12)
    us, faults = instants.read(EVENTS["at"], None)
    assert faults == {}
    assert (us[1:] >= us[:-1]).all()


@pytest.mark.parametrize(
    ("name", "statuses", "kept_out"),
    [
        ("onboarding", {"completed": 9, "stopped": 2, "cancelled": 1}, ["repeated"]),
        ("winback", {"completed": 4, "stopped": 1, "cancelled": 1}, ["repeated"]),
        ("replenish", {"completed": 3, "stopped": 2, "cancelled": 1}, ["duplicate", "no_key"]),
    ],
)
def test_what_the_events_show(name, statuses, kept_out):
    """Runs that go through, are stopped and end; and who is kept out, and why."""
    found = simcore.simulate(sequenzy.load(simcore.example(name)), events=EVENTS)
    counted = found.subscribers["status"].value_counts()
    assert counted[counted > 0].to_dict() == statuses
    assert found.journal.loc[found.journal["run"].isna(), "what"].tolist() == kept_out


def test_the_account():
    whole = simcore.Account.load(simcore.example("three_sequences"))
    assert whole.ids == [40, 41, 42]
    assert (len(whole.entries), len(whole.events), len(whole.broadcasts)) == (80, 4, 1)
    assert whole.entries["subscriber_id"].nunique() == 40
    life = whole.simulate()
    assert life.timeline["sequence_id"].value_counts(dropna=False).tolist() == [119, 111, 39, 30]
    counted = life.journal["what"].value_counts()
    assert counted[counted > 0].to_dict() == {"started": 76, "completed": 72, "cancelled": 4, "excluded": 4}
