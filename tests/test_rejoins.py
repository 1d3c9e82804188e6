"""Many returns: tens of thousands of arrivals of some two thousand subscribers, and what must add up."""

from collections import Counter
from functools import cache

import numpy as np
import oracle
import pandas as pd
import pytest

import simcore
from simcore import kit

ARRIVALS, PEOPLE = 46_000, 2_200
START = pd.Timestamp("2025-01-01", tz="America/Chicago")
UNTIL = START + pd.Timedelta(400, "D")
CASES = [
    pytest.param({"repeat": True}, {}, id="repeat"),
    pytest.param({"repeat": False}, {}, id="no repeat"),
    pytest.param({"repeat": True, "hold": True}, {"restart_via": "listed"}, id="listed, hold"),
    pytest.param({"repeat": True}, {"excluded_midway": "end_run"}, id="excluded ends"),
]


@cache
def arrivals():
    """Arrivals over a year, on quarter hours, so that some of a subscriber tie; a few come very often."""
    rng = np.random.default_rng(20250101)
    weights = 1 / np.arange(1, PEOPLE + 1) ** 0.6
    return pd.DataFrame({
        "subscriber_id": [
            f"p{one:04}" for one in rng.choice(PEOPLE, ARRIVALS, p=weights / weights.sum()).tolist()
        ],
        "entered_at": START + pd.to_timedelta(rng.integers(0, 365 * 24 * 4, ARRIVALS) * 900, unit="s"),
        "via": rng.choice(["api", "form", "rule", "import", "visual_automation"], ARRIVALS),
    })


@cache
def events():
    rng = np.random.default_rng(20250102)
    size = 6_000
    names = ["tag_added", "tag_removed", "unsubscribed", "resubscribed", "removed"]
    return pd.DataFrame({
        "subscriber_id": [f"p{one:04}" for one in rng.integers(0, PEOPLE + 100, size).tolist()],
        "at": START + pd.to_timedelta(rng.integers(0, 365 * 24 * 4, size) * 900, unit="s"),
        "event": rng.choice(names, size, p=[0.3, 0.25, 0.1, 0.3, 0.05]),
        "ref": 7.0,
    })


CHANGES = [
    kit.create_email(
        "2025-03-01T12:00Z", id=9, subject="New", delay_value=1, delay_unit="days", published=True, position=1
    ),
    kit.update("2025-05-01T00:00Z", active=False),
    kit.update("2025-05-08T16:00Z", active=True),
    kit.update_email("2025-07-01T00:00Z", 3, published=False),
    kit.delete_email("2025-09-01T00:00Z", 4),
]


def course(repeat, hold):
    return kit.Sequence(
        name="Course",
        time_zone="America/Chicago",
        send_days=("monday", "tuesday", "wednesday", "thursday", "friday"),
        send_hour=8,
        repeat=repeat,
        hold=hold,
        exclude_subscriber_sources=[{"type": "tag", "ids": [7]}],
        emails=tuple(
            kit.Email(id=number, subject=f"Part {number}", delay_value=delay, delay_unit=unit, published=True)
            for number, delay, unit in (
                (1, 0, "days"),
                (2, 5, "hours"),
                (3, 2, "days"),
                (4, 3, "days"),
                (5, 7, "days"),
            )
        ),
    )


@cache
def life(repeat, hold, changing, assume):
    given = {"events": events(), "changes": CHANGES, "until": UNTIL} if changing else {}
    return simcore.simulate(
        course(repeat, hold), arrivals(), assumptions=kit.Assumptions(**dict(assume)), **given
    )


@pytest.fixture(params=[False, True], ids=["alone", "with events and changes"])
def changing(request):
    return request.param


@pytest.mark.slow
@pytest.mark.parametrize(("fields", "assume"), CASES)
def test_identities(fields, assume, changing):
    found = life(fields["repeat"], fields.get("hold", False), changing, tuple(assume.items()))
    sends, runs, journal = found
    entered = arrivals()
    away = journal[journal["run"].isna()]

    # Every arrival is a run, or a row of the journal that says why not.
    assert len(runs) + len(away) == ARRIVALS
    assert set(away["what"]) <= {"ignored", "excluded", "blocked"}
    away = away.rename(columns={"at": "entered_at"})
    key = ["subscriber_id", "entered_at"]
    keys = pd.concat([runs[key], away[key]]).sort_values(key, ignore_index=True)
    given = entered[key].sort_values(key, ignore_index=True)
    assert keys["subscriber_id"].tolist() == given["subscriber_id"].tolist()
    assert (keys["entered_at"] == given["entered_at"]).all()

    # Runs are numbered in order, one after the other without overlap.
    mine = runs.sort_values(["subscriber_id", "run"], kind="stable")
    first = mine["run"] == 1
    before = mine.shift()
    assert (first == (mine["subscriber_id"] != before["subscriber_id"])).all()
    assert (mine["run"] == before["run"] + 1)[~first].all()
    assert (before["ended_at"] <= mine["entered_at"])[~first].all()
    if not fields["repeat"]:
        assert first.all()
    assert (runs["ended_at"].isna() == (runs["status"] == "active")).all()

    # The sends of the runs are those of the timeline.
    counts = sends.groupby(["subscriber_id", "run"], sort=False)["send_at"].agg(["size", "max"])
    told = runs.merge(counts, how="left", left_on=["subscriber_id", "run"], right_index=True)
    assert runs["sends"].sum() == len(sends)
    assert (told["sends"] == told["size"].fillna(0)).all()
    assert told["last_send_at"].equals(told["max"].rename("last_send_at"))
    assert not sends.duplicated(["subscriber_id", "run", "email_id"]).any()

    # The statuses add up, and the journal says the same.
    status = runs["status"].value_counts()
    assert status.sum() == len(runs)
    what = journal["what"].value_counts()
    assert what["started"] == len(runs)
    for name in ("completed", "restarted", "cancelled", "removed"):
        assert what[name] == status[name]
    assert what["excluded_out"] == status["excluded"]
    if fields["repeat"] and not assume and not changing:
        again = mine["subscriber_id"] == mine["subscriber_id"].shift(-1)
        assert status["restarted"] == (again & (mine["ended_at"] == mine["entered_at"].shift(-1))).sum()
        assert len(runs) == ARRIVALS

    # Rows stand where their arrival does.
    place = entered.reset_index().drop_duplicates(["subscriber_id", "entered_at"])
    at = runs.merge(place, on=["subscriber_id", "entered_at"], how="left")["index"]
    tied = entered.duplicated(["subscriber_id", "entered_at"], keep=False).to_numpy()[at]
    assert at[~tied].is_monotonic_increasing
    numbered = runs[["subscriber_id", "run"]].assign(at=range(len(runs)))
    of_sends = sends.merge(numbered, how="left", on=["subscriber_id", "run"])["at"]
    assert of_sends.is_monotonic_increasing
    within = of_sends.diff() == 0
    assert (sends["send_at"].diff()[within] >= pd.Timedelta(0)).all()


@pytest.mark.slow
@pytest.mark.parametrize(("fields", "assume"), CASES)
def test_some_subscribers_one_by_one(fields, assume, rows_of, records_of):
    """Those who came most often, those who came least, and some between: their lives are the oracle's."""
    often = arrivals()["subscriber_id"].value_counts().index
    chosen = [*often[:2], *often[600:603], *often[-3:]]
    found = life(fields["repeat"], fields.get("hold", False), True, tuple(assume.items()))
    sequence = course(fields["repeat"], fields.get("hold", False)).to_api()
    entries, happened = (frame[frame["subscriber_id"].isin(chosen)] for frame in (arrivals(), events()))
    case = {
        "sequence": sequence["sequence"],
        "emails": sequence["emails"],
        "assumptions": assume,
        "include_drafts": False,
        "until": UNTIL.isoformat(),
        "entries": entries.to_dict("records"),
        "events": happened.to_dict("records"),
        "changes": [
            {"at": each.at, "op": each.op, "email_id": each.email_id, "fields": each.fields}
            for each in CHANGES
        ],
    }
    expected = oracle.simulate(case)
    sends, runs, journal = (frame[frame["subscriber_id"].isin(chosen)] for frame in found)
    assert Counter(rows_of(sends)) == Counter(rows_of(expected["timeline"]))
    assert Counter(records_of(runs)) == Counter(records_of(expected["subscribers"]))
    assert Counter(records_of(journal, "detail")) == Counter(records_of(expected["journal"]))


def test_without_repeat_everybody_counts_once():
    """Alone, with nobody excluded: a run for each subscriber, from their first arrival; all others are ignored."""
    runs, journal = life(False, False, False, ()).subscribers, life(False, False, False, ()).journal
    first = arrivals().groupby("subscriber_id")["entered_at"].min()
    assert runs.set_index("subscriber_id")["entered_at"].to_dict() == first.to_dict()
    assert (runs["status"] == "completed").all()
    assert (runs["sends"] == 5).all()
    assert (journal["what"] == "ignored").sum() == ARRIVALS - len(first)
    assert len(first) == pytest.approx(PEOPLE, abs=20)


def test_most_are_returns_and_some_are_of_the_same_minute():
    """What the file is for."""
    given = arrivals()
    assert len(given) == ARRIVALS
    assert given["subscriber_id"].duplicated().mean() > 0.9
    assert given.duplicated(["subscriber_id", "entered_at"]).sum() > 20
