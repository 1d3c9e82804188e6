"""The best schedules are those of a whole sweep, and certificates hold; false ones are refused."""

import operator

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
from simcore import kit
from simcore.errors import SimcoreError
from simcore.kit.model import WEEKDAYS

METRICS = ["median_days", "p95_days", "weekend_share", "night_share", "most_in_an_hour"]
SIGNS = {"<=": operator.le, "<": operator.lt, "==": operator.eq, ">=": operator.ge, ">": operator.gt}
ZONES = ["America/New_York", "Europe/Paris", "UTC", "America/Nuuk", "Antarctica/Troll", "Australia/Lord_Howe"]
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
            "send_hour": (range(24), 5, 4),
            "send_days": ([self.days() for _ in range(5)], 5, 4),
            f"emails[{place}].delay_value": ([1, 2, 3, 4, 9], 3, 4),
            f"emails[{last}].delay_value": ([1, 2, 5, 6], 3, 4),
            f"emails[{place}].published": ([True, False], 2, 1),
            "time_zone": (ZONES, 2, 1),
            "repeat": ([True, False], 2, 0.3),
            "active": ([True, False], 2, 0.3),
            "emails[0].delay_unit": (["days", "hours"], 2, 0.5),
        }
        if days:
            values[f"emails[{place}].send_days"] = [None, self.days(), self.days()], 3, 1
        weights = np.array([often for *_, often in values.values()], float)
        count = min(int(self.rng.integers(1, 5)), 4)
        chosen = self.rng.choice(len(values), count, replace=False, p=weights / weights.sum())
        paths = [[*values][at] for at in chosen.tolist()]
        return {path: self.some(*values[path][:2]) for path in paths}

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
    pd.testing.assert_frame_equal(found.best, the_best(swept, minimize, limits, top))
    pd.testing.assert_frame_equal(found.evaluated, swept.loc[found.evaluated.index], check_index_type=False)
    assert found.check(entries) is True
    return found


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_random_spaces(block):
    """500 of them, all with their certificates."""
    ruled_out = 0
    for seed in range(50 * block, 50 * block + 50):
        draw = Draw(seed)
        sequence, entries, options = draw.sequence(), draw.entries(), draw.options()
        over = draw.over(sequence)
        swept = either(simcore.sweep, sequence, over, entries, **options)
        if isinstance(swept, str):
            refused = either(simcore.optimize, sequence, entries, over=over, minimize="p95_days", **options)
            assert refused == swept
            continue
        minimize, limits, top = draw.one(METRICS), draw.limits(swept), draw.one([1, 1, 2, 5, 9])
        found = assert_optimum(sequence, entries, over, minimize, limits, top, **options)
        ruled_out += len(swept) - len(found.evaluated)
    assert ruled_out > 100


@FEWER
@given(case=static_cases() | lifecycle_cases(), data=st.data())
def test_any_kit_sequence(arguments_of, case, data):
    arguments = arguments_of(case)
    sequence, entries = arguments.pop("sequence"), arguments.pop("entries")
    over = data.draw(kit_fields(len(sequence.emails)))
    check_any(sequence, entries, over, data.draw(st.sampled_from(METRICS)), arguments)


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
