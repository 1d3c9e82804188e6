"""Random accounts of one to five sequences, weighted to ties and to what sequences do to each other.

`case_of(seed)` gives a case: a dict that JSON can hold, as `account_oracle.simulate_case` takes it. Its `paths` are
what the oracle's own split by the case's `seed` took (`sequence_id, subscriber_id, run, node, path`). Assumptions
hold what differs from the defaults, by platform; "15 minutes" is a length, the window of a cap too. The changes of
a sequence stand under its id as text. `themes_of(case)` counts what a case exercises.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import sequenzy_graph_cases as graph_cases
from account_oracle import chooser_of, id_of, simulate_case
from oracle import EPOCH, WEEKDAYS, State, first_state
from sequenzy_graph_cases import DAY, HOUR, NEAR, PLACES, QUARTER, every_step, some, zone_info
from sequenzy_graph_reading import kind_of
from sequenzy_oracle import Row

THEMES = (
    *["cycles", "cycles", "joined", "steps", "steps", "triggers", "branches", "leaving", "repeat", "hold"],
    *["ties", "defer", "defer", "skip", "priority", "broadcasts", "until", "changes", "windows", "waits"],
)
AFTER = (timedelta(0), QUARTER, HOUR, HOUR, 2 * HOUR, DAY, DAY, DAY + HOUR, 2 * DAY)
TAGS, LISTS, SEGMENTS, PEOPLE = ("1", "2", "3", "vip"), ("L1", "L2"), ("5", "6"), ("a", "b", "c", "d")
FORM, OUTSIDE = 8, 900  # a form, and a sequence outside the account
SHORT: tuple[Row, ...] = (
    {"hours": 1},
    {"hours": 1},
    {"hours": 2},
    {"minutes": 15},
    {"days": 1},
    {"days": 1},
    {"days": 1, "hours": 1},
    {"hours": 23},
)
KIT_DELAYS = (
    *[("hours", 1)] * 3,
    ("hours", 2),
    ("hours", 23),
    ("hours", 24),
    *[("days", 1)] * 4,
    ("days", 2),
    ("days", 3),
)
KIT_ASSUMPTIONS: dict[str, tuple[str | None, ...]] = {
    "day_count": (None, None, None, "elapsed"),
    "poll_every": (None, None, None, None, "10 minutes", "60 minutes"),
    "poll_phase": (None, None, None, None, None, "7 minutes"),
    "immediate_days": (None, None, None, "send_days"),
    "email_days": (None, None, None, "intersect"),
    "draft_delay": (None, None, "count"),
    "restart_via": (None, None, "listed"),
    "hold_without_automation": (None, None, "stay", "complete"),
    "excluded_midway": (None, None, "end_run"),
}
CHANGE_ASSUMPTIONS: dict[str, tuple[str | None, ...]] = {
    "queued_emails": (None, None, "reschedule"),
    "insert_before_next": (None, None, "at_once"),
    "earlier_insert": (None, None, None, "skip"),
}
WINDOWS = ("1 hours", "2 hours", "6 hours", "1 days", "1 days", "2 days", "7 days", "14 days")


class World(graph_cases.World):
    """What a case is drawn from: a generator, its themes, its sequences, and few instants."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.themes = set(self.rng.sample(THEMES, self.rng.choice((3, 4, 5, 6, 8))))
        self.themes |= {"cycles"} if "joined" in self.themes else set()
        self.themes |= {"steps"} if self.themes & {"branches", "triggers"} else set()
        self.themes |= {"defer"} if "changes" in self.themes and self.rng.random() < 0.5 else set()
        self.zone, day = self.pick(PLACES)
        midnight = datetime.fromisoformat(day).replace(tzinfo=zone_info(self.zone)).astimezone(UTC)
        self.base = midnight + self.pick((-2, -1, -1, 0)) * DAY + self.pick(range(-8, 44)) * QUARTER
        self.hours = [self.pick(range(24)), self.pick((0, 2, 9, 23))]  # few, so that slots tie
        if self.rng.random() < 0.6:  # begin at the send hour of some
            self.base -= (self.base - EPOCH) % HOUR
            self.hours[0] = self.base.astimezone(zone_info(self.zone)).hour
        self.pool = [self.base]
        for _ in range(self.pick((1, 2, 2, 3, 4))):
            self.pool.append(self.pick(self.pool) + self.pick(AFTER) + self.pick(NEAR))
        self.people = PEOPLE[: self.pick((1, 2, 2, 3, 4))]
        self.names = 0
        self.trigger = ""
        self.hot = self.rng.sample(TAGS[:3], 2)  # the tags that most of the case turns on
        self.turn = 0  # which of them begins runs of a sequence; its steps add the other
        self.telling: list[tuple[str, str | None]] = []  # the events that begin runs
        platforms = self.pick((*["kit"] * 2, *["sequenzy"] * 3, *["both"] * 6))
        size = self.pick((1, 2, 2, 3, 3, 3, 4, 4, 5))
        self.platforms = [platforms] * size
        if platforms == "both":
            more = "kit" if "cycles" in self.themes else "sequenzy"
            self.platforms = [
                "kit",
                "sequenzy",
                *(self.pick(("kit", "sequenzy", more)) for _ in range(size - 2)),
            ]
            self.rng.shuffle(self.platforms)
        self.kit_ids = [101 + n for n, platform in enumerate(self.platforms) if platform == "kit"]

    @property
    def ids(self) -> list[Any]:
        return [101 + n if name == "kit" else f"S{n}" for n, name in enumerate(self.platforms)]

    def ref(self, ref: str | None) -> Any:
        """A tag or such as the log has it: a number where all are Kit's."""
        return int(ref) if ref is not None and ref.isdecimal() and "sequenzy" not in self.platforms else ref

    def tags(self) -> tuple[str, ...]:
        return TAGS if "sequenzy" in self.platforms else TAGS[:3]

    def tag(self, turn: int = 0) -> str:
        """A tag, mostly one of the two that the case turns on."""
        return self.pick((*[self.hot[turn % 2]] * 5, *[self.hot[1 - turn % 2]] * 2, *self.tags()))


# ---------------------------------------------------------------- sequences of Kit's


def kit_email(w: World, email_id: int, first: bool) -> Row:
    """An email without a position."""
    unit, value = w.pick(KIT_DELAYS)
    if first and w.rng.random() < 0.6:
        unit, value = "days", 0
    days = w.pick([None] * 9 + [["tuesday", "saturday"], list(WEEKDAYS[:5])]) if unit == "days" else None
    found = {"id": email_id, "subject": f"Email {email_id}", "delay_value": value, "delay_unit": unit}
    return {**found, "published": w.rng.random() < 0.9, "send_days": days}


def exclusions(w: World, sequence_id: int) -> list[Row]:
    """What a sequence excludes: others of the account, tags, and what is outside."""
    others, found = [i for i in w.kit_ids if i != sequence_id], []
    if others and w.likely("cycles", 0.85, 0.1):
        found.append({"type": "sequence", "ids": w.rng.sample(others, min(len(others), w.pick((1, 1, 2))))})
    elif w.likely("cycles", 0.1, 0.02):
        found.append({"type": "sequence", "ids": [sequence_id]})
    if w.likely("steps", 0.8, 0.1):
        found.append({"type": "tag", "ids": [int(w.hot[0])] if w.rng.random() < 0.6 else [2, 3]})
    if w.rng.random() < 0.1:
        found.append(w.pick(({"type": "sequence", "ids": [OUTSIDE]}, {"type": "form", "ids": [FORM]})))
    if w.rng.random() < 0.08:
        found.append({"type": "segment", "ids": [int(w.pick(SEGMENTS))]})
    return found


def kit_sequence(w: World, sequence_id: int) -> Row:
    """A sequence with 2 to 5 emails."""
    days = w.pick((*[list(WEEKDAYS)] * 5, list(WEEKDAYS[:5]), list(WEEKDAYS[4:]), []))
    emails = [kit_email(w, sequence_id * 10 + n, n == 0) for n in range(w.pick((2, 2, 3, 3, 4, 5)))]
    sequence = {
        "id": sequence_id,
        "name": f"Kit {sequence_id}",
        "send_days": days,
        "send_hour": w.pick(w.hours),
        "time_zone": w.zone_here(),
        "active": w.rng.random() < 0.95,
        "repeat": w.likely("repeat", 0.8, 0.15),
        "hold": w.likely("hold", 0.6, 0.7 if "changes" in w.themes else 0.1),
        "exclude_subscriber_sources": exclusions(w, sequence_id),
    }
    return {"sequence": sequence, "emails": [{**email, "position": n} for n, email in enumerate(emails)]}


def kit_change(w: World, state: State, t: datetime, number: int) -> Row | None:
    """A change, None for one that Kit would refuse."""
    ids, kind = [email["id"] for email in state.emails], w.pick((0, 0, *range(1, 11), *[7] * 7))
    change: Row = {"at": t.isoformat(), "op": "update"}
    if kind <= 4 or not ids:
        fields = (
            {"active": not state.fields["active"]},
            {"exclude_subscriber_sources": exclusions(w, state.fields["id"])},
            {"hold": not state.fields["hold"]},
            {"send_hour": w.pick(range(24))},
            {"repeat": not state.fields["repeat"], "send_days": w.pick((list(WEEKDAYS), [], ["monday"]))},
        )
        change["fields"] = fields[min(kind, 4)]
    elif kind == 5:
        change |= {"op": "delete_email", "email_id": w.pick(ids)}
    elif kind <= 7:
        place = w.pick((0, 1, 1, 1, len(ids)))
        fields = {**kit_email(w, 1, first=False), "id": 5000 + number, "position": place, "published": True}
        change |= {"op": "create_email", "fields": fields}
    else:
        email_id = w.pick(ids)
        unit, value = w.pick(KIT_DELAYS)
        fields = w.pick((
            *[{"published": not state.emails[state.place(email_id)]["published"]}] * 3,
            {"delay_unit": unit, "delay_value": value},
            {"position": w.pick(range(len(ids)))},
        ))
        change |= {"op": "update_email", "email_id": email_id, "fields": fields}
    for place, email in enumerate(state.after(change).emails):  # K5
        by_hours = email["delay_unit"] == "hours"
        if (email["delay_value"] == 0 and (by_hours or place > 0)) or (by_hours and email["send_days"]):
            return None
    return change


# ---------------------------------------------------------------- sequences of Sequenzy's


def trigger_fields(w: World) -> Row:
    """A trigger with its own fields, mostly one that steps reach."""
    kinds = ["tag", "tag", "list", "contact", "order"]
    kinds += ["tag"] * 5 + ["list", "any_list"] if w.themes & {"steps", "triggers"} else []
    kinds += (
        ["frequency", "inactivity", "segment", "exited", "tags"] if "triggers" in w.themes else ["segment"]
    )
    w.trigger = "tag" if w.likely("triggers", 0.5, 0.1) else w.pick(kinds)
    fields: dict[str, Row] = {
        "tag": {"trigger": "tag_added", "tagName": w.tag(w.turn)},
        "tags": {"trigger": "tag_added", "tagNames": w.rng.sample(TAGS, 2)},
        "list": {"trigger": "contact_added", "listId": w.pick(LISTS)},
        "any_list": {"trigger": "contact_added", "listScope": "any_list"},
        "contact": {"trigger": "contact_added"},
        "order": {"trigger": "event_received", "eventName": "order"},
        "frequency": {"trigger": "frequency", "eventName": "order", "minCount": 2, "timeWindowDays": 2},
        "inactivity": {"trigger": "inactivity", "eventName": "order", "inactiveDays": w.pick((1, 2))},
        "segment": {
            "trigger": "segment_entered",
            "segmentId": w.pick(SEGMENTS),
            **some(stopOnSegmentExit=w.pick((None, True))),
        },
        "exited": {"trigger": "segment_exited", "segmentId": w.pick(SEGMENTS)},
    }
    mode = some(enrollmentMode=w.pick((None, None, "unlimited", "one_time")))
    if w.trigger == "order" and w.rng.random() < 0.4:
        mode = {"enrollmentMode": "matching_field", "enrollmentFieldPath": "order.id"}
    return {**fields[w.trigger], **mode}


def wait(w: World) -> Row:
    """The fields of a step that make it wait, mostly a short while."""
    if w.likely("waits", 0.5, 0.05):
        return graph_cases.wait(w)
    return {"delay": dict(w.pick(SHORT))} if w.rng.random() < 0.7 else {}


def condition(w: World) -> Row:
    """What a branch looks at, mostly what steps change."""
    fields: tuple[Row, ...] = (
        {"conditionType": "has_tag", "tagName": w.tag()},
        {"conditionType": "does_not_have_tag", "tagName": w.tag()},
        {"conditionType": "in_list", "listId": w.pick(LISTS)},
        {"conditionType": "field_equals", "fieldName": "plan", "fieldValue": "pro"},
        {"conditionType": "event_received", "eventName": "paid"},
    )
    return w.pick((fields[0], fields[0], *fields))


def branch(w: World) -> Row:
    """A branch on what steps change, now and then a random split."""
    split = w.rng.random() < 0.2
    paths: list[Row] = []
    for n in range(2 if split else w.pick((1, 1, 2))):
        looks = {} if split else condition(w)
        paths.append({
            "id": f"branch-{n}",
            **looks,
            "steps": [action_or_mail(w) for _ in range(w.pick((0, 1, 1)))],
        })
    found: Row = {"id": w.new_name(), "type": "branch", "branches": paths}
    if split:
        return {**found, "splitMode": "random", "randomPercentages": w.pick(([50, 50], [30, 70]))}
    return {**found, "elseSteps": [action_or_mail(w) for _ in range(w.pick((0, 0, 1)))]}


def action(w: World) -> Row:
    """A step that changes what is known of the subscriber."""
    name = w.new_name()
    if w.likely("leaving", 0.35, 0.03):
        return {"id": name, "type": "update_subscriber", "config": {"status": "unsubscribed"}}
    if w.rng.random() < 0.12:
        rows = [{"name": "plan", "value": w.pick(("pro", "free"))}]
        return {"id": name, "type": "update_subscriber", "config": {"customAttributeUpdates": rows}}
    kind = w.pick((
        "add_tag",
        "add_tag",
        "add_tag",
        "add_tag",
        "remove_tag",
        "add_to_list",
        "remove_from_list",
    ))
    fields = {"tagName": w.tag(w.turn + 1)} if kind.endswith("tag") else {"listId": w.pick(LISTS)}
    return {"id": name, "type": kind, **fields}


def action_or_mail(w: World) -> Row:
    made = action(w) if w.rng.random() < 0.4 else mail(w)
    return {**made, **(wait(w) if w.rng.random() < 0.3 else {})}


def mail(w: World) -> Row:
    name = w.new_name()
    transactional = some(isTransactional=True if w.likely("leaving", 0.15, 0.02) else None)
    return {"id": name, "subject": f"Email {name}", "html": "<p>Hello</p>", **transactional}


def steps_of(w: World) -> list[Row]:
    """2 to 4 emails, with what the themes put between them."""
    found = [
        {**mail(w), **({} if n == 0 and w.rng.random() < 0.6 else wait(w))}
        for n in range(w.pick((2, 2, 3, 4)))
    ]
    extra = [action(w) for _ in range(w.pick((1, 2, 2)) if w.likely("steps", 0.9, 0.2) else 0)]
    if w.likely("steps", 0.6, 0):
        extra.append({"id": w.new_name(), "type": "add_tag", "tagName": w.hot[1 - w.turn % 2]})
    extra += [action(w)] if w.likely("leaving", 0.5, 0) else []
    extra += [branch(w)] if w.likely("branches", 0.8, 0.1) else []
    if w.likely("branches", 0.25, 0.03):
        extra.append({"id": w.new_name(), "type": "condition", **condition(w)})
    if w.likely("waits", 0.3, 0.02):
        extra.append({"id": w.new_name(), "type": "wait_for_event", "eventName": "paid", "timeoutDays": 1})
    for one in extra:
        found.insert(w.pick(range(len(found) + 1)), {**one, **(wait(w) if w.rng.random() < 0.25 else {})})
    return found


def stop_condition(w: World) -> Row | None:
    kind = w.pick((
        *[None] * 5,
        "has_tag",
        "has_tag",
        "does_not_have_tag",
        "added_to_list",
        "removed_from_list",
    ))
    return None if kind is None else {"type": kind, "value": w.pick(LISTS) if "list" in kind else w.tag()}


def sequenzy_body(w: World, name: str) -> Row:
    """The body of a sequence."""
    window = graph_cases.sending_window(w) if w.likely("windows", 0.6, 0.1) else None
    return {
        "name": name,
        **trigger_fields(w),
        **some(
            stopCondition=stop_condition(w) if w.rng.random() < 0.6 else None,
            sendingWindow=window,
            activeSubscribersOnly=w.pick((True, False)) if w.rng.random() < 0.3 else None,
            enrollmentPaused=True if w.rng.random() < 0.02 else None,
        ),
        "steps": steps_of(w),
    }


def telling(body: Row) -> list[tuple[str, str | None]]:
    """The events that begin runs of a sequence."""
    if body["trigger"] == "tag_added":
        return [("tag_added", name) for name in body.get("tagNames") or [body["tagName"]]]
    if body["trigger"] == "contact_added":
        any_list = body.get("listScope") == "any_list"
        ref = "L1" if any_list else body.get("listId")
        return [("list_joined", ref) if ref else ("contact_added", None)]
    if "segmentId" in body:
        return [(name, body["segmentId"]) for name in ("segment_entered", "segment_left")]
    return [("order", None)]


def adds(body: Row) -> set[tuple[str, str]]:
    """The tags and lists that steps add to."""
    kinds = {"add_tag": ("tag", "tagName"), "add_to_list": ("list", "listId")}
    found = [(kinds[kind_of(one)], one) for _, one in every_step(body["steps"]) if kind_of(one) in kinds]
    return {(of, one[name]) for (of, name), one in found}


def enrols(body: Row, added: set[tuple[str, str]]) -> bool:
    """Whether one of these begins a run."""
    if body["trigger"] == "tag_added":
        return any(("tag", name) in added for name in body.get("tagNames") or [body["tagName"]])
    if body["trigger"] != "contact_added":
        return False
    lists = {ref for of, ref in added if of == "list"}
    return bool(lists) if body.get("listScope") == "any_list" else body.get("listId") in lists


def end_circles(w: World, bodies: list[Row]) -> None:
    """Let one sequence of every circle of enrolments enrol once only: an account goes on for ever otherwise."""
    while True:
        free = [body for body in bodies if body.get("enrollmentMode") != "one_time"]
        leads = {id(one): [two for two in free if two is not one and enrols(two, adds(one))] for one in free}
        circle = next((one for one in free if reaches(one, one, leads)), None)
        if circle is None:
            return
        circle["enrollmentMode"] = "one_time"


def reaches(start: Row, end: Row, leads: dict[int, list[Row]]) -> bool:
    seen: set[int] = set()
    todo = list(leads[id(start)])
    while todo:
        one = todo.pop()
        if one is end:
            return True
        if id(one) not in seen:
            seen.add(id(one))
            todo += leads[id(one)]
    return False


# ---------------------------------------------------------------- what happens


def entry_at(w: World, sequence_id: Any, t: datetime) -> Row:
    found: Row = {"sequence_id": sequence_id, "subscriber_id": w.pick(w.people), "entered_at": t.isoformat()}
    if isinstance(sequence_id, int):
        return {**found, "via": w.pick(("api", "api", "form", "visual_automation", "rule", "import"))}
    attributes = {"plan": w.pick(("pro", "free"))} if w.rng.random() < 0.2 else None
    properties = {"order": {"id": w.pick((1, 2))}}
    return {
        **found,
        "via": w.pick(("trigger", "trigger", "trigger", "manual", "audience")),
        "properties": properties,
        "attributes": attributes,
    }


def names_of_events(w: World) -> list[tuple[str, str | None]]:
    """Events, those that the case's sequences look at more often."""
    found: list[tuple[str, str | None]] = [("segment_entered", one) for one in SEGMENTS]
    found += [("segment_left", one) for one in SEGMENTS]
    found += [(name, tag) for name in ("tag_added", "tag_added", "tag_removed") for tag in w.tags()]
    found += [
        (w.pick(("unsubscribed", "bounced", "complained")), None),
        ("removed", None),
        ("resubscribed", None),
    ]
    found += w.telling * (6 if "steps" in w.themes else 3)
    if "leaving" in w.themes:
        found += [
            ("unsubscribed", None),
            ("resubscribed", None),
            ("resubscribed", None),
            ("removed", None),
        ] * 2
    if w.kit_ids:
        found += [("form_joined", str(FORM)), ("sequence_joined", str(OUTSIDE))]
    if "sequenzy" in w.platforms:
        found += [("list_joined", one) for one in LISTS] + [("list_left", one) for one in LISTS]
        found += [("contact_added", None), ("order", None), ("paid", None)]
        found += [("field_changed", "plan"), ("field_changed", "timezone")]
    return found


def event_at(w: World, t: datetime) -> Row:
    name, ref = w.pick(names_of_events(w))
    found: Row = {"subscriber_id": w.pick(w.people), "at": t.isoformat(), "event": name, "ref": w.ref(ref)}
    if "sequenzy" in w.platforms:
        found["properties"] = None
    if name == "field_changed":
        value = w.pick(("pro", "free")) if ref == "plan" else w.pick(graph_cases.ODD_ZONES[:11])
        found["properties"] = {"value": value}
    elif name in {"order", "paid"}:
        found["properties"] = {"order": {"id": w.pick((1, 1, 2))}, "due": (t + w.pick(AFTER)).isoformat()}
    if name == "removed" and w.rng.random() < 0.6:
        found["sequence_id"] = w.pick(w.ids)
    return found


def broadcast_at(w: World, t: datetime, number: int) -> Row:
    kind, found = (
        w.pick(("all", "all", "audience", "one")),
        {"at": t.isoformat(), "subject": f"News {number}"},
    )
    if kind == "audience":
        refs = [w.ref(tag) for tag in w.tags()] + [w.ref(one) for one in SEGMENTS]
        refs += list(LISTS) * 2 if "sequenzy" in w.platforms else [FORM]
        return {**found, "audience": w.pick(refs)}
    return {**found, "subscriber_id": w.pick((*w.people, "z"))} if kind == "one" else found


def cap_of(w: World) -> Row | None:
    if not w.themes & {"defer", "skip", "priority"}:
        return None
    on_excess = w.pick([name for name in ("defer", "skip") if name in w.themes] or ["defer", "skip"])
    ids = w.ids[::-1] if w.rng.random() < 0.5 else w.rng.sample(w.ids, w.pick(range(1, len(w.ids) + 1)))
    found = {"most": w.pick((1, 1, 2, 2, 3)), "window": w.pick(WINDOWS), "on_excess": on_excess}
    return {**found, "priority": ids if w.likely("priority", 0.95, 0.15) else []}


def assumptions_of(w: World) -> Row:
    kit = {name: w.pick(values) for name, values in KIT_ASSUMPTIONS.items() if w.rng.random() < 0.5}
    if "changes" in w.themes:
        kit |= {name: w.pick(values) for name, values in CHANGE_ASSUMPTIONS.items()}
    if w.likely("joined", 0.8, 0.15):
        kit["excluded_sequence_membership"] = "joined"
    sequenzy = {
        "segment_poll": w.pick((None, None, None, "10 minutes")),
        "inactivity_poll": w.pick((None, None, None, "60 minutes")),
        "stop_checks": w.pick((None, None, None, "steps")),
        "stop_reading": w.pick((None, None, "transition")),
        "update_unsubscribes": w.pick((None, None, None, None, False)),
        "earlier_events": w.pick((None, None, "count")),
    }
    return {
        "kit": some(**kit) if w.kit_ids else {},
        "sequenzy": some(**sequenzy) if "sequenzy" in w.platforms else {},
    }


def add_changes(w: World, case: Row) -> None:
    """Changes of one or two sequences, at the instants at which something happens, and when mails have gone."""
    result = simulate_case(case)
    for one in w.rng.sample(case["sequences"], min(len(case["sequences"]), 2)):
        sent = [row["send_at"] for row in result.timeline if row["sequence_id"] == id_of(one)]
        instants = [
            w.pick([*w.pool, *sorted(result.instants)]) + w.pick(NEAR) for _ in range(w.pick((0, 1, 2)))
        ]
        instants += [w.pick(sent or w.pool) + w.pick(AFTER) for _ in range(w.pick((1, 1, 2)))]
        instants.sort()
        found: list[Row] = []
        if one["platform"] == "kit":
            state = first_state({**one["payload"], "assumptions": {}, "include_drafts": False})
            for number, t in enumerate(instants):
                change = kit_change(w, state, t, number)
                if change is not None:
                    state = state.after(change)
                    found.append(change)
        else:
            given = one["payload"]["steps"]
            w.trigger = ""
            for t in instants:
                change, given = graph_cases.change_at(w, t, given, False, [])
                found.append(change)
        case["changes"][str(id_of(one))] = found


# ---------------------------------------------------------------- whole cases


def sequences_of(w: World) -> tuple[list[Row], list[Any]]:
    """The sequences, and the ids of those that have rows in `entries`."""
    found = []
    for sequence_id, platform in zip(w.ids, w.platforms, strict=True):
        make = kit_sequence if platform == "kit" else sequenzy_body
        w.turn += w.pick((0, 1, 1)) if platform == "sequenzy" else 0
        found.append({"platform": platform, "payload": make(w, sequence_id)})
    by_rows = [one for one in w.ids if isinstance(one, int) or w.likely("steps", 0.25, 0.4)]
    for one in found:
        if id_of(one) not in by_rows:
            w.telling += telling(one["payload"])
    end_circles(w, [one["payload"] for one in found if id_of(one) not in by_rows])
    return found, by_rows


def happenings(case: Row) -> list[datetime]:
    """The instants at which anything happens in a case, those of mails twice."""
    result = simulate_case(case)
    return sorted([*result.instants, *(row["send_at"] for row in result.timeline)])


def case_of(seed: int) -> Row:
    """The case of a seed: a history is drawn, then more at the instants of what it leads to."""
    w = World(seed)
    sequences, by_rows = sequences_of(w)
    entries = [entry_at(w, one, w.instant()) for one in by_rows for _ in range(w.pick((1, 2, 2, 3)))]
    case: Row = {
        "case": seed,
        "themes": sorted(w.themes),
        "sequences": sequences,
        "entries": entries,
        "events": [event_at(w, w.instant()) for _ in range(w.pick((2, 4, 6, 8)))],
        "broadcasts": [],
        "cap": cap_of(w),
        "assumptions": assumptions_of(w),
        "enabled_at": w.pick((None, None, None, min(w.pool).isoformat(), w.pool[-1].isoformat())),
        "until": None,
        "changes": {},
        "seed": w.pick(range(1000)),
    }
    for number in range(3):
        known = [*w.pool, *happenings(case)]
        ties = 0.85 if "ties" in w.themes else 0.5
        for _ in range(w.pick((1, 2, 3))):
            after = timedelta(0) if w.rng.random() < ties else w.pick(AFTER) + w.pick(NEAR)
            case["events"].append(event_at(w, w.pick(known) + after))
            if by_rows and w.rng.random() < 0.7:
                case["entries"].append(entry_at(w, w.pick(by_rows), w.pick(known) + after))
        if w.likely("broadcasts", 0.8, 0.12):
            case["broadcasts"].append(broadcast_at(w, w.pick(known), number))
    if w.likely("changes", 1, 0):
        add_changes(w, case)
    if w.likely("until", 0.9, 0.03):
        case["until"] = (w.pick([*w.pool, *happenings(case)]) + w.pick((timedelta(0), *AFTER))).isoformat()
    case["paths"] = paths_of(case)
    return json.loads(json.dumps(case))  # so that no two parts of it are one object


def paths_of(case: Row) -> list[Row]:
    """The paths that runs take at random splits, by the oracle's own function of the seed."""
    found: list[Row] = []
    choose = chooser_of(case)

    def noted(sequence_id: Any, subscriber_id: Any, run: int, node: str, percentages: list[float]) -> int:
        path = choose(sequence_id, subscriber_id, run, node, percentages)
        about = {"sequence_id": sequence_id, "subscriber_id": subscriber_id, "run": run, "node": node}
        found.append({**about, "path": path})
        return path

    simulate_case(case, noted)
    return found


def cases(count: int, start: int = 0) -> Iterator[Row]:
    """Cases of one seed after another."""
    return (case_of(seed) for seed in range(start, start + count))


# ---------------------------------------------------------------- what a case exercises


def circles(edges: set[tuple[str, str]]) -> bool:
    """Whether exclusions that held go round."""
    left = {one for edge in edges for one in edge}
    while left:
        ends = {one for one in left if not any(a == one and b in left for a, b in edges)}
        if not ends:
            return True
        left -= ends
    return False


def themes_of(case: Row) -> Counter[str]:
    """How often a case exercises each of its themes, in what the oracle makes of it."""
    result = simulate_case(case)
    found = Counter({
        name: count
        for name, count in result.marks.items()
        if name[:2] in {"A5", "A6", "N1", "N4", "N5", "N9"}
    })
    edges = {
        (name.split()[1], name.split()[-1])
        for name, count in result.marks.items()
        if name.startswith("A3") and " excluded by " in name
    }
    counted = Counter(row["what"] for row in result.journal)
    found["A3 joined, and no more active"] = result.marks["A3 joined, and no more active"]
    found["A3 excluded by a sequence"] = sum(
        result.marks[f"A3 {one} excluded by {two}"] for one, two in edges
    )
    found["A4 a circle of exclusions"] = circles(edges)
    for what in (
        "restarted",
        "holding",
        "excluded",
        "excluded_out",
        "capped",
        "deferred",
        "stopped",
        "cancelled",
    ):
        found[f"what {what}"] = counted[what]
    endless = simulate_case({**case, "until": None, "paths": None})
    found["until"] = len(endless.timeline) > len(result.timeline)
    found["changes"] = sum(map(len, case["changes"].values()))
    platforms = {one["platform"] for one in case["sequences"]}
    found["both" if len(platforms) > 1 else f"{next(iter(platforms))} only"] += 1
    by_person: dict[Any, list[datetime]] = {}
    for row in result.timeline:
        by_person.setdefault(row["subscriber_id"], []).append(row["send_at"])
    found["mails to one at one instant"] = sum(
        one == two for sent in by_person.values() for one, two in pairwise(sorted(sent))
    )
    return +found


OCCUR = (  # what a few hundred cases exercise often
    "A3 excluded by a sequence",
    "A3 joined, and no more active",
    "A4 a circle of exclusions",
    "A5 branch on another's step",
    "A5 excluded by a step's tag",
    "A5 stopped by another's step",
    "A6 deferred again",
    "A6 deferred to its gate",
    "A6 deferred, then cancelled",
    "A6 deferred, then excluded",
    "A6 deferred, then sent",
    "A6 priority",
    "N1 broadcast and step",
    "N1 entry and another's step",
    "N1 event and step",
    "N1 several sequences due",
    "N1 several sequences entered",
    "N4 step enrols",
    "N4 unsubscribed from another",
    "N5 left",
    "N5 not in the audience",
    "N5 not known yet",
    "N5 over the cap",
    "N5 to all",
    "N5 to an audience",
    "N5 to one",
    "N9 removed from one",
    "both",
    "changes",
    "kit only",
    "mails to one at one instant",
    "sequenzy only",
    "until",
    "what cancelled",
    "what capped",
    "what deferred",
    "what excluded",
    "what excluded_out",
    "what holding",
    "what restarted",
    "what stopped",
)
OCCUR_SELDOM = (  # and what at least one does
    "A6 deferred, then removed",
    "A6 deferred, then restarted",
    "A6 deferred, then stopped",
    "A6 owed",
    "A6 owed, deferred",
    "N4 and back again",
)
