"""What is known of a subscriber when a run comes to a node: properties, by the log or by what the run brought."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from simcore.clock.zones import Ints
from simcore.plan.history import History
from simcore.plan.log import BEFORE_US
from simcore.plan.runs import Runs
from simcore.sequenzy.properties import values


def attribute(attributes: Mapping[str, Any], name: str) -> list[Any]:
    """The value of an attribute in what a run brought along, by its whole name or as a dot path; [] for none."""
    return [attributes[name]] if name in attributes else values(attributes, name)


def known(
    history: History,
    runs: Runs,
    rows: Ints,
    at_us: Ints,
    name: str,
    read: Callable[[Any], Any],
) -> Any:
    """What is read in a property of each of some runs at an instant [object]: the value that was said last (Q28, Q36).

    By `field_changed`, or by the run's own entry, which at one instant is the later. `read` takes None for none.
    """
    said_us, which = history.latest("field_changed", name, runs.numbered_who[rows], at_us)
    found = history.read(which, lambda properties: read(properties.get("value")), read(None))
    if runs.attributes is None:
        return found
    table = np.empty(len(runs.attribute_values) + 1, object)
    there = np.zeros(table.size, np.bool_)
    place = runs.attributes[rows]
    for number in np.unique(place[place >= 0]).tolist():
        brought = attribute(runs.attribute_values[number], name)
        there[number], table[number] = bool(brought), read(brought[0]) if brought else None
    by_entry = there[place] & (runs.entered_us[rows] >= np.maximum(said_us, BEFORE_US))
    return np.where(by_entry, table[place], found)
