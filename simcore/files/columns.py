"""Columns that files have: of entries, of events, and of arrivals that are counted."""

from pathlib import Path

from simcore.errors import SimcoreError
from simcore.files.inputs import named

Columns = tuple[tuple[str, ...], tuple[str, ...]]
"""The columns that a file must have, and those that it may have."""
ENTRIES: Columns = ("subscriber_id", "entered_at"), ("via", "properties")
EVENTS: Columns = ("subscriber_id", "at", "event"), ("ref", "properties")
COUNTED: Columns = ("count", "entered_at"), ("via", "properties")
"""Entries that are counted, with `count` in the place of `subscriber_id`."""


def check_columns(path: Path, names: list[str], *kinds: Columns, divided: str = "") -> Columns:
    """The kind of the file, of which the columns it must have are there; kinds differ in one of these at most.

    `divided`: what is said where they are not, if it is known why.
    """
    found = [kind for kind in kinds if {*names}.issuperset(kind[0])]
    if not found:
        either = [[*dict.fromkeys(each)] for each in zip(*(needed for needed, _ in kinds), strict=True)]
        missing = [f"no column {' or '.join(each)}" for each in either if not {*names}.intersection(each)]
        there = ", ".join(str(name) for name in names) or "none"
        raise SimcoreError(
            f"{named(path)}: {' and '.join(missing)}; {divided or f'the columns are: {there}'}"
        )
    if len(found) > 1:
        raise SimcoreError(
            f"{named(path)}: columns {' and '.join(needed[0] for needed, _ in found)} together: arrivals that are "
            "counted are no single subscribers; leave one of them out"
        )
    for name in sum(found[0], ()):
        if names.count(name) > 1:
            raise SimcoreError(f"{named(path)}: {names.count(name)} columns are named {name}")
    return found[0]
