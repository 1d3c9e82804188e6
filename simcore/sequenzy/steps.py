"""The nodes of a Sequenzy sequence become the steps of a plan: delays, gates, branches, and what each does (Q8 to Q12,
Q28 to Q38)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from simcore.clock.dates import Dates
from simcore.clock.delays import Delay, Elapsed, UntilOpen
from simcore.clock.gates import Anytime, Closed, Gate, SendWindow
from simcore.clock.instants import NAT_US
from simcore.plan.plan import OUT, Branch, Emission, Step
from simcore.sequenzy import model, tags, waits
from simcore.sequenzy.assumptions import Assumptions
from simcore.sequenzy.branches import FirstThatHolds, RandomSplit, condition
from simcore.sequenzy.dates import UntilDateOf, UntilEventOf
from simcore.sequenzy.graph import Node
from simcore.sequenzy.properties import values

_SILENT = frozenset({"delay", "wait_for_event", "branch", "condition"})
"""Kinds of nodes at which nothing is done."""
_UNCHECKED = frozenset({"delay", "wait_for_event"})
"""Those of them that are waits, whose end is no node."""
_AS_EVENT = {  # Q35
    "add_tag": ("tag_added", ("tagName", "tagId")),
    "remove_tag": ("tag_removed", ("tagName", "tagId")),
    "add_to_list": ("list_joined", ("listId",)),
    "remove_from_list": ("list_left", ("listId",)),
}


def steps_of(sequence: model.Sequence, assume: Assumptions) -> tuple[Step, ...]:
    """The steps of a sequence. Raises SimcoreError where they are still to be written (Q6)."""
    nodes = sequence.nodes
    window = waits.window(sequence.sendingWindow)
    leading = _leading(nodes)
    discounts = _discounts(nodes, leading)
    steps = [
        _step(
            node, [nodes[each] for each in leading[at]], window, discounts.get(at), assume, sequence.left_out
        )
        for at, node in enumerate(nodes)
    ]
    return tuple(_named_once(steps))


def _named_once(steps: list[Step]) -> list[Step]:
    """A wait for an event with a wait before it is two steps of one id: the first is named as its wait."""
    last = {step.email_id: at for at, step in enumerate(steps)}
    return [
        step if last[step.email_id] == at else step._replace(email_id=f"{step.email_id}#wait")
        for at, step in enumerate(steps)
    ]


def _leading(nodes: Sequence[Node]) -> list[list[int]]:
    """Which nodes lead to each."""
    found: list[list[int]] = [[] for _ in nodes]
    for at, node in enumerate(nodes):
        for to in node.to:
            if to < len(nodes):
                found[to].append(at)
    return found


def _discounts(nodes: Sequence[Node], leading: list[list[int]]) -> dict[int, Node]:
    """The latest discount step before each node, on any path to it (Q25)."""
    found: dict[int, Node] = {}
    places: dict[int, int] = {}
    for at in range(len(nodes)):
        own = [
            before if nodes[before].kind == "discount" else places.get(before, -1) for before in leading[at]
        ]
        places[at] = max(own, default=-1)
        if places[at] >= 0:
            found[at] = nodes[places[at]]
    return found


def _step(
    node: Node,
    before: list[Node],
    window: waits.Weekdays | None,
    discount: Node | None,
    assume: Assumptions,
    left_out: Dates,
) -> Step:
    delay, gate = _wait(node.wait, assume, left_out)
    sends, kind = node.kind == "email", node.kind
    subject = str(node.config["subject"]) if sends else ""
    if sends and window is not None and not gate.closed:
        gate = _gate(window, left_out)  # Q9
    used = tags.used(subject) if sends else set[str]()
    shown = discount if "discount" in used else None
    branch, paths = _paths(node, assume)
    own = node.config.get("delayNodeId")
    # The stop is looked at before each node. Most waits begin where one has just been looked at.
    unlooked = not before or any(_emissions(each, assume) or each.kind in _UNCHECKED for each in before)
    looks = node.wait is not None and assume.stop_checks == "every_node"
    return Step(
        position=node.position,
        email_id=node.id,
        subject=subject,
        delay=delay,
        gate=gate,
        queued=kind != "delay" or node.wait is not None,
        sends=sends,
        passed="" if sends or kind in _SILENT else kind,
        is_email=sends,
        called="email" if sends else "step",
        stops_waits=looks and unlooked,
        stops_anew=looks,
        render=partial(_rendered, subject, shown) if used else None,
        shows=None if shown is None else shown.id,
        paths=paths,
        branch=branch,
        has_wait=node.wait is not None,
        checked=kind not in _UNCHECKED,
        emits=_emissions(node, assume),
        to_all=node.config.get("isTransactional") is True,
        wait_id=own if node.wait is not None and isinstance(own, str | int) else None,
    )


def _paths(node: Node, assume: Assumptions) -> tuple[Branch | None, tuple[int, ...]]:
    """Where a node leads, and what says which runs go where (Q36)."""
    if node.percentages:
        return RandomSplit(node.id, node.percentages), node.to
    if not node.conditions:
        return None, node.to
    how = {"numeric": assume.numeric_strings, "scope": assume.activity_scope}
    branch = FirstThatHolds(tuple(condition(each, **how) for each in node.conditions))
    return branch, (*node.to, OUT) if node.kind == "condition" else node.to


def _emissions(node: Node, assume: Assumptions) -> tuple[Emission, ...]:
    """What a node does that events do, too (Q35)."""
    config = node.config
    if node.kind in _AS_EVENT:
        event, names = _AS_EVENT[node.kind]
        ref = next(str(config[name]) for name in names if config.get(name) is not None)
        return (Emission(event, ref),)
    if node.kind != "update_subscriber":
        return ()
    found = [
        Emission("field_changed", str(each["name"]), partial(_filled, each["value"]))
        for each in config.get("customAttributeUpdates") or ()
    ]
    status = config.get("status") or (config.get("updates") or {}).get("status")
    if status == "unsubscribed" and assume.update_unsubscribes:
        found.append(Emission("unsubscribed"))
    return tuple(found)


def _filled(value: Any, properties: Any) -> Any:
    """What a field is set to: the value itself, or what of the run's event it names."""
    path = tags.lone_event_path(value)
    if path is None:
        return value
    return next(iter(values(properties, path)), None)


def _wait(wait: waits.Wait | None, assume: Assumptions, left_out: Dates) -> tuple[Delay, Gate]:
    match wait:
        case waits.UntilField():  # Q11, Q28, Q29
            found = UntilDateOf(wait.path, wait.offset_us, wait.exits, wait.past, wait.source)
            return found, Anytime()
        case waits.UntilKeyDate():  # Q38
            return UntilDateOf(wait.key, wait.offset_us, wait.exits, wait.past, "key", wait.at_us), Anytime()
        case waits.UntilEvent():  # Q37
            counts = assume.earlier_events == "count"
            return UntilEventOf(wait.name, wait.timeout_us, wait.exits, counts), Anytime()
        case waits.Weekdays():  # Q10, Q30, Q31
            gate = _gate(wait, left_out)
            return (Elapsed(0), Closed()) if gate.closed else (UntilOpen(gate, wait.least_us), Anytime())
        case waits.Length():
            return Elapsed(wait.duration_us), Anytime()  # Q8
    return Elapsed(0), Anytime()


def _gate(window: waits.Weekdays, left_out: Dates) -> SendWindow:
    return SendWindow(*window[:4], own_zone=window.by_subscriber, without=left_out)


def _rendered(subject: str, discount: Node | None, properties: Any, run: str, made_us: int) -> str:
    if discount is None or made_us == NAT_US:
        return tags.render(subject, properties, None)
    given: Mapping[str, Any] = discount.config["discount"]
    code = f"{given.get('codePrefix') or 'CODE'}-{run}-{discount.position}"
    return tags.render(subject, properties, tags.discount_values(given, code, made_us))
