"""What is worth a second look in a sequence, its steps aside: its trigger, its state, what stops it, its window."""

from collections.abc import Iterator

from simcore.errors import shown
from simcore.plan.findings import Finding, all_past
from simcore.sequenzy import graph, waits
from simcore.sequenzy.drawing import UNREACHABLE
from simcore.sequenzy.findings import windows
from simcore.sequenzy.model import Sequence

_BEGINS = {  # Q20: what stops whom each trigger takes in
    ("tag_added", "has_tag"): ("tags", "the tag {} is added", "has that tag"),
    ("contact_added", "added_to_list"): ("lists", "somebody joins the list {}", "is on that list"),
    ("segment_entered", "entered_segment"): ("segmentId", "somebody enters the segment {}", "is in it"),
}
_LACKS = {
    "does_not_have_tag": ("tag_added", "tags", "had the tag {}", "has it"),
    "removed_from_list": ("contact_added", "lists", "were on the list {}", "is on it"),
}
_AUDIENCES = ("contact_added", "tag_added", "segment_entered")
"""The triggers that enrol by a list, a tag or a segment (Q39)."""


def of_sequence(sequence: Sequence, as_of_us: int | None) -> Iterator[Finding]:
    """The findings about a sequence; `as_of_us` as for `look_over`."""
    yield from _state(sequence)
    yield from _stops(sequence)
    yield from _window(sequence, as_of_us)
    yield from _content(sequence)


def _state(sequence: Sequence) -> Iterator[Finding]:
    """Q34."""
    if sequence.is_paused:
        yield (
            "paused",
            "status" if sequence.status == "paused" else "effectiveStatus",
            "The sequence is paused, so nobody is enrolled and every run stands where it is: nothing goes out until "
            "it is enabled. Set its status to active to see what it would do.",
        )
    elif sequence.takes_nobody:
        yield (
            "enrolment-paused",
            "enrollmentPaused" if sequence.enrollmentPaused else "effectiveStatus",
            "Enrolments are paused, so the trigger enrols nobody; only entries that are given are taken in. Set "
            "enrollmentPaused to false to see whom it would enrol.",
        )


def _about(sequence: Sequence, name: str) -> tuple[str, ...]:
    """What a trigger is about: lists, tags or a segment."""
    found = getattr(sequence, name)
    return found if isinstance(found, tuple) else (found,)


def _stops(sequence: Sequence) -> Iterator[Finding]:
    """Whom the stop condition ends before anything has happened (Q20)."""
    stop = sequence.stopCondition or {}
    kind, value = str(stop.get("type")), stop.get("value")
    if (stop.get("matchConfig") or {}).get("mode") == "entry_audience":
        any_list = (
            sequence.trigger == "contact_added" and not sequence.lists and sequence.listScope != "any_list"
        )
        if sequence.trigger not in _AUDIENCES or any_list:
            yield (
                "stop-without-audience",
                "stopCondition.matchConfig",
                "The stop condition is about the list, tag or segment that enrolled the subscriber, and by the "
                f"trigger {sequence.trigger} none does, so it never holds. Name what has to be lost in value.",
            )
    elif (sequence.trigger, kind) in _BEGINS:
        name, begins, has = _BEGINS[sequence.trigger, kind]
        if _about(sequence, name) == (value,):
            yield (
                "stops-everyone",
                "stopCondition",
                f"A run begins when {begins.format(shown(value))}, and the stop condition ends it at once for whoever "
                f"{has}: nobody receives anything. Stop on something that happens later.",
            )
    elif kind in _LACKS:
        trigger, name, never, has = _LACKS[kind]
        if sequence.trigger != trigger or _about(sequence, name) != (value,):
            yield (
                "stops-outsiders",
                "stopCondition",
                f"The stop condition also ends the runs of those who never {never.format(shown(value))}: only who "
                f"{has} when the run begins receives anything. See that everyone who is meant {has} by then.",
            )


def _window(sequence: Sequence, as_of_us: int | None) -> Iterator[Finding]:
    window = waits.window(sequence.sendingWindow)
    if window is not None and not window.weekdays:
        yield (
            "window-closed",
            "sendingWindow.days",
            "The sending window has no days, so no email ever goes out. Name at least one day, or leave out days for "
            "all seven.",
        )
    elif window is not None:
        yield from windows.skipped(window, sequence.left_out, "sendingWindow", as_of_us)
        if told := windows.all_left_out(window, sequence.left_out, as_of_us):
            yield (
                "left-out-all",
                "left_out",
                f"The sending window is on {told}: no email goes out then. Leave out fewer dates.",
            )
    yield from all_past(sequence.left_out, sequence.time_zone, as_of_us)


def _content(sequence: Sequence) -> Iterator[Finding]:
    if sequence.goal is not None:  # Q6
        yield (
            "no-steps",
            "steps",
            "The sequence has a goal and no steps yet, so there is nothing to project. Fetch it again once its "
            "emails are written (GET /api/v1/sequences/{id}).",
        )
    elif not any(place.kind == "email" for place in graph.places(sequence.steps or ())):
        what = "No step is an email" if sequence.steps else "There are no steps"
        yield "no-emails", "steps", f"{what}, so nobody who is enrolled is sent one. Add an email."
    for at, node in enumerate(sequence.extra.get(UNREACHABLE) or ()):
        yield (
            "unreachable",
            f"{UNREACHABLE}[{at}]",
            f"Nothing leads to the node {shown(node.get('id'))}, so nobody ever comes to it. Lead an edge to it, or "
            "remove it.",
        )
