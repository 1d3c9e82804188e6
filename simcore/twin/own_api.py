"""The twin's own calls: its clock, its outbox, its people, its faults; and its page for people."""

import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from simcore.errors import SimcoreError, shown
from simcore.twin.answers import Answer, Call, Refused
from simcore.twin.faults import Faults
from simcore.twin.pages import by_offset
from simcore.twin.stamps import instant_us, length_us, text
from simcore.twin.world import Handler, World

MOST_ROWS = 1000
PAGES = {"/": ("page.html", b"text/html; charset=utf-8"), "/page.js": ("page.js", b"text/javascript")}
"""The page for people, which asks for the key itself."""
HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]


def shipped(name: str) -> bytes:
    """A file that comes with the twin."""
    return resources.files("simcore.twin").joinpath(name).read_bytes()


def _given(call: Call, *names: str) -> dict[str, Any]:
    body = {} if call.body is None else call.body
    if not isinstance(body, dict) or not {*body} <= {*names}:
        raise Refused(422, f"the body must be a JSON object with: {', '.join(names)}")
    return body


def see_clock(world: World, call: Call) -> Answer:
    """What time it is."""
    return Answer(200, {"now": text(world.now_us)})


def move_clock(world: World, call: Call) -> Answer:
    """The clock moves forward, by a length (`advance`) or to an instant (`to`)."""
    given = _given(call, "advance", "to")
    if len(given) != 1:
        raise Refused(422, 'give one of: {"advance": "3 days"}, {"to": "2026-03-06T21:00Z"}')
    if "advance" in given:
        world.do("clock", to_us=world.now_us + length_us(given["advance"]))
    else:
        world.do("clock", to_us=instant_us(given["to"], "to"))
    return see_clock(world, call)


def outbox(world: World, call: Call) -> Answer:
    """A page of what was sent, in the order of time."""
    rows = world.outbox()
    if call.query.get("sequence_id"):
        rows = rows[rows["sequence_id"].astype(str) == call.query["sequence_id"]]
    at_us = pd.DatetimeIndex(rows["send_at"]).as_unit("us").asi8
    order = np.argsort(at_us, kind="stable")
    some, pagination = by_offset(call.query, len(rows), 100, MOST_ROWS)
    picked = order[some.start : some.stop]
    part = rows.iloc[picked]
    columns = [name for name in part.columns if name != "send_at"]
    found = [
        {**dict(zip(columns, values, strict=True)), "send_at": text(us)}
        for *values, us in zip(
            *(part[name].tolist() for name in columns), at_us[picked].tolist(), strict=True
        )
    ]
    return Answer(200, {"now": text(world.now_us), "outbox": found, "pagination": pagination})


def people(world: World, call: Call) -> Answer:
    """A page of the runs, and where each stands."""
    frames = []
    for key, kept in world.kept().items():
        frame = kept.standing(world.now_us).subscribers
        frames.append((key, frame))
    total = sum(len(frame) for _, frame in frames)
    some, pagination = by_offset(call.query, total, 100, MOST_ROWS)
    found, before = [], 0
    for key, frame in frames:
        part = frame.iloc[max(0, some.start - before) : max(0, some.stop - before)]
        found += [
            {"sequence_id": key, "email": world.address(row["subscriber_id"]), **row} for row in _plain(part)
        ]
        before += len(frame)
    return Answer(200, {"now": text(world.now_us), "people": found, "pagination": pagination})


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON can hold them: instants as texts, None for missing."""
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            us = pd.DatetimeIndex(values).as_unit("us").asi8.tolist()
            columns[name] = [
                None if missing else text(at) for at, missing in zip(us, values.isna(), strict=True)
            ]
        else:
            columns[name] = values.astype(object).where(values.notna(), None).tolist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def sequences(world: World, call: Call) -> Answer:
    """All sequences, by id, name and platform."""
    found = [
        {"id": number, "name": each.now.name, "platform": "kit"}
        for number, each in world.kit.sequences.items()
    ]
    found += [
        {"id": name, "name": each.now.name, "platform": "sequenzy"}
        for name, each in world.sequenzy.sequences.items()
    ]
    return Answer(200, {"sequences": found})


def openapi(world: World, call: Call) -> Answer:
    """The OpenAPI document of all that the twin serves."""
    return Answer(200, json.loads(shipped("openapi.json")))


def happen(world: World, call: Call) -> Answer:
    """What no call of the platform's API does happens to a subscriber: they bounce, enter a segment."""
    given = _given(call, "platform", "subscriber_id", "event", "ref", "properties")
    platform, subscriber, event = (given.pop(name, None) for name in ("platform", "subscriber_id", "event"))
    happens(world, platform, subscriber, event, **given)
    return see_clock(world, call)


def happens(world: World, platform: Any, subscriber: Any, event: Any, **more: Any) -> None:
    """The same, for Python and for the call."""
    if platform not in ("kit", "sequenzy"):
        raise Refused(422, f"platform must be one of: kit, sequenzy (found {shown(platform)})")
    if platform == "kit":
        properties = more.pop("properties", None)
        if properties is not None:
            raise Refused(422, "properties are not known of Kit's events")
    world.do(f"{platform}.happen", subscriber=subscriber, event=event, **more)


_FAULTS: dict[str, Callable[..., None]] = {
    "rate_limit": Faults.rate_limit,
    "unavailable": Faults.unavailable,
    "slow": Faults.slow,
    "cut": Faults.cut,
}


def calls(faults: Faults) -> dict[tuple[str, str], Handler]:
    """The twin's own calls, with its faults."""

    def make_faults(world: World, call: Call) -> Answer:
        given = _given(call, *_FAULTS, "off")
        off = given.pop("off", False)
        for name, arguments in given.items():
            if not isinstance(arguments, dict):
                raise Refused(422, f"{name} must be an object of its arguments (found {shown(arguments)})")
            try:
                _FAULTS[name](Faults(), **arguments)  # so that all are made, or none
            except TypeError:
                raise SimcoreError(f"{name}: found {shown(arguments)}, expected its arguments") from None
        if off:
            faults.off()
        for name, arguments in given.items():
            _FAULTS[name](faults, **arguments)
        return Answer(200, {"faults": repr(faults)})

    def reset(world: World, call: Call) -> Answer:
        """Everything is as it was at the start, and nothing goes wrong."""
        _given(call)
        world.reset()
        faults.off()
        return see_clock(world, call)

    return {
        ("GET", "/_twin/clock"): see_clock,
        ("POST", "/_twin/clock"): move_clock,
        ("GET", "/_twin/outbox"): outbox,
        ("GET", "/_twin/people"): people,
        ("GET", "/_twin/sequences"): sequences,
        ("POST", "/_twin/events"): happen,
        ("POST", "/_twin/faults"): make_faults,
        ("POST", "/_twin/reset"): reset,
        ("GET", "/_twin/openapi.json"): openapi,
    }
