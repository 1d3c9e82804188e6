"""`explain=True`: the sentence behind each send of a history, every cause on its whole text."""

import pandas as pd
import pytest
from conftest import TEXT
from hypothesis import given, settings
from strategies import static_cases

import simcore
from simcore import kit
from simcore.engine import times

SOME = settings(max_examples=settings().max_examples // 4)
ENTERED = "2026-03-02T10:00Z"  # a Monday


def email(number, delay=1, unit="days", **named):
    return kit.Email(**{
        "id": number,
        "subject": f"E{number}",
        "delay_value": delay,
        "delay_unit": unit,
        "published": True,
        **named,
    })


def new(at, delay=1, position=1):
    return kit.create_email(
        at, id=9, subject="E9", delay_value=delay, delay_unit="days", published=True, position=position
    )


BASE = kit.Sequence(name="S", time_zone="UTC", send_hour=9, emails=(email(1, 0), email(2), email(3)))
FIRST = "at once, on entry: Mon 2 Mar 10:00 UTC"
SECOND = "1 day after the previous email is Tue 3 Mar, so Tue 3 Mar 09:00 UTC"


def told(*changes, sequence=BASE, entered=ENTERED, **assume):
    """The sentence of each email, by id, from both verbs."""
    named = {"changes": changes, "assumptions": kit.Assumptions(**assume), "explain": True}
    found = simcore.simulate(sequence, [entered], **named).timeline
    pd.testing.assert_frame_equal(simcore.project(sequence, [entered], **named), found)
    assert list(found)[-1] == "reason"
    assert found["reason"].dtype == TEXT
    return dict(zip(found["email_id"], found["reason"], strict=True))


def test_waited():
    assert told() == {
        1: FIRST,
        2: SECOND,
        3: "1 day after the previous email is Wed 4 Mar, so Wed 4 Mar 09:00 UTC",
    }


def test_changed_while_it_waits():
    assert told(new("2026-03-02T12:00Z", delay=5))[9] == (
        "next since the change of Mon 2 Mar 12:00 UTC; 5 days after the previous email is Sat 7 Mar, so "
        "Sat 7 Mar 09:00 UTC"
    )


def test_changed_when_its_wait_was_over():
    slow = BASE.replace_email(1, delay_value=10)
    assert told(new("2026-03-05T12:00Z"), sequence=slow)[9] == (
        "next since the change of Thu 5 Mar 12:00 UTC, when its wait since the previous email was over; "
        "09:00 on Thu 5 Mar is past, so Fri 6 Mar 09:00 UTC"
    )


def test_changed_from_the_entry():
    first = BASE.replace(emails=(email(2, 3),))
    assert told(kit.update("2026-03-03T12:00Z", send_hour=15), sequence=first, queued_emails="reschedule")[
        2
    ] == (
        "next since the change of Tue 3 Mar 12:00 UTC; 3 days after entry is Thu 5 Mar, so Thu 5 Mar 15:00 UTC"
    )
    late = kit.update("2026-03-05T08:30Z", send_hour=8)
    assert told(late, sequence=first, queued_emails="reschedule")[2] == (
        "next since the change of Thu 5 Mar 08:30 UTC, when its wait since entry was over; "
        "08:00 on Thu 5 Mar is past, so Fri 6 Mar 08:00 UTC"
    )


def test_changed_where_the_clocks_change():
    """Whatever lies between the change and the send, or between the anchor and the send, is told."""
    here = BASE.replace(time_zone="America/New_York")
    entered = "2026-03-02T10:00-05:00"
    assert told(new("2026-03-02T12:00-05:00", delay=7), sequence=here, entered=entered)[9] == (
        "next since the change of Mon 2 Mar 12:00 EST; 7 days after the previous email is Mon 9 Mar, so "
        "Mon 9 Mar 09:00 EDT; the clocks go forward 1 hour on Sun 8 Mar"
    )
    slow = here.replace_email(1, delay_value=10)
    assert told(new("2026-03-07T12:00-05:00"), sequence=slow, entered=entered)[9] == (
        "next since the change of Sat 7 Mar 12:00 EST, when its wait since the previous email was over; "
        "09:00 on Sat 7 Mar is past, so Sun 8 Mar 09:00 EDT; the clocks go forward 1 hour on Sun 8 Mar"
    )


def test_at_once():
    assert told(new("2026-03-02T12:00Z", delay=5), insert_before_next="at_once") == {
        1: FIRST,
        9: "at once, because it was published right before the email that was waited for: Mon 2 Mar 12:00 UTC",
        2: SECOND,
        3: "1 day after the previous email is Wed 4 Mar, so Wed 4 Mar 09:00 UTC",
    }


def test_freed():
    changes = [kit.update("2026-03-02T12:00Z", active=False), kit.update("2026-03-05T12:00Z", active=True)]
    assert told(*changes)[2] == (
        "was due while the sequence was not active; active again Thu 5 Mar 12:00 UTC; "
        "09:00 on Thu 5 Mar is past, so Fri 6 Mar 09:00 UTC"
    )
    inserted = [changes[0], new("2026-03-02T13:00Z"), changes[1]]
    assert told(*inserted, insert_before_next="at_once")[9] == (
        "was due while the sequence was not active; active again Thu 5 Mar 12:00 UTC; "
        "09:00 on Thu 5 Mar is past, so Fri 6 Mar 09:00 UTC"
    )
    # What was not yet due is as though nothing had been.
    assert told(changes[0], kit.update("2026-03-02T13:00Z", active=True))[2] == SECOND


def test_behind():
    assert told(new("2026-03-03T12:00Z"))[9] == (
        "at once, because it was published behind the subscriber: Tue 3 Mar 12:00 UTC"
    )
    paused = [
        kit.update("2026-03-03T11:00Z", active=False),
        new("2026-03-03T12:00Z"),
        kit.update("2026-03-05T12:00Z", active=True),
    ]
    assert told(*paused)[9] == "at once, because it was published behind the subscriber: Thu 5 Mar 12:00 UTC"


def test_after_a_draft():
    draft = BASE.replace(emails=(email(1, 0), email(2, published=False), email(3)))
    assert told(sequence=draft, draft_delay="count")[3] == (
        "1 day after the draft before it is Wed 4 Mar, so Wed 4 Mar 09:00 UTC"
    )
    assert told(sequence=draft)[3] == "1 day after the previous email is Tue 3 Mar, so Tue 3 Mar 09:00 UTC"


def test_a_year_is_told_where_it_is_another():
    assert told(new("2026-03-02T12:00Z", delay=365))[9] == (
        "next since the change of Mon 2 Mar 12:00 UTC; 365 days after the previous email is Tue 2 Mar 2027, so "
        "Tue 2 Mar 2027 09:00 UTC"
    )


@given(case=static_cases())
@SOME
def test_those_of_preview(arguments_of, case):
    """Without a history, each run is told what a preview from its entry tells."""
    named = arguments_of(case)
    found = simcore.simulate(**named, explain=True)
    entered = found.subscribers.set_index(["subscriber_id", "run"])["entered_at"]
    kept = {name: named[name] for name in ("include_drafts", "assumptions")}
    for key, rows in found.timeline.groupby(["subscriber_id", "run"]):
        shown = simcore.preview(named["sequence"], entered.loc[key], **kept)
        shown = shown[shown["send_at"].notna()].iloc[: len(rows)]
        assert rows["reason"].tolist() == shown["reason"].tolist()
        assert rows["send_at"].tolist() == shown["send_at"].tolist()


@pytest.mark.parametrize("order", ["entry", "email"])
def test_they_stand_by_their_sends(order):
    """Of several runs in different states, in both orders."""
    entries = ["2026-03-02T10:00Z", "2026-03-03T10:00Z", "2026-03-01T10:00Z"]
    changes = [new("2026-03-03T12:00Z")]
    found = simcore.project(BASE, entries, changes=changes, order=order, explain=True)
    alone = {
        number: simcore.project(BASE, [entered], changes=changes, explain=True)
        for number, entered in enumerate(entries)
    }
    for number, rows in found.groupby("subscriber_id"):
        expected = alone[number].set_index("email_id")["reason"]
        assert rows.set_index("email_id")["reason"].to_dict() == expected.to_dict()
    assert len(found) == sum(map(len, alone.values()))


def test_nothing_to_explain():
    found = simcore.project(BASE, [], explain=True)
    assert (len(found), str(found["reason"].dtype)) == (0, TEXT)
    found = simcore.project(BASE.replace(active=False), [ENTERED], explain=True, order="email")
    assert (len(found), str(found["reason"].dtype)) == (0, TEXT)


def test_one_of_many(monkeypatch):
    """Where equal instants are computed once, a single run that is due has an index among all of them."""
    monkeypatch.setattr(times, "MANY", 2)
    entries = ["2026-03-02T10:00Z", "2026-03-03T10:00Z", "2026-03-03T10:00Z"]
    first = BASE.replace(emails=(email(2),))
    found = simcore.project(first, entries, until="2026-03-03T12:00Z", explain=True)
    assert found["reason"].tolist() == ["1 day after entry is Tue 3 Mar, so Tue 3 Mar 09:00 UTC"]


def test_none_of_many_past_2200(monkeypatch):
    """An instant past the last that is nobody's any more, in the table of those that the others have."""
    monkeypatch.setattr(times, "MANY", 2)
    entries = ["2199-12-30T10:00Z", "2199-12-31T10:00Z", "2199-12-30T11:00Z"]
    first = BASE.replace(emails=(email(2),))
    found = simcore.project(first, entries, until="2200-01-01T00:00Z")
    assert found["send_at"].dt.strftime("%Y-%m-%d %H:%M").tolist() == ["2199-12-31 09:00"] * 2


@pytest.mark.parametrize(
    "change",
    [
        kit.update("2026-03-02T12:00Z", send_hour=15, send_days=["friday"]),
        kit.update("2026-03-02T12:00Z", time_zone="Asia/Tokyo"),
        kit.update_email("2026-03-02T12:00Z", 2, delay_value=30),
        kit.update_email("2026-03-02T12:00Z", 2, delay_unit="hours"),
    ],
)
def test_what_is_queued_is_explained_by_what_it_was_queued_by(change):
    """K20: it keeps its instant, so the wait is the one that was in force."""
    assert told(change)[2] == SECOND


def test_days_that_are_no_send_days_after_a_change():
    """K11: a gate that was closed and opens again."""
    first = BASE.replace(emails=(email(2, 2),))
    closed = kit.update("2026-03-03T12:00Z", send_days=[])
    opened = kit.update("2026-03-09T12:00Z", send_days=["friday"])
    assert told(closed, opened, sequence=first)[2] == (
        "next since the change of Mon 9 Mar 12:00 UTC, when its wait since entry was over; "
        "Mon, Tue, Wed and Thu are not send days, so Fri 13 Mar 09:00 UTC"
    )


@pytest.mark.parametrize(
    ("unit", "again", "words"),
    [
        ("hours", "2026-03-05T12:01Z", "12:01 UTC; polls come every 15 minutes, so Thu 5 Mar 12:15 UTC"),
        ("hours", "2026-03-05T12:15Z", "12:15 UTC, exactly on a poll (they come every 15 minutes)"),
    ],
)
def test_freed_through_a_poll(unit, again, words):
    hours = BASE.replace(
        emails=(kit.Email(id=2, subject="2", delay_value=30, delay_unit=unit, published=True),)
    )
    changes = [kit.update("2026-03-02T12:00Z", active=False), kit.update(again, active=True)]
    assert told(*changes, sequence=hours)[2] == (
        f"was due while the sequence was not active; active again Thu 5 Mar {words}"
    )


@pytest.mark.parametrize(
    ("again", "words"),
    [
        ("2026-03-07T12:00Z", "Sat 7 Mar 12:00 UTC; Sat and Sun are not send days, so Mon 9 Mar 00:00 UTC"),
        ("2026-03-09T12:00Z", "Mon 9 Mar 12:00 UTC, so Mon 9 Mar 12:00 UTC"),
    ],
)
def test_freed_at_once_on_a_send_day(again, words):
    """K9 under send_days, K19."""
    weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"]
    first = kit.Email(id=2, subject="2", delay_value=0, delay_unit="days", published=True)
    sequence = BASE.replace(send_days=weekdays, emails=(first,), active=False)
    freed = told(kit.update(again, active=True), sequence=sequence, immediate_days="send_days")[2]
    assert freed == f"was due while the sequence was not active; active again {words}"


def test_fractions_of_a_second_are_told():
    sends = simcore.preview(
        BASE.replace(emails=(email(2, 1),)), "2026-03-02T10:00:30.25Z", naive_time_zone=None
    )
    assert sends["reason"].tolist() == ["1 day after entry is Tue 3 Mar, so Tue 3 Mar 09:00 UTC"]
    hours = BASE.replace(
        emails=(kit.Email(id=2, subject="2", delay_value=1, delay_unit="hours", published=True),)
    )
    assert simcore.preview(hours, "2026-03-02T10:00:30.25Z")["reason"].tolist() == [
        "1 hour after entry is Mon 2 Mar 11:00:30.25 UTC; polls come every 15 minutes, so Mon 2 Mar 11:15 UTC"
    ]


def test_nobody_is_left():
    """A round whose runs are all excluded has no reasons, and needs none."""
    sequence = kit.Sequence(
        name="S",
        time_zone="UTC",
        emails=[kit.Email(subject="A", delay_value=1, delay_unit="days", published=True)],
        exclude_subscriber_sources=[{"type": "tag", "ids": [1]}],
    )
    tagged = pd.DataFrame({"subscriber_id": [0], "at": ["2026-03-06T22:00Z"], "event": "tag_added", "ref": 1})
    sends = simcore.project(sequence, ["2026-03-06T21:07Z"], events=tagged, explain=True)
    assert len(sends) == 0
    assert sends["reason"].tolist() == []
