"""What fits windows, waits and key dates (Q5, Q7, Q28 to Q31, Q38)."""

from simcore.clock.zones import zone_names
from simcore.plan.schemas import Schema, closed, needs, or_null, when
from simcore.sequenzy import waits
from simcore.sequenzy.problems.waits import (
    KEY_DATE,
    KEY_DATES,
    LENGTHS,
    OF_DELAY_NODE,
    WAITS,
    WINDOW,
)
from simcore.text.wording import WEEKDAYS

WORDS: Schema = {"type": "string", "pattern": r"\S"}
FLAG: Schema = {"type": "boolean"}
LENGTH: Schema = {"type": "number", "minimum": 0}
PATH: Schema = {"type": "string", "pattern": r"^[^.\[\]]+(\.[^.\[\]]+)*$"}
ZONE: Schema = {"enum": sorted(zone_names())}
_START: Schema = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
_END: Schema = {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}


def _weekday() -> Schema:
    """A weekday in full or of three letters, any case."""

    def any_case(text: str) -> str:
        return "".join(f"[{letter.upper()}{letter}]" for letter in text)

    names = (f"{any_case(name[:3])}({any_case(name[3:])})?" for name in WEEKDAYS)
    return {"type": "string", "pattern": f"^({'|'.join(names)})$"}


def _either(field: str) -> Schema:
    """That a field is given by one of its names."""
    return {"anyOf": [needs(name) for name in waits.SPELLINGS[field]]}


def _spelt(fits: dict[str, Schema]) -> dict[str, Schema]:
    """What fits each field of a wait, by all its names."""
    return {name: or_null(each) for field, each in fits.items() for name in waits.SPELLINGS[field]}


_UNITS = {unit: or_null(LENGTH) for unit in waits.UNITS}
_OFFSET = closed(LENGTHS, _UNITS)
_PAST = {
    "offset": _OFFSET,
    "direction": {"enum": ["before", "after"]},
    "missingAction": {"enum": ["continue", "exit"]},
    "pastAction": {"enum": ["continue", "skip", "exit"]},
}
_UNTIL = _spelt({"field": PATH, "source": {"enum": ["event", "attribute"]}, **_PAST})
_KEY = _spelt({"key": WORDS, **_PAST})
_WEEK = _spelt({
    "day": _weekday(),
    "days": {"type": "array", "items": _weekday()},
    "startTime": _START,
    "endTime": _END,
    "timezone": ZONE,
    "timezoneSource": {"enum": ["fixed", "subscriber"]},
    "minimumWait": _OFFSET,
})
_HAS_FIELD, _HAS_KEY = _either("field"), _either("key")
_HAS_WEEK: Schema = {"allOf": [_either("startTime"), _either("timezone")]}
_IN_DELAY = {
    **{name: each for name, each in _WEEK.items() if name != "days"},
    **_KEY,
    **_UNTIL,
    **_UNITS,
    "mode": or_null({"enum": [*waits.MODES]}),
}
_MODES = [
    when("mode", "until_date", _HAS_FIELD),
    when("mode", "until_weekday", _HAS_WEEK),
    when("mode", "until_key_date", _HAS_KEY),
]
DEFS: dict[str, Schema] = {
    "delay": closed(WAITS["delay"], _IN_DELAY) | {"allOf": _MODES},
    "waitUntil": closed(WAITS["waitUntil"], {**_UNTIL, **_UNITS}) | _HAS_FIELD,
    "waitUntilWeekday": closed(WAITS["waitUntilWeekday"], _WEEK) | _HAS_WEEK,
    "waitUntilKeyDate": closed(WAITS["waitUntilKeyDate"], {**_KEY, **_UNITS}) | _HAS_KEY,
    "window": {  # Q7: one that is not enabled is not looked at
        "type": "object",
        "properties": {"enabled": or_null(FLAG)},
        "if": {"properties": {"enabled": {"const": False}}, "required": ["enabled"]},
        "else": closed(WINDOW, {name: each for name, each in _WEEK.items() if name in WINDOW.read})
        | {"allOf": [_HAS_WEEK, _either("endTime")]},
    },
    "keyDates": closed(
        KEY_DATES,
        {
            "timezone": or_null(ZONE),
            "dates": or_null({
                "type": "array",
                "items": closed(
                    KEY_DATE, {"key": or_null(WORDS), "label": or_null(WORDS), "at": {"type": "string"}}
                )
                | {"required": ["at"], "anyOf": [needs("key"), needs("label")]},
            }),
        },
    )
    | {
        "if": {"properties": {"dates": {"type": "array", "minItems": 1}}, "required": ["dates"]},
        "then": needs("timezone"),
    },
}
"""The schemas of waits, windows and key dates, by what they are called."""
IN_STEP: dict[str, Schema] = {
    "delay": or_null({"$ref": "#/$defs/delay"}) | {"description": "How long it waits before."},
    "delayMs": or_null(LENGTH) | {"description": "The same in milliseconds."},
    "waitUntil": or_null({"$ref": "#/$defs/waitUntil"})
    | {"description": "A date of the run's event, or of the subscriber."},
    "waitUntilWeekday": or_null({"$ref": "#/$defs/waitUntilWeekday"}) | {"description": "Part of the week."},
    "waitUntilKeyDate": or_null({"$ref": "#/$defs/waitUntilKeyDate"})
    | {"description": "A key date of the sequence."},
}
"""The waits that a step may have."""
OF_DELAY_NODE_FITS = closed(
    OF_DELAY_NODE,
    {
        **{name: each for name, each in _IN_DELAY.items() if name != "mode"},
        **{name: or_null(LENGTH) for name, unit in waits.OF_DELAY_NODE.items() if unit in waits.UNITS},
        **IN_STEP,
        "mode": _IN_DELAY["mode"],
        "delayMode": _IN_DELAY["mode"],
    },
)
"""What fits the `config` of a delay."""
