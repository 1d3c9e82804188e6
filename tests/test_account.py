"""Accounts: what several sequences give together, worked by hand; their laws; and all messages (A1 to A9)."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from account_cases import case_of
from hypothesis import given
from hypothesis import strategies as st
from test_accounts import account_of, changes_of, life_of

import simcore
from simcore import Account, Cap, kit, sequenzy
from simcore.errors import EntryError, SimcoreError, TooLateError
from simcore.testing import kit_sequences

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def series(key, *delays, excludes=(), **named):
    """A Kit sequence that sends at 09:00 UTC: an email for each delay in days."""
    emails = [
        {
            "id": 10 * key + at,
            "subject": f"{key}.{at}",
            "delay_value": days,
            "delay_unit": "days",
            "published": True,
            "position": at,
        }
        for at, days in enumerate(delays)
    ]
    sources = [{"type": "sequence", "ids": [*excludes]}] if excludes else []
    of = {
        "id": key,
        "name": f"Series {key}",
        "send_hour": 9,
        "time_zone": "UTC",
        "exclude_subscriber_sources": sources,
    }
    return kit.from_api({"sequence": of | named, "emails": emails})


def entries(*rows):
    return pd.DataFrame(
        [(key, who, f"2026-03-{day}Z") for key, who, day in rows],
        columns=["sequence_id", "subscriber_id", "entered_at"],
    )


def shown(timeline, who=None):
    """The mails in the order of time: "1.0 02 10:00"."""
    rows = timeline if who is None else timeline[timeline["subscriber_id"] == who]
    rows = rows.sort_values("send_at", kind="stable")
    return [f"{subject} {at:%d %H:%M}" for subject, at in zip(rows["subject"], rows["send_at"], strict=True)]


MARCH = pd.Timestamp("2026-03-01", tz="UTC")
TWO = entries((1, "a", "02T10:00"), (2, "a", "02T10:00"))


# ---------------------------------------------------------------- the union


def test_a2_without_anything_between_them_it_is_the_union():
    both = Account([series(1, 0, 1), series(2, 0, 2)])
    found = both.project(TWO)
    assert list(found) == [
        "sequence_id",
        "subscriber_id",
        "run",
        "position",
        "email_id",
        "subject",
        "send_at",
    ]
    assert shown(found) == ["1.0 02 10:00", "2.0 02 10:00", "1.1 03 09:00", "2.1 04 09:00"]
    for key, one in both.sequences.items():
        alone = simcore.project(one, TWO[TWO["sequence_id"] == key].drop(columns="sequence_id"))
        mine = found[found["sequence_id"] == key].drop(columns="sequence_id").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine.astype({"subject": str}), alone.astype({"subject": str}))


@given(st.data())
def test_a7_the_union_is_what_waves_give(data):
    """A cap that is never reached changes nothing: by waves as alone."""
    some = [
        one.replace(id=at + 1, exclude_subscriber_sources=())
        for at, one in enumerate(data.draw(st.lists(kit_sequences(), min_size=1, max_size=3)))
    ]
    account = Account(some)
    hours = st.integers(0, 2000)
    rows = [
        {
            "sequence_id": at + 1,
            "subscriber_id": who,
            "entered_at": pd.Timestamp("2026-03-01", tz="UTC") + pd.Timedelta(hours=hour),
        }
        for at in range(len(some))
        for who, hour in enumerate(data.draw(st.lists(hours, max_size=3)))
    ]
    if not rows:
        rows = [{"sequence_id": 1, "subscriber_id": 0, "entered_at": "2026-03-01T00:00Z"}]
    alone, waves = (account.simulate(rows, cap=cap) for cap in (None, Cap(10**6, "1h")))
    for name in ("timeline", "subscribers"):
        pd.testing.assert_frame_equal(getattr(alone, name), getattr(waves, name))
    keys = ["sequence_id", "subscriber_id", "run", "at", "what"]
    plain = [side.journal[keys].astype(str).sort_values(keys, ignore_index=True) for side in (alone, waves)]
    pd.testing.assert_frame_equal(*plain)


# ---------------------------------------------------------------- exclusions


def test_a3_who_is_in_a_sequence_comes_from_the_simulation():
    """1 excludes 2: while a run of 2 is active nothing of 1 goes out, and who enters then starts no run (K30)."""
    account = Account([series(1, 0, 1, 1, excludes=[2]), series(2, 0, 1)])
    rows = entries((1, "a", "02T10:00"), (2, "a", "02T12:00"), (1, "b", "02T13:00"), (2, "b", "02T12:00"))
    found = account.simulate(rows)
    # 2.1 goes out on the 3rd at 09:00, after 1.1 of that instant, which 2 still keeps out; it ends the run.
    assert shown(found.timeline, "a") == ["1.0 02 10:00", "2.0 02 12:00", "2.1 03 09:00", "1.2 04 09:00"]
    assert shown(found.timeline, "b") == ["2.0 02 12:00", "2.1 03 09:00"]
    out = found.journal[found.journal["what"] == "excluded"]
    assert out[["sequence_id", "subscriber_id"]].to_numpy().tolist() == [[1, "a"], [1, "b"]]


def test_k30_joined_is_from_the_first_run_on():
    account = Account(
        [series(1, 0, 1, 1, excludes=[2]), series(2, 0, 1)],
        assumptions=kit.Assumptions(excluded_sequence_membership="joined"),
    )
    rows = entries((1, "a", "02T10:00"), (2, "a", "02T12:00"))
    assert shown(account.project(rows)) == ["1.0 02 10:00", "2.0 02 12:00", "2.1 03 09:00"]


def test_a3_the_order_of_the_account_decides_at_one_instant():
    """Both are entered at once: the first of the account is taken in, and keeps the other out."""
    circle = [series(1, 0, 1, excludes=[2]), series(2, 0, 1, excludes=[1])]
    assert shown(Account(circle).project(TWO)) == ["1.0 02 10:00", "1.1 03 09:00"]
    assert shown(Account(circle[::-1]).project(TWO)) == ["2.0 02 10:00", "2.1 03 09:00"]


def test_a4_a_circle_of_three():
    circle = [series(1, 0, 1, excludes=[2]), series(2, 0, 1, excludes=[3]), series(3, 0, 1, excludes=[1])]
    rows = entries((3, "a", "02T10:00"), (2, "a", "02T11:00"), (1, "a", "02T12:00"))
    # 2 is kept out by 3, so 1 is kept out by nobody, and keeps 3 from sending while it lasts; 3 ends before it does.
    assert shown(Account(circle).project(rows)) == [
        "3.0 02 10:00",
        "1.0 02 12:00",
        "1.1 03 09:00",
        "3.1 03 09:00",
    ]


def of_tag(name, tag, *steps):
    return sequenzy.Sequence(name=name, trigger="tag_added", tagName=tag, steps=list(steps))


def email(name, **named):
    return {"id": name, "subject": name, "html": "<p>Hello</p>"} | named


def test_a5_what_steps_do_is_seen_by_all():
    """A step of S adds tag 7: it enrols into T, and keeps the subscriber out of Kit's sequence from then on."""
    hello = of_tag(
        "S", "x", email("s"), {"id": "t", "type": "add_tag", "tagName": "7", "delay": {"hours": 1}}
    )
    letters = series(1, 0, 1, 1).replace(
        exclude_subscriber_sources=[
            kit.from_api({
                "sequence": {"name": "x", "exclude_subscriber_sources": [{"type": "tag", "ids": [7]}]},
                "emails": [],
            }).exclude_subscriber_sources[0]
        ]
    )
    account = Account([letters, hello, of_tag("T", "7", email("t1"))])
    events = [{"subscriber_id": "a", "at": "2026-03-02T10:00Z", "event": "tag_added", "ref": "x"}]
    found = account.simulate(entries((1, "a", "02T09:30")), events=events)
    assert shown(found.timeline) == ["1.0 02 09:30", "s 02 10:00", "t1 02 11:00"]
    assert found.subscribers["sequence_id"].tolist() == [1, "S", "T"]
    assert str(found.timeline["email_id"].dtype) == str(pd.Series(["a"]).dtype)


# ---------------------------------------------------------------- broadcasts and caps

NEWS = pd.DataFrame({"at": ["2026-03-03T08:00Z"], "subject": ["News"]})


def test_a1_broadcasts():
    account = Account([series(1, 0, 1)], broadcasts=NEWS)
    rows = entries((1, "a", "02T10:00"), (1, "b", "04T10:00"))
    gone = [{"subscriber_id": "c", "at": "2026-03-01T00:00Z", "event": "unsubscribed"}]
    found = account.project(rows, events=gone, explain=True)
    assert shown(found, "a") == ["1.0 02 10:00", "News 03 08:00", "1.1 03 09:00"]
    assert shown(found, "b") == ["1.0 04 10:00", "1.1 05 09:00"]  # not known when it went out
    assert shown(found, "c") == []
    news = found[found["run"] == 0]
    assert news[["position", "reason"]].to_numpy().tolist() == [[0, "a broadcast"]]
    assert bool(news["sequence_id"].isna().all())
    assert bool(news["email_id"].isna().all())
    assert str(found["email_id"].dtype) == "Int64"


def test_a1_broadcasts_to_some():
    mails = pd.DataFrame({
        "at": ["2026-03-03T08:00Z"] * 3,
        "subject": ["To 5", "To a", "To nobody"],
        "audience": [5, None, 6],
        "subscriber_id": [None, "z", None],
    })
    account = Account([series(1, 0)], broadcasts=mails)
    tagged = [{"subscriber_id": "b", "at": "2026-03-02T12:00Z", "event": "tag_added", "ref": 5}]
    found = account.project(entries((1, "a", "02T10:00"), (1, "b", "02T10:00")), events=tagged)
    assert found.loc[found["run"] == 0, ["subscriber_id", "subject"]].to_numpy().tolist() == [
        ["b", "To 5"],
        ["z", "To a"],
    ]
    assert len(account.project(entries((1, "a", "02T10:00")), until="2026-03-03T08:00Z")) == 1


def test_a1_broadcasts_whose_subjects_are_filled_in():
    account = Account([of_tag("S", "x", email("s"))], broadcasts=NEWS)
    events = [{"subscriber_id": "a", "at": "2026-03-02T10:00Z", "event": "tag_added", "ref": "x"}]
    found = account.project(events=events, render=True)
    assert found["rendered_subject"].tolist() == ["s", "News"]


def test_a6_a_mail_waits_for_room():
    """At most two in seven days: the third waits, to its own slot; the next one counts from there."""
    account = Account([series(1, 0, 1, 1), series(2, 0, 1)])
    found = account.simulate(TWO, cap=Cap(2, "7D"))
    assert shown(found.timeline) == [
        "1.0 02 10:00",
        "2.0 02 10:00",
        "1.1 10 09:00",
        "2.1 10 09:00",
        "1.2 17 09:00",
    ]
    late = found.journal[found.journal["what"] == "deferred"]
    assert [f"{at:%d %H:%M}" for at in late["at"]] == ["03 09:00", "11 09:00", "03 09:00"]
    assert late["detail"].unique().tolist() == ["no room under the cap: it waits"]


def test_a6_skip_leaves_out():
    account = Account([series(1, 0, 1, 1), series(2, 0, 1)])
    found = account.simulate(TWO, cap=Cap(2, timedelta(days=7), on_excess="skip"))
    assert shown(found.timeline) == ["1.0 02 10:00", "2.0 02 10:00"]
    assert found.journal["what"].value_counts()["capped"] == 3
    assert found.subscribers["status"].tolist() == ["completed"] * 2


def test_a6_priority_goes_first():
    account = Account([series(1, 1), series(2, 1)])
    plain, other = (account.project(TWO, cap=Cap(1, "7D", priority=first)) for first in ([], [2]))
    assert shown(plain) == ["1.0 03 09:00", "2.0 10 09:00"]
    assert shown(other) == ["2.0 03 09:00", "1.0 10 09:00"]


def test_a6_broadcasts_count_and_do_not_wait():
    account = Account([series(1, 0, 1)], broadcasts=NEWS)
    found = account.project(entries((1, "a", "02T10:00")), cap=Cap(1, "2D"))
    assert shown(found) == ["1.0 02 10:00", "News 03 08:00", "1.1 05 09:00"]


def test_a6_what_was_published_behind_waits_for_room_alone():
    """K22: the new first email is owed on the 4th at noon; there is room a day after the last mail."""
    new = kit.create_email(
        "2026-03-04T12:00Z",
        subject="New",
        delay_value=1,
        delay_unit="hours",
        published=True,
        position=0,
        id=99,
    )
    account, changes = Account([series(1, 1, 1, 1)]), {1: [new]}
    rows = entries((1, "a", "02T10:00"))
    first = ["1.0 03 09:00", "1.1 04 09:00"]
    assert shown(account.project(rows, changes=changes)) == [*first, "New 04 12:00", "1.2 05 09:00"]
    found = account.simulate(rows, changes=changes, cap=Cap(1, "20h"))
    assert shown(found.timeline) == [*first, "New 05 05:00", "1.2 06 09:00"]
    found = account.simulate(rows, changes=changes, cap=Cap(1, "20h", on_excess="skip"))
    assert shown(found.timeline) == [*first, "1.2 05 09:00"]


def test_a5_steps_that_enrol_each_other_without_end(text_of):
    circle = [
        of_tag("S", "1", {"id": "s", "type": "add_tag", "tagName": "2"}),
        of_tag("T", "2", {"id": "t", "type": "add_tag", "tagName": "1"}),
    ]
    events = [{"subscriber_id": "a", "at": "2026-03-02T10:00Z", "event": "tag_added", "ref": "1"}]
    assert text_of(SimcoreError, Account(circle).project, events=events) == (
        "the steps of sequences enrol subscriber 'a' without end, at one instant: have one of them enrol each "
        "subscriber once (enrollmentMode one_time), or give it a delay"
    )


SEEDS = [seed for seed in range(60) if case_of(seed)["cap"] and not case_of(seed)["broadcasts"]][:12]


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a7_no_window_holds_more_than_the_cap(seed):
    case = case_of(seed)
    if case["cap"]["most"] is None:
        return
    found = life_of(case).pressure(case["cap"]["window"]).subscribers
    assert found["most"].max() <= case["cap"]["most"] if len(found) else True


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_a7_another_subscriber_changes_nobody_else(seed):
    case = case_of(seed)
    gone = case["entries"][0]["subscriber_id"] if case["entries"] else "a"
    without = case | {
        name: [row for row in case[name] if row.get("subscriber_id") != gone]
        for name in ("entries", "events", "broadcasts")
    }
    if not (without["entries"] and without["events"]):
        return
    sides = [
        side
        .timeline[side.timeline["subscriber_id"] != gone]
        .astype(str)
        .drop(columns="position")
        .sort_values(["subscriber_id", "send_at", "sequence_id", "run", "email_id"], ignore_index=True)
        for side in map(life_of, (case, without))
    ]
    pd.testing.assert_frame_equal(*sides)


# ---------------------------------------------------------------- what one person gets


def test_a8_pressure():
    account = Account([series(1, 0, 1, 1), series(2, 0, 2)])
    rows = entries((1, "a", "02T10:00"), (2, "a", "02T10:00"), (1, "b", "05T10:00"))
    found = account.simulate(rows).pressure("2D")
    assert found.subscribers.drop(columns="since").to_numpy().tolist() == [["a", 5, 5], ["b", 3, 3]]
    assert [f"{at:%d %H:%M}" for at in found.subscribers["since"]] == ["02 10:00", "05 10:00"]
    assert found.distribution.to_numpy().tolist() == [[1, 0.5], [1, 0.5]]
    assert found.distribution.index.tolist() == [3, 5]
    day = account.simulate(rows).pressure("1D").subscribers  # from 10:00 to before 10:00 of the next day
    assert day["most"].tolist() == [3, 2]
    none = account.simulate(rows, until="2026-03-01T00:00Z").pressure()
    assert (len(none.subscribers), len(none.distribution)) == (0, 0)


def test_a8_collisions():
    account = Account([series(1, 0, 1), series(2, 0, 1)])
    rows = entries((1, "a", "02T10:00"), (2, "a", "02T12:00"))
    found = account.simulate(rows).collisions("3h")
    assert found[["first_subject", "second_subject", "apart"]].astype(str).to_numpy().tolist() == [
        ["1.0", "2.0", "0 days 02:00:00"],
        ["1.1", "2.1", "0 days 00:00:00"],
    ]
    assert len(account.simulate(rows).collisions("2h")) == 1  # closer than that


def test_a8_the_mails_of_one_with_reasons(text_of):
    account = Account([series(1, 0, 1), series(2, 0)], broadcasts=NEWS)
    rows = entries((1, "a", "02T10:00"), (2, "a", "02T10:00"), (1, "b", "02T10:00"))
    found = account.simulate(rows, cap=Cap(2, "7D"))
    mine = found.timeline_of("a")
    assert shown(mine) == ["1.0 02 10:00", "2.0 02 10:00", "News 03 08:00", "1.1 10 09:00"]
    assert (
        mine["reason"].iloc[-1]
        == "due Tue 3 Mar 09:00 UTC; 2 mails in the 7 days before, so Tue 10 Mar 09:00 UTC"
    )
    assert (
        text_of(EntryError, found.timeline_of, "z")
        == "subscriber_id: 'z' comes to no sequence of the account"
    )


def test_it_shows_itself():
    account = Account([series(1, 0), series(2, 0)], broadcasts=NEWS)
    assert repr(account) == "an account of 2 sequences: 1 (Series 1), 2 (Series 2)"
    found = account.simulate(TWO)
    assert repr(found).splitlines() == [
        "An account: 3 mails to 1 subscriber",
        "table        rows  in each sequence",
        "timeline     3     1: 1, 2: 1, broadcasts: 1",
        "subscribers  2     1: 1, 2: 1",
        "journal      4     1: 2, 2: 2",
    ]
    assert found._repr_html_().count("<tr") == 4


# ---------------------------------------------------------------- forecast and impact


def test_forecast():
    account = Account([series(1, 0, 1), series(2, 0)], broadcasts=NEWS)
    found = account.forecast(TWO)
    assert found.columns.tolist() == [1, 2, "broadcasts"]
    assert found.to_numpy().tolist() == [[1, 1, 0], [1, 0, 1]]
    assert account.forecast(TWO, by="total")["sends"].tolist() == [2, 2]
    assert account.forecast(TWO, by=None, until="2026-03-01T00:00Z")["sends"].tolist() == []
    zones = Account([series(1, 0), series(2, 0, time_zone="Europe/Kyiv")])
    assert str(zones.forecast(TWO, freq="h").index.tz) == "UTC"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 30, 5))
def test_a_forecast_counts_the_projection(seed):
    case = case_of(seed)
    account, events = account_of(case), case["events"]
    options = {"events": events, "changes": changes_of(case), "until": case["until"], "seed": case["seed"]}
    sends = account.project(case["entries"], **options)
    assert account.forecast(case["entries"], by="total", **options)["sends"].sum() == len(sends)


def test_impact_is_told_of_all_sequences():
    """A change that pauses 2 lets its runs go on, so that 1 sends nothing."""
    account = Account([series(1, 0, 1, excludes=[2]), series(2, 0, 1)])
    rows = entries((1, "a", "02T10:00"), (2, "a", "02T12:00"))
    off = {
        2: [
            kit.update("2026-03-02T13:00Z", send_hour=8),
            kit.update_email("2026-03-02T13:00Z", 21, delay_value=3),
        ]
    }
    found = account.impact(rows, off)
    assert list(found) == [
        *["sequence_id", "email_id", "subject", "sent_at_once", "earlier", "later"],
        *["unchanged", "gained", "lost", "median_shift"],
    ]
    assert found["sequence_id"].tolist() == [1, 2, 2]


# ---------------------------------------------------------------- messages

ONE = series(1, 0)
WRONG = [
    (lambda: Account("x"), "sequences: found 'x', expected a list of sequences"),
    (lambda: Account([]), "sequences: there are none, expected at least one"),
    (
        lambda: Account([ONE, series(1, 1)]),
        "sequences: two have the id 1: 'Series 1', 'Series 1'; expected distinct ones",
    ),
    (
        lambda: Account([ONE], assumptions=sequenzy.Assumptions()),
        "assumptions: found Assumptions(segment_poll=datetime.timedelta(seconds=900), i…, expected "
        "simcore.kit.Assumptions, one of each at most",
    ),
    (lambda: Cap(0, "7D"), "cap: most: found 0, expected a whole number of 1 or more, or None for no limit"),
    (
        lambda: Cap(True, "7D"),
        "cap: most: found True, expected a whole number of 1 or more, or None for no limit",
    ),
    (
        lambda: Cap(2, "0D"),
        'cap: window: found \'0D\', expected a length of time over 0, such as "7D" or "36h"',
    ),
    (
        lambda: Cap(2, "x"),
        'cap: window: found \'x\', expected a length of time over 0, such as "7D" or "36h"',
    ),
    (lambda: Cap(2, 7), 'cap: window: found 7, expected a length of time over 0, such as "7D" or "36h"'),
    (lambda: Cap(2, "7D", on_excess="wait"), "cap: on_excess: found 'wait', expected 'defer' or 'skip'"),
    (lambda: Cap(2, "7D", priority="ab"), "cap: priority: found 'ab', expected a list of sequence ids"),
    (
        lambda: Account([ONE]).project(TWO, cap=2),
        "cap: found 2, expected a simcore.Cap, such as Cap(2, '7D')",
    ),
    (
        lambda: Account([ONE]).project(TWO[:1], cap=Cap(2, "7D", priority=[9])),
        "cap: priority: no sequence 9; there are: 1",
    ),
    (lambda: Account([ONE]).project(TWO[:1], changes={9: []}), "changes: no sequence 9; there are: 1"),
    (
        lambda: Account([ONE]).project(TWO[:1], changes=[kit.update("2026-03-02T00:00Z", send_hour=3)]),
        "changes: found a list, expected a dict of lists by sequence, such as {12: [...]}",
    ),
    (
        lambda: Account([ONE]).forecast(TWO[:1], by="email"),
        "by: found 'email', expected 'sequence', 'total' or None",
    ),
]
ROWS = [
    (
        lambda: Account([ONE]).project(TWO),
        "entries: sequence_id: 1 of 2 rows cannot be used\n"
        "  row 1: 2 is not a sequence of the account: 1\n"
        "fix those rows, or leave them out",
    ),
    (
        lambda: Account([ONE]).project([pd.Timestamp("2026-03-02", tz="UTC")]),
        "entries: found [Timestamp('2026-03-02 00:00:00+0000', tz='UTC')] (a list), expected a table with "
        "subscriber_id, entered_at and sequence_id: which of the account's sequences each entry is for",
    ),
    (
        lambda: Account([ONE]).project(TWO.drop(columns="sequence_id")),
        "entries: found the columns subscriber_id, entered_at, expected a table with subscriber_id, entered_at and "
        "sequence_id: which of the account's sequences each entry is for",
    ),
    (
        lambda: Account([ONE, series(2, 0)]).project(TWO.assign(entered_at=["2026-03-02T00:00Z", "soon"])),
        "entered_at: 1 of 2 rows cannot be used\n"
        "  row 1: 'soon' is not a date and time: expected something like 2026-03-06T21:07:30-05:00\n"
        "fix those rows, or leave them out",
    ),
    (
        lambda: Account([ONE]).project(TWO[:1], events=7),
        "events: found 7 (an int), expected a DataFrame (of pandas, polars, pyarrow or such) or a list of dicts with "
        "subscriber_id, at and event",
    ),
    (
        lambda: Account([ONE]).project(
            TWO[:1],
            events=[{"subscriber_id": "a", "at": "2026-03-02T00:00Z", "event": "sequence_joined", "ref": 1}],
        ),
        "events: ref: 1 of 1 rows cannot be used\n"
        "  row 0: 1 is a sequence of the account: who is in it comes from entries\n"
        "fix those rows, or leave them out",
    ),
    (
        lambda: Account([ONE]).project(
            TWO[:1],
            events=[{"subscriber_id": "a", "at": "2026-03-02T00:00Z", "event": "bounced", "sequence_id": 1}],
        ),
        "events: sequence_id: 1 of 1 rows cannot be used\n"
        "  row 0: 1 is no sequence that the event can be about: only removed is about one\n"
        "fix those rows, or leave them out",
    ),
    (
        lambda: Account([ONE], broadcasts=3).project(TWO[:1]),
        "broadcasts: found 3 (an int), expected a table with at and subject, and perhaps audience or subscriber_id",
    ),
    (
        lambda: Account([ONE], broadcasts=NEWS[["at"]]).project(TWO[:1]),
        "broadcasts: no column subject: expected a table with at and subject, and perhaps audience or subscriber_id",
    ),
    (
        lambda: Account([ONE], broadcasts=NEWS.assign(at="soon")).project(TWO[:1]),
        "broadcasts: at: 1 of 1 rows cannot be used\n"
        "  row 0: 'soon' is not a date and time: expected something like 2026-03-06T21:07:30-05:00\n"
        "fix those rows, or leave them out",
    ),
    (
        lambda: Account([ONE], broadcasts=NEWS.assign(audience=3, subscriber_id="a")).project(TWO[:1]),
        "broadcasts: row 0 has an audience and a subscriber_id, expected one of them at most",
    ),
]


@pytest.mark.parametrize(("call", "message"), WRONG, ids=range(len(WRONG)))
def test_messages(text_of, call, message):
    assert text_of(SimcoreError, call) == message


@pytest.mark.parametrize(("call", "message"), ROWS, ids=range(len(ROWS)))
def test_messages_about_rows(text_of, call, message):
    assert text_of(EntryError, call) == message


def test_what_cannot_be_sent_in_time_names_the_row_of_all_entries(text_of):
    long = series(2, 0, 3650)
    rows = entries((1, "a", "02T10:00"), (2, "a", "02T10:00")).assign(
        entered_at=["2026-03-02T10:00Z", "2195-03-02T10:00Z"]
    )
    account = Account([series(1, 0), long])
    ends = "before that, or change the delay or the entry"
    assert text_of(TooLateError, account.project, rows, cap=Cap(9, "1h")) == (
        "the email at position 1 (id 21) would go out after 2200-01-01 UTC to row 1 (subscriber 'a'): pass until= to "
        f"end {ends}"
    )
    assert text_of(TooLateError, account.project, rows) == (
        "sequence 2: the email at position 1 (id 21) would go out after 2200-01-01 UTC to row 1 (subscriber 'a'): "
        f"pass until= to end {ends}"
    )


def test_events_that_one_platform_alone_can_read():
    """A2: "order" is no event of Kit's, and "vip" no tag of its; both are Sequenzy's."""
    account = Account([series(1, 0, 1), of_tag("S", "vip", email("s", delay={"days": 2}))])
    events = pd.DataFrame({
        "subscriber_id": ["a", "a", "a"],
        "at": ["2026-03-02T10:00Z", "2026-03-02T11:00Z", "2026-03-03T00:00Z"],
        "event": ["tag_added", "order", "removed"],
        "ref": ["vip", None, None],
        "sequence_id": [None, None, 1],
    })
    assert shown(account.project(entries((1, "a", "02T10:00")), events=events)) == [
        "1.0 02 10:00",
        "s 04 10:00",
    ]
    plain = events.drop(columns=["ref", "sequence_id"])[1:2]  # without refs, and by waves
    found = account.project(entries((1, "a", "02T10:00")), events=plain, cap=Cap(9, "1h"))
    assert shown(found) == ["1.0 02 10:00", "1.1 03 09:00"]


def test_what_is_too_much(text_of, monkeypatch):
    import simcore.account.simulation as module

    monkeypatch.setattr(module, "_MOST_PAIRS", 0)
    account = Account([series(1, 0), series(2, 0)])
    assert text_of(SimcoreError, account.simulate(TWO).collisions) == (
        "within: 1 pairs are closer than 6h, expected at most 0"
    )
    many = pd.DataFrame({"at": ["2026-03-02T00:00Z"] * 32769, "subject": [*map(str, range(32769))]})
    assert text_of(SimcoreError, Account([ONE], broadcasts=many).project, TWO[:1]) == (
        "broadcasts: found 32769 different ones, expected at most 32,768"
    )


# ---------------------------------------------------------------- tables as people have them


def of(kind):
    """Entries into two sequences, and an event, whose ids are of some dtype: the second sequence has others."""
    rows = entries((1, 7, "02T10:00"), (1, 8, "02T10:00"), (2, 7, "02T10:00"))
    gone = pd.DataFrame({"subscriber_id": [8], "at": ["2026-03-02T12:00Z"], "event": ["unsubscribed"]})
    return [each.assign(subscriber_id=kind(each["subscriber_id"])) for each in (rows, gone)]


def texts(ids):
    return ids.astype(str)


IDS = {
    "categories": lambda ids: ids.astype("category"),
    "categories of texts": lambda ids: ids.astype(str).astype("category"),
    "Int64": lambda ids: ids.astype("Int64"),
    "texts": texts,
}


@pytest.mark.parametrize("kind", IDS.values(), ids=IDS)
@pytest.mark.parametrize("mails", [None, NEWS], ids=["", "broadcasts"])
@pytest.mark.parametrize("cap", [None, Cap(9, "1h")], ids=["", "cap"])
def test_ids_keep_their_dtype(kind, mails, cap):
    """Also where a sequence has no entries, and where the events' categories are others."""
    rows, gone = of(kind)
    account = Account([series(1, 0, 1), series(2, 0, 2), series(3, 0)], broadcasts=mails)
    found = account.simulate(rows, events=gone, cap=cap)
    wanted = account.simulate(*of(lambda ids: ids)[:1], events=of(lambda ids: ids)[1], cap=cap)
    for name in ("timeline", "subscribers", "journal"):
        ids, plain = (getattr(life, name)["subscriber_id"] for life in (found, wanted))
        assert ids.map(int).tolist() == plain.tolist()
        assert ids.dtype == rows["subscriber_id"].dtype
    assert len(found.timeline_of(rows["subscriber_id"].iloc[0])) == 4 + (mails is not None)


def test_categories_beside_what_an_event_brings():
    """Who enrols by an event has an id that no entry's category has; the first sequence's dtype is that of all."""
    tagged = of_tag("S", "vip", email("s"))
    event = [{"subscriber_id": 9, "at": "2026-03-02T10:00Z", "event": "tag_added", "ref": "vip"}]
    rows = entries((1, 7, "02T10:00")).assign(subscriber_id=pd.Categorical([7]))
    found = Account([series(1, 0), tagged]).project(rows, events=event)["subscriber_id"]
    assert found.tolist() == [7, 9]
    assert found.dtype == pd.CategoricalDtype([7, 9])
    found = Account([tagged, series(1, 0)]).project(rows, events=event)["subscriber_id"]
    assert found.tolist() == [9, 7]
    assert found.dtype == "int64"
    log = pd.DataFrame(event).assign(subscriber_id=pd.Categorical([9]))
    both = entries((1, 7, "02T10:00"), (1, 9, "02T10:00"))
    both = both.assign(subscriber_id=pd.Categorical([7, 9], [9, 7]))
    found = Account([series(1, 0), tagged]).project(both, events=log)["subscriber_id"]
    assert found.tolist() == [7, 9, 9]
    assert found.dtype == both["subscriber_id"].dtype


def test_ids_of_events_that_can_be_no_one_of_the_entries(text_of):
    """Also where no sequence has both: 7 and "7" would be two people, whose mails nobody adds up."""
    account = Account([series(1, 0), of_tag("S", "vip", email("s"))])
    events = [{"subscriber_id": 7, "at": "2026-03-02T10:00Z", "event": "order"}]
    rows = entries((1, "7", "02T10:00"))
    assert text_of(EntryError, account.project, rows, events=events) == (
        f"events: subscriber_id is int64 there and {rows['subscriber_id'].dtype} in entries; expected the same, since "
        '1 and "1" never match'
    )


def test_columns_of_any_name(text_of):
    rows = TWO.rename(columns={"sequence_id": "Sequence", "subscriber_id": "Email"})
    account, called = Account([ONE, series(2, 0)]), {"subscriber_id": "Email", "sequence_id": "Sequence"}
    assert shown(account.project(rows, columns=called)) == shown(account.project(TWO))
    rows = rows.rename(columns={"Email": "subscriber_id"})
    assert text_of(EntryError, account.project, rows) == (
        "entries: found the columns Sequence, subscriber_id, entered_at, expected a table with subscriber_id, "
        "entered_at and sequence_id: which of the account's sequences each entry is for; column 'Sequence' not read "
        '(did you mean sequence_id?): columns={"sequence_id": "Sequence"} maps it'
    )
    assert text_of(EntryError, account.project, pd.DataFrame()).startswith(
        "entries: found the columns (none), "
    )
    assert text_of(EntryError, account.project, TWO, events=pd.DataFrame({"at": []})) == (
        "events: no column subscriber_id and no column event; the columns are: at"
    )


@pytest.mark.parametrize("cap", [None, Cap(9, "1h")], ids=["", "cap"])
def test_errors_name_the_rows_of_all(text_of, cap):
    """Not those of the part that a sequence or a platform looks at."""
    account = Account([series(1, 0), series(2, 0), of_tag("S", "vip", email("s"))])
    rows = TWO.assign(via=["api", "post"])
    told = text_of(EntryError, account.project, rows, cap=cap)
    assert told.removeprefix("sequence 2: ").startswith(
        "via: 1 of 2 rows cannot be used\n  row 1: 'post' is not one of"
    )
    events = pd.DataFrame({
        "subscriber_id": ["a"] * 3,
        "at": ["2026-03-02T10:00Z", "2026-03-02T11:00Z", "never"],
        "event": ["order", "tag_added", "bounced"],
        "ref": ["", "vip", ""],
    })
    with pytest.raises(EntryError) as caught:
        account.project(TWO, events=events, cap=cap)
    assert str(caught.value).startswith(
        "events: at: 1 of 3 rows cannot be used\n  row 2: 'never' is not a date"
    )
    assert caught.value.rows == [2]
    one = pd.DataFrame({
        "subscriber_id": ["a", "a"],
        "at": ["2026-03-02T10:00Z"] * 2,
        "event": ["removed", "tag_added"],
        "ref": [None, "vip"],
        "sequence_id": [1, None],
    })
    told = text_of(EntryError, Account([series(1, 0), series(2, 0)]).project, TWO, events=one, cap=cap)
    assert told.startswith("events: ref: 1 of 2 rows cannot be used\n  row 1: 'vip' is not the integer id")
    told = text_of(EntryError, Account([ONE]).project, TWO[:1], events=one.drop(columns="ref"), cap=cap)
    assert told == (
        "events: no column ref, which tag_added needs; the columns are: subscriber_id, at, event"
        f"{'' if cap is None else ', sequence_id'}"
    )


def test_a_cap_of_very_many_takes_no_room():
    free = Account([series(1, *[0] * 1, *[1] * 12)])
    rows = entries((1, "a", "02T10:00"), (1, "b", "03T10:00"))
    wanted = free.project(rows)
    for most in (13, 10**9, 10**30):
        pd.testing.assert_frame_equal(free.project(rows, cap=Cap(most, "60D")), wanted)
    for most in (1, 7, 8, 9, 12):
        assert len(free.project(rows, cap=Cap(most, "60D", on_excess="skip"))) == 2 * most


@pytest.mark.parametrize("window", ["7d", "7 d", "P7D", np.timedelta64(7, "D"), timedelta(7)])
def test_lengths_of_time(window):
    assert Cap(1, window).window_us == Cap(1, "7D").window_us


def test_no_broadcasts_in_a_list():
    assert shown(Account([ONE], broadcasts=[]).project(TWO[:1])) == ["1.0 02 10:00"]


@pytest.mark.parametrize(
    ("name", "meant"), [("audiense", "audience"), ("Tag", "audience"), ("Email", "subscriber_id")]
)
def test_broadcasts_that_would_go_to_all(name, meant):
    account = Account([ONE], broadcasts=NEWS.assign(**{name: "a", "id": 3}))
    with pytest.warns(
        UserWarning, match=rf"^broadcasts: column '{name}' not read \(did you mean {meant}\?\)$"
    ):
        account.project(TWO[:1])


def test_who_can_be_nobody(text_of):
    life = Account([ONE]).simulate(entries((1, "a", "02T10:00")))
    for nobody in (["a"], ("a", 1), None):
        assert text_of(EntryError, life.timeline_of, nobody) == (
            f"subscriber_id: {nobody!r} comes to no sequence of the account"
        )
    assert text_of(SimcoreError, Account([ONE]).project, TWO[:1], changes=None) == (
        "changes: found None, expected a dict of lists by sequence, such as {12: [...]}"
    )
