"""The best schedules are those of a whole sweep, and certificates hold; false ones are refused."""

import importlib
import itertools
import math
import operator
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequenzy_strategies import cases as sequenzy_cases
from strategies import lifecycle_cases, static_cases
from test_forecast import sequenzy_arguments
from test_sweep import FEWER, kit_fields, sequenzy_fields

import simcore
from simcore import kit, sequenzy
from simcore.answers.cells import due
from simcore.answers.certificate import Part
from simcore.answers.permissive import Span, fewer, latest_us, least, most, strictest
from simcore.answers.space import Timing
from simcore.clock.delays import CalendarDays, Elapsed
from simcore.clock.gates import Anytime, SendSlots, SendWindow
from simcore.errors import SimcoreError, ValidationError
from simcore.kit.model import WEEKDAYS

optimizing = importlib.import_module("simcore.answers.optimize")  # `simcore.optimize` is the function
METRICS = ["median_days", "p95_days", "weekend_share", "night_share", "most_in_an_hour"]
SIGNS = {"<=": operator.le, "<": operator.lt, "==": operator.eq, ">=": operator.ge, ">": operator.gt}
ZONES = ["America/New_York", "Europe/Paris", "UTC", "America/Nuuk", "Antarctica/Troll", "Australia/Lord_Howe"]
RECIPIENTS = [*ZONES, "Asia/Kathmandu", "America/Toronto", "America/Los_Angeles", "Europe/Berlin", "", None]
STARTS = ["2026-02-27", "2026-03-20", "2026-10-18", "2026-06-01"]
ASSUMPTIONS = {
    "email_days": ["intersect"],
    "immediate_days": ["send_days"],
    "day_count": ["elapsed"],
    "draft_delay": ["count"],
    "poll_every": [pd.Timedelta("1h").to_pytimedelta(), pd.Timedelta("7min").to_pytimedelta()],
}


# ---------------------------------------------------------------- any space


class Draw:
    """Random cases by a seed."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def one(self, values):
        return values[int(self.rng.integers(len(values)))]

    def some(self, values, most):
        count = int(self.rng.integers(1, most + 1))
        return [values[at] for at in self.rng.permutation(len(values))[:count].tolist()]

    def chance(self, of):
        return bool(self.rng.random() < of)

    def days(self):
        return [day for day in WEEKDAYS if self.chance(0.5)] or [self.one(WEEKDAYS)]

    def email(self, at):
        unit = "hours" if self.chance(0.25) else "days"
        value = 0 if at == 0 and unit == "days" and self.chance(0.6) else int(self.rng.integers(1, 5))
        own = self.days() if unit == "days" and self.chance(0.3) else None
        return kit.Email(
            subject=f"{at}", delay_value=value, delay_unit=unit, send_days=own, published=self.chance(0.9)
        )

    def sequence(self):
        return kit.Sequence(
            name="S",
            time_zone=self.one(ZONES),
            send_days=self.days(),
            send_hour=self.one(range(24)),
            repeat=self.chance(0.1),
            emails=[self.email(at) for at in range(int(self.rng.integers(1, 5)))],
        )

    def over(self, sequence):
        place = int(self.rng.integers(len(sequence.emails)))
        days = sequence.emails[place].delay_unit == "days"
        last = len(sequence.emails) - 1
        values = {  # what there is, the most of them, and how often
            "send_hour": (range(24), 7, 4),
            "send_days": ([self.days() for _ in range(6)], 6, 4),
            f"emails[{place}].delay_value": ([1, 2, 3, 4, 9], 4, 4),
            f"emails[{last}].delay_value": ([1, 2, 5, 6], 4, 4),
            f"emails[{place}].published": ([True, False], 2, 1),
            "time_zone": (ZONES, 2, 1),
            "repeat": ([True, False], 2, 0.3),
            "active": ([True, False], 2, 0.3),
            "emails[0].delay_unit": (["days", "hours"], 2, 0.5),
        }
        if days:
            values[f"emails[{place}].send_days"] = [None, self.days(), self.days()], 3, 1
        weights = np.array([often for *_, often in values.values()], float)
        count = int(self.rng.integers(2, 5))
        chosen = self.rng.choice(len(values), count, replace=False, p=weights / weights.sum())
        paths = [[*values][at] for at in chosen.tolist()]
        over = {path: self.some(*values[path][:2]) for path in paths}
        while math.prod(map(len, over.values())) > 120:
            over = {path: values[: -(-len(values) * 3 // 4)] for path, values in over.items()}
        return over

    def entries(self):
        size, step = self.one([1, 2, 3, 12, 40, 150]), self.one([3600, 900, 1])  # seconds
        seconds = self.rng.integers(0, 20 * 86_400 // step, size) * step
        at = pd.Timestamp(self.one(STARTS), tz="UTC") + pd.to_timedelta(seconds, "s")
        who = self.rng.integers(0, size, size) if self.chance(0.2) else np.arange(size)
        return pd.DataFrame({"subscriber_id": who, "entered_at": at})

    def options(self):
        chosen = {name: self.one(values) for name, values in ASSUMPTIONS.items() if self.chance(0.15)}
        options = {"assumptions": kit.Assumptions(**chosen)} if chosen else {}
        if self.chance(0.1):
            options["include_drafts"] = True
        if self.chance(0.05):
            options["until"] = "2026-03-10T12:00Z"
        return options

    def limits(self, swept):
        found = []
        for _ in range(self.one([0, 0, 1, 1, 2])):
            metric = self.one(METRICS)
            number = self.one([
                0,
                *swept[metric].dropna().tolist(),
                *swept[metric].dropna().round(2).tolist(),
            ])
            found.append(f"{metric} {self.one([*SIGNS, '<=', '<='])} {number!r}")
        return found


def the_best(swept, minimize, limits, top):
    """The head of a sorted sweep, by pandas alone."""
    for limit in limits:
        metric, sign, number = limit.split()
        swept = swept[SIGNS[sign](swept[metric], float(number))]
    return swept.sort_values(minimize, kind="stable", na_position="last").head(top).reset_index(drop=True)


def test_a_field_that_may_be_none():
    """The column of what was evaluated is that of the sweep, be it that texts alone are among its values."""
    steps = [{"subject": "S", "html": "<p>Hello</p>"}]
    made = sequenzy.Sequence(name="S", trigger="contact_added", steps=steps)
    events = pd.DataFrame({"subscriber_id": [0, 0], "at": "2026-03-05T03:00Z", "event": "contact_added"})
    over = {"enrollmentMode": [None, "unlimited"]}
    assert_optimum(made, None, over, "median_days", [], 1, events=events)
    assert_optimum(
        made, None, {**over, "enrollmentMode": ["unlimited", None]}, "median_days", [], 1, events=events
    )


def either(verb, *given, **named):
    """What a verb gives, or the text of its error."""
    try:
        return verb(*given, **named)
    except SimcoreError as error:
        return str(error)


def assert_optimum(sequence, entries, over, minimize, limits, top, **options):
    """What is found is the head of the sorted sweep, and the certificate of it holds."""
    swept = simcore.sweep(sequence, over, entries, **options)
    found = simcore.optimize(
        sequence, entries, over=over, minimize=minimize, subject_to=limits, top=top, **options
    )
    pd.testing.assert_frame_equal(found.best, the_best(swept, minimize, limits, top), check_exact=True)
    pd.testing.assert_frame_equal(
        found.evaluated, swept.loc[found.evaluated.index], check_index_type=False, check_exact=True
    )
    assert found.check(entries) is True
    return found


EXAMPLES = int(os.environ.get("SIMCORE_EXAMPLES", "100"))


@pytest.mark.slow
@pytest.mark.parametrize("zoned", [False, True], ids=["one zone", "zones by row"])
@pytest.mark.parametrize("begin", range(0, EXAMPLES, 50))
def test_random_spaces(begin, zoned):
    """All with their certificates; SIMCORE_EXAMPLES=500 for more of them."""
    ruled_out = 0
    for seed in range(begin, begin + 50):
        draw = Draw(seed)
        sequence, entries, options = draw.sequence(), draw.entries(), draw.options()
        if zoned:
            some = draw.some(RECIPIENTS, 5)
            entries["time_zone"] = [draw.one(some) for _ in range(len(entries))]
            options["time_zones"] = "time_zone"
        over = draw.over(sequence)
        swept = either(simcore.sweep, sequence, over, entries, **options)
        if isinstance(swept, str):
            refused = either(simcore.optimize, sequence, entries, over=over, minimize="p95_days", **options)
            assert refused == swept
            continue
        minimize, limits, top = draw.one(METRICS), draw.limits(swept), draw.one([1, 1, 2, 5, 9])
        found = assert_optimum(sequence, entries, over, minimize, limits, top, **options)
        ruled_out += len(swept) - len(found.evaluated)
    assert ruled_out > 300


@pytest.mark.slow
@FEWER
@given(case=static_cases() | lifecycle_cases(), data=st.data())
def test_any_kit_sequence(arguments_of, case, data):
    arguments = arguments_of(case)
    sequence, entries = arguments.pop("sequence"), arguments.pop("entries")
    over = data.draw(kit_fields(len(sequence.emails)))
    check_any(sequence, entries, over, data.draw(st.sampled_from(METRICS)), arguments)


@pytest.mark.slow
@FEWER
@given(case=sequenzy_cases(), data=st.data())
def test_any_sequenzy_sequence(case, data):
    arguments = sequenzy_arguments(case)
    sequence, entries = arguments.pop("sequence"), arguments.pop("entries", None)
    over = data.draw(sequenzy_fields(case.sequence))
    check_any(sequence, entries, over, data.draw(st.sampled_from(METRICS)), arguments)


def check_any(sequence, entries, over, minimize, options):
    """As `assert_optimum`; what `simcore.sweep` refuses is refused."""
    swept = either(simcore.sweep, sequence, over, entries, **options)
    if isinstance(swept, str):
        assert either(simcore.optimize, sequence, entries, over=over, minimize=minimize, **options) == swept
    else:
        assert_optimum(sequence, entries, over, minimize, [], 2, **options)


# ---------------------------------------------------------------- laws

CHANGES = {  # zones, and an instant near which their clocks change
    "Antarctica/Troll": "2026-03-29T01:00Z",
    "America/Nuuk": "2026-03-29T01:00Z",
    "Australia/Lord_Howe": "2026-10-03T15:30Z",
    "Pacific/Apia": "2011-12-30T10:00Z",
    "America/Santiago": "2026-09-06T04:00Z",
    "Europe/Paris": "2026-10-25T01:00Z",
}


def some_timings(draw, zone):
    """Two to four timings, alike in most respects, so that they can be compared."""
    other = draw.one([*CHANGES]) if draw.chance(0.1) else zone
    dated, slots = draw.chance(0.7), draw.chance(0.8)

    def delay():
        days = int(draw.rng.integers(0, 4))
        return (
            CalendarDays(days, zone)
            if dated and not draw.chance(0.05)
            else Elapsed(days * 20 * 3_600_000_000)
        )

    def gate():
        days = frozenset(int(day) for day in range(7) if draw.chance(0.6)) or frozenset({6})
        if draw.chance(0.05):
            return Anytime()
        if slots and not draw.chance(0.05):
            return SendSlots(days, int(draw.rng.integers(0, 5)), other)
        start = int(draw.rng.integers(0, 1000))
        return SendWindow(days, start, start + int(draw.rng.integers(1, 440)), other)

    delays, gates = [delay() for _ in range(2)], [gate() for _ in range(3)]
    return [Timing(draw.one(delays), draw.one(gates)) for _ in range(int(draw.rng.integers(2, 5)))]


@pytest.mark.slow
@pytest.mark.parametrize("zone", CHANGES)
def test_the_most_permissive_timing_is_never_due_later(zone):
    """Nor the least permissive earlier, from the same anchors; both are often found."""
    draw, day_us = Draw(3), 86_400_000_000
    change_us = pd.Timestamp(CHANGES[zone]).value // 1000
    span = Span(change_us - 4 * day_us, change_us + 60 * day_us)
    anchor_us = np.sort(span.first_us + draw.rng.integers(0, 5 * day_us, 500))
    known = 0
    for _ in range(400):
        some = some_timings(draw, zone)
        eased, strict = least(some, span)[0], most(some, span)
        for each in some:
            assert (due(eased, anchor_us) <= due(each, anchor_us)).all(), (some, eased)
            assert strict is None or (due(strict, anchor_us) >= due(each, anchor_us)).all(), (some, strict)
            assert (latest_us(some, anchor_us) >= due(each, anchor_us)).all()
        known += strict is not None
        # Fewer timings stand for all of them.
        other, laws = least(fewer(some, frozenset.union), span)
        assert (other.delay, other.gate, {*laws}) == (eased.delay, eased.gate, {*least(some, span)[1]})
        other = most(fewer(some, frozenset.intersection), span)
        assert (other and (other.delay, other.gate)) == (strict and (strict.delay, strict.gate))
        assert (latest_us(strictest(some), anchor_us) == latest_us(some, anchor_us)).all()
    assert known > 40


# ---------------------------------------------------------------- what is ruled out


PEOPLE = pd.DataFrame({
    "subscriber_id": np.arange(400),
    "entered_at": pd.Timestamp("2026-02-20T05:00Z")
    + pd.to_timedelta(np.random.default_rng(7).integers(0, 25 * 86_400, 400), "s"),
})
WEEK = [*WEEKDAYS[:5]]
OVER = {
    "send_days": [WEEK, [*WEEKDAYS], ["monday"], ["saturday", "sunday"]],
    "send_hour": range(0, 24, 4),
    "emails[1].delay_value": [3, 1, 2],
    "emails[2].delay_value": [2, 1],
}


@pytest.fixture
def welcome(chain):
    return chain((0, "days"), (1, "days"), (2, "days"))


def test_what_rules_schedules_out(welcome):
    found = assert_optimum(welcome, PEOPLE, OVER, "p95_days", [], 1)
    assert len(found.evaluated) == 1
    why = found.certificate
    assert why["schedules"].sum() == 143
    assert [*why.columns] == [*OVER, "schedules", "metric", "bound", "why"]
    row = why.iloc[-1]
    assert row["send_days"] == (["monday"],)
    assert row["send_hour"] == tuple(range(0, 24, 4))
    assert row["why"] == (
        "p95_days is at least 13.6851: a shorter wait never delays a send (T19), and an earlier hour never delays a "
        "send whose wait counts dates (T4, T8); others are no worse"
    )


ZONED = PEOPLE.assign(
    time_zone=np.array(["Europe/Kyiv", "Asia/Tokyo", "", "America/New_York", "America/Toronto"], object)[
        PEOPLE.index % 5
    ]
)


@pytest.mark.parametrize("minimize", METRICS)
def test_zones_by_row(welcome, minimize):
    """T22: the laws hold in each zone, so that most is ruled out; two zones of one clock are one."""
    over = OVER | {"send_hour": [3, 6, 12, 22]}
    limits = ["weekend_share <= 0.3"] if minimize != "weekend_share" else []
    found = assert_optimum(welcome, ZONED, over, minimize, limits, 2, time_zones="time_zone")
    assert len(found.evaluated) < 70
    assert not isinstance(either(found.check, ZONED.assign(time_zone="UTC")), bool)
    by_id = dict(zip(ZONED["subscriber_id"], ZONED["time_zone"], strict=True))
    same = simcore.optimize(
        welcome, PEOPLE, over=over, minimize=minimize, subject_to=limits, top=2, time_zones=by_id
    )
    pd.testing.assert_frame_equal(same.best, found.best)
    pd.testing.assert_frame_equal(same.certificate, found.certificate)
    alone = [
        simcore.optimize(welcome, people, over=over, minimize=minimize, top=2, **zones)
        for people, zones in (
            (PEOPLE, {}),
            (PEOPLE.assign(time_zone=welcome.time_zone), {"time_zones": "time_zone"}),
        )
    ]
    pd.testing.assert_frame_equal(*(each.best for each in alone))
    pd.testing.assert_frame_equal(*(each.certificate for each in alone))


def test_a_zone_whose_dates_come_twice(welcome):
    """In one of the zones: then no bound is known for any schedule."""
    johns = pd.DataFrame({
        "subscriber_id": np.arange(60),
        "entered_at": pd.date_range("2010-10-25T00:00Z", periods=60, freq="7h"),
        "time_zone": ["Europe/Paris", "America/St_Johns"] * 30,
    })
    over = {"send_hour": [9, 8], "emails[1].delay_value": [2, 1]}
    found = assert_optimum(welcome, johns, over, "p95_days", [], 1, time_zones="time_zone")
    assert len(found.evaluated) == 4
    claim = Part(((0, 1), (0,)), "p95_days", True, 99.0, "p95_days <= -1", ())
    found = simcore.optimize(
        welcome, johns, over=over, minimize="p95_days", subject_to="p95_days <= -1", time_zones="time_zone"
    )
    kept = found.evaluated.loc[[row for row in found.evaluated.index if row % 2]]
    assert either(replace(found, evaluated=kept, parts=(claim,)).check, johns) == (
        "the certificate does not hold: dates come twice in America/St_Johns, so that no bound is known"
    )


def test_limits_rule_schedules_out(welcome):
    limits = ["weekend_share <= 0.1", "night_share < 0.3"]
    found = assert_optimum(welcome, PEOPLE, OVER, "median_days", limits, 3)
    assert not len(found.best)
    why = found.certificate["why"].tolist()
    assert why == [
        "weekend_share is at least 0.1025: the sends that are surely in it are counted, and those that may be (T8, "
        "T9); so weekend_share <= 0.1 is out of reach"
    ]
    found = assert_optimum(welcome, PEOPLE, OVER, "median_days", ["most_in_an_hour >= 1201"], 3)
    assert "most_in_an_hour is at most 1200" in found.certificate["why"][0]
    found = assert_optimum(welcome, PEOPLE, OVER, "most_in_an_hour", ["night_share == 2", "p95_days > 0"], 3)
    assert not len(found.evaluated)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("zone", "start", "hours"),
    [
        ("Antarctica/Troll", "2026-03-20T00:00Z", [1, 2, 3]),
        ("America/Nuuk", "2026-03-20T00:00Z", [22, 23]),
        ("Australia/Lord_Howe", "2026-09-25T00:00Z", [1, 2, 3]),
        ("Pacific/Apia", "2011-12-20T00:00Z", [0, 5, 23]),
        ("America/St_Johns", "2010-10-25T00:00Z", [0, 5, 23]),
        ("America/Santiago", "2026-08-25T00:00Z", [0, 1, 23]),
    ],
)
@pytest.mark.parametrize("minimize", ["p95_days", "weekend_share", "night_share"])
def test_where_clocks_change(chain, zone, start, hours, minimize):
    """Hours that clocks skip or carry into the next date, dates that are not there or come twice."""
    entries = pd.date_range(start, periods=30, freq="11h")
    over = {
        "send_hour": hours,
        "send_days": [["saturday"], ["saturday", "sunday"], [*WEEKDAYS]],
        "emails[1].delay_value": [1, 2],
    }
    sequence = chain((1, "days"), (1, "days"), (3, "hours"), time_zone=zone)
    found = assert_optimum(sequence, entries, over, minimize, [], 2)
    assert (len(found.evaluated) == 18) == (zone == "America/St_Johns")


@pytest.mark.slow
def test_what_is_evaluated_whole(welcome):
    """Where the laws of the clock do not decide alone."""
    twice = pd.concat([PEOPLE, PEOPLE.assign(entered_at=PEOPLE["entered_at"] + pd.Timedelta("2D"))])
    few = {"send_hour": [9, 8], "emails[1].delay_value": [2, 1]}
    events = pd.DataFrame({"subscriber_id": [1], "at": ["2026-03-01T00:00Z"], "event": ["unsubscribed"]})
    changes = [kit.update("2026-03-01T00:00Z", send_hour=3)]
    for sequence, entries, more in (
        (welcome.replace(repeat=True), twice, {}),
        (welcome, PEOPLE, {"events": events}),
        (welcome, PEOPLE, {"changes": changes}),
        (welcome, PEOPLE, {"until": "2026-03-01T00:00Z"}),
        (welcome, PEOPLE[:0], {}),
        (welcome.replace(active=False), PEOPLE, {}),
        (welcome.replace(send_days=[]), PEOPLE, {}),
    ):
        found = assert_optimum(sequence, entries, few, "p95_days", [], 1, **more)
        assert len(found.evaluated) == 4
    assert len(assert_optimum(welcome, twice, few, "p95_days", [], 1).evaluated) == 1


def test_emails_that_move_are_told_apart_by_whole_schedules(welcome):
    over = {"emails[1].position": [1, 2], "emails[2].delay_value": [1, 2, 5], "send_hour": [7, 9]}
    found = assert_optimum(welcome, PEOPLE, over, "p95_days", [], 1)
    assert len(found.evaluated) < 12


@pytest.mark.slow
@pytest.mark.parametrize("minimize", METRICS)
def test_windows_drafts_and_delays_alone(welcome, minimize):
    """Emails at once on send days only, a draft that counts, and days of which none is sure."""
    days = kit.Assumptions(immediate_days="send_days")
    over = {"send_days": [WEEK, ["saturday"], ["saturday", "sunday"], [*WEEKDAYS]], "send_hour": [3, 23, 12]}
    assert_optimum(welcome, PEOPLE, over, minimize, ["weekend_share <= 0.9"], 1, assumptions=days)
    drafts = welcome.replace_email(1, published=False)
    counted = kit.Assumptions(draft_delay="count")
    assert_optimum(drafts, PEOPLE, OVER, minimize, ["night_share <= 0.9"], 1, assumptions=counted)
    assert_optimum(welcome, PEOPLE, {"emails[1].delay_value": [1, 5, 9]}, minimize, [], 1)


@pytest.mark.slow
@pytest.mark.parametrize("minimize", ["weekend_share", "night_share"])
def test_windows_of_a_part_of_the_day(minimize):
    steps = [{"subject": at, "html": "<p>x</p>", "delay": {"days": 1}} for at in "AB"]
    window = {
        "timezone": "America/New_York",
        "startTime": "23:00",
        "endTime": "24:00",
        "days": ["mon", "tue"],
    }
    sequence = sequenzy.Sequence(name="S", trigger="contact_added", steps=steps, sendingWindow=window)
    over = {
        "sendingWindow": [
            {**window, "startTime": start, "endTime": end, "days": days}
            for start, end in (("22:00", "23:00"), ("01:00", "06:00"), ("09:00", "12:00"), ("06:00", "08:00"))
            for days in (["sat", "sun"], ["mon"], ["fri", "sat"])
        ],
        "steps[1].delay.days": [1, 2],
    }
    found = assert_optimum(sequence, PEOPLE, over, minimize, [], 1)
    assert found.best[minimize][0] == 0
    wrong = {"sendingWindow.startTime": ["09:00", "25:00"]}
    told = either(simcore.sweep, sequence, wrong, PEOPLE)
    assert "25:00" in told
    assert either(simcore.optimize, sequence, PEOPLE, over=wrong, minimize=minimize) == told


def test_the_first_combination_that_is_not_valid_is_named(welcome):
    over = {"send_hour": [9, 8], "emails[1].delay_value": [1, 0], "emails[2].delay_value": [1, 2]}
    told = either(simcore.sweep, welcome, over, PEOPLE)
    assert "'send_hour': 9, 'emails[1].delay_value': 0, 'emails[2].delay_value': 1" in told
    assert either(simcore.optimize, welcome, PEOPLE, over=over, minimize="p95_days") == told


def test_too_late(welcome, text_of):
    entries = ["2199-12-30T12:00Z"]
    named = {"over": {"send_hour": [1, 2]}, "minimize": "p95_days"}
    told = either(simcore.sweep, welcome, {"send_hour": [1, 2]}, entries)
    assert told.startswith("the email at position 2 (id 102) would go out after 2200-01-01 UTC")
    assert either(simcore.optimize, welcome, entries, **named) == told


def test_little_is_kept(welcome, monkeypatch):
    """What was found is found anew where there is no room for it."""
    for room in ("cells", "proof"):
        monkeypatch.setattr(importlib.import_module(f"simcore.answers.{room}"), "_KEPT", 1)
    assert len(assert_optimum(welcome, PEOPLE, OVER, "p95_days", ["night_share <= 0.5"], 1).evaluated) == 1


def test_sequenzy(text_of):
    """Sending windows; runs of one subscriber may keep each other out, and then all is evaluated."""
    steps = [{"subject": at, "html": "<p>x</p>", "delay": {"days": 1}} for at in "AB"]
    window = {
        "timezone": "America/New_York",
        "startTime": "09:00",
        "endTime": "17:00",
        "days": ["mon", "tue"],
    }
    sequence = sequenzy.Sequence(name="S", trigger="contact_added", steps=steps, sendingWindow=window)
    over = {
        "steps[0].delay.days": [1, 2, 3],
        "sendingWindow.startTime": ["09:00", "10:00"],
        "sendingWindow.days": [["mon"], ["mon", "thu", "sun"], ["sun", "sat"]],
    }
    found = assert_optimum(sequence, PEOPLE, over, "p95_days", ["weekend_share <= 0.3"], 1)
    assert len(found.evaluated) < 10
    again = pd.concat([PEOPLE, PEOPLE[:3]])
    whole = assert_optimum(sequence, again, over, "p95_days", [], 1)
    assert len(whole.evaluated) == 18
    less = whole.evaluated.loc[[row for row in range(18) if row not in {4, 5}]]
    (row,) = less.index[less["p95_days"] == less["p95_days"].min()][:1]
    claim = Part(((0,), (1,), (1, 2)), "p95_days", True, 99.0, "", ())
    assert row not in {4, 5}
    assert text_of(SimcoreError, replace(whole, evaluated=less, parts=(claim,)).check, again) == (
        "the certificate does not hold: who enters depends on how long others take, so that no bound is known"
    )


# ---------------------------------------------------------------- false certificates


def lies(found, swept):
    """False certificates, each with a word of how."""
    for at, part in enumerate(found.parts):

        def with_part(changed, at=at):
            return replace(found, parts=(*found.parts[:at], *changed, *found.parts[at + 1 :]))

        inside = swept.loc[[row_of(found, places) for places in itertools.product(*part.box)], part.metric]
        beyond = inside.min() * 1.001 + 1e-6 if part.least else inside.max() * 0.999 - 1e-6
        yield "a bound that does not hold", with_part([replace(part, bound=float(beyond))])
        weak = -1.0 if part.least else 1e12
        yield "a bound that rules nothing out", with_part([replace(part, bound=weak)])
        yield "the other end", with_part([replace(part, least=not part.least)])
        yield "a part that is missing", with_part([])
        yield "a part twice", with_part([part, part])
        yield "another limit", with_part([replace(part, against="weekend_share <= -1")])
        for axis, places in enumerate(part.box):
            box = (*part.box[:axis], (*places, 99), *part.box[axis + 1 :])
            yield "no such part", with_part([replace(part, box=box)])
            if len(places) > 1:
                less = (*part.box[:axis], places[1:], *part.box[axis + 1 :])
                yield "a part that is smaller", with_part([replace(part, box=less)])
    yield (
        "a part too few dimensions",
        replace(found, parts=(replace(found.parts[0], box=()), *found.parts[1:])),
    )
    yield "one that is not evaluated", replace(found, evaluated=found.evaluated.iloc[1:])
    yield (
        "one evaluated twice",
        replace(found, evaluated=found.evaluated.iloc[[0, *range(len(found.evaluated))]]),
    )
    yield (
        "no such schedule",
        replace(found, evaluated=found.evaluated.rename({found.evaluated.index[0]: 10**6})),
    )
    for name in METRICS:
        yield f"another {name}", replace(found, evaluated=found.evaluated.assign(**{name: 1}))
        yield f"a best of another {name}", replace(found, best=found.best.assign(**{name: 1}))
    yield "a best that is swapped", replace(found, best=found.best[::-1])
    yield "a best that is missing", replace(found, best=found.best[1:])
    first = next(iter(found.over))
    yield "a best of other values", replace(found, best=found.best.assign(**{first: [0] * len(found.best)}))
    other = "weekend_share" if found.minimize != "weekend_share" else "p95_days"
    yield "another aim", replace(found, minimize=other)
    yield "more wanted", replace(found, top=found.top + 1)
    yield "an option", replace(found, options=found.options._replace(until="2026-03-04T00:00Z"))


def row_of(found, places):
    return int(np.ravel_multi_index(places, [*map(len, found.over.values())]))


@pytest.mark.slow
@pytest.mark.parametrize("minimize", METRICS)
@pytest.mark.parametrize("zones", [{}, {"time_zones": "time_zone"}], ids=["one zone", "zones by row"])
def test_false_certificates_are_refused(welcome, minimize, zones):
    over = {**OVER, "send_hour": [3, 6, 12, 23]}
    people = ZONED if zones else PEOPLE
    swept = simcore.sweep(welcome, over, people, **zones)
    limits = (
        ["night_share <= 0.5", "p95_days <= 12"] if minimize != "night_share" else ["weekend_share >= 0.3"]
    )
    found = simcore.optimize(welcome, people, over=over, minimize=minimize, subject_to=limits, top=3, **zones)
    assert found.check(people)
    said = set()
    for how, lie in lies(found, swept):
        told = either(lie.check, people)
        assert isinstance(told, str), how
        assert told.startswith("the certificate does not hold: "), how
        said.add(how)
    assert len(said) >= 24
    assert isinstance(either(found.check, people[::2]), str)


def test_a_certificate_of_what_has_no_bounds(welcome):
    """Parts that name schedules which nothing compares are refused, whatever they claim."""
    claim = Part(((0, 1), (0,)), "p95_days", True, 99.0, "p95_days <= -1", ())
    over = {"send_hour": [9, 8], "emails[1].delay_value": [2, 1]}

    def told(sequence, entries, **options):
        found = simcore.optimize(
            sequence, entries, over=over, minimize="p95_days", subject_to="p95_days <= -1", **options
        )
        kept = found.evaluated.loc[[row for row in found.evaluated.index if row % 2]]
        rest = found.parts if len(found.evaluated) < 4 else ()
        assert not rest
        return either(replace(found, evaluated=kept, parts=(claim,)).check, entries)

    twice = pd.concat([PEOPLE, PEOPLE.assign(entered_at=PEOPLE["entered_at"] + pd.Timedelta("2D"))])
    start = "the certificate does not hold: "
    assert told(welcome, PEOPLE, until="2026-03-01T00:00Z") == (
        f"{start}with events, changes or an end no bound is known"
    )
    assert told(welcome.replace(repeat=True), twice) == (
        f"{start}runs end before their last email, so that no bound is known"
    )
    assert told(welcome.replace(active=False), PEOPLE) == (
        f"{start}no bound is known for schedules such as {{'send_hour': 9, 'emails[1].delay_value': 2}}"
    )
    johns = pd.date_range("2010-10-25T00:00Z", periods=60, freq="7h")
    assert told(welcome.replace(time_zone="America/St_Johns"), johns) == (
        f"{start}dates come twice in America/St_Johns, so that no bound is known"
    )
    assert told(welcome.replace(send_days=[]), PEOPLE).startswith(
        f"{start}no bound is known for CalendarDays("
    )


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ("weekend <= 0", "found 'weekend', expected one of: {names}"),
        (
            "weekend_share => 0",
            "found the sign => in 'weekend_share => 0', expected one of: <=, <, ==, >=, >",
        ),
        (
            "weekend_share != 0",
            "found the sign != in 'weekend_share != 0', expected one of: <=, <, ==, >=, >",
        ),
        *(
            (text, "found {text!r}, {form}")
            for text in ("weekend_share", "<= 0", "", "weekend_share <= x", "a <= 1 b")
        ),
        *(
            (text, "found {text!r}, {form}")
            for text in ("0 <= weekend_share", "weekend_share <= 0, p95_days < 1", None)
        ),
        *(
            (text, "found {text!r}, {form}")
            for text in ("weekend_share <= 1e", "weekend_share <= ٣", "p95_days < nan")
        ),
    ],
)
def test_limits_that_are_none(text_of, welcome, wrong, expected):
    form = 'expected a metric, a sign and a number, such as "weekend_share <= 0"'
    names = ", ".join([*METRICS, "peak_hour"])
    told = "subject_to: " + expected.format(names=names, text=wrong, form=form)
    named = {"over": {"send_hour": [9]}, "minimize": "p95_days", "subject_to": [wrong]}
    assert text_of(SimcoreError, simcore.optimize, welcome, PEOPLE, **named) == told


def test_what_is_not_asked_for_so(text_of, welcome):
    over = {"send_hour": [9]}

    def told(**named):
        return text_of(
            SimcoreError, simcore.optimize, welcome, PEOPLE, **{"over": over, "minimize": "p95_days", **named}
        )

    assert told(subject_to=5) == 'subject_to: found 5, expected a list of limits such as "weekend_share <= 0"'
    assert (
        told(minimize="p99")
        == f"minimize: found 'p99', expected one of: {', '.join([*METRICS, 'peak_hour'])}"
    )
    assert told(minimize=None).startswith("minimize: found None")
    for wrong in (0, True, 1.5, "5"):
        assert told(top=wrong) == f"top: found {wrong!r}, expected a whole number of schedules, 1 or more"
    assert told(over=[]) == 'over: found [], expected a dict such as {"send_hour": range(24)}'
    assert told(over={"send_hour": range(24)}, limit=3).startswith(
        "over: 24 combinations, expected at most 3"
    )
    assert text_of(
        ValidationError, simcore.optimize, welcome, PEOPLE, over={"send_hour": [9, 24]}, minimize="p95_days"
    ) == (
        "1 problem\n  send_hour: send_hour must be an integer between 0 and 23 (found 24, in the combination "
        "{'send_hour': 24})"
    )


def test_limits_as_written(welcome):
    over = {"send_hour": [9, 8]}
    for text in (" weekend_share<=.5 ", "weekend_share <= 5e-1", "weekend_share <= +0.50"):
        found = simcore.optimize(welcome, PEOPLE, over=over, minimize="peak_hour", subject_to=text)
        assert [*map(str, found.subject_to)] == ["weekend_share <= 0.5"]
        assert found.minimize == "most_in_an_hour"


# ---------------------------------------------------------------- how it is shown


def test_table(chain):
    sequence = chain((0, "days"), (1, "days"))
    found = simcore.optimize(
        sequence,
        ["2026-03-02T12:00Z"],
        over={"send_hour": [10, 9]},
        minimize="p95_days",
        subject_to="night_share == 0",
    )
    assert repr(found) == (
        "The least p95_days, night_share == 0: 2 schedules of 2\n"
        "send_hour  median_days  p95_days  weekend_share  night_share  most_in_an_hour\n"
        "9          1.083        1.083     0              0            1\n"
        "10         1.125        1.125     0              0            1\n"
        "2 evaluated, 0 ruled out by 0 bounds"
    )
    assert "<b>The least p95_days, night_share == 0: 2 schedules of 2</b>" in found._repr_html_()


def test_progress(welcome, monkeypatch, capsys):
    monkeypatch.setattr(optimizing, "_PATIENCE", 0.0)
    named = {"over": {"send_hour": [10, 9]}, "minimize": "most_in_an_hour"}
    found = simcore.optimize(welcome, PEOPLE, **named)
    assert "Optimizing" in capsys.readouterr().err
    assert found.check(PEOPLE)
    assert "Checking" in capsys.readouterr().err
    assert simcore.optimize(welcome, PEOPLE, progress=False, **named).check(PEOPLE, progress=False)
    assert capsys.readouterr().err == ""
