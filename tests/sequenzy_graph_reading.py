"""The body of a sequence as a graph of nodes: the first half of the slow second reading of Q26 to Q41.

`graph_of` takes the body as the create call takes it (`steps`, branches in them) or as GET gives it (`nodes`,
`edges`, `emails`). What it makes is plain: a node a line, each with its id, its place and what comes next.
It is taken to be valid. What the choices (C1, …) are is at the top of `sequenzy_graph_oracle`.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sequenzy_oracle import MICROSECOND, Row, Window, exact, first_of, length_of, window_of, zone_info

END = "(end)"
OUT = "(out)"  # where a wait sends those whom it lets go no further
KINDS = {  # a step's type or a node's nodeType, what it is here
    "email": "email",
    "ab_test": "email",  # Q35
    "create_discount": "discount",
    "discount": "discount",
    "sms": "sms",
    "push": "push",
    "update_subscriber": "update_subscriber",
    "update_attributes": "update_subscriber",
    "add_tag": "add_tag",
    "remove_tag": "remove_tag",
    "add_to_list": "add_to_list",
    "remove_from_list": "remove_from_list",
    "webhook": "webhook",
    "ai": "ai",
    "delay": "delay",
    "wait_for_event": "event",
    "condition": "condition",
    "branch": "branch",
}
WAITS = {"elapsed", "date", "weekday", "key_date", "event"}
DECISIONS = {"branch", "condition"}


@dataclass(frozen=True)
class Wait:
    """What a node waits for."""

    kind: str  # one of WAITS
    length: timedelta = timedelta(0)  # of an elapsed wait; the offset of a date, negative where it is before
    name: str = ""  # the field of a date, the key of a key date, the event
    source: str = "event"  # Q28
    missing: str = "continue"
    past: str = "continue"  # Q29
    window: Row = field(default_factory=dict)  # Q10
    days: list[str] | None = None
    timeout: timedelta = timedelta(0)  # Q37
    timeout_action: str = "continue"


@dataclass
class Node:
    """One node: its id, the step that it belongs to, and what follows it."""

    id: str
    owner: str  # the id of the step that it waits for, or its own
    kind: str  # a step's kind, one of WAITS, or nothing: a wait of length 0, which is no node
    position: int = -1
    config: Row = field(default_factory=dict)
    wait: Wait | None = None
    next: str = END  # an owner
    paths: list[tuple[Row, str]] = field(default_factory=list)  # of a branch: a condition, an owner
    percentages: list[float] | None = None  # of a random split

    @property
    def targets(self) -> list[str]:
        """Every owner that may come next, the paths first."""
        return [*(owner for _, owner in self.paths), *([] if self.percentages else [self.next])]


@dataclass
class Graph:
    """Nodes by their id, and the node at which each step begins: its wait, or itself."""

    nodes: dict[str, Node] = field(default_factory=dict)
    begins: dict[str, str] = field(default_factory=dict)
    start: str = END  # an owner

    def entry(self, owner: str) -> str:
        """The id of the node at which a step begins; waits of length 0 are passed over."""  # Q8
        node = self.nodes.get(self.begins.get(owner, owner))
        if node is None:
            return owner
        return self.after(node) if node.kind == "nothing" else node.id

    def after(self, node: Node) -> str:
        """The id of the node after a node that is no branch."""
        return node.owner if node.id != node.owner else self.entry(node.next)


# ---------------------------------------------------------------- waits


def signed(length: timedelta, direction: str) -> timedelta:
    return -length if direction == "before" else length


def date_wait(given: Row) -> Wait:
    """A wait until a date."""  # Q11, Q28, Q29
    offset = length_of(given if given.get("offset") is None else given["offset"])
    return Wait(
        "date",
        signed(offset, first_of(given, "direction", "untilOffsetDirection") or "after"),
        name=first_of(given, "field", "untilDateField"),
        source=first_of(given, "source", "untilDateSource") or "event",
        missing=first_of(given, "missingAction", "untilMissingAction") or "continue",
        past=first_of(given, "pastAction", "untilPastAction") or "continue",
    )


def key_date_wait(given: Row) -> Wait:
    """A wait until one of the sequence's key dates."""  # Q38
    offset = length_of(given if given.get("offset") is None else given["offset"])
    return Wait(
        "key_date",
        signed(offset, first_of(given, "direction", "untilOffsetDirection") or "before"),
        name=first_of(given, "key", "untilKeyDate", "keyDate"),
        missing=first_of(given, "missingAction", "untilMissingAction") or "exit",
        past=first_of(given, "pastAction", "untilPastAction") or "skip",
    )


def weekday_wait(given: Row, days: list[str] | None) -> Wait:
    """A wait until a weekday."""  # Q10, Q30
    minimum = length_of(given.get("minimumWait") or {})
    return Wait("weekday", minimum, window=given, days=[given["day"]] if given.get("day") else days)


def wait_of(step: Row) -> Wait | None:
    """The wait of a step, if it has one that is not of length 0."""  # Q5, Q8
    delay: Row = step.get("delay") or {}
    mode = delay.get("mode") or "duration"
    if step.get("waitUntil") or mode == "until_date":
        return date_wait(step.get("waitUntil") or delay)
    if step.get("waitUntilKeyDate") or mode == "until_key_date":
        return key_date_wait(step.get("waitUntilKeyDate") or delay)
    if step.get("waitUntilWeekday"):
        return weekday_wait(step["waitUntilWeekday"], first_of(step["waitUntilWeekday"], "days", "untilDays"))
    if mode == "until_weekday":
        return weekday_wait(delay, delay.get("untilDays"))
    if step.get("delayMs") is not None:
        length = round(exact(step["delayMs"]) * 1000) * MICROSECOND
    else:
        length = length_of(delay)
    return Wait("elapsed", length) if length else None


def event_wait(config: Row) -> Wait:
    """A wait for an event."""  # Q37
    return Wait(
        "event",
        name=config["eventName"],
        timeout=length_of({"days": config.get("timeoutDays") or 7}),
        timeout_action=config.get("timeoutAction") or "continue",
    )


def window_in(given: Row, days: list[str] | None, zone: str | None) -> Window:
    """A window; in the subscriber's zone where it asks for that and the zone is known."""  # Q31
    source = first_of(given, "timezoneSource", "untilTimezoneSource")
    fallback = first_of(given, "timezone", "untilTimezone") or "UTC"
    here = zone if source == "subscriber" and zone else fallback
    return window_of({**given, "timezone": here}, days)


def known_zone(name: object) -> str | None:
    """The name of a zone, None for what is none."""  # Q31, C16
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_+\-/]+", name):
        return None
    try:
        zone_info(name)
    except (OSError, ValueError, ModuleNotFoundError):
        return None
    return name


def key_dates_of(body: Row) -> dict[str, datetime]:
    """The instants of a sequence's key dates."""  # Q38, C31
    given: Row = body.get("keyDates") or {}
    found = {}
    for row in given.get("dates") or []:
        at = datetime.fromisoformat(row["at"])
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone_info(given.get("timezone") or "UTC"), fold=0)
        key = row.get("key") or re.sub(r"[^a-z0-9]+", "_", row["label"].lower()).strip("_")
        found[key] = at.astimezone(UTC)
    return found


# ---------------------------------------------------------------- steps


def kind_of(step: Row) -> str:
    """What a step is."""  # Q5, Q27, Q35, C2
    name = step.get("type") or step.get("nodeType")
    if name is None and step.get("branches") is not None:
        return "branch"
    if name is None and "subject" not in step and (step.get("discount") or step.get("discountType")):
        return "discount"
    return KINDS[(name or "email").removeprefix("action_").removeprefix("logic_")]


def config_of(step: Row) -> Row:
    """A step's own fields, whether they stand in it or in its `config`."""  # C2
    return {**step, **(step.get("config") or {})}


def names_of(step: Row) -> list[str]:
    return [str(step[name]) for name in ("id", "emailId", "nodeId") if step.get(name) is not None]


class Steps:
    """The reading of `steps`: numbered depth first, then linked from the end."""  # Q36

    def __init__(self, steps: list[Row]) -> None:
        steps = json.loads(json.dumps(steps))  # so that each is an object of its own
        self.graph = Graph()
        self.numbered: list[tuple[Row, str]] = []
        self.known: dict[str, str] = {}  # every name of a step, its owner
        self.number(steps)
        self.owners = {id(step): owner for step, owner in self.numbered}
        self.positions = {owner: n for n, (_, owner) in enumerate(self.numbered)}
        self.graph.start = self.link(steps, END)

    def number(self, steps: list[Row]) -> None:
        for step in steps:
            owner = (names_of(step) or [f"step-{len(self.numbered) + 1}"])[0]  # Q22
            self.numbered.append((step, owner))
            self.known.update(dict.fromkeys([*names_of(step), owner], owner))
            for branch in step.get("branches") or []:
                self.number(branch.get("steps") or [])
            self.number(step.get("elseSteps") or [])

    def link(self, steps: list[Row], after: str) -> str:
        """Make the nodes of a list of steps; the owner of the first, or `after` where there is none."""
        for step in reversed(steps):
            after = self.make(step, after)
        return after

    def path(self, steps: list[Row] | None, target: str | None, after: str) -> str:
        """A path of a branch: to its target where it names one, or else to what follows the branch."""  # C5
        return self.link(steps or [], self.known[target] if target else after)

    def make(self, step: Row, after: str) -> str:
        owner, kind = self.owners[id(step)], kind_of(step)
        config, wait = config_of(step), wait_of(step)
        node = Node(owner, owner, kind, self.positions[owner], config, next=after)
        if kind == "delay":
            node.kind, node.wait, wait = (wait.kind if wait else "nothing"), wait, None
        elif kind == "event":
            node.wait = event_wait(config)
        elif kind == "branch":
            node.paths = [
                (branch, self.path(branch.get("steps"), branch.get("targetNodeId"), after))
                for branch in config["branches"]
            ]
            if config.get("splitMode") == "random":
                node.percentages = config["randomPercentages"]
            else:
                node.next = self.path(config.get("elseSteps"), config.get("elseTargetNodeId"), after)
        self.graph.nodes[owner] = node
        self.graph.begins[owner] = owner
        if wait is not None:
            before = Node(f"{owner}#wait", owner, wait.kind, node.position, wait=wait)
            self.graph.nodes[before.id] = before
            self.graph.begins[owner] = before.id
        return owner


# ---------------------------------------------------------------- nodes and edges


def delay_config(node_id: str, config: Row, emails: list[Row]) -> Row:
    """A delay node's fields as a step's: those of its config, or what the email after it repeats."""  # C4
    if any(config.get(name) for name in ("waitUntil", "waitUntilWeekday", "waitUntilKeyDate", "delay")):
        return config
    mode = first_of(config, "mode", "delayMode")
    if mode in {"until_date", "until_weekday", "until_key_date"}:
        repeated = next((row for row in emails if row.get("delayNodeId") == node_id), {})
        if any(repeated.get(name) for name in ("waitUntil", "waitUntilWeekday", "waitUntilKeyDate")):
            return {key: value for key, value in repeated.items() if key.startswith("waitUntil")}
        return {"delay": {**config, "mode": mode}}
    if config.get("delayMs") is not None:
        return {"delayMs": config["delayMs"]}
    lengths = {name: config.get("delay" + name.capitalize()) for name in ("days", "hours", "minutes")}
    return {"delay": lengths}


class Drawn:
    """The reading of `nodes`, `edges` and `emails`."""  # Q26

    def __init__(self, body: Row) -> None:
        self.graph = Graph()
        self.emails: list[Row] = body.get("emails") or []
        self.rows = {row["id"]: row for row in body["nodes"]}
        self.edges: dict[str, list[Row]] = {}
        for edge in body.get("edges") or []:
            self.edges.setdefault(edge["sourceNodeId"], []).append(edge)
        reached = {edge["targetNodeId"] for edge in body.get("edges") or []}
        [trigger] = [node_id for node_id in self.rows if node_id not in reached]
        self.trigger: Row = self.rows[trigger]
        self.graph.start = self.target(trigger, lambda _: True)
        for node_id, row in self.rows.items():
            if node_id != trigger and self.is_step(node_id):
                self.make(row)
        self.place()

    def is_step(self, node_id: str) -> bool:
        """Whether a node is a step: a completion node is none."""  # C3
        name = str(self.rows[node_id]["nodeType"])
        return name.removeprefix("action_").removeprefix("logic_") in KINDS

    def is_delay(self, node_id: str) -> bool:
        return str(self.rows[node_id]["nodeType"]) == "logic_delay"

    def target(self, node_id: str, wanted: Any, otherwise: str | None = None) -> str:
        """Where the first wanted edge of a node leads."""
        for edge in self.edges.get(node_id, []):
            condition = edge.get("condition")
            branch = condition.get("branchId") if isinstance(condition, dict) else condition
            if wanted(branch):
                return edge["targetNodeId"] if self.is_step(edge["targetNodeId"]) else END
        return otherwise if otherwise is not None and self.is_step(otherwise) else END

    def make(self, row: Row) -> None:
        node_id = row["id"]
        linked = next((one for one in self.emails if one.get("nodeId") == node_id), {})
        config = {**linked, **(row.get("config") or {})}
        node = Node(node_id, node_id, kind_of({"nodeType": row["nodeType"]}), config=config)
        if node.kind == "delay":
            node.wait = wait_of(delay_config(node_id, row.get("config") or {}, self.emails))
            node.kind = node.wait.kind if node.wait else "nothing"
        elif node.kind == "event":
            node.wait = event_wait(config)
        if node.kind == "branch":
            for n, branch in enumerate(config["branches"]):
                name = branch.get("id") or f"branch-{n}"
                target = self.target(
                    node_id, lambda given, name=name: given == name, branch.get("targetNodeId")
                )
                node.paths.append((branch, target))
            if config.get("splitMode") == "random":
                node.percentages = config["randomPercentages"]
            else:
                node.next = self.target(
                    node_id, lambda given: given == "else", config.get("elseTargetNodeId")
                )
        else:
            node.next = self.target(node_id, lambda _: True)
        self.graph.nodes[node_id] = node
        self.graph.begins[node_id] = node_id

    def place(self) -> None:
        """Give the steps their positions: depth first, a node that paths join at after all of them."""  # Q36, C6
        nodes = self.graph.nodes
        left: dict[str, int] = {}
        seen, todo = set(), [self.graph.start]
        while todo:
            owner = todo.pop()
            if owner in nodes and owner not in seen:
                seen.add(owner)
                todo.extend(nodes[owner].targets)
        for owner in seen:
            for target in nodes[owner].targets:
                left[target] = left.get(target, 0) + 1
        joins = {owner for owner, count in left.items() if count > 1}
        left[self.graph.start] = left.get(self.graph.start, 0) + 1
        self.placed = 0
        self.walk(self.graph.start, left, joins)

    def walk(self, owner: str, left: dict[str, int], joins: set[str]) -> None:
        nodes = self.graph.nodes
        left[owner] -= 1
        if owner not in nodes or left[owner]:
            return
        node = nodes[owner]
        node.position = self.placed
        ends_there = node.next not in nodes or node.next in joins or self.is_delay(node.next)
        if not self.is_delay(owner) or ends_there:  # C4: or else it is the wait of the step after it
            self.placed += 1
        for target in node.targets:
            self.walk(target, left, joins)


# ---------------------------------------------------------------- bodies


def opened(body: Row) -> Row:
    """The body without its wrapper, and with what only a graph's trigger node says."""  # Q1, Q26
    if "steps" not in body and "nodes" not in body and isinstance(body.get("sequence"), dict):
        body = body["sequence"]
    if body.get("nodes"):
        trigger = Drawn(body).trigger
        kind = str(trigger["nodeType"])
        named = {"trigger": kind.removeprefix("trigger_")} if kind.startswith("trigger_") else {}
        body = {**named, **(trigger.get("config") or {}), **body}
    return {"trigger": "contact_added", **body}  # Q27


def is_blank(body: Row) -> bool:
    """Whether there is nothing in it to send."""  # Q27
    return not body.get("steps") and not any(Drawn(body).graph.nodes if body.get("nodes") else [])


def graph_of(body: Row) -> Graph:
    """The graph of a body."""
    if body.get("nodes"):
        return Drawn(body).graph
    return Steps(body.get("steps") or []).graph


def several(body: Row, many: str, one: str) -> list[str] | None:
    """The names under a list of names, or the single one; None where there is neither."""  # Q27
    if body.get(many):
        return [str(name) for name in body[many]]
    return [str(body[one])] if body.get(one) is not None else None


def random_nodes(graph: Graph) -> Iterable[Node]:
    return (node for node in graph.nodes.values() if node.percentages)
