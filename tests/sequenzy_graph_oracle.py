"""A slow, plain second reading of rules Q26 to Q41 of Sequenzy's sequences, to compare the library with.

It shares no code with the library. It simulates one subscriber at a time, one instant after the other, over the
graph that `sequenzy_graph_reading` makes of a body; what it needs of Q1 to Q25 (windows, properties, polls) is
`sequenzy_oracle`'s. `simulate_case` takes a case as `sequenzy_graph_cases` makes it: a dict that JSON can hold.

Choices: where the rules leave room, what is taken here, why, and what else (or:) it could be.

Reading bodies
C1. A branch in `steps` is a step with `branches` (`type` "branch" or "logic_branch", `nodeType` "logic_branch",
    or neither); a wait for an event has `type` "wait_for_event" or "logic_wait_for_event". The rules name neither;
    these are the platform's node types. or: another word.
C2. The fields of tag, list, update, wait and condition steps stand in the step or in its `config`: the platform
    has both. A step without a type that has a discount and no subject is a discount step: the old top-level
    fields (Q27) are those of a step, beside `type`, as the platform says. or: of the body.
C3. A completion node is any node of a graph that is of no type of step: the rules do not name its type.
    or: one type by name, any other refused.
C4. Positions (Q22): a `logic_delay` right before a step that is no delay, to which nothing else leads, is that
    step's wait and has its position; any other delay is a step of its own and is counted, as a step of type
    `delay` is. So a body and the graph that the platform makes of it have the same positions, but where a step of
    type `delay` stands before another step: the graph does not tell it from that step's wait. In a delay's
    config (Q26 names durations alone) `waitUntil`, `waitUntilWeekday`, `waitUntilKeyDate`, `mode` and `delayMode`
    are read too, or else what the email after it repeats. or: every delay is counted; or none.
C5. A path of a branch goes on, after its steps, to its `targetNodeId`, or else to the step after the branch; where
    there is none, up the nesting, and then it ends. In a graph edges say it: `condition.branchId` is the
    branch's `id` (`branch-0`, … by default) or `else`, as the platform has it. A missing else path goes on to the
    step after the branch. or: a path without a target ends.
C6. Positions of graphs (Q36): steps are numbered depth first, the branch itself counted; a step at which paths
    join is numbered once, when the last of them comes to it, which is its place in `steps` unless a path has a
    target past it. or: when the first path comes to it; or in the order of the `nodes` list.
C7. A blank draft (Q27) has no rows at all, whatever the events: nothing to send. or: an error; or runs that complete
    at once.

Waits
C8. A run is over when its last node has run and, where that is a wait, when the wait is over: on the platform a
    completion node follows. It completes then. or: Q19 word for word, at the instant that the wait is reached.
C9. `skip` passes over email and action steps, each journalled `skipped` at that instant with its id, without a
    look at the stop condition: they do not run. Waits for events, branches and conditions stop it. At the end the
    run completes. or: the stop condition is looked at before each.
C10. A date is past (Q29) where it, with its offset, is strictly before the instant at which the node is reached:
     there is nothing to wait for at that very instant, but nothing has passed either. or: at or before.
C11. Q28 while waiting: a later date is followed at once and kept, also where it is moved back afterwards
     ("does not release it sooner"). or: the date is read again only when the wait is over.
C12. A date that is removed while a run waits for it, or becomes no date, follows `missingAction` at that instant
     (the platform says so of removed dates). or: at the end of the wait; or it changes nothing.
C13. A property of a run (Q28, Q36) is what was said last: by `field_changed` at any time before, or by the run's
     own entry. Of one instant the entry is later (Q19: events first). What another entry of the same person
     says does not count. A field is looked up by its whole name, and in an entry's attributes by dot path too.
     or: the log always wins; or the attributes belong to the person.
C14. Zones (Q31) likewise: `field_changed` of `timezone`, or the run's own entry, whichever is later; read when
     the node is reached, a change moves nobody who waits. `sendingWindow` has `timezoneSource` too, for Q31 names
     no one wait. or: only weekday waits have it.
C15. A trigger's run has no attributes or zone of its own but the log's: there is no entry.
C16. A `field_changed` to what is no IANA zone makes the zone unknown: the window's own then. or: the last good one.
C17. minimumWait is part of the wait, rounded as Q8 rounds: reached at t, the window is looked for from
     t + minimumWait on, and the stop condition is not looked at in between.
C18. The stop condition with `stop_checks: steps` is not looked at before waits, those for events included; it is
     before branches and conditions, which are no waits. or: not before those either.
C19. Waits for events (Q37): any event of the log of that name, tracked or built-in; what steps do is none.
     `earlier_events: count` counts those strictly later than the enrolment ("the enrolling event and earlier
     history never satisfy", as the platform says of stops). or: those of its instant too ("from the enrolment
     on"). A wait for an event ends at the `at` of the event, however late it was received.

Entering
C20. Whom `enrollmentPaused` or a paused or disabled sequence keeps out is journalled `blocked` (Q18: whoever is
     not enrolled is journalled), and the occasion is used up. or: no row, as before `enabled_at`.
C21. With `entries` every one of them is given by hand (Q24: no trigger is looked at): a pause of enrolments or of
     the sequence keeps none out; while it is held they stand at their first node.
     or: those `via` trigger are kept out; or (the platform, of disabled) all are.
C22. Of several reasons the first: blocked, duplicate (by hand, active), repeated (not manual), no_key,
     duplicate (same key): Q18's order. So an audience entry with an active run is `duplicate` also under one_time.
     or: repeated.
C23. `unsubscribed`, `bounced`, `complained` since the last `resubscribed` make a person inactive (Q33, which stands
     above Q21's "block enrolments"). Whether a marketing email is skipped is looked at when it comes due, after
     the stop condition and the window. An unsubscribe later in the instant of an enrolment makes that run's person
     inactive, and does not end it: it was first (Q19). or: an email to them is skipped without waiting for the window.
C24. `received_at` (Q39): later than `at` by more than an hour, to the microsecond, starts nothing and leaves no
     row; whatever else the event does it does at `at`, counting for frequency included. Events received sooner
     enrol at `at`, the only instant that Q14 has. or: at `received_at`; or `blocked` in the journal.
C25. inbound_webhook: an event named `eventName` (or `inbound_webhook` where the body has none) whose `ref` is the
     body's `webhookId`, where it has one. The rules name no field for the id. or: another field; or the event's
     name is always `inbound_webhook`.
C26. entry_audience: the list, tag or segment whose event enrolled the run; with entries via trigger the only
     one that the trigger names, by hand none; where there is none the condition never holds. The kind of set is
     what enrolled, whatever the condition's type. `stop_reading: transition` looks for its leaving event.
     or: whoever is in none of the trigger's sets is stopped.
C27. A GET body's `effectiveStatus` "enrollment_paused" and "paused" are read as `enrollmentPaused` and `status`:
     the platform says that `status` alone does not tell. or: it is not looked at.
C28. Enrolments (Q41): every row is an entry, whatever its status, for it has started; `enteredVia` manual and
     audience are kept, any other is trigger. or: only those that still run.

Steps and branches
C29. A step's tag or list change is as an event of its name for all that looks afterwards: sets, both readings of
     stop conditions, branches. It starts no run of this sequence (that instant's enrolments are past, and it would
     go round for ever), and no wait for an event ends by it. or: it is an occasion for the trigger too.
     `update_subscriber` also sets literal `customAttributeUpdates` (a lone `{{event.path}}` filled in), as
     `field_changed`. Its other statuses are refused. or: it changes no properties.
C30. The journal's word for the new steps is their type: push, add_tag, remove_tag, add_to_list,
     remove_from_list, webhook, ai, as of sms. Waits, branches and conditions leave no row. or: branches do.
C31. Key dates: an `at` without a zone is wall-clock time in `keyDates.timezone` (fold 0); a key that is not
     given is the label in lower case, all but letters and digits as `_` (the platform's words). or: UTC.
C32. A condition step is a gate: where it does not hold the run ends, `stopped`, as other exits do. or: completed.
C33. has_phone: the property `phone` is a text that is not empty, or another value that is not null or false.
     sms_subscribed: the property `sms_subscribed` is true. The rules name no source. or: events; or refused.
C34. `this_sequence`: strictly later than the run's enrolment (as Q20), not later than the node. `ever`: any
     earlier event of the log, from its start. `previous_email` is refused. or: the instant of the enrolment too.
C35. field_equals is Q14's equality: 5 is not "5". field_contains is Q14's contains. field_greater_than and
     field_less_than follow `numeric_strings` (their value is a string in the API); under `strict` they never
     hold for a string. Filters (Q14) never compare strings as numbers. or: as texts, 5 equals "5".
C36. A decimal number in a string: an optional sign, digits, an optional point and digits; nothing else.
     or: exponents and spaces too.
C37. Nodes of several runs of one person at one instant: in the order of the runs, each as far as it goes; then
     again, until nothing is left to do. or: node by node, in turns.
C38. A random split asks `choose(subscriber_id, run, node id, percentages)`, or the case's table of `paths`.

Changes
C39. Of one instant changes come first, in the order given, as Kit's do (K18). or: after the events.
C40. In `steps` a step's wait is one with the step: told apart by the step's id. Taking a wait away, or making it
     another, moves nobody who waits there (they keep their instant); only deleting the step does. In a graph the
     delay is a node of its own. or: a wait taken away is a deleted node in `steps` too.
C41. A deleted node sends those parked at it, at that instant, to the first surviving step after it in the graph
     before the change; its own wait counts from then. Where nothing survives they complete then, held or not.
     Several survivors are refused (as the platform does). or: the wait that they had goes on.
C42. A run on a wait keeps the instant at which the wait is over; the email after it then passes the window in
     force then (the platform: "narrowing the window can defer them to the next allowed day"). A run that a window
     holds keeps the instant that it was given, and sends then. Who waits at a closed gate waits for no instant,
     and is looked at again through a new window. or: wait and window are one instant, and that is kept.
C43. realign: a wait right before an email, and an email that a window holds, move to the later of the change and
     the first open instant of the new window on the local date for which they stand, where that is earlier, and
     never to another date. Waits for events and waits before other steps do not move (the platform's words).
C44. A change of `keyDates` moves nobody who waits already (Q40 word for word). or: the platform's words, by which
     it re-schedules those who wait for a key date.
C45. Held: no node runs; waits come to their end, and what follows stands. Enabled: what came due meanwhile is due
     then; an email passes the window from then, which is still a window. A wait that ends the run does so then, and
     so does completing. Events still end runs, and looks still happen. or: emails go at that instant, whatever the
     window says.
C46. `enable` undoes `status: paused` as well as `disable` (Q34: until it is enabled). `enabled_at` is another matter.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sequenzy_graph_reading import (
    END,
    OUT,
    WAITS,
    Graph,
    Node,
    Wait,
    graph_of,
    is_blank,
    key_dates_of,
    known_zone,
    opened,
    several,
    window_in,
)
from sequenzy_oracle import (
    DEFAULTS,
    ENDS,
    HOUR,
    KEY_PATHS,
    KEYED_EVENTS,
    SETS,
    STOPS,
    Result,
    Row,
    Window,
    as_timedelta,
    contains,
    date_of,
    exact,
    first_of,
    found_at,
    holds,
    in_order,
    instant,
    is_number,
    length_of,
    maybe_instant,
    next_look,
    passes,
    same,
    zone_info,
)

DEFAULTS = {
    **DEFAULTS,
    "numeric_strings": "compare",  # Q32
    "update_unsubscribes": True,  # Q35
    "activity_scope": "ever",  # Q36
    "earlier_events": "ignore",  # Q37
    "release": "at_once",  # Q40
}
BY_HAND = {"manual", "audience"}
CHANGES_A_SET = {  # Q35: a step, the event that it is as, where its tag or list stands
    "add_tag": ("tag_added", ("tagName", "tagId")),
    "remove_tag": ("tag_removed", ("tagName", "tagId")),
    "add_to_list": ("list_joined", ("listId",)),
    "remove_from_list": ("list_left", ("listId",)),
}
LEAVING = {"tag": "tag_removed", "list": "list_left", "segment": "segment_left"}
DELAYS = WAITS - {"event"}
Chooser = Callable[[Any, int, str, list[float]], int]


def as_number(value: Any) -> Fraction | None:
    """The number that a value is, or that a string spells."""  # Q32, C36
    if is_number(value):
        return exact(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
        return Fraction(value)
    return None


def compares(operator: str, one: Any, value: Any, reading: str) -> bool:
    """greater_than and less_than where the value to compare with is a string in the API."""  # Q32
    if reading == "compare" and (isinstance(one, str) or isinstance(value, str)):
        left, right = as_number(one), as_number(value)
    else:
        left, right = (exact(x) if is_number(x) else None for x in (one, value))
    if left is None or right is None:
        return False
    return left > right if operator == "greater_than" else left < right


@dataclass
class Run:
    """One time through the sequence."""

    number: int
    via: str
    entered_at: datetime
    order: int  # among the entries and changed fields of the subscriber
    properties: object
    key: Any
    audience: tuple[str, str] | None = None  # Q39
    attributes: Row | None = None  # Q28
    time_zone: object = None  # Q31
    node: str = ""
    waiting: bool = False  # whether that node has run and is a wait
    at: datetime | None = None  # when the wait is over, or when the node runs; None at a closed gate
    wait: Wait | None = None
    lets_go: bool = True  # whether the run goes on when the wait is over
    status: str = "active"
    sends: list[datetime] = field(default_factory=list)
    ended_at: datetime | None = None


@dataclass
class Setting:
    """The sequence as it stands, and how its rules are read."""

    body: Row
    rules: Row
    enabled_at: datetime | None
    choose: Chooser
    graph: Graph
    held: bool = False

    def change(self, fields: Row) -> None:
        drawn = {"nodes": None, "edges": None, "emails": None} if "steps" in fields else {}
        kept = {name: value for name, value in {**self.body, **drawn, **fields}.items() if value is not None}
        self.body = opened(kept)
        self.graph = graph_of(self.body)

    @property
    def mode(self) -> str:
        keyed = self.body["trigger"] == "event_received" and self.body.get("eventName") in KEYED_EVENTS
        return self.body.get("enrollmentMode") or ("matching_field" if keyed else "unlimited")  # Q3

    @property
    def paused(self) -> bool:
        """Whether nobody enters by the trigger."""  # Q34, C27
        status = self.body.get("effectiveStatus")
        return self.held or bool(self.body.get("enrollmentPaused")) or status == "enrollment_paused"

    def enabled(self, t: datetime) -> bool:
        return self.enabled_at is None or t >= self.enabled_at  # Q13

    def key(self, properties: object) -> Any:
        path = self.body.get("enrollmentFieldPath")
        values = [value for name in ([path] if path else KEY_PATHS) for value in found_at(properties, name)]
        first = next((value for value in values if value is not None), None)
        return None if isinstance(first, list | dict) else first  # Q18

    def audience(self) -> tuple[str, str] | None:
        """The one list, tag or segment that the trigger names."""  # C26
        body = self.body
        if body["trigger"] == "segment_entered":
            return ("segment", str(body["segmentId"]))
        if body["trigger"] == "tag_added":
            kind, names = "tag", several(body, "tagNames", "tagName")
        else:
            kind, names = (
                "list",
                several(body, "listIds", "listId") if body["trigger"] == "contact_added" else None,
            )
        return (kind, names[0]) if names is not None and len(names) == 1 else None


def setting_of(body: Row, assumptions: Row, enabled_at: datetime | None, choose: Chooser) -> Setting:
    body, rules = opened(body), {**DEFAULTS, **assumptions}
    for name in ("segment_poll", "inactivity_poll"):
        rules[name] = as_timedelta(rules[name])
    if body.get("goal") and not body.get("steps") and not body.get("nodes"):
        raise ValueError("a goal has nothing to send yet")  # Q6
    held = "paused" in (body.get("status"), body.get("effectiveStatus"))  # Q34, C27
    return Setting(body, rules, enabled_at, choose, graph_of(body), held)


class Person:
    """What is known of a subscriber: tags, lists, segments, fields, and what has happened."""

    def __init__(self) -> None:
        self.seen: list[Row] = []
        self.inside: set[tuple[str, str]] = set()
        self.inactive = False  # C23
        self.fields: dict[str, tuple[Any, int]] = {}  # the value, and its place in the order of things
        self.order = 0

    def next_order(self) -> int:
        self.order += 1
        return self.order

    def take(self, event: Row) -> None:
        name, ref = event["event"], str(event.get("ref"))
        self.seen.append(event)
        if name in SETS:
            kind, goes_in = SETS[name]
            (self.inside.add if goes_in else self.inside.discard)((kind, ref))
        if ENDS.get(name) == "cancelled":
            self.inactive = True
        if name == "resubscribed":
            self.inactive = False
        if name == "unsubscribed":  # Q21
            self.inside = {(kind, one) for kind, one in self.inside if kind != "list"}
        if name == "field_changed":  # Q28
            self.fields[ref] = ((event.get("properties") or {}).get("value"), self.next_order())

    def since(self, after: datetime, name: str | None = None) -> list[Row]:
        """The events strictly later than an instant, those of a name."""
        return [e for e in self.seen if e["at"] > after and (name is None or e["event"] == name)]

    def attribute(self, run: Run, name: str) -> Any:
        """What a property is to a run; None where it is missing."""  # C13
        value, order = self.fields.get(name, (None, 0))
        given = run.attributes or {}
        if order < run.order and (name in given or found_at(given, name)):
            return given[name] if name in given else found_at(given, name)[0]
        return value

    def zone(self, run: Run) -> str | None:
        """The zone of a run, where it is known."""  # Q31, C14, C16
        value, order = self.fields.get("timezone", (None, 0))
        if order < run.order and isinstance(run.time_zone, str):
            value = run.time_zone
        return known_zone(value)


class Entrance:
    """What makes a subscriber enter: the trigger's events, and its looks."""

    def __init__(self, setting: Setting, person: Person, marks: Counter[str], events: list[Row]) -> None:
        self.setting = setting
        self.person = person
        self.marks = marks
        self.was_in = False  # Q15: at the last look, or at enabled_at
        self.segment_look: datetime | None = None
        self.counted: datetime | None = None  # Q16: the last event
        self.used = False  # Q16: whether enrolled since
        joined = [event["at"] for event in events if event["event"] == "contact_added"]
        self.known_at: datetime | None = next(iter(joined or [event["at"] for event in events]), None)

    @property
    def body(self) -> Row:
        return self.setting.body

    def take(self, event: Row) -> None:
        """Let an event move the next look."""
        now = event["at"]
        if self.body["trigger"] in {"segment_entered", "segment_exited"}:  # Q15, Q39
            enabled_at = self.setting.enabled_at
            if enabled_at is not None and now <= enabled_at:
                self.was_in = self.in_segment()
            else:
                self.segment_look = next_look(now, self.setting.rules["segment_poll"])
        if self.body["trigger"] == "inactivity" and event["event"] == self.body["eventName"]:  # Q16
            self.counted, self.used = now, False

    def look_at(self) -> datetime | None:
        """When the next look that can change anything is."""  # Q15, Q16
        body, setting = self.body, self.setting
        if body["trigger"] in {"segment_entered", "segment_exited"}:
            return self.segment_look
        if body["trigger"] != "inactivity" or self.used or self.known_at is None:
            return None
        start = self.counted
        if start is None and body.get("inactivityBaseline") == "subscriber_created_at":
            start = self.known_at
        elif start is None:
            start = maybe_instant(body.get("createdAt")) or setting.enabled_at or self.known_at
        not_before = [self.known_at, *([setting.enabled_at] if setting.enabled_at else [])]
        due = start + length_of({"days": body["inactiveDays"]})
        return next_look(max(due, *not_before), setting.rules["inactivity_poll"])

    def in_segment(self) -> bool:
        return ("segment", str(self.body["segmentId"])) in self.person.inside

    def triggers(self, event: Row) -> bool:
        """Whether an event is what the sequence waits for."""
        body, name, ref = self.body, str(event["event"]), str(event.get("ref"))
        if self.is_late(event):
            self.marks["Q39 received late"] += 1
            return False
        if body["trigger"] == "contact_added":  # Q14, Q27
            lists = several(body, "listIds", "listId")
            if lists is not None:
                return name == "list_joined" and ref in lists
            return name == ("list_joined" if body.get("listScope") == "any_list" else "contact_added")
        if body["trigger"] == "tag_added":
            return name == "tag_added" and ref in (several(body, "tagNames", "tagName") or [])
        if body["trigger"] in {"event_received", "inbound_webhook"}:  # Q14, C25
            wanted = body.get("webhookId")
            filters = body.get("propertyFilters") or []
            is_it = name == (body.get("eventName") or "inbound_webhook")
            return (
                is_it and (wanted is None or ref == str(wanted)) and passes(filters, event.get("properties"))
            )
        if body["trigger"] == "frequency":  # Q17
            after = event["at"] - length_of({"days": body["timeWindowDays"]})
            return name == str(body["eventName"]) and len(self.person.since(after, name)) == int(
                body["minCount"]
            )
        return False

    def is_late(self, event: Row) -> bool:
        """Whether an event was received too late to start anything."""  # Q39, C24
        received = event.get("received_at")
        return received is not None and instant(received) - event["at"] > HOUR

    def audience_of(self, event: Row) -> tuple[str, str] | None:
        """The tag or list whose event it is."""  # C26
        kinds = {"contact_added": ("list", "list_joined"), "tag_added": ("tag", "tag_added")}
        kind, name = kinds.get(self.body["trigger"], ("", ""))
        return (kind, str(event.get("ref"))) if event["event"] == name else None

    def look(self) -> tuple[bool, bool]:
        """Look at the subscriber: whether that is an occasion to enrol, and whether the runs end."""
        if self.body["trigger"] == "inactivity":  # Q16
            self.used = True
            return True, False
        was_in, self.was_in, self.segment_look = self.was_in, self.in_segment(), None  # Q15
        if self.body["trigger"] == "segment_exited":  # Q39
            self.marks["Q39 segment_exited"] += was_in and not self.was_in
            return was_in and not self.was_in, False
        return self.was_in and not was_in, bool(self.body.get("stopOnSegmentExit")) and not self.was_in


class Judge:
    """What is looked at for a run: conditions, the path at a branch, the stop condition."""

    def __init__(self, subscriber_id: Any, setting: Setting, person: Person, marks: Counter[str]) -> None:
        self.id = subscriber_id
        self.setting = setting
        self.person = person
        self.marks = marks

    def path(self, run: Run, node: Node) -> str:
        """The path that a run takes at a branch."""  # Q36
        if node.percentages:
            self.marks["Q36 random"] += 1
            return node.paths[self.setting.choose(self.id, run.number, node.owner, node.percentages)][1]
        for n, (condition, target) in enumerate(node.paths):
            if self.holds(condition, run):
                self.marks[f"Q36 path {n}"] += 1
                self.marks[f"Q36 {condition['conditionType']}"] += 1
                return target
        self.marks["Q36 else"] += 1
        return node.next

    def holds(self, condition: Row, run: Run) -> bool:
        """Whether a condition of a branch holds for a run."""
        kind, inside = condition["conditionType"], self.person.inside
        tag = ("tag", str(first_of(condition, "tagName", "tagId")))
        if kind in {"has_tag", "does_not_have_tag"}:
            return (tag in inside) == (kind == "has_tag")
        if kind == "in_list":
            return ("list", str(condition["listId"])) in inside
        if kind == "in_segment":
            return ("segment", str(condition["segmentId"])) in inside
        if kind in {"event_received", "link_clicked"}:
            return self.did(condition, run)
        if kind == "has_phone":  # C33
            return self.person.attribute(run, "phone") not in (None, "", False)
        if kind == "sms_subscribed":
            return self.person.attribute(run, "sms_subscribed") is True
        one, value = self.person.attribute(run, condition["fieldName"]), condition["fieldValue"]
        if kind == "field_equals":  # C35
            return same(one, value)
        if kind == "field_contains":
            return contains(one, value)
        return compares(kind.removeprefix("field_"), one, value, self.setting.rules["numeric_strings"])

    def did(self, condition: Row, run: Run) -> bool:
        """Whether a subscriber did something, ever or since the enrolment."""  # Q36, C34
        scope = condition.get("activityScope") or self.setting.rules["activity_scope"]
        if scope not in {"ever", "this_sequence"}:
            raise ValueError(f"activityScope: {scope} is not modelled")
        self.marks[f"Q36 {scope}"] += 1
        name = condition["eventName"] if condition["conditionType"] == "event_received" else "link_clicked"
        found = [e for e in self.person.seen if e["event"] == name]
        if scope == "this_sequence":
            found = [e for e in found if e["at"] > run.entered_at]
        if name == "link_clicked" and condition["conditionType"] == "link_clicked":
            return any((condition.get("linkUrl") or "") in str(e.get("ref") or "") for e in found)
        return bool(found)

    # the stop condition

    def stops(self, run: Run) -> bool:
        """Whether the stop condition holds for a run at a node."""  # Q20, Q39
        condition: Row = self.setting.body.get("stopCondition") or {"type": "none"}
        kind, value, match = (
            condition["type"],
            str(condition.get("value")),
            condition.get("matchConfig") or {},
        )
        since = self.person.since(run.entered_at)
        if match.get("mode") == "entry_audience":  # C26
            self.marks["Q39 entry_audience"] += 1
            if run.audience is None:
                return False
            of, ref = run.audience
            if self.setting.rules["stop_reading"] == "state":
                return run.audience not in self.person.inside
            return any(e["event"] == LEAVING[of] and str(e.get("ref")) == ref for e in since)
        if kind in STOPS:
            of, within, event_name = STOPS[kind]
            if self.setting.rules["stop_reading"] == "state":
                return ((of, value) in self.person.inside) == within
            return any(e["event"] == event_name and str(e.get("ref")) == value for e in since)
        if kind == "event_received":
            return any(e["event"] == value and self.matches(match, run, e) for e in since)
        if kind == "field_changed":
            changes = [e for e in since if e["event"] == "field_changed" and str(e.get("ref")) == value]
            return any(self.matches(match, run, e) for e in changes)
        return False

    def matches(self, match: Row, run: Run, event: Row) -> bool:
        """Whether an event is such as a stop condition's `matchConfig` asks for."""  # Q4, Q20, Q32
        properties, mode = event.get("properties"), match.get("mode")
        if mode == "event_property_filter":
            return passes(match["propertyFilters"], properties)
        if mode == "event_property":
            pairs = [
                (
                    found_at(run.properties, rule["entryFieldPath"]),
                    found_at(properties, rule["eventFieldPath"]),
                )
                for rule in match["rules"]
            ]
            return all(entry and later and same(entry[0], later[0]) for entry, later in pairs)
        if mode == "field_value":
            found = found_at(properties, "value")
            if match["operator"] in {"greater_than", "less_than"}:
                reading = self.setting.rules["numeric_strings"]
                self.marks[f"Q32 {reading}"] += 1
                return any(compares(match["operator"], one, match["value"], reading) for one in found)
            return holds(match["operator"], found, match["value"])
        return True


class Walker:
    """The runs of one subscriber, and their way through the nodes."""

    def __init__(
        self, subscriber_id: Any, setting: Setting, events: list[Row], person: Person | None = None
    ) -> None:
        self.id = subscriber_id
        self.setting = setting
        self.person = person or Person()
        self.runs: list[Run] = []
        self.timeline: list[Row] = []
        self.journal: list[Row] = []
        self.marks: Counter[str] = Counter()  # what was exercised
        self.waits: list[Row] = []  # those begun, as they were then
        self.entrance = Entrance(setting, self.person, self.marks, events)
        self.judge = Judge(subscriber_id, setting, self.person, self.marks)

    @property
    def body(self) -> Row:
        return self.setting.body

    @property
    def graph(self) -> Graph:
        return self.setting.graph

    def note(self, now: datetime, what: str, run: Run | None, shown: str | None = None) -> None:
        number = run.number if run else None
        row = {"subscriber_id": self.id, "run": number, "at": now, "what": what, "email_id": shown}
        self.journal.append(row)

    def active(self) -> list[Run]:
        return [run for run in self.runs if run.status == "active"]

    def end(self, run: Run, now: datetime, status: str) -> None:
        run.status, run.ended_at, run.at = status, now, None
        self.note(now, status, run)

    # events

    def take(self, event: Row) -> None:
        """Let an event do what it does to the subscriber and to the runs."""
        self.person.take(event)
        self.heed(event)

    def change_set(self, event: Row) -> None:
        """Take what a step does to a tag or list as an event, but start nothing by it."""  # C29
        self.person.take(event)

    def heed(self, event: Row) -> None:
        """Let an event do what it does to the runs."""
        now, name = event["at"], event["event"]
        if name in ENDS:  # Q21
            for run in self.active():
                self.end(run, now, ENDS[name])
        self.entrance.take(event)
        for run in self.active():
            if run.waiting and run.wait is not None:
                self.heard(run, run.wait, event, now)

    def heard(self, run: Run, wait: Wait, event: Row, now: datetime) -> None:
        """Let an event do what it does to a run that waits."""
        if wait.kind == "event" and event["event"] == wait.name:  # Q37
            self.marks["Q37 event at the timeout" if run.at == now else "Q37 event"] += 1
            run.at, run.lets_go = now, True
        changed = event["event"] == "field_changed" and str(event.get("ref")) == wait.name
        if wait.kind == "date" and wait.source == "attribute" and changed:  # Q28
            day = date_of(self.person.attribute(run, wait.name))
            if day is None:  # C12
                self.marks["Q28 removed while waiting"] += 1
                run.at, run.lets_go = now, wait.missing == "continue"
            elif run.at is not None and day + wait.length > run.at:  # C11
                self.marks["Q28 later while waiting"] += 1
                run.at = day + wait.length
            else:
                self.marks["Q28 not later while waiting"] += 1

    # nodes

    def window(self, run: Run) -> Window | None:
        """The sending window, for a run."""  # Q9, Q31
        given: Row | None = self.body.get("sendingWindow")
        if given is None or given.get("enabled") is False:
            return None
        if given.get("timezoneSource") == "subscriber":
            self.marks["Q31 zone known" if self.person.zone(run) else "Q31 zone unknown"] += 1
        return window_in(given, given.get("days"), self.person.zone(run))

    def arrive(self, run: Run, node_id: str, now: datetime) -> None:
        """Stand before a node: it runs at once, or where it is an email when the window lets it."""
        run.node, run.waiting, run.wait, run.lets_go, run.at = node_id, False, None, True, now
        node = self.graph.nodes.get(node_id)
        window = self.window(run) if node is not None and node.kind == "email" else None
        if window is not None:
            run.at = window.snap(now)

    def go(self, run: Run, now: datetime) -> bool:
        """Do what a run is due to do, as far as it goes; whether that was anything."""
        moved = False
        while self.is_due(run, now):
            self.go_on(run, now)
            moved = True
        return moved

    def is_due(self, run: Run, now: datetime) -> bool:
        """Whether there is something for a run to do."""
        free = run.waiting or not self.setting.held
        return run.status == "active" and run.at is not None and run.at <= now and free

    def go_on(self, run: Run, now: datetime) -> None:
        """End a wait, or run a node."""
        if run.waiting:
            self.arrive(run, self.follower(run) if run.lets_go else OUT, now)
        else:
            self.run_node(run, now)

    def follower(self, run: Run) -> str:
        """The node after the wait at which a run is, in the graph as it stands."""  # C40
        node = self.graph.nodes.get(run.node)
        return self.graph.after(node) if node is not None else run.node.removesuffix("#wait")

    def run_node(self, run: Run, now: datetime) -> None:
        """Run the node whose instant has come."""
        if run.node in {END, OUT}:
            self.end(run, now, "completed" if run.node == END else "stopped")
            return
        node = self.graph.nodes[run.node]
        if node.kind == "nothing":  # since a change
            self.arrive(run, self.graph.after(node), now)
            return
        if not (node.wait and self.setting.rules["stop_checks"] == "steps") and self.judge.stops(
            run
        ):  # Q20, C18
            self.end(run, now, "stopped")
        elif node.wait is not None:
            self.begin_wait(run, node, node.wait, now)
        elif node.kind == "branch":
            self.arrive(run, self.graph.entry(self.judge.path(run, node)), now)
        elif node.kind == "condition":  # C32
            held = self.judge.holds(node.config, run)
            self.marks["Q36 gate " + ("open" if held else "closed")] += 1
            self.arrive(run, self.graph.after(node) if held else OUT, now)
        elif self.pass_step(run, node, now) and run.status == "active":
            self.arrive(run, self.graph.after(node), now)

    def begin_wait(self, run: Run, node: Node, wait: Wait, now: datetime) -> None:
        """Begin a wait: when it is over, or that there is none."""
        run.waiting, run.wait, run.at = True, wait, now
        if wait.kind == "elapsed":
            run.at = now + wait.length
        elif wait.kind == "weekday":  # Q10, Q30, Q31
            if wait.length:
                self.marks["Q30"] += 1
            if first_of(wait.window, "timezoneSource", "untilTimezoneSource") == "subscriber":
                self.marks["Q31 zone known" if self.person.zone(run) else "Q31 zone unknown"] += 1
            run.at = window_in(wait.window, wait.days, self.person.zone(run)).snap(now + wait.length)
        elif wait.kind == "event":  # Q37
            earlier = [e for e in self.person.since(run.entered_at, wait.name) if e["at"] <= now]
            if earlier and self.setting.rules["earlier_events"] == "count":
                self.marks["Q37 earlier"] += 1
            else:
                self.marks["Q37"] += 1
                run.at, run.lets_go = now + wait.timeout, wait.timeout_action == "continue"
        else:
            self.begin_date(run, node, wait, now)
        of = {"subscriber_id": self.id, "node": node.owner, "kind": wait.kind, "name": wait.name}
        self.waits.append({**of, "source": wait.source, "from": now, "until": run.at})

    def begin_date(self, run: Run, node: Node, wait: Wait, now: datetime) -> None:
        """Begin a wait until a date."""  # Q11, Q28, Q29, Q38
        rule = "Q38" if wait.kind == "key_date" else "Q28" if wait.source == "attribute" else "Q11"
        if wait.kind == "key_date":
            day = key_dates_of(self.body).get(wait.name)
        elif wait.source == "attribute":
            day = date_of(self.person.attribute(run, wait.name))
        else:
            found = found_at(run.properties, wait.name)
            day = date_of(found[0]) if found else None
        if day is None:
            self.marks[f"{rule} missing"] += 1
            run.lets_go = wait.missing == "continue"
            return
        due = day + wait.length
        if due >= now:  # C10
            self.marks[rule] += 1
            run.at = due
        else:
            self.marks[f"Q29 {wait.past}" if rule != "Q38" else f"Q38 {wait.past}"] += 1
            run.lets_go = wait.past != "exit"
            if wait.past == "skip":
                self.skip(run, node, now)

    def skip(self, run: Run, node: Node, now: datetime) -> None:
        """Pass over the steps up to the next wait, condition or branch."""  # Q29, C9
        node_id = self.graph.after(node)
        while (
            (after := self.graph.nodes.get(node_id))
            and not after.wait
            and after.kind not in {"branch", "condition"}
        ):
            self.note(now, "skipped", run, after.owner)
            node_id = self.graph.after(after)
        self.arrive(run, node_id, now)

    def pass_step(self, run: Run, node: Node, now: datetime) -> bool:
        """Send an email, or do what a step that sends nothing does; whether the run goes on."""  # Q5, Q12, Q35
        if node.kind != "email":
            self.note(now, node.kind, run, node.owner)
            self.marks[f"Q35 {node.kind}"] += 1
            if node.kind in CHANGES_A_SET:
                name, names = CHANGES_A_SET[node.kind]
                self.change_set({"at": now, "event": name, "ref": first_of(node.config, *names)})
            if node.kind == "update_subscriber":
                self.update(run, node.config, now)
            return True
        if self.person.inactive and node.config.get("isTransactional") is not True:  # Q33
            self.marks["Q33 skipped"] += 1
            self.note(now, "skipped", run, node.owner)
            return True
        if self.person.inactive:
            self.marks["Q33 transactional"] += 1
        return self.send(run, node, now)

    def send(self, run: Run, node: Node, now: datetime) -> bool:
        """Send an email; whether the run goes on."""
        run.sends.append(now)
        row = {"subscriber_id": self.id, "run": run.number, "position": node.position}
        self.timeline.append({**row, "email_id": node.owner, "send_at": now})
        return True

    def update(self, run: Run, config: Row, now: datetime) -> None:
        """Update the subscriber."""  # Q35, C29
        for row in config.get("customAttributeUpdates") or []:
            value = row["value"]
            if isinstance(value, str) and (tag := re.fullmatch(r"\{\{event\.([^|}]+)\}\}", value)):
                value = next(iter(found_at(run.properties, tag[1])), None)
            self.take({
                "at": now,
                "event": "field_changed",
                "ref": row["name"],
                "properties": {"value": value},
            })
        status = config.get("status") or (config.get("updates") or {}).get("status")
        if status not in {None, "unsubscribed"}:
            raise ValueError(f"update_subscriber: status {status} is not modelled")
        if status == "unsubscribed" and self.setting.rules["update_unsubscribes"]:
            self.marks["Q35 update unsubscribes"] += 1
            self.take({"at": now, "event": "unsubscribed"})


class Subscriber(Walker):
    """One subscriber's way through a sequence: `act` at each instant that matters, in order."""

    def __init__(
        self,
        subscriber_id: Any,
        setting: Setting,
        events: list[Row],
        entries: list[Row] | None,
        changes: list[Row],
        person: Person | None = None,
    ) -> None:
        super().__init__(subscriber_id, setting, events, person)
        self.events = events  # in order, those still to come
        self.entries = entries  # the same; None where the runs come from the trigger
        self.changes = changes
        self.occasions: list[
            tuple[str, object, tuple[str, str] | None, Row]
        ] = []  # to enrol, of this instant

    # when something happens

    def next_instant(self) -> datetime | None:
        """When something happens next."""
        instants = [
            *(change["at"] for change in self.changes[:1]),
            *(event["at"] for event in self.events[:1]),
            *(entry["entered_at"] for entry in (self.entries or [])[:1]),
            None if self.entries is not None else self.entrance.look_at(),  # Q24
            *(run.at for run in self.active() if run.waiting or not self.setting.held),
        ]
        return min((t for t in instants if t is not None), default=None)

    def act(self, now: datetime) -> None:
        """Everything of one instant, in the order of Q19."""
        self.take_changes(now)
        while self.events and self.events[0]["at"] == now:
            event = self.events.pop(0)
            self.take(event)
            self.notice(event, now)
        self.look_around(now)
        self.take_entries(now)
        moved = True
        while moved:  # C37
            moved = False
            for run in self.runs:
                moved |= self.go(run, now)

    def take_changes(self, now: datetime) -> None:
        while self.changes and self.changes[0]["at"] == now:  # C39
            self.apply(self.changes.pop(0), now)

    def notice(self, event: Row, now: datetime) -> None:
        """Keep an event that is an occasion to enrol."""
        if self.entries is None and self.entrance.triggers(event) and self.setting.enabled(now):
            audience = self.entrance.audience_of(event)
            self.occasions.append((self.body["trigger"], event.get("properties"), audience, {}))

    def look_around(self, now: datetime) -> None:
        """Look at the subscriber, if it is time to."""
        if self.entries is None and self.entrance.look_at() == now and self.look(now):
            self.occasions.append((self.body["trigger"], None, self.setting.audience(), {}))

    def take_entries(self, now: datetime) -> None:
        """Enrol on every occasion of the instant."""
        while self.entries and self.entries[0]["entered_at"] == now:
            entry = self.entries.pop(0)
            via = entry.get("via") or "trigger"
            audience = None if via in BY_HAND else self.setting.audience()
            self.occasions.append((via, entry.get("properties"), audience, entry))
        while self.occasions:
            self.enrol(now, *self.occasions.pop(0))

    def look(self, now: datetime) -> bool:
        """Look at the subscriber; whether that is an occasion to enrol."""
        enters, leaves = self.entrance.look()
        if leaves:  # Q15
            for run in self.active():
                self.end(run, now, "stopped")
        return enters

    # enrolments

    def reason_against(self, via: str, key: Any) -> str | None:
        """Why a subscriber does not enter."""  # Q18, Q21, Q33, Q34, C22
        setting, by_hand = self.setting, via in BY_HAND
        if self.person.inactive and (by_hand or setting.body.get("activeSubscribersOnly")):
            self.marks["Q33 kept out"] += 1
            return "blocked"
        if self.entries is None and setting.paused:  # C20, C21
            self.marks["Q40 kept out while held" if setting.held else "Q34 kept out"] += 1
            return "blocked"
        if by_hand and self.active():
            return "duplicate"
        if via != "manual" and setting.mode == "one_time" and self.runs:
            return "repeated"
        if not by_hand and setting.mode == "matching_field" and key is None:
            return "no_key"
        if key is not None and any(same(run.key, key) for run in self.active()):
            return "duplicate"
        return None

    def enrol(
        self, now: datetime, via: str, properties: object, audience: tuple[str, str] | None, entry: Row
    ) -> None:
        """Begin a run, or note why not."""
        key = self.setting.key(properties) if self.setting.mode == "matching_field" else None
        reason = self.reason_against(via, key)
        if reason is not None:
            self.note(now, reason, None)
            return
        run = Run(len(self.runs) + 1, via, now, self.person.next_order(), properties, key, audience)
        run.attributes, run.time_zone = entry.get("attributes"), entry.get("time_zone")
        if self.person.inactive:
            self.marks["Q33 entered inactive"] += 1
        if via == "audience":
            self.marks["Q33 audience"] += 1
        self.runs.append(run)
        self.note(now, "started", run)
        self.arrive(run, self.graph.entry(self.graph.start), now)

    # changes

    def apply(self, change: Row, now: datetime) -> None:
        """Change the sequence, and what that does to the runs."""  # Q40
        self.marks[f"Q40 {change['op']}"] += 1
        if change["op"] == "disable":
            self.setting.held = True
        elif change["op"] == "enable":
            self.enable(now)
        else:
            before = self.graph
            self.setting.change(change.get("fields") or {})
            for run in self.active():
                self.keep(run, before, now)
            if change.get("realign"):
                for run in self.active():
                    self.realign(run, now)

    def enable(self, now: datetime) -> None:
        self.setting.held = False
        for run in self.active():
            if not run.waiting and run.at is not None and run.at < now:  # C45
                self.marks["Q40 released"] += 1
                self.arrive(run, run.node, now)

    def keep(self, run: Run, before: Graph, now: datetime) -> None:
        """Leave a run where it is, or move it on where that is no more."""  # C40, C41, C42
        owner = run.node.removesuffix("#wait")
        if run.node in {END, OUT}:
            return
        if owner in self.graph.nodes:
            if run.node not in self.graph.nodes and not run.waiting:
                self.arrive(run, owner, now)
            elif not run.waiting and run.at is None:
                self.arrive(run, run.node, now)
            elif run.waiting and before.nodes.get(run.node) != self.graph.nodes.get(run.node):
                self.marks["Q40 kept its instant"] += 1
            return
        left = survivors(before, owner, self.graph)
        if len(left) > 1:
            raise ValueError(f"{owner}: deleted with several that follow it")
        self.marks["Q40 moved on" if left else "Q40 completed"] += 1
        if left:
            self.arrive(run, self.graph.entry(left[0]), now)
        else:
            self.end(run, now, "completed")

    def realign(self, run: Run, now: datetime) -> None:
        """Pull an email that waits to the opening of its local day, where that is earlier."""  # C43
        node = self.graph.nodes.get(self.follower(run) if run.waiting else run.node)
        window = self.window(run)
        waits = run.wait is not None and run.wait.kind in DELAYS if run.waiting else True
        if node is None or node.kind != "email" or window is None or run.at is None or not waits:
            return
        opening = first_open(window, run.at.astimezone(zone_info(window.zone)).date())
        if opening is not None and max(opening, now) < run.at:
            self.marks["Q40 realigned"] += 1
            run.at = max(opening, now)

    def row_of(self, run: Run) -> Row:
        return {
            "subscriber_id": self.id,
            "run": run.number,
            "via": run.via,
            "entered_at": run.entered_at,
            "status": run.status,
            "sends": len(run.sends),
            "last_send_at": run.sends[-1] if run.sends else None,
            "ended_at": run.ended_at,
        }


def survivors(before: Graph, owner: str, after: Graph) -> list[str]:
    """The steps that follow a deleted one and are still there, in the order of paths."""  # C41
    found: list[str] = []
    for target in before.nodes[owner].targets:
        if target in after.nodes:
            found.append(target)
        elif target in before.nodes:
            found += survivors(before, target, after)
    return list(dict.fromkeys(found))


def first_open(window: Window, day: date) -> datetime | None:
    """The first open instant of a local date."""
    zone = zone_info(window.zone)
    around = [day + timedelta(days=n) for n in (-1, 0, 1)]
    found = [t for near in around for t in window.openings(near)]
    return min((t for t in found if t.astimezone(zone).date() == day and window.is_open(t)), default=None)


# ---------------------------------------------------------------- a whole case


@dataclass
class GraphResult(Result):
    """What becomes of everyone, and how often each part of a rule was exercised."""

    marks: Counter[str] = field(default_factory=Counter)
    instants: set[datetime] = field(default_factory=set)  # at which anything was done
    waits: list[Row] = field(
        default_factory=list
    )  # as they began: subscriber_id, node, kind, name, source, from, until


def by_seed(seed: int) -> Chooser:
    """A split by seed: the same run takes the same path. The library's own may be another function."""

    def choose(subscriber_id: Any, run: int, node: str, percentages: list[float]) -> int:
        text = f"{seed}/{subscriber_id!r}/{run}/{node}"
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        point, total = Fraction(number, 2**64) * 100, Fraction(0)
        for n, share in enumerate(percentages):
            total += exact(share)
            if point < total:
                return n
        return max(n for n, share in enumerate(percentages) if share > 0)

    return choose


def no_seed(subscriber_id: Any, run: int, node: str, percentages: list[float]) -> int:
    raise ValueError("a random split needs a seed")  # Q36


def by_table(paths: list[Row]) -> Chooser:
    """The paths of a table of `subscriber_id, run, node, path`."""
    table = {(row["subscriber_id"], row["run"], row["node"]): int(row["path"]) for row in paths}
    return lambda subscriber_id, run, node, _: table[subscriber_id, run, node]


def simulate(
    body: Row,
    assumptions: Row | None = None,
    enabled_at: datetime | str | None = None,
    until: datetime | str | None = None,
    events: Iterable[Row] | None = None,
    entries: Iterable[Row] | None = None,
    changes: Iterable[Row] = (),
    choose: Chooser = no_seed,
) -> GraphResult:
    """`timeline`, `subscribers` (a row a run) and `journal`, subscriber by subscriber; rows as `sequenzy_oracle`'s.

    entries may have `via, properties, attributes, time_zone`; events `received_at`. A change is a dict with `at,
    op` (update, disable, enable) and for an update `fields` (of the body, None: taken away) and `realign`.
    """
    end, result = maybe_instant(until), GraphResult()
    if is_blank(opened(body)):  # C7
        return result
    log, entered = in_order(events or [], "at", end), None
    if entries is not None:
        entered = in_order(entries, "entered_at", end)
    elif opened(body)["trigger"] == "manual":  # Q39
        entered = []
    for subscriber_id in dict.fromkeys(row["subscriber_id"] for row in (log if entered is None else entered)):
        subscriber = Subscriber(
            subscriber_id,
            setting_of(body, assumptions or {}, maybe_instant(enabled_at), choose),
            [row for row in log if row["subscriber_id"] == subscriber_id],
            None if entered is None else [row for row in entered if row["subscriber_id"] == subscriber_id],
            in_order(changes, "at", end),
        )
        while (now := subscriber.next_instant()) is not None and (end is None or now < end):
            subscriber.act(now)
            result.instants.add(now)
        result.timeline += subscriber.timeline
        result.subscribers += [subscriber.row_of(run) for run in subscriber.runs]
        result.journal += subscriber.journal
        result.marks += subscriber.marks
        result.waits += subscriber.waits
    return result


def simulate_case(case: Row, choose: Chooser | None = None) -> GraphResult:
    """The same of a case: `sequence, assumptions, enabled_at, until, events, entries, changes, seed, paths`."""
    if choose is None:
        seed = case.get("seed")
        choose = by_table(case["paths"]) if case.get("paths") else no_seed if seed is None else by_seed(seed)
    return simulate(
        case["sequence"],
        case.get("assumptions"),
        case.get("enabled_at"),
        case.get("until"),
        case.get("events"),
        case.get("entries"),
        case.get("changes") or [],
        choose,
    )


def entries_of(pages: Row | list[Row]) -> list[Row]:
    """The enrolments that the platform lists, as entries."""  # Q41, C28
    found = []
    for page in pages if isinstance(pages, list) else [pages]:
        for row in page["enrollments"]:
            via = row.get("enteredVia")
            entry = {"subscriber_id": row["subscriberId"], "entered_at": row["enrollmentStartedAt"]}
            found.append({**entry, "via": via if via in BY_HAND else "trigger"})
    return found
