"""A sequence as the platform gives it, nodes and edges, becomes steps: a chain a list, a branch a step (Q26)."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from simcore.errors import Problem, refuse, shown
from simcore.plan.known import Known
from simcore.sequenzy import graph, waits
from simcore.sequenzy.problems import values
from simcore.sequenzy.problems.steps import NODE_TYPES, one_step_problems
from simcore.sequenzy.problems.trigger import TRIGGER_FIELDS
from simcore.sequenzy.problems.values import no_object, text
from simcore.sequenzy.problems.waits import wait_problems

DRAWN = ("nodes", "edges", "emails")
"""What a body has in place of steps."""
UNREACHABLE = "unreachable"
"""Where the nodes are kept to which nothing leads."""
NODE = Known(
    ("id", "nodeType", "config"),
    (
        *(
            "position",
            "createdAt",
            "updatedAt",
            "automationId",
            "structuralStepNumber",
            "updateHints",
            "label",
        ),
        *("name", "description", "stats", "statistics", "metrics"),
    ),
)
EDGE = Known(
    ("sourceNodeId", "targetNodeId", "condition"), ("id", "automationId", "createdAt", "updatedAt", "label")
)
LANE = Known(("branchId",))
TRIGGER = Known((*TRIGGER_FIELDS, "trigger", "triggerType"))
"""The configuration of a trigger, as its node or `triggerConfig` has it."""
_OF_EMAIL = {
    "nodeId",
    "nodeType",
    "delayMode",
    "delayMs",
    "waitUntil",
    "waitUntilWeekday",
    "waitUntilKeyDate",
}
_ELSE = "else"
Mapped = Mapping[str, Any]


def undrawn(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with steps in place of nodes, edges and emails, and what the trigger's node says beside `trigger`.

    The steps are called as their nodes; what a wait right before a step was called is its `delayNodeId`. Raises
    ValidationError with all problems.
    """
    refuse([*_shapes(body)])
    drawing = _Drawing(body)
    refuse([*drawing.problems()])
    steps, left = _Walk(drawing).steps()
    found = {name: value for name, value in body.items() if name not in {*DRAWN, "triggerConfig"}}
    found |= {name: value for name, value in drawing.of_trigger().items() if found.get(name) is None}
    return found | {"steps": steps} | ({UNREACHABLE: left} if left else {})


def _shapes(body: Mapping[str, Any]) -> Iterator[Problem]:
    """What keeps nodes, edges and emails from being read at all."""
    if body.get("steps") is not None:
        yield "steps", "steps can't be given beside nodes: a body has the ones or the others", ""
        return
    ids: dict[str, str] = {}

    def node(path: str, item: Mapped) -> Iterator[Problem]:
        yield from NODE.unknown(path, item)
        yield from text(f"{path}.id", item.get("id"), "")
        yield from text(f"{path}.nodeType", item.get("nodeType"), "")
        if item.get("config") is not None:
            yield from chain(no_object(f"{path}.config", item["config"], "the fields of the node"))
        if isinstance(item.get("id"), str) and ids.setdefault(item["id"], path) != path:
            yield f"{path}.id", f"id has already been taken by {ids[item['id']]}", shown(item["id"])

    def end(path: str, item: Mapped, name: str) -> Iterator[Problem]:
        wrong = list(text(f"{path}.{name}", item.get(name), ""))
        yield from wrong
        if not wrong and item[name] not in ids:
            yield f"{path}.{name}", f"{name} must be the id of a node", shown(item[name])

    def edge(path: str, item: Mapped) -> Iterator[Problem]:
        yield from EDGE.unknown(path, item)
        yield from end(path, item, "sourceNodeId")
        yield from end(path, item, "targetNodeId")
        lane = item.get("condition")
        if lane is not None and not (yield from no_object(f"{path}.condition", lane, "branchId")):
            yield from LANE.unknown(f"{path}.condition", lane)
            yield from text(f"{path}.condition.branchId", lane.get("branchId"), "" if lane else None)

    def email(path: str, item: Mapped) -> Iterator[Problem]:
        yield from end(path, item, "nodeId")

    yield from values.each("nodes", body["nodes"], "id, nodeType and config", node)
    if not isinstance(body["nodes"], list | tuple):
        return
    yield from values.each("edges", body.get("edges") or [], "sourceNodeId and targetNodeId", edge)
    yield from values.each("emails", body.get("emails") or [], "nodeId and subject", email)


class _Drawing:
    """The nodes and edges of a body, each node's step by itself, and what leads where."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.nodes: dict[str, Mapped] = {node["id"]: node for node in body["nodes"]}
        self.path = {node["id"]: f"nodes[{at}]" for at, node in enumerate(body["nodes"])}
        self.emails: dict[str, tuple[str, Mapped]] = {
            email["nodeId"]: (f"emails[{at}]", email) for at, email in enumerate(body.get("emails") or ())
        }
        self.after: dict[str, list[tuple[str | None, str]]] = {name: [] for name in self.nodes}
        self.before: dict[str, list[str]] = {name: [] for name in self.nodes}
        for edge in body.get("edges") or ():
            lane = (edge.get("condition") or {}).get("branchId")
            self.after[edge["sourceNodeId"]].append((lane, edge["targetNodeId"]))
            self.before[edge["targetNodeId"]].append(edge["sourceNodeId"])
        self.triggers = [name for name in self.nodes if not self.before[name] and not self.is_step(name)]
        if len(self.triggers) > 1:  # an end to which nothing leads is none
            self.triggers = [name for name in self.triggers if self.after[name]]

    def is_step(self, name: str) -> bool:
        """Whether a node is a step, and no trigger and no end."""
        kind = self.nodes[name]["nodeType"]
        return kind.startswith(("action_", "logic_")) or kind in graph.KINDS or self.is_branch(name)

    def is_branch(self, name: str) -> bool:
        """Whether a node is a branch."""
        node = self.nodes[name]
        return node["nodeType"] == "logic_branch" or (node.get("config") or {}).get("branches") is not None

    def step(self, name: str) -> dict[str, Any]:
        """A node as a step, without its paths and the wait before it."""
        node = self.nodes[name]
        said: str = node["nodeType"]
        kind = (
            "branch"
            if self.is_branch(name)
            else "ab_test"
            if said in graph.TESTS
            else graph.KINDS.get(said, said)
        )
        config = {key: value for key, value in (node.get("config") or {}).items() if value is not None}
        step: dict[str, Any] = {"id": name, "type": "create_discount" if kind == "discount" else kind}
        if kind == "branch":
            for field in ("branches", "splitMode", "randomPercentages", "label"):
                if field in config:
                    step[field] = config.pop(field)
        if kind in {"email", "ab_test"} and name in self.emails:
            _, email = self.emails[name]
            step |= {
                field: value for field, value in email.items() if value is not None and field not in _OF_EMAIL
            }
            if step.get("emailId") is None and config.get("emailId") is None:
                step["nodeId"] = name  # its content is the platform's
        return step | ({"config": config} if config else {})

    def of_trigger(self) -> dict[str, Any]:
        """What `triggerConfig` and the trigger's node say."""
        found: dict[str, Any] = {}
        for _, config in self._trigger_configs():
            found |= {
                {"triggerType": "trigger"}.get(name, name): value
                for name, value in config.items()
                if value is not None and name in TRIGGER.read
            }
        return found

    def _trigger_configs(self) -> Iterator[tuple[str, Mapped]]:
        if self.body.get("triggerConfig") is not None:
            yield "triggerConfig", self.body["triggerConfig"]
        for name in self.triggers:
            yield f"{self.path[name]}.config", self.nodes[name].get("config") or {}

    # ---------------------------------------------------------------- what is wrong

    def problems(self) -> Iterator[Problem]:
        """What keeps it from being steps."""
        yield from self._of_trigger()
        wrong = [*self._of_nodes()]
        yield from wrong
        if not wrong:
            yield from self._of_emails()
            yield from self._circle()

    def _of_trigger(self) -> Iterator[Problem]:
        if len(self.triggers) != 1:
            told = "there must be one node that is the trigger, to which no edge leads"
            yield "nodes", told, ", ".join(self.triggers) or "none"
            return
        said: dict[str, tuple[str, Any]] = {
            name: (name, self.body[name]) for name in TRIGGER.read if self.body.get(name) is not None
        }
        for path, config in self._trigger_configs():
            if not isinstance(config, Mapping):
                yield path, f"{path} must be an object with the fields of the trigger", shown(config)
                continue
            yield from TRIGGER.unknown(path, config)
            for name, value in config.items():
                field = {"triggerType": "trigger"}.get(name, name)
                if field in TRIGGER.read and value is not None:
                    where, first = said.setdefault(field, (f"{path}.{name}", value))
                    if first != value:
                        yield f"{path}.{name}", f"{name} can't differ from {where}", shown(value)

    def _of_nodes(self) -> Iterator[Problem]:
        for name in self.nodes:
            path, kind = self.path[name], self.nodes[name]["nodeType"]
            if not self.is_step(name):
                yield from self._of_end(name)
                continue
            if not self.is_branch(name) and kind not in graph.KINDS:
                told = f"{kind} is not modelled: remove the node, or give it one of: {', '.join(NODE_TYPES)}"
                yield f"{path}.nodeType", told, ""
                continue
            at = self.emails[name][0] if name in self.emails else path
            wrong = [*one_step_problems(at, self.step(name))]
            for (
                where,
                message,
                found,
            ) in wrong:  # a node's own fields are in its config, those of its email beside it
                yield where.replace(f"{at}.config", f"{path}.config", 1), message, found
            if not wrong:
                yield from self._of_edges(name)

    def _of_end(self, name: str) -> Iterator[Problem]:
        """What leads nowhere, or on, and is no step."""
        if name in self.triggers and len(self.after[name]) > 1:
            yield self.path[name], "the trigger leads to more than one node", str(len(self.after[name]))
        elif name not in self.triggers and self.after[name] and len(self.triggers) == 1:
            kind = self.nodes[name]["nodeType"]
            told = f"{kind} is not modelled: remove the node, or give it one of: {', '.join(NODE_TYPES)}"
            yield f"{self.path[name]}.nodeType", told, ""

    def _of_edges(self, name: str) -> Iterator[Problem]:
        ways, path = self.after[name], self.path[name]
        if not self.is_branch(name):
            if len(ways) > 1:
                yield path, "the node leads to more than one node, and is no branch", str(len(ways))
            elif ways and ways[0][0] is not None:
                yield path, "the edge from it has a branchId, and the node is no branch", shown(ways[0][0])
            return
        lanes = self.lanes(name)
        for lane in sorted({lane for lane in lanes if lanes.count(lane) > 1}):
            yield path, "two of its paths have one id", shown(lane)
        for way in dict.fromkeys(lane for lane, _ in ways):
            if not (way in lanes or (way is None and _ELSE in lanes)):
                told = f"an edge from it must have the branchId of one of its paths: {', '.join(lanes)}"
                yield path, told, shown(way)
        given = [_ELSE if lane is None else lane for lane, _ in ways]
        for twice in dict.fromkeys(each for each in given if given.count(each) > 1):
            yield path, "two edges from it are of one path", shown(twice)

    def lanes(self, name: str) -> list[str]:
        """The paths of a branch, by their ids."""
        step = self.step(name)
        lanes = [str(path.get("id", f"branch-{at}")) for at, path in enumerate(step["branches"])]
        return lanes if graph.is_random(step) else [*lanes, _ELSE]

    def _of_emails(self) -> Iterator[Problem]:
        """Waits that emails repeat, and that the nodes before them do not say (Q26)."""
        for name, (path, email) in self.emails.items():
            if not self.is_step(name) or graph.kind({"type": self.step(name)["type"]}) != "email":
                yield f"{path}.nodeId", "nodeId must be the id of an email's node", shown(name)
                continue
            mode = email.get("delayMode")
            yield from values.option(f"{path}.delayMode", mode, waits.MODES)
            fixed = isinstance(mode, str) and mode in waits.FIELDS_OF_MODE
            named = (waits.MODES[str(mode)],) if fixed else waits.KINDS
            said = {
                kind: email[kind] for kind in waits.KINDS if email.get(kind) is not None and kind in named
            }
            if len(said) > 1 and not said.get("delayMs", 1):
                del said["delayMs"]
            wrong = [*wait_problems(path, said)]
            yield from wrong
            delays = [each for each in self.before[name] if self.nodes[each]["nodeType"] in waits.DELAYS]
            own = email.get("delayNodeId")
            if own is not None and own not in delays:
                yield (
                    f"{path}.delayNodeId",
                    "delayNodeId must be the id of a delay that leads to the email",
                    shown(own),
                )
            elif said and not wrong:
                theirs = [waits.wait(self.step(each)) for each in delays if own in {None, each}]
                if waits.wait(said) not in (theirs or [None]):
                    told = " or ".join(map(waits.words, theirs or [None]))
                    message = f"the wait that it repeats must be that of the node before it, {told}"
                    yield path, message, waits.words(waits.wait(said))

    def _circle(self) -> Iterator[Problem]:
        """Nodes that go round."""
        left = {name: len({*self.before[name]}) for name in self.nodes}
        ready = [name for name, count in left.items() if not count]
        while ready:
            name = ready.pop()
            del left[name]
            for to in {to for _, to in self.after[name]}:
                left[to] -= 1
                if not left[to]:
                    ready.append(to)
        if left:
            seen = [next(iter(left))]
            while seen[-1] not in seen[:-1]:
                seen.append(next(each for each in self.before[seen[-1]] if each in left))
            round_ = [*reversed(seen[seen.index(seen[-1]) :])]
            yield "edges", f"the nodes go round in a circle: {' to '.join(round_)}", ""


class _Walk:
    """From the trigger on, each node once: a step where the last of the ways that lead to it arrives.

    None is the end. A wait right before a step, from which alone it is reached, is one with it.
    """

    def __init__(self, drawing: _Drawing) -> None:
        self.drawing = drawing
        self.reached = self._reached()
        self.waits: dict[str, str] = {}
        for name in self.reached:
            before = [
                each for each in drawing.before[name] if each in self.reached or each in drawing.triggers
            ]
            if (
                drawing.is_step(name)
                and not self._is_delay(name)
                and len(before) == 1
                and self._is_delay(before[0])
            ):
                self.waits[name] = before[0]
        merged = {delay: name for name, delay in self.waits.items()}
        self.entry = {name: merged.get(name, name) for name in self.reached}
        self.begin = self._end(drawing.after[drawing.triggers[0]])
        self.ways: dict[str, list[str | None]] = {}
        self.join: dict[str, str | None] = {}
        self._link()
        self.left = dict.fromkeys(self.ways, 0)
        for ways in [[self.begin], *self.ways.values()]:
            for to in ways:
                if to is not None:
                    self.left[to] += 1

    def steps(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The steps, and the nodes to which nothing leads."""
        drawing = self.drawing
        steps, _ = self._walk(self._arrive(self.begin), None, 0)
        lost = [
            dict(node)
            for name, node in drawing.nodes.items()
            if name not in self.reached and drawing.is_step(name)
        ]
        return steps, lost

    def _is_delay(self, name: str) -> bool:
        return self.drawing.nodes[name]["nodeType"] in waits.DELAYS

    def _reached(self) -> list[str]:
        found = dict.fromkeys(self.drawing.triggers)
        left = [*found]
        while left:
            for _, to in self.drawing.after[left.pop()]:
                if to not in found and self.drawing.is_step(to):
                    found[to] = None
                    left.append(to)
        return [name for name in found if name not in self.drawing.triggers]

    def _end(self, ways: list[tuple[str | None, str]]) -> str | None:
        """Where the only way leads."""
        return self.entry.get(ways[0][1]) if ways else None

    def _link(self) -> None:
        """Where each step leads, and where all that a branch leads to come together first, from the end on."""
        depth: dict[str | None, int] = {None: 0}
        for name in self._from_the_end():
            ways = self.drawing.after[name]
            if not self.drawing.is_branch(name):
                self.ways[name] = [self._end(ways)]
                self.join[name] = self.ways[name][0]
            else:
                lanes = {_ELSE if lane is None else lane: self.entry.get(to) for lane, to in ways}
                meet = [*lanes.values()] or [None]
                here = meet[0]
                for other in meet[1:]:
                    while here != other:
                        if depth[here] >= depth[other]:
                            here = self.join[str(here)]
                        else:
                            other = self.join[str(other)]
                self.join[name] = here
                # A path without an edge goes on where the others meet.
                self.ways[name] = [lanes.get(lane, here) for lane in self.drawing.lanes(name)]
            depth[name] = depth[self.join[name]] + 1

    def _from_the_end(self) -> list[str]:
        """Steps, each after all that it leads to."""
        found: dict[str, None] = {}
        left = [] if self.begin is None else [(self.begin, False)]
        while left:
            name, done = left.pop()
            if done:
                found[name] = None
            elif name not in found:
                left.append((name, True))
                ends = [self.entry.get(to) for _, to in self.drawing.after[name]]
                left += [(to, False) for to in ends if to is not None and to not in found]
        return [*found]

    def _walk(
        self, here: str | None, until: str | None, depth: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """The steps from one on, until another, or one to which more ways lead; and where that is."""
        if depth > graph.MOST_NESTED:
            told = f"branches can't stand in one another more than {graph.MOST_NESTED} deep"
            refuse([("nodes", told, "")])
        steps = []
        while here is not None and here != until and not self.left[here]:
            step = self._step(here)
            steps.append(step)
            if self.drawing.is_branch(here):
                self._paths(here, step, depth)
                here = self.join[here]
            else:
                here = self._arrive(self.ways[here][0])
        return steps, here

    def _paths(self, name: str, step: dict[str, Any], depth: int) -> None:
        ends = self.ways[name]
        for lane, path in enumerate(step["branches"]):
            inner, end = self._walk(self._arrive(ends[lane]), self.join[name], depth + 1)
            target = {} if end == self.join[name] else {"targetNodeId": end}
            step["branches"][lane] = {**path, "steps": inner, **target}
        if not graph.is_random(step):
            inner, end = self._walk(self._arrive(ends[-1]), self.join[name], depth + 1)
            step["elseSteps"] = inner
            if end != self.join[name]:
                step["elseTargetNodeId"] = end

    def _arrive(self, name: str | None) -> str | None:
        if name is not None:
            self.left[name] -= 1
        return name

    def _step(self, name: str) -> dict[str, Any]:
        step = self.drawing.step(name)
        if "branches" in step:
            step["branches"] = [dict(path) for path in step["branches"]]
        if name in self.waits:
            delay = self.waits[name]
            wait = {
                kind: item
                for kind, item in waits.said(self.drawing.step(delay)).items()
                if kind in waits.KINDS
            }
            step |= {"delayNodeId": delay, **wait}
        return step
