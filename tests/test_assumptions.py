"""The switches: their defaults, their values, what each turns, and how they are listed."""

from contextlib import suppress
from dataclasses import FrozenInstanceError, fields
from datetime import timedelta

import pandas as pd
import pytest
from conftest import TEXT

import simcore
from simcore import kit, sequenzy
from simcore.errors import ValidationError

MINUTE = timedelta(minutes=1)
DEFAULTS = {
    "day_count": "calendar",
    "poll_every": 15 * MINUTE,
    "poll_phase": timedelta(0),
    "immediate_days": "any",
    "email_days": "override",
    "draft_delay": "skip",
    "restart_via": "all",
    "hold_without_automation": "same",
    "excluded_midway": "skip_email",
    "excluded_sequence_membership": "active",
    "queued_emails": "keep",
    "insert_before_next": "wait",
    "earlier_insert": "send",
    "position_taken": "shift",
}


def test_defaults():
    made = kit.Assumptions()
    assert {each.name: getattr(made, each.name) for each in fields(made)} == DEFAULTS
    assert made == kit.Assumptions(**DEFAULTS)
    with pytest.raises(FrozenInstanceError):
        made.day_count = "elapsed"
    with pytest.raises(TypeError, match="positional"):
        kit.Assumptions("elapsed")
    with pytest.raises(TypeError, match="unexpected keyword argument 'days'"):
        kit.Assumptions(days=1)


def test_listed():
    listed = kit.assumptions()
    assert list(listed) == ["name", "default", "values", "meaning", "rule"]
    assert {str(dtype) for dtype in listed.dtypes} == {TEXT}
    assert isinstance(listed.index, pd.RangeIndex)
    assert listed["name"].tolist() == list(DEFAULTS)
    assert listed["default"].tolist() == [str(value) for value in DEFAULTS.values()]
    assert listed["default"].tolist()[1:3] == ["0:15:00", "0:00:00"]
    assert listed["rule"].tolist() == [
        *["K7", "K8", "K8", "K9", "K10", "K12"],
        *["K14", "K15", "K16", "K30", "K20", "K21", "K22", "K25"],
    ]
    assert listed["values"].tolist() == [
        "calendar | elapsed",
        "a datetime.timedelta over 0",
        "a datetime.timedelta",
        "any | send_days",
        "override | intersect",
        "skip | count",
        "all | listed",
        "same | stay | complete",
        "skip_email | end_run",
        "active | joined",
        "keep | reschedule",
        "wait | at_once",
        "send | skip",
        "shift | refuse",
    ]
    assert listed["meaning"].str.len().min() > 20


@pytest.mark.parametrize("name", [name for name, value in DEFAULTS.items() if isinstance(value, str)])
def test_every_value_is_taken(name):
    listed = kit.assumptions().set_index("name")
    for value in listed.loc[name, "values"].split(" | "):
        assert getattr(kit.Assumptions(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"day_count": "days"}, "day_count: day_count must be one of: calendar, elapsed (found 'days')"),
        (
            {"immediate_days": None},
            "immediate_days: immediate_days must be one of: any, send_days (found None)",
        ),
        ({"email_days": True}, "email_days: email_days must be one of: override, intersect (found True)"),
        ({"draft_delay": ["skip"]}, "draft_delay: draft_delay must be one of: skip, count (found ['skip'])"),
        ({"poll_every": 15}, "poll_every: poll_every must be a datetime.timedelta over 0 (found 15)"),
        (
            {"poll_every": timedelta(0)},
            "poll_every: poll_every must be a datetime.timedelta over 0 (found datetime.timedelta(0))",
        ),
        (
            {"poll_every": -MINUTE},
            "poll_every: poll_every must be a datetime.timedelta over 0 (found datetime.timedelta(days=-1, "
            "seconds=86340))",
        ),
        (
            {"poll_phase": "7 minutes"},
            "poll_phase: poll_phase must be a datetime.timedelta (found '7 minutes')",
        ),
    ],
)
def test_refused(text_of, changed, text):
    assert text_of(ValidationError, kit.Assumptions, **changed) == f"1 problem\n  {text}"


def test_all_refused_at_once(text_of):
    assert text_of(ValidationError, kit.Assumptions, day_count="x", poll_every=1, draft_delay="y") == (
        "3 problems\n"
        "  day_count: day_count must be one of: calendar, elapsed (found 'x')\n"
        "  poll_every: poll_every must be a datetime.timedelta over 0 (found 1)\n"
        "  draft_delay: draft_delay must be one of: skip, count (found 'y')"
    )


@pytest.mark.parametrize(
    "changed", [{"poll_phase": timedelta.max}, {"poll_every": timedelta.max}, {"poll_phase": timedelta.min}]
)
def test_lengths_beyond_all_instants(chain, changed):
    """Whatever is taken can be used, or is a clear error: never an overflow."""
    with suppress(simcore.SimcoreError):
        simcore.project(
            chain((1, "hours")), ["2026-03-06T21:07:30-05:00"], assumptions=kit.Assumptions(**changed)
        )


def sends(sequence, entered, **assumptions):
    found = simcore.project(sequence, [entered], assumptions=kit.Assumptions(**assumptions))
    return found["send_at"].dt.strftime("%a %H:%M").tolist()


FRIDAY = "2026-03-06T21:07:30-05:00"


@pytest.mark.parametrize(
    ("assumptions", "expected"),
    [
        pytest.param({}, ["Fri 23:15"], id="K8: every quarter of an hour"),
        pytest.param({"poll_every": 60 * MINUTE}, ["Sat 00:00"], id="K8: every hour"),
        pytest.param({"poll_phase": 7 * MINUTE}, ["Fri 23:22"], id="K8: seven minutes later"),
        pytest.param({"poll_phase": -MINUTE}, ["Fri 23:14"], id="K8: a minute before"),
        pytest.param({"poll_every": timedelta(microseconds=1)}, ["Fri 23:07"], id="K8: always"),
    ],
)
def test_polls(chain, assumptions, expected):
    assert sends(chain((2, "hours")), FRIDAY, **assumptions) == expected


def test_days_are_calendar_days_or_24_hours(chain):
    """K7: at 21:07 on Friday, 24 hours later is past Saturday's 09:00."""
    sequence = chain((1, "days"), send_hour=9)
    assert sends(sequence, FRIDAY) == ["Sat 09:00"]
    assert sends(sequence, FRIDAY, day_count="elapsed") == ["Sun 09:00"]


def test_immediate_on_any_day_or_on_send_days(chain):
    """K9: at the first instant of Monday, not at the send hour."""
    sequence = chain((0, "days"), send_days=("monday", "friday"))
    saturday = "2026-03-07T10:00:00-05:00"
    assert sends(sequence, saturday) == ["Sat 10:00"]
    assert sends(sequence, saturday, immediate_days="send_days") == ["Mon 00:00"]
    assert sends(sequence, FRIDAY, immediate_days="send_days") == ["Fri 21:07"]
    closed = sequence.replace(send_days=())
    assert sends(closed, FRIDAY) == ["Fri 21:07"]
    assert sends(closed, FRIDAY, immediate_days="send_days") == []


def test_own_days_override_or_intersect(chain):
    """K10, K11."""
    own = chain((1, "days"), send_days=("monday", "tuesday")).replace_email(
        0, send_days=("tuesday", "sunday")
    )
    assert sends(own, FRIDAY) == ["Sun 11:00"]
    assert sends(own, FRIDAY, email_days="intersect") == ["Tue 11:00"]
    never = own.replace(send_days=("monday",))
    assert sends(never, FRIDAY, email_days="intersect") == []
    paused = own.replace(send_days=())
    assert sends(paused, FRIDAY) == ["Sun 11:00"]
    assert sends(paused, FRIDAY, email_days="intersect") == []
    every_day = own.replace_email(0, send_days=tuple(kit.Sequence(name="S").send_days))
    assert sends(every_day, FRIDAY) == ["Mon 11:00"]


def test_drafts_are_skipped_or_counted(chain):
    """K12."""
    sequence = chain((1, "days"), (1, "days"), send_hour=9).replace_email(0, published=False)
    assert sends(sequence, FRIDAY) == ["Sat 09:00"]
    assert sends(sequence, FRIDAY, draft_delay="count") == ["Sun 09:00"]


# ---------------------------------------------------------------- Sequenzy's

OF_SEQUENZY = {
    "segment_poll": 15 * MINUTE,
    "inactivity_poll": 15 * MINUTE,
    "stop_checks": "every_node",
    "stop_reading": "state",
    "numeric_strings": "compare",
    "update_unsubscribes": True,
    "activity_scope": "ever",
    "earlier_events": "ignore",
    "release": "at_once",
}


def test_defaults_of_sequenzy():
    made = sequenzy.Assumptions()
    assert {each.name: getattr(made, each.name) for each in fields(made)} == OF_SEQUENZY
    assert made == sequenzy.Assumptions(**OF_SEQUENZY)
    with pytest.raises(FrozenInstanceError):
        made.stop_checks = "steps"
    with pytest.raises(TypeError, match="positional"):
        sequenzy.Assumptions(MINUTE)


def test_those_of_sequenzy_listed():
    listed = sequenzy.assumptions()
    assert list(listed) == ["name", "default", "values", "meaning", "rule"]
    assert {str(dtype) for dtype in listed.dtypes} == {TEXT}
    assert listed["name"].tolist() == list(OF_SEQUENZY)
    assert listed["default"].tolist() == [
        *["0:15:00", "0:15:00", "every_node", "state"],
        *["compare", "true", "ever", "ignore", "at_once"],
    ]
    assert listed["rule"].tolist() == ["Q15", "Q16", "Q20", "Q20", "Q32", "Q35", "Q36", "Q37", "Q40"]
    assert listed["values"].tolist() == [
        "a datetime.timedelta over 0",
        "a datetime.timedelta over 0",
        "every_node | steps",
        "state | transition",
        "compare | strict",
        "true | false",
        "ever | this_sequence",
        "ignore | count",
        "at_once",
    ]
    assert listed["meaning"].str.len().min() > 20
    for name, values in listed.set_index("name")["values"].iloc[2:].items():
        for text in values.split(" | "):
            value = {"true": True, "false": False}.get(text, text)
            assert getattr(sequenzy.Assumptions(**{name: value}), name) == value


@pytest.mark.parametrize("value", ["true", 1, 0, None])
def test_what_is_neither_true_nor_false(text_of, value):
    """Q35."""
    assert text_of(ValidationError, sequenzy.Assumptions, update_unsubscribes=value) == (
        f"1 problem\n  update_unsubscribes: update_unsubscribes must be True or False (found {value!r})"
    )


def test_those_of_sequenzy_refused_at_once(text_of):
    refused = {"segment_poll": timedelta(0), "inactivity_poll": 15, "stop_checks": "x", "stop_reading": None}
    assert text_of(ValidationError, sequenzy.Assumptions, **refused) == (
        "4 problems\n"
        "  segment_poll: segment_poll must be a datetime.timedelta over 0 (found datetime.timedelta(0))\n"
        "  inactivity_poll: inactivity_poll must be a datetime.timedelta over 0 (found 15)\n"
        "  stop_checks: stop_checks must be one of: every_node, steps (found 'x')\n"
        "  stop_reading: stop_reading must be one of: state, transition (found None)"
    )
