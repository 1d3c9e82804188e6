"""Each shipped example loads, and goes with the shipped entries, without a warning."""

import json

import pandas as pd
import pytest

import simcore
from simcore import instants, kit, sequenzy
from simcore.kit.translate import _VIAS
from simcore.sequenzy import waits

ENTRIES = pd.read_csv(simcore.example("entries"))
SEQUENCES = {
    "welcome": kit.load(simcore.example("welcome")),
    "letters": kit.load(simcore.example("letters")),
    **{f"account, {each.name}": each for each in kit.load_all(simcore.example("account"))},
}


OF_SEQUENZY = ["onboarding", "replenish", "winback"]


def test_every_example_is_here():
    assert simcore.example() == [
        *("account", "changes", "entries", "events", "letters", "onboarding"),
        *("replenish", "sequenzy_events", "welcome", "winback"),
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
    """The windows and waits of spec/sequenzy.md, "Example"."""
    made = sequenzy.load(simcore.example("onboarding"))
    assert made.time_zone == "Europe/Kyiv"
    assert waits.window(made.sendingWindow) == (frozenset(range(5)), 480, 1200, "Europe/Kyiv")
    lengths = [waits.wait(step) for step in made.steps]
    assert lengths == [None, waits.Length(24 * 3600 * 10**6), waits.Length(12 * 3600 * 10**6)]


def test_events_of_sequenzy():
    events = pd.read_csv(simcore.example("sequenzy_events"))
    assert list(events) == ["subscriber_id", "at", "event", "ref", "properties"]
    assert (len(events), events["subscriber_id"].nunique()) == (40, 12)
    for name in OF_SEQUENZY:
        made = sequenzy.load(simcore.example(name))
        assert {made.eventName or made.trigger} <= set(events["event"])
    assert all(isinstance(json.loads(text), dict) for text in events["properties"].dropna())
    us, faults = instants.read(events["at"], None)
    assert faults == {}
    assert (us[1:] >= us[:-1]).all()
