"""Changes of a Sequenzy sequence while people are inside it (Q40)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from simcore.errors import Problem, inside, refuse, shown
from simcore.sequenzy.drawing import undrawn
from simcore.sequenzy.graph import Node
from simcore.sequenzy.model import Sequence

_OPS = ("update", "disable", "enable")
_OURS = ("extra", "envelope", "left_out")
"""Fields of a sequence that the platform does not have."""
_FIELDS = {"update": ("at", "op", "fields", "realign"), "disable": ("at", "op"), "enable": ("at", "op")}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of the sequence: `op` at an instant `at` (as people write it).

    `fields`: what an update sets, None for what it takes away. `realign`: whether emails that wait are pulled to the
    opening of the sending window on their local day, where that is earlier.

    >>> print(Change(at="2026-03-06T21:00Z", op="disable"))
    disable at 2026-03-06T21:00Z
    """

    at: Any
    op: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    realign: bool = False

    def __str__(self) -> str:
        return f"{self.op} at {self.at}"


def update(at: Any, *, realign: bool = False, **fields: Any) -> Change:
    """The sequence gets other fields of its body, such as `steps` or `sendingWindow`; None takes one away.

    `at`: an instant, as for entries. Who waits keeps the instant that the wait ends; steps are told apart by their
    ids. `realign`: whether emails that wait are pulled to the opening of the window on their local day, where that is
    earlier. Whether the change can be is checked when it is applied.

    >>> str(update("2026-03-06T21:00Z", sendingWindow=None))
    'update at 2026-03-06T21:00Z'
    """
    return Change(at=at, op="update", fields=fields, realign=realign)


def disable(at: Any) -> Change:
    """The sequence is disabled: nobody enters by its trigger, and everybody inside is held where they stand.

    >>> disable("2026-03-06T21:00Z").op
    'disable'
    """
    return Change(at=at, op="disable")


def enable(at: Any) -> Change:
    """The sequence is enabled again: what came due meanwhile goes out, through the window as it is then.

    >>> enable("2026-03-06T21:00Z").op
    'enable'
    """
    return Change(at=at, op="enable")


def after(sequence: Sequence, changes: Iterable[tuple[int, Change]]) -> list[Sequence]:
    """The sequence after each of some changes, one upon the other.

    Each comes with its number in the list that the user gave. Raises ValidationError, with paths that begin with
    `changes[number]`, for the first that cannot be.
    """
    states = []
    for number, change in changes:
        if not isinstance(change, Change):
            message = "a change of a Sequenzy sequence must be made by sequenzy.update, disable or enable"
            refuse([(f"changes[{number}]", message, shown(change))])
        with inside(f"changes[{number}].", str(change)):
            if change.op == "update":
                changed = _updated(sequence, change.fields)
                refuse([*_parted(sequence, changed)])
            else:
                paused = change.op == "disable"
                changed = sequence.replace(status="paused" if paused else "active", effectiveStatus=None)
            sequence = changed
        states.append(sequence)
    return states


def _updated(sequence: Sequence, given: Mapping[str, Any]) -> Sequence:
    """The sequence with other fields, its graph as GET gives it among them (Q26)."""
    known = [each.name for each in fields(sequence) if each.name not in _OURS]
    refuse([
        (name, f"{name} can't be changed; what can: {', '.join(known)}", shown(given[name]))
        for name in _OURS
        if name in given
    ])
    if "nodes" not in given:
        return sequence.replace(**given)
    drawn = undrawn({"name": sequence.name, "trigger": sequence.trigger, **given})
    return sequence.replace(**{
        name: drawn[name] for name in ("steps", *given) if name in known and name in drawn
    })


def _parted(before: Sequence, after: Sequence) -> Iterable[Problem]:
    """Steps that are gone, and after which several are left: where to those parked there go, nobody can say (Q40)."""
    left = {node.id for node in after.nodes}
    nodes = before.nodes
    for node in nodes:
        if node.id not in left:
            several = _survivors(nodes, node, left)
            if len(several) > 1:
                yield "fields.steps", f"{node.id} can't be deleted: {' and '.join(several)} follow it", ""


def _survivors(nodes: tuple[Node, ...], node: Node, left: set[str]) -> list[str]:
    """The ids of the steps that follow one, over those that are gone too."""
    found: list[str] = []
    for to in node.to:
        if to < len(nodes):
            found += [nodes[to].id] if nodes[to].id in left else _survivors(nodes, nodes[to], left)
    return [*dict.fromkeys(found)]


def from_json(items: Any) -> list[Change]:
    """The changes of a JSON list: `{"at", "op", "fields", "realign"}`. Raises ValidationError with all problems.

    >>> [str(change) for change in from_json([{"at": "2026-03-06T21:00Z", "op": "enable"}])]
    ['enable at 2026-03-06T21:00Z']
    """
    if not isinstance(items, list):
        refuse([("changes", "changes must be a list of objects", shown(items))])
    problems: list[Problem] = []
    changes = []
    for number, item in enumerate(items):
        path = f"changes[{number}]"
        if not isinstance(item, Mapping) or "at" not in item or "op" not in item:
            problems.append((path, "a change must be an object with at and op", shown(item)))
        elif item["op"] not in _OPS:
            problems.append((f"{path}.op", f"op must be one of: {', '.join(_OPS)}", shown(item["op"])))
        elif unknown := [name for name in item if name not in _FIELDS[item["op"]]]:
            expected = f"{item['op']} can only have: {', '.join(_FIELDS[item['op']])}"
            problems.append((path, expected, ", ".join(map(shown, unknown))))
        elif not isinstance(item.get("fields", {}), Mapping):
            problems.append((f"{path}.fields", "fields must be an object", shown(item["fields"])))
        elif not isinstance(item.get("realign", False), bool):
            problems.append((f"{path}.realign", "realign must be true or false", shown(item["realign"])))
        else:
            changes.append(Change(**{"fields": {}, **item}))
    refuse(problems)
    return changes
