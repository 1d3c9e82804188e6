"""A slow, plain second reading of the Sequenzy rules, to compare the library with.

It shares no code with the library: one subscriber and one instant at a time, `datetime` and `zoneinfo` only.
A comment such as `# Q8` names the rule that the line follows. Instants come in as aware datetimes or ISO 8601
strings and go out as aware UTC datetimes. Weekdays are numbers, Monday is 0.

A sequence is the body of the create call. It is taken to be valid: the oracle refuses nothing.
"""

import importlib.resources
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DEFAULTS = {
    "segment_poll": timedelta(minutes=15),  # Q15
    "inactivity_poll": timedelta(minutes=15),  # Q16
    "stop_checks": "every_node",  # Q20
    "stop_reading": "state",  # Q20
}
SETS = {  # event, the kind of set that its ref goes into or out of, whether in
    "tag_added": ("tag", True),
    "tag_removed": ("tag", False),
    "list_joined": ("list", True),
    "list_left": ("list", False),
    "segment_entered": ("segment", True),
    "segment_left": ("segment", False),
}
ENDS = {  # Q21: event, status of the runs that it ends
    "unsubscribed": "cancelled",
    "bounced": "cancelled",
    "complained": "cancelled",
    "removed": "removed",
}
STOPS = {  # Q20: type, the kind of set, whether the subscriber is to be in it, the event that makes it so
    "has_tag": ("tag", True, "tag_added"),
    "does_not_have_tag": ("tag", False, "tag_removed"),
    "added_to_list": ("list", True, "list_joined"),
    "removed_from_list": ("list", False, "list_left"),
    "entered_segment": ("segment", True, "segment_entered"),
}
KEYED_EVENTS = ("ecommerce.replenishment_due", "ecommerce.back_in_stock")  # Q3
KEY_PATHS = (  # Q18
    "sequenceEnrollmentKey",
    "enrollmentKey",
    "product.providerVariantId",
    "product.providerProductId",
    "productId",
    "variantId",
)
SENDS_NOTHING = {  # Q5: type of a step, its word in the journal
    "create_discount": "discount",
    "discount": "discount",
    "sms": "sms",
    "update_subscriber": "update_subscriber",
}


# ---------------------------------------------------------------- the clock


@cache
def zone_info(zone: str) -> ZoneInfo:
    """The zone of that IANA name, from the tzdata package."""
    file = importlib.resources.files("tzdata").joinpath("zoneinfo", *zone.split("/"))
    with file.open("rb") as data:
        return ZoneInfo.from_file(data, key=zone)


def utc_offset(t: datetime, zone: str) -> timedelta:
    """How far the wall clock is ahead of UTC at t."""
    offset = t.astimezone(zone_info(zone)).utcoffset()
    assert offset is not None
    return offset


@lru_cache(200_000)
def offset_changes(day: date, zone: str) -> tuple[datetime, ...]:
    """The instants of a UTC day, the first of the next included, from which another offset is in force."""
    found = []
    for hour in range(24):
        low = datetime.combine(day, time(hour), UTC)
        high, before = low + HOUR, utc_offset(low, zone)
        if utc_offset(high, zone) != before:
            while high - low > SECOND:
                middle = low + (high - low) // (2 * SECOND) * SECOND
                low, high = (middle, high) if utc_offset(middle, zone) == before else (low, middle)
            found.append(high)
    return tuple(found)


@dataclass(frozen=True)
class Window:
    """The instants at which the wall clock shows an allowed weekday and a time from start to before end."""

    weekdays: frozenset[int]
    start: timedelta  # since local midnight, as the clock shows it
    end: timedelta
    zone: str

    def is_open(self, t: datetime) -> bool:
        """Whether t is one of them."""
        wall = t.astimezone(zone_info(self.zone)).replace(tzinfo=None)
        shown = wall - datetime.combine(wall.date(), time())
        return wall.weekday() in self.weekdays and self.start <= shown < self.end

    def openings(self, day: date) -> Iterator[datetime]:
        """Every instant of a UTC day at which the window may open: the clock shows start, or it is changed."""
        yield from offset_changes(day, self.zone)
        for local_day in (day - DAY, day, day + DAY):
            for fold in (0, 1):
                wall = datetime.combine(local_day, time()) + self.start
                yield wall.replace(tzinfo=zone_info(self.zone), fold=fold).astimezone(UTC)

    def snap(self, t: datetime) -> datetime | None:
        """The first of them at or after t; None where no weekday is allowed."""
        if not self.weekdays:
            return None
        if self.is_open(t):
            return t
        for n in count():
            day = t.date() + n * DAY
            end = datetime.combine(day, time(), UTC) + DAY
            found = [c for c in self.openings(day) if t <= c <= end and self.is_open(c)]
            if found:
                return min(found)
        raise AssertionError("the days have no end")


def next_look(t: datetime, every: timedelta) -> datetime:
    """The first instant at or after t that is a whole number of polls from the epoch."""
    return t + (EPOCH - t) % every


def instant(value: datetime | str) -> datetime:
    """An aware datetime or ISO 8601 string as an aware UTC datetime."""
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


def maybe_instant(value: datetime | str | None) -> datetime | None:
    """The same, None for None."""
    return None if value is None else instant(value)


def as_timedelta(value: timedelta | str) -> timedelta:
    """A timedelta, or a text such as "15 minutes", as a timedelta."""
    if isinstance(value, timedelta):
        return value
    number, unit = value.split()
    return timedelta(**{unit if unit.endswith("s") else unit + "s": float(number)})


# ---------------------------------------------------------------- values of properties


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def exact(value: float) -> Fraction:
    """A number as its decimal digits say it."""
    return Fraction(str(value))


def same(a: object, b: object) -> bool:
    """Whether two values are equal as JSON's are: 1 and 1.0, not 1 and "1", not 1 and true."""  # Q14
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if is_number(a) and is_number(b):
        return a == b
    return type(a) is type(b) and a == b


def found_at(properties: object, path: str) -> list[Any]:
    """The values at a dot path; `[]` after a name goes into every item of a list."""  # Q14
    values = [properties]
    for name in path.split("."):
        bare = name.removesuffix("[]")
        values = [value[bare] for value in values if isinstance(value, dict) and bare in value]
        if bare != name:
            values = [item for value in values if isinstance(value, list) for item in value]
    return values


def holds(operator: str, found: list[Any], value: Any) -> bool:
    """Whether what was found passes a filter."""  # Q14
    if operator == "exists":
        return any(one is not None for one in found)
    if operator == "not_exists":
        return all(one is None for one in found)
    if operator == "equals":
        return any(same(one, value) for one in found)
    if operator == "not_equals":
        return not any(same(one, value) for one in found)
    if operator == "one_of":
        return any(same(one, option) for one in found for option in value)
    if operator == "contains":
        return any(contains(one, value) for one in found)
    if operator == "not_contains":  # Q4
        return not any(contains(one, value) for one in found)
    numbers = [one for one in found if is_number(one)]
    if operator == "greater_than":
        return any(one > value for one in numbers)
    if operator == "less_than":
        return any(one < value for one in numbers)
    raise ValueError(f"no operator: {operator}")


def contains(one: object, value: object) -> bool:
    """Whether a string has a text in it, or a list an equal item."""  # Q14
    if isinstance(one, str):
        return isinstance(value, str) and value in one
    return isinstance(one, list) and any(same(item, value) for item in one)


def passes(filters: Iterable[Row], properties: object) -> bool:
    """Whether properties pass every filter."""  # Q14
    return all(holds(f["operator"], found_at(properties, f["path"]), f.get("value")) for f in filters)


def date_of(value: object) -> datetime | None:
    """The instant that a property means, or None where it is no date."""  # Q11
    if isinstance(value, str) and not value.isdigit():
        try:
            given = datetime.fromisoformat(value)
        except ValueError:
            return None
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        unit = 1000 if value >= 100_000_000_000 else 1_000_000
        return EPOCH + math.floor(exact(value) * unit) * MICROSECOND
    return None


# ---------------------------------------------------------------- the sequence


@dataclass(frozen=True)
class Node:
    """What runs at one instant: a step, or the wait before it."""  # Q8

    kind: str  # email, discount, sms, update_subscriber; or a wait: elapsed, date, weekday
    position: int
    length: timedelta = timedelta(0)  # of an elapsed wait; of a date's offset, negative where it is before
    path: str = ""  # of a date
    exits: bool = False  # whether a missing date ends the run
    window: Window | None = None  # of a weekday

    @property
    def is_wait(self) -> bool:
        return self.kind in {"elapsed", "date", "weekday"}


def length_of(given: Row) -> timedelta:
    """The length of `days, hours, minutes`, to the nearest microsecond, half to even."""  # Q8
    minutes = exact(given.get("days") or 0) * 1440 + exact(given.get("hours") or 0) * 60
    return round((minutes + exact(given.get("minutes") or 0)) * 60_000_000) * MICROSECOND


def first_of(given: Row, *names: str) -> Any:
    """The value under the first of the names that is there."""  # Q5: spellings of the same
    return next((given[name] for name in names if given.get(name) is not None), None)


def clock_time(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def window_of(given: Row, names: Iterable[str] | None) -> Window:
    """A window of those weekdays; of every day where they are None."""  # Q7
    weekdays = WEEKDAYS if names is None else [name.lower()[:3] for name in names]
    return Window(
        frozenset(WEEKDAYS.index(name) for name in weekdays),
        clock_time(first_of(given, "startTime", "untilStartTime")),
        clock_time(first_of(given, "endTime", "untilEndTime") or "24:00"),
        first_of(given, "timezone", "untilTimezone"),
    )


def wait_of(step: Row, position: int) -> Node | None:
    """The wait before a step, if it has one."""  # Q5, Q8
    delay: Row = step.get("delay") or {}
    mode = delay.get("mode") or "duration"
    until: Row | None = step.get("waitUntil") or (delay if mode == "until_date" else None)
    weekday: Row | None = step.get("waitUntilWeekday") or (delay if mode == "until_weekday" else None)
    if until is not None:
        offset = length_of(until if until.get("offset") is None else until["offset"])
        return Node(
            "date",
            position,
            -offset if first_of(until, "direction", "untilOffsetDirection") == "before" else offset,
            path=first_of(until, "field", "untilDateField"),
            exits=first_of(until, "missingAction", "untilMissingAction") == "exit",
        )
    if weekday is not None:
        days = first_of(weekday, "untilDays") if weekday is delay else first_of(weekday, "days", "untilDays")
        if weekday.get("day") is not None:
            days = [weekday["day"]]
        return Node("weekday", position, window=window_of(weekday, days))
    if step.get("delayMs") is not None:
        length = round(exact(step["delayMs"]) * 1000) * MICROSECOND
    else:
        length = length_of(delay)
    return Node("elapsed", position, length) if length else None


def nodes_of(steps: list[Row]) -> list[Node]:
    """Every step and wait, in the order in which they run."""  # Q8
    found = []
    for position, step in enumerate(steps):
        wait = wait_of(step, position)
        if wait is not None:
            found.append(wait)
        found.append(Node(SENDS_NOTHING.get(step.get("type") or "email", "email"), position))
    return found


def email_id(step: Row, position: int) -> str:
    return str(first_of(step, "id", "emailId", "nodeId") or f"step-{position + 1}")  # Q22


@dataclass(frozen=True)
class Plan:
    """A sequence, how its rules are read, and when it is enabled."""

    body: Row
    rules: Row
    enabled_at: datetime | None
    nodes: list[Node]
    window: Window | None
    mode: str

    def enabled(self, t: datetime) -> bool:
        """Whether the sequence is no draft any more at t."""  # Q13
        return self.enabled_at is None or t >= self.enabled_at

    def key(self, properties: object) -> Any:
        """What tells the runs of one subscriber apart; None where nothing does."""  # Q18
        path = self.body.get("enrollmentFieldPath")
        values = [value for name in ([path] if path else KEY_PATHS) for value in found_at(properties, name)]
        first = next((value for value in values if value is not None), None)
        return None if isinstance(first, list | dict) else first


def plan_of(body: Row, assumptions: Row, enabled_at: datetime | None) -> Plan:
    if "steps" not in body and isinstance(body.get("sequence"), dict):  # Q1
        body = body["sequence"]
    given: Row | None = body.get("sendingWindow")
    window = None
    if given is not None and given.get("enabled") is not False:  # Q7
        window = window_of(given, given.get("days"))
    keyed = body["trigger"] == "event_received" and body["eventName"] in KEYED_EVENTS
    rules = {**DEFAULTS, **assumptions}
    for name in ("segment_poll", "inactivity_poll"):
        rules[name] = as_timedelta(rules[name])
    mode = body.get("enrollmentMode") or ("matching_field" if keyed else "unlimited")  # Q3
    return Plan(body, rules, enabled_at, nodes_of(body["steps"]), window, mode)


# ---------------------------------------------------------------- one subscriber


@dataclass
class Run:
    """One time through the sequence."""

    number: int
    via: str
    entered_at: datetime
    properties: object
    key: Any
    place: int = 0  # of the next node
    at: datetime | None = None  # when it runs; None at a closed gate
    status: str = "active"
    sends: list[datetime] = field(default_factory=list)
    ended_at: datetime | None = None


class Subscriber:
    """One subscriber's way through a sequence: `act` at each instant that matters, in order."""

    def __init__(
        self, subscriber_id: object, plan: Plan, events: list[Row], entries: list[Row] | None
    ) -> None:
        self.id = subscriber_id
        self.plan = plan
        self.events = events  # in order, those still to come
        self.entries = entries  # the same; None where the runs come from the trigger
        self.seen: list[Row] = []  # the events so far
        self.inside: set[tuple[str, str]] = set()
        self.blocked = False
        self.runs: list[Run] = []
        self.timeline: list[Row] = []
        self.journal: list[Row] = []
        self.was_in = False  # Q15: at the last look, or at enabled_at
        self.segment_look: datetime | None = None
        self.counted: datetime | None = None  # Q16: the last event
        self.used = False  # Q16: whether enrolled since
        joined = [event["at"] for event in events if event["event"] == "contact_added"]
        self.known_at: datetime | None = next(iter(joined or [event["at"] for event in events]), None)  # Q16

    def note(self, now: datetime, what: str, run: Run | None, shown: str | None = None) -> None:
        number = run.number if run else None
        row = {"subscriber_id": self.id, "run": number, "at": now, "what": what, "email_id": shown}
        self.journal.append(row)

    def active(self) -> list[Run]:
        return [run for run in self.runs if run.status == "active"]

    def end(self, run: Run, now: datetime, status: str) -> None:
        run.status, run.ended_at, run.at = status, now, None
        self.note(now, status, run)

    # when something happens

    def look_at(self) -> datetime | None:
        """When the next look that can change anything is."""  # Q15, Q16
        body, plan = self.plan.body, self.plan
        if self.entries is not None:  # Q24
            return None
        if body["trigger"] == "segment_entered":
            return self.segment_look
        if body["trigger"] != "inactivity" or self.used or self.known_at is None:
            return None
        start = self.counted
        if start is None and body.get("inactivityBaseline") == "subscriber_created_at":
            start = self.known_at
        elif start is None:
            start = maybe_instant(body.get("createdAt")) or plan.enabled_at or self.known_at
        not_before = [self.known_at, *([plan.enabled_at] if plan.enabled_at else [])]
        due = start + length_of({"days": body["inactiveDays"]})
        return next_look(max(due, *not_before), plan.rules["inactivity_poll"])

    def next_instant(self) -> datetime | None:
        """When something happens next."""
        instants = [
            *(event["at"] for event in self.events[:1]),
            *(entry["entered_at"] for entry in (self.entries or [])[:1]),
            self.look_at(),
            *(run.at for run in self.active()),
        ]
        return min((t for t in instants if t is not None), default=None)

    def act(self, now: datetime) -> None:
        """Everything of one instant, in the order of Q19."""
        occasions: list[tuple[str, object]] = []
        while self.events and self.events[0]["at"] == now:
            event = self.events.pop(0)
            self.take(event)
            if self.entries is None and self.triggers(event) and self.plan.enabled(now):
                occasions.append((self.plan.body["trigger"], event.get("properties")))
        if self.look_at() == now and self.look(now):
            occasions.append((self.plan.body["trigger"], None))
        while self.entries and self.entries[0]["entered_at"] == now:
            entry = self.entries.pop(0)
            occasions.append((entry.get("via") or "trigger", entry.get("properties")))
        for via, properties in occasions:
            self.enrol(now, via, properties)
        for run in self.active():
            while run.at == now:
                self.run_node(run, now)

    # events

    def take(self, event: Row) -> None:
        """Let an event do what it does to the subscriber and to the runs."""
        now, name, ref = event["at"], event["event"], str(event.get("ref"))
        self.seen.append(event)
        if name in SETS:
            kind, goes_in = SETS[name]
            (self.inside.add if goes_in else self.inside.discard)((kind, ref))
        if name in ENDS:  # Q21
            self.blocked |= ENDS[name] == "cancelled"
            for run in self.active():
                self.end(run, now, ENDS[name])
        if name == "unsubscribed":  # Q21
            self.inside = {(kind, one) for kind, one in self.inside if kind != "list"}
        if name == "resubscribed":  # Q21
            self.blocked = False
        if self.plan.body["trigger"] == "segment_entered":  # Q15
            enabled_at = self.plan.enabled_at
            if enabled_at is not None and now <= enabled_at:
                self.was_in = self.in_segment()
            else:
                self.segment_look = next_look(now, self.plan.rules["segment_poll"])
        if self.plan.body["trigger"] == "inactivity" and name == self.plan.body["eventName"]:  # Q16
            self.counted, self.used = now, False

    def in_segment(self) -> bool:
        return ("segment", str(self.plan.body["segmentId"])) in self.inside

    def triggers(self, event: Row) -> bool:
        """Whether an event is what the sequence waits for."""
        body, name, ref = self.plan.body, str(event["event"]), str(event.get("ref"))
        if body["trigger"] == "contact_added":  # Q14
            if body.get("listId") is not None:
                return name == "list_joined" and ref == str(body["listId"])
            return name == ("list_joined" if body.get("listScope") == "any_list" else "contact_added")
        if body["trigger"] == "tag_added":  # Q14
            return name == "tag_added" and ref == body["tagName"]
        if body["trigger"] == "event_received":  # Q14
            filters = body.get("propertyFilters") or []
            return name == body["eventName"] and passes(filters, event.get("properties"))
        if body["trigger"] == "frequency":  # Q17
            after = event["at"] - length_of({"days": body["timeWindowDays"]})
            same_name = [e for e in self.seen if e["event"] == body["eventName"] and e["at"] > after]
            return name == str(body["eventName"]) and len(same_name) == int(body["minCount"])
        return False

    def look(self, now: datetime) -> bool:
        """Look at the subscriber; whether that is an occasion to enrol."""
        if self.plan.body["trigger"] == "inactivity":  # Q16
            self.used = True
            return True
        was_in, self.was_in, self.segment_look = self.was_in, self.in_segment(), None  # Q15
        if self.plan.body.get("stopOnSegmentExit") and not self.was_in:
            for run in self.active():
                self.end(run, now, "stopped")
        return self.was_in and not was_in

    # enrolments

    def enrol(self, now: datetime, via: str, properties: object) -> None:
        """Begin a run, or note why not."""  # Q18, Q21, Q24
        key = self.plan.key(properties) if self.plan.mode == "matching_field" else None
        if self.blocked:
            self.note(now, "blocked", None)
        elif via == "manual" and self.active():
            self.note(now, "duplicate", None)
        elif via != "manual" and self.plan.mode == "one_time" and self.runs:
            self.note(now, "repeated", None)
        elif via != "manual" and self.plan.mode == "matching_field" and key is None:
            self.note(now, "no_key", None)
        elif key is not None and any(same(run.key, key) for run in self.active()):
            self.note(now, "duplicate", None)
        else:
            run = Run(len(self.runs) + 1, via, now, properties, key)
            self.runs.append(run)
            self.note(now, "started", run)
            self.make_ready(run, now, ready=now)

    # nodes

    def make_ready(self, run: Run, now: datetime, ready: datetime | None) -> None:
        """Set when the next node runs, or end the run where none is left."""
        if run.place == len(self.plan.nodes):
            self.end(run, now, "completed")  # Q19
        elif ready is not None and self.plan.nodes[run.place].kind == "email" and self.plan.window:
            run.at = self.plan.window.snap(ready)  # Q9
        else:
            run.at = ready

    def run_node(self, run: Run, now: datetime) -> None:
        """Run the node whose instant has come."""
        node = self.plan.nodes[run.place]
        checked = not (node.is_wait and self.plan.rules["stop_checks"] == "steps")  # Q20
        if checked and self.stops(run, now):
            self.end(run, now, "stopped")
            return
        run.place += 1
        ready: datetime | None = now
        if node.kind == "elapsed":
            ready = now + node.length  # Q8
        elif node.kind == "weekday" and node.window:
            ready = node.window.snap(now)  # Q10
        elif node.kind == "date":  # Q11
            found = found_at(run.properties, node.path)
            day = date_of(found[0]) if found else None
            if day is None and node.exits:
                self.end(run, now, "stopped")
                return
            ready = now if day is None else max(now, day + node.length)
        else:
            self.pass_step(run, node, now)
        self.make_ready(run, now, ready)

    def pass_step(self, run: Run, node: Node, now: datetime) -> None:
        """Send an email, or note that a step that sends nothing was passed."""  # Q5, Q12, Q22
        shown = email_id(self.plan.body["steps"][node.position], node.position)
        if node.kind != "email":
            self.note(now, node.kind, run, shown)
            return
        run.sends.append(now)
        row = {"subscriber_id": self.id, "run": run.number, "position": node.position}
        self.timeline.append({**row, "email_id": shown, "send_at": now})

    # the stop condition

    def stops(self, run: Run, now: datetime) -> bool:
        """Whether the stop condition holds for a run at a node."""  # Q20
        condition: Row = self.plan.body.get("stopCondition") or {"type": "none"}
        kind, value = condition["type"], str(condition.get("value"))
        since = [event for event in self.seen if run.entered_at < event["at"] <= now]
        if kind in STOPS:
            of, within, event_name = STOPS[kind]
            if self.plan.rules["stop_reading"] == "state":
                return ((of, value) in self.inside) == within
            return any(event["event"] == event_name and str(event.get("ref")) == value for event in since)
        match: Row = condition.get("matchConfig") or {}
        if kind == "event_received":
            return any(event["event"] == value and matches(match, run, event) for event in since)
        if kind == "field_changed":
            changes = [e for e in since if e["event"] == "field_changed" and str(e.get("ref")) == value]
            return any(matches(match, run, event) for event in changes)
        return False

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


def matches(match: Row, run: Run, event: Row) -> bool:
    """Whether an event is such as a stop condition's `matchConfig` asks for."""  # Q4, Q20
    properties, mode = event.get("properties"), match.get("mode")
    if mode == "event_property_filter":
        return passes(match["propertyFilters"], properties)
    if mode == "event_property":
        pairs = [
            (found_at(run.properties, rule["entryFieldPath"]), found_at(properties, rule["eventFieldPath"]))
            for rule in match["rules"]
        ]
        return all(entry and later and same(entry[0], later[0]) for entry, later in pairs)
    if mode == "field_value":
        return holds(match["operator"], found_at(properties, "value"), match["value"])
    return True


# ---------------------------------------------------------------- a whole case


@dataclass
class Result:
    """What becomes of everyone: rows of the timeline, a row a run, and everything else that happened."""

    timeline: list[Row] = field(default_factory=list)
    subscribers: list[Row] = field(default_factory=list)
    journal: list[Row] = field(default_factory=list)


def in_order(rows: Iterable[Row], column: str, until: datetime | None) -> list[Row]:
    """Rows by their instant, those of one instant in the order given, without those from until on."""
    found = [{**row, column: instant(row[column])} for row in rows]
    return sorted((r for r in found if until is None or r[column] < until), key=lambda r: r[column])


def simulate(
    body: Row,
    assumptions: Row | None = None,
    enabled_at: datetime | str | None = None,
    until: datetime | str | None = None,
    events: Iterable[Row] | None = None,
    entries: Iterable[Row] | None = None,
) -> Result:
    """`timeline`, `subscribers` (a row a run) and `journal`, subscriber by subscriber.

    The timeline's rows are `subscriber_id, run, position, email_id, send_at`; those of subscribers
    `subscriber_id, run, via, entered_at, status, sends, last_send_at, ended_at`; those of the journal
    `subscriber_id, run, at, what, email_id`, run None where none was begun, email_id of discount, sms and
    update_subscriber. assumptions hold what differs from the defaults. entries None: by the trigger.
    """
    plan, end = plan_of(body, assumptions or {}, maybe_instant(enabled_at)), maybe_instant(until)
    log = in_order(events or [], "at", end)
    entered = None if entries is None else in_order(entries, "entered_at", end)
    result = Result()
    for subscriber_id in dict.fromkeys(row["subscriber_id"] for row in (log if entered is None else entered)):
        subscriber = Subscriber(
            subscriber_id,
            plan,
            [row for row in log if row["subscriber_id"] == subscriber_id],
            None if entered is None else [row for row in entered if row["subscriber_id"] == subscriber_id],
        )
        while (now := subscriber.next_instant()) is not None and (end is None or now < end):
            subscriber.act(now)
        result.timeline += subscriber.timeline
        result.subscribers += [subscriber.row_of(run) for run in subscriber.runs]
        result.journal += subscriber.journal
    return result
