"""What a step waits for, in every spelling (Q5, Q7, Q8)."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore.sequenzy.waits import Length, UntilField, Weekdays, kind_of, microseconds, said, wait, window

MINUTE, HOUR, DAY = 60 * 10**6, 3600 * 10**6, 24 * 3600 * 10**6
FAR = 2**62


@pytest.mark.parametrize(
    ("step", "us"),
    [
        ({"delay": {"days": 1}}, DAY),
        ({"delay": {"hours": 12}}, 12 * HOUR),
        ({"delay": {"minutes": 5}}, 5 * MINUTE),
        ({"delay": {"days": 1, "hours": 2, "minutes": 3}}, DAY + 2 * HOUR + 3 * MINUTE),
        ({"delay": {"days": 0.5, "hours": None}}, DAY // 2),
        ({"delay": {"days": 1, "mode": "duration", "untilDateField": "due"}}, DAY),
        ({"delay": {"days": 1, "mode": None}, "delayMs": None, "waitUntil": None}, DAY),
        ({"delayMs": 1.5}, 1500),
        ({"delayMs": 86_400_000}, DAY),
        pytest.param({"delayMs": 0.0625}, 62, id="62.5 microseconds, half to even"),
        pytest.param({"delayMs": 0.1875}, 188, id="187.5 microseconds, half to even"),
        ({"delayMs": 10**400}, FAR),
        ({"delayMs": 1e308}, FAR),
        ({"delay": {"days": 1e308, "hours": 10**5000}}, FAR),
        ({"delayMs": 0.0004}, None),
        ({"delay": {"days": 5e-324}}, None),
        ({}, None),
        ({"delay": {}}, None),
        ({"delay": {"days": 0, "hours": 0.0}}, None),
        ({"delayMs": 0}, None),
        ({"delay": None}, None),
    ],
)
def test_lengths(step, us):
    assert wait(step) == (None if us is None else Length(us))


@given(*[st.floats(0, 1e9) | st.integers(0, 10**9) | st.fractions(0, 10**9) for _ in range(3)])
def test_microseconds_are_exact(days, hours, minutes):
    digits = [Fraction(repr(each) if isinstance(each, float) else each) for each in (days, hours, minutes)]
    exact = sum(each * of for each, of in zip(digits, (DAY, HOUR, MINUTE), strict=True))
    assert microseconds(days, hours, minutes) == min(round(exact), FAR)


def test_microseconds_of_numpy():
    for number in (np.float64(1.5), np.float32(1.5), np.int64(2), np.uint8(2)):
        assert microseconds(number) == microseconds(float(number))
    assert microseconds(np.int64(2**62)) == FAR


FIELD = UntilField("order.due", -(DAY + 2 * HOUR), exits=True)


@pytest.mark.parametrize(
    "step",
    [
        {"waitUntil": {"field": "order.due", "offset": {"days": 1, "hours": 2}, "direction": "before"}},
        {"waitUntil": {"field": "order.due", "days": 1, "hours": 2, "direction": "before"}},
        {"waitUntil": {"field": "order.due", "offset": {"hours": 26}, "days": 9, "direction": "before"}},
        {"waitUntil": {"untilField": "order.due", "untilOffset": {"hours": 26}, "untilDirection": "before"}},
        {"waitUntil": {"untilDateField": "order.due", "hours": 26, "untilOffsetDirection": "before"}},
        {"waitUntil": {"field": "order.due", "untilField": "order.due", "hours": 26, "direction": "before"}},
        {"delay": {"mode": "until_date", "field": "order.due", "hours": 26, "direction": "before"}},
        {
            "delay": {
                "mode": "until_date",
                "untilDateField": "order.due",
                "days": 1,
                "hours": 2,
                "untilOffsetDirection": "before",
            }
        },
        {
            "delay": {
                "mode": "until_date",
                "untilField": "order.due",
                "untilOffset": {"days": 1, "hours": 2},
                "untilDirection": "before",
            }
        },
    ],
)
@pytest.mark.parametrize("missing", ["missingAction", "untilMissingAction"])
def test_until_a_field(step, missing):
    ((kind, item),) = step.items()
    assert wait({kind: item | {missing: "exit"}}) == FIELD
    assert wait({kind: item | {missing: "continue"}}) == FIELD._replace(exits=False)
    assert wait(step) == FIELD._replace(exits=False)
    after = {name: "after" if value == "before" else value for name, value in item.items()}
    assert wait({kind: after}) == UntilField("order.due", DAY + 2 * HOUR, exits=False)


def test_until_a_field_itself():
    """An offset of nothing is a wait all the same."""
    for item in ({}, {"offset": {}}, {"offset": None}, {"days": 0}, {"direction": "before"}):
        assert wait({"waitUntil": {"field": "due", **item}}) == UntilField("due", 0, exits=False)
    assert wait({"waitUntil": {"field": "due", "days": 1e300, "direction": "before"}}).offset_us == -FAR


WEDNESDAY = Weekdays(frozenset({2}), 135, 570, "Europe/Kyiv")


@pytest.mark.parametrize(
    "step",
    [
        {"waitUntilWeekday": {"day": "wednesday", "startTime": "02:15", "timezone": "Europe/Kyiv"}},
        {"waitUntilWeekday": {"day": "Wed", "startTime": "02:15", "timezone": "Europe/Kyiv"}},
        {"waitUntilWeekday": {"days": ["WED"], "startTime": "02:15", "timezone": "Europe/Kyiv"}},
        {
            "waitUntilWeekday": {
                "days": ["wed", "Wednesday"],
                "untilStartTime": "02:15",
                "untilTimezone": "Europe/Kyiv",
            }
        },
        {"waitUntilWeekday": {"untilDay": "wed", "untilStartTime": "02:15", "untilTimezone": "Europe/Kyiv"}},
        {
            "waitUntilWeekday": {
                "untilDays": ["wed"],
                "startTime": "02:15",
                "timezone": "Europe/Kyiv",
                "day": None,
            }
        },
        {
            "delay": {
                "mode": "until_weekday",
                "untilDays": ["wednesday"],
                "untilStartTime": "02:15",
                "untilTimezone": "Europe/Kyiv",
            }
        },
        {
            "delay": {
                "mode": "until_weekday",
                "untilDay": "wednesday",
                "startTime": "02:15",
                "timezone": "Europe/Kyiv",
                "days": 0,
                "hours": 0,
                "minutes": None,
            }
        },
    ],
)
@pytest.mark.parametrize("end", ["endTime", "untilEndTime"])
def test_until_weekdays(step, end):
    ((kind, item),) = step.items()
    assert wait({kind: item | {end: "09:30"}}) == WEDNESDAY
    assert wait({kind: item | {end: "24:00"}}) == wait(step) == WEDNESDAY._replace(end_min=1440)


WINDOW = {"timezone": "Europe/Kyiv", "startTime": "08:00", "endTime": "20:00"}


def test_windows():
    assert window(None) is None
    assert window(WINDOW) == Weekdays(frozenset(range(7)), 480, 1200, "Europe/Kyiv")
    for same in ({"enabled": True}, {"enabled": None}, {"days": None}):
        assert window(WINDOW | same) == window(WINDOW)
    assert window(WINDOW | {"enabled": False}) is None
    assert window({"enabled": False}) is None
    assert window(WINDOW | {"days": ["mon", "Sunday"]}).weekdays == {0, 6}


def test_an_empty_list_of_days_is_none_of_them():
    """Q7: the gate is closed."""
    assert window(WINDOW | {"days": []}).weekdays == frozenset()
    assert wait({"waitUntilWeekday": WINDOW | {"days": []}}).weekdays == frozenset()
    assert len(wait({"waitUntilWeekday": WINDOW}).weekdays) == 7


# ---------------------------------------------------------------- what the platform documents since


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"field": "renews", "source": "attribute"}, UntilField("renews", 0, False, "attribute")),
        ({"field": "renews", "untilDateSource": "attribute"}, UntilField("renews", 0, False, "attribute")),
        ({"field": "renews", "source": "event"}, UntilField("renews", 0, False)),
        ({"field": "renews", "source": None}, UntilField("renews", 0, False, "event")),
    ],
)
def test_whose_date_it_is(item, expected):
    """Q28."""
    assert wait({"waitUntil": item}) == expected
    assert wait({"delay": {"mode": "until_date", **item}}) == expected


@pytest.mark.parametrize(
    ("item", "past"),
    [
        ({}, "continue"),
        ({"pastAction": "skip"}, "skip"),
        ({"untilPastAction": "exit"}, "exit"),
        ({"pastAction": None, "untilPastAction": "continue"}, "continue"),
    ],
)
def test_what_is_done_with_dates_that_are_past(item, past):
    """Q29."""
    assert wait({"waitUntil": {"field": "due", **item}}) == UntilField("due", 0, False, "event", past)
    assert wait({"delay": {"mode": "until_date", "field": "due", **item}}).past == past


@pytest.mark.parametrize(
    ("least", "us"),
    [
        (None, 0),
        ({}, 0),
        ({"days": 0, "hours": 0, "minutes": 0}, 0),
        ({"days": 1, "hours": 2, "minutes": 3}, DAY + 2 * HOUR + 3 * MINUTE),
        ({"hours": 1.5}, 90 * MINUTE),
    ],
)
def test_a_wait_before_a_weekday(least, us):
    """Q30."""
    item = {"day": "tue", "startTime": "09:00", "timezone": "UTC", "minimumWait": least}
    expected = Weekdays(frozenset({1}), 540, 1440, "UTC", False, us)
    assert wait({"waitUntilWeekday": item}) == expected
    assert window(item).least_us == us


@pytest.mark.parametrize("name", ["timezoneSource", "untilTimezoneSource"])
@pytest.mark.parametrize(("source", "own"), [("subscriber", True), ("fixed", False), (None, False)])
def test_whose_zone_it_is(name, source, own):
    """Q31."""
    item = {"startTime": "09:00", "endTime": "17:00", "timezone": "UTC", name: source}
    assert wait({"waitUntilWeekday": item}).by_subscriber == own
    assert wait({"delay": {"mode": "until_weekday", **item}}).by_subscriber == own
    assert window(item).by_subscriber == own


def test_where_a_delay_says_how_it_waits():
    """Q35: in its config, as a step would say it; what has a mode says by it which fields count."""
    config = {"delayMode": "duration", "delayDays": 1, "waitUntil": {"field": "due"}, "label": "A day"}
    step = {"type": "delay", "config": config}
    assert said(step) == {"delay": {"mode": "duration", "days": 1}}
    assert kind_of(step) == ("delay", {"mode": "duration", "days": 1})
    assert said({"type": "delay", "config": config | {"delayMode": "until_date"}}) == {
        "waitUntil": {"field": "due"}
    }
    assert said({"type": "delay", "config": {}}) == {}
    for other in ({"type": "delay", "delayMs": 5, "config": config}, {"type": "sms", "config": config}, {}):
        assert said(other) is other
