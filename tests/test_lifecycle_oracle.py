"""Random histories (entries, events, changes): what simcore makes of them is what the oracle does."""

from collections import Counter

import oracle
import pandas as pd
from hypothesis import given, settings
from strategies import lifecycle_cases, what_if_cases

SOME = settings(max_examples=settings().max_examples // 2)
TIMELINE = ["subscriber_id", "run", "position", "email_id", "send_at"]
SUBSCRIBERS = [
    *["subscriber_id", "run", "via", "entered_at", "status", "sends", "last_send_at"],
    *["next_email_id", "next_send_at", "ended_at"],
]
JOURNAL = ["subscriber_id", "run", "at", "what", "email_id", "detail"]


def by_run(rows, run):
    """Rows by subscriber and run (the place of its column), each run's in their order."""
    found = {}
    for row in rows:
        if row[run] is not None:
            found.setdefault((row[0], row[run]), []).append(row)
    return found


def entry_of_runs(case, found):
    """The row of the entry that started each (subscriber, run): a run begins at the last entry of its instant
    that can have started it, counted by the journal."""
    until = None if case["until"] is None else oracle.instant(case["until"])
    rows = [
        (oracle.instant(entry["entered_at"]), at, entry["subscriber_id"])
        for at, entry in enumerate(case["entries"])
    ]
    rows = sorted(row for row in rows if until is None or row[0] < until)
    begun = {}
    for subscriber in {row[2] for row in rows}:
        mine = [(t, at) for t, at, one in rows if one == subscriber]
        journal = found.journal[found.journal["subscriber_id"] == subscriber]
        of_entry = journal[journal["run"].isna() | (journal["what"] == "started")]
        # Of a subscriber, rows of one instant are in the order of entries, so each entry has one in turn.
        of_entry = of_entry.sort_values("at", kind="stable")
        assert len(of_entry) == len(mine)
        for (_, at), run in zip(mine, of_entry["run"], strict=True):
            if not pd.isna(run):
                begun[subscriber, run] = at
    return begun


@given(case=lifecycle_cases())
def test_simulate_is_the_oracles(simulate_case, rows_of, records_of, case):
    found, expected = simulate_case(case), oracle.simulate(case)
    assert list(found.subscribers) == SUBSCRIBERS
    assert list(found.journal) == JOURNAL
    assert list(found.timeline) == [*TIMELINE[:-1], "subject", "send_at"]
    assert Counter(rows_of(found.timeline)) == Counter(rows_of(expected["timeline"]))
    assert Counter(records_of(found.subscribers)) == Counter(records_of(expected["subscribers"]))
    assert Counter(records_of(found.journal, "detail")) == Counter(records_of(expected["journal"]))
    # Of each run, as they happened, those of one instant too.
    assert by_run(rows_of(found.timeline), 1) == by_run(rows_of(expected["timeline"]), 1)
    journal, of_oracle = (records_of(rows, "detail") for rows in (found.journal, expected["journal"]))
    assert by_run(journal, 1) == by_run(of_oracle, 1)


@given(case=lifecycle_cases())
@SOME
def test_project_is_simulates_timeline(project_case, simulate_case, case):
    found = simulate_case(case)
    pd.testing.assert_frame_equal(project_case(case), found.timeline)
    with_reasons = simulate_case(case, explain=True).timeline
    assert with_reasons["reason"].str.len().min() > 10 or with_reasons.empty
    pd.testing.assert_frame_equal(with_reasons.drop(columns="reason"), found.timeline)


@given(case=lifecycle_cases())
@SOME
def test_rows_follow_entries_then_what_happened(simulate_case, rows_of, case):
    """The order promised: by entry, then by send; subscribers by entry; the journal by entry, then by instant."""
    found = simulate_case(case)
    begun = entry_of_runs(case, found)
    rows = rows_of(found.timeline)
    assert rows == sorted(rows, key=lambda row: (begun[row[0], row[1]], row[4]))
    subscribers = list(zip(found.subscribers["subscriber_id"], found.subscribers["run"], strict=True))
    assert subscribers == sorted(subscribers, key=begun.__getitem__)
    of_runs = found.journal.dropna(subset="run")
    journal = list(zip(of_runs["subscriber_id"], of_runs["run"], of_runs["at"], strict=True))
    assert journal == sorted(journal, key=lambda row: (begun[row[0], row[1]], row[2]))
    for frame in found:
        assert isinstance(frame.index, pd.RangeIndex)
        assert frame.index.equals(pd.RangeIndex(len(frame)))


@given(case=lifecycle_cases())
@SOME
def test_rows_email_by_email(project_case, rows_of, case):
    """The emails as they stand in the end, then those that were deleted; in each the order of entries."""
    by_entry, by_email = project_case(case), project_case(case, order="email")
    emails = by_email["email_id"].drop_duplicates().tolist()
    rank = {email_id: at for at, email_id in enumerate(emails)}
    assert rows_of(by_email) == sorted(rows_of(by_entry), key=lambda row: rank[row[3]])
    assert by_email.dtypes.tolist() == by_entry.dtypes.tolist()
    state, until = oracle.first_state(case), case["until"]
    timed = oracle.by_instant(case["changes"], "at", until and oracle.instant(until))
    for _, changes in sorted(timed.items()):
        for change in changes:
            state = state.after(change)
    last = [email["id"] for email in state.emails if email["id"] in rank]
    assert emails[: len(last)] == last


@given(case=what_if_cases())
def test_what_if_is_the_oracles(simulate_case, rows_of, records_of, case):
    """T22, T23: dates left out and recipients' own zones, through a whole history; and there are reasons."""
    found, expected = simulate_case(case, explain=True), oracle.simulate(case)
    assert Counter(rows_of(found.timeline)) == Counter(rows_of(expected["timeline"]))
    assert Counter(records_of(found.subscribers)) == Counter(records_of(expected["subscribers"]))
    assert Counter(records_of(found.journal, "detail")) == Counter(records_of(expected["journal"]))
