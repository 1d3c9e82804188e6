"""The rules of Sequenzy (Q8 to Q22, Q24), each on examples worked out by hand.

All is in March 2026, of which the 2nd is a Monday, in UTC, unless said otherwise. Instants are written "03 09:00",
of other months "04-03 09:00", sends "run.position 03 09:00" (of others than "a" with the subscriber before).
"""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import TEXT

import simcore
from simcore import sequenzy

DAY, HOUR = {"days": 1}, {"hours": 1}
NEXT = "02 10:00:00.000001"
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]
LEAVES = ("unsubscribed", "bounced", "complained")


def at(text):
    """An instant of March 2026, UTC; what is written in full stays."""
    return text if "T" in text else f"2026-03-{text[:2]}T{text[3:]}Z"


def day(stamp):
    stamp = stamp.tz_convert("UTC")
    date = "%d" if (stamp.year, stamp.month) == (2026, 3) else "%m-%d" if stamp.year == 2026 else "%Y-%m-%d"
    clock = "%H:%M:%S.%f" if stamp.microsecond else "%H:%M:%S" if stamp.second else "%H:%M"
    return stamp.strftime(f"{date} {clock}")


def email(delay=None, **named):
    return {"subject": "Hello", "html": "<p>Hello</p>"} | ({} if delay is None else {"delay": delay}) | named


def discount(delay=None, **named):
    made = {"discountType": "percent", "percentOff": 20} | named.pop("discount", {})
    return {"type": "create_discount", "discount": made} | ({} if delay is None else {"delay": delay}) | named


def seq(*steps, trigger="event_received", **named):
    if trigger in {"event_received", "inactivity", "frequency"}:
        named = {"eventName": "order", **named}
    if not steps:
        steps = (email(),)
    return sequenzy.Sequence(**{"name": "S", "trigger": trigger, "steps": steps, **named})


def window(start="08:00", end="20:00", zone="UTC", **named):
    return {"startTime": start, "endTime": end, "timezone": zone, **named}


def ev(when, name="order", ref=None, properties=None, who="a"):
    return (who, at(when), name, ref, properties)


def frame(rows, *columns):
    found = {
        name: pd.Series([row[place] for row in rows], dtype=object) for place, name in enumerate(columns)
    }
    return pd.DataFrame(found).infer_objects()


def log(*rows):
    return frame(rows, "subscriber_id", "at", "event", "ref", "properties")


def entries(*rows):
    """Of (instant), (instant, via), (instant, via, properties) or (instant, via, properties, subscriber)."""
    full = [
        ((row, None, None, "a") if isinstance(row, str) else (*row, None, None)[:3] + row[3:]) for row in rows
    ]
    full = [(*row, "a")[:4] for row in full]
    made = [(who, at(when), via or "trigger", thing) for when, via, thing, who in full]
    return frame(made, "subscriber_id", "entered_at", "via", "properties")


class Life:
    """What became of the subscribers of a log, or of those entries."""

    def __init__(
        self, sequence, *events, entered=None, enabled=None, until=None, order="entry", render=False, **assume
    ):
        self.found = simcore.simulate(
            sequence,
            None if entered is None else entries(*entered),
            events=log(*events) if events or entered is None else None,
            enabled_at=None if enabled is None else at(enabled),
            until=None if until is None else at(until),
            order=order,
            render=render,
            assumptions=sequenzy.Assumptions(**assume),
        )

    @property
    def sends(self):
        rows = self.found.timeline
        return [
            f"{'' if who == 'a' else who}{run}.{position} {day(when)}"
            for who, run, position, when in zip(
                rows["subscriber_id"], rows["run"], rows["position"], rows["send_at"], strict=True
            )
        ]

    @property
    def begins(self):
        """When each run begins; of others than "a" with the subscriber before."""
        rows = self.found.subscribers
        return [
            f"{'' if who == 'a' else f'{who} '}{day(when)}"
            for who, when in zip(rows["subscriber_id"], rows["entered_at"], strict=True)
        ]

    @property
    def runs(self):
        """Status, and when the run ended."""
        rows = self.found.subscribers
        return [
            status if pd.isna(end) else f"{status} {day(end)}"
            for status, end in zip(rows["status"], rows["ended_at"], strict=True)
        ]

    @property
    def waits(self):
        """What the last run waits for, and until when."""
        row = self.found.subscribers.iloc[-1]
        name = None if pd.isna(row["next_email_id"]) else row["next_email_id"]
        return name, None if pd.isna(row["next_send_at"]) else day(row["next_send_at"])

    @property
    def notes(self):
        """The journal: run (0 for none), what, the step where one is meant, and when."""
        rows = self.found.journal
        return [
            f"{0 if pd.isna(run) else run} {what}{'' if pd.isna(name) else f':{name}'} {day(when)}"
            for run, what, name, when in zip(
                rows["run"], rows["what"], rows["email_id"], rows["at"], strict=True
            )
        ]

    @property
    def turned(self):
        """What the journal says of those who were not enrolled."""
        return [note[2:] for note in self.notes if note.startswith("0 ")]


ORDER = seq()
TWO = seq(email(), email(DAY))
ACTIVE_ONLY = TWO.replace(activeSubscribersOnly=True)  # Q33


# ---------------------------------------------------------------- Q8


@pytest.mark.parametrize(
    ("wait", "sent"),
    [
        ({"delay": {"days": 1}}, "03 10:00"),
        ({"delay": {"hours": 12}}, "02 22:00"),
        ({"delay": {"minutes": 5}}, "02 10:05"),
        ({"delay": {"days": 1, "hours": 2, "minutes": 3}}, "03 12:03"),
        ({"delay": {"days": 0.5, "minutes": 0.5}}, "02 22:00:30"),
        ({"delayMs": 90_000}, "02 10:01:30"),
        ({"delayMs": 0.0005}, "02 10:00"),
        ({"delayMs": 0.0015}, "02 10:00:00.000002"),
        ({"delayMs": 0.0025}, "02 10:00:00.000002"),
        ({"delay": {"minutes": 0}}, "02 10:00"),
        ({}, "02 10:00"),
    ],
)
def test_q8_lengths(wait, sent):
    assert Life(seq(email(**wait)), ev("02 10:00")).sends == [f"1.0 {sent}"]


def test_q8_the_next_is_ready_when_the_one_before_has_run():
    life = Life(seq(email(), email(DAY), email(), email(HOUR)), ev("02 10:00"))
    assert life.sends == ["1.0 02 10:00", "1.1 03 10:00", "1.2 03 10:00", "1.3 03 11:00"]
    assert life.runs == ["completed 03 11:00"]
    assert life.notes == ["1 started 02 10:00", "1 completed 03 11:00"]


def test_q8_a_day_is_24_hours_whatever_the_clocks_do():
    """New York, Saturday 10:00 EST: the next day at 11:00 EDT, since Sunday has 23 hours."""
    sequence = seq(email(DAY), sendingWindow=window("00:00", "24:00", "America/New_York"))
    found = simcore.project(sequence, events=log(ev("2026-03-07T10:00-05:00")))
    assert found["send_at"].dt.strftime("%d %H:%M %Z").tolist() == ["08 11:00 EDT"]


# ---------------------------------------------------------------- Q9


@pytest.mark.parametrize(
    ("entered", "sent"),
    [
        ("02 07:59:59.999999", "02 08:00"),
        ("02 08:00", "02 08:00"),
        ("02 19:59:59.999999", "02 19:59:59.999999"),
        ("02 20:00", "03 08:00"),
        ("06 20:00", "09 08:00"),
        ("07 12:00", "09 08:00"),
    ],
)
def test_q9_a_window_is_half_open(entered, sent):
    life = Life(seq(sendingWindow=window(days=WEEK)), ev(entered))
    assert (life.begins, life.sends, life.runs) == ([entered], [f"1.0 {sent}"], [f"completed {sent}"])


def test_q9_the_next_node_is_ready_at_the_actual_send():
    life = Life(seq(email(), email(DAY), sendingWindow=window()), ev("02 21:00"))
    assert life.sends == ["1.0 03 08:00", "1.1 04 08:00"]


NY = "America/New_York"


@pytest.mark.parametrize(
    ("start", "end", "entered", "sent"),
    [
        pytest.param("02:30", "05:00", "08 06:59:59", "08 07:00", id="opens at the jump, 03:00 EDT"),
        pytest.param("02:30", "05:00", "08 07:00", "08 07:00", id="is open then"),
        pytest.param("02:00", "02:30", "08 06:00", "09 06:00", id="not there that day, next at 02:00 EDT"),
        pytest.param("00:00", "02:30", "08 06:59:59", "08 06:59:59", id="open until the jump"),
        pytest.param("00:00", "02:30", "08 07:00", "09 04:00", id="closed by it, next at 00:00 EDT"),
        pytest.param("08:00", "20:00", "08 11:59:59", "08 12:00", id="an hour earlier than the day before"),
        pytest.param("08:00", "20:00", "09 00:00", "09 12:00", id="and closes an hour earlier"),
    ],
)
def test_q9_windows_when_clocks_go_forward(start, end, entered, sent):
    assert Life(seq(sendingWindow=window(start, end, NY)), ev(entered)).sends == [f"1.0 {sent}"]


@pytest.mark.parametrize(
    ("entered", "sent"),
    [
        pytest.param("2026-11-01T04:30Z", "11-01 05:00", id="01:00 EDT"),
        pytest.param("2026-11-01T05:29:59Z", "11-01 05:29:59", id="01:29:59 EDT"),
        pytest.param("2026-11-01T05:30Z", "11-01 06:00", id="01:30 EDT: open again at 01:00 EST"),
        pytest.param("2026-11-01T06:29:59Z", "11-01 06:29:59", id="01:29:59 EST"),
        pytest.param("2026-11-01T06:30Z", "11-02 06:00", id="01:30 EST: the next day"),
    ],
)
def test_q9_a_window_that_is_open_twice(entered, sent):
    assert Life(seq(sendingWindow=window("01:00", "01:30", NY)), ev(entered)).sends == [f"1.0 {sent}"]


@pytest.mark.parametrize(
    "node", [discount(), {"type": "sms", "message": "Hi"}, {"type": "update_subscriber"}]
)
def test_q9_no_other_node_is_moved(node):
    """Entered at 21:00, outside; the node runs at once, the wait counts from it, and the email is moved."""
    sequence = seq(node, {**node, "delay": {"hours": 2}}, email(HOUR), sendingWindow=window())
    word = "discount" if "discount" in node else node["type"]
    life = Life(sequence, ev("02 21:00"))
    assert life.sends == ["1.2 03 08:00"]
    assert life.notes == [
        "1 started 02 21:00",
        f"1 {word}:step-1 02 21:00",
        f"1 {word}:step-2 02 23:00",
        "1 completed 03 08:00",
    ]


def test_q9_waits_are_not_moved_either():
    """One hour from 19:30 is 20:30, and another from the send of the next day at 8:00."""
    life = Life(seq(email(HOUR), email(HOUR), sendingWindow=window()), ev("02 19:30"))
    assert life.sends == ["1.0 03 08:00", "1.1 03 09:00"]


@pytest.mark.parametrize(
    "windows", [None, {**window("08:00", "09:00"), "enabled": False}, {"enabled": False}]
)
def test_q9_without_a_window_nothing_is_moved(windows):
    assert Life(seq(sendingWindow=windows), ev("02 21:00")).sends == ["1.0 02 21:00"]


def test_q9_a_closed_window_leaves_runs_active():
    """No day is allowed: the run waits for its first email; what is no email runs."""
    sequence = seq(discount(), email(HOUR), email(), sendingWindow=window(days=[]))
    life = Life(sequence, ev("02 10:00"), ev("20 10:00", "purchase"))
    assert (life.sends, life.runs, life.waits) == ([], ["active"], ("step-2", None))
    assert life.notes == ["1 started 02 10:00", "1 discount:step-1 02 10:00"]
    ended = Life(sequence, ev("02 10:00"), ev("05 10:00", "removed"))
    assert (ended.runs, ended.waits) == (["removed 05 10:00"], (None, None))


# ---------------------------------------------------------------- Q10


def weekday(start="09:00", end="17:00", zone="UTC", **named):
    return {"waitUntilWeekday": window(start, end, zone, **named)}


@pytest.mark.parametrize(
    ("entered", "sent"),
    [
        ("02 08:59", "02 09:00"),
        ("02 09:00", "02 09:00"),
        ("02 12:34", "02 12:34"),
        ("02 16:59:59", "02 16:59:59"),
        ("02 17:00", "09 09:00"),
        ("07 10:00", "09 09:00"),
    ],
)
def test_q10_inside_it_goes_on_at_once(entered, sent):
    assert Life(seq(email(**weekday(day="monday"))), ev(entered)).sends == [f"1.0 {sent}"]


def test_q10_without_an_end_until_midnight_without_days_on_all():
    wait = {"waitUntilWeekday": {"startTime": "22:00", "timezone": "UTC"}}
    assert Life(seq(email(**wait)), ev("07 23:59:59")).sends == ["1.0 07 23:59:59"]
    assert Life(seq(email(**wait)), ev("07 21:00")).sends == ["1.0 07 22:00"]


def test_q10_its_zone_is_its_own():
    """Monday 9:00 in Tokyo is midnight UTC, 2:00 in Kyiv, where the window opens at 8:00, 6:00 UTC."""
    wait = weekday(zone="Asia/Tokyo", day="mon")
    assert Life(seq(email(**wait)), ev("07 12:00")).sends == ["1.0 09 00:00"]
    kyiv = window(zone="Europe/Kyiv", days=WEEK)
    assert Life(seq(email(**wait), sendingWindow=kyiv), ev("07 12:00")).sends == ["1.0 09 06:00"]


def test_q10_the_weekday_first_then_the_window_each_once():
    """Friday 22:00 is outside the window, which opens on Monday: outside the weekday's, and there it stays."""
    wait = weekday("22:00", "24:00", day="friday")
    sequence = seq(email(**wait), email(HOUR), sendingWindow=window(days=WEEK))
    assert Life(sequence, ev("04 10:00")).sends == ["1.0 09 08:00", "1.1 09 09:00"]


def test_q10_other_nodes_wait_for_it_too():
    life = Life(seq(discount(**weekday(day="tuesday")), email(HOUR)), ev("02 10:00"))
    assert life.notes[1] == "1 discount:step-1 03 09:00"
    assert life.sends == ["1.1 03 10:00"]


def test_q10_at_a_clock_change():
    """From 02:30 to 05:00 in New York on 8 March: from 03:00 EDT, 7:00 UTC."""
    wait = weekday("02:30", "05:00", NY, day="sunday")
    assert Life(seq(email(**wait)), ev("05 10:00")).sends == ["1.0 08 07:00"]


def test_q10_an_empty_list_closes_it():
    for step in (email(**weekday(days=[])), discount(**weekday(days=[]))):
        life = Life(seq(step, email(HOUR)), ev("02 10:00"))
        assert (life.sends, life.runs, life.notes) == ([], ["active"], ["1 started 02 10:00"])


# ---------------------------------------------------------------- Q11


def until(field="due", **named):
    return {"waitUntil": {"field": field, **named}}


def dated(value, *, entered="02 10:00", **named):
    """When the only email goes out, by the event's `due`."""
    [sent] = Life(seq(email(**until(**named))), ev(entered, properties={"due": value})).sends
    return sent[4:]


@pytest.mark.parametrize(
    ("named", "sent"),
    [
        ({}, "10 12:00"),
        ({"direction": "after"}, "10 12:00"),
        ({"direction": "before"}, "10 12:00"),
        ({"offset": {"days": 1, "hours": 2}}, "11 14:00"),
        ({"offset": {"days": 1, "hours": 2}, "direction": "after"}, "11 14:00"),
        ({"offset": {"days": 1, "hours": 2}, "direction": "before"}, "09 10:00"),
        ({"days": 1, "minutes": 30, "direction": "before"}, "09 11:30"),
        ({"offset": {"days": 8, "hours": 2}, "direction": "before"}, "02 10:00"),
        ({"offset": {"days": 9}, "direction": "before"}, "02 10:00"),
        ({"offset": {"days": 8, "hours": 1.9}, "direction": "before"}, "02 10:06"),
    ],
)
def test_q11_before_and_after(named, sent):
    assert dated("2026-03-10T12:00:00Z", **named) == sent


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("2026-03-10", "10 00:00"),
        ("2026-03-10T12:00", "10 12:00"),
        ("2026-03-10 12:00:30", "10 12:00:30"),
        ("2026-03-10T12:00+02:00", "10 10:00"),
        ("2026-03-10T12:00:00.1234567Z", "10 12:00:00.123456"),
        (1773144000, "10 12:00"),
        (1773144000000, "10 12:00"),
        (1773144000.5, "10 12:00:00.500000"),
        (1773144000.0000007, "10 12:00:00"),
        ("2026-03-02T09:59:59Z", "02 10:00"),
        ("1999-01-01", "02 10:00"),
        (0, "02 10:00"),
        (-5, "02 10:00"),
        (99_999_999_999, None),
        (100_000_000_000, "02 10:00"),
    ],
)
def test_q11_dates(value, sent):
    """99,999,999,999 seconds are in the year 5138, past all; 100,000,000,000 milliseconds in 1973."""
    if sent is None:
        with pytest.raises(simcore.EntryError, match="would go out after 2200-01-01 UTC"):
            dated(value)
    else:
        assert dated(value) == sent.removesuffix(
            ":00" if sent.count(":") == 2 and sent.endswith(":00") else ""
        )


@pytest.mark.parametrize(
    "value", [None, True, False, "", "soon", "1773144000", "20260310", "10/03/2026", [], {}, "2026-13-01"]
)
def test_q11_what_is_no_date(value):
    """Continued, the email goes out at once; with exit the run ends, stopped, where it would wait."""
    given = ev("02 10:00", properties={"due": value})
    for action in ({}, {"missingAction": "continue"}):
        life = Life(seq(email(HOUR), email(**until(**action)), email(HOUR)), given)
        assert life.sends == ["1.0 02 11:00", "1.1 02 11:00", "1.2 02 12:00"]
    life = Life(seq(email(HOUR), email(**until(missingAction="exit")), email(HOUR)), given)
    assert life.sends == ["1.0 02 11:00"]
    assert life.runs == ["stopped 02 11:00"]
    assert life.notes == ["1 started 02 10:00", "1 stopped 02 11:00"]


def test_q11_a_missing_field_and_no_properties():
    step = email(**until("order.due", missingAction="exit"))
    for properties in (None, {}, {"order": None}, {"order": {}}, {"order": [{"due": "2026-03-10"}]}):
        life = Life(seq(step), ev("02 10:00", properties=properties))
        assert (life.sends, life.runs) == ([], ["stopped 02 10:00"])
    life = Life(seq(step), ev("02 10:00", properties={"order": {"due": "2026-03-10"}}))
    assert life.sends == ["1.0 10 00:00"]


def test_q11_a_past_date_is_no_missing_one():
    life = Life(seq(email(**until(missingAction="exit"))), ev("02 10:00", properties={"due": "2026-03-01"}))
    assert life.sends == ["1.0 02 10:00"]


def test_q11_the_date_is_in_the_run_s_own_event():
    """A later event begins a run of its own, and changes nothing in the first."""
    first, second = ({"due": f"2026-03-{number}"} for number in (10, 20))
    life = Life(seq(email(**until())), ev("02 10:00", properties=first), ev("03 10:00", properties=second))
    assert life.sends == ["1.0 10 00:00", "2.0 20 00:00"]


def test_q11_of_a_frequency_it_is_the_event_that_reached_the_count():
    sequence = seq(email(**until()), trigger="frequency", minCount=2, timeWindowDays=1)
    given = [ev(f"02 10:0{number}", properties={"due": f"2026-03-1{number}"}) for number in range(4)]
    assert Life(sequence, *given).sends == ["1.0 11 00:00"]
    same = [ev("02 10:00", properties={"due": f"2026-03-1{number}"}) for number in range(4)]
    assert Life(sequence, *same).sends == ["1.0 11 00:00"]


@pytest.mark.parametrize(
    ("named", "event"),
    [
        (
            {"trigger": "segment_entered", "segmentId": "S"},
            ev("02 10:00", "segment_entered", "S", {"due": "2026-03-20"}),
        ),
        ({"trigger": "inactivity", "inactiveDays": 1}, ev("01 10:00", "order", None, {"due": "2026-03-20"})),
    ],
)
def test_q11_a_run_begun_by_a_look_has_no_event(named, event):
    assert Life(seq(email(**until()), **named), event).sends == ["1.0 02 10:00"]
    life = Life(seq(email(**until(missingAction="exit")), **named), event)
    assert (life.sends, life.runs) == ([], ["stopped 02 10:00"])


def test_q11_then_the_window():
    life = Life(
        seq(email(**until()), sendingWindow=window()), ev("02 10:00", properties={"due": "2026-03-10"})
    )
    assert life.sends == ["1.0 10 08:00"]


# ---------------------------------------------------------------- Q12


def test_q12_a_discount_step_sends_nothing():
    life = Life(seq(email(), discount(DAY), email(HOUR)), ev("02 10:00"))
    assert life.sends == ["1.0 02 10:00", "1.2 03 11:00"]
    assert life.found.subscribers["sends"].tolist() == [2]
    assert life.notes == ["1 started 02 10:00", "1 discount:step-2 03 10:00", "1 completed 03 11:00"]
    last = Life(seq(email(), discount(DAY)), ev("02 10:00"))
    assert last.runs == ["completed 03 10:00"]


def test_q12_the_expiry_counts_from_its_instant():
    """Made on the 3rd at 10:00, not when the email goes out."""
    sequence = seq(
        discount(DAY, discount={"expiresInHours": 48}),
        email(DAY, subject="Until {{discount.expiresAt}}"),
        discount(HOUR, discount={"expiresInHours": 1.5}),
        email(HOUR, subject="Until {{discount.expiresAt}}"),
    )
    rows = Life(sequence, ev("02 10:00"), render=True).found.timeline
    assert rows["rendered_subject"].tolist() == ["Until 2026-03-05T10:00:00Z", "Until 2026-03-04T12:30:00Z"]


# ---------------------------------------------------------------- Q13


@pytest.mark.parametrize(
    ("trigger", "event"),
    [
        ({"trigger": "event_received", "eventName": "order"}, ("order", None)),
        ({"trigger": "contact_added"}, ("contact_added", None)),
        ({"trigger": "contact_added", "listId": "L"}, ("list_joined", "L")),
        ({"trigger": "tag_added", "tagName": "T"}, ("tag_added", "T")),
        ({"trigger": "frequency", "eventName": "order", "minCount": 1, "timeWindowDays": 1}, ("order", None)),
    ],
)
def test_q13_nothing_before_it_enrols(trigger, event):
    given = [ev(when, *event) for when in ("01 10:00", "02 11:00", "03 12:00")]
    sequence = seq(**trigger)
    assert Life(sequence, *given).begins == ["01 10:00", "02 11:00", "03 12:00"]
    assert Life(sequence, *given, enabled="02 11:00").begins == ["02 11:00", "03 12:00"]
    assert Life(sequence, *given, enabled="02 11:00:00.000001").begins == ["03 12:00"]
    assert Life(sequence, *given, enabled="04 00:00").begins == []


# ---------------------------------------------------------------- Q14


@pytest.mark.parametrize(
    ("named", "begins"),
    [
        ({}, ["02 10:00", "06 10:00"]),
        ({"listScope": "any_contact"}, ["02 10:00", "06 10:00"]),
        ({"listScope": "any_list"}, ["03 10:00", "04 10:00", "05 10:00"]),
        ({"listId": "L"}, ["03 10:00", "05 10:00"]),
        ({"listId": "12"}, ["04 10:00"]),
    ],
)
def test_q14_contact_added(named, begins):
    life = Life(
        seq(trigger="contact_added", **named),
        ev("02 10:00", "contact_added"),
        ev("03 10:00", "list_joined", "L"),
        ev("04 10:00", "list_joined", 12.0),
        ev("05 10:00", "list_joined", "L"),
        ev("06 10:00", "contact_added"),
        ev("07 10:00", "list_left", "L"),
        ev("08 10:00", "order"),
    )
    assert life.begins == begins
    assert life.found.subscribers["via"].tolist() == ["contact_added"] * len(begins)


def test_q14_each_time_the_tag_is_applied():
    life = Life(
        seq(trigger="tag_added", tagName="T"),
        ev("02 10:00", "tag_added", "T"),
        ev("03 10:00", "tag_added", "T"),
        ev("04 10:00", "tag_added", "U"),
        ev("05 10:00", "tag_removed", "T"),
        ev("06 10:00", "tag_added", "T"),
    )
    assert life.begins == ["02 10:00", "03 10:00", "06 10:00"]
    assert life.sends == ["1.0 02 10:00", "2.0 03 10:00", "3.0 06 10:00"]


def test_q14_each_event_of_that_name():
    given = [ev("02 10:00"), ev("02 10:00"), ev("03 10:00", "Order"), ev("04 10:00", "order placed")]
    assert Life(ORDER, *given).begins == ["02 10:00", "02 10:00"]


THINGS = {
    "number": {"a": 1},
    "float": {"a": 1.0},
    "more": {"a": 2.5},
    "text": {"a": "1"},
    "true": {"a": True},
    "null": {"a": None},
    "list": {"a": [1, 2]},
    "object": {"a": {"b": 1}},
    "empty": {},
}
ALL = frozenset(THINGS)


@pytest.mark.parametrize(
    ("operator", "value", "passing"),
    [
        ("exists", None, ALL - {"null", "empty"}),
        ("not_exists", None, {"null", "empty"}),
        ("equals", 1, {"number", "float"}),
        ("equals", 1.0, {"number", "float"}),
        ("equals", "1", {"text"}),
        ("equals", True, {"true"}),
        ("equals", None, {"null"}),
        ("equals", [1.0, 2], {"list"}),
        ("equals", [2, 1], set()),
        ("equals", {"b": 1.0}, {"object"}),
        ("not_equals", 1, ALL - {"number", "float"}),
        ("not_equals", None, ALL - {"null"}),
        ("one_of", ["1", 2.5], {"text", "more"}),
        ("one_of", [], set()),
        ("one_of", [True, [1, 2]], {"true", "list"}),
        ("contains", "1", {"text"}),
        ("contains", "", {"text"}),
        ("contains", 1, {"list"}),
        ("contains", 2.0, {"list"}),
        ("contains", True, set()),
        ("greater_than", 1, {"more"}),
        ("greater_than", 0.5, {"number", "float", "more"}),
        ("less_than", 2, {"number", "float"}),
        ("less_than", 100, {"number", "float", "more"}),
    ],
)
def test_q14_filters(operator, value, passing):
    rule = {"path": "a", "operator": operator} | ({} if operator.endswith("exists") else {"value": value})
    given = [ev("02 10:00", properties=thing, who=name) for name, thing in THINGS.items()]
    found = Life(seq(propertyFilters=[rule]), *given).found.subscribers
    assert set(found["subscriber_id"]) == set(passing)


def test_q14_no_properties_are_none_of_them():
    for operator, enrols in (
        ("exists", False),
        ("not_exists", True),
        ("not_equals", True),
        ("equals", False),
    ):
        rule = {"path": "a", "operator": operator, "value": 1}
        life = Life(seq(propertyFilters=[rule]), ev("02 10:00"))
        assert bool(life.begins) == enrols
        other = ev("02 10:00", properties={"a": 1 if operator == "not_equals" else 2}, who="b")
        both = Life(seq(propertyFilters=[rule]), ev("02 10:00"), other).begins
        assert ("02 10:00" in both) == enrols


ITEMS = {"items": [{"sku": "a", "n": 1, "tags": ["x", "y"]}, {"sku": "b", "n": 5, "tags": []}, {"sku": None}]}


@pytest.mark.parametrize(
    ("path", "operator", "value", "passes"),
    [
        ("items[].sku", "equals", "b", True),
        ("items[].sku", "equals", "c", False),
        ("items[].sku", "not_equals", "b", False),
        ("items[].sku", "not_equals", "c", True),
        ("items[].sku", "exists", None, True),
        ("items[].sku", "not_exists", None, False),
        ("items[].name", "not_exists", None, True),
        ("items[].n", "greater_than", 4, True),
        ("items[].n", "greater_than", 5, False),
        ("items[].n", "less_than", 2, True),
        ("items[].tags", "contains", "y", True),
        ("items[].tags[]", "equals", "y", True),
        ("items[].tags[]", "contains", "y", True),
        ("items[].tags[]", "one_of", ["z", "x"], True),
        ("items[].tags[]", "one_of", ["z"], False),
        ("items.sku", "exists", None, False),
        ("items[]", "contains", "sku", False),
        ("sku[].n", "not_exists", None, True),
        ("items[].sku[]", "not_exists", None, True),
    ],
)
def test_q14_paths_into_lists(path, operator, value, passes):
    rule = {"path": path, "operator": operator, "value": value}
    life = Life(seq(propertyFilters=[rule]), ev("02 10:00", properties=ITEMS))
    assert bool(life.begins) == passes


def test_q14_every_filter():
    rules = [{"path": "a", "operator": "greater_than", "value": 1}, {"path": "b", "operator": "exists"}]
    given = [{"a": 2, "b": 0}, {"a": 2}, {"a": 1, "b": 0}, None]
    life = Life(
        seq(propertyFilters=rules),
        *(ev(f"02 10:0{number}", properties=thing) for number, thing in enumerate(given)),
    )
    assert life.begins == ["02 10:00"]
    assert life.turned == []


# ---------------------------------------------------------------- Q15

SEGMENT = seq(trigger="segment_entered", segmentId="S")
LEFT = seq(email(), email(HOUR), trigger="segment_entered", segmentId="S", stopOnSegmentExit=True)


def into(when, who="a", ref="S"):
    return ev(when, "segment_entered", ref, who=who)


def out(when, who="a", ref="S"):
    return ev(when, "segment_left", ref, who=who)


@pytest.mark.parametrize(
    ("events", "begins"),
    [
        pytest.param([into("02 10:07")], ["02 10:15"], id="the next look"),
        pytest.param([into("02 10:15")], ["02 10:15"], id="at the instant of a look"),
        pytest.param([into("02 10:15:00.000001")], ["02 10:30"], id="just after one"),
        pytest.param([into("1970-01-01T00:00Z")], ["1970-01-01 00:00"], id="at the first of all looks"),
        pytest.param([into("02 10:07", ref="T")], [], id="another segment"),
        pytest.param([out("02 10:07")], [], id="left, and never in"),
        pytest.param([into("02 10:01"), out("02 10:14")], [], id="undone between two looks"),
        pytest.param([into("02 10:01"), out("02 10:15")], [], id="undone at the look"),
        pytest.param([into("02 10:01"), out("02 10:16")], ["02 10:15"], id="undone after the look"),
        pytest.param([out("02 10:01"), into("02 10:01")], ["02 10:15"], id="out and in, in that order"),
        pytest.param([into("02 10:01"), out("02 10:01")], [], id="in and out, in that order"),
        pytest.param([into("02 10:01"), into("02 11:01")], ["02 10:15"], id="already in"),
        pytest.param(
            [into("02 10:01"), out("02 10:20"), into("02 10:29")], ["02 10:15"], id="out and in between looks"
        ),
        pytest.param(
            [into("02 10:01"), out("02 10:20"), into("02 10:40")], ["02 10:15", "02 10:45"], id="in again"
        ),
        pytest.param(
            [into("02 10:01"), out("02 10:30"), into("02 10:30:01")],
            ["02 10:15", "02 10:45"],
            id="out at the look, in right after it",
        ),
    ],
)
def test_q15_looks(events, begins):
    life = Life(SEGMENT, *events)
    assert (life.begins, life.sends) == (begins, [f"{run}.0 {when}" for run, when in enumerate(begins, 1)])


@pytest.mark.parametrize(
    ("enabled", "events", "begins"),
    [
        pytest.param("02 10:00", [into("02 09:50")], [], id="in before"),
        pytest.param("02 10:00", [into("02 10:00")], [], id="in at that very instant"),
        pytest.param("02 10:00", [into("02 10:00:00.000001")], ["02 10:15"], id="in just after"),
        pytest.param("02 10:07", [into("02 10:07")], [], id="between looks: in at that instant"),
        pytest.param("02 10:07", [into("02 10:06")], [], id="in before, though no look came yet"),
        pytest.param("02 10:07", [into("02 10:08")], ["02 10:15"], id="in after, at the same look"),
        pytest.param("02 10:00", [into("02 09:50"), out("02 10:00")], [], id="out at that instant"),
        pytest.param(
            "02 10:00", [into("02 09:50"), out("02 10:00"), into("02 10:05")], ["02 10:15"], id="and in again"
        ),
        pytest.param(
            "02 10:00", [into("02 09:50"), out("02 10:05"), into("02 10:10")], [], id="out and in unseen"
        ),
        pytest.param(
            "02 10:00", [into("02 09:50"), out("02 10:05"), into("02 10:20")], ["02 10:30"], id="and seen"
        ),
    ],
)
def test_q15_the_baseline(enabled, events, begins):
    assert Life(SEGMENT, *events, enabled=enabled).begins == begins


def test_q15_who_leaves_ends_at_a_look():
    life = Life(LEFT, into("02 10:01"), out("02 10:20"))
    assert life.sends == ["1.0 02 10:15"]
    assert life.runs == ["stopped 02 10:30"]
    assert life.notes == ["1 started 02 10:15", "1 stopped 02 10:30"]
    assert life.found.journal["detail"].tolist()[1] == "a look found the subscriber outside the segment"
    stays = Life(LEFT.replace(stopOnSegmentExit=None), into("02 10:01"), out("02 10:20"))
    assert stays.sends == ["1.0 02 10:15", "1.1 02 11:15"]


@pytest.mark.parametrize(
    ("left", "ended"),
    [
        ("02 10:15:00.000001", "stopped 02 10:30"),
        ("02 10:30", "stopped 02 10:30"),
        ("02 10:31", "stopped 02 10:45"),
        ("02 11:00:01", "stopped 02 11:15"),
        ("02 11:15", "stopped 02 11:15"),
        ("02 11:15:01", "completed 02 11:15"),
    ],
)
def test_q15_looks_come_before_nodes(left, ended):
    """The second email is due at 11:15: of that instant, the look comes first."""
    life = Life(LEFT, into("02 10:01"), out(left))
    assert life.runs == [ended]
    assert len(life.sends) == (2 if ended.startswith("completed") else 1)


def test_q15_out_and_in_again_unseen_goes_on():
    assert Life(LEFT, into("02 10:01"), out("02 10:20"), into("02 10:30")).runs == ["completed 02 11:15"]


def test_q15_in_again_begins_another_run():
    life = Life(LEFT, into("02 10:01"), out("02 10:20"), into("02 10:40"), out("02 11:20"))
    assert life.sends == ["1.0 02 10:15", "2.0 02 10:45"]
    assert life.runs == ["stopped 02 10:30", "stopped 02 11:30"]
    once = Life(LEFT.replace(enrollmentMode="one_time"), into("02 10:01"), out("02 10:20"), into("02 10:40"))
    assert (once.runs, once.turned) == (["stopped 02 10:30"], ["repeated 02 10:45"])


def test_q15_each_run_ends_for_its_own_subscriber():
    life = Life(LEFT, into("02 10:01"), into("02 10:02", "b"), out("02 10:20", "b"), into("02 10:03", "c"))
    assert life.runs == ["completed 02 11:15", "stopped 02 10:30", "completed 02 11:15"]


def test_q15_a_baseline_member_who_leaves_ends_nothing():
    life = Life(
        LEFT, into("02 09:00"), out("02 10:20"), into("02 10:40"), out("02 11:00"), enabled="02 10:00"
    )
    assert (life.begins, life.runs) == (["02 10:45"], ["stopped 02 11:00"])


def test_q15_what_ends_the_run_first_counts():
    """An event of the instant of the look comes before it."""
    life = Life(LEFT, into("02 10:01"), out("02 10:20"), ev("02 10:30", "removed"))
    assert life.runs == ["removed 02 10:30"]
    life = Life(LEFT, into("02 10:01"), out("02 10:20"), ev("02 10:31", "removed"))
    assert life.runs == ["stopped 02 10:30"]


@pytest.mark.parametrize(("until_", "begins"), [("02 10:15", []), ("02 10:15:01", ["02 10:15"])])
def test_q15_until_between_the_event_and_the_look(until_, begins):
    assert Life(LEFT, into("02 10:01"), until=until_).begins == begins


def test_q15_until_before_the_look_that_ends():
    life = Life(LEFT, into("02 10:01"), out("02 10:20"), until="02 10:30")
    assert (life.runs, life.waits) == (["active"], ("step-2", "02 11:15"))
    life = Life(LEFT, into("02 10:01"), out("02 10:20"), until="02 10:30:01")
    assert (life.runs, life.waits) == (["stopped 02 10:30"], (None, None))


@pytest.mark.parametrize(
    ("poll", "begins"),
    [
        (timedelta(hours=1), "02 11:00"),
        (timedelta(days=1), "03 00:00"),
        pytest.param(
            timedelta(minutes=7), "02 10:03", id="29,540,763 minutes from the epoch are 7 * 4,220,109"
        ),
        (timedelta(seconds=1), "02 10:01"),
        (timedelta(microseconds=1), "02 10:01"),
    ],
)
def test_q15_segment_poll(poll, begins):
    assert Life(SEGMENT, into("02 10:01"), segment_poll=poll).begins == [begins]


# ---------------------------------------------------------------- Q16


def idle(**named):
    return seq(trigger="inactivity", **{"inactiveDays": 1, **named})


@pytest.mark.parametrize(
    ("events", "begins"),
    [
        pytest.param([ev("02 10:00")], ["03 10:00"], id="exactly at a look"),
        pytest.param([ev("02 10:07")], ["03 10:15"], id="the first look after"),
        pytest.param([ev("02 10:00"), ev("03 09:59")], ["04 10:00"], id="the event came first"),
        pytest.param([ev("02 10:00"), ev("03 10:00")], ["04 10:00"], id="exactly at the look"),
        pytest.param(
            [ev("02 10:07"), ev("03 10:10")], ["04 10:15"], id="time was up, the look not there yet"
        ),
        pytest.param([ev("02 10:00"), ev("03 10:01")], ["03 10:00", "04 10:15"], id="right after the look"),
        pytest.param([ev("02 10:00"), ev("06 10:00")], ["03 10:00", "07 10:00"], id="again after the event"),
        pytest.param([ev("02 10:00"), ev("05 10:00", "visit")], ["03 10:00"], id="not again without it"),
        pytest.param([ev("02 10:00"), ev("02 10:00")], ["03 10:00"], id="twice at one instant"),
        pytest.param([ev("02 10:00", "visit")], ["03 10:00"], id="never, from when the subscriber is known"),
        pytest.param([ev("02 10:00", "contact_added")], ["03 10:00"], id="known by a contact_added"),
        pytest.param([ev("02 10:00", "tag_removed", "T")], ["03 10:00"], id="known by any event"),
        pytest.param(
            [ev("02 10:00", "contact_added"), ev("02 20:00")], ["03 20:00"], id="counted from the event"
        ),
    ],
)
def test_q16_looks(events, begins):
    assert Life(idle(), *events).begins == begins


def test_q16_fractions_of_days():
    assert Life(idle(inactiveDays=1.5), ev("02 10:00")).begins == ["03 22:00"]


@pytest.mark.parametrize(
    ("named", "enabled", "begins"),
    [
        pytest.param({}, None, "05 12:15", id="neither: when known"),
        pytest.param({}, "03 06:00", "04 12:15", id="enabled_at: known after a day of it"),
        pytest.param({}, "04 06:00", "05 06:00", id="enabled_at: a day after"),
        pytest.param(
            {"createdAt": "2026-03-01T00:00:00Z"}, None, "04 12:15", id="createdAt: long past, once known"
        ),
        pytest.param(
            {"createdAt": "2026-03-06T00:07:00"}, None, "07 00:15", id="createdAt later, read as UTC"
        ),
        pytest.param(
            {"createdAt": "2026-03-04T00:00:00Z"}, "09 00:00", "09 00:00", id="not before enabled_at"
        ),
        pytest.param({"createdAt": "2026-03-04T00:00:00Z"}, "09 00:07", "09 00:15", id="and at a look"),
        pytest.param({"inactivityBaseline": "sequence_created_at"}, "04 06:00", "05 06:00", id="by name"),
        pytest.param(
            {"inactivityBaseline": "subscriber_created_at"}, "04 06:00", "05 12:15", id="subscriber"
        ),
        pytest.param(
            {"inactivityBaseline": "subscriber_created_at", "createdAt": "2026-03-01T00:00:00Z"},
            None,
            "05 12:15",
            id="subscriber, whatever the sequence",
        ),
    ],
)
def test_q16_baselines(named, enabled, begins):
    """Known by a contact_added on the 4th at 12:10; the event on the 2nd is another."""
    life = Life(idle(**named), ev("04 12:10", "contact_added"), ev("02 09:00", "visit"), enabled=enabled)
    assert life.begins == [begins]


def test_q16_known_by_their_first_event_where_no_contact_added_stands():
    subscriber = idle(inactivityBaseline="subscriber_created_at")
    assert Life(subscriber, ev("05 12:00", "visit"), ev("02 09:00", "visit")).begins == ["03 09:00"]
    created = idle(createdAt="2026-02-01T00:00:00Z")
    assert Life(created, ev("02 09:07", "visit")).begins == ["02 09:15"]
    assert Life(created, ev("02 09:15", "visit")).begins == ["02 09:15"]


def test_q16_known_by_a_contact_added_that_is_later_than_events():
    """The event of the 2nd was over a day ago when the subscriber became known."""
    assert Life(idle(), ev("02 09:00"), ev("05 12:00", "contact_added")).begins == ["05 12:00"]
    life = Life(idle(), ev("02 09:00"), ev("03 10:00"), ev("05 12:07", "contact_added"))
    assert life.begins == ["05 12:15"]
    life = Life(idle(), ev("02 09:00"), ev("05 12:00"), ev("05 12:00", "contact_added"))
    assert life.begins == ["06 12:00"]
    twice = [ev("05 12:00", "contact_added"), ev("07 12:00", "contact_added")]
    assert Life(idle(), *reversed(twice), ev("02 09:00")).begins == ["05 12:00"]


def test_q16_counted_from_their_last_event_also_where_it_is_before_the_baseline():
    sequence = idle(createdAt="2026-03-10T00:00:00Z")
    assert Life(sequence, ev("02 10:00")).begins == ["03 10:00"]
    assert Life(sequence, ev("02 10:00"), enabled="10 00:00").begins == ["10 00:00"]


def test_q16_not_before_enabled_at():
    for enabled, begins in (("05 10:07", "05 10:15"), ("05 10:15", "05 10:15"), ("03 10:00", "03 10:00")):
        assert Life(idle(), ev("02 10:00"), enabled=enabled).begins == [begins]
    assert Life(idle(), ev("02 10:00"), ev("04 10:00"), enabled="05 09:00").begins == ["05 10:00"]


def test_q16_each_subscriber_by_themselves():
    life = Life(
        idle(), ev("02 10:00"), ev("02 08:00", who="b"), ev("03 07:00", who="b"), ev("02 09:00", "x", who="c")
    )
    assert life.begins == ["c 03 09:00", "03 10:00", "b 04 07:00"]


def test_q16_the_log_is_cut_at_until():
    assert Life(idle(), ev("02 10:00"), ev("03 10:00"), until="03 10:00").begins == []
    assert Life(idle(), ev("02 10:00"), until="03 10:00:01").begins == ["03 10:00"]
    created = idle(createdAt="2026-02-01T00:00:00Z")
    assert Life(created, ev("02 10:00", "visit"), until="02 10:00").begins == []
    late = [ev("02 10:00", "visit"), ev("05 12:00", "contact_added")]
    assert Life(created, *late).begins == ["05 12:00"]
    assert Life(created, *late, until="05 12:00").begins == ["02 10:00"]


@pytest.mark.parametrize(
    ("poll", "begins"), [(timedelta(days=1), "04 00:00"), (timedelta(minutes=7), "03 10:05")]
)
def test_q16_inactivity_poll(poll, begins):
    """The 3rd at 10:00 is 29,542,200 minutes from the epoch, 7 * 4,220,314 + 2: the next multiple is 5 on."""
    minutes = (pd.Timestamp(at(begins)) - pd.Timestamp(0, tz="UTC")) / timedelta(minutes=1)
    assert minutes % (poll / timedelta(minutes=1)) == 0
    assert Life(idle(), ev("02 10:00"), inactivity_poll=poll).begins == [begins]


def test_q16_the_occasion_is_used_up():
    rows = [ev("02 10:00"), ev("02 11:00", "unsubscribed"), ev("03 11:00", "resubscribed")]
    life = Life(idle(activeSubscribersOnly=True), *rows)
    assert (life.begins, life.turned) == ([], ["blocked 03 10:00"])
    assert Life(idle(), *rows).begins == ["03 10:00"]  # Q33


# ---------------------------------------------------------------- Q17


def often(count=3, days=1, **named):
    return seq(trigger="frequency", minCount=count, timeWindowDays=days, **named)


@pytest.mark.parametrize(
    ("times", "begins"),
    [
        pytest.param(["02 10:00", "02 11:00", "02 12:00"], ["02 12:00"], id="the third"),
        pytest.param(["02 10:00", "02 11:00", "02 12:00", "02 13:00"], ["02 12:00"], id="not the fourth"),
        pytest.param(["02 10:00", "02 11:00", "03 10:00"], [], id="the window is open at its left end"),
        pytest.param(
            ["02 10:00", "02 11:00", "03 09:59:59.999999"], ["03 09:59:59.999999"], id="just inside"
        ),
        pytest.param(["02 10:00"] * 3, ["02 10:00"], id="three of one instant"),
        pytest.param(["02 10:00"] * 5, ["02 10:00"], id="five of one instant"),
        pytest.param(
            ["02 10:00", "02 11:00", "02 12:00", "02 13:00", "03 10:30", "03 12:30"],
            ["02 12:00", "03 12:30"],
            id="again once it has fallen below: 13:00, 10:30 and 12:30",
        ),
        pytest.param(
            ["02 10:00", "02 11:00", "02 12:00", "03 10:00", "03 11:00", "03 12:00"],
            ["02 12:00", "03 10:00", "03 11:00", "03 12:00"],
            id="it falls below each time",
        ),
        pytest.param(["02 12:00", "02 10:00", "02 11:00"], ["02 12:00"], id="in any order of rows"),
    ],
)
def test_q17_the_count(times, begins):
    assert Life(often(), *(ev(when) for when in times)).begins == begins


def test_q17_one_is_enough():
    times = ["02 10:00", "02 11:00", "03 11:00", "03 12:00"]
    assert Life(often(1), *(ev(when) for when in times)).begins == ["02 10:00", "03 11:00"]


def test_q17_of_one_instant_in_the_order_of_rows():
    """The third row of that instant reaches it; its properties are the run's."""
    rows = [ev("02 10:00", properties={"n": number}) for number in range(5)]
    sequence = often(3, 0.5 + 0.5, steps=[email(subject="{{event.n}}")])
    assert Life(sequence, *rows, render=True).found.timeline["rendered_subject"].tolist() == ["2"]


def test_q17_events_before_enabled_at_count_but_enrol_nobody():
    events = [ev("02 10:00"), ev("02 11:00"), ev("02 12:00"), ev("02 13:00")]
    assert Life(often(), *events, enabled="02 11:30").begins == ["02 12:00"]
    assert Life(often(), *events, enabled="02 12:00").begins == ["02 12:00"]
    assert Life(often(), *events, enabled="02 12:00:01").begins == []
    assert Life(often(4), *events, enabled="02 12:00:01").begins == ["02 13:00"]


def test_q17_each_subscriber_by_themselves():
    life = Life(often(2), ev("02 10:00"), ev("02 11:00", who="b"), ev("02 12:00"), ev("02 13:00", "visit"))
    assert life.begins == ["02 12:00"]


# ---------------------------------------------------------------- Q18

ONCE = TWO.replace(enrollmentMode="one_time")
KEYED = TWO.replace(enrollmentMode="matching_field", enrollmentFieldPath="id")


def test_q18_unlimited_side_by_side():
    life = Life(TWO, ev("02 10:00"), ev("02 10:00"), ev("02 12:00"))
    assert life.sends == [
        *("1.0 02 10:00", "1.1 03 10:00", "2.0 02 10:00", "2.1 03 10:00", "3.0 02 12:00", "3.1 03 12:00"),
    ]
    assert life.runs == ["completed 03 10:00", "completed 03 10:00", "completed 03 12:00"]
    assert TWO.mode == "unlimited"


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ([], "completed 03 10:00"),
        ([ev("02 12:00", "removed")], "removed 02 12:00"),
        ([ev("02 12:00", "bounced"), ev("02 13:00", "resubscribed")], "cancelled 02 12:00"),
        ([ev("02 12:00", "tag_added", "T")], "stopped 03 10:00"),
    ],
)
def test_q18_one_time_however_it_ended(ending, status):
    sequence = ONCE.replace(stopCondition={"type": "has_tag", "value": "T"})
    life = Life(sequence, ev("02 10:00"), *ending, ev("20 10:00"))
    assert (life.runs, life.turned) == ([status], ["repeated 20 10:00"])


def test_q18_one_time_who_was_blocked_had_no_run():
    rows = [ev("01 10:00", "unsubscribed"), ev("02 10:00"), ev("03 10:00", "resubscribed"), ev("04 10:00")]
    assert Life(ONCE.replace(activeSubscribersOnly=True), *rows).notes == [
        *("0 blocked 02 10:00", "1 started 04 10:00", "1 completed 05 10:00"),
    ]
    # Q33: who left enters all the same, and gets no marketing email; that was the one time.
    assert Life(ONCE, *rows).notes == [
        *("1 started 02 10:00", "1 skipped:step-1 02 10:00", "1 completed 03 10:00", "0 repeated 04 10:00"),
    ]


def test_q18_one_time_of_one_instant_the_first_row():
    life = Life(ONCE, ev("02 10:00"), ev("02 10:00"))
    assert (life.runs, life.turned) == (["completed 03 10:00"], ["repeated 02 10:00"])


def keyed(*values, sequence=KEYED, when=None):
    """What becomes of events with these ids, a minute apart: the journal, without the ends."""
    times = when or [f"02 10:0{number}" for number in range(len(values))]
    given = [ev(time, properties={"id": value}) for time, value in zip(times, values, strict=True)]
    life = Life(sequence, *given, until="02 12:00")
    return [note.split()[1] for note in life.notes]


@pytest.mark.parametrize(
    ("values", "whats"),
    [
        (["x", "x"], ["started", "duplicate"]),
        (["x", "y", "x", "y"], ["started", "started", "duplicate", "duplicate"]),
        ([1, 1.0], ["started", "duplicate"]),
        ([1, "1"], ["started", "started"]),
        ([1, True], ["started", "started"]),
        ([0, False, ""], ["started", "started", "started"]),
        ([True, True], ["started", "duplicate"]),
        (["", ""], ["started", "duplicate"]),
        ([None], ["no_key"]),
        ([[]], ["no_key"]),
        ([["x"]], ["no_key"]),
        ([{"x": 1}], ["no_key"]),
        ([2**53, 2**53 + 1, float(2**53)], ["started", "started", "duplicate"]),
        (["x", None, "x"], ["started", "no_key", "duplicate"]),
    ],
)
def test_q18_keys(values, whats):
    assert keyed(*values) == whats


def test_q18_an_event_without_properties_or_the_field():
    for properties in (None, {}, {"ID": 1}):
        assert Life(KEYED, ev("02 10:00", properties=properties)).notes == ["0 no_key 02 10:00"]
    deep = KEYED.replace(enrollmentFieldPath="a.b")
    for properties, what in (({"a": {"b": 1}}, "started"), ({"a": 1}, "no_key"), ({"a.b": 1}, "no_key")):
        assert Life(deep, ev("02 10:00", properties=properties)).found.journal["what"].tolist()[0] == what


@pytest.mark.parametrize(
    ("second", "what"),
    [
        ("03 09:59", "duplicate"),
        ("03 10:00", "duplicate"),
        ("03 10:00:00.000001", "started"),
    ],
)
def test_q18_at_the_very_instant_of_the_last_node(second, what):
    """Q19: the run is active until it has run, and enrolments come before nodes."""
    life = Life(KEYED, ev("02 10:00", properties={"id": 1}), ev(second, properties={"id": 1}))
    assert [note for note in life.notes if note.endswith(second)][-1].split()[1] == (
        what if what == "duplicate" else "started"
    )
    assert len(life.begins) == (1 if what == "duplicate" else 2)


def test_q18_a_run_of_no_length_is_active_at_its_instant():
    """All of one instant are judged before any of their nodes runs."""
    sequence = KEYED.replace(steps=[email()])
    life = Life(sequence, *(ev("02 10:00", properties={"id": 1}) for _ in range(3)))
    assert life.notes == [
        *("1 started 02 10:00", "1 completed 02 10:00", "0 duplicate 02 10:00", "0 duplicate 02 10:00"),
    ]
    life = Life(sequence, ev("02 10:00", properties={"id": 1}), ev(NEXT, properties={"id": 1}))
    assert life.runs == ["completed 02 10:00", f"completed {NEXT}"]


def test_q18_a_run_that_an_event_ended_is_in_nobody_s_way():
    """Events come before enrolments of the same instant."""
    first, again = ev("02 10:00", properties={"id": 1}), ev("02 12:00", properties={"id": 1})
    for rows in ([first, ev("02 12:00", "removed"), again], [first, again, ev("02 12:00", "removed")]):
        life = Life(KEYED, *rows)
        assert life.runs == ["removed 02 12:00", "completed 03 12:00"]
        assert life.turned == []


def test_q18_a_run_that_a_node_would_stop_is_in_the_way_until_then():
    """Q20: it waits, and is not ended earlier; the stop comes with the node of the 3rd at 10:00."""
    sequence = KEYED.replace(stopCondition={"type": "has_tag", "value": "T"})
    tag = ev("02 11:00", "tag_added", "T")
    untag = ev("03 10:00:00.000001", "tag_removed", "T")
    life = Life(
        sequence,
        ev("02 10:00", properties={"id": 1}),
        tag,
        untag,
        *(ev(when, properties={"id": 1}) for when in ("03 09:00", "03 10:00", "03 10:01")),
    )
    assert life.runs == ["stopped 03 10:00", "completed 04 10:01"]
    assert life.turned == ["duplicate 03 09:00", "duplicate 03 10:00"]


def test_q18_the_occasion_is_used_up():
    life = Life(
        KEYED, *(ev(when, properties={"id": 1}) for when in ("02 10:00", "02 11:00")), until="30 00:00"
    )
    assert (life.begins, life.turned) == (["02 10:00"], ["duplicate 02 11:00"])


def test_q18_a_duplicate_is_no_run_and_blocks_nobody():
    """Of four, the second falls into the first, the third comes after it, the fourth falls into the third."""
    times = ["02 10:00", "03 09:00", "03 11:00", "04 10:00"]
    life = Life(KEYED, *(ev(when, properties={"id": 1}) for when in times))
    assert life.begins == ["02 10:00", "03 11:00"]
    assert life.turned == ["duplicate 03 09:00", "duplicate 04 10:00"]
    assert life.found.subscribers["run"].tolist() == [1, 2]


def test_q18_a_run_that_waits_at_a_closed_gate_is_in_the_way_for_good():
    sequence = KEYED.replace(sendingWindow=window(days=[]))
    life = Life(sequence, *(ev(when, properties={"id": 1}) for when in ("02 10:00", "30 10:00")))
    assert (life.runs, life.turned) == (["active"], ["duplicate 30 10:00"])


def test_q18_keys_of_others_do_not_matter():
    life = Life(KEYED, ev("02 10:00", properties={"id": 1}), ev("02 11:00", properties={"id": 1}, who="b"))
    assert life.begins == ["02 10:00", "b 02 11:00"]


PATHS = (
    *("sequenceEnrollmentKey", "enrollmentKey", "product.providerVariantId"),
    *("product.providerProductId", "productId", "variantId"),
)


def made(values):
    """Properties with these values at the default paths."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        name, _, inner = path.partition(".")
        if inner:
            found.setdefault(name, {})[inner] = value
        else:
            found[name] = value
    return found


@pytest.mark.parametrize("first", range(len(PATHS)))
@pytest.mark.parametrize("sequence", [KEYED.replace(enrollmentFieldPath=None)])
def test_q18_default_paths_in_order(first, sequence):
    """Of what is there, the first decides; null is as good as not there."""
    one = made(dict.fromkeys(PATHS[:first]) | {path: f"{path} 1" for path in PATHS[first:]})
    same = made({path: f"{path} {1 if path == PATHS[first] else 2}" for path in PATHS[first:]})
    other = made({path: f"{path} {2 if path == PATHS[first] else 1}" for path in PATHS[first:]})
    life = Life(sequence, ev("02 10:00", properties=one), ev("02 11:00", properties=same), until="02 12:00")
    assert life.turned == ["duplicate 02 11:00"]
    life = Life(sequence, ev("02 10:00", properties=one), ev("02 11:00", properties=other), until="02 12:00")
    assert life.turned == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", [[], ["x"], {}, {"x": 1}])
def test_q18_a_list_or_an_object_at_a_default_path_is_no_key(path, value):
    later = dict.fromkeys(PATHS[PATHS.index(path) + 1 :], "k")
    life = Life(
        KEYED.replace(enrollmentFieldPath=None), ev("02 10:00", properties=made({path: value} | later))
    )
    assert life.notes == ["0 no_key 02 10:00"]


def test_q18_an_empty_path_is_no_path():
    """Q3: an empty one is none, so Q18 chooses."""
    sequence = KEYED.replace(enrollmentFieldPath="")
    life = Life(sequence, *(ev(when, properties={"productId": 1}) for when in ("02 10:00", "02 11:00")))
    assert life.begins == ["02 10:00"]
    assert life.turned == ["duplicate 02 11:00"]


@pytest.mark.parametrize("name", ["ecommerce.replenishment_due", "ecommerce.back_in_stock"])
def test_q18_the_events_that_match_by_default(name):
    sequence = seq(email(DAY), eventName=name)
    rows = [ev(f"02 1{hour}:00", name, None, {"productId": key}) for hour, key in enumerate("xxy")]
    assert Life(sequence, *rows).turned == ["duplicate 02 11:00"]
    assert Life(sequence.replace(enrollmentMode="unlimited"), *rows).turned == []


# ---------------------------------------------------------------- Q19


@pytest.mark.parametrize("how", LEAVES)
def test_q19_an_unsubscribe_later_in_the_same_instant_blocks(how):
    for rows in ([ev("02 10:00"), ev("02 10:00", how)], [ev("02 10:00", how), ev("02 10:00")]):
        life = Life(ACTIVE_ONLY, *rows)
        assert (life.sends, life.notes) == ([], ["0 blocked 02 10:00"])
    back = [ev("02 10:00", how), ev("02 10:00"), ev("02 10:00", "resubscribed")]
    for sequence in (TWO, ACTIVE_ONLY):
        assert Life(sequence, *back).begins == ["02 10:00"]


@pytest.mark.parametrize("how", LEAVES)
def test_q33_an_unsubscribe_later_in_the_same_instant_ends_nothing(how):
    """The event comes before the enrolment (Q19), whichever row is first."""
    for rows in ([ev("02 10:00"), ev("02 10:00", how)], [ev("02 10:00", how), ev("02 10:00")]):
        life = Life(TWO, *rows)
        assert life.sends == []
        assert life.notes == [
            *("1 started 02 10:00", "1 skipped:step-1 02 10:00", "1 skipped:step-2 03 10:00"),
            "1 completed 03 10:00",
        ]


def test_q19_removed_at_the_instant_of_the_enrolment_does_not_end_it():
    for rows in ([ev("02 10:00"), ev("02 10:00", "removed")], [ev("02 10:00", "removed"), ev("02 10:00")]):
        assert Life(TWO, *rows).runs == ["completed 03 10:00"]
    assert Life(TWO, ev("02 10:00"), ev(NEXT, "removed")).runs == [f"removed {NEXT}"]


@pytest.mark.parametrize("how", [*LEAVES, "removed"])
def test_q19_events_come_before_nodes(how):
    status = "removed" if how == "removed" else "cancelled"
    life = Life(TWO, ev("02 10:00"), ev("03 10:00", how))
    assert (life.sends, life.runs) == (["1.0 02 10:00"], [f"{status} 03 10:00"])
    life = Life(TWO, ev("02 10:00"), ev("03 10:00:00.000001", how))
    assert life.runs == ["completed 03 10:00"]


def test_q19_of_two_that_end_it_at_one_instant_the_first_row_counts():
    both = [ev("02 12:00", "removed"), ev("02 12:00", "unsubscribed")]
    assert Life(TWO, ev("02 10:00"), *both).runs == ["removed 02 12:00"]
    assert Life(TWO, ev("02 10:00"), *reversed(both)).runs == ["cancelled 02 12:00"]


def test_q19_numbers_go_by_enrolment():
    """By entries that are not in order of time: the run of the 2nd is the first."""
    life = Life(TWO, entered=["04 10:00", "02 10:00", "03 10:00", ("01 10:00", None, None, "b")])
    assert life.found.subscribers[["subscriber_id", "run"]].to_numpy().tolist() == [
        *(["a", 3], ["a", 1], ["a", 2], ["b", 1]),
    ]


def test_q19_the_event_is_kept_as_it_was():
    sequence = seq(email(), email(DAY, subject="{{event.n}}"))
    life = Life(
        sequence, ev("02 10:00", properties={"n": 1}), ev("02 12:00", properties={"n": 2}), render=True
    )
    assert life.found.timeline["rendered_subject"].tolist() == ["Hello", "1", "Hello", "2"]


# ---------------------------------------------------------------- Q20

KINDS = {
    "has_tag": ("tag_added", "tag_removed"),
    "added_to_list": ("list_joined", "list_left"),
    "entered_segment": ("segment_entered", "segment_left"),
    "does_not_have_tag": ("tag_added", "tag_removed"),
    "removed_from_list": ("list_joined", "list_left"),
}
WHO_IS_IN, WHO_IS_NOT = list(KINDS)[:3], list(KINDS)[3:]


def stopped(kind, *history, value="X", **assume):
    """The run's end, entered on the 2nd at 10:00; `history` of "in 02 12:00" and "out 02 13:00"."""
    rows = [ev(each.partition(" ")[2], KINDS[kind][each.startswith("out")], value) for each in history]
    sequence = TWO.replace(stopCondition={"type": kind, "value": value})
    [run] = Life(sequence, ev("02 10:00"), *rows, **assume).runs
    return run


FIRST, SECOND, ALL_SENT = "stopped 02 10:00", "stopped 03 10:00", "completed 03 10:00"


@pytest.mark.parametrize("kind", WHO_IS_IN)
@pytest.mark.parametrize(
    ("history", "state", "transition"),
    [
        pytest.param([], ALL_SENT, ALL_SENT, id="never in"),
        pytest.param(["in 02 12:00"], SECOND, SECOND, id="in between"),
        pytest.param(["in 03 10:00"], SECOND, SECOND, id="in at the node's instant"),
        pytest.param(["in 03 10:00:00.000001"], ALL_SENT, ALL_SENT, id="in just after"),
        pytest.param(["in 01 10:00"], FIRST, ALL_SENT, id="in before"),
        pytest.param(["in 02 10:00"], FIRST, ALL_SENT, id="in at the enrolment's instant"),
        pytest.param([f"in {NEXT}"], SECOND, SECOND, id="in just after the enrolment"),
        pytest.param(["in 02 12:00", "out 02 13:00"], ALL_SENT, SECOND, id="in and out again"),
        pytest.param(["in 02 12:00", "out 03 10:00"], ALL_SENT, SECOND, id="out at the node's instant"),
        pytest.param(["out 03 10:00", "in 03 10:00"], SECOND, SECOND, id="out and in at that instant"),
        pytest.param(["in 01 10:00", "out 01 11:00"], ALL_SENT, ALL_SENT, id="in and out before"),
        pytest.param(["in 01 10:00", "in 02 12:00"], FIRST, SECOND, id="in again, which changes nothing"),
        pytest.param(["out 02 12:00"], ALL_SENT, ALL_SENT, id="out, and never in"),
    ],
)
def test_q20_who_is_in(kind, history, state, transition):
    assert stopped(kind, *history) == state
    assert stopped(kind, *history, stop_reading="transition") == transition


@pytest.mark.parametrize("kind", WHO_IS_NOT)
@pytest.mark.parametrize(
    ("history", "state", "transition"),
    [
        pytest.param([], FIRST, ALL_SENT, id="never in"),
        pytest.param(["in 01 10:00"], ALL_SENT, ALL_SENT, id="in before"),
        pytest.param(["in 02 10:00"], ALL_SENT, ALL_SENT, id="in at the enrolment's instant"),
        pytest.param([f"in {NEXT}"], FIRST, ALL_SENT, id="in just after"),
        pytest.param(["in 01 10:00", "out 02 12:00"], SECOND, SECOND, id="out in between"),
        pytest.param(["in 01 10:00", "out 03 10:00"], SECOND, SECOND, id="out at the node's instant"),
        pytest.param(["in 01 10:00", "out 03 10:01"], ALL_SENT, ALL_SENT, id="out after it"),
        pytest.param(["in 01 10:00", "out 02 10:00"], FIRST, ALL_SENT, id="out at the enrolment's instant"),
        pytest.param(["in 01 10:00", "out 02 12:00", "in 02 13:00"], ALL_SENT, SECOND, id="out and in again"),
        pytest.param(["out 02 12:00"], FIRST, SECOND, id="out, and never in"),
        pytest.param(["in 01 10:00", "out 01 11:00"], FIRST, ALL_SENT, id="out before"),
    ],
)
def test_q20_who_is_not(kind, history, state, transition):
    assert stopped(kind, *history) == state
    assert stopped(kind, *history, stop_reading="transition") == transition


@pytest.mark.parametrize("kind", KINDS)
def test_q20_another_one_does_not_count(kind):
    condition = {"type": kind, "value": "X"}
    joined, left = KINDS[kind]
    rows = [ev("01 10:00", joined, "Y"), ev("02 12:00", left, "Y"), ev("02 13:00", joined, "Y")]
    for reading, run in (("state", FIRST if kind in WHO_IS_NOT else ALL_SENT), ("transition", ALL_SENT)):
        life = Life(TWO.replace(stopCondition=condition), ev("02 10:00"), *rows, stop_reading=reading)
        assert life.runs == [run]


def test_q20_ids_however_they_are_written():
    """The tag named "12", added as the number."""
    sequence = TWO.replace(stopCondition={"type": "has_tag", "value": "12"})
    for reading in ("state", "transition"):
        life = Life(sequence, ev("02 10:00"), ev("02 12:00", "tag_added", 12), stop_reading=reading)
        assert life.runs == [SECOND]


def test_q20_a_waiting_run_is_not_ended_earlier():
    """The tag is there from the 2nd on; until the node of the 3rd runs, the run is active."""
    sequence = TWO.replace(stopCondition={"type": "has_tag", "value": "T"})
    rows = [ev("02 10:00"), ev("02 12:00", "tag_added", "T")]
    life = Life(sequence, *rows, until="03 10:00")
    assert (life.runs, life.waits) == (["active"], ("step-2", "03 10:00"))
    life = Life(sequence, *rows)
    assert (life.sends, life.runs) == (["1.0 02 10:00"], [SECOND])
    assert life.notes == ["1 started 02 10:00", "1 stopped 03 10:00"]
    assert life.found.journal["detail"].tolist() == ["the subscriber was enrolled", "the stop condition held"]
    assert life.waits == (None, None)


def test_q20_for_an_email_at_the_instant_of_the_send():
    """Ready on Saturday, sent on Monday the 9th at 8:00; what is so by then counts."""
    sequence = seq(
        email(), email(DAY), sendingWindow=window(days=WEEK), stopCondition={"type": "has_tag", "value": "T"}
    )
    for added, run in (
        ("08 10:00", "stopped 09 08:00"),
        ("09 08:00", "stopped 09 08:00"),
        ("09 08:01", "completed 09 08:00"),
    ):
        assert Life(sequence, ev("06 10:00"), ev(added, "tag_added", "T")).runs == [run]
    gone = [ev("07 10:00", "tag_added", "T"), ev("08 10:00", "tag_removed", "T")]
    assert Life(sequence, ev("06 10:00"), *gone).runs == ["completed 09 08:00"]


@pytest.mark.parametrize(
    "step", [discount(DAY), {"type": "sms", "delay": DAY}, {"type": "update_subscriber", "delay": DAY}]
)
def test_q20_before_steps_that_are_no_emails_too(step):
    sequence = seq(email(), step, email(), stopCondition={"type": "has_tag", "value": "T"})
    life = Life(sequence, ev("02 10:00"), ev("02 12:00", "tag_added", "T"))
    assert life.notes == ["1 started 02 10:00", "1 stopped 03 10:00"]


@pytest.mark.parametrize(
    "wait",
    [
        {"delay": DAY},
        {"delayMs": 86_400_000},
        {"waitUntil": {"field": "due"}},
        {"waitUntilWeekday": window("10:00", "24:00", day="tuesday")},
    ],
)
@pytest.mark.parametrize("step", [email(), discount()])
def test_q20_stop_checks_before_waits(wait, step):
    """Each waits until the 3rd at 10:00: looked at before the wait too, or only before the step."""
    sequence = seq({**step, **wait}, stopCondition={"type": "has_tag", "value": "T"})
    enrolled = ev("02 10:00", properties={"due": "2026-03-03T10:00Z"})
    had, lost = ev("01 10:00", "tag_added", "T"), ev("02 12:00", "tag_removed", "T")
    for rows, every, steps in (
        ([], ALL_SENT, ALL_SENT),
        ([had], FIRST, SECOND),
        ([had, lost], FIRST, ALL_SENT),
        ([ev("02 12:00", "tag_added", "T")], SECOND, SECOND),
    ):
        assert Life(sequence, enrolled, *rows).runs == [every]
        assert Life(sequence, enrolled, *rows, stop_checks="steps").runs == [steps]


def test_q20_before_a_weekday_wait_that_never_ends():
    """The wait is a node (Q8, Q10), and the stop is looked at before it, though it never ends."""
    sequence = seq(email(**weekday(days=[])), stopCondition={"type": "has_tag", "value": "T"})
    rows = [ev("01 10:00", "tag_added", "T"), ev("02 10:00")]
    assert Life(sequence, *rows, stop_checks="steps").runs == ["active"]
    assert Life(sequence, *rows).runs == [FIRST]


def test_q20_an_email_at_a_closed_window_never_runs_and_is_never_looked_at():
    sequence = seq(sendingWindow=window(days=[]), stopCondition={"type": "has_tag", "value": "T"})
    assert Life(sequence, ev("01 10:00", "tag_added", "T"), ev("02 10:00")).runs == ["active"]


def test_q20_the_stop_comes_before_the_exit_without_a_date():
    sequence = seq(email(**until(missingAction="exit")), stopCondition={"type": "has_tag", "value": "T"})
    rows = [ev("01 10:00", "tag_added", "T"), ev("02 10:00")]
    details = {"every_node": "the stop condition held", "steps": "the date to wait for was missing"}
    for checks, detail in details.items():
        life = Life(sequence, *rows, stop_checks=checks)
        assert life.runs == [FIRST]
        assert life.found.journal["detail"].tolist()[-1] == detail


PAID = {"type": "event_received", "value": "paid"}


@pytest.mark.parametrize(
    ("when", "run"),
    [
        ("01 10:00", ALL_SENT),
        ("02 10:00", ALL_SENT),
        (NEXT, SECOND),
        ("03 10:00", SECOND),
        ("03 10:00:00.000001", ALL_SENT),
    ],
)
@pytest.mark.parametrize("reading", ["state", "transition"])
def test_q20_event_received(when, run, reading):
    """Strictly later than the enrolment, not later than the node."""
    life = Life(TWO.replace(stopCondition=PAID), ev("02 10:00"), ev(when, "paid"), stop_reading=reading)
    assert life.runs == [run]


def test_q20_event_received_of_the_trigger_s_own_name():
    """The enrolling event itself is not later than the enrolment; the next one stops the first run."""
    sequence = TWO.replace(stopCondition={"type": "event_received", "value": "order"})
    life = Life(sequence, ev("02 10:00"), ev("02 12:00"))
    assert life.runs == [SECOND, "completed 03 12:00"]


def test_q20_of_a_look_the_enrolment_is_what_counts():
    """Idle from the 1st at 10:00 on: enrolled on the 2nd at 10:00."""
    sequence = seq(email(), email(DAY), trigger="inactivity", inactiveDays=1, stopCondition=PAID)
    for when, run in (("02 09:00", ALL_SENT), ("02 10:00", ALL_SENT), ("02 12:00", SECOND)):
        assert Life(sequence, ev("01 10:00"), ev(when, "paid")).runs == [run]


def test_q20_events_with_filters():
    filters = [
        {"path": "sum", "operator": "greater_than", "value": 10},
        {"path": "items[].sku", "operator": "equals", "value": "x"},
    ]
    match = {"mode": "event_property_filter", "propertyFilters": filters}
    sequence = TWO.replace(stopCondition={**PAID, "matchConfig": match})
    x = [{"sku": "x"}]
    for properties, run in (
        ({"sum": 11, "items": x}, SECOND),
        ({"sum": 10, "items": x}, ALL_SENT),
        ({"sum": 11, "items": [{"sku": "y"}, *x]}, SECOND),
        ({"sum": 11}, ALL_SENT),
        (None, ALL_SENT),
    ):
        assert Life(sequence, ev("02 10:00"), ev("02 12:00", "paid", None, properties)).runs == [run]
    none = TWO.replace(stopCondition={**PAID, "matchConfig": {**match, "propertyFilters": []}})
    assert Life(none, ev("02 10:00"), ev("02 12:00", "paid")).runs == [SECOND]
    two = [ev("02 12:00", "paid", None, {"sum": 5}), ev("02 13:00", "paid", None, {"sum": 50, "items": x})]
    assert Life(sequence, ev("02 10:00"), *two).runs == [SECOND]


RULES = {
    "mode": "event_property",
    "rules": [
        {"entryFieldPath": "cart.id", "eventFieldPath": "order.cart"},
        {"entryFieldPath": "shop", "eventFieldPath": "shop"},
    ],
}
CART = {"cart": {"id": 7}, "shop": "A"}


@pytest.mark.parametrize(
    ("properties", "run"),
    [
        ({"order": {"cart": 7}, "shop": "A"}, SECOND),
        ({"order": {"cart": 7.0}, "shop": "A"}, SECOND),
        ({"order": {"cart": "7"}, "shop": "A"}, ALL_SENT),
        ({"order": {"cart": 7}, "shop": "B"}, ALL_SENT),
        ({"order": {"cart": 7}}, ALL_SENT),
        ({"order": 7, "shop": "A"}, ALL_SENT),
        ({"cart": {"id": 7}, "shop": "A"}, ALL_SENT),
        (None, ALL_SENT),
    ],
)
def test_q20_events_that_match_the_enrolling_one(properties, run):
    sequence = TWO.replace(stopCondition={**PAID, "matchConfig": RULES})
    given = ev("02 12:00", "paid", None, properties)
    assert Life(sequence, ev("02 10:00", properties=CART), given).runs == [run]


@pytest.mark.parametrize("properties", [None, {}, {"cart": {"id": 7}}, {"cart": 7, "shop": "A"}])
def test_q20_what_is_missing_in_the_enrolling_event_matches_nothing(properties):
    sequence = TWO.replace(stopCondition={**PAID, "matchConfig": RULES})
    for thing in ({"order": {"cart": 7}, "shop": "A"}, {}, None, {"order": {}}):
        given = ev("02 12:00", "paid", None, thing)
        assert Life(sequence, ev("02 10:00", properties=properties), given).runs == [ALL_SENT]


def test_q20_each_run_by_its_own_event():
    """Three runs of "a" and one of "b" side by side: those of cart 7 end."""
    sequence = TWO.replace(stopCondition={**PAID, "matchConfig": RULES})
    other = {"cart": {"id": 8}, "shop": "A"}
    life = Life(
        sequence,
        *(ev("02 10:00", properties=thing) for thing in (CART, other, CART)),
        ev("02 10:00", properties=CART, who="b"),
        ev("02 12:00", "paid", None, {"order": {"cart": 7}, "shop": "A"}),
        ev("02 13:00", "paid", None, {"order": {"cart": 8}, "shop": "A"}, "b"),
    )
    assert life.runs == [SECOND, ALL_SENT, SECOND, ALL_SENT]


def test_q20_a_look_brings_no_event_to_match():
    sequence = seq(
        email(),
        email(DAY),
        trigger="segment_entered",
        segmentId="S",
        stopCondition={**PAID, "matchConfig": RULES},
    )
    life = Life(sequence, into("02 10:00"), ev("02 12:00", "paid", None, {"order": {"cart": 7}, "shop": "A"}))
    assert life.runs == [ALL_SENT]


PLAN = {"type": "field_changed", "value": "plan"}


@pytest.mark.parametrize(
    ("when", "run"),
    [
        ("01 10:00", ALL_SENT),
        ("02 10:00", ALL_SENT),
        (NEXT, SECOND),
        ("03 10:00", SECOND),
        ("03 10:01", ALL_SENT),
    ],
)
@pytest.mark.parametrize("reading", ["state", "transition"])
def test_q20_field_changed(when, run, reading):
    sequence = TWO.replace(stopCondition=PLAN)
    given = ev(when, "field_changed", "plan")
    assert Life(sequence, ev("02 10:00"), given, stop_reading=reading).runs == [run]
    assert Life(sequence, ev("02 10:00"), ev(when, "field_changed", "name")).runs == [ALL_SENT]


@pytest.mark.parametrize(
    ("operator", "value", "stopping"),
    [
        ("equals", "pro", {"pro"}),
        ("equals", 5, {"five"}),
        ("not_equals", "pro", {"five", "ten", "list", "null", "none", "empty"}),
        ("greater_than", 5, {"ten"}),
        ("less_than", 10, {"five"}),
        ("contains", "pr", {"pro"}),
        ("contains", "pro", {"pro", "list"}),
        ("not_contains", "pro", {"five", "ten", "null", "none", "empty"}),
    ],
)
def test_q20_field_values(operator, value, stopping):
    match = {"mode": "field_value", "operator": operator, "value": value}
    sequence = TWO.replace(stopCondition={**PLAN, "matchConfig": match})
    news = {"pro": "pro", "five": 5, "ten": 10.5, "list": ["x", "pro"], "null": None}
    things = {name: {"value": each} for name, each in news.items()} | {"none": None, "empty": {}}
    rows = [ev("02 12:00", "field_changed", "plan", thing, name) for name, thing in things.items()]
    found = Life(sequence, *(ev("02 10:00", who=name) for name in things), *rows).found.subscribers
    assert set(found.loc[found["status"] == "stopped", "subscriber_id"]) == stopping


@pytest.mark.parametrize("kind", [*KINDS, "event_received", "field_changed"])
def test_q20_a_stop_without_any_events(kind):
    """By entries alone: nobody is in anything, and nothing happens."""
    sequence = TWO.replace(stopCondition={"type": kind, "value": "X"})
    run = FIRST if kind in WHO_IS_NOT else ALL_SENT
    assert Life(sequence, entered=["02 10:00"]).runs == [run]
    assert Life(sequence, entered=["02 10:00"], stop_reading="transition").runs == [ALL_SENT]


@pytest.mark.parametrize("condition", [None, {"type": "none"}, {"type": "none", "value": "X"}])
def test_q20_none(condition):
    life = Life(TWO.replace(stopCondition=condition), ev("02 10:00"), ev("02 12:00", "tag_added", "X"))
    assert life.runs == [ALL_SENT]


# ---------------------------------------------------------------- Q21


def left_and_back(how):
    times = ("01 08:00", "02 10:00", "02 11:00", "02 13:00", "03 09:00", "04 10:00")
    return [*(ev(when) for when in times), ev("02 12:00", how), ev("03 10:00", "resubscribed")]


@pytest.mark.parametrize("how", LEAVES)
def test_q21_every_run_ends_and_nobody_enters_until_resubscribed(how):
    life = Life(ACTIVE_ONLY, *left_and_back(how))
    assert life.runs == [
        "completed 02 08:00",
        "cancelled 02 12:00",
        "cancelled 02 12:00",
        "completed 05 10:00",
    ]
    assert life.turned == ["blocked 02 13:00", "blocked 03 09:00"]
    assert life.found.subscribers["run"].tolist() == [1, 2, 3, 4]
    cancelled = life.found.journal.query("what == 'cancelled'")
    assert cancelled["detail"].unique().tolist() == ["unsubscribed, bounced or complained"]


@pytest.mark.parametrize("how", LEAVES)
def test_q33_who_left_enters_and_is_sent_nothing_until_resubscribed(how):
    life = Life(TWO, *left_and_back(how))
    assert life.runs == [
        "completed 02 08:00",
        "cancelled 02 12:00",
        "cancelled 02 12:00",
        *("completed 03 13:00", "completed 04 09:00", "completed 05 10:00"),
    ]
    assert [note for note in life.notes if "skipped" in note] == [
        *("4 skipped:step-1 02 13:00", "5 skipped:step-1 03 09:00"),
    ]
    assert life.sends[-4:] == ["4.1 03 13:00", "5.1 04 09:00", "6.0 04 10:00", "6.1 05 10:00"]
    assert life.turned == []
    details = life.found.journal.query("what == 'skipped'")["detail"].unique().tolist()
    assert details == ["not sent: its date was past, or the subscriber had left"]


def test_q33_what_is_not_marketing_goes_on():
    """An action runs, and a transactional email is sent."""
    sequence = seq(email(), email(isTransactional=True), {"type": "sms"}, email(DAY, isTransactional=False))
    life = Life(sequence, ev("01 10:00", "bounced"), ev("02 10:00"))
    assert life.sends == ["1.1 02 10:00"]
    assert life.notes == [
        *("1 started 02 10:00", "1 skipped:step-1 02 10:00", "1 sms:step-3 02 10:00"),
        *("1 skipped:step-4 03 10:00", "1 completed 03 10:00"),
    ]


@pytest.mark.parametrize("how", LEAVES)
@pytest.mark.parametrize("via", ["manual", "audience"])
def test_q33_by_hand_nobody_who_left_is_taken_in(via, how):
    entered = [("02 10:00", via), ("04 10:00", via)]
    life = Life(TWO, ev("01 10:00", how), ev("03 10:00", "resubscribed"), entered=entered)
    assert (life.begins, life.turned) == (["04 10:00"], ["blocked 02 10:00"])


def test_q33_audience_is_as_manual_but_one_time_holds():
    manual, audience = (
        Life(ONCE, entered=[("02 10:00", via), ("05 10:00", via)]) for via in ("manual", "audience")
    )
    assert manual.begins == ["02 10:00", "05 10:00"]
    assert (audience.begins, audience.turned) == (["02 10:00"], ["repeated 05 10:00"])
    both = Life(TWO, entered=[("02 10:00", "audience"), ("02 11:00", "audience")])
    assert (both.begins, both.turned) == (["02 10:00"], ["duplicate 02 11:00"])


def test_q21_others_go_on():
    life = Life(TWO, ev("02 10:00"), ev("02 10:00", who="b"), ev("02 12:00", "unsubscribed", who="b"))
    assert life.runs == [ALL_SENT, "cancelled 02 12:00"]


def test_q21_one_resubscribed_is_enough():
    rows = [ev(f"01 1{hour}:00", how) for hour, how in enumerate(LEAVES)]
    early, late = ev("01 09:00", "resubscribed"), ev("01 20:00", "resubscribed")
    assert Life(ACTIVE_ONLY, *rows, ev("02 10:00")).begins == []
    assert Life(ACTIVE_ONLY, *rows, late, ev("02 10:00")).begins == ["02 10:00"]
    assert Life(ACTIVE_ONLY, early, *rows, ev("02 10:00")).begins == []


def test_q21_before_it_is_enabled_too():
    rows = [ev("01 10:00", "bounced"), ev("02 10:00")]
    assert Life(ACTIVE_ONLY, *rows, enabled="02 00:00").turned == ["blocked 02 10:00"]
    assert Life(TWO, *rows, enabled="02 00:00").sends == []  # Q33


@pytest.mark.parametrize("ref", [None, "S", "another", 12])
def test_q21_removed_ends_and_blocks_nothing(ref):
    life = Life(TWO, ev("02 10:00"), ev("02 11:00"), ev("02 12:00", "removed", ref), ev("02 13:00"))
    assert life.runs == ["removed 02 12:00", "removed 02 12:00", "completed 03 13:00"]
    assert life.turned == []
    assert life.found.journal.query("what == 'removed'")["detail"].unique().tolist() == [
        "removed from the sequence"
    ]


@pytest.mark.parametrize("how", [*LEAVES, "removed", "resubscribed"])
def test_q21_only_unsubscribed_leaves_all_lists(how):
    """In the list; then that; then enrolled: who was taken off the list is no longer in."""
    rows = [
        ev("01 10:00", "list_joined", "L"),
        ev("01 11:00", how),
        ev("01 12:00", "resubscribed"),
        ev("02 10:00"),
    ]
    off = how == "unsubscribed"
    sequence = TWO.replace(stopCondition={"type": "added_to_list", "value": "L"})
    assert Life(sequence, *rows).runs == [ALL_SENT if off else FIRST]
    sequence = TWO.replace(stopCondition={"type": "removed_from_list", "value": "L"})
    assert Life(sequence, *rows).runs == [FIRST if off else ALL_SENT]
    back = [*rows, ev("01 13:00", "list_joined", "L")]
    assert Life(sequence, *back).runs == [ALL_SENT]


def test_q21_tags_and_segments_stay():
    rows = [ev("01 11:00", "unsubscribed"), ev("01 12:00", "resubscribed"), ev("02 10:00")]
    for kind, name in (("has_tag", "tag_added"), ("entered_segment", "segment_entered")):
        sequence = TWO.replace(stopCondition={"type": kind, "value": "X"})
        assert Life(sequence, ev("01 10:00", name, "X"), *rows).runs == [FIRST]


def test_q21_a_run_at_a_closed_gate_stays_active():
    sequence = TWO.replace(sendingWindow=window(days=[]))
    assert Life(sequence, ev("02 10:00")).runs == ["active"]
    assert Life(sequence, ev("02 10:00"), ev("05 10:00", "complained")).runs == ["cancelled 05 10:00"]


def test_q21_an_ended_run_does_not_end_again():
    life = Life(TWO, ev("02 10:00"), ev("02 12:00", "removed"), ev("02 13:00", "unsubscribed"))
    assert life.notes == ["1 started 02 10:00", "1 removed 02 12:00"]
    life = Life(TWO, ev("02 10:00"), ev("04 10:00", "unsubscribed"))
    assert life.notes == ["1 started 02 10:00", "1 completed 03 10:00"]


# ---------------------------------------------------------------- Q22


def test_q22_ids_and_positions():
    """Of several ids the first counts; positions and the numbers in names go through all kinds."""
    sequence = seq(
        email(id="welcome", emailId="x", nodeId="y"),
        discount(nodeId="code"),
        email(emailId="second", nodeId="z"),
        {"type": "sms"},
        email(nodeId=12),
        email(),
    )
    rows = Life(sequence, ev("02 10:00")).found.timeline
    assert rows["position"].tolist() == [0, 2, 4, 5]
    assert rows["email_id"].tolist() == ["welcome", "second", "12", "step-6"]
    assert rows["email_id"].dtype == TEXT
    assert rows["position"].dtype == "int16"
    assert rows["run"].dtype == "int32"
    assert list(rows) == ["subscriber_id", "run", "position", "email_id", "subject", "send_at"]


def test_q22_every_word_of_the_journal():
    sequence = KEYED.replace(
        steps=[discount(), {"type": "sms"}, {"type": "update_subscriber"}, email(DAY)],
        stopCondition={"type": "has_tag", "value": "T"},
        activeSubscribersOnly=True,
    )
    one = {"id": 1}
    life = Life(
        sequence,
        ev("02 10:00", properties=one),
        ev("02 11:00", properties=one),
        ev("02 12:00"),
        ev("02 10:00", properties=one, who="b"),
        ev("02 12:00", "removed", who="b"),
        ev("02 13:00", "bounced", who="b"),
        ev("02 14:00", properties=one, who="b"),
        ev("02 10:00", properties=one, who="c"),
        ev("02 12:00", "tag_added", "T", who="c"),
        ev("02 10:00", properties=one, who="d"),
        ev("02 12:00", "complained", who="d"),
    )
    passed = [
        f"1 {word} 02 10:00"
        for word in ("started", "discount:step-1", "sms:step-2", "update_subscriber:step-3")
    ]
    assert life.notes == [
        *passed,
        "1 completed 03 10:00",
        *passed,
        "1 removed 02 12:00",
        *passed,
        "1 stopped 03 10:00",
        *passed,
        "1 cancelled 02 12:00",
        "0 duplicate 02 11:00",
        "0 no_key 02 12:00",
        "0 blocked 02 14:00",
    ]
    found = life.found.journal
    assert list(found["what"].cat.categories) == [
        *("blocked", "repeated", "duplicate", "no_key", "started", "discount", "sms", "update_subscriber"),
        *("stopped", "cancelled", "removed", "completed", "skipped"),
        # Q35
        *("push", "add_tag", "remove_tag", "add_to_list", "remove_from_list", "webhook", "ai"),
    ]
    assert found["subscriber_id"].tolist() == [*"aaaaabbbbbcccccddddd", *"aab"]
    assert str(found["run"].dtype) == "Int32"
    assert found["email_id"].dtype == TEXT


@pytest.mark.parametrize(
    ("named", "events"),
    [
        ({"trigger": "contact_added"}, [ev("02 10:00", "contact_added")]),
        ({"trigger": "tag_added", "tagName": "T"}, [ev("02 10:00", "tag_added", "T")]),
        ({"trigger": "segment_entered", "segmentId": "S"}, [into("02 10:00")]),
        ({"trigger": "event_received"}, [ev("02 10:00")]),
        ({"trigger": "inactivity", "inactiveDays": 1}, [ev("02 10:00")]),
        ({"trigger": "frequency", "minCount": 1, "timeWindowDays": 1}, [ev("02 10:00")]),
    ],
)
def test_q22_via(named, events):
    assert Life(seq(**named), *events).found.subscribers["via"].tolist() == [named["trigger"]]
    entered = [("02 10:00", "manual"), ("03 10:00", "trigger")]
    found = Life(seq(**named), *events, entered=entered).found.subscribers
    assert found["via"].tolist() == ["manual", "trigger"]


def test_q22_what_a_run_waits_for_behind_a_discount_step():
    """The next email, and when it goes out as things stand: after the code, by its own wait and window."""
    sequence = seq(
        email(), discount(DAY), {"type": "sms", "delay": HOUR}, email({"hours": 10}), sendingWindow=window()
    )
    life = Life(sequence, ev("02 10:00"), until="03 10:00")
    assert life.notes == ["1 started 02 10:00"]
    assert life.waits == ("step-4", "04 08:00")
    assert Life(sequence, ev("02 10:00"), until="03 10:01").waits == ("step-4", "04 08:00")
    assert Life(sequence, ev("02 10:00"), until="03 11:01").waits == ("step-4", "04 08:00")
    assert Life(sequence, ev("02 10:00"), until="04 08:00").waits == ("step-4", "04 08:00")
    assert Life(sequence, ev("02 10:00")).waits == (None, None)


def test_q22_behind_a_discount_step_with_a_date():
    sequence = seq(discount(DAY), email(**until()))
    life = Life(sequence, ev("02 10:00", properties={"due": "2026-03-10"}), until="02 12:00")
    assert life.waits == ("step-2", "10 00:00")
    life = Life(sequence, ev("02 10:00"), until="02 12:00")
    assert life.waits == ("step-2", "03 10:00")


def test_q22_behind_a_discount_step_where_the_run_would_end():
    """As things stand it ends there, for want of a date: there is no email that it waits for."""
    sequence = seq(discount(DAY), email(**until(missingAction="exit")), email())
    life = Life(sequence, ev("02 10:00", properties={"due": "2026-03-10"}), until="02 12:00")
    assert life.waits == ("step-2", "10 00:00")
    life = Life(sequence, ev("02 10:00"), until="02 12:00")
    assert (life.runs, life.waits) == (["active"], (None, None))


def test_q22_no_email_is_left():
    life = Life(seq(email(), discount(DAY)), ev("02 10:00"), until="02 12:00")
    assert (life.runs, life.waits) == (["active"], (None, None))


def test_q22_a_closed_gate_has_no_instant():
    closed = weekday(days=[])
    assert Life(seq(discount(**closed), email(HOUR)), ev("02 10:00")).waits == ("step-2", None)
    assert Life(seq(discount(DAY), email(**closed)), ev("02 10:00"), until="02 12:00").waits == (
        "step-2",
        None,
    )
    sequence = seq(discount(DAY), email(), sendingWindow=window(days=[]))
    assert Life(sequence, ev("02 10:00"), until="02 12:00").waits == ("step-2", None)


# ---------------------------------------------------------------- Q24


def test_q24_entries_are_the_enrolments():
    """No trigger, no looks; what would enrol does not."""
    life = Life(TWO, ev("02 10:00"), ev("03 10:00"), entered=["05 10:00"])
    assert life.sends == ["1.0 05 10:00", "1.1 06 10:00"]
    life = Life(LEFT, into("02 10:00"), out("02 10:05"), into("02 12:00"), entered=["02 10:00"])
    assert life.runs == ["completed 02 11:00"]


def test_q24_enabled_at_plays_no_part():
    life = Life(TWO, ev("01 10:00", "tag_added", "T"), entered=["02 10:00"], enabled="20 10:00")
    assert life.runs == [ALL_SENT]


def test_q24_events_from_the_start_of_the_log():
    stop = TWO.replace(stopCondition={"type": "has_tag", "value": "T"})
    assert Life(stop, ev("01 10:00", "tag_added", "T"), entered=["02 10:00"], enabled="02 00:00").runs == [
        FIRST
    ]
    for when in ("01 10:00", "02 10:00"):
        left = ev(when, "unsubscribed")
        blocked = Life(ACTIVE_ONLY, left, entered=["02 10:00"])
        assert (blocked.begins, blocked.turned) == ([], ["blocked 02 10:00"])
        # Q33
        entered = Life(TWO, left, entered=["02 10:00"])
        assert (entered.begins, entered.turned, entered.sends) == (["02 10:00"], [], [])
    ended = Life(TWO, ev("02 12:00", "removed"), entered=["02 10:00", "02 12:00"])
    assert ended.runs == ["removed 02 12:00", "completed 03 12:00"]


def test_q24_events_of_others_do_not_matter():
    life = Life(TWO, ev("02 12:00", "removed", who="z"), entered=["02 10:00"])
    assert life.runs == [ALL_SENT]


def test_q24_by_the_enrolment_mode():
    assert Life(TWO, entered=["02 10:00", "02 10:00"]).begins == ["02 10:00", "02 10:00"]
    once = Life(ONCE, entered=["05 10:00", "02 10:00"])
    assert (once.begins, once.turned) == (["02 10:00"], ["repeated 05 10:00"])
    one, two = {"id": 1}, {"id": 2}
    life = Life(
        KEYED, entered=[("02 10:00", None, one), ("02 11:00", None, one), ("02 12:00", None, two), "02 13:00"]
    )
    assert life.begins == ["02 10:00", "02 12:00"]
    assert life.turned == ["duplicate 02 11:00", "no_key 02 13:00"]


def test_q24_manual_entries_skip_the_one_time_check():
    life = Life(ONCE, entered=["02 10:00", ("05 10:00", "manual"), "07 10:00", ("09 10:00", "manual")])
    assert life.begins == ["02 10:00", "05 10:00", "09 10:00"]
    assert life.turned == ["repeated 07 10:00"]
    first = Life(ONCE, entered=[("02 10:00", "manual"), "05 10:00"])
    assert (first.begins, first.turned) == (["02 10:00"], ["repeated 05 10:00"])


@pytest.mark.parametrize("sequence", [TWO, ONCE, KEYED])
@pytest.mark.parametrize(
    ("second", "what"), [("02 12:00", "duplicate"), ("03 10:00", "duplicate"), ("03 10:00:01", "started")]
)
def test_q24_manual_entries_and_an_active_run(sequence, second, what):
    """Whichever way the first came, and whatever its key."""
    for via in ("trigger", "manual"):
        life = Life(sequence, entered=[("02 10:00", via, {"id": 1}), (second, "manual", {"id": 2})])
        assert life.turned == ([f"duplicate {second}"] if what == "duplicate" else [])
    ended = Life(
        sequence,
        ev("02 12:00", "removed"),
        entered=[("02 10:00", "trigger", {"id": 1}), ("02 12:00", "manual")],
    )
    assert ended.begins == ["02 10:00", "02 12:00"]


def test_q24_manual_entries_of_others():
    life = Life(
        TWO, entered=["02 10:00", ("02 11:00", "manual", None, "b"), ("02 12:00", "manual", None, "b")]
    )
    assert life.begins == ["02 10:00", "b 02 11:00"]


def test_q24_a_manual_entry_needs_no_key_but_its_key_blocks_later_ones():
    one, two = {"id": 1}, {"id": 2}
    without = Life(KEYED, entered=[("02 10:00", "manual"), ("02 11:00", None, one), ("02 12:00", None, two)])
    assert (without.begins, without.turned) == (["02 10:00", "02 11:00", "02 12:00"], [])
    having = Life(
        KEYED, entered=[("02 10:00", "manual", one), ("02 11:00", None, one), ("02 12:00", None, two)]
    )
    assert (having.begins, having.turned) == (["02 10:00", "02 12:00"], ["duplicate 02 11:00"])
    after = Life(
        KEYED, entered=[("02 10:00", "manual", one), ("03 10:00", None, one), ("03 10:00:01", None, one)]
    )
    assert after.begins == ["02 10:00", "03 10:00:01"]


def test_q24_a_manual_entry_that_is_not_taken_in_blocks_nobody():
    """At 11:00 the first is active; the second would have had key 2."""
    rows = [("02 10:00", None, {"id": 1}), ("02 11:00", "manual", {"id": 2}), ("02 12:00", None, {"id": 2})]
    life = Life(KEYED, entered=rows)
    assert (life.begins, life.turned) == (["02 10:00", "02 12:00"], ["duplicate 02 11:00"])


def test_q24_side_by_side_the_longest_counts_for_manual_entries():
    """Two runs, of which the one that began later is over earlier."""
    sequence = seq(email(**until()))
    rows = [
        ("02 10:00", None, {"due": "2026-03-10"}),
        ("02 11:00", None, {"due": "2026-03-05"}),
        ("07 10:00", "manual", {"due": "2026-03-08"}),
        ("10 00:00", "manual"),
        ("10 00:01", "manual"),
    ]
    life = Life(sequence, entered=rows)
    assert life.begins == ["02 10:00", "02 11:00", "10 00:01"]
    assert life.turned == ["duplicate 07 10:00", "duplicate 10 00:00"]


def test_q24_a_blocked_manual_entry():
    life = Life(ONCE, ev("01 10:00", "bounced"), entered=[("02 10:00", "manual")])
    assert life.turned == ["blocked 02 10:00"]


def test_q24_properties_are_the_event():
    sequence = seq(
        email(**until(), subject="{{event.n}}"),
        email(DAY),
        stopCondition={**PAID, "matchConfig": RULES},
    )
    paid = ev("06 12:00", "paid", None, {"order": {"cart": 7}, "shop": "A"})
    thing = {"due": "2026-03-05", "n": 4, **CART}
    life = Life(sequence, paid, entered=[("02 10:00", None, thing), "02 10:00"], render=True)
    assert life.sends == ["1.0 05 00:00", "1.1 06 00:00", "2.0 02 10:00", "2.1 03 10:00"]
    assert life.found.timeline["rendered_subject"].tolist() == ["4", "Hello", "", "Hello"]
    early = ev("05 12:00", "paid", None, {"order": {"cart": 7}, "shop": "A"})
    assert Life(sequence, early, entered=[("02 10:00", None, thing)]).runs == ["stopped 06 00:00"]


def test_q24_entries_of_every_form():
    stamps = pd.DatetimeIndex(["2026-03-02T10:00Z", "2026-03-03T10:00Z"])
    for given, ids in (
        (stamps, [0, 1]),
        (list(stamps), [0, 1]),
        (stamps.tz_localize(None).to_numpy(), None),
        (pd.Series(stamps, index=["x", "y"]), ["x", "y"]),
        (pd.DataFrame({"subscriber_id": ["x", "x"], "entered_at": stamps}), ["x", "x"]),
    ):
        if ids is None:
            found = simcore.project(TWO, given, naive_time_zone="UTC")
        else:
            found = simcore.project(TWO, given)
            assert found["subscriber_id"].tolist() == list(np.repeat(ids, 2))
        assert [day(when) for when in found["send_at"]] == ["02 10:00", "03 10:00", "03 10:00", "04 10:00"]


def test_q24_nobody():
    found = simcore.simulate(TWO, [])
    assert [len(each) for each in found] == [0, 0, 0]
    assert found.timeline["email_id"].dtype == TEXT
    none = simcore.simulate(TWO, events=log())
    assert [len(each) for each in none] == [0, 0, 0]
    for kind in (
        {"trigger": "segment_entered", "segmentId": "S"},
        {"trigger": "inactivity", "inactiveDays": 1},
    ):
        assert [len(each) for each in simcore.simulate(seq(**kind), events=log(), render=True)] == [0, 0, 0]
    only = simcore.simulate(TWO, events=log(ev("02 10:00", "visit")))
    assert [len(each) for each in only] == [0, 0, 0]


def test_q24_manual_keys():
    """A list is no key, and none is needed; 1 and 1.0 are one key."""
    one = Life(KEYED, entered=[("02 10:00", "manual", {"id": ["x"]}), ("02 11:00", None, {"id": "x"})])
    assert one.begins == ["02 10:00", "02 11:00"]
    two = Life(KEYED, entered=[("02 10:00", "manual", {"id": 1}), ("02 11:00", None, {"id": 1.0})])
    assert two.turned == ["duplicate 02 11:00"]
    same = Life(
        KEYED, entered=[("02 10:00", "manual"), ("02 10:00", "manual"), ("02 10:00", None, {"id": 1})]
    )
    assert same.notes == [
        *("1 started 02 10:00", "1 completed 03 10:00", "0 duplicate 02 10:00"),
        *("2 started 02 10:00", "2 completed 03 10:00"),
    ]


# ---------------------------------------------------------------- rows


def test_the_zone_shown_is_that_of_the_window():
    """Without one, or with one that is off, it is UTC, whatever a weekday wait says."""
    tokyo, kyiv = weekday(zone="Asia/Tokyo"), window(zone="Europe/Kyiv")
    for sending, zone in ((kyiv, "Europe/Kyiv"), ({**kyiv, "enabled": False}, "UTC"), (None, "UTC")):
        found = Life(seq(email(**tokyo), sendingWindow=sending), ev("02 10:00")).found
        assert str(found.timeline["send_at"].dtype) == f"datetime64[us, {zone}]"
        assert str(found.journal["at"].dtype) == f"datetime64[us, {zone}]"
        for name in ("entered_at", "last_send_at", "next_send_at", "ended_at"):
            assert str(found.subscribers[name].dtype) == f"datetime64[us, {zone}]"


def test_what_is_given_stays_as_it_is():
    events = log(*RICH).set_index(pd.Index([7] * len(RICH)))
    given, before = entries("03 10:00", "02 10:00").set_index(pd.Index(["x", "x"])), events.copy()
    frames = [simcore.simulate(KEYED, events=events), simcore.simulate(KEYED, given, events=events)]
    pd.testing.assert_frame_equal(events, before)
    pd.testing.assert_frame_equal(given, entries("03 10:00", "02 10:00").set_index(pd.Index(["x", "x"])))
    expected = simcore.simulate(KEYED, events=log(*RICH))
    for one, other in zip(frames[0], expected, strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert simcore.simulate(KEYED, [], events=log(*RICH).assign(subscriber_id=1)).subscribers.empty


def test_rows_are_by_enrolment_then_by_first_appearance():
    """ "c" appears first in the log, by an event that enrols nobody."""
    life = Life(
        TWO,
        ev("03 10:00", "visit", who="c"),
        ev("02 10:00", who="b"),
        ev("02 09:00", who="d"),
        ev("02 10:00"),
        ev("02 10:00", who="c"),
        ev("02 10:00", who="b"),
    )
    assert life.begins == ["d 02 09:00", "c 02 10:00", "b 02 10:00", "b 02 10:00", "02 10:00"]
    assert life.found.subscribers["run"].tolist() == [1, 1, 1, 2, 1]
    assert [send.split(".")[0] for send in life.sends] == [
        *("d1", "d1", "c1", "c1", "b1", "b1", "b2", "b2", "1", "1")
    ]


def test_order_by_email():
    sequence = seq(email(), discount(), email(DAY))
    life = Life(
        sequence, ev("02 10:00"), ev("02 09:00", who="b"), ev("02 12:00", "removed", who="b"), order="email"
    )
    assert life.sends == ["b1.0 02 09:00", "1.0 02 10:00", "1.2 03 10:00"]
    whole = Life(sequence, ev("02 10:00"), ev("02 09:00", who="b"), order="email")
    assert whole.sends == ["b1.0 02 09:00", "1.0 02 10:00", "b1.2 03 09:00", "1.2 03 10:00"]


RICH = [
    *(ev(f"02 10:0{number}", properties={"id": number % 3}, who="abc"[number % 2]) for number in range(8)),
    *(ev("03 10:00", properties={"id": number}) for number in (1, 1, 2)),
    ev("03 10:00", "removed"),
    ev("03 10:00", "tag_added", "T"),
    ev("03 10:00", "tag_removed", "T"),
    ev("04 09:00", "unsubscribed", who="b"),
    ev("04 10:00", "resubscribed", who="b"),
    ev("04 09:30", properties={"id": 9}, who="b"),
    ev("04 10:00", properties={"id": 9}, who="b"),
    into("02 10:01", "c"),
    out("02 11:01", "c"),
    into("02 12:01", "c"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "sequence",
    [
        KEYED.replace(stopCondition={"type": "has_tag", "value": "T"}),
        ONCE,
        LEFT,
        idle(),
        often(2),
        seq(email(), email(DAY), stopCondition={"type": "event_received", "value": "order"}),
    ],
)
def test_an_unsorted_log_gives_the_same(sequence):
    """Rows of one instant keep their order among themselves, subscribers that of their first rows."""
    rows = sorted(RICH, key=lambda row: row[1])
    first = [ev("2027-01-01T00:00:00Z", "end", who=who) for who in "abc"]
    expected = Life(sequence, *first, *rows, until="2026-12-01T00:00:00Z").found
    for seed in range(5):
        instants = sorted({row[1] for row in rows})
        shuffled = np.random.default_rng(seed).permutation(len(instants))
        mixed = [row for place in shuffled for row in rows if row[1] == instants[place]]
        # Each subscriber first, in the same order: by the events of one instant that all of them have.
        found = Life(sequence, *first, *mixed, until="2026-12-01T00:00:00Z").found
        for one, other in zip(found, expected, strict=True):
            columns = list(one)
            pd.testing.assert_frame_equal(
                one.sort_values(columns, ignore_index=True), other.sort_values(columns, ignore_index=True)
            )


@pytest.mark.parametrize(
    "ids",
    [
        pd.Series([1, 2, 2], dtype="int64"),
        pd.Series([1, 2, 2], dtype="int32"),
        pd.Series([1, 2, 2], dtype="Int64"),
        pd.Series([0.5, 2, 2]),
        pd.Series(["x", "y", "y"], dtype="str"),
        pd.Series(["x", "y", "y"], dtype="string"),
        pd.Series(["x", "y", "y"], dtype="category"),
        pd.Series(["x", 1, 1], dtype=object),
        pd.Series([("x", 1), "y", "y"], dtype=object),
        pd.Series(pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-02"], utc=True)),
    ],
    ids=lambda ids: f"{ids.dtype} {ids[0]}",
)
@pytest.mark.parametrize("order", ["entry", "email"])
def test_ids_of_any_dtype(ids, order):
    """Of three events: two enrol, one removes the second; and one is turned away."""
    events = log(ev("02 10:00"), ev("02 10:00", who="b"), ev("02 12:00", "removed", who="b"), ev("02 13:00"))
    ids = ids.iloc[[0, 1, 2, 0]].reset_index(drop=True)
    found = simcore.simulate(ONCE, events=events.assign(subscriber_id=ids), order=order)
    sends = [0, 0, 1] if order == "entry" else [0, 1, 0]
    for each, numbers in (
        (found.timeline, sends),
        (found.subscribers, [0, 1]),
        (found.journal, [0, 0, 1, 1, 0]),
    ):
        assert each["subscriber_id"].tolist() == ids.iloc[numbers].tolist()
        assert each["subscriber_id"].dtype == ids.dtype
    assert found.journal["what"].tolist() == ["started", "completed", "started", "removed", "repeated"]


def test_a_log_without_properties_or_refs():
    events = log(ev("02 10:00")).drop(columns=["ref", "properties"])
    assert len(simcore.project(TWO, events=events)) == 2
    found = simcore.simulate(KEYED, events=events)
    assert found.journal["what"].tolist() == ["no_key"]
    dates = seq(email(**until(missingAction="exit")))
    assert simcore.simulate(dates, events=events).subscribers["status"].tolist() == ["stopped"]


# ---------------------------------------------------------------- until


def test_until_cuts_everything():
    """Of the 3rd at 10:00, nothing happens: no send, no enrolment, no end, no stop."""
    sequence = TWO.replace(stopCondition={"type": "has_tag", "value": "T"})
    rows = [
        *(ev("02 10:00", who=who) for who in "abc"),
        ev("03 10:00", "removed", who="b"),
        ev("03 10:00", "tag_added", "T", who="c"),
        ev("03 10:00", who="d"),
    ]
    life = Life(sequence, *rows, until="03 10:00")
    assert life.sends == ["1.0 02 10:00", "b1.0 02 10:00", "c1.0 02 10:00"]
    assert (life.runs, life.turned) == (["active"] * 3, [])
    assert life.found.subscribers["next_email_id"].tolist() == ["step-2"] * 3
    after = Life(sequence, *rows, until="03 10:00:00.000001")
    assert after.runs == ["completed 03 10:00", "removed 03 10:00", "stopped 03 10:00", "active"]


def test_until_before_everything():
    life = Life(TWO, ev("02 10:00"), until="02 10:00")
    assert (life.sends, life.runs, life.notes) == ([], [], [])
    life = Life(TWO, ev("02 10:00"), entered=["02 10:00", "03 10:00"], until="03 10:00")
    assert life.begins == ["02 10:00"]


def test_until_and_who_is_in_the_way():
    """Whether the later one is a duplicate does not hang on what is after the end."""
    rows = [ev(when, properties={"id": 1}) for when in ("02 10:00", "03 09:00", "03 11:00")]
    life = Life(KEYED, *rows, until="03 12:00")
    assert (life.begins, life.turned) == (["02 10:00", "03 11:00"], ["duplicate 03 09:00"])
    assert Life(KEYED, *rows, until="03 10:00").turned == ["duplicate 03 09:00"]
    removed = ev("02 12:00", "removed")
    assert Life(KEYED, *rows, removed, until="03 12:00").turned == ["duplicate 03 11:00"]


def test_until_and_the_journal_of_passed_steps():
    life = Life(seq(discount(DAY), email(DAY)), ev("02 10:00"), until="03 10:00")
    assert life.notes == ["1 started 02 10:00"]


# ---------------------------------------------------------------- render


def test_render():
    """Every tag; without a value the fallback, or nothing; what is no tag stays."""
    sequence = seq(
        email(subject="{{event.city|there}} {{event.order.n}} {{event.none}}|{{discount.code|none}}"),
        discount(discount={"codePrefix": "BACK", "expiresInHours": 24}),
        email(
            subject="{{discount.code}} {{discount.percentOff}}% {{discount.amountOff|-}} {{discount.currency|-}}"
        ),
        email(HOUR, subject="{{event.city}} until {{discount.expiresAt}}"),
        discount(
            HOUR,
            discount={"discountType": "amount", "amountOff": 500, "expiresAt": "2026-12-31T00:00:00Z"},
        ),
        email(
            subject="{{discount.amountOff}} {{discount.currency}} {{discount.percentOff}} {{discount.code}}"
        ),
        email(subject="{{discount.expiresAt}}"),
        email(subject="No tag {{event.city} {{other}}"),
        email(subject="Plain"),
    )
    given = [ev("02 10:00", properties={"city": "Lviv", "order": {"n": 2.0}}), ev("02 12:00", who="b")]
    life = Life(sequence, *given, render=True)
    rows = life.found.timeline
    assert list(rows)[4:] == ["subject", "rendered_subject", "send_at"]
    assert rows["rendered_subject"].dtype == TEXT
    assert rows["rendered_subject"].tolist() == [
        "Lviv 2 |none",
        "BACK-a-1-1 20% - -",
        "Lviv until 2026-03-03T10:00:00Z",
        "500 usd  CODE-a-1-4",
        "2026-12-31T00:00:00Z",
        "No tag {{event.city} {{other}}",
        "Plain",
        "there  |none",
        "BACK-b-1-1 20% - -",
        " until 2026-03-03T12:00:00Z",
        "500 usd  CODE-b-1-4",
        "2026-12-31T00:00:00Z",
        "No tag {{event.city} {{other}}",
        "Plain",
    ]
    assert rows["subject"].tolist()[:7] == [step["subject"] for step in sequence.steps if "subject" in step]
    for verb in (simcore.project,):
        pd.testing.assert_frame_equal(verb(sequence, events=log(*given), render=True), rows)
    by_email = Life(sequence, *given, render=True, order="email").found.timeline
    assert sorted(by_email["rendered_subject"]) == sorted(rows["rendered_subject"])
    assert by_email["rendered_subject"].tolist()[:2] == ["Lviv 2 |none", "there  |none"]
    plain = Life(sequence, *given).found
    assert "rendered_subject" not in plain.timeline
    pd.testing.assert_frame_equal(life.found.subscribers, plain.subscribers)
    pd.testing.assert_frame_equal(life.found.journal, plain.journal)


def test_render_where_only_some_get_there():
    """Runs that ended are no longer in the rounds of later steps."""
    sequence = seq(
        email(),
        discount(DAY, discount={"expiresInHours": 1}),
        email(HOUR, subject="{{event.n}} {{discount.code}} {{discount.expiresAt}}"),
    )
    given = [ev(f"02 1{n}:00", properties={"n": n}, who=who) for n, who in enumerate("abc")]
    life = Life(sequence, *given, ev("02 20:00", "removed", who="b"), render=True)
    rows = life.found.timeline.query("position == 2")
    assert rows["rendered_subject"].tolist() == [
        "0 CODE-a-1-1 2026-03-03T11:00:00Z",
        "2 CODE-c-1-1 2026-03-03T13:00:00Z",
    ]


def test_render_of_two_runs_has_two_codes():
    sequence = seq(discount(), email(subject="{{discount.code}}"))
    life = Life(sequence, ev("02 10:00"), ev("02 12:00"), render=True)
    assert life.found.timeline["rendered_subject"].tolist() == ["CODE-a-1-0", "CODE-a-2-0"]
    again = Life(sequence, ev("02 10:00"), ev("02 12:00"), render=True)
    pd.testing.assert_frame_equal(again.found.timeline, life.found.timeline)


# ---------------------------------------------------------------- the example of the rules


def test_the_example():
    sequence = seq(
        email(),
        email(DAY),
        email({"hours": 12}),
        trigger="contact_added",
        sendingWindow=window(zone="Europe/Kyiv", days=WEEK),
    )
    for given in (
        {"entries": entries("2026-03-27T19:30:00+02:00")},
        {"events": log(ev("2026-03-27T19:30:00+02:00", "contact_added"))},
    ):
        found = simcore.project(sequence, **given)
        assert found["send_at"].dt.strftime("%a %Y-%m-%d %H:%M %Z").tolist() == [
            "Fri 2026-03-27 19:30 EET",
            "Mon 2026-03-30 08:00 EEST",
            "Tue 2026-03-31 08:00 EEST",
        ]
        assert str(found["send_at"].dtype) == "datetime64[us, Europe/Kyiv]"
    utc = Life(sequence.replace(sendingWindow=None), ev("02 10:00", "contact_added")).found
    assert str(utc.timeline["send_at"].dtype) == "datetime64[us, UTC]"
