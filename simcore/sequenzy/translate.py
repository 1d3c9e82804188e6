"""A Sequenzy sequence and the assumptions about Sequenzy become a plan (Q8 to Q24)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from simcore.clock.delays import DateOfRun, Delay, Elapsed, UntilOpen
from simcore.clock.gates import Anytime, Closed, Gate, Poll, SendWindow
from simcore.clock.instants import read_one
from simcore.clock.words import length
from simcore.clock.zones import FAR_US
from simcore.errors import SimcoreError
from simcore.plan.log import Events, Vocabulary, text_id
from simcore.plan.plan import Plan, SideBySide, Step, Stop, Trigger
from simcore.sequenzy import tags, waits
from simcore.sequenzy.assumptions import Assumptions
from simcore.sequenzy.model import Sequence
from simcore.sequenzy.properties import date_us, key, values
from simcore.sequenzy.stops import Happened, Membership
from simcore.sequenzy.triggers import Frequency, Inactivity, Received, SegmentEntered

_VIAS = ("trigger", "manual")  # Q24
_JOINS = {
    "tag_added": ("tag", True),
    "tag_removed": ("tag", False),
    "list_joined": ("list", True),
    "list_left": ("list", False),
    "segment_entered": ("segment", True),
    "segment_left": ("segment", False),
}
_CLEARS = {"unsubscribed": "list"}  # Q21
_LEAVES = {  # Q21
    "unsubscribed": ("cancelled", True),
    "bounced": ("cancelled", True),
    "complained": ("cancelled", True),
    "removed": ("removed", False),
}
_RETURNS = frozenset({"resubscribed"})
EVENTS = Events(
    vocabulary=Vocabulary(
        names=frozenset({*_JOINS, *_LEAVES, *_RETURNS, "field_changed"}),
        other=True,
        about=frozenset({*_JOINS, "field_changed"}),
        ref=text_id,
        expected="the name or id",
    ),
    joins=_JOINS,
    clears=_CLEARS,
    leaves=_LEAVES,
    returns=_RETURNS,
)
_STOPS = {  # Q20: what it is about, whether it stops who is in, and the event that makes it so
    "has_tag": ("tag", True, "tag_added"),
    "does_not_have_tag": ("tag", False, "tag_removed"),
    "added_to_list": ("list", True, "list_joined"),
    "removed_from_list": ("list", False, "list_left"),
    "entered_segment": ("segment", True, "segment_entered"),
}
_WORDS = {  # Q22
    "blocked": "unsubscribed, bounced or complained before, and did not resubscribe",
    "repeated": "has had a run, and nobody goes through this sequence twice",
    "duplicate": "an active run is in the way",
    "no_key": "the event has no value that tells runs apart",
    "started": "the subscriber was enrolled",
    "discount": "a discount code was made",
    "sms": "a text message went out",
    "update_subscriber": "the subscriber was updated",
    "stopped": "the stop condition held",
    "stopped:left": "a look found the subscriber outside the segment",
    "stopped:undated": "the date to wait for was missing",
    "cancelled": "unsubscribed, bounced or complained",
    "removed": "removed from the sequence",
    "completed": "no step was left",
}


def translate(sequence: Sequence, assume: Assumptions) -> Plan:
    """The plan of a sequence. Raises SimcoreError where its steps are still to be written (Q6)."""
    steps, stop = _steps(sequence, assume), _stop(sequence.stopCondition or {}, assume)
    return Plan(
        time_zone=sequence.time_zone,
        steps=steps,
        active=True,
        vias=_VIAS,
        events=EVENTS,
        trigger=_trigger(sequence, assume),
        trigger_via=sequence.trigger,
        entry=SideBySide(
            once=sequence.mode == "one_time",
            key=_key(sequence.enrollmentFieldPath or None) if sequence.mode == "matching_field" else None,
            if_idle_vias=frozenset({"manual"}),
        ),
        stop=stop,
        words=_WORDS,
        reads_properties=bool(sequence.propertyFilters)
        or sequence.mode == "matching_field"
        or (isinstance(stop, Happened) and bool(stop.filters or stop.rules))
        or any(step.render or isinstance(step.delay, DateOfRun) for step in steps),
        renders=True,
        text_ids=True,
    )


def _key(path: str | None) -> Callable[[Any], Any]:
    return lambda properties: key(properties, path)


def _steps(sequence: Sequence, assume: Assumptions) -> tuple[Step, ...]:
    steps: list[Step] = []
    window = waits.window(sequence.sendingWindow)
    discount: tuple[str, Mapping[str, Any]] | None = None
    if sequence.steps is None:
        raise SimcoreError(
            "the sequence has a goal and no steps: fetch it again once its emails are written "
            "(GET /api/v1/sequences/{id}), and load that"
        )
    for position, step in enumerate(sequence.steps):
        name, subject = sequence.email_ids[position], ""
        kind = {"email": "", "create_discount": "discount"}.get(step.get("type") or "email", step.get("type"))
        wait = waits.wait(step)
        delay, gate = _wait(wait)
        render, shows = None, None
        if not kind:
            subject = step["subject"]
            if window is not None and not gate.closed:
                gate = _gate(window)  # Q9
            used = tags.used(subject)
            if used:
                shows = discount[0] if discount and "discount" in used else None
                render = partial(_rendered, subject, discount)
        steps.append(
            Step(
                position=position,
                email_id=name,
                subject=subject,
                delay=delay,
                gate=gate,
                sends=not kind,
                passed=kind or "",
                is_email=not kind,
                called="step" if kind else "email",
                # Any other wait begins where a node has just been passed, and the same has been looked at.
                stops_waits=wait is not None and not steps and assume.stop_checks == "every_node",
                render=render,
                shows=shows,
            )
        )
        if kind == "discount":
            discount = (name, {"position": position, **step["discount"]})
    return tuple(steps)


def _wait(wait: waits.Wait | None) -> tuple[Delay, Gate]:
    if isinstance(wait, waits.UntilKeyDate | waits.UntilEvent):
        raise SimcoreError("waits for key dates and for events are not projected yet")
    if isinstance(wait, waits.UntilField):  # Q11
        away = f"{length(abs(wait.offset_us))} {'before' if wait.offset_us < 0 else 'after'} "
        name = f"{away if wait.offset_us else ''}the event's {wait.path}"
        return DateOfRun(partial(_date, wait.path, wait.offset_us), wait.exits, name), Anytime()
    if isinstance(wait, waits.Weekdays):  # Q10
        gate = _gate(wait)
        return (Elapsed(0), Closed()) if gate.closed else (UntilOpen(gate), Anytime())
    return Elapsed(0 if wait is None else wait.duration_us), Anytime()  # Q8


def _gate(window: waits.Weekdays) -> SendWindow:
    return SendWindow(*window[:4])


def _date(path: str, offset_us: int, properties: Any) -> int | None:
    found = values(properties, path)
    date = date_us(found[0]) if found else None
    return None if date is None else max(-FAR_US, min(FAR_US, date + offset_us))


def _rendered(
    subject: str, discount: tuple[str, Mapping[str, Any]] | None, properties: Any, run: str, made_us: int
) -> str:
    if discount is None:
        return tags.render(subject, properties, None)
    _, given = discount
    code = f"{given.get('codePrefix') or 'CODE'}-{run}-{given['position']}"
    return tags.render(subject, properties, tags.discount_values(given, code, made_us))


def _poll(length: timedelta) -> Poll:
    return Poll(waits.microseconds(length.days) + length.seconds * 10**6 + length.microseconds)


def _trigger(sequence: Sequence, assume: Assumptions) -> Trigger:
    name = sequence.eventName or ""
    if sequence.trigger == "event_received":
        return Received(name, filters=tuple(sequence.propertyFilters or ()))
    if sequence.trigger == "tag_added":
        return Received("tag_added", sequence.tagName)
    if sequence.trigger == "segment_entered":
        exits = bool(sequence.stopOnSegmentExit)
        return SegmentEntered(sequence.segmentId or "", _poll(assume.segment_poll), exits)
    if sequence.trigger == "inactivity":
        created = sequence.createdAt
        return Inactivity(
            name,
            waits.microseconds(sequence.inactiveDays or 0),
            _poll(assume.inactivity_poll),
            None if created is None else read_one(created, "createdAt", "UTC"),
            sequence.inactivityBaseline == "subscriber_created_at",
        )
    if sequence.trigger == "frequency":
        return Frequency(name, int(sequence.minCount or 0), waits.microseconds(sequence.timeWindowDays or 0))
    if sequence.listId is not None or sequence.listScope == "any_list":
        return Received("list_joined", sequence.listId)
    return Received("contact_added")


def _stop(condition: Mapping[str, Any], assume: Assumptions) -> Stop | None:
    kind, value = condition.get("type") or "none", condition.get("value")
    match = condition.get("matchConfig") or {}
    if kind == "none":
        return None
    if kind in _STOPS:
        source, inside, event = _STOPS[kind]
        if assume.stop_reading == "transition":
            return Happened(event, value)
        return Membership(source, str(value), inside, EVENTS)
    if kind == "field_changed":
        filters = [{"path": "value", **match}] if match else []
        return Happened("field_changed", value, tuple(filters))
    rules = [(each["entryFieldPath"], each["eventFieldPath"]) for each in match.get("rules") or ()]
    return Happened(str(value), None, tuple(match.get("propertyFilters") or ()), tuple(rules))
