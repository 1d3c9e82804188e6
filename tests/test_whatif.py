"""What changes do to those already inside, on cases worked out by hand.

Emails 1 (immediate), 2 and 3 (a day later each, at 9:00 UTC). In March 2026 x enters on the 1st, y on the 2nd, z
on the 3rd and w on the 4th, each at 10:00. At 12:00 of the 3rd x is through, y waits for 3, and z for 2.
"""

import pandas as pd
import pytest
from conftest import TEXT

import simcore
from simcore import kit

HOUR, DAY = pd.Timedelta(1, "h"), pd.Timedelta(1, "D")
COLUMNS = [
    "email_id",
    "subject",
    "sent_at_once",
    "earlier",
    "later",
    "unchanged",
    "gained",
    "lost",
    "median_shift",
]
DTYPES = ["int64", TEXT, *["int64"] * 6, "timedelta64[us]"]
NONE = pd.Timedelta(0)
THEN = "2026-03-03T12:00Z"


def email(number, delay=1, **named):
    return kit.Email(
        id=number,
        subject=f"E{number}",
        delay_value=delay,
        delay_unit="days",
        **{"published": True, **named},
    )


BASE = kit.Sequence(name="S", time_zone="UTC", send_hour=9, emails=(email(1, 0), email(2), email(3)))
ENTRIES = pd.DataFrame({
    "subscriber_id": ["x", "y", "z", "w"],
    "entered_at": [f"2026-03-0{day}T10:00Z" for day in (1, 2, 3, 4)],
})
NEW = kit.create_email(THEN, id=9, subject="E9", delay_value=1, delay_unit="days", published=True, position=1)


def impact(*changes, sequence=BASE, entries=ENTRIES, assume=None, **named):
    """Rows of (email, at once, earlier, later, unchanged, gained, lost, median shift)."""
    found = simcore.impact(
        sequence, entries, list(changes), assumptions=kit.Assumptions(**(assume or {})), **named
    )
    assert list(found) == COLUMNS
    assert list(map(str, found.dtypes)) == DTYPES
    assert found.index.equals(pd.RangeIndex(len(found)))
    return [tuple(row) for row in found.drop(columns="subject").itertuples(index=False)]


def test_inserted_before_and_behind():
    """y gets it at once, z the next day, and all the rest of z's a day later."""
    assert impact(NEW) == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (9, 1, 0, 0, 0, 2, 0, pd.NaT),
        (2, 0, 0, 1, 2, 0, 0, NONE),
        (3, 0, 0, 1, 2, 0, 0, NONE),
    ]


def test_inserted_and_sent_at_once_to_both():
    assert impact(NEW, assume={"insert_before_next": "at_once"}) == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (9, 2, 0, 0, 0, 2, 0, pd.NaT),
        (2, 0, 0, 0, 3, 0, 0, NONE),
        (3, 0, 0, 0, 3, 0, 0, NONE),
    ]
    skipped = impact(NEW, assume={"insert_before_next": "at_once", "earlier_insert": "skip"})
    assert skipped[1] == (9, 1, 0, 0, 0, 1, 0, pd.NaT)


def test_inserted_behind_everybody():
    """At the end: x is through already; y gets it on the 5th, z on the 6th."""
    end = kit.create_email(THEN, id=9, subject="E9", delay_value=1, delay_unit="days", published=True)
    assert impact(end)[-1] == (9, 0, 0, 0, 0, 2, 0, pd.NaT)


def test_publishing_a_draft():
    draft = BASE.replace(emails=(email(1, 0), email(9, published=False), email(2), email(3)))
    assert impact(kit.update_email(THEN, 9, published=True), sequence=draft) == impact(NEW)
    assert impact(kit.update_email(THEN, 9, published=True), sequence=draft, include_drafts=True)[1] == (
        *(9, 0, 0, 0, 3, 0, 0, NONE),
    )


GONE = [(1, 0, 0, 0, 3, 0, 0, NONE), (2, 0, 0, 0, 2, 0, 1, NONE), (3, 0, 1, 0, 2, 0, 0, NONE)]


def test_unpublishing():
    """z goes on to 3, a day earlier."""
    assert impact(kit.update_email(THEN, 2, published=False)) == GONE


def test_deleting():
    """The same; the deleted one stands behind the others, with its subject."""
    assert impact(kit.delete_email(THEN, 2)) == [GONE[0], GONE[2], GONE[1]]
    found = simcore.impact(BASE, ENTRIES, [kit.delete_email(THEN, 2)])
    assert found["subject"].tolist() == ["E1", "E3", "E2"]


def test_another_send_hour():
    """Kept, only z's last is later; rescheduled, y's last and both of z's are, by six hours."""
    change = kit.update(THEN, send_hour=15)
    assert impact(change) == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (2, 0, 0, 0, 3, 0, 0, NONE),
        (3, 0, 0, 1, 2, 0, 0, NONE),
    ]
    assert impact(change, assume={"queued_emails": "reschedule"}) == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (2, 0, 0, 1, 2, 0, 0, NONE),
        (3, 0, 0, 2, 1, 0, 0, 6 * HOUR),
    ]


def test_off_and_on_again():
    """w enters in the pause and gets email 1 at the reactivation, two hours late; y's and z's are a day late."""
    changes = [kit.update(THEN, active=False), kit.update("2026-03-04T12:00Z", active=True)]
    assert impact(*changes) == [
        (1, 1, 0, 1, 3, 0, 0, NONE),
        (2, 0, 0, 1, 3, 0, 0, NONE),
        (3, 0, 0, 2, 2, 0, 0, DAY / 2),
    ]
    # Off for good: what y and z wait for is lost, and w is not inside before the change.
    assert impact(changes[0]) == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (2, 0, 0, 0, 2, 0, 1, NONE),
        (3, 0, 0, 0, 1, 0, 2, NONE),
    ]


def test_who_enters_at_the_instant_of_the_change_is_not_inside():
    at_it = pd.Series(["2026-03-03T12:00Z", "2026-03-03T11:59:59.999999Z"], index=["a", "b"])
    assert impact(NEW, entries=at_it)[1] == (9, 0, 0, 0, 0, 1, 0, pd.NaT)


def test_events_and_until():
    """y is gone before the change; z's emails of the 5th and later are after the end."""
    events = pd.DataFrame({"subscriber_id": ["y"], "at": ["2026-03-03T11:00Z"], "event": ["removed"]})
    assert impact(NEW, events=events, until="2026-03-05T00:00Z") == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (9, 0, 0, 0, 0, 1, 0, pd.NaT),
        (2, 0, 0, 0, 2, 0, 1, NONE),
        (3, 0, 0, 0, 1, 0, 0, NONE),
    ]
    assert impact(NEW, until=THEN) == []


def test_runs_that_the_changes_start():
    """y comes again at 13:00 of the 3rd: with repeat, run 2 gains all three, and run 1 loses its last."""
    entries = pd.DataFrame({
        "subscriber_id": ["y", "y"],
        "entered_at": ["2026-03-02T10:00Z", "2026-03-03T13:00Z"],
    })
    changes = [kit.update(THEN, repeat=True), kit.update("2026-03-20T00:00Z", name="T")]
    assert impact(*changes, entries=entries) == [
        (1, 0, 0, 0, 1, 1, 0, NONE),
        (2, 0, 0, 0, 1, 1, 0, NONE),
        (3, 0, 0, 0, 0, 1, 1, pd.NaT),
    ]
    assert impact(changes[0], entries=entries)[0] == (1, 0, 0, 0, 1, 0, 0, NONE)


def test_the_subject_is_the_latest():
    found = simcore.impact(BASE, ENTRIES, [kit.update_email(THEN, 2, subject="Other")])
    assert found["subject"].tolist() == ["E1", "Other", "E3"]


def test_nothing_to_tell():
    assert impact() == []
    assert impact(NEW, entries=[]) == []
    assert impact(NEW, entries=["2026-04-01T10:00Z"]) == []


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_ids_of_any_dtype(dtype):
    assert impact(NEW, entries=ENTRIES.astype({"subscriber_id": dtype})) == impact(NEW)
    numbers = ENTRIES.assign(subscriber_id=pd.array([3, 1, 2, 9], dtype="Int64"))
    assert impact(NEW, entries=numbers) == impact(NEW)


def test_changes_as_an_iterator():
    """They are read once, and needed once."""
    assert simcore.impact(BASE, ENTRIES, iter([NEW])).equals(simcore.impact(BASE, ENTRIES, [NEW]))


def test_naive_instants():
    named = {"naive_time_zone": "UTC"}
    naive = kit.create_email("2026-03-03T12:00", **NEW.fields)
    entries = ENTRIES.assign(entered_at=ENTRIES["entered_at"].str.removesuffix("Z"))
    assert impact(naive, entries=entries, **named) == impact(NEW)
