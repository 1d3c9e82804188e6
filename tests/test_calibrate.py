"""Calibration: small cases worked out by hand, what matters and what does not, and hidden assumptions recovered.

In March 2026 the 2nd is a Monday; all times are UTC, and so are the sequences.
"""

import os
import pickle
import re
import sys
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from conftest import TEXT

import simcore
from simcore import kit
from simcore.errors import EntryError, SimcoreError, ValidationError
from simcore.kit.calibration import calibrate

TRIALS = int(os.environ.get("SIMCORE_TRIALS", "50"))
FIT = ["explained", "exact", "median_error", "p95_error", "unmatched", "extra", "misfit"]
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
NONE = pd.Timedelta(0)


def email(number, value, unit="days", **named):
    fields = {"id": number, "subject": f"E{number}", "delay_value": value, "delay_unit": unit}
    return kit.Email(**{"published": True, **fields, **named})


def sequence(*emails, **named):
    return kit.Sequence(name="S", emails=emails, **{"time_zone": "UTC", "send_hour": 9, **named})


def entries(*rows):
    """Rows of (who, day and time in March, and perhaps via)."""
    return pd.DataFrame({
        "subscriber_id": [row[0] for row in rows],
        "entered_at": [at(row[1]) for row in rows],
        "via": [row[2] if len(row) > 2 else "api" for row in rows],
    })


def sent(*rows):
    """Rows of (who, email, day and time in March)."""
    return pd.DataFrame({
        "subscriber_id": [row[0] for row in rows],
        "email_id": [row[1] for row in rows],
        "sent_at": [at(row[2]) for row in rows],
    })


def at(text):
    return f"2026-03-{text}Z"


def log_of(*arguments, **named):
    return simcore.project(*arguments, **named).rename(columns={"send_at": "sent_at"})


def switches(found):
    return [name for name in found if name not in FIT]


def assumed(found, row=0):
    """The switches that matter, as one row has them."""
    return found[switches(found)].iloc[row].to_dict()


# ---------------------------------------------------------------- each switch, by hand

DAYS = sequence(email(1, 1))
HOURS = sequence(email(1, 2, "hours"))
INSIDE = sequence(email(1, 0), email(2, 5), email(3, 5))
MID = at("04T12:00")
TAGGED = {"exclude_subscriber_sources": [{"type": "tag", "ids": [7]}]}
TAG = pd.DataFrame({
    "subscriber_id": ["x", "x"],
    "at": [at("02T12:00"), at("03T12:00")],
    "event": ["tag_added", "tag_removed"],
    "ref": [7, 7],
})


@pytest.mark.parametrize(
    ("switch", "value", "arguments", "more"),
    [
        pytest.param(
            *("day_count", "elapsed"),
            (DAYS, entries(("x", "02T10:00")), sent(("x", 1, "04T09:00"))),
            {},
            id="24 hours later it is 10:00, past the hour: a day later than by the calendar",
        ),
        pytest.param(
            *("poll_every", pd.Timedelta("30min")),
            (HOURS, entries(("x", "02T10:01")), sent(("x", 1, "02T12:30"))),
            {"tolerance": "1min"},
            id="12:01 is looked at at 12:30 only",
        ),
        pytest.param(
            *("poll_phase", pd.Timedelta("7min")),
            (
                HOURS,
                entries(("x", "02T10:01"), ("y", "02T10:08")),
                sent(("x", 1, "02T12:07"), ("y", 1, "02T12:22")),
            ),
            {"tolerance": "1min"},
            id="at 7 and 22 past",
        ),
        pytest.param(
            *("immediate_days", "send_days"),
            (sequence(email(1, 0), send_days=WEEK), entries(("x", "07T10:00")), sent(("x", 1, "09T00:00"))),
            {},
            id="entered on Saturday, sent on Monday as it begins",
        ),
        pytest.param(
            *("email_days", "intersect"),
            (
                sequence(email(1, 1, send_days=["saturday", "monday"]), send_days=WEEK),
                entries(("x", "06T10:00")),
                sent(("x", 1, "09T09:00")),
            ),
            {},
            id="own Saturday is none of the sequence's days",
        ),
        pytest.param(
            *("draft_delay", "count"),
            (
                sequence(email(1, 2, published=False), email(2, 1)),
                entries(("x", "02T10:00")),
                sent(("x", 2, "05T09:00")),
            ),
            {},
            id="two days for the draft, one more for the email",
        ),
        pytest.param(
            *("restart_via", "listed"),
            (
                sequence(email(1, 1), repeat=True),
                entries(("x", "02T10:00"), ("y", "02T10:00"), ("x", "04T10:00", "form")),
                sent(("x", 1, "03T09:00"), ("y", 1, "03T09:00"), ("y", 1, "09T09:00")),
            ),
            {},
            id="no second run by a form; the send of the 9th is somebody's mistake",
        ),
        pytest.param(
            *("excluded_midway", "end_run"),
            (
                sequence(email(1, 0), email(2, 1), email(3, 1), **TAGGED),
                entries(("x", "02T10:00"), ("y", "02T10:00")),
                sent(
                    *(("x", 1, "02T10:00"), ("y", 1, "02T10:00")),
                    *(("y", 2, "03T09:00"), ("y", 3, "04T09:00")),
                ),
            ),
            {"events": TAG},
            id="tagged when 2 was due, and never got 3",
        ),
        pytest.param(
            *("queued_emails", "reschedule"),
            (INSIDE, entries(("x", "02T10:00")), sent(("x", 1, "02T10:00"), ("x", 2, "07T15:00"))),
            {"changes": [kit.update(MID, send_hour=15)]},
            id="2 was queued for 9:00, and came at 15:00",
        ),
        pytest.param(
            *("insert_before_next", "at_once"),
            (INSIDE, entries(("x", "02T10:00")), sent(("x", 1, "02T10:00"), ("x", 9, "04T12:00"))),
            {
                "changes": [
                    kit.create_email(
                        MID, id=9, subject="N", delay_value=3, delay_unit="days", published=True, position=1
                    )
                ]
            },
            id="new before the queued one: at once",
        ),
        pytest.param(
            *("earlier_insert", "skip"),
            (
                sequence(email(1, 0), email(2, 1), email(3, 5)),
                entries(("x", "02T10:00"), ("y", "05T10:00")),
                sent(
                    *(("x", 1, "02T10:00"), ("x", 2, "03T09:00"), ("x", 3, "08T09:00"), ("y", 1, "05T10:00")),
                    *(("y", 9, "06T09:00"), ("y", 2, "07T09:00"), ("y", 3, "12T09:00")),
                ),
            ),
            {
                "changes": [
                    kit.create_email(
                        MID, id=9, subject="N", delay_value=1, delay_unit="days", published=True, position=1
                    )
                ]
            },
            id="new behind x, who never gets it",
        ),
        pytest.param(
            *("hold_without_automation", "stay"),
            (INSIDE, entries(("x", "02T10:00")), sent(("x", 1, "02T10:00"), ("x", 9, "21T09:00"))),
            {
                "changes": [
                    kit.create_email(
                        at("20T12:00"), id=9, subject="N", delay_value=1, delay_unit="days", published=True
                    )
                ]
            },
            id="through on the 12th, and gets what is new on the 20th",
        ),
    ],
)
def test_each_switch(switch, value, arguments, more):
    found = calibrate(*arguments, **more)
    assert switch in switches(found)
    assert found[switch].iloc[0] == value
    assert getattr(found.best, switch) == value
    defaults = {name: getattr(kit.Assumptions(), name) for name in assumed(found)}
    assert assumed(found) == defaults | {switch: value}
    assert (found.loc[found[switch] != value, "misfit"] > found["misfit"].iloc[0]).all()


def test_the_numbers():
    """By the calendar x is due on the 3rd at 9:00, by hours on the 4th; y on the 3rd at 9:00 either way.

    Of the log, x's is 10 minutes late, and y's exact; z is nobody's.
    """
    found = calibrate(
        DAYS,
        entries(("x", "02T10:00"), ("y", "02T08:00"), ("w", "02T08:30")),
        sent(("x", 1, "04T09:10"), ("y", 1, "03T09:00"), ("z", 1, "03T09:00")),
    )
    assert list(found) == ["day_count", *FIT]
    assert [str(each) for each in found.dtypes] == [
        TEXT,
        "float64",
        "float64",
        "timedelta64[us]",
        "timedelta64[us]",
        "int64",
        "int64",
        "float64",
    ]
    assert found.index.equals(pd.RangeIndex(2))
    best, other = found.to_dict("records")
    assert best["day_count"] == "elapsed"
    assert (best["explained"], best["exact"]) == (2 / 3, 1 / 3)
    assert best["median_error"] == pd.Timedelta("5min")
    assert best["p95_error"] == pd.Timedelta("9min30s")
    assert (best["unmatched"], best["extra"]) == (1, 1)  # z; and w's
    # 10 of 15 minutes, z's whole, and w's by the share of sends that the log has: 2 of 3.
    assert best["misfit"] == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)
    assert (other["explained"], other["exact"], other["unmatched"], other["extra"]) == (1 / 3, 1 / 3, 1, 1)
    assert other["median_error"] == pd.Timedelta("12h5min")
    assert other["misfit"] == pytest.approx((1 + 1 + 2 / 3) / 3)


def test_what_is_made_of_it_is_plain():
    found = calibrate(DAYS, entries(("x", "02T10:00")), sent(("x", 1, "04T09:00")))
    assert type(found.head()) is pd.DataFrame
    again = pickle.loads(pickle.dumps(found))
    assert again.best == found.best == kit.Assumptions(day_count="elapsed")
    assert again.unexplained.equals(found.unexplained)
    assert pd.concat([found, found]).shape == (4, 8)


# ---------------------------------------------------------------- what matters


def test_where_nothing_matters_there_is_one_row():
    found = calibrate(sequence(email(1, 0)), entries(("x", "02T10:00")), sent(("x", 1, "02T10:20")))
    assert list(found) == FIT
    assert found.to_dict("records") == [
        {
            **dict(zip(FIT[:4], [0, 0, pd.Timedelta("20min"), pd.Timedelta("20min")], strict=True)),
            "unmatched": 0,
            "extra": 0,
            "misfit": 1,
        }
    ]
    assert found.best == kit.Assumptions()


def test_what_changes_nothing_is_no_column():
    """There are drafts, own days, exclusions, a second entry and changes, but none that could be told by."""
    quiet = sequence(email(1, 1, send_days=["monday", "saturday"]), email(2, 1, published=False), **TAGGED)
    who = entries(("x", "02T10:00"), ("x", "20T10:00", "form"))
    changes = [kit.update(at("04T12:00"), name="T")]
    found = calibrate(quiet, who, sent(("x", 1, "07T09:00")), events=TAG, changes=changes)
    assert list(found) == FIT
    assert found["exact"].tolist() == [1]


def test_a_switch_that_matters_under_another_alone():
    """The rhythm matters to drafts of hours, where they count: 22:50 is looked at then or at 23:00, an hour later
    it is still the 2nd or the 3rd, and so email 3 goes out on the 3rd or the 4th. 24 hours from entry give the
    4th too. So there are two timelines, each shown by what is nearest to the defaults.
    """
    drafts = [email(number, 3 - number, "hours", published=False) for number in (1, 2)]
    found = calibrate(sequence(*drafts, email(3, 1)), entries(("x", "02T20:50")), sent(("x", 3, "04T09:00")))
    quarter = pd.Timedelta("15min")
    assert found[switches(found)].to_dict("records") == [
        {"day_count": "calendar", "poll_every": quarter, "draft_delay": "count"},
        {"day_count": "calendar", "poll_every": quarter, "draft_delay": "skip"},
    ]
    assert found["exact"].tolist() == [1, 0]


def test_of_two_that_say_the_same_the_default_is_shown():
    """Held by all, or by none, one value of the switch is what "same" is."""
    new = kit.create_email(
        at("20T12:00"), id=9, subject="N", delay_value=1, delay_unit="days", published=True
    )
    who, log = entries(("x", "02T10:00")), sent(("x", 1, "02T10:00"), ("x", 9, "21T09:00"))
    column = "hold_without_automation"
    found = calibrate(INSIDE, who, log, changes=[new])
    assert set(found[column]) == {"same", "stay"}
    found = calibrate(INSIDE.replace(hold=True), who, log, changes=[new])
    assert set(found[column]) == {"same", "complete"}
    assert found[column].iloc[0] == "same"
    turned = [kit.update(at("15T12:00"), hold=True), new]
    found = calibrate(INSIDE, who, log, changes=turned)
    assert set(found[column]) == {"same", "stay"}  # what completes does so on the 12th
    late = entries(("x", "07T10:00"))
    log = sent(("x", 1, "07T10:00"), ("x", 2, "12T09:00"), ("x", 3, "17T09:00"))
    assert set(calibrate(INSIDE, late, log, changes=turned)[column]) == {"same", "complete"}


def test_positions_that_are_taken():
    """K25: a change that happened was not refused, so what is refused is no reading of it; and what differs is."""
    base = sequence(email(1, 1), email(2, 2), email(3, 2), email(4, 2))
    people = entries(("a", "02T12:00"))
    new = {"id": 9, "subject": "N", "delay_value": 1, "delay_unit": "days", "published": True}
    taken = [kit.create_email(at("02T13:00"), position=1, **new)]
    log = log_of(base, people, changes=taken)
    assert "position_taken" not in switches(calibrate(base, people, log, changes=taken))
    gone = [kit.delete_email(at("02T13:00"), 2)]
    freed = [*gone, kit.create_email(at("02T14:00"), position=1, **new)]
    for changes in (gone, freed):  # other numbers, and the same order
        found = calibrate(base, people, log_of(base, people, changes=changes), changes=changes)
        assert "position_taken" not in switches(found)
    far = [kit.create_email(at("02T13:00"), position=9, **new)]
    far += [kit.create_email(at("02T14:00"), position=7, **{**new, "id": 10})]
    for reading in ("shift", "refuse"):
        hidden = kit.Assumptions(position_taken=reading)
        log = log_of(base, people, changes=far, assumptions=hidden)
        found = calibrate(base, people, log, changes=far)
        assert found.best == hidden
        assert found["explained"].tolist()[0] == 1.0
        assert switches(found) == ["day_count", "position_taken"]


def test_phases_come_from_the_log():
    """Most are at 7:30 past a look: the minute that most are in, and the second, are tried."""
    who = entries(*((number, f"02T10:{number:02}") for number in range(1, 40)))
    hidden = kit.Assumptions(poll_phase=timedelta(minutes=7, seconds=30))
    found = calibrate(HOURS, who, log_of(HOURS, who, assumptions=hidden))
    assert found.best == hidden
    quarter = found.loc[found["poll_every"] == pd.Timedelta("15min"), "poll_phase"]
    assert set(quarter) == {NONE, pd.Timedelta("7min"), pd.Timedelta("7min30s")}


# ---------------------------------------------------------------- matching

RETURNING = sequence(email(1, 1), repeat=True)
TWICE = entries(("x", "02T10:00"), ("x", "10T10:00"))


def test_the_nearest_of_several_runs():
    """The log lacks the first run's; in the middle between both the first counts."""
    found = calibrate(RETURNING, TWICE, sent(("x", 1, "11T09:03")))
    assert found["median_error"].iloc[0] == pd.Timedelta("3min")
    found = calibrate(RETURNING, TWICE, sent(("x", 1, "11T09:03"), ("x", 1, "03T09:01")))
    assert found[["p95_error", "extra"]].iloc[0].tolist() == [pd.Timedelta("2min54s"), 0]
    found = calibrate(sequence(email(1, 0), repeat=True), TWICE, sent(("x", 1, "06T10:00")))
    assert found.unexplained["nearest"].tolist() == [pd.Timestamp(at("02T10:00"))]


@pytest.mark.parametrize(
    ("tolerance", "explained"), [("15min", 1), ("14min59.999999s", 0), (timedelta(minutes=15), 1)]
)
def test_the_tolerance_itself_counts(tolerance, explained):
    found = calibrate(DAYS, entries(("x", "02T10:00")), sent(("x", 1, "03T09:15")), tolerance=tolerance)
    assert found["explained"].iloc[0] == explained
    assert len(found.unexplained) == 1 - explained


def test_no_tolerance_at_all():
    log = sent(("x", 1, "03T09:00"), ("y", 1, "03T09:00:00.000001"))
    found = calibrate(DAYS, entries(("x", "02T10:00"), ("y", "02T10:00")), log, tolerance=NONE)
    assert found.loc[0, ["explained", "exact", "misfit"]].tolist() == [0.5, 1, 0.5]


def test_ties_are_by_the_defaults():
    """Nobody can say: the log holds nothing that any timeline has."""
    found = calibrate(DAYS, entries(("x", "02T10:00")), sent(("y", 1, "03T09:00")))
    assert found["day_count"].tolist() == ["calendar", "elapsed"]
    assert found["misfit"].tolist() == [1, 1]
    assert found["median_error"].isna().all()
    assert found["extra"].tolist() == [1, 0]


def test_rows_in_any_order():
    first = MIXED.iloc[:200]
    log = log_of(STATIC, first, assumptions=kit.Assumptions(day_count="elapsed"))
    log.loc[log.index[::9], "sent_at"] += pd.Timedelta("3h")
    found = calibrate(STATIC, first, log)
    mixed = log.sample(frac=1, random_state=1)
    again = calibrate(STATIC, first.iloc[::-1], mixed)
    pd.testing.assert_frame_equal(again, found)
    some = again.unexplained.index
    assert some.equals(mixed.index[mixed.index.isin(some)])
    pd.testing.assert_frame_equal(again.unexplained.sort_index(), found.unexplained)


@pytest.mark.parametrize("kind", ["Int64", object, "category", "float64", str])
def test_ids_of_any_kind(kind):
    who = entries((3, "02T10:00"), (1, "02T11:00")).astype({"subscriber_id": kind})
    log = sent((3, 1, "04T09:00"), (1, 1, "05T10:00")).astype({"subscriber_id": kind})
    found = calibrate(DAYS, who, log)
    assert found.best.day_count == "elapsed"
    assert found.unexplained["subscriber_id"].tolist() == log["subscriber_id"].tolist()[1:]


@pytest.mark.parametrize("ids", [["1"], [1.0], ["1.0"], np.array([1], np.uint8)])
def test_email_ids_however_they_are_written(ids):
    log = sent(("x", 1, "03T09:00")).assign(email_id=ids)
    assert calibrate(DAYS, entries(("x", "02T10:00")), log)["exact"].iloc[0] == 1


def test_entries_and_changes_of_other_kinds():
    """A list, an array or a Series of instants; changes as an iterator; naive times with a zone."""
    log = sent((0, 1, "04T09:00"), (1, 1, "20T09:00"))
    texts = [at("02T10:00"), at("02T11:00")]
    changes = [kit.update(at("25T12:00"), name="T")]
    reason = calibrate(DAYS, texts, log).unexplained["reason"].tolist()
    assert len(reason) == 1
    for given in (pd.DatetimeIndex(texts), pd.Series(texts), tuple(texts)):
        found = calibrate(DAYS, given, log, changes=iter(changes))
        assert found.best.day_count == "elapsed"
        assert found.unexplained["reason"].tolist() == reason
    naive = log.assign(sent_at=log["sent_at"].str.removesuffix("Z"))
    stamps = np.array([each.removesuffix("Z") for each in texts], "datetime64[s]")
    found = calibrate(DAYS, stamps, naive, naive_time_zone="UTC")
    assert found.unexplained["reason"].tolist() == reason


def test_positions_are_those_in_force_at_the_send():
    """9 is put before 2 on the 4th at noon: until then 1 is the place of 2, from then on that of 9."""
    new = kit.create_email(
        MID, id=9, subject="N", delay_value=3, delay_unit="days", published=True, position=1
    )
    who = entries(("x", "02T10:00"), ("y", "04T12:00"))
    log = pd.DataFrame({
        "subscriber_id": ["x", "y", "y"],
        "position": [0, 1, 1.0],
        "sent_at": [at("02T10:00"), at("04T11:59:59.999999"), at("04T12:00")],
    })
    found = calibrate(INSIDE, who, log, changes=[new])
    assert found.unexplained["email_id"].tolist() == [2, 9]


# ---------------------------------------------------------------- what no combination explains

BUSY = sequence(email(1, 0), email(2, 1), email(3, 1), email(4, 1, published=False), send_days=WEEK, **TAGGED)
PEOPLE = entries(*((name, "05T10:00") for name in "abcdef"), ("a", "06T10:00", "form"))
HAPPENED = pd.DataFrame(
    [
        ("b", at("06T08:00"), "tag_added", 7),
        ("c", at("06T08:00"), "removed", None),
        ("d", at("01T08:00"), "unsubscribed", None),
    ],
    columns=["subscriber_id", "at", "event", "ref"],
)


def test_reasons():
    log = sent(
        ("a", 1, "05T10:00"),
        ("a", 2, "06T11:15:30"),
        ("a", 3, "08T09:00"),
        ("b", 2, "06T09:00"),
        ("c", 2, "06T09:00"),
        ("d", 1, "05T10:00"),
        ("e", 4, "09T09:00"),
        ("f", 9, "06T09:00"),
        ("z", 1, "05T10:00"),
        ("e", 1, "05T10:16:00.5"),
        ("f", 2, "06T09:00"),
    ).set_axis([f"row {number}" for number in range(11)])
    new = kit.create_email(
        at("20T12:00"), id=9, subject="N", delay_value=1, delay_unit="days", published=True
    )
    off = kit.update(at("10T12:00"), name="T")
    found = calibrate(BUSY, PEOPLE, log, events=HAPPENED, changes=[off, new])
    told = found.unexplained
    assert told.index.tolist() == [f"row {number}" for number in range(1, 10)]
    assert list(told) == ["subscriber_id", "email_id", "sent_at", "nearest", "error", "reason"]
    assert [str(each) for each in told.dtypes[1:]] == [
        "int64",
        "datetime64[us, UTC]",
        "datetime64[us, UTC]",
        "timedelta64[us]",
        TEXT,
    ]
    assert told["reason"].tolist() == [
        "2 hours 15 minutes later than projected: 1 day after the previous email is Fri 6 Mar, so Fri 6 Mar 09:00 UTC",
        "1 day earlier than projected: 1 day after the previous email is Sat 7 Mar; Sat and Sun are not send days, so "
        "Mon 9 Mar 09:00 UTC",
        "not sent to them: in an excluded source at that instant (Fri 6 Mar 2026 09:00 UTC)",
        "not sent to them: removed from the sequence (Fri 6 Mar 2026 08:00 UTC)",
        "not sent to them: unsubscribed, bounced or complained before, and did not resubscribe (Thu 5 Mar 2026 "
        "10:00 UTC)",
        "not sent to them: it is a draft",
        "not sent to them: no email was left (Mon 9 Mar 2026 09:00 UTC)",
        "not sent to them: they are not in entries",
        "16 minutes later than projected: at once, on entry: Thu 5 Mar 10:00 UTC",
    ]
    assert told["nearest"].dropna().tolist() == [
        pd.Timestamp(at(text)) for text in ("06T09:00", "09T09:00", "05T10:00")
    ]
    assert told["error"].dropna().tolist() == [
        pd.Timedelta(text) for text in ("2h15min30s", "-1D", "16min0.5s")
    ]


def test_reasons_where_a_run_waits():
    """Nothing is sent, and nothing has ended; and an instant that is short of a minute is told in full."""
    log = sent(("x", 1, "03T09:00"), ("y", 1, "03T09:00"))
    found = calibrate(DAYS.replace(active=False), entries(("x", "02T10:00")), log)
    assert found.unexplained["reason"].tolist() == [
        "not sent to them: no run of theirs comes to it",
        "not sent to them: they are not in entries",
    ]
    found = calibrate(DAYS, entries(("x", "02T10:00")), sent(("x", 1, "03T09:00:30.5")), tolerance="1s")
    assert found.unexplained["reason"].tolist() == [
        "30.5 seconds later than projected: 1 day after entry is Tue 3 Mar, so Tue 3 Mar 09:00 UTC"
    ]


def test_where_all_is_explained():
    told = calibrate(DAYS, entries(("x", "02T10:00")), sent(("x", 1, "03T09:00"))).unexplained
    assert told.empty
    assert list(told) == ["subscriber_id", "email_id", "sent_at", "nearest", "error", "reason"]
    assert str(told["sent_at"].dtype) == "datetime64[us, UTC]"


# ---------------------------------------------------------------- errors

ONE, LOG = entries(("x", "02T10:00")), sent(("x", 1, "03T09:00"))
FIX = "fix those rows, or leave them out"


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (
            [1],
            "observed: found [1], expected a DataFrame with subscriber_id, sent_at, and email_id or position",
        ),
        (
            LOG.drop(columns="sent_at"),
            "observed: no column sent_at; the columns are: subscriber_id, email_id",
        ),
        (
            LOG.drop(columns="email_id"),
            "observed: no column email_id, and no column position instead; the columns are: subscriber_id, sent_at",
        ),
        (
            pd.concat([LOG, LOG[["email_id"]]], axis=1),
            "observed: column email_id is there 2 times, expected once",
        ),
        (LOG.iloc[:0], "observed: found no rows, expected at least one send for assumptions to explain"),
        (
            LOG.assign(email_id=5),
            "observed: email_id: 1 of 1 rows cannot be used\n  row 0: 5 is not the id of an email of the sequence, "
            f"expected one of: 1\n{FIX}",
        ),
        (
            LOG.assign(email_id=None),
            "observed: email_id: 1 of 1 rows cannot be used\n  row 0: None is not the id of an email of the "
            f"sequence, expected one of: 1\n{FIX}",
        ),
        (
            pd.concat([LOG] * 3).rename(columns={"email_id": "position"}).assign(position=[0, 1, "x"]),
            "observed: position: 2 of 3 rows cannot be used\n  row 1: 1 is not the position of an email, from 0, "
            "in the order in force then\n  row 2: 'x' is not the position of an email, from 0, in the order in "
            f"force then\n{FIX}",
        ),
        (
            LOG.assign(sent_at="2026-03-03T09:00"),
            "observed: sent_at: 1 of 1 rows cannot be used\n"
            "  row 0: '2026-03-03T09:00' has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, or "
            f'say how to read it with naive_time_zone="UTC" (or another zone)\n{FIX}',
        ),
        (
            LOG.assign(subscriber_id=None),
            f"observed: subscriber_id: 1 of 1 rows cannot be used\n  row 0: None is missing\n{FIX}",
        ),
        (
            pd.concat([LOG, LOG]).assign(subscriber_id=["x", [1]]),
            "observed: subscriber_id: 1 of 2 rows cannot be used\n"
            f"  row 1: [1] is not an id: a list, an array, an object or half a character is nobody's\n{FIX}",
        ),
        (
            LOG.assign(subscriber_id=1),
            f"observed: subscriber_id is int64 here and {ONE['subscriber_id'].dtype} in entries, expected the same "
            "type, "
            'since 1 and "1" never match',
        ),
    ],
)
def test_a_log_that_cannot_be_read(text_of, log, message):
    assert text_of(EntryError, calibrate, DAYS, ONE, log) == message


@pytest.mark.parametrize(
    "tolerance", ["soon", "-1min", 15, "15", "1.5", None, pd.NaT, True, [1], float("nan"), ""]
)
def test_a_tolerance_that_is_none(text_of, tolerance):
    assert text_of(SimcoreError, calibrate, DAYS, ONE, LOG, tolerance=tolerance) == (
        f'tolerance: found {tolerance!r}, expected a length of time of 0 or more, such as "15min"'
    )


def test_other_arguments_of_a_wrong_kind(text_of):
    with pytest.raises(SimcoreError) as caught:
        calibrate("welcome", ONE, LOG)
    assert str(caught.value) == "sequence: found 'welcome', expected a simcore.kit.Sequence"
    assert text_of(SimcoreError, calibrate, DAYS, ONE, LOG, changes="x") == (
        "changes: found 'x', expected a list of changes, such as kit.update(...)"
    )
    assert text_of(ValidationError, calibrate, DAYS, ONE, LOG, changes=[kit.delete_email(MID, 5)]) == (
        "1 problem\n  changes[0].email_id: email_id must be one of: 1 (found 5, delete_email 5 at "
        "2026-03-04T12:00Z)"
    )


def test_nobody_came():
    found = calibrate(DAYS, [], sent((1, 1, "03T09:00")))
    assert found[["explained", "unmatched", "extra"]].to_numpy().tolist() == [[0, 1, 0]]
    assert found.unexplained["reason"].tolist() == ["not sent to them: they are not in entries"]


# ---------------------------------------------------------------- how far it is


def test_long_work_says_how_far_it_is(capfd, monkeypatch):
    who = entries(("x", "02T10:00"), ("y", "03T11:00"))
    given = DAYS, who, log_of(DAYS, who)
    first = calibrate(*given)
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr(sys.modules[calibrate.__module__], "_PATIENCE", 0)
    pd.testing.assert_frame_equal(calibrate(*given), first)
    told = capfd.readouterr()
    assert told.out == ""
    assert re.search(r"Calibrating .*100%.*\d+ combinations, [\d,]+ combinations/s", told.err)
    calibrate(*given, progress=False)
    assert capfd.readouterr() == ("", "")


def test_the_bar_is_gone_where_it_ends_early(capfd, monkeypatch):
    """While the error is still in hand: it is what a terminal shows next."""
    module = sys.modules[calibrate.__module__]
    monkeypatch.setattr(module, "_PATIENCE", 0)
    monkeypatch.setitem(sys.modules, "rich.progress", None)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.Scores, "fits", interrupted)
    who = entries(("x", "02T10:00"))
    with pytest.raises(KeyboardInterrupt) as caught:
        calibrate(DAYS, who, log_of(DAYS, who))
    assert caught.tb is not None
    assert re.fullmatch(r"Calibrating: 0%, 0 combinations, 0 combinations/s\n", capfd.readouterr().err)


# ---------------------------------------------------------------- hidden assumptions

STATIC = sequence(
    email(1, 0),
    email(2, 2, "hours"),
    email(3, 2, published=False),
    email(4, 1),
    email(5, 1, send_days=["saturday", "tuesday"]),
    time_zone="America/New_York",
    send_days=WEEK,
)
MIXED = simcore.arrivals(10, "2026-03-01", "2026-04-01", time_zone="America/New_York", seed=3)
MIXED["via"] = np.random.default_rng(3).choice(["api", "import", "form", "visual_automation"], len(MIXED))
BACK = MIXED.assign(entered_at=MIXED["entered_at"] + pd.Timedelta("9D")).iloc[::3]
TAGS = pd.DataFrame({"subscriber_id": MIXED["subscriber_id"][::4], "ref": 7}).assign(
    at=MIXED["entered_at"] + pd.Timedelta("20h"), event="tag_added"
)
TAGS = pd.concat([TAGS, TAGS.assign(at=TAGS["at"] + pd.Timedelta("60h"), event="tag_removed")])
PUBLISHED = {"delay_unit": "days", "published": True}
SCENES = {
    "schedule": (
        {"sequence": STATIC, "entries": MIXED},
        {
            "day_count": ["calendar", "elapsed"],
            "poll_every": [timedelta(minutes=each) for each in (1, 5, 15, 30, 60)],
            "poll_phase": [timedelta(0), timedelta(minutes=7), timedelta(minutes=4, seconds=20)],
            "immediate_days": ["any", "send_days"],
            "email_days": ["override", "intersect"],
            "draft_delay": ["skip", "count"],
        },
    ),
    "audience": (
        {
            "sequence": sequence(email(1, 0), email(2, 1), email(3, 2), email(4, 4), repeat=True, **TAGGED),
            "entries": pd.concat([MIXED, BACK], ignore_index=True),
            "events": TAGS,
        },
        {
            "day_count": ["calendar", "elapsed"],
            "restart_via": ["all", "listed"],
            "excluded_midway": ["skip_email", "end_run"],
        },
    ),
    "changes": (
        {
            "sequence": sequence(email(1, 0), email(2, 2), email(3, 4), email(4, 6)),
            "entries": MIXED.iloc[::2],
            "changes": [
                kit.create_email(at("12T12:30"), id=9, subject="N", delay_value=2, position=2, **PUBLISHED),
                kit.update(at("18T12:30"), send_hour=17),
                kit.create_email(at("28T12:30"), id=10, subject="M", delay_value=1, **PUBLISHED),
            ],
        },
        {
            "day_count": ["calendar", "elapsed"],
            "hold_without_automation": ["same", "stay"],
            "queued_emails": ["keep", "reschedule"],
            "insert_before_next": ["wait", "at_once"],
            "earlier_insert": ["send", "skip"],
        },
    ),
}


def spoiled(log, rng):
    """A log of which 5 % is wrong: by some hours, of another email, or not there."""
    rows = rng.permutation(len(log))[: len(log) // 20]
    late, other, gone = np.array_split(rows, 3)
    ids = np.unique(log["email_id"])
    log = log.reset_index(drop=True)
    log.loc[late, "sent_at"] += pd.to_timedelta(rng.uniform(-48, 48, len(late)), "h").as_unit("us")
    moved = ids.searchsorted(log.loc[other, "email_id"]) + rng.integers(1, len(ids), len(other))
    log.loc[other, "email_id"] = ids[moved % len(ids)]
    return log.drop(index=gone)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(TRIALS))
def test_hidden_assumptions_are_recovered(seed):
    """More of these: `SIMCORE_TRIALS=1000 pytest tests/test_calibrate.py -k hidden`."""
    rng = np.random.default_rng(seed)
    given, values = SCENES[("schedule", "audience", "changes")[seed % 3]]
    hidden = kit.Assumptions(**{name: each[rng.integers(len(each))] for name, each in values.items()})
    if hidden.poll_phase >= hidden.poll_every:
        hidden = kit.Assumptions(**{**vars(hidden), "poll_phase": timedelta(0)})
    log = log_of(**given, assumptions=hidden)
    found = calibrate(
        given["sequence"],
        given["entries"],
        spoiled(log, rng),
        **{name: each for name, each in given.items() if name in {"events", "changes"}},
    )
    assert found.best == hidden
    assert found["explained"].iloc[0] > 0.95
    assert set(switches(found)) - {"poll_phase"} == set(values) - {"poll_phase"}
