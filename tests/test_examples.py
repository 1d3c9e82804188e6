"""Each shipped example loads, and goes with the shipped entries, without a warning."""

import json

import pandas as pd
import pytest

import simcore
from simcore import kit
from simcore.kit.translate import _VIAS

ENTRIES = pd.read_csv(simcore.example("entries"))
SEQUENCES = {
    "welcome": kit.load(simcore.example("welcome")),
    "letters": kit.load(simcore.example("letters")),
    **{f"account, {each.name}": each for each in kit.load_all(simcore.example("account"))},
}


def test_every_example_is_here():
    assert simcore.example() == ["account", "changes", "entries", "events", "letters", "welcome"]


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
