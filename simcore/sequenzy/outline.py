"""The steps of a sequence as lines of a table, the paths of branches set in (Q36)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simcore.clock.words import length
from simcore.sequenzy import graph, waits

Row = tuple[Any, str, str, str]
"""A position, a wait, a step and its id; of a path only the step."""
_INSIDE = "│ "


def rows(steps: Sequence[Mapping[str, Any]], dates: Mapping[str, int]) -> list[Row]:
    """The rows of some steps, those of paths below their branch.

    >>> paths = [{"conditionType": "has_tag", "tagName": "vip", "steps": [{"subject": "Hello", "html": "-"}]}]
    >>> [row[2] for row in rows([{"type": "branch", "branches": paths}], {})]
    ['branch', '│ if has_tag vip', '│ │ Hello', '│ else']
    """
    found = graph.places(steps)
    graph.link(found)
    inner = {id(place) for each in found for path in each.paths for place in path}
    return [*_level([each for each in found if id(each) not in inner], "", dates)]


def condition(said: Mapping[str, Any]) -> str:
    """A condition in words."""
    names = ("tagName", "tagId", "listId", "segmentId", "eventName", "linkUrl", "fieldName", "fieldValue")
    about = [str(said[name]) for name in names if said.get(name) is not None]
    scope = [f"({said['activityScope']})"] if said.get("activityScope") is not None else []
    return " ".join([said["conditionType"], *about, *scope])


def step(place: graph.Place) -> str:
    """What a step does, in a few words."""
    said, kind = graph.fields(place.step), place.kind
    if kind == "email":
        return graph.subject(place.step)
    if kind == "condition":
        return f"only if {condition(said)}"
    if kind == "wait_for_event":
        found = waits.until_event(said)
        end = "then the run ends" if found.exits else "then on"
        return f"wait for {found.name}, {length(found.timeout_us)} at most, {end}"
    if kind == "branch":
        return "random split" if graph.is_random(place.step) else "branch"
    about = next(
        (str(said[name]) for name in ("tagName", "tagId", "listId") if said.get(name) is not None), ""
    )
    return f"{place.step.get('type') or place.step.get('nodeType') or kind} {about}".strip()


def _level(level: Sequence[graph.Place], inside: str, dates: Mapping[str, int]) -> Iterator[Row]:
    for place in level:
        wait = waits.words(waits.wait(place.step, dates))
        yield place.position, wait, f"{inside}{step(place)}", place.id
        for number, path in enumerate(place.paths):
            yield "", "", f"{inside}{_INSIDE}{_path(place, number)}", ""
            yield from _level(path, inside + 2 * _INSIDE, dates)
            end = place.ends[number]
            if end is not None and end is not place.after:
                yield "", "", f"{inside}{2 * _INSIDE}on to {end.id}", ""


def _path(place: graph.Place, number: int) -> str:
    said = graph.fields(place.step)
    if graph.is_random(place.step):
        return f"{said['randomPercentages'][number]:g} %"
    branches = said["branches"]
    return f"if {condition(branches[number])}" if number < len(branches) else "else"
