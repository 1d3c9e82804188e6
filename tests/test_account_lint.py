"""What is found across the sequences of an account: each code by hand with near misses, and laws against project."""

import re
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simcore
from simcore import kit, sequenzy
from simcore.account.lint import CODES
from simcore.answers.lint import lint
from simcore.errors import EntryError
from simcore.plan.findings import SEVERITIES
from simcore.testing import kit_sequences

NEW_YEAR = "2026-01-01T00:00Z"
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MEANT = (
    "Which of them a subscriber gets depends on which comes first; at one instant, that is the one that comes first "
    "in the account. If that is not meant, take one exclusion out."
)


def email(own, subject="A", delay=1, unit="days", **named):
    return kit.Email(
        id=own, subject=subject, delay_value=delay, delay_unit=unit, **{"published": True, **named}
    )


def series(own, *emails, out=(), **named):
    """A sequence that excludes others; by default with one email, at noon of the next day or so."""
    return kit.Sequence(**{
        "name": f"S{own}",
        "id": own,
        "send_hour": own % 24,
        "send_days": WEEK,
        "time_zone": "UTC",
        "emails": emails or (email(own * 10),),
        "exclude_subscriber_sources": [{"type": "sequence", "ids": [*out]}] if out else [],
        **named,
    })


def account(*sequences, **named):
    return simcore.Account(sequences, **named)


def told(found):
    """Rows of (sequence_id, severity, where, message), by code, in the order in which they came."""
    rows = {}
    for key, code, *row in found.itertuples(index=False):
        rows.setdefault(code, []).append((key, *row))
    return rows


ONBOARDING = sequenzy.load(simcore.example("onboarding"))
DRAFT = email(20, published=False)
COUNTED = kit.Assumptions(draft_delay="count")
JOINED = kit.Assumptions(excluded_sequence_membership="joined")
CHECKED = (
    "Checked for every entry from Thu 1 Jan 2026 to Fri 31 Dec 2027 UTC, if nothing else happens. Move one of "
    "them, or have one excluded."
)

# For each code: an account that has it and what else lint is given, the finding, and near misses.
CASES = {
    "excludes-unknown": (
        account(series(1, out=[9]), ONBOARDING),
        {},
        (
            1,
            "exclusion of 9",
            "The sequence excludes the subscribers of sequence 9, which is not in the account. Nobody is excluded by "
            "that, unless events say who is in it: check the id.",
        ),
        [account(series(1, out=[9]), series(9)), account(series(1))],
    ),
    "excludes-nobody": (
        account(series(1, out=[2]), series(2, DRAFT)),
        {},
        (
            1,
            "exclusion of 2",
            "The sequence excludes who is in sequence 2 ('S2'), and nobody ever is: it has no email that anybody "
            "waits for, so each run of it ends at the instant at which it starts, and only who is in a run counts as "
            "in it, as assumed here. Publish an email there, or take the exclusion out.",
        ),
        [
            account(series(1, out=[2]), series(2)),
            account(series(1), series(2, DRAFT)),
            account(series(1, out=[2]), series(2, DRAFT, hold=True)),
            account(series(1, out=[2]), series(2, DRAFT), assumptions=COUNTED),
            account(series(1, out=[2]), series(2, DRAFT), assumptions=JOINED),
        ],
    ),
    "always-collide": (
        account(
            series(1, email(10), email(11, "B", 3)),
            series(
                2,
                email(20, "X", 0),
                email(21, "Y", 3),
                email(22, "Z", 1),
                send_hour=1,
                exclude_subscriber_sources=[{"type": "tag", "ids": [1]}],
            ),
        ),
        {"as_of": NEW_YEAR},
        (
            1,
            "position 1; position 2 of 2",
            "Whoever enters this sequence and 2 ('S2') at one instant gets 'B' here and 'Z' there within an hour. "
            f"{CHECKED}",
        ),
        [
            account(series(1), series(2, send_hour=3)),  # two hours apart
            account(series(1), series(2, send_days=WEEK[1:])),  # on six days of seven
            account(series(1), series(2, out=[1])),  # nobody is in both
            account(series(1, out=[2]), series(2)),
            account(series(1), series(2, active=False)),
            account(series(1), series(2, DRAFT)),
        ],
    ),
    "excludes-in-circle": (
        account(series(1, out=[2]), series(2, out=[1])),
        {},
        (
            1,
            "1 > 2 > 1",
            f"Sequences 1 ('S1') and 2 ('S2') exclude each other: nobody enters one while in the other. {MEANT}",
        ),
        [account(series(1, out=[2]), series(2)), account(series(1, out=[1]), series(2, out=[1]))],
    ),
}


def test_every_code_has_its_case():
    assert set(CASES) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_code(code):
    whole, more, (key, where, message), _ = CASES[code]
    assert told(whole.lint(**more))[code] == [(key, CODES[code][0], where, message)]


@pytest.mark.parametrize("code", CODES)
def test_near_misses(code):
    _, more, _, near = CASES[code]
    assert near
    for each in near:
        assert code not in told(each.lint(**more))


def test_codes_are_told_to_people():
    order = [SEVERITIES.index(severity) for severity, _ in CODES.values()]
    assert order == sorted(order, reverse=True)
    for code, (_, meaning) in CODES.items():
        assert re.fullmatch("[a-z-]+", code)
        assert meaning[0].isupper()
        assert meaning.endswith(".")
        assert code in (simcore.Account.lint.__doc__ or "")


def test_it_says_of_each_sequence_what_lint_says():
    whole = simcore.Account([*kit.load_all(simcore.example("account")), ONBOARDING])
    found = whole.lint(NEW_YEAR)
    assert list(found) == ["sequence_id", "code", "severity", "where", "message"]
    assert found["sequence_id"].cat.categories.tolist() == whole.ids
    for key, one in whole.sequences.items():
        others = [each for each in whole.sequences.values() if each is not one and type(each) is type(one)]
        mine = found[(found["sequence_id"] == key).to_numpy() & ~found["code"].isin(CODES).to_numpy()]
        expected = lint(one, among=others, as_of=NEW_YEAR)
        pd.testing.assert_frame_equal(
            pd.DataFrame(mine.drop(columns="sequence_id").reset_index(drop=True)), pd.DataFrame(expected)
        )
    assert found["severity"].is_monotonic_decreasing
    assert repr(found).startswith("7 findings\nsequence_id  severity  code ")


def test_a_platform_that_says_so_itself_is_not_repeated():
    found = told(account(series(1, out=[9, 8]), series(2)).lint())["excludes-unknown"]
    assert [row[2] for row in found] == [f"exclude_subscriber_sources[0].ids[{at}]" for at in (0, 1)]


def test_several_that_are_not_there():
    (row,) = told(account(series(1, out=[9, 8])).lint())["excludes-unknown"]
    assert row[2:] == (
        "exclusion of 8 and 9",
        "The sequence excludes the subscribers of sequences 8 and 9, which are not in the account. Nobody is excluded "
        "by that, unless events say who is in it: check the id.",
    )


def test_longer_circles_and_several():
    whole = account(
        series(1, out=[2, 4]), series(2, out=[3]), series(3, out=[1, 4]), series(4, out=[3, 5]), series(5)
    )
    found = told(whole.lint())["excludes-in-circle"]
    assert [(key, where) for key, _, where, _ in found] == [(1, "1 > 2 > 3 > 1"), (3, "3 > 4 > 3")]
    assert found[0][3] == (
        "Sequences exclude one another in a circle: 1 ('S1') excludes 2 ('S2'); 2 ('S2') excludes 3 ('S3'); 3 ('S3') "
        f"excludes 1 ('S1'). {MEANT}"
    )


def test_several_pairs_that_collide():
    one, two = (series(own, email(own * 10), email(own * 10 + 1), send_hour=9) for own in (1, 2))
    (row,) = told(account(one, two).lint(NEW_YEAR))["always-collide"]
    assert row[3] == (
        "Whoever enters this sequence and 2 ('S2') at one instant gets 'A' here and 'A' there within an hour, and so "
        f"do 1 other pair of mails. {CHECKED}".replace("do 1 other", "does 1 other")
    )


@pytest.mark.parametrize("hour", [8, 9, 10, 11])
def test_an_hour_is_close_and_more_is_not(hour):
    found = told(account(series(1, send_hour=9), series(2, send_hour=hour)).lint(NEW_YEAR))
    # At 09:00 and 10:00, who enters in between would get one today and the other tomorrow, but for the wait of a day.
    assert ("always-collide" in found) == (hour <= 10)


def test_what_is_rare_is_seen():
    """Clocks that go apart for three weeks: what holds for most entries of two years is no claim."""
    here, there = (
        series(own, time_zone=place, send_hour=hour)
        for own, place, hour in ((1, "America/New_York", 9), (2, "Europe/Berlin", 16))
    )
    assert "always-collide" not in told(account(here, there).lint(NEW_YEAR))


def test_what_is_rarer_than_all_that_is_tried_is_seen():
    """At 01:00 and 02:00, but on the night on which the clocks go back, and show 01:00 twice: on one day of a year."""
    here = {"time_zone": "America/New_York"}
    whole = account(series(1, send_hour=1, **here), series(2, send_hour=2, **here))
    assert "always-collide" not in told(whole.lint("2026-01-02T00:00Z"))
    summer = account(series(1, send_hour=3, **here), series(2, send_hour=2, **here))
    assert "always-collide" in told(
        summer.lint("2026-01-02T00:00Z")
    )  # what the clocks skip goes out at 03:00


def test_what_depends_on_more_than_the_entry_is_not_claimed():
    mail = {"id": "e", "subject": "X", "html": "-"}
    vip = {"conditionType": "has_tag", "tagName": "vip", "steps": []}
    for steps, there in (([mail], True), ([{"type": "branch", "id": "b", "branches": [vip]}, mail], False)):
        dated = sequenzy.from_api({"name": "Dated", "trigger": "contact_added", "steps": steps})
        found = told(account(series(1, email(10, "A", 0)), dated).lint(NEW_YEAR))
        assert ("always-collide" in found) == there


def test_as_of_must_be_an_instant(text_of):
    text = text_of(EntryError, account(series(1)).lint, "2026-01-01T00:00")
    assert text.startswith("as_of: '2026-01-01T00:00' has no time zone: give it an offset")


def test_too_late_to_be_proved():
    late = account(series(1), series(2, send_hour=1))
    assert "always-collide" in told(late.lint("2190-01-01T00:00Z"))
    assert "always-collide" not in told(late.lint("2199-06-01T00:00Z"))  # there are no such entries
    years = [series(own, email(own * 10, "A", 3650)) for own in (1, 2)]  # nor such mails
    assert "always-collide" in told(account(*years).lint("2170-01-01T00:00Z"))
    assert "always-collide" not in told(account(*years).lint("2195-01-01T00:00Z"))


def test_too_much_to_be_proved(monkeypatch):
    """Polls of an hour each: as many pieces, which are more than can be held."""
    from simcore.clock import gates

    hourly = [series(own, email(own * 10, "A", 1, "hours")) for own in (1, 2)]
    assert "always-collide" in told(account(*hourly).lint(NEW_YEAR))
    monkeypatch.setattr(gates, "MOST_STEPS", 1000)
    assert "always-collide" not in told(account(*hourly).lint(NEW_YEAR))


PAIRS = re.compile(r"and so do(?:es)? (\d+) other pair")


@pytest.mark.slow
@settings(max_examples=20)
@given(
    one=kit_sequences(time_zones=["America/New_York"], live=True),
    two=kit_sequences(time_zones=["America/New_York", "Europe/Berlin"], live=True),
    seconds=st.lists(st.integers(0, 63_000_000), min_size=3, max_size=20),
)
def test_what_collides_does_so_for_every_entry(one, two, seconds):
    """As many pairs as are claimed are close for any entries at all; and those that are close for many are claimed."""
    one, two = (
        each.replace(id=at, repeat=False, exclude_subscriber_sources=[]) for at, each in enumerate((one, two))
    )
    entered = [pd.Timestamp(NEW_YEAR) + timedelta(seconds=each) for each in seconds]
    entries = pd.DataFrame({"subscriber_id": range(len(entered)), "entered_at": entered})
    found = told(simcore.Account([one, two]).lint(NEW_YEAR)).get("always-collide", [])
    claimed = sum(1 + int(more[1]) if (more := PAIRS.search(row[3])) else 1 for row in found)
    times = [
        simcore.project(each, entries).pivot_table(
            index="subscriber_id", columns="position", values="send_at", aggfunc="first"
        )
        for each in (one, two)
    ]
    close = [
        (mine, theirs)
        for mine in times[0]
        for theirs in times[1]
        if (np.abs(times[0][mine] - times[1][theirs]) <= pd.Timedelta("1h")).all()
    ]
    assert claimed <= len(close)


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.integers(0, 200)), min_size=1, max_size=30))
def test_an_exclusion_of_nobody_never_matters(rows):
    """Without it everything is the same, at any instants of entry and in either order of the account."""
    entries = [
        {
            "sequence_id": own,
            "subscriber_id": 1 + at % 3,
            "entered_at": pd.Timestamp("2026-03-02T09:00Z") + timedelta(hours=hour),
        }
        for at, (own, hour) in enumerate(rows)
    ]
    there = {"send_hour": 9, "repeat": True}
    empty = series(2, DRAFT, repeat=True)
    for order in (1, -1):
        lives = [
            account(*[series(1, email(10), email(11, "B"), out=out, **there), empty][::order]).simulate(
                entries
            )
            for out in ([2], [])
        ]
        pd.testing.assert_frame_equal(lives[0].timeline, lives[1].timeline)
        pd.testing.assert_frame_equal(lives[0].subscribers, lives[1].subscribers)
        pd.testing.assert_frame_equal(lives[0].journal, lives[1].journal)
