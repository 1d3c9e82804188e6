"""Random cases of rules Q26 to Q40, weighted to ties and to where clocks change.

`case_of(seed)` gives a case: a dict that JSON can hold, with the arguments of `sequenzy_graph_oracle.simulate` under
`sequence, assumptions, enabled_at, until, events, entries, changes`, a `seed`, and `paths`: what the oracle's own
split by that seed took (`subscriber_id, run, node, path`). A side that splits by another function passes its own
`choose` to `simulate_case`. Assumptions hold what differs from the defaults; "15 minutes" is a length.
`rules_of(case)` counts what a case exercises.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sequenzy_graph_oracle import by_seed, simulate_case
from sequenzy_graph_reading import kind_of, opened, wait_of
from sequenzy_oracle import MICROSECOND, Row, length_of, zone_info

QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
PLACES = (  # a zone and a local date on which its clocks change, or near one
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Europe/Kyiv", "2026-03-29"),
    ("Europe/Kyiv", "2027-10-31"),
    ("Australia/Lord_Howe", "2026-04-05"),  # by half an hour
    ("America/Havana", "2026-03-08"),  # midnight that does not exist
    ("America/Havana", "2026-11-01"),  # midnight that happens twice
    ("Pacific/Apia", "2011-12-30"),  # no such day
    ("America/St_Johns", "2010-11-07"),  # back at 00:01
    ("America/Santiago", "2026-09-06"),
    ("America/Nuuk", "2026-03-28"),  # into the next date
    ("Antarctica/Troll", "2026-03-29"),  # by two hours
    ("Pacific/Chatham", "2026-04-05"),
    ("UTC", "2026-12-31"),
)
ZONES = [zone for zone, _ in PLACES[:11]]
ODD_ZONES = (*ZONES, "Asia/Kathmandu", "Mars/Olympus", "", None)
NEAR = (*[timedelta(0)] * 9, MICROSECOND, -MICROSECOND)
AFTER = (
    *[timedelta(0)] * 2,
    *[QUARTER * n for n in (1, 2, 3)],
    *[HOUR * n for n in (1, 2, 12, 23, 25, 36)],
    *[DAY * n for n in (1, 1, 2, 3, 7)],
)
DURATIONS: tuple[Row, ...] = (
    {"days": 1},
    {"days": 1},
    {"hours": 12},
    {"hours": 1},
    {"minutes": 45},
    {"minutes": 15},
    {"days": 0.5},
    {"days": 2, "hours": 3},
    {"hours": 1.5, "minutes": 0.5},
    {"days": 0},
)
OFFSETS: tuple[Row, ...] = ({}, {}, {"hours": 6}, {"days": 1}, {"days": 2, "minutes": 30}, {"minutes": 15})
WINDOW_DAYS = (
    None,
    None,
    None,
    ["sat", "sun"],
    ["Monday", "tue", "wed", "thu", "fri"],
    ["sunday"],
    ["FRI", "mon"],
    [],
)
HOURS_OPEN = (
    ("00:00", "24:00"),
    ("08:00", "20:00"),
    ("09:00", "12:00"),
    ("02:00", "03:00"),
    ("00:00", "00:30"),
    ("23:30", "24:00"),
    ("12:00", "12:01"),
)
TAGS, LISTS, SEGMENTS, PEOPLE = ("T1", "T2", "T3"), ("L1", "L2"), ("S1", "S2"), ("a", "b", "c", "d")
TEXTS = ("1", "2", "2.5", "10", "-3", "free", "pro", "pro plan", "", "9.75")
LINKS = ("https://example.com/pricing?a=1", "https://example.com/docs", "https://example.com")
THEMES = (
    *["drawn", "dates", "past", "minimum", "zones", "numeric", "who", "paused", "actions", "branches"],
    *["events", "key_dates", "triggers", "changes"],
)


def some(**fields: Any) -> Row:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


class World:
    """What a case is drawn from: a generator, its themes, a zone and a few instants."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.themes = set(self.rng.sample(THEMES, self.rng.choice((2, 3, 3, 4, 6))))
        self.zone, day = self.pick(PLACES)
        midnight = datetime.fromisoformat(day).replace(tzinfo=zone_info(self.zone)).astimezone(UTC)
        self.base = midnight + self.pick((-3, -2, -1, -1, 0)) * DAY + self.pick(range(-8, 40)) * QUARTER
        self.pool = [self.base]
        for _ in range(self.pick(range(3, 9))):
            self.pool.append(self.pick(self.pool) + self.pick(AFTER) + self.pick(NEAR))
        self.people = PEOPLE[: self.pick((1, 2, 2, 3, 4))]
        self.names = 0
        self.trigger = ""

    def pick(self, items: Any) -> Any:
        return self.rng.choice(list(items))

    def likely(self, theme: str, often: float = 0.75, seldom: float = 0.06) -> bool:
        """Whether to do something: often where it is a theme of the case, or else seldom."""
        return self.rng.random() < (often if theme in self.themes else seldom)

    def new_name(self) -> str:
        self.names += 1
        return f"n{self.names}"

    def instant(self) -> datetime:
        return self.pick(self.pool)

    def zone_here(self) -> str:
        return self.pick((self.zone, self.zone, self.zone, "UTC"))


# ---------------------------------------------------------------- waits


def written(w: World, t: datetime) -> Any:
    """An instant as a property may hold it, now and then what is none."""
    local = t.astimezone(zone_info(w.zone))
    return w.pick((
        t.isoformat(),
        t.isoformat(),
        local.isoformat(timespec="microseconds"),
        t.replace(tzinfo=None).isoformat(),
        local.date().isoformat(),
        int(t.timestamp()),
        int(t.timestamp()) * 1000,
        t.isoformat(),
        t.isoformat(),
        w.pick((t.isoformat(), "soon", None, True, "1700000000", "")),
    ))


def offset_fields(w: World) -> Row:
    offset = w.pick(OFFSETS)
    return w.pick(({"offset": offset}, offset)) if offset else {}


def date_wait(w: World) -> Row:
    """A wait until a date of the event or of the subscriber."""
    by_attribute = w.likely("dates", 0.8, 0.2)
    field = (
        w.pick(("renews", "renews", "trial.end", "never"))
        if by_attribute
        else w.pick(("due", "due", "order.due"))
    )
    source = "attribute" if by_attribute else w.pick((None, "event"))
    direction, missing = w.pick((None, "before", "after")), w.pick((None, None, "continue", "exit"))
    past = w.pick(("continue", "skip", "skip", "exit")) if w.likely("past", 0.9, 0.15) else None
    plain = some(field=field, source=source, direction=direction, missingAction=missing, pastAction=past)
    until = some(
        untilDateField=field,
        untilDateSource=source,
        untilOffsetDirection=direction,
        untilMissingAction=missing,
        untilPastAction=past,
    )
    offset = offset_fields(w)
    shorthand = offset.get("offset", offset)
    return w.pick((
        {"waitUntil": {**plain, **offset}},
        {"waitUntil": {**until, **offset}},
        {"delay": {"mode": "until_date", **until, **shorthand}},
    ))


def key_date_wait(w: World) -> Row:
    """A wait until a key date."""
    key, direction = (
        w.pick((*["sale"] * 6, "doors_open", "doors_open", "gone")),
        w.pick((None, None, "before", "after")),
    )
    missing, past = w.pick((None, None, "continue", "exit")), w.pick((None, None, "continue", "skip", "exit"))
    offset = offset_fields(w)
    plain = some(key=key, direction=direction, missingAction=missing, pastAction=past)
    until = some(
        untilKeyDate=key, untilOffsetDirection=direction, untilMissingAction=missing, untilPastAction=past
    )
    return w.pick((
        {"waitUntilKeyDate": {**plain, **offset}},
        {"waitUntilKeyDate": {**plain, **offset}},
        {"delay": {"mode": "until_key_date", **until, **offset.get("offset", offset)}},
    ))


def weekday_wait(w: World) -> Row:
    """A wait until a weekday."""
    start, end = w.pick(HOURS_OPEN)
    days = w.pick(WINDOW_DAYS)
    source = "subscriber" if w.likely("zones", 0.8, 0.1) else w.pick((None, "fixed"))
    least = w.pick(({"days": 1}, {"hours": 2}, {"minutes": 15}, {"days": 0}, {"days": 2, "hours": 3}))
    plain = some(
        startTime=start,
        endTime=None if end == "24:00" else end,
        timezone=w.zone_here(),
        timezoneSource=source,
        minimumWait=least if w.likely("minimum", 0.8, 0.1) else None,
    )
    if w.rng.random() < 0.25:
        return {"waitUntilWeekday": {**plain, "day": w.pick(("sunday", "mon", "Friday"))}}
    if w.rng.random() < 0.15 and "minimumWait" not in plain:
        until = {f"until{name[0].upper()}{name[1:]}": value for name, value in plain.items()}
        return {"delay": {"mode": "until_weekday", **until, **some(untilDays=days)}}
    return {"waitUntilWeekday": {**plain, **some(days=days)}}


def wait(w: World) -> Row:
    """The fields of a step that make it wait."""
    kinds = ["none"] * 4 + ["delay"] * 6 + ["ms", "weekday"]
    kinds += ["date"] * (5 if w.themes & {"dates", "past"} else 1)
    kinds += ["weekday"] * (5 if w.themes & {"zones", "minimum"} else 0)
    kinds += ["key_date"] * (6 if "key_dates" in w.themes else 0)
    made: dict[str, Callable[[], Row]] = {
        "none": dict,
        "delay": lambda: {"delay": dict(w.pick(DURATIONS))},
        "ms": lambda: {"delayMs": w.pick((900_000, 86_400_000, 1.5, 0))},
        "date": lambda: date_wait(w),
        "weekday": lambda: weekday_wait(w),
        "key_date": lambda: key_date_wait(w),
    }
    return made[w.pick(kinds)]()


# ---------------------------------------------------------------- steps


def condition(w: World) -> Row:
    """What a branch or a condition step looks at."""
    kind = w.pick((
        *["has_tag", "does_not_have_tag", "in_list", "in_segment", "event_received", "event_received"],
        *["link_clicked", "field_equals", "field_contains", "field_greater_than", "field_less_than"],
        *["has_phone", "sms_subscribed"],
    ))
    scope = w.pick((None, "ever", "this_sequence")) if kind in {"event_received", "link_clicked"} else None
    fields: Row = {}
    if kind.endswith("tag"):
        fields = {w.pick(("tagName", "tagName", "tagId")): w.pick(TAGS)}
    elif kind == "in_list":
        fields = {"listId": w.pick(LISTS)}
    elif kind == "in_segment":
        fields = {"segmentId": w.pick(SEGMENTS)}
    elif kind == "event_received":
        fields = {"eventName": w.pick(("paid", "paid", "order"))}
    elif kind == "link_clicked":
        fields = some(linkUrl=w.pick((None, "pricing", "example.com", "nowhere")))
    elif kind.startswith("field_"):
        numeric = kind in {"field_greater_than", "field_less_than"}
        fields = {
            "fieldName": "score" if numeric else "plan",
            "fieldValue": w.pick(TEXTS[:5] if numeric else TEXTS),
        }
    return {"conditionType": kind, **fields, **some(activityScope=scope)}


def branch(w: World, depth: int) -> Row:
    """A branch, its paths with steps or without; a third of them random splits."""
    split = w.rng.random() < 0.3
    paths: list[Row] = []
    for n in range(w.pick((1, 2, 2, 3) if not split else (2, 2, 3))):
        looks = {} if split else condition(w)
        paths.append({"id": f"branch-{n}", **looks, "steps": steps(w, w.pick((0, 1, 1, 2)), depth + 1)})
    found: Row = {"type": w.pick(("branch", "logic_branch")), "branches": paths}
    if split:
        shares = {2: ([50, 50], [30, 70], [0, 100], [12.5, 87.5]), 3: ([20, 30, 50], [0, 50, 50])}
        return {**found, "splitMode": "random", "randomPercentages": w.pick(shares[len(paths)])}
    if w.rng.random() < 0.6:
        found["elseSteps"] = steps(w, w.pick((0, 1, 1, 2)), depth + 1)
    return {**found, **some(splitMode=w.pick((None, "condition")))}


def action(w: World, kind: str) -> Row:
    """A step that is neither an email nor a branch, without its wait."""
    if kind in {"add_tag", "remove_tag"}:
        fields = {"tagName": w.pick(TAGS)}
    elif kind in {"add_to_list", "remove_from_list"}:
        fields = {"listId": w.pick(LISTS)}
    elif kind == "condition":
        fields = condition(w)
    elif kind == "wait_for_event":
        fields = some(
            eventName=w.pick(("paid", "paid", "order")),
            timeoutDays=w.pick((1, 1, 2, None)),
            timeoutAction=w.pick((None, "continue", "exit")),
        )
    elif kind == "update_subscriber":
        return {"type": kind, "config": some(status="unsubscribed" if w.likely("who", 0.8, 0.3) else None)}
    elif kind == "discount":
        off = {"discountType": "percent", "percentOff": 20, "expiresInHours": 48}
        name = w.pick(("create_discount", "discount"))
        return w.pick(({"type": name, **off}, {"type": name, "discount": off}))
    else:
        extra = {
            "sms": {"text": "Hello"},
            "push": {"text": "Hello"},
            "webhook": {"url": "https://example.com"},
        }
        return {"type": kind, **extra.get(kind, {"prompt": "Write", "resultKey": "words"})}
    if w.rng.random() < 0.3 and kind not in {"condition"}:
        return {"nodeType": f"{'logic' if kind == 'wait_for_event' else 'action'}_{kind}", "config": fields}
    return {"type": kind, **fields}


def mail(w: World, **fields: Any) -> Row:
    """An email step."""
    name = w.new_name()
    transactional = some(isTransactional=True if w.likely("who", 0.3, 0.03) else None)
    return {"id": name, "subject": f"Email {name}", "html": "<p>Hello</p>", **transactional, **fields}


def step(w: World, depth: int) -> Row:
    """A step with its wait."""
    kinds = ["email"] * 9 + ["delay", "discount", "sms", "push", "webhook", "ai", "ab_test"]
    sets = ["add_tag", "remove_tag", "add_to_list", "remove_from_list", "update_subscriber"]
    kinds += sets * (2 if "actions" in w.themes else 0) + [w.pick(sets)]
    kinds += ["wait_for_event"] * (5 if "events" in w.themes else 0)
    if "branches" in w.themes:
        kinds += ["condition"] + ["branch"] * (6 if depth == 0 else 1 if depth == 1 else 0)
    kind = w.pick(kinds)
    if kind in {"email", "ab_test"}:
        return {**mail(w, **wait(w)), **({"type": "ab_test"} if kind == "ab_test" else {})}
    name = w.new_name()
    if kind == "delay":
        return {"id": name, "type": "delay", **(wait(w) or {"delay": {"hours": 2}})}
    if kind == "branch":
        return {"id": name, **branch(w, depth), **(wait(w) if w.rng.random() < 0.4 else {})}
    return {"id": name, **action(w, kind), **wait(w)}


def steps(w: World, size: int, depth: int = 0) -> list[Row]:
    return [step(w, depth) for _ in range(size)]


def every_step(given: list[Row]) -> Iterator[tuple[list[Row], Row]]:
    """Every step and the list in which it stands, depth first."""
    for one in given:
        yield given, one
        for path in one.get("branches") or []:
            yield from every_step(path.get("steps") or [])
        yield from every_step(one.get("elseSteps") or [])


def aim(w: World, given: list[Row]) -> None:
    """Let a path here and there go to a later step of the whole list; the others reach what is between."""
    for n, one in enumerate(given):
        if one.get("branches") and given[n + 2 :] and w.rng.random() < 0.5:
            place = w.pick([*one["branches"], *([one] if one.get("elseSteps") is not None else [])])
            place["elseTargetNodeId" if place is one else "targetNodeId"] = w.pick(given[n + 2 :])["id"]


def ensure(w: World, given: list[Row]) -> None:
    """Put in what the themes of the case are about."""
    wanted: list[tuple[str, Callable[[], Row]]] = [
        ("branches", lambda: {"id": w.new_name(), **branch(w, 0)}),
        ("branches", lambda: {"id": w.new_name(), **branch(w, 0)}),
        ("numeric", lambda: mail(w, delay=w.pick(DURATIONS[:8]))),
        ("events", lambda: {"id": w.new_name(), **action(w, "wait_for_event")}),
        (
            "actions",
            lambda: {"id": w.new_name(), **action(w, w.pick(("add_tag", "remove_tag", "remove_from_list")))},
        ),
        ("dates", lambda: mail(w, **date_wait(w))),
        ("past", lambda: mail(w, **date_wait(w))),
        ("key_dates", lambda: mail(w, **key_date_wait(w))),
        ("zones", lambda: mail(w, **weekday_wait(w))),
        ("minimum", lambda: mail(w, **weekday_wait(w))),
        ("changes", lambda: mail(w, delay=w.pick(DURATIONS[:8]))),
    ]
    for theme, make in wanted:
        if theme in w.themes and w.rng.random() < 0.9:
            given.insert(w.pick(range(len(given) + 1)), make())
    given.append(mail(w, **(wait(w) if w.rng.random() < 0.5 else {})))
    if w.rng.random() < 0.6:
        given.insert(0, mail(w))


# ---------------------------------------------------------------- the graph of steps, as GET gives it


class Drawing:
    """Nodes, edges and emails of steps."""  # Q26

    def __init__(self, given: list[Row]) -> None:
        self.nodes: list[Row] = [{"id": "start", "nodeType": "trigger", "config": {}}]
        self.edges: list[Row] = []
        self.emails: list[Row] = []
        self.begins: dict[str, str] = {}
        for _, one in every_step(given):
            delay = wait_of(one) is not None and kind_of(one) != "delay"
            self.begins[one["id"]] = f"{one['id']}-wait" if delay else one["id"]
        self.edge("start", self.link(given, "end"))
        self.nodes.append({"id": "end", "nodeType": "completion", "config": {}})

    def edge(self, source: str, target: str, branch_id: str | None = None) -> None:
        condition = some(condition=None if branch_id is None else {"branchId": branch_id})
        self.edges.append({"sourceNodeId": source, "targetNodeId": target, **condition})

    def link(self, given: list[Row], after: str) -> str:
        for one in reversed(given):
            after = self.draw(one, after)
        return after

    def delay(self, name: str, one: Row) -> tuple[Row, Row]:
        """A delay node, and what the email after it repeats."""
        given: Row = one.get("delay") or {}
        if given.get("mode") in {"until_date", "until_weekday", "until_key_date"}:
            config = {**given, "delayMode": given["mode"]}
            return {"id": name, "nodeType": "logic_delay", "config": config}, {"delayMode": given["mode"]}
        for field, mode in (("waitUntil", "until_date"), ("waitUntilWeekday", "until_weekday")):
            if one.get(field):
                repeated = {"delayMode": mode, field: one[field]}
                return {"id": name, "nodeType": "logic_delay", "config": repeated}, repeated
        if one.get("waitUntilKeyDate"):
            repeated = {"delayMode": "until_key_date", "waitUntilKeyDate": one["waitUntilKeyDate"]}
            return {"id": name, "nodeType": "logic_delay", "config": repeated}, repeated
        config = {f"delay{unit.capitalize()}": length for unit, length in given.items()}
        repeated = {"delayMode": "duration", "delayMs": length_of(given) / timedelta(milliseconds=1)}
        if one.get("delayMs") is not None:
            minutes, rest = divmod(one["delayMs"], 60_000)
            config = {"delayMs": one["delayMs"]} if rest else {"delayMinutes": minutes}
            repeated["delayMs"] = one["delayMs"]
        return {"id": name, "nodeType": "logic_delay", "config": config}, repeated

    def draw(self, one: Row, after: str) -> str:
        name, kind = one["id"], kind_of(one)
        repeated: Row = {}
        if self.begins[name] != name:
            node, repeated = self.delay(f"{name}-wait", one)
            self.nodes.append(node)
            self.edge(node["id"], name)
        waits = {"delay", "delayMs", "waitUntil", "waitUntilWeekday", "waitUntilKeyDate"}
        inner = {"steps", "targetNodeId"}
        config = {k: v for k, v in {**one, **(one.get("config") or {})}.items() if k not in waits}
        for given in ("id", "type", "nodeType", "config", "elseSteps", "elseTargetNodeId"):
            config.pop(given, None)
        if kind == "delay":
            self.nodes.append(self.delay(name, one)[0])
        else:
            if kind == "branch":
                config["branches"] = [{k: v for k, v in p.items() if k not in inner} for p in one["branches"]]
            if kind == "email":
                row = {"nodeId": name, "emailId": f"mail-{name}", "subject": one["subject"], "blocks": []}
                row |= some(
                    delayNodeId=f"{name}-wait" if repeated else None,
                    isTransactional=one.get("isTransactional"),
                )
                self.emails.append({**row, **repeated})
                config = {"emailId": f"mail-{name}"}
            self.nodes.append({"id": name, "nodeType": self.node_type(one, kind), "config": config})
        if kind == "branch":
            for path in one["branches"]:
                target = self.begins[path["targetNodeId"]] if path.get("targetNodeId") else after
                self.edge(name, self.link(path.get("steps") or [], target), path["id"])
            if one.get("splitMode") != "random":
                target = self.begins[one["elseTargetNodeId"]] if one.get("elseTargetNodeId") else after
                self.edge(name, self.link(one.get("elseSteps") or [], target), "else")
        else:
            self.edge(name, after)
        return self.begins[name]

    def node_type(self, one: Row, kind: str) -> str:
        names = {
            "discount": "action_create_discount",
            "update_subscriber": "action_update_attributes",
            "event": "logic_wait_for_event",
            "condition": "logic_condition",
            "branch": "logic_branch",
        }
        if kind == "email":
            return "action_ab_test" if one.get("type") == "ab_test" else "action_email"
        return names.get(kind, f"action_{kind}")


def shape(given: list[Row], is_drawn: bool) -> Row:
    """Steps as fields of a body: as they are, or as a graph."""
    given = json.loads(json.dumps(given))
    if not is_drawn:
        return {"steps": given}
    drawing = Drawing(given)
    return {"nodes": drawing.nodes, "edges": drawing.edges, "emails": drawing.emails}


# ---------------------------------------------------------------- the sequence


def trigger_fields(w: World) -> Row:
    """A trigger with its own fields and an enrolment mode."""
    kinds = ["contact_added", "tag_added", "event_received", "event_received", "frequency", "segment_entered"]
    kinds += ["inactivity"]
    if "triggers" in w.themes:
        kinds += (
            ["segment_exited"] * 3 + ["inbound_webhook"] * 2 + ["none", "tags", "lists", "tags", "lists"] * 2
        )
    w.trigger = w.pick(kinds)
    mode = some(enrollmentMode=w.pick((None, None, "unlimited", "one_time")))
    fields: dict[str, Row] = {
        "none": {},
        "contact_added": {
            "trigger": "contact_added",
            **w.pick(({}, {"listId": "L1"}, {"listScope": "any_list"})),
        },
        "lists": {"trigger": "contact_added", "listIds": ["L1", "L2"], **w.pick(({}, {"listId": "L9"}))},
        "tag_added": {"trigger": "tag_added", "tagName": "T1"},
        "tags": {"trigger": "tag_added", "tagNames": ["T1", "T2"], **w.pick(({}, {"tagName": "T3"}))},
        "event_received": {"trigger": "event_received", "eventName": "order"},
        "inbound_webhook": {"trigger": "inbound_webhook", "eventName": "hook", "webhookId": "w1"},
        "frequency": {"trigger": "frequency", "eventName": "order", "minCount": 2, "timeWindowDays": 2},
        "segment_entered": {
            "trigger": "segment_entered",
            "segmentId": "S1",
            **some(stopOnSegmentExit=w.pick((None, True))),
        },
        "segment_exited": {"trigger": "segment_exited", "segmentId": "S1"},
        "inactivity": {"trigger": "inactivity", "eventName": "order", "inactiveDays": w.pick((1, 2))},
    }
    if w.trigger == "event_received" and w.rng.random() < 0.3:
        mode = {"enrollmentMode": "matching_field", "enrollmentFieldPath": "order.id"}
    return {**fields[w.trigger], **mode}


def stop_condition(w: World) -> Row | None:
    """A stop condition."""
    if w.likely("triggers", 0.6, 0) and w.trigger in {"tag_added", "tags", "lists"}:
        of, kind = ("list", "removed_from_list") if w.trigger == "lists" else ("tag", "does_not_have_tag")
        return {"type": kind, "value": None, "matchConfig": {"mode": "entry_audience", "audience": of}}
    if w.likely("numeric", 0.8, 0.1):
        operator = w.pick(("greater_than", "greater_than", "less_than", "equals", "not_contains"))
        match = {"mode": "field_value", "operator": operator, "value": w.pick(TEXTS[:8])}
        return {"type": "field_changed", "value": "score", "matchConfig": match}
    kind = w.pick((
        *[None] * 6,
        "has_tag",
        "has_tag",
        "does_not_have_tag",
        "added_to_list",
        "removed_from_list",
        "paid",
    ))
    if kind is None:
        return w.pick((None, {"type": "none"}))
    if kind == "paid":
        return {"type": "event_received", "value": "paid"}
    return {"type": kind, "value": w.pick(LISTS if "list" in kind else TAGS)}


def sending_window(w: World) -> Row:
    start, end = w.pick(HOURS_OPEN)
    source = "subscriber" if w.likely("zones", 0.7, 0.05) else None
    return some(
        timezone=w.zone_here(),
        startTime=start,
        endTime=end,
        days=w.pick(WINDOW_DAYS),
        enabled=w.pick((None, None, None, True, False)),
        timezoneSource=source,
    )


def key_dates(w: World) -> Row:
    def moment() -> str:
        t = w.instant() + w.pick(AFTER)
        local = t.astimezone(zone_info(w.zone))
        return w.pick((t.isoformat(), local.replace(tzinfo=None).isoformat(timespec="minutes")))

    dates = [
        {"key": "sale", "label": "The sale", "at": moment()},
        {"label": "Doors open!", "at": moment()},
    ]
    return {"timezone": w.zone, "dates": dates}


def sequence_of(w: World) -> tuple[Row, list[Row], bool]:
    """The body, its steps, and whether it is as GET gives it."""
    trigger = trigger_fields(w)
    given = steps(w, w.pick((1, 2, 2, 3, 4)))
    ensure(w, given)
    aim(w, given)
    is_drawn = w.likely("drawn", 0.8, 0.1)
    windowed = w.rng.random() < 0.4 or ("changes" in w.themes and w.rng.random() < 0.3)
    found = {
        "name": "Case",
        **trigger,
        **some(
            stopCondition=stop_condition(w),
            sendingWindow=sending_window(w) if windowed else None,
            keyDates=key_dates(w) if "key_dates" in w.themes else None,
            activeSubscribersOnly=w.pick((True, False)) if w.likely("who", 0.4) else None,
            enrollmentPaused=True if w.likely("paused", 0.35, 0.01) else None,
        ),
        **shape(given, is_drawn),
    }
    if is_drawn:
        found |= {"id": "seq_1", "status": "active", "effectiveStatus": "live", "graphRevision": "r1"}
    if w.likely("paused", 0.3, 0.01):
        found |= {"status": "paused"}
    if w.rng.random() < 0.1:
        found = {"success": True, "sequence": found}
    return found, given, is_drawn


# ---------------------------------------------------------------- changes


def edit(w: World, given: list[Row], parked: list[str]) -> list[Row]:
    """Steps with one of them changed, deleted or added, often one at which somebody waits."""
    given = json.loads(json.dumps(given))
    places = list(every_step(given))
    linear = [place for place in places if kind_of(place[1]) != "branch"]
    here = [place for place in linear if place[1]["id"] in parked] if w.rng.random() < 0.7 else []
    targets = {
        row.get(name)
        for _, one in places
        for row in (one, *(one.get("branches") or []))
        for name in ("targetNodeId", "elseTargetNodeId")
    }
    what = w.pick(("delay", "delay", "delete", "delete", "add"))
    if what == "delete":
        free = [(where, one) for where, one in here or linear if one["id"] not in targets]
        if free and len(linear) > 2:
            where, one = w.pick(free)
            where.remove(one)
            return given
    if what == "add" or not linear:
        where = w.pick(places)[0] if places else given
        new = {"id": w.new_name(), "subject": "New", "html": "<p>New</p>", **wait(w)}
        where.insert(w.pick(range(len(where) + 1)), new)
        return given
    _, one = w.pick(here or linear)
    for name in ("delay", "delayMs", "waitUntil", "waitUntilWeekday", "waitUntilKeyDate"):
        one.pop(name, None)
    one |= wait(w)
    return given


def spanning(case: Row, t: datetime) -> list[str]:
    """The steps at which somebody waits at an instant."""
    waits = simulate_case(case).waits
    return [row["node"] for row in waits if row["from"] <= t and (row["until"] is None or t <= row["until"])]


def inside(w: World, row: Row) -> datetime:
    """An instant in a wait, or at one of its ends."""
    until = row["until"] or row["from"] + 7 * DAY
    length = min(until - row["from"], 30 * DAY)
    return row["from"] + w.pick((timedelta(0), length, length, length / 2, length / 3, w.pick(AFTER)))


def change_at(
    w: World, t: datetime, given: list[Row], is_drawn: bool, parked: list[str]
) -> tuple[Row, list[Row]]:
    """A change, and the steps after it."""
    kind = w.pick((*["steps"] * 4, *["window"] * 3, "disable", "disable", "enable", "other"))
    change: Row = {"at": t.isoformat(), "op": "update", "fields": {}}
    if kind in {"disable", "enable"}:
        return {"at": t.isoformat(), "op": kind}, given
    if kind == "steps":
        given = edit(w, given, parked)
        change["fields"] = shape(given, is_drawn)
    elif kind == "window":
        window = sending_window(w) if w.rng.random() < 0.85 else None
        realign = w.rng.random() < 0.7
        if window and realign and w.rng.random() < 0.6:  # one that may pull somebody
            window |= {"startTime": w.pick(("00:00", "02:00", "06:30")), "endTime": "24:00", "enabled": True}
            window.pop("days", None)
        change |= {"fields": {"sendingWindow": window}, "realign": realign}
    else:
        change["fields"] = w.pick((
            {"stopCondition": stop_condition(w) or {"type": "none"}},
            {"enrollmentPaused": w.pick((True, False))},
            {"activeSubscribersOnly": w.pick((True, False))},
        ))
    return change, given


def add_changes(w: World, case: Row, given: list[Row], is_drawn: bool) -> None:
    """Changes while runs wait, and at the very instants at which something happens; in order."""
    result = simulate_case(case)
    known = [*result.instants, *w.pool[:2]]
    instants = [w.pick(known) + w.pick(NEAR) for _ in range(w.pick((0, 1, 1, 2)))]
    waits = [row for row in result.waits if row["until"] != row["from"]]
    instants += [inside(w, w.pick(waits)) for _ in range(w.pick((1, 1, 2)) if waits else 0)]
    for t in sorted(instants):
        change, given = change_at(w, t, given, is_drawn, spanning(case, t))
        case["changes"].append(change)
        if change["op"] == "disable" and w.rng.random() < 0.8:
            back = t + w.pick(AFTER) + w.pick(NEAR)
            case["changes"].append({"at": back.isoformat(), "op": "enable"})


# ---------------------------------------------------------------- the log


def telling(w: World) -> list[tuple[str, Any]]:
    """The events that the case turns on."""
    by_trigger: dict[str, list[tuple[str, Any]]] = {
        "none": [("contact_added", None)],
        "contact_added": [("contact_added", None), ("list_joined", "L1")],
        "lists": [("list_joined", "L1"), ("list_joined", "L2"), ("list_left", "L1")],
        "tag_added": [("tag_added", "T1")],
        "tags": [("tag_added", "T1"), ("tag_added", "T2"), ("tag_removed", "T1")],
        "inbound_webhook": [("hook", "w1"), ("hook", "w1"), ("hook", "w2")],
        "segment_entered": [("segment_entered", "S1"), ("segment_left", "S1")],
        "segment_exited": [("segment_entered", "S1"), ("segment_left", "S1")],
    }
    found = by_trigger.get(w.trigger, [("order", None), ("order", None)]) * 4
    if "dates" in w.themes:
        found += [("field_changed", "renews")] * 4 + [("field_changed", "trial.end")]
    if "zones" in w.themes:
        found += [("field_changed", "timezone")] * 3
    if "numeric" in w.themes or "branches" in w.themes:
        found += [("field_changed", "score")] * 3
    if "branches" in w.themes:
        found += [("field_changed", name) for name in ("plan", "phone", "sms_subscribed")]
        found += [("link_clicked", link) for link in LINKS] + [("paid", None), ("tag_added", "T2")]
        found += [("segment_entered", "S2"), ("list_joined", "L2")]
    if "events" in w.themes:
        found += [("paid", None)] * 5
    if "who" in w.themes:
        found += [("unsubscribed", None), ("bounced", None), ("resubscribed", None)]
    return found


OTHERS = (
    *[("tag_added", tag) for tag in TAGS],
    *[("tag_removed", tag) for tag in TAGS],
    *[("list_joined", one) for one in LISTS],
    *[("list_left", one) for one in LISTS],
    *[("contact_added", None), ("order", None), ("paid", None), ("unsubscribed", None)],
    *[
        ("removed", None),
        ("resubscribed", None),
        ("segment_entered", "S2"),
        ("segment_left", "S2"),
        ("field_changed", "renews"),
    ],
)


def value_of(w: World, name: str, at: datetime) -> Any:
    """A new value of a field."""
    if name in {"renews", "trial.end"}:
        return written(w, w.pick((at, w.instant())) + w.pick(AFTER) * w.pick((1, 1, 1, -1)))
    if name == "timezone":
        return w.pick(ODD_ZONES)
    if name == "phone":
        return w.pick(("+44 20 7946 0000", "", None))
    if name == "sms_subscribed":
        return w.pick((True, True, False, "yes"))
    return w.pick((*TEXTS, 1, 2.5, 11, True, None, ["pro", "free"]))


def properties_of(w: World, at: datetime) -> Row | None:
    """The properties of a tracked event."""
    if w.rng.random() < 0.1:
        return w.pick((None, {}))
    due = w.pick((at, w.instant())) + w.pick(AFTER) * w.pick((1, 1, -1))
    order: Row = {"id": w.pick((1, 1, 2, 1.0, "1", None))}
    if w.rng.random() < 0.7:
        order["due"] = written(w, due)
    return {"order": order, **some(due=written(w, due) if w.rng.random() < 0.8 else None)}


def event_at(w: World, at: datetime, who: str | None = None, named: tuple[str, Any] | None = None) -> Row:
    """An event at an instant, of those that the case turns on or of others."""
    name, ref = named or w.pick(telling(w) * 4 + list(OTHERS))
    found: Row = {"subscriber_id": who or w.pick(w.people), "at": at.isoformat(), "event": name, "ref": ref}
    found["properties"] = None
    if name == "field_changed":
        found["properties"] = {"value": value_of(w, ref, at)}
    elif name in {"order", "paid", "hook"}:
        found["properties"] = properties_of(w, at)
    if w.likely("triggers", 0.25, 0):
        late = w.pick((timedelta(minutes=5), HOUR, HOUR, HOUR + MICROSECOND, 2 * HOUR))
        found["received_at"] = (at + late).isoformat()
    return found


def event_in(w: World, row: Row) -> Row:
    """An event while somebody waits, often such as the wait is about."""
    named: tuple[str, Any] | None = None
    if row["kind"] == "event":
        named = (row["name"], None)
    elif row["kind"] == "date" and row["source"] == "attribute":
        named = ("field_changed", row["name"])
    elif "numeric" in w.themes:
        named = ("field_changed", "score")
    return event_at(w, inside(w, row), row["subscriber_id"], named if w.rng.random() < 0.7 else None)


def first_events(w: World) -> list[Row]:
    """What is known of people before anything happens, by the themes of the case."""
    found = []
    for who in w.people:
        names = [
            *(["renews", "trial.end"] if w.likely("dates", 0.8, 0.3) or w.likely("past", 0.5, 0) else []),
            *(["timezone"] if w.likely("zones", 0.6, 0.1) else []),
            *(["score", "plan", "sms_subscribed"] if w.likely("branches", 0.6, 0.05) else []),
        ]
        at = min(w.pool) - DAY
        base = {"subscriber_id": who, "at": at.isoformat(), "properties": None}
        for name in names:
            value = {"value": value_of(w, name, w.base)}
            found.append({**base, "event": "field_changed", "ref": name, "properties": value})
        if w.rng.random() < 0.7:
            found += [{**base, "event": "list_joined", "ref": one} for one in LISTS]
            found += [{**base, "event": "tag_added", "ref": one} for one in ("T2", "T3")]
        if w.likely("branches", 0.7, 0.1):
            more = [("tag_added", "T1"), ("segment_entered", "S2"), ("link_clicked", w.pick(LINKS))]
            found += [
                {**base, "event": name, "ref": ref} for name, ref in w.rng.sample([*more, ("paid", None)], 2)
            ]
        if w.likely("who", 0.4, 0.02):
            found.append({**base, "event": w.pick(("unsubscribed", "bounced", "complained")), "ref": None})
    return found


def entry_at(w: World, at: datetime) -> Row:
    """An entry, with what it brings along."""
    attributes = {
        name: value_of(w, name, at)
        for name in ("renews", "score", "plan", "phone")
        if w.likely("dates" if name == "renews" else "branches", 0.4, 0.05)
    }
    return {
        "subscriber_id": w.pick(w.people),
        "entered_at": at.isoformat(),
        "via": w.pick(("trigger", "trigger", "manual", "audience")),
        "properties": properties_of(w, at),
        "attributes": attributes or None,
        "time_zone": w.pick((*ZONES, "Asia/Kathmandu")) if w.likely("zones", 0.6, 0.05) else None,
    }


# ---------------------------------------------------------------- whole cases


def happenings(case: Row) -> list[datetime]:
    """The instants at which anything happens in a case, the ends of waits among them."""
    return sorted(simulate_case(case).instants)


def assumptions_of(w: World) -> Row:
    return some(
        segment_poll=w.pick((None, None, None, "10 minutes")),
        inactivity_poll=w.pick((None, None, None, "60 minutes")),
        stop_checks=w.pick((None, None, None, "steps")),
        stop_reading=w.pick((None, None, None, "transition")),
        numeric_strings=w.pick((None, "strict")) if "numeric" in w.themes else None,
        update_unsubscribes=w.pick((None, None, None, False)),
        activity_scope=w.pick((None, "this_sequence")) if "branches" in w.themes else None,
        earlier_events=w.pick((None, "count")) if "events" in w.themes else None,
    )


def make_manual(w: World, body: Row) -> None:
    """Take the trigger away: entries alone begin runs."""
    names = (
        "listIds",
        "listId",
        "listScope",
        "tagNames",
        "tagName",
        "segmentId",
        "stopOnSegmentExit",
        "eventName",
    )
    for name in (*names, "inactiveDays", "minCount", "timeWindowDays", "webhookId", "enrollmentFieldPath"):
        body.pop(name, None)
    if (body.get("stopCondition") or {}).get("matchConfig", {}).get("mode") == "entry_audience":
        body.pop("stopCondition")
    body |= {"trigger": "manual", "enrollmentMode": "unlimited"}
    w.trigger = "manual"


def case_of(seed: int) -> Row:
    """The case of a seed: a history is drawn, then events and changes at the instants of what it leads to."""
    w = World(seed)
    sequence, given, is_drawn = sequence_of(w)
    by_entries = w.rng.random() < (0.55 if w.themes & {"zones", "who", "paused"} else 0.35)
    if by_entries and "triggers" in w.themes and w.rng.random() < 0.3:
        make_manual(w, sequence.get("sequence", sequence))
    case: Row = {
        "case": seed,
        "themes": sorted(w.themes),
        "sequence": sequence,
        "assumptions": assumptions_of(w),
        "enabled_at": w.pick((None, None, min(w.pool).isoformat(), w.pool[0].isoformat())),
        "until": None,
        "events": [*first_events(w), *(event_at(w, w.instant()) for _ in range(w.pick((4, 8, 10, 12))))],
        "entries": [entry_at(w, w.instant()) for _ in range(w.pick((2, 3, 4, 6)))] if by_entries else None,
        "changes": [],
        "seed": w.pick(range(1000)),
    }
    if w.likely("changes", 1, 0) or w.likely("paused", 0.5, 0):
        add_changes(w, case, given, is_drawn)
    for _ in range(3):
        result = simulate_case(case)
        known, waits = sorted([*w.pool, *result.instants, *result.instants]), result.waits
        for _ in range(w.pick((1, 2, 4))):
            after = w.pick((timedelta(0), timedelta(0), w.pick(AFTER)))
            if waits and w.rng.random() < 0.5:
                case["events"].append(event_in(w, w.pick(waits)))
            else:
                case["events"].append(event_at(w, w.pick(known) + after + w.pick(NEAR)))
    if w.rng.random() < 0.15:
        case["until"] = w.pick([*w.pool, *happenings(case)]).isoformat()
    return {**case, "paths": paths_of(case)}


def paths_of(case: Row) -> list[Row]:
    """The paths that runs take at random splits, by the oracle's own function of the seed."""
    found: list[Row] = []
    choose = by_seed(case["seed"])

    def noted(subscriber_id: Any, run: int, node: str, percentages: list[float]) -> int:
        path = choose(subscriber_id, run, node, percentages)
        found.append({"subscriber_id": subscriber_id, "run": run, "node": node, "path": path})
        return path

    simulate_case(case, noted)
    return found


def cases(count: int, start: int = 0) -> Iterator[Row]:
    """Cases of one seed after another."""
    return (case_of(seed) for seed in range(start, start + count))


def rules_of(case: Row) -> Counter[str]:
    """How often a case exercises each rule, Q26 to Q40, in what the oracle makes of it."""
    result, found = simulate_case(case), Counter[str]()
    for mark, count in result.marks.items():
        found[mark.split()[0]] += count
    body, raw = opened(case["sequence"]), case["sequence"].get("sequence", case["sequence"])
    runs = len(result.subscribers)
    found["Q26"] += runs if body.get("nodes") else 0
    legacy = any(
        kind_of(one) == "discount" and "discount" not in one for _, one in every_step(body.get("steps") or [])
    )
    named = case["entries"] is None and (body.get("listIds") or body.get("tagNames") or "trigger" not in raw)
    found["Q27"] += runs if named or legacy else 0
    paused = body.get("enrollmentPaused") or body.get("status") == "paused"
    found["Q34"] += 1 if paused and (runs or result.journal) else 0
    further = body["trigger"] == "inbound_webhook" and case["entries"] is None
    found["Q39"] += runs if further or body["trigger"] == "manual" else 0
    found.pop("Q11", None)
    return +found


def parts_of(case: Row) -> Counter[str]:
    """The same in finer parts, such as `Q28 later while waiting`."""
    return simulate_case(case).marks
