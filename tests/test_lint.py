"""What lint finds in Kit sequences: each rule by hand with a near miss, and laws against project and zoneinfo."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
import pytest
from conftest import TEXT
from hypothesis import given
from hypothesis import strategies as st
from oracle import local_date, utc_offset, wall_clock, wall_to_utc
from strategies import DAY_NAMES, HOURS, ODD_ZONES, WEEKDAYS, instants, zones

import simcore
from simcore import kit, sequenzy
from simcore.answers.lint import lint
from simcore.kit.findings import CODES
from simcore.plan.findings import SEVERITIES, two_years
from simcore.text.wording import weekdays

COLUMNS = ["code", "severity", "where", "message"]
WORKDAYS = WEEKDAYS[:5]
NEW_YEAR = "2026-01-01T00:00Z"
MONDAYS = [f"{day:%Y-%m-%d}" for day in pd.date_range("2026-01-01", "2027-12-31", freq="W-MON")]


def email(subject="A", delay=1, unit="days", **named):
    return kit.Email(subject=subject, delay_value=delay, delay_unit=unit, **{"published": True, **named})


def draft(subject="D", **named):
    return email(subject, **named, published=False)


def series(*emails, **named):
    return kit.Sequence(**{
        "name": "S",
        "id": 30,
        "send_hour": 9,
        "time_zone": "UTC",
        "emails": emails,
        **named,
    })


def told(sequence, **named):
    """Rows of (severity, where, message), by code, in the order in which they came."""
    found = {}
    for code, *row in lint(sequence, **named).itertuples(index=False):
        found.setdefault(code, []).append(tuple(row))
    return found


# ---------------------------------------------------------------- each rule

OUT = [{"type": "tag", "ids": [30, 99]}, {"type": "sequence", "ids": [31, 30, 32]}]
AMONG = [series(id=32), series(id=None)]
# For each code: a sequence that triggers it and what else lint is given, where, the message, and near misses.
CASES = {
    "inactive": (
        series(email(), active=False),
        {},
        "active",
        "The sequence is not active, so nothing is sent and everyone in it waits. Set active to true.",
        [series(email())],
    ),
    "nothing-published": (
        series(draft(), draft(), draft()),
        {},
        "emails",
        "All 3 emails are drafts: subscribers who enter complete at once and receive nothing, not even what you "
        "publish later. Publish what should go out.",
        [series(draft(), email())],
    ),
    "no-send-days": (
        series(
            email("A", 2, "hours"), email("B", send_days=["monday"]), email("C"), email("D"), send_days=[]
        ),
        {},
        "send_days",
        "The sequence has no send days, and 'C' (emails[2]) needs one: it never goes out, and nor does anything after "
        "it. Name at least one day.",
        [
            series(email("A", 2, "hours"), email(send_days=["monday"]), draft(), send_days=[]),
            series(email("A", 0), send_days=[]),
            series(email(), send_days=["monday"]),
        ],
    ),
    "no-send-days-yet": (
        series(
            email("A", 0), email("B", 2, "hours"), email("C", send_days=["monday"]), draft(), send_days=[]
        ),
        {},
        "send_days",
        "The sequence has no send days. No published email needs one yet, but an email with a wait in days and no "
        "days of its own would never go out. Name at least one day.",
        [series(email(), send_days=[]), series(email("A", 0))],
    ),
    "hour-skipped": (
        series(email(), send_hour=2, time_zone="America/New_York"),
        {"as_of": NEW_YEAR},
        "send_hour",
        "The clocks skip 02:00 in America/New_York on Sun 8 Mar 2026 and Sun 14 Mar 2027, so emails due then go out "
        "at 03:00. Choose another send_hour to avoid that.",
        [
            series(email(), send_hour=3, time_zone="America/New_York"),
            series(email(), send_hour=1, time_zone="America/New_York"),
            series(email(), send_hour=2, time_zone="America/New_York", send_days=WEEKDAYS[:6]),
            series(email("A", 0), email("B", 2, "hours"), draft(), send_hour=2, time_zone="America/New_York"),
            series(email(send_days=["monday"]), draft(), send_hour=2, time_zone="America/New_York"),
        ],
    ),
    "left-out-all": (
        series(email("At once", 0), email(), email("B"), send_days=["monday"]).without(MONDAYS),
        {"as_of": NEW_YEAR},
        "left_out",
        "'A' (emails[1]) may go out on Mon, and all dates of that in the two years from Thu 1 Jan 2026 on are left "
        "out: it does not go out then, nor does anything after it. Leave out fewer dates.",
        [
            series(email("At once", 0), email(), send_days=["monday"]).without(MONDAYS[1:]),
            series(email(), send_days=["monday", "friday"]).without(MONDAYS),
            series(email("At once", 0), send_days=["monday"]).without(MONDAYS),
            series(email(), send_days=[]).without(MONDAYS),
        ],
    ),
    "left-out-past": (
        series(email()).without(["2025-12-24", "2025-12-31"]),
        {"as_of": NEW_YEAR},
        "left_out",
        "The 2 dates that are left out, up to Wed 31 Dec 2025, are past: they move nothing any more. Leave out those "
        "to come.",
        [
            series(email()).without(["2025-12-24", "2026-01-01"]),
            series(email()),
            # Still the 31st there.
            series(email(), time_zone="America/New_York").without(["2025-12-31"]),
        ],
    ),
    "hour-twice": (
        series(email(), send_hour=1, time_zone="America/New_York"),
        {"as_of": NEW_YEAR},
        "send_hour",
        "The clocks show 01:00 in America/New_York twice on Sun 1 Nov 2026 and Sun 7 Nov 2027; emails due then go "
        "out the first time. If that matters, choose another send_hour.",
        [
            series(email(), send_hour=2, time_zone="America/New_York"),
            series(email(), send_hour=0, time_zone="America/New_York"),
            series(email(), send_hour=1, time_zone="America/New_York", send_days=WEEKDAYS[:6]),
        ],
    ),
    "excludes-itself": (
        series(email(), exclude_subscriber_sources=OUT),
        {},
        "exclude_subscriber_sources[1].ids[1]",
        "The sequence excludes the subscribers of sequence 30, which is the sequence itself: taken literally, "
        "nobody receives anything. Take it out.",
        [series(email(), id=33, exclude_subscriber_sources=OUT), series(email(), id=None)],
    ),
    "excludes-unknown": (
        series(email(), exclude_subscriber_sources=OUT),
        {"among": AMONG},
        "exclude_subscriber_sources[1].ids[0]",
        "The sequence excludes the subscribers of sequence 31, which is not among the account's other sequences (2 "
        "sequences given). If it is gone, nobody is excluded: check the id.",
        [series(email(), exclude_subscriber_sources=[{"type": "sequence", "ids": [32]}])],
    ),
    "draft-between": (
        series(draft("X"), email(), draft("Y"), email("B"), draft("Z")),
        {},
        "emails[2].published",
        "'Y' is a draft between published emails: it is skipped, and its wait too. Once published, it goes out at "
        "once to everyone in the sequence who is past it.",
        [series(draft("X"), email(), email("B"), draft("Z")), series(draft(), draft(), draft())],
    ),
    "days-never-meet": (
        series(email(), email("B", send_days=["saturday", "sunday"]), send_days=WORKDAYS),
        {},
        "emails[1].send_days",
        "'B' may go out on Sat and Sun, the sequence on Mon to Fri. If both must allow a day, as one of Kit's help "
        "pages says, it never goes out: give them a day in common.",
        [
            series(email(), email("B", send_days=["friday", "sunday"]), send_days=WORKDAYS),
            series(email(), email("B", send_days=WEEKDAYS), send_days=WORKDAYS),
            series(email("A", 0, send_days=["sunday"]), send_days=WORKDAYS),
            series(email(), draft(send_days=["sunday"]), send_days=WORKDAYS),
        ],
    ),
    "always-stretched": (
        series(email(), draft(delay=5), email("B", 2), send_days=["monday", "tuesday"]),
        {},
        "emails[2].delay_value",
        "'B' waits 2 days after 'A', which goes out on Mon and Tue; that is Wed and Thu, and it may go out on Mon "
        "and Tue only. So it always waits longer, 6 to 7 days: set delay_value to what you mean, or allow Wed and "
        "Thu.",
        [
            series(email(), email("B", 1), send_days=["monday", "tuesday"]),
            series(email(), email("B", 7), send_days=["tuesday"]),
            series(email("B", 2), send_days=["tuesday"]),
            series(email("A", 0, send_days=["monday"]), email("B", 3), send_days=["tuesday"]),
            series(email("A", 1, "hours"), email("B", 3), send_days=["tuesday"]),
        ],
    ),
    "lands-at-night": (
        series(email(), email("B", 13, "hours"), time_zone="America/New_York"),
        {},
        "emails[1].delay_value",
        "'B' goes out 13 hours after 'A', which goes out at 09:00 in America/New_York: that is 22:00. Choose "
        "another number of hours, or a wait in days, to avoid the night.",
        [
            # 21:00; an hour later only across a clock change.
            series(email(), email("B", 12, "hours"), time_zone="America/New_York"),
            series(email(), email("B", 22, "hours"), time_zone="America/New_York"),
            series(email(), email("B", 36, "hours"), time_zone="America/New_York"),
            # 07:00, and 03:00 read as 02:00 would make it 06:00 or 08:00.
            series(email(), email("B", 5, "hours"), send_hour=2, time_zone="America/New_York"),
            # 21:00, but 22:00 on the day on which 02:00 is 03:00.
            series(email(), email("B", 19, "hours"), send_hour=2, time_zone="America/New_York"),
            # Without end: the email before never goes out.
            series(email(), email("B", 13, "hours"), send_days=[]),
            series(email(), draft("B", delay=13, unit="hours")),
        ],
    ),
}


def test_every_rule_has_its_case():
    assert set(CASES) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_rule(code):
    sequence, given_, where, message, _ = CASES[code]
    assert told(sequence, **given_)[code] == [(CODES[code][0], where, message)]


@pytest.mark.parametrize("code", CODES)
def test_near_misses(code):
    _, given_, _, _, near = CASES[code]
    assert near
    for each in near:
        assert code not in told(each, **given_)


def test_rules_are_told_to_people():
    order = [SEVERITIES.index(severity) for severity, _ in CODES.values()]
    assert order == sorted(order, reverse=True)
    for code, (_, meaning) in CODES.items():
        assert code.replace("-", "").islower()
        assert meaning[0].isupper()
        assert meaning.endswith(".")
        assert "\n" not in meaning


# ---------------------------------------------------------------- each rule's other words


def test_dates_left_out():
    one = series(email()).without(["2025-12-31"])
    assert told(one, as_of=NEW_YEAR)["left-out-past"][0][2] == (
        "The date that is left out, Wed 31 Dec 2025, is past: it moves nothing any more. Leave out those to come."
    )
    mondays = series(email(), send_days=["monday"]).without(MONDAYS)
    assert not {"left-out-past", "left-out-all"} & {*told(mondays)}
    always = pd.date_range("1970-01-01", "2199-12-31", freq="W-MON", unit="us")
    assert told(mondays.without(always))["left-out-all"][0][2].startswith(
        "'A' (emails[0]) may go out on Mon, and all dates of that from 1970 to 2200 are left out: it"
    )


def test_nothing_published():
    def message(sequence):
        return told(sequence)["nothing-published"][0][2]

    through = "subscribers who enter complete at once and receive nothing, not even what you publish later."
    assert message(series()) == f"There are no emails: {through} Publish what should go out."
    assert message(series(draft())) == f"The only email is a draft: {through} Publish what should go out."
    assert message(series(draft(), hold=True)) == (
        "The only email is a draft: subscribers who enter receive nothing until one is published. Publish what "
        "should go out."
    )


def test_no_send_days_and_nothing_behind():
    assert told(series(email("A", 0), email("B"), draft(), send_days=[]))["no-send-days"][0][2] == (
        "The sequence has no send days, and 'B' (emails[1]) needs one: it never goes out. Name at least one day."
    )


def test_own_days_and_no_send_days():
    assert told(series(email("A", send_days=["monday"]), send_days=[]))["days-never-meet"] == [
        (
            "warning",
            "emails[0].send_days",
            "'A' may go out on Mon, the sequence on no day. If both must allow a day, as one of Kit's help pages "
            "says, it never goes out: give them a day in common.",
        )
    ]


def test_clock_changes_need_an_instant():
    assert lint(series(email(), send_hour=2, time_zone="America/New_York")).empty
    assert lint(series(email(), send_hour=1, time_zone="America/New_York")).empty


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-03-08T07:00Z", ["Sun 8 Mar 2026", "Sun 14 Mar 2027"]),  # 02:00 is read as 07:00 UTC
        ("2026-03-08T07:00:00.000001Z", ["Sun 14 Mar 2027"]),
        ("2025-03-09T04:59Z", ["Sun 9 Mar 2025", "Sun 8 Mar 2026"]),
        ("2024-02-29T12:00Z", ["Sun 10 Mar 2024", "Sun 9 Mar 2025"]),
        ("2024-03-08T04:59Z", ["Sun 10 Mar 2024", "Sun 9 Mar 2025"]),  # to Fri 6 Mar 2026, a day still before
        ("2024-03-10T07:00Z", ["Sun 10 Mar 2024", "Sun 9 Mar 2025", "Sun 8 Mar 2026"]),
    ],
)
def test_two_years_of_clock_changes(as_of, expected):
    """From the very instant, to before the same date two years later."""
    message = told(series(email(), send_hour=2, time_zone="America/New_York"), as_of=as_of)["hour-skipped"][
        0
    ][2]
    assert message.startswith(
        f"The clocks skip 02:00 in America/New_York on {', '.join(expected[:-1])} and {expected[-1]}, so"
        if len(expected) > 1
        else f"The clocks skip 02:00 in America/New_York on {expected[0]}, so"
    )


def test_two_years_are_dates():
    def ends(day):
        us = int(pd.Timestamp(day, tz="UTC").timestamp()) * 10**6
        found = two_years("UTC", us).astype("datetime64[D]")
        return str(found[0]), str(found[-1])

    assert ends("2026-05-07") == ("2026-05-07", "2028-05-06")
    assert ends("2028-02-29") == ("2028-02-29", "2030-02-28")
    assert ends("2199-12-31") == ("2199-12-31", "2201-12-30")


def test_a_slot_that_is_lost():
    """In Nuuk the clocks jump from Saturday 23:00 into Sunday: there is no slot, and no date of another."""
    assert told(series(email(), send_hour=23, time_zone="America/Nuuk"), as_of=NEW_YEAR)["hour-skipped"][0][
        2
    ] == (
        "The clocks skip 23:00 in America/Nuuk on Sat 28 Mar 2026 and Sat 27 Mar 2027, so emails due then do not go "
        "out before the next send day. Choose another send_hour to avoid that."
    )


def test_a_date_that_is_lost_and_an_hour_that_is_moved():
    """Apia skipped Friday 30 December 2011, and 03:00 on the last Sunday of September (24 in 2011)."""
    skipped = told(series(email(), send_hour=3, time_zone="Pacific/Apia"), as_of="2011-09-01T00:00Z")
    assert skipped["hour-skipped"][0][2] == (
        "The clocks skip 03:00 in Pacific/Apia on Sat 24 Sep 2011 and Sun 30 Sep 2012, so emails due then go out at "
        "04:00; on Fri 30 Dec 2011, so emails due then do not go out before the next send day. Choose another "
        "send_hour to avoid that."
    )


def test_night_from_the_entry_on():
    """Hours upon hours: 3 before the first, 26 before the second; the third waits from a slot."""
    sequence = series(
        email("A", 0), email("B", 3, "hours"), email("C", 23, "hours"), email("D"), email("E", 14, "hours")
    )
    assert told(sequence) == {
        "lands-at-night": [
            (
                "note",
                "emails[1].delay_value",
                "'B' goes out 3 hours after 'A', at any time of day: a subscriber who enters at 23:00 in UTC gets it "
                "at "
                "02:00. A wait in days keeps to the send hour.",
            ),
            (
                "note",
                "emails[2].delay_value",
                "'C' goes out 23 hours after 'B', at any time of day: a subscriber who enters at 00:00 in UTC gets "
                "it at "
                "02:00. A wait in days keeps to the send hour.",
            ),
            (
                "note",
                "emails[4].delay_value",
                "'E' goes out 14 hours after 'D', which goes out at 09:00 in UTC: that is 23:00. Choose another "
                "number of hours, or a wait in days, to avoid the night.",
            ),
        ]
    }
    first = told(series(email("A", 1, "hours")))["lands-at-night"][0][2]
    assert first.startswith(
        "'A' goes out 1 hour after the entry, at any time of day: a subscriber who enters at 01:00 in UTC"
    )


def test_stretched_after_hours():
    """A on Mon 23:00, B on Tue 01:00, so a day later is Wed."""
    sequence = series(email(), email("B", 2, "hours"), email("C"), send_hour=23, send_days=["monday"])
    assert told(sequence)["always-stretched"][0][2] == (
        "'C' waits 1 day after 'B', which goes out on Tue; that is Wed, and it may go out on Mon only. So it always "
        "waits longer, 6 days: set delay_value to what you mean, or allow Wed."
    )
    assert "always-stretched" not in told(
        series(email(), email("B", 2, "hours"), email("C", 6), send_hour=23, send_days=["monday"])
    )


def test_never_stretched_where_a_clock_change_helps():
    """26 hours after Sat 22:00 is Mon, but Sun 23:00 when the clocks go back: a day later is Mon, a send day."""
    emails = email("A", send_days=["saturday"]), email("B", 26, "hours"), email("C", send_days=["monday"])
    assert "always-stretched" in told(series(*emails, send_hour=22))
    assert "always-stretched" not in told(series(*emails, send_hour=22, time_zone="America/New_York"))


def test_too_long_to_tell():
    """Nobody gets so far before 2200, so nothing is said of it: 230 years are 23 times 3652 days, but not 3654."""
    years = [email(f"E{at}", 3650, send_days=["monday"]) for at in range(24)]
    found = told(series(*years, email("Z", 1, send_days=["monday"])))
    assert [where for _, where, _ in found["always-stretched"]] == [
        f"emails[{at}].delay_value" for at in range(1, 23)
    ]
    long = told(series(email(), *(email(f"E{at}", 87_600, "hours") for at in range(24)), send_hour=23))
    assert len(long["lands-at-night"]) == 23


HOSTILE = [
    ("a\nb", r"'a\nb'"),
    ("<script>alert(1)</script>", "'<script>alert(1)</script>'"),
    ("it's", '"it\'s"'),
    ("\u202egnp.exe", r"'\u202egnp.exe'"),
    ("a\u200bb", r"'a\u200bb'"),
    ("x" * 10_000, f"'{'x' * 58}…"),
    ("{before}{}%s", "'{before}{}%s'"),
]


@pytest.mark.parametrize(("subject", "shown"), HOSTILE)
def test_subjects_stay_legible(subject, shown):
    sequence = series(
        email(subject), draft(subject), email(subject, 1, send_days=["monday"]), send_days=["tuesday"]
    )
    for rows in told(sequence).values():
        for _, _, message in rows:
            assert message.count(shown) == 1 + (" after " in message)
            assert message.isprintable()
            assert len(message) < 500


# ---------------------------------------------------------------- the frame


def test_order_and_dtypes():
    """The worst first; of one severity the sequence's own fields, then the emails, in order."""
    sequence = series(
        email("A", 2, "hours"),
        draft("B"),
        email("C", send_days=["sunday"]),
        draft("D"),
        email("E", 1, send_days=["tuesday"]),
        active=False,
        send_days=["monday"],
        send_hour=2,
        time_zone="Europe/Berlin",
        exclude_subscriber_sources=[{"type": "sequence", "ids": [30, 31]}],
    )
    found = lint(sequence, among=AMONG, as_of=NEW_YEAR)
    assert list(zip(found["code"], found["where"], strict=True)) == [
        ("inactive", "active"),
        ("excludes-itself", "exclude_subscriber_sources[0].ids[0]"),
        ("hour-skipped", "send_hour"),
        ("excludes-unknown", "exclude_subscriber_sources[0].ids[1]"),
        ("draft-between", "emails[1].published"),
        ("days-never-meet", "emails[2].send_days"),
        ("draft-between", "emails[3].published"),
        ("days-never-meet", "emails[4].send_days"),
        ("hour-twice", "send_hour"),
        ("lands-at-night", "emails[0].delay_value"),
        ("always-stretched", "emails[4].delay_value"),
    ]
    check_frame(found)
    assert (found["severity"] >= "warning").sum() == 8


def check_frame(found):
    assert list(found) == COLUMNS
    assert [str(found[name].dtype) for name in COLUMNS] == [TEXT, "category", TEXT, TEXT]
    assert found["severity"].dtype == pd.CategoricalDtype(["note", "warning", "error"], ordered=True)
    assert found.index.equals(pd.RangeIndex(len(found)))


def test_nothing_to_say():
    found = lint(series(email()), among=AMONG, as_of=NEW_YEAR)
    assert len(found) == 0
    check_frame(found)


def test_nothing_is_changed_and_iterators_will_do():
    sequence = series(email(), exclude_subscriber_sources=OUT)
    before = sequence.to_api()
    assert lint(sequence, among=iter(AMONG)).equals(lint(sequence, among=AMONG))
    assert sequence.to_api() == before


@pytest.mark.parametrize(
    "as_of", [datetime(2026, 1, 1, tzinfo=UTC), pd.Timestamp(NEW_YEAR), "2025-12-31T19:00-05:00"]
)
def test_instants_of_any_kind(as_of):
    sequence = CASES["hour-skipped"][0]
    assert lint(sequence, as_of=as_of).equals(lint(sequence, as_of=NEW_YEAR))


@pytest.mark.parametrize(
    ("as_of", "text"),
    [
        (
            "2026-01-01T00:00",
            "as_of: '2026-01-01T00:00' has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00",
        ),
        (
            datetime(2026, 1, 1),  # noqa: DTZ001  a naive one is what this is about
            "as_of: datetime.datetime(2026, 1, 1, 0, 0) has no time zone: give it an offset, such as "
            "2026-03-06T21:07:30-05:00",
        ),
        ("soon", "as_of: 'soon' is not a date and time: expected something like 2026-03-06T21:07:30-05:00"),
        ("", "as_of: '' is missing"),
        (pd.NaT, "as_of: NaT is missing"),
        (
            "2200-01-01T00:00:01Z",
            "as_of: '2200-01-01T00:00:01Z' is out of range: expected 1970-01-01 to 2200-01-01 UTC",
        ),
        (7, "as_of: 7 is a int: expected an instant, such as 2026-03-06T21:07:30-05:00"),
    ],
)
def test_wrong_instants(as_of, text, text_of):
    assert text_of(simcore.EntryError, lint, series(email()), as_of=as_of) == text


@pytest.mark.parametrize(
    ("among", "text"),
    [
        (7, "among: found 7, expected a list of sequences"),
        ("account.json", "among: found 'account.json', expected a list of sequences"),
        ({"id": 7}, "among: found {'id': 7}, expected a list of sequences"),
        (
            [series(), {"id": 7}],
            "among[1]: found {'id': 7}, expected a sequence of the same platform as the first",
        ),
    ],
)
def test_wrong_among(among, text, text_of):
    assert text_of(simcore.SimcoreError, lint, series(email()), among=among) == text


def test_one_sequence_is_no_list(text_of):
    text = text_of(simcore.SimcoreError, lint, series(email()), among=series(email("L", 2)))
    assert text == "among: found a sequence ('S'), expected a list of sequences"


def test_another_platform_s(text_of):
    other = sequenzy.from_api({"name": "W", "trigger": "contact_added", "goal": "G"})
    text = text_of(simcore.SimcoreError, lint, series(email()), among=[other])
    assert text == "among[0]: found a sequence ('W'), expected a sequence of the same platform as the first"


def test_no_sequence(text_of):
    assert text_of(simcore.SimcoreError, lint, {"name": "S"}) == (
        "sequence: found {'name': 'S'}, expected one as loaded by simcore.kit.load or simcore.sequenzy.load"
    )


@pytest.mark.parametrize("name", ["welcome", "letters"])
def test_shipped_examples(name):
    assert (
        sorted(told(kit.load(simcore.example(name)), as_of=NEW_YEAR))
        == {
            "welcome": ["lands-at-night"],
            "letters": ["always-stretched", "days-never-meet", "draft-between", "hour-skipped", "hour-twice"],
        }[name]
    )


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ([0], "Mon"),
        ([6, 0], "Mon and Sun"),
        ([1, 3, 5], "Tue, Thu and Sat"),
        ([4, 2, 3], "Wed to Fri"),
        ([0, 1, 2, 4], "Mon, Tue, Wed and Fri"),
        ([], "no day"),
        (range(7), "every day"),
    ],
)
def test_weekdays_in_words(days, text):
    assert weekdays(days) == text
    assert weekdays(range(7), "any day") == "any day"


# ---------------------------------------------------------------- laws

DAY = timedelta(days=1)
# In these the clocks have changed on Sundays only since 1970, if at all: so what 2026 does not show, no year does.
PLAIN_ZONES = ["UTC", "America/New_York", "Asia/Kathmandu"]
ALL_2026 = pd.date_range("2026-01-01", "2026-12-31", freq="6h", tz="UTC")
MAY = pd.date_range(
    "2026-05-04", periods=84, freq="6h", tz="UTC"
)  # three weeks, and long till the next clock change


def waits():
    days = st.sampled_from([*[None] * 6, *DAY_NAMES])
    in_days = st.tuples(st.integers(1, 9), st.just("days"), days)
    return st.one_of(in_days, in_days, st.tuples(st.integers(1, 60), st.just("hours"), st.none()))


@st.composite
def sequences(draw, zone_names):
    emails = [
        email(f"E{at}", delay, unit, published=draw(st.integers(0, 5)) > 0, send_days=days)
        for at, (delay, unit, days) in enumerate(draw(st.lists(waits(), min_size=1, max_size=5)))
    ]
    if draw(st.booleans()):
        emails.insert(0, email("Now", 0))
    named = {"send_days": draw(st.sampled_from(DAY_NAMES)), "send_hour": draw(st.sampled_from(HOURS))}
    return series(*emails, time_zone=draw(st.sampled_from(zone_names)), **named)


def legs(sequence, entries):
    """Of each published email's position: the anchors and the sends, as local times with their offsets."""
    found, before = {}, pd.Series(entries.tz_convert(sequence.time_zone), index=range(len(entries)))
    sends = simcore.project(sequence, entries)
    for position, rows in sends.groupby("position"):
        at = rows.set_index("subscriber_id")["send_at"]
        found[position] = (before, at)
        before = at
    return found


def days_between(anchor, at):
    return (at.dt.tz_localize(None).dt.normalize() - anchor.dt.tz_localize(None).dt.normalize()).dt.days


def codes_at(sequence, code):
    return {int(where[7:].split("]")[0]) for _, where, _ in told(sequence).get(code, [])}


@given(sequences(PLAIN_ZONES))
def test_always_stretched_is_what_project_shows(sequence):
    reported = codes_at(sequence, "always-stretched")
    for position, (anchor, at) in legs(sequence, ALL_2026).items():
        each = sequence.emails[position]
        if each.delay_unit == "days" and each.delay_value > 0:
            longer = days_between(anchor, at) > each.delay_value
            assert longer.all() == (position in reported)


@given(sequences(ODD_ZONES))
def test_always_stretched_is_true_anywhere(sequence):
    reported = codes_at(sequence, "always-stretched")
    shown = legs(sequence, ALL_2026)
    assert reported <= set(shown)
    for position in reported:
        assert (days_between(*shown[position]) > sequence.emails[position].delay_value).all()


@given(sequences(["UTC", "America/New_York", "Europe/Kyiv", "Australia/Lord_Howe", "Asia/Kathmandu"]))
def test_nights_are_what_project_shows(sequence):
    """Where no clock changes."""
    reported = codes_at(sequence, "lands-at-night")
    for position, (_, at) in legs(sequence, MAY).items():
        if sequence.emails[position].delay_unit == "hours":
            night = (at.dt.hour >= 22) | (at.dt.hour < 7)
            assert night.any() == (position in reported)


@given(st.data())
def test_clock_changes_are_those_of_zoneinfo(data):
    zone = data.draw(zones())
    as_of = data.draw(instants(zone).filter(lambda t: t.year < 2098))
    hour, days = data.draw(st.sampled_from(HOURS)), data.draw(st.sampled_from(DAY_NAMES))
    found = told(series(email(), send_hour=hour, send_days=days, time_zone=zone), as_of=as_of)
    skipped, twice = [], []
    for day in near_changes(local_date(as_of, zone), zone):
        wall = datetime.combine(day, time(hour))
        at = wall_to_utc(wall, zone)
        if WEEKDAYS[day.weekday()] not in days or at < as_of:
            continue
        back = utc_offset(at, zone) - utc_offset(at + DAY / 8, zone)
        if wall_clock(at, zone) != wall:
            skipped.append(day)
        elif back > timedelta(0) and wall_clock(at + back, zone) == wall:
            twice.append(day)
    for code, expected in (("hour-skipped", skipped), ("hour-twice", twice)):
        assert dates_in(found.get(code)) == sorted(expected)


def near_changes(first: date, zone: str) -> list[date]:
    """The dates of two years from the first on that are near a change of the zone's clocks."""
    end = date(first.year + 2, first.month, 1) + (first.day - 1) * DAY
    found = []
    for day in range(0, (end - first).days, 4):
        noon = [datetime.combine(first + (day + n) * DAY, time(12), UTC) for n in (-2, 5)]
        if utc_offset(noon[0], zone) != utc_offset(noon[1], zone):
            found += [first + (day + n) * DAY for n in range(4) if first + (day + n) * DAY < end]
    return found


def dates_in(rows):
    """The dates that the message of a code's only finding names, if there is one, in order."""
    message = rows[0][2] if rows else ""
    return sorted(
        datetime.strptime(each, "%d %b %Y").replace(tzinfo=UTC).date()
        for each in re.findall(r"\d+ \w+ \d{4}", message)
    )


def test_how_findings_show_themselves():
    """Each message in full, below its row; and still, whatever was changed in its place."""
    found = simcore.lint(kit.Sequence(name="S"))
    assert repr(found) == (
        "1 finding\nseverity  code               where\nerror     nothing-published  emails\n"
        f"    {found['message'].iloc[0]}"
    )
    assert found._repr_html_().count("<tr>") == 2
    assert type(found.iloc[:0]) is pd.DataFrame
    assert repr(type(found)(found.iloc[:0])) == "nothing to say\nseverity  code  where"
    del found["message"]
    found["more"] = 7
    assert repr(found) == (
        "1 finding\nseverity  code               where   more\nerror     nothing-published  emails  7"
    )
