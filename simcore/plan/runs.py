"""Runs: each time that a subscriber goes through a sequence, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock.zones import Ints
from simcore.errors import shown
from simcore.plan.log import NEVER_US, Flags, Source


@dataclass(frozen=True, eq=False, kw_only=True)
class Runs:
    """Each time that a subscriber goes through a sequence, in the order of the entries.

    `subscriber_id` [runs], any dtype, as given; `number` int32 [runs], 1 for a subscriber's first run; `row`
    int64 [runs], the position of its entry; `entered_us` int64 [µs, UTC; runs]; `end_us` int64 [µs; runs], the
    instant from which on nothing is sent in it (`NEVER_US` where there is none), and `end_status`, places in
    `statuses` [runs], what ends it there. `via` int8 [runs], places in the audience's vias. `who` int64 [runs],
    a number for each subscriber, the one that the log knows; None where nothing tells them apart. `which` int64
    [runs], places in `properties`, those that it brings along (-1 for none); None where runs bring none. `attributes`
    int64 [runs], places in `attribute_values`, what is known of the subscriber as the run begins; `source` int64
    [runs], places in `sources`, the set from which the trigger took the subscriber; `time_zone` int64 [runs], places
    in `zones`, the subscriber's own zone (each -1 for none; None where no run has any).
    """

    subscriber_id: Any
    number: npt.NDArray[np.int32]
    row: Ints
    entered_us: Ints
    end_us: Ints
    end_status: npt.NDArray[np.int8]
    via: npt.NDArray[np.int8]
    who: Ints | None
    which: Ints | None = None
    properties: Sequence[Any] = ()
    attributes: Ints | None = None
    attribute_values: Sequence[Any] = ()
    source: Ints | None = None
    sources: tuple[Source, ...] = ()
    time_zone: Ints | None = None
    zones: tuple[str, ...] = ()
    by_row: bool = True

    @classmethod
    def begun(
        cls,
        subscriber_id: Any,
        row: Ints,
        entered_us: Ints,
        via: npt.NDArray[np.int8],
        who: Ints | None,
        **others: Any,
    ) -> "Runs":
        """Runs that nothing ends, each its subscriber's first."""
        size = len(row)
        return cls(
            subscriber_id=subscriber_id,
            number=np.ones(size, np.int32),
            row=row,
            entered_us=entered_us,
            end_us=np.full(size, NEVER_US),
            end_status=np.zeros(size, np.int8),
            via=via,
            who=who,
            **others,
        )

    def __len__(self) -> int:
        return len(self.entered_us)

    @property
    def numbered_who(self) -> Ints:
        """`who`, where something tells subscribers apart."""
        if self.who is None:
            raise TypeError("runs whose subscribers are not numbered")
        return self.who

    @property
    def which_or_none(self) -> Ints:
        """`which`, also where runs bring no properties along: -1 for each."""
        return np.full(len(self), -1) if self.which is None else self.which

    @cached_property
    def first_end_us(self) -> int:
        """Before when nothing ends any of the runs [µs]."""
        return int(self.end_us.min(initial=NEVER_US))

    def of(self, some: Ints | Flags) -> "Runs":
        """Some of the runs, by their places."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        whole = {"properties", "attribute_values", "sources", "zones", "by_row"} | {
            name for name, value in values.items() if value is None
        }
        return Runs(**{name: value if name in whole else value[some] for name, value in values.items()})

    def more(
        self,
        who: Ints,
        at_us: Ints,
        ids: Any,
        source: Source | None = None,
        time_zone: Ints | None = None,
    ) -> "Runs":
        """These, and behind them a run of each of some subscribers that a step enrols at an instant [µs].

        `ids`: all subscribers', by number. `source`: what they were put into, None for nothing. `time_zone`: the zones
        of all subscribers, by number, as places in `zones`; None where nothing is known of them.
        """
        size = len(who)
        sources = self.sources
        if source is not None and source not in sources:
            sources = (*sources, source)
        found = {
            "subscriber_id": pd.Index(self.subscriber_id).append(pd.Index(ids[who])).to_numpy(),
            "number": np.append(self.number, np.ones(size, np.int32)),
            "row": np.append(self.row, self.row.max(initial=-1) + 1 + np.arange(size)),
            "entered_us": np.append(self.entered_us, at_us),
            "end_us": np.append(self.end_us, np.full(size, NEVER_US)),
            "end_status": np.append(self.end_status, np.zeros(size, np.int8)),
            "via": np.append(self.via, np.zeros(size, np.int8)),
            "who": np.append(self.numbered_who, who),
            "source": np.append(
                np.full(len(self), -1) if self.source is None else self.source,
                np.full(size, -1 if source is None else sources.index(source)),
            ),
            "sources": sources,
        }
        for name in ("which", "attributes", "time_zone"):
            values = getattr(self, name)
            if values is not None:
                known = time_zone if name == "time_zone" else None
                found[name] = np.append(values, np.full(size, -1) if known is None else known[who])
        return replace(self, **found)

    def named(self, run: int) -> str:
        """How an error names a run: its row, where entries are given, and its subscriber."""
        subscriber = f"subscriber {shown(self.subscriber_id[run : run + 1][0])}"
        return f"row {self.row[run]} ({subscriber})" if self.by_row else subscriber

    def rows(self, runs: Ints) -> list[int]:
        """The rows of the entries that an error is about; none where events enrol."""
        return self.row[runs].tolist() if self.by_row else []
