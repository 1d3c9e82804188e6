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
)
from simcore.clock.instants import Instant


class AccountOptions(Reading, Notation, Naming, Happening, Splitting, Enrolling, Explaining, total=False):
    """Those of `Account.project` and `Account.simulate`."""

    until: Annotated[
        Instant | None,
        "where the simulation ends: nothing happens at this instant or later. None: it runs until nothing is left to "
        "happen.",
    ]
    changes: Annotated[
        Mapping[Any, Iterable[Change]],
        "edits of sequences while people are in them, by the sequence's id: `{12: [kit.update(...)]}`.",
    ]
    render: Annotated[
        bool,
        "add the column `rendered_subject` (str): the subject with its merge tags filled in, where simcore models the "
        "platform's merge tags.",
    ]
