"""Random sequences, event logs and entries of Sequenzy: what simcore makes of them is what the oracle does."""

from collections import Counter

import sequenzy_oracle as oracle
from hypothesis import HealthCheck, assume, given, settings
from sequenzy_strategies import cases

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


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(case=cases())
def test_simulate_is_the_oracles(sequenzy_case, rows_of, records_of, case):
    # What steps do to fields (Q35) is newer than this oracle, and compared in test_sequenzy_graphs.
    body = case.sequence.get("sequence", case.sequence)
    stops = (body.get("stopCondition") or {}).get("type") == "field_changed"
    assume(not (stops and any(step.get("customAttributeUpdates") for step in body.get("steps") or ())))
    found, expected = sequenzy_case(case._asdict()), oracle.simulate(*case)
    assert list(found.subscribers) == SUBSCRIBERS
    assert list(found.journal) == JOURNAL
    assert list(found.timeline) == [*TIMELINE[:-1], "subject", "send_at"]
    assert Counter(rows_of(found.timeline)) == Counter(rows_of(expected.timeline))
    shown = found.subscribers[list(expected.subscribers[0])] if expected.subscribers else found.subscribers
    assert Counter(records_of(shown)) == Counter(records_of(expected.subscribers))
    journal = records_of(found.journal, "detail")
    assert Counter(journal) == Counter(records_of(expected.journal))
    # Of each run, as they happened, those of one instant too.
    assert by_run(journal, 1) == by_run(records_of(expected.journal), 1)
    # Runs stand in the order of enrolment, and their sends with them.
    if case.entries is None:
        entered = found.subscribers["entered_at"].tolist()
        assert entered == sorted(entered)
    order = list(zip(found.subscribers["subscriber_id"], found.subscribers["run"], strict=True))
    sends = list(zip(found.timeline["subscriber_id"], found.timeline["run"], strict=True))
    assert sends == sorted(sends, key=order.index)
