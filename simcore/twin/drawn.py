"""Steps become nodes, edges and emails, as Sequenzy's API gives a sequence (Q26)."""

from collections.abc import Iterable, Mapping
from typing import Any

from simcore.sequenzy import graph, waits

_TYPES = {
    "email": "action_email",
    "discount": "action_create_discount",
    "update_subscriber": "action_update_attributes",
    "delay": "logic_delay",
    "wait_for_event": "logic_wait_for_event",
    "condition": "logic_condition",
    "branch": "logic_branch",
}
_IN_NODE = {"branches", "splitMode", "randomPercentages", "label"}


class Drawing:
    """The nodes, edges and emails of some steps, each node called as its step."""

    def __init__(self, steps: Iterable[Mapping[str, Any]]) -> None:
        places = graph.places([*steps])
        list(graph.link(places))  # sets where each leads; nothing is wrong with the steps of a sequence
        self._taken = {place.id for place in places}
        self.trigger, self.end = self._free("trigger"), self._free("end")
        self.nodes: list[dict[str, Any]] = [{"id": self.trigger, "nodeType": "trigger", "config": {}}]
        self.edges: list[dict[str, Any]] = []
        self.emails: list[dict[str, Any]] = []
        self._waits = {
            place.id: self._free(f"{place.id}-wait")
            for place in places
            if place.kind != "delay" and waits.wait(place.step) is not None
        }
        self._edge(self.trigger, places[0] if places else None)
        for place in places:
            self._draw(place)
        self.nodes.append({"id": self.end, "nodeType": "completion", "config": {}})

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "-"
        self._taken.add(name)
        return name

    def _edge(self, source: str, to: graph.Place | None, lane: str | None = None) -> None:
        target = self.end if to is None else self._waits.get(to.id, to.id)
        condition = None if lane is None else {"branchId": lane}
        self.edges.append({"sourceNodeId": source, "targetNodeId": target, "condition": condition})

    def _draw(self, place: graph.Place) -> None:
        step, wait = place.step, self._waits.get(place.id)
        if wait is not None:
            self.nodes.append({"id": wait, "nodeType": "logic_delay", "config": _wait(step)})
            self.edges.append({"sourceNodeId": wait, "targetNodeId": place.id, "condition": None})
        kind = "ab_test" if step.get("type") in graph.TESTS else place.kind
        config = {
            name: value
            for name, value in graph.fields(step).items()
            if value is not None and (name not in {*graph.STRUCTURE, *graph.IDS} or name == "branches")
        }
        if place.kind == "email":
            self._email(place, wait, config)
            config = {name: value for name, value in config.items() if name == "emailId"}
        elif place.kind == "delay":
            config = _wait(step)
        node = {"id": place.id, "nodeType": _TYPES.get(kind, f"action_{kind}"), "config": config}
        self.nodes.append(node)
        if place.kind != "branch":
            self._edge(place.id, place.after)
            return
        config["branches"] = [
            {"id": f"branch-{at}", **{name: value for name, value in path.items() if name != "steps"}}
            for at, path in enumerate(config["branches"])
        ]
        lanes = [str(path["id"]) for path in config["branches"]]
        for lane, to in zip([*lanes, "else"], place.to, strict=False):
            self._edge(place.id, to, lane)

    def _email(self, place: graph.Place, wait: str | None, fields: Mapping[str, Any]) -> None:
        said = waits.wait(place.step)
        item = {
            "nodeId": place.id,
            "emailId": place.step.get("emailId"),
            "nodeType": "action_ab_test" if place.step.get("type") in graph.TESTS else "action_email",
            "stepNumber": len(self.emails) + 1,
            "delayNodeId": wait,
            **fields,
        }
        if isinstance(said, waits.Length) and said.duration_us % 1000 == 0:
            item["delayMs"] = said.duration_us // 1000
        self.emails.append(item)


def _wait(step: Mapping[str, Any]) -> dict[str, Any]:
    """How a step waits, as the configuration of a delay says it."""
    said = waits.said(step)
    found = {kind: said[kind] for kind in waits.KINDS if said.get(kind) is not None}
    delay: Any = found.get("delay")
    if [*found] == ["delay"] and {*delay} <= {*waits.UNITS}:
        names = {unit: name for name, unit in waits.OF_DELAY_NODE.items()}
        return {names[unit]: value for unit, value in delay.items()}
    return found
