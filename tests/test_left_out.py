"""Dates left out of the gates of a sequence: how they are given, what they do, and what is said of them (T23)."""

import pickle
from copy import copy, deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_for_all_entries import check_pieces, ranges
from test_laws import aware, left_out_dates

import simcore
from simcore import kit, sequenzy
from simcore.clock.dates import NO_DATES, Dates, dates_of
from simcore.clock.gates import SendSlots
from simcore.testing import assert_for_all_entries

WELCOME = kit.load(simcore.example("welcome"))
MEMORIAL, INDEPENDENCE = date(2026, 5, 25), date(2026, 7, 3)
SATURDAY = "2026-05-23T21:07-04:00"
EXPECTED = "expected dates, such as date(2026, 5, 25) or '2026-05-25'"


class Calendar(dict):
    """Fills itself as it is asked, as those of the library `holidays` do: this one from 2020 to 2030."""

    def __init__(self, *, expand=True):
        self.expand, self.years = expand, set()
        super().__init__()

    def get(self, day, default=None):
        if self.expand and 2020 <= day.year <= 2030:
            self.years.add(day.year)
            self |= {
                date(day.year, 5, 25): "Memorial Day; Late Spring",
                date(day.year, 7, 3): "Independence Day",
            }
        return super().get(day, default)


# ---------------------------------------------------------------- how they are given


@pytest.mark.parametrize(
    "given",
    [
        [MEMORIAL, INDEPENDENCE],
        ("2026-07-03", "2026-05-25", "2026-07-03"),
        {MEMORIAL, INDEPENDENCE},
        iter([MEMORIAL, INDEPENDENCE]),
        [datetime(2026, 7, 3), pd.Timestamp("2026-05-25")],  # noqa: DTZ001  a date has no zone
        pd.DatetimeIndex(["2026-05-25", "2026-07-03"]),
        np.array(["2026-05-25", "2026-07-03"], "datetime64[D]"),
        np.array(["2026-05-25", "2026-07-03"], "datetime64[ns]"),
        {MEMORIAL: "Memorial Day", "2026-07-03": None},
        Dates(((20_598, ""), (20_637, ""))),
    ],
    ids=lambda given: type(given).__name__,
)
def test_dates_as_people_have_them(given):
    found = dates_of(given, "dates")
    assert [*found] == [MEMORIAL, INDEPENDENCE]
    assert found.days.tolist() == [20_598, 20_637]
    assert found.days.dtype == np.int64
    assert len(found) == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("2026-05-25", f"found '2026-05-25' (a str), {EXPECTED}, in a list, or a holidays calendar"),
        (MEMORIAL, f"found a datetime date, {EXPECTED}, in a list, or a holidays calendar"),
        (None, f"found None, {EXPECTED}, in a list, or a holidays calendar"),
        (["25.5.2026"], f"found '25.5.2026', {EXPECTED}"),
        (["20260525"], f"found '20260525', {EXPECTED}"),
        ([20_598], f"found 20598 (an int), {EXPECTED}"),
        ([["2026-05-25"]], f"found ['2026-05-25'] (a list), {EXPECTED}"),
        ([None], f"found None, {EXPECTED}"),
        ([np.datetime64("NaT", "D")], f"found a numpy datetime64, {EXPECTED}"),
        ([pd.NaT], f"found NaT, which is not a whole date; {EXPECTED}"),
        (
            [datetime(2026, 5, 25, 9, tzinfo=UTC)],
            f"found 2026-05-25 09:00:00+00:00, which is not a whole date; {EXPECTED}",
        ),
        (
            [datetime(2026, 5, 25, 9)],  # noqa: DTZ001  naive
            f"found 2026-05-25 09:00:00, which is not a whole date; {EXPECTED}",
        ),
    ],
)
def test_what_is_no_date(text_of, given, told):
    assert text_of(simcore.SimcoreError, WELCOME.without, given) == f"dates: {told}"
    assert text_of(simcore.SimcoreError, WELCOME.replace, left_out=given) == f"left_out: {told}"


def test_a_calendar_that_fills_itself():
    calendar = Calendar()
    found = dates_of(calendar, "dates")
    assert [*found] == [date(year, *day) for year in range(2020, 2031) for day in ((5, 25), (7, 3))]
    assert found.names[20_598] == "Memorial Day and Late Spring"
    assert (len(calendar), calendar.years) == (0, set())  # as it was
    assert dates_of(Calendar(expand=False), "dates") == NO_DATES


def test_a_calendar_of_the_library():
    holidays = pytest.importorskip("holidays", reason="needs the extra holidays")
    calendar = holidays.US()
    found = WELCOME.without(calendar).left_out
    assert len(calendar) == 0
    assert not calendar.years
    assert found.names[20_598] == "Memorial Day"
    assert {day.year for day in found} >= {*range(1970, 2100)}
    in_2026 = dates_of(holidays.US(years=2026, expand=False), "dates")
    assert [*in_2026] == [day for day in found if day.year == 2026]


# ---------------------------------------------------------------- of a sequence


def test_they_are_part_of_a_sequence():
    without = WELCOME.without(["2026-05-25"])
    assert [*without.left_out] == [MEMORIAL]
    assert WELCOME.left_out == NO_DATES
    assert without != WELCOME
    assert without == WELCOME.without([MEMORIAL]) == WELCOME.replace(left_out=[MEMORIAL])
    assert without.replace(left_out=()) == WELCOME
    assert [*without.without({INDEPENDENCE: ""}).left_out] == [MEMORIAL, INDEPENDENCE]
    for other in (
        without.replace(send_hour=7),
        without.replace_email(2, delay_value=3),
        without.with_fields({"send_hour": 7, "emails[2].delay_value": 3}),
        pickle.loads(pickle.dumps(without)),
        copy(without),
        deepcopy(without),
    ):
        assert other.left_out == without.left_out
        assert hash(other.left_out) == hash(without.left_out)
    assert without.to_api() == WELCOME.to_api()
    assert str(without).startswith("Welcome series: Mon to Fri at 09:00 America/New_York, without 1 date\n")
    assert repr(without.left_out) == "Dates(2026-05-25)"
    assert without.left_out != "2026-05-25"


def test_names_of_dates_stay():
    """Of what is left out twice, the name that is there first."""
    named = Dates(((5, "A"), (6, ""), (7, "")))
    both = named.and_also(Dates(((5, "B"), (6, "C"), (8, "D"))))
    assert both == Dates(((5, "A"), (6, "C"), (7, ""), (8, "D")))
    assert both != named


def test_they_are_part_of_a_sequence_of_sequenzy():
    onboarding = sequenzy.load(simcore.example("onboarding"))
    without = onboarding.without(["2026-05-25"])
    assert [*without.without([INDEPENDENCE]).left_out] == [MEMORIAL, INDEPENDENCE]
    assert without != onboarding
    assert without.replace(left_out=()) == onboarding
    for other in (
        without.replace(name="B"),
        without.with_fields({"name": "B"}),
        pickle.loads(pickle.dumps(without)),
        onboarding.with_fields({"left_out": [MEMORIAL]}),
    ):
        assert other.left_out == without.left_out
    assert without.to_api() == onboarding.to_api()
    assert "without 1 date" in str(without).partition("\n")[0]


# ---------------------------------------------------------------- what is said of them


def reasons(sequence, entered, **options):
    """Of a subscriber, as a preview and a projection tell them."""
    found = simcore.preview(sequence, entered, **options)["reason"].tolist()
    entries = [entered] * 2
    told = simcore.project(sequence, entries, explain=True, **options)["reason"].tolist()
    assert told == found * 2
    return found


LEFT_OUT = {MEMORIAL: "Memorial Day", INDEPENDENCE: "Independence Day"}
STARTS = "1 day after the previous email is Sun 24 May; Sun is not a send day; "


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (LEFT_OUT, f"{STARTS}Mon 25 May is left out (Memorial Day), so Tue 26 May 09:00 EDT"),
        (
            ["2026-05-23", "2026-05-24", "2026-05-25", "2026-05-26"],
            f"{STARTS}Mon 25 May is left out; Tue 26 May is left out, so Wed 27 May 09:00 EDT",
        ),
        (
            pd.date_range("2026-05-01", "2026-06-10"),
            "1 day after the previous email is Sun 24 May; Sun and Sat are not send days; 13 send days from Mon 25 "
            "May to Wed 10 Jun are left out, so Thu 11 Jun 09:00 EDT",
        ),
        (
            pd.date_range("2026-05-01", "2027-01-01"),
            "1 day after the previous email is Sun 24 May; Sun and Sat are not send days; 160 send days from Mon 25 "
            "May to Fri 1 Jan 2027 are left out, so Mon 4 Jan 2027 09:00 EST; the clocks go back 1 hour on Sun 1 Nov",
        ),
    ],
)
def test_reasons_of_slots(dates, expected):
    assert reasons(WELCOME.without(dates), SATURDAY)[2] == expected


def test_a_slot_that_is_past_on_a_date_left_out(chain):
    """Who waits by hours past the hour of the slot does not wait for what is left out that day."""
    assume = kit.Assumptions(day_count="elapsed")
    daily = chain((1, "days"), send_hour=9, time_zone="America/New_York").without([MEMORIAL])
    assert reasons(daily, "2026-05-24T10:00-04:00", assumptions=assume) == [
        "24 hours after entry is Mon 25 May 10:00 EDT; 09:00 on Mon 25 May is past, so Tue 26 May 09:00 EDT"
    ]
    for entered in ("2026-05-24T09:00-04:00", "2026-05-24T08:00-04:00"):
        ready = f"{entered[11:16]} EDT"
        assert reasons(daily, entered, assumptions=assume) == [
            f"24 hours after entry is Mon 25 May {ready}; Mon 25 May is left out, so Tue 26 May 09:00 EDT"
        ]


def test_reasons_of_emails_at_once():
    """K9: by default they look at no days."""
    without = WELCOME.without(LEFT_OUT)
    on_monday = "2026-05-25T10:00-04:00"
    assert reasons(without, on_monday)[:2] == [
        "at once, on entry: Mon 25 May 10:00 EDT",
        "2 hours after the previous email is Mon 25 May 12:00 EDT, exactly on a poll (they come every 15 minutes)",
    ]
    by_days = kit.Assumptions(immediate_days="send_days")
    assert reasons(without, on_monday, assumptions=by_days)[0] == (
        "entry is on Mon 25 May; Mon 25 May is left out (Memorial Day), so Tue 26 May 00:00 EDT"
    )
    assert reasons(without, SATURDAY, assumptions=by_days)[0] == (
        "entry is on Sat 23 May; Sat and Sun are not send days; Mon 25 May is left out (Memorial Day), so Tue 26 May "
        "00:00 EDT"
    )


def series(wait=None, **fields):
    """A sequence of Sequenzy of one email, after a wait."""
    step = {"subject": "Hello", "html": "<p>Hello</p>", **(wait or {})}
    return sequenzy.Sequence(name="Series", trigger="contact_added", steps=[step], **fields)


WORKDAYS = {
    "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "startTime": "08:00",
    "endTime": "20:00",
    "timezone": "America/New_York",
}
WINDOW = "the window Mon to Fri 08:00 to 20:00"


@pytest.mark.parametrize(
    ("entered", "expected"),
    [
        (
            "2026-05-25T10:00-04:00",
            f"2 hours after entry: due Mon 25 May 12:00, inside {WINDOW}; Mon 25 May is left out (Memorial Day), so "
            "Tue 26 May 08:00 EDT",
        ),
        (
            "2026-05-22T19:00-04:00",
            f"2 hours after entry: due Fri 22 May 21:00, outside {WINDOW}; Mon 25 May is left out (Memorial Day), so "
            "Tue 26 May 08:00 EDT",
        ),
        (
            "2026-05-25T19:00-04:00",
            f"2 hours after entry: due Mon 25 May 21:00, outside {WINDOW}, so Tue 26 May 08:00 EDT",
        ),
        (
            "2026-05-25T18:00-04:00",
            f"2 hours after entry: due Mon 25 May 20:00, outside {WINDOW}, so Tue 26 May 08:00 EDT",
        ),
        ("2026-05-26T10:00-04:00", f"2 hours after entry: Tue 26 May 12:00 EDT, inside {WINDOW}"),
    ],
)
def test_reasons_of_windows(entered, expected):
    sequence = series({"delay": {"hours": 2}}, sendingWindow=WORKDAYS)
    assert reasons(sequence.without(LEFT_OUT), entered) == [expected]


def test_reasons_of_windows_elsewhere():
    """Dates are those of the window: there it is Monday."""
    sequence = series({"waitUntilWeekday": WORKDAYS | {"timezone": "Asia/Tokyo"}}, sendingWindow=WORKDAYS)
    assert reasons(sequence.without(LEFT_OUT), "2026-05-24T21:00-04:00") == [
        "Mon 25 May is left out (Memorial Day), so the first of Mon to Fri 08:00 to 20:00 (Asia/Tokyo) after entry: "
        f"due Mon 25 May 19:00, inside {WINDOW}; Mon 25 May is left out (Memorial Day), so Tue 26 May 08:00 EDT"
    ]


@pytest.mark.parametrize(
    ("wait", "entered", "expected"),
    [
        (
            {},
            SATURDAY,
            "Mon 25 May is left out (Memorial Day), so the first of Mon to Fri 08:00 to 20:00 (America/New_York) "
            "after entry: Tue 26 May 12:00 UTC",
        ),
        (
            {"minimumWait": {"hours": 30}},
            SATURDAY,
            "Mon 25 May is left out (Memorial Day), so 1 day 6 hours after entry, then the first of Mon to Fri 08:00 "
            "to 20:00 (America/New_York): Tue 26 May 12:00 UTC",
        ),
        (
            {"minimumWait": {"hours": 48}},
            SATURDAY,
            "2 days after entry, then the first of Mon to Fri 08:00 to 20:00 (America/New_York): Tue 26 May 12:00 UTC",
        ),
        (
            {},
            "2026-05-26T10:00-04:00",
            "at once, on entry, which is inside Mon to Fri 08:00 to 20:00 (America/New_York): Tue 26 May 14:00 UTC",
        ),
    ],
)
def test_reasons_of_waits_for_weekdays(wait, entered, expected):
    sequence = series({"waitUntilWeekday": WORKDAYS | wait}).without(LEFT_OUT)
    assert reasons(sequence, entered) == [expected]


def test_what_waits_for_no_window():
    sequence = series({"delay": {"hours": 2}}).without([MEMORIAL])
    assert reasons(sequence, "2026-05-25T10:00-04:00") == ["2 hours after entry: Mon 25 May 16:00 UTC"]


def test_a_gate_that_leaves_nothing_out_says_nothing():
    assert SendSlots(frozenset({0}), 9, "UTC").without is NO_DATES


def test_lint_does_not_warn_of_dates_left_out(chain):
    """The clocks skip 02:00 on 8 March 2026 and 14 March 2027 in New York."""
    daily = chain((1, "days"), send_hour=2, time_zone="America/New_York")
    as_of = "2026-01-01T00:00Z"
    codes = [
        simcore.lint(each, as_of=as_of)["code"].tolist()
        for each in (daily, daily.without(["2026-03-08"]), daily.without(["2026-03-08", "2027-03-14"]))
    ]
    assert ["hour-skipped" in each for each in codes] == [True, True, False]
    [message] = simcore.lint(daily.without(["2026-03-08"]), as_of=as_of)["message"]
    assert message.startswith("The clocks skip 02:00 in America/New_York on Sun 14 Mar 2027, so")


# ---------------------------------------------------------------- every verb

ENTRIES = simcore.arrivals(40, "2026-05-18", "2026-07-06", time_zone="America/New_York", seed=3)
WITHOUT = WELCOME.without(LEFT_OUT)


def test_nothing_goes_out_then():
    sends = simcore.project(WITHOUT, ENTRIES)
    by_days = sends[sends["position"] > 1]
    assert not by_days["send_at"].dt.date.isin([*LEFT_OUT]).any()
    before = simcore.project(WELCOME, ENTRIES)
    assert before[before["position"] > 1]["send_at"].dt.date.isin([*LEFT_OUT]).any()
    assert (simcore.shift(before, sends)["shift"] >= timedelta(0)).all()


def test_forecast_and_compare():
    counted = simcore.forecast(WITHOUT, ENTRIES)
    sends = simcore.project(WITHOUT, ENTRIES)
    expected = pd.crosstab(sends["send_at"].dt.date, sends["position"])
    found = counted[counted.sum(axis=1) > 0]
    assert found.to_numpy().tolist() == expected.to_numpy().tolist()
    assert counted.loc["2026-05-25", [2, 3]].to_numpy().sum() == 0
    both = simcore.compare({"as it is": WELCOME, "holidays": WITHOUT}, ENTRIES)
    assert both[both["scenario"] == "holidays"]["send_at"].tolist() == sends["send_at"].tolist()


def test_sweep_over_them():
    found = simcore.sweep(WELCOME, {"left_out": [(), LEFT_OUT], "send_hour": [9, 10]}, ENTRIES)
    each = [
        simcore.sweep(sequence, {"send_hour": [9, 10]}, ENTRIES)
        for sequence in (WELCOME, WELCOME.without(LEFT_OUT))
    ]
    expected = pd.concat(each, ignore_index=True)
    pd.testing.assert_frame_equal(found.drop(columns="left_out"), expected)
    assert not each[0].equals(each[1])


def test_changes_keep_them():
    """K20: what is set anew is set by them, too."""
    later = kit.update("2026-05-22T09:30-04:00", send_hour=10)
    entered = ["2026-05-22T08:00-04:00"]
    sends = simcore.project(WITHOUT, entered, changes=[later], explain=True)
    assert sends["send_at"].dt.strftime("%d %H").tolist() == ["22 08", "22 10", "26 10", "28 10"]
    moved = simcore.impact(WITHOUT, entered, [later])
    assert moved["later"].sum() == 2


@pytest.mark.parametrize(
    ("name", "value"), [("left_out", ["2026-05-25"]), ("extra", {"a": 1}), ("envelope", {"a": 1})]
)
@pytest.mark.parametrize("more", [{}, {"nodes": [], "edges": []}], ids=["fields", "graph"])
def test_no_change_of_the_platforms_sets_what_is_ours(text_of, name, value, more):
    """Neither platform has such fields, so no call can change them."""
    change = sequenzy.update("2026-05-22T12:00Z", **{name: value}, **more)
    onboarding = sequenzy.load(simcore.example("onboarding"))
    told = text_of(simcore.ValidationError, simcore.project, onboarding, [SATURDAY], changes=[change])
    assert told.startswith(
        f"1 problem\n  changes[0].{name}: {name} can't be changed; what can: name, trigger, listId,"
    )
    assert told.endswith(f" (found {value!r}, update at 2026-05-22T12:00Z)")
    change = kit.update("2026-05-22T12:00Z", **{name: value})
    told = text_of(simcore.ValidationError, simcore.project, WELCOME, [SATURDAY], changes=[change])
    assert told.startswith(
        f"1 problem\n  changes[0].{name}: {name} can't be changed; what can: name, email_address,"
    )


@given(st.data())
def test_pieces_of_dates_left_out(data):
    place, start_us, end_us, more_us = data.draw(ranges())
    left_out = data.draw(left_out_dates(place, aware(start_us)))
    emails = [
        kit.Email(subject="A", delay_value=value, delay_unit=unit, published=True)
        for value, unit in data.draw(
            st.lists(st.sampled_from([(1, "days"), (2, "days"), (3, "hours")]), min_size=1, max_size=3)
        )
    ]
    sequence = kit.Sequence(name="A", send_hour=data.draw(st.integers(0, 23)), time_zone=place, emails=emails)
    check_pieces(sequence.without(left_out), start_us, end_us, more_us)


def test_a_proof():
    def keeps_holidays(sends):
        return all(each.send_at.date() not in LEFT_OUT for each in sends if each.position > 1)

    span = "2026-05-01T00:00-04:00", "2026-07-10T00:00-04:00"
    assert_for_all_entries(WITHOUT, keeps_holidays, *span)
    with pytest.raises(AssertionError, match="is the first entry that breaks the predicate"):
        assert_for_all_entries(WELCOME, keeps_holidays, *span)


def test_gates_of_other_dates_are_others():
    """They are keys of caches."""
    gate = SendSlots(frozenset({0}), 9, "UTC")
    some = [replace(gate, without=dates_of([day], "dates")) for day in (MEMORIAL, INDEPENDENCE)]
    assert len({gate, *some, replace(some[0])}) == 3


def test_a_field_of_that_name_in_a_file_is_none_of_ours():
    """Nor is it one that a change of Kit's makes."""
    given = WELCOME.to_api()
    given["sequence"]["left_out"] = ["2026-05-25"]
    loaded = kit.from_api(given)
    assert (loaded.left_out, loaded.extra["left_out"]) == (NO_DATES, ["2026-05-25"])
    assert loaded.to_api() == given
    body = sequenzy.load(simcore.example("onboarding")).to_api()
    inner = body.get("sequence", body)
    inner["left_out"] = ["2026-05-25"]
    assert sequenzy.from_api(body).left_out == NO_DATES
    assert sequenzy.from_api(body).to_api() == body
    with pytest.raises(simcore.ValidationError, match="left_out"):
        simcore.project(WELCOME, [SATURDAY], changes=[kit.update(SATURDAY, left_out=["2026-05-25"])])
