"""The rules of the lifecycle (K11 to K28), each on examples worked out by hand.

All is in March 2026, of which the 2nd is a Monday, in UTC; emails by days go out at 9:00. Instants are written
"03 09:00", sends "run.email 03 09:00".
"""

import numpy as np
import pandas as pd
import pytest
from conftest import TEXT

import simcore
from simcore import kit
from simcore.engine.rounds import WAITED, Waiting
from simcore.engine.times import Times
from simcore.errors import EntryError, TooLateError

VIA = "visual_automation"


def at(text):
    """An instant of March 2026, UTC."""
    return f"2026-03-{text[:2]}T{text[3:]}Z"


def day(stamp):
    stamp = stamp.tz_convert("UTC")
    if stamp.microsecond:
        return stamp.strftime("%d %H:%M:%S.%f")
    return stamp.strftime("%d %H:%M")


def email(number, delay, unit="days", *, published=True, **named):
    return kit.Email(
        id=number, subject=f"Email {number}", delay_value=delay, delay_unit=unit, published=published, **named
    )


def new(when, number, delay, unit="days", *, published=True, **named):
    """An email is created."""
    return kit.create_email(
        at(when),
        id=number,
        subject=f"Email {number}",
        delay_value=delay,
        delay_unit=unit,
        published=published,
        **named,
    )


def update(when, **fields):
    return kit.update(at(when), **fields)


def change(when, number, **fields):
    return kit.update_email(at(when), number, **fields)


def delete(when, number):
    return kit.delete_email(at(when), number)


def seq(*emails, **named):
    return kit.Sequence(**{"name": "S", "time_zone": "UTC", "send_hour": 9, "emails": emails, **named})


A, B, C, D = email(1, 0), email(2, 1), email(3, 1), email(4, 1)
ABC = seq(A, B, C)
TAG = [{"type": "tag", "ids": [7]}]


class Life:
    """What became of subscriber "a", unless another is asked for."""

    def __init__(self, sequence, *entries, events=(), changes=(), until=None, drafts=False, **assume):
        entered = [(each, "api") if isinstance(each, str) else each for each in entries]
        happened = [(*event, None, None)[:3] for event in events]
        self.found = simcore.simulate(
            sequence,
            pd.DataFrame({
                "subscriber_id": ["a"] * len(entered),
                "entered_at": [at(when) for when, _ in entered],
                "via": [via for _, via in entered],
            }),
            events=pd.DataFrame({
                "subscriber_id": ["a"] * len(happened),
                "at": [at(when) for when, _, _ in happened],
                "event": [name for _, name, _ in happened],
                "ref": [ref for _, _, ref in happened],
            })
            if happened
            else None,
            changes=changes,
            until=None if until is None else at(until),
            include_drafts=drafts,
            assumptions=kit.Assumptions(**assume),
        )

    @property
    def sends(self):
        rows = self.found.timeline
        return [
            f"{run}.{email_id} {day(when)}"
            for run, email_id, when in zip(rows["run"], rows["email_id"], rows["send_at"], strict=True)
        ]

    @property
    def positions(self):
        return self.found.timeline["position"].tolist()

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
        number = None if pd.isna(row["next_email_id"]) else row["next_email_id"]
        return number, None if pd.isna(row["next_send_at"]) else day(row["next_send_at"])

    @property
    def notes(self):
        """The journal: run (0 for none), what, the email where one is meant, and when."""
        rows = self.found.journal
        return [
            f"{0 if pd.isna(run) else run} {what}{'' if pd.isna(email_id) else f':{email_id}'} {day(when)}"
            for run, what, email_id, when in zip(
                rows["run"], rows["what"], rows["email_id"], rows["at"], strict=True
            )
        ]


# ---------------------------------------------------------------- K11, K12


def test_k11_a_gate_that_closes_forgets_the_due_instant():
    """Reopened, the email is queued anew: the hour changed meanwhile counts, though queued emails keep theirs."""
    closed = update("02 12:00", send_days=[])
    assert Life(ABC, "02 10:00", changes=[closed], until="20 00:00").sends == ["1.1 02 10:00"]
    life = Life(ABC, "02 10:00", changes=[closed], until="20 00:00")
    assert (life.runs, life.waits) == (["active"], (2, None))
    opened = update("02 13:00", send_days=["tuesday", "thursday"], send_hour=15)
    assert Life(ABC, "02 10:00", changes=[closed, opened]).sends == [
        "1.1 02 10:00",
        "1.2 03 15:00",
        "1.3 05 15:00",
    ]
    kept = update("02 13:00", send_hour=15)
    assert Life(ABC, "02 10:00", changes=[kept]).sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 15:00"]


def test_k11_opened_late_it_is_not_before_now():
    """The wait was over on the 3rd; open again on Friday the 6th at 12:00, past 9:00."""
    changes = [update("02 12:00", send_days=[]), update("06 12:00", send_days=["friday", "saturday"])]
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 07 09:00", "1.3 13 09:00"]
    changes[1] = update("06 09:00", send_days=["friday", "saturday"])
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 06 09:00", "1.3 07 09:00"]


def test_k11_opened_early_it_waits_from_its_anchor():
    five = seq(A, email(2, 5))
    changes = [update("02 12:00", send_days=[]), update("04 12:00", send_days=["saturday", "thursday"])]
    assert Life(five, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 07 09:00"]


def test_k11_own_days_and_hours_go_on():
    own = seq(
        A,
        email(2, 2, "hours"),
        email(3, 1, send_days=["friday"]),
        email(4, 1),
    )
    life = Life(own, "02 10:00", changes=[update("02 10:30", send_days=[])], until="30 00:00")
    assert life.sends == ["1.1 02 10:00", "1.2 02 12:00", "1.3 06 09:00"]
    assert life.waits == (4, None)
    life = Life(
        own, "02 10:00", changes=[update("02 10:30", send_days=[])], until="30 00:00", email_days="intersect"
    )
    assert life.sends == ["1.1 02 10:00", "1.2 02 12:00"]
    assert life.waits == (3, None)


def test_k11_immediate_emails_under_send_days():
    life = Life(seq(A, send_days=[]), "02 10:00", immediate_days="send_days", until="30 00:00")
    assert (life.sends, life.waits) == ([], (1, None))
    changes = [update("03 12:00", send_days=["tuesday", "thursday"])]
    life = Life(seq(A, send_days=[]), "02 10:00", changes=changes, immediate_days="send_days")
    assert life.sends == ["1.1 03 12:00"]
    changes = [update("04 12:00", send_days=["tuesday", "thursday"])]
    life = Life(seq(A, send_days=[]), "02 10:00", changes=changes, immediate_days="send_days")
    assert life.sends == ["1.1 05 00:00"]


def test_k12_no_exclusion_is_looked_at_for_a_draft():
    sequence = seq(A, email(2, 1, published=False), C, exclude_subscriber_sources=TAG)
    events = [("02 12:00", "tag_added", 7), ("03 12:00", "tag_removed", 7)]
    for midway in ("skip_email", "end_run"):
        life = Life(sequence, "02 10:00", events=events, draft_delay="count", excluded_midway=midway)
        assert life.sends == ["1.1 02 10:00", "1.3 04 09:00"]
        assert life.notes == ["1 started 02 10:00", "1 draft:2 03 09:00", "1 completed 04 09:00"]
    skipped = Life(sequence, "02 10:00", events=events)
    assert skipped.sends == ["1.1 02 10:00"]
    assert skipped.notes == ["1 started 02 10:00", "1 excluded:3 03 09:00", "1 completed 03 09:00"]


def test_k12_trailing_drafts_count_too():
    """The run waits for the draft, and is completed when it is passed."""
    sequence = seq(A, email(2, 3, published=False))
    life = Life(sequence, "02 10:00", draft_delay="count", until="05 09:00")
    assert (life.runs, life.waits) == (["active"], (2, "05 09:00"))
    life = Life(sequence, "02 10:00", draft_delay="count")
    assert (life.sends, life.runs) == (["1.1 02 10:00"], ["completed 05 09:00"])
    assert Life(sequence, "02 10:00").runs == ["completed 02 10:00"]
    assert Life(sequence, "02 10:00", drafts=True).sends == ["1.1 02 10:00", "1.2 05 09:00"]


# ---------------------------------------------------------------- K13, K14


def test_k13_via_of_each_run():
    found = simcore.simulate(
        ABC,
        pd.DataFrame({
            "subscriber_id": [5, 6],
            "entered_at": [at("02 10:00"), at("02 11:00")],
            "via": ["form", None],
        }),
    )
    assert found.subscribers["via"].tolist() == ["form", "api"]
    assert found.subscribers["via"].dtype == "category"


def test_k14_another_entry_restarts():
    repeating = ABC.replace(repeat=True)
    life = Life(repeating, "02 10:00", "03 12:00")
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "2.1 03 12:00", "2.2 04 09:00", "2.3 05 09:00"]
    assert life.runs == ["restarted 03 12:00", "completed 05 09:00"]
    assert life.notes == [
        "1 started 02 10:00",
        "1 restarted 03 12:00",
        "2 started 03 12:00",
        "2 completed 05 09:00",
    ]


def test_k14_a_finished_run_keeps_its_status():
    life = Life(ABC.replace(repeat=True), "02 10:00", "05 12:00", until="05 13:00")
    assert life.runs == ["completed 04 09:00", "active"]
    assert life.waits == (2, "06 09:00")


def test_k14_at_the_very_instant_of_the_last_send():
    """Entries come before sends (K18): the run ends with its last email unsent."""
    life = Life(ABC.replace(repeat=True), "02 10:00", "04 09:00")
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "2.1 04 09:00", "2.2 05 09:00", "2.3 06 09:00"]
    assert life.runs == ["restarted 04 09:00", "completed 06 09:00"]


def test_k14_without_repeat_nobody_is_taken_in_again():
    life = Life(ABC, "02 10:00", "03 12:00", "20 12:00")
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]
    assert life.runs == ["completed 04 09:00"]
    assert life.notes == [
        "1 started 02 10:00",
        "1 completed 04 09:00",
        "0 ignored 03 12:00",
        "0 ignored 20 12:00",
    ]


@pytest.mark.parametrize("how", ["unsubscribed", "removed"])
def test_k14_however_the_first_run_ended(how):
    events = [("02 12:00", how), ("02 13:00", "resubscribed")]
    assert Life(ABC, "02 10:00", "03 12:00", events=events).notes[-1] == "0 ignored 03 12:00"
    again = Life(ABC.replace(repeat=True), "02 10:00", "03 12:00", events=events)
    assert again.sends == ["1.1 02 10:00", "2.1 03 12:00", "2.2 04 09:00", "2.3 05 09:00"]
    status = {"unsubscribed": "cancelled", "removed": "removed"}[how]
    assert again.runs == [f"{status} 02 12:00", "completed 05 09:00"]


@pytest.mark.parametrize("via", ["visual_automation", "rule", "bulk_action", "import"])
def test_k14_restart_via_listed(via):
    repeating = seq(A, repeat=True)
    listed = Life(repeating, "02 10:00", ("03 10:00", via), restart_via="listed")
    assert listed.sends == ["1.1 02 10:00", "2.1 03 10:00"]
    for other in ("api", "form", "manual"):
        life = Life(repeating, "02 10:00", ("03 10:00", other), restart_via="listed")
        assert life.sends == ["1.1 02 10:00"]
        assert life.notes[-1] == "0 ignored 03 10:00"
        assert len(Life(repeating, "02 10:00", ("03 10:00", other)).sends) == 2
    first = Life(repeating, ("02 10:00", "form"), restart_via="listed")
    assert first.sends == ["1.1 02 10:00"]


def test_k14_two_entries_of_one_instant():
    """The first run ends where it begins, and gets nothing."""
    life = Life(ABC.replace(repeat=True), "02 10:00", "02 10:00", until="02 11:00")
    assert life.sends == ["2.1 02 10:00"]
    assert life.runs == ["restarted 02 10:00", "active"]
    assert life.notes == ["1 started 02 10:00", "1 restarted 02 10:00", "2 started 02 10:00"]
    assert Life(ABC, "02 10:00", "02 10:00").notes[-1] == "0 ignored 02 10:00"


@pytest.mark.filterwarnings("ignore:nothing to send")  # Q27: see test_idle
def test_k14_a_run_that_completes_at_its_entry_is_not_restarted():
    """K15: no email is published, so each is over before the next entry of the same instant."""
    life = Life(seq(repeat=True), "02 10:00", "02 10:00", "02 10:00")
    assert life.runs == ["completed 02 10:00"] * 3
    assert life.sends == []
    # An immediate email is sent after all entries of the instant.
    life = Life(seq(A, repeat=True), "02 10:00", "02 10:00", "02 10:00")
    assert life.runs == ["restarted 02 10:00", "restarted 02 10:00", "completed 02 10:00"]
    assert life.sends == ["3.1 02 10:00"]


def test_k14_repeat_is_the_one_in_force():
    """K26: turned off, it leaves the current run alone; changes of an instant come before its entries."""
    changes = [update("03 12:00", repeat=True), update("04 12:00", repeat=False)]
    life = Life(seq(A, B), "02 10:00", "03 11:59", "03 12:00", "04 12:00", changes=changes)
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "2.1 03 12:00", "2.2 04 09:00"]
    assert [note for note in life.notes if note.startswith("0")] == [
        "0 ignored 03 11:59",
        "0 ignored 04 12:00",
    ]
    going = Life(ABC.replace(repeat=True), "02 10:00", "02 12:00", changes=[update("02 13:00", repeat=False)])
    assert going.sends == ["1.1 02 10:00", "2.1 02 12:00", "2.2 03 09:00", "2.3 04 09:00"]


# ---------------------------------------------------------------- K15


def test_k15_completed_with_the_last_email():
    assert Life(ABC, "02 10:00").runs == ["completed 04 09:00"]
    assert Life(ABC, "02 10:00", until="04 09:00").runs == ["active"]


def test_k15_completed_by_the_change_that_left_none():
    gone = [delete("03 12:00", 3)]
    assert Life(ABC, "02 10:00", changes=gone).runs == ["completed 03 12:00"]
    unpublished = [change("03 12:00", 3, published=False)]
    life = Life(ABC, "02 10:00", changes=unpublished)
    assert life.runs == ["completed 03 12:00"]
    assert life.notes == ["1 started 02 10:00", "1 completed 03 12:00"]
    both = [change("02 12:00", 2, published=False), change("02 12:00", 3, published=False)]
    assert Life(ABC, "02 10:00", changes=both).runs == ["completed 02 12:00"]


@pytest.mark.filterwarnings("ignore:nothing to send")  # Q27: see test_idle
def test_k15_completed_at_its_entry_where_nothing_is_published():
    for sequence in (seq(), seq(email(1, 0, published=False)), seq(active=False)):
        life = Life(sequence, "02 10:00")
        assert (life.runs, life.sends) == (["completed 02 10:00"], [])
        assert life.notes == ["1 started 02 10:00", "1 completed 02 10:00"]


def test_k15_a_run_holds_and_receives_what_is_published_later():
    """Email 2 waits one day from email 1 (the 3rd), which is over when it is published at 12:00 of the 5th."""
    holding = seq(A, hold=True)
    life = Life(holding, "02 10:00", changes=[new("05 12:00", 2, 1)])
    assert life.sends == ["1.1 02 10:00", "1.2 06 09:00"]
    assert (life.runs, life.waits) == (["active"], (None, None))
    assert life.notes == ["1 started 02 10:00", "1 holding 02 10:00", "1 holding 06 09:00"]
    early = Life(holding, "02 10:00", changes=[new("02 12:00", 2, 4)])
    assert early.sends == ["1.1 02 10:00", "1.2 06 09:00"]


@pytest.mark.parametrize(
    ("assume", "hold", "via", "stays"),
    [
        ("same", False, "api", False),
        ("same", True, "api", True),
        ("same", False, VIA, False),
        ("same", True, VIA, True),
        ("stay", False, "api", True),
        ("stay", True, "api", True),
        ("stay", False, VIA, False),
        ("stay", True, VIA, True),
        ("complete", False, "api", False),
        ("complete", True, "api", False),
        ("complete", False, VIA, False),
        ("complete", True, VIA, True),
    ],
)
def test_k15_hold_without_automation(assume, hold, via, stays):
    life = Life(seq(A, hold=hold), ("02 10:00", via), hold_without_automation=assume)
    assert life.runs == (["active"] if stays else ["completed 02 10:00"])
    assert life.notes[-1] == ("1 holding 02 10:00" if stays else "1 completed 02 10:00")


# ---------------------------------------------------------------- K16, K17

KEPT_OUT = ABC.replace(exclude_subscriber_sources=TAG)


@pytest.mark.parametrize(
    ("kind", "joined", "left"),
    [
        ("tag", "tag_added", "tag_removed"),
        ("segment", "segment_entered", "segment_left"),
        ("form", "form_joined", None),
        ("sequence", "sequence_joined", None),
    ],
)
def test_k16_sources_of_each_kind(kind, joined, left):
    sequence = ABC.replace(exclude_subscriber_sources=[{"type": kind, "ids": [6, 7]}])
    inside = [("02 10:00", joined, 7)]
    assert Life(sequence, "02 10:00", events=inside).notes == ["0 excluded 02 10:00"]
    assert len(Life(sequence, "02 10:00", events=[("02 10:00", joined, 8)]).sends) == 3
    others = {
        "tag": "form_joined",
        "segment": "tag_added",
        "form": "sequence_joined",
        "sequence": "tag_added",
    }
    assert len(Life(sequence, "02 10:00", events=[("02 10:00", others[kind], 7)]).sends) == 3
    if left:
        events = [*inside, ("02 10:00", joined, 7), ("02 10:00", left, 7)]
        assert len(Life(sequence, "02 10:00", events=events).sends) == 3  # several adds, one remove


def test_k16_an_entry_that_was_excluded_is_as_though_it_had_not_been():
    """The second entry starts run 1, though the sequence does not repeat."""
    events = [("02 09:00", "tag_added", 7), ("02 12:00", "tag_removed", 7)]
    life = Life(KEPT_OUT, "02 10:00", "02 13:00", events=events)
    assert life.sends == ["1.1 02 13:00", "1.2 03 09:00", "1.3 04 09:00"]
    assert life.notes == ["0 excluded 02 10:00", "1 started 02 13:00", "1 completed 04 09:00"]


def test_k16_an_excluded_entry_leaves_the_run_alone():
    repeating = KEPT_OUT.replace(repeat=True)
    events = [("02 12:00", "tag_added", 7), ("02 14:00", "tag_removed", 7)]
    life = Life(repeating, "02 10:00", "02 13:00", events=events)
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]
    assert life.notes[-1] == "0 excluded 02 13:00"


def test_k16_excluded_midway_passes_the_email_at_its_due_instant():
    """The next one waits from there."""
    events = [("02 12:00", "tag_added", 7), ("03 09:00:00.000001", "tag_removed", 7)]
    life = Life(KEPT_OUT, "02 10:00", events=events)
    assert life.sends == ["1.1 02 10:00", "1.3 04 09:00"]
    assert life.notes == ["1 started 02 10:00", "1 excluded:2 03 09:00", "1 completed 04 09:00"]
    events[1] = ("03 09:00", "tag_removed", 7)  # events come before sends
    assert Life(KEPT_OUT, "02 10:00", events=events).sends[1:] == ["1.2 03 09:00", "1.3 04 09:00"]


def test_k16_excluded_midway_ends_the_run():
    life = Life(KEPT_OUT, "02 10:00", events=[("02 12:00", "tag_added", 7)], excluded_midway="end_run")
    assert life.sends == ["1.1 02 10:00"]
    assert life.runs == ["excluded 03 09:00"]
    assert life.waits == (None, None)
    assert life.notes == ["1 started 02 10:00", "1 excluded:2 03 09:00", "1 excluded_out 03 09:00"]


def test_k16_in_any_of_several_sources():
    sequence = ABC.replace(exclude_subscriber_sources=[*TAG, {"type": "form", "ids": [1]}])
    events = [("02 12:00", "tag_added", 7), ("02 13:00", "form_joined", 1), ("02 14:00", "tag_removed", 7)]
    assert Life(sequence, "02 10:00", events=events).sends == ["1.1 02 10:00"]


def test_k16_the_sources_in_force_count():
    events = [("02 12:00", "tag_added", 7)]
    changes = [update("03 12:00", exclude_subscriber_sources=TAG)]
    assert Life(ABC, "02 10:00", events=events, changes=changes).sends == ["1.1 02 10:00", "1.2 03 09:00"]
    changes = [update("03 12:00", exclude_subscriber_sources=[])]
    assert Life(KEPT_OUT, "02 10:00", events=events, changes=changes).sends == [
        "1.1 02 10:00",
        "1.3 04 09:00",
    ]


def test_k16_a_tag_before_any_entry():
    assert Life(KEPT_OUT, "10 10:00", events=[("02 12:00", "tag_added", 7)]).notes == ["0 excluded 10 10:00"]


@pytest.mark.parametrize("how", ["unsubscribed", "bounced", "complained"])
def test_k17_leaving_blocks_until_resubscribed(how):
    repeating = ABC.replace(repeat=True)
    events = [("03 12:00", how), ("05 12:00", "resubscribed")]
    life = Life(repeating, "02 10:00", "04 12:00", "05 12:00", events=events)
    assert life.sends[:2] == ["1.1 02 10:00", "1.2 03 09:00"]
    assert life.sends[2:] == ["2.1 05 12:00", "2.2 06 09:00", "2.3 07 09:00"]
    assert life.runs == ["cancelled 03 12:00", "completed 07 09:00"]
    assert life.notes == [
        "1 started 02 10:00",
        "1 cancelled 03 12:00",
        "0 blocked 04 12:00",
        "2 started 05 12:00",
        "2 completed 07 09:00",
    ]


def test_k17_removed_ends_the_run_and_blocks_nobody():
    life = Life(
        ABC.replace(repeat=True), "02 10:00", "02 12:00", events=[("02 11:00", "removed")], until="03 00:00"
    )
    assert life.runs == ["removed 02 11:00", "active"]
    assert life.notes[1] == "1 removed 02 11:00"


def test_k17_blocked_before_any_entry_ignored_before_excluded():
    """Of an entry that several rules keep out, the first is journalled."""
    events = [("02 12:00", "tag_added", 7), ("02 13:00", "unsubscribed")]
    life = Life(KEPT_OUT, "02 10:00", "02 12:30", "02 14:00", events=events)
    assert life.notes[2:] == ["0 ignored 02 12:30", "0 blocked 02 14:00"]
    first = Life(KEPT_OUT, "02 14:00", events=events)
    assert first.notes == ["0 blocked 02 14:00"]
    listed = Life(
        KEPT_OUT.replace(repeat=True), "02 10:00", "02 12:30", events=events[:1], restart_via="listed"
    )
    assert listed.notes[-1] == "0 ignored 02 12:30"


def test_k17_a_run_that_is_over_is_not_ended_again():
    life = Life(ABC, "02 10:00", events=[("10 12:00", "unsubscribed"), ("11 12:00", "removed")])
    assert life.runs == ["completed 04 09:00"]
    life = Life(ABC, "02 10:00", events=[("02 11:00", "removed"), ("02 12:00", "unsubscribed")])
    assert life.runs == ["removed 02 11:00"]
    assert life.notes == ["1 started 02 10:00", "1 removed 02 11:00"]


def test_k17_a_run_that_holds_is_ended():
    life = Life(
        seq(A, hold=True), "02 10:00", events=[("10 12:00", "complained")], changes=[new("11 00:00", 2, 1)]
    )
    assert (life.sends, life.runs) == (["1.1 02 10:00"], ["cancelled 10 12:00"])


# ---------------------------------------------------------------- K18


def test_k18_changes_before_sends():
    """Unpublished at the instant at which it is due, email 2 makes way for email 3, due at once."""
    assert Life(ABC, "02 10:00", changes=[change("03 09:00", 2, published=False)]).sends == [
        "1.1 02 10:00",
        "1.3 03 09:00",
    ]
    late = [change("03 09:00:00.000001", 2, published=False)]
    assert Life(ABC, "02 10:00", changes=late).sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]


def test_k18_changes_before_entries():
    """Who enters at the instant of a change meets the sequence after it, and is owed nothing."""
    life = Life(
        ABC, "02 10:00", changes=[new("02 10:00", 9, 1, position=1), update("02 10:00", send_hour=12)]
    )
    assert life.sends == ["1.1 02 10:00", "1.9 03 12:00", "1.2 04 12:00", "1.3 05 12:00"]


def test_k18_changes_of_an_instant_one_by_one():
    """Unpublished, email 2 is no longer queued; published again after the hour changed, it is queued anew."""
    off, on = change("02 12:00", 2, published=False), change("02 12:00", 2, published=True)
    hour = update("02 12:00", send_hour=15)
    assert Life(ABC, "02 10:00", changes=[off, hour, on]).sends == [
        "1.1 02 10:00",
        "1.2 03 15:00",
        "1.3 04 15:00",
    ]
    assert Life(ABC, "02 10:00", changes=[off, on, hour]).sends == [
        "1.1 02 10:00",
        "1.2 03 09:00",
        "1.3 04 15:00",
    ]
    assert Life(ABC, "02 10:00", changes=[hour, off, on]).sends == [
        "1.1 02 10:00",
        "1.2 03 15:00",
        "1.3 04 15:00",
    ]


def test_k18_events_before_sends():
    assert Life(ABC, "02 10:00", events=[("03 09:00", "removed")]).sends == ["1.1 02 10:00"]
    late = [("03 09:00:00.000001", "removed")]
    assert Life(ABC, "02 10:00", events=late).sends == ["1.1 02 10:00", "1.2 03 09:00"]


def test_k18_events_before_entries():
    assert Life(ABC, "02 10:00", events=[("02 10:00", "unsubscribed")]).notes == ["0 blocked 02 10:00"]
    assert len(Life(ABC, "02 10:00", events=[("02 10:00", "removed")]).sends) == 3
    left = Life(ABC, "02 10:00", events=[("02 10:00:00.000001", "unsubscribed")])
    assert (left.sends, left.runs) == (["1.1 02 10:00"], ["cancelled 02 10:00:00.000001"])


def test_k18_events_before_entries_end_the_run_before():
    """Removed at the instant of the next entry: the run is removed, not restarted."""
    life = Life(
        ABC.replace(repeat=True), "02 10:00", "02 12:00", events=[("02 12:00", "removed")], until="02 13:00"
    )
    assert life.runs == ["removed 02 12:00", "active"]
    assert life.sends == ["1.1 02 10:00", "2.1 02 12:00"]


def test_k18_events_of_an_instant_as_given():
    for names, blocked in (
        (("unsubscribed", "resubscribed"), False),
        (("resubscribed", "unsubscribed"), True),
    ):
        life = Life(ABC, "02 10:00", events=[("02 10:00", name) for name in names])
        assert (life.notes == ["0 blocked 02 10:00"]) == blocked
        assert len(life.sends) == (0 if blocked else 3)
    tags = [("02 10:00", "tag_removed", 7), ("02 10:00", "tag_added", 7)]
    assert Life(KEPT_OUT, "02 10:00", events=tags).sends == []
    assert len(Life(KEPT_OUT, "02 10:00", events=tags[::-1]).sends) == 3


def test_k18_owed_sends_before_due_ones():
    """9 and 8 are published behind the subscriber at 9:00, when email 3 is due; 9 then stands before 8."""
    changes = [new("04 09:00", 8, 1, position=1), new("04 09:00", 9, 1, position=1)]
    life = Life(ABC, "02 10:00", changes=changes)
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.9 04 09:00", "1.8 04 09:00", "1.3 04 09:00"]
    assert life.positions == [0, 1, 1, 2, 4]


def test_k18_what_is_taken_back_at_once_was_not_published():
    """All changes of an instant come before what is owed by one of them."""
    for back in (delete("03 12:00", 9), change("03 12:00", 9, published=False)):
        life = Life(ABC, "02 10:00", changes=[new("03 12:00", 9, 1, position=1), back])
        assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]


def test_k18_who_waits_since_before_an_earlier_change():
    """What comes at the instant of a send comes before it for them too."""
    same = update("02 12:00", send_hour=9)
    off = change("03 09:00", 2, published=False)
    assert Life(ABC, "02 10:00", changes=[same, off]).sends == ["1.1 02 10:00", "1.3 03 09:00"]
    removed = [("03 09:00", "removed")]
    assert Life(ABC, "02 10:00", changes=[same], events=removed).sends == ["1.1 02 10:00"]
    assert Life(ABC, "02 10:00", changes=[same], until="03 09:00").sends == ["1.1 02 10:00"]


def test_k18_changes_before_events():
    """Nothing is left after the change, so the removal of that instant finds the run completed."""
    life = Life(ABC, "02 10:00", changes=[delete("03 12:00", 3)], events=[("03 12:00", "removed")])
    assert life.runs == ["completed 03 12:00"]


def test_k18_until_is_just_before():
    assert Life(ABC, "02 10:00", until="03 09:00").sends == ["1.1 02 10:00"]
    assert Life(ABC, "02 10:00", until="03 09:00:00.000001").sends == ["1.1 02 10:00", "1.2 03 09:00"]
    assert Life(ABC, "02 10:00", until="02 10:00").notes == []
    events = [("03 08:00", "removed")]
    assert Life(ABC, "02 10:00", events=events, until="03 08:00").runs == ["active"]
    assert Life(ABC, "02 10:00", events=events, until="03 08:00:00.000001").runs == ["removed 03 08:00"]
    changes = [update("03 08:00", active=False)]
    assert Life(ABC, "02 10:00", changes=changes, until="03 08:00").waits == (2, "03 09:00")
    assert Life(ABC, "02 10:00", changes=changes, until="03 08:00:00.000001").waits == (2, None)


# ---------------------------------------------------------------- K19


def test_k19_nothing_while_inactive_and_then_through_the_gate():
    """Email 2 came due on the 3rd; active again on the 5th at 12:00, it goes out at 9:00 of the 6th."""
    changes = [update("02 12:00", active=False), update("05 12:00", active=True)]
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 06 09:00", "1.3 07 09:00"]
    changes[1] = update("05 09:00", active=True)
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 05 09:00", "1.3 06 09:00"]
    paused = Life(ABC, "02 10:00", changes=changes[:1])
    assert (paused.sends, paused.runs, paused.waits) == (["1.1 02 10:00"], ["active"], (2, None))


def test_k19_what_is_not_yet_due_keeps_its_instant():
    """Also what is due at the very instant of the reactivation."""
    changes = [update("02 12:00", active=False, send_hour=15), update("02 13:00", active=True)]
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 15:00"]
    changes[1] = update("03 09:00", active=True)
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 15:00"]
    changes[1] = update("03 09:00:00.000001", active=True)
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 03 15:00", "1.3 04 15:00"]


def test_k19_snap_of_now_not_the_whole_formula():
    """The delay became 10 days in the pause, which a queued email does not ask for (K20): only its gate counts."""
    changes = [
        update("02 12:00", active=False),
        change("02 13:00", 2, delay_value=10),
        update("04 12:00", active=True),
    ]
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 05 09:00", "1.3 06 09:00"]


def test_k19_the_definition_in_force_now():
    changes = [
        update("02 12:00", active=False),
        change("03 12:00", 2, send_days=["sunday"]),
        update("04 12:00", active=True, send_hour=7),
    ]
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 08 07:00", "1.3 09 07:00"]
    changes[1] = change("03 12:00", 2, delay_unit="hours")
    changes[2] = update("04 12:01", active=True)
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 04 12:15", "1.3 05 09:00"]


def test_k19_reschedule_with_a_reactivation_in_one_change():
    """At 23:30 of the 2nd on Kiritimati (UTC+14), one day later begins at 10:00 UTC of the 2nd.

    On the Marquesas (UTC-9:30) it was 00:00 of the 2nd: 9:00 of that day is not before now; one day later it
    is 9:00 of the 3rd.
    """
    sequence = seq(email(2, 1), time_zone="Pacific/Kiritimati", send_hour=0)
    changes = [
        update("02 09:45", active=False),
        update("02 12:00", active=True, time_zone="Pacific/Marquesas", send_hour=9),
    ]
    assert Life(sequence, "02 09:30").sends == ["1.2 02 10:00"]
    assert Life(sequence, "02 09:30", changes=changes).sends == ["1.2 02 18:30"]
    assert Life(sequence, "02 09:30", changes=changes, queued_emails="reschedule").sends == ["1.2 03 18:30"]


def test_k19_entries_while_inactive_wait():
    paused = ABC.replace(active=False)
    changes = [update("04 12:00", active=True)]
    assert Life(paused, "02 10:00", changes=changes).sends == ["1.1 04 12:00", "1.2 05 09:00", "1.3 06 09:00"]
    assert Life(paused, "04 12:00", changes=changes).sends[0] == "1.1 04 12:00"
    life = Life(paused, "02 10:00")
    assert (life.sends, life.runs, life.waits) == ([], ["active"], (1, None))


def test_k19_active_to_active_moves_nothing():
    changes = [update("02 12:00", active=True)]
    assert Life(ABC, "02 10:00", changes=changes).sends == Life(ABC, "02 10:00").sends
    twice = [
        update("02 12:00", active=False),
        update("03 12:00", active=False),
        update("04 12:00", active=True),
    ]
    assert Life(ABC, "02 10:00", changes=twice).sends == ["1.1 02 10:00", "1.2 05 09:00", "1.3 06 09:00"]


def test_k19_at_once_in_a_pause_goes_through_its_gate():
    changes = [
        update("02 12:00", active=False),
        new("02 13:00", 9, 5, position=1),
        update("03 12:00", active=True),
    ]
    life = Life(ABC, "02 10:00", changes=changes, insert_before_next="at_once")
    assert life.sends == ["1.1 02 10:00", "1.9 04 09:00", "1.2 05 09:00", "1.3 06 09:00"]
    changes[2] = update("02 13:00", active=True)
    life = Life(ABC, "02 10:00", changes=changes, insert_before_next="at_once")
    assert life.sends == ["1.1 02 10:00", "1.9 02 13:00", "1.2 03 09:00", "1.3 04 09:00"]


# ---------------------------------------------------------------- K20


@pytest.mark.parametrize(
    ("fields", "kept", "reschedule"),
    [
        ({"send_hour": 15}, ["1.2 03 09:00", "1.3 04 15:00"], ["1.2 03 15:00", "1.3 04 15:00"]),
        ({"send_days": ["friday"]}, ["1.2 03 09:00", "1.3 06 09:00"], ["1.2 06 09:00", "1.3 13 09:00"]),
        # 9:00 in Tokyo is 0:00 UTC, and 10:00 of the 2nd is 19:00 there
        ({"time_zone": "Asia/Tokyo"}, ["1.2 03 09:00", "1.3 04 00:00"], ["1.2 03 00:00", "1.3 04 00:00"]),
        ({"name": "T"}, ["1.2 03 09:00", "1.3 04 09:00"], ["1.2 03 09:00", "1.3 04 09:00"]),
    ],
)
def test_k20_schedule_changes_of_the_sequence(fields, kept, reschedule):
    changes = [update("02 12:00", **fields)]
    assert Life(ABC, "02 10:00", changes=changes).sends[1:] == kept
    assert Life(ABC, "02 10:00", changes=changes, queued_emails="reschedule").sends[1:] == reschedule


def test_k20_instants_are_shown_in_the_zone_before_any_change():
    found = Life(ABC, "02 10:00", changes=[update("02 12:00", time_zone="Asia/Tokyo")]).found
    assert str(found.timeline["send_at"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    ("fields", "kept", "reschedule"),
    [
        ({"delay_value": 4}, ["1.2 03 09:00", "1.3 04 09:00"], ["1.2 06 09:00", "1.3 07 09:00"]),
        ({"send_days": ["sunday"]}, ["1.2 03 09:00", "1.3 04 09:00"], ["1.2 08 09:00", "1.3 09 09:00"]),
        (
            {"delay_unit": "hours", "delay_value": 5},
            ["1.2 03 09:00", "1.3 04 09:00"],
            ["1.2 02 15:00", "1.3 03 09:00"],
        ),
    ],
)
def test_k20_schedule_changes_of_an_email(fields, kept, reschedule):
    changes = [change("02 12:00", 2, **fields)]
    assert Life(ABC, "02 10:00", changes=changes).sends[1:] == kept
    assert Life(ABC, "02 10:00", changes=changes, queued_emails="reschedule").sends[1:] == reschedule


def test_k20_rescheduled_not_before_now():
    changes = [update("03 08:30", send_hour=8)]
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 08:00"]
    life = Life(ABC, "02 10:00", changes=changes, queued_emails="reschedule")
    assert life.sends == ["1.1 02 10:00", "1.2 04 08:00", "1.3 05 08:00"]
    changes = [change("05 12:00", 2, delay_unit="hours", delay_value=1)]
    life = Life(seq(A, email(2, 10)), "02 10:00", changes=changes, queued_emails="reschedule")
    assert life.sends == ["1.1 02 10:00", "1.2 05 12:00"]


# ---------------------------------------------------------------- K21


def test_k21_inserted_before_the_next_one():
    """T2: 5 days from email 1 is the 7th; 1 day is over when it is published, so the first slot from then on."""
    life = Life(ABC, "02 10:00", changes=[new("02 12:00", 9, 5, position=1)])
    assert life.sends == ["1.1 02 10:00", "1.9 07 09:00", "1.2 08 09:00", "1.3 09 09:00"]
    late = Life(seq(A, email(2, 10)), "02 10:00", changes=[new("05 12:00", 9, 1, position=1)])
    assert late.sends == ["1.1 02 10:00", "1.9 06 09:00", "1.2 16 09:00"]


def test_k21_at_once_is_for_what_became_published():
    """Moved before the queued email, one that was published already waits from its anchor."""
    at_once = {"insert_before_next": "at_once"}
    assert Life(ABC, "02 10:00", changes=[new("02 12:00", 9, 5, position=1)], **at_once).sends == [
        "1.1 02 10:00",
        "1.9 02 12:00",
        "1.2 03 09:00",
        "1.3 04 09:00",
    ]
    draft = seq(A, email(9, 5, published=False), B)
    assert Life(draft, "02 10:00", changes=[change("02 12:00", 9, published=True)], **at_once).sends[1] == (
        "1.9 02 12:00"
    )
    moved = Life(ABC, "02 10:00", changes=[change("02 12:00", 3, position=1)], **at_once)
    assert moved.sends == ["1.1 02 10:00", "1.3 03 09:00", "1.2 04 09:00"]
    removed = Life(ABC, "02 10:00", changes=[delete("02 12:00", 2)], **at_once)
    assert removed.sends == ["1.1 02 10:00", "1.3 03 09:00"]
    draft_first = [new("02 12:00", 9, 5, position=1, published=False), change("02 12:00", 3, position=1)]
    assert Life(ABC, "02 10:00", changes=draft_first, **at_once).sends[1:] == ["1.3 03 09:00", "1.2 04 09:00"]


def test_k21_at_once_is_where_another_email_was_queued():
    """A run that holds waits for none, so what comes next waits."""
    life = Life(seq(A, hold=True), "02 10:00", changes=[new("02 12:00", 9, 5)], insert_before_next="at_once")
    assert life.sends == ["1.1 02 10:00", "1.9 07 09:00"]
    behind = Life(ABC, "02 10:00", changes=[new("02 12:00", 9, 5, position=2)], insert_before_next="at_once")
    assert behind.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.9 08 09:00", "1.3 09 09:00"]


def test_k21_at_once_before_the_very_first():
    life = Life(
        seq(B, C), "02 10:00", changes=[new("02 12:00", 9, 1, position=0)], insert_before_next="at_once"
    )
    assert life.sends == ["1.9 02 12:00", "1.2 03 09:00", "1.3 04 09:00"]


def test_k21_at_once_of_two_changes_of_an_instant():
    """The first is overtaken by the second, and is then no longer what this very change published."""
    changes = [new("02 12:00", 8, 5, position=1), new("02 12:00", 9, 5, position=1)]
    life = Life(ABC, "02 10:00", changes=changes, insert_before_next="at_once")
    assert life.sends == ["1.1 02 10:00", "1.9 02 12:00", "1.8 07 09:00", "1.2 08 09:00", "1.3 09 09:00"]


def test_k21_at_once_where_the_gate_is_closed():
    """No gate is looked at; but in a pause K11 takes the due instant from the next change on."""
    closed = ABC.replace(send_days=[])
    changes = [new("02 12:00", 9, 5, position=1)]
    life = Life(closed, "02 10:00", changes=changes, insert_before_next="at_once", until="30 00:00")
    assert life.sends == ["1.1 02 10:00", "1.9 02 12:00"]
    changes = [update("02 11:00", active=False), *changes, update("04 12:00", active=True)]
    life = Life(closed, "02 10:00", changes=changes, insert_before_next="at_once", until="30 00:00")
    assert (life.sends, life.waits) == (["1.1 02 10:00"], (9, None))


def test_k21_unpublished_and_deleted_and_moved():
    """The next one is counted from the same anchor, and is not before now."""
    for gone in (change("02 12:00", 2, published=False), delete("02 12:00", 2)):
        assert Life(ABC, "02 10:00", changes=[gone]).sends == ["1.1 02 10:00", "1.3 03 09:00"]
    late = Life(seq(A, email(2, 10), C), "02 10:00", changes=[delete("06 12:00", 2)])
    assert late.sends == ["1.1 02 10:00", "1.3 07 09:00"]
    moved = Life(ABC, "02 10:00", changes=[change("02 12:00", 2, position=2)])
    assert moved.sends == ["1.1 02 10:00", "1.3 03 09:00", "1.2 04 09:00"]


def test_k21_an_email_with_a_closed_gate_is_queued_too():
    closed = ABC.replace(send_days=["monday"]).replace_email(1, send_days=["tuesday"])
    life = Life(
        closed, "02 10:00", changes=[update("02 11:00", name="T")], until="30 00:00", email_days="intersect"
    )
    assert (life.sends, life.waits) == (["1.1 02 10:00"], (2, None))
    changes = [update("02 11:00", send_days=[]), new("02 12:00", 9, 1, position=1)]
    life = Life(ABC, "02 10:00", changes=changes, until="30 00:00")
    assert (life.sends, life.waits) == (["1.1 02 10:00"], (9, None))


# ---------------------------------------------------------------- K22


def test_k22_published_behind_is_sent_at_the_change():
    """It moves neither the position nor the anchor: email 3 stays where it was. No gate is asked."""
    for changes in (
        [new("03 12:00", 9, 1, position=1)],
        [new("03 11:00", 9, 1, position=1, published=False), change("03 12:00", 9, published=True)],
        [
            new("03 11:00", 9, 1, position=3, published=False),
            change("03 12:00", 9, published=True, position=1),
        ],
        [update("03 11:30", send_days=["wednesday"]), new("03 12:00", 9, 1, position=1)],
    ):
        life = Life(ABC, "02 10:00", changes=changes)
        assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.9 03 12:00", "1.3 04 09:00"]
        assert life.runs == ["completed 04 09:00"]
    skipped = Life(ABC, "02 10:00", changes=[new("03 12:00", 9, 1, position=1)], earlier_insert="skip")
    assert skipped.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]


def test_k22_moving_alone_never_does_this():
    """Email 4 is published, but was never behind by a publication."""
    sequence = seq(A, B, C, D)
    life = Life(sequence, "02 10:00", changes=[change("03 12:00", 4, position=1)])
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]


def test_k22_moved_behind_at_the_instant_of_a_publication():
    """Of two that stand behind now, 9 was published there; 4 was moved. Published ahead and then moved is moved."""
    behind = new("03 12:00", 9, 1, position=1)
    life = Life(seq(A, B, C, D), "02 10:00", changes=[behind, change("03 12:00", 4, position=1)])
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.9 03 12:00", "1.3 04 09:00"]
    ahead = [new("03 12:00", 9, 1, position=3), change("03 12:00", 9, position=1)]
    assert Life(ABC, "02 10:00", changes=ahead).sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]


def test_k21_a_position_past_the_last_is_the_last():
    far = 2**64
    expected = Life(ABC, "02 10:00", changes=[new("02 12:00", 9, 1, position=3)]).sends
    assert Life(ABC, "02 10:00", changes=[new("02 12:00", 9, 1, position=far)]).sends == expected
    moved = [email.id for email in ABC.replace_email(0, position=far, delay_value=1).emails]
    assert moved == [2, 3, 1]
    moves = {"emails[0].position": far, "emails[0].delay_value": 1}
    assert [email.id for email in ABC.with_fields(moves).emails] == moved


def test_k22_a_draft_that_is_published_behind():
    draft = seq(A, email(9, 1, published=False), B, C)
    life = Life(draft, "02 10:00", changes=[change("03 12:00", 9, published=True)])
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.9 03 12:00", "1.3 04 09:00"]


def test_k22_what_was_owed_is_received():
    """Moved ahead afterwards, it is not sent again."""
    changes = [new("03 12:00", 9, 1, position=1), change("03 13:00", 9, position=3)]
    life = Life(ABC, "02 10:00", changes=changes)
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.9 03 12:00", "1.3 04 09:00"]


def test_k22_not_for_runs_that_are_over():
    assert len(Life(ABC, "02 10:00", changes=[new("04 12:00", 9, 1, position=1)]).sends) == 3
    ended = [("03 12:00", "removed")]
    assert len(Life(ABC, "02 10:00", changes=[new("03 12:00", 9, 1, position=1)], events=ended).sends) == 2
    holding = Life(ABC.replace(hold=True), "02 10:00", changes=[new("10 12:00", 9, 1, position=1)])
    assert holding.sends[-1] == "1.9 10 12:00"
    restarted = Life(
        ABC.replace(repeat=True), "02 10:00", "03 12:00", changes=[new("03 12:00", 9, 1, position=1)]
    )
    assert restarted.sends[:4] == ["1.1 02 10:00", "1.2 03 09:00", "2.1 03 12:00", "2.9 04 09:00"]


def test_k22_while_inactive_it_is_owed_until_the_reactivation():
    pause, resume = update("03 11:00", active=False), update("05 12:00", active=True)
    insert = new("03 12:00", 9, 1, position=1)
    life = Life(ABC, "02 10:00", changes=[pause, insert, resume])
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.9 05 12:00", "1.3 06 09:00"]
    other = update("04 12:00", name="T")
    assert Life(ABC, "02 10:00", changes=[pause, insert, other, resume]).sends == life.sends
    # Published no more in that step: nothing is owed, nor later on.
    off, on = change("04 12:00", 9, published=False), change("05 13:00", 9, published=True)
    gone = Life(ABC, "02 10:00", changes=[pause, insert, off, resume])
    assert gone.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 06 09:00"]
    # What was unpublished and is published again is a new publication.
    again = Life(ABC, "02 10:00", changes=[pause, insert, off, resume, on])
    assert again.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.9 05 13:00", "1.3 06 09:00"]
    deleted = Life(ABC, "02 10:00", changes=[pause, insert, delete("04 12:00", 9), resume])
    assert deleted.sends == gone.sends
    left = Life(ABC, "02 10:00", changes=[pause, insert, resume], events=[("05 12:00", "unsubscribed")])
    assert left.sends == ["1.1 02 10:00", "1.2 03 09:00"]


def test_k22_still_before_the_last_one_passed_after_a_pause():
    """Moved behind email 2 in the pause, 9 is no longer behind the subscriber: it is next (K21), by its gate."""
    changes = [
        update("03 11:00", active=False),
        new("03 12:00", 9, 1, position=1),
        change("03 13:00", 9, position=2),
        update("05 12:00", active=True),
    ]
    life = Life(ABC, "02 10:00", changes=changes)
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.9 06 09:00", "1.3 07 09:00"]
    # Moved to the end, it is waited for after email 3.
    changes[2] = change("03 13:00", 9, position=3)
    assert Life(ABC, "02 10:00", changes=changes).sends[2:] == ["1.3 06 09:00", "1.9 07 09:00"]
    # Moved there and back, it is owed still.
    changes[2:3] = [change("03 13:00", 9, position=3), change("03 14:00", 9, position=1)]
    assert Life(ABC, "02 10:00", changes=changes).sends[2:] == ["1.9 05 12:00", "1.3 06 09:00"]


def test_k22_no_longer_owed_once_the_sends_step_is_over():
    """At 12:00 it is published behind and moved ahead in one instant; moved back later, it is not sent."""
    changes = [
        new("03 12:00", 9, 1, position=1),
        change("03 12:00", 9, position=3),
        change("03 14:00", 9, position=1),
    ]
    life = Life(ABC, "02 10:00", changes=changes)
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]
    # The same where the sends step is that of a reactivation.
    changes = [
        update("03 11:00", active=False),
        new("03 12:00", 9, 1, position=1),
        change("03 13:00", 9, position=3),
        update("03 14:00", active=True),
        change("03 15:00", 9, position=1),
        update("03 16:00", active=False),
        update("03 17:00", active=True),
    ]
    assert Life(ABC, "02 10:00", changes=changes).sends == life.sends


def test_k22_publishing_the_last_one_passed_sends_nothing():
    """Email 2 was passed while the subscriber was excluded, then unpublished and published again."""
    events = [("02 12:00", "tag_added", 7), ("03 12:00", "tag_removed", 7)]
    changes = [change("03 13:00", 2, published=False), change("03 14:00", 2, published=True)]
    life = Life(KEPT_OUT, "02 10:00", events=events, changes=changes)
    assert life.sends == ["1.1 02 10:00", "1.3 04 09:00"]
    # Published behind in a pause in which the last one passed is deleted, it is the last one passed itself (K24).
    pause, behind = update("03 11:00", active=False), new("03 12:00", 9, 1, position=1)
    for off, expected in ((delete("03 13:00", 2), []), (delete("03 13:00", 1), ["1.9 05 12:00"])):
        life = Life(ABC, "02 10:00", changes=[pause, behind, off, update("05 12:00", active=True)])
        assert life.sends[2:] == [*expected, "1.3 06 09:00"]
    # One further on, it is behind.
    changes = [change("04 13:00", 2, published=False), change("04 14:00", 2, published=True)]
    life = Life(KEPT_OUT.replace(hold=True), "02 10:00", events=events, changes=changes)
    assert life.sends == ["1.1 02 10:00", "1.3 04 09:00", "1.2 04 14:00"]


def test_k22_what_was_received_is_not_owed():
    changes = [change("03 13:00", 1, published=False), change("03 14:00", 1, published=True)]
    assert Life(ABC, "02 10:00", changes=changes).sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]


@pytest.mark.parametrize("midway", ["skip_email", "end_run"])
def test_k22_an_excluded_subscriber_is_passed_over(midway):
    """Journalled, and no longer owed; the run goes on, under end_run too."""
    events = [("03 12:00", "tag_added", 7), ("03 13:00", "tag_removed", 7)]
    changes = [
        new("03 12:00", 9, 1, position=1),
        update("03 14:00", active=False),
        update("03 15:00", active=True),
    ]
    life = Life(KEPT_OUT, "02 10:00", events=events, changes=changes, excluded_midway=midway)
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]
    assert life.notes == ["1 started 02 10:00", "1 excluded:9 03 12:00", "1 completed 04 09:00"]


def test_k22_nobody_is_owed_what_is_published_before_anything_was_passed():
    life = Life(seq(B, C), "02 10:00", changes=[new("02 12:00", 9, 3, position=0)])
    assert life.sends == ["1.9 05 09:00", "1.2 06 09:00", "1.3 07 09:00"]


def test_k22_reactivation_and_publication_in_one_instant():
    changes = [
        update("03 11:00", active=False),
        update("03 12:00", active=True),
        new("03 12:00", 9, 1, position=1),
    ]
    expected = ["1.1 02 10:00", "1.2 03 09:00", "1.9 03 12:00", "1.3 04 09:00"]
    assert Life(ABC, "02 10:00", changes=changes).sends == expected
    # Paused again in the same instant, it waits for the next reactivation.
    changes += [update("03 12:00", active=False), update("03 13:00", active=True)]
    expected[2] = "1.9 03 13:00"
    assert Life(ABC, "02 10:00", changes=changes).sends == expected


# ---------------------------------------------------------------- K23 to K26


def test_k23_publishing_the_immediate_first_email():
    draft = seq(email(1, 0, published=False), B)
    life = Life(draft, "02 10:00", changes=[change("02 12:00", 1, published=True)])
    assert life.sends == ["1.1 02 12:00", "1.2 03 09:00"]
    life = Life(
        draft.replace(send_days=["tuesday"]),
        "02 10:00",
        changes=[change("02 12:00", 1, published=True)],
        immediate_days="send_days",
    )
    assert life.sends == ["1.1 03 00:00", "1.2 10 09:00"]


def test_k24_who_was_queued_goes_on():
    assert Life(ABC, "02 10:00", changes=[delete("02 12:00", 2)]).sends == ["1.1 02 10:00", "1.3 03 09:00"]


def test_k24_deleting_the_last_one_passed():
    """Email 1 takes its place: what is published behind email 2's is now ahead, counted from the same anchor."""
    deleted, inserted = delete("03 12:00", 2), new("03 13:00", 9, 1, position=1)
    assert Life(ABC, "02 10:00", changes=[inserted]).sends[2:] == ["1.9 03 13:00", "1.3 04 09:00"]
    life = Life(ABC, "02 10:00", changes=[deleted, inserted])
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.9 04 09:00", "1.3 05 09:00"]
    alone = Life(seq(A, B, email(3, 4)), "02 10:00", changes=[deleted])
    assert alone.sends[2:] == ["1.3 07 09:00"]


def test_k24_the_one_before_it_whatever_it_is():
    """The draft 5 before email 2 takes its place; published there, it is the last one passed: nothing is sent."""
    sequence = seq(A, email(5, 1, published=False), B, C)
    changes = [delete("03 12:00", 2), change("03 13:00", 5, published=True)]
    assert Life(sequence, "02 10:00", changes=changes).sends == [
        "1.1 02 10:00",
        "1.2 03 09:00",
        "1.3 04 09:00",
    ]
    # In the order then in force: email 5 was moved to the front before.
    changes = [change("03 11:00", 5, position=0), delete("03 12:00", 2), new("03 13:00", 9, 1, position=2)]
    life = Life(
        seq(
            email(1, 1),
            email(5, 1, published=False),
            B,
            C,
        ),
        "01 10:00",
        changes=changes,
    )
    assert life.sends == ["1.1 02 09:00", "1.2 03 09:00", "1.9 04 09:00", "1.3 05 09:00"]


def test_k24_deleting_the_last_one_passed_at_the_first_place():
    """The run has passed nothing: what is put in front is next. The anchor stays 10:00 of the 2nd."""
    changes = [delete("02 12:00", 1), new("02 13:00", 9, 1, position=0)]
    life = Life(ABC, "02 10:00", changes=changes)
    assert life.sends == ["1.1 02 10:00", "1.9 03 09:00", "1.2 04 09:00", "1.3 05 09:00"]
    immediate = [delete("02 12:00", 1), new("02 13:00", 9, 0, position=0)]
    assert Life(ABC, "02 10:00", changes=immediate).sends[1] == "1.9 02 13:00"


def test_k24_one_after_the_other():
    changes = [delete("03 12:00", 2), delete("03 12:00", 1), new("03 13:00", 9, 1, position=0)]
    assert Life(ABC, "02 10:00", changes=changes).sends[2:] == ["1.9 04 09:00", "1.3 05 09:00"]


def test_k24_the_one_before_takes_the_place_of_the_last_passed():
    """So 9, published before email 1, is behind; and the anchor stays: email 3 still counts from 03 09:00."""
    emails = [email(number, 1) for number in range(1, 5)]
    changes = [delete("03 12:00", 2), new("03 13:00", 9, 1, position=0)]
    assert Life(seq(*emails), "01 10:00", changes=changes).sends[2:4] == ["1.9 03 13:00", "1.3 04 09:00"]
    further = Life(seq(A, B, C, email(4, 2)), "02 10:00", changes=[delete("03 12:00", 3)])
    assert further.sends[2:] == ["1.4 05 09:00"]


def test_k25_what_was_received_is_stepped_over_at_a_change():
    """Moved behind email 2, the first email stands next; email 3 is waited for all the same."""
    emails = [email(number, 1) for number in range(1, 4)]
    life = Life(seq(*emails), "01 10:00", changes=[change("03 12:00", 1, position=1)])
    assert life.sends == ["1.1 02 09:00", "1.2 03 09:00", "1.3 04 09:00"]


def test_k25_nothing_is_received_twice():
    """Email 1 is moved behind the last one passed; the run does not go back to it."""
    life = Life(ABC, "02 10:00", changes=[change("03 12:00", 1, position=2, delay_value=1)])
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00"]
    waiting = Life(ABC, "02 10:00", changes=[change("02 12:00", 1, position=2, delay_value=1)])
    assert waiting.sends == ["1.1 02 10:00"]  # it goes on from email 1, wherever that stands: at the end
    assert waiting.runs == ["completed 02 12:00"]


def test_k25_received_ones_are_stepped_over_when_they_are_reached():
    """2 and 1 both stand after 3 in the end; the run holds after 4."""
    sequence = seq(A, B, C, D)
    changes = [change("03 12:00", 1, position=2, delay_value=1)]  # 2 3 1 4
    life = Life(sequence, "02 10:00", changes=changes)
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00", "1.3 04 09:00", "1.4 05 09:00"]
    assert life.positions == [0, 1, 1, 3]


def test_k25_a_new_run_receives_all_again():
    life = Life(ABC.replace(repeat=True), "02 10:00", "05 10:00", changes=[update("05 09:00", name="T")])
    assert [send[:3] for send in life.sends] == ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]


def test_k26_a_completed_run_stays_completed():
    life = Life(ABC, "02 10:00", changes=[update("04 10:00", hold=True), new("04 12:00", 9, 1)])
    assert life.sends[-1] == "1.3 04 09:00"
    assert life.runs == ["completed 04 09:00"]


def test_k26_turning_hold_off_completes_holding_runs():
    holding = seq(A, B, hold=True)
    life = Life(holding, "02 10:00", changes=[update("05 12:00", hold=False), new("06 12:00", 9, 1)])
    assert life.sends == ["1.1 02 10:00", "1.2 03 09:00"]
    assert life.runs == ["completed 05 12:00"]
    assert life.notes == ["1 started 02 10:00", "1 holding 03 09:00", "1 completed 05 12:00"]
    going = Life(holding, "02 10:00", changes=[update("02 12:00", hold=False)])
    assert going.runs == ["completed 03 09:00"]


@pytest.mark.parametrize(("assume", "status"), [("stay", "active"), ("complete", "completed 03 09:00")])
def test_k26_only_where_the_toggle_applies(assume, status):
    holding = seq(A, B, hold=True)
    changes = [update("05 12:00", hold=False)]
    assert Life(holding, "02 10:00", changes=changes, hold_without_automation=assume).runs == [status]
    automated = Life(holding, ("02 10:00", VIA), changes=changes, hold_without_automation=assume)
    assert automated.runs == ["completed 05 12:00"]


def test_k26_a_run_holds_again():
    changes = [new("05 12:00", 9, 1), delete("05 13:00", 9), new("06 12:00", 8, 1)]
    life = Life(seq(A, hold=True), "02 10:00", changes=changes)
    assert life.sends == ["1.1 02 10:00", "1.8 07 09:00"]
    assert life.notes == [
        "1 started 02 10:00",
        "1 holding 02 10:00",
        "1 holding 05 13:00",
        "1 holding 07 09:00",
    ]


# ---------------------------------------------------------------- K27, K28


def test_k27_position_is_the_place_at_the_send():
    """The order is 9 2 3 4 when email 2 goes out, then 4 9 2 3; drafts are counted."""
    changes = [new("02 12:00", 9, 1, position=0, published=False), change("03 12:00", 4, position=0)]
    life = Life(seq(B, C, D), "02 10:00", changes=changes)
    assert life.sends == ["1.2 03 09:00", "1.3 04 09:00"]
    assert life.positions == [1, 3]


def test_k27_subscribers_as_they_stand():
    life = Life(ABC, "02 10:00", until="03 12:00").found
    row = life.subscribers.iloc[0]
    assert (row["sends"], day(row["last_send_at"]), day(row["entered_at"])) == (2, "03 09:00", "02 10:00")
    assert (row["next_email_id"], day(row["next_send_at"])) == (3, "04 09:00")
    assert row["ended_at"] is pd.NaT
    assert list(map(str, life.subscribers.dtypes)) == [
        TEXT,
        "int32",
        "category",
        "datetime64[us, UTC]",
        "category",
        "int32",
        "datetime64[us, UTC]",
        "Int64",
        "datetime64[us, UTC]",
        "datetime64[us, UTC]",
    ]
    statuses = ["active", "completed", "restarted", "excluded", "cancelled", "removed", "stopped"]
    assert life.subscribers["status"].cat.categories.tolist() == statuses
    untouched = Life(ABC.replace(active=False), "02 10:00").found.subscribers.iloc[0]
    assert untouched["last_send_at"] is pd.NaT


def test_k28_the_journals_columns_and_words():
    found = Life(ABC, "02 10:00", "02 11:00").found.journal
    assert list(map(str, found.dtypes)) == [
        *[TEXT, "Int32", "datetime64[us, UTC]", "category", "Int64", "category"]
    ]
    assert found["run"].tolist() == [1, 1, pd.NA]
    assert found["detail"].tolist() == [
        "the subscriber entered",
        "no email was left",
        "has had a run, and another is not started by this entry",
    ]
    words = dict(zip(found["what"].cat.categories, found["detail"].cat.categories, strict=True))
    assert words == {
        "started": "the subscriber entered",
        "ignored": "has had a run, and another is not started by this entry",
        "blocked": "unsubscribed, bounced or complained before, and did not resubscribe",
        "excluded": "in an excluded source at that instant",
        "draft": "a draft came due, and was passed without a send",
        "completed": "no email was left",
        "holding": "no email was left; stays for those published later",
        "restarted": "the subscriber entered again",
        "excluded_out": "in an excluded source when an email came due",
        "cancelled": "unsubscribed, bounced or complained",
        "removed": "removed from the sequence",
    }


def test_no_entries_at_all():
    for entries in ([], pd.DataFrame({"subscriber_id": [], "entered_at": []})):
        events = pd.DataFrame({"subscriber_id": ["a"], "at": [at("02 10:00")], "event": ["removed"]})
        for given in (None, events):
            found = simcore.simulate(ABC, entries, events=given, changes=[update("02 12:00", send_hour=7)])
            assert [len(frame) for frame in found] == [0, 0, 0]
            assert str(found.subscribers["next_email_id"].dtype) == "Int64"


def test_arguments_that_cannot_be(text_of):
    assert text_of(simcore.SimcoreError, simcore.simulate, ABC, [], order="x") == (
        "order: found 'x', expected 'entry' or 'email'"
    )
    assert text_of(EntryError, simcore.simulate, ABC, [], until="2026-03-06") == (
        "until: '2026-03-06' has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, or say how to "
        'read it with naive_time_zone="UTC" (or another zone)'
    )


# ---------------------------------------------------------------- at the edges


def test_a_round_of_some_of_its_runs():
    """Each run keeps its own instant, anchor, cause, change, plan and date."""
    each = np.array([10, 20, 30])
    made = Waiting(
        each, Times(each + 1), Times(np.array([7, 8]), np.array([1, 0, 1])), each + 2, *[each + 3] * 3
    )
    rows, at, anchor, *others = made.of(np.array([2, 0]))
    assert rows.tolist() == [30, 10]
    assert (at.all_us().tolist(), anchor.all_us().tolist()) == ([31, 11], [8, 8])
    assert [other.tolist() for other in others] == [[32, 12], [33, 13], [33, 13], [33, 13]]
    plain = Waiting(None, Times(each), Times(each)).of(np.array([2, 0]))
    assert (plain.rows.tolist(), plain.cause, plain.under, plain.over_us) == ([2, 0], WAITED, 0, None)


def test_holding_is_noted_once():
    """K15, K28: whether the run came to hold by a change or by itself."""
    hour = update("02 13:00", send_hour=8)
    by_change = Life(seq(A, B, hold=True), "02 10:00", changes=[delete("02 12:00", 2), hour])
    assert by_change.notes == ["1 started 02 10:00", "1 holding 02 12:00"]
    by_itself = Life(seq(A, hold=True), "02 10:00", changes=[hour])
    assert by_itself.notes == ["1 started 02 10:00", "1 holding 02 10:00"]


@pytest.mark.filterwarnings("ignore:nothing to send")  # Q27: see test_idle
def test_a_sequence_without_emails_that_holds():
    """K15, K26."""
    changes = [kit.update("2026-03-07T00:00Z", send_hour=3), kit.update("2026-03-08T00:00Z", hold=False)]
    nothing = kit.Sequence(name="Nothing yet", hold=True)
    held = simcore.simulate(nothing, ["2026-03-06T21:07Z"], changes=changes[:1])
    assert held.subscribers["status"].tolist() == ["active"]
    through = simcore.simulate(nothing, ["2026-03-06T21:07Z"], changes=changes)
    assert through.subscribers["ended_at"].tolist() == [pd.Timestamp("2026-03-08T00:00Z")]


def far(**fields):
    email = kit.Email(subject="Far", delay_value=3650, delay_unit="days", **fields)
    return kit.Sequence(name="Far", time_zone="UTC", emails=(email,))


def test_what_waits_for_an_email_past_2200_has_no_next_send():
    life = simcore.simulate(far(published=True), ["2195-01-01T00:00Z"], until="2199-01-01T00:00Z")
    assert life.subscribers["next_email_id"].tolist() == [-1]
    assert life.subscribers["next_send_at"].isna().all()


def test_a_draft_that_comes_due_past_2200_is_refused(text_of):
    assume = kit.Assumptions(draft_delay="count")
    assert text_of(
        TooLateError, simcore.simulate, far(published=False), ["2195-01-01T00:00Z"], assumptions=assume
    ).startswith("the email at position 0 (id -1) would go out after 2200-01-01 UTC to row 0 (subscriber 0)")


def test_results_share_nothing_with_what_was_given():
    entered_at = pd.to_datetime(["2026-03-06T21:07Z", "2026-03-07T21:07Z"]).as_unit("us")
    entries = pd.DataFrame({"subscriber_id": [1, 2], "entered_at": entered_at})
    before = entries.copy(deep=True)
    # The only email of the second goes out at the instants of the entries.
    for sequence in (ABC, seq(email(1, 0))):
        found = [
            frame
            for order in ("entry", "email")
            for frame in simcore.simulate(sequence, entries, order=order)
        ]
        found += [simcore.project(sequence, entries, order="email"), simcore.preview(ABC, entered_at[0])]
        for frame in found:
            for name in frame.select_dtypes("datetimetz"):
                assert not np.shares_memory(frame[name].array.asi8, entries["entered_at"].array.asi8)
            if "subscriber_id" in frame:
                ids = frame["subscriber_id"].to_numpy()
                assert not np.shares_memory(ids, entries["subscriber_id"].to_numpy())
            frame.iloc[:1, :1] = 99
    pd.testing.assert_frame_equal(entries, before)


# ---------------------------------------------------------------- several at once


def sends_of(life):
    timeline = life.timeline
    when = timeline["send_at"].dt.strftime("%d %H:%M")
    return [*zip(timeline["subscriber_id"], timeline["email_id"], when, strict=True)]


def both(sequence, *changes, first="02 10:00", **named):
    """a enters first, b on the 3rd."""
    entries = pd.DataFrame({"subscriber_id": ["a", "b"], "entered_at": [at(first), at("03 10:00")]})
    return simcore.simulate(sequence, entries, changes=changes, **named)


def test_k21_who_has_received_it_goes_on_without_who_has_not():
    """Email 1, which a has had and b has not, moves behind the others."""
    emails = [email(number, 1) for number in (1, 2, 3)]
    life = both(seq(*emails), change("03 12:00", 1, position=2), first="01 10:00")
    assert sends_of(life) == [
        *[("a", 1, "02 09:00"), ("a", 2, "03 09:00"), ("a", 3, "04 09:00")],
        *[("b", 2, "04 09:00"), ("b", 3, "05 09:00"), ("b", 1, "06 09:00")],
    ]


def test_k24_who_waited_for_it_waits_anew_and_who_did_not_does_not():
    """Email 2 goes; a waits for email 3 already, 2 days from 03 09:00, and b from now on, 2 days from 03 10:00."""
    life = both(seq(A, B, email(3, 2)), delete("03 12:00", 2))
    assert sends_of(life) == [
        *[("a", 1, "02 10:00"), ("a", 2, "03 09:00"), ("a", 3, "05 09:00")],
        *[("b", 1, "03 10:00"), ("b", 3, "05 09:00")],
    ]


def test_what_a_change_set_explains_no_wait_after_it():
    """Email 9 is put before email 2; what comes after it waits as though it had always been there."""
    changes = [new("02 12:00", 9, 1, position=1), update("03 12:00", send_hour=9)]
    told = both(ABC, *changes, explain=True).timeline
    always = both(seq(A, email(9, 1), B, C), explain=True).timeline
    assert sends_of(both(ABC, *changes)) == sends_of(both(seq(A, email(9, 1), B, C)))
    assert "2026-03-02 12:00" in told["reason"][1] or "2 Mar" in told["reason"][1]
    assert told["reason"][2:].tolist() == always["reason"][2:].tolist()
