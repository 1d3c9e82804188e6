"""Sequenzy's API: what each call does, and what it is answered."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pandas as pd

from simcore import sequenzy
from simcore.errors import SimcoreError, ValidationError, shown
from simcore.sequenzy import graph
from simcore.twin import sequenzy_people_api as people
from simcore.twin.answers import Answer, Call, Refused
from simcore.twin.drawn import Drawing
from simcore.twin.pages import by_offset
from simcore.twin.sequenzy_account import USUAL_EMAILS, Sequence
from simcore.twin.stamps import text
from simcore.twin.world import Handler, World

GENERATING = (
    "Sequence created. AI is generating email content based on your brand. "
    "This typically takes 30-60 seconds."
)
_OWN = {"steps", "createdAt", "status", "effectiveStatus", "goal", "emailCount", "extra", "envelope"}
_TRIGGER = (
    *("listId", "listIds", "listScope", "tagName", "tagNames", "segmentId", "stopOnSegmentExit", "eventName"),
    *("webhookId", "propertyFilters", "inactiveDays", "inactivityBaseline", "minCount", "timeWindowDays"),
)
_SETTINGS = (
    *("enrollmentMode", "enrollmentFieldPath", "activeSubscribersOnly", "stopCondition", "sendingWindow"),
    "keyDates",
)
_CHANGED = frozenset({each.name for each in fields(sequenzy.Sequence)} - _OWN)
_CONTENT = ("subject", "previewText", "html", "blocks", "name", "isTransactional")
_STATES = {
    "active": "waiting",
    "completed": "completed",
    "stopped": "cancelled",
    "cancelled": "cancelled",
    "removed": "cancelled",
}
_EFFECTIVE = {"draft": "draft", "active": "live", "paused": "paused"}


def _emails(sequence: Sequence) -> int:
    if not sequence.is_written:
        return sequence.now.emailCount or USUAL_EMAILS
    return sum(node.kind == "email" for node in sequence.now.nodes)


# ---------------------------------------------------------------- sequences


def summary(sequence: Sequence) -> dict[str, Any]:
    """A sequence as a list gives it."""
    now, status = sequence.now, sequence.status
    config = {name: value for name in _TRIGGER if (value := getattr(now, name)) is not None}
    settings = {name: value for name in _SETTINGS if (value := getattr(now, name)) is not None}
    paused = now.enrollmentPaused is True
    live = _EFFECTIVE[status]
    return {
        "id": sequence.id,
        "name": now.name,
        "status": status,
        "effectiveStatus": "enrollment_paused" if paused and live == "live" else live,
        "trigger": now.trigger,
        "triggerConfig": config,
        **settings,
        "enrollmentPaused": paused,
        "emailCount": _emails(sequence),
        "createdAt": text(sequence.created_us),
        "updatedAt": text(sequence.updated_us),
    }


def details(sequence: Sequence) -> dict[str, Any]:
    """A sequence as a call for it alone gives it: its steps are nodes, edges and emails (Q26)."""
    found = summary(sequence)
    if not sequence.is_written:
        return {**found, "goal": sequence.goal, "enrichmentStatus": "in_progress", "enrichedCount": 0}
    drawing = Drawing(sequence.now.steps or ())
    return {
        **found,
        "enrichmentStatus": "complete",
        "enrichedCount": found["emailCount"],
        "graphRevision": f"rev_{sequence.updated_us}",
        "nodes": drawing.nodes,
        "edges": drawing.edges,
        "emails": drawing.emails,
        **sequence.now.extra,
    }


def list_sequences(world: World, call: Call) -> Answer:
    """The sequences, the newest first."""
    status, search = call.query.get("status"), call.query.get("search", "").lower()
    known = [
        each
        for each in reversed(world.sequenzy.sequences.values())
        if status in {None, "", each.status} and search in each.now.name.lower()
    ]
    some, pagination = by_offset(call.query, len(known), 50, 100)
    if not {"limit", "offset"} & {*call.query}:
        some, pagination = range(len(known)), {**pagination, "limit": None, "count": len(known)}
        pagination["hasMore"] = False
    listed = [summary(known[at]) for at in some]
    return Answer(200, {"success": True, "sequences": listed, "pagination": pagination})


def create_sequence(world: World, call: Call) -> Answer:
    """A new draft."""
    found = world.do("sequenzy.create", body=call.fields(400))
    made = {"id": found.id, "name": found.now.name, "status": "draft", "emailCount": _emails(found)}
    message = "Sequence created." if found.is_written else GENERATING
    return Answer(200, {"success": True, "message": message, "sequence": made})


def get_sequence(world: World, call: Call) -> Answer:
    """One sequence."""
    return Answer(200, {"success": True, "sequence": details(world.sequenzy.sequence(call.path["id"]))})


def update_sequence(world: World, call: Call) -> Answer:
    """Other settings of a sequence, and other content of its emails."""
    found, body = world.sequenzy.sequence(call.path["id"]), call.fields(400)
    given = {name: value for name, value in body.items() if name in _CHANGED}
    emails = body.get("emails", body.get("steps"))
    unknown = {*body} - _CHANGED - {"emails", "steps", "confirmLiveChange", "confirmStructuralChange"}
    if unknown:
        raise Refused(400, f"the twin does not change: {', '.join(sorted(unknown))}")
    if emails is not None:
        given["steps"] = _with_content(found, emails)
    if given:
        world.do("sequenzy.update", sequence=found.id, fields=given)
    made = {"id": found.id, "name": found.now.name, "status": found.status}
    return Answer(200, {"success": True, "sequence": made})


def _with_content(sequence: Sequence, emails: Any) -> list[dict[str, Any]]:
    """The steps with other content of some emails, which are named by node or email, or come in order."""
    if not isinstance(emails, list) or not all(isinstance(each, Mapping) for each in emails):
        raise Refused(400, f"emails must be a list of objects (found {shown(emails)})")
    if not sequence.is_written:
        raise Refused(400, "The emails of this sequence are still being generated")
    steps = [dict(step) for step in sequence.now.steps or ()]
    places = {graph.step_id(step, at): at for at, step in enumerate(steps) if graph.kind(step) == "email"}
    for order, item in enumerate(emails):
        name = item.get("nodeId") or item.get("emailId") or (next(iter([*places][order : order + 1]), None))
        at = places.get(name) if isinstance(name, str) else None
        if at is None:
            raise Refused(400, f"emails[{order}] is no email of this sequence (found {shown(name)})")
        other = {*item} - {*_CONTENT, "nodeId", "emailId"}
        if other:
            raise Refused(400, f"the twin does not change: {', '.join(sorted(other))}")
        content = {key: value for key, value in item.items() if key in _CONTENT}
        if "html" in content or "blocks" in content:
            steps[at] = {key: value for key, value in steps[at].items() if key not in {"html", "blocks"}}
        steps[at] |= content
    return steps


def _switched(world: World, call: Call, *, on: bool) -> Answer:
    found = world.sequenzy.sequence(call.path["id"])
    world.do("sequenzy.switch", sequence=found.id, on=on)
    said = summary(found)
    return Answer(
        200,
        {
            "success": True,
            "message": f"Sequence {'enabled' if on else 'disabled'}.",
            "sequenceId": found.id,
            **{name: said[name] for name in ("status", "effectiveStatus", "enrollmentPaused")},
        },
    )


def enable(world: World, call: Call) -> Answer:
    """A sequence takes people in, and sends."""
    return _switched(world, call, on=True)


def disable(world: World, call: Call) -> Answer:
    """A sequence holds everybody where they stand."""
    return _switched(world, call, on=False)


# ---------------------------------------------------------------- enrolments


def list_enrollments(world: World, call: Call) -> Answer:
    """Who is in a sequence, the latest first (Q41)."""
    found = world.sequenzy.sequence(call.path["id"])
    known = _enrollments(world, found)
    wanted = {each.strip() for each in call.query.get("status", "active,waiting,paused").split(",")}
    known = [each for each in known if each["status"] in wanted]
    for name in ("subscriberId", "currentNodeId"):
        if call.query.get(name):
            values = {each.strip() for each in call.query[name].split(",")}
            known = [each for each in known if each[name] in values]
    if call.query.get("email"):
        known = [each for each in known if each["email"].lower() == call.query["email"].strip().lower()]
    if call.query.get("sort") != "enrolled_at_asc":
        known.reverse()
    some, pagination = by_offset(call.query, len(known), 100, 500)
    return Answer(
        200,
        {
            "success": True,
            "sequenceId": found.id,
            "sequenceName": found.now.name,
            "statuses": sorted(wanted),
            "enrollments": [known[at] for at in some],
            "pagination": pagination,
        },
    )


def _enrollments(world: World, found: Sequence) -> list[dict[str, Any]]:
    """All enrolments of a sequence, in their order."""
    if found.enabled_us is None:
        return []
    runs = found.kept.standing(world.now_us).subscribers
    us = {
        name: pd.DatetimeIndex(runs[name]).as_unit("us").asi8.tolist()
        for name in ("entered_at", "next_send_at", "last_send_at", "ended_at")
    }
    rows = zip(
        *(runs[name].tolist() for name in ("subscriber_id", "run", "status", "next_email_id", "via")),
        *us.values(),
        strict=True,
    )
    listed = []
    for who, run, status, node, via, entered_us, next_us, last_us, ended_us in rows:
        state = _STATES[status]
        active = state == "waiting"
        person = world.sequenzy.subscribers[who]
        updated_us = max(entered_us, last_us, ended_us)
        listed.append({
            "enrollmentId": f"enr_{found.id}_{who}_{run}",
            "subscriberId": who,
            "email": person.email,
            "subscriberStatus": person.status,
            "status": state,
            "enteredVia": {"kind": _KINDS.get(via, "unknown")},
            "currentNodeId": node if active and isinstance(node, str) else None,
            "waitUntil": text(next_us) if active and next_us > 0 else None,
            "enrollmentStartedAt": text(entered_us),
            "lastUpdatedAt": text(updated_us),
        })
    return listed


_KINDS = {
    "contact_added": "list",
    "tag_added": "tag",
    "segment_entered": "segment",
    "event_received": "event",
    "inactivity": "inactivity",
    "frequency": "frequency",
    "manual": "manual",
}


def enroll(world: World, call: Call) -> Answer:
    """Subscribers are put into a sequence by hand."""
    found, body = world.sequenzy.sequence(call.path["id"]), call.fields(400)
    known: list[str] = []
    missing: list[str] = []
    for name in ("emails", "subscriberIds"):
        listed = body.get(name) or []
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise Refused(400, f"{name} must be a list of texts (found {shown(listed)})")
        for each in listed:
            try:
                known.append(world.sequenzy.subscriber(each).id)
            except Refused:
                missing.append(each)
    if body.get("targetNodeId") is not None:
        raise Refused(400, "the twin takes people in at the first step: leave targetNodeId out")
    before = _runs(world, found)
    world.do("sequenzy.enroll", sequence=found.id, subscribers=known)
    enrolled = _runs(world, found) - before
    counts = {"enrolled": enrolled, "skipped": len(known) - enrolled}
    return Answer(200, {"success": True, **counts, "notFound": missing})


def _runs(world: World, found: Sequence) -> int:
    return 0 if found.enabled_us is None else len(found.kept.sent(world.now_us).who)


_CALLS: dict[tuple[str, str], Handler] = {
    ("GET", "/sequences"): list_sequences,
    ("POST", "/sequences"): create_sequence,
    ("GET", "/sequences/{id}"): get_sequence,
    ("PUT", "/sequences/{id}"): update_sequence,
    ("POST", "/sequences/{id}/enable"): enable,
    ("POST", "/sequences/{id}/disable"): disable,
    ("GET", "/sequences/{id}/enrollments"): list_enrollments,
    ("POST", "/sequences/{id}/enroll"): enroll,
    ("POST", "/subscribers/events"): people.track_event,
    ("POST", "/subscribers/tags"): people.add_tag,
    ("POST", "/subscribers/tags/remove"): people.remove_tag,
    ("GET", "/subscribers"): people.list_subscribers,
    ("POST", "/subscribers"): people.create_subscriber,
    ("GET", "/subscribers/me"): people.get_me,
    ("GET", "/subscribers/{email}"): people.get_subscriber,
    ("PATCH", "/subscribers/{email}"): people.update_subscriber,
    ("GET", "/tags"): people.list_tags,
    ("GET", "/lists"): people.list_lists,
    ("POST", "/lists"): people.create_list,
    ("POST", "/lists/{list_id}/subscribers"): people.add_to_list,
    ("GET", "/account"): people.get_account,
}
CALLS = {(method, f"/api/v1{path}"): handler for (method, path), handler in _CALLS.items()}
CALLS |= {  # as it was called before
    (method, f"/v1{path}"): handler for (method, path), handler in _CALLS.items() if path[:10] == "/sequences"
}


def refusal(error: SimcoreError | Refused) -> Answer:
    """What Sequenzy says of a call that is refused."""
    if isinstance(error, Refused):
        return Answer(error.status, {"success": False, "error": "; ".join(error.errors)})
    if isinstance(error, ValidationError):
        told = [f"{path}: {message}" if path else message for path, message in error.problems]
        return Answer(400, {"success": False, "error": "; ".join(told[:20])})
    return Answer(400, {"success": False, "error": str(error)})
