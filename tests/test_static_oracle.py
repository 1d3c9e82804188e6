"""Random sequences that do not change: simcore's timeline is the oracle's."""

from collections import Counter

import oracle
from hypothesis import given
from strategies import static_cases


@given(case=static_cases())
def test_project_is_the_oracles(project_case, rows_of, case):
    """K6 to K12 and K14; T2: what is due when."""
    found = rows_of(project_case(case))
    assert Counter(found) == Counter(rows_of(oracle.project(case)))


@given(case=static_cases())
def test_rows_follow_entries_then_sends(project_case, rows_of, case):
    """The order of `entries`, then of sends: each run stands where its entry does."""
    entered = [
        (oracle.instant(entry["entered_at"]), at, entry["subscriber_id"])
        for at, entry in enumerate(case["entries"])
    ]
    runs, often = {}, Counter()
    for _, at, subscriber in sorted(entered, key=lambda entry: entry[:2]):
        often[subscriber] += 1
        runs[subscriber, often[subscriber]] = at
    found = rows_of(project_case(case))
    assert found == sorted(found, key=lambda row: (runs[row[0], row[1]], row[4]))


@given(case=static_cases())
def test_rows_email_by_email(project_case, rows_of, case):
    by_entry, by_email = project_case(case), project_case(case, order="email")
    assert rows_of(by_email) == sorted(rows_of(by_entry), key=lambda row: row[2])  # a stable sort
    assert by_email.dtypes.tolist() == by_entry.dtypes.tolist()
    assert by_email["subject"].tolist() == by_entry.sort_values("position", kind="stable")["subject"].tolist()
    assert by_email.index.equals(by_entry.index)
