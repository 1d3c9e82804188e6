"""What is projected in parts: one sequence, or an account of several, with its cap.

The parts are some of the subscribers each, who are whole in them. All that parts of an account are told of the others
is which of its sequences have entries, since a sequence without any enrols by its trigger.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from simcore.account import Account, Cap
from simcore.account.account import AccountPart
from simcore.account.options import AccountOptions
from simcore.answers import projection
from simcore.answers.options import Options
from simcore.answers.projection import Projection, plan_of
from simcore.engine.recipients import by_person
from simcore.errors import SimcoreError
from simcore.plan.columns import Names, read_from
from simcore.plan.log import text_id
from simcore.plan.platform import platform_of

Whole = Projection | AccountPart
"""What happens to whole subscribers, before it becomes frames."""


def checked(what: Any, options: Options, cap: Cap | None) -> tuple[Any, Options]:
    """What is to be projected, and how. Raises SimcoreError for arguments that are for the other kind.

    Of an account it is a copy that has no entries and events of its own: all parts would have them. Zones by
    subscriber are read, since no part can say whether any of these enters.
    """
    if isinstance(options.time_zones, Mapping | pd.Series):
        zones: Any = by_person(options.time_zones)
        options = options._replace(time_zones=zones)
    if not isinstance(what, Account):
        if cap is not None:
            raise SimcoreError(
                "cap: one sequence has none: give an account, such as simcore.Account([sequence])"
            )
        return what, options
    for name, default in Options._field_defaults.items():
        if name not in AccountOptions.__annotations__ and getattr(options, name) != default:
            way_out = "give them to the account itself" if name == "assumptions" else "leave it out"
            raise SimcoreError(f"{name}: not for an account: {way_out}")
    if isinstance(options.changes, Mapping):
        kept = {key: [*each] if isinstance(each, Iterator) else each for key, each in options.changes.items()}
        options = options._replace(changes=kept)
    switches = [*what.assumptions.values()]
    return Account(what.sequences.values(), broadcasts=what.broadcasts, assumptions=switches), options


def make(
    what: Any,
    entries: Any,
    options: Options,
    *,
    notes: bool = False,
    cap: Cap | None = None,
    entered: Collection[int | str] = (),
) -> Whole:
    """What happens to the subscribers of a part; with `notes` also for the journal and subscribers."""
    if isinstance(what, Account):
        return what.part(entries, options, cap, notes=notes, entered=entered)
    return projection.make(what, entries, options, notes=notes)


def sequences(what: Any) -> list[Any]:
    """The sequences that there are."""
    return [*what.sequences.values()] if isinstance(what, Account) else [what]


def theirs(what: Any) -> list[Names]:
    """What each platform calls the columns of entries."""
    return [
        each.columns for each in {platform_of(one).name: platform_of(one) for one in sequences(what)}.values()
    ]


def columns(what: Any, table: str, there: Collection[str], given: Names) -> dict[str, str]:
    """The columns of a table of `entries` or `events` that are read, by their names here."""
    own = {"sequence_id": "sequence_id"} if isinstance(what, Account) and "sequence_id" in there else {}
    return own | read_from(table, there, given, theirs(what))


def entered(what: Any, named: Callable[[], Iterable[Any]] | None) -> frozenset[int | str]:
    """The sequences of an account that have entries, in whatever part.

    `named`: gives the sequences that all entries name; it is called only where it matters, since all of them must be
    gone through. None where there are no entries, or no events by which a sequence could enrol.
    """
    if not isinstance(what, Account):
        return frozenset()
    enrol = {key for key, one in what.sequences.items() if plan_of(one).trigger is not None}
    if named is None or not enrol:
        return frozenset(what.ids)
    names = {*map(text_id, named())}
    return frozenset(key for key in what.ids if key not in enrol or text_id(key) in names)


def subjects(nobody: Whole) -> list[str]:
    """All subjects that there are or were, and those of broadcasts. `nobody`: what happens to no subscribers."""
    steps = [step.subject for epoch in nobody.epochs[::-1] for step in epoch.plan.steps if step.sends]
    return [*dict.fromkeys([*steps, *nobody.timeline()["subject"].cat.categories])]
