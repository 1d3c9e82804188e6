"""The columns of files of entries and events, checked."""

from pathlib import Path

from simcore.errors import SimcoreError
from simcore.files.inputs import named
from simcore.plan.columns import Columns, missing


def check_columns(path: Path, names: list[str], *kinds: Columns, divided: str = "") -> Columns:
    """The kind of the file, of which the columns it must have are there; kinds differ in one of these at most.

    `divided`: what is said where they are not, if it is known why.
    """
    found = [kind for kind in kinds if {*names}.issuperset(kind[0])]
    if not found:
        either = [[*dict.fromkeys(each)] for each in zip(*(needed for needed, _ in kinds), strict=True)]
        raise SimcoreError(f"{named(path)}: {missing(names, *either, why=divided)}")
    if len(found) > 1:
        raise SimcoreError(
            f"{named(path)}: columns {' and '.join(needed[0] for needed, _ in found)} together: arrivals that are "
            "counted are no single subscribers; leave one of them out"
        )
    for name in sum(found[0], ()):
        if names.count(name) > 1:
            raise SimcoreError(f"{named(path)}: {names.count(name)} columns are named {name}")
    return found[0]
