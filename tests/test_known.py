"""What decides is never passed over: the fields that objects have, and what is said of others (Q26, K3)."""

import pytest

from simcore import kit
from simcore.errors import ValidationError
from simcore.plan.known import Known, says_nothing

WAIT = Known(("days", "hours"), ("shown",), {"weeks": "write days"})
BODY = Known(("send_days", "time_zone"), ("content",), {"cap": "write false"}, is_open=True, stems=("send_",))
MANY = Known(tuple(f"field{number}" for number in range(9)))


@pytest.mark.parametrize(
    ("known", "item", "found"),
    [
        (WAIT, {"days": 1, "hours": 2, "shown": 3}, []),
        (WAIT, {"weeks": None, "months": "", "years": [], "ages": {}, "x-note": 1, "_own": 2}, []),
        (
            WAIT,
            {
                "id": 1,
                "name": 1,
                "label": 1,
                "title": 1,
                "description": 1,
                "note": 1,
                "notes": 1,
                "comment": 1,
            },
            [],
        ),
        (WAIT, {"weeks": 2}, [("at.weeks", "weeks is not modelled: remove it, or write days", "2")]),
        (WAIT, {"Days": 0}, [("at.Days", "Days is not modelled: remove it, or write days", "0")]),
        (WAIT, {"hour": False}, [("at.hour", "hour is not modelled: remove it, or write hours", "False")]),
        (
            WAIT,
            {"moons": 2, "suns": 1},
            [
                ("at.moons", "moons is not modelled: remove it, or say the same by: days, hours", "2"),
                ("at.suns", "suns is not modelled: remove it, or say the same by: days, hours", "1"),
            ],
        ),
        (MANY, {"moons": 2}, [("at.moons", "moons is not modelled: remove it", "2")]),
        (WAIT, {5: 2}, [("at.5", "5 is not modelled: remove it, or say the same by: days, hours", "2")]),
        (BODY, {"send_days": [1], "content": "x", "plan": 5, "sender": 5, 7: 8}, []),
        (
            BODY,
            {"sendDays": [1]},
            [("at.sendDays", "sendDays is not modelled: remove it, or write send_days", "[1]")],
        ),
        (
            BODY,
            {"timezone": "UTC"},
            [("at.timezone", "timezone is not modelled: remove it, or write time_zone", "'UTC'")],
        ),
        (BODY, {"send_minute": 5}, [("at.send_minute", "send_minute is not modelled: remove it", "5")]),
        (BODY, {"cap": True}, [("at.cap", "cap is not modelled: remove it, or write false", "True")]),
    ],
)
def test_unknown(known, item, found):
    assert list(known.unknown("at", item)) == found


def test_at_the_top():
    assert [path for path, *_ in WAIT.unknown("", {"moons": 2})] == ["moons"]


@pytest.mark.parametrize(
    ("value", "nothing"),
    [
        (None, True),
        ("", True),
        ([], True),
        ((), True),
        ({}, True),
        (0, False),
        (False, False),
        (" ", False),
        ([0], False),
    ],
)
def test_what_says_nothing(value, nothing):
    assert says_nothing(value) == nothing


# ---------------------------------------------------------------- Kit's

S = "or say the same by send_days, send_hour and time_zone of the sequence, and send_days of the emails"
D = "or say the same by delay_value and delay_unit of the emails"
EMAIL = {"subject": "A", "delay_value": 1, "delay_unit": "days"}


@pytest.mark.parametrize(
    ("sequence", "email", "text"),
    [
        (
            {"send_minute": 30},
            {},
            f"send_minute: send_minute is not modelled: remove it, {S} (found 30)",
        ),
        (
            {"sendHour": 9},
            {},
            "sendHour: sendHour is not modelled: remove it, or write send_hour (found 9)",
        ),
        (
            {"delay_unit": "days"},
            {},
            f"delay_unit: delay_unit is not modelled: remove it, {D} (found 'days')",
        ),
        (
            {},
            {"send_hour": 9},
            f"emails[0].send_hour: send_hour is not modelled: remove it, {S} (found 9)",
        ),
        (
            {},
            {"delay_from": "entry"},
            f"emails[0].delay_from: delay_from is not modelled: remove it, {D} (found 'entry')",
        ),
    ],
)
def test_kits_schedule_is_never_passed_over(text_of, sequence, email, text):
    """K3."""
    payload = {"sequence": {"name": "S", **sequence}, "emails": [{**EMAIL, **email}]}
    assert text_of(ValidationError, kit.from_api, payload) == f"1 problem\n  {text}"


def test_kits_other_fields_are_kept():
    """K3."""
    payload = {
        "sequence": {"name": "S", "sent": 5, "send_hours": None},
        "emails": [{**EMAIL, "stats": {"sent": 5}}],
    }
    made = kit.from_api(payload)
    assert (made.extra, made.emails[0].extra) == ({"sent": 5, "send_hours": None}, {"stats": {"sent": 5}})
