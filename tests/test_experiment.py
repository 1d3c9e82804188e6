"""Experiments: what they would observe gives exactly the hidden assumptions, and no fewer sign-ups could."""

import os
from itertools import combinations
from random import Random

import numpy as np
import pandas as pd
import pytest

import simcore
from simcore import kit
from simcore.errors import EntryError, SimcoreError
from simcore.kit import covers
from simcore.kit.experiments import SWITCHES

TRIALS = int(os.environ.get("SIMCORE_TRIALS", "50"))
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
TIMING = ("day_count", "poll_every", "immediate_days", "email_days", "draft_delay")


def email(number, value, unit="days", **named):
    fields = {"id": number, "subject": f"E{number}", "delay_value": value, "delay_unit": unit}
    return kit.Email(**{"published": True, **fields, **named})


def sequence(*emails, **named):
    return kit.Sequence(name="S", emails=emails, **{"time_zone": "America/New_York", "send_hour": 9, **named})


WELCOME = kit.load(simcore.example("welcome"))
EVERYTHING = sequence(
    *(email(1, 0), email(2, 5, "hours"), email(3, 1, published=False)),
    *(email(4, 2, send_days=["tuesday", "saturday"]), email(5, 7, "hours"), email(6, 2)),
    send_days=WEEK,
    repeat=True,
    exclude_subscriber_sources=[{"type": "form", "ids": [3]}, {"type": "tag", "ids": [7]}],
)
SEQUENCES = {
    "welcome": (WELCOME, None),
    "everything": (EVERYTHING, None),
    "timing": (EVERYTHING, TIMING),
    "days": (sequence(email(1, 1), email(2, 3), send_days=WEEK, hold=True), None),
    "hours": (sequence(email(1, 1, "hours"), email(2, 26, "hours"), repeat=True), None),
    "one": (sequence(email(1, 2, "hours")), None),
}


def observed(found, base, hidden):
    sends = simcore.project(
        base, found.entries, events=found.events, changes=found.changes, assumptions=hidden
    )
    return sends.rename(columns={"send_at": "sent_at"})


@pytest.mark.slow
@pytest.mark.parametrize("name", SEQUENCES)
def test_calibration_finds_what_was_hidden(name):
    """Each time exactly the hidden class, whatever else calibration tries."""
    base, among = SEQUENCES[name]
    found = kit.experiment(base, among=among)
    names = [each for each in found.classes if each != "class"]
    of_class = {tuple(row[:-1]): row[-1] for row in found.classes.itertuples(index=False, name=None)}
    random = Random(name)
    for number in random.choices(range(len(found.classes)), k=max(TRIALS // 15, 1)):
        row = found.classes.iloc[number]
        hidden = kit.Assumptions(**{each: row[each] for each in names})
        log = observed(found, base, hidden)
        calibrated = kit.calibrate(
            base, found.entries, log, events=found.events, changes=found.changes, progress=False
        )
        assert calibrated["misfit"].iloc[0] == 0
        best = tuple(getattr(calibrated.best, each) for each in names)
        assert of_class[best] == row["class"], (number, hidden)
        if among is None:
            assert (calibrated["misfit"].iloc[1:] > 0).all(), (number, hidden)


def test_the_result():
    found = kit.experiment(EVERYTHING, among=["excluded_midway", "restart_via", "queued_emails"])
    assert [str(each) for each in found.dtypes][:2] == ["datetime64[us, America/New_York]", "Int64"]
    assert found.columns.tolist() == ["at", "subscriber_id", "do", "what"]
    assert found.index.equals(pd.RangeIndex(8))
    stamps = found["at"].dt.strftime("%d %b %H:%M")
    assert [*zip(stamps, found["subscriber_id"].fillna(0), found["do"], found["what"], strict=True)] == [
        ("04 Jan 12:07", 1, "sign up", "via the API"),
        ("04 Jan 12:08", 1, "tag_added", "tag 7"),
        ("07 Jan 12:08", 1, "tag_removed", "tag 7"),
        ("12 Jan 12:07", 2, "sign up", "via the API"),
        ("13 Jan 12:07", 2, "sign up again", "via the API"),
        ("18 Jan 12:00", 0, "edit", "the sequence: send_hour=13"),
        ("19 Jan 12:00", 0, "edit", "the sequence: send_hour=9"),
        ("02 Feb 23:59", 3, "sign up", "via the API"),
    ]
    assert found.classes.columns.tolist() == ["restart_via", "excluded_midway", "queued_emails", "class"]
    assert found.classes["class"].tolist() == list(range(8))
    assert found.classes.iloc[0, :3].tolist() == ["all", "skip_email", "keep"]
    assert found.events["event"].tolist() == ["tag_added", "tag_removed"]
    assert found.entries["subscriber_id"].tolist() == [1, 2, 2, 3]
    assert type(found.head()) is pd.DataFrame
    assert found.at_least == 2
    assert found.note == (
        "2 sign-ups, the fewest possible; they tell 8 classes of 8 combinations apart; 1 more, so that calibration "
        "can be certain"
    )


def test_what_cannot_be_told_apart_is_one_class():
    found = kit.experiment(sequence(email(1, 0)), among="day_count")
    assert found["do"].tolist() == []
    assert found.classes["class"].tolist() == [0, 0]
    assert found.note == "0 sign-ups, the fewest possible; they tell 1 class of 2 combinations apart"
    drafts = kit.experiment(sequence(email(1, 0, published=False)), among=SWITCHES)
    assert set(drafts.classes["class"]) == {0}


def test_a_budget():
    found = kit.experiment(WELCOME, budget=2)
    assert found["subscriber_id"].max() == 2
    assert found.at_least == 5
    assert found.note == (
        "2 sign-ups, as many as the budget has; they tell 72 classes of 7680 combinations apart; more would tell 360"
    )
    assert kit.experiment(WELCOME, among=TIMING, budget=9).note.startswith(
        "3 sign-ups, the fewest possible; they"
    )


def test_from_when_on():
    found = kit.experiment(WELCOME, among=["day_count"], start="2026-06-30T12:00Z")
    assert str(found["at"].iloc[0].date()) >= "2026-07-01"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            {"among": ["poll_phase"]},
            f"among: found 'poll_phase', expected switches out of: {', '.join(SWITCHES)}",
        ),
        ({"among": []}, f"among: found none, expected switches out of: {', '.join(SWITCHES)}"),
        ({"budget": 0}, "budget: found 0, expected a whole number of sign-ups, 1 or more"),
        ({"budget": True}, "budget: found True, expected a whole number of sign-ups, 1 or more"),
        ({"budget": "5"}, "budget: found '5', expected a whole number of sign-ups, 1 or more"),
    ],
)
def test_refused(named, message, text_of):
    assert text_of(SimcoreError, kit.experiment, WELCOME, **named) == message


def test_of_what(text_of):
    expected = "sequence: found 5, expected a simcore.kit.Sequence"
    assert text_of(SimcoreError, kit.experiment, 5) == expected
    with pytest.raises(EntryError, match="start: 'soon'"):
        kit.experiment(WELCOME, start="soon")


# ---------------------------------------------------------------- the fewest


def parts(table, rows):
    return len({tuple(column) for column in table[list(rows)].T.tolist()})


def fewest(table):
    """By trying all sets, the smaller ones first."""
    goal = parts(table, range(len(table)))
    return next(
        size
        for size in range(len(table) + 1)
        if any(parts(table, rows) == goal for rows in combinations(range(len(table)), size))
    )


@pytest.mark.parametrize("seed", range(60))
def test_the_fewest_of_small_tables(seed):
    random = np.random.default_rng(seed)
    things = int(random.integers(1, 14))
    table = random.integers(0, random.integers(2, 4), (int(random.integers(1, 9)), things))
    near = [*combinations(range(things), 2)][:: int(random.integers(1, 4))]
    found = covers.cover(table, near)
    assert parts(table, found.chosen) == parts(table, range(len(table)))
    assert len(found.chosen) == found.at_least == fewest(table)
    least = covers.cover(table, near, budget=1)
    assert len(least.chosen) <= 1
    assert least.at_least <= fewest(table)


def test_a_search_that_takes_too_long(monkeypatch):
    """The bound is what is known by then: nine things need two observations of three results each, at least."""
    monkeypatch.setattr(covers, "_NODES", 0)
    table = np.array([
        [thing // 3 for thing in range(9)],
        [thing % 3 for thing in range(9)],
        [0] * 4 + [1] * 5,
    ])
    assert covers.cover(table, []).at_least == 2
    ones = np.eye(6, dtype=np.int64)
    found = covers.cover(ones, [(0, 1)])
    assert (len(found.chosen), found.at_least) == (5, 3)


def test_greed_is_not_always_right():
    """The first that tells the most is needless; found where the search comes to its end."""
    rows = ["01100011", "01101011", "01010100", "10001001", "01010001", "10101011"]
    table = np.array([[*map(int, row)] for row in rows])
    found = covers.cover(table, [*combinations(range(8), 2)])
    assert sorted(found.chosen) == [1, 3, 4]
    assert found.at_least == fewest(table) == 3
    few = covers.cover(table, [(0, 1)])  # from which the others follow
    assert len(few.chosen) == few.at_least == 3
