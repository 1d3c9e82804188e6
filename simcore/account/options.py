"""The options that the verbs of an account share."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from simcore.answers.options import (
    Change,
    Enrolling,
    Explaining,
    Happening,
    Naming,
    Notation,
    Reading,
    Splitting,
    Zoning,
)
from simcore.clock.instants import Instant


class AccountImpactOptions(Reading, Notation, Naming, Zoning, Happening, Splitting, Enrolling, total=False):
    """Those of `Account.impact`."""

    until: Annotated[
        Instant | None,
        "where the simulation ends: nothing happens at this instant or later. None: it runs until nothing is left to "
        "happen.",
    ]


class AccountOptions(AccountImpactOptions, Explaining, total=False):
    """Those of `Account.project`, `Account.simulate` and `Account.forecast`."""

    changes: Annotated[
        Mapping[Any, Iterable[Change]],
        "edits of sequences while people are in them, by the sequence's id: a dict of lists of changes "
        "(such as `kit.update(...)`).",
    ]
    render: Annotated[
        bool,
        "add the column `rendered_subject` (str): the subject with its merge tags filled in, where simcore models the "
        "platform's merge tags.",
    ]
