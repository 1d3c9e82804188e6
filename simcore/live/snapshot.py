"""An account as it was read (L1)."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import pandas as pd

from simcore.errors import ValidationError, shown
from simcore.plan.platform import Sequence
from simcore.text.wording import count

S = TypeVar("S", bound=Sequence)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Snapshot(Generic[S]):
    """An account as it was read.

    `platform`: its name, such as "kit". `sequences`: with their emails, in the platform's order. `entries`: a row
    for each of a subscriber into one of them, with `sequence_id`, `subscriber_id` and `entered_at`, and what else
    the platform says. `events`: `subscriber_id`, `at`, `event` and `ref`. `tags`: `id` and `name`, what `ref` is
    of. `taken_at` and `finished_at`: when reading began and ended, aware; what happened from `taken_at` on may be
    in it or not. `differences`: how the list of sequences changed meanwhile. `refused`: by its key in `entries`,
    why a sequence cannot be used; it and its entries are left out.
    """

    platform: str
    sequences: tuple[S, ...]
    entries: pd.DataFrame
    events: pd.DataFrame
    tags: pd.DataFrame
    taken_at: datetime
    finished_at: datetime
    differences: tuple[str, ...] = ()
    refused: Mapping[Any, ValidationError] = field(default_factory=dict)

    def __repr__(self) -> str:
        counts = (
            count(len(self.sequences), "sequence"),
            count(len(self.entries), "entry", "entries"),
            count(len(self.events), "event"),
        )
        return (
            f"Snapshot of {self.platform}, taken at {self.taken_at:%Y-%m-%d %H:%M:%S%z}: {', '.join(counts)}"
        )


def warn(snapshot: Snapshot[Any]) -> Snapshot[Any]:
    """Says what is not as it might seem in a snapshot, and gives it back."""
    for own, error in snapshot.refused.items():
        warnings.warn(f"sequence {shown(own)} is left out, with its entries: {error}", stacklevel=4)
    if snapshot.differences:
        changed = "; ".join(snapshot.differences)
        warnings.warn(f"the sequences changed while the account was read: {changed}", stacklevel=4)
    return snapshot
