"""The steps of a sequence in one form, whatever their body looks like: nodes, and where each leads (Q26, Q36)."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simcore.errors import Problem, shown
from simcore.sequenzy import waits

IDS = ("id", "emailId", "nodeId")
"""What names a step: the first that is given (Q22)."""
KINDS = {
    "email": "email",
    "action_email": "email",
    "ab_test": "email",
    "action_ab_test": "email",
    "create_discount": "discount",
    "discount": "discount",
    "action_create_discount": "discount",
    "sms": "sms",
    "action_sms": "sms",
    "push": "push",
    "action_push": "push",
    "update_subscriber": "update_subscriber",
    "action_update_attributes": "update_subscriber",
    "add_tag": "add_tag",
    "action_add_tag": "add_tag",
    "remove_tag": "remove_tag",
    "action_remove_tag": "remove_tag",
    "add_to_list": "add_to_list",
    "action_add_to_list": "add_to_list",
    "remove_from_list": "remove_from_list",
    "action_remove_from_list": "remove_from_list",
    "webhook": "webhook",
    "action_webhook": "webhook",
    "ai": "ai",
    "action_ai": "ai",
    "delay": "delay",
    "logic_delay": "delay",
    "wait_for_event": "wait_for_event",
    "logic_wait_for_event": "wait_for_event",
    "condition": "condition",
    "logic_condition": "condition",
    "branch": "branch",
    "logic_branch": "branch",
}
"""What a step may be called, in `type` or `nodeType`, and what it then is (Q35, Q36)."""
TESTS = ("ab_test", "action_ab_test")
"""What an email with variants is called."""
MOST_NESTED = 20
"""So deep may branches stand in paths of branches."""
DISCOUNT = (
    *("discountType", "percentOff", "amountOff", "currency", "duration", "durationInMonths", "expiresAt"),
    *("expiresInHours", "provider", "codePrefix", "appliesToAllPlans", "planIds", "maxRedemptions"),
    *("lockToSubscriber", "label", "name"),
)
"""The fields of a discount, which used to stand in the step itself (Q27)."""
CONDITION = (
    *("conditionType", "activityScope", "eventName", "fieldName", "fieldValue", "linkUrl", "listId"),
    *("segmentId", "tagId", "tagName"),
)
"""The fields of a condition (Q36)."""
STRUCTURE = ("type", "nodeType", "config", "branches", "elseSteps", "elseTargetNodeId", *waits.KINDS, "id")
"""The fields of a step that its node has elsewhere than in its `config`."""


class Node(NamedTuple):
    """A step, or a wait on its own.

    `id`: what it is called (Q22, Q26). `kind`: one of the values of `KINDS`. `position`: its place among all steps,
    depth first (Q22, Q36). `wait`: the wait before it, or of a delay and a wait for an event its own; None for none.
    A wait for an event with a wait before it is two nodes of one id and position, the first a delay. `config`: its
    fields, wherever they stood. `to`: where it leads, places among the nodes, their number for the end; of a branch
    one for each path, then else (there is none in a random split). `conditions`: of a branch one a path, of a
    condition its one. `percentages`: of a random split. `where`: the path of its step in the body.
    """

    id: str
    kind: str
    position: int
    wait: waits.Wait | None
    config: Mapping[str, Any]
    to: tuple[int, ...]
    conditions: tuple[Mapping[str, Any], ...] = ()
    percentages: tuple[float, ...] = ()
    where: str = ""


@dataclass(eq=False)
class Place:
    """A step where it stands in the body: its path, its position, the paths below it, and what comes after it.

    `after`: None for the end. Each path has its steps, and where it goes on.
    """

    where: str
    step: Mapping[str, Any]
    position: int
    paths: list[list["Place"]] = field(default_factory=list)
    ends: list["Place | None"] = field(default_factory=list)
    after: "Place | None" = None

    @property
    def id(self) -> str:
        """What it is called (Q22)."""
        return step_id(self.step, self.position)

    @property
    def kind(self) -> str:
        """What it is."""
        return kind(self.step)

    def path(self, name: str) -> str:
        """The path of one of its fields, in it or in its `config`."""
        config = self.step.get("config")
        deeper = self.step.get(name) is None and isinstance(config, Mapping) and name in config
        return f"{self.where}{'.config' if deeper else ''}.{name}"

    @property
    def to(self) -> list["Place | None"]:
        """Where it leads."""
        if self.kind != "branch":
            return [self.after]
        return [path[0] if path else end for path, end in zip(self.paths, self.ends, strict=True)]


def step_id(step: Mapping[str, Any], position: int) -> str:
    """What a step is called: by its own id, or else by its number, from step-1 on (Q22)."""
    return next((str(step[name]) for name in IDS if step.get(name) is not None), f"step-{position + 1}")


def fields(step: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a step and of its `config`, those of the step first."""
    config = step.get("config")
    inner = config if isinstance(config, Mapping) else {}
    return {
        **inner,
        **{name: value for name, value in step.items() if value is not None or name not in inner},
    }


def kind(step: Mapping[str, Any]) -> str:
    """What a step is: one of the values of `KINDS`.

    >>> kind({"subject": "Hello"}), kind({"nodeType": "action_add_tag"})
    ('email', 'add_tag')
    """
    for name in ("type", "nodeType"):
        if isinstance(step.get(name), str):
            said: str = step[name]
            return KINDS.get(said, said)
    if fields(step).get("branches") and not any(step.get(name) for name in ("subject", "blocks", "html")):
        return "branch"
    discounts = step.get("discount") is not None or step.get("discountType") is not None
    return "discount" if discounts and step.get("subject") is None else "email"


def is_random(step: Mapping[str, Any]) -> bool:
    """Whether a branch is a random split (Q36)."""
    return bool(fields(step).get("splitMode") == "random")


def discount(step: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a discount step makes, wherever its fields stand (Q5, Q27)."""
    said = fields(step)
    if said.get("discount") is not None:
        inner: Mapping[str, Any] = said["discount"]
        return inner
    return {name: said[name] for name in DISCOUNT if said.get(name) is not None}


def config(step: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a step that say what it does (see `Node`)."""
    found = {name: value for name, value in fields(step).items() if name not in STRUCTURE}
    mine = kind(step)
    if mine == "discount":
        return {name: value for name, value in found.items() if name not in DISCOUNT} | {
            "discount": discount(step)
        }
    if mine == "delay":  # which its wait has said
        return {name: value for name, value in found.items() if name not in waits.DELAY_FIELDS}
    if mine == "email":
        found["subject"] = subject(step)
    return found


def subject(step: Mapping[str, Any]) -> str:
    """The subject of an email; of a test that of the first variant (Q35)."""
    said = fields(step)
    variants = said.get("variants") if step.get("type") in TESTS or step.get("nodeType") in TESTS else None
    first = next((each.get("subject") for each in variants or () if isinstance(each, Mapping)), None)
    return str(said["subject"] if first is None else first)


def places(steps: Sequence[Mapping[str, Any]], where: str = "steps") -> list[Place]:
    """All steps where they stand, depth first, the paths of a branch in their order; linked by `link`."""
    found: list[Place] = []
    _spread(steps, where, found)
    return found


def link(found: Sequence[Place]) -> list[Problem]:
    """Says of each place what comes after it, and gives what is wrong with that (Q36).

    A path goes on to its target, or else to what comes after its branch; the steps of one list follow each other.
    """
    named = {each.id: each for each in found}
    wrong: list[Problem] = []
    inner = {id(place) for each in found for path in each.paths for place in path}
    _join([each for each in found if id(each) not in inner], None, named, wrong)
    if not wrong:
        wrong += _circle(found)
    return wrong


def nodes(steps: Sequence[Mapping[str, Any]], dates: Mapping[str, int] | None = None) -> tuple[Node, ...]:
    """The nodes of steps, in an order in which each comes after all that lead to it; the first step's is the first.

    `dates`: the key dates of the sequence, as `waits.key_dates` gives them. What nothing leads to is there, too.

    >>> hello, later = {"subject": "Hello", "html": "-"}, {"subject": "Later", "html": "-", "delay": {"days": 1}}
    >>> [(node.id, node.kind, node.to) for node in nodes([hello, later])]
    [('step-1', 'email', (1,)), ('step-2', 'email', (2,))]
    """
    found = places(steps)
    link(found)
    order = in_order(found)
    begins: dict[int, int] = {}
    size = 0
    for each in order:
        begins[id(each)] = size
        size += 1 + (each.kind == "wait_for_event" and waits.wait(each.step, dates) is not None)
    made: list[Node] = []
    for each in order:
        to = tuple(size if end is None else begins[id(end)] for end in each.to)
        made += _nodes(each, to, len(made), dates)
    return tuple(made)


def _nodes(place: Place, to: tuple[int, ...], at: int, dates: Mapping[str, int] | None) -> Iterator[Node]:
    step, mine = place.step, place.kind
    wait: waits.Wait | None = waits.wait(step, dates)
    if mine == "wait_for_event":
        if wait is not None:
            yield Node(place.id, "delay", place.position, wait, {}, (at + 1,), where=place.where)
        wait = waits.until_event(fields(step))
    conditions: tuple[Mapping[str, Any], ...] = ()
    percentages: tuple[float, ...] = ()
    if mine == "condition":
        conditions = (
            {name: value for name, value in config(step).items() if name in CONDITION and value is not None},
        )
    elif mine == "branch":
        said = fields(step)
        if is_random(step):
            percentages = tuple(map(float, said["randomPercentages"]))
        else:
            conditions = tuple(
                {name: value for name, value in each.items() if name in CONDITION and value is not None}
                for each in said["branches"]
            )
    yield Node(place.id, mine, place.position, wait, config(step), to, conditions, percentages, place.where)


def _spread(steps: Sequence[Mapping[str, Any]], where: str, found: list[Place]) -> list[Place]:
    """Puts all steps of a list, and those below them, at the end of what is found; gives those of the list."""
    level = []
    for at, step in enumerate(steps):
        place = Place(f"{where}[{at}]", step, len(found))
        found.append(place)
        level.append(place)
        if place.kind == "branch":
            said = fields(step)
            for number, path in enumerate(said["branches"]):
                below = f"{place.path('branches')}[{number}].steps"
                place.paths.append(_spread(path.get("steps") or (), below, found))
            if not is_random(step):
                place.paths.append(_spread(said.get("elseSteps") or (), place.path("elseSteps"), found))
    return level


def _join(
    level: Sequence[Place], after: Place | None, named: Mapping[str, Place], wrong: list[Problem]
) -> None:
    for place, following in zip(level, [*level[1:], after], strict=False):
        place.after, place.ends = following, []
        said = fields(place.step)
        targets = [(each.get("targetNodeId"), "targetNodeId") for each in said.get("branches") or ()]
        targets.append((said.get("elseTargetNodeId"), "elseTargetNodeId"))
        for number, path in enumerate(place.paths):
            target, name = targets[number]
            end = following if target is None else named.get(str(target))
            if target is not None and end is None:
                under = f".branches[{number}]" if name == "targetNodeId" else ""
                wrong.append((
                    f"{place.where}{under}.{name}",
                    f"{name} must be the id of a step",
                    shown(target),
                ))
            place.ends.append(end)
            _join(path, end, named, wrong)


def in_order(found: Sequence[Place]) -> list[Place]:
    """Places, each after all that lead to it, or else depth first; without what is in a circle or after one."""
    numbers = {id(each): at for at, each in enumerate(found)}
    leading = [0] * len(found)
    for each in found:
        for end in each.to:
            if end is not None:
                leading[numbers[id(end)]] += 1
    ready = [at for at, count in enumerate(leading) if not count]
    order = []
    while ready:
        at = heapq.heappop(ready)
        order.append(found[at])
        for end in found[at].to:
            if end is not None:
                next_at = numbers[id(end)]
                leading[next_at] -= 1
                if not leading[next_at]:
                    heapq.heappush(ready, next_at)
    return order


def _circle(found: Sequence[Place]) -> Iterator[Problem]:
    there = {id(each) for each in in_order(found)}
    left = [each for each in found if id(each) not in there]
    if not left:
        return
    # Each of them is led to by another of them: backwards from any, one comes again.
    before = {id(end): each for each in left for end in each.to if end is not None}
    seen: dict[int, Place] = {}
    here = left[0]
    while id(here) not in seen:
        seen[id(here)] = here
        here = before[id(here)]
    circle = [here]
    while (back := before[id(circle[-1])]) is not here:
        circle.append(back)
    names = [each.id for each in [here, *reversed(circle)]]
    yield circle[-1].where, f"the steps go round in a circle: {' to '.join(names)}", ""
